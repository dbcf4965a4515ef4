//! The base images, where no image registry gives them.
//!
//! They stand in for the official ones: Python images are bootstrapped from
//! Debian, the uv image is made of uv's own wheel. Images are measured, so
//! these hold what the official slim images hold and little else: no manual
//! pages, no translations, no package lists, no bytecode of packages.

use std::env;
use std::fs;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use camino::{Utf8Path, Utf8PathBuf};

use super::home::Home;
use super::host;
use crate::docker::Docker;
use crate::process::Tool;
use crate::progress::Progress;
use crate::uv;

/// How long an image registry may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// The environment of the images. Programs that come with certificates of
/// their own are told to trust those that this machine trusts.
const ENVIRONMENT: [&str; 3] = [
    "PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG=C.UTF-8",
    "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt",
];

/// What dpkg leaves out, now and in images built on these; the rule on
/// copyright files has to come after the one it is an exception of.
const DPKG_RULES: [&str; 7] = [
    "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
    "path-exclude=/usr/share/info/*",
    "path-exclude=/usr/share/lintian/*",
    "path-exclude=/usr/share/linda/*",
    "path-exclude=/usr/share/locale/*",
    "path-exclude=/usr/share/man/*",
];

/// Shell commands that finish the files in `$1`.
const FINISH: [&str; 6] = [
    // Builds reach the package index as this machine does.
    r#"cp /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs/""#,
    // Where the official images have it.
    r#"ln -s /usr/bin/python3 "$1/usr/local/bin/python3""#,
    r#"ln -s /usr/bin/python3 "$1/usr/local/bin/python""#,
    // The official images let anyone install into the system.
    r#"rm -f "$1"/usr/lib/python3*/EXTERNALLY-MANAGED"#,
    r#"rm -rf "$1"/usr/lib/python3*/test"#,
    r#"rm -rf "$1"/usr/lib/python3/dist-packages/__pycache__"#,
];

/// An image of Python as a Debian release has it.
struct Python {
    tag: &'static str,
    release: &'static str,
    packages: &'static str,
    /// Further arguments of mmdebstrap.
    options: &'static [&'static str],
}

const PYTHONS: [Python; 2] = [
    Python {
        tag: "python:3.13-slim",
        release: "trixie",
        packages: "ca-certificates,netbase,python3,tzdata",
        options: &[],
    },
    Python {
        tag: "python:3.11-slim",
        release: "bookworm",
        // Up to 3.11 distutils is part of the standard library.
        packages: "ca-certificates,netbase,python3,python3-distutils,tzdata,usr-is-merged",
        // Otherwise the package that merges /usr brings 45 MB of perl along.
        options: &["--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr"],
    },
];

/// The tags of the uv image.
fn uv_tags() -> [String; 2] {
    let repository = "ghcr.io/astral-sh/uv";
    [format!("{repository}:{}", uv::VERSION), format!("{repository}:latest")]
}

/// Sees to it that builds on `docker` find their base images: there, copied
/// from `source`, in a registry, or made here.
pub(super) fn provide(
    home: &Home,
    docker: &Docker,
    source: Option<&Docker>,
    progress: &Progress,
) -> Result<()> {
    if missing(docker).is_empty() {
        return Ok(());
    }
    if let Some(source) = source {
        copy(source, docker, progress)?;
    }
    let missing = missing(docker);
    if missing.is_empty() {
        return Ok(());
    }
    if registry_answers(docker)? {
        progress.say("an image registry answers, so base images come from there");
        return Ok(());
    }
    progress.say("no image registry answers, so the base images are made here");
    make(home, docker, &missing, progress)
}

/// Prints the base images and their sizes.
pub(super) fn describe(docker: &Docker, progress: &Progress) -> Result<()> {
    let form = "{{index .RepoTags 0}} {{.Size}}";
    for tag in tags().into_iter().filter(|tag| docker.has_image(tag)) {
        let line = docker.tool().args(["image", "inspect", "--format", form, &tag]).read()?;
        let (_, bytes) = line.trim().rsplit_once(' ').unwrap_or_default();
        progress.say(format_args!("{tag}: {bytes} bytes"));
    }
    Ok(())
}

fn tags() -> Vec<String> {
    PYTHONS.iter().map(|python| python.tag.to_owned()).chain(uv_tags()).collect()
}

fn missing(docker: &Docker) -> Vec<String> {
    tags().into_iter().filter(|tag| !docker.has_image(tag)).collect()
}

fn registry_answers(docker: &Docker) -> Result<bool> {
    let ask = docker.tool().args(["buildx", "imagetools", "inspect", PYTHONS[0].tag]);
    ask.succeeds_within(PATIENCE)
}

fn copy(source: &Docker, docker: &Docker, progress: &Progress) -> Result<()> {
    let there: Vec<String> = tags().into_iter().filter(|tag| source.has_image(tag)).collect();
    if there.is_empty() {
        return Ok(());
    }
    progress.say(format_args!("copying {}", there.join(", ")));
    let mut save = source.tool().args(["image", "save"]).args(&there).spawn_piped()?;
    let images = save.stdout.take().context("`docker image save` has no output")?;
    docker.tool().args(["image", "load", "--quiet"]).stdin(images).quiet()?;
    if !save.wait().context("failed to wait for `docker image save`")?.success() {
        bail!("`docker image save` failed; its own output says why");
    }
    Ok(())
}

fn make(home: &Home, docker: &Docker, missing: &[String], progress: &Progress) -> Result<()> {
    let folder = home.folder().join("images");
    fs::create_dir_all(&folder).with_context(|| format!("failed to make `{folder}`"))?;
    let is_missing = |tag: &str| missing.iter().any(|it| it == tag);
    let mirror = host::mirror()?;
    // A bootstrap mostly waits, for the mirror and for one dpkg after another.
    thread::scope(|scope| {
        let pythons = PYTHONS.iter().filter(|python| is_missing(python.tag));
        let pythons: Vec<_> = pythons
            .map(|python| scope.spawn(|| make_python(python, &folder, &mirror, docker, progress)))
            .collect();
        let uv = uv_tags().iter().any(|tag| is_missing(tag));
        let uv = if uv { make_uv(&folder, docker, progress) } else { Ok(()) };
        let joined = pythons.into_iter().map(|thread| {
            thread.join().unwrap_or_else(|_| Err(anyhow!("the making of an image panicked")))
        });
        joined.chain([uv]).collect()
    })
}

fn make_python(
    python: &Python,
    folder: &Utf8Path,
    mirror: &str,
    docker: &Docker,
    progress: &Progress,
) -> Result<()> {
    let tag = python.tag;
    let files = folder.join(format!("{}.tar", tag.replace(':', "-")));
    if !files.exists() {
        progress.say(format_args!("making {tag} from Debian {}", python.release));
        let partial = Utf8PathBuf::from(format!("{files}.partial"));
        bootstrap(python, &partial, mirror)?;
        fs::rename(&partial, &files).with_context(|| format!("failed to make `{files}`"))?;
    }
    let environment = ENVIRONMENT.iter().map(|variable| format!("ENV {variable}"));
    let changes: Vec<String> = environment.chain([r#"CMD ["python3"]"#.to_owned()]).collect();
    import(docker, &changes, &files, tag)
}

fn bootstrap(python: &Python, files: &Utf8Path, mirror: &str) -> Result<()> {
    let Python { tag: _, release, packages, options } = python;
    Tool::new("mmdebstrap")
        .args(["--quiet", "--variant=minbase", "--format=tar"])
        .arg(format!("--include={packages}"))
        .args(*options)
        .args(DPKG_RULES.iter().map(|rule| format!("--dpkgopt={rule}")))
        .args(FINISH.iter().map(|command| format!("--customize-hook={command}")))
        .args([*release, files.as_str(), mirror])
        .quiet()
}

/// Makes the uv image as the official one is laid out: `/uv` and `/uvx`.
fn make_uv(folder: &Utf8Path, docker: &Docker, progress: &Progress) -> Result<()> {
    let [tag, latest] = uv_tags();
    progress.say(format_args!("making {tag} from its wheel"));
    // The wheel for musl holds a static program, which an empty image needs.
    let platform = format!("musllinux_1_1_{}", env::consts::ARCH);
    uv::install(&folder.join(format!("uv-{}", uv::VERSION)), Some(&platform))?;
    let programs = folder.join(format!("uv-{}/bin", uv::VERSION));
    let files = folder.join("uv.tar");
    Tool::new("tar")
        .args(["--create", "--file", files.as_str(), "--directory", programs.as_str()])
        .args(["--owner=0", "--group=0", "--numeric-owner", "--mode=755", "uv", "uvx"])
        .quiet()?;
    import(docker, &[r#"ENTRYPOINT ["/uv"]"#.to_owned()], &files, &tag)?;
    docker.tool().args(["image", "tag", &tag, &latest]).quiet()
}

fn import(docker: &Docker, changes: &[String], files: &Utf8Path, tag: &str) -> Result<()> {
    let changes = changes.iter().flat_map(|change| ["--change", change]);
    docker.tool().arg("import").args(changes).args([files.as_str(), tag]).quiet()
}
