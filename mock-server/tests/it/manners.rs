//! How errors are told: `errors: documented` keeps to what the vendor publishes, `opaque_codes` shows whether a client
//! leans on codes. Both are settings of a sandbox or of the server, and neither changes what is done.

use layer2_mock::{ErrorStyle, SandboxServer};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::{self, Caller, Reply, TestServer, Watched as _};

/// A helpful server with a sandbox of these settings.
async fn sandbox(settings: Value) -> (TestServer, Caller) {
    let server = support::builder().watched().await;
    let caller = Caller::new(&server).await;
    let body = json!({"name": "told", "settings": settings});
    let made = caller.sandboxes(Method::POST, "", Some(body)).await.ok();
    (server, Caller::of(&made["data"]).await)
}

async fn send(request: RequestBuilder) -> Reply {
    Reply::read(request.send().await.expect("sent")).await
}

fn members(error: &Value) -> Vec<String> {
    let members = error.as_object().expect("object");
    members.keys().cloned().collect()
}

/// The payments requests whose helpful status the vendor does not publish, with the one it becomes.
fn unpublished(caller: &Caller, narrow: &str) -> Vec<(u16, RequestBuilder)> {
    let transfers = "/api/v1/transfers";
    let form = [("content-type", "application/x-www-form-urlencoded")];
    vec![
        (
            401,
            caller
                .http
                .get(format!("{}/api/v1/transfers/none", caller.url))
                .bearer_auth(narrow),
        ),
        (404, caller.request(Method::DELETE, transfers, None, &[])),
        (
            400,
            caller.request(Method::POST, transfers, Some(&" ".repeat(65_537)), &[]),
        ),
        (
            400,
            caller
                .request(Method::POST, transfers, None, &form)
                .body("amount=1"),
        ),
    ]
}

async fn narrow(server: &SandboxServer, caller: &Caller) -> String {
    let url = format!("{}/_control/v1/sandboxes/{}", caller.url, caller.sandbox);
    let info = send(caller.http.get(url).bearer_auth(server.control_token())).await;
    let info = info.ok()["data"]["payments"].clone();
    let text = |name: &str| info[name].as_str().expect(name).to_owned();
    let request = caller
        .http
        .post(format!(
            "{}?grant_type=client_credentials&scope=customers:read",
            text("token_url")
        ))
        .basic_auth(text("client_id"), Some(text("client_secret")));
    send(request).await.ok()["access_token"]
        .as_str()
        .expect("token")
        .to_owned()
}

#[tokio::test]
async fn the_documented_manner_has_the_statuses_and_the_members_that_the_vendor_publishes() {
    let (server, caller) = sandbox(json!({"errors": "documented"})).await;
    let narrow = narrow(&server, &caller).await;
    let mut requests = unpublished(&caller, &narrow);
    requests.extend([
        (404, caller.request(Method::GET, "/api/v1/none", None, &[])),
        (404, caller.request(Method::GET, "/v1/customers", None, &[])),
        (
            404,
            caller.request(Method::GET, "/api/v1/transfers/none", None, &[]),
        ),
        (
            400,
            caller.request(Method::POST, "/api/v1/transfers", Some("{}"), &[]),
        ),
    ]);
    for (status, request) in requests {
        let reply = send(request).await;
        assert_eq!(reply.status.as_u16(), status, "{}", reply.text);
        let body = reply.json();
        let errors = body["errors"].as_array().expect("errors");
        assert!(!errors.is_empty(), "{body}");
        for error in errors {
            assert_eq!(members(error), ["code", "description"]);
        }
    }
    caller
        .control(Method::POST, "/tokens/expire", None)
        .await
        .ok();
    let expired = caller.get("/api/v1/customers").await;
    assert_eq!(expired.status.as_u16(), 401);
    assert_eq!(
        members(&expired.json()["errors"][0]),
        ["code", "description"]
    );
}

#[tokio::test]
async fn a_server_that_is_told_so_keeps_to_the_documents_for_callers_of_no_sandbox() {
    let server = support::builder()
        .errors(ErrorStyle::Documented)
        .watched()
        .await;
    let caller = Caller::new(&server).await;
    let stranger = caller.http.get(format!("{}/api/v1/customers", caller.url));
    let reply = send(stranger).await;
    assert_eq!(members(&reply.json()["errors"][0]), ["code", "description"]);
    let token = caller
        .http
        .post(format!("{}/oauth2/any/v1/token", caller.url));
    let reply = send(token).await;
    assert_eq!(members(&reply.json()), ["error", "error_description"]);
}

#[tokio::test]
async fn an_ordered_status_stays_and_control_tells_everything() {
    let settings = json!({"errors": "documented", "opaque_codes": true});
    let (_server, caller) = sandbox(settings).await;
    let fault = r#"{"kind":"rate_limited","count":1}"#;
    caller
        .control(Method::POST, "/faults", Some(fault))
        .await
        .ok();
    let reply = caller.get("/api/v1/customers").await;
    assert_eq!(reply.status.as_u16(), 429);
    let fault = r#"{"kind":"reply_lost","operation":"payments.transfers_acept"}"#;
    let reply = caller.control(Method::POST, "/faults", Some(fault)).await;
    assert_eq!(reply.code(), "FAULT_NOT_SUPPORTED");
    let error = reply.json()["errors"][0].clone();
    let link = error["doc_url"].as_str().expect("doc_url");
    assert!(link.ends_with("/docs/errors.md#control-fault_not_supported"));
    assert!(error["expected"].is_string(), "{error}");
    let told = caller.control(Method::GET, "", None).await.ok();
    assert!(told["data"]["sandbox"].is_string(), "{told}");
}

#[tokio::test]
async fn opaque_codes_leave_status_and_help_and_no_code() {
    let (server, caller) = sandbox(json!({"opaque_codes": true})).await;
    let url = format!("{}/_control/v1/sandboxes/{}", caller.url, caller.sandbox);
    let info = send(caller.http.get(url).bearer_auth(server.control_token())).await;
    let info = info.ok()["data"].clone();
    let text = |pointer: &str| {
        let value = info.pointer(pointer).and_then(Value::as_str);
        value.expect(pointer).to_owned()
    };
    let narrow = narrow(&server, &caller).await;
    for (_, request) in unpublished(&caller, &narrow) {
        let reply = send(request).await;
        let error = reply.json()["errors"][0].clone();
        assert!(![400, 401, 404].contains(&reply.status.as_u16()), "{error}");
        assert_eq!(error["code"], "OPAQUE_CODE");
        assert!(error["expected"].is_string() && error["doc_url"].is_null());
    }
    let token = caller
        .http
        .post(text("/accounting/token_url"))
        .basic_auth(
            text("/accounting/client_id"),
            Some(text("/accounting/client_secret")),
        )
        .header("content-type", "application/x-www-form-urlencoded")
        .body("grant_type=client_credentials");
    let token = send(token).await.ok();
    let business = caller
        .http
        .post(format!("{}/v1/businesses", caller.url))
        .bearer_auth(token["access_token"].as_str().expect("token"))
        .header("content-type", "application/json")
        .body("{}");
    let reply = send(business).await;
    assert_eq!(reply.json()["errors"][0]["error_enum"], "OPAQUE_CODE");
    let plaid = caller
        .http
        .post(format!("{}/sandbox/public_token/create", caller.url))
        .header("plaid-client-id", text("/plaid/client_id"))
        .header("plaid-secret", text("/plaid/secret"))
        .header("content-type", "application/json")
        .body("{}");
    let reply = send(plaid).await.json();
    assert_eq!(reply["error_code"], "OPAQUE_CODE", "{reply}");
    assert!(reply["documentation_url"].is_null());
    let token = caller.http.post(text("/payments/token_url"));
    assert_eq!(send(token).await.json()["error"], "invalid_client");
}
