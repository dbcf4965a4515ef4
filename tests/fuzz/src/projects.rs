//! Whole trees: manifests, configuration and recipes as a scan reads them together.

use std::{fs, path::Path};

use pymono_exec::Interrupt;
use pymono_names::TreePath;
use pymono_scan::{Head, ScanOptions, inspect, scan};
use tempfile::TempDir;

use crate::files::Files;

/// No program is found in it: neither git nor cargo belongs to what is fuzzed.
const NO_PROGRAMS: &str = "PATH";

/// Writes the files of an input and scans them; whether a project was found.
pub(crate) fn run(input: &str) -> bool {
    let folder = TempDir::new().expect("a folder can be made");
    let root = folder.path().to_owned().try_into().expect("its name is UTF-8");
    let files = Files::of(input);
    for name in files.names() {
        // A torn name may be that of no file of the tree.
        if let (Ok(path), Some(text)) = (name.parse::<TreePath>(), files.get(name)) {
            write(&folder.path().join(path.as_str()), text);
        }
    }
    let env = vec![(NO_PROGRAMS.into(), folder.path().join("none").into())];
    let interrupt = Interrupt::default();
    let options = ScanOptions { root, config: None, head: Head::WorkingTree, env, interrupt };
    match scan(&options) {
        Ok(found) => {
            let again = scan(&options).expect("the same files are read");
            assert_eq!(found.workspace, again.workspace);
            assert_eq!(found.warnings, again.warnings);
            drop(inspect(&options, &found.workspace));
            !found.workspace.projects.is_empty()
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            false
        }
    }
}

/// A name may be that of a folder, or too long: then there is one file less.
fn write(path: &Path, text: &str) {
    if let Some(parent) = path.parent()
        && fs::create_dir_all(parent).is_ok()
    {
        fs::write(path, text).ok();
    }
}
