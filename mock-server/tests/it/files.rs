//! Files on their way in and out: which media types an upload reads, what a form that is none is told, and that what
//! was uploaded comes back byte by byte.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{self, Caller, Reply, TestServer, Watched as _};

const PATH: &str = "/api/v1/documents/905666e7-2d5b-4ac4-bd96-e02675fc678f";

const FORM: &str = "multipart/form-data; boundary=b0";

async fn server() -> (TestServer, Caller) {
    let server = support::builder().watched().await;
    let caller = Caller::new(&server).await;
    (server, caller)
}

async fn upload(caller: &Caller, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Reply {
    upload_to(caller, PATH, headers, body).await
}

fn form(disposition: &str) -> String {
    format!("--b0\r\nContent-Disposition: form-data; {disposition}\r\n\r\n%PDF-1.7\r\n--b0--\r\n")
}

fn good_form() -> String {
    form(r#"name="file"; filename="proof.pdf""#)
}

/// The operation itself answers: there is no document with the id.
fn reached(reply: &Reply) -> bool {
    reply.code() == "NOT_FOUND"
}

/// The path of a document that a new application asks for.
pub(crate) async fn document(caller: &Caller, customer: &str) -> String {
    let body = json!({
        "application_type": "INDIVIDUAL",
        "customer_id": customer,
        "account_to_open": {"account_id": format!("{customer}_USD"), "product_id": "DEPOSIT_BASIC",
            "asset_type_id": "FIAT_TESTNET_USD"},
        "terms_and_conditions_accepted": true,
        "customer_details": {"first_name": "Ada", "last_name": "Example"},
    });
    let made = caller.post("/api/v1/applications", &body.to_string()).await;
    let id = made.ok()["data"]["id"].clone();
    let status = format!("/api/v1/applications/{}/status", id.as_str().expect("id"));
    let review = caller.get(&status).await.ok();
    let id = &review["data"]["application_document_errors"][0]["id"];
    format!("/api/v1/documents/{}", id.as_str().expect("id"))
}

async fn upload_to(
    caller: &Caller,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Vec<u8>>,
) -> Reply {
    let request = caller.request(Method::POST, path, None, headers);
    let sent = request.body(body.into()).send().await.expect("sent");
    Reply::read(sent).await
}

/// The bytes of a download, with its media type and its disposition.
async fn download(caller: &Caller, path: &str) -> (Vec<u8>, String, String) {
    let path = format!("{path}/download");
    let reply = caller.request(Method::GET, &path, None, &[]);
    let reply = reply.send().await.expect("sent");
    assert_eq!(reply.status(), 200);
    let header = |name: &str| {
        let value = reply
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let (media_type, disposition) = (header("content-type"), header("content-disposition"));
    (
        reply.bytes().await.expect("bytes").to_vec(),
        media_type,
        disposition,
    )
}

#[tokio::test]
async fn a_file_reaches_its_operation_as_a_form_and_as_bytes() {
    let (server, caller) = server().await;
    let named = r#"attachment; filename="proof.pdf""#;
    for headers in [
        vec![("content-type", "application/octet-stream")],
        vec![
            ("content-type", "Application/Octet-Stream"),
            ("content-disposition", named),
        ],
        vec![("content-disposition", named)],
    ] {
        let reply = upload(&caller, &headers, "%PDF-1.7").await;
        assert!(reached(&reply), "{headers:?}: {}", reply.text);
    }
    let reply = upload(&caller, &[("content-type", FORM)], good_form()).await;
    assert!(reached(&reply), "{}", reply.text);
    assert_eq!(server.journal("default"), Some(Vec::new()));
}

#[tokio::test]
async fn another_media_type_is_met_with_those_that_are_read() {
    let (_server, caller) = server().await;
    // The description of a file is what the journal holds: nobody may send it in place of the bytes.
    let described =
        r#"{"file_name":"a.pdf","media_type":"application/pdf","length":3,"sha256":"ab"}"#;
    for (media_type, body) in [
        ("application/json", described),
        ("application/pdf", "%PDF-1.7"),
        ("application/x-www-form-urlencoded", "file=a"),
        ("multipart/mixed; boundary=b0", "--b0--"),
        ("\u{e9}", "%PDF-1.7"),
    ] {
        let reply = upload(&caller, &[("content-type", media_type)], body).await;
        assert_eq!(reply.status, 415, "{media_type}: {}", reply.text);
        let error = &reply.json()["errors"][0];
        assert_eq!(error["code"], "UNSUPPORTED_MEDIA_TYPE");
        assert_eq!(error["pointer"], "content-type");
        assert_eq!(
            error["expected"],
            "multipart/form-data, application/octet-stream"
        );
    }
}

#[tokio::test]
async fn a_form_that_is_no_upload_is_told_where_and_what_to_do() {
    let (_server, caller) = server().await;
    let cut = good_form().replace("--b0--\r\n", "");
    let two = format!("{}{}", good_form().replace("--b0--\r\n", ""), good_form());
    let rows = [
        (
            "multipart/form-data",
            good_form(),
            "VALIDATION_FAILED",
            "content-type",
        ),
        (
            "multipart/form-data; boundary=other",
            good_form(),
            "VALIDATION_FAILED",
            "",
        ),
        (FORM, cut, "VALIDATION_FAILED", ""),
        (FORM, String::new(), "DOCUMENT_REFUSED", "/file"),
        (FORM, two, "DOCUMENT_REFUSED", "/file"),
        (FORM, form(r#"name="file""#), "DOCUMENT_REFUSED", "/file"),
        (
            FORM,
            form(r#"name="a/b"; filename="a.pdf""#),
            "DOCUMENT_REFUSED",
            "/a~1b",
        ),
    ];
    for (media_type, body, code, pointer) in rows {
        let reply = upload(&caller, &[("content-type", media_type)], body.clone()).await;
        assert_eq!(reply.status, 400, "{body}\n{}", reply.text);
        let error = &reply.json()["errors"][0];
        assert_eq!(error["code"], code, "{body}\n{error}");
        assert_eq!(error["pointer"], pointer, "{body}\n{error}");
        assert!(
            error["expected"].is_string() && error["hint"].is_string(),
            "{error}"
        );
    }
    let other = form(r#"name="document"; filename="jane-doe.pdf""#);
    let reply = upload(&caller, &[("content-type", FORM)], other).await;
    assert_eq!(
        reply.without_links(),
        json!({"errors": [{
            "code": "DOCUMENT_REFUSED",
            "description": "The form has a part that does not belong to it.",
            "pointer": "/document",
            "received": "document",
            "expected": "file",
            "hint": "Send one part named `file` with its file name: `curl -F file=@passport.pdf` does it.",
        }]})
    );
    let bad_name = [("content-disposition", r#"attachment; filename="..""#)];
    let reply = upload(&caller, &bad_name, "%PDF-1.7").await;
    assert_eq!(
        (reply.status.as_u16(), reply.code().as_str()),
        (400, "DOCUMENT_REFUSED")
    );
}

#[tokio::test]
async fn a_body_beyond_the_limit_of_uploads_is_refused_and_one_of_thirty_megabytes_is_not() {
    let (_server, caller) = server().await;
    let raw = [("content-type", "application/octet-stream")];
    let reply = upload(&caller, &raw, vec![b'x'; 30_000_000]).await;
    assert!(reached(&reply), "{}", reply.text);
    let limit = 33_554_432;
    let reply = upload(&caller, &raw, vec![b'x'; limit + 1]).await;
    assert_eq!(reply.status, 413);
    let error: Value = reply.json()["errors"][0].clone();
    assert_eq!(error["code"], "BODY_TOO_LARGE");
    assert_eq!(error["expected"], format!("at most {limit} bytes"));
    assert!(
        error["pointer"].is_string() && error["hint"].is_string(),
        "{error}"
    );
}

#[tokio::test]
async fn what_was_uploaded_comes_back_byte_by_byte() {
    let (_server, caller) = server().await;
    let path = document(&caller, "ADA").await;
    // Every byte that there is, line ends and a false boundary among them.
    let mut bytes = b"\x89PNG\r\n\x1A\n--b0\r\n".to_vec();
    bytes.extend(0..=u8::MAX);

    let raw = [
        ("content-type", "application/octet-stream"),
        (
            "content-disposition",
            r#"attachment; filename="scan 1.png""#,
        ),
    ];
    upload_to(&caller, &path, &raw, bytes.clone()).await.ok();
    let (read, media_type, disposition) = download(&caller, &path).await;
    assert_eq!(read, bytes);
    assert_eq!(media_type, "image/png");
    assert_eq!(disposition, r#"attachment; filename="scan 1.png""#);

    // A later file takes the place of the earlier one, whatever the form.
    let mut framed =
        b"--b1\r\nContent-Disposition: form-data; name=\"file\"; filename=\"id.pdf\"\r\n\
        Content-Type: application/pdf\r\n\r\n"
            .to_vec();
    framed.extend_from_slice(&bytes);
    framed.extend_from_slice(b"\r\n--b1--\r\n");
    let form = [("content-type", "multipart/form-data; boundary=b1")];
    upload_to(&caller, &path, &form, framed).await.ok();
    let (read, media_type, disposition) = download(&caller, &path).await;
    assert_eq!(read, bytes);
    assert_eq!(media_type, "application/pdf");
    assert_eq!(disposition, r#"attachment; filename="id.pdf""#);
}

#[tokio::test]
async fn the_same_upload_with_the_same_key_is_made_once_however_it_is_framed() {
    let (server, caller) = server().await;
    let path = document(&caller, "ADA").await;
    let rows = || server.journal("default").map(|rows| rows.len());
    let key = ("x-l2f-idempotency-id", "upload-1");
    let raw = [
        key,
        ("content-type", "application/octet-stream"),
        ("content-disposition", r#"attachment; filename="proof.pdf""#),
    ];
    let first = upload_to(&caller, &path, &raw, "%PDF-1.7").await;
    assert_eq!(first.status, 200, "{}", first.text);
    let after = rows();
    let form = [key, ("content-type", FORM)];
    let again = upload_to(&caller, &path, &form, good_form()).await;
    assert_eq!(
        again.header("idempotent-replayed"),
        Some("true"),
        "{}",
        again.text
    );
    assert_eq!(again.json(), first.json());
    assert_eq!(rows(), after);
    let other = upload_to(&caller, &path, &raw, "%PDF-2.0").await;
    assert_eq!(
        (other.status.as_u16(), other.code().as_str()),
        (400, "IDEMPOTENCY_KEY_REUSED")
    );
}

#[tokio::test]
async fn a_file_that_no_document_has_is_refused_and_not_kept() {
    let (server, caller) = server().await;
    let path = document(&caller, "ADA").await;
    let raw = [("content-type", "application/octet-stream")];
    let journal = server.journal("default");
    let reply = upload_to(&caller, &path, &raw, "<html>").await;
    assert_eq!(reply.status, 400);
    let errors = reply.json()["errors"].clone();
    assert_eq!(errors[0]["code"], "DOCUMENT_REFUSED");
    assert_eq!(errors[0]["received"], "application/octet-stream");
    assert_eq!(
        errors[0]["expected"],
        "application/pdf, image/jpeg, image/png"
    );
    assert_eq!(server.journal("default"), journal);
    let missing = caller.get(&format!("{path}/download")).await;
    assert_eq!(
        (missing.status.as_u16(), missing.code().as_str()),
        (404, "NOT_FOUND")
    );
}
