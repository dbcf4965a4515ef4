//! The command line, and the outside world that commands see.

use std::{
    ffi::{OsStr, OsString},
    process::ExitCode,
};

use camino::{Utf8Path, Utf8PathBuf, absolute_utf8};
use clap::{
    Args, CommandFactory, Parser, Subcommand, ValueEnum, error::ErrorKind as ClapErrorKind,
};
use pymono_exec::Interrupt;
use pymono_names::TreePath;
use pymono_report::{ColorChoice, ColorEnv, Shell, ShellOptions, Verbosity};

use crate::{
    commands::{
        affected, bake, build, check, completions, export, graph, init, list, lock, matrix, plan,
        schema, why,
    },
    error::CommandError,
    session::Session,
};

/// Build the container images of every Python service in a monorepo
///
/// pymono finds the services, plans build stages that they share, and runs
/// `docker buildx` for each. It needs no Dockerfile. But for `init` and
/// `lock`, it writes nothing outside of `.pymono/` and `docker-bake.json`.
#[derive(Debug, Parser)]
#[command(name = "pymono", version, max_term_width = 100)]
struct App {
    #[command(flatten)]
    global: GlobalArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
struct GlobalArgs {
    /// Run as if started in DIR
    ///
    /// The root of the repository is the nearest folder, DIR or above, with a
    /// `pymono.toml`, a `uv.lock` or a `.git`.
    #[arg(short = 'C', long, global = true, value_name = "DIR")]
    directory: Option<Utf8PathBuf>,
    /// Read the configuration from FILE in place of the ones that are looked for
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<Utf8PathBuf>,
    /// When to use color
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: Color,
    /// Say only what was asked for, and what failed
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Say more: the logs of builds too
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    verbose: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Color {
    /// On a terminal
    Auto,
    /// Everywhere
    Always,
    /// Nowhere
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    Affected(affected::AffectedArgs),
    Build(Box<build::BuildArgs>),
    Bake(bake::BakeArgs),
    Check(check::CheckArgs),
    Completions(completions::CompletionsArgs),
    Export(export::ExportArgs),
    Graph(graph::GraphArgs),
    Init(init::InitArgs),
    List(list::ListArgs),
    Lock(lock::LockArgs),
    Matrix(matrix::MatrixArgs),
    Plan(plan::PlanArgs),
    Schema(schema::SchemaArgs),
    Why(why::WhyArgs),
}

/// Runs the command that `args` ask for and returns its exit code.
pub(crate) fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let app = match App::try_parse_from(args) {
        Ok(app) => app,
        Err(error) => return usage(&error),
    };
    let env: Vec<(OsString, OsString)> = std::env::vars_os().collect();
    let mut shell = Shell::of_process(&shell_options(&app.global, &env));
    let error = match session(&app.global, env, shell) {
        Ok(mut session) => match dispatch(&mut session, &app.command) {
            Ok(()) => return ExitCode::SUCCESS,
            Err(error) => {
                shell = session.shell;
                error
            }
        },
        Err((returned, error)) => {
            shell = returned;
            error
        }
    };
    error.report(&mut shell)
}

fn dispatch(session: &mut Session, command: &Command) -> Result<(), CommandError> {
    match command {
        Command::Affected(args) => affected::run(session, args),
        Command::Build(args) => build::run(session, args),
        Command::Bake(args) => bake::run(session, args),
        Command::Check(args) => check::run(session, args),
        Command::Completions(args) => completions::run(session, args, App::command()),
        Command::Export(args) => export::run(session, args),
        Command::Graph(args) => graph::run(session, args),
        Command::Init(args) => init::run(session, args),
        Command::List(args) => list::run(session, args),
        Command::Lock(args) => lock::run(session, args),
        Command::Matrix(args) => matrix::run(session, args),
        Command::Plan(args) => plan::run(session, args),
        Command::Schema(args) => schema::run(session, args),
        Command::Why(args) => why::run(session, args),
    }
}

/// Says what is wrong with the command line, or what it asks to be told.
fn usage(error: &clap::Error) -> ExitCode {
    let told = matches!(error.kind(), ClapErrorKind::DisplayHelp | ClapErrorKind::DisplayVersion);
    match error.print() {
        Err(_) => ExitCode::from(74),
        Ok(()) if told => ExitCode::SUCCESS,
        Ok(()) => ExitCode::from(2),
    }
}

fn shell_options(global: &GlobalArgs, env: &[(OsString, OsString)]) -> ShellOptions {
    let set =
        |name: &str| env.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_os_str());
    let filled = |name| set(name).is_some_and(|value| !value.is_empty());
    ShellOptions {
        verbosity: match (global.quiet, global.verbose) {
            (true, _) => Verbosity::Quiet,
            (_, true) => Verbosity::Verbose,
            _ => Verbosity::Normal,
        },
        color: match global.color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        },
        env: ColorEnv {
            no_color: filled("NO_COLOR"),
            clicolor_force: filled("CLICOLOR_FORCE")
                && set("CLICOLOR_FORCE") != Some(OsStr::new("0")),
        },
        terminal: None,
    }
}

/// Returns the outside world of a command, or the shell again and why there is none.
fn session(
    global: &GlobalArgs,
    env: Vec<(OsString, OsString)>,
    shell: Shell,
) -> Result<Session, (Shell, CommandError)> {
    let start = global.directory.as_deref().unwrap_or(Utf8Path::new("."));
    let interrupt = Interrupt::new();
    let prepared = folder(start)
        .and_then(|start| Ok((start, global.config.as_deref().map(absolute).transpose()?)))
        .and_then(|found| Ok(interrupt.install().map(|()| found)?));
    match prepared {
        Ok((start, config)) => {
            let root = pymono_scan::find_root(&start);
            let below = start.strip_prefix(&root).map_or("", Utf8Path::as_str);
            let folder = below.parse().unwrap_or_else(|_| TreePath::root());
            let input = Box::new(std::io::stdin());
            Ok(Session { root, folder, config, env, shell, input, interrupt })
        }
        Err(error) => Err((shell, error)),
    }
}

fn folder(path: &Utf8Path) -> Result<Utf8PathBuf, CommandError> {
    if path.is_dir() { absolute(path) } else { Err(CommandError::no_folder(path)) }
}

fn absolute(path: &Utf8Path) -> Result<Utf8PathBuf, CommandError> {
    // `.` and `..` are resolved by the file system where the path exists.
    let resolved = path.canonicalize_utf8().or_else(|_| absolute_utf8(path));
    resolved.map_err(|source| CommandError::unusable_path(path, source))
}

/// Returns what is wrong with the words of a command line.
#[cfg(test)]
pub(crate) fn parses(words: &[String]) -> Result<(), String> {
    App::try_parse_from(words).map(drop).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        App::command().debug_assert();
    }
}
