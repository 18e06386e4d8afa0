//! What an ordered fault does to one request.
//!
//! It is decided once, when the caller is known and nothing is done yet: a request is counted by every rule that it
//! matches, also if it is refused for reasons of its own. In place of the work it is then answered with an error, or its
//! connection is reset; after the work its reply is changed, held back or lost.

use axum::body::{Body, HttpBody};
use http::{HeaderMap, Response, header};
use layer2_types::operation::{Api, IdempotencyRule, Operation};
use layer2_world::{contract::documented_codes, rejection::Problem};

use super::{Answer, AnswerContent, Exchange, internal};
use crate::{
    api::refuse_with,
    errors::{Failure, Refusal},
    faults::{Facts, FaultKind, FaultPoint, Strike, reply_change},
    http::{
        headers,
        json::Json,
        listener::{Connection, Cut},
    },
    sandbox::lock,
};

impl Exchange {
    /// Finds out what befalls the request. Control is never struck, or it could not be undone.
    pub(super) fn meet_faults(
        &mut self,
        operation: &'static Operation,
        headers: &HeaderMap,
        body: Option<&Json>,
    ) {
        let Some(sandbox) = self
            .sandbox
            .as_ref()
            .filter(|_| operation.api != Api::Control)
        else {
            return;
        };
        let key = headers::text(headers, &headers::IDEMPOTENCY_ID);
        let facts = Facts {
            operation,
            idempotency_key: key.filter(|_| operation.idempotency == IdempotencyRule::Header),
            path_ids: &self.path,
            headers,
            body,
        };
        self.strike = lock(&sandbox.faults).strike(&facts, &sandbox.genesis().seed);
    }

    /// Lets the request wait or fail in place of its work.
    pub(super) async fn fail_before_work(&self, api: Api) -> Result<(), Failure> {
        let Some(strike) = self.strike_at(FaultPoint::BeforeWork) else {
            return Ok(());
        };
        if let FaultKind::Latency { delay } = strike.kind {
            tokio::time::sleep(delay).await;
        }
        match self.ordered_failure(strike, api) {
            Some(failure) => Err(failure),
            None => Ok(()),
        }
    }

    /// What the fault makes of the result once the work is done.
    pub(super) fn spoil(&self, result: Result<Answer, Failure>) -> Result<Answer, Failure> {
        let (Some(strike), Some(op)) = (self.strike_at(FaultPoint::AfterWork), self.op) else {
            return result;
        };
        if let FaultKind::Status { .. } = strike.kind
            && let Some(failure) = self.ordered_failure(strike, op.operation().api)
        {
            return Err(failure);
        }
        let mut answer = result?;
        if let AnswerContent::Json(body) = &mut answer.content {
            let (operation, status) = (op.operation(), answer.status);
            let changed = match &strike.kind {
                FaultKind::ExtraField => reply_change::with_extra_fields(operation, status, body),
                FaultKind::UnknownEnumValue { pointer, value } => reply_change::with_unknown_value(
                    operation,
                    status,
                    body,
                    pointer.as_deref(),
                    value.as_deref(),
                ),
                _ => None,
            };
            if let Some(changed) = changed {
                *body = changed;
            }
        }
        Ok(answer)
    }

    /// Ends the connection where that is the fault.
    pub(super) fn cut(&self, connection: &Connection, response: &Response<Body>) {
        let cut = match self.strike.as_ref().map(|strike| &strike.kind) {
            Some(FaultKind::ReplyLost) => Cut::Now,
            Some(FaultKind::Reset) => Cut::Reset,
            Some(FaultKind::Truncated { body_bytes }) => {
                let length = response.body().size_hint().lower();
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                let most = length.saturating_sub(1);
                Cut::InBody(body_bytes.unwrap_or(length / 2).min(most))
            }
            _ => return,
        };
        connection.switch.cut(cut);
    }

    /// Holds the reply back where that is the fault.
    pub(super) async fn hold_back(strike: Option<&Strike>) {
        if let Some(Strike {
            kind: FaultKind::Latency { delay },
            point: FaultPoint::AfterWork,
            ..
        }) = strike
        {
            tokio::time::sleep(*delay).await;
        }
    }

    fn strike_at(&self, point: FaultPoint) -> Option<&Strike> {
        self.strike.as_ref().filter(|strike| strike.point == point)
    }

    /// The refusal that a fault asks for, in the language of the API.
    fn ordered_failure(&self, strike: &Strike, api: Api) -> Option<Failure> {
        let profile = self.surface.profile();
        let done = match strike.point {
            FaultPoint::AfterWork => "The work was done all the same.",
            FaultPoint::BeforeWork => "Nothing was done.",
        };
        let hint = format!(
            "This error was ordered by the fault fault-{}. {done}",
            strike.rule
        );
        let refusal = |refusal: Refusal, description: &str| {
            refuse_with(profile, refusal, |code| {
                Problem::new(code, description).hint(hint.clone())
            })
        };
        let failure = match &strike.kind {
            FaultKind::ExpiredToken => refusal(
                Refusal::TokenExpired,
                "The access token expired; ask for a new one at the token endpoint.",
            )
            .with_header(header::WWW_AUTHENTICATE, r#"Bearer error="invalid_token""#),
            FaultKind::RateLimited { retry_after } => refusal(
                Refusal::RateLimited,
                "Too many requests; wait as long as Retry-After says.",
            )
            .with_header(header::RETRY_AFTER, &retry_after.to_string()),
            FaultKind::Status {
                status,
                code,
                retry_after,
            } => {
                let code = code.unwrap_or_else(|| {
                    let other = match status {
                        500.. => Refusal::Internal,
                        _ => Refusal::Validation,
                    };
                    // The store is well: whoever orders a 503 means the platform.
                    code_of_status(api, *status)
                        .filter(|code| *code != profile.code(Refusal::StoreUnavailable))
                        .unwrap_or_else(|| profile.code(other))
                });
                let problem =
                    Problem::new(code, format!("The platform answers with status {status}."));
                let failure = Failure::new(*status, vec![problem.hint(hint)]);
                match retry_after {
                    Some(seconds) => failure.with_header(header::RETRY_AFTER, &seconds.to_string()),
                    None => failure,
                }
            }
            // Its connection ends before anything of this is written.
            FaultKind::Reset => internal(self.surface, "an ordered fault resets the connection"),
            _ => return None,
        };
        Some(failure.ordered())
    }
}

/// The first code that the document of an API has for a status.
fn code_of_status(api: Api, status: u16) -> Option<&'static str> {
    documented_codes(api)
        .iter()
        .find(|info| info.status == status)
        .map(|info| info.code)
}
