//! The longest reply that is read: whole at the limit, an error that names the setting one byte beyond it.

use layer2_sdk::Error;
use layer2_sdk::ErrorKind;
use layer2_sdk::Outcome;
use layer2_sdk::payments::DocumentId;
use layer2_sdk::payments::TransferId;
use layer2_sdk::transport::ReqwestTransport;

use crate::attempts::ACCEPTED;
use crate::stage::Answer;
use crate::stage::Socket;
use crate::stage::Stage;
use crate::stage::TRANSFER;
use crate::stage::json;
use crate::stage::wire;

/// Longer than the token that a call needs, shorter than its reply.
const LIMIT: usize = 1_000;
/// The limit of a refusal where a stream was asked for.
const REFUSAL_LIMIT: usize = 1024 * 1024;

const REFUSED: &str = r#"{"errors":[{"code":"TOO_OLD","description":"as the test wants it"}]}"#;

/// How a body stands on the wire.
type Form = fn(&str, &str) -> Answer;
const FORMS: [Form; 2] = [wire, chunked];

/// A body whose length is not told, in two halves.
fn chunked(status: &str, body: &str) -> Answer {
    let (one, other) = body.split_at(body.len() / 2);
    let chunks = [one, other].map(|half| format!("{:x}\r\n{half}\r\n", half.len()));
    let head = "content-type: application/json\r\ntransfer-encoding: chunked\r\nconnection: close";
    Answer::Write(format!(
        "HTTP/1.1 {status}\r\n{head}\r\n\r\n{}0\r\n\r\n",
        chunks.concat()
    ))
}

/// The same JSON in this many bytes.
fn padded(json: &str, length: usize) -> String {
    json.to_owned() + &" ".repeat(length - json.len())
}

/// What comes of a call that is answered so, and how often it was sent.
async fn accepted(answer: Answer) -> (Result<(), Error>, usize) {
    let socket = Socket::play(vec![answer]).await;
    let stage = Stage::new().await;
    let client = stage.builder_at(socket.base()).reply_limit(LIMIT);
    let client = client.build().unwrap();
    let id = TransferId::new(TRANSFER).unwrap();
    let result = client.transfers().accept(&id).await;
    (result.map(drop), socket.requests().len())
}

#[tokio::test]
async fn a_success_is_read_up_to_the_limit() {
    for form in FORMS {
        let (result, _) = accepted(form("200 OK", &padded(ACCEPTED, LIMIT))).await;
        result.unwrap();
        let (result, sent) = accepted(form("200 OK", &padded(ACCEPTED, LIMIT + 1))).await;
        let error = result.unwrap_err();
        assert_eq!(
            (error.kind(), error.outcome()),
            (ErrorKind::ReplyCut, Outcome::Done)
        );
        assert!(
            error.to_string().contains("ClientBuilder::reply_limit"),
            "{error}"
        );
        assert!(!error.is_retryable(), "it will be as long the next time");
        assert_eq!((error.status().unwrap().as_u16(), sent), (200, 1));
    }
}

#[tokio::test]
async fn a_refusal_is_read_up_to_the_limit() {
    // A status that is tried again, unless the reply is too long to be read.
    for status in ["400 Bad Request", "503 Service Unavailable"] {
        for form in FORMS {
            let (result, sent) = accepted(form(status, &padded(REFUSED, LIMIT + 1))).await;
            let error = result.unwrap_err();
            assert!(
                error.to_string().contains("ClientBuilder::reply_limit"),
                "{error}"
            );
            assert!(status.starts_with(error.status().unwrap().as_str()));
            assert!(error.details().is_empty() && error.raw_body().is_none_or(<[u8]>::is_empty));
            assert_eq!(sent, 1);
        }
    }
    for form in FORMS {
        let (result, _) = accepted(form("400 Bad Request", &padded(REFUSED, LIMIT))).await;
        let error = result.unwrap_err();
        assert!(error.has_code("TOO_OLD"), "{error}");
        assert_eq!(error.raw_body().unwrap().len(), LIMIT);
    }
}

#[tokio::test]
async fn a_reply_that_broke_off_is_not_one_that_is_too_long() {
    let stage = Stage::new().await;
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100";
    let half = Answer::Write(format!("{head}\r\n\r\n{{\"data\":"));
    let socket = Socket::play(vec![half.clone(), half.clone(), half]).await;
    let client = stage.builder_at(socket.base()).build().unwrap();
    let id = TransferId::new(TRANSFER).unwrap();
    let error = client.transfers().accept(&id).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReplyCut);
    let text = error.to_string();
    assert!(text.contains("broke off"), "{text}");
    assert!(!text.contains("reply_limit"), "{text}");
}

#[tokio::test]
async fn a_transport_of_the_application_has_a_limit_of_its_own() {
    for (length, whole) in [(LIMIT, true), (LIMIT + 1, false)] {
        let socket = Socket::play(vec![wire("200 OK", &padded(ACCEPTED, length))]).await;
        let stage = Stage::new().await;
        let ours = ReqwestTransport::new(reqwest::Client::new()).with_reply_limit(LIMIT);
        // That of the builder is for the transport that it makes.
        let client = stage
            .builder_at(socket.base())
            .transport(ours)
            .reply_limit(1);
        let client = client.build().unwrap();
        let id = TransferId::new(TRANSFER).unwrap();
        assert_eq!(client.transfers().accept(&id).await.is_ok(), whole);
    }
}

#[tokio::test]
async fn a_refused_stream_is_read_up_to_a_limit_of_its_own() {
    let id = "905666e7-2d5b-4ac4-bd96-e02675fc678f";
    let path = format!("/api/v1/documents/{id}/download");
    for (length, whole) in [(REFUSAL_LIMIT, true), (REFUSAL_LIMIT + 1, false)] {
        let stage = Stage::new().await;
        let refusal = json(400, &padded(REFUSED, length));
        stage.on("GET", &path, stage.script([refusal])).await;
        let id = DocumentId::new(id).unwrap();
        let refused = stage.client().documents().download_stream(&id).await;
        let error = refused.unwrap_err();
        assert_eq!(error.status().unwrap().as_u16(), 400);
        assert_eq!(error.has_code("TOO_OLD"), whole);
        assert_eq!(error.to_string().contains("1 MiB"), !whole, "{error}");
    }
}
