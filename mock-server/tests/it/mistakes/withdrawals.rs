//! Withdrawals, and deposits that are asked for.

use serde_json::{Value, json};

use super::{
    counterparties::bank,
    setting::{Call, Mistake, Setting, accept, control, get, opening, patch, post, update},
};

const COUNTERPARTIES: &str = "/api/v1/counterparties";
const DEPOSITS: &str = "/api/v1/deposits";
const WITHDRAWALS: &str = "/api/v1/withdrawals";

pub(super) async fn set_up(at: &mut Setting) {
    at.make("landlord", post(COUNTERPARTIES, bank("ACME")))
        .await;
    at.make("closed", post(COUNTERPARTIES, bank("ACME"))).await;
    at.make("janes", post(COUNTERPARTIES, bank("JANE"))).await;
    at.make("late", post(WITHDRAWALS, to("{landlord}", 5)))
        .await;
    let hour = json!({"seconds": 3_601});
    at.ok(post(&control("/clock/advance"), hour)).await;
    let cold = opening(&at.server, "ACME_COLD", "FIAT_TESTNET_USD");
    at.ok(post("/api/v1/accounts/deposits", cold)).await;
    at.make("cold", post(WITHDRAWALS, of("ACME_COLD", "{landlord}", 5)))
        .await;
    let cold = "/api/v1/accounts/deposits/ACME_COLD";
    at.ok(patch(cold, update("status", "FROZEN"))).await;
    at.make("to closed", post(WITHDRAWALS, to("{closed}", 5)))
        .await;
    let closed = json!({"status": "CLOSED"});
    at.ok(post(&control("/counterparties/{closed}/status"), closed))
        .await;
    at.make(
        "done",
        post(WITHDRAWALS, to("{landlord}", 5)).key("requested"),
    )
    .await;
    at.make("waiting", post(WITHDRAWALS, to("{landlord}", 6)))
        .await;
    at.make("unaffordable", post(WITHDRAWALS, to("{landlord}", 500)))
        .await;
    at.ok(accept("/api/v1/withdrawals/{done}/accept").key("accepted"))
        .await;
    at.make("deposit", post(DEPOSITS, push("ACME_USD")).key("asked"))
        .await;
    at.caller.settle().await;
}

pub(super) fn mistakes(at: &Setting) -> Vec<Mistake> {
    let mut all = at.requests(requesting());
    all.extend(at.requests(going_on()));
    all.extend(at.requests(deposits()));
    all
}

fn requesting() -> Vec<(&'static str, Call)> {
    let send = |body: Value| post(WITHDRAWALS, body);
    let with = |member: &str, value: &str| {
        let mut body = to("{landlord}", 5);
        body[member] = json!(value);
        post(WITHDRAWALS, body)
    };
    let amount = |amount: &str| {
        let body = to("{landlord}", 5).to_string();
        post(
            WITHDRAWALS,
            body.replace("\"amount\":5", &format!("\"amount\":{amount}")),
        )
    };
    vec![
        (
            "withdrawal_to_unknown_counterparty",
            send(to("{foreign}", 5)),
        ),
        ("withdrawal_to_closed_counterparty", send(to("{closed}", 5))),
        (
            "withdrawal_to_counterparty_of_another",
            send(to("{janes}", 5)),
        ),
        (
            "withdrawal_of_frozen_account",
            send(of("ACME_COLD", "{landlord}", 5)),
        ),
        (
            "withdrawal_of_another_asset",
            send(of("JANE_BTC", "{landlord}", 5)),
        ),
        (
            "withdrawal_by_a_rail_not_registered",
            with("withdrawal_rail", "SWIFT"),
        ),
        (
            "withdrawal_purpose_not_fitting",
            with("purpose", "PERSONAL_ACCOUNT"),
        ),
        ("withdrawal_of_nothing", amount("0")),
        (
            "withdrawal_beyond_the_books",
            amount("9999999999999999999999999999"),
        ),
        ("withdrawal_with_too_many_decimals", amount("5.001")),
        (
            "withdrawal_with_key_of_another",
            amount("7").key("requested"),
        ),
    ]
}

fn going_on() -> Vec<(&'static str, Call)> {
    let path = |id: &str, rest: &str| format!("{WITHDRAWALS}/{id}{rest}");
    let of = |id: &str| accept(&path(id, "/accept"));
    vec![
        ("withdrawal_unknown", get(&path("{foreign}", ""))),
        (
            "withdrawal_status_unknown",
            get(&path("{foreign}", "/status")),
        ),
        ("accept_unknown", of("{foreign}")),
        ("accept_twice", of("{done}")),
        ("accept_too_late", of("{late}")),
        ("accept_of_frozen_account", of("{cold}")),
        ("accept_to_closed_counterparty", of("{to closed}")),
        ("accept_of_more_than_there_is", of("{unaffordable}")),
        (
            "accept_with_key_of_another",
            of("{waiting}").key("accepted"),
        ),
        ("cancel_unknown", post(&path("{foreign}", "/cancel"), "")),
        (
            "cancel_after_execution",
            post(&path("{done}", "/cancel"), ""),
        ),
        ("receipt_unknown", get(&path("{foreign}", "/receipt"))),
        // The accept was forgotten, so there is nothing to show.
        (
            "receipt_before_acceptance",
            get(&path("{waiting}", "/receipt")),
        ),
    ]
}

fn deposits() -> Vec<(&'static str, Call)> {
    let of = |id: &str| accept(&format!("{DEPOSITS}/{id}/accept"));
    vec![
        (
            "deposit_for_unknown_account",
            post(DEPOSITS, push("ACME_USB")),
        ),
        (
            "deposit_for_frozen_account",
            post(DEPOSITS, push("ACME_COLD")),
        ),
        (
            "deposit_from_closed_counterparty",
            post(DEPOSITS, pull("ACME_USD", "{closed}")),
        ),
        (
            "deposit_from_unlinked_counterparty",
            post(DEPOSITS, pull("ACME_USD", "{landlord}")),
        ),
        (
            "deposit_of_bitcoin_pulled",
            post(DEPOSITS, pull("JANE_BTC", "{landlord}")),
        ),
        (
            "deposit_with_key_of_another",
            post(DEPOSITS, push("JANE_USD")).key("asked"),
        ),
        ("deposit_unknown", get("/api/v1/deposits/{foreign}")),
        ("deposit_accept_unknown", of("{foreign}")),
        ("deposit_that_is_pushed_accepted", of("{deposit}")),
    ]
}

pub(super) fn to(counterparty: &str, amount: u32) -> Value {
    of("ACME_USD", counterparty, amount)
}

fn of(source: &str, counterparty: &str, amount: u32) -> Value {
    json!({"withdrawal_rail": "ACH", "source_account_id": source, "destination_counterparty_id": counterparty,
        "amount": amount, "purpose": "RENTAL_PROPERTY", "description": "Rent of March", "memo": "RENT03"})
}

fn push(account: &str) -> Value {
    json!({"deposit_type": "PUSH", "deposit_destination": {"destination_account_id": account}})
}

fn pull(account: &str, counterparty: &str) -> Value {
    json!({"deposit_type": "PULL", "deposit_destination": {"destination_account_id": account},
        "deposit_source": {"source_counterparty_id": counterparty}, "deposit_details": {"amount": 5}})
}
