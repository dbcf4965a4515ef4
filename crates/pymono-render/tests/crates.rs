//! A package that Cargo builds, as it stands in the generated files.

#![expect(clippy::unwrap_used, reason = "a fleet that cannot be made is a failed test")]

use std::collections::{BTreeMap, BTreeSet};

use insta::assert_snapshot;
use pymono_names::{Libc, TreePath};
use pymono_plan::{Environment, Finish, Fleet, ImageSettings, IndexChoice, Package, Service, plan};
use pymono_render::{Rendered, render};
use pymono_workspace::{BuildKind, BuildSystem, Crates, Unsent};

fn path(text: &str) -> TreePath {
    text.parse().unwrap()
}

fn crates() -> Crates {
    let texts = |manifest: &str| {
        BTreeMap::from([
            (path("rust/Cargo.lock"), "version = 4\n".to_owned()),
            (path("rust/Cargo.toml"), manifest.to_owned()),
        ])
    };
    Crates {
        folders: BTreeMap::from([(path("rust/core"), vec![path("rust/core")])]),
        texts: texts("full"),
        skeleton: texts("skeleton"),
        roots: BTreeSet::from([path("rust")]),
    }
}

fn rendered(crates: Crates) -> Rendered {
    let package = Package {
        name: "api".parse().unwrap(),
        build: BuildSystem {
            requires: vec!["maturin".to_owned()],
            backend: "maturin".to_owned(),
            kind: BuildKind::Rust,
            version_from_git: None,
        },
        index: IndexChoice::Installer,
        secrets: BTreeSet::new(),
        sources: vec![path("api")],
        crates: Some(crates),
        build_apt: BTreeSet::new(),
        build_apk: BTreeSet::new(),
        version: None,
        caches: Vec::new(),
    };
    let image = "python:3.13-slim".to_owned();
    let service = Service {
        name: "api".parse().unwrap(),
        environment: Environment {
            base_image: image.clone(),
            python: "3.13".parse().unwrap(),
            libc: Libc::Glibc,
        },
        requirements: BTreeSet::new(),
        open: None,
        packages: BTreeSet::from([path("api")]),
        files: Vec::new(),
        index: IndexChoice::Installer,
        secrets: BTreeSet::new(),
        build_apt: BTreeSet::new(),
        runtime_image: image,
        apt: BTreeSet::new(),
        user: 1001,
        finish: Finish::default(),
        image: ImageSettings::default(),
    };
    let fleet = Fleet {
        services: BTreeMap::from([(path("api"), service)]),
        handwritten: BTreeMap::new(),
        locals: BTreeMap::new(),
        packages: BTreeMap::from([(path("api"), package)]),
        uv_image: "uv".to_owned(),
        tests: BTreeMap::new(),
        lock: None,
        apt_snapshot: None,
        settled: false,
        warnings: BTreeSet::new(),
    };
    render(&plan(&fleet), &Unsent::default())
}

/// Returns the stages whose names begin like this.
fn stages<'a>(dockerfile: &'a str, names: &[&str]) -> Vec<&'a str> {
    let named = |stage: &&str| names.iter().any(|name| stage.contains(&format!(" AS {name}")));
    dockerfile.split("\n\n").filter(named).collect()
}

#[test]
fn crates_are_fetched_with_the_network_and_compiled_without() {
    let rendered = rendered(crates());
    assert_snapshot!(stages(&rendered.dockerfile, &["crates-", "pkg-"]).join("\n\n"), @r#"
    # What `api` needs of other places, for `api`.
    FROM toolchain-py313-cargo AS crates-api
    RUN --mount=type=cache,id=pymono-cargo-python-3-13-slim,target=/var/cache/pymono/cargo \
        --mount=type=bind,from=pymono-pins,source=crates-api,target=/src,rw \
        mkdir -p /opt/crates /src/api && \
        cd /src/api && \
        { cat /src/rust/Cargo.lock | grep -oE '"[0-9a-f]{64}"|#[0-9a-f]{40}"' >/tmp/pinned || true; } && \
        cargo vendor --versioned-dirs --manifest-path /src/rust/Cargo.toml /opt/crates/vendor >/opt/crates/config.toml && \
        if cat /src/rust/Cargo.lock | grep -oE '"[0-9a-f]{64}"|#[0-9a-f]{40}"' | grep -qvxFf /tmp/pinned; then echo 'pymono: Cargo.lock does not fit the manifests any more; run `cargo update --workspace`' >&2; exit 1; fi && \
        mkdir -p /opt/crates/locks/rust && \
        cp /src/rust/Cargo.lock /opt/crates/locks/rust/ && \
        find /opt/crates -exec touch -h -t 200001010000 {} +

    # `api`, for `api`.
    FROM toolchain-py313-cargo AS pkg-api
    ARG TARGETARCH
    RUN --network=none \
        --mount=type=bind,from=backend-maturin,source=/opt/backend,target=/opt/backend \
        --mount=type=bind,source=api,target=/src/api,rw \
        --mount=type=bind,source=rust/core,target=/src/rust/core,rw \
        --mount=type=bind,from=crates-api,source=/opt/crates,target=/opt/crates,rw \
        --mount=type=bind,from=pymono-pins,source=pkg-api,target=/opt/manifests \
        --mount=type=bind,from=pymono-pins,source=sources.py,target=/opt/sources.py \
        --mount=type=cache,id=pymono-build:api:python-3-13-slim:$TARGETARCH,sharing=locked,target=/var/cache/pymono \
        cp -R /opt/manifests/. /opt/crates/locks/. /src/ && \
        /app/.venv/bin/python /opt/sources.py /src /var/cache/pymono/sources.json && \
        CARGO_HOME=/opt/crates CARGO_NET_OFFLINE=true CARGO_TARGET_DIR=/var/cache/pymono/target PATH=/opt/backend/bin:$PATH PYTHONPATH=/opt/backend uv pip install --no-cache --no-deps --no-sources --no-build-isolation --offline /src/api && \
        sed -i '/uv_cache.json,/d' /app/.venv/lib/python3.*/site-packages/*.dist-info/RECORD && rm -f /app/.venv/lib/python3.*/site-packages/*.dist-info/uv_cache.json && \
        rm -f /app/.venv/.lock && find /app/.venv -exec touch -h -d @315532800 /app {} +
    "#);
    let toolchain = stages(&rendered.dockerfile, &["toolchain-"]).concat();
    assert!(
        toolchain.ends_with("recommends $(command -v cargo >/dev/null || echo cargo)"),
        "{toolchain}"
    );
    let taken = rendered.ignore.lines().filter(|line| line.starts_with('!'));
    assert_eq!(taken.collect::<Vec<_>>(), ["!api", "!rust/core"]);
    let pins: Vec<&str> = rendered.pins.keys().map(String::as_str).collect();
    assert_eq!(
        pins,
        [
            "backend-maturin.txt",
            "crates-api/rust/Cargo.lock",
            "crates-api/rust/Cargo.toml",
            "pkg-api/rust/Cargo.lock",
            "pkg-api/rust/Cargo.toml",
            "settle.sh",
            "sources.py",
        ]
    );
    assert_eq!(rendered.pins["crates-api/rust/Cargo.toml"], "skeleton");
    assert_eq!(rendered.pins["pkg-api/rust/Cargo.toml"], "full");
}

#[test]
fn without_a_lock_nothing_is_compared_and_a_mirror_in_the_tree_is_heeded() {
    let mut crates = crates();
    crates.skeleton.remove(&path("rust/Cargo.lock"));
    let mirror = "[source.crates-io]\nreplace-with = \"mirror\"\n".to_owned();
    crates.skeleton.insert(path(".cargo/config.toml"), mirror);
    let rendered = rendered(crates);
    let fetch = stages(&rendered.dockerfile, &["crates-"]).concat();
    assert!(!fetch.contains("/tmp/pinned"), "{fetch}");
    assert!(fetch.contains("cargo vendor --versioned-dirs --respect-source-config"), "{fetch}");
}
