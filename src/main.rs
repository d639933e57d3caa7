//! The commands of `letterbox`, and what they call.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A list is made of hundreds of strings in one thread and freed in another, which glibc answers with a lock for each.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    letterbox::commands::run(std::env::args_os())
}
