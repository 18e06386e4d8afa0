//! Clients and platforms that are wrong on purpose, one for each rule. A rule that lets its own pass is no rule.
//!
//! What goes wrong outside of the SDK is made wrong where it happens: in the settings of the client, in its transport, in
//! the memory of the platform. What the layers of the SDK could do wrong themselves is made wrong in what the caller is
//! told.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::StatusCode;
use http::header::RETRY_AFTER;
use layer2_sdk::IDEMPOTENCY_HEADER;
use layer2_sdk::IdempotencyKey;
use layer2_sdk::Outcome;
use layer2_sdk::RetryPolicy;
use layer2_sdk::transport::HttpReply;
use layer2_sdk::transport::HttpRequest;
use layer2_sdk::transport::HttpTransport;
use layer2_sdk::transport::TransportError;

use super::Setting;
use super::calls::Kind;
use super::rules::End;
use super::rules::Rule;
use super::rules::Told;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mutant {
    /// Waits between attempts grow beyond the limit.
    BacksOffTooLong,
    /// A 503 counts as a success.
    BusyMeansDone,
    /// A 503 counts as a refusal.
    BusyMeansRefused,
    /// Every failure counts as one that may be repeated.
    CallsAllRetryable,
    /// `Retry-After` is not heard.
    Deaf,
    /// A read that failed counts as one that may have been done.
    DoubtsReads,
    /// The last attempt is not counted.
    ForgetsAnAttempt,
    /// The time of a call is not kept.
    ForgetsTheDeadline,
    /// The error does not carry the key.
    ForgetsTheKey,
    /// The error does not carry the operation.
    ForgetsTheOperation,
    /// A lost reply counts as a request that never left.
    LostMeansNotSent,
    /// A reply goes to the next caller.
    MixesUpReplies,
    /// The first failure ends a call.
    NeverTriesAgain,
    /// Every attempt has a key of its own.
    NewKeyPerAttempt,
    /// A connection that was refused counts as one that broke.
    NoConnectionMeansLost,
    /// Each caller has a token of his own.
    OneClientEach,
    /// The platform does not remember keys.
    PlatformWithoutMemory,
    /// A refusal counts as a success that does not read.
    RefusedMeansGarbled,
    /// Silence counts as a refusal.
    SilenceMeansRefused,
    /// Retries are paid from ten budgets.
    SpendsTenBudgets,
    /// The error carries the key of another call.
    TellsAnotherKey,
    /// One attempt more than the policy allows.
    TriesOnceMore,
}

impl Mutant {
    pub(super) const ALL: [Self; 22] = [
        Self::BacksOffTooLong,
        Self::BusyMeansDone,
        Self::BusyMeansRefused,
        Self::CallsAllRetryable,
        Self::Deaf,
        Self::DoubtsReads,
        Self::ForgetsAnAttempt,
        Self::ForgetsTheDeadline,
        Self::ForgetsTheKey,
        Self::ForgetsTheOperation,
        Self::LostMeansNotSent,
        Self::MixesUpReplies,
        Self::NeverTriesAgain,
        Self::NewKeyPerAttempt,
        Self::NoConnectionMeansLost,
        Self::OneClientEach,
        Self::PlatformWithoutMemory,
        Self::RefusedMeansGarbled,
        Self::SilenceMeansRefused,
        Self::SpendsTenBudgets,
        Self::TellsAnotherKey,
        Self::TriesOnceMore,
    ];

    /// The rule that catches it.
    pub(super) fn breaks(self) -> Rule {
        match self {
            Self::BacksOffTooLong => Rule::WaitedTooLong,
            Self::BusyMeansDone => Rule::SucceededWithoutEffect,
            Self::BusyMeansRefused => Rule::SaysNotDoneAndItWas,
            Self::CallsAllRetryable => Rule::OffersWhatIsNotSafe,
            Self::Deaf => Rule::CameTooEarly,
            Self::DoubtsReads => Rule::DoubtsARead,
            Self::ForgetsAnAttempt => Rule::MiscountedItsAttempts,
            Self::ForgetsTheDeadline => Rule::TookTooLong,
            Self::ForgetsTheKey => Rule::FailedWithoutItsKey,
            Self::ForgetsTheOperation => Rule::FailedWithoutItsOperation,
            Self::LostMeansNotSent => Rule::SaysNotSentAndItArrived,
            Self::MixesUpReplies => Rule::ReplyOfAnotherCall,
            Self::NeverTriesAgain => Rule::GaveUpTooEarly,
            Self::NewKeyPerAttempt => Rule::SeveralKeys,
            Self::NoConnectionMeansLost => Rule::DoubtsWithoutReason,
            Self::OneClientEach => Rule::TwoTokenRequestsAtOnce,
            Self::PlatformWithoutMemory => Rule::SecondEffect,
            Self::RefusedMeansGarbled => Rule::SaysDoneAndItWasNot,
            Self::SilenceMeansRefused => Rule::HidesADoubt,
            Self::SpendsTenBudgets => Rule::SpentMoreThanItsBudget,
            Self::TellsAnotherKey => Rule::DoesNotSettle,
            Self::TriesOnceMore => Rule::SentTooOften,
        }
    }

    /// The settings with which its client is made; what is held of it stays.
    pub(super) fn sets(self, mut setting: Setting) -> Setting {
        let policy = setting.policy;
        match self {
            Self::TriesOnceMore => {
                setting.policy = policy.with_max_attempts(policy.max_attempts + 1);
            }
            Self::BacksOffTooLong => {
                let long = Duration::from_secs(60);
                setting.policy = policy.with_backoff(long, long);
            }
            Self::ForgetsTheDeadline => setting.deadline *= 10,
            Self::NeverTriesAgain => setting.policy = RetryPolicy::never(),
            Self::SpendsTenBudgets => setting.retry_budget *= 10,
            _ => {}
        }
        setting
    }

    /// What it tells a caller in place of the truth.
    pub(super) fn tells(self, kind: Kind, mut told: Told) -> Told {
        if self == Self::ForgetsAnAttempt {
            told.attempts = told.attempts.saturating_sub(1);
        }
        let End::Failed(failed) = &mut told.end else {
            return told;
        };
        match self {
            Self::CallsAllRetryable => failed.is_retryable = true,
            Self::DoubtsReads if !kind.writes() => failed.outcome = Outcome::Unknown,
            Self::ForgetsTheKey => failed.key = None,
            Self::ForgetsTheOperation => failed.names_operation = false,
            Self::TellsAnotherKey => {
                let other = || IdempotencyKey::new("another").unwrap();
                failed.key = failed.key.as_ref().map(|_| other());
            }
            _ => {}
        }
        told
    }

    pub(super) fn around(self, inner: Arc<dyn HttpTransport>) -> impl HttpTransport {
        Warped {
            inner,
            mutant: self,
            count: AtomicU64::new(0),
            last: Mutex::default(),
        }
    }
}

#[derive(Debug)]
struct Warped {
    inner: Arc<dyn HttpTransport>,
    mutant: Mutant,
    count: AtomicU64,
    last: Mutex<Option<Bytes>>,
}

impl Warped {
    fn warp_reply(&self, reply: &mut HttpReply) {
        match (self.mutant, reply.status) {
            (Mutant::BusyMeansDone, StatusCode::SERVICE_UNAVAILABLE) => {
                reply.status = StatusCode::OK;
                reply.body = Bytes::from_static(br#"{"data":{"id":"T-0"}}"#);
            }
            (Mutant::BusyMeansRefused, StatusCode::SERVICE_UNAVAILABLE) => {
                reply.status = StatusCode::BAD_REQUEST;
            }
            (Mutant::Deaf, _) => {
                reply.headers.remove(RETRY_AFTER);
            }
            (Mutant::MixesUpReplies, StatusCode::OK) => {
                let last = self.last.lock().unwrap().replace(reply.body.clone());
                reply.body = last.unwrap_or_else(|| reply.body.clone());
            }
            (Mutant::RefusedMeansGarbled, StatusCode::BAD_REQUEST) => {
                reply.status = StatusCode::OK;
                reply.body = Bytes::from_static(b"<html>");
            }
            _ => {}
        }
    }

    fn warp_break(&self, broken: TransportError) -> Result<HttpReply, TransportError> {
        let source = || "the mutant says so".into();
        match (self.mutant, broken) {
            (Mutant::LostMeansNotSent, TransportError::NoReply(_)) => {
                Err(TransportError::NotSent(source()))
            }
            (Mutant::NoConnectionMeansLost, TransportError::NotSent(_)) => {
                Err(TransportError::NoReply(source()))
            }
            (Mutant::SilenceMeansRefused, TransportError::TimedOut(_)) => Ok(HttpReply::new(
                StatusCode::BAD_REQUEST,
                http::HeaderMap::new(),
                "",
            )),
            (_, broken) => Err(broken),
        }
    }
}

#[async_trait]
impl HttpTransport for Warped {
    async fn execute(
        &self,
        mut request: HttpRequest,
        limit: Duration,
    ) -> Result<HttpReply, TransportError> {
        let is_token = request.operation().is_none();
        let headers = request.headers_mut();
        if self.mutant == Mutant::NewKeyPerAttempt && headers.contains_key(IDEMPOTENCY_HEADER) {
            let key = format!("other-{}", self.count.fetch_add(1, Ordering::Relaxed));
            headers.insert(IDEMPOTENCY_HEADER, key.parse().unwrap());
        }
        let result = self.inner.execute(request, limit).await;
        if is_token {
            return result;
        }
        match result {
            Ok(mut reply) => {
                self.warp_reply(&mut reply);
                Ok(reply)
            }
            Err(broken) => self.warp_break(broken),
        }
    }
}
