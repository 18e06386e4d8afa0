//! The one loop through which every request goes.
//!
//! Whatever must be equal over the attempts of a call is made before the loop, whatever must be fresh is made in it.
//! Everything that waits (for a token, a signer, a reply, the next attempt) does so within the time that is left of the
//! call. Generated code and hand-written operations both end up in [`send`]; nothing else in the crate sends a request to
//! an API. In the order in which a call goes through them:
//!
//! - [`prepare`]: address, guards, request id, idempotency key, once per call;
//! - [`dress`]: a request out of that, with a grant from the authentication layer, the timestamp and, last, the signature
//!   over the bytes that leave, per attempt;
//! - [`mod@attempt`]: the exchange, the lesson about the platform's clock, and the verdict;
//! - here: whether another attempt follows.

mod attempt;
mod dress;
mod prepare;

use std::time::Duration;

use tracing::Instrument as _;
use tracing::Span;

use self::attempt::Terms;
use self::attempt::Tried;
use self::attempt::attempt;
use self::prepare::Prepared;
use crate::budget::Payment;
use crate::budget::RetryCost;
use crate::call::CallLayer;
use crate::client::Shared;
use crate::draft::Draft;
use crate::error::Error;
use crate::error::ErrorKind;
use crate::error::GaveUp;
use crate::error::Outcome;
use crate::retry;
use crate::retry::Decision;
use crate::retry::RetryPolicy;
use crate::retry::Situation;
use crate::telemetry;
use crate::transport::HttpReply;
use crate::verdict::Failure;

/// Header that carries the request id both ways, on payments and control operations.
pub const REQUEST_ID_HEADER: &str = "x-l2f-request-id";

/// Sends `draft` for the operation of `layer` until it succeeds or nothing more may be tried. With a success comes the
/// span of the call, which lasts until the reply is read.
///
/// Dropped before it is ready: nothing is sent afterwards, what was paid for a retry that never left comes back, and
/// no lock stays closed. What the request that was on its way has done is unknown.
pub(crate) async fn send(layer: &CallLayer, draft: Draft) -> Result<(HttpReply, Span), Error> {
    let operation = layer.operation;
    let prepared = match Prepared::new(layer, draft) {
        Ok(prepared) => prepared,
        Err(error) => return Err(layer.refused(error)),
    };
    let span = telemetry::call_span(operation, Some(&prepared.lane.base), layer.record.own_id());
    // Boxed: the state of the loop would otherwise be part of every caller's future. In three boxes, this one, that of
    // what makes ready and the transport's: an allocator has short pieces at hand, and looks for a long one.
    let attempts = Box::pin(attempts(layer, &prepared));
    let result = attempts.instrument(span.clone()).await;
    match result {
        Ok(reply) => Ok((reply, span)),
        Err(error) => Err(layer.failed(&span, error)),
    }
}

async fn attempts(layer: &CallLayer, prepared: &Prepared<'_>) -> Result<HttpReply, Error> {
    let shared = &layer.shared;
    let mut progress = Progress::begin(layer, prepared);
    loop {
        let failure = match attempt(layer, prepared, progress.terms).await {
            Ok(reply) => {
                shared.budget.reward(progress.last_retry);
                return Ok(reply);
            }
            Err(failure) => failure,
        };
        match progress.after(failure) {
            Next::AtOnce => {}
            Next::After(wait, payment) => {
                shared.runtime.sleep.sleep(wait).await;
                progress.last_retry = payment.map(Payment::spend);
                progress.counted += 1;
            }
            Next::Never(error) => return Err(error),
        }
    }
}

/// State of the loop.
struct Progress<'a> {
    layer: &'a CallLayer,
    policy: &'a RetryPolicy,
    may_repeat: bool,
    terms: Terms,
    /// Strongest thing known about the work after the attempts so far.
    known: Outcome,
    /// Attempts that count against the policy; what is sent again after a 401 does not.
    counted: u32,
    last_retry: Option<RetryCost>,
}

/// What follows a failed attempt.
enum Next<'a> {
    /// Another one, with what a 401 has taught.
    AtOnce,
    /// Another one after a wait, which was paid for.
    After(Duration, Option<Payment<'a>>),
    /// Nothing.
    Never(Error),
}

impl<'a> Progress<'a> {
    fn begin(layer: &'a CallLayer, prepared: &Prepared<'_>) -> Self {
        let CallLayer {
            shared, options, ..
        } = layer;
        let now = shared.runtime.clock.monotonic();
        Self {
            layer,
            policy: options.retry.as_ref().unwrap_or(&shared.retry),
            may_repeat: prepared.may_repeat,
            terms: Terms {
                deadline: now.saturating_add(options.deadline.unwrap_or(shared.deadline)),
                tried: Tried::default(),
            },
            known: Outcome::NotSent,
            counted: 1,
            last_retry: None,
        }
    }

    fn after(&mut self, failure: Failure) -> Next<'a> {
        let CallLayer {
            shared, operation, ..
        } = self.layer;
        self.known = self.known.max(failure.error.outcome());
        if let Some(remedy) = failure.remedy {
            self.terms.tried.note(remedy);
            telemetry::sending_again(operation, remedy);
            return Next::AtOnce;
        }
        let situation = Situation {
            attempts: self.counted,
            may_repeat: self.may_repeat,
            known: self.known,
            left: left(shared, self.terms.deadline),
            wait: self.policy.backoff(self.counted, &shared.runtime),
        };
        let mut payment = None;
        let pay = || {
            payment = shared.budget.pay(failure.cost);
            payment.is_some()
        };
        match retry::decide(self.policy, &failure, situation, pay) {
            Decision::Again(wait) => {
                telemetry::retrying(operation, &failure.error, self.counted, wait);
                Next::After(wait, payment)
            }
            Decision::Stop { gave_up, retryable } => {
                let error = failure.error.at_least(self.known);
                let error = error.with_retryable(retryable);
                // A call whose time was over says so itself.
                let Some(why) = gave_up.or(error.gave_up()) else {
                    return Next::Never(error);
                };
                telemetry::gave_up(operation, &error, self.counted, why);
                Next::Never(error.with_gave_up(why))
            }
        }
    }
}

/// What is left of the time of a call.
fn left(shared: &Shared, deadline: Duration) -> Duration {
    deadline.saturating_sub(shared.runtime.clock.monotonic())
}

fn invalid(message: impl Into<String>) -> Error {
    before(ErrorKind::InvalidRequest, message)
}

/// The time of a call was over while nothing had left: with more of it the same call may work.
fn too_late(message: &str) -> Error {
    before(ErrorKind::Timeout, message)
        .with_retryable(true)
        .with_gave_up(GaveUp::Deadline)
}

fn before(kind: ErrorKind, message: impl Into<String>) -> Error {
    Error::before_sending(kind, message)
}

#[cfg(all(test, feature = "payments"))]
mod tests {
    use layer2_types::payments::OperationId;

    use super::attempt::exchange;
    use super::dress::ready;
    use super::*;
    use crate::client::Client;

    /// Longest piece that a thread's cache of glibc holds.
    const AT_HAND: usize = 1_032;

    #[test]
    fn no_box_of_a_call_is_longer_than_what_an_allocator_has_at_hand() {
        let client = Client::builder()
            .credentials("client-id", "client-secret")
            .build()
            .unwrap();
        let operation = OperationId::TransfersAccept.operation();
        let layer = CallLayer::new(client.shared(), client.options(), operation);
        let prepared = Prepared::new(&layer, Draft::new("/v1/transfers/T/accept")).unwrap();
        let sent = exchange(&layer, prepared.request(), Duration::ZERO);
        let sizes = [
            size_of_val(&attempts(&layer, &prepared)),
            size_of_val(&ready(&layer, &prepared, Duration::ZERO)),
            size_of_val(&*sent),
        ];
        assert!(sizes.iter().all(|size| *size <= AT_HAND), "{sizes:?}");
    }
}
