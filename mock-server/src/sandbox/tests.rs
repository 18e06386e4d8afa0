//! Tests of a sandbox: its lock, its journal and its files.

use futures_util::FutureExt as _;
use layer2_types::payments;
use layer2_world::{
    command::{Fingerprint, IdempotencyKey},
    request::{Actor, OperationRef},
    seed::Seed,
};

use super::*;
use crate::{
    blobs::BlobId,
    clocks::MANUAL_START,
    journal::{Durable, memory::MemoryJournal},
};

fn sandbox() -> Sandbox {
    let genesis = Genesis {
        name: "test".to_owned(),
        seed: Seed::new([1; 32]),
        settings: Settings::default(),
        start: MANUAL_START,
    };
    Sandbox::new(genesis, ClockMode::Manual)
}

fn list() -> Request {
    Request {
        op: OperationRef::Payments(payments::OperationId::CustomersList),
        path: Vec::new(),
        query: Vec::new(),
        body: None,
        actor: Actor::Client,
    }
}

#[test]
fn a_panic_under_the_lock_breaks_the_sandbox_until_it_is_reset() {
    let sandbox = sandbox();
    assert!(sandbox.query(&list()).expect("sound").result.is_ok());
    let panicked = std::thread::scope(|scope| {
        scope
            .spawn(|| {
                let _core = sandbox.core();
                panic!("a defect");
            })
            .join()
            .is_err()
    });
    assert!(panicked);
    assert_eq!(sandbox.query(&list()).err(), Some(Broken::Defect));
    sandbox.reset();
    assert!(sandbox.query(&list()).expect("mended").result.is_ok());
}

/// A command with a key; what it does is no matter here, only whether it is accepted.
fn subscribe() -> ClientCommand {
    let body = r#"{"event_type":"ACCOUNT_OPEN","callback_url":"http://127.0.0.1:9/events"}"#;
    ClientCommand {
        request: Request {
            op: OperationRef::Payments(payments::OperationId::SubscriptionsCreate),
            body: Some(body.to_owned()),
            ..list()
        },
        key: Some(IdempotencyKey::new("k").expect("a key")),
        fingerprint: Fingerprint::new([7; 32]),
    }
}

#[test]
fn the_bytes_of_a_file_stay_with_the_command_that_was_accepted() {
    let sandbox = sandbox();
    let send = |command: ClientCommand, text: &'static str| {
        let bytes = bytes::Bytes::from_static(text.as_bytes());
        let lease = sandbox.blobs.put(BlobId::of(&bytes), bytes).expect("room");
        let seen = sandbox.command(command, Some(lease)).expect("sound");
        seen.result
    };
    let has = |text: &str| sandbox.blobs.get(BlobId::of(text.as_bytes())).is_some();

    let mut refused = subscribe();
    refused.request.body = None;
    assert!(send(refused, "refused").is_err());
    assert!(!has("refused"));

    let first = send(subscribe(), "accepted").expect("accepted");
    assert!(!first.replayed && has("accepted"));
    let again = send(subscribe(), "sent again").expect("its saved reply");
    assert!(again.replayed && has("accepted") && !has("sent again"));

    sandbox.reset();
    assert!(!has("accepted"));
}

/// A journal that can be told to fail, and whose rows are safe when it is told so.
#[derive(Debug, Default)]
struct SlowJournal {
    rows: MemoryJournal,
    fails: AtomicBool,
    safe: Arc<Notify>,
}

impl SlowJournal {
    fn check(&self) -> io::Result<()> {
        match self.fails.load(Ordering::Relaxed) {
            true => Err(io::Error::other("the disk is full")),
            false => Ok(()),
        }
    }
}

impl Journal for SlowJournal {
    fn load(&self) -> io::Result<Vec<Row>> {
        self.check()?;
        self.rows.load()
    }

    fn append(&self, row: Row) -> io::Result<()> {
        self.check()?;
        self.rows.append(row)
    }

    fn durable(&self, seq: u64) -> Option<Durable> {
        let (checked, safe) = (self.check(), Arc::clone(&self.safe));
        (seq > 0).then(|| -> Durable {
            Box::pin(async move {
                safe.notified().await;
                checked
            })
        })
    }

    fn clear(&self) -> io::Result<()> {
        self.rows.clear()
    }
}

fn on(journal: &Arc<SlowJournal>) -> Sandbox {
    let genesis = sandbox().genesis;
    let journal: Arc<dyn Journal> = Arc::<SlowJournal>::clone(journal);
    Sandbox::with_journal(genesis, ClockMode::Manual, journal)
}

#[test]
fn a_sandbox_goes_on_where_its_journal_ends() {
    let journal = Arc::new(SlowJournal::default());
    let first = on(&journal);
    let seen = first.command(subscribe(), None).expect("sound");
    assert!(seen.result.is_ok());
    assert_eq!((seen.seq, first.accepted()), (1, 1));

    let second = on(&journal);
    assert_eq!(second.snapshot(), first.snapshot());
    let again = second.command(subscribe(), None).expect("sound");
    assert!(again.result.expect("the saved reply").replayed);
    assert_eq!(
        (again.seq, second.accepted()),
        (1, 1),
        "a replay rests on the row of the first"
    );

    second.reset();
    assert_eq!(second.rows(), Ok(Vec::new()));
    assert_eq!(on(&journal).accepted(), 0);
}

#[test]
fn a_journal_that_fails_breaks_its_sandbox_and_no_reply_leaves() {
    let journal = Arc::new(SlowJournal::default());
    let sandbox = on(&journal);
    journal.fails.store(true, Ordering::Relaxed);
    let lost = sandbox.command(subscribe(), None);
    assert_eq!(lost.err(), Some(Broken::Journal));
    assert_eq!(sandbox.query(&list()).err(), Some(Broken::Journal));
    assert_eq!(
        on(&journal).query(&list()).err(),
        Some(Broken::Journal),
        "nor can it be read"
    );

    journal.fails.store(false, Ordering::Relaxed);
    assert_eq!(
        sandbox.query(&list()).err(),
        Some(Broken::Journal),
        "it does not mend itself"
    );
    sandbox.reset();
    assert!(sandbox.query(&list()).expect("mended").result.is_ok());
}

#[tokio::test]
async fn what_rests_on_a_row_waits_until_the_row_is_safe() {
    let journal = Arc::new(SlowJournal::default());
    let sandbox = on(&journal);
    assert_eq!(sandbox.durable(0).await, Ok(()), "nothing to wait for");
    let written = sandbox.command(subscribe(), None).expect("sound");
    let read = sandbox.query(&list()).expect("sound");
    let mut refused = subscribe();
    refused.request.body = None;
    refused.key = None;
    let refused = sandbox.command(refused, None).expect("sound");
    assert!(refused.result.is_err());
    assert_eq!([written.seq, read.seq, refused.seq], [1, 1, 1]);

    let waiting = sandbox.durable(read.seq);
    tokio::pin!(waiting);
    assert!(waiting.as_mut().now_or_never().is_none());
    journal.safe.notify_one();
    assert_eq!(waiting.await, Ok(()));

    journal.fails.store(true, Ordering::Relaxed);
    journal.safe.notify_one();
    assert_eq!(sandbox.durable(1).await, Err(Broken::Journal));
    assert_eq!(sandbox.query(&list()).err(), Some(Broken::Journal));
}

#[test]
fn tokens_expire_by_epoch_and_a_reset_does_not_bring_them_back() {
    let sandbox = sandbox();
    assert_eq!(sandbox.epoch(), 0);
    assert_eq!(sandbox.expire_tokens(), 1);
    sandbox.reset();
    assert_eq!(sandbox.epoch(), 1);
}
