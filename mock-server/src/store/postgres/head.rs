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
pub(super) const HEAD: usize = 4;

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
        let generation = number(get(row, 0)?)?;
        let seq = number(get(row, 1)?)?;
        let epoch = number(get(row, 2)?)?;
        let place = Place::Head {
            sandbox: &filed.name,
        };
        let opened = record::open(&filed.store_sealer, place, get(row, 3)?);
        match opened.and_then(|record| sound(record, filed, (generation, seq, epoch))) {
            Ok(stored) => Ok(stored),
            Err(fault) => {
                let unread = Head::unread(generation);
                let head = Head {
                    epoch: unread.epoch.max(epoch),
                    ..unread
                };
                Ok(Stored {
                    head,
                    seq,
                    fault: Some(fault),
                })
            }
        }
    }
}

/// A head that is the one of its sandbox, and says what stands beside it in clear.
fn sound(record: Record, filed: &Filed, beside: (u64, u64, u64)) -> Result<Stored, StoreError> {
    let Record {
        identity,
        seq,
        head,
    } = record;
    let name = &filed.name;
    let is_its_own = match filed.owner {
        Owner::Early => identity.is_none(),
        Owner::Drawn(own) => identity == Some(own),
        Owner::Unknown => true,
    };
    if !is_its_own {
        return Err(StoreError::Unusable(format!(
            "the head of the sandbox `{name}` is that of another sandbox of this name; restore the database from a copy"
        )));
    }
    if (head.generation, seq, head.epoch) != beside {
        return Err(StoreError::Unusable(format!(
            "the head of the sandbox `{name}` ends at row {seq}, and the columns beside it were changed (they say row {}); restore the database from a copy",
            beside.1
        )));
    }
    Ok(Stored {
        head,
        seq,
        fault: None,
    })
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
            sealed: seal(&filed.store_sealer, &filed.name, filed.identity(), head, seq)?,
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
