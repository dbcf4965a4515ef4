//! The layers of images that the local engine has.

use pymono_exec::Interrupt;

use crate::{Docker, DockerError};

/// One layer of an image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImageLayer {
    /// The digest of its content, unpacked: equal layers have equal ones, whatever image they are in.
    pub digest: String,
    /// Its bytes in a file system.
    pub bytes: u64,
    /// The instruction that made it, such as `COPY /app /app # buildkit`; empty where nobody tells.
    pub instruction: String,
}

/// Instructions that change nothing but what an image says of itself.
const METADATA: [&str; 13] = [
    "ARG",
    "CMD",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
];

impl Docker {
    /// Returns the layers of an image, those of its base first; nothing where what the engine tells
    /// of the image's history does not fit its layers.
    pub fn layers(
        &self,
        image: &str,
        interrupt: &Interrupt,
    ) -> Result<Option<Vec<ImageLayer>>, DockerError> {
        let ask = |words: &[&str]| {
            self.ask(words.iter().copied().chain([image]).map(str::to_owned).collect(), interrupt)
        };
        let digests = "{{range .RootFS.Layers}}{{println .}}{{end}}";
        let digests = ask(&["image", "inspect", "--format", digests])?;
        let form = "{{.Size}} {{.CreatedBy}}";
        let history = ask(&["history", "--no-trunc", "--human=false", "--format", form])?;
        Ok(matched(&digests, &history))
    }

    /// Returns a label of an image, empty where it has none; nothing where there is no such image.
    pub fn label(
        &self,
        image: &str,
        label: &str,
        interrupt: &Interrupt,
    ) -> Result<Option<String>, DockerError> {
        let form = format!("{{{{index .Config.Labels {label:?}}}}}");
        let words = ["image", "inspect", "--format", &form, image];
        match self.ask(words.map(str::to_owned).to_vec(), interrupt) {
            Ok(label) => Ok(Some(label)),
            Err(DockerError::Command { message, .. }) if message.contains("No such image") => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// Gives each layer its bytes: a history has the newest first, and lines of metadata between.
fn matched(digests: &str, history: &str) -> Option<Vec<ImageLayer>> {
    let digests: Vec<&str> = digests.split_whitespace().collect();
    let lines = history.lines().filter_map(|line| {
        let (bytes, instruction) = line.split_once(' ').unwrap_or((line, ""));
        Some((bytes.parse::<u64>().ok()?, instruction))
    });
    let mut lines: Vec<_> = lines.collect();
    lines.reverse();
    let full: Vec<_> = lines.iter().filter(|(bytes, _)| *bytes > 0).copied().collect();
    // A layer can be empty, and then only its instruction tells that it is one.
    lines.retain(|(bytes, instruction)| *bytes > 0 || !is_metadata(instruction));
    let lines = [lines, full].into_iter().find(|it| it.len() == digests.len())?;
    let layers = digests.into_iter().zip(lines).map(|(digest, (bytes, instruction))| ImageLayer {
        digest: digest.to_owned(),
        bytes,
        instruction: instruction.to_owned(),
    });
    Some(layers.collect())
}

fn is_metadata(instruction: &str) -> bool {
    // As builders before `BuildKit` wrote it.
    let instruction = instruction.split_once("#(nop)").map_or(instruction, |(_, rest)| rest);
    let word = instruction.split_whitespace().next().unwrap_or_default();
    METADATA.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HISTORY: &str = "0 CMD [\"x\"]\n147456 COPY /app/.venv /app/.venv # buildkit\n\
        0 COPY /empty / # buildkit\n0 ENV A=1\n0 /bin/sh -c #(nop)  CMD [\"python3\"]\n1806 ADD rootfs.tar / # buildkit\n";

    #[test]
    fn an_empty_layer_is_told_from_metadata_by_its_instruction() {
        let layers = matched("sha256:a\nsha256:b\nsha256:c\n\n", HISTORY).unwrap();
        let layers: Vec<_> = layers.iter().map(|it| (it.digest.as_str(), it.bytes)).collect();
        assert_eq!(layers, [("sha256:a", 1806), ("sha256:b", 0), ("sha256:c", 147_456)]);
    }

    #[test]
    fn where_one_engine_drops_empty_layers_the_others_are_matched() {
        let layers = matched("sha256:a\nsha256:c\n", HISTORY).unwrap();
        assert_eq!(layers.iter().map(|it| it.bytes).collect::<Vec<_>>(), [1806, 147_456]);
    }

    #[test]
    fn a_history_that_does_not_fit_tells_nothing() {
        assert_eq!(matched("sha256:a\n", HISTORY), None);
        assert_eq!(matched("", "x\n"), Some(Vec::new()));
    }
}
