//! The head of a sandbox in its row: sealed, and beside it in clear what statements need of it.
//!
//! The head says which row is the last one. So rows that are missing at the end are found, and so is an older head in the
//! place of a newer one, as there are rows after it.

use serde::{Deserialize, Serialize};
use tokio_postgres::{Row as Columns, types::ToSql};

use super::{
    columns::{column, get, number},
    filed::{Filed, Owner},
};
use crate::{
    journal::Head,
    store::{
        Identity, StoreError, record,
        seal::{Place, Sealer},
    },
};

/// Columns of a head; others follow them.
pub(super) const HEAD: usize = 5;

/// A head with the position of the last row.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) head: Head,
    pub(super) seq: u64,
    /// Why nothing may rest on it, if so. A reset counts on from it all the same.
    pub(super) fault: Option<StoreError>,
}

/// What is sealed of it.
#[derive(Serialize, Deserialize)]
struct Record {
    /// That of the sandbox, unless it was made before there were any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    identity: Option<Identity>,
    seq: u64,
    head: Head,
}

impl Stored {
    /// The head that stands in the first columns.
    pub(super) fn of(row: &Columns, filed: &Filed) -> Result<Stored, StoreError> {
        let clear = Clear {
            generation: number(get(row, 0)?)?,
            seq: number(get(row, 1)?)?,
            epoch: number(get(row, 2)?)?,
            snapshot: get::<Option<i64>>(row, 3)?.map(number).transpose()?,
        };
        let place = Place::Head {
            sandbox: &filed.name,
        };
        let opened = record::open(&filed.store_sealer, place, get(row, 4)?);
        let head = opened.and_then(|record| clear.sound(&record, filed));
        Ok(match (head, filed.owner) {
            (Ok(head), _) => Stored {
                head,
                seq: clear.seq,
                fault: None,
            },
            // Nothing is read of it in any case, and what is told of it is why.
            (Err(fault), Owner::Unknown) => Stored {
                fault: None,
                ..clear.stored().distrusted(fault)
            },
            (Err(fault), Owner::Early | Owner::Drawn(_)) => clear.stored().distrusted(fault),
        })
    }

    /// The same as one that nothing may rest on: how often tokens were expired is not known then.
    pub(super) fn distrusted(mut self, fault: StoreError) -> Stored {
        let unread = Head::unread(self.head.generation);
        self.head.epoch = self.head.epoch.max(unread.epoch);
        self.fault = Some(fault);
        self
    }
}

/// What stands in clear of a head.
struct Clear {
    generation: u64,
    seq: u64,
    epoch: u64,
    /// The last row of the snapshot.
    snapshot: Option<u64>,
}

impl Clear {
    /// The head that is sealed, if it is the one of the sandbox and of this moment.
    fn sound(&self, record: &Record, filed: &Filed) -> Result<Head, StoreError> {
        let Record {
            identity,
            seq,
            head,
        } = *record;
        let is_its_own = match filed.owner {
            Owner::Early => identity.is_none(),
            Owner::Drawn(own) => identity == Some(own),
            Owner::Unknown => true,
        };
        let flaw = if !is_its_own {
            "is that of another sandbox of this name".to_owned()
        } else if (head.generation, seq, head.epoch) != (self.generation, self.seq, self.epoch) {
            format!(
                "says row {seq} and epoch {}, and the columns beside it, which were changed, say row {} and epoch {}",
                head.epoch, self.seq, self.epoch
            )
        } else if let Some(snapshot) = self.snapshot.filter(|snapshot| *snapshot > seq) {
            format!(
                "ends at row {seq} and its snapshot at row {snapshot}: it is that of an earlier moment"
            )
        } else {
            return Ok(head);
        };
        Err(flawed(filed, &flaw))
    }

    fn stored(&self) -> Stored {
        Stored {
            head: Head {
                generation: self.generation,
                epoch: self.epoch,
                ..Head::default()
            },
            seq: self.seq,
            fault: None,
        }
    }
}

/// What is wrong with the head of a sandbox.
pub(super) fn flawed(filed: &Filed, flaw: &str) -> StoreError {
    StoreError::Unusable(format!(
        "the head of the sandbox `{}` {flaw}; restore the database from a copy",
        filed.name
    ))
}

/// A head as the statements that set it take it.
#[derive(Debug)]
pub(super) struct HeadColumns {
    pub(super) generation: i64,
    seq: i64,
    epoch: i64,
    sealed: Vec<u8>,
}

impl HeadColumns {
    pub(super) fn of(filed: &Filed, head: Head, seq: u64) -> Result<HeadColumns, StoreError> {
        Ok(HeadColumns {
            generation: column(head.generation),
            seq: column(seq),
            epoch: column(head.epoch),
            sealed: seal(
                &filed.store_sealer,
                &filed.name,
                filed.identity(),
                head,
                seq,
            )?,
        })
    }

    /// The parameters for the sandbox of this number.
    pub(super) fn parameters<'p>(&'p self, sandbox: &'p i64) -> [&'p (dyn ToSql + Sync); 5] {
        [
            sandbox,
            &self.generation,
            &self.seq,
            &self.epoch,
            &self.sealed,
        ]
    }
}

/// The record of a head under the key of the store: it is read also where nobody knows whose it is.
pub(super) fn seal(
    sealer: &Sealer,
    sandbox: &str,
    identity: Option<Identity>,
    head: Head,
    seq: u64,
) -> Result<Vec<u8>, StoreError> {
    let record = Record {
        identity,
        seq,
        head,
    };
    record::seal(sealer, Place::Head { sandbox }, &record)
}
