//! Keys and secrets that are replaced while the client lives.

use std::time::Duration;

use ed25519_dalek::Signature;
use ed25519_dalek::SigningKey;
use layer2_sdk::Credentials;
use layer2_sdk::Ed25519Signer;
use layer2_sdk::RetryPolicy;
use layer2_sdk::RotatingCredentials;
use layer2_sdk::RotatingSigner;
use layer2_sdk::payments::TransferId;
use wiremock::Request;

use crate::stage::START;
use crate::stage::Stage;
use crate::stage::TOKEN_PATH;
use crate::stage::TRANSFER;
use crate::stage::assert_one_key;
use crate::stage::header;
use crate::stage::json;
use crate::stage::refusal;
use crate::stage::token;

const ACCEPT: &str = "/api/v1/transfers/11111111-2222-4333-8444-555555555555/accept";
const REPLY: &str = r#"{"data":{"id":"11111111-2222-4333-8444-555555555555"}}"#;

fn is_signed_with(seed: u8, request: &Request) -> bool {
    let signature = hex::decode(header(request, "x-signature")).unwrap();
    SigningKey::from_bytes(&[seed; 32])
        .verifying_key()
        .verify_strict(
            format!("{START}POST{ACCEPT}").as_bytes(),
            &Signature::from_slice(&signature).unwrap(),
        )
        .is_ok()
}

#[tokio::test]
async fn a_key_that_is_replaced_signs_from_the_next_attempt_on() {
    let stage = Stage::new().await;
    let signer = RotatingSigner::new(Ed25519Signer::from_seed(&[1; 32]));
    let rotated = signer.clone();
    let time = stage.time.clone();
    // The key is replaced while the first attempt is answered, so that the retry is signed with the new one.
    stage
        .on("POST", ACCEPT, move |request: &Request| {
            let reply = if is_signed_with(1, request) {
                rotated.replace(Ed25519Signer::from_seed(&[2; 32]));
                json(503, "{}")
            } else {
                json(200, REPLY)
            };
            reply.insert_header("date", time.http_date(Duration::ZERO))
        })
        .await;
    let client = stage
        .builder_without_key_at(stage.base())
        .retry(RetryPolicy::default().with_backoff(Duration::ZERO, Duration::ZERO))
        .signer(signer)
        .build()
        .unwrap();
    let id = TransferId::new(TRANSFER).unwrap();
    let reply = client.transfers().accept(&id).await.unwrap();
    assert_eq!(reply.attempts(), 2);
    let sent = stage.received(ACCEPT).await;
    assert!(is_signed_with(1, &sent[0]) && is_signed_with(2, &sent[1]));
    assert_one_key(&sent);
}

#[tokio::test]
async fn a_secret_that_is_replaced_is_used_when_the_token_of_the_old_one_is_refused() {
    let stage = Stage::without_tokens().await;
    stage
        .on("POST", TOKEN_PATH, |request: &Request| {
            // client-1:old and client-1:new
            match header(request, "authorization") {
                "Basic Y2xpZW50LTE6b2xk" => token("of-old", 1_000),
                "Basic Y2xpZW50LTE6bmV3" => token("of-new", 1_000),
                other => panic!("{other}"),
            }
        })
        .await;
    let credentials = RotatingCredentials::new(Credentials::new("client-1", "old"));
    let rotated = credentials.clone();
    stage
        .on("POST", ACCEPT, move |request: &Request| {
            if header(request, "authorization") == "Bearer of-old" {
                rotated.replace(Credentials::new("client-1", "new"));
                refusal(401, "TOKEN_EXPIRED")
            } else {
                json(200, REPLY)
            }
        })
        .await;
    let client = stage
        .builder()
        .credentials_provider(credentials)
        .build()
        .unwrap();
    let id = TransferId::new(TRANSFER).unwrap();
    let reply = client.transfers().accept(&id).await.unwrap();
    assert_eq!(reply.attempts(), 2);
    assert_eq!(stage.received(TOKEN_PATH).await.len(), 2);
}
