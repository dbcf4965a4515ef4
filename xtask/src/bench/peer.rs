//! The sides, and how each builds all services.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::process;
use std::slice;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use camino::Utf8PathBuf;
use clap::ValueEnum;
use serde::Serialize;

use super::copies::{Copies, write};
use super::listing::{self, Service};
use super::vertices::Spent;
use super::{expert, guide, machine, run_steps};
use crate::docker::Docker;
use crate::interrupt;
use crate::process::Tool;
use crate::wait;

/// What all sides build on.
const BASE: &str = "python:3.13-slim";

/// How often what needs the network is tried.
const ATTEMPTS: u32 = 5;

/// How long the engine may go on after the last client.
const PATIENCE: Duration = Duration::from_secs(120);

/// The repetition that is not measured.
pub(super) const WARM_UP: u32 = 0;

/// A side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(super) enum Peer {
    /// A Dockerfile for each service after uv's guide, in one bake.
    Guide,
    /// A Dockerfile for each service that sees its own pins and folders alone, in one bake.
    Expert,
    /// What [`Peer::Guide`] has, by `docker compose build`.
    Compose,
    /// `pymono build --all`.
    Pymono,
}

impl Peer {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Guide => "guide",
            Self::Expert => "expert",
            Self::Compose => "compose",
            Self::Pymono => "pymono",
        }
    }

    /// What it does, in words.
    pub(super) fn way(self) -> &'static str {
        match self {
            Self::Guide => {
                "a Dockerfile for each service after uv's Docker guide, in one \
                 `docker buildx bake --load`"
            }
            Self::Expert => {
                "a Dockerfile for each service with its own pins from `uv export` and `COPY` of \
                 its own folders, in one `docker buildx bake --load`"
            }
            Self::Compose => "the Dockerfiles of guide, by `docker compose build`",
            Self::Pymono => "`pymono build --all`",
        }
    }
}

/// All of them, another one first in each repetition.
pub(super) fn in_turn(peers: &[Peer], repetition: u32) -> Vec<Peer> {
    let mut peers = peers.to_vec();
    let by = (repetition as usize + peers.len() - 1) % peers.len();
    peers.rotate_left(by);
    peers
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
    /// Where the time went, where the stream of progress tells.
    pub(super) spent: Option<Spent>,
}

/// Programs that are not the engine's.
pub(super) struct Programs {
    pub(super) pymono: Utf8PathBuf,
    pub(super) uv: Utf8PathBuf,
    /// An interpreter for uv.
    pub(super) python: String,
    /// How pymono is told to compress layers, if it is.
    pub(super) compression: Option<String>,
}

/// Where all sides build. Its images are removed on drop.
pub(super) struct Workshop {
    pub(super) docker: Docker,
    pub(super) copies: Copies,
    pub(super) services: Vec<Service>,
    programs: Programs,
    /// What the names of all images begin with, of this run alone.
    prefix: String,
    /// Images of this run, the ones that lost their names included.
    made: RefCell<BTreeSet<String>>,
}

impl Workshop {
    pub(super) fn new(docker: Docker, mut programs: Programs, copies: Copies) -> Result<Self> {
        // A build by someone else must not put another program in its place.
        let program = copies.beside("program");
        fs::copy(&programs.pymono, &program)
            .with_context(|| format!("failed to copy `{}`", programs.pymono))?;
        programs.pymono = program;
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let prefix = format!("localhost/pymono-bench-{now:x}-{:x}", process::id());
        let any = copies.peers().first().context("there is no side")?;
        let services = listing::services(&programs.pymono, &copies.of(*any))?;
        Ok(Self { docker, copies, services, programs, prefix, made: RefCell::default() })
    }

    /// The image of `service` that `peer` builds.
    pub(super) fn image(&self, peer: Peer, service: &Service) -> String {
        format!("{}/{peer}/{}:latest", self.prefix, service.image)
    }

    /// All images that `peer` builds.
    pub(super) fn images(&self, peer: Peer) -> Vec<String> {
        self.services.iter().map(|service| self.image(peer, service)).collect()
    }

    /// Puts each side on a base image that nothing was ever built on, so that
    /// every layer has to be made again and only downloads are still there.
    pub(super) fn change_base(&self, number: u32) -> Result<()> {
        self.copies.peers().iter().try_for_each(|peer| {
            let base = self.make_base(*peer, number)?;
            self.write_recipes(*peer, &base)
        })
    }

    /// Builds with what is still to be downloaded, which may take several attempts.
    pub(super) fn download(&self, peer: Peer) -> Result<Sample> {
        for _ in 1..ATTEMPTS {
            interrupt::check()?;
            if let Ok(sample) = self.build(peer) {
                return Ok(sample);
            }
        }
        self.build(peer)
    }

    /// Takes away all that was built, on an engine that is a chore's own: many layers of many
    /// services fill a disk. Downloads stay.
    pub(super) fn clear(&self) {
        self.remove_images();
        let prune = ["builder", "prune", "--all", "--force", "--filter", "type=regular"];
        self.docker.tool().args(prune).succeeds();
    }

    fn remove_images(&self) {
        for image in self.made.take() {
            // One that lost its name may be gone already.
            self.docker.tool().args(["image", "rm", "--force", &image]).succeeds();
        }
    }

    /// The sides that between them fill every download cache, those first that build least.
    ///
    /// All Dockerfiles by hand have one cache.
    pub(super) fn downloaders(&self) -> Vec<Peer> {
        let there = |peer: &Peer| self.copies.peers().contains(peer);
        let by_hand = [Peer::Expert, Peer::Guide, Peer::Compose].into_iter().find(there);
        by_hand.into_iter().chain([Peer::Pymono].into_iter().filter(there)).collect()
    }

    fn make_base(&self, peer: Peer, number: u32) -> Result<String> {
        // BuildKit knows a base by its layers, so a label would not do.
        let base = format!("{}/{peer}/{BASE}-{number}", self.prefix);
        let folder = self.copies.beside("base");
        // After the warm-up all downloads are there, and a name server that does not answer is
        // nothing to measure.
        let offline = if number == WARM_UP { "" } else { "ENV UV_OFFLINE=1\n" };
        let text = format!("FROM {BASE}\nCOPY run /etc/pymono-bench\n{offline}");
        write(&folder.join("Dockerfile"), &text)?;
        write(&folder.join("run"), &format!("{base}\n"))?;
        let build = ["buildx", "build", "--provenance=false", "--load", "--tag", &base];
        self.docker.tool().args(build).arg(folder).quiet()?;
        self.remember(slice::from_ref(&base))?;
        Ok(base)
    }

    fn write_recipes(&self, peer: Peer, base: &str) -> Result<()> {
        let folder = self.copies.of(peer);
        if peer == Peer::Pymono {
            let images = format!("base-image = \"{base}\"\nruntime-image = \"{base}\"\n");
            return write(&folder.join("pymono.toml"), &images);
        }
        for service in &self.services {
            let text = match peer {
                Peer::Expert => expert::dockerfile(service, base)?,
                _ => guide::dockerfile(service, base)?,
            };
            write(&folder.join(guide::path(service)), &text)?;
        }
        write(&folder.join(".dockerignore"), guide::IGNORED)?;
        let image = |service: &Service| self.image(peer, service);
        let (name, text) = match peer {
            Peer::Compose => ("compose.json", guide::compose_file(&self.services, image)),
            _ => ("docker-bake.json", guide::bake_file(&self.services, image)),
        };
        write(&folder.join(name), &text)
    }

    /// Writes what the expert pins, where there is one.
    pub(super) fn pin(&self) -> Result<()> {
        if !self.copies.peers().contains(&Peer::Expert) {
            return Ok(());
        }
        let (Programs { uv, python, .. }, folder) = (&self.programs, self.copies.of(Peer::Expert));
        self.services.iter().try_for_each(|it| expert::pin(uv, python, &folder, it))
    }

    /// Builds and loads all services.
    pub(super) fn build(&self, peer: Peer) -> Result<Sample> {
        let build = match peer {
            Peer::Guide | Peer::Expert => self.bake(peer),
            Peer::Compose => self.compose(),
            Peer::Pymono => self.pymono(),
        };
        self.settle()?;
        let start = Instant::now();
        let stream = build.read()?;
        let seconds = start.elapsed().as_secs_f64();
        self.remember(&self.images(peer))?;
        let run_steps = match peer {
            Peer::Guide | Peer::Expert => run_steps::of_bake(&stream),
            Peer::Compose => run_steps::of_plain(&stream),
            Peer::Pymono => run_steps::of_pymono(&stream),
        };
        let spent = match peer {
            Peer::Guide | Peer::Expert => Some(Spent::of_bake(&stream)),
            Peer::Pymono => Some(Spent::of_pymono(&stream)),
            Peer::Compose => None,
        };
        Ok(Sample { seconds, run_steps, spent })
    }

    /// Waits for what an earlier build left to be done: that is not for the next one to wait for.
    ///
    /// pymono ends when its images are there, and the engine still writes down how they were built and collects what
    /// nothing needs any more.
    fn settle(&self) -> Result<()> {
        let list = ["buildx", "history", "ls", "--format", "{{.Status}}"];
        let settled = wait::until(PATIENCE, || {
            let builds = self.docker.tool().args(list).read()?;
            Ok((!builds.lines().any(|status| status == "Running")).then_some(()))
        })?;
        settled.context("the engine does not end with the builds that it has begun")?;
        Tool::new("sync").succeeds();
        machine::calm_down()
    }

    fn bake(&self, peer: Peer) -> Tool {
        // The stream of progress is on standard error.
        let bake = r#""$0" buildx bake --file "$1" --load --progress=rawjson 2>&1"#;
        self.docker
            .shell(bake)
            .arg("docker-bake.json")
            .cwd(self.copies.of(peer))
            // As pymono has it: an attestation is work that the other lacks.
            .env("BUILDX_NO_DEFAULT_ATTESTATIONS", "1")
    }

    fn compose(&self) -> Tool {
        let build = r#""$0" compose --file "$1" --progress plain build 2>&1"#;
        self.docker
            .shell(build)
            .arg("compose.json")
            .cwd(self.copies.of(Peer::Compose))
            .env("BUILDX_NO_DEFAULT_ATTESTATIONS", "1")
    }

    fn pymono(&self) -> Tool {
        let folder = self.copies.of(Peer::Pymono);
        Tool::new(&self.programs.pymono)
            .args(["-C", folder.as_str(), "build", "--all", "--progress", "json"])
            .args(["--registry", &format!("{}/{}", self.prefix, Peer::Pymono)])
            .args(self.programs.compression.iter().map(|it| format!("--compression={it}")))
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
        interrupt::ignore(|| self.remove_images());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_side_is_first_in_turn() {
        let peers = [Peer::Guide, Peer::Expert, Peer::Pymono];
        assert_eq!(in_turn(&peers, 1), peers);
        assert_eq!(in_turn(&peers, 2), [Peer::Expert, Peer::Pymono, Peer::Guide]);
        assert_eq!(in_turn(&peers, 4), peers);
    }
}
