//! The `pymono` command.
fn main() {}
