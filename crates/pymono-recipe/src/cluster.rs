//! Manifests for clusters: Kubernetes workloads and Skaffold builds.

use std::collections::BTreeMap;

use crate::{
    Arguments, Build, Command, Form, RecipeError,
    build::{variables, with_value},
    document::{self, Node},
    expand::{Escape, expand},
};

/// A Skaffold artifact: an image and what builds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// The name of the image.
    pub image: String,
    /// What builds it with Docker; `None` for another builder.
    pub build: Option<Build>,
    /// The images of other artifacts that its build is given, by the name of their build argument.
    pub requires: BTreeMap<String, String>,
    /// The line that it begins on.
    pub line: usize,
}

/// A container of a Kubernetes workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// Its image.
    pub image: String,
    /// What it starts in place of the entry point.
    pub entrypoint: Option<Command>,
    /// What it starts in place of the command.
    pub cmd: Option<Command>,
    /// The ports that it listens on.
    pub ports: Vec<u16>,
    /// Environment variables whose value is written there.
    pub env: Arguments,
    /// The HTTP path that tells its health.
    pub health: Option<String>,
    /// The line that it begins on.
    pub line: usize,
}

/// Reads the artifacts of a `skaffold.yaml`, those of profiles last.
///
/// Paths are seen from the folder of the file ([Skaffold reference](https://skaffold.dev/docs/references/yaml/)).
pub fn parse_skaffold(text: &str) -> Result<Vec<Artifact>, RecipeError> {
    let mut artifacts: Vec<Artifact> = Vec::new();
    for document in document::documents(text)? {
        let profiles = document.get("profiles").map(Node::items).unwrap_or_default();
        let own = std::iter::once(&document).chain(profiles);
        let listed = own.filter_map(|it| it.at(&["build", "artifacts"])).flat_map(Node::items);
        for artifact in listed.filter_map(|it| artifact(it)) {
            if !artifacts.iter().any(|it| it.image == artifact.image) {
                artifacts.push(artifact);
            }
        }
    }
    Ok(artifacts)
}

fn artifact(node: &Node) -> Option<Artifact> {
    let own = |node: &Node, key: &str| node.text_of(key).map(str::to_owned);
    let docker = node.get("docker").or_else(|| node.get("kaniko"));
    let others =
        ["jib", "ko", "bazel", "buildpacks", "custom"].iter().any(|it| node.get(it).is_some());
    let args = docker.and_then(|it| it.get("buildArgs"));
    let args = args.map(|it| with_value(variables(it, &str::to_owned))).unwrap_or_default();
    let build = Build {
        context: own(node, "context").unwrap_or_else(|| ".".to_owned()),
        dockerfile: docker.and_then(|it| own(it, "dockerfile")),
        target: docker.and_then(|it| own(it, "target")),
        args: args.into_iter().filter(|(_, value)| !value.contains("{{")).collect(),
        line: node.line,
        ..Build::default()
    };
    let requires = node.get("requires").map(Node::items).unwrap_or_default();
    let required = |it: &Node| {
        let image = own(it, "image")?;
        Some((own(it, "alias").unwrap_or_else(|| image.clone()), image))
    };
    Some(Artifact {
        image: own(node, "image")?,
        build: (!others).then_some(build),
        requires: requires.iter().filter_map(|it| required(it)).collect(),
        line: node.line,
    })
}

/// Reads the containers of the workloads in a Kubernetes manifest; other objects have none.
pub fn parse_kubernetes(text: &str) -> Result<Vec<Container>, RecipeError> {
    let mut containers = Vec::new();
    for document in document::documents(text)? {
        let listed = document.get("items").map(Node::items).unwrap_or_default();
        for object in listed.iter().chain([&document]) {
            let spec = PODS.iter().find_map(|path| object.at(path));
            let found =
                spec.and_then(|it| it.get("containers")).map(Node::items).unwrap_or_default();
            containers.extend(found.iter().filter_map(|it| container(it)));
        }
    }
    Ok(containers)
}

/// Where the specification of pods is: in workloads, cron jobs and pods.
const PODS: [&[&str]; 3] = [
    &["spec", "template", "spec"],
    &["spec", "jobTemplate", "spec", "template", "spec"],
    &["spec"],
];

fn container(node: &Node) -> Option<Container> {
    let image = node.text_of("image")?;
    let words = |key: &str| {
        let node = node.get(key)?;
        let words =
            node.texts().iter().map(|it| expand(it, Escape::Dollar, &|_| None).text).collect();
        Some(Command { form: Form::Exec, words, line: node.line })
    };
    let ports = node.get("ports").map(Node::items).unwrap_or_default();
    let tcp = ports.iter().filter(|it| it.text_of("protocol") != Some("UDP"));
    let env = node.get("env").map(Node::items).unwrap_or_default();
    let variable =
        |it: &Node| Some((it.text_of("name")?.to_owned(), it.text_of("value")?.to_owned()));
    let probes = ["readinessProbe", "livenessProbe", "startupProbe"];
    Some(Container {
        name: node.text_of("name").unwrap_or_default().to_owned(),
        image: image.to_owned(),
        entrypoint: words("command"),
        cmd: words("args"),
        ports: tcp.filter_map(|it| it.text_of("containerPort")?.parse().ok()).collect(),
        env: env.iter().filter_map(|it| variable(it)).collect(),
        health: probes
            .iter()
            .find_map(|it| node.at(&[it, "httpGet", "path"])?.text())
            .map(str::to_owned),
        line: node.line,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SKAFFOLD: &str = "apiVersion: skaffold/v4beta1\nkind: Config\nbuild:\n  artifacts:\n  - image: acme/api\n    context: services/api\n    docker: {dockerfile: prod.Dockerfile, target: final, buildArgs: {A: '1', B: '{{.X}}'}}\n    requires: [{image: acme/base, alias: BASE}]\n  - image: acme/java\n    jib: {}\nprofiles:\n- name: dev\n  build: {artifacts: [{image: acme/api, context: other}, {image: acme/tool}]}\n";

    const DEPLOYMENT: &str = "kind: Deployment\nspec:\n  template:\n    spec:\n      containers:\n      - name: api\n        image: acme/api:1\n        args: [serve, '--port=$(PORT)']\n        ports: [{containerPort: 8080}, {containerPort: 53, protocol: UDP}]\n        readinessProbe: {httpGet: {path: /ready, port: 8080}}\n---\nkind: Service\nspec: {ports: [{port: 80}]}\n---\nkind: List\nitems:\n- kind: CronJob\n  spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: job, image: acme/job}]}}}}}\n";

    #[test]
    fn artifacts_are_read() {
        let artifacts = parse_skaffold(SKAFFOLD).unwrap();
        let images: Vec<_> = artifacts.iter().map(|it| it.image.as_str()).collect();
        assert_eq!(images, ["acme/api", "acme/java", "acme/tool"]);
        let build = artifacts[0].build.as_ref().unwrap();
        assert_eq!(
            (build.context.as_str(), build.target.as_deref(), build.line),
            ("services/api", Some("final"), 5)
        );
        assert_eq!(build.args.keys().collect::<Vec<_>>(), ["A"]);
        assert_eq!(artifacts[0].requires["BASE"], "acme/base");
        assert_eq!(artifacts[1].build, None);
    }

    #[test]
    fn containers_of_workloads_are_read() {
        let containers = parse_kubernetes(DEPLOYMENT).unwrap();
        assert_eq!(
            containers.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(),
            ["api", "job"]
        );
        let api = &containers[0];
        assert_eq!(
            (api.ports.as_slice(), api.health.as_deref(), api.line),
            (&[8080][..], Some("/ready"), 6)
        );
        assert_eq!(api.cmd.as_ref().unwrap().words, ["serve", "--port=$(PORT)"]);
    }

    #[test]
    fn a_template_is_an_error_with_its_line() {
        assert_eq!(parse_kubernetes("a: 1\nb: {{ if }} ]\n").unwrap_err().line, 2);
    }

    proptest! {
        #[test]
        fn no_mangled_manifest_makes_it_panic(at in 0..500_usize, cut in 0..20_usize, put in "(?s)[-{}\\[\\]:,'&*\\n a-z]{0,10}") {
            let mangled = |text: &str| format!("{}{put}{}", &text[..at.min(text.len())], &text[(at + cut).min(text.len())..]);
            let _ = (parse_skaffold(&mangled(SKAFFOLD)), parse_kubernetes(&mangled(DEPLOYMENT)));
        }
    }
}
