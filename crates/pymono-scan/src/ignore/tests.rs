//! The patterns against git's own opinion.

use std::{ffi::OsString, fs};

use camino::{Utf8Path, Utf8PathBuf};
use pymono_exec::Interrupt;
use tempfile::TempDir;

use super::*;
use crate::{Head, ask::Programs};

/// Files of a project with everything that people ignore.
const FILES: &[&str] = &[
    "api/src/api/main.py",
    "api/src/api/_ext.so",
    "api/src/api/gen/pb2.py",
    "api/src/api/gen/keep.py",
    "api/build/lib/x.py",
    "api/build.py",
    "api/dist/a.whl",
    "api/logs/a.log",
    "api/logs/keep.log",
    "api/data/raw/1.csv",
    "api/data/raw/deep/2.csv",
    "api/data/x.csv",
    "api/tmp1/x",
    "api/tmpx/x",
    "api/with space",
    "api/#notes",
    "api/!important",
    "api/a[b].txt",
    "api/ab.txt",
    "api/vendor/build/x.py",
    "api/.coverage",
    "api/.hidden/x",
    "api/x.egg-info/PKG-INFO",
    "lib/build/x.py",
    "lib/keep/a.bin",
    "lib/a.bin",
    "api/tab\t",
    "api/\t",
    "api/cr\r",
    "api/[",
    "api/]z",
    "api/\\z",
    "api/zx",
    "api/a-",
    "api/-x",
    "api/ x",
    "api/7x",
    "api/ax",
    "api/\u{a0}",
    "api/\u{e4}x",
    "api/src/x/y/z.txt",
];

/// Contents of `.gitignore` files: at the root, in `api`.
const IGNORES: &[(&str, &str)] = &[
    ("*.so\nbuild/\ndist/\n*.log\n.coverage\n*.egg-info/\n", ""),
    ("/api/build\n", "gen/\n!gen/keep.py\n"),
    ("*.log\n!keep.log\n", "/data/raw/\n"),
    ("**/raw/**\n", "data/**/2.csv\n"),
    ("tmp[0-9]/\n", "tmp[!0-9]\n"),
    ("with\\ space\n\\#notes\n\\!important\n", "a\\[b\\].txt\n"),
    ("*\n!*/\n!*.py\n", ""),
    ("api/*\n!api/src\n", "src/**/gen\n"),
    ("# comment\n\n  \n*.bin\n!/lib/keep/*.bin\n", "trailing   \n.hidden\n"),
    ("build\r\n*.csv\r\n", ""),
    ("api/**/x\n", "d?ta/x.csv\n"),
    (".*\n!.gitignore\n", "[a-c]*.txt\n"),
    ("./api\n.\napi/../api\n./\n..\n", "./src\n.\nsrc/../src\nsrc/.\n\\./src\n"),
    ("*\t\n", "*\r\r\n"),
    ("tab\t\n\u{a0}\n", "*\u{a0}  \n"),
    ("\u{feff}/api/build\n", "x \t\n"),
    ("***\n!***/\n", "src/***/z.txt\n"),
    ("api/***\n", ""),
    ("api/s***c/***/z.txt\n", "t***1\n"),
    ("[a-]x\n", "[a-]\n?[a-]\n"),
    ("[z-a]x\n", "[!z-a]x\n"),
    ("[[]\n", "[]]z\n"),
    ("*[[:space:]]x\n", "*[[:digit:][:upper:]]x\n"),
    ("[[:alnum:]-]x\n", "[[:blank:]\\]*\n"),
    ("[\\]]z\n", "[\\\\]z\n"),
    ("[]\n[\n[a\nx[!\n", "[[:none:]]x\n[[:digit]x\n[\\\n"),
    ("[^a-z]x\n", "[!0-9[:space:]]x\n"),
    ("[a*]x\n[?-]x\n", "[*]\n[.a]x\n[$(+|]x\n"),
    ("api//src\n//api\nsrc//\n", "src\\\nbuild\\\n"),
    ("\\\\**\n", "\\[\n"),
];

struct Case {
    _folder: TempDir,
    root: Utf8PathBuf,
    env: Vec<(OsString, OsString)>,
}

impl Case {
    fn new(ignores: (&str, &str), tracked: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap().to_owned();
        let env = std::env::vars_os().filter(|(name, _)| name == "PATH").collect();
        let case = Self { _folder: folder, root, env };
        for file in FILES {
            let path = case.root.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        fs::write(case.root.join(".gitignore"), ignores.0).unwrap();
        fs::write(case.root.join("api/.gitignore"), ignores.1).unwrap();
        case.git(&["init", "-q"]);
        for file in tracked.iter().chain(&[".gitignore", "api/.gitignore"]) {
            case.git(&["--literal-pathspecs", "add", "-f", file]);
        }
        case
    }

    fn tree(&self) -> Tree {
        let interrupt = Interrupt::new();
        let programs = Programs { env: &self.env, interrupt: &interrupt };
        Tree::of(&self.root, &Head::WorkingTree, &programs, &mut Vec::new()).unwrap()
    }

    fn git(&self, args: &[&str]) -> String {
        let interrupt = Interrupt::new();
        let programs = Programs { env: &self.env, interrupt: &interrupt };
        String::from_utf8(programs.ask("git", args, &self.root).unwrap().unwrap()).unwrap()
    }
}

#[test]
fn no_file_of_the_tree_is_lost_and_no_ignored_one_is_sent() {
    for ignores in IGNORES {
        for tracked in [&[][..], &["api/build/lib/x.py", "api/logs/a.log", "api/a[b].txt"]] {
            let case = Case::new(*ignores, tracked);
            let tree = case.tree();
            let projects = BTreeSet::from(["api".parse().unwrap(), "lib".parse().unwrap()]);
            let unsent = unsent(&tree, &projects, &BTreeSet::new()).unwrap();
            let matcher = docker::Matcher::new(&unsent.patterns);
            let sent = |file: &str| {
                let file: TreePath = file.parse().unwrap();
                unsent.kept.contains(&file) || !drops(&matcher, &file, &mut BTreeMap::new())
            };
            let git =
                ["ls-files", "-z", "--others", "--ignored", "--exclude-per-directory=.gitignore"];
            let ignored = case.git(&git);
            let ignored: BTreeSet<&str> = ignored.split('\0').collect();
            for file in FILES {
                assert_eq!(
                    sent(file),
                    !ignored.contains(file),
                    "{file} with {ignores:?}: {unsent:?}"
                );
                assert_eq!(
                    tree.has(&file.parse().unwrap()),
                    !ignored.contains(file),
                    "{file} with {ignores:?}"
                );
            }
        }
    }
}

#[test]
fn secrets_and_byte_code_stay_behind_unless_they_are_tracked() {
    let case = Case::new(("", ""), &[]);
    for file in ["api/.env", "api/.env.example", "api/__pycache__/x.pyc"] {
        fs::create_dir_all(case.root.join(file).parent().unwrap()).unwrap();
        fs::write(case.root.join(file), "").unwrap();
    }
    case.git(&["add", "api/.env.example"]);
    let tree = case.tree();
    let unsent =
        unsent(&tree, &BTreeSet::from(["api".parse().unwrap()]), &BTreeSet::new()).unwrap();
    assert_eq!(unsent.kept, ["api/.env.example".parse().unwrap()]);
    let matcher = docker::Matcher::new(&unsent.patterns);
    for file in ["api/.env", "api/__pycache__/x.pyc", "x/.venv"] {
        assert!(drops(&matcher, &file.parse().unwrap(), &mut BTreeMap::new()), "{file}");
    }
}
