use proptest::prelude::*;

use super::*;
use crate::{Form, Starts};

fn stages(text: &str) -> Vec<Stage> {
    Dockerfile::parse(text).unwrap().stages(&Arguments::new())
}

fn only(text: &str) -> Stage {
    stages(text).pop().unwrap()
}

/// Packages as `name@line`, those that are gone or conditional marked.
fn packages(run: &str) -> Vec<String> {
    let stage = only(&format!("FROM debian\n{run}"));
    let mark = |it: &Package| match (it.removed, it.conditional) {
        (true, _) => "-",
        (_, true) => "?",
        _ => "",
    };
    let shown = |it: &Package| format!("{}{}@{}", mark(it), it.name, it.line);
    stage.packages.iter().map(shown).collect()
}

#[test]
fn a_base_is_resolved_by_the_defaults_of_its_arguments() {
    let text = "ARG VERSION=3.12\nARG BASE=python:${VERSION}-slim\nFROM --platform=$BUILDPLATFORM $BASE AS Build\nFROM build\nFROM ${NONE}";
    let stages = stages(text);
    assert_eq!(stages[0].base.image, "python:3.12-slim");
    assert_eq!((stages[0].name.as_deref(), stages[0].line), (Some("build"), 3));
    assert_eq!(stages[1].base.stage, Some(0));
    assert_eq!(stages[2].base.unknown, ["NONE"]);
}

#[test]
fn build_arguments_win_over_defaults() {
    let dockerfile = Dockerfile::parse("ARG V=1\nFROM a:$V\nARG V\nCOPY app/$V /x").unwrap();
    let stage = &dockerfile.stages(&Arguments::from([("V".into(), "2".into())]))[0];
    assert_eq!(
        (stage.base.image.as_str(), stage.transfers[0].sources[0].as_str()),
        ("a:2", "app/2")
    );
    assert_eq!(dockerfile.arguments()[0].default.as_deref(), Some("1"));
}

#[test]
fn packages_are_found_through_continued_lines_comments_and_pins() {
    let run = "RUN apt-get update && apt-get install -y --no-install-recommends \\\n    # for health\n    curl=7.* \\\n\n    g++ libpq-dev/stable $EXTRA \\\n    && rm -rf /var/lib/apt/lists/*";
    assert_eq!(packages(run), ["curl@4", "g++@6", "libpq-dev@6"]);
    assert_eq!(
        packages("RUN apt-get -qq -o Acquire::Retries=3 install -t sid git:amd64 ./x.deb"),
        ["git@2"]
    );
    assert_eq!(packages("RUN sudo sh -c 'apt update; apt install -y jq'"), ["jq@2"]);
}

#[test]
fn what_is_taken_away_again_or_conditional_is_marked() {
    let virtuals =
        "RUN apk add --no-cache --virtual .build gcc && apk add libpq~=15 && apk del .build";
    assert_eq!(packages(virtuals), ["-gcc@2", "libpq@2"]);
    let purged = "RUN apt-get install -y gcc tini\nRUN apt-get purge -y --auto-remove gcc";
    assert_eq!(packages(purged), ["-gcc@2", "tini@2"]);
    let conditional = "RUN if [ \"$(uname -m)\" = aarch64 ]; then \\\n  apt-get install -y make; \\\n fi; apt-get install -y git";
    assert_eq!(packages(conditional), ["?make@3", "git@4"]);
}

#[test]
fn packages_in_here_documents_are_found() {
    assert_eq!(packages("RUN <<EOF\napk update\napk add git bash\nEOF"), ["git@4", "bash@4"]);
    let piped = only("FROM a\nRUN bash -e <<'EOF'\napt-get install -y git\nEOF\nUSER x");
    assert_eq!((piped.packages.len(), piped.config.user), (1, Some(("x".into(), 5))));
    assert_eq!(packages("RUN cat <<EOF > /x\napt-get install -y git\nEOF"), Vec::<String>::new());
}

#[test]
fn copies_know_where_they_take_from_and_put_to() {
    let text = "FROM a AS one\nWORKDIR /src\nCOPY --chown=1:1 pyproject.toml uv.lock ./\nADD https://example.com/x.tgz lib/ /x/\nCOPY [\"a b\", \"c\"]\nFROM b\nCOPY --from=one /src /app\nCOPY --from=0 /x /y\nCOPY --from=ghcr.io/astral-sh/uv:1 /uv /bin/\nCOPY <<EOF /etc/x\nhi\nEOF\nRUN --mount=type=bind,source=uv.lock,target=uv.lock --mount=type=cache,target=/c --mount=from=one,target=/m x";
    let stages = stages(text);
    let [manifest, add, json] = &stages[0].transfers[..] else { panic!("three transfers") };
    assert_eq!((manifest.destination.as_str(), manifest.sources.len()), ("/src/", 2));
    assert_eq!(
        (&add.urls[0][..], &add.sources[..]),
        ("https://example.com/x.tgz", &["lib/".to_owned()][..])
    );
    assert_eq!((json.sources[0].as_str(), json.destination.as_str()), ("a b", "/src/c"));
    let origins: Vec<_> = stages[1].transfers.iter().map(|it| it.origin.clone()).collect();
    let uv = Origin::Named("ghcr.io/astral-sh/uv:1".into());
    assert_eq!(origins, [Origin::Stage(0), Origin::Stage(0), uv, Origin::Context]);
    assert_eq!(stages[1].transfers[3].sources, Vec::<String>::new());
    assert_eq!(stages[1].runs[0].mounts.len(), 2);
    let reach: Vec<_> = stages[1].own_reach().into_iter().map(|it| (it.source, it.line)).collect();
    assert_eq!(reach, [("/uv".to_owned(), 9), ("uv.lock".to_owned(), 13)]);
}

#[test]
fn a_stage_has_the_configuration_of_the_stage_below() {
    let text = "FROM a AS base\nENV A=1 B=\"x y\"\nENV OLD some value\nWORKDIR /app\nEXPOSE 8000-8005 9000/udp $NONE\nUSER app\nHEALTHCHECK CMD curl -f http://localhost/\nCMD run\nFROM base\nWORKDIR sub\nENV C=$A-$B";
    let config = only(text).config;
    let env: Vec<_> = config.env.iter().map(|(name, it)| format!("{name}={}", it.value)).collect();
    assert_eq!(env, ["A=1", "B=x y", "C=1-x y", "OLD=some value"]);
    assert_eq!(config.workdir, Some(("/app/sub".into(), 10)));
    let ports: Vec<_> = config.ports.iter().map(|it| (it.number, it.udp)).collect();
    assert_eq!(ports, [(8000, false), (9000, true)]);
    assert_eq!(config.command().unwrap().to_string(), "run");
    assert_eq!(config.health.unwrap().test.form, Form::Shell);
}

#[test]
fn entry_point_and_command_are_joined_as_the_engine_does() {
    let command = |text: &str| only(text).config.command().map(|it| it.to_string());
    let both = "FROM a\nENTRYPOINT [\"python3\"]\nCMD [\"app.py\"]";
    assert_eq!(command(both).as_deref(), Some("python3 app.py"));
    assert_eq!(command("FROM a\nENTRYPOINT run it\nCMD [\"x\"]").as_deref(), Some("run it"));
    assert_eq!(command("FROM a\nENTRYPOINT []\nCMD [\"x\"]").as_deref(), Some("x"));
    assert_eq!(command("FROM a AS b\nCMD x\nFROM b\nENTRYPOINT [\"y\"]").as_deref(), Some("y"));
    assert_eq!(command("FROM a"), None);
    let shell =
        only("FROM a\nCMD exec uvicorn \"$APP:app\" \\\n  --port 80").config.command().unwrap();
    assert_eq!(shell.exec()[2], "exec uvicorn \"$APP:app\" --port 80");
    assert_eq!(shell.starts(), Starts::Python);
}

#[test]
fn installs_say_from_which_files() {
    let stage = only(
        "FROM a\nRUN pip install --no-cache-dir -r requirements.txt -c=c.txt gunicorn 'x>=1' ./lib -e ../core\nRUN python3 -m pip install .\nRUN uv sync --frozen --package api --no-dev\nRUN poetry install --only main,app\nRUN uv pip install -i https://example.com/simple flask\nRUN pip --version",
    );
    let shown: Vec<_> = stage
        .installs
        .iter()
        .map(|it| {
            format!(
                "{:?} {:?} {:?} {:?} {:?}",
                it.installer, it.files, it.paths, it.names, it.chosen
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            r#"Pip ["requirements.txt", "c.txt"] ["./lib", "../core"] ["gunicorn", "x>=1"] []"#,
            r#"Pip [] ["."] [] []"#,
            r#"Uv [] [] [] ["api"]"#,
            r#"Poetry [] [] [] ["main", "app"]"#,
            r#"UvPip [] [] ["flask"] []"#,
        ]
    );
}

#[test]
fn hints_at_the_python_are_found() {
    let stage = only(
        "FROM a\nRUN uv python install 3.12\nRUN pyenv install 3.11.4\nRUN uv venv --python=3.13 x\nRUN apt-get install -y python3.10-venv\nRUN uv python list",
    );
    let found: Vec<_> = stage.pythons.iter().map(|it| (it.version.as_str(), it.line)).collect();
    assert_eq!(found, [("3.12", 2), ("3.11.4", 3), ("3.13", 4), ("3.10", 5)]);
}

#[test]
fn errors_name_their_line() {
    let message = |text: &str| Dockerfile::parse(text).unwrap_err().to_string();
    assert_eq!(message("FROM a\n\nNOPE x"), "line 3: unknown instruction 'NOPE'");
    assert_eq!(message(""), "line 1: expected at least one FROM instruction");
    assert_eq!(message("FROM a AS b\nFROM c AS b"), "line 2: duplicate stage name 'b'");
}

#[test]
fn other_escapes_line_ends_and_marks_are_read() {
    let text = "\u{feff}# escape=`\r\nFROM a\r\nRUN apt-get install -y `\r\n  git `\r\n  jq\r\n";
    assert_eq!(only(text).packages.len(), 2);
}

const REAL: &str = "# syntax=x\nARG V=3\nFROM python:${V} AS base\nRUN --mount=type=bind,source=a,target=b <<EOF\napk add --virtual .b gcc\nEOF\nCOPY --from=x [\"a\", \"b\"]\nENV A=\"b\" C=${D:-$E}\nHEALTHCHECK --interval=1s CMD [\"x\"]\nFROM base\nRUN if x; then \\\n # c\n apt-get install -y a=1; fi\nCMD [\"sh\", \"-c\", \"x $(y)\"]\n";

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "(?s).{0,300}") {
        let _ = Dockerfile::parse(&text).map(|it| it.stages(&Arguments::new()));
    }

    #[test]
    fn no_mangled_dockerfile_makes_it_panic(
        at in 0..REAL.len(),
        cut in 0..20_usize,
        put in "(?s)[<$\\{\\}\"'\\\\\\n\\[#=,&| a-zA-Z]{0,12}",
    ) {
        let end = (at + cut).min(REAL.len());
        let text = format!("{}{put}{}", &REAL[..at], &REAL[end..]);
        if let Ok(dockerfile) = Dockerfile::parse(&text) {
            let lines = text.lines().count();
            for stage in dockerfile.stages(&Arguments::new()) {
                prop_assert!(stage.line <= lines);
                prop_assert!(stage.packages.iter().all(|it| it.line <= lines));
                let _ = stage.config.command().map(|it| it.starts());
            }
        }
    }
}

#[test]
fn a_target_is_built_from_its_base_and_from_what_it_copies() {
    let stages = stages(
        "FROM a AS one\nFROM b AS two\nFROM c AS three\nRUN --mount=from=two,target=/x y\nFROM one\nCOPY --from=three /x /y",
    );
    assert_eq!(Stage::closure(&stages, 3), BTreeSet::from([0, 1, 2, 3]));
    assert_eq!(Stage::closure(&stages, 2), BTreeSet::from([1, 2]));
    assert_eq!(Stage::chain(&stages, 3), [0, 3]);
}
