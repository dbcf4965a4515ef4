//! All that an image is made of.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use pep508_rs::PackageName;
use pymono_names::{Libc, TreePath};
use pymono_plan::{
    Environment, Fleet, ImageSettings, Included, IndexChoice, Open, OpenRequirement, Package,
    PinnedBackend, Requirement, Service,
};
use pymono_workspace::{BuildKind, BuildStep, Contents, Crates, Further};
use serde_json::{Value, json};

use crate::{Fingerprint, Piece, Role, sent::of_requirement};

/// How pymono builds. It is raised when the same inputs give another image than before.
const FORMAT: &str = "2";

/// All pieces that an image is made of, each with its value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    pieces: BTreeMap<Piece, String>,
    rough: bool,
}

impl Inputs {
    /// Returns the inputs of the service in `path`; nothing if the fleet has none there.
    ///
    /// `contents` holds what lies in the paths that [`sent`] names.
    ///
    /// [`sent`]: crate::sent
    pub fn of(fleet: &Fleet, path: &TreePath, contents: &Contents) -> Option<Self> {
        let service = fleet.services.get(path)?;
        let mut inputs = Self::default();
        inputs.add(Piece::Format, &FORMAT);
        inputs.add(Piece::Python, &service.environment.python);
        inputs.add(Piece::Base(Role::Build), &service.environment.base_image);
        inputs.add(Piece::Base(Role::Runtime), &service.runtime_image);
        inputs.add(Piece::Base(Role::Installer), &fleet.uv_image);
        for requirement in &service.requirements {
            let build = fleet.pinned_source(service, requirement);
            inputs.add_pin((requirement, build), contents);
        }
        if let Some(Open { requirements, index, extra_indexes }) = &service.open {
            let offered = offered(index, contents);
            inputs
                .add(Piece::Config("indexes"), &json!([index.to_string(), extra_indexes, offered]));
            for requirement in requirements {
                inputs.add_open(requirement, contents);
            }
        }
        for (package_path, package) in packages(fleet, service) {
            let pins = fleet.pinned_backends(&service.environment, package);
            inputs.add_package(path, package_path, (package, pins), contents);
        }
        inputs.add_settings(service);
        if fleet.settled {
            // The same files have other times, and the image another.
            inputs.add(Piece::Config("reproducible"), &true);
        }
        inputs.add_building(fleet, service, contents);
        // What is copied and not installed is there as it is, its manifest too.
        let further: Vec<TreePath> = service.finish.read().cloned().collect();
        for (file, content) in contents.of(&service.files).chain(contents.of(&further)) {
            inputs.add(Piece::Source(file.clone()), content);
        }
        Some(inputs)
    }

    /// Returns the pieces, each with its value.
    pub fn pieces(&self) -> &BTreeMap<Piece, String> {
        &self.pieces
    }

    /// Returns nothing yet, on the way to inputs that may be too many.
    pub(crate) fn rough() -> Self {
        Self { pieces: BTreeMap::new(), rough: true }
    }

    /// Returns whether these are inputs of a service that cannot be built, and may be too many.
    pub fn is_rough(&self) -> bool {
        self.rough
    }

    /// Returns the name that only equal inputs share.
    pub fn fingerprint(&self) -> Fingerprint {
        let pieces = self.pieces.iter().map(|(piece, value)| json!([piece.to_string(), value]));
        Fingerprint::of(&json!(pieces.collect::<Vec<_>>()).to_string())
    }

    /// Adds the further files that a project's settings name, as they are.
    pub(crate) fn add_further(&mut self, further: &Further, contents: &Contents) {
        let paths: Vec<TreePath> = further.copies.keys().chain(&further.inputs).cloned().collect();
        for (file, content) in contents.of(&paths) {
            self.add(Piece::Source(file.clone()), content);
        }
    }

    pub(crate) fn add(&mut self, piece: Piece, value: &dyn fmt::Display) {
        self.pieces.insert(piece, value.to_string());
    }

    /// Adds a distribution; one that differs by platform has a piece for all of its forms together.
    fn add_pin(
        &mut self,
        (requirement, build): (&Requirement, Option<Vec<PinnedBackend>>),
        contents: &Contents,
    ) {
        let mut pin = pin(requirement, contents);
        if let Some(build) = build {
            pin["build"] = build.iter().map(pinned).collect();
        }
        self.add_form(&requirement.name, &pin.to_string());
    }

    /// Adds a requirement as it is written: what it leads to is not known before the build.
    fn add_open(&mut self, requirement: &OpenRequirement, contents: &Contents) {
        let OpenRequirement { name, text, archive, place: _, pinned: _, only, hashes } =
            requirement;
        let only: Vec<String> = only.iter().map(ToString::to_string).collect();
        let content = archive.as_ref().map(|it| ids(std::slice::from_ref(it), contents));
        let value = json!({
            "open": text, "archive": archive, "content": content, "only": only, "hashes": hashes,
        });
        self.add_form(name, &value.to_string());
    }

    /// Adds one of the forms of a distribution.
    pub(crate) fn add_form(&mut self, name: &PackageName, value: &str) {
        self.pieces
            .entry(Piece::Pin(name.clone()))
            .and_modify(|known| *known += &format!("\n{value}"))
            .or_insert_with(|| value.to_owned());
    }

    fn add_package(
        &mut self,
        service: &TreePath,
        path: &TreePath,
        (package, pins): (&Package, Option<Vec<PinnedBackend>>),
        contents: &Contents,
    ) {
        let version = package.version.as_ref();
        let version = json!(version.map(|it| (&it.variables, &it.metadata)));
        let mut built = json!({
            "backend": package.build.backend,
            "index": package.index.to_string(),
            "offered": offered(&package.index, contents),
            "requires": package.build.requires,
        });
        if let Some(pins) = pins {
            // What they come down to is what is there.
            built["requires"] = pins.iter().map(pinned).collect();
        }
        if path == service {
            self.add(Piece::Config("version"), &version);
        } else {
            built["version"] = version;
        }
        self.add(Piece::Backend(path.clone()), &built);
        if path != service {
            self.add(Piece::Edge(path.clone()), &package.name);
        }
        let texts = package.crates.as_ref().map(|crates| &crates.texts);
        for (file, content) in contents.of(&package.sources) {
            // Cargo's own files are written anew for a build.
            if texts.is_none_or(|texts| !texts.contains_key(file)) {
                let content = contents.manifests.get(file).unwrap_or(content);
                self.add(Piece::file(service, path, file), content);
            }
        }
        if let Some(crates) = &package.crates {
            self.add_crates(path, crates, contents);
        }
    }

    fn add_crates(&mut self, package: &TreePath, crates: &Crates, contents: &Contents) {
        let piece = |file: &TreePath| Piece::Crate { package: package.clone(), file: file.clone() };
        let sources: Vec<TreePath> = crates.folders.values().flatten().cloned().collect();
        for (file, content) in contents.of(&sources) {
            self.add(piece(file), content);
        }
        for (file, text) in &crates.texts {
            self.add(piece(file), &Fingerprint::of(text));
        }
    }

    fn add_settings(&mut self, service: &Service) {
        // Every field is named, so that one that is added later must be thought of here.
        let ImageSettings {
            references: _,
            platforms,
            env,
            labels,
            workdir,
            port,
            entrypoint,
            command,
            healthcheck,
        } = &service.image;
        let platforms: Vec<String> = platforms.iter().map(ToString::to_string).collect();
        let Environment { base_image, python: _, libc } = &service.environment;
        // What an image's name tells differs with the image.
        let configured = (*libc != Libc::of_image(base_image)).then_some(libc);
        let named = |it: Libc| (it == *libc && !service.apt.is_empty()).then_some(&service.apt);
        let settings = [
            ("apk", json!(named(Libc::Musl))),
            ("apt", json!(named(Libc::Glibc))),
            ("build-steps", build_steps(service)),
            ("command", json!(command)),
            ("entrypoint", json!(entrypoint)),
            ("env", json!(env)),
            ("healthcheck", json!(healthcheck)),
            ("include", included(&service.finish.included)),
            ("labels", json!(labels)),
            ("libc", json!(configured)),
            ("platforms", json!(platforms)),
            ("port", json!(port)),
            ("user", json!(service.user)),
            ("workdir", json!(workdir)),
        ];
        for (key, value) in settings {
            self.add(Piece::Config(key), &value);
        }
    }

    /// Adds what only builds see: it matters to an image if something is compiled for it.
    fn add_building<'a>(&mut self, fleet: &'a Fleet, service: &'a Service, contents: &Contents) {
        let compiles = service.requirements.iter().any(|it| it.is_built() || it.unnamed);
        let native = packages(fleet, service).filter(|(_, it)| it.build.kind != BuildKind::Pure);
        let system = |package: &'a Package| match service.environment.libc {
            Libc::Glibc => &package.build_apt,
            Libc::Musl => &package.build_apk,
        };
        let mut names: BTreeSet<&String> =
            native.clone().flat_map(|(_, package)| system(package)).collect();
        let builds = compiles || native.count() > 0 || service.open.is_some();
        let steps = !service.finish.steps.is_empty() && !service.build_apt.is_empty();
        if builds || steps || !service.apt.is_empty() {
            // Without one it is another state each day.
            if let Some(snapshot) = &fleet.apt_snapshot {
                self.add(Piece::Config("apt-snapshot"), snapshot);
            }
        }
        if builds {
            names.extend(&service.build_apt);
            let key = match service.environment.libc {
                Libc::Glibc => "build-apt",
                Libc::Musl => "build-apk",
            };
            self.add(Piece::Config(key), &json!(names));
        }
        if compiles {
            let index = json!([service.index.to_string(), offered(&service.index, contents)]);
            self.add(Piece::Config("index"), &index);
        }
    }
}

fn packages<'a>(
    fleet: &'a Fleet,
    service: &'a Service,
) -> impl Iterator<Item = (&'a TreePath, &'a Package)> + Clone {
    service.packages.iter().filter_map(|path| fleet.packages.get_key_value(path))
}

/// Returns a distribution that builds require.
fn pinned(PinnedBackend { requirement, only, hashes }: &PinnedBackend) -> Value {
    let only: Vec<String> = only.iter().map(ToString::to_string).collect();
    json!({ "requirement": requirement, "only": only, "hashes": hashes })
}

/// Returns what an index offers, where that is a folder of the tree.
fn offered(index: &IndexChoice, contents: &Contents) -> Vec<String> {
    match index {
        IndexChoice::Folder(folder) => ids(std::slice::from_ref(folder), contents),
        _ => Vec::new(),
    }
}

/// Returns each file in some paths with what it holds.
fn ids(paths: &[TreePath], contents: &Contents) -> Vec<String> {
    contents.of(paths).map(|(file, content)| format!("{file} {content}")).collect()
}

/// Returns what is run for a service, and what is there to be run.
fn build_steps(service: &Service) -> Value {
    let steps = service.finish.steps.iter().map(|step| match step {
        BuildStep::Shell(text) => json!(text),
        BuildStep::Exec(words) => json!(words),
    });
    let steps: Vec<Value> = steps.collect();
    if steps.is_empty() { Value::Null } else { json!([steps, service.build_apt]) }
}

/// Returns the places of further files; what they hold is a piece of its own for each.
fn included(included: &Included) -> Value {
    included.all().map(|file| json!([file.source, file.target])).collect()
}

/// Returns a distribution with all that decides what is installed: its size does not.
fn pin(requirement: &Requirement, contents: &Contents) -> Value {
    let Requirement {
        name,
        version,
        origin,
        only,
        from_source,
        unnamed,
        files: _,
        hashes,
        size: _,
    } = requirement;
    let only: Vec<String> = only.iter().map(ToString::to_string).collect();
    let inside: Vec<TreePath> = of_requirement(requirement).cloned().collect();
    json!({
        "name": name.to_string(),
        "version": version,
        "origin": origin.to_string(),
        "files": ids(&inside, contents),
        "only": only,
        "from_source": from_source,
        "unnamed": unnamed,
        "hashes": hashes,
    })
}
