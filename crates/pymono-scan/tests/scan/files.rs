//! Which files a tree has.

use std::{collections::BTreeSet, fs};

use insta::assert_snapshot;

use crate::repo::Repo;

/// Returns the paths that are sent of the project in `a`, which has another project below it
/// so that every entry of its folder is told.
fn entries(repo: &Repo) -> Vec<String> {
    let sources = repo.get("a").sources;
    sources
        .iter()
        .map(|path| path.as_str().strip_prefix("a/").unwrap_or(path.as_str()).to_owned())
        .collect()
}

fn repo() -> Repo {
    let repo = Repo::workspace("[\"a\", \"a/inner\"]");
    repo.project("a", "[]", "").project("a/inner", "[]", "");
    repo
}

#[test]
fn what_git_tracks_is_there_and_what_it_ignores_is_not() {
    let repo = repo();
    repo.file(".gitignore", "*.log\n").file("a/.gitignore", "gen/\n");
    repo.file("a/old.log", "")
        .file("a/new.log", "")
        .file("a/gen/x.py", "")
        .file("a/src/x.py", "")
        .file("a/gone.py", "");
    repo.tracked().git(&["add", "-f", "a/old.log"]);
    fs::remove_file(repo.top().join("a/gone.py")).unwrap();
    repo.file("a/untracked.py", "")
        .file("a/src/__pycache__/x.pyc", "")
        .file("a/.env", "TOKEN=1")
        .file("a/.venv/x", "");
    assert_eq!(entries(&repo), [".gitignore", "old.log", "pyproject.toml", "src", "untracked.py"]);
}

#[test]
fn what_one_user_ignores_is_there_all_the_same() {
    let repo = repo();
    repo.tracked().file("a/mine.py", "").file("a/local.py", "");
    repo.file(".git/info/exclude", "local.py\n").file(".home/excludes", "mine.py\n");
    repo.git(&["config", "core.excludesFile", repo.top().join(".home/excludes").as_str()]);
    assert_eq!(entries(&repo), ["local.py", "mine.py", "pyproject.toml"]);
}

#[test]
fn ignore_files_above_the_root_count() {
    let mut repo = Repo::new();
    repo.file(".gitignore", "*.log\n/sub/a/gen\n")
        .file("sub/uv.lock", "")
        .file("sub/pyproject.toml", "[tool.uv.workspace]\nmembers = [\"a\", \"a/inner\"]");
    repo.project("sub/a", "[]", "")
        .project("sub/a/inner", "[]", "")
        .file("sub/a/x.log", "")
        .file("sub/a/gen/x.py", "")
        .file("sub/a/ok.py", "");
    repo.tracked();
    repo.root = repo.top().join("sub");
    assert_eq!(entries(&repo), ["ok.py", "pyproject.toml"]);
    let patterns = repo.scan().unsent.patterns;
    assert!(
        patterns.contains(&"**/*.log".to_owned()) && patterns.contains(&"a/gen".to_owned()),
        "{patterns:?}"
    );
}

#[test]
fn a_folder_without_git_has_all_files_but_the_obvious() {
    let repo = repo();
    repo.file("a/x.py", "")
        .file("a/.venv/lib/y.py", "")
        .file("a/__pycache__/x.pyc", "")
        .file("a/node_modules/z/z.py", "");
    repo.file(".pymono/Dockerfile", "").file("docker-bake.json", "{}");
    assert_eq!(entries(&repo), ["pyproject.toml", "x.py"]);
}

#[test]
fn a_folder_that_the_repository_around_it_ignores_is_a_tree_of_its_own() {
    let mut repo = Repo::new();
    repo.file(".gitignore", "tmp/\n")
        .project("tmp/one", "[]", "")
        .file("tmp/one/uv.lock", "")
        .tracked();
    repo.root = repo.top().join("tmp");
    assert_eq!(repo.paths(), ["one"]);
}

/// Other systems have no such names.
#[cfg(target_os = "linux")]
#[test]
fn loops_and_strange_names_are_survived() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

    let repo = repo();
    let name = OsStr::from_bytes(b"a/\xff.py");
    fs::write(repo.top().as_std_path().join(name), "").unwrap();
    std::os::unix::fs::symlink("..", repo.top().join("a/loop")).unwrap();
    std::os::unix::fs::symlink("dangling", repo.top().join("a/main.py")).unwrap();
    repo.file("a/with space [x].py", "");
    for _ in ["without git", "with git"] {
        assert_eq!(entries(&repo), ["loop", "main.py", "pyproject.toml", "with space [x].py"]);
        assert_eq!(repo.warnings()[1..], ["`a/\u{fffd}.py` is left out: its name is not UTF-8"]);
        repo.tracked();
    }
}

#[test]
fn a_lock_is_no_file_of_the_project_that_it_lies_beside() {
    let repo = Repo::new();
    repo.project("a", "[]", "").file("a/uv.lock", "").file("a/src/x.py", "");
    repo.project("b", "[]", "").project("b/c", "[]", "").file("b/uv.lock", "");
    repo.file("d/uv.lock", "").file("d/pyproject.toml", "[tool.uv.workspace]\nmembers = [\"e\"]");
    repo.project("d/e", "[]", "").file("b/c/uv.lock", "").file(".gitignore", "uv.lock\n");
    repo.tracked().git(&["add", "-f", "a/uv.lock", "b/uv.lock", "b/c/uv.lock", "d/uv.lock"]);
    let sources = |path| repo.get(path).sources.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!((sources("a"), sources("b")), (vec!["a".into()], vec!["b/pyproject.toml".into()]));
    let unsent = repo.scan().unsent;
    let patterns = unsent.patterns.iter().filter(|pattern| pattern.ends_with("uv.lock"));
    let expected = ["**/uv.lock", "a/uv.lock", "b/uv.lock", "b/c/uv.lock"];
    assert_eq!(patterns.collect::<BTreeSet<_>>(), expected.map(str::to_owned).iter().collect());
    assert_eq!(unsent.kept, []);
}

/// Elsewhere making links takes rights that a test may not have.
#[cfg(unix)]
#[test]
fn a_link_out_of_its_project_is_warned_of() {
    use std::os::unix::fs::symlink;

    let repo = repo();
    repo.file("b/x.py", "").file("a/src/y.py", "");
    let links = [
        ("a/src/below", "../pyproject.toml"),
        ("a/src/here", "../../a/src/y.py"),
        ("a/src/beside", "../../b/x.py"),
        ("a/nested", "inner/pyproject.toml"),
        ("a/away", "../../elsewhere"),
        ("a/system", "/etc/hosts"),
        ("b/free", "/etc/hosts"),
    ];
    for (link, target) in links {
        symlink(target, repo.top().join(link)).unwrap();
    }
    symlink(repo.top().join("b"), repo.top().join("a/inner/absolute")).unwrap();
    let warnings = repo.warnings();
    assert_snapshot!(warnings.join("\n"), @r"
    `a/away` is a link to `../../elsewhere`, outside of the project in `a`: a build does not see what lies there
    `a/inner/absolute` is a link to `b`, outside of the project in `a/inner`: a build does not see what lies there
    `a/nested` is a link to `a/inner/pyproject.toml`, outside of the project in `a`: a build does not see what lies there
    `a/src/beside` is a link to `b/x.py`, outside of the project in `a`: a build does not see what lies there
    `a/system` is a link to `/etc/hosts`, outside of the project in `a`: a build does not see what lies there
    ");
    repo.tracked();
    assert_eq!(repo.warnings(), warnings);
}

#[test]
fn the_order_in_which_files_were_made_changes_nothing() {
    let files = ["x/main.py", "x/src/x/app.py", "y/main.py", "y/.gitignore", "z/b.py", "z/c/d.py"];
    let build = |order: &mut dyn Iterator<Item = &&str>| {
        let repo = Repo::workspace("[\"*\"]");
        for file in order {
            repo.file(file, "*.log\n");
        }
        for project in ["z", "x", "y"] {
            repo.project(project, "[\"flask\"]", "");
        }
        repo.tracked();
        repo.scan()
    };
    assert_eq!(build(&mut files.iter()), build(&mut files.iter().rev()));
}

#[test]
fn the_nearest_folder_with_a_lock_or_git_is_the_root() {
    let repo = Repo::new();
    repo.file("x/uv.lock", "").file("x/a/b/c.py", "").tracked();
    assert_eq!(pymono_scan::find_root(&repo.top().join("x/a/b")), repo.top().join("x"));
    assert_eq!(pymono_scan::find_root(&repo.top().join("y/z")), repo.top());
}

#[test]
fn the_variables_of_a_git_hook_change_nothing() {
    let repo = repo();
    repo.file(".gitignore", "*.log\n").file("a/x.log", "").tracked();
    let mut options = repo.options();
    for (name, value) in [("GIT_DIR", ".git/nowhere"), ("GIT_INDEX_FILE", "missing")] {
        options.env.push((name.into(), value.into()));
    }
    assert_eq!(pymono_scan::scan(&options).unwrap().workspace, repo.scan());
}

/// Other systems start programs in other ways.
#[cfg(target_os = "linux")]
#[test]
fn an_interrupt_ends_the_scan_and_the_program_that_it_waits_for() {
    use std::os::unix::fs::PermissionsExt;

    use pymono_scan::ScanError;

    let repo = repo();
    repo.tracked().file("bin/git", "#!/bin/sh\necho started > started\nexec sleep 600\n");
    fs::set_permissions(repo.top().join("bin/git"), fs::Permissions::from_mode(0o755)).unwrap();
    repo.run("mkfifo", &["started"]);
    let mut options = repo.options();
    let path = format!("{}:/usr/bin:/bin", repo.top().join("bin"));
    options.env = vec![("PATH".into(), path.into())];
    std::thread::scope(|scope| {
        let scan = scope.spawn(|| pymono_scan::scan(&options));
        fs::read(repo.top().join("started")).unwrap();
        options.interrupt.request();
        assert!(matches!(scan.join().unwrap(), Err(ScanError::Interrupted)));
    });
    let error = pymono_scan::scan(&options).unwrap_err().to_string();
    assert_eq!(error, "the scan was interrupted");
}
