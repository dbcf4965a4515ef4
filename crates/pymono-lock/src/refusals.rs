//! What is wrong with a lock, told alike for every format: file, line and package.

use crate::{
    AnyLock, ClosureError, Lock, LockError, LockFormat, PdmLock, PipfileLock, PoetryLock, Pylock,
    Requirements,
    testing::{select, target},
};

const ALL: [LockFormat; 6] = [
    LockFormat::Uv,
    LockFormat::Poetry,
    LockFormat::Pdm,
    LockFormat::Pylock,
    LockFormat::Pipfile,
    LockFormat::Requirements,
];

const PROJECT: &str = "[project]\nname = \"svc\"\ndependencies = [\"a\"]\n";

/// Reads a lock in `services/svc`.
fn parse(format: LockFormat, text: &str) -> Result<AnyLock, LockError> {
    let path = &format!("services/svc/{format}");
    Ok(match format {
        LockFormat::Uv => AnyLock::Uv(Lock::parse(path, text)?),
        LockFormat::Poetry => AnyLock::Poetry(PoetryLock::parse(path, text, PROJECT)?),
        LockFormat::Pdm => AnyLock::Pdm(PdmLock::parse(path, text, PROJECT)?),
        LockFormat::Pylock => AnyLock::Pylock(Pylock::parse(path, text)?),
        LockFormat::Pipfile => AnyLock::Pipfile(PipfileLock::parse(path, text)?),
        _ => AnyLock::Requirements(Requirements::parse(path, |asked| {
            (asked == path).then(|| text.to_owned())
        })?),
    })
}

fn refused(format: LockFormat, text: &str) -> String {
    let error = parse(format, text).unwrap_err();
    assert!(error.hint().is_some(), "{error}");
    error.to_string()
}

fn not_closed(format: LockFormat, text: &str) -> ClosureError {
    let error = parse(format, text).unwrap().close(&select(&[], &[]), &target("3.12")).unwrap_err();
    assert!(error.hint_for(format).is_some(), "{error}");
    error
}

const UV: &str = "version = 1

[[package]]
name = \"a\"
version = \"1.0\"
source = { registry = \"https://index.example/simple\" }
wheels = [{ url = \"https://files.example/a-1.0-py3-none-any.whl\" }]

[[package]]
name = \"svc\"
version = \"1.0\"
source = { editable = \".\" }
dependencies = [{ name = \"a\" }]
";

/// A lock with one package, `a`, whose name stands in line 4.
fn whole(format: LockFormat) -> &'static str {
    match format {
        LockFormat::Uv => UV,
        LockFormat::Poetry => {
            "# written by Poetry

[[package]]
name = \"a\"
version = \"1.0\"
files = []

[metadata]
lock-version = \"2.0\"
python-versions = \">=3.11\"
"
        }
        LockFormat::Pdm => {
            "# written by PDM

[[package]]
name = \"a\"
version = \"1.0\"
files = []

[metadata]
lock_version = \"4.5\"
"
        }
        LockFormat::Pylock => {
            "lock-version = \"1.0\"

[[packages]]
name = \"a\"
version = \"1.0\"
wheels = [{ url = \"https://files.example/a-1.0-py3-none-any.whl\" }]
"
        }
        LockFormat::Pipfile => {
            "{
    \"_meta\": {\"pipfile-spec\": 6},
    \"default\": {
        \"a\": {
            \"version\": \"==1.0\"
        }
    }
}
"
        }
        _ => "# pinned\n\n--pre\na==1.0\n",
    }
}

/// The lock with something in it replaced, which must be there.
fn with(format: LockFormat, old: &str, new: &str) -> String {
    let text = whole(format);
    assert!(text.contains(old), "{old} is in {text}");
    text.replacen(old, new, 1)
}

#[test]
fn a_whole_lock_is_closed() {
    for format in ALL {
        let lock = parse(format, whole(format)).unwrap();
        let closure = lock.close(&select(&[], &[]), &target("3.12")).unwrap();
        assert_eq!(crate::testing::pins(&closure), ["a==1.0"], "{format}");
    }
}

#[test]
fn a_merge_conflict_is_called_one() {
    for format in ALL {
        let text = whole(format);
        let line = text.lines().position(|line| line.contains("1.0\"") || line.contains("==1.0"));
        let mut lines: Vec<_> = text.lines().collect();
        let at = line.unwrap();
        lines.insert(at + 1, ">>>>>>> topic");
        lines.insert(at + 1, "=======");
        lines.insert(at, "<<<<<<< HEAD");
        assert_eq!(
            refused(format, &lines.join("\n")),
            format!("`services/svc/{format}`, line {}: the file has a merge conflict", at + 1)
        );
    }
}

/// Texts that are wrong in the same way, and what is said about each after the lock's path.
fn check(cases: &[(LockFormat, String, &str)]) {
    for (format, text, expected) in cases {
        assert_eq!(refused(*format, text), format!("`services/svc/{format}`{expected}"));
    }
}

#[test]
fn a_file_that_was_cut_off_tells_where() {
    let cut = |format: LockFormat, behind: &str| {
        let text = whole(format);
        text[..text.find(behind).unwrap() + behind.len()].to_owned()
    };
    check(&[
        (
            LockFormat::Uv,
            cut(LockFormat::Uv, "registry = "),
            ", line 6: the entry of `a` is torn or not of this format: unclosed inline table, expected `}`",
        ),
        (
            LockFormat::Poetry,
            cut(LockFormat::Poetry, "version = "),
            ", line 5: the entry of `a` is torn or not of this format: string values must be quoted, expected literal string",
        ),
        (
            LockFormat::Poetry,
            cut(LockFormat::Poetry, "version = \"1.0\""),
            ": the lock does not tell its version, which has to be 1.0 to 2.1",
        ),
        (
            LockFormat::Pdm,
            cut(LockFormat::Pdm, "files = ["),
            ", line 6: the entry of `a` is torn or not of this format: unclosed array, expected `]`",
        ),
        (
            LockFormat::Pylock,
            cut(LockFormat::Pylock, "\nwheels = ["),
            ", line 6: the entry of `a` is torn or not of this format: unclosed array, expected `]`",
        ),
        (
            LockFormat::Pipfile,
            cut(LockFormat::Pipfile, "\"==1.0\""),
            ", line 5: the file is torn or not of this format: EOF while parsing an object",
        ),
        (
            LockFormat::Requirements,
            cut(LockFormat::Requirements, "a=="),
            ", line 4: a requirement, `a==`, is not valid: \
             Failed to parse version: Unexpected end of version specifier, expected version",
        ),
    ]);
}

#[test]
fn a_value_of_a_wrong_kind_tells_its_package() {
    let torn = |format, old: &str, new: &str| (format, with(format, old, new));
    let said =
        "the entry of `a` is torn or not of this format: invalid type: integer `1`, expected";
    for ((format, text), line) in [
        (torn(LockFormat::Uv, "version = \"1.0\"", "version = 1"), 5),
        (torn(LockFormat::Poetry, "version = \"1.0\"", "version = 1"), 5),
        (torn(LockFormat::Pdm, "version = \"1.0\"", "version = 1"), 5),
        (torn(LockFormat::Pylock, "version = \"1.0\"\nwheels", "version = 1\nwheels"), 5),
        (torn(LockFormat::Pipfile, "\"==1.0\"", "1"), 5),
    ] {
        let error = refused(format, &text);
        assert!(
            error.starts_with(&format!("`services/svc/{format}`, line {line}: {said}")),
            "{error}"
        );
    }
}

#[test]
fn an_unknown_version_is_told_with_those_that_are_known() {
    let newer = |format, old: &str, new: &str| (format, with(format, old, new));
    for ((format, text), expected) in [
        (
            newer(LockFormat::Uv, "version = 1", "version = 2"),
            "line 1: the lock has version 2, but what is known is 1",
        ),
        (
            newer(LockFormat::Poetry, "\"2.0\"", "\"3.0\""),
            "line 9: the lock has version 3.0, but what is known is 1.0 to 2.1",
        ),
        (
            newer(LockFormat::Pdm, "\"4.5\"", "\"5.0\""),
            "line 9: the lock has version 5.0, but what is known is 4.0 to 4.5",
        ),
        (
            newer(LockFormat::Pylock, "\"1.0\"", "\"2.0\""),
            "line 1: the lock has version 2.0, but what is known is 1.0",
        ),
        (
            newer(LockFormat::Pipfile, "6", "7"),
            "line 2: the lock has version 7, but what is known is 6",
        ),
    ] {
        check(&[(format, text, &format!(", {expected}"))]);
    }
}

#[test]
fn an_entry_that_is_there_twice_tells_both_lines() {
    let again = |format, extra: &str| (format, format!("{}{extra}", whole(format)));
    let uv = "[[package]]\nname = \"A\"\nversion = \"1.0\"\nsource = { registry = \"https://index.example/simple\" }\n";
    let toml = |head: &str| format!("[[{head}]]\nname = \"A\"\nversion = \"1.0\"\n");
    let wheels = "wheels = [{ name = \"a-1.0-py3-none-any.whl\" }]\n";
    let pipfile =
        with(LockFormat::Pipfile, "==1.0\"\n        }", "==1.0\"\n        },\n        \"a\": {}");
    for ((format, text), line) in [
        (again(LockFormat::Uv, uv), 14),
        (again(LockFormat::Poetry, &toml("package")), 11),
        (again(LockFormat::Pdm, &toml("package")), 10),
        (again(LockFormat::Pylock, &format!("{}{wheels}", toml("packages"))), 7),
        ((LockFormat::Pipfile, pipfile), 7),
    ] {
        let first = if format == LockFormat::Pipfile { 4 } else { 3 };
        let expected =
            format!(", line {line}: `a` is locked twice; the first entry is in line {first}");
        check(&[(format, text, &expected)]);
    }
    let error = not_closed(LockFormat::Requirements, "a==1.0\n\nA==2.0\n").to_string();
    assert_eq!(
        error,
        "`a` is pinned more than once: `a==1.0 (services/svc/requirements.txt:1)`, \
         `a==2.0 (services/svc/requirements.txt:3)`"
    );
}

#[test]
fn two_versions_for_one_environment_tell_both_lines() {
    let two = "`a` is pinned more than once: `a==1.0 (line";
    let uv = with(
        LockFormat::Uv,
        "{ name = \"a\" }",
        "{ name = \"a\", version = \"1.0\" }, { name = \"a\", version = \"2.0\" }",
    ) + "[[package]]\nname = \"a\"\nversion = \"2.0\"\nsource = { registry = \"https://index.example/simple\" }\n\
           sdist = { url = \"https://files.example/a-2.0.tar.gz\" }\n";
    let pylock = whole(LockFormat::Pylock).to_owned()
        + "[[packages]]\nname = \"a\"\nversion = \"2.0\"\nsdist = { name = \"a-2.0.tar.gz\" }\n";
    let pipfile = with(
        LockFormat::Pipfile,
        "    }\n}",
        "    },\n    \"more\": {\n        \"a\": {\"version\": \"==2.0\"}\n    }\n}",
    );
    for (format, text, lines) in [
        (LockFormat::Uv, uv, "3)`, `a==2.0 (line 14)`"),
        (LockFormat::Pylock, pylock, "3)`, `a==2.0 (line 7)`"),
    ] {
        assert_eq!(not_closed(format, &text).to_string(), format!("{two} {lines}"));
    }
    let lock = parse(LockFormat::Pipfile, &pipfile).unwrap();
    let error = lock.close(&select(&[], &["more"]), &target("3.12")).unwrap_err();
    assert_eq!(error.to_string(), format!("{two} 4)`, `a==2.0 (line 9)`"));
}

#[test]
fn an_edge_that_leads_nowhere_tells_its_line() {
    check(&[(
        LockFormat::Uv,
        with(LockFormat::Uv, "[{ name = \"a\" }]", "[\n    { name = \"b\" },\n]"),
        ", line 14: `svc` depends on `b`, which the lock does not have",
    )]);
    // These depend on names and ranges, so that an edge is followed only where it is needed.
    for (format, dependencies) in [
        (LockFormat::Poetry, "files = []\n[package.dependencies]\nb = \">=2\""),
        (LockFormat::Pdm, "files = []\ndependencies = [\"b>=2\"]"),
    ] {
        let text = with(format, "files = []", dependencies);
        assert_eq!(
            not_closed(format, &text).to_string(),
            "`a` depends on `b>=2`, which the lock does not have (line 3)"
        );
    }
}

#[test]
fn a_package_that_fits_no_target_tells_its_line() {
    let cannot = "cannot be installed on linux/amd64 with python 3.12 and glibc: \
                  it has no source distribution, and only the wheels `a-1.0-cp39-cp39-win32.whl`";
    let files = "files = [{ file = \"a-1.0-cp39-cp39-win32.whl\", hash = \"sha256:00\" }]";
    let requirement = with(
        LockFormat::Requirements,
        "a==1.0",
        "a @ https://files.example/a-1.0-cp39-cp39-win32.whl",
    );
    for (format, text, line) in [
        (LockFormat::Uv, with(LockFormat::Uv, "py3-none-any", "cp39-cp39-win32"), "line 3"),
        (LockFormat::Poetry, with(LockFormat::Poetry, "files = []", files), "line 3"),
        (LockFormat::Pdm, with(LockFormat::Pdm, "files = []", files), "line 3"),
        (LockFormat::Pylock, with(LockFormat::Pylock, "py3-none-any", "cp39-cp39-win32"), "line 3"),
        (LockFormat::Requirements, requirement, "services/svc/requirements.txt:4"),
    ] {
        assert_eq!(not_closed(format, &text).to_string(), format!("`a==1.0` ({line}) {cannot}"));
    }
}

#[test]
fn a_marker_that_is_none_tells_its_line_and_package() {
    for (format, text, expected) in [
        (
            LockFormat::Uv,
            with(LockFormat::Uv, "{ name = \"a\" }", "{ name = \"a\", marker = \"ä\" }"),
            ", line 13: a marker of `svc`",
        ),
        (
            LockFormat::Uv,
            with(LockFormat::Uv, "version = 1\n", "version = 1\nsupported-markers = [\"ä\"]\n"),
            ", line 2: the supported environment",
        ),
        (
            LockFormat::Poetry,
            with(LockFormat::Poetry, "files", "groups = [\"main\"]\nmarkers = \"ä\"\nfiles"),
            ", line 3: a marker of `a`",
        ),
        (
            LockFormat::Pdm,
            with(LockFormat::Pdm, "files", "marker = \"ä\"\nfiles"),
            ", line 3: the marker of `a`",
        ),
        (
            LockFormat::Pylock,
            with(LockFormat::Pylock, "wheels", "marker = \"ä\"\nwheels"),
            ", line 6: the marker of `a`",
        ),
        (
            LockFormat::Pipfile,
            with(LockFormat::Pipfile, "==1.0\"", "==1.0\",\n            \"markers\": \"ä\""),
            ", line 4: the marker of `a`",
        ),
    ] {
        check(&[(
            format,
            text,
            &format!("{expected}, `ä`, is not valid: it has letters that are not ASCII"),
        )]);
    }
    check(&[(
        LockFormat::Requirements,
        with(LockFormat::Requirements, "a==1.0", "a==1.0; ä"),
        ", line 4: a requirement, `a==1.0; ä`, is not valid: it has letters that are not ASCII",
    )]);
}

#[test]
fn a_manifest_that_is_wrong_is_named_and_not_its_lock() {
    let manifest = "[project]\nname = \"svc\"\ndependencies = [\n    \"a >>\",\n]\n";
    let said =
        "`services/svc/pyproject.toml`, line 4: a dependency of the project, `a >>`, is not valid";
    let poetry = PoetryLock::parse("services/svc/poetry.lock", whole(LockFormat::Poetry), manifest);
    let pdm = PdmLock::parse("services/svc/pdm.lock", whole(LockFormat::Pdm), manifest);
    for error in [poetry.unwrap_err(), pdm.unwrap_err()] {
        assert!(error.to_string().starts_with(said), "{error}");
    }
}
