//! Crates: fetched with the network, compiled without.

use std::fmt;

use pymono_names::{ServiceName, TreePath};
use pymono_plan::{FetchedCrates, PackageBuild, PackageCrates, StageName};

use super::{VENV, install::secret_mount};
use crate::{
    instruction::{Run, shell},
    pins::{self, SCRIPT, SOURCES},
};

/// Where the crates are that were fetched, with the configuration that leads Cargo there.
const FETCHED: &str = "/opt/crates";

/// Where Cargo keeps what it downloads.
const CARGO_HOME: &str = "/var/cache/pymono/cargo";

/// Where the files are mounted that lead Cargo.
const TEXTS: &str = "/opt/manifests";

/// What a lock pins, as an extended regular expression: checksums and commits.
const PINS: &str = r#"'"[0-9a-f]{64}"|#[0-9a-f]{40}"'"#;

/// Returns the mount of a folder of generated files.
fn texts_mount(stage: &StageName, target: &str, flags: &str) -> String {
    pins::mount(stage.as_str(), target) + flags
}

/// Returns the step that fetches crates.
///
/// Cargo writes a lock anew that fits its manifests in other words. So it may,
/// but what it pins must be in the lock of the repository, where there is one.
/// All files get one time, as scripts of crates ask which are younger than
/// what they made.
pub(super) fn fetch(name: &StageName, crates: &FetchedCrates) -> Run {
    let FetchedCrates { base: _, image, path, roots, texts, secrets } = crates;
    let lock = |root: &TreePath| root.join("Cargo.lock").ok();
    let locks: Vec<TreePath> = roots.iter().filter_map(lock).collect();
    let is_locked = !locks.is_empty() && locks.iter().all(|lock| texts.contains_key(lock));
    let pinned = {
        let files = locks.iter().map(|lock| shell(&at_sources(lock)));
        format!("cat {} | grep -oE {PINS}", files.collect::<Vec<_>>().join(" "))
    };
    let folder = at_sources(path);
    let mut lines = vec![format!("mkdir -p {FETCHED} {folder}"), format!("cd {folder}")];
    if is_locked {
        lines.push(format!("{{ {pinned} >/tmp/pinned || true; }}"));
    }
    lines.push(format!("{} >{FETCHED}/config.toml", vendor(crates)));
    if is_locked {
        let advice = "pymono: Cargo.lock does not fit the manifests any more; run `cargo update --workspace`";
        lines.push(format!(
            "if {pinned} | grep -qvxFf /tmp/pinned; then echo {} >&2; exit 1; fi",
            shell(advice)
        ));
    }
    for root in roots {
        let target = if root.is_root() { String::new() } else { format!("/{root}") };
        lines.push(format!("mkdir -p {FETCHED}/locks{target}"));
        lines.push(format!("cp {}/Cargo.lock {FETCHED}/locks{target}/", at_sources(root)));
    }
    lines.push(format!("find {FETCHED} -exec touch -h -t 200001010000 {{}} +"));
    let id = ServiceName::slug(image);
    let run = Run::new(lines.join(" && \\\n    "))
        .mount(format_args!("type=cache,id=pymono-cargo-{id},target={CARGO_HOME}"))
        .mount(texts_mount(name, SOURCES, ",rw"));
    secrets.iter().map(secret_mount).fold(run, Run::mount)
}

/// Returns the command that fetches, and prints the configuration that leads Cargo to what it got.
fn vendor(crates: &FetchedCrates) -> String {
    let mut command = "cargo vendor --versioned-dirs".to_owned();
    let configured = crates.texts.iter().any(|(path, text)| {
        path.parent().is_some_and(|folder| folder.file_name() == Some(".cargo"))
            && text.contains("[source")
    });
    if configured {
        command += " --respect-source-config";
    }
    for (at, root) in crates.roots.iter().enumerate() {
        let argument = if at == 0 { "--manifest-path" } else { "--sync" };
        command += &format!(" {argument} {}/Cargo.toml", at_sources(root));
    }
    format!("{command} {FETCHED}/vendor")
}

/// Adds what the build of a package needs to compile its crates: the command runs after this.
pub(super) fn mounts(run: Run, name: &StageName, crates: &PackageCrates) -> Run {
    let PackageCrates { fetched, sources, texts: _ } = crates;
    let mut run = run;
    for source in sources {
        let target = at_sources(source);
        run = run.mount(format_args!("type=bind,source={source},target={target},rw"));
    }
    run.mount(format_args!("type=bind,from={fetched},source={FETCHED},target={FETCHED},rw"))
        .mount(texts_mount(name, TEXTS, ""))
        .mount(pins::mount(SCRIPT, &format!("/opt/{SCRIPT}")))
}

/// Returns what comes before the command that builds a package: it ends where a variable can be set.
///
/// What is compiled is kept in the cache of the package; see the script for the times.
pub(super) fn preparation(build: &PackageBuild, cache: &str) -> String {
    if build.crates.is_none() {
        return String::new();
    }
    let lines = [
        format!("cp -R {TEXTS}/. {FETCHED}/locks/. {SOURCES}/"),
        format!("{VENV}/bin/python /opt/{SCRIPT} {SOURCES} {cache}/sources.json"),
    ];
    let settings =
        format!("CARGO_HOME={FETCHED} CARGO_NET_OFFLINE=true CARGO_TARGET_DIR={cache}/target ");
    lines.map(|line| line + " && \\\n    ").concat() + &settings
}

fn at_sources(path: &impl fmt::Display) -> String {
    let path = path.to_string();
    if path == "." { SOURCES.to_owned() } else { format!("{SOURCES}/{path}") }
}
