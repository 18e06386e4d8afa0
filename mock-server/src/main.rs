//! The binary: everything it does is in the library, but for the allocator, which a library has no business to choose.

/// A request makes and drops some dozens of small texts; the system's allocator takes a tenth of its time for that.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    layer2_mock::run()
}
