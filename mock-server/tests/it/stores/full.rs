//! A store that takes no more.

use std::process::Command;

use layer2_mock::{Profile, SandboxServer};
use reqwest::Method;
use serde_json::json;

use super::{Kept, in_file};
use crate::{
    broken,
    program::{self, Running},
    support::{Caller, Reply},
    webhooks::sent::OnTheirWay,
};

/// Makes a subscription, a row of some length; most of its address is filler.
async fn fill(caller: &Caller, number: usize) -> Reply {
    let url = format!("http://127.0.0.1:9/{}/{number}", "x".repeat(1_900));
    let body = json!({"event_type": "ACCOUNT_OPEN", "callback_url": url}).to_string();
    let key = format!("k-{number}");
    let headers = [("x-l2f-idempotency-id", key.as_str())];
    caller
        .send(Method::POST, "/api/v1/subscriptions", Some(&body), &headers)
        .await
}

#[tokio::test]
async fn a_full_store_refuses_writes_serves_reads_and_heals() {
    let kept = Kept::new();
    let small = || kept.builder().store(in_file(&kept.path(), "?max-mib=1"));
    let server = small().start().await.expect("start");
    let caller = Caller::new(&server).await;
    caller.fund("100").await;
    let mut accepted = 0;
    let refused = loop {
        let reply = fill(&caller, accepted).await;
        if !reply.status.is_success() {
            break reply;
        }
        accepted += 1;
        assert!(accepted < 2_000, "it is never full");
    };
    assert_eq!(refused.status, 503, "{}", refused.text);
    assert_eq!(refused.code(), "STORE_UNAVAILABLE");
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert!(refused.text.contains("full"), "{}", refused.text);

    // Reads go on, of what is safe and nothing else, and no write gets through.
    let made = |server: &SandboxServer| {
        let rows = server.journal("default").expect("journal");
        let commands = rows.iter().map(|row| format!("{:?}", row.command));
        commands
            .filter(|command| command.contains("subscriptions_create"))
            .count()
    };
    assert_eq!(made(&server), accepted);
    let before = server.snapshot("default");
    for _ in 0..3 {
        assert_eq!(fill(&caller, accepted).await.status, 503);
        let body = r#"{"account_id":"ACME_USD","amount":1}"#;
        let control = caller.control(Method::POST, "/inbound", Some(body)).await;
        assert_eq!(
            (control.status.as_u16(), control.code().as_str()),
            (503, "STORE_UNAVAILABLE")
        );
        assert_eq!(control.header("retry-after"), Some("1"));
        let advance = caller
            .control(Method::POST, "/clock/advance", Some(r#"{"seconds":5}"#))
            .await;
        assert_eq!(advance.header("retry-after"), Some("1"));
        caller.get("/api/v1/accounts/deposits").await.ok();
        caller
            .control(Method::GET, "/ledger/trial-balance", None)
            .await
            .ok();
    }
    assert!(server.snapshot("default") == before);
    // What was acknowledged is answered from its saved reply: nothing has to be written for it.
    for number in [0, accepted - 1] {
        let again = fill(&caller, number).await;
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
        let id = again.ok()["data"]["id"].clone();
        assert!(
            before
                .as_ref()
                .is_some_and(|state| state.contains(id.as_str().expect("id")))
        );
    }
    assert_eq!(fill(&caller, accepted).await.status, 503);
    assert_eq!(server.contract_violations(), Vec::<String>::new());

    // A reset makes room.
    caller.control(Method::POST, "/reset", None).await.ok();
    fill(&caller, accepted).await.ok();
    assert_eq!(made(&server), 1);
    drop(server);
    let (server, caller) = kept.start().await;
    assert_eq!(made(&server), 1);
    let again = fill(&caller, accepted).await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
}

#[tokio::test]
async fn a_full_store_is_whole_when_it_is_opened_with_more_room() {
    let kept = Kept::new();
    let small = kept.builder().store(in_file(&kept.path(), "?max-mib=1"));
    let server = small.start().await.expect("start");
    let caller = Caller::new(&server).await;
    let mut accepted = 0;
    while fill(&caller, accepted).await.status.is_success() {
        accepted += 1;
    }
    let state = server.snapshot("default");
    drop(server);
    let (server, caller) = kept.start().await;
    assert!(server.snapshot("default") == state);
    let reply = fill(&caller, accepted).await;
    assert_eq!(
        reply.header("idempotent-replayed"),
        None,
        "it was not done before"
    );
    assert!(reply.status.is_success());
}

#[tokio::test]
async fn webhooks_whose_outcomes_found_no_room_are_all_sent_again_when_there_is_room() {
    let kept = Kept::new();
    let small = kept.builder().store(in_file(&kept.path(), "?max-mib=1"));
    let server = small.profile(Profile::Realistic).start().await;
    let server = server.expect("start");
    let caller = Caller::new(&server).await;
    let other = broken::make(&caller, "other").await;
    let mut sent = OnTheirWay::by_an_advance_of(&caller).await;
    let mut made = 0;
    for filler in [&other, &caller] {
        while fill(filler, made).await.status.is_success() {
            made += 1;
            assert!(made < 2_000, "it is never full");
        }
    }
    sent.answer();
    let refused = sent.told().await;
    assert_eq!(refused.status, 503, "{}", refused.text);
    let path = "/other";
    caller.sandboxes(Method::DELETE, path, None).await.ok();
    sent.come_again(&caller.settle().await).await;
}

/// The system gives the files of the program no more room, as on a disk that is full: the log cannot grow, nor can the
/// file when the log is folded into it.
#[cfg(unix)]
#[tokio::test]
async fn a_full_disk_refuses_writes_serves_reads_and_loses_nothing() {
    const KIB: usize = 600;

    let kept = Kept::new();
    let store = in_file(&kept.path(), "?snapshot-kib=8").to_string();
    let program = program::command(&store, kept.folder.path());
    let mut limited = Command::new("bash");
    // A write beyond the limit is to fail, and not to end the program (SIGXFSZ); bash counts in 1024 bytes.
    let script = format!("trap '' XFSZ; ulimit -f {KIB}; exec \"$0\" \"$@\"");
    limited.args(["-c", &script]).arg(program.get_program());
    limited.args(program.get_args());
    let mut server = Running::start_by(limited, kept.folder.path()).await;
    let caller = &server.caller;
    caller.fund("100").await;
    let mut accepted = 0;
    let refused = loop {
        let reply = fill(caller, accepted).await;
        if !reply.status.is_success() {
            break reply;
        }
        accepted += 1;
        assert!(accepted < 2_000, "it is never full");
    };
    assert_eq!(refused.status, 503, "{}", refused.text);
    assert_eq!(refused.code(), "STORE_UNAVAILABLE");
    assert_eq!(refused.header("retry-after"), Some("1"));
    let listed = async |caller: &Caller| {
        let subscriptions = caller.get("/api/v1/subscriptions").await.ok();
        let listed = subscriptions["data"]["subscriptions"].as_array();
        listed.expect("a list").len()
    };
    // Another one may fit once the log was folded in, but no more than was acknowledged is ever shown.
    assert_eq!(listed(caller).await, accepted);
    server.kill();

    let server = Running::start(&store, kept.folder.path()).await;
    assert_eq!(
        listed(&server.caller).await,
        accepted,
        "what was acknowledged"
    );
    let reply = fill(&server.caller, accepted).await;
    assert!(
        reply.status.is_success(),
        "there is room again: {}",
        reply.text
    );
    let path = "/ledger/trial-balance";
    let books = server.caller.control(Method::GET, path, None).await.ok();
    assert_eq!(books["balanced"], true, "{books}");
}
