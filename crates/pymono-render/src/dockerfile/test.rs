//! Stages in which what an image has is tested.

use std::fmt;

use pymono_names::ServiceName;
use pymono_plan::{ImageFile, Test};
use pymono_workspace::BuildStep;

use super::{image::copy, install::secret_mount, stage::caches, steps::shown};
use crate::instruction::{Run, exec};

/// A test of one service.
pub(super) struct TestText<'a> {
    pub(super) service: &'a ServiceName,
    pub(super) test: &'a Test,
}

impl fmt::Display for TestText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Test { stage, path, layers, sources, kept, steps, .. } = self.test;
        writeln!(f, "# `{path}`: {}.\nFROM {} AS {stage}", shown(steps), self.service)?;
        // Cache mounts are root's, and so is what tests write beside the files that they find.
        writeln!(f, "USER root")?;
        layers.iter().try_for_each(|layer| copy(f, layer))?;
        for ImageFile { source, target } in sources {
            writeln!(f, "COPY --link {source} {target}")?;
        }
        // What build steps made of a file, or what is included in its place, is what ships.
        kept.iter().try_for_each(|layer| copy(f, layer))?;
        if !self.test.caches.is_empty() {
            writeln!(f, "ARG TARGETARCH")?;
        }
        steps.iter().try_for_each(|step| write!(f, "{}", self.run(step)))
    }
}

impl TestText<'_> {
    /// Returns the instruction that runs a command; each is one of its own, so that a failure names it.
    fn run(&self, step: &BuildStep) -> Run {
        let words = match step {
            BuildStep::Shell(text) => vec!["/bin/sh".to_owned(), "-c".to_owned(), text.clone()],
            BuildStep::Exec(words) => words.clone(),
        };
        // No reader of Dockerfiles may take a part of the text for the beginning of a here-document.
        let command = exec(&words).replace("<<", "\\u003c\\u003c");
        let Test { path, caches: declared, secrets, .. } = self.test;
        let mounts = caches(path, None, declared).into_iter();
        mounts.chain(secrets.iter().map(secret_mount)).fold(Run::new(command), Run::mount)
    }
}
