//! The two sides, and how each builds all services.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::process;
use std::slice;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;

use super::copies::{Copies, write};
use super::listing::{self, Service};
use super::{guide, run_steps};
use crate::docker::Docker;
use crate::interrupt;
use crate::process::Tool;

/// What both sides build on.
const BASE: &str = "python:3.13-slim";

/// A side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    /// A Dockerfile for each service after uv's guide, in one bake.
    Guide,
    /// `pymono build --all`.
    Pymono,
}

impl Peer {
    pub(super) const ALL: [Self; 2] = [Self::Guide, Self::Pymono];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Guide => "guide",
            Self::Pymono => "pymono",
        }
    }

    /// Both, each first in every other repetition.
    pub(super) fn in_turn(repetition: u32) -> [Self; 2] {
        let [first, second] = Self::ALL;
        if repetition.is_multiple_of(2) { [second, first] } else { [first, second] }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One build of all services.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Sample {
    /// Wall time of the one command.
    pub(super) seconds: f64,
    /// `RUN` steps that ran and were not answered from the cache.
    pub(super) run_steps: u32,
}

/// Where both sides build. Its images are removed on drop.
pub(super) struct Workshop {
    pub(super) docker: Docker,
    pub(super) copies: Copies,
    pub(super) services: Vec<Service>,
    pymono: Utf8PathBuf,
    /// What the names of all images begin with, of this run alone.
    prefix: String,
    /// Images of this run, the ones that lost their names included.
    made: RefCell<BTreeSet<String>>,
}

impl Workshop {
    /// Images are named to be pushed to `registry`, where there is one.
    pub(super) fn new(
        docker: Docker,
        pymono: &Utf8Path,
        copies: Copies,
        registry: Option<&str>,
    ) -> Result<Self> {
        // A build by someone else must not put another program in its place.
        let program = copies.beside("program");
        fs::copy(pymono, &program).with_context(|| format!("failed to copy `{pymono}`"))?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let registry = registry.unwrap_or("localhost");
        let prefix = format!("{registry}/pymono-bench-{now:x}-{:x}", process::id());
        let services = listing::services(&program, &copies.of(Peer::Pymono))?;
        Ok(Self { docker, copies, services, pymono: program, prefix, made: RefCell::default() })
    }

    /// The image of `service` that `peer` builds.
    pub(super) fn image(&self, peer: Peer, service: &Service) -> String {
        format!("{}/{peer}/{}:latest", self.prefix, service.image)
    }

    /// All images that `peer` builds.
    pub(super) fn images(&self, peer: Peer) -> Vec<String> {
        self.services.iter().map(|service| self.image(peer, service)).collect()
    }

    /// Puts both sides on a base image that nothing was ever built on, so that
    /// every layer has to be made again and only downloads are still there.
    pub(super) fn change_base(&self, number: u32) -> Result<()> {
        // BuildKit knows a base by its layers, so a label would not do.
        let base = format!("{}/{BASE}-{number}", self.prefix);
        let folder = self.copies.beside("base");
        write(&folder.join("Dockerfile"), &format!("FROM {BASE}\nCOPY run /etc/pymono-bench\n"))?;
        write(&folder.join("run"), &format!("{base}\n"))?;
        let build = ["buildx", "build", "--provenance=false", "--load", "--tag", &base];
        self.docker.tool().args(build).arg(folder).quiet()?;
        self.remember(slice::from_ref(&base))?;
        self.write_guide(&base)?;
        let configuration = self.copies.of(Peer::Pymono).join("pymono.toml");
        write(&configuration, &format!("base-image = \"{base}\"\n"))
    }

    fn write_guide(&self, base: &str) -> Result<()> {
        let folder = self.copies.of(Peer::Guide);
        for service in &self.services {
            let text = guide::dockerfile(service, base)?;
            write(&folder.join(guide::path(service)), &text)?;
        }
        write(&folder.join(".dockerignore"), guide::IGNORED)?;
        let bake = guide::bake_file(&self.services, |it| self.image(Peer::Guide, it));
        write(&folder.join("docker-bake.json"), &bake)
    }

    /// Builds and loads all services.
    pub(super) fn build(&self, peer: Peer) -> Result<Sample> {
        let build = match peer {
            Peer::Guide => self.bake(),
            Peer::Pymono => self.pymono(),
        };
        // What one side left to be written is not for the other to wait for.
        Tool::new("sync").succeeds();
        let start = Instant::now();
        let stream = build.read()?;
        let seconds = start.elapsed().as_secs_f64();
        self.remember(&self.images(peer))?;
        let run_steps = match peer {
            Peer::Guide => run_steps::of_bake(&stream),
            Peer::Pymono => run_steps::of_pymono(&stream),
        };
        Ok(Sample { seconds, run_steps })
    }

    fn bake(&self) -> Tool {
        // The stream of progress is on standard error.
        let bake = r#""$0" buildx bake --file "$1" --load --progress=rawjson 2>&1"#;
        self.docker
            .shell(bake)
            .arg("docker-bake.json")
            .cwd(self.copies.of(Peer::Guide))
            // As pymono has it: an attestation is work that the other lacks.
            .env("BUILDX_NO_DEFAULT_ATTESTATIONS", "1")
    }

    fn pymono(&self) -> Tool {
        let folder = self.copies.of(Peer::Pymono);
        Tool::new(&self.pymono)
            .args(["-C", folder.as_str(), "build", "--all", "--progress", "json"])
            .args(["--registry", &format!("{}/{}", self.prefix, Peer::Pymono)])
            .envs(self.docker.env())
    }

    /// Notes images to be removed, also when their names move on.
    fn remember(&self, names: &[String]) -> Result<()> {
        let inspect = ["image", "inspect", "--format", "{{.Id}}"];
        let ids = self.docker.tool().args(inspect).args(names).read()?;
        self.made.borrow_mut().extend(ids.lines().map(str::to_owned));
        Ok(())
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        interrupt::ignore(|| {
            for image in self.made.take() {
                // One that lost its name may be gone already.
                self.docker.tool().args(["image", "rm", "--force", &image]).succeeds();
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_side_is_first_in_every_other_repetition() {
        assert_eq!(Peer::in_turn(1), [Peer::Guide, Peer::Pymono]);
        assert_eq!(Peer::in_turn(2), [Peer::Pymono, Peer::Guide]);
    }
}
