//! The token layer, seen from the server.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use layer2_sdk::BoxError;
use layer2_sdk::Credentials;
use layer2_sdk::CredentialsProvider;
use layer2_sdk::ErrorKind;
use layer2_sdk::Outcome;
use layer2_sdk::payments::TransferId;
use wiremock::Request;
use wiremock::ResponseTemplate;

use crate::stage::Stage;
use crate::stage::TOKEN_PATH;
use crate::stage::TRANSFER;
use crate::stage::header;
use crate::stage::json;
use crate::stage::refusal;
use crate::stage::token;

const GET: &str = "/api/v1/transfers/11111111-2222-4333-8444-555555555555";
const TRANSFER_JSON: &str = r#"{"data":{"id":"11111111-2222-4333-8444-555555555555"}}"#;

fn transfer_id() -> TransferId {
    TransferId::new(TRANSFER).unwrap()
}

async fn tokens_used(stage: &Stage) -> Vec<String> {
    stage
        .received(GET)
        .await
        .iter()
        .map(|request| header(request, "authorization").to_owned())
        .collect()
}

#[tokio::test]
async fn a_token_is_asked_for_as_the_platform_wants_it() {
    let stage = Stage::new().await;
    stage
        .on("GET", GET, stage.script([json(200, TRANSFER_JSON)]))
        .await;
    let client = stage
        .builder()
        .scopes(["transfers:read", "accounts:read"])
        .build()
        .unwrap();
    client.transfers().get(&transfer_id()).await.unwrap();

    let asked = &stage.received(TOKEN_PATH).await[0];
    assert_eq!(
        header(asked, "authorization"),
        "Basic Y2xpZW50LTE6czNjcjN0LW9mLWNsaWVudC0x"
    );
    let pairs: Vec<_> = asked
        .url
        .query_pairs()
        .map(|(k, v)| format!("{k}={v}"))
        .collect();
    assert_eq!(
        pairs,
        [
            "grant_type=client_credentials",
            "scope=transfers:read accounts:read"
        ]
    );
    assert!(asked.body.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_calls_at_once_ask_for_one_token() {
    let stage = Stage::new().await;
    stage
        .on("GET", GET, stage.script([json(200, TRANSFER_JSON)]))
        .await;
    let client = stage.client();
    let calls: Vec<_> = (0..1_000)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.transfers().get(&transfer_id()).await.map(|_| ()) })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(stage.received(TOKEN_PATH).await.len(), 1);
    let used: BTreeSet<_> = tokens_used(&stage).await.into_iter().collect();
    assert_eq!(used.into_iter().collect::<Vec<_>>(), ["Bearer token-1"]);
}

#[tokio::test]
async fn calls_that_wait_together_share_one_refusal() {
    let stage = Stage::without_tokens().await;
    stage
        .on(
            "POST",
            TOKEN_PATH,
            json(400, r#"{"error":"invalid_scope"}"#),
        )
        .await;
    let client = stage.client();
    let id = transfer_id();
    let transfers = client.transfers();
    // All of them are polled once, and so wait, before the first reply can be read.
    let results = futures_util::future::join_all((0..50).map(|_| transfers.get(&id))).await;
    for result in results {
        let error = result.unwrap_err();
        assert_eq!(
            (error.kind(), error.outcome()),
            (ErrorKind::Token, Outcome::NotSent)
        );
        assert!(error.has_code("invalid_scope"));
    }
    assert_eq!(stage.received(TOKEN_PATH).await.len(), 1);
}

#[tokio::test]
async fn a_token_is_renewed_before_it_ends() {
    let stage = Stage::new().await;
    stage
        .on("GET", GET, stage.script([json(200, TRANSFER_JSON)]))
        .await;
    let client = stage.client();
    let id = transfer_id();
    // A life of 1,000 s is renewed 60 s before its end, and up to a quarter of that earlier.
    for advance in [0, 924, 2, 1] {
        stage.time.advance(Duration::from_secs(advance));
        client.transfers().get(&id).await.unwrap();
    }
    assert_eq!(
        tokens_used(&stage).await,
        [
            "Bearer token-1",
            "Bearer token-1",
            "Bearer token-2",
            "Bearer token-2"
        ]
    );
}

#[tokio::test]
async fn the_old_token_serves_while_it_is_valid_if_the_renewal_fails() {
    let stage = Stage::without_tokens().await;
    let replies = [
        token("first", 1_000),
        json(400, r#"{"error":"server_error"}"#),
        token("second", 1_000),
    ];
    stage.on("POST", TOKEN_PATH, stage.script(replies)).await;
    stage
        .on("GET", GET, stage.script([json(200, TRANSFER_JSON)]))
        .await;
    let client = stage.client();
    let id = transfer_id();
    // At 950 s the renewal fails, at 955 s it is too early to try again, at 961 s it works.
    for advance in [0, 950, 5, 6] {
        stage.time.advance(Duration::from_secs(advance));
        client.transfers().get(&id).await.unwrap();
    }
    assert_eq!(
        tokens_used(&stage).await,
        [
            "Bearer first",
            "Bearer first",
            "Bearer first",
            "Bearer second"
        ]
    );
    assert_eq!(stage.received(TOKEN_PATH).await.len(), 3);
}

#[tokio::test]
async fn a_token_endpoint_that_hangs_harms_no_call_that_has_a_token() {
    let stage = Stage::without_tokens().await;
    let hangs = token("second", 1_000).set_delay(Duration::from_secs(3_600));
    let replies = [token("first", 1_000), hangs];
    stage.on("POST", TOKEN_PATH, stage.script(replies)).await;
    stage
        .on("GET", GET, stage.script([json(200, TRANSFER_JSON)]))
        .await;
    let client = stage
        .builder()
        .deadline(Duration::from_millis(800))
        .build()
        .unwrap();
    let id = transfer_id();
    client.transfers().get(&id).await.unwrap();
    // The token is due to be renewed. The call that tries gives up in time, and the next one does not try at once.
    stage.time.advance(Duration::from_secs(950));
    client.transfers().get(&id).await.unwrap();
    client.transfers().get(&id).await.unwrap();
    assert_eq!(stage.received(TOKEN_PATH).await.len(), 2);
    assert_eq!(
        tokens_used(&stage).await,
        ["Bearer first", "Bearer first", "Bearer first"]
    );
}

#[tokio::test]
async fn a_life_beyond_all_reason_is_cut() {
    let stage = Stage::without_tokens().await;
    let replies = [token("first", u64::MAX), token("second", 1_000)];
    stage.on("POST", TOKEN_PATH, stage.script(replies)).await;
    stage
        .on("GET", GET, stage.script([json(200, TRANSFER_JSON)]))
        .await;
    let client = stage.client();
    client.transfers().get(&transfer_id()).await.unwrap();
    stage.time.advance(Duration::from_secs(31 * 24 * 60 * 60));
    client.transfers().get(&transfer_id()).await.unwrap();
    assert_eq!(tokens_used(&stage).await, ["Bearer first", "Bearer second"]);
}

#[tokio::test]
async fn a_401_gets_a_new_token_and_one_more_try() {
    let stage = Stage::new().await;
    stage
        .on(
            "GET",
            GET,
            stage.script([refusal(401, "TOKEN_EXPIRED"), json(200, TRANSFER_JSON)]),
        )
        .await;
    let reply = stage
        .client()
        .transfers()
        .get(&transfer_id())
        .await
        .unwrap();
    assert_eq!(reply.attempts(), 2);
    assert_eq!(
        tokens_used(&stage).await,
        ["Bearer token-1", "Bearer token-2"]
    );
    assert!(
        stage.time.sleeps().is_empty(),
        "a new token is no reason to wait"
    );
}

/// A platform that gives tokens and takes none of them.
async fn closed_stage() -> Stage {
    let stage = Stage::new().await;
    let refused = stage.script([refusal(401, "NOT_YOU")]);
    stage.on("GET", GET, refused).await;
    stage
}

#[tokio::test]
async fn a_second_401_is_the_answer() {
    let stage = closed_stage().await;
    let error = stage
        .client()
        .transfers()
        .get(&transfer_id())
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::Unauthorized, Outcome::NotDone)
    );
    assert_eq!(error.attempts(), 2);
    assert!(!error.is_retryable());
    assert_eq!(stage.received(TOKEN_PATH).await.len(), 2);
}

#[tokio::test]
async fn a_call_that_fails_for_good_asks_for_one_token_and_no_more() {
    let stage = closed_stage().await;
    let client = stage.client();
    // The first call has none yet and so asks twice. After that each keeps the token that it was refused with last.
    for asked in [2, 3, 4] {
        let error = client.transfers().get(&transfer_id()).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.attempts()),
            (ErrorKind::Unauthorized, 2)
        );
        assert_eq!(stage.received(TOKEN_PATH).await.len(), asked);
    }
    let used = tokens_used(&stage).await;
    assert_eq!(used[1], used[2], "what was kept is tried first");
}

#[tokio::test]
async fn many_calls_refused_together_renew_the_token_once() {
    let stage = Stage::new().await;
    stage
        .on("GET", GET, |request: &Request| {
            if header(request, "authorization") == "Bearer token-1" {
                refusal(401, "TOKEN_EXPIRED")
            } else {
                json(200, TRANSFER_JSON)
            }
        })
        .await;
    let client = stage.client();
    let id = transfer_id();
    let transfers = client.transfers();
    let results = futures_util::future::join_all((0..20).map(|_| transfers.get(&id))).await;
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(
        stage.received(TOKEN_PATH).await.len(),
        2,
        "late refusals of the old token leave the new one alone"
    );
}

#[tokio::test]
async fn a_token_endpoint_that_stumbles_is_asked_again() {
    let stage = Stage::without_tokens().await;
    let replies = [
        json(503, ""),
        json(429, "").insert_header("retry-after", "3"),
        token("t", 1_000),
    ];
    stage.on("POST", TOKEN_PATH, stage.script(replies)).await;
    stage
        .on("GET", GET, stage.script([json(200, TRANSFER_JSON)]))
        .await;
    let reply = stage
        .client()
        .transfers()
        .get(&transfer_id())
        .await
        .unwrap();
    assert_eq!(reply.attempts(), 1, "the call itself was sent once");
    assert_eq!(
        stage.time.sleeps(),
        [Duration::from_millis(250), Duration::from_secs(3)]
    );
}

#[tokio::test]
async fn a_token_endpoint_that_is_down_may_be_up_later() {
    let stage = Stage::without_tokens().await;
    stage
        .on("POST", TOKEN_PATH, stage.script([json(503, "")]))
        .await;
    let error = stage
        .client()
        .transfers()
        .get(&transfer_id())
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::Token, Outcome::NotSent)
    );
    assert!(error.is_retryable());
    assert_eq!(stage.received(TOKEN_PATH).await.len(), 3);
}

#[tokio::test]
async fn refused_credentials_say_what_to_check_and_keep_the_secret() {
    let stage = Stage::without_tokens().await;
    stage
        .on(
            "POST",
            TOKEN_PATH,
            stage.script([json(401, r#"{"error":"invalid_client"}"#)]),
        )
        .await;
    let error = stage
        .client()
        .transfers()
        .get(&transfer_id())
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome(), error.attempts()),
        (ErrorKind::Token, Outcome::NotSent, 0)
    );
    assert!(error.to_string().contains("client id or secret"), "{error}");
    assert!(!format!("{error:?} {error}").contains("s3cr3t"));
}

#[tokio::test]
async fn a_page_in_place_of_a_token_is_named() {
    let stage = Stage::without_tokens().await;
    stage
        .on(
            "POST",
            TOKEN_PATH,
            ResponseTemplate::new(200).set_body_string("<html>sign in</html>"),
        )
        .await;
    let error = stage
        .client()
        .transfers()
        .get(&transfer_id())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Token);
    assert!(error.to_string().contains("token URL"), "{error}");
}

/// A vault whose secret was rotated after it was read.
#[derive(Clone, Debug, Default)]
struct Vault {
    refused: Arc<Mutex<Vec<String>>>,
}

#[async_trait]
impl CredentialsProvider for Vault {
    async fn credentials(&self) -> Result<Credentials, BoxError> {
        let rotated = !self.refused.lock().unwrap().is_empty();
        Ok(Credentials::new(
            "client-1",
            if rotated { "new" } else { "old" },
        ))
    }

    async fn refused(&self, credentials: &Credentials) {
        self.refused
            .lock()
            .unwrap()
            .push(credentials.client_id().to_owned());
    }
}

#[tokio::test]
async fn a_rotated_secret_takes_effect_without_a_restart() {
    let stage = Stage::without_tokens().await;
    stage
        .on("POST", TOKEN_PATH, |request: &Request| {
            // client-1:new
            if header(request, "authorization") == "Basic Y2xpZW50LTE6bmV3" {
                token("t", 1_000)
            } else {
                json(401, r#"{"error":"invalid_client"}"#)
            }
        })
        .await;
    stage
        .on("GET", GET, stage.script([json(200, TRANSFER_JSON)]))
        .await;
    let vault = Vault::default();
    let client = stage
        .builder()
        .credentials_provider(vault.clone())
        .build()
        .unwrap();
    client.transfers().get(&transfer_id()).await.unwrap();
    assert_eq!(*vault.refused.lock().unwrap(), ["client-1"]);
}
