//! Money that leaves: who gets it, what that costs, and how it ends.

use serde_json::{Value, json};

use super::Contract;

/// A counterparty is registered, and money of the account that `payments` has filled goes to it.
pub(super) async fn money_out(contract: &mut Contract) {
    let made = contract
        .call(
            "payments.counterparties_create",
            &[],
            "",
            Some(landlord(contract)),
        )
        .await;
    let landlord = id_of(&made);
    let key = ["counterparty_id", landlord.as_str()];
    contract
        .call("payments.counterparties_get", &[key], "", None)
        .await;
    contract
        .call("payments.counterparties_list", &[], "?page_size=1", None)
        .await;
    let update = json!({"updates": [{"field": "description", "value": "Landlord"}]});
    contract
        .call("payments.counterparties_update", &[key], "", Some(update))
        .await;
    let status = json!({"status": "EDD", "reason": "a review"});
    contract
        .call(
            "control.decisions_counterparty_status",
            &[key],
            "",
            Some(status),
        )
        .await;
    let fees = json!({"withdrawal_fees": [{"rail": "FEDWIRE", "asset_type_id": "FIAT_TESTNET_USD", "amount": 0.75}]});
    contract
        .call("control.outgoing_set_fees", &[], "", Some(fees))
        .await;
    contract
        .call("control.outgoing_list_fees", &[], "", None)
        .await;

    let withdrawal = json!({"withdrawal_rail": "FEDWIRE", "source_account_id": "CONTRACT_A",
        "destination_counterparty_id": landlord, "amount": 10.5, "purpose": "RENTAL_PROPERTY", "memo": "RENT03"});
    let mut ids = Vec::new();
    for _ in 0..2 {
        let made = contract
            .call(
                "payments.withdrawals_create",
                &[],
                "",
                Some(withdrawal.clone()),
            )
            .await;
        ids.push(id_of(&made));
    }
    let sent = ["withdrawal_id", ids[0].as_str()];
    contract
        .call("payments.withdrawals_accept", &[sent], "", None)
        .await;
    let read = contract
        .call("payments.withdrawals_get", &[sent], "", None)
        .await;
    assert_eq!(read["data"]["status"], "EXECUTED");
    contract
        .call("payments.withdrawals_get_status", &[sent], "", None)
        .await;
    let receipt = contract
        .download("payments.withdrawals_get_receipt", &[sent])
        .await;
    assert!(receipt.contains("10.5 FIAT_TESTNET_USD"), "{receipt}");
    contract
        .call(
            "payments.withdrawals_cancel",
            &[["withdrawal_id", &ids[1]]],
            "",
            None,
        )
        .await;
    let returned = json!({"outcome": "RETURNED", "reason": "a closed account"});
    contract
        .call(
            "control.outgoing_decide_withdrawal",
            &[sent],
            "",
            Some(returned),
        )
        .await;
    let account = contract
        .call(
            "payments.accounts_get",
            &[["account_id", "CONTRACT_A"]],
            "",
            None,
        )
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

fn id_of(reply: &Value) -> String {
    let id = reply["data"]["id"].as_str();
    id.unwrap_or_else(|| panic!("no id in {reply}")).to_owned()
}
