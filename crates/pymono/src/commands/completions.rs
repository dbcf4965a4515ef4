//! `pymono completions`

use clap::{Args, Command};
use clap_complete::{Shell, generate};

use crate::{error::CommandError, session::Session};

/// Print what a shell needs to complete commands
///
/// For bash: `source <(pymono completions bash)`; for zsh, fish and others see
/// where they look for such files.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

pub(crate) fn run(
    session: &mut Session,
    args: &CompletionsArgs,
    mut command: Command,
) -> Result<(), CommandError> {
    let mut script = Vec::new();
    generate(args.shell, &mut command, "pymono", &mut script);
    Ok(session.shell.print(String::from_utf8_lossy(&script))?)
}
