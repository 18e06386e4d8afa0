//! Checks the signature of a request, and finds out what is behind one that is not good.

use ed25519_dalek::VerifyingKey;
use http::request::Parts;
use layer2_types::operation::{Api, Operation};
use layer2_world::rejection::Problem;

use super::Exchange;
use crate::{
    api::refuse_with,
    errors::{Failure, Refusal, sentence},
    http::{
        headers, route,
        signature::{self, SignatureError, SignedRequest, doctor},
        validate,
    },
    sandbox::Sandbox,
    server::Server,
};

impl Exchange {
    pub(super) async fn check_signature(
        &self,
        server: &Server,
        sandbox: &Sandbox,
        operation: &Operation,
        parts: &Parts,
        body: &[u8],
    ) -> Result<(), Failure> {
        let needed = signature::is_needed(sandbox.settings().signatures, operation);
        let is_signed = parts.headers.contains_key(&headers::SIGNATURE);
        if operation.api != Api::Payments || !(needed || is_signed) {
            return Ok(());
        }
        let path_and_query = parts
            .uri
            .path_and_query()
            .map_or(parts.uri.path(), |both| both.as_str());
        let request = SignedRequest {
            headers: &parts.headers,
            method: signature::method_name(operation.method),
            path_and_query,
            body,
            shows_body: validate::is_body_plain(operation),
        };
        let key = sandbox.credentials.verify_key();
        let unix_now = jiff::Timestamp::now().as_second();
        let Err(error) = signature::check(&request, needed, &key, unix_now) else {
            return Ok(());
        };
        let keys = doctor::Keys {
            own: key,
            misread: sandbox.credentials.misread_keys(),
            others: keys_of_others(server, sandbox),
        };
        let siblings = match error {
            SignatureError::Missing => Vec::new(),
            _ => self.siblings(sandbox, operation, path_and_query).await,
        };
        let hint = doctor::diagnose(&request, keys, &siblings, unix_now);
        Err(self.bad_signature(&error, hint))
    }

    fn bad_signature(&self, error: &SignatureError, diagnosis: Option<String>) -> Failure {
        let (refusal, advice) = match error {
            SignatureError::Missing => (Refusal::SignatureRequired, HOW_TO_SIGN),
            SignatureError::Mismatch { .. } => (Refusal::SignatureInvalid, NO_DIAGNOSIS),
            _ => (Refusal::SignatureInvalid, HOW_TO_SIGN),
        };
        refuse_with(self.surface.profile(), refusal, |code| {
            Problem::new(code, sentence(&error.to_string()))
                .at(error.header())
                .hint(diagnosis.unwrap_or_else(|| advice.to_owned()))
        })
    }

    /// The paths of the same call about other objects of the sandbox, the newest first.
    async fn siblings(
        &self,
        sandbox: &Sandbox,
        operation: &Operation,
        path_and_query: &str,
    ) -> Vec<String> {
        let Some((parameter, own)) = self.path.last() else {
            return Vec::new();
        };
        // One more than are tried: the newest may be the right one.
        let ids = sandbox.newest_ids(parameter, doctor::SIBLINGS_MAX + 1);
        let template = route::template(operation);
        let ids = ids.await.into_iter().filter(|id| id != own);
        ids.map(|id| with_id(path_and_query, &template, parameter, &id))
            .collect()
    }
}

/// What to do about a signature that no known mistake explains.
const NO_DIAGNOSIS: &str = "Compare what you sign with the text above byte by byte, and the key with that of the sandbox; `layer2-mock sign` and `layer2-mock verify` do both on the command line.";

/// What to do about headers that are missing or of another form.
const HOW_TO_SIGN: &str = "`layer2-mock sign` makes both headers on the command line; the key is `payments.signing_key` of the ready file.";

/// The public keys of the other sandboxes, by name.
fn keys_of_others<'s>(
    server: &'s Server,
    own: &'s Sandbox,
) -> impl Iterator<Item = (String, VerifyingKey)> + 's {
    server
        .directory
        .all()
        .into_iter()
        .filter(|other| other.name() != own.name())
        .map(|other| (other.name().to_owned(), other.credentials.verify_key()))
}

/// The path with another id in the place of a parameter.
fn with_id(path_and_query: &str, template: &str, parameter: &str, id: &str) -> String {
    let path = path_and_query.split('?').next().unwrap_or_default();
    let query = path_and_query.strip_prefix(path).unwrap_or_default();
    let named = format!("{{{parameter}}}");
    let segments: Vec<&str> = path
        .split('/')
        .zip(template.split('/'))
        .map(|(sent, pattern)| if pattern == named { id } else { sent })
        .collect();
    format!("{}{query}", segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::with_id;

    #[test]
    fn a_sibling_differs_by_its_id_alone() {
        let template = "/api/v1/accounts/deposits/{account_id}/transactions/{transaction_id}";
        let path = "/api/v1/accounts/deposits/A%20B/transactions/7?page=1";
        assert_eq!(
            with_id(path, template, "transaction_id", "8"),
            "/api/v1/accounts/deposits/A%20B/transactions/8?page=1"
        );
        assert_eq!(
            with_id(path, template, "account_id", "C"),
            "/api/v1/accounts/deposits/C/transactions/7?page=1"
        );
    }
}
