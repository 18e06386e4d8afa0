//! Transfers.

use serde_json::json;

use super::setting::{
    Call, Mistake, Setting, TRANSFER, accept, control, get, opening, patch, post, update,
};

const TRANSFERS: &str = "/api/v1/transfers";

pub(super) async fn set_up(at: &mut Setting) {
    at.make("late", post(TRANSFERS, TRANSFER)).await;
    let hour = json!({"seconds": 3_601});
    at.ok(post(&control("/clock/advance"), hour)).await;
    let cold = opening(&at.server, "ACME_COLD", "FIAT_TESTNET_USD");
    at.ok(post("/api/v1/accounts/deposits", cold)).await;
    at.make(
        "cold",
        post(TRANSFERS, TRANSFER.replace("JANE_USD", "ACME_COLD")),
    )
    .await;
    let frozen = "/api/v1/accounts/deposits/ACME_COLD";
    at.ok(patch(frozen, update("status", "FROZEN"))).await;
    for (name, amount) in [("done", "1"), ("waiting", "2"), ("unaffordable", "500")] {
        at.make(name, post(TRANSFERS, TRANSFER.replace("1.50", amount)))
            .await;
    }
    at.ok(accept("/api/v1/transfers/{done}/accept").key("accepted"))
        .await;
    at.caller.settle().await;
}

pub(super) fn mistakes(at: &Setting) -> Vec<Mistake> {
    let mut all = at.requests(requesting());
    all.extend(at.requests(accepting()));
    all
}

fn requesting() -> Vec<(&'static str, Call)> {
    let between = |source: &str, destination: &str| {
        let body = json!({"source_account_id": source, "destination_account_id": destination, "amount": 1});
        post(TRANSFERS, body)
    };
    let amount = |amount: &str| post(TRANSFERS, TRANSFER.replace("1.50", amount));
    vec![
        ("account_unknown", between("ACNE_USD", "JANE_USD")),
        ("account_frozen", between("ACME_BTC", "JANE_BTC")),
        ("account_same", between("ACME_USD", "ACME_USD")),
        ("account_of_another_asset", between("ACME_USD", "JANE_BTC")),
        (
            "amount_beyond_the_books",
            amount("9999999999999999999999999999"),
        ),
        ("id_of_another_sandbox", get("/api/v1/transfers/{foreign}")),
        ("id_that_is_no_uuid", get("/api/v1/transfers/my-transfer")),
    ]
}

fn accepting() -> Vec<(&'static str, Call)> {
    let of = |id: &str| accept(&format!("{TRANSFERS}/{id}/accept"));
    vec![
        ("accept_unknown", of("{foreign}")),
        ("accept_twice", of("{done}")),
        ("accept_too_late", of("{late}")),
        ("accept_of_frozen_account", of("{cold}")),
        // Cents for units: the customer has 100 dollars and sends 5 as 500.
        ("funds_insufficient", of("{unaffordable}")),
        (
            "accept_with_key_of_another",
            of("{waiting}").key("accepted"),
        ),
    ]
}
