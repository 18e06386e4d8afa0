//! Which server sends the webhooks of a sandbox, and which one moves its clock: those that hold its advisory locks.
//!
//! A lock lasts as long as the connection that took it, so a server that dies gives up all of its own, and another one
//! has them within a second; within half a minute, if its machine died with it. That one sends again what the dead one
//! had not yet recorded: a receiver knows a repetition by its event id. The same connection hears what other servers
//! tell of their commits, so that the one that sends does not have to ask all the time.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
};
use tokio_postgres::Client;

use super::{
    claim::{Claim, Connected},
    connections::{Connections, within},
    schema::tables_version,
};
use crate::{sandbox::lock, store::StoreError};

/// How long it takes until a lock that another server held is asked for again, or a lost connection is made again.
const PATIENCE: Duration = Duration::from_secs(1);

/// The lock of a sandbox. Another store in another schema of the database has others, and so has a server that knows
/// older tables: one that still runs keeps its locks, and sends nothing.
macro_rules! sending {
    () => {
        concat!(
            "(hashtext('layer2 ",
            tables_version!(),
            " ' || current_schema()), (id % 2147483647)::integer)"
        )
    };
}

const TAKE: &str = concat!(
    "SELECT id, pg_try_advisory_lock",
    sending!(),
    " FROM unnest($1::bigint[]) AS wanted (id)"
);

const GIVE_BACK: &str = concat!(
    "SELECT pg_advisory_unlock",
    sending!(),
    " FROM unnest($1::bigint[]) AS unwanted (id)"
);

/// What a sandbox knows of its locks and of what others tell.
#[derive(Debug)]
pub(super) struct Desk {
    held: AtomicBool,
    /// Something may have happened: another server has committed, or the lock has come.
    pub(super) stirred: Notify,
    /// The connection that holds the locks, while there is one.
    connected: Connected,
}

impl Desk {
    /// Whether this server sends.
    pub(super) fn is_held(&self) -> bool {
        self.held.load(Ordering::Acquire)
    }

    /// Takes the right to move the clock of a sandbox, unless another server has it.
    pub(super) async fn claim(&self, sandbox: i64) -> Result<Option<Claim>, StoreError> {
        Claim::take(self.connected.clone(), sandbox).await
    }
}

/// The desks of all sandboxes of one server, and the task that keeps them.
#[derive(Debug)]
pub(super) struct Leases {
    keeper: Arc<Keeper>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Leases {
    /// Sets the keeper to work, on the runtime that this is called on.
    pub(super) fn start(connections: Arc<Connections>) -> Leases {
        let keeper = Arc::new(Keeper {
            connections,
            desks: Mutex::default(),
            is_news: Notify::new(),
            connected: watch::Sender::new(None),
        });
        let task = tokio::spawn(Arc::clone(&keeper).run());
        Leases {
            keeper,
            task: Mutex::new(Some(task)),
        }
    }

    /// The desk of a sandbox. Its lock is asked for as long as the desk is used.
    pub(super) fn desk(&self, id: i64) -> Arc<Desk> {
        let mut desks = lock(&self.keeper.desks);
        if let Some(desk) = desks.get(&id).and_then(Weak::upgrade) {
            return desk;
        }
        let desk = Arc::new(Desk {
            held: AtomicBool::default(),
            stirred: Notify::default(),
            connected: self.keeper.connected.subscribe(),
        });
        desks.insert(id, Arc::downgrade(&desk));
        self.keeper.is_news.notify_one();
        desk
    }

    /// Gives up all locks.
    pub(super) fn end(&self) {
        if let Some(task) = lock(&self.task).take() {
            task.abort();
        }
        self.keeper.lose_all();
    }
}

#[derive(Debug)]
struct Keeper {
    connections: Arc<Connections>,
    desks: Mutex<BTreeMap<i64, Weak<Desk>>>,
    is_news: Notify,
    connected: watch::Sender<Option<Arc<Client>>>,
}

impl Keeper {
    async fn run(self: Arc<Keeper>) {
        loop {
            if let Err(error) = self.keep().await {
                tracing::warn!(%error, "the locks for sending webhooks are lost, and asked for again");
            }
            self.lose_all();
            tokio::time::sleep(PATIENCE).await;
        }
    }

    /// Keeps the locks until the connection ends.
    async fn keep(&self) -> Result<(), StoreError> {
        let (client, mut hearing) = self.connections.plain().await?;
        within(client.batch_execute("LISTEN layer2")).await?;
        let client = Arc::new(client);
        self.connected.send_replace(Some(Arc::clone(&client)));
        // What was told before is not told again.
        self.for_each(|_, desk| desk.stirred.notify_one());
        loop {
            self.take(&client).await?;
            let pause = tokio::time::sleep(PATIENCE);
            tokio::pin!(pause);
            loop {
                tokio::select! {
                    told = hearing.recv() => match told {
                        Some(told) => self.stir(told.payload()),
                        None => return Ok(()),
                    },
                    () = self.is_news.notified() => break,
                    () = &mut pause => break,
                }
            }
        }
    }

    /// Asks for the locks that are not held, and gives back those of desks that are gone.
    async fn take(&self, client: &Client) -> Result<(), StoreError> {
        let mut wanted = Vec::new();
        let mut gone = Vec::new();
        lock(&self.desks).retain(|id, desk| match desk.upgrade() {
            Some(desk) => {
                if !desk.is_held() {
                    wanted.push(*id);
                }
                true
            }
            None => {
                gone.push(*id);
                false
            }
        });
        if !gone.is_empty() {
            within(client.query(GIVE_BACK, &[&gone])).await?;
        }
        if wanted.is_empty() {
            return Ok(());
        }
        for row in within(client.query(TAKE, &[&wanted])).await? {
            let (id, is_taken): (i64, bool) = (row.get(0), row.get(1));
            let desk = lock(&self.desks).get(&id).and_then(Weak::upgrade);
            if let Some(desk) = desk.filter(|_| is_taken) {
                desk.held.store(true, Ordering::Release);
                desk.stirred.notify_one();
            }
        }
        Ok(())
    }

    fn stir(&self, payload: &str) {
        let id = payload.parse::<i64>().ok();
        let desk = id.and_then(|id| lock(&self.desks).get(&id).and_then(Weak::upgrade));
        if let Some(desk) = desk {
            desk.stirred.notify_one();
        }
    }

    fn lose_all(&self) {
        self.connected.send_replace(None);
        self.for_each(|_, desk| desk.held.store(false, Ordering::Release));
    }

    fn for_each(&self, work: impl Fn(i64, &Desk)) {
        for (id, desk) in &*lock(&self.desks) {
            if let Some(desk) = desk.upgrade() {
                work(*id, &desk);
            }
        }
    }
}
