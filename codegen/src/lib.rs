//! The code generator of the project: reads the documents in `openapi/`, checks them against the
//! house rules, and writes what is made from them: bundles, types, client, server interfaces and
//! validators.
//!
//! The stages are [`files`]; each takes what the one before it made, and collects its problems
//! rather than stop at the first. Nothing is written unless every stage of every document
//! succeeds.

use std::path::Path;

pub mod bundle;
pub mod emit;
pub mod lint;
pub mod model;
pub mod output;
pub mod prepare;
pub mod problem;
pub mod publish;
pub mod source;

use self::model::Model;
use self::output::{Drift, Files, Written};
use self::problem::Problem;

/// The documents, in the order in which they are generated; each is a folder of `openapi/`.
pub const APIS: &[&str] = &["payments", "accounting", "plaid", "control"];

/// Everything that the documents below `root` make.
pub fn files(root: &Path) -> Result<Files, Vec<Problem>> {
    let mut files = Files::default();
    let mut models = Vec::new();
    let mut problems = Vec::new();
    for api in APIS {
        match document(root, api) {
            Ok((bundles, model)) => {
                files.add(bundles)?;
                models.push(model);
            }
            Err(found) => problems.extend(found),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    files.add(emit::all(&models)?)?;
    Ok(files)
}

/// One document: read, merged, checked, bundled and modelled.
fn document(root: &Path, api: &str) -> Result<([output::File; 2], Model), Vec<Problem>> {
    let document = bundle::read(root, api)?;
    let problems = lint::check(&document);
    if !problems.is_empty() {
        return Err(problems);
    }
    let model = Model::build(&document)?;
    let unanswerable = emit::server::unanswerable(&model);
    if !unanswerable.is_empty() {
        return Err(unanswerable);
    }
    Ok((bundle::files(&document)?, model))
}

/// What a run did or found.
#[derive(Debug)]
pub struct Outcome {
    /// Everything that the documents make.
    pub files: Files,
    /// What differs from the disk; empty after writing.
    pub drift: Vec<Drift>,
    /// What was written; nothing when checking.
    pub written: Written,
}

/// Generates from the documents below `root`, and writes the files or compares them with the disk.
pub fn run(root: &Path, check: bool) -> Result<Outcome, Vec<Problem>> {
    let files = files(root)?;
    let (drift, written) = if check {
        (files.check(root)?, Written::default())
    } else {
        (Vec::new(), files.write(root)?)
    };
    Ok(Outcome {
        files,
        drift,
        written,
    })
}
