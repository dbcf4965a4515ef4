//! The docker client: whether it works here, and what it knows about images.

use std::{collections::BTreeMap, ffi::OsString};

use camino::Utf8PathBuf;
use pymono_exec::{ExecError, Interrupt, Invocation, Output};
use thiserror::Error;

/// The oldest buildx that pymono is made for, as major and minor version.
const OLDEST_BUILDX: (u32, u32) = (0, 17);

/// The oldest whose `bake` asks nothing of the user about the paths of a build, when its progress is JSON.
const BAKES_UNASKED: (u32, u32) = (0, 21);

/// The docker client of a session.
#[derive(Clone, Debug)]
pub struct Docker {
    /// The program, `docker` unless someone says otherwise.
    pub program: Utf8PathBuf,
    /// The directory that it runs in, which relative paths of a build start from.
    pub cwd: Utf8PathBuf,
    /// Its whole environment.
    pub env: Vec<(OsString, OsString)>,
}

/// The version of buildx, such as `0.29.1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildxVersion(String);

impl BuildxVersion {
    /// Returns whether one client may build several images.
    pub fn builds_together(&self) -> bool {
        numbers(&self.0).is_none_or(|numbers| numbers >= BAKES_UNASKED)
    }
}

/// Images cannot be built here.
#[derive(Debug, Error)]
pub enum DockerError {
    /// There is no docker client.
    #[error("`{program}` was not found")]
    NotFound {
        /// The program that was looked for.
        program: Utf8PathBuf,
    },
    /// The docker client did not start.
    #[error("the docker client does not work")]
    Client(#[source] ExecError),
    /// No engine answers.
    #[error("the docker engine does not answer at {place}: {message}")]
    Unreachable {
        /// Where it was looked for: `DOCKER_HOST`, or the client's context.
        place: String,
        /// What the client said.
        message: String,
    },
    /// The client could not do something.
    #[error("`{command}` failed: {message}")]
    Command {
        /// The command, as a shell takes it.
        command: String,
        /// What the client said.
        message: String,
    },
    /// Nobody tells which image a tag means.
    #[error("nothing tells the digest of `{reference}`: {message}")]
    NoDigest {
        /// The reference.
        reference: String,
        /// What its registry said.
        message: String,
    },
    /// The client has no buildx.
    #[error("the docker client has no `buildx`: {message}")]
    NoBuildx {
        /// What the client said.
        message: String,
    },
    /// The client's buildx is too old.
    #[error("`buildx` {version} is too old; pymono needs {}.{} or newer", OLDEST_BUILDX.0, OLDEST_BUILDX.1)]
    OldBuildx {
        /// Its version.
        version: String,
    },
}

impl DockerError {
    /// Returns what the user can do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotFound { program } => {
                return Some(format!(
                    "install Docker, or add the directory that holds `{program}` to `PATH`"
                ));
            }
            Self::Client(error) => return error.hint(),
            Self::Command { .. } => return None,
            Self::NoDigest { .. } => {
                "log in to its registry, or pull the image; one that is built here and pushed nowhere has a digest in the containerd image store alone"
            }
            Self::Unreachable { message, .. } if message.contains("permission denied") => {
                "add yourself to the group `docker`, or use an engine of your own (rootless Docker)"
            }
            Self::Unreachable { .. } => {
                "start Docker, or point `DOCKER_HOST` or `docker context use` at an engine that runs"
            }
            Self::NoBuildx { .. } => {
                "install the docker plugin `buildx` (package `docker-buildx-plugin`)"
            }
            Self::OldBuildx { .. } => {
                "update the docker plugin `buildx` (package `docker-buildx-plugin`)"
            }
        };
        Some(hint.to_owned())
    }
}

impl Docker {
    /// Returns the client that is called `docker`.
    pub fn new(cwd: Utf8PathBuf, env: Vec<(OsString, OsString)>) -> Self {
        Self { program: "docker".into(), cwd, env }
    }

    /// Returns the command that runs the client with `args`.
    pub fn invocation(&self, args: Vec<String>) -> Invocation {
        Invocation {
            program: self.program.clone(),
            args,
            cwd: self.cwd.clone(),
            env: self.env.clone(),
        }
    }

    /// Checks that an engine answers, and that buildx is there and new enough; returns the engine's version too, such as `28.5.2`.
    pub fn check(&self, interrupt: &Interrupt) -> Result<(String, BuildxVersion), DockerError> {
        let engine = self.engine_version(interrupt)?;
        Ok((engine, self.check_client(interrupt)?))
    }

    /// Checks, where an engine has answered, that buildx is there and new enough.
    pub fn check_client(&self, interrupt: &Interrupt) -> Result<BuildxVersion, DockerError> {
        let buildx = self.run(&["buildx", "version"], interrupt)?;
        if !buildx.status.success() {
            return Err(DockerError::NoBuildx { message: first_words(&buildx) });
        }
        let version = buildx_version(&text(&buildx.stdout));
        if numbers(&version).is_some_and(|numbers| numbers < OLDEST_BUILDX) {
            return Err(DockerError::OldBuildx { version });
        }
        Ok(BuildxVersion(version))
    }

    fn engine_version(&self, interrupt: &Interrupt) -> Result<String, DockerError> {
        let output = self.run(&["version", "--format", "{{.Server.Version}}"], interrupt)?;
        if output.status.success() {
            return Ok(text(&output.stdout));
        }
        Err(DockerError::Unreachable { place: self.place(), message: last_words(&output) })
    }

    /// Returns the sizes in bytes of those `images` that the engine has, by their id.
    ///
    /// The number means what the engine's store makes of it. The containerd
    /// store counts the compressed layers, which is what a registry stores and
    /// a pull transfers; its ids are digests of manifests. The classic store
    /// counts the unpacked layers, which is several times as much; its ids are
    /// digests of configurations.
    pub fn image_sizes(&self, images: &[&str], interrupt: &Interrupt) -> BTreeMap<String, u64> {
        if images.is_empty() {
            return BTreeMap::new();
        }
        let options = ["image", "inspect", "--format", "{{.Id}} {{.Size}}"];
        // A size is no more than a remark: without an answer the table has none.
        // An image that is missing fails the command but keeps no other from being told.
        let Ok(output) = self.run(&[&options[..], images].concat(), interrupt) else {
            return BTreeMap::new();
        };
        let sizes = text(&output.stdout);
        let pairs = sizes.lines().filter_map(|line| line.split_once(' '));
        pairs.filter_map(|(id, size)| Some((id.to_owned(), size.parse().ok()?))).collect()
    }

    fn run(&self, args: &[&str], interrupt: &Interrupt) -> Result<Output, DockerError> {
        let invocation = self.invocation(args.iter().map(ToString::to_string).collect());
        invocation.output(interrupt).map_err(|error| match error {
            ExecError::NotFound { program } => DockerError::NotFound { program },
            error => DockerError::Client(error),
        })
    }

    /// Returns where the client looks for its engine, in the user's terms.
    fn place(&self) -> String {
        match self.invocation(Vec::new()).var("DOCKER_HOST") {
            Some(host) if !host.is_empty() => format!("`DOCKER_HOST={}`", host.to_string_lossy()),
            _ => "the client's context (`DOCKER_HOST` is not set)".to_owned(),
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

fn first_words(output: &Output) -> String {
    text(&output.stderr).lines().next().unwrap_or("it ended without a word").to_owned()
}

fn last_words(output: &Output) -> String {
    text(&output.stderr).lines().next_back().unwrap_or("it ended without a word").to_owned()
}

/// Returns the version in the answer of `docker buildx version`: `github.com/docker/buildx v0.29.1 a1b2c3`.
fn buildx_version(answer: &str) -> String {
    let version = answer.split_whitespace().nth(1).unwrap_or(answer);
    version.trim_start_matches('v').to_owned()
}

/// Returns major and minor version; a build of no release has none and counts as new.
fn numbers(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split(['.', '-', '+']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_buildx_version_is_read() {
        for (answer, expected) in [
            ("github.com/docker/buildx v0.17.1 257815a", Some((0, 17))),
            ("github.com/docker/buildx 0.29.1+ds1 0.29.1+ds1-4", Some((0, 29))),
            ("github.com/docker/buildx v0.9.1-desktop.1 abc", Some((0, 9))),
            ("github.com/docker/buildx 05846896d149 05846896d149", None),
        ] {
            assert_eq!(numbers(&buildx_version(answer)), expected, "{answer}");
        }
    }

    #[test]
    fn an_old_bake_would_ask_about_paths() {
        for (buildx, expected) in
            [("0.20.1", false), ("0.21.0", true), ("1.0.0", true), ("a1b2c3", true)]
        {
            assert_eq!(BuildxVersion(buildx.to_owned()).builds_together(), expected, "{buildx}");
        }
    }

    #[test]
    fn a_missing_client_is_told_from_a_broken_one() {
        let env = vec![("PATH".into(), "/nonexistent".into())];
        let error = Docker::new(".".into(), env).check(&Interrupt::new()).unwrap_err();
        assert!(matches!(error, DockerError::NotFound { .. }), "{error:?}");
        assert_eq!(error.to_string(), "`docker` was not found");
        assert!(error.hint().unwrap().contains("install Docker"));
    }
}
