//! From a document to services.

use std::collections::BTreeSet;

use super::{Compose, ComposeService};
use crate::{
    Arguments, Build, Command, Form, Health,
    build::{command, variables, with_value},
    document::Node,
    expand::{Escape, expand},
};

pub(crate) fn compose(document: &Node, variables: &Arguments) -> Compose {
    // The first version of the format had the services at the top.
    let services = document.get("services").unwrap_or(document);
    let reader = Reader { services, variables };
    let names = services
        .pairs()
        .into_iter()
        .filter(|(name, it)| !name.starts_with("x-") && !it.pairs().is_empty());
    let service = |(name, node)| {
        let mut seen = BTreeSet::from([name]);
        (String::from(name), reader.service(node, &mut seen))
    };
    Compose { services: names.map(service).collect() }
}

struct Reader<'a> {
    services: &'a Node,
    variables: &'a Arguments,
}

impl<'a> Reader<'a> {
    fn text(&self, text: &str) -> String {
        expand(text, Escape::Dollar, &|name| self.variables.get(name).cloned()).text
    }

    fn text_of(&self, node: &Node, key: &str) -> Option<String> {
        node.text_of(key).map(|it| self.text(it))
    }

    /// Reads a service on top of the one that it extends; `seen` keeps circles from being followed.
    fn service(&self, node: &'a Node, seen: &mut BTreeSet<&'a str>) -> ComposeService {
        let extends = node.get("extends");
        let elsewhere = extends.is_some_and(|it| it.get("file").is_some());
        let named = extends
            .and_then(|it| it.text().or_else(|| it.text_of("service")))
            .filter(|_| !elsewhere);
        let below = named.filter(|name| seen.insert(name)).and_then(|name| self.services.get(name));
        let mut service = below.map(|node| self.service(node, seen)).unwrap_or_default();
        self.overlay(node, &mut service);
        service
    }

    fn overlay(&self, node: &Node, service: &mut ComposeService) {
        let text = |it: &str| self.text(it);
        let texts = |key: &str| node.get(key).map(Node::texts).unwrap_or_default();
        service.line = node.line.saturating_sub(1).max(1);
        service.image = self.text_of(node, "image").or(service.image.take());
        if let Some(build) = node.get("build") {
            service.build = Some(self.build(build, service.build.take()));
        }
        service.command =
            node.get("command").and_then(|it| command(it, &text)).or(service.command.take());
        service.entrypoint =
            node.get("entrypoint").and_then(|it| command(it, &text)).or(service.entrypoint.take());
        service.working_dir = self.text_of(node, "working_dir").or(service.working_dir.take());
        let ports = ["expose", "ports"].into_iter().filter_map(|key| node.get(key));
        service.ports.extend(ports.flat_map(Node::items).filter_map(|it| self.port(it)));
        if let Some(environment) = node.get("environment") {
            service.environment.extend(variables(environment, &text));
        }
        if let Some(health) = node.get("healthcheck") {
            service.health = self.health(health);
        }
        if let Some(needs) = node.get("depends_on") {
            let mapped = needs.pairs().into_iter().map(|(name, _)| name.to_owned());
            service.depends_on.extend(mapped.chain(needs.texts()));
        }
        let volumes = node.get("volumes").map(Node::items).unwrap_or_default();
        service.volumes.extend(volumes.iter().filter_map(|it| self.volume(it)));
        service.profiles.extend(texts("profiles"));
    }

    fn build(&self, node: &Node, below: Option<Build>) -> Build {
        let mut build = below.unwrap_or_default();
        build.line = node.line;
        let context = node.text().map(|it| self.text(it)).or_else(|| self.text_of(node, "context"));
        if let Some(context) = context {
            build.context = context;
        } else if build.context.is_empty() {
            ".".clone_into(&mut build.context);
        }
        build.dockerfile = self.text_of(node, "dockerfile").or(build.dockerfile);
        build.target = self.text_of(node, "target").or(build.target);
        let pairs =
            |key: &str| node.get(key).map(|it| with_value(variables(it, &|it| self.text(it))));
        build.args.extend(pairs("args").unwrap_or_default());
        build.contexts.extend(pairs("additional_contexts").unwrap_or_default());
        build
    }

    /// Returns the port in the container; nothing for UDP.
    fn port(&self, node: &Node) -> Option<u16> {
        let long = node.text_of("target").filter(|_| node.text_of("protocol") != Some("udp"));
        let written = self.text(node.text().or(long)?);
        let (ports, protocol) = written.split_once('/').unwrap_or((&written, "tcp"));
        let container = ports.rsplit(':').next()?;
        container.split('-').next()?.parse().ok().filter(|_| protocol == "tcp")
    }

    fn health(&self, node: &Node) -> Option<Health> {
        let test = node.get("test").filter(|_| node.text_of("disable") != Some("true"))?;
        let line = test.line;
        let shell = |text: String| {
            Some(Health { test: Command { form: Form::Shell, words: vec![text], line } })
        };
        if let Some(text) = test.text() {
            return shell(self.text(text));
        }
        let words: Vec<String> = test.texts().iter().map(|it| self.text(it)).collect();
        match words.first()?.as_str() {
            "CMD" => Some(Health {
                test: Command { form: Form::Exec, words: words[1..].to_vec(), line },
            }),
            "CMD-SHELL" => shell(words[1..].join(" ")),
            _ => None,
        }
    }

    /// Returns a mount of a path of the tree; nothing for a named volume.
    fn volume(&self, node: &Node) -> Option<(String, String)> {
        let (source, target) = match node.text().map(|it| self.text(it)) {
            Some(text) => {
                let (source, rest) = text.split_once(':')?;
                (source.to_owned(), rest.split(':').next()?.to_owned())
            }
            None => (self.text_of(node, "source")?, self.text_of(node, "target")?),
        };
        source.starts_with('.').then_some((source, target))
    }
}
