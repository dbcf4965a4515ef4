//! `pymono build --all` where every image is there already.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use camino::{Utf8Path, Utf8PathBuf};
use clap::{Args, value_parser};

use super::report::median;
use super::scan::{git, write};
use crate::docker::{self, Docker};
use crate::process::Tool;
use crate::progress::Progress;
use crate::{cargo, interrupt};

/// Measure `pymono build --all` where nothing changed
///
/// The services stand on Python alone. They are built once, which takes a second or
/// two for each, and their images are left in the engine for the next run. The bound is
/// 2 s for 40 services in a registry of this machine, and 1 s for 500 in the local store.
#[derive(Debug, Args)]
pub(super) struct ReuseArgs {
    /// How many services the repository has
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = value_parser!(u32).range(1..))]
    services: u32,
    /// Push to this registry, such as `127.0.0.1:5000`, in place of loading into the local store
    #[arg(long, value_name = "ADDRESS")]
    registry: Option<String>,
    /// How often it is measured
    #[arg(long, value_name = "N", default_value_t = 9, value_parser = value_parser!(u32).range(1..))]
    repetitions: u32,
    /// The folder of the private engine
    #[arg(long, value_name = "DIR")]
    home: Option<Utf8PathBuf>,
}

pub(super) fn run(args: &ReuseArgs) -> Result<ExitCode> {
    let progress = Progress::new("bench");
    let provided = docker::provide(args.home.as_deref(), &progress)?;
    progress.say("building pymono");
    let pymono = cargo::build_pymono(true)?;
    let folder = tempfile::tempdir()?;
    let folder = Utf8Path::from_path(folder.path()).context("the temporary folder is no UTF-8")?;
    let tree = folder.join("repository");
    make(&tree, args.services)?;
    let build = || {
        let place = args.registry.iter().flat_map(|it| {
            ["--push".to_owned(), "--registry".to_owned(), format!("{it}/bench-reuse")]
        });
        let command = ["-C", tree.as_str(), "build", "--all", "--progress", "json"];
        Tool::new(&pymono)
            .args(command)
            .args(place)
            .envs(provided.docker.env())
            .env("XDG_CACHE_HOME", folder.join("cache"))
    };
    progress.say(format_args!("building {} services", args.services));
    build().read()?;
    let mut seconds = Vec::new();
    let mut asking = Vec::new();
    for _ in 0..args.repetitions {
        interrupt::check()?;
        let started = Instant::now();
        let events = build().read()?;
        seconds.push(started.elapsed().as_secs_f64());
        let skipped = events.matches("\"outcome\":\"skipped\"").count();
        // Each service is told of when it is done, and once more at the end.
        ensure!(skipped >= args.services as usize, "{skipped} services were skipped");
        asking.push(list(&provided.docker)?);
    }
    println!("{}", row(args, median(seconds), median(asking)));
    Ok(ExitCode::SUCCESS)
}

/// Seconds that the engine takes to tell of its images.
fn list(docker: &Docker) -> Result<f64> {
    let started = Instant::now();
    docker.tool().args(["image", "ls", "--quiet"]).read()?;
    Ok(started.elapsed().as_secs_f64())
}

/// Returns what was measured in words.
fn row(args: &ReuseArgs, seconds: f64, asking: f64) -> String {
    let ReuseArgs { services, registry, repetitions, .. } = args;
    let place = if registry.is_some() { "a registry" } else { "the local store" };
    let bound = match (services, registry) {
        (40, Some(_)) => Some(2.0),
        (500, None) => Some(1.0),
        _ => None,
    };
    let verdict = bound.map(|bound: f64| {
        format!(", {} {bound:.0} s", if seconds < bound { "under" } else { "NOT under" })
    });
    format!(
        "{services} services in {place}: {seconds:.2} s{} (median of {repetitions}; `docker image ls` alone: {asking:.2} s)",
        verdict.unwrap_or_default()
    )
}

/// Writes a repository of services that need nothing.
fn make(folder: &Utf8Path, services: u32) -> Result<()> {
    let root = "[tool.uv.workspace]\nmembers = [\"services/*\"]\n";
    write(folder, "pyproject.toml", root)?;
    let mut lock = String::from("version = 1\nrevision = 3\nrequires-python = \">=3.12\"\n");
    for number in 0..services {
        let (name, module) = (format!("reuse-{number:03}"), format!("reuse_{number:03}"));
        let place = format!("services/{name}");
        let manifest = format!(
            "[project]\nname = \"{name}\"\nversion = \"1.0\"\nrequires-python = \">=3.12\"\n\n\
             [build-system]\nrequires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"\n\n\
             [tool.pymono]\ncommand = [\"python\", \"-m\", \"{module}\"]\n"
        );
        write(folder, &format!("{place}/pyproject.toml"), &manifest)?;
        write(folder, &format!("{place}/src/{module}/__init__.py"), "")?;
        let main = format!("print({number})\n");
        write(folder, &format!("{place}/src/{module}/__main__.py"), &main)?;
        write!(
            lock,
            "\n[[package]]\nname = \"{name}\"\nversion = \"1.0\"\nsource = {{ editable = \"{place}\" }}\n"
        )?;
    }
    write(folder, "uv.lock", &lock)?;
    git(folder).args(["init", "--quiet"]).quiet()?;
    git(folder).args(["add", "--all"]).quiet()?;
    git(folder).args(["commit", "--quiet", "--message", "everything"]).quiet()
}
