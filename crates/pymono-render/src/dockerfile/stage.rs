//! One stage as it stands in the file.

use std::{collections::BTreeSet, fmt};

use pymono_names::{Libc, Login, ServiceName, TreePath};
use pymono_plan::{
    BuildPlan, Dependencies, Environment, FetchedCrates, ImageFile, Open, Origin, PackageBuild,
    PinnedBackend, PretendedVersion, Requirement, Stage, StageKind, StageName,
};
use pymono_workspace::{BuildKind, CacheMount, Secret};

use super::{
    FILES, HOME, Install, VENV, crates,
    install::secret_mount,
    settle::{self, EPOCH},
    steps,
    system::{Packages, expect, home, system_packages},
};
use crate::{
    instruction::{Run, shell},
    pins::{self, SOURCES},
    words::{self, without_digest},
};

/// How a package is installed from its folder, with what its build needs there already.
pub(super) const FROM_FOLDER: &str = "--no-cache --no-deps --no-sources --no-build-isolation";

/// Where build backends are installed, beside the virtual environment.
pub(super) const BACKEND: &str = "/opt/backend";

/// How a step is told what it installs.
pub(super) const REQUIREMENTS: &str = "--requirements /pins.txt";

/// Where it is told what builds may require.
const CONSTRAINTS: &str = "/build.txt";

/// Where native builds keep what they can use again.
const BUILD_CACHE: &str = "/var/cache/pymono";

/// One stage as it stands in the file.
pub(super) struct StageText<'a> {
    pub(super) plan: &'a BuildPlan,
    pub(super) stage: &'a Stage,
}

impl fmt::Display for StageText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Stage { name, kind, users } = self.stage;
        let users = words::list(words::quoted(users));
        match kind {
            StageKind::Uv { image } => writeln!(f, "FROM {image} AS {name}"),
            StageKind::Base { environment, uv } => base(f, name, environment, uv),
            StageKind::Toolchain { base, image, libc, apt, snapshot } => {
                let what =
                    if apt.is_empty() { "Compilers" } else { "What builds need beside compilers" };
                writeln!(f, "# {what}, for {users}.\nFROM {base} AS {name}")?;
                toolchain(f, &Packages { image, libc: *libc, apt, snapshot: snapshot.as_deref() })
            }
            StageKind::Backend { base, requires, pins, index, secrets } => {
                let requires = requires.iter().map(|line| Login::without_any(line));
                writeln!(f, "# {}, for {users}.", words::list(requires))?;
                self.backend(f, base, &Install::of_backends(index, secrets), pins.as_deref())
            }
            StageKind::Dependencies(dependencies) => {
                let (number, pins) = (dependencies.requirements.len(), names(dependencies));
                writeln!(f, "# {}, for {users}:", words::count(number, "distribution"))?;
                writeln!(f, "# {pins}.")?;
                self.dependencies(f, dependencies)
            }
            StageKind::Open { base, open, secrets } => {
                let names = words::list(open.requirements.iter().map(|it| it.name.to_string()));
                writeln!(f, "# {names} and what they need, which no lock lists, for {users}.")?;
                self.open(f, base, open, secrets)
            }
            StageKind::Crates(crates) => {
                let FetchedCrates { base, path, .. } = crates;
                writeln!(f, "# What `{path}` needs of other places, for {users}.")?;
                write!(f, "FROM {base} AS {name}\n{}", crates::fetch(name, crates))
            }
            StageKind::Package(build) => {
                writeln!(f, "# `{}`, for {users}.", build.path)?;
                self.package(f, build)
            }
            StageKind::Files { base, files: gathered } => {
                writeln!(f, "# For {users}.\nFROM {base} AS {name}")?;
                files(f, gathered)
            }
            StageKind::Included(included) => {
                writeln!(f, "# For {users}.\nFROM scratch AS {name}")?;
                steps::included(f, included)
            }
            StageKind::Steps(steps) => steps::text(f, name, steps),
            StageKind::Runtime { below, image, libc, apt, snapshot, user } => {
                let packages = Packages { image, libc: *libc, apt, snapshot: snapshot.as_deref() };
                writeln!(f, "# For {users}.")?;
                if let Some(below) = below {
                    writeln!(f, "FROM {below} AS {name}")?;
                    further_packages(f, &packages, *user)
                } else {
                    writeln!(f, "FROM {image} AS {name}")?;
                    runtime(f, &packages, *user)
                }
            }
        }
    }
}

impl StageText<'_> {
    fn backend(
        &self,
        f: &mut fmt::Formatter<'_>,
        base: &StageName,
        install: &Install<'_>,
        pins: Option<&[PinnedBackend]>,
    ) -> fmt::Result {
        let mut arguments = format!("--target {BACKEND}");
        if let Some(pins) = pins {
            arguments += " --no-deps";
            // A commit of git has no hash, and needs none.
            if pins.iter().all(|pin| !pin.hashes.is_empty()) {
                arguments += " --require-hashes";
            }
        }
        let mut run = self.install(install, &arguments, "");
        if let Some(folder) = install.folder() {
            run = run.mount(format_args!("type=bind,source={folder},target={SOURCES}/{folder}"));
        }
        write!(f, "FROM {base} AS {}\nARG TARGETARCH\n{run}", self.stage.name)
    }

    fn dependencies(&self, f: &mut fmt::Formatter<'_>, dependencies: &Dependencies) -> fmt::Result {
        let Dependencies { base, requirements, build, from_source, .. } = dependencies;
        let is_archive = |it: &Requirement| !matches!(it.origin, Origin::Index(_));
        let end = if requirements.iter().any(is_archive) {
            settle::environment_from_files()
        } else {
            settle::environment()
        };
        let mut program = install_program(dependencies);
        if !from_source {
            program.push_str(" --no-build");
        }
        if build.is_some() {
            // What was built with other requirements, or on another system, is in no cache that is looked into.
            program = format!(
                "export UV_BUILD_CONSTRAINT={CONSTRAINTS} \\\n        \
                 UV_CACHE_DIR=\"/root/.cache/uv/built/$(cat {CONSTRAINTS} /etc/os-release | sha256sum | cut -c1-16)\"; \\\n    {program}"
            );
        }
        let install = Install::of_dependencies(dependencies);
        let command = install.run(&program, REQUIREMENTS);
        let mut run = self.mounted(dependencies, &install, format!("{command}{end}"));
        if build.is_some() {
            run = run.mount(pins::mount(&pins::build_name(&self.stage.name), CONSTRAINTS));
        }
        write!(f, "FROM {base} AS {}\nARG TARGETARCH\n{run}", self.stage.name)
    }

    /// Returns the step of a command that installs distributions.
    pub(super) fn mounted(
        &self,
        dependencies: &Dependencies,
        install: &Install<'_>,
        command: String,
    ) -> Run {
        let Dependencies { requirements, from_source, .. } = dependencies;
        let mut run = self.step(install, command);
        // What must be built may require anything that is in the folder.
        let folder = install.folder().filter(|_| *from_source);
        let archives = requirements.iter().flat_map(|requirement| match &requirement.origin {
            Origin::Archive(path) => vec![path],
            _ => requirement.files.iter().collect(),
        });
        let archives = archives.filter(|path| folder.is_none_or(|folder| !path.is_in(folder)));
        for path in archives.chain(folder) {
            run = run.mount(format_args!("type=bind,source={path},target={SOURCES}/{path}"));
        }
        run
    }

    /// Returns the step that installs what the stage's requirement file says.
    fn install(&self, install: &Install<'_>, arguments: &str, end: &str) -> Run {
        let command = install.run(&format!("uv pip install {arguments}"), REQUIREMENTS);
        self.step(install, format!("{command}{end}"))
    }

    fn step(&self, install: &Install<'_>, command: String) -> Run {
        let name = &self.stage.name;
        let run = Run::new(command).mount(self.uv_cache()).mount(pins_mount(name));
        install.mounts(name.as_str()).into_iter().fold(run, Run::mount)
    }

    /// Installs requirements and what the installer finds that they need.
    fn open(
        &self,
        f: &mut fmt::Formatter<'_>,
        base: &StageName,
        open: &Open,
        secrets: &BTreeSet<Secret>,
    ) -> fmt::Result {
        let further = open.extra_indexes.iter().map(|url| format!("--index {}", shell(url)));
        let further = further.collect::<Vec<_>>().join(" ");
        let install = Install::of_backends(&open.index, secrets);
        let mut run = self.install(&install, &further, &settle::environment_from_files());
        let archives = open.requirements.iter().filter_map(|it| it.archive.as_ref());
        for path in archives.chain(install.folder()) {
            run = run.mount(format_args!("type=bind,source={path},target={SOURCES}/{path}"));
        }
        write!(f, "FROM {base} AS {}\nARG TARGETARCH\n{run}", self.stage.name)
    }

    fn package(&self, f: &mut fmt::Formatter<'_>, build: &PackageBuild) -> fmt::Result {
        let PackageBuild { base, backend, sources, crates, .. } = build;
        let mut run = Run::new(install(build));
        if is_offline(build) {
            run = run.without_network();
        }
        if let Some(stage) = backend {
            run =
                run.mount(format_args!("type=bind,from={stage},source={BACKEND},target={BACKEND}"));
        }
        for source in sources {
            // A build writes beside its sources; what it writes goes with the mount.
            let from = if source.is_root() { String::new() } else { format!("source={source},") };
            run = run.mount(format_args!("type=bind,{from}target={},rw", at_sources(source)));
        }
        if let Some(crates) = crates {
            run = crates::mounts(run, &self.stage.name, crates);
        }
        let caches = build_caches(build);
        let argument = if caches.is_empty() { "" } else { "ARG TARGETARCH\n" };
        for mount in caches.into_iter().chain(build.secrets.iter().map(secret_mount)) {
            run = run.mount(mount);
        }
        write!(f, "FROM {base} AS {}\n{argument}{run}", self.stage.name)
    }

    /// The one cache of downloads: uv locks it itself, and versions of uv do not share it.
    fn uv_cache(&self) -> String {
        uv_cache(&self.plan.uv_image)
    }
}

/// Returns how distributions are installed, but for where from.
pub(super) fn install_program(dependencies: &Dependencies) -> String {
    let hashes = if dependencies.hashed { " --require-hashes" } else { "" };
    format!("uv pip install --no-deps{hashes}")
}

/// Returns the mount of the downloads of an image's uv.
pub(crate) fn uv_cache(uv_image: &str) -> String {
    let image = without_digest(uv_image);
    let version = image.rsplit_once(':').map_or("latest", |(_, tag)| tag);
    let version = version.get(..12.min(version.len())).unwrap_or(version);
    format!("type=cache,id=pymono-uv-{version}-$TARGETARCH,target=/root/.cache/uv")
}

/// Returns the command that builds and installs a package.
///
/// An install from a folder must never be answered from a cache: uv would look
/// at the times of a few files only, and a flat layout would go stale.
fn install(build: &PackageBuild) -> String {
    let backend =
        build.backend.as_ref().map(|_| format!("PATH={BACKEND}/bin:$PATH PYTHONPATH={BACKEND} "));
    let offline = if is_offline(build) { " --offline" } else { "" };
    let folder = at_sources(&build.path);
    let (mut before, mut variables) = (crates::preparation(build, BUILD_CACHE), String::new());
    if let Some(PretendedVersion { variables: told, metadata }) = &build.version {
        variables = told.iter().map(|(name, value)| format!("{name}={} ", shell(value))).collect();
        if let Some(text) = metadata {
            let lines = text.lines().map(shell).collect::<Vec<_>>().join(" ");
            before += &format!("printf '%s\\n' {lines} > {folder}/PKG-INFO && \\\n    ");
        }
    }
    format!(
        "{before}{variables}{}uv pip install {FROM_FOLDER}{offline} {folder}{}",
        backend.unwrap_or_default(),
        settle::environment_from_files(),
    )
}

/// Returns whether a build needs no network: its backend compiles nothing, or what is fetched before.
fn is_offline(build: &PackageBuild) -> bool {
    build.kind == BuildKind::Pure || build.crates.is_some()
}

/// Returns the cache mounts of a package's build: compilers' and those that its configuration declares.
///
/// No path has a `:`, so no two mounts share an id by accident.
fn build_caches(build: &PackageBuild) -> Vec<String> {
    let image = (build.kind != BuildKind::Pure).then_some(build.image.as_str());
    // The times of sources are noted beside what was made of them: one build at a time.
    let sharing = if build.crates.is_some() { ",sharing=locked" } else { "" };
    caches(&build.path, image.map(|image| (image, sharing)), &build.caches)
}

/// Returns a project's cache mounts: that of the compilers in an image, where there are some, with
/// how it is shared, and those that are declared.
pub(super) fn caches(
    owner: &TreePath,
    compilers: Option<(&str, &str)>,
    declared: &[CacheMount],
) -> Vec<String> {
    let compilers = compilers.map(|(image, sharing)| {
        let tools = ServiceName::slug(without_digest(image));
        format!(
            "type=cache,id=pymono-build:{owner}:{tools}:$TARGETARCH{sharing},target={BUILD_CACHE}"
        )
    });
    let declared = declared.iter().map(|CacheMount { target }| {
        format!("type=cache,id=pymono:{owner}:{target}:$TARGETARCH,target={target}")
    });
    compilers.into_iter().chain(declared).collect()
}

fn files(f: &mut fmt::Formatter<'_>, files: &[ImageFile]) -> fmt::Result {
    let settle = settle::folder(FILES);
    let mut run = Run::new(format!("cp -a {SOURCES} {FILES} && {settle}")).without_network();
    for ImageFile { source, target } in files {
        // One may lie in a folder of another.
        run = run.mount(format_args!("type=bind,source={source},target={SOURCES}{target},rw"));
    }
    write!(f, "{run}")
}

fn base(
    f: &mut fmt::Formatter<'_>,
    name: &StageName,
    environment: &Environment,
    uv: &StageName,
) -> fmt::Result {
    let Environment { base_image, python, libc } = environment;
    writeln!(f, "# Python {python}, uv and an empty virtual environment.")?;
    writeln!(f, "FROM {base_image} AS {name}")?;
    writeln!(f, "COPY --link --from={uv} /uv /usr/local/bin/uv")?;
    writeln!(
        f,
        "ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never VIRTUAL_ENV={VENV}"
    )?;
    // Byte code by the time of its source would be compiled anew where files get another time.
    writeln!(f, "ENV PYC_INVALIDATION_MODE=CHECKED_HASH SOURCE_DATE_EPOCH={EPOCH}")?;
    // What the image has in the folder is none of what is installed.
    let venv = format!(
        "mkdir -p {HOME} && find {HOME} -mindepth 1 -delete && \\\n    \
         uv venv --no-cache --no-project --python {python} {VENV} && \\\n    {}",
        settle::venv()
    );
    write!(f, "{}", Run::new(format!("{}{venv}", expect(*libc, base_image))))
}

fn toolchain(f: &mut fmt::Formatter<'_>, packages: &Packages<'_>) -> fmt::Result {
    f.write_str("ARG TARGETARCH\n")?;
    if !packages.apt.is_empty() {
        let named = packages.apt.iter().map(|package| match package.as_str() {
            // A base image may bring one that knows a newer Rust.
            "cargo" => "$(command -v cargo >/dev/null || echo cargo)",
            package => package,
        });
        return write!(f, "{}", system_packages(packages, named));
    }
    let (compilers, ccache) = match packages.libc {
        Libc::Glibc => (["build-essential", "ccache"], "/usr/lib/ccache"),
        Libc::Musl => (["build-base", "ccache"], "/usr/lib/ccache/bin"),
    };
    write!(f, "{}", system_packages(packages, compilers.into_iter()))?;
    writeln!(
        f,
        "ENV PATH={ccache}:$PATH CCACHE_DIR={BUILD_CACHE}/ccache CARGO_HOME={BUILD_CACHE}/cargo"
    )
}

fn runtime(f: &mut fmt::Formatter<'_>, packages: &Packages<'_>, user: u32) -> fmt::Result {
    let home = home(packages.libc, packages.image, user);
    let run = if packages.apt.is_empty() {
        Run::new(home)
    } else {
        f.write_str("ARG TARGETARCH\n")?;
        let run = system_packages(packages, packages.apt.iter().map(String::as_str));
        run.map(|command| format!("{command} && \\\n    {home}"))
    };
    write!(f, "{}", settle::system(run))?;
    writeln!(f, "ENV PATH={VENV}/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1")?;
    writeln!(f, "WORKDIR /app\nUSER {user}")
}

/// Writes what a runtime has beside the one that it stands on, whose user may not install anything.
///
/// All packages are named, so that none of those below goes for the sake of another one.
fn further_packages(f: &mut fmt::Formatter<'_>, packages: &Packages<'_>, user: u32) -> fmt::Result {
    let run = system_packages(packages, packages.apt.iter().map(String::as_str));
    writeln!(f, "ARG TARGETARCH\nUSER 0\n{}USER {user}", settle::system(run))
}

fn names(dependencies: &Dependencies) -> String {
    words::list(dependencies.requirements.iter().map(|requirement| {
        let version = requirement.version.as_deref().map(|version| format!(" {version}"));
        format!("{}{}", requirement.name, version.unwrap_or_default())
    }))
}

fn pins_mount(stage: &StageName) -> String {
    pins::mount(&pins::file_name(stage), "/pins.txt")
}

fn at_sources(path: &TreePath) -> String {
    if path.is_root() { SOURCES.to_owned() } else { format!("{SOURCES}/{path}") }
}
