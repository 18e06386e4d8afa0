//! Command line of the generator: writes everything, or says with `--check` what is out of step.
//!
//! Leaves with 0 when all is well, 1 when `--check` finds a difference, and 2 when a document has
//! a problem.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use layer2_codegen::Outcome;
use layer2_codegen::problem::Problem;

/// Generates bundles, types, client, server interfaces and validators from openapi/.
#[derive(Debug, Parser)]
#[command(name = "layer2-codegen")]
struct Arguments {
    /// Compare with the files on disk instead of writing them; fail if any differs.
    #[arg(long)]
    check: bool,
    /// Root of the project, the folder that holds openapi/.
    #[arg(long, value_name = "DIR", default_value = ".")]
    root: PathBuf,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let (code, said) = match layer2_codegen::run(&arguments.root, arguments.check) {
        Ok(outcome) if outcome.drift.is_empty() => {
            (ExitCode::SUCCESS, summary(&outcome, io::stdout().lock()))
        }
        Ok(outcome) => (ExitCode::FAILURE, drift(&outcome, io::stderr().lock())),
        Err(problems) => (ExitCode::from(2), complain(&problems, io::stderr().lock())),
    };
    // A reader that closed the pipe early has seen what it wanted.
    match said {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => ExitCode::FAILURE,
        _ => code,
    }
}

/// How much there is, per crate and of Rust in all, and what changed.
fn summary(outcome: &Outcome, mut out: impl Write) -> io::Result<()> {
    let rust = ("Rust in all", outcome.files.rust());
    for (owner, size) in outcome.files.sizes().into_iter().chain([rust]) {
        writeln!(
            out,
            "{owner:<14} {:>4} files {:>7} lines",
            size.files, size.lines
        )?;
    }
    let written = outcome.written;
    match (written.changed, written.removed) {
        (0, 0) => writeln!(out, "everything is in step with the documents"),
        (changed, removed) => writeln!(out, "{changed} files written, {removed} removed"),
    }
}

/// The differences, and how to end them.
fn drift(outcome: &Outcome, mut out: impl Write) -> io::Result<()> {
    for drift in &outcome.drift {
        write!(out, "{}", drift.diff)?;
    }
    let files = outcome.drift.len();
    writeln!(
        out,
        "{files} files are not what the documents say; run `cargo run -p layer2-codegen`"
    )
}

fn complain(problems: &[Problem], mut out: impl Write) -> io::Result<()> {
    for problem in problems {
        writeln!(out, "{problem}\n")?;
    }
    writeln!(out, "{} problems; nothing was written", problems.len())
}
