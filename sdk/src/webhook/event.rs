//! The types of webhook events, as the documents list them.
//!
//! Events are generated with the other models; this module only gives them their place beside the verifier. An event
//! type that this version of the crate does not know decodes as `Unknown` and keeps its data as it was sent. Bodies are
//! thin on purpose: they name a resource and its status, the rest is read with a GET.

pub use layer2_types::payments::Event;
pub use layer2_types::payments::EventId;
pub use layer2_types::payments::EventPayload;
pub use layer2_types::payments::EventType;
