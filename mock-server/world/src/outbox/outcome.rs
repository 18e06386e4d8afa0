//! How an attempt to deliver a webhook can end, and what each end says to the owner of the receiver.

use serde::Deserialize;
use serde::Serialize;

/// How an attempt to deliver ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryOutcome {
    /// The receiver answered.
    Answered {
        /// HTTP status of the answer.
        status: u16,
    },
    /// No answer within the time limit.
    TimedOut,
    /// Nothing listens at the address.
    ConnectionRefused,
    /// The connection broke before the answer.
    ConnectionLost,
    /// The host name does not resolve.
    NameUnknown,
    /// The TLS handshake failed.
    TlsFailed,
    /// The sandbox may not call this address.
    AddressForbidden,
}

impl DeliveryOutcome {
    /// Whether the receiver has taken the event.
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Answered { status: 200..=299 })
    }

    /// What happened, as a sentence; none if the delivery worked.
    pub fn why(self) -> Option<String> {
        if self.is_success() {
            return None;
        }
        Some(match self {
            Self::Answered { status } => {
                format!("The receiver answered {status}; only 2xx counts as received.")
            }
            Self::TimedOut => "The receiver did not answer in time.".to_owned(),
            Self::ConnectionRefused => "Nothing listens at the callback address.".to_owned(),
            Self::ConnectionLost => "The connection broke before the receiver answered.".to_owned(),
            Self::NameUnknown => {
                "The host name of the callback address does not resolve.".to_owned()
            }
            Self::TlsFailed => "The TLS handshake with the receiver failed.".to_owned(),
            Self::AddressForbidden => {
                "The mock server is not allowed to call this address.".to_owned()
            }
        })
    }

    /// What to change; none if the delivery worked.
    pub const fn hint(self) -> Option<&'static str> {
        match self {
            Self::Answered { status: 200..=299 } => None,
            Self::Answered { status: 300..=399 } => {
                Some("Redirects are not followed: subscribe the final address.")
            }
            Self::Answered { status: 401 | 403 } => Some(
                "If your receiver verifies signatures, check that it uses this subscription's `signature_verification_key` on the raw body; else let the path through your authentication.",
            ),
            Self::Answered { status: 404 | 405 } => {
                Some("Check the path of `callback_url`: your receiver must answer POST there.")
            }
            Self::Answered { .. } => Some(
                "Answer 2xx as soon as the event is stored, and work on it afterwards; the event comes again with the same `event_id`.",
            ),
            Self::TimedOut => Some("Answer first and work afterwards."),
            Self::ConnectionRefused | Self::NameUnknown => Some(
                "Start the receiver, and mind where the mock server runs: inside a container, `localhost` is the container itself.",
            ),
            Self::ConnectionLost => {
                Some("See whether the receiver, or a proxy before it, restarts or closes early.")
            }
            Self::TlsFailed => Some("For tests use plain `http` on the loopback address."),
            Self::AddressForbidden => Some(
                "Start the mock server with `--allow-callbacks private` or `any`, if you trust the subscribers.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_says_why_and_what_to_change() {
        for outcome in [
            DeliveryOutcome::Answered { status: 500 },
            DeliveryOutcome::Answered { status: 302 },
            DeliveryOutcome::Answered { status: 401 },
            DeliveryOutcome::Answered { status: 404 },
            DeliveryOutcome::TimedOut,
            DeliveryOutcome::ConnectionRefused,
            DeliveryOutcome::ConnectionLost,
            DeliveryOutcome::NameUnknown,
            DeliveryOutcome::TlsFailed,
            DeliveryOutcome::AddressForbidden,
        ] {
            assert!(
                outcome.why().is_some() && outcome.hint().is_some(),
                "{outcome:?}"
            );
        }
        let taken = DeliveryOutcome::Answered { status: 204 };
        assert!(taken.why().is_none() && taken.hint().is_none());
    }
}
