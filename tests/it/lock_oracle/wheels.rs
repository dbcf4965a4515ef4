//! Wheels for a target are those that uv takes there.
//!
//! No image with musl can be had where the tests run, but uv installs for
//! other platforms. For glibc it is asked for versions from the oldest that
//! wheels are still made for to the newest that it knows.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use camino::Utf8PathBuf;
use pymono_lock::{ClosureError, Lock, Pin, Selection};
use pymono_names::{Libc, Platform, Target};
use pymono_tests::{Finished, Tool, uv::uv};

use super::workspace::{Workspace, project};

/// Distributions of every kind, small where that is possible: pure ones, with the stable ABI, for one ABI,
/// for no ABI but one platform, for glibc alone, and without any wheel.
const DISTRIBUTIONS: [&str; 23] = [
    "attrs==25.3.0",
    "cffi==1.17.1",
    "charset-normalizer==3.4.2",
    "contourpy==1.3.3",
    "cryptography==45.0.4",
    "docopt==0.6.2",
    "duckdb==1.1.3",
    "greenlet==3.2.3",
    "httptools==0.6.4",
    "lxml==5.4.0",
    "markupsafe==3.0.2",
    "msgpack==1.1.1",
    "mysqlclient==2.2.7",
    "ninja==1.11.1.4",
    "orjson==3.10.18",
    "psutil==7.0.0",
    "psycopg2-binary==2.9.10",
    "pydantic-core==2.33.2",
    "pyyaml==6.0.2",
    "rpds-py==0.25.1",
    "six==1.17.0",
    "uvloop==0.21.0",
    "zstandard==0.23.0",
];

/// A lock with each distribution in a group of its own.
struct Wheels {
    workspace: Workspace,
    lock: Lock,
}

impl Wheels {
    fn locked() -> Self {
        let groups = DISTRIBUTIONS.map(|pinned| format!("{} = [\"{pinned}\"]\n", name(pinned)));
        let rest = format!("[dependency-groups]\n{}", groups.concat());
        let workspace = Workspace::new(&project("svc", &rest));
        let lock = Lock::parse("uv.lock", &workspace.lock()).unwrap();
        Self { workspace, lock }
    }

    /// Returns what pymono would take each distribution from; nothing where no wheel fits.
    fn ours(&self, target: Target) -> BTreeMap<&'static str, BTreeSet<String>> {
        DISTRIBUTIONS.map(|pinned| (pinned, self.fitting(pinned, target))).into()
    }

    fn fitting(&self, pinned: &str, target: Target) -> BTreeSet<String> {
        let group = name(pinned).parse().unwrap();
        let selection = Selection {
            groups: BTreeSet::from([group]),
            ..Selection::production("svc".parse().unwrap())
        };
        let names = |pin: &Pin| pin.wheels.iter().map(|wheel| wheel.file_name.clone()).collect();
        match self.lock.close(&selection, &target) {
            Ok(closure) => {
                let pin = closure.pins.iter().find(|pin| pin.name.as_ref() == name(pinned));
                names(pin.unwrap())
            }
            Err(ClosureError::NoDistribution { package, .. }) if package == pinned => {
                BTreeSet::new()
            }
            Err(error) => panic!("{pinned} on {target:?}: {error}"),
        }
    }

    /// Asks uv to install some distributions for a platform, and returns the wheels that it takes.
    fn taken(
        &self,
        place: &Place,
        more: &[&str],
        pinned: &[&str],
    ) -> Result<BTreeSet<String>, Finished> {
        let python = place.target.python.minor_version();
        let uv = Tool::new(uv()).args(["pip", "install", "--verbose", "--no-deps"]);
        let uv = uv.args(["--only-binary", ":all:", "--python-version", &python]);
        let uv = uv.args(["--python-platform", &place.platform, "--target", "taken"]);
        let said = uv.args(more).args(pinned).cwd(self.workspace.outside()).run();
        if said.code != Some(0) {
            return Err(said);
        }
        let chosen = said.stderr.lines().filter_map(|line| line.split_once("Selecting: "));
        let file = |chosen: &str| Some(chosen.rsplit_once('(')?.1.trim_end_matches(')').to_owned());
        Ok(chosen.filter_map(|(_, chosen)| file(chosen)).collect())
    }

    /// Asks both what fits a place; returns what uv takes, which must be all but what is `too_new` for it.
    fn compare(&self, place: &Place, too_new: &[&str], more: &[&str]) -> BTreeSet<String> {
        let ours = self.ours(place.target);
        let unfit = |pinned: &&str| ours[pinned].is_empty() || too_new.contains(pinned);
        let (unfit, fit): (Vec<_>, Vec<_>) = DISTRIBUTIONS.iter().partition(|it| unfit(it));
        for pinned in unfit {
            let taken = self.taken(place, more, &[pinned]);
            assert!(taken.is_err(), "uv takes {taken:?} of {pinned} for {place:?}");
        }
        let taken = self.taken(place, more, &fit).unwrap();
        assert_eq!(taken.len(), fit.len(), "{place:?}: {taken:#?}");
        let known: BTreeSet<_> = ours.into_values().flatten().collect();
        let strange: Vec<_> = taken.difference(&known).collect();
        assert!(strange.is_empty(), "uv takes {strange:?} for {place:?}");
        taken
    }

    /// Returns the names of what lies in the folder that uv installs into, with the tags of the wheel it was in.
    fn installed(&self) -> BTreeMap<String, BTreeSet<String>> {
        let folder = self.workspace.outside().join("taken");
        let entries = folder.read_dir_utf8().unwrap().map(|entry| entry.unwrap().into_path());
        let infos = entries.filter(|path| path.extension() == Some("dist-info"));
        let tags = |path: &Utf8PathBuf| {
            let wheel = fs::read_to_string(path.join("WHEEL")).unwrap();
            wheel.lines().filter_map(|line| Some(line.strip_prefix("Tag: ")?.to_owned())).collect()
        };
        infos.map(|path| (path.file_stem().unwrap().to_owned(), tags(&path))).collect()
    }
}

/// A target as uv calls it.
#[derive(Debug)]
struct Place {
    platform: String,
    target: Target,
}

/// Returns all targets with a C library; the platform is written after the machine.
fn places(libc: Libc, platform: &str) -> Vec<Place> {
    let pythons = ["3.11", "3.12", "3.13"].map(|python| python.parse().unwrap());
    let place = |python, machine: Platform| Place {
        platform: format!("{}-{platform}", machine.machine()),
        target: Target { python, platform: machine, libc },
    };
    pythons.iter().flat_map(|python| Platform::ALL.map(|machine| place(*python, machine))).collect()
}

fn name(pinned: &str) -> &str {
    pinned.split("==").next().unwrap()
}

/// Returns the start of a wheel's file name, and each combination of the tags at its end.
fn taken_apart(file: &str) -> (String, BTreeSet<String>) {
    let parts: Vec<_> = file.strip_suffix(".whl").unwrap().split('-').collect();
    let [name, version, .., pythons, abis, platforms] = parts[..] else { panic!("{file}") };
    let mut tags = BTreeSet::new();
    for python in pythons.split('.') {
        for abi in abis.split('.') {
            tags.extend(platforms.split('.').map(|platform| format!("{python}-{abi}-{platform}")));
        }
    }
    (format!("{name}-{version}"), tags)
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn wheels_for_musl_are_those_that_uv_installs() {
    let wheels = Wheels::locked();
    let mut count = 0;
    for place in places(Libc::Musl, "unknown-linux-musl") {
        let taken = wheels.compare(&place, &[], &[]);
        let installed = wheels.installed();
        assert_eq!(installed.len(), taken.len(), "{installed:#?}");
        for file in &taken {
            let (name, tags) = taken_apart(file);
            assert!(!installed[&name].is_disjoint(&tags), "{file}: {:?}", installed[&name]);
        }
        fs::remove_dir_all(wheels.workspace.outside().join("taken")).unwrap();
        count += DISTRIBUTIONS.len();
        let libc = taken.iter().filter(|file| file.contains("musllinux")).count();
        assert!(libc >= 10 && !taken.iter().any(|file| file.contains("manylinux")), "{taken:#?}");
    }
    assert_eq!(count, 6 * DISTRIBUTIONS.len());
}

/// A lock is closed before any image is there to ask for its glibc, so that a wheel for a newer one
/// counts as fitting. Debian 13, which slim images stand on by default, has 2.41, Debian 12 has 2.36;
/// uv knows none newer than 2.40, and installs for 2.17 as the oldest.
#[test]
#[ignore = "needs uv: cargo xtask test"]
fn wheels_for_glibc_are_those_that_uv_takes_and_those_for_a_newer_one() {
    let wheels = Wheels::locked();
    for (platform, too_new) in
        [("manylinux_2_40", &[][..]), ("manylinux_2_17", &["contourpy==1.3.3"])]
    {
        for place in places(Libc::Glibc, platform) {
            let fits = !wheels.ours(place.target)["contourpy==1.3.3"].is_empty();
            assert!(fits, "{place:?}");
            let taken = wheels.compare(&place, too_new, &["--dry-run"]);
            assert!(!taken.iter().any(|file| file.contains("musllinux")), "{taken:#?}");
        }
    }
}
