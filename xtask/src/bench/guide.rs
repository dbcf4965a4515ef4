//! The other side: a Dockerfile for each service, the way that uv's guide to
//! Docker tells for a workspace and an image of several stages.
//!
//! That way is: uv from its own image; third-party distributions first, by a
//! `uv sync` that sees the lock and the root project alone; then the whole
//! repository, and a `uv sync` of the rest without editable installs; the
//! virtual environment alone in the final image. Downloads are in a cache
//! mount, bytecode is compiled, and the ignore file keeps environments out.

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::listing::Service;
use crate::uv;

/// Where the Dockerfile of `service` lies, below the repository's root.
pub(super) fn path(service: &Service) -> String {
    format!("{}/Dockerfile", service.path)
}

/// The Dockerfile of `service`, on the image `base`.
pub(super) fn dockerfile(service: &Service, base: &str) -> Result<String> {
    let uv = uv::VERSION;
    let package = shlex::try_quote(&service.project)?;
    let command = serde_json::to_string(&service.command)?;
    Ok(format!(
        r#"FROM {base} AS build
COPY --from=ghcr.io/astral-sh/uv:{uv} /uv /bin/uv
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=0
WORKDIR /app
RUN --mount=type=cache,target=/root/.cache/uv \
    --mount=type=bind,source=uv.lock,target=uv.lock \
    --mount=type=bind,source=pyproject.toml,target=pyproject.toml \
    uv sync --frozen --no-dev --no-install-workspace --package {package}
COPY . /app
RUN --mount=type=cache,target=/root/.cache/uv \
    uv sync --frozen --no-dev --no-editable --package {package}

FROM {base}
COPY --from=build /app/.venv /app/.venv
ENV PATH="/app/.venv/bin:$PATH"
CMD {command}
"#
    ))
}

/// What no service's build is sent: nothing of it is for an image, and a
/// change of one Dockerfile shall not be one of all.
pub(super) const IGNORED: &str =
    "**/.venv\n**/__pycache__\n**/Dockerfile\n.dockerignore\n.git\ndocker-bake.json\n";

/// The bake file that builds every service, each under a name of `image`.
pub(super) fn bake_file(services: &[Service], image: impl Fn(&Service) -> String) -> String {
    let targets: Map<String, Value> = services
        .iter()
        .map(|service| {
            let target = json!({
                "context": ".",
                "dockerfile": path(service),
                "tags": [image(service)],
            });
            (service.image.clone(), target)
        })
        .collect();
    let names: Vec<&String> = targets.keys().collect();
    let file = json!({"group": {"default": {"targets": names}}, "target": targets});
    format!("{file:#}\n")
}

/// The compose file of the same images; what is JSON is YAML.
pub(super) fn compose_file(services: &[Service], image: impl Fn(&Service) -> String) -> String {
    let services: Map<String, Value> = services
        .iter()
        .map(|service| {
            let build = json!({"context": ".", "dockerfile": path(service)});
            (service.image.clone(), json!({"image": image(service), "build": build}))
        })
        .collect();
    format!("{:#}\n", json!({"services": services}))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service() -> Service {
        Service {
            project: "api".into(),
            path: "services/api".into(),
            image: "shop-api".into(),
            command: vec!["serve".into(), "--say=\"hi\"".into()],
            health: None,
            libraries: Vec::new(),
        }
    }

    #[test]
    fn dependencies_come_before_the_sources_and_without_them() {
        let text = dockerfile(&service(), "python:3.13-slim").unwrap();
        let (before, after) = text.split_once("COPY . /app").unwrap();
        assert!(before.contains("--no-install-workspace --package api\n"), "{before}");
        assert!(after.contains("--no-editable --package api\n"), "{after}");
        assert!(text.contains(r#"CMD ["serve","--say=\"hi\""]"#), "{text}");
        assert_eq!(text.matches("FROM python:3.13-slim").count(), 2);
    }

    #[test]
    fn one_bake_builds_every_service() {
        let file = bake_file(&[service()], |service| format!("bench/{}", service.image));
        let file: Value = serde_json::from_str(&file).unwrap();
        assert_eq!(file["group"]["default"]["targets"], json!(["shop-api"]));
        assert_eq!(file["target"]["shop-api"]["dockerfile"], "services/api/Dockerfile");
        assert_eq!(file["target"]["shop-api"]["tags"], json!(["bench/shop-api"]));
    }
}
