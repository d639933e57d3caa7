//! Faults of the disk: what the kernel says is what Letterbox says.

mod failing_disk;
mod full_disk;
mod strace;
mod sync;
