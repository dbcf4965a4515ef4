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
    let targets: Map<String, Value> = targets.chain(handwritten).collect();
    // What others are built from comes along with them.
    let is_ground = |name: &str| {
        let image = name.parse().ok().and_then(|name: ServiceName| plan.handwritten.get(&name));
        image.is_some_and(|image| image.is_ground)
    };
    let all: Vec<&String> = targets.keys().filter(|name| !is_ground(name)).collect();
    let mut file = json!({ "group": { "default": { "targets": all } }, "target": targets });
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

/// Adds what the builder may be asked for: what the environment does not name is not given.
fn add_secrets(target: &mut Value, plan: &BuildPlan, service: &ServiceName) {
    let service = BTreeSet::from([service]);
    let secrets = plan.secrets(&service);
    if !secrets.is_empty() {
        target["secret"] = secrets.iter().map(secret).collect();
    }
    if plan.needs_ssh(&service) {
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
    let secrets = plan.secrets(&services).into_iter();
    let files = secrets.filter(|secret| matches!(secret.place, SecretPlace::File(_)));
    let mut variables: BTreeSet<String> = files.map(|secret| secret.told_by()).collect();
    if plan.needs_ssh(&services) {
        variables.insert(SSH_AGENT.to_owned());
    }
    variables
}
