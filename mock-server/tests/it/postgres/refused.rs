//! Databases that the program cannot use: it says why and what to do about it, ends with 1, and tells no password.

use std::process::Command;

use super::start;
use crate::{binary::BINARY, postgres::database::Database};

const PASSWORD: &str = "open-sesame";

/// What the program says as it ends.
fn refusal(store: &str) -> String {
    let program = Command::new(BINARY)
        .args(["--listen", "127.0.0.1:0", "--seed", "1", "--store", store])
        .output();
    let output = program.expect("it runs");
    let told = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(1), "{told}");
    let line = told.lines().last().expect("a line").to_owned();
    assert!(line.contains("--store postgres://"), "{told}");
    for secret in [PASSWORD, "layer2:"] {
        assert!(!told.contains(secret), "{told}");
    }
    // What stands in a debug print, and not in a sentence.
    for sign in ["Error {", "Some(", "kind:", "Unusable", "Os {"] {
        assert!(!told.contains(sign), "{told}");
    }
    line
}

#[tokio::test]
async fn a_database_that_cannot_be_reached_is_named_with_what_to_check() {
    let database = Database::new().await;
    let url = database.url();
    let (_, address) = url.split_once('@').expect("an address");
    let (_, name) = url.rsplit_once('/').expect("a name");
    for (store, advice) in [
        (
            format!("postgres://layer2:{PASSWORD}@{address}"),
            "check the user and the password in the URL",
        ),
        (
            format!("postgres://layer2@{address}"),
            "the URL needs the password of the user",
        ),
        (
            format!("{url}_gone"),
            "make it (CREATE DATABASE), or name another one in the URL",
        ),
        (
            format!("postgres://layer2:{PASSWORD}@127.0.0.1:1/{name}"),
            "check host and port in the URL, and that the database runs",
        ),
        (
            format!("postgres://layer2:{PASSWORD}@no-such-host.invalid/{name}"),
            "check the name of the host in the URL",
        ),
    ] {
        let told = refusal(&store);
        assert!(told.contains(advice), "{told}");
    }
}

#[tokio::test]
async fn a_user_who_may_make_no_tables_is_told_which_right_is_missing() {
    let database = Database::new().await;
    let client = database.client().await;
    let url = database.url();
    let (_, address) = url.split_once('@').expect("an address");
    let (_, name) = url.rsplit_once('/').expect("a name");
    let user = format!("{name}_reader");
    let statements = format!(
        "DROP ROLE IF EXISTS {user}; CREATE ROLE {user} LOGIN PASSWORD '{PASSWORD}';
        REVOKE CREATE ON SCHEMA public FROM PUBLIC"
    );
    client.batch_execute(&statements).await.expect("a user");
    let store = format!("postgres://{user}:{PASSWORD}@{address}");
    let told = refusal(&store);
    client
        .batch_execute(&format!("DROP ROLE {user}"))
        .await
        .expect("gone");
    assert!(told.contains("GRANT CREATE ON SCHEMA"), "{told}");
    let tables = "SELECT to_regclass('layer2_store') IS NULL";
    let row = client.query_one(tables, &[]).await.expect("asked");
    assert!(row.get::<_, bool>(0), "nothing was made");
}

/// A scratch database, as this one, may be so; who has another one reads it in the log.
#[tokio::test]
async fn a_database_that_waits_for_no_disk_is_told_of() {
    let database = Database::alone().await;
    drop(start(&database).await);
    // Another seed, so that it ends by itself.
    let program = Command::new(BINARY)
        .args(["--listen", "127.0.0.1:0", "--seed", "7"])
        .args(["--store", &database.url()])
        .output();
    let told = String::from_utf8(program.expect("it runs").stderr).expect("text");
    assert!(told.contains("fsync = off"), "{told}");
}
