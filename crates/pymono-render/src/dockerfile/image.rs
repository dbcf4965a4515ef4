//! One service's target.

use std::{collections::BTreeMap, fmt};

use pymono_names::ServiceName;
use pymono_plan::{Image, ImageFile, Layer};

use super::{FILES, HOME, steps::MADE};
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
        layers.iter().try_for_each(|layer| copy(f, layer))?;
        variables(f, &settings.env)?;
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

/// Copies one layer into an image, or into what stands for it.
pub(super) fn copy(f: &mut fmt::Formatter<'_>, layer: &Layer) -> fmt::Result {
    match layer {
        // With the folder above it, which would have the time of the copy otherwise.
        Layer::Environment(stage) => writeln!(f, "COPY --link --from={stage} {HOME} {HOME}"),
        Layer::Files(stage) => writeln!(f, "COPY --link --from={stage} {FILES} /"),
        Layer::All(stage) => writeln!(f, "COPY --link --from={stage} / /"),
        Layer::Made(stage) => writeln!(f, "COPY --link --from={stage} {MADE} /"),
        Layer::File(ImageFile { source, target }) => writeln!(f, "COPY --link {source} {target}"),
    }
}

/// Sets environment variables.
pub(super) fn variables(
    f: &mut fmt::Formatter<'_>,
    variables: &BTreeMap<String, String>,
) -> fmt::Result {
    variables.iter().try_for_each(|(key, value)| writeln!(f, "ENV {key}={}", quoted(value)))
}
