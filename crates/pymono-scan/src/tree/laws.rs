//! What is true of every tree, on generated repositories with real git.

use std::{collections::BTreeMap, ffi::OsString, fs};

use camino::{Utf8Path, Utf8PathBuf};
use proptest::{collection, prelude::*, sample::select};
use pymono_exec::Interrupt;
use pymono_workspace::Workspace;
use tempfile::TempDir;

use super::{folder, tracked::Tracked, *};
use crate::{Pair, Scan, ScanOptions, assemble, git::Git, pair, scan};

/// What a generated file is.
#[derive(Clone, Debug)]
enum Entry {
    File(&'static str),
    Executable(&'static str),
    Link(&'static str),
}

/// Paths in a project, some of which rules ignore, and some of which lie in a folder of others.
const PATHS: [&str; 16] = [
    "main.py",
    "src/pkg/__init__.py",
    "src/pkg/app.py",
    "src/pkg/data.bin",
    "build/out.py",
    "logs/a.log",
    "logs/keep.log",
    "Dockerfile",
    ".python-version",
    ".env",
    "uv.lock",
    "docs/with space [x].md",
    "src/pkg/deep/er/file.txt",
    "gen/made.py",
    ".gitignore",
    "src-more/x.py",
];
const TEXTS: [&str; 6] = [
    "",
    "one\ntwo\n",
    "from fastapi import FastAPI\napp = FastAPI()\n",
    "3.12\n",
    "*.log\n!keep.log\n",
    "$Id$\n",
];
const TARGETS: [&str; 6] = ["main.py", "..", "nowhere", "/etc/hosts", "src/pkg", "../../libs/core"];
const IGNORES: [&str; 5] = [
    "",
    "*.log\n",
    "build/\n/services/*/gen\n",
    "*\n!*/\n!*.toml\n!*.py\n!*.lock\n!.git*\n",
    "**/logs/\n!keep.log\n",
];
const ATTRIBUTES: [&str; 5] = [
    "",
    "* text=auto\n",
    "*.py text eol=crlf\n*.bin -text\n",
    "*.txt ident\n*.py ident\n",
    "*.md working-tree-encoding=ISO-8859-1\n*.toml eol=crlf\n",
];

prop_compose! {
    fn entry()(text in select(&TEXTS[..]), target in select(&TARGETS[..]), kind in 0..8) -> Entry {
        match kind {
            0 => Entry::Link(target),
            1 => Entry::Executable(text),
            _ => Entry::File(text),
        }
    }
}

prop_compose! {
    /// A repository: files by path, what its root ignores, and its attributes.
    fn repository()(
        projects in collection::btree_map(
            select(&["services/api", "services/web", "libs/core", "services"][..]),
            collection::btree_map(select(&PATHS[..]), entry(), 0..7),
            1..4,
        ),
        ignores in select(&IGNORES[..]),
        attributes in select(&ATTRIBUTES[..]),
        forced in any::<bool>(),
    ) -> Case {
        Case::new(&projects, ignores, attributes, forced)
    }
}

#[derive(Debug)]
struct Case {
    _folder: TempDir,
    root: Utf8PathBuf,
    env: Vec<(OsString, OsString)>,
}

impl Case {
    fn new(
        projects: &BTreeMap<&str, BTreeMap<&str, Entry>>,
        ignores: &str,
        attributes: &str,
        forced: bool,
    ) -> Self {
        let folder = TempDir::new().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap().canonicalize_utf8().unwrap();
        let env = std::env::vars_os().filter(|(name, _)| name == "PATH").collect();
        let case = Self { _folder: folder, root, env };
        let members: Vec<&&str> = projects.keys().collect();
        case.write(
            "pyproject.toml",
            &format!(
                "[tool.uv.workspace]
members = {members:?}
"
            ),
        );
        case.write("uv.lock", "version = 1\n");
        case.write(".gitignore", ignores);
        if !attributes.is_empty() {
            case.write(".gitattributes", attributes);
        }
        for (path, files) in projects {
            let name = path.replace('/', "-");
            let manifest = format!(
                "[project]\nname = \"{name}\"\nversion = \"1\"\ndependencies = [\"fastapi[standard]\"]\n"
            );
            for (file, entry) in files {
                case.add(&format!("{path}/{file}"), entry);
            }
            case.write(&format!("{path}/pyproject.toml"), &manifest);
        }
        case.git(&["init", "-q"]);
        case.git(if forced { &["add", "-A", "-f"] } else { &["add", "-A"] });
        let identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"];
        case.git(&[&identity[..], &["commit", "-q", "-m", "x"]].concat());
        // What attributes make of the files is on disk after a checkout only.
        for name in crate::git::entries(&case.git(&["ls-files", "-z"])) {
            fs::remove_file(case.root.join(str::from_utf8(name).unwrap())).unwrap();
        }
        case.git(&["checkout-index", "--all", "-u"]);
        case
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[cfg(unix)]
    fn add(&self, path: &str, entry: &Entry) {
        use std::os::unix::fs::{PermissionsExt, symlink};

        match entry {
            Entry::File(text) => self.write(path, text),
            Entry::Executable(text) => {
                self.write(path, text);
                fs::set_permissions(self.root.join(path), PermissionsExt::from_mode(0o755))
                    .unwrap();
            }
            Entry::Link(target) => {
                fs::create_dir_all(self.root.join(path).parent().unwrap()).unwrap();
                symlink(target, self.root.join(path)).unwrap();
            }
        }
    }

    #[cfg(not(unix))]
    fn add(&self, path: &str, entry: &Entry) {
        match entry {
            Entry::File(text) | Entry::Executable(text) | Entry::Link(text) => {
                self.write(path, text)
            }
        }
    }

    fn git(&self, args: &[&str]) -> Vec<u8> {
        let interrupt = Interrupt::new();
        Programs { env: &self.env, interrupt: &interrupt }
            .ask("git", args, &self.root)
            .unwrap()
            .unwrap()
    }

    /// Does something to files of a project: each gets what is told, or goes.
    fn edit(&self, project: &str, edits: &[(&str, Option<Entry>)]) {
        for (file, entry) in edits {
            let path = format!("{project}/{file}");
            // What is not there need not go.
            let _ = fs::remove_file(self.root.join(&path));
            if let Some(entry) = entry {
                self.add(&path, entry);
            }
        }
    }

    fn head(&self) -> String {
        let id = self.git(&["rev-parse", "HEAD"]);
        str::from_utf8(&id).unwrap().trim().to_owned()
    }

    fn options(&self, head: Head) -> ScanOptions {
        let (root, env) = (self.root.clone(), self.env.clone());
        ScanOptions { root, config: None, head, env, interrupt: Interrupt::new() }
    }

    fn scan(&self, head: Head) -> Result<Scan, String> {
        scan(&self.options(head)).map_err(|error| told(&error))
    }
}

/// Returns an error as a person sees it.
fn told(error: &ScanError) -> String {
    let source = std::error::Error::source(error).map(ToString::to_string);
    format!("{error}: {}", source.unwrap_or_default())
}

/// Returns a workspace as it is found if files are listed in an order that `seed` decides.
fn shuffled(case: &Case, seed: u64) -> Result<Workspace, String> {
    let options = case.options(Head::WorkingTree);
    let programs = Programs { env: &options.env, interrupt: &options.interrupt };
    let git = Git::new(&case.root, &programs);
    let (tracked, mut found) = folder::look(&case.root, &git, &programs).unwrap();
    let mut random = proptest::test_runner::TestRng::from_seed(
        proptest::test_runner::RngAlgorithm::XorShift,
        &[seed.to_le_bytes(), (!seed).to_le_bytes()].concat(),
    );
    shuffle(&mut found.folders, &mut random);
    for folder in &mut found.folders {
        shuffle(&mut folder.entries.list, &mut random);
    }
    let tracked = tracked.unwrap().0;
    let mut names: Vec<&[u8]> = tracked.split_inclusive(|byte| *byte == 0).collect();
    shuffle(&mut names, &mut random);
    let tracked = Tracked(names.concat());
    let mut warnings = Vec::new();
    let listed = Folder::tracked(&case.root, git, &programs, &tracked, found, &mut warnings);
    let (folder, listed) = listed.unwrap().unwrap();
    let tree = Tree::listed(Arc::new(Source::Folder(Box::new(folder))), listed);
    let scanned = assemble::workspace(&options, &tree, &mut warnings);
    scanned.map(|(workspace, _)| workspace).map_err(|error| told(&error))
}

/// Brings values into an order that is as likely as any other.
fn shuffle<T>(values: &mut [T], random: &mut proptest::test_runner::TestRng) {
    for last in (1..values.len()).rev() {
        let other = usize::try_from(random.next_u64()).unwrap() % (last + 1);
        values.swap(last, other);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_commit_and_its_checkout_are_the_same_tree(case in repository()) {
        let (disk, commit) = match (case.scan(Head::WorkingTree), case.scan(Head::Revision("HEAD".into()))) {
            (Ok(disk), Ok(commit)) => (disk, commit),
            (disk, commit) => {
                prop_assert_eq!(disk.err(), commit.err());
                return Ok(());
            }
        };
        prop_assert_eq!(disk.tree.files(), commit.tree.files());
        prop_assert_eq!(disk.tree.folders(), commit.tree.folders());
        prop_assert_eq!(&disk.tree.links, &commit.tree.links);
        prop_assert_eq!(disk.workspace, commit.workspace);
        prop_assert_eq!(disk.warnings, commit.warnings);
        let (disk, commit) = (disk.tree, commit.tree);
        let files = disk.files();
        prop_assert_eq!(disk.identities(files).unwrap(), commit.identities(files).unwrap());
    }

    #[test]
    fn the_order_in_which_folders_list_their_files_changes_nothing(
        case in repository(),
        seed in any::<u64>(),
    ) {
        let scanned = case.scan(Head::WorkingTree).map(|scan| scan.workspace);
        prop_assert_eq!(shuffled(&case, seed), scanned);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_commit_that_is_known_by_what_differs_is_the_same_tree(
        case in repository(),
        edits in collection::vec((select(&PATHS[..]), proptest::option::of(entry())), 0..6),
        staged in any::<bool>(),
        later in any::<bool>(),
    ) {
        let commit = case.head();
        case.edit("services/api", &edits);
        if staged {
            case.git(&["add", "-A"]);
        }
        let head = if later {
            let identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"];
            case.git(&[&identity[..], &["commit", "-q", "-a", "--allow-empty", "-m", "y"]].concat());
            Head::Revision("HEAD".into())
        } else {
            Head::WorkingTree
        };
        let Pair { base, head: after, differing } = pair(&commit, &case.options(head.clone()));
        let (base, after) = (base.map_err(|it| told(&it)), after.map_err(|it| told(&it)));
        let (alone, head) = (case.scan(Head::Revision(commit)), case.scan(head));
        let (base, after, alone, head) = match (base, after, alone, head) {
            (Ok(base), Ok(after), Ok(alone), Ok(head)) => (base, after, alone, head),
            (base, after, alone, head) => {
                prop_assert_eq!(base.err(), alone.err());
                prop_assert_eq!(after.err(), head.err());
                return Ok(());
            }
        };
        prop_assert_eq!(&base.workspace, &alone.workspace);
        prop_assert_eq!(&after.workspace, &head.workspace);
        prop_assert_eq!(base.tree.files(), alone.tree.files());
        prop_assert_eq!(base.tree.folders(), alone.tree.folders());
        prop_assert_eq!(&base.tree.links, &alone.tree.links);
        let before = alone.tree.identities(alone.tree.files()).unwrap();
        let after = head.tree.identities(head.tree.files()).unwrap();
        prop_assert_eq!(base.tree.identities(base.tree.files()).unwrap(), before.clone());
        let plain = !case.root.join(".gitattributes").exists();
        prop_assert!(differing.is_some() || !plain);
        let Some(differing) = differing else { return Ok(()) };
        for file in before.keys().chain(after.keys()) {
            let same = before.get(file) == after.get(file);
            prop_assert!(same || differing.contains(file), "{file}");
        }
        prop_assert_eq!(
            base.tree.identities(&differing).unwrap(),
            alone.tree.identities(&differing).unwrap()
        );
    }
}

#[test]
fn what_two_trees_have_in_common_is_asked_of_nobody() {
    // Equal files are one object, so the one that differs has a text of its own.
    let files = |main| [("main.py", Entry::File(main)), ("src/pkg/app.py", Entry::File(TEXTS[1]))];
    let projects = ["services/api", "services/web", "libs/core"];
    let projects = projects
        .map(|it| (it, files(if it.ends_with("api") { TEXTS[2] } else { it }).into()))
        .into();
    let case = Case::new(&projects, "", "", false);
    let commit = case.head();
    let whole = case.scan(Head::Revision(commit.clone())).unwrap();
    case.edit("services/api", &[("main.py", Some(Entry::File("changed\n")))]);
    let listed = case.git(&["ls-tree", "-r", "-t", "-z", &commit]);
    let mut gone = 0;
    for entry in crate::git::entries(&listed) {
        let (place, path) = str::from_utf8(entry).unwrap().split_once('\t').unwrap();
        if !"services/api/main.py".starts_with(path) {
            let (folder, name) = place.rsplit(' ').next().unwrap().split_at(2);
            let object = case.root.join(".git/objects").join(folder).join(name);
            gone += u32::from(fs::remove_file(object).is_ok());
        }
    }
    assert!(gone > 5, "{gone} objects");
    assert!(case.scan(Head::Revision(commit.clone())).is_err());
    let Pair { base, differing, .. } = pair(&commit, &case.options(Head::WorkingTree));
    let base = base.unwrap();
    assert_eq!(base.workspace, whole.workspace);
    assert_eq!(base.tree.files(), whole.tree.files());
    let changed = "services/api/main.py".parse().unwrap();
    assert_eq!(differing.unwrap(), BTreeSet::from([changed]));
}
