//! What a signature means for the attempts of a call: the clock that it teaches, the time that it takes, and the signer
//! that does not sign.

use std::time::Duration;

use async_trait::async_trait;
use layer2_sdk::BoxError;
use layer2_sdk::CallOptions;
use layer2_sdk::ClientBuilder;
use layer2_sdk::ErrorKind;
use layer2_sdk::GaveUp;
use layer2_sdk::Outcome;
use layer2_sdk::SignRequests;
use layer2_sdk::Signer;
use wiremock::ResponseTemplate;

use crate::attempts::ACCEPT;
use crate::attempts::ACCEPTED;
use crate::attempts::transfer_id;
use crate::stage::Answer;
use crate::stage::START;
use crate::stage::Socket;
use crate::stage::Stage;
use crate::stage::TOKEN_PATH;
use crate::stage::Time;
use crate::stage::assert_one_key;
use crate::stage::header;
use crate::stage::json;
use crate::stage::refusal;

const GET: &str = "/api/v1/transfers/11111111-2222-4333-8444-555555555555";
/// What a platform answers whose clock is ten minutes ahead.
fn stale(stage: &Stage) -> ResponseTemplate {
    let date = stage.time.http_date(Duration::from_secs(600));
    refusal(401, "SIGNATURE_INVALID").insert_header("date", date.as_str())
}

#[tokio::test]
async fn a_refused_timestamp_teaches_the_clock_and_the_call_succeeds() {
    let stage = Stage::new().await;
    let answers = [stale(&stage), json(200, ACCEPTED)];
    stage.on("POST", ACCEPT, stage.script(answers)).await;

    let accepted = stage.client().transfers().accept(&transfer_id()).await;

    assert_eq!(accepted.unwrap().attempts(), 2);
    let sent = stage.received(ACCEPT).await;
    let timestamps: Vec<_> = sent
        .iter()
        .map(|request| header(request, "x-timestamp"))
        .collect();
    assert_eq!(timestamps, [START.to_string(), (START + 600).to_string()]);
    assert_one_key(&sent);
}

#[tokio::test]
async fn a_withdrawn_token_and_a_wrong_clock_are_both_mended_in_one_call() {
    let withdrawn = || refusal(401, "TOKEN_EXPIRED");
    for token_first in [true, false] {
        let stage = Stage::new().await;
        let mut answers = vec![withdrawn(), stale(&stage)];
        if !token_first {
            answers.reverse();
        }
        answers.push(json(200, ACCEPTED));
        stage.on("POST", ACCEPT, stage.script(answers)).await;

        let accepted = stage.client().transfers().accept(&transfer_id()).await;

        assert_eq!(accepted.unwrap().attempts(), 3);
        assert!(stage.time.sleeps().is_empty());
    }

    // Neither is mended twice: what comes back after its remedy is the answer.
    let stage = Stage::new().await;
    let answers = [withdrawn(), stale(&stage), withdrawn()];
    stage.on("POST", ACCEPT, stage.script(answers)).await;
    let error = stage.client().transfers().accept(&transfer_id()).await;
    let error = error.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Unauthorized, 3)
    );
}

#[tokio::test]
async fn all_calls_that_were_signed_with_the_wrong_time_are_signed_anew() {
    let stage = Stage::new().await;
    let date = stage.time.http_date(Duration::from_secs(600));
    stage
        .on("POST", ACCEPT, move |request: &wiremock::Request| {
            let reply = if header(request, "x-timestamp") == START.to_string() {
                refusal(401, "SIGNATURE_INVALID")
            } else {
                json(200, ACCEPTED)
            };
            reply.insert_header("date", date.as_str())
        })
        .await;
    let client = stage.client();
    let id = transfer_id();
    let transfers = client.transfers();

    // All of them are signed before the first reply is read; one of them learns the time, and it serves the others too.
    let results = futures_util::future::join_all((0..20).map(|_| transfers.accept(&id))).await;

    for result in results {
        assert_eq!(result.unwrap().attempts(), 2);
    }
    assert_eq!(stage.received(TOKEN_PATH).await.len(), 1);
}

#[tokio::test]
async fn a_refused_signature_is_no_reason_to_drop_the_token() {
    let stage = Stage::new().await;
    stage
        .on(
            "POST",
            ACCEPT,
            stage.script([refusal(401, "SIGNATURE_INVALID")]),
        )
        .await;

    let error = stage
        .client()
        .transfers()
        .accept(&transfer_id())
        .await
        .unwrap_err();

    assert_eq!(
        (error.kind(), error.outcome(), error.attempts()),
        (ErrorKind::Unauthorized, Outcome::NotDone, 1)
    );
    assert!(
        error.to_string().contains("refused the signature"),
        "{error}"
    );
    assert_eq!(stage.received(TOKEN_PATH).await.len(), 1);
}

#[tokio::test]
async fn an_unsigned_call_that_had_to_be_signed_keeps_the_token_and_says_so() {
    let without_key = |stage: &Stage| stage.builder_without_key_at(stage.base());
    let never = |stage: &Stage| stage.builder().sign_requests(SignRequests::Never);
    let where_required = |stage: &Stage| {
        let builder = stage.builder();
        builder.sign_requests(SignRequests::WhereRequired)
    };
    let cases: [&dyn Fn(&Stage) -> ClientBuilder; 3] = [&without_key, &never, &where_required];
    for of in cases {
        let stage = Stage::new().await;
        let wanted = refusal(401, "SIGNATURE_REQUIRED");
        stage.on("GET", GET, stage.script([wanted])).await;
        let client = of(&stage).build().unwrap();

        for _ in 0..2 {
            let error = client.transfers().get(&transfer_id()).await.unwrap_err();
            assert_eq!(
                (error.kind(), error.outcome(), error.attempts()),
                (ErrorKind::Unauthorized, Outcome::NotDone, 1)
            );
            let said = error.to_string();
            assert!(said.contains("without a signature"), "{said}");
            assert!(said.contains("sign_requests(SignRequests::All)"), "{said}");
        }
        assert_eq!(stage.received(TOKEN_PATH).await.len(), 1);
    }

    // The same of a call that chose not to sign.
    let stage = Stage::new().await;
    let wanted = refusal(401, "SIGNATURE_REQUIRED");
    stage.on("POST", ACCEPT, stage.script([wanted])).await;
    let unsigned = stage.client().with(CallOptions::new().sign(false));
    let error = unsigned.transfers().accept(&transfer_id()).await;
    assert_eq!(error.unwrap_err().attempts(), 1);
    assert_eq!(stage.received(TOKEN_PATH).await.len(), 1);
}

#[tokio::test]
async fn a_token_whose_own_signature_is_refused_is_fetched_anew() {
    let stage = Stage::new().await;
    let refused = refusal(401, "TOKEN_SIGNATURE_INVALID");
    let found = json(200, ACCEPTED);
    stage.on("GET", GET, stage.script([refused, found])).await;
    let reply = stage.client().transfers().get(&transfer_id()).await;
    assert_eq!(reply.unwrap().attempts(), 2);
    assert_eq!(stage.received(TOKEN_PATH).await.len(), 2);
}

/// A key service that never answers.
#[derive(Debug)]
struct Hanging;

#[async_trait]
impl Signer for Hanging {
    async fn sign(&self, _: &[u8]) -> Result<[u8; 64], BoxError> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_signer_that_hangs_costs_the_call_its_time_and_nothing_is_sent() {
    let stage = Stage::new().await;
    let client = stage
        .builder_without_key_at(stage.base())
        .signer(Hanging)
        .deadline(Duration::from_millis(300))
        .build()
        .unwrap();

    let error = client.transfers().accept(&transfer_id()).await.unwrap_err();

    assert_eq!(
        (error.kind(), error.outcome(), error.attempts()),
        (ErrorKind::Timeout, Outcome::NotSent, 0)
    );
    assert_eq!(error.gave_up(), Some(GaveUp::Deadline));
    assert!(stage.received(ACCEPT).await.is_empty());
}

/// A key service that takes a while by the client's clock.
#[derive(Debug)]
struct Slow(Time);

#[async_trait]
impl Signer for Slow {
    async fn sign(&self, _: &[u8]) -> Result<[u8; 64], BoxError> {
        self.0.advance(Duration::from_secs(40));
        Ok([0; 64])
    }
}

#[tokio::test]
async fn what_the_signature_took_is_missing_from_the_time_of_the_exchange() {
    let stage = Stage::new().await;
    let socket = Socket::play(vec![Answer::Silence]).await;
    let client = stage
        .builder_without_key_at(socket.base())
        .signer(Slow(stage.time.clone()))
        .attempt_timeout(Duration::from_secs(600))
        .deadline(Duration::from_millis(40_200))
        .build()
        .unwrap();

    // Were the limit of the exchange taken before the signature, this call would wait for forty seconds.
    let call = async { client.transfers().accept(&transfer_id()).await };
    let ended = tokio::time::timeout(Duration::from_secs(20), call).await;

    let error = ended.expect("the time of the call").unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::Timeout, Outcome::Unknown)
    );
}

#[tokio::test]
async fn nothing_is_sent_when_the_time_of_the_call_is_over() {
    let stage = Stage::new().await;
    stage
        .on("POST", ACCEPT, stage.script([json(200, ACCEPTED)]))
        .await;
    let none_at_all = stage.builder().deadline(Duration::ZERO);
    // The signature takes forty seconds of a call that has thirty.
    let used_up = stage
        .builder_without_key_at(stage.base())
        .signer(Slow(stage.time.clone()))
        .deadline(Duration::from_secs(30));

    for builder in [none_at_all, used_up] {
        let client = builder.build().unwrap();
        let error = client.transfers().accept(&transfer_id()).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.outcome(), error.attempts()),
            (ErrorKind::Timeout, Outcome::NotSent, 0)
        );
        assert!(error.is_retryable());
        assert_eq!(error.gave_up(), Some(GaveUp::Deadline));
    }
    assert!(stage.received(ACCEPT).await.is_empty());
}

/// A key service that is down.
#[derive(Debug)]
struct Down;

#[async_trait]
impl Signer for Down {
    async fn sign(&self, _: &[u8]) -> Result<[u8; 64], BoxError> {
        Err("no connection".into())
    }
}

#[tokio::test]
async fn a_signer_that_fails_may_work_later_and_one_that_is_not_there_does_not() {
    let stage = Stage::new().await;
    let down = stage.builder_without_key_at(stage.base()).signer(Down);
    let none = stage.builder_without_key_at(stage.base());

    for (builder, later) in [(down, true), (none, false)] {
        let client = builder.build().unwrap();
        let error = client.transfers().accept(&transfer_id()).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.outcome()),
            (ErrorKind::Signer, Outcome::NotSent)
        );
        assert_eq!(error.is_retryable(), later, "{error}");
    }
    assert!(stage.received(ACCEPT).await.is_empty());
}
