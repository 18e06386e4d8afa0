//! Which server moves the clock of a sandbox: the one that holds another advisory lock of it, on the connection that holds
//! those for webhooks. It is asked for and never waited for.

use std::{pin::Pin, sync::Arc, time::Duration};

use tokio::{runtime::Handle, sync::watch};
use tokio_postgres::Client;

use super::{columns::get, connections::within, schema::tables_version};
use crate::{journal::SharedClaim, store::StoreError};

/// The connection that holds the locks, while there is one.
pub(super) type Connected = watch::Receiver<Option<Arc<Client>>>;

/// How long whoever wants to move a clock waits for the connection to be made again.
const CLAIM_LIMIT: Duration = Duration::from_secs(3);

/// The lock of a sandbox. Another store in another schema of the database has others, and so have other tables.
macro_rules! moving {
    () => {
        concat!(
            "(hashtext('layer2 clock ",
            tables_version!(),
            " ' || current_schema()), ($1::bigint % 2147483647)::integer)"
        )
    };
}

const CLAIM: &str = concat!("SELECT pg_try_advisory_lock", moving!());

const RELEASE: &str = concat!("SELECT pg_advisory_unlock", moving!());

/// The right to move the clock of a sandbox, for as long as the connection lasts. The calls of one server see to it
/// among themselves that there is one at a time: the lock is one of the connection, which may take it again.
pub(super) struct Claim {
    sandbox: i64,
    client: Arc<Client>,
    connected: Connected,
    is_released: bool,
}

impl Claim {
    /// Asks for it, unless another server has it.
    pub(super) async fn take(
        mut connected: Connected,
        sandbox: i64,
    ) -> Result<Option<Claim>, StoreError> {
        let client = tokio::time::timeout(CLAIM_LIMIT, connected.wait_for(Option::is_some)).await;
        let client = client
            .ok()
            .and_then(Result::ok)
            .and_then(|client| client.clone());
        let client = client.ok_or_else(|| {
            StoreError::Unavailable("the connection that holds the locks is lost".to_owned())
        })?;
        // In a task of its own, which learns the answer also when whoever asked has gone: what was not taken is not given
        // back, as that would take it from the next call, whose lock is the same one.
        let asked = tokio::spawn(async move {
            let answer = within(client.query_one(CLAIM, &[&sandbox])).await?;
            Ok(get::<bool>(&answer, 0)?.then_some(Claim {
                sandbox,
                client,
                connected,
                is_released: false,
            }))
        });
        // It goes without an answer only when the runtime ends.
        let ended = |_| StoreError::Unavailable("the server ends".to_owned());
        asked.await.map_err(ended)?
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
