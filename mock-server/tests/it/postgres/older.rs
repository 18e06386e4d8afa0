//! What each version of the rules has left in a database that was stopped in order. The first two knew no sealed heads.

use layer2_mock::RULES_VERSION;
use reqwest::Method;

use super::start;
use crate::{
    older::{Seen, kept, keyed},
    postgres::database::Database,
};

#[tokio::test]
async fn a_database_that_was_left_in_order_goes_on_under_newer_rules() {
    for rules in 1..=RULES_VERSION {
        let database = Database::new().await;
        let statements = String::from_utf8(kept(rules, "sql")).expect("statements");
        let client = database.client().await;
        client.batch_execute(&statements).await.expect("loaded");
        let seen = Seen::of(rules);
        let (server, caller) = start(&database).await;
        let (_other, elsewhere) = start(&database).await;
        let journal = server.journal("default").expect("rows of before");
        assert!(journal.iter().all(|row| row.rules == rules));
        for caller in [&caller, &elsewhere] {
            seen.is_shown_to(caller).await;
            let clock = caller.control(Method::GET, "/clock", None).await.ok();
            assert_eq!(clock["data"]["offset_seconds"], 90, "{clock}");
        }
        caller.transfer("1").await;
        elsewhere.transfer("1").await;
        let state = server.snapshot("default");
        drop((server, _other));

        let (server, caller) = start(&database).await;
        assert!(server.snapshot("default") == state);
        let rows = server.journal("default").expect("rows of either version");
        assert_eq!(rows[..journal.len()], journal);
        let added: Vec<u32> = rows[journal.len()..].iter().map(|row| row.rules).collect();
        assert_eq!(added, [RULES_VERSION; 2]);
        let again = keyed(&caller).await;
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
        caller.control(Method::POST, "/reset", None).await.ok();
        caller.fund("1").await;
    }
}

/// The database is as it was for the version that made it.
#[tokio::test]
async fn an_older_database_is_left_alone_under_another_seed() {
    let database = Database::new().await;
    let statements = String::from_utf8(kept(1, "sql")).expect("statements");
    let client = database.client().await;
    client.batch_execute(&statements).await.expect("loaded");
    let refused = super::builder(&database).seed(7).start().await;
    let refused = refused.expect_err("another seed").to_string();
    assert!(refused.contains("another seed"), "{refused}");
    let version = client
        .query_one("SELECT version FROM layer2_store", &[])
        .await;
    assert_eq!(version.expect("version").get::<_, i32>(0), 1);
    start(&database).await;
}
