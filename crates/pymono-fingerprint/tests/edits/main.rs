//! Thousands of random edits of generated repositories, held against a naive oracle.
//!
//! The oracle knows nothing of scans, locks or fingerprints: it is the model that the repository was
//! written from, and says for each service what its image holds and runs.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod edit;
mod model;

use std::{
    collections::{BTreeMap, BTreeSet},
    thread,
};

use camino::{Utf8Path, Utf8PathBuf};
use pymono_exec::{Interrupt, Invocation};
use pymono_fingerprint::{Comparison, Inputs, Made, State, beyond, compare, sent};
use pymono_names::TreePath;
use pymono_plan::{Fleet, StaleLocks};
use pymono_scan::{Head, Pair, Scan, ScanOptions};
use pymono_workspace::Workspace;
use tempfile::TempDir;

use edit::Edit;
use model::Model;

/// So many repositories are made, and so many edits of each.
const REPOSITORIES: u64 = 50;
const EDITS: usize = 40;

/// So many repositories are edited at once.
const THREADS: usize = 2;

/// One edit in so many is committed, and the commit is held against the working tree.
const COMMITTED: usize = 12;

/// A repository on disk.
struct Repo {
    folder: TempDir,
    endings: Endings,
}

/// How lines end in files on disk; in what is committed they end in LF.
#[derive(Clone, Copy)]
enum Endings {
    AsWritten,
    /// `core.autocrlf`: CRLF, but for files that are no text for git.
    Crlf,
}

type AllInputs = BTreeMap<TreePath, Inputs>;

impl Repo {
    fn new(endings: Endings) -> Self {
        let repo = Self { folder: TempDir::new().unwrap(), endings };
        repo.git(&["init", "--quiet"]);
        if matches!(endings, Endings::Crlf) {
            repo.git(&["config", "core.autocrlf", "true"]);
        }
        repo
    }

    fn root(&self) -> Utf8PathBuf {
        Utf8Path::from_path(self.folder.path()).unwrap().canonicalize_utf8().unwrap()
    }

    fn options(&self, head: Head) -> ScanOptions {
        let env =
            std::env::vars_os().filter(|(name, _)| !name.to_string_lossy().starts_with("GIT_"));
        // What this machine says of git's attributes is no part of the test.
        let home = ["HOME", "XDG_CONFIG_HOME"].map(|name| (name.into(), "/nowhere".into()));
        let (env, interrupt) = (env.chain(home).collect(), Interrupt::new());
        ScanOptions { root: self.root(), config: None, head, env, interrupt }
    }

    fn git(&self, args: &[&str]) -> String {
        let author = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
        let ScanOptions { root, env, interrupt, .. } = self.options(Head::WorkingTree);
        let args = author.iter().chain(args).map(ToString::to_string).collect();
        let invocation = Invocation { program: "git".into(), args, cwd: root, env };
        let output = invocation.output(&interrupt).unwrap();
        assert!(output.status.success(), "{invocation}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Commits all, and returns the commit's id.
    fn commit(&self) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", "x"]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Writes the files of a model and no others.
    fn write(&self, model: &Model) {
        let root = self.root();
        for entry in std::fs::read_dir(&root).unwrap().map(Result::unwrap) {
            if entry.file_name() != ".git" {
                let path = entry.path();
                if path.is_dir() {
                    std::fs::remove_dir_all(path)
                } else {
                    std::fs::remove_file(path)
                }
                .unwrap();
            }
        }
        for (path, file) in model.files() {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            let text = match self.endings {
                // The attributes of the model say so.
                Endings::Crlf if path.extension() != Some("bin") => file.text.replace('\n', "\r\n"),
                _ => file.text,
            };
            std::fs::write(&path, text).unwrap();
            if file.executable {
                model::make_executable(&path);
            }
        }
    }

    fn read(&self, head: Head) -> (Workspace, AllInputs) {
        let options = self.options(head);
        let scan = pymono_scan::scan(&options).unwrap();
        let fleet = fleet(&scan);
        let paths = sent(&scan.workspace, &fleet);
        let inputs = inputs(&options, &scan, &fleet, &paths);
        (scan.workspace, inputs)
    }

    /// Compares a commit with the working tree by what differs; nothing where git cannot tell what does.
    fn compare(&self, commit: &str) -> Option<Comparison> {
        let options = self.options(Head::WorkingTree);
        let Pair { base, head, differing } = pymono_scan::pair(commit, &options);
        let (base, head, mut paths) = (base.unwrap(), head.unwrap(), differing?);
        let (before, after) = (fleet(&base), fleet(&head));
        paths.extend(beyond(
            Made { workspace: &base.workspace, fleet: &before },
            Made { workspace: &head.workspace, fleet: &after },
        ));
        let of_base = ScanOptions { head: Head::Revision(commit.to_owned()), ..options.clone() };
        let before = inputs(&of_base, &base, &before, &paths);
        let after = inputs(&options, &head, &after, &paths);
        Some(compare(
            State { workspace: &base.workspace, inputs: &before },
            State { workspace: &head.workspace, inputs: &after },
        ))
    }
}

fn fleet(scan: &Scan) -> Fleet {
    let (fleet, unplanned) = pymono_plan::assemble(&scan.workspace, StaleLocks::Used);
    assert!(unplanned.is_empty(), "{unplanned:?}");
    fleet
}

fn inputs(
    options: &ScanOptions,
    scan: &Scan,
    fleet: &Fleet,
    paths: &BTreeSet<TreePath>,
) -> AllInputs {
    let contents = pymono_scan::contents(options, &scan.tree, &scan.workspace, paths).unwrap();
    let inputs = fleet.services.keys();
    inputs.map(|path| (path.clone(), Inputs::of(fleet, path, &contents).unwrap())).collect()
}

/// Counts of answers.
#[derive(Default)]
struct Counts {
    edits: usize,
    affected: usize,
    /// Services that were called affected though their images hold and run the same.
    needless: usize,
    services: usize,
}

impl Counts {
    fn add(&mut self, more: &Self) {
        self.edits += more.edits;
        self.affected += more.affected;
        self.needless += more.needless;
        self.services += more.services;
    }
}

#[test]
fn every_service_whose_image_changes_is_affected_and_no_other_where_that_is_promised() {
    // Not on rayon's threads: what is tested waits for those.
    let all: Vec<_> = thread::scope(|scope| {
        let seeds = |first| (first..REPOSITORIES).step_by(THREADS);
        let threads = (0..).take(THREADS);
        let threads =
            threads.map(|first| scope.spawn(move || seeds(first).map(edit_one).collect()));
        let threads: Vec<thread::ScopedJoinHandle<'_, Vec<_>>> = threads.collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let mut counts = BTreeMap::<&str, Counts>::new();
    let compared = all.iter().map(|(_, compared)| compared).sum::<usize>();
    println!("{compared} edits were looked at by what differs");
    assert!(compared > 100);
    for (kind, more) in all.into_iter().flat_map(|(counts, _)| counts) {
        counts.entry(kind).or_default().add(&more);
    }
    let total = |of: fn(&Counts) -> usize| counts.values().map(of).sum::<usize>();
    for (kind, Counts { edits, affected, needless, services }) in &counts {
        println!(
            "{kind}: {edits} edits, {affected} of {services} services affected, {needless} needlessly"
        );
    }
    println!(
        "all: {} edits, {} of {} answers needless",
        total(|it| it.edits),
        total(|it| it.needless),
        total(|it| it.services)
    );
    // Only what a backend may make use of, and does not, is counted for nothing.
    assert!(total(|it| it.needless) * 20 < total(|it| it.services));
}

/// Returns the counts by kind, and how many of the edits were looked at by what differs.
fn edit_one(seed: u64) -> (BTreeMap<&'static str, Counts>, usize) {
    let mut counts = BTreeMap::<&str, Counts>::new();
    let mut random = fastrand::Rng::with_seed(seed);
    let endings = if seed.is_multiple_of(2) { Endings::AsWritten } else { Endings::Crlf };
    let (repo, mut model) = (Repo::new(endings), Model::random(&mut random));
    repo.write(&model);
    let (mut workspace, mut inputs) = repo.read(Head::WorkingTree);
    let mut committed = (repo.commit(), workspace.clone(), inputs.clone());
    let mut compared = 0;
    for number in 0..EDITS {
        let before = model.clone();
        let edit = Edit::random(&mut random);
        edit.make(&mut model, &mut random);
        repo.write(&model);
        let (next_workspace, next_inputs) = repo.read(Head::WorkingTree);
        let comparison = compare(
            State { workspace: &workspace, inputs: &inputs },
            State { workspace: &next_workspace, inputs: &next_inputs },
        );
        let said: BTreeSet<String> = comparison.services.keys().map(ToString::to_string).collect();
        let (old, new) = (before.images(), model.images());
        let changed: BTreeSet<String> = new
            .iter()
            .filter(|(path, image)| old.get(*path) != Some(image))
            .map(|(path, _)| path.clone())
            .collect();
        let told = format!("seed {seed}, edit {number}: {edit:?}");
        assert!(changed.is_subset(&said), "{told}: {changed:?} of {said:?}");
        if edit.promises() {
            assert_eq!(said, changed, "{told}: {:?}", comparison.services);
        }
        let removed: BTreeSet<String> =
            comparison.removed.iter().map(ToString::to_string).collect();
        assert_eq!(
            removed,
            old.keys().filter(|path| !new.contains_key(*path)).cloned().collect(),
            "{told}"
        );
        // What was changed since a commit is the same whether all is read or what differs alone.
        let since = compare(
            State { workspace: &committed.1, inputs: &committed.2 },
            State { workspace: &next_workspace, inputs: &next_inputs },
        );
        if let Some(comparison) = repo.compare(&committed.0) {
            assert_eq!(comparison, since, "{told}");
            compared += 1;
        }
        if number % COMMITTED == 0 {
            // What git has for a commit is what was on disk.
            committed = (repo.commit(), next_workspace.clone(), next_inputs.clone());
            assert_eq!(repo.read(Head::Revision("HEAD".into())).1, next_inputs, "{told}");
        }
        counts.entry(edit.kind()).or_default().add(&Counts {
            edits: 1,
            affected: said.len(),
            needless: said.len() - changed.len(),
            services: new.len(),
        });
        (workspace, inputs) = (next_workspace, next_inputs);
    }
    (counts, compared)
}
