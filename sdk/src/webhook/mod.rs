//! Receiving webhooks: who sent it, is it fresh, has it been handled.
//!
//! [`Verifier`] takes the *raw* bytes of a delivery. A body that was parsed and printed again has other bytes, and no
//! signature survives that. [`ReplayGuard`] makes sure that an event is handled once, although the platform repeats a
//! delivery until it is answered. With the feature `axum`, `axum::Delivery` is an extractor that
//! verifies; the guard is for the handler behind it.
//!
//! The platform gives one key per subscription, and a subscription is of one event type.
//! `subscriptions().ensure_all(url)` makes those that are missing and puts their keys into a [`KeyStore`], from which
//! the verifier is made.
//!
//! How the platform signs webhooks is not published. [`WebhookScheme::platform`] is this project's choice, the same
//! string as for requests; [`WebhookScheme::StandardWebhooks`] follows the public specification of that name.

#[cfg(feature = "axum")]
pub mod axum;
mod ensure;
mod error;
pub mod event;
mod guess;
mod key;
pub mod key_store;
mod reload;
pub mod replay;
pub mod scheme;
mod sent;
pub mod sign;
mod verify;

pub use self::ensure::EnsureError;
pub use self::ensure::Ensured;
pub use self::error::Cause;
pub use self::error::WebhookError;
pub use self::event::Event;
pub use self::event::EventPayload;
pub use self::event::EventType;
pub use self::key::InvalidVerifyKey;
pub use self::key::VerifyKey;
pub use self::key_store::KeyStore;
pub use self::replay::ReplayGuard;
pub use self::scheme::PlatformScheme;
pub use self::scheme::WebhookScheme;
pub use self::verify::Verified;
pub use self::verify::Verifier;
