//! The commands of `letterbox`, and what they call.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A list is made of hundreds of strings in one thread and freed in another, for most of which glibc takes a lock.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    letterbox::commands::run(std::env::args_os())
}
