//! What can go wrong, and when.

use std::{num::NonZeroU32, time::Duration};

use layer2_types::operation::Api;

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// The token is said to have expired.
    ExpiredToken,
    /// Each documented object of the reply has a member that no document lists.
    ExtraField,
    /// The request waits.
    Latency { delay: Duration },
    /// Too many requests.
    RateLimited { retry_after: NonZeroU32 },
    /// The work is done and the reply is not sent.
    ReplyLost,
    /// The connection is reset.
    Reset,
    /// An error of this status.
    Status {
        status: u16,
        code: Option<&'static str>,
        retry_after: Option<NonZeroU32>,
    },
    /// The connection ends within the body of the reply.
    Truncated { body_bytes: Option<usize> },
    /// One value of the reply is one that no document lists.
    UnknownEnumValue {
        pointer: Option<String>,
        value: Option<String>,
    },
}

/// When a request fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultPoint {
    AfterWork,
    BeforeWork,
}

impl FaultKind {
    /// The names of all kinds.
    pub(crate) const NAMES: [&'static str; 9] = [
        "reply_lost",
        "reset",
        "truncated",
        "latency",
        "status",
        "rate_limited",
        "expired_token",
        "unknown_enum_value",
        "extra_field",
    ];

    pub(crate) fn as_str(&self) -> &'static str {
        match self {
            FaultKind::ExpiredToken => "expired_token",
            FaultKind::ExtraField => "extra_field",
            FaultKind::Latency { .. } => "latency",
            FaultKind::RateLimited { .. } => "rate_limited",
            FaultKind::ReplyLost => "reply_lost",
            FaultKind::Reset => "reset",
            FaultKind::Status { .. } => "status",
            FaultKind::Truncated { .. } => "truncated",
            FaultKind::UnknownEnumValue { .. } => "unknown_enum_value",
        }
    }

    /// The points at which it can strike, the usual one first.
    pub(crate) fn points(&self) -> &'static [FaultPoint] {
        match self {
            FaultKind::ExpiredToken | FaultKind::RateLimited { .. } => &[FaultPoint::BeforeWork],
            FaultKind::ExtraField
            | FaultKind::ReplyLost
            | FaultKind::Truncated { .. }
            | FaultKind::UnknownEnumValue { .. } => &[FaultPoint::AfterWork],
            FaultKind::Latency { .. } | FaultKind::Reset => {
                &[FaultPoint::AfterWork, FaultPoint::BeforeWork]
            }
            FaultKind::Status { .. } => &[FaultPoint::BeforeWork, FaultPoint::AfterWork],
        }
    }

    /// Whether it can befall the requests of an API: only tokens expire.
    pub(crate) fn befalls(&self, api: Api) -> bool {
        !matches!(
            (self, api),
            (_, Api::Control) | (FaultKind::ExpiredToken, Api::Plaid)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_that_an_api_cannot_show_does_not_match_there() {
        assert!(!FaultKind::ExpiredToken.befalls(Api::Plaid));
        assert!(FaultKind::ExpiredToken.befalls(Api::Accounting));
        assert!(!FaultKind::Reset.befalls(Api::Control));
    }
}
