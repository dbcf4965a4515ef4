//! The bake file: the same images for people and tools that run `docker buildx bake`.

use pymono_plan::{BuildPlan, Image};
use serde_json::{Map, Value, json};

use crate::{PINS_CONTEXT, Rendered};

/// Returns the text of `docker-bake.json` for what is rendered into `folder`,
/// a path relative to the root of the tree, such as `.pymono`.
pub fn bake_file(plan: &BuildPlan, rendered: &Rendered, folder: &str) -> String {
    let targets = plan.images.iter().map(|(service, image)| {
        (service.to_string(), target(service.as_str(), image, rendered, folder))
    });
    let targets: Map<String, Value> = targets.collect();
    let all: Vec<&String> = targets.keys().collect();
    let file = json!({ "group": { "default": { "targets": all } }, "target": targets });
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
