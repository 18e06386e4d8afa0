//! A newcomer's mistakes, each with the whole reply that it is met with.
//!
//! Every row of a subject makes one mistake and compares status, headers that matter and body with a file in
//! `tests/data/mistakes/<subject>`. After all of them nothing has moved: the books, the balances and the whole state are
//! as before. Some mistakes are refused by nobody: what a look at the matter says then is on file too ([`silent`]).
//! With `UPDATE_GOLDEN=1` the tests write the files instead; what they wrote is to be read before it is committed. Each
//! code of each operation has its file ([`golden`]).

mod access;
mod accounts;
mod busy;
mod control;
mod counterparties;
mod exchanges;
mod full;
mod golden;
mod onboarding;
mod other_apis;
mod requests;
mod setting;
mod silent;
#[cfg(feature = "sqlite")]
mod store;
mod transfers;
mod withdrawals;

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};

use crate::support::Reply;
#[cfg(feature = "sqlite")]
use crate::support::folder;
use golden::{compare, names, told};
use setting::{Mistake, Setting};

#[tokio::test]
async fn mistakes_of_access() {
    let at = Setting::new().await;
    access::set_up(&at).await;
    check("access", &at, access::mistakes(&at)).await;
}

#[tokio::test]
async fn mistakes_of_requests() {
    let at = Setting::new().await;
    check("requests", &at, requests::mistakes(&at)).await;
}

#[tokio::test]
async fn mistakes_with_other_apis() {
    let at = Setting::new().await;
    check("other_apis", &at, other_apis::mistakes(&at)).await;
}

#[tokio::test]
async fn mistakes_with_accounts() {
    let mut at = Setting::new().await;
    accounts::set_up(&mut at).await;
    check("accounts", &at, accounts::mistakes(&at)).await;
}

#[tokio::test]
async fn mistakes_of_onboarding() {
    let mut at = Setting::new().await;
    onboarding::set_up(&mut at).await;
    check("onboarding", &at, onboarding::mistakes(&at)).await;
}

#[tokio::test]
async fn mistakes_with_counterparties() {
    let mut at = Setting::new().await;
    counterparties::set_up(&mut at).await;
    check("counterparties", &at, counterparties::mistakes(&at)).await;
}

#[tokio::test]
async fn mistakes_with_exchanges() {
    let mut at = Setting::new().await;
    exchanges::set_up(&mut at).await;
    check("exchanges", &at, exchanges::mistakes(&at)).await;
}

#[tokio::test]
async fn mistakes_with_transfers() {
    let mut at = Setting::new().await;
    transfers::set_up(&mut at).await;
    check("transfers", &at, transfers::mistakes(&at)).await;
}

#[tokio::test]
async fn mistakes_with_withdrawals() {
    let mut at = Setting::new().await;
    withdrawals::set_up(&mut at).await;
    check("withdrawals", &at, withdrawals::mistakes(&at)).await;
}

#[tokio::test]
async fn mistakes_of_control() {
    let mut at = Setting::new().await;
    control::set_up(&mut at).await;
    check("control", &at, control::mistakes(&at)).await;
}

#[tokio::test]
async fn mistakes_while_the_clock_is_busy() {
    let mut at = Setting::new().await;
    let held = busy::set_up(&mut at).await;
    check("busy", &at, busy::mistakes(&at)).await;
    held.release().await;
}

#[tokio::test]
async fn mistakes_with_a_full_server() {
    let at = Setting::new().await;
    full::set_up(&at).await;
    check("full", &at, full::mistakes(&at)).await;
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn mistakes_with_a_full_store() {
    let folder = folder();
    let at = store::set_up(folder.path()).await;
    check("store", &at, store::mistakes(&at)).await;
}

#[tokio::test]
async fn mistakes_that_nothing_refuses() {
    let mut at = Setting::new().await;
    silent::set_up(&mut at).await;
    let met = compare_all("silent", &at, silent::looks(&at)).await;
    assert!(met.iter().all(StatusCode::is_success), "{met:?}");
}

/// Makes the mistakes of a subject and compares what they are met with, which is a refusal each time.
async fn check(subject: &str, setting: &Setting, mistakes: Vec<Mistake>) {
    let met = compare_all(subject, setting, mistakes).await;
    assert!(!met.iter().any(StatusCode::is_success), "{met:?}");
}

/// Sends the requests of a subject, compares the replies with the files, and gives their statuses.
async fn compare_all(subject: &str, setting: &Setting, requests: Vec<Mistake>) -> Vec<StatusCode> {
    let before = state(setting).await;
    let mut made = BTreeSet::new();
    let (mut differences, mut met) = (Vec::new(), Vec::new());
    for (name, request) in requests {
        assert!(made.insert(name.to_owned()), "{name} stands here twice");
        let request = request.header("x-l2f-request-id", "mistake").build();
        let request = request.expect(name);
        let called = request.try_clone().expect(name);
        let reply = setting.caller.http.execute(request).await.expect(name);
        let reply = Reply::read(reply).await;
        met.push(reply.status);
        differences.extend(compare(subject, name, &told(setting, &called, &reply)));
    }
    assert_eq!(differences, Vec::<String>::new());
    assert_eq!(state(setting).await, before, "something has moved");
    assert_eq!(names(subject), made, "a file without its mistake");
    met
}

/// Everything that could have moved: the whole world, the books and the balances as a client sees them.
async fn state(setting: &Setting) -> (Option<String>, String, String) {
    let books = setting
        .caller
        .control(Method::GET, "/ledger/trial-balance", None)
        .await;
    let accounts = setting.caller.get("/api/v1/accounts/deposits").await;
    (
        setting.server.snapshot("default"),
        books.ok().to_string(),
        accounts.ok().to_string(),
    )
}
