//! What is done to a sandbox on one server is done for all.

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{balance, servers, start};
use crate::{
    broken,
    postgres::database::{Barrier, Database},
    support::{Caller, Reply},
};

#[tokio::test]
async fn a_reset_on_one_is_seen_by_all() {
    let database = Database::new().await;
    let [(one, first), (two, second), (three, third)] = servers(&database).await;
    first.fund("5").await;
    assert_eq!(balance(&second, "ACME_USD").await, 500);
    third.fund("2").await;
    first.control(Method::POST, "/reset", None).await.ok();
    assert_eq!(balance(&second, "ACME_USD").await, 0);
    // A command on one that has not looked since.
    third.fund("1").await;
    for caller in [&first, &second, &third] {
        assert_eq!(balance(caller, "ACME_USD").await, 100);
    }
    let journals = [&one, &two, &three].map(|server| server.journal("default"));
    assert!(journals.iter().all(|journal| *journal == journals[0]));
    let first = journals[0].as_ref().and_then(|rows| rows.first());
    assert_eq!(first.map(|row| row.seq), Some(1), "it begins anew");
}

#[tokio::test]
async fn sandboxes_that_one_makes_and_deletes_come_and_go_everywhere() {
    let database = Database::new().await;
    let [(_one, first), (_two, second)] = servers(&database).await;
    let made = first.sandboxes(Method::POST, "", Some(json!({"name": "team"})));
    let made = made.await.ok()["data"].clone();
    let mut elsewhere = made.clone();
    elsewhere["url"] = json!(second.url);
    elsewhere["payments"]["token_url"] = json!(
        made["payments"]["token_url"]
            .as_str()
            .expect("url")
            .replace(&first.url, &second.url)
    );
    let here = Caller::of(&made).await;
    let there = Caller::of(&elsewhere).await;
    here.fund("3").await;
    assert_eq!(balance(&there, "ACME_USD").await, 300);
    assert_eq!(balance(&second, "ACME_USD").await, 0, "the default one");
    let taken = second
        .sandboxes(Method::POST, "", Some(json!({"name": "team"})))
        .await;
    assert_eq!(taken.code(), "ALREADY_EXISTS");

    second.sandboxes(Method::DELETE, "/team", None).await.ok();
    for caller in [&here, &there] {
        let refused = caller.get("/api/v1/customers").await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{}", refused.text);
    }
    // One of the same name is another one, also where the old one is still known.
    first
        .sandboxes(Method::POST, "", Some(json!({"name": "team"})))
        .await
        .ok();
    assert_eq!(balance(&there, "ACME_USD").await, 0);
    let listed = second.sandboxes(Method::GET, "", None).await.ok();
    let names = listed["data"]["sandboxes"].as_array().map(Vec::len);
    assert_eq!(names, Some(2), "{listed}");
}

/// What a file brings into the database waits for whoever holds this lock.
const GATE: &str = "
    CREATE FUNCTION pass_gate() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_advisory_xact_lock(11); RETURN NEW; END $$;
    CREATE TRIGGER gate BEFORE INSERT ON layer2_snapshots FOR EACH ROW EXECUTE FUNCTION pass_gate()";

#[tokio::test]
async fn what_begins_with_a_file_keeps_nobody_else_waiting() {
    let database = Database::new().await;
    let [(_one, first), (_two, second)] = servers(&database).await;
    let make = async |name: &str| {
        let made = second.sandboxes(Method::POST, "", Some(json!({"name": name})));
        made.await.ok()
    };
    first.fund("5").await;
    let file = first.export().await;
    make("team").await;
    let (holder, watcher) = (database.client().await, database.client().await);
    watcher.batch_execute(GATE).await.expect("a gate");
    for (path, other, balances) in [
        ("/imports/copy", "other", [600, 700]),
        ("/sandboxes/team/restore", "another", [800, 900]),
    ] {
        let hold = "SELECT pg_advisory_lock(11)";
        holder.batch_execute(hold).await.expect("held");
        let beginning = tokio::spawn(first.sending(path, &file).send());
        let waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 11 \
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
            AND NOT granted";
        let is_waiting = async || {
            let row = watcher.query_one(waiting, &[]).await.expect("asked");
            row.get::<_, i64>(0) > 0
        };
        while !is_waiting().await {
            assert!(!beginning.is_finished(), "{path} waits for nothing");
        }
        // The one that begins a sandbox hears of this one, and does not wait either.
        make(other).await;
        for (caller, expected) in [&first, &second].into_iter().zip(balances) {
            caller.fund("1").await;
            assert_eq!(balance(caller, "ACME_USD").await, expected);
        }
        assert!(is_waiting().await, "{path} was not on its way any more");
        let let_go = "SELECT pg_advisory_unlock(11)";
        holder.batch_execute(let_go).await.expect("let go");
        let begun = beginning.await.expect("it ends").expect("sent");
        Reply::read(begun).await.ok();
    }
    for caller in [&first, &second] {
        let listed = caller.sandboxes(Method::GET, "", None).await.ok();
        let listed = listed["data"]["sandboxes"].as_array().expect("a list");
        let names: Vec<_> = listed.iter().map(|one| &one["sandbox"]).collect();
        assert_eq!(names, ["another", "copy", "default", "other", "team"]);
    }
}

#[tokio::test]
async fn of_two_servers_that_begin_one_name_with_a_file_one_is_refused() {
    let database = Database::new().await;
    let [(_one, first), (_two, second)] = servers(&database).await;
    let file = first.export().await;
    for number in 0..4 {
        let name = format!("copy-{number}");
        let (one, two) = tokio::join!(first.import(&name, &file), second.import(&name, &file));
        let (begun, refused) = if one.status.is_success() {
            (one, two)
        } else {
            (two, one)
        };
        begun.ok();
        assert_eq!(refused.code(), "ALREADY_EXISTS", "{}", refused.text);
    }
}

#[tokio::test]
async fn names_are_given_once_whoever_gives_them() {
    let database = Database::new().await;
    let [(_one, first), (_two, second)] = servers(&database).await;
    let mut names = Vec::new();
    for _ in 0..4 {
        let (one, two) = tokio::join!(
            first.sandboxes(Method::POST, "", Some(json!({}))),
            second.sandboxes(Method::POST, "", Some(json!({}))),
        );
        for made in [one, two] {
            names.push(made.ok()["data"]["sandbox"].to_string());
        }
    }
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 8);
}

#[tokio::test]
async fn tokens_that_one_expires_are_expired_and_clocks_that_one_moves_have_moved() {
    let database = Database::new().await;
    let [(_one, first), (_two, second)] = servers(&database).await;
    let body = json!({"seconds": 86_400}).to_string();
    let advanced = first
        .control(Method::POST, "/clock/advance", Some(&body))
        .await;
    let advanced = advanced.ok();
    let told = second.control(Method::GET, "/clock", None).await.ok();
    assert_eq!(
        told["data"]["now"], advanced["data"]["now"],
        "{told} {advanced}"
    );

    second.get("/api/v1/customers").await.ok();
    first
        .control(Method::POST, "/tokens/expire", None)
        .await
        .ok();
    let refused = second.get("/api/v1/customers").await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{}", refused.text);
    let (_three, third) = start(&database).await;
    third.get("/api/v1/customers").await.ok();
}

#[tokio::test]
async fn tokens_that_one_expires_while_another_restores_stay_expired() {
    let database = Database::new().await;
    let [(_one, first), (_two, second)] = servers(&database).await;
    let team = broken::make(&first, "team").await;
    team.fund("5").await;
    let file = team.export().await;
    let there = broken::caller_of(&second, "team").await;
    let barrier = Barrier::before(&database, "DELETE ON layer2_sandboxes").await;
    let restore = tokio::spawn({
        let team = team.clone();
        async move { team.restore(&file).await }
    });
    barrier.is_reached().await;
    let expired = there.control(Method::POST, "/tokens/expire", None).await;
    expired.ok();
    barrier.open().await;
    restore.await.expect("restored").ok();
    for caller in [&first, &second] {
        let now = broken::caller_of(caller, "team").await;
        broken::assert_is_expired(&Caller {
            token: team.token.clone(),
            ..now.clone()
        })
        .await;
        assert_eq!(balance(&now, "ACME_USD").await, 500);
    }
}
