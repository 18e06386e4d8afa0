//! The command line of the binary: what it takes (`args`, `values`) and what it does (`run`, `signatures`).

mod args;
mod run;
mod signatures;
mod values;

pub use run::run;
