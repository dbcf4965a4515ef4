//! Programs that only start another: shells, environments, supervisors of one process.

/// Returns the name of a program without its folder.
pub(crate) fn base_name(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

/// Programs that start what follows them, with the words of theirs that come before it.
fn launcher(words: &[String]) -> Option<usize> {
    let second = || words.get(1).map(String::as_str);
    // Behind `--` stands what is started.
    let behind = || words.iter().position(|it| it == "--").map(|at| at + 1);
    let flags = |from: usize| {
        let flag = |it: &&String| it.starts_with('-') && *it != "--";
        from + words.iter().skip(from).take_while(flag).count()
    };
    match base_name(words.first()?) {
        "exec"
        | "nohup"
        | "time"
        | "command"
        | "xvfb-run"
        | "ddtrace-run"
        | "opentelemetry-instrument"
        | "sentry-run"
        | "nice"
        | "stdbuf" => Some(flags(1)),
        "tini" | "dumb-init" | "catatonit" | "doppler" | "infisical" | "op" | "wait-for-it.sh"
        | "wait-for-it" | "wait-for" | "dockerize" | "with-contenv" => {
            Some(behind().unwrap_or_else(|| flags(1)))
        }
        "gosu" | "su-exec" | "chroot" => Some(2),
        "newrelic-admin" if second() == Some("run-program") => Some(2),
        "poetry" | "pdm" | "pipenv" | "hatch" | "rye" | "uv" | "pixi"
            if second() == Some("run") =>
        {
            Some(behind().unwrap_or_else(|| after_run(words)))
        }
        "conda" | "mamba" | "micromamba" if second() == Some("run") => Some(after_run(words)),
        "env" => Some(1),
        assignment if is_assignment(assignment) => Some(1),
        _ => None,
    }
}

/// Returns where the command begins in `uv run --flag value command`.
fn after_run(words: &[String]) -> usize {
    const VALUED: [&str; 10] = [
        "--package",
        "--with",
        "--group",
        "--extra",
        "--python",
        "-p",
        "-n",
        "--directory",
        "--project",
        "--env-file",
    ];
    let mut at = 2;
    while let Some(word) =
        words.get(at).filter(|it| it.starts_with('-') && !["-m", "--module"].contains(&it.as_str()))
    {
        at += if VALUED.contains(&word.as_str()) { 2 } else { 1 };
    }
    at
}

/// Returns whether a word sets a variable: `NAME=value`.
pub(crate) fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.chars().all(|it| it.is_ascii_alphanumeric() || it == '_')
    })
}

/// Returns the words from the program that is started in the end.
pub(crate) fn launched(words: &[String]) -> &[String] {
    let mut rest = words;
    while let Some(skip) = launcher(rest) {
        let Some(shorter) = rest.get(skip.max(1)..).filter(|it| !it.is_empty()) else { break };
        rest = shorter;
    }
    rest
}
