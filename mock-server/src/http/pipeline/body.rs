//! The body of a request as the checks and the state machine need it, and the digest by which two requests are the same.

use layer2_types::operation::Operation;
use layer2_world::{command::Fingerprint, request::Request};
use sha2::{Digest, Sha256};

use crate::http::{
    json::{Json, JsonError},
    limits, signature,
};

pub(super) fn body_limit(operation: &Operation) -> u64 {
    match operation.body_limit {
        0 => limits::DEFAULT_BODY_BYTES,
        limit => limit,
    }
}

/// Why a body is no JSON.
#[derive(Debug, thiserror::Error)]
pub(super) enum BodyError {
    #[error("{0}")]
    Json(#[from] JsonError),
    #[error("it is not UTF-8")]
    Utf8,
}

/// The body as JSON: none where the operation has no body, or none was sent.
pub(super) fn read_json(operation: &Operation, bytes: &[u8]) -> Result<Option<Json>, BodyError> {
    if operation.request_media.is_none() || bytes.is_empty() {
        return Ok(None);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| BodyError::Utf8)?;
    Ok(Some(Json::parse(text)?))
}

/// The body for the state machine: the text as it came, or, where credentials were taken out, the rest of it.
pub(super) fn body_text(json: Option<&Json>, bytes: &[u8], secrets: &[&str]) -> Option<String> {
    let json = json?;
    if secrets.is_empty() {
        return std::str::from_utf8(bytes).ok().map(str::to_owned);
    }
    Some(json.to_string())
}

/// The digest by which two requests are the same: operation, ids, query in any order, and the exact JSON.
pub(super) fn fingerprint(request: &Request, json: Option<&Json>) -> Fingerprint {
    let operation = request.op.operation();
    let mut hash = Sha256::new();
    let mut put = |text: &str| {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    };
    put(signature::method_name(operation.method));
    put(operation.path);
    let mut query: Vec<&(String, String)> = request.query.iter().collect();
    query.sort();
    for (name, value) in request.path.iter().chain(query) {
        put(name);
        put(value);
    }
    match json {
        Some(json) => json.digest_into(&mut hash),
        None => hash.update([0]),
    }
    Fingerprint::new(hash.finalize().into())
}
