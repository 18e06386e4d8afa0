//! Connections to the database: made when they are needed, kept while they are good, thrown away when in doubt.
//!
//! Two ways to use them. A *borrowed* connection belongs to one transaction; there are at most [`CONNECTIONS`] of them,
//! so that a server with a thousand sandboxes does not use up the database. *The reader* is one connection that all
//! reads share: each is a statement of its own, and the protocol lets them follow each other without waiting.
//!
//! Nothing waits for ever: connecting, each answer, each lock and each idle transaction has a limit, some here and some
//! in the database, which ends what a server has begun and cannot go on with.

use std::{
    future::{Future, poll_fn},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_postgres::{AsyncMessage, Client, Config, Error, NoTls, Notification};

use super::{errors::unavailable, statements::Statements};
use crate::{sandbox::lock, store::StoreError};

/// Transactions of one server at a time: as many sandboxes are written side by side.
const CONNECTIONS: usize = 8;

/// How long a connection may take to come about.
const CONNECT_LIMIT: Duration = Duration::from_secs(3);

/// How long the database may take for an answer. Longer than its own limits, which are told more exactly.
const ANSWER_LIMIT: Duration = Duration::from_secs(15);

/// What fails within this time has waited for none of the limits.
const AT_ONCE: Duration = Duration::from_secs(2);

/// What each connection is told first: how long it may wait for a lock and hold one, and that it is to notice soon when
/// the server at its other end is gone, as the locks go with it; when its whole machine is gone, within half a minute.
/// And that a commit is on the disk before it is told, whatever the database, the user or the URL would have: all
/// other settings wait for the disk, and stay.
const MANNERS: &str = "\
    SET lock_timeout = '10s'; SET statement_timeout = '12s'; \
    SET idle_in_transaction_session_timeout = '12s'; SET client_connection_check_interval = '1s'; \
    SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; \
    SET default_transaction_isolation = 'read committed'; \
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";

/// All connections of one store.
#[derive(Debug)]
pub(super) struct Connections {
    config: Config,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
    reader: tokio::sync::Mutex<Option<Arc<Connection>>>,
}

impl Connections {
    pub(super) fn new(mut config: Config) -> Connections {
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_LIMIT);
        }
        if config.get_application_name().is_none() {
            config.application_name("layer2-mock");
        }
        config
            .keepalives_idle(ANSWER_LIMIT)
            .tcp_user_timeout(ANSWER_LIMIT);
        Connections {
            config,
            idle: Mutex::default(),
            permits: Arc::new(Semaphore::new(CONNECTIONS)),
            reader: tokio::sync::Mutex::default(),
        }
    }

    /// A connection for a transaction: one that is there, or a new one.
    pub(super) async fn borrow(self: &Arc<Connections>) -> Result<Borrowed, StoreError> {
        let waiting = Arc::clone(&self.permits).acquire_owned();
        let permit = tokio::time::timeout(ANSWER_LIMIT, waiting).await;
        let Ok(Ok(permit)) = permit else {
            return Err(StoreError::Unavailable(
                "all connections to the database are in use".to_owned(),
            ));
        };
        let good = std::iter::from_fn(|| lock(&self.idle).pop())
            .find(|connection| !connection.client.is_closed());
        let connection = match good {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        Ok(Borrowed {
            home: Arc::clone(self),
            connection,
            _permit: permit,
        })
    }

    /// The connection that all reads share.
    pub(super) async fn reader(&self) -> Result<Arc<Connection>, StoreError> {
        let mut reader = self.reader.lock().await;
        if let Some(connection) = &*reader
            && !connection.client.is_closed()
        {
            return Ok(Arc::clone(connection));
        }
        let connection = Arc::new(self.connect().await?);
        *reader = Some(Arc::clone(&connection));
        Ok(connection)
    }

    /// A connection without statements: for what is done before there are tables, and to listen on.
    pub(super) async fn plain(
        &self,
    ) -> Result<(Client, mpsc::UnboundedReceiver<Notification>), StoreError> {
        let connecting = self.config.connect(NoTls);
        let connected = tokio::time::timeout(ANSWER_LIMIT, connecting).await;
        let (client, mut connection) = connected.map_err(|_| slow())?.map_err(unavailable)?;
        let (heard, hearing) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            loop {
                match poll_fn(|cx| connection.poll_message(cx)).await {
                    // Few listen, and only one of the connections is told anything.
                    Some(Ok(AsyncMessage::Notification(news))) => drop(heard.send(news)),
                    Some(Ok(_)) => {}
                    // Whoever uses it is told so by what comes of it.
                    Some(Err(error)) => {
                        tracing::debug!(%error, "a connection to the database ended");
                        return;
                    }
                    None => return,
                }
            }
        });
        within(client.batch_execute(MANNERS)).await?;
        Ok((client, hearing))
    }

    /// Asks a second time what failed at once, as on a connection that ended while nobody used it: nothing was done, and
    /// another connection may do. What has waited for a limit is not tried again.
    pub(super) async fn twice<T, F>(&self, ask: impl Fn() -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        let started = Instant::now();
        match ask().await {
            Err(StoreError::Unavailable(_)) if started.elapsed() < AT_ONCE => {
                self.distrust().await;
                ask().await
            }
            answered => answered,
        }
    }

    /// Uses none of the connections again that are there: what has ended one of them may have ended them all, and a
    /// connection that ends can say so before it is seen to be closed.
    async fn distrust(&self) {
        lock(&self.idle).clear();
        *self.reader.lock().await = None;
    }

    /// Ends what is idle.
    pub(super) async fn close(&self) {
        self.permits.close();
        self.distrust().await;
    }

    /// Boxed: this happens once in a while, and would make every call that may lead here large.
    async fn connect(&self) -> Result<Connection, StoreError> {
        let (client, _) = Box::pin(self.plain()).await?;
        let statements = Box::pin(within(Statements::prepare(&client))).await?;
        Ok(Connection { client, statements })
    }
}

/// A connection with the statements that it has prepared.
pub(super) struct Connection {
    pub(super) client: Client,
    pub(super) statements: Statements,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

/// A connection that belongs to one transaction. Dropping it ends the connection, and with it the transaction.
#[derive(Debug)]
pub(super) struct Borrowed {
    home: Arc<Connections>,
    connection: Connection,
    _permit: OwnedSemaphorePermit,
}

impl Borrowed {
    pub(super) fn get(&self) -> &Connection {
        &self.connection
    }

    /// Gives the connection back, as it is in no transaction.
    pub(super) fn give_back(self) {
        let Borrowed {
            home, connection, ..
        } = self;
        if !home.permits.is_closed() && !connection.client.is_closed() {
            lock(&home.idle).push(connection);
        }
    }
}

/// The answer of the database, if it comes in time.
pub(super) async fn within<T>(
    answer: impl Future<Output = Result<T, Error>>,
) -> Result<T, StoreError> {
    tokio::time::timeout(ANSWER_LIMIT, answer)
        .await
        .map_err(|_| slow())?
        .map_err(unavailable)
}

fn slow() -> StoreError {
    StoreError::Unavailable(format!(
        "the database has not answered within {} s",
        ANSWER_LIMIT.as_secs()
    ))
}
