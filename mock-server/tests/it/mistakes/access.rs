//! Who calls: tokens, scopes and signatures.

use base64::{Engine, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signer, SigningKey};
use reqwest::Method;

use super::setting::{Mistake, Setting, TRANSFER, control, post};

/// What `JSON.stringify(transfer, null, 2)` makes of a transfer.
const PRETTY_TRANSFER: &str = r#"{
  "source_account_id": "ACME_USD",
  "destination_account_id": "JANE_USD",
  "amount": 1.50
}"#;

/// Orders the errors that nobody makes.
pub(super) async fn set_up(at: &Setting) {
    let fault = r#"{"kind":"rate_limited","operation":"payments.subscriptions_list","retry_after_seconds":7}"#;
    at.ok(post(&control("/faults"), fault)).await;
    let fault = r#"{"kind":"status","status":500,"operation":"payments.counterparties_list"}"#;
    at.ok(post(&control("/faults"), fault)).await;
}

pub(super) fn mistakes(at: &Setting) -> Vec<Mistake> {
    let mut all = token_endpoints(at);
    all.extend(tokens(at));
    all.extend(signatures(at));
    all.extend(signatures_of_others(at));
    all
}

fn token_endpoints(at: &Setting) -> Vec<Mistake> {
    let info = at.server.info();
    let form = "application/x-www-form-urlencoded";
    vec![
        (
            "token_endpoint_with_json",
            at.token("")
                .header("content-type", "application/json")
                .body(r#"{"grant_type":"client_credentials"}"#),
        ),
        ("token_endpoint_without_grant", at.token("")),
        (
            "token_endpoint_with_password_grant",
            at.token("?grant_type=password"),
        ),
        (
            "token_endpoint_with_unknown_scope",
            at.token("?grant_type=client_credentials&scope=transfer:write"),
        ),
        (
            "token_endpoint_without_client",
            at.caller
                .http
                .post(&info.payments.token_url)
                .header("content-type", form)
                .body("grant_type=client_credentials"),
        ),
        (
            "token_endpoint_with_wrong_secret",
            at.caller
                .http
                .post(format!(
                    "{}?grant_type=client_credentials",
                    info.payments.token_url
                ))
                .basic_auth(info.payments.client_id.as_str(), Some("wrong")),
        ),
        (
            "token_endpoint_of_another_api",
            at.caller
                .http
                .post(&info.accounting.token_url)
                .basic_auth(
                    info.payments.client_id.as_str(),
                    Some(&info.payments.client_secret),
                )
                .header("content-type", form)
                .body("grant_type=client_credentials"),
        ),
    ]
}

fn tokens(at: &Setting) -> Vec<Mistake> {
    let info = at.server.info();
    vec![
        (
            "token_missing",
            at.caller.http.get(at.url("/api/v1/customers")),
        ),
        ("token_expired", at.with_token(&at.blue.token)),
        ("token_that_is_none", at.with_token("secret-of-mine")),
        ("token_of_another_api", at.with_token(&at.accounting_token)),
        ("token_of_control", at.with_token(at.server.control_token())),
        (
            "token_replaced_by_client_secret",
            at.caller.http.get(at.url("/api/v1/customers")).basic_auth(
                info.payments.client_id.as_str(),
                Some(&info.payments.client_secret),
            ),
        ),
        ("too_many_requests", at.get("/api/v1/subscriptions")),
        ("server_at_fault", at.get("/api/v1/counterparties")),
        (
            "scope_missing",
            at.caller
                .http
                .post(at.url("/api/v1/transfers"))
                .bearer_auth(&at.narrow)
                .header("content-type", "application/json")
                .body(TRANSFER),
        ),
    ]
}

fn signatures(at: &Setting) -> Vec<Mistake> {
    let (path, now) = (at.accept_path(), at.now);
    let own = &at.caller.signing_key;
    let right = format!("{now}POST{path}");
    let sign = |text: &str| own.sign(text.as_bytes()).to_bytes();
    let stale = (now - 1_000).to_string();
    let milliseconds = format!("{now}500");
    vec![
        (
            "signature_missing",
            at.caller.request(Method::POST, &path, None, &[]),
        ),
        (
            "signature_without_timestamp",
            at.caller.request(
                Method::POST,
                &path,
                None,
                &[("x-signature", &hex::encode(sign(&right)))],
            ),
        ),
        (
            "signature_with_clock_in_milliseconds",
            at.accept(
                &milliseconds,
                &hex::encode(sign(&format!("{milliseconds}POST{path}"))),
            ),
        ),
        (
            "signature_with_stale_clock",
            at.accept(&stale, &hex::encode(sign(&format!("{stale}POST{path}")))),
        ),
        (
            "signature_with_a_date",
            at.accept("yesterday", &hex::encode(sign(&right))),
        ),
        (
            "signature_in_upper_case",
            at.accept(&now.to_string(), &hex::encode_upper(sign(&right))),
        ),
        (
            "signature_in_base64",
            at.accept(&now.to_string(), &STANDARD.encode(sign(&right))),
        ),
        (
            "signature_of_lower_case_method",
            at.accept_signed(own, &format!("{now}post{path}")),
        ),
        (
            "signature_of_another_method",
            at.accept_signed(own, &format!("{now}GET{path}")),
        ),
        (
            "signature_with_slash_at_the_end",
            at.accept_signed(own, &format!("{now}POST{path}/")),
        ),
        (
            "signature_of_another_transfer",
            at.accept_signed(
                own,
                &format!("{now}POST{}", at.accept_path_of("unaffordable")),
            ),
        ),
        (
            "signature_without_api",
            at.accept_signed(own, &format!("{now}POST{}", &path[4..])),
        ),
        (
            "signature_in_another_order",
            at.accept_signed(own, &format!("POST{path}{now}")),
        ),
    ]
}

/// Signatures by a key that is not the one, or of something else than what is sent.
fn signatures_of_others(at: &Setting) -> Vec<Mistake> {
    let right = format!("{}POST{}", at.now, at.accept_path());
    let own = &at.caller.signing_key;
    let public_as_seed = SigningKey::from_bytes(own.verifying_key().as_bytes());
    vec![
        (
            "signature_by_public_key",
            at.accept_signed(&public_as_seed, &right),
        ),
        (
            "signature_of_another_sandbox",
            at.accept_signed(&at.blue.signing_key, &right),
        ),
        (
            "signature_of_something_else",
            at.accept_signed(own, "something else"),
        ),
        (
            "signature_of_another_body",
            at.transfer_signed(&TRANSFER.replace(':', ": ").replace(',', ", ")),
        ),
        (
            "signature_of_pretty_printed_body",
            at.transfer_signed(PRETTY_TRANSFER),
        ),
        (
            "signature_without_query",
            at.list_signed("/api/v1/accounts/deposits"),
        ),
        (
            "signature_without_api_and_query",
            at.list_signed("/v1/accounts/deposits"),
        ),
    ]
}
