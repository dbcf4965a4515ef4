//! Projects that compile something.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;

use pymono_tests::{Repo, Site, projects::built_by};

const SETUP: &str = r#"
import subprocess
import sys

from setuptools import Extension, setup

setup(ext_modules=[Extension("fast._fast", ["src/fast/_fast.c"])])
if "bdist_wheel" in sys.argv:
    with open("/var/cache/pymono/statistics", "wb") as file:
        file.write(subprocess.check_output(["ccache", "--print-stats"]))
"#;

const SOURCE: &str = r#"
#include <Python.h>

static PyObject *twice(PyObject *self, PyObject *number) {
    return PyLong_FromLong(2 * PyLong_AsLong(number));
}

static PyMethodDef methods[] = {{"twice", twice, METH_O, NULL}, {NULL, NULL, 0, NULL}};
static PyModuleDef module = {PyModuleDef_HEAD_INIT, "_fast", NULL, -1, methods};

PyMODINIT_FUNC PyInit__fast(void) { return PyModule_Create(&module); }
"#;

const SYSTEM: &str = "requires = [\"setuptools>=77\"]\nbuild-backend = \"setuptools.build_meta\"";

const SETTINGS: &str = r#"
[tool.pymono]
build-apt = ["python3-dev"]
command = ["python", "-m", "fast"]
"#;

/// What the compiler's cache has counted so far.
#[derive(Debug, PartialEq)]
struct Statistics {
    hits: u32,
    misses: u32,
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn a_compiled_service_finds_what_its_last_build_kept() {
    let repo = Repo::new("native", "");
    // The cache is the folder's own, so a folder of that name has never kept anything.
    let folder = format!("services/{}", repo.unique());
    let main = |value: u32| format!("from fast._fast import twice\n\nprint(twice({value}))\n");
    repo.write(&format!("{folder}/pyproject.toml"), &built_by(SYSTEM, "fast", SETTINGS));
    repo.write(&format!("{folder}/setup.py"), SETUP);
    repo.write(&format!("{folder}/src/fast/_fast.c"), SOURCE);
    repo.write(&format!("{folder}/src/fast/__init__.py"), "");
    repo.write(&format!("{folder}/src/fast/__main__.py"), &main(21));
    repo.lock(&[]);
    repo.commit();
    let site = Site::new(repo);
    site.build(&["fast"]);
    assert_eq!(site.answer("fast"), "42");
    assert_eq!(statistics(&site), Statistics { hits: 0, misses: 1 });

    site.repo.write(&format!("{folder}/src/fast/__main__.py"), &main(4));
    let run = site.build(&["fast"]);
    assert_eq!(run.stages(), ["pkg-fast"]);
    assert_eq!(site.answer("fast"), "8");
    assert_eq!(statistics(&site), Statistics { hits: 1, misses: 1 });

    let compilers = "command -v cc gcc ld ccache; find / -xdev -name cc1; true";
    assert_eq!(site.docker.shell(&site.repo.image("fast"), compilers), "");
}

fn statistics(site: &Site) -> Statistics {
    let text = site.read_cache("/var/cache/pymono", "statistics");
    let counts: BTreeMap<&str, u32> = text
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(k, v)| (k, v.parse().unwrap()))
        .collect();
    let hits = counts["direct_cache_hit"] + counts["preprocessed_cache_hit"];
    Statistics { hits, misses: counts["cache_miss"] }
}
