//! Sandboxes as files: forked, exported, imported, put back, and carried from store to store.

use layer2_mock::{ClockMode, ReplayError, SandboxServer, SandboxServerBuilder, replay};
use reqwest::Method;
use serde_json::{Value, json};

#[cfg(feature = "postgres")]
use crate::postgres::database::Database;
#[cfg(feature = "sqlite")]
use crate::support::folder;
use crate::{
    files::document,
    support::{Caller, Reply, builder},
};

const KEYED: &str =
    r#"{"source_account_id":"ACME_USD","destination_account_id":"JANE_USD","amount":12.5}"#;

async fn start(builder: SandboxServerBuilder) -> (SandboxServer, Caller) {
    let server = builder.clock(ClockMode::Manual).start().await;
    let server = server.expect("start");
    let caller = Caller::new(&server).await;
    (server, caller)
}

/// A server on the store of the tests, whose clock stands still.
async fn started() -> (SandboxServer, Caller) {
    start(builder()).await
}

/// The digest of the state that a file holds, which stands in clear in its second line.
pub(crate) fn digest(file: &[u8]) -> Value {
    let line = file.split(|byte| *byte == b'\n').nth(1).expect("a line");
    serde_json::from_slice::<Value>(line).expect("JSON")["digest"].clone()
}

async fn fork(caller: &Caller, name: &str) -> Reply {
    let body = json!({"name": name}).to_string();
    caller.control(Method::POST, "/fork", Some(&body)).await
}

async fn keyed(caller: &Caller) -> Reply {
    let key = [("x-l2f-idempotency-id", "kept")];
    let path = "/api/v1/transfers";
    caller.send(Method::POST, path, Some(KEYED), &key).await
}

async fn download(caller: &Caller, document: &str) -> String {
    caller.get(&format!("{document}/download")).await.text
}

async fn accounts(caller: &Caller) -> Value {
    caller.get("/api/v1/accounts/deposits").await.ok()
}

/// Lets a sandbox live: money, a key, a file, time, a delivery that nobody took and that is to be sent again.
async fn lead_a_life(caller: &Caller) -> String {
    let hook = r#"{"event_type":"TRANSACTION_POSTED","callback_url":"http://127.0.0.1:1/hook"}"#;
    caller.post("/api/v1/subscriptions", hook).await.ok();
    caller.fund("100").await;
    keyed(caller).await.ok();
    let document = document(caller, "ADA").await;
    let headers = [("content-disposition", r#"attachment; filename="proof.pdf""#)];
    let request = caller.request(Method::POST, &document, None, &headers);
    let sent = request.body("%PDF-1.7 of Ada").send().await.expect("sent");
    Reply::read(sent).await.ok();
    let body = json!({"seconds": 90}).to_string();
    caller
        .control(Method::POST, "/clock/advance", Some(&body))
        .await
        .ok();
    caller.settle().await;
    document
}

#[tokio::test]
async fn a_fork_goes_on_from_the_state_of_its_origin_and_neither_sees_the_other() {
    let (server, origin) = started().await;
    let document = lead_a_life(&origin).await;
    let before = server.snapshot("default");
    let made = fork(&origin, "fork").await.ok();
    assert_eq!(made["data"]["sandbox"], "fork");
    let forked = Caller::of(&made["data"]).await;
    assert_eq!(server.snapshot("default"), before);
    assert_eq!(accounts(&forked).await, accounts(&origin).await);
    assert_eq!(download(&forked, &document).await, "%PDF-1.7 of Ada");
    let again = keyed(&forked).await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.text, keyed(&origin).await.text);
    let pending = forked.settle().await["pending"].clone();
    assert_eq!(pending, origin.settle().await["pending"]);
    assert!(
        pending.to_string().contains(r#""kind":"delivery""#),
        "{pending}"
    );

    let shared = accounts(&forked).await;
    origin.fund("7").await;
    assert_eq!(accounts(&forked).await, shared);
    let untouched = accounts(&origin).await;
    forked.fund("9").await;
    let transfer = forked.transfer("1").await;
    assert_eq!(accounts(&origin).await, untouched);
    let path = format!("/explain/{transfer}");
    let explained = forked.control(Method::GET, &path, None).await.ok();
    let causes = explained["data"]["causes"].as_array().expect("causes");
    assert_eq!(causes[0]["operation"], "payments.transfers_create");
    assert_eq!(fork(&origin, "fork").await.code(), "ALREADY_EXISTS");
    let rows = server.journal("fork").expect("rows");
    let genesis = server.genesis("fork").expect("genesis");
    let refused = replay(genesis, &rows).expect_err("its rows go on after a state");
    assert!(
        matches!(refused, ReplayError::Gap { expected: 1, .. }),
        "{refused}"
    );
    // It begins again as the first state, not as that of its origin.
    forked.control(Method::POST, "/reset", None).await.ok();
    let gone = forked.get(&format!("{document}/download")).await;
    assert_eq!(gone.status, 404, "{}", gone.text);
    assert_eq!(server.contract_violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_sandbox_goes_back_to_its_file() {
    let (server, caller) = started().await;
    let document = lead_a_life(&caller).await;
    let (file, state) = (caller.export().await, server.snapshot("default"));
    caller.fund("7").await;
    caller.transfer("1").await;
    let day = json!({"seconds": 86_400}).to_string();
    caller
        .control(Method::POST, "/clock/advance", Some(&day))
        .await
        .ok();
    assert_ne!(server.snapshot("default"), state);
    let back = caller.restore(&file).await.ok();
    assert_eq!(server.snapshot("default"), state);
    assert_eq!(digest(&caller.export().await), digest(&file));
    // Its credentials and its tokens are those of before.
    let same = Caller::of(&back["data"]).await;
    assert_eq!(same.signing_key, caller.signing_key);
    assert_eq!(download(&caller, &document).await, "%PDF-1.7 of Ada");
    let again = keyed(&caller).await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    let transfer = caller.transfer("1").await;
    caller.fund("3").await;
    let path = format!("/explain/{transfer}");
    let explained = caller.control(Method::GET, &path, None).await.ok();
    assert_eq!(
        explained["data"]["causes"].as_array().map(Vec::len),
        Some(1)
    );

    // What was expired since stays so, and time goes on from where the file was made.
    caller
        .control(Method::POST, "/tokens/expire", None)
        .await
        .ok();
    caller.restore(&file).await.ok();
    let stale = caller.get("/api/v1/customers").await;
    assert_eq!(stale.code(), "TOKEN_EXPIRED");
    assert_eq!(server.snapshot("default"), state);
    assert_eq!(server.contract_violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_file_makes_another_sandbox_beside_the_one_it_is_of() {
    let (server, caller) = started().await;
    caller.fund("100").await;
    let file = caller.export().await;
    let taken = caller.import("default", &file).await;
    assert_eq!(taken.code(), "ALREADY_EXISTS");
    let unknown = Caller {
        sandbox: "copy".to_owned(),
        ..caller.clone()
    };
    let unknown = unknown.restore(&file).await;
    assert_eq!(unknown.code(), "NOT_FOUND");
    let made = caller.import("copy", &file).await.ok();
    let copy = Caller::of(&made["data"]).await;
    assert_eq!(accounts(&copy).await, accounts(&caller).await);
    let renamed = copy.export().await;
    assert_ne!(digest(&renamed), digest(&file), "its name");
    copy.control(Method::DELETE, "", None).await.ok();
    assert_eq!(server.snapshot("copy"), None);
    // A file of one sandbox serves another, and keeps the name of that.
    caller.fund("1").await;
    caller.restore(&renamed).await.ok();
    assert_eq!(digest(&caller.export().await), digest(&file));
}

#[tokio::test]
async fn a_file_is_sent_as_a_form_too() {
    let (_server, caller) = started().await;
    let document = lead_a_life(&caller).await;
    let file = caller.export().await;
    let head =
        "--limit\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.layer2\"\r\n\r\n";
    let form = [head.as_bytes(), &file, b"\r\n--limit--\r\n"].concat();
    let url = format!("{}/_control/v1/imports/other", caller.url);
    let sent = caller.http.post(url).bearer_auth(&caller.control);
    let sent = sent.header("content-type", "multipart/form-data; boundary=limit");
    let made = Reply::read(sent.body(form).send().await.expect("sent")).await;
    let other = Caller::of(&made.ok()["data"]).await;
    assert_eq!(accounts(&other).await, accounts(&caller).await);
    assert_eq!(download(&other, &document).await, "%PDF-1.7 of Ada");
}

#[tokio::test]
async fn a_file_that_is_not_as_it_was_made_changes_nothing() {
    let (server, caller) = started().await;
    caller.fund("100").await;
    let file = caller.export().await;
    let state = server.snapshot("default");
    // What stands in clear is bound to what is sealed; `image::file` changes the rest.
    let lines = file
        .split_inclusive(|byte| *byte == b'\n')
        .take(2)
        .map(<[u8]>::len);
    let (title, parts) = file.split_at(lines.sum());
    let title = std::str::from_utf8(title).expect("text");
    let now: Value = serde_json::from_str(title.lines().nth(1).expect("a line")).expect("JSON");
    let cases = [
        ("digest", json!("00".repeat(32)), "FILE_DAMAGED"),
        ("digest", json!(7), "FILE_DAMAGED"),
        ("sandbox", json!("other"), "FILE_DAMAGED"),
        ("made_at", json!("2020-01-05T14:00:00Z"), "FILE_DAMAGED"),
        ("made_under", json!("0123456789abcdef"), "FILE_OTHER_SEED"),
        ("rules_version", json!(0), "FILE_DAMAGED"),
        ("rules_version", json!(999), "FILE_OTHER_VERSION"),
    ];
    for (member, value, code) in cases {
        let said = |value: &Value| format!(r#""{member}":{value}"#);
        let changed = title.replace(&said(&now[member]), &said(&value));
        assert_ne!(changed, title, "{member}");
        let changed = [changed.as_bytes(), parts].concat();
        for refused in [
            caller.restore(&changed).await,
            caller.import("other", &changed).await,
        ] {
            let told = (refused.status.as_u16(), refused.code());
            assert_eq!(told, (400, code.to_owned()), "{member}");
        }
    }
    for (file, code) in [
        (&b"%PDF-1.7"[..], "FILE_DAMAGED"),
        (b"", "FILE_DAMAGED"),
        (b"layer2-sandbox-3\n", "FILE_OTHER_VERSION"),
        (title.as_bytes(), "FILE_DAMAGED"),
        (&file[..file.len() - 1], "FILE_DAMAGED"),
    ] {
        assert_eq!(caller.restore(file).await.code(), code);
    }
    assert_eq!(server.snapshot("default"), state);

    let (_other, elsewhere) = start(SandboxServer::builder().seed(77)).await;
    let refused = elsewhere.restore(&file).await;
    assert_eq!(refused.code(), "FILE_OTHER_SEED");
}

#[tokio::test]
async fn a_file_is_read_for_nobody_without_the_control_token() {
    let (_server, caller) = started().await;
    let stranger = Caller {
        control: caller.token.clone(),
        ..caller
    };
    for reply in [
        stranger.restore(b"any").await,
        stranger.import("other", b"any").await,
    ] {
        assert_eq!(
            (reply.status.as_u16(), reply.code().as_str()),
            (401, "UNAUTHORIZED")
        );
    }
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn a_file_from_one_store_opens_in_another_and_outlives_its_server() {
    let (origin, caller) = start(SandboxServer::builder()).await;
    let document = lead_a_life(&caller).await;
    let (file, state) = (caller.export().await, origin.snapshot("default"));

    let folder = folder();
    let url = format!("sqlite:{}", folder.path().join("sandboxes.db").display());
    let in_file = || SandboxServer::builder().store(url.parse().expect("a store"));
    let file = carried(in_file, &file, state.as_deref(), &document).await;
    #[cfg(feature = "postgres")]
    let file = {
        let database = Database::new().await;
        let in_database = || SandboxServer::builder().store(database.store());
        carried(in_database, &file, state.as_deref(), &document).await
    };

    let (back, caller) = start(SandboxServer::builder()).await;
    caller.restore(&file).await.ok();
    assert_eq!(back.snapshot("default"), state);
    assert_eq!(download(&caller, &document).await, "%PDF-1.7 of Ada");
}

/// Puts a file into the default sandbox and into another one, starts the server anew, and gives the file of what is
/// there then.
#[cfg(feature = "sqlite")]
async fn carried(
    builder: impl Fn() -> SandboxServerBuilder,
    file: &[u8],
    state: Option<&str>,
    document: &str,
) -> Vec<u8> {
    let (server, caller) = start(builder()).await;
    // What it has of before goes with its rows.
    caller.fund("1").await;
    caller.restore(file).await.ok();
    assert_eq!(server.snapshot("default").as_deref(), state);
    let made = caller.import("other", file).await;
    let other = Caller::of(&made.ok()["data"]).await;
    other.fund("5").await;
    other.settle().await;
    let (apart, rows) = (server.snapshot("other"), server.journal("other"));
    drop(server);

    let (server, caller) = start(builder()).await;
    assert_eq!(server.snapshot("default").as_deref(), state);
    assert_eq!(server.snapshot("other"), apart);
    assert_eq!(server.journal("other"), rows);
    assert_eq!(download(&caller, document).await, "%PDF-1.7 of Ada");
    let again = keyed(&caller).await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    let exported = caller.export().await;
    assert_eq!(digest(&exported), digest(file));
    exported
}
