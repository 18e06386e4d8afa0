//! The tables of a store, and how they come about.
//!
//! One row of `layer2_store` says what the tables are, and counts what concerns more than one sandbox. The row of a
//! sandbox is its head and its lock: whoever has it locked is the one server that may write. The journal is never
//! updated, only added to and, at a reset or with the sandbox, deleted. What only the servers are to read is sealed
//! before it comes here.

use tokio_postgres::Client;

use super::connections::within;
use crate::store::StoreError;

/// The version of the tables.
const VERSION: i32 = 1;

/// Number of the lock under which tables are made; any number will do that nobody else uses.
const MAKING: i64 = 0x006c_6179_6572_3200;

const TABLES: &str = "
CREATE TABLE layer2_store (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    version integer NOT NULL,
    -- Goes up when a sandbox is made or deleted, and when tokens are expired.
    changes bigint NOT NULL DEFAULT 0,
    -- Opens under the seed that the store was made with.
    proof bytea NOT NULL
);
CREATE TABLE layer2_sandboxes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    charter bytea NOT NULL,
    generation bigint NOT NULL DEFAULT 0,
    seq bigint NOT NULL DEFAULT 0,
    -- The last row in the snapshot of this generation.
    snapshot bigint,
    epoch bigint NOT NULL DEFAULT 0,
    advanced_seconds bigint NOT NULL DEFAULT 0,
    advanced_nanoseconds integer NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
CREATE TABLE layer2_rows (
    sandbox bigint NOT NULL REFERENCES layer2_sandboxes ON DELETE CASCADE,
    generation bigint NOT NULL,
    seq bigint NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (sandbox, generation, seq)
);
CREATE TABLE layer2_snapshots (
    sandbox bigint NOT NULL REFERENCES layer2_sandboxes ON DELETE CASCADE,
    generation bigint NOT NULL,
    seq bigint NOT NULL,
    part bigint NOT NULL,
    parts bigint NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (sandbox, generation, seq, part)
);
CREATE TABLE layer2_files (
    sandbox bigint NOT NULL REFERENCES layer2_sandboxes ON DELETE CASCADE,
    generation bigint NOT NULL,
    id bytea NOT NULL,
    length bigint NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (sandbox, generation, id)
);
-- What is sealed cannot be compressed.
ALTER TABLE layer2_rows ALTER COLUMN content SET STORAGE EXTERNAL;
ALTER TABLE layer2_snapshots ALTER COLUMN content SET STORAGE EXTERNAL;
ALTER TABLE layer2_files ALTER COLUMN content SET STORAGE EXTERNAL;
";

/// Makes the tables that are missing, and gives the proof of the store: the one that is there, or the one offered.
pub(super) async fn make(client: &Client, offered: &[u8]) -> Result<Vec<u8>, StoreError> {
    within(client.batch_execute("BEGIN")).await?;
    within(client.execute_typed(
        "SELECT pg_advisory_xact_lock($1)",
        &[(&MAKING, tokio_postgres::types::Type::INT8)],
    ))
    .await?;
    let there =
        within(client.query_typed_one("SELECT to_regclass('layer2_store') IS NOT NULL", &[]));
    if !there.await?.get::<_, bool>(0) {
        within(client.batch_execute(TABLES)).await?;
        let insert = "INSERT INTO layer2_store (version, proof) VALUES ($1, $2)";
        within(client.execute(insert, &[&VERSION, &offered])).await?;
    }
    let row = within(client.query_one("SELECT version, proof FROM layer2_store", &[])).await?;
    let version: i32 = row.get(0);
    if version != VERSION {
        return Err(StoreError::Unusable(format!(
            "its tables are of version {version} and this server knows version {VERSION}; start the layer2-mock that made them; nothing was changed"
        )));
    }
    within(client.batch_execute("COMMIT")).await?;
    Ok(row.get(1))
}
