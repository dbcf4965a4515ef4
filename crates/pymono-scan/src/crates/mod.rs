//! Which Rust crates Python projects are built from, and what Cargo needs to see of their workspace.
//!
//! Cargo is asked about the manifests of the tree, in a folder of their own: so it says the same of
//! a working tree and of a revision, and reads no configuration of this machine. Without Cargo
//! the manifests are read here. Both find every dependency by path that is not for development
//! only, whether a feature or a platform asks for it or not, because Cargo wants to see it.

mod built;
mod cargo;
mod lock;
mod manifests;
mod reduce;

use std::collections::{BTreeMap, BTreeSet};

use pymono_names::TreePath;
use pymono_workspace::{BuildKind, Crates};

use crate::{ScanError, Warning, ask::Programs, ground::Ground, manifest::Manifest};
use cargo::{Answer, Facts};
use manifests::Manifests;

/// What is known of the crates of one project.
#[derive(Debug)]
pub(crate) struct Found {
    /// The crates that its build compiles.
    pub(crate) crates: Crates,
    /// Folders of crates among its own files that Cargo does not need for it.
    pub(crate) unneeded: BTreeSet<TreePath>,
}

/// Returns the crates of those of the `wanted` projects that Cargo builds.
pub(crate) fn crates(
    ground: &Ground<'_>,
    programs: &Programs<'_>,
    wanted: &BTreeSet<TreePath>,
    warnings: &mut Vec<Warning>,
) -> Result<BTreeMap<TreePath, Found>, ScanError> {
    let mut finder = Finder {
        ground,
        programs,
        manifests: Manifests::new(ground.tree),
        answers: BTreeMap::new(),
        unasked: BTreeSet::new(),
    };
    let mut found = BTreeMap::new();
    for path in wanted {
        let rust = |kind| kind == BuildKind::Rust;
        let Some(known) = ground.known(path) else { continue };
        if known.build.as_ref().is_some_and(|build| rust(build.kind)) {
            let crates = finder.project(path, &known.found.manifest, warnings)?;
            found.extend(crates.map(|crates| (path.clone(), crates)));
        }
    }
    let Finder { manifests, unasked, .. } = finder;
    warnings.extend(unasked.into_iter().map(Warning::new));
    warnings.extend(manifests.problems());
    Ok(found)
}

struct Finder<'a> {
    ground: &'a Ground<'a>,
    programs: &'a Programs<'a>,
    manifests: Manifests<'a>,
    /// What Cargo says about each workspace; nothing where it cannot be asked.
    answers: BTreeMap<TreePath, Option<Answer>>,
    /// Why it could not be asked.
    unasked: BTreeSet<String>,
}

impl Finder<'_> {
    fn project(
        &mut self,
        path: &TreePath,
        manifest: &Manifest,
        warnings: &mut Vec<Warning>,
    ) -> Result<Option<Found>, ScanError> {
        let built = built::crates(self.ground.tree, manifest)?;
        if built.is_empty() {
            warnings.push(Warning::new(format!(
                "`{}` is built by Cargo, but no `Cargo.toml` of it is in the tree",
                manifest.file.name
            )));
            return Ok(None);
        }
        let beside = self.reached(&built, warnings)?;
        let needed: BTreeSet<TreePath> = beside.keys().cloned().collect();
        if needed.is_empty() {
            // None of the manifests can be read, which is said already; Cargo will say it again.
            return Ok(None);
        }
        let roots = built.iter().filter(|folder| needed.contains(*folder));
        let roots = roots.map(|folder| self.manifests.root_of(folder)).collect::<Result<_, _>>()?;
        let texts = reduce::texts(&mut self.manifests, path, &needed, &roots)?;
        for root in roots.iter().filter(|root| !texts.full.contains_key(&lock::lock_in(root))) {
            warnings.push(Warning::new(format!(
                "`{}` is not in the tree: whenever `{path}` is built it may get other crates",
                lock::lock_in(root)
            )));
        }
        let crates = Crates {
            folders: self.folders(path, &beside),
            texts: texts.full,
            skeleton: texts.skeleton,
            roots,
        };
        Ok(Some(Found { crates, unneeded: self.unneeded(path, &needed) }))
    }

    /// Returns the crates that some are built from, themselves included, each with the files outside
    /// of its folder that belong to it.
    fn reached(
        &mut self,
        built: &BTreeSet<TreePath>,
        warnings: &mut Vec<Warning>,
    ) -> Result<BTreeMap<TreePath, BTreeSet<TreePath>>, ScanError> {
        let mut reached = BTreeMap::new();
        let mut todo = Vec::from_iter(built.clone());
        while let Some(folder) = todo.pop() {
            if reached.contains_key(&folder) || self.manifests.get(&folder)?.is_none() {
                continue;
            }
            let Facts { needs, sources, documents } = self.facts(&folder, warnings)?;
            let documents = documents.into_iter().filter(|_| built.contains(&folder));
            let beside = sources.into_iter().chain(documents).collect();
            reached.insert(folder, beside);
            todo.extend(needs);
        }
        Ok(reached)
    }

    /// Returns what is known of a crate: from Cargo, or else from its manifest.
    fn facts(
        &mut self,
        folder: &TreePath,
        warnings: &mut Vec<Warning>,
    ) -> Result<Facts, ScanError> {
        let root = self.manifests.root_of(folder)?;
        if !self.answers.contains_key(&root) {
            let answer = self.answer(&root, warnings)?;
            self.answers.insert(root.clone(), answer);
        }
        let answer = self.answers.get(&root).and_then(Option::as_ref);
        let mut facts = match answer.and_then(|answer| answer.get(folder)) {
            Some(facts) => facts.clone(),
            None => Facts { needs: self.manifests.needs(folder)?, ..Facts::default() },
        };
        // Nobody but a full resolution knows whether a replacement is used; Cargo reads it anyway.
        facts.needs.extend(self.manifests.replacements(&root)?);
        Ok(facts)
    }

    fn answer(
        &mut self,
        root: &TreePath,
        warnings: &mut Vec<Warning>,
    ) -> Result<Option<Answer>, ScanError> {
        let reading = "all dependencies by path that the manifests name count";
        match cargo::ask(self.ground.tree, self.programs, root) {
            Ok(Some(answer)) => Ok(Some(answer)),
            Ok(None) => {
                let why = "there is no `cargo` to ask which crates Python projects are built from";
                self.unasked.insert(format!("{why}: {reading}"));
                Ok(None)
            }
            Err(ScanError::Interrupted) => Err(ScanError::Interrupted),
            Err(error) => {
                let why = error.to_string().replace('\n', ", ");
                warnings.push(Warning::new(format!(
                    "`cargo` cannot say which crates `{root}` has ({why}): {reading}"
                )));
                Ok(None)
            }
        }
    }

    /// Returns the crates that are not among the project's own files, each with its files.
    fn folders(
        &self,
        project: &TreePath,
        needed: &BTreeMap<TreePath, BTreeSet<TreePath>>,
    ) -> BTreeMap<TreePath, Vec<TreePath>> {
        let members = self.answers.values().flatten().flat_map(BTreeMap::keys);
        let others: BTreeSet<TreePath> = members.chain(needed.keys()).cloned().collect();
        let is_own = |path: &TreePath| self.ground.home(path).as_ref() == Some(project);
        let folders = needed.iter().filter_map(|(folder, beside)| {
            let own = is_own(folder);
            let files = if own { Vec::new() } else { self.ground.cover(folder, &others) };
            let further = beside.iter().filter(|file| !is_own(file));
            let sources: BTreeSet<TreePath> = files.iter().chain(further).cloned().collect();
            (!sources.is_empty()).then(|| (folder.clone(), sources.into_iter().collect()))
        });
        folders.collect()
    }

    /// Returns the crates among the project's own files that are not needed; none where that is not sure.
    fn unneeded(&self, project: &TreePath, needed: &BTreeSet<TreePath>) -> BTreeSet<TreePath> {
        let members = self.answers.values().flatten().flat_map(BTreeMap::keys);
        let unneeded = members.filter(|folder| !needed.contains(*folder) && *folder != project);
        // What a needed crate lies in is there for that one.
        let holds = |folder: &TreePath| needed.iter().any(|needed| needed.is_in(folder));
        let own = unneeded.filter(|folder| !holds(folder));
        own.filter(|folder| self.ground.home(folder).as_ref() == Some(project)).cloned().collect()
    }
}
