//! A revision that git has: nothing is on disk.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use pymono_names::TreePath;

use super::{
    hash,
    identity::{Identity, Mode},
    inner::Inner,
    listing::{Listed, path_of},
};
use crate::{
    ScanError, Warning,
    ask::Programs,
    git::{Attributes, Config, Git, Objects, commit, entries},
    litter::is_ours,
};

/// The tree of a commit, from the folder that the scan's root is in it.
#[derive(Debug)]
pub(super) struct Revision {
    root: Utf8PathBuf,
    commit: String,
    /// The folders from the repository's top to the root.
    way: Vec<String>,
    /// What git has for each file of the tree, in the same order.
    blobs: Vec<Identity>,
    /// The submodules that are checked out.
    inner: Vec<Inner>,
    objects: Objects,
    attributes: Attributes,
    config: Config,
}

impl Revision {
    /// Lists the tree of the commit that git knows by `name`; what is odd about it is added to `warnings`.
    pub(super) fn list(
        root: &Utf8Path,
        name: &str,
        programs: &Programs<'_>,
        warnings: &mut Vec<Warning>,
    ) -> Result<(Self, Listed), ScanError> {
        let git = Git::new(root, programs);
        // Whatever is wrong with the repository itself is said here.
        let way = git.ask(&["rev-parse", "--show-prefix"])?;
        let way = String::from_utf8_lossy(&way);
        let way = way.trim_end_matches('\n').split('/').filter(|part| !part.is_empty());
        let commit = commit(&git, name)?;
        let git = git.with("GIT_ATTR_SOURCE", &commit);
        let config = Config::read(&git)?;
        let output = git.ask(&["ls-tree", "-r", "-z", &commit])?;
        let (mut files, mut listed) = (BTreeMap::new(), Listed::default());
        for entry in entries(&output) {
            let Some((mode, id, name)) = parts(entry) else { continue };
            let Some(path) = path_of(name, warnings) else { continue };
            match Mode::of_git(mode) {
                _ if is_ours(path.as_str()) => {}
                Some(mode) => _ = files.insert(path, Identity { mode, content: id.into() }),
                None => _ = listed.submodules.insert(path, id.into()),
            }
        }
        let attributes = Attributes::new(git.clone(), config.clone());
        let is_plain = |path: &TreePath| path.file_name() != Some(".gitattributes");
        let none = files.keys().all(is_plain) && !Attributes::beside_tree(&git)?;
        let attributes = if none { attributes.without_any() } else { attributes };
        let (paths, blobs): (Vec<TreePath>, Vec<Identity>) = files.into_iter().unzip();
        let mut revision = Self {
            root: root.to_owned(),
            commit,
            way: way.map(str::to_owned).collect(),
            blobs,
            inner: Vec::new(),
            objects: Objects::new(git),
            attributes,
            config,
        };
        revision.prefetch(&paths)?;
        listed.links = revision.links(&paths)?;
        listed.files = paths;
        if !listed.submodules.is_empty() {
            revision.look_inside(&mut listed, name, programs, warnings)?;
        }
        Ok((revision, listed))
    }

    /// Adds what lies in the submodules that are checked out.
    fn look_inside(
        &mut self,
        listed: &mut Listed,
        name: &str,
        programs: &Programs<'_>,
        warnings: &mut Vec<Warning>,
    ) -> Result<(), ScanError> {
        let outer = std::mem::take(&mut listed.files).into_iter();
        let mut all: BTreeMap<TreePath, Identity> =
            outer.zip(std::mem::take(&mut self.blobs)).collect();
        for (path, commit) in listed.submodules.clone() {
            let Some((inner, within)) =
                Inner::list(&self.root, &path, &commit, programs, warnings)?
            else {
                warnings.push(Warning::new(format!(
                    "`{path}` is a submodule that is not checked out here, or without the commit that `{name}` has for it: \
                     what lies there is not read"
                )));
                continue;
            };
            all.extend(within.files.into_iter().zip(inner.blobs().iter().cloned()));
            listed.links.extend(within.links);
            listed.submodules.extend(within.submodules);
            self.inner.push(inner);
        }
        (listed.files, self.blobs) = all.into_iter().unzip();
        Ok(())
    }

    /// Returns a commit of which only some files are known, with a blob each, and of which none is converted.
    pub(super) fn of(
        root: &Utf8Path,
        commit: &str,
        git: Git,
        config: Config,
        files: &[TreePath],
        blobs: Vec<Identity>,
    ) -> Result<Self, ScanError> {
        let revision = Self {
            root: root.to_owned(),
            commit: commit.to_owned(),
            way: Vec::new(),
            blobs,
            inner: Vec::new(),
            objects: Objects::new(git.clone()),
            attributes: Attributes::new(git, config.clone()).without_any(),
            config,
        };
        revision.prefetch(files)?;
        Ok(revision)
    }

    pub(super) fn root(&self) -> &Utf8Path {
        &self.root
    }

    pub(super) fn commit(&self) -> &str {
        &self.commit
    }

    /// Returns what git has for each file, in their order.
    pub(super) fn blobs(&self) -> &[Identity] {
        &self.blobs
    }

    /// Returns the content of the file at place `at` of the listing, as a checkout has it.
    pub(super) fn read(&self, file: &TreePath, at: usize) -> Result<Vec<u8>, ScanError> {
        if let Some(inner) = self.inner.iter().find_map(|inner| inner.read(file)) {
            return inner;
        }
        let id = &*self.blobs[at].content;
        if self.attributes.converted(&[file])? == [true] {
            return self.objects.checked_out(id, file);
        }
        let content = self.objects.read(id)?;
        content.ok_or_else(|| self.missing(file, id))
    }

    /// Returns what each of some files is, as a checkout has it; each stands with its place in the listing.
    pub(super) fn identities(
        &self,
        files: &[(&TreePath, usize)],
    ) -> Result<Vec<Identity>, ScanError> {
        let own = self.own(files);
        let paths: Vec<&TreePath> = own.iter().map(|(path, _)| *path).collect();
        let mut converted = self.attributes.converted(&paths)?.into_iter();
        let identity = |(path, at): &(&TreePath, usize)| {
            if let Some(inner) = self.inner.iter().find_map(|inner| inner.identity(path)) {
                return inner;
            }
            let blob = &self.blobs[*at];
            if converted.next() != Some(true) || blob.mode == Mode::Link {
                return Ok(blob.clone());
            }
            let content = self.objects.checked_out(&blob.content, path)?;
            Ok(Identity { mode: blob.mode, content: hash::blob(&content, self.commit.len()) })
        };
        files.iter().map(identity).collect()
    }

    /// Returns those of some files that lie in no submodule.
    fn own<'a>(&self, files: &[(&'a TreePath, usize)]) -> Vec<(&'a TreePath, usize)> {
        let is_own = |(file, _): &&(&TreePath, usize)| !self.inner.iter().any(|it| it.has(file));
        files.iter().filter(is_own).copied().collect()
    }

    /// Returns those of some files that are kept in Git LFS, with the blob that git has for each; each
    /// stands with its place in the listing. A submodule counts by its commit.
    pub(super) fn pointers<'a>(
        &self,
        files: &[(&'a TreePath, usize)],
    ) -> Result<Vec<(&'a TreePath, Vec<u8>)>, ScanError> {
        let files = self.own(files);
        let paths: Vec<&TreePath> = files.iter().map(|(path, _)| *path).collect();
        let kept = files.iter().zip(self.attributes.in_lfs(&paths)?);
        let kept: Vec<_> = kept
            .filter(|((_, at), kept)| *kept && self.blobs[*at].mode != Mode::Link)
            .map(|((path, at), _)| (*path, &*self.blobs[*at].content))
            .collect();
        let ids: Vec<&str> = kept.iter().map(|(_, id)| *id).collect();
        self.objects.prefetch(&self.config, &ids)?;
        let contents = self.objects.read_all(&ids)?;
        let found = kept.into_iter().zip(contents);
        found
            .map(|((path, id), text)| Ok((path, text.ok_or_else(|| self.missing(path, id))?)))
            .collect()
    }

    /// Returns the `.gitignore` files of the folders above the root.
    pub(super) fn ignore_files_above(&self) -> Result<Vec<(String, Vec<String>)>, ScanError> {
        let mut found = Vec::new();
        for depth in 0..self.way.len() {
            let (above, below) = self.way.split_at(depth);
            let folder: String = above.iter().flat_map(|part| [part, "/"]).collect();
            let text = self.objects.read(&format!("{}:{folder}.gitignore", self.commit))?;
            let text = String::from_utf8_lossy(&text.unwrap_or_default()).into_owned();
            found.push((text, below.to_vec()));
        }
        Ok(found)
    }

    /// Returns where the links among the files lead.
    pub(super) fn links(
        &self,
        paths: &[TreePath],
    ) -> Result<BTreeMap<TreePath, Utf8PathBuf>, ScanError> {
        let links = paths.iter().zip(&self.blobs).filter(|(_, blob)| blob.mode == Mode::Link);
        let (links, ids): (Vec<_>, Vec<&str>) =
            links.map(|(path, blob)| (path, &*blob.content)).unzip();
        let targets = self.objects.read_all(&ids)?;
        let mut found = BTreeMap::new();
        for ((link, id), target) in links.into_iter().zip(ids).zip(targets) {
            let target = target.ok_or_else(|| self.missing(link, id))?;
            found.insert(link.clone(), String::from_utf8(target).unwrap_or_default().into());
        }
        Ok(found)
    }

    /// Gets what a scan reads and a partial clone does not have, all at once.
    fn prefetch(&self, paths: &[TreePath]) -> Result<(), ScanError> {
        if self.config.promisor.is_none() {
            return Ok(());
        }
        let read = |(path, blob): &(&TreePath, &Identity)| {
            blob.mode == Mode::Link || path.file_name().is_some_and(is_read)
        };
        let wanted = paths.iter().zip(&self.blobs).filter(read);
        let ids: Vec<&str> = wanted.map(|(_, blob)| &*blob.content).collect();
        self.objects.prefetch(&self.config, &ids)
    }

    fn missing(&self, file: &TreePath, id: &str) -> ScanError {
        ScanError::Object { file: file.to_string(), commit: self.commit.clone(), id: id.to_owned() }
    }
}

/// Takes an entry of `git ls-tree -z` apart: mode, id, name.
fn parts(entry: &[u8]) -> Option<(&[u8], &str, &[u8])> {
    let tab = entry.iter().position(|byte| *byte == b'\t')?;
    let mut words = entry[..tab].split(|byte| *byte == b' ');
    let mode = words.next()?;
    let id = str::from_utf8(words.nth(1)?).ok()?;
    Some((mode, id, &entry[tab + 1..]))
}

/// Returns whether a scan may read a file of this name.
fn is_read(name: &str) -> bool {
    let ends = [".toml", ".lock", ".py", ".cfg", ".txt", ".in", ".yml", ".yaml"];
    let starts = ["Dockerfile", "Containerfile", "Procfile", "Pipfile", ".git", ".python-version"];
    ends.iter().any(|end| name.ends_with(end))
        || starts.iter().any(|start| name.starts_with(start))
        || name.ends_with(".Dockerfile")
}
