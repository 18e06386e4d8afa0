//! Money that is changed for other money, and what sets the price.

use serde_json::json;

use super::{Contract, text};

/// Both kinds of orders, an acceptance, and a rate that is pinned.
pub(super) async fn exchanges(contract: &mut Contract) {
    let customer = contract.info.customers[0].id.to_string();
    for (account, asset) in [
        ("CONTRACT_USD", "FIAT_TESTNET_USD"),
        ("CONTRACT_USDC", "ETHEREUM_SEPOLIA_USDC"),
    ] {
        let open = json!({"customer_id": customer, "account_to_open": {
            "account_id": account, "product_id": "DEPOSIT_BASIC", "asset_type_id": asset}});
        contract.tell("payments.accounts_open", &[], open).await;
    }
    let inbound = json!({"account_id": "CONTRACT_USD", "amount": 200});
    contract.tell("control.inbound_create", &[], inbound).await;

    let order = json!({"source_account_id": "CONTRACT_USD", "destination_account_id": "CONTRACT_USDC",
        "amount": 100, "action": "FIX_DESTINATION", "description": "contract"});
    let quote = "payments.exchanges_create_quote";
    contract.tell(quote, &[], order.clone()).await;
    let market = "payments.exchanges_create_market";
    let requested = contract.tell(market, &[], order.clone()).await;
    let exchange = ["exchange_id", text(&requested["data"]["id"])];
    let slippage = json!({"maximum_slippage": 0.001});
    contract
        .tell("payments.exchanges_accept", &[exchange], slippage)
        .await;
    let read = contract.ask("payments.exchanges_get", &[exchange]).await;
    assert_eq!(read["data"]["status"], "EXECUTED");
    assert_eq!(
        read["data"]["source_details"]["amount_to_debit"].to_string(),
        "101"
    );

    let pair = [
        ["source_asset_type_id", "FIAT_TESTNET_USD"],
        ["destination_asset_type_id", "ETHEREUM_SEPOLIA_USDC"],
    ];
    let rate = json!({pair[0][0]: pair[0][1], pair[1][0]: pair[1][1], "rate": 0.5});
    contract.tell("control.rates_pin", &[], rate).await;
    let rates = contract.ask("control.rates_list", &[]).await;
    let rows = rates["data"]["rates"].as_array().expect("a list");
    assert!(rows.iter().any(|row| row["pinned"] == true));
    let requested = contract.tell(quote, &[], order).await;
    let debit = &requested["data"]["source_details"]["amount_to_debit"];
    assert_eq!(debit.to_string(), "200");
    contract.ask("control.rates_unpin", &pair).await;
}
