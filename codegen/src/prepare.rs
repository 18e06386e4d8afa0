//! What is made from the model before an emitter or another tool reads it: the model that Rust types
//! are made from, the document that progenitor makes the client from, and the schemas that the mock
//! validates with.

pub mod client;
pub mod server;
pub mod types;
