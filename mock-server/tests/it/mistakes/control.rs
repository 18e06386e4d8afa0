//! The control API.

use layer2_mock::RULES_VERSION;
use serde_json::{Value, json};

use super::{
    counterparties::bank,
    setting::{
        Call, Mistake, Setting, accept, control, delete, get, opening, patch, post, put, update,
    },
};

const WITHDRAWALS: &str = "/api/v1/withdrawals";

pub(super) async fn set_up(at: &mut Setting) {
    at.make("application", post("/api/v1/applications", application()))
        .await;
    at.make("landlord", post("/api/v1/counterparties", bank("ACME")))
        .await;
    at.make("wallet", post("/api/v1/counterparties", wallet()))
        .await;
    withdrawals(at).await;
    delivery(at).await;
    let nobody =
        json!({"memo": "nobody knows it", "asset_type_id": "FIAT_TESTNET_USD", "amount": 5});
    at.make("suspense", post(&control("/inbound"), nobody.clone()))
        .await;
    at.make("returned", post(&control("/inbound"), nobody))
        .await;
    at.ok(post(&control("/inbound/{returned}/return"), json!({})))
        .await;
    files(at).await;
    let fault = json!({"kind": "reset", "operation": "payments.settlements_get"});
    for _ in 0..100 {
        at.ok(post(&control("/faults"), &fault)).await;
    }
    at.caller.settle().await;
}

/// An export, and what differs from it in what stands in clear.
async fn files(at: &mut Setting) {
    let file = at.caller.export().await;
    let changed = |from: &str, to: &str| {
        let at = file
            .windows(from.len())
            .position(|part| part == from.as_bytes());
        let at = at.expect(from);
        [&file[..at], to.as_bytes(), &file[at + from.len()..]].concat()
    };
    let title = file.split(|byte| *byte == b'\n').nth(1).expect("a line");
    let title: Value = serde_json::from_slice(title).expect("JSON");
    let seed = title["made_under"].as_str().expect("text");
    let rules = |version: u32| format!(r#""rules_version":{version},"#);
    at.files.extend([
        ("other name", changed(r#""default""#, r#""deflate""#)),
        ("other seed", changed(seed, "0123456789abcdef")),
        ("newer rules", changed(&rules(RULES_VERSION), &rules(999))),
        (
            "other form",
            changed("layer2-sandbox-2", "layer2-sandbox-1"),
        ),
        ("file", file),
    ]);
}

/// A withdrawal that waits, one that cannot come back to a closed account, one that cannot come back into full books.
async fn withdrawals(at: &mut Setting) {
    at.make(
        "waiting",
        post(WITHDRAWALS, withdrawal("ACME_USD", "ACH", "{landlord}")),
    )
    .await;
    let old = opening(&at.server, "ACME_OLD", "FIAT_TESTNET_USD");
    at.ok(post("/api/v1/accounts/deposits", old)).await;
    for account in ["ACME_OLD", "JANE_BTC"] {
        let inbound = json!({"account_id": account, "amount": 5});
        at.ok(post(&control("/inbound"), inbound)).await;
    }
    let old = withdrawal("ACME_OLD", "ACH", "{landlord}");
    at.make("of closed", post(WITHDRAWALS, old)).await;
    at.ok(accept("/api/v1/withdrawals/{of closed}/accept"))
        .await;
    let bitcoin = withdrawal("JANE_BTC", "CRYPTO", "{wallet}");
    at.make("of full", post(WITHDRAWALS, bitcoin)).await;
    at.ok(accept("/api/v1/withdrawals/{of full}/accept")).await;
    at.caller.settle().await;
    let closed = update("status", "CLOSED");
    at.ok(patch("/api/v1/accounts/deposits/ACME_OLD", closed))
        .await;
    let all = r#"{"account_id":"JANE_BTC","amount":99999999999999999999.99999999}"#;
    at.ok(post(&control("/inbound"), all)).await;
}

/// A delivery that nobody took, of a subscription that is gone.
async fn delivery(at: &mut Setting) {
    let hook = r#"{"event_type":"TRANSACTION_POSTED","callback_url":"http://127.0.0.1:1/hook"}"#;
    at.make("subscription", post("/api/v1/subscriptions", hook))
        .await;
    at.caller.fund("5").await;
    at.caller.settle().await;
    let listed = at.ok(get(&control("/deliveries"))).await;
    let id = listed["data"]["deliveries"][0]["id"].as_str().expect("id");
    at.remember("delivery", id);
    at.ok(delete("/api/v1/subscriptions/{subscription}")).await;
}

pub(super) fn mistakes(at: &Setting) -> Vec<Mistake> {
    let mut all = at.requests(requests());
    all.extend(at.requests(unknown_sandbox()));
    all.extend(at.requests(sandboxes_and_clocks()));
    all.extend(at.requests(forks()));
    all.extend(imports(at));
    all.extend(at.requests(decisions()));
    all.extend(at.requests(inbound()));
    all.extend(at.requests(inbound_amounts()));
    all.extend(at.requests(outgoing()));
    all.extend(at.requests(rates_and_faults()));
    let form = at.request(&post(&control("/inbound"), ""));
    let form = form.header("content-type", "text/plain").body("amount=1");
    all.push(("control_body_of_text", form));
    all
}

fn requests() -> Vec<(&'static str, Call)> {
    vec![
        ("control_path_misspelled", get(&control("/clocks"))),
        ("control_method_wrong", patch(&control("/clock"), "{}")),
        (
            "control_body_malformed",
            post(&control("/clock/advance"), "{seconds:1}"),
        ),
        (
            "control_body_of_wrong_types",
            post(&control("/clock/advance"), r#"{"seconds":"an hour"}"#),
        ),
        (
            "control_body_too_large",
            post(&control("/clock/advance"), " ".repeat(65_537)),
        ),
    ]
}

/// Every operation about a sandbox, with a name that no sandbox has.
fn unknown_sandbox() -> Vec<(&'static str, Call)> {
    let of = |path: &str| format!("/_control/v1/sandboxes/defualt{path}");
    let pinned = json!({"source_asset_type_id": "FIAT_TESTNET_USD", "destination_asset_type_id": "BITCOIN_TESTNET_BTC", "rate": 1});
    vec![
        ("unknown_sandbox", get(&of(""))),
        ("unknown_sandbox_deleted", delete(&of(""))),
        ("unknown_sandbox_reset", post(&of("/reset"), "")),
        (
            "unknown_sandbox_forked",
            post(&of("/fork"), json!({"name": "third"})),
        ),
        ("unknown_sandbox_exported", get(&of("/export"))),
        ("unknown_sandbox_clock", get(&of("/clock"))),
        (
            "unknown_sandbox_advanced",
            post(&of("/clock/advance"), json!({"seconds": 1})),
        ),
        ("unknown_sandbox_settled", post(&of("/settle"), "")),
        ("unknown_sandbox_tokens", post(&of("/tokens/expire"), "")),
        ("unknown_sandbox_deliveries", get(&of("/deliveries"))),
        ("unknown_sandbox_faults", get(&of("/faults"))),
        (
            "unknown_sandbox_fault",
            post(&of("/faults"), json!({"kind": "reset"})),
        ),
        ("unknown_sandbox_faults_cleared", delete(&of("/faults"))),
        ("unknown_sandbox_inbound", get(&of("/inbound"))),
        ("unknown_sandbox_books", get(&of("/ledger/trial-balance"))),
        ("unknown_sandbox_entries", get(&of("/ledger/entries"))),
        ("unknown_sandbox_fees", get(&of("/fees"))),
        (
            "unknown_sandbox_fees_set",
            put(&of("/fees"), json!({"withdrawal_fees": []})),
        ),
        ("unknown_sandbox_rates", get(&of("/rates"))),
        ("unknown_sandbox_rate_pinned", post(&of("/rates"), pinned)),
        (
            "unknown_sandbox_rate_unpinned",
            delete(&of("/rates/FIAT_TESTNET_USD/BITCOIN_TESTNET_BTC")),
        ),
    ]
}

fn sandboxes_and_clocks() -> Vec<(&'static str, Call)> {
    let make = |body: Value| post("/_control/v1/sandboxes", body);
    vec![
        ("sandbox_made_twice", make(json!({"name": "blue"}))),
        (
            "sandbox_of_unknown_platform",
            make(json!({"settings": {"platform": "rail-2"}})),
        ),
        (
            "sandbox_with_a_misspelt_setting",
            make(json!({"name": "third", "settings": {"strikt": true}})),
        ),
        (
            "default_sandbox_deleted",
            delete("/_control/v1/sandboxes/default"),
        ),
        (
            "clock_advanced_by_ages",
            post(
                &control("/clock/advance"),
                json!({"seconds": 99_999_999_999_u64}),
            ),
        ),
        ("explained_unknown", get(&control("/explain/{foreign}"))),
        (
            "delivery_unknown",
            post(&control("/deliveries/{foreign}/redeliver"), ""),
        ),
        (
            "delivery_of_deleted_subscription",
            post(&control("/deliveries/{delivery}/redeliver"), ""),
        ),
    ]
}

fn forks() -> Vec<(&'static str, Call)> {
    let fork = |name: &str| post(&control("/fork"), json!({"name": name}));
    vec![
        ("fork_of_a_taken_name", fork("blue")),
        ("fork_of_a_name_with_a_slash", fork("a/b")),
    ]
}

fn imports(at: &Setting) -> Vec<Mistake> {
    let import = |file| at.sending("/imports/other", file);
    let restore = |file| at.sending("/sandboxes/default/restore", file);
    // What curl says of a body where it is told nothing.
    let as_curl = |path: &str| {
        at.caller
            .http
            .post(at.url(&format!("/_control/v1{path}")))
            .bearer_auth(&at.caller.control)
            .header("content-type", "application/x-www-form-urlencoded")
            .body("an export")
    };
    vec![
        ("import_without_its_type", as_curl("/imports/other")),
        (
            "restore_without_its_type",
            as_curl("/sandboxes/default/restore"),
        ),
        (
            "import_of_a_taken_name",
            at.sending("/imports/default", "file"),
        ),
        (
            "import_into_a_name_with_a_space",
            at.sending("/imports/an%20other", "file"),
        ),
        ("import_of_a_changed_file", import("other name")),
        ("import_of_another_seed", import("other seed")),
        ("import_of_newer_rules", import("newer rules")),
        ("import_of_another_form", import("other form")),
        ("restore_of_a_changed_file", restore("other name")),
        ("restore_of_another_seed", restore("other seed")),
        ("restore_of_newer_rules", restore("newer rules")),
        (
            "unknown_sandbox_restored",
            at.sending("/sandboxes/defualt/restore", "file"),
        ),
    ]
}

fn decisions() -> Vec<(&'static str, Call)> {
    let application = |id: &str| {
        let path = control(&format!("/applications/{id}/decision"));
        post(&path, json!({"decision": "APPROVED"}))
    };
    let customer = |id: &str, status: &str| {
        let path = control(&format!("/customers/{id}/status"));
        post(&path, json!({"status": status}))
    };
    let counterparty = |id: &str, status: &str| {
        let path = control(&format!("/counterparties/{id}/status"));
        post(&path, json!({"status": status}))
    };
    vec![
        ("decision_on_unknown_application", application("{foreign}")),
        ("decision_before_submission", application("{application}")),
        ("customer_unknown", customer("ACMEE", "FROZEN")),
        ("customer_made_what_it_is", customer("ACME", "ACTIVE")),
        ("counterparty_unknown", counterparty("{foreign}", "FROZEN")),
        (
            "counterparty_made_what_it_is",
            counterparty("{landlord}", "ACTIVE"),
        ),
    ]
}

fn inbound() -> Vec<(&'static str, Call)> {
    let send = |body: Value| post(&control("/inbound"), body);
    let assign = |id: &str, account: &str| {
        let path = control(&format!("/inbound/{id}/assign"));
        post(&path, json!({"account_id": account}))
    };
    let give_back = |id: &str| post(&control(&format!("/inbound/{id}/return")), json!({}));
    vec![
        (
            "inbound_for_unknown_account",
            send(json!({"account_id": "ACME_USB", "amount": 5})),
        ),
        (
            "inbound_for_frozen_account",
            send(json!({"account_id": "ACME_OLD", "amount": 5})),
        ),
        (
            "inbound_of_asset_usd",
            send(json!({"memo": "nobody", "asset_type_id": "USD", "amount": 5})),
        ),
        (
            "inbound_by_a_rail_of_coins",
            send(json!({"account_id": "ACME_USD", "rail": "CRYPTO", "amount": 5})),
        ),
        ("inbound_for_nobody", send(json!({"amount": 5}))),
        ("inbound_assigned_unknown", assign("{foreign}", "ACME_USD")),
        ("inbound_assigned_twice", assign("{returned}", "ACME_USD")),
        (
            "inbound_assigned_to_frozen_account",
            assign("{suspense}", "ACME_OLD"),
        ),
        (
            "inbound_assigned_to_another_asset",
            assign("{suspense}", "JANE_BTC"),
        ),
        ("inbound_returned_unknown", give_back("{foreign}")),
        ("inbound_returned_twice", give_back("{returned}")),
    ]
}

fn inbound_amounts() -> Vec<(&'static str, Call)> {
    let amount = |amount: &str| {
        let body = format!(r#"{{"account_id":"ACME_USD","amount":{amount}}}"#);
        post(&control("/inbound"), body)
    };
    vec![
        ("inbound_of_nothing", amount("0")),
        (
            "inbound_beyond_the_books",
            amount("9999999999999999999999999999"),
        ),
        ("inbound_with_too_many_decimals", amount("5.001")),
    ]
}

fn outgoing() -> Vec<(&'static str, Call)> {
    let decide = |id: &str, outcome: &str| {
        let path = control(&format!("/withdrawals/{id}/outcome"));
        post(&path, json!({"outcome": outcome}))
    };
    let fee = |rail: &str, asset: &str, amount: &str| {
        let body = format!(
            r#"{{"withdrawal_fees":[{{"rail":"{rail}","asset_type_id":"{asset}","amount":{amount}}}]}}"#
        );
        put(&control("/fees"), body)
    };
    let dollars = |amount: &str| fee("FEDWIRE", "FIAT_TESTNET_USD", amount);
    vec![
        ("withdrawal_unknown", decide("{foreign}", "SETTLED")),
        (
            "withdrawal_settled_unaccepted",
            decide("{waiting}", "SETTLED"),
        ),
        (
            "withdrawal_returned_to_closed_account",
            decide("{of closed}", "RETURNED"),
        ),
        (
            "withdrawal_returned_into_full_books",
            decide("{of full}", "RETURNED"),
        ),
        ("fee_of_unknown_rail", fee("WIRE", "FIAT_TESTNET_USD", "15")),
        ("fee_of_asset_usd", fee("FEDWIRE", "USD", "15")),
        ("fee_of_nothing", dollars("0")),
        (
            "fee_beyond_the_books",
            dollars("9999999999999999999999999999"),
        ),
        ("fee_with_too_many_decimals", dollars("0.001")),
    ]
}

fn rates_and_faults() -> Vec<(&'static str, Call)> {
    let pin = |bought: &str, rate: i32| {
        let body = json!({"source_asset_type_id": "FIAT_TESTNET_USD", "destination_asset_type_id": bought, "rate": rate});
        post(&control("/rates"), body)
    };
    vec![
        ("rate_of_dollars_in_euros", pin("FIAT_TESTNET_EUR", 1)),
        ("rate_of_asset_btc", pin("BTC", 1)),
        (
            "rate_unpinned_of_asset_btc",
            delete(&control("/rates/FIAT_TESTNET_USD/BTC")),
        ),
        ("rate_of_nothing", pin("BITCOIN_TESTNET_BTC", 0)),
        (
            "rate_unpinned_of_dollars_in_euros",
            delete(&control("/rates/FIAT_TESTNET_USD/FIAT_TESTNET_EUR")),
        ),
        (
            "fault_of_unknown_operation",
            post(
                &control("/faults"),
                json!({"kind": "reset", "operation": "payments.transfers_acept"}),
            ),
        ),
        (
            "faults_too_many",
            post(&control("/faults"), json!({"kind": "reset"})),
        ),
        ("fault_unknown", delete(&control("/faults/fault-101"))),
    ]
}

fn application() -> Value {
    json!({
        "application_type": "INDIVIDUAL",
        "customer_id": "ADA",
        "account_to_open": {"account_id": "ADA_USD", "product_id": "DEPOSIT_BASIC", "asset_type_id": "FIAT_TESTNET_USD"},
        "terms_and_conditions_accepted": true,
        "customer_details": {"first_name": "Ada", "last_name": "Example"},
    })
}

fn wallet() -> Value {
    let mut body = bank("ACME");
    body["counterparty_type"] = json!("CRYPTO");
    body["supported_rails"] = json!(["CRYPTO"]);
    body["wallet_information"] = json!({"asset_type_id": "BITCOIN_TESTNET_BTC", "wallet_type": "OTHER",
        "blockchain_address": "mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn"});
    if let Some(members) = body.as_object_mut() {
        members.remove("account_information");
    }
    body
}

fn withdrawal(source: &str, rail: &str, counterparty: &str) -> Value {
    let mut body = json!({"withdrawal_rail": rail, "source_account_id": source,
        "destination_counterparty_id": counterparty, "amount": 5, "purpose": "RENTAL_PROPERTY", "description": "Rent"});
    if rail == "ACH" {
        body["memo"] = json!("RENT03");
    }
    body
}
