//! What a restart brings back: all of it.

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use layer2_mock::replay;
use reqwest::Method;
use serde_json::{Value, json};

use super::Kept;
use crate::support::{Caller, Reply};

/// The answers that tell how a sandbox stands.
async fn seen(caller: &Caller) -> Vec<String> {
    let mut seen = Vec::new();
    for path in [
        "/api/v1/accounts/deposits",
        "/api/v1/subscriptions",
        "/api/v1/customers",
    ] {
        seen.push(caller.get(path).await.ok().to_string());
    }
    for path in ["/ledger/trial-balance", "/clock", "/deliveries"] {
        let mut told = caller.control(Method::GET, path, None).await.ok();
        if let Some(data) = told["data"].as_object_mut() {
            data.remove("wall");
        }
        seen.push(told.to_string().replace(&caller.url, "URL"));
    }
    seen
}

async fn keyed(caller: &Caller, key: &str, amount: &str) -> Reply {
    let body = format!(
        r#"{{"source_account_id":"ACME_USD","destination_account_id":"JANE_USD","amount":{amount}}}"#
    );
    let headers = [("x-l2f-idempotency-id", key)];
    caller
        .send(Method::POST, "/api/v1/transfers", Some(&body), &headers)
        .await
}

/// A document that an application asks for, with a file for it.
async fn upload(caller: &Caller) -> String {
    let body = json!({
        "application_type": "INDIVIDUAL",
        "customer_id": "ADA",
        "account_to_open": {"account_id": "ADA_USD", "product_id": "DEPOSIT_BASIC",
            "asset_type_id": "FIAT_TESTNET_USD"},
        "terms_and_conditions_accepted": true,
        "customer_details": {"first_name": "Ada", "last_name": "Lovelace-Byron"},
    });
    let made = caller
        .post("/api/v1/applications", &body.to_string())
        .await
        .ok();
    let id = made["data"]["id"].as_str().expect("id").to_owned();
    let review = caller
        .get(&format!("/api/v1/applications/{id}/status"))
        .await
        .ok();
    let id = &review["data"]["application_document_errors"][0]["id"];
    let path = format!("/api/v1/documents/{}", id.as_str().expect("id"));
    let headers = [("content-disposition", r#"attachment; filename="proof.pdf""#)];
    let request = caller.request(Method::POST, &path, None, &headers);
    let sent = request.body("%PDF-1.7 of Ada").send().await.expect("sent");
    Reply::read(sent).await.ok();
    path
}

/// Lets a sandbox live: money, a key, an open request, a subscription, a file, time.
async fn lead_a_life(caller: &Caller) -> String {
    caller.fund("100").await;
    keyed(caller, "kept", "12.5").await.ok();
    let id = caller.transfer("7").await;
    caller
        .post_signed(&format!("/api/v1/transfers/{id}/accept"), "accepted")
        .await
        .ok();
    let body = r#"{"event_type":"TRANSACTION_POSTED","callback_url":"http://127.0.0.1:9/hook"}"#;
    caller.post("/api/v1/subscriptions", body).await.ok();
    let document = upload(caller).await;
    let body = json!({"seconds": 90}).to_string();
    caller
        .control(Method::POST, "/clock/advance", Some(&body))
        .await
        .ok();
    document
}

#[tokio::test]
async fn a_sandbox_is_after_a_restart_what_it_was() {
    let kept = Kept::new();
    let (server, caller) = kept.start().await;
    let document = lead_a_life(&caller).await;
    let (before, state) = (seen(&caller).await, server.snapshot("default"));
    let saved = keyed(&caller, "kept", "12.5").await;
    let rows = server.journal("default").expect("journal");
    assert_eq!(server.contract_violations(), Vec::<String>::new());
    drop(server);

    let (server, fresh) = kept.start().await;
    assert!(server.snapshot("default") == state);
    assert_eq!(server.journal("default").expect("journal"), rows);
    let genesis = server.genesis("default").expect("genesis");
    let again = replay(genesis, &rows).expect("the same world");
    assert!(again.snapshot().ok() == state);
    // The token of before is still good.
    let caller = Caller {
        url: fresh.url.clone(),
        ..caller
    };
    assert_eq!(seen(&caller).await, before);
    let again = keyed(&caller, "kept", "12.5").await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.text, saved.text);
    let reused = keyed(&caller, "kept", "13").await;
    assert_eq!(reused.code(), "IDEMPOTENCY_KEY_REUSED");
    let bytes = caller.request(Method::GET, &format!("{document}/download"), None, &[]);
    let bytes = bytes.send().await.expect("sent").bytes().await;
    assert_eq!(bytes.expect("bytes"), "%PDF-1.7 of Ada");
    let transfer = caller.transfer("1").await;
    let explained = caller
        .control(Method::GET, &format!("/explain/{transfer}"), None)
        .await
        .ok();
    assert_eq!(explained["data"]["causes"][0]["seq"], json!(rows.len() + 1));
    assert_eq!(server.contract_violations(), Vec::<String>::new());
}

#[tokio::test]
async fn all_sandboxes_come_back_and_deleted_ones_do_not() {
    let kept = Kept::new();
    let (server, caller) = kept.start().await;
    let make = async |caller: &Caller, body: Value| {
        let url = format!("{}/_control/v1/sandboxes", caller.url);
        let request = caller.http.post(url).bearer_auth(&caller.control);
        let request = request.header("content-type", "application/json");
        let sent = request.body(body.to_string()).send().await.expect("sent");
        Reply::read(sent).await
    };
    let own = json!({"name": "own", "seed": "open-sesame", "clock": "wall",
        "settings": {"strict": true, "profile": "realistic"}});
    let own = Caller::of(&make(&caller, own).await.ok()["data"]).await;
    own.fund("5").await;
    let gone = make(&caller, json!({"name": "gone"})).await.ok();
    let gone = Caller::of(&gone["data"]).await;
    gone.fund("5").await;
    gone.control(Method::DELETE, "", None).await.ok();
    caller
        .control(Method::POST, "/tokens/expire", None)
        .await
        .ok();
    let state = server.snapshot("own");
    drop(server);

    let (server, caller) = kept.start().await;
    assert!(server.snapshot("own") == state);
    let own = Caller {
        url: caller.url.clone(),
        ..own
    };
    let told = own.control(Method::GET, "", None).await.ok();
    let same = Caller::of(&told["data"]).await;
    assert_eq!(same.signing_key, own.signing_key);
    let accounts = own.get("/api/v1/accounts/deposits").await.ok();
    assert!(accounts.to_string().contains("ACME_USD"));
    assert_eq!(server.journal("gone"), None);
    let again = make(&caller, json!({"name": "gone"})).await.ok();
    assert_eq!(server.journal("gone"), Some(Vec::new()));
    drop(again);
    assert_eq!(
        make(&caller, json!({"name": "own"})).await.code(),
        "ALREADY_EXISTS"
    );

    own.control(Method::POST, "/reset", None).await.ok();
    let begun = server.snapshot("own");
    assert!(begun != state);
    drop(server);
    let (server, _) = kept.start().await;
    assert!(server.snapshot("own") == begun);
    assert_eq!(server.journal("own"), Some(Vec::new()));
}

#[tokio::test]
async fn expired_tokens_stay_expired() {
    let kept = Kept::new();
    let (server, old) = kept.start().await;
    old.control(Method::POST, "/tokens/expire", None).await.ok();
    drop(server);
    let (_server, caller) = kept.start().await;
    let old = Caller {
        url: caller.url.clone(),
        ..old
    };
    assert_eq!(old.get("/api/v1/customers").await.code(), "TOKEN_EXPIRED");
    caller.get("/api/v1/customers").await.ok();
}

/// The bytes of all files of a store, in lower case.
fn bytes_of(kept: &Kept) -> Vec<u8> {
    let files = std::fs::read_dir(kept.folder.path()).expect("folder");
    let bytes = files.map(|file| std::fs::read(file.expect("entry").path()).expect("file"));
    bytes.collect::<Vec<_>>().concat().to_ascii_lowercase()
}

fn stands_in(bytes: &[u8], form: &[u8]) -> bool {
    let form = form.to_ascii_lowercase();
    bytes.windows(form.len()).any(|window| window == form)
}

/// The forms in which a text may stand somewhere: as it is, in hexadecimal digits, and in base64 after any number of other
/// bytes; where it is hexadecimal itself, the bytes that it means.
///
/// Each is long enough that it does not come up in a file of random bytes: 6 bytes do once in 2^48 places, or in 2^42
/// where all of them are letters of either case.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    assert!(secret.len() >= 6, "{secret} may come up by chance");
    let meant = hex::decode(secret).ok();
    let texts = [Some(secret.as_bytes().to_vec()), meant];
    let texts = texts.into_iter().flatten().filter(|text| text.len() >= 6);
    texts
        .flat_map(|text| {
            let in_base64 = (0..3).map(|before| {
                // What depends on the bytes around it is left out.
                let whole = [&vec![0; before], &text[..]].concat();
                let encoded = STANDARD_NO_PAD.encode(&whole);
                encoded.as_bytes()[(before * 8).div_ceil(6)..whole.len() * 8 / 6].to_vec()
            });
            let mut forms: Vec<_> = in_base64.collect();
            forms.push(hex::encode(&text).into());
            forms.push(text);
            forms
        })
        .collect()
}

#[test]
fn a_text_is_found_in_every_form() {
    for (secret, around) in [
        ("passport", "a passport"),
        ("ACME_USD", r#"{"id":"acme_usd"}"#),
    ] {
        assert!(stands_in(
            &around.as_bytes().to_ascii_lowercase(),
            secret.as_bytes()
        ));
        let found = |bytes: &str| {
            let bytes = bytes.to_ascii_lowercase();
            forms(secret)
                .iter()
                .any(|form| stands_in(bytes.as_bytes(), form))
        };
        assert!(found(&hex::encode(format!("x{secret}"))));
        for before in ["", "x", "xy", "xyz"] {
            assert!(
                found(&STANDARD_NO_PAD.encode(format!("{before}{secret}y"))),
                "{before}"
            );
        }
        assert!(!found("another text of some length that is not it"));
    }
    assert!(forms("00ff00ff00ff").contains(&vec![0, 255, 0, 255, 0, 255]));
}

#[tokio::test]
async fn no_secret_and_nothing_personal_is_in_the_file() {
    let kept = Kept::new();
    let (server, caller) = kept.start().await;
    lead_a_life(&caller).await;
    let info = serde_json::to_value(server.info()).expect("info");
    let subscriptions = caller.get("/api/v1/subscriptions").await.ok();
    let mut secrets: Vec<String> = [
        "/control_token",
        "/payments/client_secret",
        "/payments/client_id",
        "/payments/signing_key",
        "/payments/verify_key",
        "/accounting/client_secret",
        "/plaid/secret",
    ]
    .iter()
    .map(|pointer| {
        info.pointer(pointer)
            .and_then(Value::as_str)
            .expect(pointer)
            .to_owned()
    })
    .collect();
    secrets.push(caller.token.clone());
    for personal in [
        "first_name",
        "Lovelace",
        "127.0.0.1:9",
        "proof.pdf",
        "%PDF-1.7 of Ada",
        "ACME_USD",
        "JANE_USD",
    ] {
        secrets.push(personal.to_owned());
    }
    let key = &subscriptions["data"]["subscriptions"][0]["signature_verification_key"];
    secrets.push(key.as_str().expect("a key").to_owned());
    let genesis = server.genesis("default").expect("genesis");
    secrets.push(hex::encode(genesis.seed.as_bytes()));
    let forms: Vec<_> = secrets
        .iter()
        .map(|secret| (secret, forms(secret)))
        .collect();
    let search = |when: &str| {
        let bytes = bytes_of(&kept);
        assert!(
            stands_in(&bytes, b"default"),
            "names of sandboxes are in clear"
        );
        for (secret, forms) in &forms {
            let found = forms.iter().find(|form| stands_in(&bytes, form));
            assert_eq!(found, None, "a form of {secret} is in the file {when}");
        }
    };
    search("while it runs");
    assert_private(&kept);
    // The end writes a snapshot.
    drop(server);
    search("after its end");
    assert_private(&kept);
}

/// The file is for its owner alone.
fn assert_private(kept: &Kept) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let about = std::fs::metadata(kept.path()).expect("file");
        assert_eq!(about.permissions().mode() & 0o777, 0o600);
    }
}
