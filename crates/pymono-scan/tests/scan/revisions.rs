//! What git has for a revision, whatever is on disk.

use std::fs;

use pymono_scan::{Scan, ScanError};
use pymono_workspace::Kind;

use crate::repo::Repo;

/// Returns an error with its hint, as a person sees it.
fn error(scan: Result<Scan, ScanError>) -> String {
    let error = scan.unwrap_err();
    format!("{error}\nhint: {}", error.hint().unwrap_or_default())
}

fn repo() -> Repo {
    let repo = Repo::workspace("[\"a\"]");
    repo.project("a", "[\"flask\"]", "")
        .file("a/app.py", "from flask import Flask\napp = Flask(__name__)\n");
    repo
}

/// Returns another clone of a repository, made with further arguments.
fn clone(of: &Repo, args: &[&str]) -> Repo {
    let clone = Repo::new();
    let from = format!("file://{}", of.top());
    clone.git(&[&["clone", "-q"], args, &[&from, "."]].concat());
    clone
}

#[test]
fn a_revision_is_what_it_was_and_not_what_is_on_disk() {
    let repo = repo();
    let first = repo.committed();
    let before = repo.scan();
    repo.project("a", "[]", "").file("a/new.py", "").file("pymono.toml", "nonsense = 1\n");
    fs::remove_file(repo.top().join("a/app.py")).unwrap();
    let second = repo.committed();
    repo.file("pymono.toml", "not even toml");
    assert_eq!(repo.at(&first).unwrap().workspace, before);
    assert_eq!(repo.at("HEAD~1").unwrap().tree.commit(), Some(first.as_str()));
    let error = repo.at(&second).unwrap_err().to_string();
    assert!(error.starts_with("`pymono.toml`, line 1, key `nonsense`"), "{error}");
}

#[test]
fn a_bare_repository_has_revisions_too() {
    let repo = repo();
    repo.committed();
    let bare = clone(&repo, &["--bare"]);
    assert_eq!(pymono_scan::find_root(&bare.top().join("refs")), bare.top());
    assert_eq!(bare.at("HEAD").unwrap().workspace, repo.scan());
}

#[test]
fn a_root_below_the_repositorys_is_one_at_a_revision_as_well() {
    let mut repo = Repo::new();
    repo.file(".gitignore", "*.log\n").file("sub/.gitignore", "!keep.log\n");
    repo.file("sub/uv.lock", "version = 1\n").project("sub/a", "[]", "").file("sub/a/keep.log", "");
    repo.file("sub/pyproject.toml", "[tool.uv.workspace]\nmembers = [\"a\"]\n");
    repo.committed();
    repo.root = repo.top().join("sub");
    let scan = repo.at("HEAD").unwrap();
    assert_eq!(scan.workspace, repo.scan());
    assert!(scan.workspace.unsent.patterns.contains(&"**/*.log".to_owned()));
    assert_eq!(scan.workspace.unsent.kept, ["a/keep.log".parse().unwrap()]);
}

#[test]
fn configuration_in_cargos_manifest_is_read_without_cargo() {
    let repo = repo();
    let manifest = "[workspace]\nmembers = []\n[workspace.metadata.pymono]\npython = \"3.12\"\n";
    repo.file("Cargo.toml", manifest).committed();
    fs::remove_file(repo.top().join("Cargo.toml")).unwrap();
    let python = |scan: &Scan| scan.workspace.projects.values().next().unwrap().python.to_string();
    assert_eq!(python(&repo.at("HEAD").unwrap()), "3.12");
    assert_eq!(python(&repo.try_scan().unwrap()), "3.13");
}

#[test]
fn a_configuration_file_that_came_later_configured_nothing() {
    let repo = repo();
    let first = repo.committed();
    repo.file("ci/pymono.toml", "python = \"3.11\"\n").committed();
    let at = |revision: &str| {
        let mut options = repo.options();
        options.head = pymono_scan::Head::Revision(revision.to_owned());
        options.config = Some("ci/pymono.toml".into());
        pymono_scan::scan(&options).unwrap()
    };
    assert_eq!(at("HEAD").workspace.projects.values().next().unwrap().python.to_string(), "3.11");
    let before = at(&first);
    assert_eq!(before.workspace.projects.values().next().unwrap().python.to_string(), "3.13");
    assert_eq!(before.warnings[0].to_string(), "there is no `ci/pymono.toml` at this revision");
}

#[test]
fn what_a_partial_clone_lacks_is_fetched_at_once() {
    let repo = repo();
    for number in 0..30 {
        repo.file(&format!("a/module_{number}.py"), &format!("NUMBER = {number}\n"));
    }
    repo.committed();
    repo.git(&["config", "uploadpack.allowFilter", "true"]);
    repo.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
    let partial = clone(&repo, &["--filter=blob:none", "--no-checkout"]);
    let log = partial.top().join("trace");
    let mut options = partial.options();
    options.head = pymono_scan::Head::Revision("HEAD".into());
    options.env.push(("GIT_TRACE".into(), log.as_str().into()));
    assert_eq!(pymono_scan::scan(&options).unwrap().workspace, repo.scan());
    let trace = fs::read_to_string(log).unwrap();
    let fetches = trace.lines().filter(|line| line.contains("built-in: git fetch")).count();
    assert_eq!(fetches, 1, "{trace}");
}

#[test]
fn a_revision_that_is_not_there_is_an_error_that_says_how_to_get_it() {
    let repo = repo();
    repo.committed();
    let told = error(repo.at("no-such-branch"));
    assert!(
        told.starts_with("git knows no revision `no-such-branch` here\nhint: `git fetch origin"),
        "{told}"
    );
    repo.committed();
    let first = repo.git(&["rev-parse", "HEAD~1"]).trim().to_owned();
    let shallow = clone(&repo, &["--depth=1"]);
    let told = error(shallow.at(&first));
    assert!(told.contains("this clone is shallow") && told.contains("--unshallow"), "{told}");
    let told = error(Repo::new().at("HEAD"));
    assert!(told.contains("not a git repository"), "{told}");
}

#[test]
fn an_option_is_no_revision() {
    let repo = repo();
    repo.committed();
    let told = error(repo.at("--all"));
    assert!(told.starts_with("git knows no revision `--all` here"), "{told}");
}

#[test]
fn a_submodule_is_read_at_the_commit_that_a_revision_has_for_it() {
    let library = Repo::new();
    library
        .file("pyproject.toml", "[project]\nname = \"lib\"\nversion = \"1\"\n")
        .file("x.py", "")
        .committed();
    let repo = Repo::workspace("[\"a\", \"vendor/lib\"]");
    repo.project("a", "[]", "").tracked();
    let url = format!("file://{}", library.top());
    repo.git(&[
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        &url,
        "vendor/lib",
    ]);
    repo.committed();
    repo.git(&["-C", "vendor/lib", "rm", "--quiet", "x.py"]);
    repo.file("vendor/lib/y.py", "y").git(&["-C", "vendor/lib", "add", "y.py"]);
    let author = ["-C", "vendor/lib", "-c", "user.name=a", "-c", "user.email=a@example.org"];
    repo.git(&[&author[..], &["commit", "--quiet", "--message", "y"]].concat());
    repo.committed();
    repo.file("vendor/lib/untracked.py", "");
    let paths = |scan: &Scan| scan.tree.files().iter().map(ToString::to_string).collect::<Vec<_>>();
    let own = [".gitmodules", "a/pyproject.toml", "pyproject.toml", "uv.lock"];
    let with = |file| [&own[..], &["vendor/lib/pyproject.toml", file]].concat();
    let disk = repo.try_scan().unwrap();
    let [before, now] = ["HEAD~1", "HEAD"].map(|name| repo.at(name).unwrap());
    assert_eq!(paths(&before), with("vendor/lib/x.py"));
    assert_eq!([paths(&now), paths(&disk)], [with("vendor/lib/y.py"), with("vendor/lib/y.py")]);
    assert_eq!(now.workspace, disk.workspace);
    assert_eq!(now.tree.submodules(), disk.tree.submodules());
    let identities = |scan: &Scan| scan.tree.identities(scan.tree.files()).unwrap();
    assert_eq!(identities(&now), identities(&disk));
    assert_eq!(now.warnings, disk.warnings);

    let without = clone(&repo, &[]).at("HEAD").unwrap();
    assert_eq!(paths(&without), own);
    assert_eq!(without.tree.submodules(), now.tree.submodules());
    let warning =
        without.warnings.iter().map(ToString::to_string).find(|it| it.contains("submodule"));
    assert_eq!(
        warning.unwrap(),
        "`vendor/lib` is a submodule that is not checked out here, or without the commit that `HEAD` has for it: \
         what lies there is not read"
    );
}

#[test]
fn a_worktree_is_a_tree_of_its_own() {
    let repo = repo();
    repo.committed();
    let other = Repo::new();
    let path = other.top().join("tree");
    repo.git(&["worktree", "add", "-q", "--detach", path.as_str()]);
    let mut options = repo.options();
    options.root = path.clone();
    fs::write(path.join("a/new.py"), "").unwrap();
    let scan = pymono_scan::scan(&options).unwrap();
    assert_eq!(scan.workspace, repo.scan());
    assert!(scan.tree.has(&"a/new.py".parse().unwrap()));
    options.head = pymono_scan::Head::Revision("HEAD".into());
    assert_eq!(pymono_scan::scan(&options).unwrap().workspace, repo.scan());
    assert_eq!(scan.workspace.projects.values().next().unwrap().kind, Kind::Service);
}
