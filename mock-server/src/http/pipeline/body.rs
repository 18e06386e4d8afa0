//! The body of a request as the checks and the state machine need it, and the digest by which two requests are the same.

use bytes::Bytes;
use layer2_types::operation::Operation;
use layer2_world::{Upload, command::Fingerprint, request::Request};
use sha2::{Digest, Sha256};

use crate::{
    blobs::BlobId,
    http::{
        form::SentFile,
        json::{Json, JsonError},
        limits, signature,
    },
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

/// The body as JSON: none where the operation has no body or reads a file, or none was sent.
pub(super) fn read_json(operation: &Operation, bytes: &[u8]) -> Result<Option<Json>, BodyError> {
    let has_body = operation.request_media.iter().next().is_some();
    if !has_body || operation.is_upload() || bytes.is_empty() {
        return Ok(None);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| BodyError::Utf8)?;
    Ok(Some(Json::parse(text)?))
}

/// A body that was read.
pub(super) struct RequestBody {
    /// For the checks and the fingerprint.
    pub(super) json: Option<Json>,
    /// For the state machine.
    pub(super) text: Option<String>,
    /// What the text describes, where the body is a file.
    pub(super) file: Option<FileBytes>,
}

/// The bytes of a file and the digest under which they are kept.
pub(super) struct FileBytes {
    pub(super) id: BlobId,
    pub(super) bytes: Bytes,
}

impl RequestBody {
    /// JSON: the text as it came, or, where credentials are taken out, the rest of it.
    pub(super) fn of_json(json: Option<Json>, bytes: &[u8], secrets: &[&str]) -> RequestBody {
        let mut json = json;
        if let Some(json) = &mut json {
            json.remove_members(secrets);
        }
        let text = json.as_ref().and_then(|json| match secrets {
            [] => std::str::from_utf8(bytes).ok().map(str::to_owned),
            _ => Some(json.to_string()),
        });
        RequestBody {
            json,
            text,
            file: None,
        }
    }

    /// A file: what is said of it, in JSON; the bytes go their own way.
    pub(super) fn of_file(file: SentFile) -> RequestBody {
        let id = BlobId::of(&file.bytes);
        let upload = Upload {
            file_name: file.name,
            media_type: file.media_type,
            length: file.bytes.len() as u64,
            sha256: id.to_string(),
        };
        // A struct of texts and a number always has a JSON form, which our reader reads.
        let text = serde_json::to_string(&upload).unwrap_or_default();
        RequestBody {
            json: Json::parse(&text).ok(),
            text: Some(text),
            file: Some(FileBytes {
                id,
                bytes: file.bytes,
            }),
        }
    }
}

/// The digest by which two requests are the same: operation, ids, query in any order, and the exact JSON. The JSON of an
/// upload describes its file, so the framing of a form does not count.
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

#[cfg(test)]
mod tests {
    use layer2_types::payments;
    use layer2_world::{Actor, OperationRef};

    use super::*;

    fn digest(name: &str, media_type: &str, bytes: &'static str) -> Fingerprint {
        let body = RequestBody::of_file(SentFile {
            name: name.to_owned(),
            media_type: media_type.to_owned(),
            bytes: Bytes::from_static(bytes.as_bytes()),
        });
        let request = Request {
            op: OperationRef::Payments(payments::OperationId::DocumentsUpload),
            path: vec![("document_id".to_owned(), "d".to_owned())],
            query: Vec::new(),
            body: body.text,
            actor: Actor::Client,
        };
        fingerprint(&request, body.json.as_ref())
    }

    #[test]
    fn an_upload_is_the_same_request_by_name_type_and_content() {
        let first = digest("a.pdf", "application/pdf", "%PDF");
        assert_eq!(first, digest("a.pdf", "application/pdf", "%PDF"));
        assert_ne!(first, digest("b.pdf", "application/pdf", "%PDF"));
        assert_ne!(first, digest("a.pdf", "image/png", "%PDF"));
        assert_ne!(first, digest("a.pdf", "application/pdf", "%PDG"));
    }

    #[test]
    fn the_state_machine_reads_what_is_said_of_a_file_and_never_its_bytes() {
        let body = RequestBody::of_file(SentFile {
            name: "é\".pdf".to_owned(),
            media_type: "application/pdf".to_owned(),
            bytes: Bytes::from_static(b"secret content"),
        });
        let text = body.text.expect("text");
        assert!(!text.contains("secret content"));
        let upload: Upload = serde_json::from_str(&text).expect("an upload");
        assert_eq!((upload.file_name.as_str(), upload.length), ("é\".pdf", 14));
        let file = body.file.expect("bytes");
        assert_eq!(upload.sha256, file.id.to_string());
        assert_eq!(file.bytes, "secret content");
    }

    #[test]
    fn credentials_are_not_in_the_text_of_the_state_machine() {
        let bytes = br#"{"client_id": "c", "secret": "s", "amount": 1.50}"#;
        let json = Json::parse(std::str::from_utf8(bytes).expect("text")).expect("JSON");
        let whole = RequestBody::of_json(Some(json.clone()), bytes, &[]);
        assert_eq!(whole.text.as_deref().map(str::as_bytes), Some(&bytes[..]));
        let rest = RequestBody::of_json(Some(json), bytes, &["client_id", "secret"]);
        assert_eq!(rest.text.as_deref(), Some(r#"{"amount":1.50}"#));
        assert!(RequestBody::of_json(None, b"", &[]).text.is_none());
    }
}
