//! Descriptions of a service for hosting platforms: Fly, Railway, Render, App Engine.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::{
    Arguments, Build, Command, Form, RecipeError,
    build::with_value,
    document::{self, Node},
    lines::Lines,
};

/// A service as a platform is told of it.
///
/// Paths are seen from the folder of the file unless it says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlatformService {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// The folder that it is in, as written.
    pub root: Option<String>,
    /// The Dockerfile and target that build it, if one does.
    pub build: Option<Build>,
    /// What it starts, by the name of the process; the only one is `web`.
    pub processes: BTreeMap<String, Command>,
    /// The port that it listens on.
    pub port: Option<u16>,
    /// The HTTP path that tells its health.
    pub health: Option<String>,
    /// Whether the platform is told that it is Python.
    pub python: bool,
    /// The line that it begins on.
    pub line: usize,
}

fn shell(text: &str, line: usize) -> Command {
    Command { form: Form::Shell, words: vec![text.to_owned()], line }
}

fn number(text: &str) -> Option<u16> {
    text.parse().ok()
}

#[derive(Deserialize)]
struct Fly {
    app: Option<Spanned<String>>,
    #[serde(default)]
    build: FlyBuild,
    #[serde(default)]
    processes: BTreeMap<String, Spanned<String>>,
    http_service: Option<toml::Table>,
    #[serde(default)]
    services: Vec<toml::Table>,
}

#[derive(Default, Deserialize)]
struct FlyBuild {
    dockerfile: Option<Spanned<String>>,
    #[serde(rename = "build-target")]
    target: Option<String>,
    #[serde(default)]
    args: BTreeMap<String, String>,
}

fn toml_error(text: &str, error: &toml::de::Error) -> RecipeError {
    let line = error.span().map_or(1, |span| Lines::of(text).at(span.start));
    RecipeError::new(line, error.message().to_owned())
}

/// Reads a `fly.toml`, by the [Fly reference](https://fly.io/docs/reference/configuration/).
pub fn parse_fly(text: &str) -> Result<PlatformService, RecipeError> {
    let fly: Fly = toml::from_str(text).map_err(|error| toml_error(text, &error))?;
    let lines = Lines::of(text);
    let line = |span: std::ops::Range<usize>| lines.at(span.start);
    let at = fly.build.dockerfile.as_ref().map_or(1, |it| line(it.span()));
    let build = Build {
        context: ".".to_owned(),
        dockerfile: fly.build.dockerfile.map(Spanned::into_inner),
        target: fly.build.target,
        args: fly.build.args,
        line: at,
        ..Build::default()
    };
    let service = fly.http_service.or_else(|| fly.services.into_iter().next()).unwrap_or_default();
    let port = service.get("internal_port").and_then(toml::Value::as_integer);
    let checks =
        ["checks", "http_checks"].into_iter().filter_map(|key| service.get(key)?.as_array());
    let health = checks.flatten().find_map(|it| it.get("path")?.as_str());
    let process =
        |(name, it): (String, Spanned<String>)| (name, shell(it.get_ref(), line(it.span())));
    Ok(PlatformService {
        line: fly.app.as_ref().map_or(1, |it| line(it.span())),
        name: fly.app.as_ref().map(|it| it.get_ref().clone()),
        build: (build.dockerfile.is_some() || build.target.is_some()).then_some(build),
        processes: fly.processes.into_iter().map(process).collect(),
        port: port.and_then(|it| it.try_into().ok()),
        health: health.map(str::to_owned),
        ..PlatformService::default()
    })
}

#[derive(Deserialize)]
struct Railway {
    #[serde(default)]
    build: RailwayBuild,
    #[serde(default)]
    deploy: RailwayDeploy,
}

#[derive(Default, Deserialize)]
struct RailwayBuild {
    #[serde(rename = "dockerfilePath")]
    dockerfile: Option<Spanned<String>>,
}

#[derive(Default, Deserialize)]
struct RailwayDeploy {
    #[serde(rename = "startCommand")]
    start: Option<Spanned<String>>,
    #[serde(rename = "healthcheckPath")]
    health: Option<String>,
}

/// Reads a `railway.toml`, by [Railway's reference](https://docs.railway.com/reference/config-as-code).
pub fn parse_railway_toml(text: &str) -> Result<PlatformService, RecipeError> {
    let railway: Railway = toml::from_str(text).map_err(|error| toml_error(text, &error))?;
    let lines = Lines::of(text);
    let said =
        |it: Option<Spanned<String>>| it.map(|it| (lines.at(it.span().start), it.into_inner()));
    Ok(railway_service(
        said(railway.build.dockerfile),
        said(railway.deploy.start),
        railway.deploy.health,
    ))
}

/// Reads a `railway.json`.
pub fn parse_railway_json(text: &str) -> Result<PlatformService, RecipeError> {
    let Some(document) = document::json(text)? else { return Ok(PlatformService::default()) };
    let said =
        |keys: &[&str]| document.at(keys).and_then(|it| Some((it.line, it.text()?.to_owned())));
    let health = said(&["deploy", "healthcheckPath"]).map(|(_, path)| path);
    Ok(railway_service(
        said(&["build", "dockerfilePath"]),
        said(&["deploy", "startCommand"]),
        health,
    ))
}

fn railway_service(
    dockerfile: Option<(usize, String)>,
    start: Option<(usize, String)>,
    health: Option<String>,
) -> PlatformService {
    let build = dockerfile.map(|(line, path)| Build {
        context: ".".to_owned(),
        dockerfile: Some(path),
        line,
        ..Build::default()
    });
    let web = start.map(|(line, text)| ("web".to_owned(), shell(&text, line)));
    PlatformService {
        build,
        processes: web.into_iter().collect(),
        health,
        line: 1,
        ..PlatformService::default()
    }
}

/// Reads a `render.yaml`, by the [blueprint reference](https://render.com/docs/blueprint-spec).
pub fn parse_render(text: &str) -> Result<Vec<PlatformService>, RecipeError> {
    let Some(document) = document::document(text)? else { return Ok(Vec::new()) };
    let services = document.get("services").map(Node::items).unwrap_or_default();
    Ok(services
        .iter()
        .filter(|it| it.text_of("type") != Some("redis"))
        .map(|it| render_service(it))
        .collect())
}

fn render_service(node: &Node) -> PlatformService {
    let own = |key: &str| node.text_of(key).map(str::to_owned);
    let runtime = node.text_of("runtime").or_else(|| node.text_of("env"));
    let build = Build {
        // The paths are seen from the repository's root, or from `rootDir`.
        context: own("dockerContext").unwrap_or_else(|| ".".to_owned()),
        dockerfile: own("dockerfilePath"),
        line: node.line,
        ..Build::default()
    };
    let start = node.get("dockerCommand").or_else(|| node.get("startCommand"));
    let web = start.and_then(|it| Some(("web".to_owned(), shell(it.text()?, it.line))));
    PlatformService {
        name: own("name"),
        root: own("rootDir"),
        build: (runtime == Some("docker")).then_some(build),
        processes: web.into_iter().collect(),
        port: None,
        health: own("healthCheckPath"),
        python: runtime == Some("python"),
        line: node.line,
    }
}

/// Reads an `app.yaml` of [App Engine](https://cloud.google.com/appengine/docs/standard/reference/app-yaml).
///
/// Other programs have an `app.yaml` too; nothing is returned for a file without `runtime`.
pub fn parse_app_engine(text: &str) -> Result<Option<PlatformService>, RecipeError> {
    let Some(document) = document::document(text)? else { return Ok(None) };
    let Some(runtime) = document.text_of("runtime") else { return Ok(None) };
    let entrypoint = document.get("entrypoint").and_then(|it| Some((it.text()?, it.line)));
    let web = entrypoint.map(|(text, line)| ("web".to_owned(), shell(text, line)));
    let env: Arguments = document
        .get("env_variables")
        .map(|it| with_value(crate::build::variables(it, &str::to_owned)))
        .unwrap_or_default();
    Ok(Some(PlatformService {
        name: document.text_of("service").map(str::to_owned),
        processes: web.into_iter().collect(),
        port: env.get("PORT").and_then(|it| number(it)),
        python: runtime.starts_with("python"),
        line: 1,
        ..PlatformService::default()
    }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FLY: &str = "app = \"shop\"\n[build]\ndockerfile = \"docker/api.Dockerfile\"\nbuild-target = \"api\"\n[processes]\nweb = \"gunicorn app:app\"\nworker = \"celery -A app worker\"\n[http_service]\ninternal_port = 8080\n[[http_service.checks]]\npath = \"/up\"\n";

    #[test]
    fn a_fly_service_is_read() {
        let service = parse_fly(FLY).unwrap();
        assert_eq!(
            (service.name.as_deref(), service.port, service.health.as_deref()),
            (Some("shop"), Some(8080), Some("/up"))
        );
        let build = service.build.unwrap();
        assert_eq!(
            (build.dockerfile.as_deref(), build.target.as_deref(), build.line),
            (Some("docker/api.Dockerfile"), Some("api"), 3)
        );
        assert_eq!(
            (service.processes["worker"].to_string().as_str(), service.processes["worker"].line),
            ("celery -A app worker", 7)
        );
    }

    #[test]
    fn a_railway_service_is_read_in_both_forms() {
        let json = "{\"build\": {\"dockerfilePath\": \"a/Dockerfile\"},\n\"deploy\": {\"startCommand\": \"python app.py\", \"healthcheckPath\": \"/health\"}}";
        let toml = "build.dockerfilePath = \"a/Dockerfile\"\ndeploy.startCommand = \"python app.py\"\ndeploy.healthcheckPath = \"/health\"";
        let service = parse_railway_json(json).unwrap();
        assert_eq!(service, parse_railway_toml(toml).unwrap());
        assert_eq!(
            (service.processes["web"].line, service.health.as_deref()),
            (2, Some("/health"))
        );
    }

    #[test]
    fn render_services_are_read() {
        let text = "services:\n- type: web\n  name: api\n  runtime: python\n  rootDir: services/api\n  startCommand: uvicorn api:app\n- {type: worker, env: docker, dockerfilePath: ./w/Dockerfile}\n- type: redis\n";
        let services = parse_render(text).unwrap();
        assert_eq!(services.len(), 2);
        assert!(services[0].python && services[0].root.as_deref() == Some("services/api"));
        assert_eq!(
            services[1].build.as_ref().unwrap().dockerfile.as_deref(),
            Some("./w/Dockerfile")
        );
    }

    #[test]
    fn an_app_engine_service_is_told_from_other_files_of_that_name() {
        let service =
            parse_app_engine("runtime: python312\nentrypoint: gunicorn -b :$PORT main:app\n")
                .unwrap()
                .unwrap();
        assert!(service.python);
        assert_eq!(service.processes["web"].to_string(), "gunicorn -b :$PORT main:app");
        assert_eq!(parse_app_engine("name: databricks\n"), Ok(None));
    }

    #[test]
    fn errors_name_their_line() {
        assert_eq!(parse_fly("app = \"a\"\nprocesses = 3\n").unwrap_err().line, 2);
        assert_eq!(parse_render("services:\n- a: ]\n").unwrap_err().line, 2);
    }

    proptest! {
        #[test]
        fn no_mangled_file_makes_it_panic(at in 0..FLY.len(), cut in 0..20_usize, put in "(?s)[-\\[\\]=\"\\n a-z{}:]{0,10}") {
            let text = format!("{}{put}{}", &FLY[..at], &FLY[(at + cut).min(FLY.len())..]);
            let _ = (parse_fly(&text), parse_railway_toml(&text), parse_railway_json(&text), parse_render(&text), parse_app_engine(&text));
        }
    }
}
