//! Accounting and Plaid, as far as a payments client meets them.

use super::setting::{Mistake, Setting};

pub(super) fn mistakes(at: &Setting) -> Vec<Mistake> {
    let plaid = |body: &str, keys: bool| {
        let info = at.server.info().plaid;
        let request = at
            .caller
            .http
            .post(at.url("/sandbox/public_token/create"))
            .header("content-type", "application/json")
            .body(body.to_owned());
        match keys {
            true => request
                .header("plaid-client-id", info.client_id.as_str())
                .header("plaid-secret", info.secret),
            false => request,
        }
    };
    let business = |body: &str| {
        at.caller
            .http
            .post(at.url("/v1/businesses"))
            .bearer_auth(&at.accounting_token)
            .header("content-type", "application/json")
            .body(body.to_owned())
    };
    let control = |path: &str, token: &str| {
        at.caller
            .http
            .get(at.url(&format!("/_control/v1{path}")))
            .bearer_auth(token)
    };
    vec![
        ("plaid_without_keys", plaid("{}", false)),
        (
            "plaid_with_unknown_institution",
            plaid(
                r#"{"institution_id":"ins_1","initial_products":["transactions"]}"#,
                true,
            ),
        ),
        ("plaid_with_malformed_body", plaid("{", true)),
        (
            "plaid_path_that_is_not_here",
            at.caller
                .http
                .post(at.url("/link/token/create"))
                .header("content-type", "application/json")
                .body("{}"),
        ),
        (
            "business_path_that_is_not_here",
            at.caller
                .http
                .get(at.url("/v1/businesses/b/invoices"))
                .bearer_auth(&at.accounting_token),
        ),
        ("business_without_fields", business("{}")),
        ("business_of_wrong_types", business(r#"{"legal_name":7}"#)),
        (
            "control_with_token_of_payments",
            control("/sandboxes", &at.caller.token),
        ),
        (
            "control_of_unknown_sandbox",
            control("/sandboxes/defualt/clock", &at.caller.control),
        ),
    ]
}
