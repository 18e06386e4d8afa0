//! What is asked of the database, prepared once for each connection.

use tokio_postgres::{Client, Error, Statement};

use super::schema::tables_version;

/// How many rows are followed one by one; beyond that a snapshot is quicker.
pub(super) const FOLLOWED: i64 = 10_000;

/// Columns of a head, in the order in which [`super::head`] reads them.
macro_rules! head {
    () => {
        "s.generation, s.seq, s.epoch, s.snapshot, s.head"
    };
}

/// The lock that orders the servers. It leaves room for the locks that rows of other tables take on the sandbox that
/// they name. Parameters: sandbox.
const LOCK: &str = concat!(
    "SELECT ",
    head!(),
    " FROM layer2_sandboxes s WHERE s.id = $1 FOR NO KEY UPDATE"
);

/// One statement and so one moment: the head, and the rows after a position if it is of this generation. Parameters:
/// sandbox, generation, position, how many.
const LOOK: &str = concat!(
    "SELECT ",
    head!(),
    ", r.content, r.seq FROM layer2_sandboxes s LEFT JOIN LATERAL (
        SELECT seq, content FROM layer2_rows
        WHERE sandbox = s.id AND generation = s.generation AND s.generation = $2 AND seq > $3
        ORDER BY seq LIMIT $4
    ) r ON true WHERE s.id = $1 ORDER BY r.seq"
);

/// Parameters: sandbox, generation, position, how many.
const ROWS: &str = "SELECT content, seq FROM layer2_rows \
    WHERE sandbox = $1 AND generation = $2 AND seq > $3 ORDER BY seq LIMIT $4";

/// The head, with the parts of its snapshot if there is one. Parameters: sandbox.
const OPEN: &str = concat!(
    "SELECT ",
    head!(),
    ", n.seq, n.part, n.parts, n.content FROM layer2_sandboxes s \
     LEFT JOIN layer2_snapshots n \
     ON n.sandbox = s.id AND n.generation = s.generation AND n.seq = s.snapshot \
     WHERE s.id = $1 ORDER BY n.part"
);

/// Parameters: sandbox, generation, positions, contents.
const ADD_ROWS: &str = "INSERT INTO layer2_rows (sandbox, generation, seq, content) \
    SELECT $1, $2, seq, content FROM unnest($3::bigint[], $4::bytea[]) AS added (seq, content)";

/// Parameters: sandbox, generation, position, epoch, and all of it sealed.
const SET_HEAD: &str = "UPDATE layer2_sandboxes SET generation = $2, seq = $3, epoch = $4, head = $5, \
    snapshot = CASE WHEN generation = $2 THEN snapshot END WHERE id = $1";

/// Parameters: sandbox.
const FORGET: &str = "WITH rows AS (DELETE FROM layer2_rows WHERE sandbox = $1), \
    files AS (DELETE FROM layer2_files WHERE sandbox = $1) \
    DELETE FROM layer2_snapshots WHERE sandbox = $1";

/// Parameters: sandbox, generation, digests, lengths, contents.
const ADD_FILES: &str = "INSERT INTO layer2_files (sandbox, generation, id, length, content) \
    SELECT $1, $2, id, length, content \
    FROM unnest($3::bytea[], $4::bigint[], $5::bytea[]) AS added (id, length, content) \
    ON CONFLICT DO NOTHING";

/// Parameters: sandbox, generation.
const FILES: &str = "SELECT id, length FROM layer2_files WHERE sandbox = $1 AND generation = $2";

/// Parameters: sandbox, generation, digest.
const FILE: &str =
    "SELECT content FROM layer2_files WHERE sandbox = $1 AND generation = $2 AND id = $3";

/// Parameters: sandbox, generation, position, part, parts, content.
const ADD_SNAPSHOT: &str = "INSERT INTO layer2_snapshots \
    (sandbox, generation, seq, part, parts, content) VALUES ($1, $2, $3, $4, $5, $6) \
    ON CONFLICT DO NOTHING";

/// The newest one stays, whoever comes first, and none that a reset has overtaken. Parameters: sandbox, generation,
/// position.
const SET_SNAPSHOT: &str = "UPDATE layer2_sandboxes SET snapshot = $3 \
    WHERE id = $1 AND generation = $2 AND (snapshot IS NULL OR snapshot < $3)";

/// What is not the snapshot that its sandbox names. Parameters: sandbox.
const SWEEP_SNAPSHOTS: &str = "DELETE FROM layer2_snapshots n USING layer2_sandboxes s \
    WHERE n.sandbox = $1 AND s.id = $1 \
    AND (n.generation, n.seq) IS DISTINCT FROM (s.generation, s.snapshot)";

/// Wakes the server that sends the webhooks of a sandbox. Parameters: sandbox, as text.
const TELL: &str = "SELECT pg_notify('layer2', $1)";

/// The last statement of a transaction: until its end all others wait that change anything.
const CHANGED: &str = "UPDATE layer2_store SET changes = changes + 1";

/// Nothing once a newer server has brought the tables up to its own. It is asked before each call, so that this server
/// does nothing from then on, not even what the new tables would let it do.
const CHANGES: &str = concat!(
    "SELECT changes FROM layer2_store WHERE version = ",
    tables_version!()
);

/// What is known is not sent again. Parameters: known sandboxes.
const LIST: &str = "SELECT id, name, epoch, CASE WHEN id = ANY($1) THEN NULL ELSE charter END \
    FROM layer2_sandboxes ORDER BY name";

/// Parameters: name, charter, head.
const CREATE: &str = "INSERT INTO layer2_sandboxes (name, charter, head) VALUES ($1, $2, $3) \
    ON CONFLICT DO NOTHING RETURNING id";

/// A sandbox whose name is still to come. Until then it has one that no other transaction has and that is the name of no
/// sandbox; nobody else ever sees it. Parameters: charter, head.
const DRAFT: &str = "INSERT INTO layer2_sandboxes (name, charter, head) \
    VALUES ('/' || txid_current(), $1, $2) RETURNING id";

/// Parameters: sandbox, name.
const NAME: &str = "UPDATE layer2_sandboxes SET name = $2 WHERE id = $1";

/// Gives how many times tokens were expired up to then, by whomever. Parameters: name.
const DELETE: &str = "DELETE FROM layer2_sandboxes WHERE name = $1 RETURNING epoch";

macro_rules! statements {
    ($($name:ident: $text:ident),* $(,)?) => {
        /// The prepared statements of one connection.
        #[derive(Clone)]
        pub(super) struct Statements {
            $(pub(super) $name: Statement,)*
        }

        impl Statements {
            pub(super) async fn prepare(client: &Client) -> Result<Statements, Error> {
                // All are on their way before the first answer is there.
                let ($($name,)*) = tokio::try_join!($(client.prepare($text),)*)?;
                Ok(Statements { $($name,)* })
            }
        }
    };
}

statements! {
    add_files: ADD_FILES,
    add_rows: ADD_ROWS,
    add_snapshot: ADD_SNAPSHOT,
    changed: CHANGED,
    changes: CHANGES,
    create: CREATE,
    delete: DELETE,
    draft: DRAFT,
    file: FILE,
    files: FILES,
    forget: FORGET,
    list: LIST,
    lock: LOCK,
    look: LOOK,
    name: NAME,
    open: OPEN,
    rows: ROWS,
    set_head: SET_HEAD,
    set_snapshot: SET_SNAPSHOT,
    sweep_snapshots: SWEEP_SNAPSHOTS,
    tell: TELL,
}
