//! The way of those who know Docker and uv well: a Dockerfile for each service
//! that sees its own pins, its own folder and those of its libraries.
//!
//! The pins are what `uv export` writes for that service, committed beside
//! it, so that a bump for another service changes nothing.

use std::fmt::Write as _;

use anyhow::Result;
use camino::Utf8Path;

use super::listing::Service;
use crate::process::Tool;
use crate::uv;

/// The Dockerfile of `service`, on the image `base`.
pub(super) fn dockerfile(service: &Service, base: &str) -> Result<String> {
    let uv = uv::VERSION;
    let pins = pins(service);
    let command = serde_json::to_string(&service.command)?;
    let (mut copies, mut packages) = (String::new(), String::new());
    for folder in service.libraries.iter().chain([&service.path]) {
        let folder = shlex::try_quote(folder)?;
        writeln!(copies, "COPY {folder} {folder}")?;
        write!(packages, " ./{folder}")?;
    }
    Ok(format!(
        r#"FROM {base} AS build
COPY --from=ghcr.io/astral-sh/uv:{uv} /uv /bin/uv
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=0
WORKDIR /app
RUN --mount=type=cache,target=/root/.cache/uv \
    --mount=type=bind,source={pins},target=requirements.txt \
    uv venv && uv pip install --no-deps --require-hashes -r requirements.txt
{copies}RUN --mount=type=cache,target=/root/.cache/uv \
    uv pip install --no-deps --no-sources{packages}

FROM {base}
COPY --from=build /app/.venv /app/.venv
ENV PATH="/app/.venv/bin:$PATH"
CMD {command}
"#
    ))
}

/// Writes the pins of `service` in the repository in `folder`.
pub(super) fn pin(uv: &Utf8Path, python: &str, folder: &Utf8Path, service: &Service) -> Result<()> {
    let export = ["export", "--quiet", "--frozen", "--no-dev", "--no-emit-workspace"];
    let to = ["--python", python, "--package", &service.project, "--output-file"];
    Tool::new(uv).args(export).args(to).arg(pins(service)).cwd(folder).quiet()
}

/// Where the pins of `service` lie, below the repository's root.
pub(super) fn pins(service: &Service) -> String {
    format!("{}/requirements.txt", service.path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_sees_its_own_pins_and_folders_alone() {
        let service = Service {
            project: "api".into(),
            path: "services/api".into(),
            image: "api".into(),
            command: vec!["serve".into()],
            health: None,
            libraries: vec!["libs/core".into()],
        };
        let text = dockerfile(&service, "python:3.13-slim").unwrap();
        let (before, after) = text.split_once("COPY libs/core libs/core\n").unwrap();
        assert!(before.contains("source=services/api/requirements.txt,"), "{before}");
        assert!(after.starts_with("COPY services/api services/api\nRUN "), "{after}");
        assert!(after.contains("--no-sources ./libs/core ./services/api\n"), "{after}");
    }
}
