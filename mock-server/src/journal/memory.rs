//! A journal that lives as long as its sandbox.

use std::{collections::BTreeMap, sync::Mutex};

use bytes::Bytes;
use jiff::Timestamp;
use layer2_world::command::compact::{CompactCommands, read_number, write_number};

use super::{Base, Journal, Mark, Opened, Row, Write};
use crate::{
    blobs::BlobId,
    sandbox::lock,
    store::{Pending, StoreError},
};

/// Rows in a list. It grows with the sandbox, as the state does; `reset` and `delete` end both. The bytes of files stay
/// where they were put (`Blobs`), but for those that the sandbox began with.
#[derive(Debug, Default)]
pub(crate) struct MemoryJournal {
    /// Taken under the lock of the sandbox or by a look at all rows, so nobody waits for it on the way of a request.
    rows: Mutex<RowList>,
    /// What the sandbox begins with. It is read once, as nothing is ever lost and read again.
    begun: Mutex<Opened>,
    /// The files that the sandbox began with.
    files: Mutex<BTreeMap<BlobId, Bytes>>,
}

impl MemoryJournal {
    /// The journal of a sandbox that does not begin anew.
    pub(crate) fn after(base: &Base) -> MemoryJournal {
        let blobs = base
            .files
            .iter()
            .map(|(id, bytes)| (*id, bytes.len() as u64));
        let begun = Opened {
            head: base.head,
            seq: base.snapshot.seq,
            snapshot: Some(base.snapshot.clone()),
            blobs: blobs.collect(),
        };
        MemoryJournal {
            rows: Mutex::new(RowList::after(base.snapshot.seq)),
            begun: Mutex::new(begun),
            files: Mutex::new(base.files.iter().cloned().collect()),
        }
    }
}

impl Journal for MemoryJournal {
    fn open(&self) -> Pending<'_, Opened> {
        let begun = std::mem::take(&mut *lock(&self.begun));
        Box::pin(async move { Ok(begun) })
    }

    fn rows(&self, after: u64, most: usize) -> Pending<'_, Vec<Row>> {
        let page = lock(&self.rows).page(after, most);
        Box::pin(async move {
            page.ok_or_else(|| StoreError::Unusable("a row in memory cannot be read".to_owned()))
        })
    }

    fn write(&self, write: Write) -> Mark {
        match write {
            Write::Row { row, .. } => lock(&self.rows).push(&row),
            Write::Reset(_) => {
                *lock(&self.rows) = RowList::default();
                lock(&self.files).clear();
            }
            Write::Head(_) => {}
        }
        Mark::default()
    }

    fn blob(&self, id: BlobId) -> Pending<'_, Option<Bytes>> {
        let bytes = lock(&self.files).get(&id).cloned();
        Box::pin(async move { Ok(bytes) })
    }
}

/// Rows in few bytes, one behind the other, by their position.
///
/// They lie in blocks, so that a list that grows never moves what it has, nor takes room for twice as much.
#[derive(Default)]
struct RowList {
    blocks: Vec<Block>,
    /// Position of the last row: how many there are, with those that the state already held when the list began.
    last: u64,
    commands: CompactCommands,
    /// Where a row is written before it is known how long it is.
    scratch: Vec<u8>,
}

/// Rows that follow on each other. Before each stands how many bytes it has, and by how many seconds it is later than
/// the first.
struct Block {
    /// Position of the last row before it.
    before: u64,
    /// Second of the first row.
    begun: i64,
    bytes: Vec<u8>,
}

/// Bytes of a block, but for a row that is longer by itself.
const BLOCK: usize = 64 * 1024;

/// The most that a number takes.
const NUMBER: usize = 10;

impl RowList {
    /// A list whose first row follows this position.
    fn after(position: u64) -> RowList {
        RowList {
            last: position,
            ..RowList::default()
        }
    }

    fn push(&mut self, row: &Row) {
        self.scratch.clear();
        self.scratch.shrink_to(BLOCK);
        write(row, &mut self.commands, &mut self.scratch);
        debug_assert_eq!(row.seq, self.last + 1, "rows come in their order");
        let needed = 2 * NUMBER + self.scratch.len();
        let has_room = |block: &Block| block.bytes.len() + needed <= BLOCK;
        let second = row.now.as_second();
        if !self.blocks.last().is_some_and(has_room) {
            // The first block grows as it is needed: most sandboxes are small.
            let room = if self.blocks.is_empty() { 0 } else { BLOCK };
            self.blocks.push(Block {
                before: self.last,
                begun: second,
                bytes: Vec::with_capacity(room.max(needed)),
            });
        }
        if let Some(Block { bytes, begun, .. }) = self.blocks.last_mut() {
            write_number(self.scratch.len() as u64, bytes);
            write_number(zigzag(second.wrapping_sub(*begun)), bytes);
            bytes.extend_from_slice(&self.scratch);
        }
        self.last += 1;
    }

    /// At most so many rows after a position; none if one cannot be read.
    fn page(&self, after: u64, most: usize) -> Option<Vec<Row>> {
        let begin = self.blocks.partition_point(|block| block.before <= after);
        let blocks = &self.blocks[begin.saturating_sub(1)..];
        let rows = blocks.iter().flat_map(|block| {
            let positions = block.before + 1..;
            let rows = Rows(&block.bytes).map(|(later, bytes)| {
                let second = block.begun.wrapping_add(unzigzag(later));
                (second, bytes)
            });
            positions.zip(rows)
        });
        rows.skip_while(|(seq, _)| *seq <= after)
            .take(most)
            .map(|(seq, (second, bytes))| read(seq, second, bytes, &self.commands))
            .collect()
    }
}

impl std::fmt::Debug for RowList {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RowList(up to row {})", self.last)
    }
}

/// The rows of a block, each with its two numbers but for the first.
struct Rows<'a>(&'a [u8]);

impl<'a> Iterator for Rows<'a> {
    type Item = (u64, &'a [u8]);

    fn next(&mut self) -> Option<(u64, &'a [u8])> {
        let (length, rest) = read_number(self.0)?;
        let (later, rest) = read_number(rest)?;
        let (row, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some((later, row))
    }
}

/// A number whose distance from zero is small, as a small one.
fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

/// The rules, the part of the instant below a second, the digest and the command. The position is the place in the list.
fn write(row: &Row, commands: &mut CompactCommands, out: &mut Vec<u8>) {
    let Row {
        seq: _,
        now,
        command,
        digest,
        rules,
    } = row;
    write_number(u64::from(*rules), out);
    out.extend(now.subsec_nanosecond().to_le_bytes());
    out.extend(digest);
    commands.write(command, out);
}

fn read(seq: u64, second: i64, bytes: &[u8], commands: &CompactCommands) -> Option<Row> {
    let (rules, rest) = read_number(bytes)?;
    let (nanoseconds, rest) = rest.split_first_chunk()?;
    let (digest, command) = rest.split_first_chunk()?;
    let now = Timestamp::new(second, i32::from_le_bytes(*nanoseconds));
    Some(Row {
        seq,
        now: now.ok()?,
        command: commands.read(command)?,
        digest: *digest,
        rules: u32::try_from(rules).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use layer2_world::command::{ClientCommand, Command, Fingerprint, Internal};
    use layer2_world::request::{Actor, Request};

    use super::*;

    fn row(seq: u64) -> Row {
        let long = if seq.is_multiple_of(50) { 100_000 } else { 100 };
        let request = Request {
            op: "payments.transfers_create".parse().unwrap(),
            path: Vec::new(),
            query: Vec::new(),
            // Of bodies that are alike little would be kept.
            body: Some(format!("{seq:010}").repeat(long / 10)),
            actor: Actor::Client,
        };
        let command = Command::Client(ClientCommand {
            request,
            key: None,
            fingerprint: Fingerprint::new([7; 32]),
        });
        let due = Command::Internal(Internal::RunDue);
        // On both sides of the epoch and of the first row; business time goes forward, but nothing rests on it here.
        let place = i64::try_from(seq).unwrap();
        let second = [place, -place, i64::from(i32::MAX), 0][usize::try_from(seq % 4).unwrap()];
        let nanosecond = i32::try_from(seq).unwrap() * if second < 0 { -1 } else { 1 };
        let now = Timestamp::new(second, nanosecond);
        Row {
            seq,
            now: now.unwrap(),
            command: if seq.is_multiple_of(3) { due } else { command },
            digest: [u8::try_from(seq % 251).unwrap(); 32],
            rules: u32::try_from(seq).unwrap(),
        }
    }

    #[test]
    fn rows_come_back_from_any_position() {
        const ROWS: u64 = 2_000;

        let mut list = RowList::default();
        assert_eq!(list.page(0, 10), Some(Vec::new()));
        for seq in 1..=ROWS {
            list.push(&row(seq));
        }
        assert!(list.blocks.len() > 10, "{} blocks", list.blocks.len());
        for after in 0..ROWS {
            let page = list.page(after, 3).unwrap();
            let expected = (after + 1..=ROWS).take(3).map(row);
            assert!(page.into_iter().eq(expected), "after {after}");
        }
        let all = list.page(0, usize::MAX).unwrap();
        assert!(all.into_iter().eq((1..=ROWS).map(row)));
        assert_eq!(list.page(ROWS, 3), Some(Vec::new()));
        assert_eq!(list.page(u64::MAX, 3), Some(Vec::new()));
    }

    #[test]
    fn a_row_of_due_work_is_small() {
        let mut bytes = Vec::new();
        write(&row(3), &mut CompactCommands::default(), &mut bytes);
        assert!(bytes.len() < 48, "{} bytes", bytes.len());
        assert!(!format!("{:?}", RowList::default()).contains("bytes"));
    }
}
