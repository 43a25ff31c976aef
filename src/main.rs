//! The `compdd` command: parse, set up, dispatch.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
