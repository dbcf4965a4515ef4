//! The generated files of a small fleet, whole.

#![expect(clippy::unwrap_used, reason = "a fleet that cannot be made is a failed test")]

use std::collections::{BTreeMap, BTreeSet};

use insta::assert_snapshot;
use pymono_names::{Libc, Platform, TreePath};
use pymono_plan::{
    BuildPlan, ChosenIndex, Environment, Finish, Fleet, ImageSettings, IndexChoice, Origin,
    Package, Requirement, Service, plan,
};
use pymono_render::{bake_file, render};
use pymono_workspace::{BuildKind, BuildSystem, CacheMount, IndexFormat, Unsent};

fn path(text: &str) -> TreePath {
    text.parse().unwrap()
}

fn index(name: Option<&str>, default: bool) -> ChosenIndex {
    ChosenIndex {
        name: name.map(str::to_owned),
        url: format!("https://{}.example/simple", name.unwrap_or("index")),
        format: IndexFormat::Simple,
        default,
        user: None,
        secrets: BTreeSet::new(),
    }
}

fn wheel(name: &str, version: &str) -> Requirement {
    Requirement {
        name: name.parse().unwrap(),
        version: Some(version.to_owned()),
        origin: Origin::Index(IndexChoice::One(index(None, true))),
        only: BTreeSet::new(),
        from_source: false,
        files: BTreeSet::new(),
        unnamed: false,
        hashes: BTreeSet::from([format!("sha256:{name}")]),
        // So large that a layer of its own is worth it.
        size: 10_000_000,
    }
}

fn service(name: &str, requirements: Vec<Requirement>, packages: &[&str]) -> Service {
    let image = "python:3.13-slim".to_owned();
    Service {
        name: name.parse().unwrap(),
        environment: Environment {
            base_image: image.clone(),
            python: "3.13".parse().unwrap(),
            libc: Libc::Glibc,
        },
        requirements: requirements.into_iter().collect(),
        open: None,
        packages: packages.iter().map(|package| path(package)).collect(),
        files: Vec::new(),
        index: IndexChoice::Installer,
        secrets: BTreeSet::new(),
        build_apt: BTreeSet::new(),
        runtime_image: image,
        apt: BTreeSet::new(),
        user: 1001,
        finish: Finish::default(),
        image: ImageSettings {
            references: vec![format!("{name}:latest")],
            command: Some(vec![name.to_owned()]),
            ..ImageSettings::default()
        },
    }
}

fn package(name: &str, requires: &str, kind: BuildKind, folder: &str) -> (TreePath, Package) {
    let package = Package {
        name: name.parse().unwrap(),
        build: BuildSystem {
            requires: vec![requires.to_owned()],
            backend: "backend".to_owned(),
            kind,
            version_from_git: None,
        },
        index: IndexChoice::Installer,
        secrets: BTreeSet::new(),
        sources: vec![path(folder)],
        crates: None,
        build_apt: BTreeSet::new(),
        build_apk: BTreeSet::new(),
        version: None,
        caches: Vec::new(),
    };
    (path(folder), package)
}

/// Two installed services that share a library, and one that is copied.
fn small() -> BuildPlan {
    let mut only_arm = wheel("only-arm", "2.0");
    only_arm.only = BTreeSet::from([Platform::Arm64]);
    let compiled = Requirement { from_source: true, ..wheel("compiled", "0.1") };

    let mut api = service(
        "api",
        vec![wheel("fastapi", "0.115.0"), wheel("idna", "3.10")],
        &["services/api", "libs/core"],
    );
    api.image.port = Some(8000);
    api.image.env = BTreeMap::from([("GREETING".to_owned(), "say \"$HI\"".to_owned())]);
    let web = service(
        "web",
        vec![wheel("idna", "3.10"), only_arm, compiled],
        &["services/web", "libs/core"],
    );
    let mut job = service("job", vec![], &[]);
    job.files = vec![path("jobs/job")];
    job.apt = BTreeSet::from(["libpq5".to_owned()]);
    job.image.workdir = Some("/app/jobs/job".to_owned());

    let mut packages = BTreeMap::from([
        package("core", "hatchling", BuildKind::Pure, "libs/core"),
        package("api", "hatchling", BuildKind::Pure, "services/api"),
        package("web", "setuptools>=61", BuildKind::Native, "services/web"),
    ]);
    packages.get_mut(&path("libs/core")).unwrap().caches =
        vec![CacheMount { target: "/trace".to_owned() }];
    let services = BTreeMap::from([
        (path("services/api"), api),
        (path("services/web"), web),
        (path("jobs/job"), job),
    ]);
    let warnings = BTreeSet::new();
    let uv_image = "ghcr.io/astral-sh/uv:0.13.9".to_owned();
    let (handwritten, locals) = (BTreeMap::new(), BTreeMap::new());
    plan(&Fleet {
        services,
        handwritten,
        locals,
        packages,
        tests: BTreeMap::new(),
        uv_image,
        lock: None,
        apt_snapshot: None,
        settled: false,
        warnings,
    })
}

fn unsent() -> Unsent {
    Unsent {
        patterns: vec!["**/__pycache__".to_owned()],
        kept: vec![path("libs/core/build/keep.py"), path("docs/kept.txt")],
    }
}

#[test]
fn a_person_can_read_the_dockerfile() {
    assert_snapshot!(render(&small(), &unsent()).dockerfile, @r#"
    # check=skip=all

    # Written by pymono from the projects, their locks and the configuration.
    # Do not edit: `pymono bake` writes it anew.

    # == Bases: where things are installed and built ==

    FROM ghcr.io/astral-sh/uv:0.13.9 AS uv

    # Python 3.13, uv and an empty virtual environment.
    FROM python:3.13-slim AS base-py313
    COPY --link --from=uv /uv /usr/local/bin/uv
    ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never VIRTUAL_ENV=/app/.venv
    ENV PYC_INVALIDATION_MODE=CHECKED_HASH SOURCE_DATE_EPOCH=315532800
    RUN mkdir -p /app && find /app -mindepth 1 -delete && \
        uv venv --no-cache --no-project --python 3.13 /app/.venv && \
        find /app/.venv -exec touch -h -d @315532800 /app {} +

    # Compilers, for `web`.
    FROM base-py313 AS toolchain-py313
    ARG TARGETARCH
    RUN --mount=type=cache,id=pymono-apt-cache-python-3-13-slim-$TARGETARCH,target=/var/cache/apt,sharing=locked \
        --mount=type=cache,id=pymono-apt-lists-python-3-13-slim-$TARGETARCH,target=/var/lib/apt,sharing=locked \
        rm -f /etc/apt/apt.conf.d/docker-clean && \
        apt-get update && \
        apt-get install --yes --no-install-recommends build-essential ccache
    ENV PATH=/usr/lib/ccache:$PATH CCACHE_DIR=/var/cache/pymono/ccache CARGO_HOME=/var/cache/pymono/cargo

    # == Build backends, installed once ==

    # hatchling, for `api`, `web`.
    FROM base-py313 AS backend-hatchling
    ARG TARGETARCH
    RUN --mount=type=cache,id=pymono-uv-0.13.9-$TARGETARCH,target=/root/.cache/uv \
        --mount=type=bind,from=pymono-pins,source=backend-hatchling.txt,target=/pins.txt \
        uv pip install --target /opt/backend --requirements /pins.txt

    # setuptools>=61, for `web`.
    FROM base-py313 AS backend-setuptools
    ARG TARGETARCH
    RUN --mount=type=cache,id=pymono-uv-0.13.9-$TARGETARCH,target=/root/.cache/uv \
        --mount=type=bind,from=pymono-pins,source=backend-setuptools.txt,target=/pins.txt \
        uv pip install --target /opt/backend --requirements /pins.txt

    # == Third-party distributions, by the services that get them together ==

    # 1 distribution, for `api`:
    # fastapi 0.115.0.
    FROM base-py313 AS deps-api
    ARG TARGETARCH
    RUN --mount=type=cache,id=pymono-uv-0.13.9-$TARGETARCH,target=/root/.cache/uv \
        --mount=type=bind,from=pymono-pins,source=deps-api.txt,target=/pins.txt \
        [ -n "$UV_DEFAULT_INDEX" ] || export UV_DEFAULT_INDEX=https://index.example/simple; \
        uv pip install --no-deps --require-hashes --no-build --requirements /pins.txt && \
        rm -f /app/.venv/.lock && find /app/.venv -exec touch -h -d @315532800 /app {} +

    # 1 distribution, for `api`, `web`:
    # idna 3.10.
    FROM base-py313 AS deps-api-web
    ARG TARGETARCH
    RUN --mount=type=cache,id=pymono-uv-0.13.9-$TARGETARCH,target=/root/.cache/uv \
        --mount=type=bind,from=pymono-pins,source=deps-api-web.txt,target=/pins.txt \
        [ -n "$UV_DEFAULT_INDEX" ] || export UV_DEFAULT_INDEX=https://index.example/simple; \
        uv pip install --no-deps --require-hashes --no-build --requirements /pins.txt && \
        rm -f /app/.venv/.lock && find /app/.venv -exec touch -h -d @315532800 /app {} +

    # 1 distribution, for `web`:
    # only-arm 2.0.
    FROM base-py313 AS deps-web
    ARG TARGETARCH
    RUN --mount=type=cache,id=pymono-uv-0.13.9-$TARGETARCH,target=/root/.cache/uv \
        --mount=type=bind,from=pymono-pins,source=deps-web.txt,target=/pins.txt \
        [ -n "$UV_DEFAULT_INDEX" ] || export UV_DEFAULT_INDEX=https://index.example/simple; \
        uv pip install --no-deps --require-hashes --no-build --requirements /pins.txt && \
        rm -f /app/.venv/.lock && find /app/.venv -exec touch -h -d @315532800 /app {} +

    # 1 distribution, for `web`:
    # compiled 0.1.
    FROM toolchain-py313 AS sdist-web
    ARG TARGETARCH
    RUN --mount=type=cache,id=pymono-uv-0.13.9-$TARGETARCH,target=/root/.cache/uv \
        --mount=type=bind,from=pymono-pins,source=sdist-web.txt,target=/pins.txt \
        [ -n "$UV_DEFAULT_INDEX" ] || export UV_DEFAULT_INDEX=https://index.example/simple; \
        uv pip install --no-deps --require-hashes --requirements /pins.txt && \
        rm -f /app/.venv/.lock && find /app/.venv -exec touch -h -d @315532800 /app {} +

    # == Local packages ==

    # `libs/core`, for `api`, `web`.
    FROM base-py313 AS pkg-core
    ARG TARGETARCH
    RUN --network=none \
        --mount=type=bind,from=backend-hatchling,source=/opt/backend,target=/opt/backend \
        --mount=type=bind,source=libs/core,target=/src/libs/core,rw \
        --mount=type=cache,id=pymono:libs/core:/trace:$TARGETARCH,target=/trace \
        PATH=/opt/backend/bin:$PATH PYTHONPATH=/opt/backend uv pip install --no-cache --no-deps --no-sources --no-build-isolation --offline /src/libs/core && \
        sed -i '/uv_cache.json,/d' /app/.venv/lib/python3.*/site-packages/*.dist-info/RECORD && rm -f /app/.venv/lib/python3.*/site-packages/*.dist-info/uv_cache.json && \
        rm -f /app/.venv/.lock && find /app/.venv -exec touch -h -d @315532800 /app {} +

    # `services/api`, for `api`.
    FROM base-py313 AS pkg-api
    RUN --network=none \
        --mount=type=bind,from=backend-hatchling,source=/opt/backend,target=/opt/backend \
        --mount=type=bind,source=services/api,target=/src/services/api,rw \
        PATH=/opt/backend/bin:$PATH PYTHONPATH=/opt/backend uv pip install --no-cache --no-deps --no-sources --no-build-isolation --offline /src/services/api && \
        sed -i '/uv_cache.json,/d' /app/.venv/lib/python3.*/site-packages/*.dist-info/RECORD && rm -f /app/.venv/lib/python3.*/site-packages/*.dist-info/uv_cache.json && \
        rm -f /app/.venv/.lock && find /app/.venv -exec touch -h -d @315532800 /app {} +

    # `services/web`, for `web`.
    FROM toolchain-py313 AS pkg-web
    ARG TARGETARCH
    RUN --mount=type=bind,from=backend-setuptools,source=/opt/backend,target=/opt/backend \
        --mount=type=bind,source=services/web,target=/src/services/web,rw \
        --mount=type=cache,id=pymono-build:services/web:python-3-13-slim:$TARGETARCH,target=/var/cache/pymono \
        PATH=/opt/backend/bin:$PATH PYTHONPATH=/opt/backend uv pip install --no-cache --no-deps --no-sources --no-build-isolation /src/services/web && \
        sed -i '/uv_cache.json,/d' /app/.venv/lib/python3.*/site-packages/*.dist-info/RECORD && rm -f /app/.venv/lib/python3.*/site-packages/*.dist-info/uv_cache.json && \
        rm -f /app/.venv/.lock && find /app/.venv -exec touch -h -d @315532800 /app {} +

    # == Runtimes: what services run on ==

    # For `job`.
    FROM python:3.13-slim AS runtime-py313-libpq5
    ARG TARGETARCH
    RUN --mount=type=cache,id=pymono-apt-cache-python-3-13-slim-$TARGETARCH,target=/var/cache/apt,sharing=locked \
        --mount=type=cache,id=pymono-apt-lists-python-3-13-slim-$TARGETARCH,target=/var/lib/apt,sharing=locked \
        --mount=type=bind,from=pymono-pins,source=settle.sh,target=/tmp/settle.sh \
        export SOURCE_DATE_EPOCH=315532800 && \
        sh /tmp/settle.sh begin && \
        rm -f /etc/apt/apt.conf.d/docker-clean && \
        apt-get update && \
        apt-get install --yes --no-install-recommends libpq5 && \
        mkdir -p /app && \
        { getent passwd 1001 || useradd --uid 1001 --create-home --shell /usr/sbin/nologin app; } && \
        sh /tmp/settle.sh end
    ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
    WORKDIR /app
    USER 1001

    # For `api`, `web`.
    FROM python:3.13-slim AS runtime-py313
    RUN --mount=type=bind,from=pymono-pins,source=settle.sh,target=/tmp/settle.sh \
        export SOURCE_DATE_EPOCH=315532800 && \
        sh /tmp/settle.sh begin && \
        mkdir -p /app && \
        { getent passwd 1001 || useradd --uid 1001 --create-home --shell /usr/sbin/nologin app; } && \
        sh /tmp/settle.sh end
    ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
    WORKDIR /app
    USER 1001

    # == Images: one target per service ==

    # `services/api`
    FROM runtime-py313 AS api
    COPY --link --from=deps-api-web /app /app
    COPY --link --from=deps-api /app /app
    COPY --link --from=pkg-core /app /app
    COPY --link --from=pkg-api /app /app
    ENV GREETING="say \"\$HI\""
    EXPOSE 8000
    CMD ["api"]

    # `jobs/job`
    FROM runtime-py313-libpq5 AS job
    COPY --link --from=base-py313 /app /app
    COPY --link jobs/job /app/jobs/job
    WORKDIR /app/jobs/job
    CMD ["job"]

    # `services/web`
    FROM runtime-py313 AS web
    COPY --link --from=deps-api-web /app /app
    COPY --link --from=deps-web /app /app
    COPY --link --from=sdist-web /app /app
    COPY --link --from=pkg-core /app /app
    COPY --link --from=pkg-web /app /app
    CMD ["web"]
    "#);
}

#[test]
fn only_what_is_built_is_sent() {
    assert_snapshot!(render(&small(), &unsent()).ignore, @"
    # Written by pymono. What is sent to a build: these folders,
    *
    !jobs/job
    !libs/core
    !services/api
    !services/web
    # without what is nobody's source and what the repository ignores,
    **/__pycache__
    # but with what it tracks all the same.
    !libs/core/build/keep.py
    ");
}

#[test]
fn pins_are_requirement_files_in_canonical_order() {
    let pins = render(&small(), &unsent()).pins;
    let pins = pins.iter().filter(|(name, _)| *name != "settle.sh");
    let text: String = pins.map(|(name, text)| format!("-- {name}\n{text}")).collect();
    assert_snapshot!(text, @r"
    -- backend-hatchling.txt
    hatchling
    -- backend-setuptools.txt
    setuptools>=61
    -- deps-api-web.txt
    idna==3.10 \
        --hash=sha256:idna
    -- deps-api.txt
    fastapi==0.115.0 \
        --hash=sha256:fastapi
    -- deps-web.txt
    only-arm==2.0 ; platform_machine == 'aarch64' \
        --hash=sha256:only-arm
    -- sdist-web.txt
    compiled==0.1 \
        --hash=sha256:compiled
    ");
}

#[test]
fn bake_builds_every_service() {
    let plan = small();
    let rendered = render(&plan, &unsent());
    assert_snapshot!(bake_file(&plan, &rendered, ".pymono"), @r#"
    {
      "group": {
        "default": {
          "targets": [
            "api",
            "job",
            "web"
          ]
        }
      },
      "target": {
        "api": {
          "attest": [
            "type=provenance,disabled=true"
          ],
          "context": ".",
          "contexts": {
            "pymono-pins": ".pymono/pins"
          },
          "description": "services/api",
          "dockerfile": ".pymono/Dockerfile",
          "tags": [
            "api:latest"
          ],
          "target": "api"
        },
        "job": {
          "attest": [
            "type=provenance,disabled=true"
          ],
          "context": ".",
          "contexts": {
            "pymono-pins": ".pymono/pins"
          },
          "description": "jobs/job",
          "dockerfile": ".pymono/Dockerfile",
          "tags": [
            "job:latest"
          ],
          "target": "job"
        },
        "web": {
          "attest": [
            "type=provenance,disabled=true"
          ],
          "context": ".",
          "contexts": {
            "pymono-pins": ".pymono/pins"
          },
          "description": "services/web",
          "dockerfile": ".pymono/Dockerfile",
          "tags": [
            "web:latest"
          ],
          "target": "web"
        }
      }
    }
    "#);
}
