//! What a sandbox can be told about itself.
//!
//! A setting is either a choice of the platform's version or one of the guesses that nothing public settles. Each has a
//! default; all of them are part of the genesis, so that a replay knows them. Each can be set by an option of the program,
//! by the control API when a sandbox is made, and by the builder of a server inside a program (a test compares).

use core::ops::RangeInclusive;

use layer2_types::operation::Platform;
use serde::Deserialize;
use serde::Serialize;

/// The settings of one sandbox. One that is missing in its text is at its default: a later version may have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Settings {
    /// Which version of the platform it is.
    pub platform: Platform,
    /// Which requests must be signed.
    pub signatures: SignaturePolicy,
    /// Refuse unknown request fields and numeric strings.
    pub strict: bool,
    /// How long work takes.
    pub profile: Profile,
    /// How much an error says.
    pub errors: ErrorStyle,
    /// Tell another code than the one meant, the same for all and in no document.
    pub opaque_codes: bool,
    /// Zone of the timestamps.
    pub timestamps: TimestampStyle,
    /// Ask for an invoice over a withdrawal that is worth more than 10,000 US dollars.
    pub information_requests: bool,
    /// Whether the client is regulated itself, and so makes customers without an application.
    pub regulated_client: bool,
    /// How many finished events, with their deliveries, are kept for the webhook log.
    pub webhook_log_limit: u32,
}

/// What [`Settings::webhook_log_limit`] can be: a log of some length that does not eat up the memory.
pub const WEBHOOK_LOG_LIMITS: RangeInclusive<u32> = 1..=1_000_000;

impl Default for Settings {
    fn default() -> Self {
        Self {
            platform: Platform::Union,
            signatures: SignaturePolicy::Accepts,
            strict: false,
            profile: Profile::Fast,
            errors: ErrorStyle::Helpful,
            opaque_codes: false,
            timestamps: TimestampStyle::NewYork,
            information_requests: false,
            regulated_client: false,
            webhook_log_limit: 10_000,
        }
    }
}

/// Which requests must carry a signature. One that is sent is verified in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SignaturePolicy {
    /// The operations that accept a movement of money.
    Accepts,
    /// No operation; one that is sent is still verified.
    IfSent,
    /// Every request of the payments API.
    All,
}

/// How long work takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Profile {
    /// Work is due at once: the reply says ACCEPTED, the next read says EXECUTED.
    Fast,
    /// Work takes about as long as on the platform.
    Realistic,
}

/// How much an error says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ErrorStyle {
    /// Code, description, place, what was received, what was expected, a hint.
    Helpful,
    /// The vendor's statuses and bare `code` and `description`.
    Documented,
}

/// Zone of the timestamps in replies and events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum TimestampStyle {
    /// New York time, as observed on the platform.
    NewYork,
    /// UTC.
    Utc,
}
