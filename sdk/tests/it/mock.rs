//! The helpers around a sandbox: what they do, and how they say why they could not.

use std::time::Duration;

use http::StatusCode;
use layer2_sdk::ErrorKind;
use layer2_sdk::Outcome;
use layer2_sdk::RetryPolicy;
use layer2_sdk::accounting;
use layer2_sdk::control::DeliveryState;
use layer2_sdk::control::InboundStatus;
use layer2_sdk::mock::Fault;
use layer2_sdk::mock::Sandbox;
use layer2_sdk::mock::SandboxError;
use layer2_sdk::mock::SandboxServer;
use layer2_sdk::payments::AccountId;
use layer2_sdk::payments::CustomersListParams;
use layer2_sdk::payments::EventType;
use layer2_sdk::payments::OperationId;
use layer2_sdk::payments::SubscriptionRequest;
use layer2_sdk::payments::TransferRequest;
use layer2_sdk::plaid;

const DOLLARS: &str = "FIAT_TESTNET_USD";

async fn funded() -> (Sandbox, AccountId, AccountId) {
    let sandbox = Sandbox::start().await.unwrap();
    let from = sandbox.account(DOLLARS).unwrap();
    let to = sandbox.open_account(&from, "SECOND").await.unwrap();
    let arrived = sandbox.fund(&from, "1000".parse().unwrap()).await.unwrap();
    assert_ne!(arrived.status, InboundStatus::Unassigned);
    (sandbox, from, to)
}

#[tokio::test]
async fn money_that_was_sent_is_there() {
    let (sandbox, from, to) = funded().await;
    let client = sandbox.client();
    let balance = client
        .accounts()
        .get(&from)
        .await
        .unwrap()
        .available_balance;
    assert_eq!(balance, Some("1000".parse().unwrap()));
    let empty = client.accounts().get(&to).await.unwrap().available_balance;
    assert_eq!(empty, Some("0".parse().unwrap()));
    assert!(sandbox.trial_balance().await.unwrap().balanced);

    let too_fine = sandbox.fund(&from, "0.001".parse().unwrap()).await;
    assert!(
        matches!(too_fine, Err(SandboxError::Call(error)) if error.kind() == ErrorKind::Refused)
    );
    let error = sandbox.account("FIAT_TESTNET_EUR").unwrap_err();
    assert!(error.to_string().contains(DOLLARS), "{error}");
}

#[tokio::test]
async fn each_fault_does_what_it_says() {
    let (sandbox, from, to) = funded().await;
    let patient = sandbox.client();
    let once = layer2_sdk::mock::builder(sandbox.info())
        .unwrap()
        .retry(RetryPolicy::never())
        .build()
        .unwrap();
    let order = TransferRequest::new(from, to, "1".parse().unwrap());
    for (fault, kind, outcome) in [
        (Fault::reply_lost(), ErrorKind::ReplyLost, Outcome::Unknown),
        (Fault::reset(), ErrorKind::ReplyLost, Outcome::Unknown),
        (Fault::truncated(), ErrorKind::ReplyCut, Outcome::Done),
        (
            Fault::rate_limited(),
            ErrorKind::RateLimited,
            Outcome::NotDone,
        ),
        (
            Fault::status(StatusCode::BAD_GATEWAY),
            ErrorKind::Server,
            Outcome::Unknown,
        ),
        (
            Fault::status(StatusCode::SERVICE_UNAVAILABLE).retry_after_seconds(1),
            ErrorKind::Server,
            Outcome::Unknown,
        ),
    ] {
        let fault = fault.on(OperationId::TransfersCreate);
        sandbox.order(fault.clone()).await.unwrap();
        let error = once.transfers().create(&order).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.outcome()),
            (kind, outcome),
            "{fault:?}"
        );
        // Ordered once, it hits once.
        patient.transfers().create(&order).await.unwrap();
    }
    let fault = Fault::unknown_enum_value().on(OperationId::TransfersCreate);
    sandbox.order(fault).await.unwrap();
    let transfer = patient.transfers().create(&order).await.unwrap();
    assert!(!transfer.status.as_ref().unwrap().is_known());
}

#[tokio::test]
async fn faults_are_aimed() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = sandbox.client();
    let customers = || async {
        let listed = client
            .customers()
            .list(&CustomersListParams::new())
            .await
            .unwrap();
        listed.attempts()
    };
    assert_eq!(customers().await, 1);
    let fault = Fault::expired_token()
        .on(OperationId::CustomersList)
        .from_match(2);
    sandbox.order(fault).await.unwrap();
    assert_eq!(customers().await, 1);
    assert_eq!(customers().await, 2);
    assert_eq!(customers().await, 1);

    let id = layer2_sdk::payments::CustomerId::new(sandbox.info().customers[0].id.as_str());
    let id = id.unwrap();
    let fault = Fault::expired_token().object(id.as_str()).unwrap();
    sandbox.order(fault).await.unwrap();
    assert_eq!(customers().await, 1);
    assert_eq!(client.customers().get(&id).await.unwrap().attempts(), 2);
    assert!(Fault::reset().object("../x").is_err());
}

#[tokio::test]
async fn operations_of_every_api_can_be_aimed_at() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = sandbox.client();
    let lost = Fault::reply_lost().on(plaid::OperationId::SandboxPublicTokenCreate);
    sandbox.order(lost).await.unwrap();
    let broken = Fault::status(StatusCode::BAD_GATEWAY).on(accounting::OperationId::BusinessesGet);
    sandbox.order(broken).await.unwrap();

    let link: plaid::SandboxPublicTokenCreateRequest =
        serde_json::from_str(r#"{"institution_id":"ins_109508","initial_products":["auth"]}"#)
            .unwrap();
    let error = client.plaid().sandbox().public_token_create(&link).await;
    let error = error.unwrap_err();
    // It takes no key, so it is not sent again.
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::ReplyLost, Outcome::Unknown)
    );
    let business = "11111111-2222-4333-8444-555555555555".parse().unwrap();
    let error = client.accounting().businesses().get(&business).await;
    let error = error.unwrap_err();
    assert_eq!(
        error.attempts(),
        2,
        "a read is, and then says what there is"
    );
    assert_eq!(error.status(), Some(StatusCode::NOT_FOUND));
}

#[tokio::test]
async fn a_webhook_that_does_not_come_is_explained() {
    let sandbox = Sandbox::start().await.unwrap();
    let told = |error: SandboxError| match error {
        SandboxError::NoWebhook { seen, .. } => seen,
        other => panic!("{other}"),
    };
    let error = sandbox
        .expect_webhook(EventType::TransactionPosted)
        .await
        .unwrap_err();
    assert_eq!(told(error), "nobody is subscribed to it");

    // Nobody listens there.
    let url = "http://127.0.0.1:9/hooks";
    for event_type in [EventType::TransactionPosted, EventType::CustomerActive] {
        let request = SubscriptionRequest::new(event_type, url.to_owned());
        sandbox
            .client()
            .subscriptions()
            .create(&request)
            .await
            .unwrap();
    }
    let error = sandbox
        .expect_webhook(EventType::CustomerActive)
        .await
        .unwrap_err();
    assert!(told(error).contains("nothing was sent"));

    let dollars = sandbox.account(DOLLARS).unwrap();
    sandbox.fund(&dollars, "1".parse().unwrap()).await.unwrap();
    let error = sandbox
        .expect_webhook(EventType::CustomerActive)
        .await
        .unwrap_err();
    assert!(told(error).contains("1 TRANSACTION_POSTED"));
    let error = sandbox
        .expect_webhook(EventType::TransactionPosted)
        .await
        .unwrap_err();
    let seen = told(error);
    assert!(seen.contains(url) && seen.contains("unreachable"), "{seen}");
    let unexpected = sandbox
        .expect_no_webhook(EventType::TransactionPosted)
        .await;
    assert!(matches!(
        unexpected,
        Err(SandboxError::UnexpectedWebhook { count: 1, .. })
    ));

    // Two days are enough for every try of the schedule.
    sandbox
        .advance(Duration::from_secs(48 * 3_600))
        .await
        .unwrap();
    let log = sandbox.webhooks().await.unwrap();
    assert_eq!(log[0].state, DeliveryState::Failed);
}

#[tokio::test]
async fn sandboxes_of_one_server_do_not_see_each_other() {
    let server = SandboxServer::start().await.unwrap();
    let a = Sandbox::on(&server).await.unwrap();
    let b = Sandbox::at(server.url(), server.control_token())
        .await
        .unwrap();
    let account = a.account(DOLLARS).unwrap();
    a.open_account(&account, "ONLY_HERE").await.unwrap();
    let here = AccountId::new("ONLY_HERE").unwrap();
    assert!(a.client().accounts().get(&here).await.is_ok());
    let elsewhere = b.client().accounts().get(&here).await.unwrap_err();
    assert_eq!(elsewhere.kind(), ErrorKind::NotFound);
    a.delete().await.unwrap();
    assert!(b.client().accounts().get(&here).await.is_err());
}
