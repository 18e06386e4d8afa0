//! The last server on a database, ended while it works.

use super::start;
use crate::{ended, postgres::database::Database};

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_ends_while_it_works_leaves_a_snapshot_at_the_end_of_each_journal() {
    let database = Database::new().await;
    let (server, caller) = start(&database).await;
    let acknowledged = ended::under_load(server, &caller).await;

    let client = database.client().await;
    let ends = "SELECT name, snapshot, (SELECT max(seq) FROM layer2_rows WHERE sandbox = id) \
        FROM layer2_sandboxes ORDER BY name";
    let ends = client.query(ends, &[]).await.expect("rows");
    assert_eq!(ends.len(), 2);
    for end in ends {
        let (snapshot, last): (Option<i64>, Option<i64>) = (end.get(1), end.get(2));
        assert!(last.is_some());
        assert_eq!(snapshot, last, "{}", end.get::<_, &str>(0));
    }
    let (server, _) = start(&database).await;
    ended::assert_kept(&server, acknowledged);
}
