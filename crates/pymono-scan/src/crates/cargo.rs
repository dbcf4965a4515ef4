//! Asking Cargo which crates a workspace has and what each of them needs.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fs, io,
};

use camino::{Utf8Path, Utf8PathBuf};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, TargetKind};
use pymono_names::TreePath;

use crate::{ScanError, ask::Programs, tree::Tree};

/// What Cargo says about the crates of a workspace, by their folders.
pub(super) type Answer = BTreeMap<TreePath, Facts>;

/// What is known of a crate.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    /// The folders of the crates that it needs to be built.
    pub(super) needs: BTreeSet<TreePath>,
    /// Files outside of its folder that it is compiled from.
    pub(super) sources: BTreeSet<TreePath>,
    /// Files outside of its folder that describe it, which become part of a wheel.
    pub(super) documents: BTreeSet<TreePath>,
}

/// Asks about the workspace, or the crate that is in none, in `root`; nothing if there is no Cargo.
///
/// It looks at nothing but the manifests of the tree, in a folder that is gone
/// again afterwards: neither a toolchain that the repository wants nor the
/// configuration of whoever asks changes the answer.
pub(super) fn ask(
    tree: &Tree,
    programs: &Programs<'_>,
    root: &TreePath,
) -> Result<Option<Answer>, ScanError> {
    let temporary = tempfile::tempdir().map_err(ScanError::Temporary)?;
    let folder = temporary.path().canonicalize().and_then(|path| {
        Utf8PathBuf::from_path_buf(path).map_err(|_| io::ErrorKind::InvalidFilename.into())
    });
    let folder = folder.map_err(ScanError::Temporary)?;
    let copy = folder.join("tree");
    lay_out(tree, root, &copy)?;
    let manifest = inside(&copy, root).join("Cargo.toml");
    let mut command = MetadataCommand::new();
    let command = command.no_deps().manifest_path(&manifest).cargo_command();
    let args: Vec<String> =
        command.get_args().map(|arg| arg.to_string_lossy().into_owned()).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let env = environment(programs.env, &folder);
    let programs = Programs { env: &env, interrupt: programs.interrupt };
    let failed = |stderr: String| {
        // The folder has another name each time.
        let stderr = stderr.replace(&format!("{copy}/"), "");
        ScanError::Answer { command: "cargo metadata".to_owned(), stderr }
    };
    let output = programs.ask("cargo", &args, &copy).map_err(|error| match error {
        ScanError::Answer { stderr, .. } => failed(stderr),
        other => other,
    })?;
    let Some(output) = output else { return Ok(None) };
    let metadata = MetadataCommand::parse(String::from_utf8_lossy(&output))
        .map_err(|error| failed(error.to_string()))?;
    Ok(Some(answer(tree, &copy, &metadata)))
}

/// Returns the environment in which Cargo finds no configuration and looks for no workspace above.
fn environment(env: &[(OsString, OsString)], home: &Utf8Path) -> Vec<(OsString, OsString)> {
    let others = env.iter().filter(|(name, _)| name != "CARGO_HOME");
    let home = (OsString::from("CARGO_HOME"), home.as_os_str().to_owned());
    others.cloned().chain([home]).collect()
}

/// Writes the manifests, and an empty file where Cargo looks whether there is one.
fn lay_out(tree: &Tree, root: &TreePath, copy: &Utf8Path) -> Result<(), ScanError> {
    for file in tree.below(root) {
        let text = match file.file_name() {
            Some("Cargo.toml") => tree.read(file)?,
            _ if is_looked_for(file) => String::new(),
            _ => continue,
        };
        let place = inside(copy, file);
        let write = || {
            fs::create_dir_all(place.parent().unwrap_or(copy))?;
            fs::write(&place, &text)
        };
        write().map_err(ScanError::Temporary)?;
    }
    Ok(())
}

/// Returns whether a file may be what a crate is found to be made of without being told.
fn is_looked_for(file: &TreePath) -> bool {
    let path = file.as_str();
    let deep = path.starts_with("src/") || path.contains("/src/");
    let root = ["src/lib.rs", "src/main.rs"].iter().any(|name| path.ends_with(name));
    Utf8Path::new(path).extension() == Some("rs") && (!deep || root || path.contains("src/bin/"))
}

fn inside(copy: &Utf8Path, path: &TreePath) -> Utf8PathBuf {
    if path.is_root() { copy.to_owned() } else { copy.join(path.as_str()) }
}

fn answer(tree: &Tree, copy: &Utf8Path, metadata: &Metadata) -> Answer {
    let path = |path: &Utf8Path| path.strip_prefix(copy).ok()?.as_str().parse::<TreePath>().ok();
    let facts = metadata.packages.iter().filter_map(|package| {
        let folder = path(package.manifest_path.parent()?)?;
        let outside =
            |file: &Utf8Path| path(file).filter(|file| !file.is_in(&folder) && tree.has(file));
        let needed =
            package.dependencies.iter().filter(|it| it.kind != DependencyKind::Development);
        let needs = needed.filter_map(|needed| path(needed.path.as_deref()?)).collect();
        let sources = compiled(package).filter_map(outside).collect();
        let documents = [package.readme(), package.license_file()];
        let documents = documents.iter().flatten().filter_map(|file| {
            let file = path(file.parent()?)?.join(file.file_name()?).ok()?;
            (!file.is_in(&folder) && tree.has(&file)).then_some(file)
        });
        Some((folder.clone(), Facts { needs, sources, documents: documents.collect() }))
    });
    facts.collect()
}

/// Returns the first file of everything that a build of the package may compile.
fn compiled(package: &Package) -> impl Iterator<Item = &Utf8Path> {
    let others = [TargetKind::Test, TargetKind::Bench, TargetKind::Example];
    let targets = package.targets.iter();
    let targets = targets.filter(move |it| !it.kind.iter().any(|kind| others.contains(kind)));
    targets.map(|target| target.src_path.as_path())
}
