//! All that an image is made of.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use pymono_names::TreePath;
use pymono_plan::{
    Fleet, ImageSettings, Open, OpenRequirement, Origin, Package, Requirement, Service,
};
use pymono_workspace::{BuildKind, Contents};
use serde_json::json;

use crate::{Fingerprint, Piece, Role};

/// How pymono builds. It is raised when the same inputs give another image than before.
const FORMAT: &str = "1";

/// All pieces that an image is made of, each with its value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    pieces: BTreeMap<Piece, String>,
}

impl Inputs {
    /// Returns the inputs of the service in `path`; nothing if the fleet has none there.
    ///
    /// `contents` holds the files of the service and of every local package that it needs.
    pub fn of(fleet: &Fleet, path: &TreePath, contents: &Contents) -> Option<Self> {
        let service = fleet.services.get(path)?;
        let mut inputs = Self::default();
        inputs.add(Piece::Format, &FORMAT);
        inputs.add(Piece::Python, &service.environment.python);
        inputs.add(Piece::Base(Role::Build), &service.environment.base_image);
        inputs.add(Piece::Base(Role::Runtime), &service.runtime_image);
        inputs.add(Piece::Base(Role::Installer), &fleet.uv_image);
        for requirement in &service.requirements {
            inputs.add_pin(requirement);
        }
        if let Some(Open { requirements, index, extra_indexes }) = &service.open {
            inputs.add(Piece::Config("indexes"), &json!([index.to_string(), extra_indexes]));
            for requirement in requirements {
                inputs.add_open(requirement);
            }
        }
        for (package_path, package) in packages(fleet, service) {
            inputs.add_package(path, package_path, package);
        }
        inputs.add_settings(service, compiles(fleet, service));
        let owners = service.packages.iter().chain([path]).collect::<BTreeSet<_>>();
        for owner in owners {
            inputs.add_files(path, owner, contents);
        }
        Some(inputs)
    }

    /// Returns the pieces, each with its value.
    pub fn pieces(&self) -> &BTreeMap<Piece, String> {
        &self.pieces
    }

    /// Returns the name that only equal inputs share.
    pub fn fingerprint(&self) -> Fingerprint {
        let pieces = self.pieces.iter().map(|(piece, value)| json!([piece.to_string(), value]));
        Fingerprint::of(&json!(pieces.collect::<Vec<_>>()).to_string())
    }

    fn add(&mut self, piece: Piece, value: &dyn fmt::Display) {
        self.pieces.insert(piece, value.to_string());
    }

    /// Adds a distribution; one that differs by platform has a piece for all of its forms together.
    fn add_pin(&mut self, requirement: &Requirement) {
        let value = pin(requirement);
        self.pieces
            .entry(Piece::Pin(requirement.name.clone()))
            .and_modify(|known| {
                known.push('\n');
                known.push_str(&value);
            })
            .or_insert(value);
    }

    /// Adds a requirement as it is written: what it leads to is not known before the build.
    fn add_open(&mut self, requirement: &OpenRequirement) {
        let OpenRequirement { name, text, archive, place: _, pinned: _, only, hashes } =
            requirement;
        let only: Vec<String> = only.iter().map(ToString::to_string).collect();
        let value =
            json!({ "open": text, "archive": archive, "only": only, "hashes": hashes }).to_string();
        self.pieces
            .entry(Piece::Pin(name.clone()))
            .and_modify(|known| *known += &format!("\n{value}"))
            .or_insert(value);
    }

    fn add_package(&mut self, service: &TreePath, path: &TreePath, package: &Package) {
        let built = json!({
            "backend": package.build.backend,
            "index": package.index.to_string(),
            "requires": package.build.requires,
        });
        self.add(Piece::Backend(path.clone()), &built);
        if path != service {
            self.add(Piece::Edge(path.clone()), &package.name);
        }
    }

    fn add_settings(&mut self, service: &Service, compiles: bool) {
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
        let settings = [
            ("apt", json!(service.apt)),
            ("command", json!(command)),
            ("entrypoint", json!(entrypoint)),
            ("env", json!(env)),
            ("healthcheck", json!(healthcheck)),
            ("labels", json!(labels)),
            ("platforms", json!(platforms)),
            ("port", json!(port)),
            ("user", json!(service.user)),
            ("workdir", json!(workdir)),
        ];
        for (key, value) in settings {
            self.add(Piece::Config(key), &value);
        }
        // What only builds see matters to an image if something is compiled for it.
        if compiles {
            self.add(Piece::Config("build-apt"), &json!(service.build_apt));
        }
    }

    fn add_files(&mut self, service: &TreePath, owner: &TreePath, contents: &Contents) {
        for (file, content) in contents.get(owner).into_iter().flatten() {
            let piece = if owner == service {
                Piece::Source(file.clone())
            } else {
                Piece::Dependency { package: owner.clone(), file: file.clone() }
            };
            self.add(piece, content);
        }
    }
}

fn packages<'a>(
    fleet: &'a Fleet,
    service: &'a Service,
) -> impl Iterator<Item = (&'a TreePath, &'a Package)> {
    service.packages.iter().filter_map(|path| fleet.packages.get_key_value(path))
}

/// Returns true if something of the image is compiled.
fn compiles(fleet: &Fleet, service: &Service) -> bool {
    let native = |(_, package): (&TreePath, &Package)| package.build.kind != BuildKind::Pure;
    let from_source = |it: &Requirement| it.from_source || matches!(it.origin, Origin::Git { .. });
    service.requirements.iter().any(from_source) || packages(fleet, service).any(native)
}

/// Returns a distribution with all that decides what is installed: its size does not.
fn pin(requirement: &Requirement) -> String {
    let Requirement { name, version, origin, only, from_source, unnamed, files, hashes, size: _ } =
        requirement;
    let only: Vec<String> = only.iter().map(ToString::to_string).collect();
    json!({
        "name": name.to_string(),
        "version": version,
        "origin": origin.to_string(),
        "files": files,
        "only": only,
        "from_source": from_source,
        "unnamed": unnamed,
        "hashes": hashes,
    })
    .to_string()
}
