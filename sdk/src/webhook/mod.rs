//! Receiving webhooks: who sent it, is it fresh, has it been handled.
//!
//! [`Verifier`] takes the *raw* bytes of a delivery. A body that was parsed and printed again has other bytes, and no
//! signature survives that. [`ReplayGuard`] makes sure that an event is handled once, although the platform repeats a
//! delivery until it is answered. With the feature `axum`, `axum::Delivery` is an extractor that
//! verifies; the guard is for the handler behind it.
//!
//! How the platform signs webhooks is not published. [`WebhookScheme::Platform`] is this project's choice, the same
//! string as for requests; [`WebhookScheme::StandardWebhooks`] follows the public specification of that name.

#[cfg(feature = "axum")]
pub mod axum;
mod error;
pub mod event;
mod guess;
pub mod replay;
pub mod sign;
mod verify;

pub use self::error::Cause;
pub use self::error::WebhookError;
pub use self::event::Event;
pub use self::event::EventPayload;
pub use self::event::EventType;
pub use self::replay::ReplayGuard;
pub use self::verify::InvalidVerifyKey;
pub use self::verify::Verified;
pub use self::verify::Verifier;
pub use self::verify::VerifyKey;
pub use self::verify::WebhookScheme;
