//! How many `RUN` steps of a build ran, counted in its stream of progress.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Counts in what `docker buildx bake --progress=rawjson` printed.
pub(super) fn of_bake(stream: &str) -> u32 {
    let mut ran = BTreeMap::new();
    for vertex in lines::<Status>(stream).flat_map(|status| status.vertexes) {
        // A step may complete twice, first as the cache is asked; the last
        // word counts.
        let done = vertex.completed.is_some() && !vertex.cached && vertex.error.is_empty();
        ran.insert(vertex.digest, done && is_run(&vertex.name));
    }
    count(ran.into_values().filter(|ran| *ran))
}

/// Counts in what `pymono build --progress json` printed.
pub(super) fn of_pymono(stream: &str) -> u32 {
    let mut ran = BTreeMap::new();
    for Event { service, step } in lines(stream) {
        let done = step.state == "done" && is_run(&step.name);
        ran.insert((service, step.digest), done);
    }
    // A step that several services share is told for each of them.
    let digests = ran.into_iter().filter(|(_, ran)| *ran).map(|((_, digest), _)| digest);
    count(digests.collect::<BTreeSet<_>>())
}

/// Counts in what `docker compose --progress plain build` printed.
pub(super) fn of_plain(stream: &str) -> u32 {
    let (mut names, mut ran) = (BTreeMap::new(), BTreeSet::new());
    for (number, said) in stream.lines().filter_map(|line| line.strip_prefix('#')?.split_once(' '))
    {
        if is_run(said) {
            names.insert(number, said);
        } else if said.starts_with("DONE") {
            ran.insert(number);
        } else if said == "CACHED" {
            ran.remove(number);
            names.remove(number);
        }
    }
    count(names.into_keys().filter(|number| ran.contains(number)))
}

/// What BuildKit tells in one line.
#[derive(Deserialize)]
pub(super) struct Status {
    #[serde(default)]
    pub(super) vertexes: Vec<Vertex>,
}

/// A step, as both streams have it.
#[derive(Deserialize)]
pub(super) struct Vertex {
    pub(super) digest: String,
    #[serde(default)]
    pub(super) name: String,
    pub(super) started: Option<String>,
    pub(super) completed: Option<String>,
    #[serde(default)]
    cached: bool,
    #[serde(default)]
    error: String,
}

/// What pymono tells in one line, if it is about a step.
#[derive(Deserialize)]
struct Event {
    service: String,
    step: Step,
}

#[derive(Deserialize)]
struct Step {
    digest: String,
    name: String,
    /// A word, or an object with a failure.
    state: Value,
}

/// The lines that are a `T`; between them is text of the client, and more.
pub(super) fn lines<T: DeserializeOwned>(stream: &str) -> impl Iterator<Item = T> {
    stream.lines().filter_map(|line| serde_json::from_str(line).ok())
}

/// Whether a step is one like `[api build 5/6] RUN uv sync`.
fn is_run(name: &str) -> bool {
    let Some((place, instruction)) = name.split_once("] ") else { return false };
    let number = |text: &str| text.parse::<u32>().is_ok();
    let numbered = place.rsplit([' ', '[']).next().and_then(|place| place.split_once('/'));
    numbered.is_some_and(|(step, of)| number(step) && number(of))
        && instruction.split_whitespace().next() == Some("RUN")
}

fn count(items: impl IntoIterator) -> u32 {
    u32::try_from(items.into_iter().count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_run_instructions_of_a_dockerfile_count() {
        for name in ["[2/4] RUN x", "[api 2/4] RUN x", "[linux/amd64 api 2/4] RUN x"] {
            assert!(is_run(name), "{name}");
        }
        for name in ["[api 1/4] FROM x", "[api 2/4] COPY x", "[internal] RUN", "exporting", ""] {
            assert!(!is_run(name), "{name}");
        }
    }

    #[test]
    fn what_the_cache_answers_or_what_fails_did_not_run() {
        let stream = r#"
{"vertexes":[{"digest":"a","name":"[api 2/3] RUN a","started":"1"}]}
WARNING: text of the client
{"vertexes":[{"digest":"a","name":"[api 2/3] RUN a","started":"1","completed":"2"}]}
{"vertexes":[{"digest":"b","name":"[api 3/3] RUN b","completed":"2"}]}
{"vertexes":[{"digest":"b","name":"[api 3/3] RUN b","completed":"2","cached":true}]}
{"vertexes":[{"digest":"c","name":"[web 2/2] RUN c","completed":"2","error":"no"}]}
{"vertexes":[{"digest":"d","name":"[web 2/2] COPY d","completed":"2"}]}
{"vertexes":[{"digest":"e","name":"[web 2/2] RUN e","started":"2"}]}
{"logs":[{"vertex":"a","data":"","timestamp":"3"}]}
"#;
        assert_eq!(of_bake(stream), 1);
    }

    #[test]
    fn plain_progress_is_understood_as_well() {
        let stream = "\
#1 [internal] load\n#1 DONE 0.1s\n\n#2 [api build 2/3] RUN a\n#2 0.1 DONE of another\n\
#2 DONE 1.0s\n#3 [api build 3/3] RUN b\n#3 CACHED\n#4 [api build 1/3] COPY c\n#4 DONE 0.2s\n\
#5 [web build 2/3] RUN d\n#5 ERROR: exit code 1\n";
        assert_eq!(of_plain(stream), 1);
    }

    #[test]
    fn a_step_that_services_share_is_one() {
        let stream = r#"
{"version":1,"event":"planned","services":["api","web"]}
{"version":1,"event":"stage","service":"api","step":{"digest":"a","name":"[d 2/3] RUN a","state":"done"}}
{"version":1,"event":"stage","service":"web","step":{"digest":"a","name":"[d 2/3] RUN a","state":"done"}}
{"version":1,"event":"stage","service":"web","step":{"digest":"b","name":"[d 3/3] RUN b","state":"running"}}
{"version":1,"event":"stage","service":"web","step":{"digest":"b","name":"[d 3/3] RUN b","state":"cached"}}
{"version":1,"event":"stage","service":"web","step":{"digest":"c","name":"[d 3/3] RUN c","state":{"failed":"no"}}}
{"version":1,"event":"summary","seconds":1.0,"services":[]}
"#;
        assert_eq!(of_pymono(stream), 1);
    }
}
