//! The client against the mock server, over real HTTP and with real clocks.

use futures_util::TryStreamExt as _;
use layer2_sdk::Amount;
use layer2_sdk::Client;
use layer2_sdk::Upload;
use layer2_sdk::control::ClockAdvanceRequest;
use layer2_sdk::control::FaultRequest;
use layer2_sdk::control::InboundRequest;
use layer2_sdk::control::SandboxName;
use layer2_sdk::mock::SandboxServer;
use layer2_sdk::payments::AccountId;
use layer2_sdk::payments::AccountOpenRequest;
use layer2_sdk::payments::Customer;
use layer2_sdk::payments::CustomersListParams;
use layer2_sdk::payments::TransactionsListForAccountParams;
use layer2_sdk::payments::TransferRequest;

/// A funded account in dollars and an empty one beside it, both of the same customer.
async fn accounts(client: &Client, server: &SandboxServer) -> (AccountId, AccountId) {
    let info = server.info();
    let dollars = info
        .accounts
        .iter()
        .find(|account| account.asset_type_id.as_str() == "FIAT_TESTNET_USD");
    let given = dollars.expect("a new sandbox has an account in dollars");
    let source = AccountId::new(given.id.as_str()).unwrap();
    let product = client
        .accounts()
        .get(&source)
        .await
        .unwrap()
        .product_id
        .clone()
        .unwrap();
    let open: AccountOpenRequest = serde_json::from_str(&format!(
        r#"{{"customer_id":"{}","account_to_open":{{"account_id":"SECOND_USD","product_id":"{product}","asset_type_id":"FIAT_TESTNET_USD"}}}}"#,
        given.customer_id
    ))
    .unwrap();
    client.accounts().open(&open).await.unwrap();
    let money: InboundRequest =
        serde_json::from_str(&format!(r#"{{"account_id":"{source}","amount":1000}}"#)).unwrap();
    client
        .control()
        .inbound()
        .create(&info.sandbox, &money)
        .await
        .unwrap();
    client
        .control()
        .clock()
        .settle(&info.sandbox)
        .await
        .unwrap();
    (source, AccountId::new("SECOND_USD").unwrap())
}

#[tokio::test]
async fn a_signed_transfer_whose_reply_is_lost_is_done_once() {
    let server = SandboxServer::start().await.unwrap();
    let client = layer2_sdk::mock::client(&server.info()).unwrap();
    let (source, destination) = accounts(&client, &server).await;
    let sandbox = server.info().sandbox;

    let amount: Amount = "125.50".parse().unwrap();
    let order = TransferRequest::new(source, destination.clone(), amount);
    let transfer = client.transfers().create(&order).await.unwrap();
    let fault: FaultRequest =
        serde_json::from_str(r#"{"kind":"reply_lost","operation":"payments.transfers_accept"}"#)
            .unwrap();
    client
        .control()
        .faults()
        .create(&sandbox, &fault)
        .await
        .unwrap();
    let accepted = client.transfers().accept(&transfer.id).await.unwrap();
    assert_eq!(accepted.attempts(), 2);
    client.control().clock().settle(&sandbox).await.unwrap();

    let account = client.accounts().get(&destination).await.unwrap();
    assert_eq!(account.available_balance, Some(amount));
    let params = TransactionsListForAccountParams::new().with_page_size(1);
    let stream = client
        .transactions()
        .list_for_account_stream(&destination, params);
    let rows: Vec<_> = stream.try_collect().await.unwrap();
    assert_eq!(rows.len(), 1);
    assert!(
        client
            .control()
            .ledger()
            .trial_balance(&sandbox)
            .await
            .unwrap()
            .balanced
    );
}

#[tokio::test]
async fn expired_tokens_and_a_moved_business_clock_are_not_noticed_by_the_caller() {
    let server = SandboxServer::start().await.unwrap();
    let client = layer2_sdk::mock::client(&server.info()).unwrap();
    let sandbox = server.info().sandbox;
    let params = CustomersListParams::new();
    let customers: Vec<Customer> = client
        .customers()
        .list_stream(params.clone())
        .try_collect()
        .await
        .unwrap();
    assert_eq!(customers.len(), server.info().customers.len());

    client
        .control()
        .clock()
        .expire_tokens(&sandbox)
        .await
        .unwrap();
    client
        .control()
        .clock()
        .advance(&sandbox, &ClockAdvanceRequest::new(30 * 86_400))
        .await
        .unwrap();
    let page = client.customers().list(&params).await.unwrap();
    assert_eq!(page.attempts(), 2);
    assert_eq!(page.items.len(), customers.len());
}

#[tokio::test]
async fn a_sandbox_goes_into_a_file_and_comes_back() {
    let server = SandboxServer::start().await.unwrap();
    let client = layer2_sdk::mock::client(&server.info()).unwrap();
    let (source, destination) = accounts(&client, &server).await;
    let (name, sandboxes) = (server.info().sandbox, client.control());
    let before = server.snapshot(name.as_str());
    let export = sandboxes.sandboxes().export(&name).await.unwrap();
    assert_eq!(export.file_name(), Some("default.layer2"));
    let file = Upload::of_sandbox(export.bytes().clone()).unwrap();

    let order = TransferRequest::new(source.clone(), destination, "1".parse().unwrap());
    client.transfers().create(&order).await.unwrap();
    assert_ne!(server.snapshot(name.as_str()), before);
    sandboxes.sandboxes().restore(&name, &file).await.unwrap();
    assert_eq!(server.snapshot(name.as_str()), before);

    let other = SandboxName::new("other").unwrap();
    let made = sandboxes.sandboxes().import(&other, &file).await.unwrap();
    let copy = layer2_sdk::mock::client(&made).unwrap();
    let account = copy.accounts().get(&source).await.unwrap();
    assert_eq!(account.available_balance, Some("1000".parse().unwrap()));
}
