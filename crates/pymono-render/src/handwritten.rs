//! Hand-written Dockerfiles in the bake file: their builds as they are.

use std::collections::BTreeMap;

use pymono_names::{TreePath, bake_literal};
use pymono_plan::{ContextSource, HandwrittenImage};
use serde_json::{Map, Value, json};

/// Returns the target of an image, without its secrets.
pub(crate) fn target(image: &HandwrittenImage) -> Value {
    let mut target = json!({
        // Without it the digest of an unchanged image would change each time, as it holds the time.
        "attest": ["type=provenance,disabled=true"],
        "description": bake_literal(image.path.as_str()),
        "context": bake_literal(&folder(&image.context)),
        "dockerfile": bake_literal(&seen_from(&image.dockerfile, &image.context)),
        "tags": image.references,
    });
    if let Some(stage) = &image.target {
        target["target"] = json!(stage);
    }
    let contexts = image.contexts.iter().map(|(name, source)| {
        let behind = match source {
            ContextSource::Folder(path) => bake_literal(&folder(path)),
            ContextSource::Image(image) => bake_literal(&format!("docker-image://{image}")),
            ContextSource::Target(name) => format!("target:{name}"),
        };
        (name.clone(), behind.into())
    });
    add(&mut target, "contexts", contexts.collect());
    add(&mut target, "args", texts(&image.args));
    add(&mut target, "labels", texts(&image.labels));
    if !image.platforms.is_empty() {
        let platforms = image.platforms.iter().map(ToString::to_string);
        target["platforms"] = platforms.collect::<Vec<_>>().into();
    }
    target
}

fn add(target: &mut Value, key: &str, map: Map<String, Value>) {
    if !map.is_empty() {
        target[key] = map.into();
    }
}

fn texts(map: &BTreeMap<String, String>) -> Map<String, Value> {
    map.iter().map(|(name, text)| (name.clone(), bake_literal(text).into())).collect()
}

/// Returns a folder in a form that bake takes for nothing else.
fn folder(path: &TreePath) -> String {
    if path.is_root() { ".".to_owned() } else { format!("./{path}") }
}

/// Returns a path as seen from a folder of the tree, as bake sees a Dockerfile from its context.
fn seen_from(path: &TreePath, folder: &TreePath) -> String {
    let (to, from): (Vec<&str>, Vec<&str>) = (path.parts().collect(), folder.parts().collect());
    let common = to.iter().zip(&from).take_while(|(one, other)| one == other).count();
    let up = from[common..].iter().map(|_| "..");
    up.chain(to[common..].iter().copied()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dockerfile_is_seen_from_its_context() {
        let seen =
            |path: &str, folder: &str| seen_from(&path.parse().unwrap(), &folder.parse().unwrap());
        assert_eq!(seen("api/Dockerfile", "."), "api/Dockerfile");
        assert_eq!(seen("api/Dockerfile", "api"), "Dockerfile");
        assert_eq!(seen("docker/api.Dockerfile", "services/api"), "../../docker/api.Dockerfile");
    }
}
