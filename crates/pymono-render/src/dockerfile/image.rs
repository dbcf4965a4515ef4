//! One service's target.

use std::fmt;

use pymono_names::ServiceName;
use pymono_plan::{Image, ImageFile, Layer};

use super::{FILES, HOME, VENV};
use crate::instruction::{exec, quoted};

/// One service's target.
pub(super) struct ImageText<'a> {
    pub(super) service: &'a ServiceName,
    pub(super) image: &'a Image,
}

impl fmt::Display for ImageText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Image { path, runtime, layers, settings } = self.image;
        writeln!(f, "# `{path}`\nFROM {runtime} AS {}", self.service)?;
        for layer in layers {
            match layer {
                Layer::Environment(stage) => {
                    writeln!(f, "COPY --link --from={stage} {VENV} {VENV}")?;
                }
                Layer::Files(stage) => writeln!(f, "COPY --link --from={stage} {FILES} {HOME}")?,
                Layer::File(ImageFile { source, target }) => {
                    writeln!(f, "COPY --link {source} {target}")?;
                }
            }
        }
        for (key, value) in &settings.env {
            writeln!(f, "ENV {key}={}", quoted(value))?;
        }
        for (key, value) in &settings.labels {
            writeln!(f, "LABEL {}={}", quoted(key), quoted(value))?;
        }
        if let Some(folder) = &settings.workdir {
            writeln!(f, "WORKDIR {folder}")?;
        }
        if let Some(port) = settings.port {
            writeln!(f, "EXPOSE {port}")?;
        }
        if let Some(command) = &settings.healthcheck {
            writeln!(f, "HEALTHCHECK CMD {}", exec(command))?;
        }
        if let Some(entrypoint) = &settings.entrypoint {
            writeln!(f, "ENTRYPOINT {}", exec(entrypoint))?;
        }
        if let Some(command) = &settings.command {
            writeln!(f, "CMD {}", exec(command))?;
        }
        Ok(())
    }
}
