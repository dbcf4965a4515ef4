//! The bake file: the same images for people and tools that run `docker buildx bake`.

use std::collections::BTreeSet;

use pymono_names::ServiceName;
use pymono_plan::{BuildPlan, Image};
use pymono_workspace::{Secret, SecretPlace};
use serde_json::{Map, Value, json};

use crate::{PINS_CONTEXT, Rendered, handwritten};

/// The variable that tells where the SSH agent listens.
const SSH_AGENT: &str = "SSH_AUTH_SOCK";

/// Returns the text of `docker-bake.json` for what is rendered into `folder`,
/// a path relative to the root of the tree, such as `.pymono`.
pub fn bake_file(plan: &BuildPlan, rendered: &Rendered, folder: &str) -> String {
    let targets = plan.images.iter().map(|(service, image)| {
        let mut target = target(service.as_str(), image, rendered, folder);
        add_secrets(&mut target, plan, service);
        (service.to_string(), target)
    });
    let handwritten = plan.handwritten.iter().map(|(name, image)| {
        let mut target = handwritten::target(image);
        add_secrets(&mut target, plan, name);
        (name.to_string(), target)
    });
    let mut targets: Map<String, Value> = targets.chain(handwritten).collect();
    // What others are built from comes along with them.
    let is_ground = |name: &str| {
        let image = name.parse().ok().and_then(|name: ServiceName| plan.handwritten.get(&name));
        image.is_some_and(|image| image.is_ground)
    };
    let all: Vec<String> = targets.keys().filter(|name| !is_ground(name)).cloned().collect();
    let mut groups = json!({ "default": { "targets": all } });
    if !plan.tests.services.is_empty() {
        let tests = add_tests(&mut targets, plan, rendered, folder);
        groups[free("test", &targets)] = json!({ "targets": tests });
    }
    let mut file = json!({ "group": groups, "target": targets });
    let variables = variables(plan);
    if !variables.is_empty() {
        let variables = variables.into_iter().map(|name| (name, json!({ "default": "" })));
        file["variable"] = variables.collect::<Map<String, Value>>().into();
    }
    format!("{file:#}\n")
}

fn target(service: &str, image: &Image, rendered: &Rendered, folder: &str) -> Value {
    let mut target = json!({
        // Without it the digest of an unchanged image would change each time, as it holds the time.
        "attest": ["type=provenance,disabled=true"],
        "description": image.path.to_string(),
        "context": ".",
        "dockerfile": format!("{folder}/Dockerfile"),
        "target": service,
        "tags": image.settings.references,
    });
    if !rendered.pins.is_empty() {
        target["contexts"] = json!({ PINS_CONTEXT: format!("{folder}/pins") });
    }
    if !image.settings.platforms.is_empty() {
        target["platforms"] =
            json!(image.settings.platforms.iter().map(ToString::to_string).collect::<Vec<_>>());
    }
    target
}

/// Adds a target for each test, and returns their names.
fn add_tests(
    targets: &mut Map<String, Value>,
    plan: &BuildPlan,
    rendered: &Rendered,
    folder: &str,
) -> Vec<String> {
    let mut names = Vec::new();
    for (service, test) in &plan.tests.services {
        let Some(image) = plan.images.get(service) else { continue };
        let mut target = target(test.stage.as_str(), image, rendered, folder);
        if let Some(target) = target.as_object_mut() {
            target.remove("tags");
        }
        target["output"] = json!(["type=cacheonly"]);
        add_asked(&mut target, &test.asks, test.needs_ssh);
        let name = free(&format!("{service}-test"), targets);
        names.push(name.clone());
        targets.insert(name, target);
    }
    names
}

/// Returns a name that no target has: the wished one, or one with a number behind it.
fn free(wish: &str, targets: &Map<String, Value>) -> String {
    let mut names = (1..).map(|n| if n == 1 { wish.to_owned() } else { format!("{wish}-{n}") });
    // The range is endless and the targets are not.
    names.find(|name| !targets.contains_key(name)).unwrap_or_default()
}

/// Adds what the builder may be asked for: what the environment does not name is not given.
fn add_secrets(target: &mut Value, plan: &BuildPlan, service: &ServiceName) {
    let service = BTreeSet::from([service]);
    add_asked(target, &plan.secrets(&service), plan.needs_ssh(&service));
}

fn add_asked(target: &mut Value, secrets: &BTreeSet<Secret>, needs_ssh: bool) {
    if !secrets.is_empty() {
        target["secret"] = secrets.iter().map(secret).collect();
    }
    if needs_ssh {
        target["ssh"] = json!([where_set(SSH_AGENT, "default")]);
    }
}

fn secret(secret: &Secret) -> Value {
    let (id, told_by) = (&secret.id, secret.told_by());
    match secret.place {
        SecretPlace::Variable(_) => json!({ "id": id, "env": told_by }),
        // A file that is named must be there.
        SecretPlace::File(_) => where_set(&told_by, &format!("id={id},src=${{{told_by}}}")).into(),
    }
}

/// Returns an expression that is `text` where a variable is set, and else nothing.
fn where_set(variable: &str, text: &str) -> String {
    format!("${{{variable} != \"\" ? \"{text}\" : \"\"}}")
}

/// Returns the environment variables that expressions read.
fn variables(plan: &BuildPlan) -> BTreeSet<String> {
    let services = plan.images.keys().chain(plan.handwritten.keys()).collect();
    let tests = plan.tests.services.values();
    let secrets = plan.secrets(&services);
    let secrets = secrets.iter().chain(tests.clone().flat_map(|test| &test.asks));
    let files = secrets.filter(|secret| matches!(secret.place, SecretPlace::File(_)));
    let mut variables: BTreeSet<String> = files.map(Secret::told_by).collect();
    if plan.needs_ssh(&services) || { tests }.any(|test| test.needs_ssh) {
        variables.insert(SSH_AGENT.to_owned());
    }
    variables
}
