//! What `uv.lock` remembers of its manifests, against what they declare now.

use std::collections::{BTreeMap, BTreeSet};

use pep440_rs::{Version, VersionSpecifiers};
use pep508_rs::PackageName;

use super::{
    declared::Declared,
    uv_wire::{LockWire, ManifestWire, MetadataWire, PackageWire, RequirementWire},
};
use crate::GroupName;

/// The manifest of a workspace's member, or the one beside the lock.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// The path of the file, for the answer.
    pub manifest: &'a str,
    /// Its text.
    pub text: &'a str,
    /// True for the file beside the lock.
    pub is_root: bool,
}

/// A manifest that a lock does not fit any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stale {
    /// The path of the manifest.
    pub manifest: String,
    /// What it says now that the lock does not know, or the other way round, as the end of "since it …".
    pub what: String,
}

/// Returns the first manifest that a lock of uv does not fit any more; nothing if it fits all.
///
/// `members` are all projects that the lock is for, and the file beside the
/// lock even if it declares no project. What uv can only tell with a network,
/// such as the metadata of archives, is left out.
pub fn stale_member(lock: &str, members: &[Member<'_>]) -> Option<Stale> {
    let lock: LockWire = toml::from_str(lock).ok()?;
    let read = |member: &Member<'_>| toml::from_str::<ManifestWire>(member.text).ok();
    let manifests: Vec<ManifestWire> = members.iter().map(read).collect::<Option<_>>()?;
    let root = members.iter().position(|member| member.is_root);
    let shared = root.map(|at| manifests[at].sources()).unwrap_or_default();
    let of_one = |at: usize| {
        let manifest = &manifests[at];
        let sourced = manifest.sources().union(&shared).cloned().collect();
        let memory = Memory { lock: &lock, sourced };
        let whole = (Some(at) == root).then(|| memory.whole(manifest, &manifests)).flatten();
        let what = memory.project(manifest).or(whole)?;
        Some(Stale { manifest: members[at].manifest.to_owned(), what })
    };
    (0..members.len()).find_map(of_one)
}

/// What a lock remembers, as one manifest sees it.
struct Memory<'a> {
    lock: &'a LockWire,
    /// The names for which a source decides, and no versions.
    sourced: BTreeSet<PackageName>,
}

impl Memory<'_> {
    /// Returns what differs in what the root says for all.
    fn whole(&self, root: &ManifestWire, all: &[ManifestWire]) -> Option<String> {
        let remembered = &self.lock.manifest;
        let names: BTreeSet<&PackageName> = all.iter().filter_map(ManifestWire::name).collect();
        let gone = remembered.members.iter().find(|member| !names.contains(member));
        let table = &root.tool.uv;
        let overrides = &table.override_dependencies;
        let constraints = &table.constraint_dependencies;
        gone.map(|gone| format!("has no member `{gone}` any more"))
            .or_else(|| python(self.lock.requires_python.as_ref()?, all))
            .or_else(|| self.list(overrides, &remembered.overrides, "`override-dependencies`"))
            .or_else(|| {
                self.list(constraints, &remembered.constraints, "`constraint-dependencies`")
            })
            .or_else(|| match root.project {
                Some(_) => None,
                None => self.groups(root, &remembered.dependency_groups),
            })
    }

    /// Returns what differs in what a member declares.
    fn project(&self, manifest: &ManifestWire) -> Option<String> {
        let project = manifest.project.as_ref()?;
        let Some(package) = self.lock.local(&project.name) else {
            return Some(format!("declares `{}`, which the lock does not have", project.name));
        };
        let Some(metadata) = &package.metadata else { return unknown_names(manifest, package) };
        self.requirements(manifest, metadata)
            .or_else(|| self.groups(manifest, &metadata.requires_dev))
    }

    fn requirements(&self, manifest: &ManifestWire, metadata: &MetadataWire) -> Option<String> {
        if manifest.is_dynamic() {
            return None;
        }
        let mut declared = self.parsed(manifest.required())?;
        for (extra, texts) in &manifest.project.as_ref()?.optional_dependencies {
            let optional = self.parsed(texts.iter().map(String::as_str))?;
            let optional = optional.into_iter().map(|it| it.for_extra(extra));
            declared.extend(optional.collect::<Option<Vec<_>>>()?);
        }
        self.difference(declared, self.remembered(&metadata.requires_dist)?)
    }

    /// Returns what differs in dependency groups; when something in them holds is left out.
    fn groups(
        &self,
        manifest: &ManifestWire,
        remembered: &BTreeMap<GroupName, Vec<RequirementWire>>,
    ) -> Option<String> {
        let groups = manifest.groups();
        let of_one = |(group, texts): (&GroupName, &Vec<&str>)| {
            let declared = always(self.parsed(texts.iter().copied())?);
            let Some(known) = remembered.get(group) else {
                let new = format!("has the group `{group}`, which the lock does not have");
                return (!declared.is_empty()).then_some(new);
            };
            let what = self.difference(declared, always(self.remembered(known)?))?;
            Some(format!("{what}, in the group `{group}`"))
        };
        let gone = || {
            let is_gone = |(group, all): &(&GroupName, &Vec<_>)| {
                !all.is_empty() && !groups.contains_key(*group)
            };
            let (group, _) = remembered.iter().find(is_gone)?;
            Some(format!("has no group `{group}` any more"))
        };
        groups.iter().find_map(of_one).or_else(gone)
    }

    fn list(&self, texts: &[String], known: &[RequirementWire], place: &str) -> Option<String> {
        let declared = self.parsed(texts.iter().map(String::as_str))?;
        let what = self.difference(declared, self.remembered(known)?)?;
        Some(format!("{what}, in {place}"))
    }

    /// Reads requirements; nothing if one of them cannot be read, which others complain about.
    fn parsed<'t>(&self, texts: impl Iterator<Item = &'t str>) -> Option<Vec<Declared>> {
        let sourced =
            |it: Declared| if self.sourced.contains(&it.name) { it.sourced() } else { it };
        texts.map(|text| Declared::parse(text).map(sourced)).collect()
    }

    fn remembered(&self, known: &[RequirementWire]) -> Option<Vec<Declared>> {
        known.iter().map(|it| it.declared(&self.sourced)).collect()
    }

    /// Returns what is declared and not remembered, or remembered and not declared.
    ///
    /// A name that has more entries on one side than on the other is left out: a
    /// source can split one requirement into several.
    fn difference(&self, declared: Vec<Declared>, known: Vec<Declared>) -> Option<String> {
        let within = |all: Vec<Declared>| match &self.lock.requires_python {
            Some(python) => all.into_iter().map(|it| it.within(python)).collect(),
            None => all,
        };
        let (declared, known) = (&within(declared), &within(known));
        let count =
            |all: &[Declared], name: &PackageName| all.iter().filter(|it| it.name == *name).count();
        let is_split = |it: &&Declared| {
            let (one, other) = (count(declared, &it.name), count(known, &it.name));
            one != other && one > 0 && other > 0
        };
        let new = declared.iter().filter(|it| !known.contains(it)).find(|it| !is_split(it));
        let gone = || known.iter().filter(|it| !declared.contains(it)).find(|it| !is_split(it));
        new.map(|it| format!("requires `{it}`, which the lock does not have"))
            .or_else(|| gone().map(|it| format!("does not require `{it}` any more")))
    }
}

fn always(all: Vec<Declared>) -> Vec<Declared> {
    all.into_iter().map(Declared::always).collect()
}

/// Returns a required name that a package without metadata does not depend on.
fn unknown_names(manifest: &ManifestWire, package: &PackageWire) -> Option<String> {
    let known: BTreeSet<&PackageName> = package.dependencies.iter().map(|it| &it.name).collect();
    let required = manifest.required().filter_map(Declared::parse);
    // What holds for some targets only may hold for none that the lock is for.
    let mut required = required.filter(Declared::is_unconditional);
    let unknown = required.find(|it| !known.contains(&it.name));
    unknown.map(|it| format!("requires `{it}`, which the lock does not have"))
}

/// Returns what differs in the versions of Python, of which a lock is for those that all members allow.
fn python(locked: &VersionSpecifiers, all: &[ManifestWire]) -> Option<String> {
    let texts = all.iter().filter_map(|it| it.project.as_ref()?.requires_python.as_deref());
    let texts: BTreeSet<&str> = texts.collect();
    let ranges: Vec<VersionSpecifiers> =
        texts.iter().map(|text| text.parse().ok()).collect::<Option<_>>()?;
    // Ends of ranges lie at minor versions, or somewhere among their patches.
    let mut versions =
        (6..=20).flat_map(|minor| [0, 99].map(|patch| Version::new([3, minor, patch])));
    let differs = |version: &Version| {
        locked.contains(version) != ranges.iter().all(|range| range.contains(version))
    };
    if ranges.is_empty() || !versions.any(|version| differs(&version)) {
        return None;
    }
    let texts: Vec<_> = texts.iter().map(|text| format!("`{text}`")).collect();
    Some(format!("requires Python {}, and the lock `{locked}`", texts.join(" and ")))
}
