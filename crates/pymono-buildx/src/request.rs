//! Builds as data, and the command line that each one is.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

/// What one `docker buildx build` is asked for.
///
/// Paths are as the process's directory sees them. Strings that buildx has a
/// syntax of its own for (secrets, caches, outputs) are passed on as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BuildRequest {
    /// The Dockerfile.
    pub dockerfile: Utf8PathBuf,
    /// The stage to build; the last one if there is none.
    pub target: Option<String>,
    /// The folder that is the build context.
    pub context: Utf8PathBuf,
    /// Named contexts: the name, and a folder or an image.
    pub build_contexts: BTreeMap<String, String>,
    /// Build arguments.
    pub build_args: BTreeMap<String, String>,
    /// References that the image gets, such as `api:latest`.
    pub tags: Vec<String>,
    /// Labels that the image gets beside those of the Dockerfile.
    pub labels: BTreeMap<String, String>,
    /// Where the result goes; with none, the builder keeps it or drops it as it does by default.
    pub exports: Vec<Export>,
    /// How the layers of images are compressed, as options of an output, such as `compression=zstd`; as the builder does by default if
    /// there is none.
    pub compression: Option<String>,
    /// Platforms to build for, such as `linux/arm64`; the builder's own if there are none.
    pub platforms: Vec<String>,
    /// The builder; the client's current one if there is none.
    pub builder: Option<String>,
    /// Secrets, such as `id=netrc,src=/home/me/.netrc`.
    pub secrets: Vec<String>,
    /// SSH agents or keys, such as `default`.
    pub ssh: Vec<String>,
    /// Caches to read, such as `type=registry,ref=…`.
    pub cache_from: Vec<String>,
    /// Caches to write.
    pub cache_to: Vec<String>,
    /// The provenance attestation, such as `mode=max`.
    ///
    /// None is the default here, unlike in buildx: an attestation holds the time
    /// of the build, so the digest of an unchanged image would change each time.
    pub provenance: Option<String>,
    /// The SBOM attestation, such as `true`.
    pub sbom: Option<String>,
    /// Runs every step even if its result is known.
    pub no_cache: bool,
    /// Stages whose steps run even if their results are known.
    pub no_cache_of: Vec<String>,
    /// Asks the registry for newer base images.
    pub pull: bool,
}

/// Where a built image goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Export {
    /// The store of the local engine.
    Load,
    /// The registry that the tags name.
    Push,
    /// Elsewhere, in buildx's syntax, such as `type=oci,dest=api.tar`.
    To(String),
}

impl BuildRequest {
    /// Returns the arguments of `docker` that a person would type for this build.
    ///
    /// They come in a fixed order. `--dry-run` prints them; what pymono runs
    /// itself are [`BuildRequest::observed_args`], which build the same.
    pub fn args(&self) -> Vec<String> {
        self.args_with(&[])
    }

    /// Returns the arguments for a build that reports its progress as JSON and its result in `metadata`.
    pub fn observed_args(&self, metadata: &Utf8Path) -> Vec<String> {
        self.args_with(&["--progress=rawjson".to_owned(), format!("--metadata-file={metadata}")])
    }

    fn args_with(&self, reporting: &[String]) -> Vec<String> {
        let mut args = Args(vec!["buildx".into(), "build".into()]);
        args.options("builder", &self.builder);
        args.0.extend_from_slice(reporting);
        args.option("file", &self.dockerfile);
        args.options("target", &self.target);
        args.pairs("build-context", &self.build_contexts);
        args.pairs("build-arg", &self.build_args);
        self.describe_result(&mut args);
        args.options("secret", &self.secrets);
        args.options("ssh", &self.ssh);
        args.options("cache-from", &self.cache_from);
        args.options("cache-to", &self.cache_to);
        args.flag("no-cache", self.no_cache);
        args.options("no-cache-filter", &self.no_cache_of);
        args.flag("pull", self.pull);
        args.0.push(self.context.to_string());
        args.0
    }

    fn describe_result(&self, args: &mut Args) {
        args.options("tag", &self.tags);
        args.pairs("label", &self.labels);
        if !self.platforms.is_empty() {
            args.option("platform", self.platforms.join(","));
        }
        args.option_joined("provenance", self.provenance.as_deref().unwrap_or("false"));
        if let Some(sbom) = &self.sbom {
            args.option_joined("sbom", sbom);
        }
        for export in &self.exports {
            match (export, &self.compression) {
                (Export::Load, None) => args.flag("load", true),
                (Export::Push, None) => args.flag("push", true),
                _ => args.option("output", self.output(export)),
            }
        }
    }

    /// Returns where a result goes in the syntax that buildx has for outputs.
    pub(crate) fn output(&self, export: &Export) -> String {
        let place = match export {
            Export::Load => "type=docker",
            Export::Push => "type=image,push=true",
            Export::To(place) => return place.clone(),
        };
        let compression = self.compression.as_deref().map(|it| format!(",{it}"));
        format!("{place}{}", compression.unwrap_or_default())
    }
}

/// A command line under construction.
struct Args(Vec<String>);

impl Args {
    fn flag(&mut self, name: &str, set: bool) {
        if set {
            self.0.push(format!("--{name}"));
        }
    }

    fn option(&mut self, name: &str, value: impl std::fmt::Display) {
        self.0.extend([format!("--{name}"), value.to_string()]);
    }

    /// Adds an option whose value may also be left out, so that it cannot stand apart.
    fn option_joined(&mut self, name: &str, value: &str) {
        self.0.push(format!("--{name}={value}"));
    }

    fn options<'a>(&mut self, name: &str, values: impl IntoIterator<Item = &'a String>) {
        for value in values {
            self.option(name, value);
        }
    }

    fn pairs(&mut self, name: &str, pairs: &BTreeMap<String, String>) {
        for (key, value) in pairs {
            self.option(name, format_args!("{key}={value}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> BuildRequest {
        BuildRequest {
            dockerfile: ".pymono/Dockerfile".into(),
            target: Some("api".into()),
            context: ".".into(),
            tags: vec!["api:latest".into()],
            exports: vec![Export::Load],
            ..BuildRequest::default()
        }
    }

    #[test]
    fn a_plain_build_is_a_short_line() {
        insta::assert_snapshot!(request().args().join(" "), @"buildx build --file .pymono/Dockerfile --target api --tag api:latest --provenance=false --load .");
    }

    #[test]
    fn what_layers_are_compressed_by_stands_with_where_they_go() {
        let exports = vec![Export::Load, Export::Push, Export::To("type=cacheonly".into())];
        let compression = Some("compression=zstd,compression-level=9".into());
        let request = BuildRequest { exports, compression, ..request() };
        insta::assert_snapshot!(request.args().join(" "), @"buildx build --file .pymono/Dockerfile --target api --tag api:latest --provenance=false --output type=docker,compression=zstd,compression-level=9 --output type=image,push=true,compression=zstd,compression-level=9 --output type=cacheonly .");
    }

    #[test]
    fn every_option_reaches_buildx_in_a_fixed_order() {
        let strings = |values: &[&str]| values.iter().map(ToString::to_string).collect::<Vec<_>>();
        let request = BuildRequest {
            build_contexts: [("pins".to_owned(), ".pymono/pins".to_owned())].into(),
            build_args: [("A".to_owned(), "1 2".to_owned())].into(),
            labels: [("b".to_owned(), "2".to_owned()), ("a".to_owned(), "1".to_owned())].into(),
            exports: vec![Export::Push, Export::To("type=oci,dest=a.tar".into())],
            platforms: strings(&["linux/amd64", "linux/arm64"]),
            builder: Some("big".into()),
            secrets: strings(&["id=netrc"]),
            ssh: strings(&["default"]),
            cache_from: strings(&["type=gha"]),
            cache_to: strings(&["type=gha,mode=max"]),
            provenance: Some("mode=max".into()),
            sbom: Some("true".into()),
            no_cache: true,
            no_cache_of: strings(&["one"]),
            pull: true,
            ..request()
        };
        insta::assert_snapshot!(request.args().join("\n"), @r"
        buildx
        build
        --builder
        big
        --file
        .pymono/Dockerfile
        --target
        api
        --build-context
        pins=.pymono/pins
        --build-arg
        A=1 2
        --tag
        api:latest
        --label
        a=1
        --label
        b=2
        --platform
        linux/amd64,linux/arm64
        --provenance=mode=max
        --sbom=true
        --push
        --output
        type=oci,dest=a.tar
        --secret
        id=netrc
        --ssh
        default
        --cache-from
        type=gha
        --cache-to
        type=gha,mode=max
        --no-cache
        --no-cache-filter
        one
        --pull
        .
        ");
    }

    #[test]
    fn what_is_run_differs_from_what_is_printed_by_its_reports_alone() {
        let observed = request().observed_args("/tmp/m.json".into());
        let reports = ["--progress=rawjson", "--metadata-file=/tmp/m.json"];
        let rest: Vec<_> =
            observed.into_iter().filter(|arg| !reports.contains(&arg.as_str())).collect();
        assert_eq!(rest, request().args());
    }
}
