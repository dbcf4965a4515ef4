//! What files are, against what git makes of the same bytes.

use std::{collections::BTreeMap, fs};

use pymono_names::TreePath;
use pymono_scan::{Identity, Mode};

use crate::repo::Repo;

fn identities(repo: &Repo) -> BTreeMap<String, Identity> {
    let tree = repo.try_scan().unwrap().tree;
    named(tree.identities(tree.files()).unwrap())
}

fn at(repo: &Repo, revision: &str) -> BTreeMap<String, Identity> {
    let tree = repo.at(revision).unwrap().tree;
    named(tree.identities(tree.files()).unwrap())
}

fn named(found: BTreeMap<TreePath, Identity>) -> BTreeMap<String, Identity> {
    found.into_iter().map(|(path, identity)| (path.to_string(), identity)).collect()
}

/// Returns the id that git gives to the bytes on disk, whatever attributes say.
fn of_bytes(repo: &Repo, path: &str) -> String {
    repo.git(&["hash-object", "--no-filters", path]).trim().to_owned()
}

#[test]
fn every_file_has_the_id_of_its_bytes_whoever_knows_it() {
    let repo = Repo::new();
    for name in ["same", "changed", "staged", "touched", "assumed"] {
        repo.file(name, &format!("{name}\n"));
    }
    repo.committed();
    repo.git(&["update-index", "--assume-unchanged", "assumed"]);
    repo.file("changed", "other\n").file("staged", "new\n").file("assumed", "other\n");
    repo.git(&["add", "staged"]);
    repo.file("touched", "touched\n").file("untracked", "x\n").file("staged", "newer\n");
    let found = identities(&repo);
    assert_eq!(found.len(), 6);
    for (path, identity) in found {
        assert_eq!(*identity.content, of_bytes(&repo, &path), "{path}");
        assert_eq!(identity.mode, Mode::File);
    }
}

#[test]
fn a_change_of_the_same_size_in_the_same_second_is_seen() {
    let repo = Repo::new();
    repo.file("x", "one\n").committed();
    for text in ["two\n", "six\n", "ten\n"] {
        // Git has just noted the file's size and time, and both may be the same again.
        repo.file("x", text);
        assert_eq!(*identities(&repo)["x"].content, of_bytes(&repo, "x"), "{text}");
        repo.git(&["add", "x"]);
    }
}

#[test]
fn what_is_no_file_has_no_identity() {
    let repo = Repo::new();
    repo.file("x", "").file("a/y", "").tracked();
    let tree = repo.try_scan().unwrap().tree;
    let none = ["a".parse().unwrap(), "z".parse().unwrap()];
    assert_eq!(tree.identities(&none).unwrap(), BTreeMap::new());
    assert_eq!(tree.identity(&none[0]).unwrap(), None);
}

#[test]
fn without_git_a_file_has_the_id_that_git_would_give_it() {
    let repo = Repo::new();
    repo.file("x", "hello\n");
    assert_eq!(&*identities(&repo)["x"].content, "ce013625030ba8dba906f756967f9e9ca394464a");
}

#[test]
fn a_repository_of_sha256_has_ids_of_sha256() {
    let repo = Repo::new();
    repo.git(&["init", "-q", "--object-format=sha256"]);
    repo.file("x", "one\n").committed();
    repo.file("y", "two\n");
    let found = identities(&repo);
    assert_eq!((found["x"].content.len(), &*found["y"].content), (64, &*of_bytes(&repo, "y")));
    assert_eq!(at(&repo, "HEAD")["x"], found["x"]);
}

#[test]
fn line_ends_and_keywords_count_as_they_are_on_disk() {
    let repo = Repo::new();
    repo.file(".gitattributes", "*.bat eol=crlf\n*.id ident\n*.any text=auto\n*.raw -text\n");
    for name in ["x.bat", "x.id", "x.any", "x.raw"] {
        repo.file(name, "$Id$\nline\n");
    }
    repo.committed();
    let written = identities(&repo);
    for name in ["x.bat", "x.id", "x.any", "x.raw"] {
        assert_eq!(*written[name].content, of_bytes(&repo, name), "{name}");
        fs::remove_file(repo.top().join(name)).unwrap();
    }
    repo.git(&["checkout-index", "--all", "-u"]);
    let checked_out = identities(&repo);
    assert_eq!(checked_out, at(&repo, "HEAD"));
    assert_ne!(checked_out["x.bat"], written["x.bat"]);
    assert_ne!(checked_out["x.id"], written["x.id"]);
    // Git takes it for unchanged, but a build would get other bytes.
    repo.file("x.any", "$Id$\r\nline\r\n");
    repo.git(&["add", "x.any"]);
    assert_eq!(*identities(&repo)["x.any"].content, of_bytes(&repo, "x.any"));
    assert_ne!(identities(&repo)["x.any"], at(&repo, "HEAD")["x.any"]);
}

#[test]
fn what_git_is_configured_to_convert_is_converted() {
    let repo = Repo::new();
    repo.file("x.py", "one\ntwo\n").committed();
    let plain = at(&repo, "HEAD");
    repo.git(&["config", "core.autocrlf", "true"]);
    fs::remove_file(repo.top().join("x.py")).unwrap();
    repo.git(&["checkout-index", "--all", "-u"]);
    assert_eq!(fs::read_to_string(repo.top().join("x.py")).unwrap(), "one\r\ntwo\r\n");
    assert_eq!(at(&repo, "HEAD"), identities(&repo));
    assert_ne!(at(&repo, "HEAD"), plain);
}

/// A filter is a program of the system's shell.
#[cfg(unix)]
#[test]
fn a_filter_such_as_lfs_is_run_as_a_checkout_runs_it() {
    let repo = Repo::new();
    repo.git(&["init", "-q"]);
    repo.git(&["config", "filter.store.clean", "sed s/content/pointer/"]);
    repo.git(&["config", "filter.store.smudge", "sed s/pointer/content/"]);
    repo.file(".gitattributes", "*.bin filter=store -text\n")
        .file("x.bin", "content of a model")
        .committed();
    assert_eq!(repo.git(&["show", "HEAD:x.bin"]), "pointer of a model");
    assert_eq!(*identities(&repo)["x.bin"].content, of_bytes(&repo, "x.bin"));
    assert_eq!(at(&repo, "HEAD"), identities(&repo));
    // The pointer itself on disk, as in a clone that got none of the content, is what would be sent.
    repo.file("x.bin", "pointer of a model");
    assert_eq!(*identities(&repo)["x.bin"].content, of_bytes(&repo, "x.bin"));
    assert_ne!(at(&repo, "HEAD"), identities(&repo));
}

#[test]
fn attributes_are_those_of_the_revision() {
    let repo = Repo::new();
    repo.file("x.txt", "one\n").committed();
    repo.file(".gitattributes", "*.txt eol=crlf\n").committed();
    let (before, after) = (at(&repo, "HEAD~1"), at(&repo, "HEAD"));
    assert_eq!(*before["x.txt"].content, *repo.git(&["rev-parse", "HEAD:x.txt"]).trim());
    assert_ne!(before["x.txt"], after["x.txt"]);
}

/// Other systems have neither.
#[cfg(unix)]
#[test]
fn the_right_to_run_a_file_and_where_a_link_leads_are_part_of_it() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let repo = Repo::new();
    repo.file("run", "x").file("plain", "x");
    fs::set_permissions(repo.top().join("run"), fs::Permissions::from_mode(0o755)).unwrap();
    symlink("plain", repo.top().join("link")).unwrap();
    repo.committed();
    let before = identities(&repo);
    let modes: Vec<Mode> = before.values().map(|identity| identity.mode).collect();
    assert_eq!(modes, [Mode::Link, Mode::File, Mode::Executable]);
    assert_eq!(before, at(&repo, "HEAD"));
    fs::set_permissions(repo.top().join("plain"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::remove_file(repo.top().join("link")).unwrap();
    symlink("run", repo.top().join("link")).unwrap();
    let after = identities(&repo);
    assert_eq!(
        (after["plain"].mode, &after["plain"].content),
        (Mode::Executable, &before["plain"].content)
    );
    assert_ne!(after["link"].content, before["link"].content);
}

#[test]
fn a_root_below_the_repositorys_has_the_same_identities() {
    let mut repo = Repo::new();
    repo.file("sub/x", "one\n").file("sub/y", "two\n").file("z", "").committed();
    repo.root = repo.top().join("sub");
    repo.file("sub/y", "other\n");
    let found = identities(&repo);
    assert_eq!(*found["x"].content, of_bytes(&repo, "sub/x"));
    assert_eq!(*found["y"].content, of_bytes(&repo, "sub/y"));
    assert_eq!(at(&repo, "HEAD")["x"], found["x"]);
}
