//! Files: a form with one part on the way out, bytes with a name on the way in, through the layers of every call.

use layer2_sdk::CallOptions;
use layer2_sdk::ErrorKind;
use layer2_sdk::IdempotencyKey;
use layer2_sdk::Outcome;
use layer2_sdk::Upload;
use layer2_sdk::payments::DocumentId;
use layer2_sdk::payments::WithdrawalId;
use wiremock::ResponseTemplate;

use crate::stage::Answer;
use crate::stage::Socket;
use crate::stage::Stage;
use crate::stage::header;
use crate::stage::json;
use crate::stage::refusal;

const ID: &str = "905666e7-2d5b-4ac4-bd96-e02675fc678f";
const UPLOAD: &str = "/api/v1/documents/905666e7-2d5b-4ac4-bd96-e02675fc678f";
const DOWNLOAD: &str = "/api/v1/documents/905666e7-2d5b-4ac4-bd96-e02675fc678f/download";
const ACCEPTED: &str = r#"{"data":{"id":"905666e7-2d5b-4ac4-bd96-e02675fc678f"}}"#;

fn document() -> DocumentId {
    DocumentId::new(ID).unwrap()
}

fn passport() -> Upload {
    Upload::from_bytes("passport.pdf", &b"%PDF-1.7\r\n\0\xff"[..]).unwrap()
}

#[tokio::test]
async fn an_upload_is_a_form_with_one_part() {
    let stage = Stage::new().await;
    stage
        .on("POST", UPLOAD, stage.script([json(200, ACCEPTED)]))
        .await;

    let reply = stage
        .client()
        .documents()
        .upload(&document(), &passport())
        .await
        .unwrap();

    assert_eq!(reply.id, document());
    let requests = stage.received(UPLOAD).await;
    let kind = header(&requests[0], "content-type");
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
    let mut expected = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"passport.pdf\"\r\n\
         Content-Type: application/pdf\r\n\r\n"
    )
    .into_bytes();
    expected.extend_from_slice(b"%PDF-1.7\r\n\0\xff");
    expected.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    assert_eq!(requests[0].body, expected);
    assert_eq!(header(&requests[0], "accept"), "application/json");
    assert!(header(&requests[0], "authorization").starts_with("Bearer "));
}

#[tokio::test]
async fn a_repeat_sends_the_same_bytes_under_the_same_key() {
    let stage = Stage::new().await;
    let answers = [
        refusal(503, "BUSY"),
        refusal(401, "TOKEN_EXPIRED"),
        json(200, ACCEPTED),
    ];
    stage.on("POST", UPLOAD, stage.script(answers)).await;
    let options = CallOptions::new().idempotency_key(IdempotencyKey::new("doc-1").unwrap());

    let reply = stage
        .client()
        .with(options)
        .documents()
        .upload(&document(), &passport())
        .await
        .unwrap();

    assert_eq!(reply.attempts(), 3);
    let requests = stage.received(UPLOAD).await;
    assert_eq!(requests.len(), 3);
    for request in &requests {
        assert_eq!(request.body, requests[0].body);
        assert_eq!(
            header(request, "content-type"),
            header(&requests[0], "content-type")
        );
        assert_eq!(header(request, "x-l2f-idempotency-id"), "doc-1");
    }
}

#[tokio::test]
async fn two_uploads_do_not_share_a_boundary() {
    let stage = Stage::new().await;
    let answers = [json(200, ACCEPTED), json(200, ACCEPTED)];
    stage.on("POST", UPLOAD, stage.script(answers)).await;
    let client = stage.client();
    for _ in 0..2 {
        client
            .documents()
            .upload(&document(), &passport())
            .await
            .unwrap();
    }
    let requests = stage.received(UPLOAD).await;
    assert_ne!(
        header(&requests[0], "content-type"),
        header(&requests[1], "content-type")
    );
}

#[tokio::test]
async fn an_upload_whose_replies_are_lost_is_unknown_and_names_its_key() {
    let socket = Socket::play(vec![Answer::HangUp, Answer::HangUp, Answer::HangUp]).await;
    let stage = Stage::new().await;
    let client = stage.builder_at(socket.base()).build().unwrap();

    let error = client
        .documents()
        .upload(&document(), &passport())
        .await
        .unwrap_err();

    assert_eq!(error.outcome(), Outcome::Unknown);
    assert_eq!(socket.requests().len(), 3);
    assert!(error.idempotency_key().is_some());
}

#[tokio::test]
async fn a_reply_to_an_upload_that_does_not_read_is_done() {
    let stage = Stage::new().await;
    stage
        .on(
            "POST",
            UPLOAD,
            stage.script([json(200, r#"{"data":{"id":7}}"#)]),
        )
        .await;
    let error = stage
        .client()
        .documents()
        .upload(&document(), &passport())
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::Decode, Outcome::Done)
    );
    assert!(error.to_string().contains("data.id"), "{error}");
}

#[tokio::test]
async fn a_download_gives_the_bytes_and_what_the_headers_say() {
    let stage = Stage::new().await;
    let file = ResponseTemplate::new(200)
        .insert_header(
            "content-disposition",
            r#"attachment; filename="../proof of address.png""#,
        )
        .set_body_raw(&b"\x89PNG\r\n\0"[..], "image/png");
    stage.on("GET", DOWNLOAD, stage.script([file])).await;

    let file = stage
        .client()
        .documents()
        .download(&document())
        .await
        .unwrap();

    assert_eq!(file.bytes().as_ref(), b"\x89PNG\r\n\0");
    assert_eq!(file.media_type(), Some("image/png"));
    assert_eq!(file.file_name(), Some("proof of address.png"));
    assert!(!format!("{file:?}").contains("proof"));
    let requests = stage.received(DOWNLOAD).await;
    assert_eq!(header(&requests[0], "accept"), "application/octet-stream");
}

#[tokio::test]
async fn a_refused_download_is_an_error_with_its_codes() {
    let stage = Stage::new().await;
    let path = format!("/api/v1/withdrawals/{ID}/receipt");
    stage
        .on("GET", &path, stage.script([refusal(404, "NOT_FOUND")]))
        .await;
    let error = stage
        .client()
        .withdrawals()
        .get_receipt(&WithdrawalId::new(ID).unwrap())
        .await
        .unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 404);
    assert!(error.has_code("NOT_FOUND"));
}

#[tokio::test]
async fn a_file_that_would_be_refused_is_not_sent() {
    let stage = Stage::new().await;
    let outside = DocumentId::new("..");
    assert!(outside.is_err());
    let kept: DocumentId = serde_json::from_str(r#""..""#).unwrap();
    let error = stage
        .client()
        .documents()
        .upload(&kept, &passport())
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::InvalidRequest, Outcome::NotSent)
    );
}
