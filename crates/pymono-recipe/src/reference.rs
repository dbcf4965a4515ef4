//! Names of images: `registry/repository:tag@digest`.

use std::sync::LazyLock;

use regex::Regex;

/// The name of an image, taken apart.
///
/// The rule is that of the [distribution reference grammar]: what follows the
/// last `:` is a tag unless a `/` follows it, for then it was a port.
///
/// [distribution reference grammar]: https://pkg.go.dev/github.com/distribution/reference
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImageReference {
    /// Registry and path: `ghcr.io/astral-sh/uv`.
    pub repository: String,
    /// The tag, if one is named.
    pub tag: Option<String>,
    /// The digest, if one is named: `sha256:…`.
    pub digest: Option<String>,
}

impl ImageReference {
    /// Takes a name apart; any text has an answer.
    pub fn parse(text: &str) -> Self {
        let (name, digest) =
            text.split_once('@').map_or((text, None), |(name, it)| (name, Some(it)));
        let (repository, tag) = match name.rsplit_once(':') {
            Some((repository, tag)) if !tag.contains('/') => (repository, Some(tag)),
            _ => (name, None),
        };
        Self {
            repository: repository.to_owned(),
            tag: tag.map(str::to_owned),
            digest: digest.map(str::to_owned),
        }
    }

    /// Returns the last part of the repository: `uv` of `ghcr.io/astral-sh/uv`.
    pub fn last(&self) -> &str {
        self.repository.rsplit('/').next().unwrap_or_default()
    }

    /// Returns the Python that the image's name promises, as far as it says.
    ///
    /// `python:3.12-slim` and `uv:python3.12-alpine` promise 3.12; `debian:12` promises none.
    pub fn python(&self) -> Option<String> {
        static NAMED: LazyLock<Regex> =
            LazyLock::new(|| regex(r"(?i)py(?:thon|py)?[-_]?v?(\d\.\d+(?:\.\d+)?)"));
        static SHORT: LazyLock<Regex> =
            LazyLock::new(|| regex(r"(?i)\bpy(?:thon)?([23])(\d{1,2})\b"));
        static LEADING: LazyLock<Regex> =
            LazyLock::new(|| regex(r"^v?(\d(?:\.\d+){0,2})(?:$|[^\d.])"));
        let tag = self.tag.as_deref().unwrap_or_default();
        let last = self.last().to_lowercase();
        let named = |text: &str| Some(NAMED.captures(text)?[1].to_owned());
        let short = |text: &str| SHORT.captures(text).map(|it| format!("{}.{}", &it[1], &it[2]));
        let leading = || Some(LEADING.captures(tag)?[1].to_owned());
        named(tag)
            .or_else(|| named(&last))
            .or_else(|| short(tag))
            .or_else(|| short(&last))
            .or_else(|| (last.contains("python") || last == "pypy").then(leading)?)
    }

    /// Returns whether an image of that name brings a Python to run things with.
    pub fn has_python(&self) -> bool {
        const KNOWN: [&str; 21] = [
            "airflow",
            "anaconda3",
            "base-notebook",
            "conda",
            "dagster",
            "datascience-notebook",
            "jupyterhub",
            "locust",
            "mambaforge",
            "meinheld-gunicorn",
            "micromamba",
            "miniconda3",
            "miniforge3",
            "minimal-notebook",
            "pypy",
            "pytorch",
            "ray",
            "scipy-notebook",
            "superset",
            "tensorflow",
            "uwsgi-nginx-flask",
        ];
        let last = self.last().to_lowercase();
        last.contains("python")
            || self.python().is_some()
            || self.serves()
            || KNOWN.contains(&last.as_str())
    }

    /// Returns whether an image of that name starts an application of its own accord, without a command.
    pub fn serves(&self) -> bool {
        let last = self.last().to_lowercase();
        let servers = ["uvicorn-gunicorn", "meinheld-gunicorn", "uwsgi-nginx", "uwsgi-flask"];
        let whole = ["airflow", "dagster", "jupyterhub", "locust", "superset"];
        let family = servers.iter().any(|server| last.starts_with(server));
        family || last.ends_with("-notebook") || whole.contains(&last.as_str())
    }
}

/// Compiles a constant pattern.
pub(crate) fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern is valid")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_no_tag() {
        let image = ImageReference::parse("localhost:5000/team/api@sha256:aa");
        assert_eq!(
            (image.repository.as_str(), image.tag.as_deref()),
            ("localhost:5000/team/api", None)
        );
        assert_eq!((image.last(), image.digest.as_deref()), ("api", Some("sha256:aa")));
    }

    #[test]
    fn a_name_tells_its_python() {
        for (name, python) in [
            ("python:3.12-slim-bookworm", Some("3.12")),
            ("python:3.14.6-slim@sha256:44", Some("3.14.6")),
            ("python:3", Some("3")),
            ("python:slim", None),
            ("ghcr.io/astral-sh/uv:python3.12-bookworm-slim", Some("3.12")),
            ("tiangolo/uvicorn-gunicorn-fastapi:python3.9-slim", Some("3.9")),
            ("public.ecr.aws/lambda/python:3.11", Some("3.11")),
            ("pytorch/pytorch:2.1-py310-cuda", Some("3.10")),
            ("debian:12-slim", None),
            ("ghcr.io/astral-sh/uv:0.9.1", None),
        ] {
            assert_eq!(ImageReference::parse(name).python().as_deref(), python, "{name}");
        }
    }
}
