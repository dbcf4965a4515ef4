//! What the repository shows of CI: read as the YAML that it is, and held against the command line.

use std::collections::BTreeSet;

use granit_parser::{Event, Parser as Yaml};
use serde_json::{Map, Value};

const ACTION: &str = include_str!("../../../action.yml");
const WORKFLOW: &str = include_str!("../../../.github/workflows/example-monorepo.yml");
const GITLAB: &str = include_str!("../../../examples/ci/gitlab-ci.yml");
const TEMPLATE: &str = include_str!("../../../examples/ci/pymono-build.yml");

/// What was begun: a list or a map, and what is in it so far.
struct Open {
    is_list: bool,
    values: Vec<Value>,
}

/// Reads one document without aliases; scalars are texts.
fn yaml(text: &str) -> Value {
    let mut open = vec![Open { is_list: true, values: Vec::new() }];
    for event in Yaml::new_from_str(text) {
        let value = match event.unwrap().0 {
            Event::Scalar(text, ..) => Value::String(text.into_owned()),
            Event::SequenceStart(..) => {
                open.push(Open { is_list: true, values: Vec::new() });
                continue;
            }
            Event::MappingStart(..) => {
                open.push(Open { is_list: false, values: Vec::new() });
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => closed(open.pop().unwrap()),
            _ => continue,
        };
        open.last_mut().unwrap().values.push(value);
    }
    open.pop().unwrap().values.pop().unwrap()
}

fn closed(Open { is_list, values }: Open) -> Value {
    if is_list {
        return Value::Array(values);
    }
    let pairs =
        values.chunks(2).map(|pair| (pair[0].as_str().unwrap().to_owned(), pair[1].clone()));
    let (count, map) = (values.len() / 2, pairs.collect::<Map<_, _>>());
    assert_eq!(map.len(), count, "a key stands there twice");
    Value::Object(map)
}

/// Returns all texts in a document.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(values) => values.iter().flat_map(texts).collect(),
        Value::Object(map) => map.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// Returns the words of each command line of pymono in a document.
fn commands(document: &Value) -> Vec<Vec<String>> {
    let lines = texts(document).into_iter().flat_map(str::lines);
    let begins = |line: &str| {
        let starts = line.match_indices("pymono ").map(|(at, _)| at);
        let starts: Vec<usize> = starts
            .filter(|at| matches!(line[..*at].chars().next_back(), None | Some(' ' | '(' | ';')))
            .collect();
        starts.into_iter().map(|at| line[at..].to_owned()).collect::<Vec<_>>()
    };
    let found = lines.flat_map(begins).filter(|line| !line.starts_with("pymono and"));
    let words = found.map(|line| {
        let line = line.split([')', '>', '|']).next().unwrap_or_default().to_owned();
        let line = line.replace("\"${flags[@]}\"", "--push --summary x --registry r.example/t");
        let line = line.replace("$CI_REGISTRY_IMAGE", "r.example/team");
        let line = line.replace("\"${caches[@]}\"", "--cache-from x --cache-to x");
        let line = line.replace("$STAGES", "--stage x").replace("$PYMONO_STAGES", "--stage x");
        line.split_whitespace().map(|word| word.trim_matches('"').to_owned()).collect()
    });
    words.collect()
}

#[test]
fn every_command_line_of_pymono_is_one() {
    for (text, least) in [(ACTION, 3), (WORKFLOW, 3), (GITLAB, 1), (TEMPLATE, 2)] {
        let found = commands(&yaml(text));
        assert!(found.len() >= least, "{found:?}");
        for words in found {
            let parsed = crate::app::parses(&words);
            assert!(parsed.is_ok(), "{words:?}: {parsed:?}");
        }
    }
}

#[test]
fn what_a_job_takes_from_another_is_there() {
    let workflow = yaml(WORKFLOW);
    let jobs = workflow["jobs"].as_object().unwrap();
    for (name, job) in jobs {
        let needs: BTreeSet<&str> = texts(&job["needs"]).into_iter().collect();
        for text in texts(job) {
            for taken in text.split("needs.").skip(1) {
                let parts: Vec<&str> =
                    taken.split(|c: char| !(c.is_alphanumeric() || "-_".contains(c))).collect();
                assert!(needs.contains(parts[0]), "`{name}` needs `{}`", parts[0]);
                let is_told = || jobs[parts[0]]["outputs"].get(parts[2]).is_some();
                assert!(parts[1] == "result" || is_told(), "{taken}");
            }
            for taken in text.split("steps.").skip(1) {
                let parts: Vec<&str> = taken.split(['.', ' ']).collect();
                let mut steps = job["steps"].as_array().unwrap().iter();
                let step = steps.find(|step| step["id"] == parts[0]);
                let output = format!("\"{}=", parts[2]);
                let run = step.and_then(|step| step["run"].as_str()).unwrap_or_default();
                assert!(run.contains(&output), "`{name}` takes {taken}");
            }
        }
    }
}

#[test]
fn each_key_of_a_matrix_that_a_job_uses_is_one() {
    let schema = crate::commands::schema::jobs();
    let keys = &schema["$defs"]["JobRow"]["properties"];
    let workflow = yaml(WORKFLOW);
    let build = &workflow["jobs"]["build"];
    // Where there is nothing to build, the matrix is empty, and a job of it would fail.
    let is_there = "fromJSON(needs.matrix.outputs.jobs).matrix.include[0] != null";
    assert!(build["if"].as_str().unwrap().contains(is_there));
    for text in texts(&workflow) {
        for path in text.split("fromJSON(needs.matrix.outputs.jobs).").skip(1) {
            let ends = |c: char| !(c.is_alphanumeric() || c == '.');
            let mut keys = path.split(ends).next().unwrap().split('.');
            assert!(schema["properties"].get(keys.next().unwrap()).is_some(), "{text}");
            let row = ["FirstRow", "MatrixJson"].map(|row| &schema["$defs"][row]["properties"]);
            assert!(keys.all(|key| row.iter().any(|it| it.get(key).is_some())), "{text}");
        }
    }
    let used: Vec<&str> = texts(build)
        .into_iter()
        .flat_map(|text| text.split("${{ matrix.").skip(1))
        .filter_map(|text| text.split(' ').next())
        .collect();
    assert!(used.contains(&"arguments"), "{used:?}");
    assert!(used.iter().all(|key| keys.get(key).is_some()), "{used:?}");
}

#[test]
fn every_input_of_the_action_is_used_and_none_is_missing() {
    let action = yaml(ACTION);
    let told: BTreeSet<&str> =
        action["inputs"].as_object().unwrap().keys().map(String::as_str).collect();
    let step = &action["runs"]["steps"][0];
    let env = step["env"].as_object().unwrap();
    let used = env.values().filter_map(Value::as_str);
    let used = used.filter_map(|it| it.strip_prefix("${{ inputs.")?.strip_suffix(" }}"));
    assert_eq!(used.collect::<BTreeSet<_>>(), told);
    let run = step["run"].as_str().unwrap();
    assert!(env.keys().all(|name| run.contains(&format!("${name}"))), "{run}");
    // What is put into a script by its text is run as a part of it.
    assert!(!run.contains("${{"), "{run}");
}

#[test]
fn a_child_pipeline_extends_what_the_template_has() {
    let (parent, template) = (yaml(GITLAB), yaml(TEMPLATE));
    for (job, variable) in
        [(".pymono-build", "$PYMONO_SERVICES"), (".pymono-first", "$PYMONO_STAGES")]
    {
        assert!(template[job]["script"].is_array());
        assert!(texts(&template[job]).iter().any(|text| text.contains(variable)), "{job}");
    }
    let trigger = &parent["build"]["trigger"]["include"][0];
    let job = &parent[trigger["job"].as_str().unwrap()];
    assert!(texts(&job["artifacts"]["paths"]).contains(&trigger["artifact"].as_str().unwrap()));
}
