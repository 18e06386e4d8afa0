//! Files: a form with one part on the way out, bytes with a name on the way in, through the layers of every call.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::TryStreamExt as _;
use http::HeaderMap;
use http::StatusCode;
use http_body::Body as _;
use layer2_sdk::CallOptions;
use layer2_sdk::Client;
use layer2_sdk::Environment;
use layer2_sdk::ErrorKind;
use layer2_sdk::IdempotencyKey;
use layer2_sdk::Outcome;
use layer2_sdk::RetryPolicy;
use layer2_sdk::Upload;
use layer2_sdk::UploadBody;
use layer2_sdk::UploadRules;
use layer2_sdk::payments::DocumentId;
use layer2_sdk::payments::WithdrawalId;
use layer2_sdk::transport::HttpReply;
use layer2_sdk::transport::HttpRequest;
use layer2_sdk::transport::HttpTransport;
use layer2_sdk::transport::TransportError;
use wiremock::ResponseTemplate;

use crate::folder::Folder;
use crate::stage::Answer;
use crate::stage::Socket;
use crate::stage::Stage;
use crate::stage::header;
use crate::stage::json;
use crate::stage::refusal;

const ID: &str = "905666e7-2d5b-4ac4-bd96-e02675fc678f";
const UPLOAD: &str = "/api/v1/documents/905666e7-2d5b-4ac4-bd96-e02675fc678f";
pub(crate) const DOWNLOAD: &str = "/api/v1/documents/905666e7-2d5b-4ac4-bd96-e02675fc678f/download";
const ACCEPTED: &str = r#"{"data":{"id":"905666e7-2d5b-4ac4-bd96-e02675fc678f"}}"#;

pub(crate) fn document() -> DocumentId {
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
    assert_eq!(
        header(&requests[0], "content-length"),
        expected.len().to_string(),
        "its length is said before it is sent"
    );
    assert_eq!(header(&requests[0], "accept"), "application/json");
    assert!(header(&requests[0], "authorization").starts_with("Bearer "));
}

#[tokio::test]
async fn an_upload_is_the_file_itself_where_its_rules_say_so() {
    let stage = Stage::new().await;
    let answers = [json(200, ACCEPTED)];
    stage.on("POST", UPLOAD, stage.script(answers)).await;
    let rules = UploadRules::default().with_body(UploadBody::File);
    let file = rules.take_bytes("passport.pdf", &b"%PDF\0"[..]).unwrap();
    let client = stage.client();
    client.documents().upload(&document(), &file).await.unwrap();
    let requests = stage.received(UPLOAD).await;
    assert_eq!(header(&requests[0], "content-type"), "application/pdf");
    assert_eq!(requests[0].body, b"%PDF\0");
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

/// Where the pieces of a body lie in memory, and how long they are.
type Places = Vec<(usize, usize)>;

/// Answers calls with 503 and then with a success, and notes where their bodies lie.
#[derive(Clone, Debug, Default)]
struct Memory(Arc<Mutex<Vec<Places>>>);

#[async_trait]
impl HttpTransport for Memory {
    async fn execute(
        &self,
        request: HttpRequest,
        _: Duration,
    ) -> Result<HttpReply, TransportError> {
        const TOKEN: &str = r#"{"access_token":"t","token_type":"Bearer","expires_in":900}"#;
        let reply = |status: u16, body: &'static str| {
            let status = StatusCode::from_u16(status).unwrap();
            Ok(HttpReply::new(status, HeaderMap::new(), body))
        };
        if request.operation().is_none() {
            return reply(200, TOKEN);
        }
        let pieces = request.body_pieces();
        let places: Places = pieces
            .map(|piece| (piece.as_ptr().addr(), piece.len()))
            .collect();
        let whole: Vec<u8> = request.body_pieces().flatten().copied().collect();
        assert_eq!(*request.body(), *whole);
        let mut body = request.into_http().unwrap().into_body();
        assert_eq!(body.size_hint().exact(), u64::try_from(whole.len()).ok());
        let mut frames = Places::new();
        while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
            let piece = frame.unwrap().into_data().unwrap();
            frames.push((piece.as_ptr().addr(), piece.len()));
        }
        assert_eq!(
            frames, places,
            "what becomes of it for other stacks is no copy"
        );
        assert!(body.is_end_stream());
        let mut seen = self.0.lock().unwrap();
        seen.push(places);
        match seen.len() {
            1 => reply(503, "{}"),
            _ => reply(200, ACCEPTED),
        }
    }
}

#[tokio::test]
async fn every_attempt_of_an_upload_sends_the_bytes_that_the_caller_holds() {
    let memory = Memory::default();
    let client = Client::builder()
        .environment(Environment::custom(
            "http://localhost/api",
            "http://localhost/token",
        ))
        .credentials("client-1", "secret")
        .transport(memory.clone())
        .retry(RetryPolicy::default().with_backoff(Duration::ZERO, Duration::ZERO))
        .build()
        .unwrap();
    let bytes = Bytes::from(vec![7; 1 << 20]);
    let file = Upload::from_bytes("passport.pdf", bytes.clone()).unwrap();

    let reply = client.documents().upload(&document(), &file).await;

    assert_eq!(reply.unwrap().attempts(), 2);
    let seen = memory.0.lock().unwrap();
    assert_eq!(seen.len(), 2);
    for places in seen.iter() {
        let [head, held, tail] = places[..] else {
            panic!("{places:?}")
        };
        assert_eq!(held, (bytes.as_ptr().addr(), bytes.len()));
        assert!(head.1 + tail.1 < 1_000, "the form around it is short");
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
async fn a_whole_download_goes_to_a_path_whole_or_not_at_all() {
    let stage = Stage::new().await;
    stage.on("GET", DOWNLOAD, stage.script([scan(10)])).await;
    let client = stage.client();
    let reply = client.documents().download(&document()).await.unwrap();
    let folder = Folder::new();
    let path = folder.path("a.pdf");
    std::fs::write(&path, "what was there, which was longer").unwrap();
    assert_eq!(reply.save_to(&path).await.unwrap(), path);
    assert_eq!(std::fs::read(&path).unwrap(), vec![7; 10]);
    assert_eq!(folder.names(), ["a.pdf"]);

    let nowhere = folder.path("no such folder").join("a.pdf");
    let error = reply.save_to(nowhere).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::File, Outcome::Done)
    );
    assert_eq!(error.request_id(), Some(reply.request_id()));
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_saved_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let stage = Stage::new().await;
    stage.on("GET", DOWNLOAD, stage.script([scan(10)])).await;
    let client = stage.client();
    let folder = Folder::new();
    let documents = client.documents();
    let whole = documents.download(&document()).await.unwrap();
    let stream = documents.download_stream(&document()).await.unwrap();
    for path in [
        whole.save_to(folder.path("whole.pdf")).await.unwrap(),
        stream
            .into_inner()
            .save_to(folder.path("stream.pdf"))
            .await
            .unwrap(),
    ] {
        let mode = std::fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
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

/// A reply of 200 with these headers and these bytes, and the end of the connection.
fn cut_short(length: usize, body: &str) -> Answer {
    Answer::Write(format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/pdf\r\ncontent-length: {length}\r\n\r\n{body}"
    ))
}

pub(crate) fn scan(bytes: usize) -> ResponseTemplate {
    ResponseTemplate::new(200)
        .insert_header("content-disposition", "attachment; filename=\"scan.pdf\"")
        .set_body_raw(vec![7; bytes], "application/pdf")
}

#[tokio::test]
async fn a_download_goes_to_a_path_as_it_comes() {
    let stage = Stage::new().await;
    let answers = [refusal(503, "BUSY"), scan(300_000)];
    stage.on("GET", DOWNLOAD, stage.script(answers)).await;
    let folder = Folder::new();

    let reply = stage
        .client()
        .documents()
        .download_stream(&document())
        .await
        .unwrap();

    assert_eq!(
        reply.attempts(),
        2,
        "until the head is there it is a call like any other"
    );
    let file = reply.into_inner();
    assert_eq!(file.file_name(), Some("scan.pdf"));
    assert_eq!(file.media_type(), Some("application/pdf"));
    assert_eq!(file.content_length(), Some(300_000));
    assert!(!format!("{file:?}").contains("scan"));
    let path = file.save_to(folder.path("a.pdf")).await.unwrap();
    assert_eq!(std::fs::read(path).unwrap(), vec![7; 300_000]);
    assert_eq!(folder.names(), ["a.pdf"]);
}

#[tokio::test]
async fn a_download_is_a_stream_of_bytes() {
    let stage = Stage::new().await;
    let answers = [scan(300_000), scan(1_000), scan(2_000)];
    stage.on("GET", DOWNLOAD, stage.script(answers)).await;
    let client = stage.client();
    let open = || async {
        let documents = client.documents();
        let reply = documents.download_stream(&document()).await.unwrap();
        reply.into_inner()
    };

    let chunks: Vec<_> = open().await.try_collect().await.unwrap();
    assert_eq!(chunks.concat(), vec![7; 300_000]);
    assert_eq!(open().await.bytes().await.unwrap(), vec![7; 1_000]);
    let mut written = Vec::new();
    assert_eq!(open().await.write_to(&mut written).await.unwrap(), 2_000);
    assert_eq!(written, vec![7; 2_000]);
}

#[tokio::test]
async fn a_file_beyond_the_limit_is_refused_before_it_is_read() {
    let stage = Stage::new().await;
    stage
        .on("GET", DOWNLOAD, stage.script([scan(1_001), scan(1_000)]))
        .await;
    let client = stage.client();
    let folder = Folder::new();
    let open = || async {
        let documents = client.documents();
        let reply = documents.download_stream(&document()).await.unwrap();
        reply.into_inner().with_limit(1_000)
    };

    let error = open()
        .await
        .save_to(folder.path("a.pdf"))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::ReplyCut, Outcome::Done)
    );
    assert!(
        error
            .to_string()
            .contains("1001 bytes or more, the limit is 1000"),
        "{error}"
    );
    assert!(!error.is_retryable(), "it will be as long the next time");
    assert!(error.request_id().is_some() && error.operation().is_some());
    assert!(folder.names().is_empty(), "nothing is left behind");
    assert_eq!(open().await.bytes().await.unwrap().len(), 1_000);
}

#[tokio::test]
async fn a_file_without_a_length_is_refused_at_the_byte_that_is_too_many() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/pdf\r\nconnection: close\r\n\r\n";
    let answer = Answer::Write(format!("{head}{}", "x".repeat(2_000)));
    let socket = Socket::play(vec![answer]).await;
    let stage = Stage::new().await;
    let client = stage.builder_at(socket.base()).build().unwrap();
    let documents = client.documents();
    let file = documents.download_stream(&document()).await.unwrap();
    let file = file.into_inner();
    assert_eq!(file.content_length(), None);
    let error = file.with_limit(1_999).bytes().await.unwrap_err();
    assert!(error.to_string().contains("the limit is 1999"), "{error}");
}

#[tokio::test]
async fn a_file_that_breaks_off_leaves_nothing_in_its_place() {
    let socket = Socket::play(vec![cut_short(100, "only this")]).await;
    let stage = Stage::new().await;
    let client = stage.builder_at(socket.base()).build().unwrap();
    let folder = Folder::new();
    let path = folder.path("a.pdf");
    std::fs::write(&path, "what was there").unwrap();

    let documents = client.documents();
    let file = documents.download_stream(&document()).await.unwrap();
    let error = file.into_inner().save_to(&path).await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::ReplyCut);
    assert!(error.is_retryable(), "a new call may bring all of it");
    assert_eq!(
        socket.requests().len(),
        1,
        "bytes that were given on are not asked for again"
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "what was there");
    assert_eq!(folder.names(), ["a.pdf"]);
}

#[tokio::test]
async fn two_downloads_to_one_path_do_not_disturb_each_other() {
    let stage = Stage::new().await;
    stage
        .on(
            "GET",
            DOWNLOAD,
            stage.script([scan(300_000), scan(200_000)]),
        )
        .await;
    let folder = Folder::new();
    let path = folder.path("a.pdf");
    let client = stage.client();
    let save = || async {
        let documents = client.documents();
        let file = documents.download_stream(&document()).await.unwrap();
        file.into_inner().save_to(&path).await
    };

    let (one, other) = tokio::join!(save(), save());

    assert_eq!((one.unwrap(), other.unwrap()), (path.clone(), path.clone()));
    let bytes = std::fs::read(&path).unwrap().len();
    assert!([300_000, 200_000].contains(&bytes), "{bytes}");
    assert_eq!(folder.names(), ["a.pdf"]);
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_an_error_of_this_side() {
    let stage = Stage::new().await;
    stage.on("GET", DOWNLOAD, stage.script([scan(10)])).await;
    let folder = Folder::new();
    let client = stage.client();
    let documents = client.documents();
    let file = documents.download_stream(&document()).await.unwrap();
    let nowhere = folder.path("no such folder").join("a.pdf");
    let error = file.into_inner().save_to(nowhere).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::File, Outcome::Done)
    );
}

#[tokio::test]
async fn a_refusal_of_a_streamed_download_has_its_codes() {
    let stage = Stage::new().await;
    let path = format!("/api/v1/withdrawals/{ID}/receipt");
    stage
        .on("GET", &path, stage.script([refusal(404, "NOT_FOUND")]))
        .await;
    let client = stage.client();
    let withdrawals = client.withdrawals();
    let id = WithdrawalId::new(ID).unwrap();
    let error = withdrawals.get_receipt_stream(&id).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.has_code("NOT_FOUND"));
}
