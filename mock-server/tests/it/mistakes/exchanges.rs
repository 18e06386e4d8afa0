//! Exchanges.

use serde_json::{Value, json};

use super::setting::{Call, Mistake, Setting, control, get, opening, patch, post, update};

const MARKET: &str = "/api/v1/exchanges/market";
const QUOTE: &str = "/api/v1/exchanges/quote";

pub(super) async fn set_up(at: &mut Setting) {
    for (account, asset) in [
        ("ACME_USDC", "ETHEREUM_SEPOLIA_USDC"),
        ("ACME_ETH", "ETHEREUM_SEPOLIA_ETH"),
        ("ACME_COLD", "FIAT_TESTNET_USD"),
        ("ACME_FORT", "FIAT_TESTNET_USD"),
    ] {
        let mut body = opening(&at.server, account, asset);
        if account == "ACME_FORT" {
            body = body.replace("DEPOSIT_BASIC", "DEPOSIT_FORT_FIAT");
        }
        at.ok(post("/api/v1/accounts/deposits", body)).await;
    }
    at.make("late", post(QUOTE, order("ACME_USD", "ACME_USDC", 5)))
        .await;
    let quarter = json!({"seconds": 901});
    at.ok(post(&control("/clock/advance"), quarter)).await;
    let from_cold = order("ACME_COLD", "ACME_USDC", 5);
    at.make("cold", post(MARKET, from_cold)).await;
    let cold = "/api/v1/accounts/deposits/ACME_COLD";
    at.ok(patch(cold, update("status", "FROZEN"))).await;
    let own = |amount| order("ACME_USD", "ACME_USDC", amount);
    at.make("done", post(MARKET, own(5)).key("market")).await;
    at.make("waiting", post(QUOTE, own(6)).key("quote")).await;
    at.make("unaffordable", post(MARKET, own(500))).await;
    at.ok(accept("{done}", "0.01").key("accepted")).await;
    at.caller.settle().await;
}

pub(super) fn mistakes(at: &Setting) -> Vec<Mistake> {
    let mut all = at.requests(market());
    all.extend(at.requests(quote()));
    all.extend(at.requests(accepting()));
    all
}

fn market() -> Vec<(&'static str, Call)> {
    let between = |source: &str, destination: &str| post(MARKET, order(source, destination, 5));
    let of = |amount: &str| post(MARKET, of_amount(amount));
    vec![
        ("market_account_unknown", between("ACNE_USD", "ACME_USDC")),
        ("market_account_same", between("ACME_USD", "ACME_USD")),
        ("market_crypto_for_crypto", between("ACME_ETH", "ACME_USDC")),
        ("market_fiat_for_fiat", between("ACME_USD", "JANE_USD")),
        ("market_account_frozen", between("ACME_USD", "ACME_BTC")),
        (
            "market_order_not_taken",
            post(
                MARKET,
                order("ACME_FORT", "ACME_USDC", 5)
                    .to_string()
                    .replace("FIX_SOURCE", "FIX_DESTINATION"),
            ),
        ),
        ("market_amount_zero", of("0")),
        ("market_amount_too_small", {
            let body = order("ACME_ETH", "ACME_USD", 0);
            let amount = "\"amount\":0.000000000000000001";
            post(MARKET, body.to_string().replace("\"amount\":0", amount))
        }),
        (
            "market_amount_beyond_the_books",
            of("9999999999999999999999999999"),
        ),
        ("market_amount_with_too_many_decimals", of("5.001")),
        ("market_with_key_of_another", of("7").key("market")),
    ]
}

fn quote() -> Vec<(&'static str, Call)> {
    let between = |source: &str, destination: &str| post(QUOTE, order(source, destination, 5));
    let of = |amount: &str| post(QUOTE, of_amount(amount));
    vec![
        ("quote_account_unknown", between("ACNE_USD", "ACME_USDC")),
        ("quote_account_same", between("ACME_USD", "ACME_USD")),
        ("quote_crypto_for_crypto", between("ACME_ETH", "ACME_USDC")),
        ("quote_account_frozen", between("ACME_USD", "ACME_BTC")),
        ("quote_order_not_taken", between("ACME_FORT", "ACME_USDC")),
        ("quote_amount_negative", of("-5")),
        ("quote_amount_too_small", {
            let body = order("ACME_ETH", "ACME_USD", 0);
            let amount = "\"amount\":0.000000000000000001";
            post(QUOTE, body.to_string().replace("\"amount\":0", amount))
        }),
        (
            "quote_amount_beyond_the_books",
            of("9999999999999999999999999999"),
        ),
        ("quote_amount_with_too_many_decimals", of("5.001")),
        ("quote_with_key_of_another", of("7").key("quote")),
        ("exchange_unknown", get("/api/v1/exchanges/{foreign}")),
    ]
}

fn accepting() -> Vec<(&'static str, Call)> {
    vec![
        ("accept_unknown", accept("{foreign}", "0.01")),
        ("accept_twice", accept("{done}", "0.01")),
        ("accept_too_late", accept("{late}", "0.01")),
        ("accept_of_frozen_account", accept("{cold}", "0.01")),
        (
            "accept_of_more_than_there_is",
            accept("{unaffordable}", "0.01"),
        ),
        ("slippage_1_for_one_percent", accept("{waiting}", "1")),
        (
            "accept_with_key_of_another",
            accept("{waiting}", "0.01").key("accepted"),
        ),
    ]
}

fn accept(id: &str, slippage: &str) -> Call {
    let body = format!(r#"{{"maximum_slippage":{slippage}}}"#);
    post(&format!("/api/v1/exchanges/{id}/accept"), body).signed()
}

pub(super) fn order(source: &str, destination: &str, amount: u32) -> Value {
    json!({"source_account_id": source, "destination_account_id": destination, "amount": amount, "action": "FIX_SOURCE"})
}

/// Dollars for coins, of any amount in JSON.
fn of_amount(amount: &str) -> String {
    let body = order("ACME_USD", "ACME_USDC", 5).to_string();
    body.replace("\"amount\":5", &format!("\"amount\":{amount}"))
}
