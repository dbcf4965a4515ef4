//! What the configuration may say, where, and what happens when it is wrong.

use insta::assert_snapshot;
use pymono_workspace::{BuildStep, Kind, Test};

use crate::repo::Repo;

fn repo() -> Repo {
    let repo = Repo::workspace("[\"services/*\"]");
    repo.project(
        "services/api",
        "[]",
        "[tool.pymono]\nport = 9000\nenv = { B = \"own\", C = \"own\" }",
    );
    repo.project("services/job", "[]", "");
    repo
}

#[test]
fn a_services_own_table_wins_over_that_of_the_root() {
    let repo = repo();
    repo.file(
        "pymono.toml",
        "port = 7000\napt = [\"curl\"]\nuv-image = \"uv:1\"\nenv = { A = \"root\", B = \"root\" }",
    );
    let settings = repo.get("services/api").settings;
    assert_eq!((settings.port, settings.apt.len()), (Some(9000), 1));
    assert_eq!(
        settings.env.values().map(String::as_str).collect::<Vec<_>>(),
        ["root", "own", "own"]
    );
    assert_eq!(repo.get("services/job").settings.port, Some(7000));
    assert_eq!(repo.scan().uv_image.as_deref(), Some("uv:1"));
}

#[test]
fn the_first_home_that_is_there_is_the_only_one() {
    let repo = repo();
    let user = || repo.get("services/job").settings.user;
    repo.file("Cargo.toml", "[workspace]\nmembers = []\n[workspace.metadata.pymono]\nuser = 3\n");
    assert_eq!(user(), Some(3));
    let root = "[tool.uv.workspace]\nmembers = [\"services/*\"]\n[project]\nname = \"root\"\n[tool.pymono]\nuser = 2";
    repo.file("pyproject.toml", root);
    assert_eq!(user(), Some(2));
    repo.file("pymono.toml", "user = 1");
    assert_eq!(user(), Some(1));
    assert_eq!(
        repo.warnings(),
        ["`user` in `[tool.pymono]` of `pyproject.toml` is not heeded: `pymono.toml` comes first"]
    );
}

#[test]
fn each_home_has_the_same_keys() {
    let keys = "include = [\"conf\"]\ninputs = [\"data/*.csv\"]\nlibc = \"musl\"\napk = [\"libpq\"]\nversion = \"1.0\"\nmembers = [\"services/*\"]\n";
    let homes = [
        ("pymono.toml", keys.to_owned()),
        (
            "pyproject.toml",
            format!("[tool.uv.workspace]\nmembers = [\"services/*\"]\n[tool.pymono]\n{keys}"),
        ),
        ("Cargo.toml", format!("[workspace]\nmembers = []\n[workspace.metadata.pymono]\n{keys}")),
    ];
    for (home, text) in homes {
        let repo = repo();
        repo.file("conf/a.toml", "").file("data/a.csv", "").file(home, &text);
        let api = repo.get("services/api");
        assert_eq!(api.further.included.len() + api.further.inputs.len(), 2, "{home}");
        assert_eq!(api.settings.libc, Some(pymono_names::Libc::Musl), "{home}");
        assert_eq!((api.settings.apk.len(), api.settings.version.as_deref()), (1, Some("1.0")));
        let wrong = text.replace("libc", "lib-c");
        repo.file(home, &wrong);
        let line = wrong.lines().position(|line| line.starts_with("lib-c")).unwrap() + 1;
        let error = repo.error();
        assert!(error.starts_with(&format!("`{home}`, line {line}, key `")), "{error}");
        assert!(error.ends_with("hint: did you mean `libc`?"), "{error}");
    }
}

#[test]
fn build_steps_are_those_of_one_service() {
    let repo = repo();
    repo.project("services/job", "[]", "[tool.pymono]\nbuild-steps = [\"make\"]");
    let job = repo.get("services/job");
    assert_eq!((job.kind, job.settings.build_steps.len()), (Kind::Service, 1));
    repo.project("services/job", "[\"celery\"]", "[tool.pymono]\nport = 1");
    repo.file("pymono.toml", "build-steps = [\"make\"]");
    assert_snapshot!(repo.error(), @r"
    `pymono.toml`, line 1, key `build-steps`: this key is for one service, but `services/api` and `services/job` would share it
    hint: move it below `[tool.pymono]` in the service's own manifest, such as `services/api/pyproject.toml`
    ");
}

#[test]
fn what_the_roots_manifest_says_of_a_service_is_about_its_own_project() {
    let repo = Repo::new();
    let root = "[tool.uv.workspace]\nmembers = [\"job\"]\n[tool.pymono]\ncommand = [\"run\"]\nport = 9\nskip = false\nuser = 7";
    repo.project(".", "[]", root).project("job", "[\"celery\"]", "").file("uv.lock", "");
    for home in ["its own", "another that comes first"] {
        let (root, job) = (repo.get("."), repo.get("job"));
        assert_eq!((root.kind, root.settings.port), (Kind::Service, Some(9)), "{home}");
        assert_eq!(root.launch.command.unwrap(), ["run"]);
        assert_eq!(root.why, ["has settings in pyproject.toml"]);
        assert_eq!((job.settings.port, job.settings.command), (None, None));
        assert_eq!(job.settings.user, Some(7));
        repo.file("pymono.toml", "user = 7");
    }
}

#[test]
fn the_only_project_becomes_a_service_by_its_command_in_any_home() {
    let repo = Repo::new();
    repo.project(".", "[]", "[tool.pymono]\ncommand = [\"run\"]").file("uv.lock", "");
    assert_eq!(repo.get(".").kind, Kind::Service);
    repo.project(".", "[]", "");
    assert_eq!(repo.get(".").kind, Kind::Library);
    repo.file("pymono.toml", "command = [\"run\"]");
    assert_eq!(repo.get(".").why, ["has settings in pymono.toml"]);
}

#[test]
fn what_is_for_one_service_cannot_be_set_for_several() {
    let repo = repo();
    let text = "user = 7\nport = 8000\nworkdir = \"/app\"";
    repo.file("pymono.toml", text);
    assert_eq!(repo.get("services/api").settings.workdir.as_deref(), Some("/app"));
    repo.project("services/job", "[\"celery\"]", "");
    assert_snapshot!(repo.error(), @r"
    `pymono.toml`, line 3, key `workdir`: this key is for one service, but `services/api` and `services/job` would share it
    hint: move it below `[tool.pymono]` in the service's own manifest, such as `services/api/pyproject.toml`
    ");
    repo.project("services/web", "[\"uvicorn\"]", "").file("pymono.toml", "image = \"x\"");
    assert_snapshot!(repo.error(), @r"
    `pymono.toml`, line 1, key `image`: this key is for one service, but `services/api`, `services/job` and 1 more would share it
    hint: move it below `[tool.pymono]` in the service's own manifest, such as `services/api/pyproject.toml`
    ");
    let own = "[tool.pymono]\nimage = \"own\"";
    repo.project("services/web", "[]", own).project("services/job", "[]", own);
    assert_eq!(repo.get("services/api").settings.image.as_deref(), Some("x"));
}

#[test]
fn what_libraries_may_say_too_makes_no_service() {
    let repo = Repo::workspace("[\"libs/*\"]");
    let texts = [
        "apt = [\"libpq5\"]",
        "build-apt = [\"libpq-dev\"]",
        "env = { A = \"x\" }",
        "labels = { a = \"x\" }",
        "tags = [\"x\"]",
        "registry = \"localhost\"",
        "user = 7",
        "python = \"3.13\"",
        "extras = []",
        "workdir = \"/app\"",
    ];
    for text in texts {
        repo.project("libs/a", "[]", &format!("[tool.pymono]\n{text}"));
        assert_eq!(repo.get("libs/a").kind, Kind::Library, "{text}");
    }
    for text in ["entrypoint = [\"x\"]", "healthcheck = [\"x\"]", "image = \"x\"", "port = 1"] {
        repo.project("libs/a", "[]", &format!("[tool.pymono]\n{text}"));
        assert_eq!(repo.get("libs/a").kind, Kind::Service, "{text}");
    }
}

#[test]
fn a_library_has_the_packages_that_it_asks_for_itself_and_no_others() {
    let repo = Repo::workspace("[\"*/*\"]");
    repo.project("libs/a", "[]", "[tool.pymono]\napt = [\"libpq5\"]").project("libs/b", "[]", "");
    repo.project("services/x", "[]", "[tool.pymono]\nport = 1\napt = []");
    repo.project("services/y", "[]", "[tool.pymono]\nport = 1")
        .file("pymono.toml", "apt = [\"curl\"]");
    let apt = |path| repo.get(path).settings.apt.into_iter().collect::<Vec<_>>().join(" ");
    assert_eq!(
        ["libs/a", "libs/b", "services/x", "services/y"].map(apt),
        ["libpq5", "", "", "curl"]
    );
}

#[test]
fn without_cargo_its_manifest_is_not_read() {
    let repo = repo();
    repo.file("Cargo.toml", "[workspace]\n[workspace.metadata.pymono]\nport = 3\n");
    let mut options = repo.options();
    options.env.retain(|(name, _)| name != "PATH");
    let scan = pymono_scan::scan(&options).unwrap();
    assert_eq!(scan.workspace.projects[&"services/job".parse().unwrap()].settings.port, None);
    assert_eq!(
        scan.warnings[0].to_string(),
        "`Cargo.toml` may configure pymono, but there is no `cargo` to read it with"
    );
}

#[test]
fn what_is_excluded_is_there_only_where_something_needs_it() {
    let repo = Repo::workspace("[\"*/*\"]\n[tool.uv.sources]\nb = { workspace = true }");
    for path in ["old/a", "old/b", "new/c"] {
        repo.project(path, if path == "new/c" { "[\"b\"]" } else { "[]" }, "");
    }
    repo.file("old/elsewhere/pyproject.toml", "[project]\nname = 'x'")
        .file("old/elsewhere/uv.lock", "");
    repo.file("pymono.toml", "exclude = [\"old/\"]");
    assert_eq!(repo.paths(), ["new/c", "old/b"]);
    assert_eq!(repo.get("old/b").why, ["`exclude` names it"]);
}

#[test]
fn an_unknown_key_is_an_error_with_a_suggestion() {
    let repo = repo();
    assert_snapshot!(repo.file("pymono.toml", "port = 1\nbase_image = \"x\"").error(), @r"
    `pymono.toml`, line 2, key `base_image`: there is no such key; known are `apk`, `apt`, `apt-snapshot`, `base-image`, `build-apk`, `build-apt`, `build-steps`, `cache`, `command`, `compression`, `dockerfile`, `entrypoint`, `env`, `exclude`, `extras`, `groups`, `healthcheck`, `image`, `include`, `inputs`, `labels`, `libc`, `max-image-size`, `max-layers`, `members`, `platforms`, `port`, `python`, `registry`, `require-locked`, `reuse-from`, `runtime-image`, `secrets`, `skip`, `tags`, `test`, `user`, `uv-image`, `version`, `workdir`
    hint: did you mean `base-image`?
    ");
    assert_snapshot!(repo.file("pymono.toml", "nonsense = 1").error(), @"`pymono.toml`, line 1, key `nonsense`: there is no such key; known are `apk`, `apt`, `apt-snapshot`, `base-image`, `build-apk`, `build-apt`, `build-steps`, `cache`, `command`, `compression`, `dockerfile`, `entrypoint`, `env`, `exclude`, `extras`, `groups`, `healthcheck`, `image`, `include`, `inputs`, `labels`, `libc`, `max-image-size`, `max-layers`, `members`, `platforms`, `port`, `python`, `registry`, `require-locked`, `reuse-from`, `runtime-image`, `secrets`, `skip`, `tags`, `test`, `user`, `uv-image`, `version`, `workdir`");
}

#[test]
fn a_wrong_value_is_an_error_that_says_what_is_allowed() {
    let repo = repo();
    let errors = [
        "port = 0",
        "port = 70000",
        "port = \"80\"",
        "python = 3.13",
        "python = \"2.7\"",
        "command = \"run me\"",
        "command = []",
        "apt = [\"curl && rm\"]",
        "env = { \"A B\" = \"x\" }",
        "env = { A = \"x\\ny\" }",
        "env = { A = 1 }",
        "workdir = \"app\"",
        "platforms = [\"windows\"]",
        "image = \"a:latest\"",
        "cache = [\"relative\"]",
        "exclude = [\"a/***\"]",
        "skip = \"yes\"",
        "user = \"app\"",
        "libc = \"uclibc\"",
        "apk = [\"a b\"]",
        "version = 1.4",
        "version = \"latest\"",
        "version = { api = \"x\" }",
        "include = \"gen\"",
        "include = [\"/etc\"]",
        "include = [\"../x\"]",
        "include = [\"a/**b\"]",
        "include = [{ from = \"gen\", to = \"../x\" }]",
        "include = [{ from = \"gen\", too = \"x\" }]",
        "include = [1]",
        "inputs = [\"../x\"]",
        "build-steps = \"make\"",
        "build-steps = [\" \"]",
        "build-steps = [[]]",
        "build-steps = [1]",
        "members = [\"a/***\"]",
    ];
    let errors = errors.map(|text| repo.file("pymono.toml", &format!("\n{text}")).error());
    assert_snapshot!(errors.join("\n"), @r#"
    `pymono.toml`, line 2, key `port`: no service can be reached on port 0
    hint: `port` is a number from 1 to 65535
    `pymono.toml`, line 2, key `port`: invalid value: integer `70000`, expected u16
    hint: `port` is a number from 1 to 65535
    `pymono.toml`, line 2, key `port`: invalid type: string "80", expected u16
    hint: `port` is a number from 1 to 65535
    `pymono.toml`, line 2, key `python`: invalid type: floating point `3.13`, expected a string
    hint: `python` is a version in quotes, such as `"3.13"`
    `pymono.toml`, line 2, key `python`: `2.7` is not a Python version; write it as `3.13` or `3.13.2`
    hint: `python` is a version in quotes, such as `"3.13"`
    `pymono.toml`, line 2, key `command`: `run me` is one string, which would need a shell to take it apart
    hint: `command` is a list of words, the program first
    `pymono.toml`, line 2, key `command`: the list is empty
    hint: `command` is a list of words, the program first
    `pymono.toml`, line 2, key `apt`: `curl && rm` is no name of a Debian package: lower-case letters, digits, `+`, `-` and `.`
    hint: `apt` is a list of Debian packages in the runtime image
    `pymono.toml`, line 2, key `env`: `A B` is no name of an environment variable
    hint: `env` is a table of strings
    `pymono.toml`, line 2, key `env`: `x\ny` has the control character `\n`
    hint: `env` is a table of strings
    `pymono.toml`, line 2, key `env`: invalid type: integer `1`, expected a string
    hint: `env` is a table of strings
    `pymono.toml`, line 2, key `workdir`: `app` is no absolute path of letters, digits and `._+@~-/`
    hint: `workdir` is an absolute path
    `pymono.toml`, line 2, key `platforms`: unknown variant `windows`, expected `linux/amd64` or `linux/arm64`
    hint: `platforms` is a list of `linux/amd64` and `linux/arm64`
    `pymono.toml`, line 2, key `image`: `a:latest` is no name of an image: lower-case letters and digits, between them `.`, `_`, `-` and `/`, and no tag
    hint: `image` is the image's name without registry and tag
    `pymono.toml`, line 2, key `cache`: `relative` is no absolute path of letters, digits and `._+@~-/`
    hint: `cache` is a list of absolute paths
    `pymono.toml`, line 2, key `exclude`: `a/***` is no pattern: wildcards are either regular `*` or recursive `**`
    hint: `exclude` is a list of patterns of folders
    `pymono.toml`, line 2, key `skip`: invalid type: string "yes", expected a boolean
    hint: `skip` is `true` or `false`
    `pymono.toml`, line 2, key `user`: invalid type: string "app", expected u32
    hint: `user` is a numeric user id
    `pymono.toml`, line 2, key `libc`: unknown variant `uclibc`, expected `glibc` or `musl`
    hint: `libc` is `"glibc"` or `"musl"`
    `pymono.toml`, line 2, key `apk`: `a b` is no name of an Alpine package: letters, digits, `+`, `-`, `_` and `.`
    hint: `apk` is a list of Alpine packages in the runtime image
    `pymono.toml`, line 2, key `version`: invalid type: floating point `1.4`, expected a string
    hint: `version` is a version in quotes, such as `"1.4.0"`; for the whole repository also a table of them, by project
    `pymono.toml`, line 2, key `version`: `latest` is no version such as `1.4.0`
    hint: `version` is a version in quotes, such as `"1.4.0"`; for the whole repository also a table of them, by project
    `pymono.toml`, line 2, key `version`: `x` is no version such as `1.4.0`
    hint: `version` is a version in quotes, such as `"1.4.0"`; for the whole repository also a table of them, by project
    `pymono.toml`, line 2, key `include`: invalid type: string "gen", expected a sequence
    hint: `include` is a list of paths and patterns relative to the folder of this file, or of tables such as `{ from = "gen", to = "lib" }`
    `pymono.toml`, line 2, key `include`: `/etc` is no relative path with `/` between its parts
    hint: `include` is a list of paths and patterns relative to the folder of this file, or of tables such as `{ from = "gen", to = "lib" }`
    `pymono.toml`, line 2, key `include`: `../x` lies outside of the repository
    hint: `include` is a list of paths and patterns relative to the folder of this file, or of tables such as `{ from = "gen", to = "lib" }`
    `pymono.toml`, line 2, key `include`: `a/**b` is no pattern: recursive wildcards must form a single path component
    hint: `include` is a list of paths and patterns relative to the folder of this file, or of tables such as `{ from = "gen", to = "lib" }`
    `pymono.toml`, line 2, key `include`: `../x` is no path of letters, digits and `._+@~-/` without `.` and `..`
    hint: `include` is a list of paths and patterns relative to the folder of this file, or of tables such as `{ from = "gen", to = "lib" }`
    `pymono.toml`, line 2, key `include`: unknown field `too`, expected `from` or `to`
    hint: `include` is a list of paths and patterns relative to the folder of this file, or of tables such as `{ from = "gen", to = "lib" }`
    `pymono.toml`, line 2, key `include`: `1` is neither a path nor a table such as `{ from = "gen", to = "lib" }`
    hint: `include` is a list of paths and patterns relative to the folder of this file, or of tables such as `{ from = "gen", to = "lib" }`
    `pymono.toml`, line 2, key `inputs`: `../x` lies outside of the repository
    hint: `inputs` is a list of paths and patterns relative to the folder of this file
    `pymono.toml`, line 2, key `build-steps`: invalid type: string "make", expected a sequence
    hint: `build-steps` is a list of commands, each a string for the shell or a list of words
    `pymono.toml`, line 2, key `build-steps`: ` ` is empty
    hint: `build-steps` is a list of commands, each a string for the shell or a list of words
    `pymono.toml`, line 2, key `build-steps`: the list is empty
    hint: `build-steps` is a list of commands, each a string for the shell or a list of words
    `pymono.toml`, line 2, key `build-steps`: `1` is neither a string for the shell nor a list of words
    hint: `build-steps` is a list of commands, each a string for the shell or a list of words
    `pymono.toml`, line 2, key `members`: `a/***` is no pattern: wildcards are either regular `*` or recursive `**`
    hint: `members` is a list of patterns of folders
    "#);
}

#[test]
fn a_test_is_a_command_or_several_and_the_groups_that_they_need() {
    let repo = repo();
    let test = |text: &str| {
        repo.project("services/job", "[]", &format!("[tool.pymono]\ntest = {text}"));
        let workspace = repo.scan();
        workspace.projects[&"services/job".parse().unwrap()].settings.test.clone()
    };
    let shell = |text: &str| BuildStep::Shell(text.to_owned());
    let words = BuildStep::Exec(vec!["pytest".to_owned(), "-q".to_owned()]);
    let run = vec![shell("ruff check"), words];
    let plain = |run: Vec<BuildStep>| Some(Test { run, groups: None });
    assert_eq!(test("\"pytest\""), plain(vec![shell("pytest")]));
    assert_eq!(test("[\"ruff check\", [\"pytest\", \"-q\"]]"), plain(run.clone()));
    let groups = ["test".parse().unwrap()].into();
    let table = "{ run = [\"ruff check\", [\"pytest\", \"-q\"]], groups = [\"test\"] }";
    assert_eq!(test(table), Some(Test { run, groups: Some(groups) }));
}

#[test]
fn what_is_for_the_whole_tree_cannot_be_set_for_one_service() {
    let repo = Repo::workspace("[\"a\"]");
    assert_snapshot!(repo.project("a", "[]", "[tool.pymono]\nuv-image = \"uv:1\"").error(), @r"
    `a/pyproject.toml`, line 6, key `tool.pymono.uv-image`: this key is for the whole repository, not for one project
    hint: move it to the repository's configuration, such as `pymono.toml`
    ");
    assert_snapshot!(repo.project("a", "[]", "[tool]\npymono = 1").error(), @r"
    `a/pyproject.toml`, line 6, key `tool.pymono`: expected a table
    hint: write `KEY = VALUE` lines below `[tool.pymono]`
    ");
}

#[test]
fn a_configuration_file_can_be_given() {
    let repo = repo();
    repo.file("ci/other.toml", "port = 5").file("pymono.toml", "port = 6");
    let mut options = repo.options();
    options.config = Some("ci/other.toml".into());
    let workspace = pymono_scan::scan(&options).unwrap().workspace;
    assert_eq!(workspace.projects[&"services/job".parse().unwrap()].settings.port, Some(5));
    for (name, table) in [("pyproject", "tool.pymono"), ("Cargo", "workspace.metadata.pymono")] {
        repo.file(&format!("ci/{name}.toml"), "[tool]\n");
        options.config = Some(format!("ci/{name}.toml").into());
        let error = pymono_scan::scan(&options).unwrap_err();
        let expected =
            format!("`ci/{name}.toml`: there is no `[{table}]`, so it configures nothing");
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.hint(), Some(format!("add `[{table}]` to it, or name another file")));
    }
    options.config = Some("missing.toml".into());
    let error = pymono_scan::scan(&options).unwrap_err().to_string();
    assert!(error.starts_with("failed to read `") && error.ends_with("missing.toml`"), "{error}");
}
