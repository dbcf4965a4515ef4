//! Trees that are odd: nothing of them is lost in silence, and nothing is fatal that need not be.

use std::fs;

use insta::assert_snapshot;

use crate::repo::Repo;

/// Returns the files of the tree.
fn files(repo: &Repo) -> Vec<String> {
    repo.try_scan().unwrap().tree.files().iter().map(ToString::to_string).collect()
}

#[test]
fn tracked_files_in_ignored_folders_are_there_and_their_neighbours_are_not() {
    let repo = Repo::new();
    repo.file(".gitignore", "build/\nnode_modules/\n").file("build/deep/kept.py", "");
    repo.file("build/deep/made.py", "")
        .file("node_modules/x/kept.js", "")
        .file("node_modules/y.js", "");
    repo.tracked().git(&["add", "-f", "build/deep/kept.py", "node_modules/x/kept.js"]);
    assert_eq!(files(&repo), [".gitignore", "build/deep/kept.py", "node_modules/x/kept.js"]);
}

#[test]
fn a_file_that_a_folder_took_the_place_of_is_gone_and_so_is_the_other_way_round() {
    let repo = Repo::new();
    repo.file("a", "").file("b/c", "").tracked();
    fs::remove_file(repo.top().join("a")).unwrap();
    fs::remove_dir_all(repo.top().join("b")).unwrap();
    repo.file("a/inner", "").file("b", "");
    assert_eq!(files(&repo), ["a/inner", "b"]);
}

#[test]
fn both_sides_of_a_conflict_are_one_file() {
    let repo = Repo::new();
    repo.file("x.py", "1\n").committed();
    repo.git(&["checkout", "-q", "-b", "other"]);
    repo.file("x.py", "2\n").committed();
    repo.git(&["checkout", "-q", "-"]);
    repo.file("x.py", "3\n").committed();
    let merge = ["-c", "user.name=a", "-c", "user.email=a@example.org", "merge", "-q", "other"];
    assert!(repo.fails("git", &merge));
    assert_eq!(files(&repo), ["x.py"]);
    let tree = repo.try_scan().unwrap().tree;
    let identity = tree.identity(&"x.py".parse().unwrap()).unwrap().unwrap();
    assert_eq!(&*identity.content, repo.git(&["hash-object", "x.py"]).trim());
}

#[test]
fn a_repository_in_the_repository_is_left_out_and_named() {
    let repo = Repo::new();
    repo.file("a.py", "").tracked();
    repo.file("other/b.py", "");
    repo.git(&["init", "-q", "other"]);
    assert_eq!(files(&repo), ["a.py"]);
    assert!(repo.warnings().contains(
        &"`other` is left out with all in it: it is a git repository of its own, and no submodule".to_owned()
    ));
}

#[test]
fn what_a_sparse_checkout_leaves_out_is_named() {
    let repo = Repo::workspace("[\"libs/*\"]");
    repo.project("libs/a", "[]", "")
        .project("libs/b", "[]", "")
        .file("libs/b/x.py", "")
        .committed();
    let whole = repo.scan();
    repo.git(&["sparse-checkout", "set", "libs/a"]);
    let scan = repo.try_scan().unwrap();
    let left_out: Vec<_> = scan.tree.left_out().iter().map(ToString::to_string).collect();
    assert_eq!(left_out, ["libs/b/pyproject.toml", "libs/b/x.py"]);
    let warning = scan.warnings.iter().map(ToString::to_string).find(|it| it.contains("sparse"));
    assert_snapshot!(warning.unwrap(), @"`libs/b/pyproject.toml` and another file cannot be seen: git tracks them, but a sparse checkout leaves them out; `git sparse-checkout disable` brings them back");
    assert_eq!(repo.paths(), ["libs/a"]);
    assert_eq!(repo.at("HEAD").unwrap().workspace, whole);
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_folder_that_cannot_be_read_is_named_and_the_rest_is_there() {
        let repo = Repo::new();
        repo.file("a.py", "").file("closed/b.py", "").tracked();
        let closed = repo.top().join("closed");
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o0)).unwrap();
        let may_all_the_same = fs::read_dir(&closed).is_ok();
        let found = (files(&repo), repo.warnings());
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
        // The superuser may read everything.
        if !may_all_the_same {
            assert_eq!(found.0, ["a.py"]);
            assert!(
                found.1[1]
                    .starts_with("`closed` is left out with all in it, because it cannot be read")
            );
        }
    }

    #[test]
    fn a_linked_service_is_there_once_by_its_real_path() {
        let repo = Repo::workspace("[\"services/*\"]");
        repo.project("services/web", "[]", "").project("shared/api", "[\"flask\"]", "");
        repo.file("shared/api/app.py", "from flask import Flask\napp = Flask(__name__)\n");
        symlink("../shared/api", repo.top().join("services/api")).unwrap();
        symlink("api", repo.top().join("services/again")).unwrap();
        symlink("loop", repo.top().join("services/loop")).unwrap();
        repo.committed();
        assert_eq!(repo.paths(), ["services/web", "shared/api"]);
        assert_eq!(repo.at("HEAD").unwrap().workspace, repo.scan());
    }

    #[test]
    fn a_linked_file_is_read_where_it_leads_at_a_revision_too() {
        let repo = Repo::workspace("[\"a\"]");
        repo.project("real", "[]", "").file("a/x.py", "");
        symlink("../real", repo.top().join("a/way")).unwrap();
        symlink("way/pyproject.toml", repo.top().join("a/pyproject.toml")).unwrap();
        repo.committed();
        assert_eq!(repo.get("a").name.to_string(), "real");
        assert_eq!(repo.at("HEAD").unwrap().workspace, repo.scan());
    }

    #[test]
    fn a_manifest_that_leads_out_of_the_tree_is_an_error_and_no_secret_is_read() {
        let repo = Repo::workspace("[\"a\"]");
        repo.file("a/x.py", "");
        symlink("/etc/hostname", repo.top().join("a/pyproject.toml")).unwrap();
        assert_eq!(repo.error(), "failed to read `a/pyproject.toml`");
    }

    #[test]
    fn what_is_no_file_is_passed_by() {
        let repo = Repo::new();
        repo.file("a.py", "").run("mkfifo", &["pipe"]);
        assert_eq!(files(&repo), ["a.py"]);
    }

    #[test]
    fn a_repository_of_another_user_is_an_error_with_the_command_that_mends_it() {
        let repo = Repo::new();
        repo.file("a.py", "").tracked();
        let mut options = repo.options();
        // What git asks its own tests to say.
        options.env.push(("GIT_TEST_ASSUME_DIFFERENT_OWNER".into(), "1".into()));
        options.env.push(("GIT_CONFIG_GLOBAL".into(), "/dev/null".into()));
        options.env.push(("GIT_CONFIG_SYSTEM".into(), "/dev/null".into()));
        let error = pymono_scan::scan(&options).unwrap_err();
        let hint = error.hint().unwrap();
        let command = format!("`git config --global --add safe.directory {}`", repo.top());
        assert!(hint.contains(&command), "{hint}");
    }
}
