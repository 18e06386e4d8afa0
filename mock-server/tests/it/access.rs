//! Who may call: tokens, scopes, signatures, and the whole body of every refusal on the way to the state machine.

use crate::support::{self, Caller, Reply, TestServer, Watched as _};
use ed25519_dalek::{Signer, SigningKey};
use layer2_mock::{SandboxServer, SignaturePolicy};
use reqwest::Method;
use serde_json::{Value, json};

async fn server() -> (TestServer, Caller) {
    let server = support::builder().watched().await;
    let caller = Caller::new(&server).await;
    (server, caller)
}

async fn token(server: &SandboxServer, query: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    let info = server.info();
    let http = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("client");
    let request = http
        .post(format!("{}{query}", info.payments.token_url))
        .basic_auth(
            info.payments.client_id.as_str(),
            Some(&info.payments.client_secret),
        )
        .body(body.to_owned());
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    Reply::read(request.send().await.expect("token")).await
}

#[tokio::test]
async fn a_token_has_the_published_form() {
    let (server, _) = server().await;
    let reply = token(
        &server,
        "?grant_type=client_credentials&scope=transfers:read+adjustments:read",
        &[],
        "",
    )
    .await;
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert_eq!(reply.header("pragma"), Some("no-cache"));
    let body = reply.ok();
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 43_200);
    assert_eq!(body["scope"], "transfers:read");
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let body = token(
        &server,
        "",
        &form,
        "grant_type=client_credentials&scope=customers%3Aread",
    )
    .await
    .ok();
    assert_eq!(body["scope"], "customers:read");
    let all = token(&server, "?grant_type=client_credentials", &[], "")
        .await
        .ok();
    assert!(
        all["scope"]
            .as_str()
            .expect("scope")
            .contains("withdrawals:write")
    );
}

#[tokio::test]
async fn token_errors_name_the_mistake() {
    let (server, _caller) = server().await;
    let json_type = [("content-type", "application/json")];
    let reply = token(
        &server,
        "",
        &json_type,
        r#"{"grant_type":"client_credentials"}"#,
    )
    .await;
    assert_eq!(reply.status, 400);
    assert_eq!(
        reply.without_links(),
        json!({
            "error": "invalid_request",
            "error_description": "the body is JSON, and a token endpoint does not read JSON. Send grant_type=client_credentials in the query string or as a form (application/x-www-form-urlencoded), and client id and secret by HTTP Basic.",
        })
    );
    let rows = [
        ("", "invalid_request"),
        ("?grant_type=password", "unsupported_grant_type"),
        (
            "?grant_type=client_credentials&scope=adjustments:read",
            "invalid_scope",
        ),
        (
            "?grant_type=client_credentials&grant_type=client_credentials",
            "invalid_request",
        ),
    ];
    for (query, code) in rows {
        let reply = token(&server, query, &[], "").await;
        assert_eq!(
            (reply.status.as_u16(), reply.json()["error"].as_str()),
            (400, Some(code)),
            "{query}"
        );
    }
}

#[tokio::test]
async fn the_token_endpoint_tells_a_client_that_it_does_not_know() {
    let (server, caller) = server().await;
    let url = server.info().payments.token_url;
    let reply = Reply::read(caller.http.post(&url).send().await.expect("sent")).await;
    assert_eq!(reply.status, 401);
    assert_eq!(reply.json()["error"], "invalid_client");
    assert_eq!(
        reply.header("www-authenticate"),
        Some(r#"Basic realm="layer2-mock""#)
    );
    let wrong = caller
        .http
        .post(&url)
        .basic_auth(server.info().payments.client_id.as_str(), Some("no"));
    assert_eq!(
        Reply::read(wrong.send().await.expect("sent")).await.status,
        401
    );
    let reply = Reply::read(caller.http.get(&url).send().await.expect("sent")).await;
    assert_eq!(
        (reply.status.as_u16(), reply.header("allow")),
        (405, Some("POST"))
    );
    assert_eq!(reply.json()["error"], "invalid_request");
    let accounting = server.info().accounting;
    let crossed = caller
        .http
        .post(&accounting.token_url)
        .basic_auth(
            server.info().payments.client_id.as_str(),
            Some(server.info().payments.client_secret),
        )
        .body("grant_type=client_credentials");
    let reply = Reply::read(crossed.send().await.expect("sent")).await;
    assert!(
        reply.json()["error_description"]
            .as_str()
            .expect("text")
            .contains("the payments API has other ones")
    );
}

#[tokio::test]
async fn a_request_without_a_good_token_is_refused() {
    let (server, caller) = server().await;
    let url = format!("{}/api/v1/customers", server.url());
    let reply = Reply::read(caller.http.get(&url).send().await.expect("sent")).await;
    assert_eq!(reply.status, 401);
    assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
    assert_eq!(
        reply.without_links(),
        json!({"errors": [{
            "code": "UNAUTHORIZED",
            "description": "The header Authorization is missing; send `Authorization: Bearer <token>`.",
            "pointer": "authorization",
            "hint": "The ready file has the token endpoint of each API and what to send there, and so has the start of the server; a token is good for many calls.",
        }]})
    );
    let reply = Reply::read(
        caller
            .http
            .get(&url)
            .bearer_auth("nonsense")
            .send()
            .await
            .expect("sent"),
    )
    .await;
    assert_eq!(
        (reply.status.as_u16(), reply.code().as_str()),
        (401, "TOKEN_INVALID")
    );
    assert_eq!(
        reply.header("www-authenticate"),
        Some(r#"Bearer error="invalid_token""#)
    );
    let business = caller
        .http
        .get(format!("{}/v1/businesses/x", server.url()))
        .bearer_auth(&caller.token);
    let reply = Reply::read(business.send().await.expect("sent")).await;
    assert_eq!(reply.status, 401);
    let expected = json!({"errors": [{
        "type": "Unauthorized",
        "description": "The access token is for the payments API, not for this one; each API has its own token endpoint.",
        "error_enum": "Unauthorized",
        "meta": {
            "pointer": "authorization",
            "hint": "The ready file has the token endpoint of each API and what to send there, and so has the start of the server; a token is good for many calls.",
        },
    }]});
    assert_eq!(reply.without_links(), expected);
    caller.get("/api/v1/customers").await.ok();
    caller
        .control(Method::POST, "/tokens/expire", None)
        .await
        .ok();
    let reply = caller.get("/api/v1/customers").await;
    assert_eq!(
        (reply.status.as_u16(), reply.code().as_str()),
        (401, "TOKEN_EXPIRED")
    );
    Caller::new(&server)
        .await
        .get("/api/v1/customers")
        .await
        .ok();
}

#[tokio::test]
async fn scopes_are_those_of_the_operation() {
    let (server, mut caller) = server().await;
    let body = token(
        &server,
        "?grant_type=client_credentials&scope=transfers:read",
        &[],
        "",
    )
    .await
    .ok();
    caller.token = body["access_token"].as_str().expect("token").to_owned();
    let reply = caller.post("/api/v1/transfers", "{}").await;
    assert_eq!(reply.status, 403);
    assert_eq!(
        reply.header("www-authenticate"),
        Some(r#"Bearer error="insufficient_scope", scope="transfers:write""#)
    );
    assert_eq!(
        reply.without_links(),
        json!({"errors": [{
            "code": "INSUFFICIENT_SCOPE",
            "description": "The token lacks the scope transfers:write.",
            "pointer": "authorization",
            "received": "transfers:read",
            "expected": "transfers:write",
            "hint": "Ask the token endpoint for a token with this scope, or leave `scope` out to get all of them.",
        }]})
    );
}

#[tokio::test]
async fn one_of_several_sets_of_scopes_does() {
    let (server, mut caller) = server().await;
    let withdrawal = "/api/v1/withdrawals/905666e7-2d5b-4ac4-bd96-e02675fc678f";
    for (scope, open) in [
        ("withdrawals:read", true),
        ("transfers:read", true),
        ("customers:read", false),
    ] {
        let query = format!("?grant_type=client_credentials&scope={scope}");
        let body = token(&server, &query, &[], "").await.ok();
        caller.token = body["access_token"].as_str().expect("token").to_owned();
        let reply = caller.get(withdrawal).await;
        assert_eq!(reply.status != 403, open, "{scope}: {}", reply.text);
    }
    let reply = caller.get(withdrawal).await;
    assert_eq!(
        reply.without_links(),
        json!({"errors": [{
            "code": "INSUFFICIENT_SCOPE",
            "description": "The token lacks the scope withdrawals:read.",
            "pointer": "authorization",
            "received": "customers:read",
            "expected": "withdrawals:read, or transfers:read",
            "hint": "Ask the token endpoint for a token with this scope, or leave `scope` out to get all of them.",
        }]})
    );
    assert_eq!(
        reply.header("www-authenticate"),
        Some(r#"Bearer error="insufficient_scope", scope="withdrawals:read""#)
    );
}

#[tokio::test]
async fn accepts_are_signed() {
    let (_server, caller) = server().await;
    caller.fund("100").await;
    let id = caller.transfer("1").await;
    let path = format!("/api/v1/transfers/{id}/accept");
    let reply = caller.send(Method::POST, &path, None, &[]).await;
    assert_eq!(
        (reply.status.as_u16(), reply.code().as_str()),
        (401, "SIGNATURE_REQUIRED")
    );
    let stale = [("x-timestamp", "1700000000"), ("x-signature", "00")];
    let reply = caller.send(Method::POST, &path, None, &stale).await;
    assert_eq!(
        (reply.status.as_u16(), reply.code().as_str()),
        (401, "SIGNATURE_INVALID")
    );
    let now = jiff::Timestamp::now().as_second().to_string();
    let zeros = "0".repeat(128);
    let reply = caller
        .send(
            Method::POST,
            &path,
            None,
            &[("x-timestamp", &now), ("x-signature", &zeros)],
        )
        .await;
    let description = reply.json()["errors"][0]["description"]
        .as_str()
        .expect("text")
        .to_owned();
    assert!(
        description.ends_with(&format!("over exactly this text: {now}POST{path}.")),
        "{description}"
    );
    // A signature that is sent is verified, needed or not.
    let reply = caller
        .send(Method::GET, "/api/v1/customers", None, &stale)
        .await;
    assert_eq!(reply.code(), "SIGNATURE_INVALID");
    assert_eq!(
        caller.post_signed(&path, "accept-1").await.ok()["data"]["status"],
        "ACCEPTED"
    );
}

#[tokio::test]
async fn a_bad_signature_is_met_with_the_mistake_behind_it() {
    let (server, caller) = server().await;
    let made = caller
        .http
        .post(format!("{}/_control/v1/sandboxes", server.url()))
        .bearer_auth(&caller.control)
        .header("content-type", "application/json")
        .body(r#"{"name":"blue"}"#);
    let made = Reply::read(made.send().await.expect("sent")).await.ok();
    let blue = Caller::of(&made["data"]).await;
    caller.fund("100").await;
    let path = format!("/api/v1/transfers/{}/accept", caller.transfer("1").await);
    let now = jiff::Timestamp::now().as_second().to_string();
    let send = async |key: &SigningKey, signed: String| {
        let signature = hex::encode(key.sign(signed.as_bytes()).to_bytes());
        let headers = [("x-timestamp", now.as_str()), ("x-signature", &signature)];
        caller.send(Method::POST, &path, None, &headers).await
    };
    let verified = format!(
        "The signature does not match; verified with the public key {} over exactly this text: {now}POST{path}.",
        hex::encode(caller.signing_key.verifying_key().as_bytes())
    );
    let rows = [
        (
            &caller.signing_key,
            format!("{now}POST{}", &path[4..]),
            "The path was signed without `/api`: sign it as it stands in the URL, from the slash after the host. All else about the signature is right.",
        ),
        (
            &blue.signing_key,
            format!("{now}POST{path}"),
            "The signature is by the key of the sandbox `blue`, and the token is of another one: take both from the same sandbox. All else about the signature is right.",
        ),
        (
            &caller.signing_key,
            "something else".to_owned(),
            "Compare what you sign with the text above byte by byte, and the key with that of the sandbox; `layer2-mock sign` and `layer2-mock verify` do both on the command line.",
        ),
    ];
    for (key, signed, hint) in rows {
        let reply = send(key, signed).await;
        assert_eq!(reply.status, 401);
        assert_eq!(
            reply.without_links(),
            json!({"errors": [{
                "code": "SIGNATURE_INVALID",
                "description": verified,
                "pointer": "x-signature",
                "hint": hint,
            }]})
        );
    }
    // What may be personal is told by its digest alone.
    let body = r#"{"application_type":"INDIVIDUAL","terms_and_conditions_accepted":true,"tax_reference_number":"078-05-1120"}"#;
    let signature = "0".repeat(128);
    let headers = [("x-timestamp", now.as_str()), ("x-signature", &signature)];
    let reply = caller
        .send(Method::POST, "/api/v1/applications", Some(body), &headers)
        .await;
    assert_eq!(reply.code(), "SIGNATURE_INVALID", "{}", reply.text);
    assert!(!reply.text.contains("078-05-1120"), "{}", reply.text);
}

#[tokio::test]
async fn all_or_no_signatures_can_be_demanded() {
    let all = support::builder()
        .signatures(SignaturePolicy::All)
        .watched()
        .await;
    let reply = Caller::new(&all).await.get("/api/v1/customers").await;
    assert_eq!(reply.code(), "SIGNATURE_REQUIRED");
    let none = support::builder()
        .signatures(SignaturePolicy::IfSent)
        .watched()
        .await;
    let caller = Caller::new(&none).await;
    caller.fund("10").await;
    let path = format!("/api/v1/transfers/{}/accept", caller.transfer("1").await);
    caller.send(Method::POST, &path, None, &[]).await.ok();
}

#[tokio::test]
async fn plaid_takes_its_keys_from_headers_or_body() {
    let (server, caller) = server().await;
    let plaid = server.info().plaid;
    let url = format!("{}/sandbox/public_token/create", server.url());
    let post = |body: Value| {
        caller
            .http
            .post(&url)
            .header("content-type", "application/json")
            .body(body.to_string())
    };
    let wanted = json!({"institution_id": "ins_109508", "initial_products": ["transactions"]});
    let mut with_keys = wanted.clone();
    with_keys["client_id"] = json!(plaid.client_id.as_str());
    with_keys["secret"] = json!(plaid.secret);
    let reply = post(with_keys)
        .header("x-l2f-request-id", "mine")
        .send()
        .await
        .expect("sent");
    let body = Reply::read(reply).await.ok();
    assert_eq!(body["request_id"], "mine");
    let reply = post(wanted.clone())
        .header("plaid-client-id", plaid.client_id.as_str())
        .header("plaid-secret", &plaid.secret);
    Reply::read(reply.send().await.expect("sent")).await.ok();
    let journal = server.journal("default").expect("journal");
    assert!(
        !format!(
            "{:?}",
            serde_json::to_string(&journal.iter().map(|row| &row.command).collect::<Vec<_>>())
        )
        .contains(&plaid.secret)
    );
    let reply = post(wanted).header("x-l2f-request-id", "mine");
    let reply = Reply::read(reply.send().await.expect("sent")).await;
    assert_eq!(reply.status, 400);
    assert_eq!(
        reply.without_links(),
        json!({
            "error_type": "INVALID_REQUEST",
            "error_code": "MISSING_FIELDS",
            "error_message": "client_id and secret are missing; send both in the JSON body, or as the headers PLAID-CLIENT-ID and PLAID-SECRET",
            "display_message": null,
            "request_id": "mine",
        })
    );
}

#[tokio::test]
async fn control_wants_its_own_token_and_knows_its_sandboxes() {
    let (_server, mut caller) = server().await;
    caller.sandbox = "defualt".to_owned();
    let reply = caller.control(Method::GET, "/clock", None).await;
    assert_eq!(reply.status, 404);
    assert_eq!(
        reply.without_links(),
        json!({"errors": [{
            "code": "NOT_FOUND",
            "description": "There is no sandbox with this name on this server.",
            "pointer": "sandbox",
            "received": "defualt",
            "hint": "There are: default.",
        }]})
    );
    caller.control = caller.token.clone();
    let reply = caller.control(Method::GET, "/clock", None).await;
    assert_eq!(
        (reply.status.as_u16(), reply.code().as_str()),
        (401, "UNAUTHORIZED")
    );
}
