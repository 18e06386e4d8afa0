//! Formatting: generated Rust looks as `cargo fmt` would leave it, so that nobody has to read another layout, the
//! count of its lines means what it says, and `cargo fmt --check` holds it as it holds what is written by hand.
//!
//! The program is rustfmt itself, as an imitation of it would differ from it. It leaves the calls of our macros as they
//! are.

use std::env;
use std::io::{self, Write as _};
use std::process::{Command, Stdio};

use crate::output::File;
use crate::problem::Problem;
use crate::source::Place;

/// A file as rustfmt lays it out; one that is no Rust stays as it is.
pub(super) fn formatted(file: File) -> Result<File, Problem> {
    if !file.path.ends_with(".rs") {
        return Ok(file);
    }
    match rustfmt(&file.contents, CONFIG) {
        Ok(contents) => Ok(File::new(file.path, contents)),
        Err(message) => Err(Problem::new(
            &Place::whole(file.path.as_str()),
            "format",
            format!("rustfmt does not format the emitted file: {message}"),
            "if it is missing, install it with `rustup component add rustfmt`; if not, correct the emitter",
        )),
    }
}

/// A text of Rust as rustfmt lays it out under `config`, or what rustfmt says against it.
pub(super) fn rustfmt(text: &str, config: &str) -> Result<String, String> {
    let ran = run(text, config).map_err(|error| error.to_string())?;
    if ran.status.success() {
        String::from_utf8(ran.stdout).map_err(|error| error.to_string())
    } else {
        Err(String::from_utf8_lossy(&ran.stderr).trim().to_owned())
    }
}

fn run(text: &str, config: &str) -> io::Result<std::process::Output> {
    // The same variable tells cargo which one to take.
    let program = env::var_os("RUSTFMT").unwrap_or_else(|| "rustfmt".into());
    let mut child = Command::new(program)
        .args(["--quiet", "--edition", EDITION, "--config", config])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    // It reads all before it writes, and the end of the text is where this is dropped.
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(text.as_bytes())?;
    }
    child.wait_with_output()
}

/// The edition of the workspace.
const EDITION: &str = "2024";

/// What `rustfmt.toml` says, whatever folder the generator runs in.
const CONFIG: &str = "max_width=100,use_small_heuristics=Default";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rust_is_laid_out_and_the_rest_is_left_alone() {
        let rust = formatted(File::new("a.rs", "fn  a( ){ b( ) }")).expect("Rust");
        assert_eq!(rust.contents, "fn a() {\n    b()\n}\n");
        let other = formatted(File::new("a.json", "{ }")).expect("no Rust");
        assert_eq!(other.contents, "{ }");
    }

    #[test]
    fn what_is_no_rust_is_a_problem_with_its_file() {
        let problem = formatted(File::new("a.rs", "fn fn")).expect_err("no Rust");
        assert_eq!(problem.place.file(), "a.rs");
        assert!(problem.message.starts_with("rustfmt does not format"));
    }
}
