//! Which wheels fit a target, as Python's own `packaging` says.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;
use pymono_names::Target;

use crate::uv::run_tool;

/// Reads wheels by hash and targets by name; writes the hashes that fit by target.
///
/// pip carries `packaging` along, so any Python with pip has it.
const SCRIPT: &str = r#"
import json, sys, urllib.parse
from pip._vendor.packaging import tags, utils

def platforms(machine, libc):
    yield f"linux_{machine}"
    if libc == "glibc":
        for name in ("manylinux1", "manylinux2010", "manylinux2014"):
            yield f"{name}_{machine}"
    for minor in range(100):
        yield f"manylinux_2_{minor}_{machine}" if libc == "glibc" else f"musllinux_1_{minor}_{machine}"

def supported(minor, machine, libc):
    version, names = (3, minor), list(platforms(machine, libc))
    yield from tags.cpython_tags(version, [f"cp3{minor}"], names)
    yield from tags.compatible_tags(version, f"cp3{minor}", names)

def tags_of(url):
    name = urllib.parse.unquote(url.rsplit("/", 1)[-1])
    return utils.parse_wheel_filename(name)[3]

question = json.loads(sys.argv[1])
wheels = {hash: tags_of(url) for hash, url in json.load(open(question["wheels"])).items()}
answer = {}
for name, target in question["targets"].items():
    here = set(supported(*target))
    answer[name] = [hash for hash, tags in wheels.items() if not here.isdisjoint(tags)]
print(json.dumps(answer))
"#;

/// Returns the hashes of the wheels that fit each target, of `wheels` by hash; `folder` is for a file of notes.
pub fn fitting(
    folder: &Utf8Path,
    wheels: &BTreeMap<String, String>,
    targets: &[Target],
) -> Vec<BTreeSet<String>> {
    let file = folder.join("wheels.json");
    std::fs::write(&file, serde_json::to_string(wheels).unwrap()).unwrap();
    let asked: BTreeMap<_, _> = targets
        .iter()
        .enumerate()
        .map(|(ix, target)| {
            (ix.to_string(), (target.python.minor, target.platform.machine(), target.libc))
        })
        .collect();
    let question = serde_json::json!({ "wheels": file, "targets": asked }).to_string();
    let answer = run_tool("python3", folder, &["-c", SCRIPT, &question]);
    let mut answer: BTreeMap<String, BTreeSet<String>> = serde_json::from_str(&answer).unwrap();
    (0..targets.len()).map(|ix| answer.remove(&ix.to_string()).unwrap()).collect()
}
