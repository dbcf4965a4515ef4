//! The `pymono` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    pymono::main(std::env::args_os())
}
