//! From where stages install and what they are given for it, from lock to step.

#![expect(clippy::unwrap_used, reason = "a workspace that cannot be made is a failed test")]

use std::collections::{BTreeMap, BTreeSet};

use insta::assert_snapshot;
use pymono_names::{Credential, Login};
use pymono_plan::{BuildPlan, StaleLocks, assemble, plan};
use pymono_render::{Rendered, bake_file, render};
use pymono_workspace::{
    BuildKind, BuildSystem, Further, Index, IndexFormat, Kind, Launch, Manager, Project, Secret,
    SecretPlace, Settings, Unsent, Workspace,
};

/// Returns the entry of a distribution with these files.
fn package(name: &str, source: &str, files: &str) -> String {
    format!("[[package]]\nname = \"{name}\"\nversion = \"1.0\"\nsource = {{ {source} }}\n{files}\n")
}

fn wheel(name: &str, source: &str) -> String {
    let file = format!("{name}-1.0-py3-none-any.whl");
    let file = format!(
        "wheels = [{{ url = \"https://files.example/{file}\", hash = \"sha256:{name}\" }}]"
    );
    package(name, source, &file)
}

fn sdist(name: &str, source: &str) -> String {
    let file =
        format!("url = \"https://files.example/{name}-1.0.tar.gz\", hash = \"sha256:{name}\"");
    package(name, source, &format!("sdist = {{ {file} }}"))
}

fn index(name: &str, flags: (bool, IndexFormat)) -> Index {
    Index {
        name: Some(name.to_owned()),
        url: format!("https://{name}.example/simple"),
        format: flags.1,
        explicit: !flags.0,
        default: flags.0,
        login: Login::default(),
    }
}

/// A service that needs all of these packages, in a workspace with these indexes.
fn workspace(packages: &[String], indexes: &[Index], secrets: &[Secret]) -> Workspace {
    let names = packages.iter().map(|text| {
        let name = text.split('"').nth(1).unwrap();
        format!("{{ name = \"{name}\" }}")
    });
    let needs = names.collect::<Vec<_>>().join(", ");
    let lock = format!(
        "version = 1\nrequires-python = \">=3.12\"\n\n[[package]]\nname = \"api\"\nversion = \"1.0\"\n\
         source = {{ editable = \".\" }}\ndependencies = [{needs}]\n\n{}",
        packages.join("\n")
    );
    let project = Project {
        path: "api".parse().unwrap(),
        name: "api".parse().unwrap(),
        kind: Kind::Service,
        why: Vec::new(),
        manifest: "api/pyproject.toml".parse().unwrap(),
        manager: Some(Manager::Uv),
        lock: Some("api/uv.lock".parse().unwrap()),
        requires_python: None,
        requirements: BTreeSet::new(),
        python: "3.13".parse().unwrap(),
        build: Some(BuildSystem {
            requires: vec!["setuptools".to_owned()],
            backend: "setuptools.build_meta".to_owned(),
            kind: BuildKind::Native,
            version_from_git: None,
        }),
        needs: BTreeSet::new(),
        crates: None,
        bricks: BTreeSet::new(),
        images: Vec::new(),
        launch: Launch { command: Some(vec!["api".to_owned()]), ..Launch::default() },
        settings: Settings { secrets: secrets.iter().cloned().collect(), ..Settings::default() },
        sources: vec!["api".parse().unwrap()],
        further: Further::default(),
    };
    Workspace {
        manifests: BTreeMap::new(),
        projects: BTreeMap::from([(project.path.clone(), project)]),
        locks: BTreeMap::from([("api/uv.lock".parse().unwrap(), lock)]),
        texts: BTreeMap::new(),
        indexes: BTreeMap::from([("api/uv.lock".parse().unwrap(), indexes.to_vec())]),
        uv_image: None,
        image_lock: None,
        apt_snapshot: None,
        compression: None,
        reuse_from: BTreeSet::new(),
        unsent: Unsent::default(),
    }
}

fn rendered(workspace: &Workspace) -> (BuildPlan, Rendered) {
    let (fleet, unplanned) = assemble(workspace, StaleLocks::Refused);
    assert!(unplanned.is_empty(), "{unplanned:?}");
    let plan = plan(&fleet);
    let rendered = render(&plan, &workspace.unsent);
    (plan, rendered)
}

/// Returns the steps of the stages whose name starts so, without uv's cache, and what they install.
fn steps(rendered: &Rendered, prefix: &str) -> String {
    let stages = rendered.dockerfile.split("\n\n");
    let mine = stages.filter(|text| text.contains(&format!(" AS {prefix}")));
    let mut text = mine.collect::<Vec<_>>().join("\n\n");
    text = text.lines().filter(|line| !line.contains("type=cache")).collect::<Vec<_>>().join("\n");
    for (name, pins) in rendered.pins.iter().filter(|(name, _)| name.starts_with(prefix)) {
        text += &format!("\n-- {name}\n{pins}");
    }
    text
}

const DEFAULT: &str = "registry = \"https://corp.example/simple/\"";

#[test]
fn each_index_is_a_stage_of_its_own_and_opened_by_name_or_netrc() {
    let packages = [
        wheel("one", DEFAULT),
        wheel("two", "registry = \"https://extra.example/simple\""),
        wheel("three", "registry = \"https://public.example/simple\""),
    ];
    let simple = IndexFormat::Simple;
    let indexes = [index("extra", (false, simple)), index("corp", (true, simple))];
    let (_, rendered) = rendered(&workspace(&packages, &indexes, &[]));
    assert_snapshot!(steps(&rendered, "deps"), @r#"
    # 1 distribution, for `api`:
    # three 1.0.
    FROM base-py313 AS deps-api
    ARG TARGETARCH
        --mount=type=bind,from=pymono-pins,source=deps-api.txt,target=/pins.txt \
        uv pip install --no-deps --require-hashes --no-build --default-index https://public.example/simple --requirements /pins.txt && \
        rm -f /app/.venv/.lock && find /app/.venv -exec touch -h -d @315532800 /app {} +

    # 1 distribution, for `api`:
    # one 1.0.
    FROM base-py313 AS deps-api-2
    ARG TARGETARCH
        --mount=type=bind,from=pymono-pins,source=deps-api-2.txt,target=/pins.txt \
        --mount=type=secret,id=UV_INDEX_CORP_PASSWORD,env=UV_INDEX_CORP_PASSWORD \
        --mount=type=secret,id=UV_INDEX_CORP_USERNAME,env=UV_INDEX_CORP_USERNAME \
        --mount=type=secret,id=netrc,target=/root/.netrc \
        [ -n "$UV_DEFAULT_INDEX" ] || export UV_DEFAULT_INDEX='corp=https://corp.example/simple'; \
        [ -n "$UV_INDEX_CORP_USERNAME$UV_INDEX_CORP_PASSWORD" ] || unset UV_INDEX_CORP_USERNAME UV_INDEX_CORP_PASSWORD; \
        uv pip install --no-deps --require-hashes --no-build --requirements /pins.txt || { \
        echo 'pymono: if a login was refused, the index corp at https://corp.example/simple may want UV_INDEX_CORP_PASSWORD, UV_INDEX_CORP_USERNAME, NETRC' >&2; exit 1; } && \
        rm -f /app/.venv/.lock && find /app/.venv -exec touch -h -d @315532800 /app {} +

    # 1 distribution, for `api`:
    # two 1.0.
    FROM base-py313 AS deps-api-3
    ARG TARGETARCH
        --mount=type=bind,from=pymono-pins,source=deps-api-3.txt,target=/pins.txt \
        --mount=type=secret,id=UV_INDEX_EXTRA_PASSWORD,env=UV_INDEX_EXTRA_PASSWORD \
        --mount=type=secret,id=UV_INDEX_EXTRA_USERNAME,env=UV_INDEX_EXTRA_USERNAME \
        --mount=type=secret,id=netrc,target=/root/.netrc \
        [ -n "$UV_INDEX_EXTRA_USERNAME$UV_INDEX_EXTRA_PASSWORD" ] || unset UV_INDEX_EXTRA_USERNAME UV_INDEX_EXTRA_PASSWORD; \
        uv pip install --no-deps --require-hashes --no-build --default-index 'extra=https://extra.example/simple' --requirements /pins.txt || { \
        echo 'pymono: if a login was refused, the index extra at https://extra.example/simple may want UV_INDEX_EXTRA_PASSWORD, UV_INDEX_EXTRA_USERNAME, NETRC' >&2; exit 1; } && \
        rm -f /app/.venv/.lock && find /app/.venv -exec touch -h -d @315532800 /app {} +
    -- deps-api-2.txt
    one==1.0 \
        --hash=sha256:one

    -- deps-api-3.txt
    two==1.0 \
        --hash=sha256:two

    -- deps-api.txt
    three==1.0 \
        --hash=sha256:three
    "#);
}

#[test]
fn build_requirements_come_from_the_default_index_alone() {
    let simple = IndexFormat::Simple;
    let evil = Index { explicit: false, ..index("evil", (false, simple)) };
    let sdist = [sdist("old", "registry = \"https://evil.example/simple\"")];
    let (_, named) =
        rendered(&workspace(&sdist, &[evil.clone(), index("corp", (true, simple))], &[]));
    assert_snapshot!(steps(&named, "backend"), @r#"
    # setuptools, for `api`.
    FROM base-py313 AS backend-setuptools
    ARG TARGETARCH
        --mount=type=bind,from=pymono-pins,source=backend-setuptools.txt,target=/pins.txt \
        --mount=type=secret,id=UV_INDEX_CORP_PASSWORD,env=UV_INDEX_CORP_PASSWORD \
        --mount=type=secret,id=UV_INDEX_CORP_USERNAME,env=UV_INDEX_CORP_USERNAME \
        --mount=type=secret,id=netrc,target=/root/.netrc \
        [ -n "$UV_DEFAULT_INDEX" ] || export UV_DEFAULT_INDEX='corp=https://corp.example/simple'; \
        [ -n "$UV_INDEX_CORP_USERNAME$UV_INDEX_CORP_PASSWORD" ] || unset UV_INDEX_CORP_USERNAME UV_INDEX_CORP_PASSWORD; \
        uv pip install --target /opt/backend --requirements /pins.txt || { \
        echo 'pymono: if a login was refused, the index corp at https://corp.example/simple may want UV_INDEX_CORP_PASSWORD, UV_INDEX_CORP_USERNAME, NETRC' >&2; exit 1; }
    -- backend-setuptools.txt
    setuptools
    "#);
    assert_snapshot!(steps(&named, "sdist"), @r#"
    # 1 distribution, for `api`:
    # old 1.0.
    FROM toolchain-py313 AS sdist-api
    ARG TARGETARCH
        --mount=type=bind,from=pymono-pins,source=sdist-api.txt,target=/pins.txt \
        --mount=type=bind,from=pymono-pins,source=sdist-api.toml,target=/uv.toml \
        --mount=type=secret,id=UV_INDEX_CORP_PASSWORD,env=UV_INDEX_CORP_PASSWORD \
        --mount=type=secret,id=UV_INDEX_CORP_USERNAME,env=UV_INDEX_CORP_USERNAME \
        --mount=type=secret,id=UV_INDEX_EVIL_PASSWORD,env=UV_INDEX_EVIL_PASSWORD \
        --mount=type=secret,id=UV_INDEX_EVIL_USERNAME,env=UV_INDEX_EVIL_USERNAME \
        --mount=type=secret,id=netrc,target=/root/.netrc \
        [ -n "$UV_DEFAULT_INDEX" ] || export UV_DEFAULT_INDEX='corp=https://corp.example/simple'; \
        [ -n "$UV_INDEX_CORP_USERNAME$UV_INDEX_CORP_PASSWORD" ] || unset UV_INDEX_CORP_USERNAME UV_INDEX_CORP_PASSWORD; \
        [ -n "$UV_INDEX_EVIL_USERNAME$UV_INDEX_EVIL_PASSWORD" ] || unset UV_INDEX_EVIL_USERNAME UV_INDEX_EVIL_PASSWORD; \
        uv pip install --no-deps --require-hashes --config-file /uv.toml --requirements /pins.txt || { \
        echo 'pymono: if a login was refused, the index corp at https://corp.example/simple may want UV_INDEX_CORP_PASSWORD, UV_INDEX_CORP_USERNAME, NETRC; the index evil at https://evil.example/simple may want UV_INDEX_EVIL_PASSWORD, UV_INDEX_EVIL_USERNAME, NETRC' >&2; exit 1; } && \
        sed -i '/uv_cache.json,/d' /app/.venv/lib/python3.*/site-packages/*.dist-info/RECORD && rm -f /app/.venv/lib/python3.*/site-packages/*.dist-info/uv_cache.json && \
        rm -f /app/.venv/.lock && find /app/.venv -exec touch -h -d @315532800 /app {} +
    -- sdist-api.toml
    [[index]]
    name = "evil"
    url = "https://evil.example/simple"
    explicit = true

    -- sdist-api.txt
    old @ https://files.example/old-1.0.tar.gz \
        --hash=sha256:old
    "#);
    let (_, unnamed) = rendered(&workspace(&sdist, &[evil], &[]));
    assert_snapshot!(steps(&unnamed, "backend"), @r#"
    # setuptools, for `api`.
    FROM base-py313 AS backend-setuptools
    ARG TARGETARCH
        --mount=type=bind,from=pymono-pins,source=backend-setuptools.txt,target=/pins.txt \
        uv pip install --target /opt/backend --requirements /pins.txt
    -- backend-setuptools.txt
    setuptools
    "#);
}

#[test]
fn pages_and_folders_of_files_are_looked_through_for_what_the_lock_has() {
    let folder = "registry = \"../wheels\"";
    let packages = [
        wheel("paged", "registry = \"https://flat.example/simple\""),
        package("local", folder, "wheels = [{ path = \"local-1.0-py3-none-any.whl\" }]"),
        package("compiled", folder, "sdist = { path = \"compiled-1.0.tar.gz\" }"),
    ];
    let indexes = [index("flat", (false, IndexFormat::Flat))];
    let (_, rendered) = rendered(&workspace(&packages, &indexes, &[]));
    assert_snapshot!(steps(&rendered, "deps"), @r#"
    # 1 distribution, for `api`:
    # paged 1.0.
    FROM base-py313 AS deps-api
    ARG TARGETARCH
        --mount=type=bind,from=pymono-pins,source=deps-api.txt,target=/pins.txt \
        --mount=type=bind,from=pymono-pins,source=deps-api.toml,target=/uv.toml \
        --mount=type=secret,id=UV_INDEX_FLAT_PASSWORD,env=UV_INDEX_FLAT_PASSWORD \
        --mount=type=secret,id=UV_INDEX_FLAT_USERNAME,env=UV_INDEX_FLAT_USERNAME \
        --mount=type=secret,id=netrc,target=/root/.netrc \
        [ -n "$UV_INDEX_FLAT_USERNAME$UV_INDEX_FLAT_PASSWORD" ] || unset UV_INDEX_FLAT_USERNAME UV_INDEX_FLAT_PASSWORD; \
        uv pip install --no-deps --require-hashes --no-build --config-file /uv.toml --requirements /pins.txt || { \
        echo 'pymono: if a login was refused, the index flat at https://flat.example/simple may want UV_INDEX_FLAT_PASSWORD, UV_INDEX_FLAT_USERNAME, NETRC' >&2; exit 1; } && \
        rm -f /app/.venv/.lock && find /app/.venv -exec touch -h -d @315532800 /app {} +

    # 1 distribution, for `api`:
    # local 1.0.
    FROM base-py313 AS deps-api-2
    ARG TARGETARCH
        --mount=type=bind,from=pymono-pins,source=deps-api-2.txt,target=/pins.txt \
        --mount=type=bind,source=wheels/local-1.0-py3-none-any.whl,target=/src/wheels/local-1.0-py3-none-any.whl \
        uv pip install --no-deps --no-build --no-index --find-links /src/wheels --requirements /pins.txt && \
        rm -f /app/.venv/.lock && find /app/.venv -exec touch -h -d @315532800 /app {} +
    -- deps-api-2.txt
    local==1.0

    -- deps-api.toml
    [[index]]
    name = "flat"
    url = "https://flat.example/simple"
    format = "flat"
    default = true

    -- deps-api.txt
    paged==1.0 \
        --hash=sha256:paged
    "#);
    assert_snapshot!(steps(&rendered, "sdist"), @r"
    # 1 distribution, for `api`:
    # compiled 1.0.
    FROM toolchain-py313 AS sdist-api
    ARG TARGETARCH
        --mount=type=bind,from=pymono-pins,source=sdist-api.txt,target=/pins.txt \
        --mount=type=bind,source=wheels/compiled-1.0.tar.gz,target=/src/wheels/compiled-1.0.tar.gz \
        uv pip install --no-deps --requirements /pins.txt && \
        sed -i '/uv_cache.json,/d' /app/.venv/lib/python3.*/site-packages/*.dist-info/RECORD && rm -f /app/.venv/lib/python3.*/site-packages/*.dist-info/uv_cache.json && \
        rm -f /app/.venv/.lock && find /app/.venv -exec touch -h -d @315532800 /app {} +
    -- sdist-api.txt
    compiled @ file:///src/wheels/compiled-1.0.tar.gz
    ");
    assert!(
        rendered.ignore.contains("\n!wheels/local-1.0-py3-none-any.whl\n"),
        "{}",
        rendered.ignore
    );
}

#[test]
fn commits_have_git_with_a_login_for_each_site() {
    let commit = "0123456789012345678901234567890123456789";
    let git = |url: &str| format!("git = \"{url}#{commit}\"");
    let packages = [
        package("open", &git("https://git.example/a/open.git?lfs=true"), ""),
        package("other", &git("https://bob:hidden@git.example:8443/other?subdirectory=x"), ""),
        package(
            "inner",
            &git("ssh://git@ssh.example/inner.git?path=dist%2Finner-1.0-py3-none-any.whl"),
            "",
        ),
    ];
    let workspace = workspace(&packages, &[], &[]);
    let (plan, rendered) = rendered(&workspace);
    assert_snapshot!(steps(&rendered, "git"), @r#"
    # 3 distributions, for `api`:
    # inner 1.0, open 1.0, other 1.0.
    FROM toolchain-py313-git-git-lfs AS git-api
    ARG TARGETARCH
        --mount=type=bind,from=pymono-pins,source=git-api.txt,target=/pins.txt \
        --mount=type=ssh \
        --mount=type=secret,id=GIT_AUTH_TOKEN_GIT_EXAMPLE,env=GIT_AUTH_TOKEN_GIT_EXAMPLE \
        --mount=type=secret,id=GIT_AUTH_TOKEN_GIT_EXAMPLE_8443,env=GIT_AUTH_TOKEN_GIT_EXAMPLE_8443 \
        --mount=type=secret,id=known_hosts,target=/run/secrets/known_hosts \
        --mount=type=secret,id=netrc,target=/root/.netrc \
        export GIT_SSH_COMMAND='ssh -o BatchMode=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile=/run/secrets/known_hosts'; \
        export GIT_CONFIG_COUNT=2; \
        export GIT_CONFIG_KEY_0=credential.https://git.example.helper GIT_CONFIG_VALUE_0='!f() { [ "$1" != get ] || [ -z "$GIT_AUTH_TOKEN_GIT_EXAMPLE" ] || { echo username=x-access-token; echo "password=$GIT_AUTH_TOKEN_GIT_EXAMPLE"; }; }; f'; \
        export GIT_CONFIG_KEY_1=credential.https://git.example:8443.helper GIT_CONFIG_VALUE_1='!f() { [ "$1" != get ] || [ -z "$GIT_AUTH_TOKEN_GIT_EXAMPLE_8443" ] || { echo username=x-access-token; echo "password=$GIT_AUTH_TOKEN_GIT_EXAMPLE_8443"; }; }; f'; \
        uv pip install --no-deps --requirements /pins.txt || { \
        echo 'pymono: if a login was refused, the git repositories may want GIT_AUTH_TOKEN_GIT_EXAMPLE, GIT_AUTH_TOKEN_GIT_EXAMPLE_8443, KNOWN_HOSTS, NETRC, and an SSH agent' >&2; exit 1; } && \
        sed -i '/uv_cache.json,/d' /app/.venv/lib/python3.*/site-packages/*.dist-info/RECORD && rm -f /app/.venv/lib/python3.*/site-packages/*.dist-info/uv_cache.json && \
        rm -f /app/.venv/.lock && find /app/.venv -exec touch -h -d @315532800 /app {} +
    -- git-api.txt
    inner @ git+ssh://git@ssh.example/inner.git@0123456789012345678901234567890123456789#path=dist/inner-1.0-py3-none-any.whl
    open @ git+https://git.example/a/open.git@0123456789012345678901234567890123456789#lfs=true
    other @ git+https://git.example:8443/other@0123456789012345678901234567890123456789#subdirectory=x
    "#);
    assert!(rendered.dockerfile.contains("git git-lfs openssh-client"), "{}", rendered.dockerfile);
    let everything = format!("{rendered:?}{plan:?}{}", bake_file(&plan, &rendered, ".pymono"));
    assert!(!everything.contains("hidden"));
    let warnings =
        assemble(&workspace, StaleLocks::Refused).0.warnings.into_iter().collect::<Vec<_>>();
    assert_snapshot!(warnings.join("\n"), @r#"`api/uv.lock`: the password in the URL of `https://git.example:8443/other` is not used; take it out and give builds `NETRC`"#);
    let bake = bake_file(&plan, &rendered, ".pymono");
    let after = bake.split_once("\"secret\"").unwrap().1;
    assert_snapshot!(after, @r#"
    : [
            {
              "env": "GIT_AUTH_TOKEN_GIT_EXAMPLE",
              "id": "GIT_AUTH_TOKEN_GIT_EXAMPLE"
            },
            {
              "env": "GIT_AUTH_TOKEN_GIT_EXAMPLE_8443",
              "id": "GIT_AUTH_TOKEN_GIT_EXAMPLE_8443"
            },
            "${KNOWN_HOSTS != \"\" ? \"id=known_hosts,src=${KNOWN_HOSTS}\" : \"\"}",
            "${NETRC != \"\" ? \"id=netrc,src=${NETRC}\" : \"\"}"
          ],
          "ssh": [
            "${SSH_AUTH_SOCK != \"\" ? \"default\" : \"\"}"
          ],
          "tags": [
            "api:latest"
          ],
          "target": "api"
        }
      },
      "variable": {
        "KNOWN_HOSTS": {
          "default": ""
        },
        "NETRC": {
          "default": ""
        },
        "SSH_AUTH_SOCK": {
          "default": ""
        }
      }
    }
    "#);
}

#[test]
fn a_variable_in_a_login_is_a_secret_of_its_name() {
    let login = Login {
        user: Some(Credential::Literal("__token__".to_owned())),
        password: Some(Credential::Variable("CORP_TOKEN".to_owned())),
    };
    let corp = Index { name: None, login, ..index("corp", (true, IndexFormat::Simple)) };
    let (_, rendered) = rendered(&workspace(&[wheel("one", DEFAULT)], &[corp], &[]));
    assert_snapshot!(steps(&rendered, "deps"), @r#"
    # 1 distribution, for `api`:
    # one 1.0.
    FROM base-py313 AS deps-api
    ARG TARGETARCH
        --mount=type=bind,from=pymono-pins,source=deps-api.txt,target=/pins.txt \
        --mount=type=secret,id=CORP_TOKEN,env=UV_INDEX_PYMONO_PASSWORD \
        --mount=type=secret,id=netrc,target=/root/.netrc \
        [ -n "$UV_DEFAULT_INDEX" ] || export UV_DEFAULT_INDEX='pymono=https://corp.example/simple'; \
        [ -z "$UV_INDEX_PYMONO_PASSWORD" ] && unset UV_INDEX_PYMONO_PASSWORD || export UV_INDEX_PYMONO_USERNAME=__token__; \
        uv pip install --no-deps --require-hashes --no-build --requirements /pins.txt || { \
        echo 'pymono: if a login was refused, the index https://corp.example/simple may want CORP_TOKEN, NETRC' >&2; exit 1; } && \
        rm -f /app/.venv/.lock && find /app/.venv -exec touch -h -d @315532800 /app {} +
    -- deps-api.txt
    one==1.0 \
        --hash=sha256:one
    "#);
}

#[test]
fn secrets_of_the_configuration_reach_what_is_installed_and_built() {
    let token = SecretPlace::Variable("TOKEN".to_owned());
    let token = Secret { id: "token".to_owned(), place: token, required: true };
    let netrc = Secret { required: true, ..Secret::netrc() };
    let corp = index("corp", (true, IndexFormat::Simple));
    let workspace = workspace(&[wheel("one", DEFAULT)], &[corp], &[token, netrc]);
    let (_, rendered) = rendered(&workspace);
    for stage in ["deps", "backend", "pkg"] {
        let text = steps(&rendered, stage);
        for mount in
            ["id=token,env=TOKEN,required=true", "id=netrc,target=/root/.netrc,required=true"]
        {
            assert_eq!(text.matches(mount).count(), 1, "{text}");
        }
    }
    assert_eq!(rendered.dockerfile.matches("id=netrc").count(), 3, "{}", rendered.dockerfile);
}

#[test]
fn a_variable_elsewhere_in_a_url_is_refused() {
    let source = "registry = \"https://${HOST}/simple\"";
    let (_, unplanned) =
        assemble(&workspace(&[wheel("one", source)], &[], &[]), StaleLocks::Refused);
    let [unplanned] = &unplanned[..] else { panic!("{unplanned:?}") };
    assert_snapshot!(unplanned.error, @r#"`api` needs `one` from `https://${HOST}/simple`, which has a variable in it"#);
    assert!(unplanned.error.hint().unwrap().contains("secrets of these names"));
}
