//! One sandbox of a database that does not come back.

use super::start;
use crate::{broken, postgres::database::Database};

/// What is done to the database, and what a call of the sandbox is told of it.
const DAMAGES: [(&str, &str); 3] = [
    (
        "UPDATE layer2_snapshots SET content = '\\x00' WHERE sandbox = 2",
        "of the snapshot of the sandbox `team`",
    ),
    (
        "UPDATE layer2_sandboxes SET charter = '\\x00' WHERE name = 'team'",
        "what the sandbox `team` was made from does not open",
    ),
    (
        "UPDATE layer2_sandboxes SET snapshot = NULL WHERE id = 2; \
         DELETE FROM layer2_rows WHERE sandbox = 2 AND seq > 1",
        "its journal ends at row 1, and row",
    ),
];

/// A database with two sandboxes, one of which is damaged, and a token that this one has expired.
async fn damaged(damage: &str) -> (Database, String) {
    let database = Database::new().await;
    let (server, caller) = start(&database).await;
    let team = broken::make(&caller, "team").await;
    team.fund("5").await;
    team.fund("6").await;
    let expired = broken::expired_token(&team).await;
    drop(server);
    let client = database.client().await;
    client.batch_execute(damage).await.expect(damage);
    (database, expired)
}

#[tokio::test]
async fn the_others_go_on_and_a_reset_on_one_server_mends_it_for_all() {
    for (damage, found) in DAMAGES {
        let (database, expired) = damaged(damage).await;
        let (_one, first) = start(&database).await;
        let (_two, second) = start(&database).await;
        for caller in [&first, &second] {
            broken::is_refused(caller, "team", found).await;
        }
        broken::is_mended_by_a_reset(&first, "team", &expired).await;
        broken::is_alive(&second, "team").await;
        let (_three, third) = start(&database).await;
        broken::is_alive(&third, "team").await;
    }
}

#[tokio::test]
async fn it_can_be_deleted() {
    for (damage, _) in DAMAGES {
        let (database, _) = damaged(damage).await;
        let (_one, first) = start(&database).await;
        broken::can_be_deleted(&first, "team").await;
        let (_two, second) = start(&database).await;
        broken::caller_of(&second, "team").await.fund("7").await;
        broken::is_alive(&first, "team").await;
    }
}

#[tokio::test]
async fn one_that_comes_while_servers_run_is_taken_in_as_it_is() {
    let database = Database::new().await;
    let (_one, first) = start(&database).await;
    let (_two, second) = start(&database).await;
    let client = database.client().await;
    // As a newer version would make it, whose record this one cannot read.
    let newer = "INSERT INTO layer2_sandboxes (name, charter, head) VALUES ('newer', '\\x00', '\\x00'); \
        UPDATE layer2_store SET changes = changes + 1";
    client.batch_execute(newer).await.expect("made");
    for caller in [&first, &second] {
        let found = "what the sandbox `newer` was made from does not open";
        broken::is_refused(caller, "newer", found).await;
    }
    broken::can_be_deleted(&first, "newer").await;
    broken::caller_of(&second, "newer").await.fund("7").await;
    broken::is_alive(&first, "newer").await;
}
