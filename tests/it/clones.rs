//! The clones that CI services make: each gives the answer of a full one, or says what it lacks.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use pymono_tests::{Finished, Repo, Tool, projects::hatchling, pymono};
use serde_json::Value;

/// A repository in which `work` changes `api` and `main` has gone on with `cron` since.
fn origin() -> Repo {
    let repo = Repo::new("clones", "");
    for name in ["api", "cron"] {
        let command = format!("[tool.pymono]\ncommand = [\"python\", \"-m\", \"{name}\"]\n");
        repo.write(&format!("services/{name}/pyproject.toml"), &hatchling(name, &command));
        repo.write(&format!("services/{name}/src/{name}/__main__.py"), "");
    }
    repo.lock(&[]);
    for setting in ["uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"] {
        repo.git(&["config", setting, "true"]);
    }
    repo.commit();
    repo.git(&["checkout", "--quiet", "-b", "work"]);
    repo.write("services/api/src/api/new.py", "");
    for _ in 0..40 {
        repo.commit();
    }
    repo.git(&["checkout", "--quiet", "main"]);
    repo.write("services/cron/src/cron/__main__.py", "print(1)\n");
    repo.write("services/cron/src/cron/new.py", "print(2)\n");
    for _ in 0..40 {
        repo.commit();
    }
    repo
}

/// A clone of a repository, in a folder beside it.
struct Clone<'a> {
    of: &'a Repo,
    root: Utf8PathBuf,
}

impl<'a> Clone<'a> {
    fn new(of: &'a Repo, name: &str, args: &[&str]) -> Self {
        let root = of.outside().join(name);
        let url = format!("file://{}", of.root());
        of.git(&[&["clone", "--quiet"], args, &[&url, root.as_str()]].concat());
        Self { of, root }
    }

    fn git(&self, args: &[&str]) -> String {
        self.of.git(&[&["-C", self.root.as_str()], args].concat())
    }

    fn tool(&self, args: &[&str]) -> Tool {
        // Submodules of a test come from folders.
        let env = [("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_ALLOW_PROTOCOL", "file")];
        let tool = Tool::new(pymono()).args(["-C", self.root.as_str(), "affected"]).args(args);
        env.iter().fold(tool, |tool, (name, value)| tool.env(name, value))
    }

    fn run(&self, args: &[&str]) -> Finished {
        self.tool(args).run()
    }

    /// Returns the services that are affected.
    fn affected(&self, args: &[&str]) -> Vec<String> {
        paths(self.tool(args))
    }
}

fn paths(tool: Tool) -> Vec<String> {
    let answer: Value = serde_json::from_str(&tool.args(["--json"]).read()).unwrap();
    let services = answer["services"].as_array().unwrap();
    services.iter().map(|it| it["path"].as_str().unwrap().to_owned()).collect()
}

const API: &str = "services/api";

const BOTH: [&str; 2] = ["services/api", "services/cron"];

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn a_shallow_clone_deepens_by_itself_or_says_how() {
    let origin = origin();
    let full = Clone::new(&origin, "full", &["--branch=work"]);
    assert_eq!(full.affected(&["--base", "origin/main"]), [API]);
    assert_eq!(full.affected(&["--base", "origin/main", "--exact"]), BOTH);

    let shallow = Clone::new(&origin, "shallow", &["--depth=1", "--branch=work"]);
    let of_base = ["--base", "origin/main"];
    assert_eq!(shallow.affected(&of_base), [API]);
    // What it has now is enough.
    shallow.git(&["remote", "remove", "origin"]);
    assert_eq!(shallow.affected(&["--base", origin.git(&["rev-parse", "main"]).trim()]), [API]);
    // A detached head with the name of the branch alone.
    let detached = Clone::new(&origin, "detached", &["--depth=1", "--branch=work"]);
    detached.git(&["checkout", "--quiet", "--detach"]);
    assert_eq!(detached.affected(&["--base", "main"]), [API]);

    let alone = Clone::new(&origin, "alone", &["--depth=1", "--branch=work"]);
    alone.git(&["remote", "remove", "origin"]);
    for base in ["main", origin.git(&["rev-parse", "main"]).trim()] {
        let refused = alone.run(&["--base", base]).ended_with(3).stderr;
        assert!(refused.contains("shallow"), "{refused}");
        for setting in ["fetch-depth: 0", "GIT_DEPTH", "depth: full", "--on-unknown=all"] {
            assert!(refused.contains(setting), "{refused}");
        }
    }
    assert_eq!(alone.affected(&["--base", "main", "--on-unknown=all"]), BOTH);
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn a_later_common_commit_behind_the_cut_is_found() {
    let origin = origin();
    // Work takes main in, behind many commits of its own.
    origin.git(&["checkout", "--quiet", "work"]);
    origin.git(&["merge", "--quiet", "--no-edit", "main"]);
    for _ in 0..40 {
        origin.commit();
    }
    let shallow = Clone::new(&origin, "shallow", &["--depth=1", "--branch=work"]);
    let full = Clone::new(&origin, "full", &["--branch=work"]);
    let base = |clone: &Clone<'_>| {
        let json: Value =
            serde_json::from_str(&clone.tool(&["--base", "origin/main", "--json"]).read()).unwrap();
        json["base"].clone()
    };
    assert_eq!(base(&shallow), base(&full));
    assert_eq!(shallow.affected(&["--base", "origin/main"]), [API]);
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn a_partial_clone_fetches_what_it_lacks_at_once() {
    let origin = origin();
    let partial = Clone::new(&origin, "partial", &["--filter=blob:none", "--branch=work"]);
    let packs = || fs::read_dir(partial.root.join(".git/objects/pack")).unwrap().count();
    let before = packs();
    assert_eq!(partial.affected(&["--base", "origin/main", "--exact"]), BOTH);
    // The base has two files that the head lacks: one more pack, which is up to four files.
    assert!((before + 1..=before + 4).contains(&packs()), "{before} {}", packs());
    let bare = Clone::new(&origin, "bare", &["--bare", "--filter=blob:none"]);
    assert_eq!(bare.affected(&["--base", "main", "--head", "work"]), [API]);
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn a_sparse_checkout_counts_what_it_leaves_out() {
    let origin = origin();
    let sparse = Clone::new(&origin, "sparse", &["--sparse", "--branch=work"]);
    sparse.git(&["sparse-checkout", "set", "services/cron"]);
    assert!(!sparse.root.join(API).exists());
    assert_eq!(sparse.affected(&["--base", "origin/main"]), [API]);
    fs::write(sparse.root.join("services/cron/new.py"), "").unwrap();
    let refused = sparse.run(&["--base", "origin/main"]).ended_with(3).stderr;
    assert!(refused.contains("`services/cron/new.py` is not committed"), "{refused}");
    assert_eq!(sparse.affected(&["--base", "origin/main", "--head", "HEAD"]), [API]);
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn bare_repositories_and_worktrees_have_heads() {
    let origin = origin();
    let bare = Clone::new(&origin, "bare", &["--bare"]);
    let refused = bare.run(&["--base", "main"]).ended_with(3).stderr;
    assert!(refused.contains("--head"), "{refused}");
    assert_eq!(bare.affected(&["--base", "main", "--head", "work"]), [API]);
    let worktree = Clone { of: &origin, root: origin.outside().join("worktree") };
    origin.git(&["worktree", "add", "--quiet", worktree.root.as_str(), "work"]);
    assert_eq!(worktree.affected(&["--base", "main"]), [API]);
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn a_repository_of_another_user_is_an_error_that_says_how_to_trust_it() {
    let origin = origin();
    let clone = Clone::new(&origin, "clone", &["--branch=work"]);
    let other = clone.tool(&["--base", "origin/main"]).env("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1");
    let refused = other.run().ended_with(3).stderr;
    assert!(refused.contains("safe.directory"), "{refused}");
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn ci_services_tell_what_to_compare_with() {
    let origin = origin();
    let clone = Clone::new(&origin, "clone", &["--depth=1", "--branch=work"]);
    let auto = |variables: &[(&str, &str)]| {
        let tool = clone.tool(&["--base", "auto"]);
        variables.iter().fold(tool, |tool, (name, value)| tool.env(name, value))
    };
    let github = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", "pull_request"),
        ("GITHUB_BASE_REF", "main"),
    ];
    assert_eq!(paths(auto(&github)), [API]);

    // A push over what was there: the commit is on no branch any more, but the remote has it still.
    origin.git(&["checkout", "--quiet", "-B", "old", "main~20"]);
    origin.write("services/cron/src/cron/old.py", "");
    origin.commit();
    let before = origin.git(&["rev-parse", "HEAD"]).trim().to_owned();
    origin.git(&["checkout", "--quiet", "main"]);
    origin.git(&["branch", "--quiet", "-D", "old"]);
    let gitlab = |before| {
        [("GITLAB_CI", "true"), ("CI_DEFAULT_BRANCH", "main"), ("CI_COMMIT_BEFORE_SHA", before)]
    };
    assert_eq!(paths(auto(&gitlab(&before))), BOTH);
    let gone = "1".repeat(40);
    let refused = auto(&gitlab(&gone)).run().ended_with(3).stderr;
    assert!(refused.contains(&gone), "{refused}");
    // The first push of a branch.
    let zero = "0".repeat(40);
    assert_eq!(paths(auto(&gitlab(&zero))), [API]);
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn the_first_push_of_all_makes_everything_new() {
    let origin = origin();
    let clone = Clone::new(&origin, "clone", &["--branch=main"]);
    let zero = "0".repeat(40);
    assert_eq!(clone.affected(&["--base", &zero]), BOTH);
    // Tags are compared with the tag before; the first has none.
    let tagged = |clone: &Clone<'_>| {
        let tool = clone.tool(&["--base", "auto"]);
        paths(tool.env("BITBUCKET_BUILD_NUMBER", "1").env("BITBUCKET_TAG", "v2"))
    };
    assert_eq!(tagged(&clone), BOTH);
    origin.git(&["tag", "v1", "main~10"]);
    let shallow = Clone::new(&origin, "shallow", &["--branch=main", "--depth=1"]);
    assert_eq!(tagged(&shallow), Vec::<String>::new());
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn submodules_count_by_their_commits_whether_or_not_they_are_checked_out() {
    let origin = origin();
    let other = Repo::empty("other");
    other.write("data.txt", "one");
    other.commit();
    let url = format!("file://{}", other.root());
    let allow = ["-c", "protocol.file.allow=always"];
    let add = ["submodule", "--quiet", "add", &url, "services/cron/data"];
    origin.git(&[&allow[..], &add].concat());
    origin.commit();
    other.write("data.txt", "two");
    other.commit();
    origin.git(&[&allow[..], &["submodule", "--quiet", "update", "--remote"]].concat());
    origin.commit();
    let without = Clone::new(&origin, "without", &["--branch=main"]);
    assert_eq!(without.affected(&["--base", "HEAD~1"]), ["services/cron"]);
    assert_eq!(without.affected(&["--base", "HEAD"]), Vec::<String>::new());
    without.git(&[&allow[..], &["submodule", "--quiet", "update", "--init"]].concat());
    assert_eq!(without.affected(&["--base", "HEAD~1"]), ["services/cron"]);
    assert_eq!(without.affected(&["--base", "HEAD"]), Vec::<String>::new());
    fs::write(without.root.join("services/cron/data/data.txt"), "three").unwrap();
    assert_eq!(without.affected(&["--base", "HEAD"]), ["services/cron"]);
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn a_service_in_a_submodule_is_read_at_the_base_as_well() {
    let origin = origin();
    let other = Repo::empty("other");
    other.write("app/requirements.txt", "");
    other.write("app/main.py", "from flask import Flask\n\napp = Flask(__name__)\n");
    other.write("app/Procfile", "web: python main.py\n");
    other.commit();
    let url = format!("file://{}", other.root());
    let allow = ["-c", "protocol.file.allow=always"];
    origin.git(&[&allow[..], &["submodule", "--quiet", "add", &url, "linked/other"]].concat());
    origin.commit();
    origin.write("README.md", "nothing that an image has\n");
    origin.commit();
    other.write("app/main.py", "from flask import Flask\n\napp = Flask(\"x\")\n");
    other.commit();
    origin.git(&[&allow[..], &["submodule", "--quiet", "update", "--remote"]].concat());
    origin.commit();
    let update = [&allow[..], &["submodule", "--quiet", "update", "--init"]].concat();
    let clone = Clone::new(&origin, "clone", &["--branch=main"]);
    clone.git(&update);
    let service = ["linked/other/app"];
    let nobody = Vec::<String>::new();
    assert_eq!(clone.affected(&["--base", "HEAD~1"]), service);
    assert_eq!(clone.affected(&["--base", "HEAD~2", "--head", "HEAD~1"]), nobody);
    assert_eq!(clone.affected(&["--base", "HEAD"]), nobody);
    // Where the commit of the base is not there, nobody knows what has changed.
    let shallow = Clone::new(&origin, "shallow", &["--branch=main"]);
    shallow.git(&[&update[..], &["--depth=1"]].concat());
    let told = shallow.run(&["--base", "HEAD~1"]);
    assert!(told.stderr.contains("at the base: `linked/other` is a submodule"), "{}", told.stderr);
    assert_eq!(shallow.affected(&["--base", "HEAD~1"]), service);
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn files_in_lfs_count_by_what_they_point_to() {
    let origin = origin();
    let pointer = |oid: &str| {
        format!("version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 5\n")
    };
    // The SHA-256 of `model`.
    let oid = "9372c470eeadd5ecd9c3c74c2b3cb633f8e2f2fad799250a0f70d652b6b825e4";
    origin.write("services/cron/.gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
    origin.write("services/cron/model.bin", &pointer(&"1".repeat(64)));
    origin.commit();
    origin.write("services/cron/model.bin", &pointer(oid));
    origin.commit();
    let clone = Clone::new(&origin, "clone", &["--branch=main"]);
    let nobody = Vec::<String>::new();
    // The pointer on disk, and then what it points to.
    assert!(clone.run(&["--base", "HEAD"]).stderr.contains("git lfs pull"));
    assert_eq!(clone.affected(&["--base", "HEAD"]), nobody);
    assert_eq!(clone.affected(&["--base", "HEAD~1"]), ["services/cron"]);
    write(&clone.root, "services/cron/model.bin", "model");
    assert_eq!(clone.affected(&["--base", "HEAD"]), nobody);
    write(&clone.root, "services/cron/model.bin", "other");
    assert_eq!(clone.affected(&["--base", "HEAD"]), ["services/cron"]);
}

fn write(root: &Utf8Path, path: &str, text: &str) {
    fs::write(root.join(path), text).unwrap();
}
