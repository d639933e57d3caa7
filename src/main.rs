//! The commands of `letterbox`, and what they call.

use std::process::ExitCode;

fn main() -> ExitCode {
    letterbox::commands::run(std::env::args_os())
}
