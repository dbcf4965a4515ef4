//! Which Python a project gets.

use insta::assert_snapshot;

use crate::repo::Repo;

fn repo(requires: &str, other: &str) -> Repo {
    let repo = Repo::workspace("[\"a\", \"b\"]");
    let limit = |text: &str| {
        if text.is_empty() { String::new() } else { format!("requires-python = \"{text}\"") }
    };
    repo.project("a", "[]", &limit(requires)).project("b", "[]", &limit(other));
    repo
}

fn python(repo: &Repo) -> String {
    repo.get("a").python.to_string()
}

#[test]
fn without_a_word_it_is_the_preferred_one_that_all_members_allow() {
    for (own, other, expected) in [
        ("", "", "3.13"),
        (">=3.9", "", "3.13"),
        (">=3.14", "", "3.14"),
        (">=3.9,<3.13", "", "3.12"),
        (">=3.9", "<3.12", "3.11"),
        ("~=3.11.4", "", "3.11"),
        ("==3.12.*", "", "3.12"),
        ("==3.12.4", "", "3.12.4"),
        ("<=3.12", ">=3.10", "3.11"),
    ] {
        assert_eq!(python(&repo(own, other)), expected, "{own} and {other}");
    }
}

#[test]
fn the_nearest_file_wins_and_keeps_its_patch() {
    let repo = repo(">=3.9", "");
    assert_eq!(python(repo.file(".python-version", "# ours\n\n3.12\n")), "3.12");
    assert_eq!(python(repo.file("a/.python-version", "cpython-3.11.7-linux-x86_64-gnu")), "3.11.7");
    assert_eq!(python(repo.file("a/.python-version", "pypy3.10")), "3.12");
    assert_eq!(
        repo.warnings(),
        [
            "`a/.python-version` asks for `pypy3.10`, which is no version of CPython 3, and is not heeded"
        ]
    );
}

#[test]
fn the_configuration_wins_and_so_does_the_python_of_a_configured_image() {
    let repo = repo(">=3.9", "");
    repo.file(".python-version", "3.12");
    assert_eq!(
        python(repo.file("pymono.toml", "base-image = \"docker.io/library/python:3.10.4-slim\"")),
        "3.10.4"
    );
    assert_eq!(
        python(repo.file("pymono.toml", "base-image = \"python:3.10\"\npython = \"3.11\"")),
        "3.11"
    );
    assert_eq!(python(repo.file("pymono.toml", "base-image = \"acme/python-base:7\"")), "3.12");
}

#[test]
fn a_choice_that_a_manifest_forbids_is_an_error_that_names_both() {
    let repo = repo(">=3.9", ">=3.13");
    repo.file("a/main.py", "").file("b/main.py", "");
    assert_snapshot!(repo.file(".python-version", "3.12").error(), @r"
    `.python-version`, line 1 asks for Python 3.12, but `b/pyproject.toml`, line 5, key `project.requires-python` requires `>=3.13`
    hint: change `.python-version` or `b/pyproject.toml`, so that they agree
    ");
    assert_snapshot!(repo.file("pymono.toml", "python = \"3.11\"").error(), @r"
    `pymono.toml`, line 1, key `python` asks for Python 3.11, but `b/pyproject.toml`, line 5, key `project.requires-python` requires `>=3.13`
    hint: change `pymono.toml` or `b/pyproject.toml`, so that they agree
    ");
    assert_snapshot!(self::repo("<3.11", ">=3.12").error(), @r"
    `a/pyproject.toml`, line 5, key `project.requires-python`: no Python from 3.9 to 3.14 fulfils `<3.11` (`a/pyproject.toml`) and `>=3.12` (`b/pyproject.toml`)
    hint: set `python` to the version to use
    ");
    assert_snapshot!(self::repo("three", "").error(), @r"
    `a/pyproject.toml`, line 5, key `project.requires-python`: `three` is no version specifier
    hint: write it like `>=3.12`
    ");
}

#[test]
fn a_library_with_a_forbidden_choice_is_only_warned_of() {
    let repo = repo(">=3.13", "");
    assert_eq!(python(repo.file("a/.python-version", "3.12")), "3.13");
    assert_eq!(repo.warnings().len(), 1);
}
