//! Money that leaves: who gets it, what that costs, and how it ends.

use serde_json::{Value, json};

use super::{Contract, text};

/// A counterparty is registered, and money of the account that `payments` has filled goes to it.
pub(super) async fn money_out(contract: &mut Contract) {
    let made = contract
        .tell("payments.counterparties_create", &[], landlord(contract))
        .await;
    let landlord = text(&made["data"]["id"]);
    let key = ["counterparty_id", landlord];
    contract.ask("payments.counterparties_get", &[key]).await;
    contract
        .list("payments.counterparties_list", "?page_size=1")
        .await;
    let update = json!({"updates": [{"field": "description", "value": "Landlord"}]});
    contract
        .tell("payments.counterparties_update", &[key], update)
        .await;
    let status = json!({"status": "EDD", "reason": "a review"});
    contract
        .tell("control.decisions_counterparty_status", &[key], status)
        .await;
    let fees = json!({"withdrawal_fees": [{"rail": "FEDWIRE", "asset_type_id": "FIAT_TESTNET_USD", "amount": 0.75}]});
    contract.tell("control.outgoing_set_fees", &[], fees).await;
    contract.ask("control.outgoing_list_fees", &[]).await;

    let withdrawal = json!({"withdrawal_rail": "FEDWIRE", "source_account_id": "CONTRACT_A",
        "destination_counterparty_id": landlord, "amount": 10.5, "purpose": "RENTAL_PROPERTY", "memo": "RENT03"});
    let mut ids = Vec::new();
    for _ in 0..2 {
        let made = contract
            .tell("payments.withdrawals_create", &[], withdrawal.clone())
            .await;
        ids.push(text(&made["data"]["id"]).to_owned());
    }
    let sent = ["withdrawal_id", ids[0].as_str()];
    contract.ask("payments.withdrawals_accept", &[sent]).await;
    let read = contract.ask("payments.withdrawals_get", &[sent]).await;
    assert_eq!(read["data"]["status"], "EXECUTED");
    contract
        .ask("payments.withdrawals_get_status", &[sent])
        .await;
    let receipt = contract
        .download("payments.withdrawals_get_receipt", &[sent])
        .await;
    assert!(receipt.contains("10.5 FIAT_TESTNET_USD"), "{receipt}");
    contract
        .ask("payments.withdrawals_cancel", &[["withdrawal_id", &ids[1]]])
        .await;
    let returned = json!({"outcome": "RETURNED", "reason": "a closed account"});
    contract
        .tell("control.outgoing_decide_withdrawal", &[sent], returned)
        .await;
    let account = contract
        .ask("payments.accounts_get", &[["account_id", "CONTRACT_A"]])
        .await;
    assert_eq!(account["data"]["current_balance"].to_string(), "99.25");
}

fn landlord(contract: &Contract) -> Value {
    let address = json!({"address_line1": "9 Example Wharf", "city": "Boston", "state": "MA",
        "postal_code": "02110", "country_code": "US"});
    json!({"counterparty_type": "FIAT_US", "customer_id": contract.info.customers[0].id,
        "supported_rails": ["ACH", "FEDWIRE"],
        "profile": {"profile_type": "CORPORATION", "name": "Harbor Estates LLC", "address": address},
        "account_information": {"asset_type_id": "FIAT_TESTNET_USD", "account_number": "000123456789",
            "routing_number": "021001208", "institution_name": "Example Bank", "institution_address": address}})
}
