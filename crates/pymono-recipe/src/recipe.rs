//! Which files are recipes, and reading one of any kind.

use std::sync::LazyLock;

use pymono_names::TreePath;
use regex::Regex;

use crate::{
    Arguments, Artifact, Bake, Compose, Container, Dockerfile, PlatformService, Procfile,
    RecipeError, cluster, platform, reference::regex,
};

/// The kind of a recipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecipeKind {
    /// `app.yaml` of App Engine.
    AppEngine,
    /// `docker-bake.hcl`.
    BakeHcl,
    /// `docker-bake.json`.
    BakeJson,
    /// `compose.yaml`, `docker-compose.yml` and their variants.
    Compose,
    /// `Dockerfile`, `api.Dockerfile`, `Dockerfile.dev`, `Containerfile`.
    Dockerfile,
    /// `fly.toml`.
    Fly,
    /// A YAML file in a folder for Kubernetes manifests.
    Kubernetes,
    /// `Procfile`.
    Procfile,
    /// `railway.json`.
    RailwayJson,
    /// `railway.toml`.
    RailwayToml,
    /// `render.yaml`.
    Render,
    /// `skaffold.yaml`.
    Skaffold,
}

impl RecipeKind {
    /// Returns the kind of recipe that a file is by its name; `None` for another file.
    pub fn of(path: &TreePath) -> Option<Self> {
        static COMPOSE: LazyLock<Regex> =
            LazyLock::new(|| regex(r"^(?:docker-|podman-)?compose(?:[._-].+)?\.ya?ml$"));
        static SKAFFOLD: LazyLock<Regex> =
            LazyLock::new(|| regex(r"^skaffold(?:[._-].+)?\.ya?ml$"));
        static BAKE: LazyLock<Regex> =
            LazyLock::new(|| regex(r"^docker-bake(?:\..+)?\.(json|hcl)$"));
        let name = path.file_name().filter(|name| may_be(name))?.to_lowercase();
        if is_dockerfile(&name) {
            return Some(Self::Dockerfile);
        }
        if let Some(found) = BAKE.captures(&name) {
            return Some(if &found[1] == "json" { Self::BakeJson } else { Self::BakeHcl });
        }
        match name.as_str() {
            "procfile" => Some(Self::Procfile),
            "fly.toml" => Some(Self::Fly),
            "railway.json" => Some(Self::RailwayJson),
            "railway.toml" => Some(Self::RailwayToml),
            "render.yaml" | "render.yml" => Some(Self::Render),
            "app.yaml" | "app.yml" => Some(Self::AppEngine),
            name if COMPOSE.is_match(name) => Some(Self::Compose),
            name if SKAFFOLD.is_match(name) => Some(Self::Skaffold),
            name if is_manifest(path, name) => Some(Self::Kubernetes),
            _ => None,
        }
    }
}

/// Returns false for most names that are no recipe's, at almost no cost: trees have many files.
fn may_be(name: &str) -> bool {
    let begins =
        |word: &str| name.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word));
    let is =
        |extension: &str, known: &[&str]| known.iter().any(|it| extension.eq_ignore_ascii_case(it));
    match name.rsplit_once('.') {
        Some((_, it)) if is(it, &["yaml", "yml", "dockerfile", "containerfile"]) => true,
        Some((_, it)) if is(it, &["json", "hcl", "toml"]) => {
            ["docker-bake", "fly.", "railway."].into_iter().any(begins) || begins("dockerfile")
        }
        _ => ["dockerfile", "containerfile", "procfile"].into_iter().any(begins),
    }
}

/// Returns whether a file name, in lower case, is that of a Dockerfile.
fn is_dockerfile(name: &str) -> bool {
    const OTHER: [&str; 14] = [
        "dockerignore",
        "j2",
        "jinja",
        "jinja2",
        "json",
        "md",
        "mustache",
        "py",
        "rs",
        "sh",
        "template",
        "tmpl",
        "txt",
        "yaml",
    ];
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    if extension.is_some_and(|it| OTHER.contains(&it)) {
        return false;
    }
    ["dockerfile", "containerfile"].iter().any(|plain| {
        let rest = name.strip_prefix(plain);
        rest.is_some_and(|it| it.is_empty() || it.starts_with(['.', '-', '_']))
            || extension == Some(plain)
    })
}

/// Returns whether a file lies where Kubernetes manifests are kept.
fn is_manifest(path: &TreePath, name: &str) -> bool {
    const FOLDERS: [&str; 9] = [
        "deploy",
        "deployment",
        "deployments",
        "k8s",
        "kube",
        "kubernetes",
        "kustomize",
        "manifests",
        "kubernetes-manifests",
    ];
    let yaml = [".yaml", ".yml"].iter().any(|it| name.ends_with(it));
    yaml && path.parts().any(|part| FOLDERS.contains(&part) || part.starts_with("k8s"))
}

/// A recipe that could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipe {
    /// A Dockerfile.
    Dockerfile(Dockerfile),
    /// A compose file.
    Compose(Compose),
    /// A bake file.
    Bake(Bake),
    /// A Procfile.
    Procfile(Procfile),
    /// The services that a hosting platform is told of, and of which platform.
    Platform(RecipeKind, Vec<PlatformService>),
    /// What Skaffold builds.
    Skaffold(Vec<Artifact>),
    /// What Kubernetes runs.
    Kubernetes(Vec<Container>),
}

impl Recipe {
    /// Reads a recipe of a kind; `variables` are those of the `.env` file beside it.
    pub fn parse(kind: RecipeKind, text: &str, variables: &Arguments) -> Result<Self, RecipeError> {
        let platform = |services| Self::Platform(kind, services);
        Ok(match kind {
            RecipeKind::AppEngine => {
                platform(platform::parse_app_engine(text)?.into_iter().collect())
            }
            RecipeKind::BakeHcl => Self::Bake(Bake::parse_hcl(text)?),
            RecipeKind::BakeJson => Self::Bake(Bake::parse_json(text)?),
            RecipeKind::Compose => Self::Compose(Compose::parse(text, variables)?),
            RecipeKind::Dockerfile => Self::Dockerfile(Dockerfile::parse(text)?),
            RecipeKind::Fly => platform(vec![platform::parse_fly(text)?]),
            RecipeKind::Kubernetes => Self::Kubernetes(cluster::parse_kubernetes(text)?),
            RecipeKind::Procfile => Self::Procfile(Procfile::parse(text)?),
            RecipeKind::RailwayJson => platform(vec![platform::parse_railway_json(text)?]),
            RecipeKind::RailwayToml => platform(vec![platform::parse_railway_toml(text)?]),
            RecipeKind::Render => platform(platform::parse_render(text)?),
            RecipeKind::Skaffold => Self::Skaffold(cluster::parse_skaffold(text)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipes_are_told_by_their_names() {
        use RecipeKind::{BakeHcl, Compose, Dockerfile, Kubernetes, Procfile, Skaffold};
        for (path, kind) in [
            ("a/Dockerfile", Some(Dockerfile)),
            ("docker/api.Dockerfile", Some(Dockerfile)),
            ("Dockerfile.dev", Some(Dockerfile)),
            ("x/Containerfile", Some(Dockerfile)),
            ("Dockerfile.dockerignore", None),
            ("Dockerfile.j2", None),
            ("src/dockerfile.rs", None),
            ("dockerfiles/README.md", None),
            ("docker-compose.override.yml", Some(Compose)),
            ("compose.yaml", Some(Compose)),
            ("composer.yaml", None),
            ("docker-bake.hcl", Some(BakeHcl)),
            ("skaffold-e2e.yaml", Some(Skaffold)),
            ("k8s/base/api.yaml", Some(Kubernetes)),
            ("Procfile", Some(Procfile)),
        ] {
            assert_eq!(RecipeKind::of(&path.parse().unwrap()), kind, "{path}");
        }
    }
}
