//! Records of a database that are whole and are not those that belong there: each was written by a server, at another
//! moment or for another sandbox.

use reqwest::Method;

use super::{servers, start};
use crate::{
    broken,
    files::document,
    postgres::database::Database,
    support::{Caller, Reply},
};

/// Keeps the records of all sandboxes as they are, in tables beside them.
const KEEP: &str = "
    CREATE TABLE kept_sandboxes AS SELECT * FROM layer2_sandboxes;
    CREATE TABLE kept_rows AS SELECT * FROM layer2_rows;
    CREATE TABLE kept_snapshots AS SELECT * FROM layer2_snapshots;
    CREATE TABLE kept_files AS SELECT * FROM layer2_files";

/// Puts back the head that was kept, with all that stands beside it.
const PUT_HEAD_BACK: &str = "
    UPDATE layer2_sandboxes s SET head = k.head, generation = k.generation, seq = k.seq, epoch = k.epoch
    FROM kept_sandboxes k WHERE s.name = 'team' AND k.name = 'team'";

/// What is done to the sandbox after its last row, and what is found by a server that starts then.
const DAMAGES: [(&str, &str); 5] = [
    (
        "UPDATE layer2_sandboxes s SET head = k.head, generation = k.generation, seq = k.seq, epoch = k.epoch,
            snapshot = NULL FROM kept_sandboxes k WHERE s.name = 'team' AND k.name = 'team'",
        "its journal goes on to row",
    ),
    (
        // The snapshot goes as far as the rows did.
        "UPDATE layer2_sandboxes s SET head = k.head, generation = k.generation, seq = k.seq, epoch = k.epoch
            FROM kept_sandboxes k WHERE s.name = 'team' AND k.name = 'team';
        DELETE FROM layer2_rows r USING kept_sandboxes k
            WHERE k.name = 'team' AND r.sandbox = k.id AND r.seq > k.seq",
        "and its snapshot at row",
    ),
    (
        "UPDATE layer2_sandboxes SET seq = seq - 1, snapshot = NULL WHERE name = 'team';
        DELETE FROM layer2_rows r USING layer2_sandboxes s
            WHERE s.name = 'team' AND r.sandbox = s.id AND r.seq > s.seq",
        "the columns beside it, which were changed",
    ),
    (
        "UPDATE layer2_sandboxes SET epoch = epoch - 1 WHERE name = 'team'",
        "the columns beside it, which were changed",
    ),
    (
        "UPDATE layer2_sandboxes s SET head = o.head FROM layer2_sandboxes o
            WHERE s.name = 'team' AND o.name = 'default'",
        "the head of the sandbox `team` does not open",
    ),
];

async fn run(database: &Database, statements: &str) {
    let done = database.client().await.batch_execute(statements).await;
    done.expect(statements);
}

#[tokio::test]
async fn a_head_of_another_moment_is_found_and_a_reset_brings_no_token_back() {
    for (damage, found) in DAMAGES {
        let database = Database::new().await;
        let (server, caller) = start(&database).await;
        let team = broken::make(&caller, "team").await;
        team.fund("5").await;
        run(&database, KEEP).await;
        team.fund("6").await;
        let expired = broken::expired_token(&team).await;
        drop(server);
        run(&database, damage).await;
        let (_one, first) = start(&database).await;
        let (_two, second) = start(&database).await;
        for caller in [&first, &second] {
            broken::is_refused(caller, "team", found).await;
        }
        broken::is_mended_by_a_reset(&first, "team", &expired).await;
        broken::is_alive(&second, "team").await;
    }
}

/// The servers have the number in memory that the head had before.
#[tokio::test]
async fn servers_that_run_learn_that_a_reset_of_a_flawed_head_has_ended_all_tokens() {
    let database = Database::new().await;
    let [(_one, first), (_two, second)] = servers(&database).await;
    let before = broken::make(&first, "team").await;
    before.fund("5").await;
    broken::caller_of(&second, "team").await.fund("6").await;
    let (damage, found) = DAMAGES[4];
    run(&database, damage).await;
    for caller in [&first, &second] {
        broken::is_refused(caller, "team", found).await;
    }
    let reset = first.sandboxes(Method::POST, "/team/reset", None).await;
    reset.ok();
    for caller in [&first, &second] {
        let now = broken::caller_of(caller, "team").await;
        broken::assert_is_expired(&Caller {
            token: before.token.clone(),
            ..now.clone()
        })
        .await;
        for _ in 0..2 {
            now.get("/api/v1/accounts/deposits").await.ok();
        }
    }
}

/// Nobody can tell a sandbox that is an earlier one as a whole from what it was then, but for a server that saw it later.
#[tokio::test]
async fn a_server_that_has_seen_more_does_not_go_back() {
    let database = Database::new().await;
    let (_one, first) = start(&database).await;
    let team = broken::make(&first, "team").await;
    team.fund("5").await;
    run(&database, KEEP).await;
    team.fund("6").await;
    run(&database, PUT_HEAD_BACK).await;
    run(
        &database,
        "DELETE FROM layer2_rows r USING layer2_sandboxes s
            WHERE s.name = 'team' AND r.sandbox = s.id AND r.seq > s.seq",
    )
    .await;
    broken::is_refused(&first, "team", "this server has seen it end at row").await;
    let (_two, second) = start(&database).await;
    let earlier = broken::caller_of(&second, "team").await;
    let account = earlier.get("/api/v1/accounts/deposits/ACME_USD").await;
    assert_eq!(account.ok()["data"]["current_balance"].to_string(), "5");
}

/// What is put in the place of what the sandbox has, from the one that had its name before.
const TAKEN_OVER: [(&str, &str); 5] = [
    (
        "UPDATE layer2_sandboxes SET snapshot = NULL WHERE name = 'team';
        UPDATE layer2_rows r SET content = k.content FROM kept_rows k, kept_sandboxes o, layer2_sandboxes s
            WHERE o.name = 'team' AND s.name = 'team' AND k.sandbox = o.id AND r.sandbox = s.id AND k.seq = r.seq",
        "of the journal of the sandbox `team` does not open",
    ),
    (
        "UPDATE layer2_snapshots n SET content = k.content FROM kept_snapshots k, kept_sandboxes o, layer2_sandboxes s
            WHERE o.name = 'team' AND s.name = 'team' AND k.sandbox = o.id AND n.sandbox = s.id AND k.part = n.part",
        "of the snapshot of the sandbox `team`",
    ),
    (
        PUT_HEAD_BACK,
        "the head of the sandbox `team` is that of another sandbox of this name",
    ),
    (
        "UPDATE layer2_sandboxes s SET charter = k.charter FROM kept_sandboxes k
            WHERE s.name = 'team' AND k.name = 'team'",
        "the head of the sandbox `team` is that of another sandbox of this name",
    ),
    (
        "UPDATE layer2_files f SET content = k.content FROM kept_files k, kept_sandboxes o, layer2_sandboxes s
            WHERE o.name = 'team' AND s.name = 'team' AND k.sandbox = o.id AND f.sandbox = s.id AND k.id = f.id",
        "a file of the sandbox `team` does not open",
    ),
];

/// Money and a document: the same rows each time. Gives where the document is.
async fn live(team: &Caller, amount: &str) -> String {
    team.fund(amount).await;
    let path = document(team, "ADA").await;
    let headers = [("content-type", "application/octet-stream")];
    let upload = team.request(Method::POST, &path, None, &headers);
    let sent = upload.body("%PDF-1.7 a bill").send().await.expect("sent");
    Reply::read(sent).await.ok();
    format!("{path}/download")
}

#[tokio::test]
async fn what_a_deleted_sandbox_has_left_is_not_taken_over_by_one_of_the_same_name() {
    for (damage, found) in TAKEN_OVER {
        let database = Database::new().await;
        let (server, caller) = start(&database).await;
        live(&broken::make(&caller, "team").await, "5").await;
        drop(server);
        run(&database, KEEP).await;
        let (server, caller) = start(&database).await;
        broken::can_be_deleted(&caller, "team").await;
        let file = live(&broken::caller_of(&caller, "team").await, "6").await;
        drop(server);
        let (server, caller) = start(&database).await;
        let team = broken::caller_of(&caller, "team").await;
        assert_eq!(team.get(&file).await.text, "%PDF-1.7 a bill");
        drop(server);
        run(&database, damage).await;
        let (_server, caller) = start(&database).await;
        let team = broken::caller_of(&caller, "team").await;
        let refused = team.get(&file).await;
        assert_eq!(refused.code(), "STORE_UNAVAILABLE", "{damage}");
        assert!(refused.text.contains(found), "{}", refused.text);
    }
}
