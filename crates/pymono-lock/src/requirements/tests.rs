//! Files written by hand, each for one difficulty.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Indexes, Requirements};
use crate::{
    Closure, ClosureError, LocalKind, LockError, LockFormat, PinSource,
    testing::{pins, select, target, torn},
};

const COMMIT: &str = "ad74a2621fd6f5a6d63fbbfe02a098ca8dcd5c7a";

const FILE: &str = r"# made by hand
--index-url https://${USER}:${PASSWORD}@index.example/simple
--extra-index-url=https://other.example/simple --pre
-f ./wheels
-r ../base.txt   # what all need
-c constraints.txt
click==8.1.7 \
    --hash=sha256:c1 \
    --hash=sha256:c2
    # via svc
tomli==2.0 ; python_version < '3.12' --hash=sha256:t1
httpx[http2]
-e ./libs/core[fancy]
plain @ file:///${PROJECT_ROOT}/libs/plain ; sys_platform == 'linux'
git+https://user@git.example/f.git@ad74a2621fd6f5a6d63fbbfe02a098ca8dcd5c7a#egg=forked&subdirectory=sub
https://files.example/six-1.16.0-py3-none-any.whl#sha256=50
./wheels/local_one-1.0-py3-none-any.whl
";

fn files() -> BTreeMap<&'static str, &'static str> {
    BTreeMap::from([
        ("reqs/prod.txt", FILE),
        ("base.txt", "attrs===23.1\n-r reqs/prod.txt\nclick==8.1.7 --hash sha256:c3\n"),
        (
            "reqs/constraints.txt",
            "httpx==0.27.2 --hash=sha256:x1\nunused==1\n-c ../reqs/prod.txt\n",
        ),
        ("libs/core/pyproject.toml", "[project]\nname = \"My.Core\""),
        ("libs/plain/pyproject.toml", "[tool.poetry]\nname = \"other\""),
    ])
}

fn parse(path: &str, files: &BTreeMap<&str, &str>) -> Result<Requirements, LockError> {
    Requirements::parse(path, |path| files.get(path).map(|text| (*text).to_owned()))
}

fn one(text: &str) -> Result<Requirements, LockError> {
    parse("requirements.txt", &BTreeMap::from([("requirements.txt", text)]))
}

fn close(file: &Requirements, python: &str) -> Result<Closure, ClosureError> {
    file.close(&select(&[], &[]), &target(python))
}

#[test]
fn a_file_is_read_with_all_that_it_includes() {
    let file = parse("reqs/prod.txt", &files()).unwrap();
    let closure = close(&file, "3.12").unwrap();
    let all =
        ["attrs==23.1", "click==8.1.7", "forked", "httpx==0.27.2", "local-one==1.0", "six==1.16.0"];
    assert_eq!(pins(&closure), all);
    assert_eq!(pins(&close(&file, "3.11").unwrap()).len(), all.len() + 1);
    let hashes = |name: &str| {
        let pin = closure.pins.iter().find(|pin| pin.name.as_ref() == name).unwrap();
        let hashes = pin.wheels.iter().filter_map(|wheel| wheel.hash.as_deref());
        hashes.collect::<Vec<_>>()
    };
    assert_eq!(hashes("click"), ["sha256:c1", "sha256:c2", "sha256:c3"]);
    assert_eq!(hashes("httpx"), ["sha256:x1"], "a constraint has the hashes of what it pins");
    assert_eq!(hashes("six"), ["sha256:50"]);
    assert_eq!(hashes("attrs"), [""; 0]);
}

#[test]
fn places_are_taken_apart() {
    let closure = close(&parse("reqs/prod.txt", &files()).unwrap(), "3.12").unwrap();
    let source = |name: &str| {
        closure.pins.iter().find(|pin| pin.name.as_ref() == name).unwrap().source.clone()
    };
    let index = "https://${USER}:${PASSWORD}@index.example/simple".to_owned();
    assert_eq!(source("click"), PinSource::Registry { index });
    assert_eq!(
        source("forked"),
        PinSource::Git {
            url: "https://user@git.example/f.git".into(),
            subdirectory: Some("sub".into()),
            commit: COMMIT.into(),
            lfs: false,
            path: None,
        }
    );
    let path = "wheels/local_one-1.0-py3-none-any.whl".to_owned();
    assert_eq!(source("local-one"), PinSource::Path { path });
    let url = "https://files.example/six-1.16.0-py3-none-any.whl".to_owned();
    assert_eq!(source("six"), PinSource::Url { url, subdirectory: None });
    let core = &closure.locals["libs/core"];
    assert_eq!(
        (core.name.as_ref(), core.kind, core.extras.len()),
        ("my-core", LocalKind::Editable, 1)
    );
    let plain = &closure.locals["libs/plain"];
    assert_eq!((plain.name.as_ref(), plain.kind), ("plain", LocalKind::Directory));
}

#[test]
fn options_say_where_to_look() {
    let file = parse("reqs/prod.txt", &files()).unwrap();
    assert_eq!(
        *file.indexes(),
        Indexes {
            main: Some("https://${USER}:${PASSWORD}@index.example/simple".into()),
            extra: vec!["https://other.example/simple".into()],
            find_links: vec!["./wheels".into()],
            none: false,
        }
    );
    let none = one("--no-index\n--find-links=/wheels\na==1").unwrap();
    assert!(none.indexes().none);
}

#[test]
fn what_is_not_pinned_is_refused_or_told_apart() {
    let text = "a>=1,<2\nb==1.*\nc\nd==1\nd\ngit+https://git.example/e.git@main#egg=e\n";
    let file = one(text).unwrap();
    let error = close(&file, "3.12").unwrap_err();
    assert_eq!(
        error.to_string(),
        "these are not pinned: `a>=1, <2 (requirements.txt:1)`, `b==1.* (requirements.txt:2)`, \
         `c (requirements.txt:3)`, `e @ git+https://git.example/e.git@main (requirements.txt:6)`"
    );
    assert!(error.hint_for(LockFormat::Requirements).unwrap().contains("hashes"));
    let (closure, unpinned) = file.close_loosely(&select(&[], &[]), &target("3.12")).unwrap();
    assert_eq!(pins(&closure), ["d==1"]);
    let names: Vec<_> = unpinned.iter().map(|it| it.requirement.as_str()).collect();
    assert_eq!(names, ["a>=1, <2", "b==1.*", "c", "e @ git+https://git.example/e.git@main"]);
}

#[test]
fn a_name_that_is_pinned_twice_must_agree() {
    let error = close(&one("a==1\nA == 2\n").unwrap(), "3.12").unwrap_err();
    assert_eq!(
        error.to_string(),
        "`a` is pinned more than once: `a==1 (requirements.txt:1)`, `a==2 (requirements.txt:2)`"
    );
    assert!(close(&one("a==1; python_version < '3'\na==2").unwrap(), "3.12").is_ok());
    assert!(close(&one("a==1.0\na==1").unwrap(), "3.12").is_ok());
}

#[test]
fn a_wrong_line_is_told_with_its_file() {
    let wrong = |text: &str| one(text).unwrap_err().to_string();
    for (text, expected) in [
        ("a==1\n\n-r missing.txt", "`requirements.txt`, line 3: `missing.txt` cannot be read"),
        ("--what", "`requirements.txt`, line 1: the option `--what` is not known"),
        ("a==1 --what=1", "`requirements.txt`, line 1: the option `--what=1` is not known"),
        (
            "git+https://git.example/e.git",
            "`requirements.txt`, line 1: `git+https://git.example/e.git` has no name",
        ),
    ] {
        assert_eq!(wrong(text), expected);
    }
    for text in ["a=1", "a==1; os", "hg+https://hg.example/e#egg=e", "c:\\x.whl", "a @ ftp://x"] {
        let error = wrong(text);
        assert!(error.starts_with("`requirements.txt`, line 1: a requirement, `"), "{error}");
    }
    let included = BTreeMap::from([("r.txt", "-r deep/s.txt"), ("deep/s.txt", "\na=1")]);
    let error = parse("r.txt", &included).unwrap_err().to_string();
    assert!(error.starts_with("`deep/s.txt`, line 2: "), "{error}");
    let error = parse("none.txt", &included).unwrap_err().to_string();
    assert_eq!(error, "`none.txt`: `none.txt` cannot be read");
}

proptest! {
    #[test]
    fn no_text_is_a_panic(text in "\\PC{0,80}") {
        if let Ok(file) = one(&text) {
            let _ = close(&file, "3.12");
        }
    }

    #[test]
    fn no_torn_file_is_a_panic(text in torn(FILE)) {
        let mut files = files();
        files.insert("reqs/prod.txt", &text);
        if let Ok(file) = parse("reqs/prod.txt", &files) {
            let _ = close(&file, "3.11");
        }
    }
}

#[test]
fn the_project_itself_needs_no_name() {
    let read = |path: &str| (path == "r.txt").then(|| "-e .\nsix==1.16.0\n".to_owned());
    let requirements = Requirements::parse("r.txt", read).unwrap();
    let paths: Vec<_> = requirements.local_packages().map(|local| local.path).collect();
    assert_eq!(paths, ["."]);
}

#[test]
fn only_what_a_tool_resolved_or_hashed_is_known_to_be_all() {
    let all = |text: &str| {
        let read = |path: &str| (path == "r.txt").then(|| text.to_owned());
        Requirements::parse("r.txt", read).unwrap().lists_all()
    };
    for text in [
        "",
        "-e ../core\n",
        "# This file was autogenerated by uv\na==1\n",
        "a==1\n    # via b\n",
        "a==1  # via b\n",
        "a==1 --hash=sha256:00\n-e ../core\n",
    ] {
        assert!(all(text), "{text}");
    }
    for text in ["a==1\n", "a\n", "a==1 --hash=sha256:00\nb==1\n", "# pip freeze\na==1\n"] {
        assert!(!all(text), "{text}");
    }
}

#[test]
fn what_is_open_keeps_all_but_its_marker() {
    let text = "a[x]>=1 ; sys_platform == 'linux'\nb ; sys_platform == 'win32'\n-e ../core\n\
                c @ https://e.example/c-1.0-py3-none-any.whl\nd==2 --hash=sha256:00\n-c bounds.txt\n";
    let read = |path: &str| match path {
        "r.txt" => Some(text.to_owned()),
        "bounds.txt" => Some("a<3\n".to_owned()),
        _ => None,
    };
    let mut requirements = Requirements::parse("r.txt", read).unwrap();
    requirements.add("pyproject.toml", 7, "e ~= 1.2").unwrap();
    let open = requirements.open(&select(&[], &[]), &target("3.12")).unwrap();
    let shown: Vec<_> =
        open.iter().map(|it| (it.requirement.as_str(), it.place.as_str(), it.pinned)).collect();
    assert_eq!(
        shown,
        [
            ("a[x]>=1, <3", "r.txt:1", false),
            ("c @ https://e.example/c-1.0-py3-none-any.whl", "r.txt:4", true),
            ("d==2", "r.txt:5", true),
            ("e~=1.2", "pyproject.toml:7", false),
        ]
    );
}
