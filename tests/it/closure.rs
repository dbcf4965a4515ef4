//! An image holds its service's closure: all of it, and nothing else.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;
use pymono_tests::{Repo, Site};
use serde::Deserialize;

/// Prints what is installed.
const FILES: &str = include_str!("closure/files.py");

/// Files that differ between any two installs, so nothing is said about their content.
///
/// In `uv_cache.json` uv notes the time of the sources of a local package.
/// `RECORD` has the hash of that file, and is compared line by line in its place.
/// `.lock` is uv's own, and empty.
const OF_ONE_INSTALL: [&str; 3] = ["uv_cache.json", "RECORD", ".lock"];

/// The services of the shop, and the libraries that they need.
const SHOP: [(&str, &[&str]); 6] = [
    ("admin", &["shop_models", "shop_telemetry"]),
    ("catalog", &["shop_models", "shop_pricing"]),
    ("forecast", &[]),
    ("report", &["shop_models"]),
    ("storefront", &["shop_models", "shop_pricing", "shop_telemetry"]),
    ("worker", &["shop_models", "shop_pricing", "shop_telemetry"]),
];
const LIBRARIES: [&str; 3] = ["shop_models", "shop_pricing", "shop_telemetry"];

/// What is installed in an environment.
#[derive(Debug, Deserialize)]
pub(crate) struct Installed {
    /// The lines of the RECORD of each distribution, `name==version`.
    records: BTreeMap<String, BTreeSet<String>>,
    /// The hash of every file.
    files: BTreeMap<Utf8PathBuf, String>,
}

impl Installed {
    /// Reads what [`FILES`] has printed.
    pub(crate) fn read(json: &[u8]) -> Self {
        let mut installed: Self = serde_json::from_slice(json).unwrap();
        let stays = |path: &str| !OF_ONE_INSTALL.contains(&path.rsplit('/').next().unwrap());
        installed.files.retain(|path, _| stays(path.as_str()));
        for lines in installed.records.values_mut() {
            lines.retain(|line| stays(line.split(' ').next().unwrap()));
        }
        installed
    }

    /// Returns every distribution, as `name==version`.
    pub(crate) fn distributions(&self) -> Vec<&str> {
        self.records.keys().map(String::as_str).collect()
    }
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn images_hold_what_one_plain_install_of_their_closure_holds() {
    let site = Site::new(Repo::shop("closure"));
    site.build(&["--all"]);
    let mut plain = install_plainly(&site, &SHOP.map(|(service, _)| exported(service)));
    for (service, _) in SHOP {
        let ours = in_image(&site, service);
        let plain = Installed::read(&plain.remove(service).unwrap());
        assert!(!ours.records.is_empty(), "{service}");
        assert_eq!(ours.distributions(), plain.distributions(), "distributions of {service}");
        for (distribution, lines) in &ours.records {
            let theirs = &plain.records[distribution];
            let different: Vec<_> = lines.symmetric_difference(theirs).collect();
            assert!(different.is_empty(), "{service}: RECORD of {distribution}: {different:#?}");
        }
        let different: Vec<_> = ours
            .files
            .keys()
            .chain(plain.files.keys())
            .filter(|path| ours.files.get(*path) != plain.files.get(*path))
            .collect();
        assert!(different.is_empty(), "{service}: files that differ: {different:#?}");
    }
}

/// An install with uv alone, without pymono, into one environment at the place where images have theirs.
pub(crate) struct PlainInstall {
    pub(crate) service: &'static str,
    /// The Python of the image, as `3.13`.
    pub(crate) python: &'static str,
    /// What is run in the root of the repository, with nothing installed yet.
    pub(crate) command: String,
}

/// Installs by these commands and returns what is there afterwards, by service, as [`Installed::read`] takes it.
pub(crate) fn install_plainly(site: &Site, installs: &[PlainInstall]) -> BTreeMap<String, Vec<u8>> {
    let baked = std::fs::read_to_string(site.bake().join("Dockerfile")).unwrap();
    let uv = baked.lines().find(|line| line.ends_with(" AS uv")).unwrap();
    let mut dockerfile = format!("{uv}\n");
    let mut last = String::from("FROM scratch\n");
    for PlainInstall { service, python, command } in installs {
        dockerfile += &format!(
            "FROM python:{python}-slim AS {service}\nCOPY --from=uv /uv /usr/local/bin/uv\n\
             ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy VIRTUAL_ENV=/app/.venv\n\
             RUN uv venv --no-project --python {python} /app/.venv\nWORKDIR /src\n\
             RUN --mount=type=bind,target=/src,rw \
             --mount=type=cache,target=/root/.cache/uv,id=pymono-tests-uv {command}\n\
             RUN --mount=type=bind,from=probe,target=/probe \
             mkdir /out && /app/.venv/bin/python /probe/files.py > /out/{service}\n"
        );
        last += &format!("COPY --from={service} /out /\n");
    }
    let probe = site.repo.outside().join("probe");
    std::fs::create_dir(&probe).unwrap();
    std::fs::write(probe.join("files.py"), FILES).unwrap();
    let args = [format!("--build-context=probe={probe}")];
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let files = site.docker.export(&(dockerfile + &last), &site.repo.root(), &args);
    files.into_iter().map(|(path, bytes)| (path.into_string(), bytes)).collect()
}

/// Returns how a service of the shop is installed from what uv exports.
fn exported(service: &'static str) -> PlainInstall {
    let export = format!(
        "uv export --package {service} --frozen --no-default-groups --no-header --no-annotate"
    );
    let command = format!(
        "{export} --no-emit-local --output-file /pins.txt && \
         uv pip install --require-hashes --requirements /pins.txt && \
         uv pip install --no-cache --no-deps $({export} --no-hashes | sed -n 's/^-e //p')"
    );
    PlainInstall { service, python: "3.13", command }
}

/// Returns what is installed in the image of a service.
pub(crate) fn in_image(site: &Site, service: &str) -> Installed {
    let found = site.docker.python(&site.repo.image(service), FILES).succeeded();
    Installed::read(found.stdout.as_bytes())
}

#[test]
#[ignore = "needs a Docker engine: cargo xtask test"]
fn images_import_the_libraries_of_their_closure_and_no_other() {
    let site = Site::new(Repo::shop("imports"));
    site.build(&["--all"]);
    for (service, needs) in SHOP {
        let image = site.repo.image(service);
        for library in LIBRARIES {
            let import = site.docker.python(&image, &format!("import {library}"));
            if needs.contains(&library) {
                let _ = import.succeeded();
            } else {
                let missing = format!("No module named '{library}'");
                assert!(import.stderr.contains(&missing), "{service}: {import:?}");
            }
        }
        let own = site.docker.python(&image, &format!("import {service}, sys; print(sys.prefix)"));
        assert_eq!(own.succeeded().stdout, "/app/.venv\n", "{service}");
    }
}
