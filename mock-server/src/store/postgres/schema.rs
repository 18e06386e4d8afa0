//! The tables of a store, and how they come about.
//!
//! One row of `layer2_store` says what the tables are, and counts what concerns more than one sandbox. The row of a
//! sandbox is its head and its lock: whoever has it locked is the one server that may write. The journal is never
//! updated, only added to and, at a reset or with the sandbox, deleted. What only the servers are to read is sealed
//! before it comes here.

use jiff::SignedDuration;
use tokio_postgres::Client;

use super::{
    columns::{get, number},
    connections::within,
    head,
};
use crate::{
    journal::Head,
    store::{
        StoreError,
        seal::{Place, Sealer},
    },
};

/// The version of the tables, as a literal: statements name it too.
macro_rules! tables_version {
    () => {
        2
    };
}
pub(super) use tables_version;

/// The version of the tables.
const VERSION: i32 = tables_version!();

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
    -- All of the head. What stands of it in clear is held against it.
    head bytea NOT NULL,
    generation bigint NOT NULL DEFAULT 0,
    seq bigint NOT NULL DEFAULT 0,
    -- The last row in the snapshot of this generation.
    snapshot bigint,
    epoch bigint NOT NULL DEFAULT 0
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

/// In the first tables the head stood in clear and in no other way. Without two of its columns the servers that know
/// those tables alone read and write no sandbox any more, and make none, as they know of no head. What they still can is
/// to delete one: that takes its name alone.
const SEALED_HEADS: &str = "
ALTER TABLE layer2_sandboxes
    ALTER COLUMN head SET NOT NULL, DROP COLUMN advanced_seconds, DROP COLUMN advanced_nanoseconds;
UPDATE layer2_store SET version = 2;
";

/// What the proof of a store says once it is opened.
const PROOF: &[u8] = b"layer2-mock";

/// Makes the tables that are missing, and brings older ones up to these. All or nothing, and nothing at all under another
/// seed than that of the store.
pub(super) async fn make(client: &Client, sealer: &Sealer) -> Result<(), StoreError> {
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
        let proof = sealer.seal(Place::Check, PROOF)?;
        within(client.execute(insert, &[&VERSION, &proof])).await?;
    }
    let row = within(client.query_one("SELECT version, proof FROM layer2_store", &[])).await?;
    let (version, proof): (i32, &[u8]) = (get(&row, 0)?, get(&row, 1)?);
    if !(1..=VERSION).contains(&version) {
        return Err(StoreError::Unusable(format!(
            "its tables are of version {version} and this server knows version {VERSION}; start the layer2-mock that made them; nothing was changed"
        )));
    }
    if sealer.open(Place::Check, proof).ok().as_deref() != Some(PROOF) {
        return Err(StoreError::Unusable(
            "it was made under another seed, and what it holds opens under that one alone; start with the same --seed, or choose another database; nothing was changed".to_owned(),
        ));
    }
    if version == 1 {
        seal_heads(client, sealer).await?;
    }
    within(client.batch_execute("COMMIT")).await
}

/// From the first tables to the second: heads are sealed.
async fn seal_heads(client: &Client, sealer: &Sealer) -> Result<(), StoreError> {
    // From here on no server of before has any sandbox locked.
    within(client.batch_execute("ALTER TABLE layer2_sandboxes ADD COLUMN head bytea")).await?;
    let heads = "SELECT id, name, generation, seq, epoch, advanced_seconds, advanced_nanoseconds \
        FROM layer2_sandboxes";
    for row in within(client.query(heads, &[])).await? {
        let (id, name): (i64, String) = (get(&row, 0)?, get(&row, 1)?);
        let head = Head {
            generation: number(get(&row, 2)?)?,
            epoch: number(get(&row, 4)?)?,
            advanced: SignedDuration::new(get(&row, 5)?, get(&row, 6)?),
        };
        let sealed = head::seal(sealer, &name, None, head, number(get(&row, 3)?)?)?;
        let update = "UPDATE layer2_sandboxes SET head = $2 WHERE id = $1";
        within(client.execute(update, &[&id, &sealed])).await?;
    }
    within(client.batch_execute(SEALED_HEADS)).await
}
