//! Money that comes in, and the statements that tell of it.

use serde_json::json;

use super::{Contract, text};

/// Instructions, an address, and money by both; what names nobody is assigned and returned.
pub(super) async fn deposits(contract: &mut Contract, customer: &str) {
    let push = |account: &str| json!({"deposit_type": "PUSH", "deposit_destination": {"destination_account_id": account}});
    let made = contract
        .tell("payments.deposits_create", &[], push("CONTRACT_B"))
        .await;
    let deposit = text(&made["data"]["id"]);
    let memo = &made["data"]["deposit_source"]["deposit_instructions"][0]["memo"];
    let wire = json!({"memo": memo, "amount": 12.5, "originator_name": "Globex"});
    let money = contract.tell("control.inbound_create", &[], wire).await;
    assert_eq!(text(&money["data"]["deposit_id"]), deposit);
    contract.ask("control.clock_settle", &[]).await;
    let read = contract
        .ask("payments.deposits_get", &[["deposit_id", deposit]])
        .await;
    assert_eq!(read["data"]["status"], "EXECUTED");

    // No bank account can be linked yet, so nothing can be pulled; what is pushed is not accepted.
    contract
        .refuse(
            "payments.deposits_accept",
            &[["deposit_id", deposit]],
            400,
            "DEPOSIT_NOT_ACCEPTABLE",
        )
        .await;

    let open = json!({"customer_id": customer, "account_to_open": {
        "account_id": "CONTRACT_BTC", "product_id": "DEPOSIT_BASIC", "asset_type_id": "BITCOIN_TESTNET_BTC"}});
    contract.tell("payments.accounts_open", &[], open).await;
    let coins = ["account_id", "CONTRACT_BTC"];
    let lease = contract
        .ask("payments.accounts_request_address", &[coins])
        .await;
    contract
        .tell("payments.deposits_create", &[], push("CONTRACT_BTC"))
        .await;
    let coins = json!({"address": lease["data"]["wallet_address"], "amount": 0.5});
    contract.tell("control.inbound_create", &[], coins).await;

    let lost = json!({"memo": "Rent", "asset_type_id": "FIAT_TESTNET_USD", "amount": 5});
    let lost = contract.tell("control.inbound_create", &[], lost).await;
    contract
        .list("control.inbound_list", "?status=UNASSIGNED")
        .await;
    let id = text(&lost["data"]["id"]);
    let lost = ["inbound_id", id];
    let account = json!({"account_id": "CONTRACT_B"});
    contract
        .tell("control.inbound_assign", &[lost], account)
        .await;
    contract.ask("control.clock_settle", &[]).await;
    let reason = json!({"reason": "a test"});
    let returned = contract
        .tell("control.inbound_return", &[lost], reason)
        .await;
    assert!(returned["data"]["correction_id"].is_string(), "{returned}");
}

/// A month goes by, and the account of `payments` has a statement of it.
pub(super) async fn statements(contract: &mut Contract) {
    let month = json!({"seconds": 31 * 24 * 60 * 60});
    contract.tell("control.clock_advance", &[], month).await;
    contract.renew_tokens().await;
    let account = ["account_id", "CONTRACT_A"];
    let list = contract.ask("payments.statements_list", &[account]).await;
    let id = text(&list["data"]["statements"][0]["id"]);
    let read = contract
        .ask("payments.statements_get", &[account, ["statement_id", id]])
        .await;
    assert_eq!(read["data"]["opening_balance"], 0, "{read}");
}
