//! What the vendor has not published, in another position than the default: each setting reaches the wire.

use ed25519_dalek::Signature;
use ed25519_dalek::SigningKey;
use http::HeaderName;
use layer2_sdk::CallOptions;
use layer2_sdk::Client;
use layer2_sdk::ErrorKind;
use layer2_sdk::Outcome;
use layer2_sdk::Platform;
use layer2_sdk::SignRequests;
use layer2_sdk::SignatureEncoding;
use layer2_sdk::SignedPart;
use layer2_sdk::SigningScheme;
use layer2_sdk::TokenStyle;
use layer2_sdk::payments::TransactionsListParams;
use layer2_sdk::payments::TransferId;

use crate::stage::SEED;
use crate::stage::START;
use crate::stage::Stage;
use crate::stage::TOKEN_PATH;
use crate::stage::TRANSFER;
use crate::stage::header;
use crate::stage::json;

const ACCEPT: &str = "/api/v1/transfers/11111111-2222-4333-8444-555555555555/accept";
const GET: &str = "/api/v1/transfers/11111111-2222-4333-8444-555555555555";
const REPLY: &str = r#"{"data":{"id":"11111111-2222-4333-8444-555555555555"}}"#;

fn transfer_id() -> TransferId {
    TransferId::new(TRANSFER).unwrap()
}

async fn stage() -> Stage {
    let stage = Stage::new().await;
    for (verb, at) in [("POST", ACCEPT), ("GET", GET)] {
        stage.on(verb, at, stage.script([json(200, REPLY)])).await;
    }
    let rows = json(200, r#"{"data":{"transactions":[]}}"#);
    stage
        .on("GET", "/api/v1/transactions", stage.script([rows]))
        .await;
    stage
}

/// Checks 64 bytes over a string that is put together by the test.
fn assert_signs(message: &str, signature: &[u8]) {
    let seed: [u8; 32] = hex::decode(SEED).unwrap().try_into().unwrap();
    let signature = Signature::from_slice(signature).unwrap();
    let key = SigningKey::from_bytes(&seed).verifying_key();
    assert!(
        key.verify_strict(message.as_bytes(), &signature).is_ok(),
        "{message}"
    );
}

#[tokio::test]
async fn a_signature_covers_what_the_scheme_says() {
    let default = SigningScheme::default();
    for (scheme, message) in [
        (default.clone(), format!("{START}POST{ACCEPT}")),
        (
            default.clone().with_base_path(SignedPart::LeftOut),
            format!("{START}POST/v1/transfers/{TRANSFER}/accept"),
        ),
        (
            default.with_separator("\n"),
            format!("{START}\nPOST\n{ACCEPT}\n"),
        ),
    ] {
        let stage = stage().await;
        let client = stage.builder().signing_scheme(scheme).build().unwrap();
        client.transfers().accept(&transfer_id()).await.unwrap();
        let sent = &stage.received(ACCEPT).await[0];
        assert_signs(&message, &hex::decode(header(sent, "x-signature")).unwrap());
    }
}

#[tokio::test]
async fn a_query_is_signed_or_left_out() {
    for (part, path) in [
        (SignedPart::Included, "/api/v1/transactions?page_size=7"),
        (SignedPart::LeftOut, "/api/v1/transactions"),
    ] {
        let stage = stage().await;
        let client = stage
            .builder()
            .sign_requests(SignRequests::All)
            .signing_scheme(SigningScheme::default().with_query(part))
            .build()
            .unwrap();
        let params = TransactionsListParams::new().with_page_size(7);
        client.transactions().list(&params).await.unwrap();
        let sent = &stage.received("/api/v1/transactions").await[0];
        let signature = hex::decode(header(sent, "x-signature")).unwrap();
        assert_signs(&format!("{START}GET{path}"), &signature);
    }
}

#[tokio::test]
async fn a_signature_travels_in_other_headers_and_letters() {
    use base64::Engine as _;
    let stage = stage().await;
    let scheme = SigningScheme::default()
        .with_encoding(SignatureEncoding::Base64)
        .with_headers(
            HeaderName::from_static("x-rail-signature"),
            HeaderName::from_static("x-rail-time"),
        );
    let client = stage.builder().signing_scheme(scheme).build().unwrap();
    client.transfers().accept(&transfer_id()).await.unwrap();
    let sent = &stage.received(ACCEPT).await[0];
    assert_eq!(header(sent, "x-rail-time"), START.to_string());
    let signature = base64::engine::general_purpose::STANDARD
        .decode(header(sent, "x-rail-signature"))
        .unwrap();
    assert_signs(&format!("{START}POST{ACCEPT}"), &signature);
    assert!(!sent.headers.contains_key("x-signature"));

    let by_hand = CallOptions::new().header(
        HeaderName::from_static("x-rail-time"),
        http::HeaderValue::from_static("0"),
    );
    let error = client
        .with(by_hand)
        .transfers()
        .accept(&transfer_id())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
}

#[tokio::test]
async fn which_requests_are_signed_is_a_choice() {
    for (choice, signs_accepts, signs_reads) in [
        (SignRequests::WhereTaken, true, false),
        (SignRequests::WhereRequired, true, false),
        (SignRequests::All, true, true),
        (SignRequests::Never, false, false),
    ] {
        let stage = stage().await;
        let client = stage.builder().sign_requests(choice).build().unwrap();
        client.transfers().accept(&transfer_id()).await.unwrap();
        client.transfers().get(&transfer_id()).await.unwrap();
        for (at, signs) in [(ACCEPT, signs_accepts), (GET, signs_reads)] {
            let sent = &stage.received(at).await[0];
            let signed = sent.headers.contains_key("x-signature");
            assert_eq!(signed, signs, "{choice:?} {at}");
        }
    }
}

#[tokio::test]
async fn a_token_is_asked_for_in_another_style() {
    let stage = stage().await;
    let client = stage
        .builder()
        .token_style(TokenStyle::SecretForm)
        .scopes(["transfers:read"])
        .build()
        .unwrap();
    client.transfers().get(&transfer_id()).await.unwrap();
    let asked = &stage.received(TOKEN_PATH).await[0];
    assert_eq!(
        String::from_utf8_lossy(&asked.body),
        "grant_type=client_credentials&scope=transfers%3Aread&client_id=client-1&client_secret=s3cr3t-of-client-1"
    );
    assert!(!asked.headers.contains_key("authorization"));
    assert_eq!(asked.url.query(), None);
}

#[tokio::test]
async fn id_and_secret_are_joined_encoded_or_as_they_are() {
    use base64::Engine as _;
    for (style, pair, in_query) in [
        (TokenStyle::BasicQuery, "id%3A1:a%2Bb%2F%3D%7E", true),
        (TokenStyle::RawBasicQuery, "id:1:a+b/=~", true),
        (TokenStyle::BasicForm, "id%3A1:a%2Bb%2F%3D%7E", false),
        (TokenStyle::RawBasicForm, "id:1:a+b/=~", false),
    ] {
        let stage = stage().await;
        let client = stage
            .builder()
            .credentials("id:1", "a+b/=~")
            .token_style(style)
            .build()
            .unwrap();
        client.transfers().get(&transfer_id()).await.unwrap();
        let asked = &stage.received(TOKEN_PATH).await[0];
        let basic = header(asked, "authorization")
            .strip_prefix("Basic ")
            .unwrap();
        let joined = base64::engine::general_purpose::STANDARD
            .decode(basic)
            .unwrap();
        assert_eq!(String::from_utf8(joined).unwrap(), pair, "{style:?}");
        assert_eq!(asked.url.query().is_some(), in_query, "{style:?}");
        assert_eq!(asked.body.is_empty(), in_query, "{style:?}");
    }
}

#[tokio::test]
async fn each_version_refuses_what_only_the_other_has() {
    let stage = stage().await;
    let on = |platform| -> Client { stage.builder().platform(platform).build().unwrap() };

    // Rail brought the withdrawal's cancellation; the lease of an address went with Layer2 1.0.5.
    let withdrawal = layer2_sdk::payments::WithdrawalId::new("W-1").unwrap();
    let error = on(Platform::Layer2V1_0_5)
        .withdrawals()
        .cancel(&withdrawal)
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome(), error.attempts()),
        (ErrorKind::NotOnPlatform, Outcome::NotSent, 0)
    );
    assert!(error.to_string().contains("only rail-1.1.2"), "{error}");

    let account = layer2_sdk::payments::AccountId::new("A-1").unwrap();
    let error = on(Platform::RailV1_1_2)
        .accounts()
        .request_address(&account)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotOnPlatform);
    assert!(error.to_string().contains("only layer2-1.0.5"), "{error}");
    assert!(stage.received(TOKEN_PATH).await.is_empty());

    // What is on neither list is on both platforms; `Union` has everything and so sends both.
    for platform in [
        Platform::Union,
        Platform::RailV1_1_2,
        Platform::Layer2V1_0_5,
    ] {
        let reply = on(platform).transfers().get(&transfer_id()).await;
        assert!(reply.is_ok(), "{platform}");
    }
    let error = on(Platform::Union)
        .withdrawals()
        .cancel(&withdrawal)
        .await
        .unwrap_err();
    assert_eq!(error.attempts(), 1, "it was sent");
}
