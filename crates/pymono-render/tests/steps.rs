//! What services get once everything is installed, and images of other kinds than Debian's.

#![expect(clippy::unwrap_used, reason = "a fleet that cannot be made is a failed test")]

use std::collections::{BTreeMap, BTreeSet};

use insta::assert_snapshot;
use pymono_names::{Libc, TreePath};
use pymono_plan::{
    Environment, Finish, Fleet, ImageFile, ImageSettings, Included, IndexChoice, Package,
    PretendedVersion, Service, plan,
};
use pymono_render::{Rendered, render};
use pymono_workspace::{BuildKind, BuildStep, BuildSystem, CacheMount, Unsent};

fn path(text: &str) -> TreePath {
    text.parse().unwrap()
}

fn file(source: &str, target: &str) -> ImageFile {
    ImageFile { source: path(source), target: target.to_owned() }
}

fn service(image: &str, libc: Libc) -> Service {
    let base_image = image.to_owned();
    Service {
        name: "web".parse().unwrap(),
        environment: Environment { base_image, python: "3.13".parse().unwrap(), libc },
        requirements: BTreeSet::new(),
        open: None,
        packages: BTreeSet::from([path("web")]),
        files: Vec::new(),
        index: IndexChoice::Installer,
        secrets: BTreeSet::new(),
        build_apt: BTreeSet::new(),
        runtime_image: image.to_owned(),
        apt: BTreeSet::new(),
        user: 1001,
        finish: Finish::default(),
        image: ImageSettings { command: Some(vec!["web".into()]), ..ImageSettings::default() },
    }
}

fn package(kind: BuildKind) -> Package {
    Package {
        name: "web".parse().unwrap(),
        build: BuildSystem {
            requires: vec!["hatchling".into()],
            backend: "hatchling.build".into(),
            kind,
            version_from_git: None,
        },
        index: IndexChoice::Installer,
        secrets: BTreeSet::new(),
        sources: vec![path("web")],
        crates: None,
        build_apt: BTreeSet::new(),
        build_apk: BTreeSet::new(),
        version: None,
        caches: Vec::new(),
    }
}

fn rendered(service: Service, package: Package) -> Rendered {
    rendered_all([service], package)
}

/// Renders services, each with its name as its path.
fn rendered_all(services: impl IntoIterator<Item = Service>, package: Package) -> Rendered {
    let services = services.into_iter().map(|it| (path(it.name.as_str()), it));
    let fleet = Fleet {
        services: services.collect(),
        handwritten: BTreeMap::new(),
        locals: BTreeMap::new(),
        packages: BTreeMap::from([(path("web"), package)]),
        uv_image: "uv:1".into(),
        tests: BTreeMap::new(),
        lock: None,
        apt_snapshot: None,
        settled: false,
        warnings: BTreeSet::new(),
    };
    render(&plan(&fleet), &Unsent::default())
}

/// Returns the part of a Dockerfile that makes one stage, without its comment.
fn stage<'a>(dockerfile: &'a str, name: &str) -> &'a str {
    let mut parts =
        dockerfile.split("\n\n").filter_map(|part| part.find("FROM ").map(|at| &part[at..]));
    let ending = format!(" AS {name}\n");
    parts.find(|part| format!("{}\n", part.lines().next().unwrap()).ends_with(&ending)).unwrap()
}

#[test]
fn build_steps_run_on_what_the_image_has_and_only_their_results_reach_it() {
    let mut web = service("python:3.13-slim", Libc::Glibc);
    web.image.env = BTreeMap::from([("DEBUG".to_owned(), "0".to_owned())]);
    web.finish = Finish {
        included: Included {
            files: vec![file("conf/a.toml", "/app/conf/a.toml")],
            ..Included::default()
        },
        steps: vec![
            BuildStep::Shell("make <<EOF\nx\nEOF".into()),
            BuildStep::Exec(vec!["npm".into(), "ci".into()]),
        ],
        sources: vec![file("web", "/app")],
        caches: vec![CacheMount { target: "/root/.npm".into() }],
        inputs: Vec::new(),
    };
    let rendered = rendered(web, package(BuildKind::Pure));
    assert_snapshot!(stage(&rendered.dockerfile, "steps-web"), @r#"
    FROM base-py313 AS steps-web
    COPY --link --from=pkg-web /app /app
    COPY --link conf/a.toml /app/conf/a.toml
    COPY --link web /app
    ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
    ENV PYTHONSAFEPATH=1
    ENV DEBUG="0"
    WORKDIR /app
    ARG TARGETARCH
    RUN --mount=type=bind,from=pymono-pins,source=steps.py,target=/steps.py \
        --mount=type=bind,from=pymono-pins,source=steps-web.json,target=/steps.json \
        --mount=type=bind,from=backend-hatchling,source=/opt/backend,target=/opt/backend \
        --mount=type=cache,id=pymono:web:/root/.npm:$TARGETARCH,target=/root/.npm \
        /app/.venv/bin/python -I /steps.py /steps.json
    "#);
    assert_snapshot!(stage(&rendered.dockerfile, "web"), @r#"
    FROM runtime-py313 AS web
    COPY --link --from=pkg-web /app /app
    COPY --link conf/a.toml /app/conf/a.toml
    COPY --link --from=steps-web /made /
    ENV DEBUG="0"
    CMD ["web"]
    "#);
    assert!(
        rendered
            .dockerfile
            .contains("\n# `web`: make <<EOF; npm ci.\nFROM base-py313 AS steps-web\n")
    );
    assert_snapshot!(rendered.pins["steps-web.json"], @r#"
    {
      "package": {
        "backend": "/opt/backend",
        "command": [
          "uv",
          "pip",
          "install",
          "--no-cache",
          "--no-deps",
          "--no-sources",
          "--no-build-isolation",
          "--reinstall"
        ],
        "metadata": null,
        "path": "web",
        "variables": {}
      },
      "steps": [
        "make <<EOF\nx\nEOF",
        [
          "npm",
          "ci"
        ]
      ],
      "workdir": "/app"
    }
    "#);
    assert!(rendered.pins.contains_key("steps.py"));
    assert!(rendered.ignore.contains("\n!conf/a.toml\n!web\n"));
}

#[test]
fn further_files_of_one_folder_are_copied_together() {
    let mut web = service("python:3.13-slim", Libc::Glibc);
    web.finish.included = Included {
        files: vec![
            file("conf/a.toml", "/app/conf/a.toml"),
            file("conf/b.toml", "/app/conf/b.toml"),
            file("conf/c.toml", "/etc/web.toml"),
        ],
        folders: vec![file("web/conf.d", "/app/conf.d")],
    };
    let rendered = rendered(web, package(BuildKind::Pure));
    assert_snapshot!(stage(&rendered.dockerfile, "include-web"), @r"
    FROM scratch AS include-web
    COPY web/conf.d /app/conf.d
    COPY conf/c.toml /etc/web.toml
    COPY conf/a.toml conf/b.toml /app/conf/
    ");
    assert!(stage(&rendered.dockerfile, "web").contains("\nCOPY --link --from=include-web / /\n"));
}

#[test]
fn an_image_of_alpine_gets_its_packages_and_user_in_alpines_way() {
    let mut web = service("python:3.13-alpine", Libc::Musl);
    web.apt = BTreeSet::from(["libpq".to_owned()]);
    let mut package = package(BuildKind::Native);
    package.build_apk = BTreeSet::from(["postgresql-dev".to_owned()]);
    package.build_apt = BTreeSet::from(["libpq-dev".to_owned()]);
    let rendered = rendered(web, package);
    assert_snapshot!(stage(&rendered.dockerfile, "toolchain-py313"), @r"
    FROM base-py313 AS toolchain-py313
    ARG TARGETARCH
    RUN --mount=type=cache,id=pymono-apk-python-3-13-alpine-$TARGETARCH,target=/etc/apk/cache,sharing=locked \
        apk add --update-cache build-base ccache
    ENV PATH=/usr/lib/ccache/bin:$PATH CCACHE_DIR=/var/cache/pymono/ccache CARGO_HOME=/var/cache/pymono/cargo
    ");
    assert_snapshot!(stage(&rendered.dockerfile, "toolchain-py313-postgresql-dev"), @r"
    FROM toolchain-py313 AS toolchain-py313-postgresql-dev
    ARG TARGETARCH
    RUN --mount=type=cache,id=pymono-apk-python-3-13-alpine-$TARGETARCH,target=/etc/apk/cache,sharing=locked \
        apk add --update-cache postgresql-dev
    ");
    assert_snapshot!(stage(&rendered.dockerfile, "runtime-py313-libpq"), @r"
    FROM python:3.13-alpine AS runtime-py313-libpq
    ARG TARGETARCH
    RUN --mount=type=cache,id=pymono-apk-python-3-13-alpine-$TARGETARCH,target=/etc/apk/cache,sharing=locked \
        --mount=type=bind,from=pymono-pins,source=settle.sh,target=/tmp/settle.sh \
        export SOURCE_DATE_EPOCH=315532800 && \
        sh /tmp/settle.sh begin && \
        apk add --update-cache libpq && \
        mkdir -p /app && \
        { getent passwd 1001 || adduser -D -u 1001 -s /sbin/nologin app; } && \
        sh /tmp/settle.sh end
    ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
    WORKDIR /app
    USER 1001
    ");
    assert!(!rendered.dockerfile.contains("apt-get"));
}

#[test]
fn a_runtime_stands_on_the_one_that_has_some_of_its_packages() {
    let mut web = service("python:3.13-slim", Libc::Glibc);
    web.apt = BTreeSet::from(["libpq5".to_owned()]);
    let mut job = Service { name: "job".parse().unwrap(), ..web.clone() };
    job.apt.insert("libmagic1".to_owned());
    let rendered = rendered_all([web, job], package(BuildKind::Pure));
    let small = stage(&rendered.dockerfile, "runtime-py313-libpq5");
    assert!(small.starts_with("FROM python:3.13-slim AS "), "{small}");
    // Nobody but root may install anything, and the user and what else the runtime says is there already.
    assert_snapshot!(stage(&rendered.dockerfile, "runtime-py313-libmagic1-libpq5"), @r"
    FROM runtime-py313-libpq5 AS runtime-py313-libmagic1-libpq5
    ARG TARGETARCH
    USER 0
    RUN --mount=type=cache,id=pymono-apt-cache-python-3-13-slim-$TARGETARCH,target=/var/cache/apt,sharing=locked \
        --mount=type=cache,id=pymono-apt-lists-python-3-13-slim-$TARGETARCH,target=/var/lib/apt,sharing=locked \
        --mount=type=bind,from=pymono-pins,source=settle.sh,target=/tmp/settle.sh \
        export SOURCE_DATE_EPOCH=315532800 && \
        sh /tmp/settle.sh begin && \
        rm -f /etc/apt/apt.conf.d/docker-clean && \
        apt-get update && \
        apt-get install --yes --no-install-recommends libmagic1 libpq5 && \
        sh /tmp/settle.sh end
    USER 1001
    ");
}

#[test]
fn an_image_whose_name_tells_nothing_is_looked_at_before_anything_is_installed() {
    let rendered = rendered(service("team/python:1", Libc::Musl), package(BuildKind::Pure));
    assert_snapshot!(stage(&rendered.dockerfile, "base-py313").lines().skip(3).collect::<Vec<_>>().join("\n"), @r#"
    ENV PYC_INVALIDATION_MODE=CHECKED_HASH SOURCE_DATE_EPOCH=315532800
    RUN ! getconf GNU_LIBC_VERSION >/dev/null 2>&1 || { echo 'pymono: team/python:1 is taken for an image with musl, which it is not; `libc = "glibc"` says that it has glibc' >&2; exit 1; }; \
        mkdir -p /app && find /app -mindepth 1 -delete && \
        uv venv --no-cache --no-project --python 3.13 /app/.venv && \
        find /app/.venv -exec touch -h -d @315532800 /app {} +
    "#);
    let runtime = stage(&rendered.dockerfile, "runtime-py313");
    assert!(runtime.contains("{ ! getconf ") && runtime.contains("adduser -D -u 1001"));
}

#[test]
fn a_build_is_told_the_version_that_it_would_ask_git_for() {
    let run = |variables: &[(&str, &str)], metadata: Option<&str>| {
        let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        let version =
            PretendedVersion { variables: variables.collect(), metadata: metadata.map(Into::into) };
        let package = Package { version: Some(version), ..package(BuildKind::Pure) };
        let rendered = rendered(service("python:3.13-slim", Libc::Glibc), package);
        stage(&rendered.dockerfile, "pkg-web").to_owned()
    };
    let told = run(&[("A", "1!2"), ("B", "1!2")], None);
    assert!(told.contains("    A='1!2' B='1!2' PATH=/opt/backend/bin:$PATH "), "{told}");
    let told = run(&[], Some("Name: web\nVersion: 1\n"));
    let written =
        "    printf '%s\\n' 'Name: web' 'Version: 1' > /src/web/PKG-INFO && \\\n    PATH=";
    assert!(told.contains(written), "{told}");
}
