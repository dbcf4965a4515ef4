//! The programs of the engine: Debian packages, unpacked into our folder.
//!
//! They come from a newer suite than the host's, as the newest buildx is
//! wanted. They are Go programs that need nothing new of the host, so they are
//! unpacked and not installed. apt fetches them, with its own signature checks
//! and with lists and caches of our own.

use std::fs;

use anyhow::{Context, Result};
use camino::Utf8Path;

use super::home::Home;
use super::host;
use crate::process::Tool;
use crate::progress::Progress;

const SUITE: &str = "forky";

const PACKAGES: &[&str] = &[
    "docker.io",
    "docker-cli",
    "docker-buildx",
    "docker-compose",
    "containerd",
    "docker-registry",
    "tini-static",
];

/// Fetches and unpacks the engine, unless that was done before.
pub(super) fn provide(home: &Home, progress: &Progress) -> Result<()> {
    let stamp = home.root().join("unpacked");
    let wanted = format!("{SUITE} {}\n", PACKAGES.join(" "));
    if fs::read_to_string(&stamp).is_ok_and(|unpacked| unpacked == wanted) {
        return Ok(());
    }
    progress.say(format_args!("downloading the engine from Debian {SUITE}"));
    let downloads = home.folder().join("apt");
    download(&downloads)?;
    unpack(&downloads, &home.root())?;
    configure(home)?;
    fs::remove_dir_all(&downloads).with_context(|| format!("failed to remove `{downloads}`"))?;
    fs::write(&stamp, wanted).with_context(|| format!("failed to write `{stamp}`"))
}

fn download(folder: &Utf8Path) -> Result<()> {
    for name in ["lists/partial", "cache/archives/partial", "debs"] {
        let path = folder.join(name);
        fs::create_dir_all(&path).with_context(|| format!("failed to make `{path}`"))?;
    }
    let mirror = host::mirror()?;
    let source = format!("deb [signed-by={}] {mirror} {SUITE} main\n", host::KEYRING);
    let sources = folder.join("sources.list");
    fs::write(&sources, source).with_context(|| format!("failed to write `{sources}`"))?;
    let unreachable = || format!("failed to fetch the engine from `{mirror}`");
    apt_get(folder)?.args(["update", "-qq"]).quiet().with_context(unreachable)?;
    let debs = folder.join("debs");
    let fetch = apt_get(folder)?.cwd(debs).args(["download", "-qq"]).args(PACKAGES);
    fetch.quiet().with_context(unreachable)
}

/// An apt that knows our one source, and keeps lists and cache in `folder`.
fn apt_get(folder: &Utf8Path) -> Result<Tool> {
    let architecture = architecture()?;
    let settings = [
        format!("Dir::Etc::SourceList={folder}/sources.list"),
        "Dir::Etc::SourceParts=-".to_owned(),
        format!("Dir::State::Lists={folder}/lists"),
        "Dir::State::status=/dev/null".to_owned(),
        format!("Dir::Cache={folder}/cache"),
        format!("APT::Architectures={architecture}"),
        // The user that apt changes to may not write to our folder.
        "APT::Sandbox::User=root".to_owned(),
    ];
    Ok(Tool::new("apt-get").args(settings.iter().flat_map(|setting| ["-o", setting])))
}

fn unpack(downloads: &Utf8Path, root: &Utf8Path) -> Result<()> {
    fs::create_dir_all(root).with_context(|| format!("failed to make `{root}`"))?;
    for package in downloads.join("debs").read_dir_utf8()? {
        Tool::new("dpkg").arg("-x").arg(package?.path()).arg(root).quiet()?;
    }
    Ok(())
}

/// Puts the plugins where this engine's client looks, and names the init
/// process as dockerd wants it.
fn configure(home: &Home) -> Result<()> {
    let plugins = home.config().join("cli-plugins");
    fs::create_dir_all(&plugins).with_context(|| format!("failed to make `{plugins}`"))?;
    for plugin in ["docker-buildx", "docker-compose"] {
        let unpacked = home.root().join("usr/libexec/docker/cli-plugins").join(plugin);
        link(&unpacked, &plugins.join(plugin))?;
    }
    link(&home.programs().join("tini-static"), &home.programs().join("docker-init"))
}

fn link(target: &Utf8Path, name: &Utf8Path) -> Result<()> {
    Tool::new("ln").arg("-sfn").arg(target).arg(name).quiet()
}

/// Debian's name of this machine's architecture, like `amd64`.
pub(super) fn architecture() -> Result<String> {
    Ok(Tool::new("dpkg").arg("--print-architecture").read()?.trim().to_owned())
}
