//! The `cargo pymono` command: cargo calls `cargo-pymono pymono …`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args: Vec<_> = std::env::args_os().collect();
    if args.get(1).is_some_and(|first| first == "pymono") {
        args.remove(1);
    }
    pymono::main(args)
}
