//! A server on a file that is ended while it works.

use super::Kept;
use crate::ended;

/// Of each sandbox in the file: its name, the row that its snapshot stands at, and its last row.
fn ends(kept: &Kept) -> Vec<(String, Option<i64>, i64)> {
    const ENDS: &str = "SELECT name, snapshot_seq, (SELECT max(place) FROM rows \
        WHERE place BETWEEN id << 40 AND (id + 1) << 40) - (id << 40) FROM sandboxes ORDER BY name";
    let connection = rusqlite::Connection::open(kept.path()).expect("file");
    let mut asked = connection.prepare(ENDS).expect("question");
    let end = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let ends = asked.query_map([], end).and_then(Iterator::collect);
    ends.expect("rows")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_ends_while_it_works_leaves_a_snapshot_at_the_end_of_each_journal() {
    let kept = Kept::new();
    let (server, caller) = kept.start().await;
    let acknowledged = ended::under_load(server, &caller).await;
    let ends = ends(&kept);
    assert_eq!(ends.len(), 2);
    for (name, snapshot, last) in ends {
        assert_eq!(snapshot, Some(last), "{name}");
    }
    let (server, _) = kept.start().await;
    ended::assert_kept(&server, acknowledged);
}
