//! Files on their way in: which media types an upload reads, and what a form that is none is told.

use layer2_mock::SandboxServer;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Caller, Reply};

const PATH: &str = "/api/v1/documents/905666e7-2d5b-4ac4-bd96-e02675fc678f";

const FORM: &str = "multipart/form-data; boundary=b0";

async fn server() -> (SandboxServer, Caller) {
    let server = SandboxServer::start().await.expect("start");
    let caller = Caller::new(&server).await;
    (server, caller)
}

async fn upload(caller: &Caller, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Reply {
    let request = caller.request(Method::POST, PATH, None, headers);
    let sent = request.body(body.into()).send().await.expect("sent");
    Reply::read(sent).await
}

fn form(disposition: &str) -> String {
    format!("--b0\r\nContent-Disposition: form-data; {disposition}\r\n\r\n%PDF-1.7\r\n--b0--\r\n")
}

fn good_form() -> String {
    form(r#"name="file"; filename="proof.pdf""#)
}

/// The operation itself answers: there is no document with the id, if it is built.
fn reached(reply: &Reply) -> bool {
    matches!(reply.code().as_str(), "NOT_BUILT" | "NOT_FOUND")
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
    assert_eq!(server.contract_violations(), Vec::<String>::new());
}

#[tokio::test]
async fn another_media_type_is_met_with_those_that_are_read() {
    let (server, caller) = server().await;
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
    assert_eq!(server.contract_violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_form_that_is_no_upload_is_told_where_and_what_to_do() {
    let (server, caller) = server().await;
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
        reply.json(),
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
    assert_eq!(server.contract_violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_body_beyond_the_limit_of_uploads_is_refused_and_one_of_thirty_megabytes_is_not() {
    let (server, caller) = server().await;
    let raw = [("content-type", "application/octet-stream")];
    let reply = upload(&caller, &raw, vec![b'x'; 30_000_000]).await;
    assert!(
        reached(&reply) || reply.code() == "DOCUMENT_REFUSED",
        "{}",
        reply.text
    );
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
    assert_eq!(server.contract_violations(), Vec::<String>::new());
}
