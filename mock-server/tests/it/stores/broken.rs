//! One sandbox of a file that does not come back.

use super::Kept;
use crate::broken;

/// What is done to the file, and what a call of the sandbox is told of it.
const DAMAGES: [(&str, &str); 4] = [
    (
        "UPDATE snapshots SET body = zeroblob(100) WHERE sandbox = 2",
        "of the snapshot of the sandbox `team`",
    ),
    (
        "UPDATE sandboxes SET head = zeroblob(100) WHERE name = 'team'",
        "the head of the sandbox `team` does not open",
    ),
    (
        "UPDATE sandboxes SET charter = zeroblob(100) WHERE name = 'team'",
        "what the sandbox `team` was made from does not open",
    ),
    // Without the snapshot the rows are carried out again, and one is missing.
    (
        "UPDATE sandboxes SET snapshot_seq = NULL, snapshot_parts = NULL WHERE id = 2; \
         DELETE FROM rows WHERE place = (2 << 40) + 1",
        "row 2 of the journal stands where row 1 belongs",
    ),
];

/// A file with two sandboxes, one of which is damaged, and a token that this one has expired.
async fn damaged(damage: &str) -> (Kept, String) {
    let kept = Kept::new();
    let (server, caller) = kept.start().await;
    let team = broken::make(&caller, "team").await;
    team.fund("5").await;
    team.fund("6").await;
    let expired = broken::expired_token(&team).await;
    drop(server);
    let connection = rusqlite::Connection::open(kept.path()).expect("file");
    connection.execute_batch(damage).expect(damage);
    (kept, expired)
}

#[tokio::test]
async fn the_others_go_on_and_a_reset_mends_it() {
    for (damage, found) in DAMAGES {
        let (kept, expired) = damaged(damage).await;
        // Two starts: the first one leaves everything as it is.
        for _ in 0..2 {
            let (_server, caller) = kept.start().await;
            broken::is_refused(&caller, "team", found).await;
        }
        let (server, caller) = kept.start().await;
        broken::is_mended_by_a_reset(&caller, "team", &expired).await;
        drop(server);
        let (_server, caller) = kept.start().await;
        broken::is_alive(&caller, "team").await;
    }
}

#[tokio::test]
async fn it_can_be_deleted() {
    for (damage, _) in DAMAGES {
        let (kept, _) = damaged(damage).await;
        let (server, caller) = kept.start().await;
        broken::can_be_deleted(&caller, "team").await;
        drop(server);
        let (_server, caller) = kept.start().await;
        let team = broken::caller_of(&caller, "team").await;
        team.fund("7").await;
        broken::is_alive(&caller, "team").await;
    }
}

#[tokio::test]
async fn the_default_one_can_be_reset_too() {
    for (damage, found) in DAMAGES {
        let kept = Kept::new();
        let (server, caller) = kept.start().await;
        broken::make(&caller, "team").await;
        caller.fund("5").await;
        caller.fund("6").await;
        let expired = broken::expired_token(&caller).await;
        drop(server);
        let damage = damage
            .replace("sandbox = 2", "sandbox = 1")
            .replace("id = 2", "id = 1")
            .replace("2 << 40", "1 << 40")
            .replace("'team'", "'default'");
        let connection = rusqlite::Connection::open(kept.path()).expect("file");
        connection.execute_batch(&damage).expect(&damage);
        drop(connection);
        let (_server, caller) = kept.start().await;
        let team = broken::caller_of(&caller, "team").await;
        broken::is_refused(&team, "default", &found.replace("team", "default")).await;
        broken::is_mended_by_a_reset(&team, "default", &expired).await;
    }
}
