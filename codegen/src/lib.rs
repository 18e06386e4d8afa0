//! The code generator of the project: reads the documents in `openapi/`, checks them, and writes
//! what is made from them.

pub mod problem;
pub mod source;
