//! What other tools read: the document that progenitor makes the client from, and the schemas that
//! the mock validates with.

pub mod client;
pub mod server;
