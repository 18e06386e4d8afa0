//! The server as a program of its own, for tests that kill it.

fn main() -> std::process::ExitCode {
    layer2_mock::run()
}
