//! The thread that owns the connection.
//!
//! Writes wait in its queue, and all that wait are committed together, so that one synchronisation of the disk serves
//! many commands. Questions are answered in their place in the queue: they see what was handed over before them. Sealing
//! is done here too, off the lock of the sandbox.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
};

use rusqlite::Connection;
use tokio::sync::{Notify, oneshot};

use super::{
    lane::Lane,
    schema::{self, failed},
};
use crate::{
    journal::{Mark, Write},
    store::{
        Pending, StoreError, record,
        seal::{Place, Sealer},
    },
};

/// Writes that are committed together at most.
const BATCH: usize = 1_024;

/// Writes that may wait before sandboxes wait for the queue to become shorter.
const QUEUE: usize = 8 * BATCH;

/// What a sandbox hands over.
pub(super) struct Job {
    pub(super) lane: Arc<Lane>,
    pub(super) mark: Mark,
    /// Of which generation it is; of a reset, the one that begins.
    pub(super) generation: u64,
    pub(super) write: Write,
}

/// Whatever the thread did not come to is lost: if it ends, nobody waits for it for ever.
impl Drop for Job {
    fn drop(&mut self) {
        self.lane.abandon(self.mark, &closed());
    }
}

type Question = Box<dyn FnOnce(&mut Connection) + Send>;

#[allow(
    clippy::large_enum_variant,
    reason = "nearly all are writes, and a box would cost each of them an allocation"
)]
enum Message {
    Ask(Question),
    Close(oneshot::Sender<()>),
    Write(Job),
}

/// The near end of the queue.
pub(super) struct Writer {
    queue: mpsc::Sender<Message>,
    waiting: Arc<Waiting>,
}

/// How many writes wait.
#[derive(Debug, Default)]
struct Waiting {
    writes: AtomicUsize,
    /// The thread has ended: there is no room any more, and nothing to wait for.
    is_over: AtomicBool,
    /// Told whenever there are fewer.
    fewer: Notify,
}

impl Writer {
    pub(super) fn start(connection: Connection, sealer: Arc<Sealer>) -> Result<Writer, StoreError> {
        let (queue, messages) = mpsc::channel();
        let waiting = Arc::new(Waiting::default());
        let thread = Thread {
            connection: Some(connection),
            sealer,
            messages,
            waiting: Arc::clone(&waiting),
        };
        std::thread::Builder::new()
            .name("layer2-mock-store".to_owned())
            .spawn(move || thread.run())
            .map_err(|error| StoreError::Unavailable(format!("no thread can be had: {error}")))?;
        Ok(Writer { queue, waiting })
    }

    /// Hands a write over. If nobody takes it, it is lost.
    pub(super) fn hand_over(&self, job: Job) {
        self.waiting.writes.fetch_add(1, Ordering::AcqRel);
        // What is not taken comes back, and is dropped.
        let _ = self.queue.send(Message::Write(job));
    }

    /// What to wait for while too much waits.
    pub(super) fn room(&self) -> Option<Pending<'_, ()>> {
        let has_room = |waiting: &Waiting| {
            waiting.writes.load(Ordering::Acquire) < QUEUE
                || waiting.is_over.load(Ordering::Acquire)
        };
        if has_room(&self.waiting) {
            return None;
        }
        Some(Box::pin(async move {
            loop {
                // Registered before the look, so that no change is missed.
                let fewer = self.waiting.fewer.notified();
                if has_room(&self.waiting) {
                    return Ok(());
                }
                fewer.await;
            }
        }))
    }

    /// Has something asked of the connection, after what was handed over before.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let question = Box::new(move |connection: &mut Connection| {
            // Whoever asked may have gone.
            let _ = answer.send(question(connection));
        });
        if self.queue.send(Message::Ask(question)).is_err() {
            return Err(closed());
        }
        answered.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Ends the thread after all that was handed over, and the lock on the file with it.
    pub(super) async fn close(&self) -> Result<(), StoreError> {
        let (close, is_closed) = oneshot::channel();
        if self.queue.send(Message::Close(close)).is_ok() {
            // The thread answers, or has ended by itself.
            let _ = is_closed.await;
        }
        Ok(())
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer")
            .field("waiting", &self.waiting.writes)
            .finish_non_exhaustive()
    }
}

fn closed() -> StoreError {
    StoreError::Unavailable("it is closed".to_owned())
}

/// The far end.
struct Thread {
    /// Until it is closed.
    connection: Option<Connection>,
    sealer: Arc<Sealer>,
    messages: mpsc::Receiver<Message>,
    waiting: Arc<Waiting>,
}

/// However it ends, also by a defect: whoever waits for room is told.
impl Drop for Thread {
    fn drop(&mut self) {
        self.waiting.is_over.store(true, Ordering::Release);
        self.waiting.fewer.notify_waiters();
    }
}

impl Thread {
    fn run(mut self) {
        let mut batch = Vec::new();
        while let Ok(first) = self.messages.recv() {
            let mut next = Some(first);
            let other = loop {
                match next {
                    Some(Message::Write(job)) => batch.push(job),
                    other => break other,
                }
                if batch.len() == BATCH {
                    break None;
                }
                next = self.messages.try_recv().ok();
            };
            self.commit(&mut batch);
            match other {
                Some(Message::Ask(question)) => {
                    if let Some(connection) = &mut self.connection {
                        question(connection);
                    }
                }
                Some(Message::Close(is_closed)) => return self.end(is_closed),
                Some(Message::Write(_)) | None => {}
            }
        }
    }

    /// Writes a batch in one transaction, and tells whoever waits for it.
    fn commit(&mut self, batch: &mut Vec<Job>) {
        if batch.is_empty() {
            return;
        }
        let taken = batch.len();
        // What follows a write that was lost is lost with it.
        batch.retain(|job| !job.lane.is_lost(job.mark));
        match self.write(batch) {
            Ok(shares) => shares.iter().for_each(Share::tell),
            Err(error) => batch.iter().for_each(|job| job.lane.lose(job.mark, &error)),
        }
        batch.clear();
        self.waiting.writes.fetch_sub(taken, Ordering::AcqRel);
        self.waiting.fewer.notify_waiters();
    }

    /// Writes a batch in one transaction. What goes wrong with the writes of one sandbox alone is that sandbox's loss.
    fn write<'b>(&mut self, batch: &'b [Job]) -> Result<Vec<Share<'b>>, StoreError> {
        let connection = self.connection.as_mut().ok_or_else(closed)?;
        let mut transaction = connection.transaction().map_err(failed)?;
        let mut shares = Share::of(batch);
        let is_alone = shares.len() == 1;
        for share in &mut shares {
            if is_alone {
                share.write(&transaction, &self.sealer)?;
                continue;
            }
            let part = transaction.savepoint().map_err(failed)?;
            match share.write(&part, &self.sealer) {
                Ok(()) => part.commit().map_err(failed)?,
                // Dropped, the part is taken back.
                Err(error @ StoreError::Unusable(_)) => share.failure = Some(error),
                // No room and no disk are everybody's.
                Err(error) => return Err(error),
            }
        }
        transaction.commit().map_err(failed)?;
        Ok(shares)
    }

    /// Leaves one file behind, without a log beside it.
    fn end(&mut self, is_closed: oneshot::Sender<()>) {
        if let Some(Err((_, error))) = self.connection.take().map(Connection::close) {
            tracing::error!(%error, "the store could not be closed");
        }
        // Whoever waits may have gone.
        let _ = is_closed.send(());
    }
}

/// What a batch holds of one sandbox.
struct Share<'b> {
    lane: &'b Arc<Lane>,
    jobs: Vec<&'b Job>,
    /// Sealed bytes of its rows, since it began again if it did.
    bytes: u64,
    has_reset: bool,
    /// Why it was not written although others were.
    failure: Option<StoreError>,
}

impl<'b> Share<'b> {
    /// The shares of a batch, each with its writes in their order.
    fn of(batch: &'b [Job]) -> Vec<Share<'b>> {
        let mut shares: Vec<Share<'b>> = Vec::new();
        for job in batch {
            let known = shares
                .iter_mut()
                .find(|share| Arc::ptr_eq(share.lane, &job.lane));
            match known {
                Some(share) => share.jobs.push(job),
                None => shares.push(Share {
                    lane: &job.lane,
                    jobs: vec![job],
                    bytes: 0,
                    has_reset: false,
                    failure: None,
                }),
            }
        }
        shares
    }

    /// Writes it, if the sandbox is still there: what was on its way when it was deleted would lie in the file for ever.
    fn write(&mut self, connection: &Connection, sealer: &Sealer) -> Result<(), StoreError> {
        if !schema::is_there(connection, self.lane.sandbox)? {
            self.failure = Some(StoreError::Unavailable(format!(
                "the sandbox `{}` was deleted",
                self.lane.name
            )));
            return Ok(());
        }
        for job in &self.jobs {
            if matches!(job.write, Write::Reset(_)) {
                self.bytes = 0;
                self.has_reset = true;
            }
            self.bytes += write_one(connection, sealer, job)?;
        }
        schema::count_bytes(connection, self.lane.sandbox, self.bytes)
    }

    /// Tells whoever waits what became of it, after the commit.
    fn tell(&self) {
        let (Some(first), Some(last)) = (self.jobs.first(), self.jobs.last()) else {
            return;
        };
        if let Some(error) = &self.failure {
            self.lane.lose(first.mark, error);
            return;
        }
        if self.has_reset {
            self.lane.snapshot_bytes.store(0, Ordering::Relaxed);
            self.lane.journal_bytes.store(self.bytes, Ordering::Relaxed);
        } else {
            self.lane
                .journal_bytes
                .fetch_add(self.bytes, Ordering::Relaxed);
        }
        self.lane.settle(last.mark);
    }
}

/// Writes one thing, and says how many bytes it adds to the journal.
fn write_one(connection: &Connection, sealer: &Sealer, job: &Job) -> Result<u64, StoreError> {
    let (sandbox, name) = (job.lane.sandbox, job.lane.name.as_str());
    let generation = job.generation;
    match &job.write {
        Write::Row { row, file } => {
            if let Some((id, bytes)) = file {
                let digest = id.as_bytes();
                let place = Place::Blob {
                    sandbox: name,
                    generation,
                    digest,
                };
                let body = sealer.seal(place, bytes)?;
                schema::add_blob(connection, sandbox, digest, bytes.len() as u64, &body)?;
            }
            let place = Place::Row {
                sandbox: name,
                generation,
                seq: row.seq,
            };
            let body = record::seal_row(sealer, place, row)?;
            schema::add_row(connection, sandbox, row.seq, &body)?;
            Ok(body.len() as u64)
        }
        Write::Head(head) | Write::Reset(head) => {
            if matches!(job.write, Write::Reset(_)) {
                schema::forget(connection, sandbox)?;
            }
            let body = record::seal(sealer, Place::Head { sandbox: name }, head)?;
            schema::set_head(connection, sandbox, head.generation, &body)?;
            Ok(0)
        }
    }
}

#[cfg(test)]
mod tests {
    use layer2_world::{
        RULES_VERSION,
        command::{Command, Internal},
        seed::Seed,
    };

    use super::*;
    use crate::{
        journal::{Head, Row},
        store::sqlite::schema::Sandbox,
    };

    /// What is thrown, so that no message is printed.
    struct Defect;

    fn sealer() -> Arc<Sealer> {
        Arc::new(Sealer::new(&Seed::new([1; 32])))
    }

    fn hand_over(writer: &Writer, lane: &Arc<Lane>, write: Write) -> Mark {
        let mark = lane.next_mark();
        writer.hand_over(Job {
            lane: Arc::clone(lane),
            mark,
            generation: 0,
            write,
        });
        mark
    }

    fn row(seq: u64) -> Write {
        let row = Row {
            seq,
            now: jiff::Timestamp::UNIX_EPOCH,
            command: Command::Internal(Internal::RunDue),
            digest: [0; 32],
            rules: RULES_VERSION,
        };
        Write::Row { row, file: None }
    }

    #[tokio::test]
    async fn what_one_sandbox_cannot_write_is_no_loss_of_the_others_in_its_batch() {
        let mut connection = Connection::open_in_memory().expect("a connection");
        schema::make(&mut connection, b"check").expect("tables");
        let lanes = ["a", "b", "gone"].map(|name| {
            let sandbox = schema::create(&connection, name, b"", b"").expect("made");
            Arc::new(Lane::new(sandbox, name))
        });
        schema::delete(&mut connection, "gone").expect("deleted");
        let writer = Writer::start(connection, sealer()).expect("a thread");
        let (begun, has_begun) = oneshot::channel();
        let (go_on, wait) = oneshot::channel::<()>();
        let busy = writer.ask(move |_| {
            begun.send(()).expect("somebody listens");
            wait.blocking_recv().expect("told to go on");
            Ok(())
        });
        let [a, b, gone] = &lanes;
        let fill = async {
            has_begun.await.expect("it has begun");
            // One batch: the thread is busy until all of them wait. Two rows cannot have one place.
            let marks = [(a, 1), (b, 1), (b, 1), (gone, 1), (a, 2)]
                .map(|(lane, seq)| (lane, hand_over(&writer, lane, row(seq))));
            go_on.send(()).expect("it waits");
            let mut fates = Vec::new();
            for (lane, mark) in marks {
                let safe = lane.durable(mark);
                fates.push(match safe {
                    Some(safe) => safe.await.is_ok(),
                    None => true,
                });
            }
            fates
        };
        let (busy, fates) = futures_util::future::join(busy, fill).await;
        assert_eq!(busy, Ok(()));
        assert_eq!(fates, [true, false, false, false, true]);
        assert!(matches!(b.failure(), Some(StoreError::Unusable(_))));
        let told = gone.failure().expect("lost").to_string();
        assert!(told.contains("`gone` was deleted"), "{told}");

        let rows = writer.ask(|connection| {
            let count = connection.query_row("SELECT count(*) FROM rows", [], |row| row.get(0));
            count.map_err(failed)
        });
        assert_eq!(rows.await, Ok(2), "those of one sandbox");
        let bytes = |lane: &Lane| lane.journal_bytes.load(Ordering::Relaxed);
        assert!(bytes(a) > 0);
        assert_eq!((bytes(b), bytes(gone)), (0, 0));

        // What it lost over, it begins again without.
        b.recover();
        let reset = hand_over(&writer, b, Write::Reset(Head::default()));
        let row = hand_over(&writer, b, row(1));
        let safe = b.durable(row).expect("on its way").await;
        assert_eq!((safe, b.is_lost(reset)), (Ok(()), false));
        assert!(bytes(b) > 0);
    }

    #[tokio::test]
    async fn nobody_waits_for_a_thread_that_has_ended() {
        let connection = Connection::open_in_memory().expect("a connection");
        let writer = Writer::start(connection, sealer()).expect("a thread");
        let lane = Arc::new(Lane::new(Sandbox::numbered(1), "a"));
        let (begun, has_begun) = oneshot::channel();
        let (go_on, wait) = oneshot::channel::<()>();
        let broken = writer.ask(move |_| -> Result<(), StoreError> {
            begun.send(()).expect("somebody listens");
            wait.blocking_recv().expect("told to go on");
            std::panic::resume_unwind(Box::new(Defect))
        });
        let fill = async {
            has_begun.await.expect("it has begun");
            let mut last = Mark::default();
            for _ in 0..QUEUE {
                last = hand_over(&writer, &lane, Write::Head(Head::default()));
            }
            let room = writer.room().expect("the queue is full");
            let safe = lane.durable(last).expect("it is on its way");
            go_on.send(()).expect("it waits");
            (room.await, safe.await)
        };
        let (broken, (room, safe)) = futures_util::future::join(broken, fill).await;
        assert_eq!((broken, room), (Err(closed()), Ok(())));
        assert_eq!(safe, Err(closed()), "nothing was written");
        assert_eq!(lane.failure(), Some(closed()));
        assert!(writer.room().is_none(), "there is nothing to wait for");
    }
}
