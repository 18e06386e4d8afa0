//! What every operation meets alike: paths, bodies, keys and the form of values.

use reqwest::Method;
use serde_json::json;

use super::setting::{Mistake, Setting, TRANSFER, opening};

pub(super) fn mistakes(at: &Setting) -> Vec<Mistake> {
    let mut all = addresses(at);
    all.extend(bodies(at));
    all.extend(members_and_keys(at));
    all.extend(values(at));
    all
}

fn addresses(at: &Setting) -> Vec<Mistake> {
    vec![
        ("base_url_without_api", at.get("/v1/customers")),
        ("base_url_with_api_twice", at.get("/api/api/v1/customers")),
        ("base_url_without_version", at.get("/api/customers")),
        ("path_with_slash_at_its_end", at.get("/api/v1/customers/")),
        ("path_unknown", at.get("/api/v1/custmers")),
        (
            "path_far_from_any",
            at.get("/api/v1/no/such/thing/anywhere"),
        ),
        ("path_badly_encoded", at.get("/api/v1/transfers/%zz")),
        (
            "method_wrong",
            at.caller
                .request(Method::DELETE, "/api/v1/transfers", None, &[]),
        ),
        (
            "method_of_token_endpoint",
            at.caller.http.get(at.server.info().payments.token_url),
        ),
    ]
}

fn bodies(at: &Setting) -> Vec<Mistake> {
    let transfers = "/api/v1/transfers";
    let raw = |media_type: &str, body: Vec<u8>| {
        at.caller
            .request(
                Method::POST,
                transfers,
                None,
                &[("content-type", media_type)],
            )
            .body(body)
    };
    vec![
        (
            "body_missing",
            at.caller.request(Method::POST, transfers, None, &[]),
        ),
        ("body_empty_object", at.post(transfers, "{}")),
        ("body_malformed", at.post(transfers, "{\"amount\": 1,}")),
        (
            "body_with_single_quotes",
            at.post(transfers, "{'amount': 1}"),
        ),
        ("body_cut_short", at.post(transfers, &TRANSFER[..40])),
        (
            "body_with_a_member_twice",
            at.post(transfers, r#"{"amount":1,"amount":2}"#),
        ),
        (
            "body_not_utf8",
            raw("application/json", vec![b'"', 0xff, b'"']),
        ),
        ("body_array", at.post(transfers, &format!("[{TRANSFER}]"))),
        (
            "body_json_in_a_string",
            at.post(transfers, r#""{\"amount\":1}""#),
        ),
        (
            "body_form",
            raw("application/x-www-form-urlencoded", b"amount=1".to_vec()),
        ),
        (
            "body_of_ten_megabytes",
            at.post(transfers, &"x".repeat(10_000_000)),
        ),
    ]
}

fn members_and_keys(at: &Setting) -> Vec<Mistake> {
    let transfers = "/api/v1/transfers";
    let keyed = |body: &str, key: &str| {
        let key = [("x-l2f-idempotency-id", key)];
        at.caller.request(Method::POST, transfers, Some(body), &key)
    };
    vec![
        (
            "body_with_a_misspelt_member",
            at.post(
                transfers,
                &TRANSFER.replace("source_account_id", "source_acount_id"),
            ),
        ),
        (
            "body_with_a_tag_of_no_variant",
            at.post(
                "/api/v1/withdrawals",
                r#"{"withdrawal_rail":"SEPA","amount":"5,000.00","purpose":"RENT"}"#,
            ),
        ),
        ("operation_not_built", at.post("/api/v1/payments", "{}")),
        (
            "body_of_wrong_types",
            at.post(
                transfers,
                r#"{"source_account_id":7,"destination_account_id":null,"amount":true}"#,
            ),
        ),
        ("key_too_long", keyed(TRANSFER, &"k".repeat(256))),
        (
            "key_reused",
            keyed(&TRANSFER.replace("1.50", "2.50"), "used"),
        ),
    ]
}

fn values(at: &Setting) -> Vec<Mistake> {
    let account = |asset: &str| {
        let body = opening(&at.server, "MINE", asset);
        at.post("/api/v1/accounts/deposits", &body)
    };
    let subscription = |event: &str, url: &str| {
        let body = json!({"event_type": event, "callback_url": url}).to_string();
        at.post("/api/v1/subscriptions", &body)
    };
    vec![
        ("amount_of_binary_float", at.amount("0.30000000000000004")),
        ("amount_with_too_many_decimals", at.amount("1.005")),
        ("amount_1e400", at.amount("1e400")),
        ("amount_zero", at.amount("0.00")),
        ("amount_negative", at.amount("-1")),
        ("amount_with_a_comma", at.amount("\"1,50\"")),
        ("amount_with_a_currency", at.amount("\"1.50 USD\"")),
        (
            "amount_of_29_digits",
            at.amount("99999999999999999999999999999"),
        ),
        ("amount_not_a_number", at.amount("NaN")),
        ("asset_type_id_usd", account("USD")),
        (
            "page_size_too_large",
            at.get("/api/v1/customers?page_size=5000"),
        ),
        ("page_not_a_number", at.get("/api/v1/customers?page=first")),
        (
            "filter_unknown",
            at.get("/api/v1/accounts/deposits?status=OPENED"),
        ),
        (
            "event_type_misspelled",
            subscription("TRANSACTION_POSTD", "http://127.0.0.1:1/hook"),
        ),
        (
            "callback_without_scheme",
            subscription("TRANSACTION_POSTED", "localhost:8080/hook"),
        ),
    ]
}
