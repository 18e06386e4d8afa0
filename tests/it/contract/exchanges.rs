//! Money that is changed for other money, and what sets the price.

use serde_json::json;

use super::Contract;

/// Both kinds of orders, an acceptance, and a rate that is pinned.
pub(super) async fn exchanges(contract: &mut Contract) {
    let customer = contract.info.customers[0].id.to_string();
    for (account, asset) in [
        ("CONTRACT_USD", "FIAT_TESTNET_USD"),
        ("CONTRACT_USDC", "ETHEREUM_SEPOLIA_USDC"),
    ] {
        let open = json!({"customer_id": customer, "account_to_open": {
            "account_id": account, "product_id": "DEPOSIT_BASIC", "asset_type_id": asset}});
        contract
            .call("payments.accounts_open", &[], "", Some(open))
            .await;
    }
    let inbound = json!({"account_id": "CONTRACT_USD", "amount": 200});
    contract
        .call("control.inbound_create", &[], "", Some(inbound))
        .await;

    let order = json!({"source_account_id": "CONTRACT_USD", "destination_account_id": "CONTRACT_USDC",
        "amount": 100, "action": "FIX_DESTINATION", "description": "contract"});
    let quote = "payments.exchanges_create_quote";
    contract.call(quote, &[], "", Some(order.clone())).await;
    let market = "payments.exchanges_create_market";
    let requested = contract.call(market, &[], "", Some(order.clone())).await;
    let id = requested["data"]["id"]
        .as_str()
        .expect("an exchange has an id")
        .to_owned();
    let exchange = ["exchange_id", &id];
    let slippage = json!({"maximum_slippage": 0.001});
    contract
        .call("payments.exchanges_accept", &[exchange], "", Some(slippage))
        .await;
    let read = contract
        .call("payments.exchanges_get", &[exchange], "", None)
        .await;
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
    contract
        .call("control.rates_pin", &[], "", Some(rate))
        .await;
    let rates = contract.call("control.rates_list", &[], "", None).await;
    let rows = rates["data"]["rates"].as_array().expect("a list");
    assert!(rows.iter().any(|row| row["pinned"] == true));
    let requested = contract.call(quote, &[], "", Some(order)).await;
    let debit = &requested["data"]["source_details"]["amount_to_debit"];
    assert_eq!(debit.to_string(), "200");
    contract.call("control.rates_unpin", &pair, "", None).await;
}
