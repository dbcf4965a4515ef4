//! Many builds as one bake file, which a client builds at once.

use camino::Utf8Path;
use pymono_names::bake_literal;
use serde_json::{Map, Value, json};

use crate::{BuildRequest, Job};

/// The group of all targets.
pub(crate) const ALL: &str = "default";

/// Returns a bake file with a target for each job, by the name of its service.
///
/// Each builds what [`BuildRequest::args`] does in the folder `cwd`, with one more name that `last` may give. For the
/// fields see <https://docs.docker.com/build/bake/reference/>.
pub(crate) fn definition(
    jobs: &[&Job],
    last: impl Fn(&Job) -> Option<String>,
    cwd: &Utf8Path,
) -> String {
    let targets = jobs.iter().map(|job| {
        let last = last(job);
        (job.service.to_string(), target(&job.request, last.as_deref(), cwd))
    });
    let targets: Map<String, Value> = targets.collect();
    let names: Vec<&String> = targets.keys().collect();
    let mut file = json!({ "group": { ALL: { "targets": names } }, "target": targets });
    escape(&mut file);
    file.to_string()
}

fn target(request: &BuildRequest, last: Option<&str>, cwd: &Utf8Path) -> Value {
    let tags: Vec<&str> = request.tags.iter().map(String::as_str).chain(last).collect();
    let outputs: Vec<String> = request.exports.iter().map(|it| request.output(it)).collect();
    let provenance = request.provenance.as_deref().unwrap_or("false");
    let attestations =
        [Some(("provenance", provenance)), request.sbom.as_deref().map(|it| ("sbom", it))];
    let attestations = attestations.into_iter().flatten();
    let attestations: Vec<String> =
        attestations.map(|(kind, value)| attestation(kind, value)).collect();
    let mut fields = json!({
        "args": request.build_args,
        "attest": attestations,
        "cache-from": request.cache_from,
        "cache-to": request.cache_to,
        "context": request.context,
        "contexts": request.build_contexts,
        // Other than a command line's, it would start from the context.
        "dockerfile": cwd.join(&request.dockerfile),
        "labels": request.labels,
        "no-cache": request.no_cache,
        "no-cache-filter": request.no_cache_of,
        "output": outputs,
        "platforms": request.platforms,
        "pull": request.pull,
        "secret": request.secrets,
        "ssh": request.ssh,
        "tags": tags,
        "target": request.target,
    });
    // What is not said is as it is where nothing is said.
    let is_said = |value: &Value| match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(values) => !values.is_empty(),
        Value::Object(values) => !values.is_empty(),
        _ => true,
    };
    if let Some(fields) = fields.as_object_mut() {
        fields.retain(|_, value| is_said(value));
    }
    fields
}

/// Returns what `--provenance=VALUE` and `--sbom=VALUE` stand for.
fn attestation(kind: &str, value: &str) -> String {
    match value.parse::<bool>() {
        Ok(value) => format!("type={kind},disabled={}", !value),
        Err(_) => format!("type={kind},{value}"),
    }
}

/// Marks what bake would take for the beginning of an expression.
fn escape(value: &mut Value) {
    match value {
        Value::String(text) => *text = bake_literal(text),
        Value::Array(values) => values.iter_mut().for_each(escape),
        Value::Object(values) => values.values_mut().for_each(escape),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::Export;

    #[test]
    fn a_target_says_what_a_command_line_would() {
        let request = BuildRequest {
            dockerfile: ".pymono/Dockerfile".into(),
            target: Some("api".into()),
            context: ".".into(),
            build_contexts: [("pins".to_owned(), ".pymono/pins".to_owned())].into(),
            labels: [("cost".to_owned(), "${x} %{y} $z".to_owned())].into(),
            tags: vec!["api:v2".into(), "api:latest".into()],
            exports: vec![Export::Load],
            sbom: Some("generator=x".into()),
            pull: true,
            ..BuildRequest::default()
        };
        let job = Job { service: "api".parse().unwrap(), needs: BTreeSet::new(), request };
        let file: Value =
            serde_json::from_str(&definition(&[&job], |_| Some("held:0a".into()), "/work".into()))
                .unwrap();
        let mut target = file["target"]["api"].clone();
        assert_eq!(target["labels"].take()["cost"], "$${x} %%{y} $z");
        insta::assert_snapshot!(target, @r#"{"attest":["type=provenance,disabled=true","type=sbom,generator=x"],"context":".","contexts":{"pins":".pymono/pins"},"dockerfile":"/work/.pymono/Dockerfile","labels":null,"output":["type=docker"],"pull":true,"tags":["api:v2","api:latest","held:0a"],"target":"api"}"#);
        assert_eq!(file["group"]["default"]["targets"], json!(["api"]));
    }
}
