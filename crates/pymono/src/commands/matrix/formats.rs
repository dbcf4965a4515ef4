//! Shards as CI services take them.

use pymono_names::{ServiceName, TreePath};
use pymono_plan::{FirstJob, Shard, StageName};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// The matrix of a job of GitHub Actions.
#[derive(Debug, JsonSchema, Serialize)]
pub(crate) struct MatrixJson<'a> {
    /// One entry a job, at most 256.
    #[schemars(length(max = 256))]
    include: Vec<JobRow<'a>>,
}

#[derive(Debug, JsonSchema, Serialize)]
struct JobRow<'a> {
    /// The name of the job, which no other one has.
    name: String,
    /// The first of the services' folders.
    path: &'a TreePath,
    /// The folders of the services that it builds.
    paths: Vec<&'a TreePath>,
    /// The targets of their images.
    services: Vec<&'a ServiceName>,
    /// The same as arguments of `pymono build`.
    arguments: String,
    /// How long it is expected to take from nothing.
    seconds: u64,
}

/// A job before all others, and these.
#[derive(Debug, JsonSchema, Serialize)]
pub(crate) struct JobsJson<'a> {
    /// What is built before all other jobs, into a cache that they read; nothing where that does not pay.
    first: Option<FirstRow<'a>>,
    /// The other jobs, as `pymono matrix --format github` prints them.
    matrix: MatrixJson<'a>,
}

#[derive(Debug, JsonSchema, Serialize)]
struct FirstRow<'a> {
    /// The stages that it builds.
    stages: Vec<&'a str>,
    /// The same as arguments of `pymono build`.
    arguments: String,
    /// How long it is expected to take from nothing.
    seconds: u64,
}

/// Returns the jobs on one line, as an output of a step of GitHub Actions has to be.
pub(super) fn jobs(first: Option<&FirstJob>, shards: &[Shard]) -> String {
    let first = first.map(|first| FirstRow {
        stages: first.stages.iter().map(StageName::as_str).collect(),
        arguments: stages(first),
        seconds: first.cost.div_ceil(1000),
    });
    line(&JobsJson { first, matrix: matrix(shards) })
}

/// Returns the matrix of a job of GitHub Actions, on one line, too.
pub(super) fn github(shards: &[Shard]) -> String {
    line(&matrix(shards))
}

fn matrix(shards: &[Shard]) -> MatrixJson<'_> {
    fn job(shard: &Shard) -> Option<JobRow<'_>> {
        let paths: Vec<&TreePath> = shard.services.keys().collect();
        Some(JobRow {
            name: name(shard),
            path: paths.first()?,
            paths,
            services: targets(shard),
            arguments: arguments(shard),
            seconds: shard.cost.div_ceil(1000),
        })
    }
    MatrixJson { include: shards.iter().filter_map(job).collect() }
}

fn line(value: &impl Serialize) -> String {
    // Only a map with keys that are no strings, or a failing writer, could make this fail.
    serde_json::to_string(value).unwrap_or_default()
}

/// The name of GitLab's first job: those that build images have other ones.
const FIRST: &str = "stages of several jobs";

/// Returns a child pipeline of GitLab: JSON is YAML.
pub(super) fn gitlab(first: Option<&FirstJob>, shards: &[Shard], template: &str) -> String {
    let job = |shard: &Shard| {
        let mut job = json!({
            "extends": ".pymono-build",
            "variables": { "PYMONO_SERVICES": arguments(shard) },
        });
        if first.is_some() {
            job["needs"] = json!([FIRST]);
        }
        (format!("build {}", name(shard)), job)
    };
    let mut pipeline: Map<String, Value> = shards.iter().map(job).collect();
    if let Some(first) = first {
        let job = json!({
            "extends": ".pymono-first",
            // It is there in every pipeline, whatever its stages are.
            "stage": ".pre",
            "variables": { "PYMONO_STAGES": stages(first) },
        });
        pipeline.insert(FIRST.into(), job);
    }
    if pipeline.is_empty() {
        // A pipeline without a job is an error.
        pipeline.insert("nothing to build".into(), json!({ "script": ["true"] }));
    } else {
        pipeline.insert("include".into(), json!([{ "local": template }]));
    }
    format!("{:#}", Value::Object(pipeline))
}

/// Returns a shard's name: it is the same for the same services, and no other shard's.
fn name(shard: &Shard) -> String {
    let targets = targets(shard);
    let first = targets.first().map_or("", |name| name.as_str());
    match targets.len() {
        0 | 1 => first.to_owned(),
        more => format!("{first} and {} more", more - 1),
    }
}

fn targets(shard: &Shard) -> Vec<&ServiceName> {
    shard.services.values().flatten().collect()
}

/// Returns what `pymono build` is given: names of targets need no quotes.
fn arguments(shard: &Shard) -> String {
    targets(shard).iter().map(|name| name.as_str()).collect::<Vec<_>>().join(" ")
}

/// Returns what `pymono build` is given for stages, whose names need no quotes either.
fn stages(first: &FirstJob) -> String {
    first.stages.iter().map(|name| format!("--stage {name}")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shard(names: &[&str]) -> Shard {
        let service = |name: &&str| {
            let path = format!("services/{name}").parse().ok()?;
            Some((path, [ServiceName::slug(name)].into()))
        };
        Shard { services: names.iter().filter_map(service).collect(), cost: 1500 }
    }

    #[test]
    fn a_matrix_is_one_line_and_may_be_empty() {
        assert_eq!(github(&[]), r#"{"include":[]}"#);
        let expected = r#"{"include":[{"name":"api and 1 more","path":"services/api","paths":["services/api","services/web"],"services":["api","web"],"arguments":"api web","seconds":2}]}"#;
        let found: Value =
            serde_json::from_str(&github(&[shard(&["api", "web"])])).unwrap_or_default();
        assert_eq!(found, serde_json::from_str::<Value>(expected).unwrap_or_default());
    }

    #[test]
    fn a_child_pipeline_always_has_a_job() {
        let pipeline = |shards: &[Shard]| {
            serde_json::from_str::<Value>(&gitlab(None, shards, "ci/build.yml")).unwrap_or_default()
        };
        assert_eq!(pipeline(&[]), json!({ "nothing to build": { "script": ["true"] } }));
        let expected = json!({
            "include": [{ "local": "ci/build.yml" }],
            "build api": {
                "extends": ".pymono-build",
                "variables": { "PYMONO_SERVICES": "api" },
            },
        });
        assert_eq!(pipeline(&[shard(&["api"])]), expected);
    }
}
