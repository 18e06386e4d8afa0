//! The command line of the binary: what it takes (`args`) and what it does (`run`).

mod args;
mod run;

pub use run::run;
