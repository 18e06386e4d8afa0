//! What is told of an idempotency key that was used for another request.
//!
//! The state machine keeps a digest of what a key was used for, and so it knows that the bodies differ and not where. The
//! journal has the first one; a look at its newest rows is worth it, as only a mistake leads here.

use layer2_world::{
    command::{ClientCommand, IdempotencyKey},
    rejection::{Problem, code},
    request::{Actor, OperationRef},
};

use super::Exchange;
use crate::{errors::Failure, http::json::Json, sandbox::Sandbox};

/// Places that are named.
const PLACES: usize = 10;

impl Exchange {
    /// Adds where the body differs from that of the first use, if that is known.
    pub(super) async fn tell_what_differs(
        &self,
        sandbox: &Sandbox,
        (op, actor): (OperationRef, &Actor),
        body: Option<&Json>,
        mut failure: Failure,
    ) -> Failure {
        let is_reuse = |problem: &&mut Problem| problem.code == code::IDEMPOTENCY_KEY_REUSED;
        let problem = failure.rejection.problems.iter_mut().find(is_reuse);
        // What stands for the body of an upload is not what was sent.
        let (Some(problem), Some(key), false) = (problem, &self.key, op.operation().is_upload())
        else {
            return failure;
        };
        let is_first = |command: &ClientCommand| {
            let used = command.key.as_ref().map(IdempotencyKey::as_str);
            let request = &command.request;
            used == Some(key.as_str()) && request.op == op && request.actor == *actor
        };
        let Some(first) = sandbox.newest_command(is_first).await else {
            return failure;
        };
        let first = first.request.body.map(|text| Json::parse(&text));
        let (Some(Ok(first)), Some(body)) = (first, body) else {
            return failure;
        };
        let places = first.differences(body, PLACES);
        if let Some(said) = said(&places) {
            let advice = problem.hint.take().unwrap_or_default();
            problem.hint = Some(format!("{said} {advice}").trim_end().to_owned());
        }
        failure
    }
}

/// The places as a sentence; none where the whole differs, which was said.
fn said(places: &[String]) -> Option<String> {
    let named: Vec<String> = places
        .iter()
        .filter(|place| !place.is_empty())
        .map(|place| format!("`{place}`"))
        .collect();
    let more = match named.len() {
        0 => return None,
        PLACES => ", perhaps in more places",
        _ => "",
    };
    Some(format!(
        "The body of the first use differs at {}{more}.",
        named.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_named_and_the_whole_is_not() {
        assert_eq!(said(&[]), None);
        assert_eq!(said(&[String::new()]), None);
        assert_eq!(
            said(&["/amount".to_owned(), "/memo".to_owned()]).as_deref(),
            Some("The body of the first use differs at `/amount`, `/memo`.")
        );
        let many = vec!["/a".to_owned(); PLACES];
        assert!(
            said(&many)
                .expect("said")
                .ends_with("`/a`, perhaps in more places.")
        );
    }
}
