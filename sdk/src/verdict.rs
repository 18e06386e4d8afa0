//! What a failed attempt means: its kind, what is known about the work, and whether it may be gone the next time.
//!
//! Here failures get their [`Outcome`], by the table of [`crate::error`]. Whether the request is sent again is decided in
//! [`crate::retry`], which is told the operation's rule, the attempts so far and the time left.

use http::HeaderMap;
use http::StatusCode;
use layer2_types::operation::Operation;
use reqwest::Url;

use crate::budget::RetryCost;
use crate::client::Shared;
use crate::credentials::BoxError;
use crate::decode::body_request_id;
use crate::decode::error_details;
use crate::error::Error;
use crate::error::ErrorKind;
use crate::error::Outcome;
use crate::retry;
use crate::transport::HttpReply;
use crate::transport::TransportError;

/// An attempt that failed, and what follows from it.
pub(crate) struct Failure {
    pub(crate) error: Error,
    /// It may be gone the next time.
    pub(crate) transient: bool,
    pub(crate) cost: RetryCost,
    /// What turns a 401 around, if something may.
    pub(crate) remedy: Option<Remedy>,
}

/// What a request is sent again with at once, after a 401.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Another token, or other credentials.
    Grant,
    /// A signature by the platform's clock, as the reply has taught it.
    Time,
}

impl From<Error> for Failure {
    /// A failure of a layer, before anything was sent. Only the token layer knows of passing ones, and has tried again.
    fn from(error: Error) -> Self {
        Self {
            error,
            transient: false,
            cost: RetryCost::Failure,
            remedy: None,
        }
    }
}

/// A whole reply that is no success.
pub(crate) fn on_refusal(reply: HttpReply, operation: &Operation, shared: &Shared) -> Failure {
    let HttpReply {
        status,
        headers,
        body,
    } = reply;
    let error = Error::new(
        ErrorKind::of_status(status),
        Outcome::of_status(status, operation.effect),
        said(status),
    )
    .with_details(error_details(&body))
    .with_request_id(body_request_id(operation.api, &body))
    .with_reply(status, body)
    .with_retry_after(retry::retry_after(&headers, shared.runtime.clock.now()))
    .with_headers(headers);
    Failure {
        error,
        transient: retry::is_transient(status),
        cost: RetryCost::Failure,
        remedy: None,
    }
}

fn said(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "the platform does not accept who sends this; check the credentials",
        403 => "the platform forbids this; the token may lack a scope",
        404 => "the platform has no such resource; check the id and the base URL",
        429 => {
            "the platform takes no more requests for now; call again later, as `retry_after` says"
        }
        400..=499 => "the platform refused the request; its codes say what to mend",
        500..=599 => "the platform failed; call again later, as the outcome allows",
        _ => {
            "the platform replied with a status that no operation has; check the base URL and what stands in between"
        }
    }
}

/// Whether a refusal speaks of the signature of the request, not of the token nor of the token's own signature. A code
/// that is not known leaves the token to blame, which costs one token request and no more.
pub(crate) fn names_signature(error: &Error) -> bool {
    error
        .details()
        .iter()
        .filter_map(|detail| detail.code.as_deref())
        .any(|code| code.contains("SIGNATURE") && !code.contains("TOKEN"))
}

/// An exchange that broke.
pub(crate) fn on_broken(broken: TransportError, operation: &Operation, base: &Url) -> Failure {
    let silence = Outcome::of_silence(operation.effect);
    let (error, cost) = match broken {
        TransportError::Cut {
            status,
            headers,
            source,
        } => return on_cut(status, *headers, Some(source), operation),
        TransportError::TooLong { status, headers } => {
            return on_cut(status, *headers, None, operation);
        }
        TransportError::NotSent(source) => {
            let message = format!(
                "no connection to {}:{}: check the network, the proxy and the base URL",
                base.host_str().unwrap_or_default(),
                base.port_or_known_default().unwrap_or_default(),
            );
            let error = Error::before_sending(ErrorKind::Connect, message).with_source(source);
            (error, RetryCost::Failure)
        }
        TransportError::NoReply(source) => {
            let message =
                "the connection ended before a reply came: the outcome says whether to call again";
            let error = Error::new(ErrorKind::ReplyLost, silence, message).with_source(source);
            (error, RetryCost::Failure)
        }
        TransportError::TimedOut(source) => {
            let message = "no reply came in time: the outcome says whether to call again, with a longer `timeout` if the \
                           platform is slow";
            let error = Error::new(ErrorKind::Timeout, silence, message).with_source(source);
            (error, RetryCost::Timeout)
        }
    };
    Failure {
        error,
        transient: true,
        cost,
        remedy: None,
    }
}

/// A reply whose status came and whose body did not. The status says what is known about the work.
fn on_cut(
    status: StatusCode,
    headers: HeaderMap,
    source: Option<BoxError>,
    operation: &Operation,
) -> Failure {
    let success = status.is_success();
    // Without a source it was we who stopped reading: a body beyond the limit will be as long the next time.
    let transient = source.is_some() && (success || retry::is_transient(status));
    let kind = if success {
        ErrorKind::ReplyCut
    } else {
        ErrorKind::of_status(status)
    };
    let said = said_of_cut(source.is_some(), success);
    let error = Error::new(kind, Outcome::of_status(status, operation.effect), said)
        .with_reply(status, bytes::Bytes::new())
        .with_headers(headers)
        .with_any_source(source);
    Failure {
        error,
        transient,
        cost: RetryCost::Failure,
        remedy: None,
    }
}

fn said_of_cut(broke_off: bool, success: bool) -> &'static str {
    match (broke_off, success) {
        (true, _) => "the body of the reply broke off: the outcome says whether to call again",
        (false, true) => {
            "the body of the reply is longer than the client reads: allow more with `ClientBuilder::reply_limit`"
        }
        // No platform refuses in so many words.
        (false, false) => {
            "the body of the refusal is longer than the client reads: check the base URL and what stands in between, or \
             allow more with `ClientBuilder::reply_limit` (where a stream was asked for it is 1 MiB)"
        }
    }
}

#[cfg(all(test, feature = "payments"))]
mod tests {
    use layer2_types::payments::OperationId;

    use super::*;

    #[test]
    fn every_text_says_what_to_do_next() {
        let base = Url::parse("https://api.example").unwrap();
        let operation = OperationId::TransfersAccept.operation();
        let broken = [
            TransportError::NotSent("it broke".into()),
            TransportError::NoReply("it broke".into()),
            TransportError::TimedOut("it broke".into()),
        ];
        let broken = broken.into_iter().map(|broken| {
            let failure = on_broken(broken, operation, &base);
            failure.error.to_string()
        });
        let refused = [302, 400, 401, 403, 404, 408, 429, 500, 503].map(|status| {
            let status = StatusCode::from_u16(status).unwrap();
            said(status).to_owned()
        });
        let cut = [(true, true), (true, false), (false, true), (false, false)]
            .map(|(broke_off, success)| said_of_cut(broke_off, success).to_owned());
        for text in broken.chain(refused).chain(cut) {
            let advice = [
                "check",
                "call again",
                "what to mend",
                "may lack",
                "allow more",
            ];
            assert!(advice.iter().any(|advice| text.contains(advice)), "{text}");
        }
    }
}
