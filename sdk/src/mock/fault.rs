//! Faults that a test orders, as the control API knows them.

use std::time::Duration;

use layer2_types::control::FaultKind;
use layer2_types::control::FaultPoint;
use layer2_types::control::FaultRequest;
use layer2_types::control::ObjectId;
use layer2_types::operation::Operation;

use crate::idempotency::IdempotencyKey;
use crate::mock::error::SandboxError;

/// A fault for [`Sandbox::order`](crate::mock::Sandbox::order). It hits the next request that matches, once, unless it is
/// told otherwise. Requests of the control API are never hit.
#[derive(Clone, Debug)]
#[must_use = "a fault does nothing until it is ordered"]
pub struct Fault {
    pub(crate) request: FaultRequest,
}

impl Fault {
    /// The work is done, and the connection ends before a byte of the reply.
    pub fn reply_lost() -> Self {
        Self::of(FaultKind::ReplyLost)
    }

    /// The connection is reset after the work, or before it with [`before_work`](Self::before_work).
    pub fn reset() -> Self {
        Self::of(FaultKind::Reset)
    }

    /// The work is done, and the connection ends within the body of the reply.
    pub fn truncated() -> Self {
        Self::of(FaultKind::Truncated)
    }

    /// The reply comes this much later, in time of the machine. Beyond ten minutes it is ten minutes.
    pub fn latency(delay: Duration) -> Self {
        let milliseconds = i32::try_from(delay.as_millis()).unwrap_or(i32::MAX);
        Self {
            request: FaultRequest::new(FaultKind::Latency)
                .with_delay_ms(milliseconds.min(LATENCY_MS_MAX))
                .with_count(1),
        }
    }

    /// The request is answered with an error of this status, and nothing is done.
    pub fn status(status: http::StatusCode) -> Self {
        Self {
            request: FaultRequest::new(FaultKind::Status)
                .with_status(i32::from(status.as_u16()))
                .with_count(1),
        }
    }

    /// The request is answered with 429 and nothing is done.
    pub fn rate_limited() -> Self {
        Self::of(FaultKind::RateLimited)
    }

    /// The request is answered with 401, as if its token had expired, and nothing is done.
    pub fn expired_token() -> Self {
        Self::of(FaultKind::ExpiredToken)
    }

    /// A status of the reply is one that no document lists.
    pub fn unknown_enum_value() -> Self {
        Self::of(FaultKind::UnknownEnumValue)
    }

    /// Every object of the reply has a field that no document lists.
    pub fn extra_field() -> Self {
        Self::of(FaultKind::ExtraField)
    }

    /// Only requests of this operation: an `OperationId` of payments, accounting or Plaid.
    ///
    /// ```
    /// use layer2_sdk::{mock::Fault, plaid};
    ///
    /// let lost = Fault::reply_lost().on(plaid::OperationId::SandboxPublicTokenCreate);
    /// # let _ = lost;
    /// ```
    pub fn on(self, operation: impl Into<&'static Operation>) -> Self {
        self.map(|request| request.with_operation(operation.into().key()))
    }

    /// Only requests with this idempotency key.
    pub fn key(self, key: &IdempotencyKey) -> Self {
        self.map(|request| request.with_key(key.as_str().to_owned()))
    }

    /// Only requests with this id in their path or in their body.
    ///
    /// # Errors
    /// If it is no id.
    pub fn object(self, id: &str) -> Result<Self, SandboxError> {
        let id = ObjectId::new(id).map_err(|_| SandboxError::OutOfRange(
                "no id: it is empty, a dot or two, or has a control character or one of /\\?#%; take the one that a reply gave",
            ))?;
        Ok(self.map(|request| request.with_object_id(id)))
    }

    /// From the n-th match on, counted from 1.
    pub fn from_match(self, nth: u16) -> Self {
        self.map(|request| request.with_nth(i32::from(nth)))
    }

    /// This many requests instead of one.
    pub fn times(self, count: u16) -> Self {
        self.map(|request| request.with_count(i32::from(count)))
    }

    /// Each match with this chance, 1 to 100, drawn from the seed of the sandbox.
    pub fn percent(self, percent: u8) -> Self {
        self.map(|request| request.with_percent(i32::from(percent)))
    }

    /// Before the work instead of after it, for [`reset`](Self::reset) and [`latency`](Self::latency).
    pub fn before_work(self) -> Self {
        self.map(|request| request.with_point(FaultPoint::BeforeWork))
    }

    /// After the work instead of before it, for [`status`](Self::status).
    pub fn after_work(self) -> Self {
        self.map(|request| request.with_point(FaultPoint::AfterWork))
    }

    /// The answer says to wait this many seconds, for [`status`](Self::status) and [`rate_limited`](Self::rate_limited).
    pub fn retry_after_seconds(self, seconds: u16) -> Self {
        self.map(|request| request.with_retry_after_seconds(i32::from(seconds)))
    }

    fn of(kind: FaultKind) -> Self {
        Self {
            request: FaultRequest::new(kind).with_count(1),
        }
    }

    fn map(self, change: impl FnOnce(FaultRequest) -> FaultRequest) -> Self {
        Self {
            request: change(self.request),
        }
    }
}

/// The longest delay that the control API takes.
const LATENCY_MS_MAX: i32 = 600_000;
