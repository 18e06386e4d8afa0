//! Which server sends the webhooks of a sandbox, and which one moves its clock: those that hold its advisory locks.
//!
//! A lock lasts as long as the connection that took it, so a server that dies gives up all of its own, and another one
//! has them within a second; within half a minute, if its machine died with it. That one sends again what the dead one
//! had not yet recorded: a receiver knows a repetition by its event id. The same connection hears what other servers
//! tell of their commits, so that the one that sends does not have to ask all the time.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    runtime::Handle,
    sync::{Notify, watch},
    task::JoinHandle,
};
use tokio_postgres::Client;

use super::{
    columns::get,
    connections::{Connections, within},
};
use crate::{journal::SharedClaim, sandbox::lock, store::StoreError};

/// How long it takes until a lock that another server held is asked for again, or a lost connection is made again.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long whoever wants to move a clock waits for the connection to be made again.
const CLAIM_LIMIT: Duration = Duration::from_secs(3);

/// The locks of the sandboxes of a store; another store in another schema of the database has others.
const TAKE: &str = "SELECT id, \
    pg_try_advisory_lock(hashtext('layer2 ' || current_schema()), (id % 2147483647)::integer) \
    FROM unnest($1::bigint[]) AS wanted (id)";

const GIVE_BACK: &str = "SELECT \
    pg_advisory_unlock(hashtext('layer2 ' || current_schema()), (id % 2147483647)::integer) \
    FROM unnest($1::bigint[]) AS unwanted (id)";

/// The lock of the one that moves the clock of a sandbox. Nobody waits for it.
const CLAIM: &str = "SELECT pg_try_advisory_lock( \
    hashtext('layer2 clock ' || current_schema()), ($1::bigint % 2147483647)::integer)";

const RELEASE: &str = "SELECT pg_advisory_unlock( \
    hashtext('layer2 clock ' || current_schema()), ($1::bigint % 2147483647)::integer)";

/// What a sandbox knows of its locks and of what others tell.
#[derive(Debug)]
pub(super) struct Desk {
    held: AtomicBool,
    /// Something may have happened: another server has committed, or the lock has come.
    pub(super) stirred: Notify,
    /// The connection that holds the locks, while there is one.
    connected: watch::Receiver<Option<Arc<Client>>>,
}

impl Desk {
    /// Whether this server sends.
    pub(super) fn is_held(&self) -> bool {
        self.held.load(Ordering::Acquire)
    }

    /// Takes the right to move the clock of a sandbox, unless another server has it.
    pub(super) async fn claim(&self, sandbox: i64) -> Result<Option<Claim>, StoreError> {
        let mut connected = self.connected.clone();
        let client = tokio::time::timeout(CLAIM_LIMIT, connected.wait_for(Option::is_some)).await;
        let client = client
            .ok()
            .and_then(Result::ok)
            .and_then(|client| client.clone());
        let client = client.ok_or_else(|| {
            StoreError::Unavailable("the connection that holds the locks is lost".to_owned())
        })?;
        let claim = Claim {
            sandbox,
            client,
            connected,
            is_released: false,
        };
        // Dropped on the way it gives back what it may have taken.
        let answer = within(claim.client.query_one(CLAIM, &[&sandbox])).await?;
        if get(&answer, 0)? {
            return Ok(Some(claim));
        }
        claim.forget();
        Ok(None)
    }
}

/// The right to move the clock of a sandbox, for as long as the connection lasts. The calls of one server see to it
/// among themselves that there is one at a time: the lock is one of the connection, which may take it again.
pub(super) struct Claim {
    sandbox: i64,
    client: Arc<Client>,
    connected: watch::Receiver<Option<Arc<Client>>>,
    is_released: bool,
}

impl Claim {
    /// There is nothing to give back.
    fn forget(mut self) {
        self.is_released = true;
    }
}

impl SharedClaim for Claim {
    fn release(mut self: Box<Self>) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async move {
            give_up(&self.client, self.sandbox).await;
            self.is_released = true;
        })
    }

    fn lost(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let mut connected = self.connected.clone();
        Box::pin(async move {
            let is_other = |now: &Option<Arc<Client>>| {
                now.as_ref()
                    .is_none_or(|now| !Arc::ptr_eq(now, &self.client))
            };
            // The keeper ends with the server.
            let _ = connected.wait_for(is_other).await;
        })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if self.is_released {
            return;
        }
        // Without a runtime the connection ends as well, and the lock with it.
        if let Ok(runtime) = Handle::try_current() {
            let (client, sandbox) = (Arc::clone(&self.client), self.sandbox);
            runtime.spawn(async move { give_up(&client, sandbox).await });
        }
    }
}

/// A connection that does not answer is about to end, and the lock with it.
async fn give_up(client: &Client, sandbox: i64) {
    if let Err(error) = within(client.query_one(RELEASE, &[&sandbox])).await {
        tracing::warn!(%error, "the right to move a clock was not given back, and goes with its connection");
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
