//! The docker client, which is looked at while it builds.

use pymono_buildx::{BuildxVersion, Docker, DockerError, History};
use pymono_exec::Interrupt;

use super::asked::Asked;
use crate::{error::CommandError, session::Session};

/// What is known of the client.
pub(super) struct Client {
    version: Option<BuildxVersion>,
    asked: Option<Asked<Result<BuildxVersion, DockerError>>>,
}

impl Client {
    /// Looks at the client, meanwhile where the engine has answered already, and returns the version of the engine.
    ///
    /// It takes the client 0.14 s to tell its version, a tenth of what one edited service takes, and one image is built the same
    /// whatever it is.
    pub(super) fn look(
        session: &Session,
        docker: &Docker,
        history: Option<&History>,
    ) -> Result<(Self, String), CommandError> {
        let Some(history) = history else {
            let versions = docker.check(&session.interrupt);
            // A client that was stopped has told nothing about the engine.
            session.go_on()?;
            let (engine, version) = versions?;
            return Ok((Self { version: Some(version), asked: None }, engine));
        };
        let docker = docker.clone();
        let asked = Asked::of(session, move |interrupt| docker.check_client(interrupt));
        Ok((Self { version: None, asked: Some(asked) }, history.version().to_owned()))
    }

    /// Returns whether it builds many images at once; fails if it is missing something.
    pub(super) fn builds_together(&mut self, interrupt: &Interrupt) -> Result<bool, DockerError> {
        self.wait(interrupt)?;
        Ok(self.version.as_ref().is_some_and(BuildxVersion::builds_together))
    }

    /// Waits until it was looked at, and fails if it is missing something: that is why, whatever it said when it built.
    pub(super) fn wait(&mut self, interrupt: &Interrupt) -> Result<(), DockerError> {
        match self.asked.take().and_then(Asked::answer) {
            Some(Ok(version)) => self.version = Some(version),
            // One that was stopped has told nothing.
            Some(Err(error)) if !interrupt.requested() => return Err(error),
            Some(Err(_)) | None => {}
        }
        Ok(())
    }
}
