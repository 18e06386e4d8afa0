//! A sandbox that its store does not bring back: it is there and says so, it can be reset and deleted, and nobody else is
//! kept from anything.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::Caller;

/// Makes a sandbox.
pub(crate) async fn make(caller: &Caller, name: &str) -> Caller {
    let made = caller
        .sandboxes(Method::POST, "", Some(json!({"name": name})))
        .await;
    Caller::of(&made.ok()["data"]).await
}

/// A token that the sandbox has expired.
pub(crate) async fn expired_token(sandbox: &Caller) -> String {
    let path = "/tokens/expire";
    sandbox.control(Method::POST, path, None).await.ok();
    assert_is_expired(sandbox).await;
    sandbox.token.clone()
}

/// Its token was, but is no more.
pub(crate) async fn assert_is_expired(caller: &Caller) {
    let refused = caller.get("/api/v1/accounts/deposits").await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{}", refused.text);
    assert_eq!(refused.code(), "TOKEN_EXPIRED");
}

/// What an account holds, in cents.
async fn balance(caller: &Caller) -> i64 {
    let (current, _) = caller.balances("ACME_USD").await;
    current
}

/// A caller of a sandbox that has a token of it, whatever state it is in.
pub(crate) async fn caller_of(caller: &Caller, name: &str) -> Caller {
    let made = caller
        .sandboxes(Method::GET, &format!("/{name}"), None)
        .await;
    Caller::of(&made.ok()["data"]).await
}

/// The sandbox refuses everything with what was found and what to do; the one of the caller goes on.
pub(crate) async fn is_refused(caller: &Caller, name: &str, found: &str) {
    let broken = caller_of(caller, name).await;
    let inbound = r#"{"account_id":"ACME_USD","amount":1}"#;
    let transfer =
        r#"{"source_account_id":"ACME_USD","destination_account_id":"JANE_USD","amount":1}"#;
    for refused in [
        broken.get("/api/v1/accounts/deposits").await,
        broken.post("/api/v1/transfers", transfer).await,
        broken.control(Method::GET, "/clock", None).await,
        broken
            .control(Method::POST, "/inbound", Some(inbound))
            .await,
        broken.control(Method::GET, "/export", None).await,
    ] {
        assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(refused.code(), "STORE_UNAVAILABLE", "{}", refused.text);
        // It stays so until a reset, so nobody is to try again in a moment.
        assert_eq!(refused.header("retry-after"), None);
        assert!(refused.text.contains(found), "{}", refused.text);
        assert!(
            refused.text.contains("reset or delete this sandbox"),
            "{}",
            refused.text
        );
    }
    let before = balance(caller).await;
    caller.fund("1").await;
    assert_eq!(balance(caller).await, before + 100, "the other one goes on");
    let listed = caller.sandboxes(Method::GET, "", None).await.ok();
    assert!(listed.to_string().contains(name), "{listed}");
}

/// A reset of the sandbox gives one that works, and brings no token back.
pub(crate) async fn is_mended_by_a_reset(caller: &Caller, name: &str, expired: &str) {
    let path = format!("/{name}/reset");
    caller.sandboxes(Method::POST, &path, None).await.ok();
    let mended = caller_of(caller, name).await;
    let before = Caller {
        token: expired.to_owned(),
        ..mended.clone()
    };
    assert_is_expired(&before).await;
    assert_eq!(balance(&mended).await, 0);
    mended.fund("7").await;
    is_alive(caller, name).await;
}

/// It has what it was given after its reset.
pub(crate) async fn is_alive(caller: &Caller, name: &str) {
    assert_eq!(balance(&caller_of(caller, name).await).await, 700);
}

/// The sandbox can be deleted, and its name is free.
pub(crate) async fn can_be_deleted(caller: &Caller, name: &str) {
    let deleted = caller
        .sandboxes(Method::DELETE, &format!("/{name}"), None)
        .await;
    deleted.ok();
    let gone = caller
        .sandboxes(Method::GET, &format!("/{name}"), None)
        .await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    assert_eq!(balance(&make(caller, name).await).await, 0);
}
