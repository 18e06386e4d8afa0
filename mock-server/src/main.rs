//! The binary: everything it does is in the library.

fn main() -> std::process::ExitCode {
    layer2_mock::run()
}
