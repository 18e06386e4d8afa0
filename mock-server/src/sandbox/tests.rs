//! Tests of a sandbox: its lock, its journal and its files.

use std::sync::atomic::AtomicU64;

use futures_util::FutureExt as _;
use layer2_types::payments;
use layer2_world::{
    command::{Fingerprint, IdempotencyKey},
    request::{Actor, OperationRef},
};

use super::*;
use crate::{
    blobs::BlobId,
    clocks::MANUAL_START,
    journal::{Mark, Opened, Snapshot, Write, memory::MemoryJournal},
    store::Pending,
};

fn list() -> Request {
    Request {
        op: OperationRef::Payments(payments::OperationId::CustomersList),
        path: Vec::new(),
        query: Vec::new(),
        body: None,
        actor: Actor::Client,
    }
}

/// A command with a key; what it does is no matter here, only whether it is accepted.
fn subscribe(key: &str) -> ClientCommand {
    let body = r#"{"event_type":"ACCOUNT_OPEN","callback_url":"http://127.0.0.1:9/events"}"#;
    ClientCommand {
        request: Request {
            op: OperationRef::Payments(payments::OperationId::SubscriptionsCreate),
            body: Some(body.to_owned()),
            ..list()
        },
        key: Some(IdempotencyKey::new(key).expect("a key")),
        fingerprint: Fingerprint::new([7; 32]),
    }
}

#[tokio::test]
async fn a_panic_under_the_lock_breaks_the_sandbox_until_it_is_reset() {
    let sandbox = Sandbox::in_memory(ClockMode::Manual).await;
    assert!(sandbox.query(&list()).await.expect("sound").is_ok());
    let panicked = std::thread::scope(|scope| {
        scope
            .spawn(|| {
                let _core = sandbox.lock(Intent::Write);
                panic!("a defect");
            })
            .join()
            .is_err()
    });
    assert!(panicked);
    assert_eq!(sandbox.query(&list()).await.err(), Some(Broken::Defect));
    sandbox.reset().await.expect("a reset mends it");
    assert!(sandbox.query(&list()).await.expect("mended").is_ok());
}

#[tokio::test]
async fn the_bytes_of_a_file_stay_with_the_command_that_was_accepted() {
    let sandbox = Sandbox::in_memory(ClockMode::Manual).await;
    let send = async |command: ClientCommand, text: &'static str| {
        let bytes = Bytes::from_static(text.as_bytes());
        let lease = sandbox.blobs.put(BlobId::of(&bytes), bytes).expect("room");
        let sent = sandbox.command(command, Some(lease)).await;
        sent.expect("sound")
    };
    let has = |text: &str| sandbox.blobs.get(BlobId::of(text.as_bytes())).is_some();

    let mut refused = subscribe("k");
    refused.request.body = None;
    assert!(send(refused, "refused").await.is_err());
    assert!(!has("refused"));

    let first = send(subscribe("k"), "accepted").await.expect("accepted");
    assert!(!first.replayed && has("accepted"));
    let again = send(subscribe("k"), "sent again").await;
    assert!(again.expect("its saved reply").replayed);
    assert!(has("accepted") && !has("sent again"));

    sandbox.reset().await.expect("sound");
    assert!(!has("accepted"));
}

/// A journal that makes its writes safe when it is told to, and loses them when it is told to.
#[derive(Debug, Default)]
struct SlowJournal {
    safe: MemoryJournal,
    handed: Mutex<Vec<Write>>,
    marks: AtomicU64,
    is_full: AtomicBool,
    has_lost: AtomicBool,
    flushed: Arc<Notify>,
    /// Holds up answers and snapshots for as long as it is held.
    desk: tokio::sync::Mutex<()>,
    is_long: AtomicBool,
    snapshots: AtomicU64,
}

impl SlowJournal {
    /// Makes safe what it was handed.
    fn flush(&self) {
        for write in lock(&self.handed).drain(..) {
            self.safe.write(write);
        }
        self.flushed.notify_waiters();
    }

    /// Takes nothing from now on, and has lost what was not safe.
    fn fill(&self) {
        self.is_full.store(true, Ordering::Relaxed);
        self.has_lost.store(true, Ordering::Relaxed);
        self.flushed.notify_waiters();
    }

    fn full(&self) -> Option<StoreError> {
        let is_full = self.is_full.load(Ordering::Relaxed);
        is_full.then(|| StoreError::Full("as ordered".to_owned()))
    }
}

impl Journal for SlowJournal {
    fn open(&self) -> Pending<'_, Opened> {
        Box::pin(async {
            let opened = self.safe.open().await;
            let _answered = self.desk.lock().await;
            opened
        })
    }

    fn rows(&self, after: u64, most: usize) -> Pending<'_, Vec<Row>> {
        self.safe.rows(after, most)
    }

    fn write(&self, write: Write) -> Mark {
        if self.full().is_some() {
            self.has_lost.store(true, Ordering::Relaxed);
        }
        lock(&self.handed).push(write);
        Mark(self.marks.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn durable(&self, _mark: Mark) -> Option<Pending<'static, ()>> {
        if lock(&self.handed).is_empty() {
            return None;
        }
        if let Some(full) = self.full() {
            return Some(Box::pin(async move { Err(full) }));
        }
        let flushed = Arc::clone(&self.flushed);
        Some(Box::pin(async move {
            flushed.notified().await;
            Ok(())
        }))
    }

    fn failure(&self) -> Option<StoreError> {
        let has_lost = self.has_lost.load(Ordering::Relaxed);
        self.full().filter(|_| has_lost)
    }

    fn recover(&self) {
        lock(&self.handed).clear();
        self.has_lost.store(false, Ordering::Relaxed);
    }

    fn probe(&self) -> Pending<'_, ()> {
        let outcome = self.full().map_or(Ok(()), Err);
        Box::pin(async move { outcome })
    }

    fn wants_snapshot(&self) -> bool {
        self.is_long.load(Ordering::Relaxed)
    }

    fn outgrows_snapshot(&self) -> bool {
        self.is_long.load(Ordering::Relaxed)
    }

    fn snapshot(&self, _snapshot: Snapshot) -> Pending<'_, ()> {
        self.snapshots.fetch_add(1, Ordering::Relaxed);
        Box::pin(async {
            let _written = self.desk.lock().await;
            Ok(())
        })
    }
}

async fn on(journal: &Arc<SlowJournal>) -> Sandbox {
    let genesis = Sandbox::in_memory(ClockMode::Manual).await.genesis;
    let journal: Arc<dyn Journal> = Arc::<SlowJournal>::clone(journal);
    Sandbox::open(genesis, ClockMode::Manual, journal).await
}

/// The result of a turn whose writes are made safe as soon as it waits for them.
async fn flushed<T>(journal: &SlowJournal, turn: impl Future<Output = T>) -> T {
    tokio::pin!(turn);
    match turn.as_mut().now_or_never() {
        Some(result) => result,
        None => {
            journal.flush();
            turn.await
        }
    }
}

#[tokio::test]
async fn a_sandbox_goes_on_where_its_journal_ends() {
    let journal = Arc::new(SlowJournal::default());
    let first = on(&journal).await;
    let sent = flushed(&journal, first.command(subscribe("k"), None)).await;
    assert!(sent.expect("sound").is_ok());
    assert_eq!(first.accepted(), 1);

    let second = on(&journal).await;
    assert_eq!(second.snapshot().await, first.snapshot().await);
    let again = second.command(subscribe("k"), None).await.expect("sound");
    assert!(again.expect("the saved reply").replayed);
    assert_eq!(second.accepted(), 1);

    flushed(&journal, second.reset()).await.expect("sound");
    assert_eq!(second.rows().await, Ok(Vec::new()));
    assert_eq!(on(&journal).await.accepted(), 0);
}

#[tokio::test]
async fn what_rests_on_a_write_waits_until_it_is_safe() {
    let journal = Arc::new(SlowJournal::default());
    let sandbox = on(&journal).await;
    assert!(
        sandbox.query(&list()).now_or_never().is_some(),
        "nothing to wait for"
    );
    let mut writer = Box::pin(sandbox.command(subscribe("k"), None));
    assert!(writer.as_mut().now_or_never().is_none());
    let request = list();
    let mut reader = Box::pin(sandbox.query(&request));
    assert!(
        reader.as_mut().now_or_never().is_none(),
        "nor may it be read"
    );
    let mut replay = Box::pin(sandbox.command(subscribe("k"), None));
    assert!(replay.as_mut().now_or_never().is_none(), "nor repeated");
    let mut unkeyed = subscribe("other");
    unkeyed.request.body = None;
    let mut refused = Box::pin(sandbox.command(unkeyed, None));
    assert!(refused.as_mut().now_or_never().is_none(), "nor refused");
    journal.flush();
    assert!(writer.await.expect("safe").is_ok());
    assert!(reader.await.expect("safe").is_ok());
    assert!(replay.await.expect("safe").expect("saved").replayed);
    assert!(refused.await.expect("safe").is_err());
}

#[tokio::test]
async fn a_full_store_refuses_what_it_cannot_keep_and_goes_on_answering_reads() {
    let journal = Arc::new(SlowJournal::default());
    let sandbox = on(&journal).await;
    let kept = flushed(&journal, sandbox.command(subscribe("kept"), None)).await;
    assert!(kept.expect("sound").is_ok());
    let before = sandbox.snapshot().await.expect("sound");

    let mut lost = Box::pin(sandbox.command(subscribe("lost"), None));
    assert!(lost.as_mut().now_or_never().is_none());
    journal.fill();
    drop(lost);
    let full = Some(Broken::Outage(Outage::Full));
    assert_eq!(sandbox.snapshot().await, Ok(before.clone()), "it is gone");
    for _ in 0..2 {
        let refused = sandbox.command(subscribe("lost"), None).await;
        assert_eq!(refused.err(), full);
        assert!(sandbox.query(&list()).await.expect("served").is_ok());
    }
    let again = sandbox.command(subscribe("kept"), None).await;
    assert!(
        again.expect("needs no room").expect("saved").replayed,
        "what was acknowledged is told"
    );
    let mut other = subscribe("kept");
    other.fingerprint = Fingerprint::new([8; 32]);
    let reused = sandbox.command(other, None).await.expect("needs no room");
    assert_eq!(reused.expect_err("another request").status, 400);
    assert_eq!(sandbox.expire_tokens().await.err(), full);
    assert_eq!(sandbox.epoch(), 0);
    assert_eq!(sandbox.snapshot().await, Ok(before));

    journal.is_full.store(false, Ordering::Relaxed);
    let done = flushed(&journal, sandbox.command(subscribe("lost"), None)).await;
    assert!(!done.expect("there is room").expect("accepted").replayed);
    let again = sandbox.command(subscribe("kept"), None).await;
    assert!(again.expect("sound").expect("saved").replayed);
    assert_eq!(on(&journal).await.accepted(), 2);
}

#[tokio::test]
async fn a_reset_waits_until_the_state_has_been_read_again() {
    let journal = Arc::new(SlowJournal::default());
    let sandbox = on(&journal).await;
    let mut lost = Box::pin(sandbox.command(subscribe("lost"), None));
    assert!(lost.as_mut().now_or_never().is_none());
    journal.fill();
    drop(lost);

    let desk = journal.desk.lock().await;
    let request = list();
    let mut read = Box::pin(sandbox.query(&request));
    assert!(read.as_mut().now_or_never().is_none(), "it reads again");
    journal.is_full.store(false, Ordering::Relaxed);
    let mut reset = Box::pin(sandbox.reset());
    assert!(reset.as_mut().now_or_never().is_none());
    assert!(
        lock(&journal.handed).is_empty(),
        "what is being read is of the generation before"
    );
    drop(desk);
    assert!(read.await.expect("served").is_ok());
    flushed(&journal, reset).await.expect("there is room");
    assert_eq!(sandbox.accepted(), 0);
    let sent = flushed(&journal, sandbox.command(subscribe("k"), None)).await;
    assert!(!sent.expect("sound").expect("accepted").replayed);
    assert_eq!(on(&journal).await.accepted(), 1);
}

#[tokio::test]
async fn one_snapshot_is_kept_at_a_time_and_the_last_one_is_not_left_out() {
    let journal = Arc::new(SlowJournal::default());
    let sandbox = Arc::new(on(&journal).await);
    let taken = || journal.snapshots.load(Ordering::Relaxed);
    let runtime = tokio::runtime::Handle::current().metrics();
    journal.is_long.store(true, Ordering::Relaxed);

    let desk = journal.desk.lock().await;
    for _ in 0..20 {
        sandbox.tend_journal();
    }
    while runtime.num_alive_tasks() > 1 || taken() == 0 {
        tokio::task::yield_now().await;
    }
    sandbox.tend_journal();
    assert_eq!((taken(), runtime.num_alive_tasks()), (1, 1));
    // A server that ends does not take the one that is on its way for the last.
    let mut last = Box::pin(sandbox.keep_snapshot());
    assert!(last.as_mut().now_or_never().is_none());
    drop(desk);
    last.await.expect("kept");
    assert_eq!(taken(), 2);

    // What cannot be written is not written down either.
    journal.fill();
    let refused = sandbox.command(subscribe("k"), None).await;
    assert_eq!(refused.err(), Some(Broken::Outage(Outage::Full)));
    sandbox.tend_journal();
    assert_eq!(runtime.num_alive_tasks(), 0);
}

#[tokio::test]
async fn rows_of_other_rules_are_not_carried_out() {
    let journal = Arc::new(SlowJournal::default());
    let sandbox = on(&journal).await;
    let sent = flushed(&journal, sandbox.command(subscribe("k"), None)).await;
    assert!(sent.expect("sound").is_ok());
    let mut row = sandbox.rows().await.expect("sound").remove(0);
    let genesis = sandbox.genesis.clone();
    let load = async |row: Row| {
        let journal = MemoryJournal::default();
        journal.write(Write::Row { row, file: None });
        let opened = Sandbox::open(genesis.clone(), ClockMode::Manual, Arc::new(journal)).await;
        opened.snapshot().await.map(|_| opened.accepted())
    };
    assert_eq!(load(row.clone()).await.ok(), Some(1));
    row.digest[0] ^= 1;
    let diverged = load(row.clone()).await.expect_err("another result");
    assert!(
        diverged.to_string().contains("row 1 of the journal"),
        "{diverged}"
    );
    row.rules = 0;
    let other = load(row).await.expect_err("other rules").to_string();
    assert!(other.contains("rows from 1 on"), "{other}");
    assert!(other.contains("version 0 of the rules"), "{other}");
    assert!(other.contains("SIGTERM"), "{other}");
}

#[tokio::test]
async fn tokens_and_the_clock_go_on_where_they_were() {
    let journal = Arc::new(MemoryJournal::default());
    let genesis = Sandbox::in_memory(ClockMode::Manual).await.genesis;
    let sandbox = Sandbox::open(genesis, ClockMode::Manual, journal).await;
    assert_eq!(sandbox.epoch(), 0);
    assert_eq!(sandbox.expire_tokens().await, Ok(1));
    let target = MANUAL_START + SignedDuration::from_hours(1);
    assert_eq!(sandbox.advance_towards(target).await, Ok(false));
    sandbox.reset().await.expect("sound");
    assert_eq!(sandbox.epoch(), 1, "a reset brings no token back");
    let (now, advanced) = sandbox.clock().await.expect("sound");
    assert_eq!(now, MANUAL_START, "the clock begins again");
    assert_eq!(advanced, SignedDuration::ZERO);
}
