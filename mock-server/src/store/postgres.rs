//! Sandboxes in a database of PostgreSQL's, which several servers may share.
//!
//! The servers know nothing of each other: the lock on the row of a sandbox orders their commands, and each carries out
//! again what others have written before it adds anything. So all of them have the same state, which is the one that the
//! journal leads to, and none is a leader. What a server has in memory is a copy that it may throw away at any time.
//!
//! Connections are not encrypted: the database is meant to stand next to the servers, and what is written there is sealed
//! all the same.

mod claim;
mod columns;
mod connections;
mod errors;
mod filed;
mod head;
mod journal;
mod lease;
mod schema;
mod statements;
mod turn;

use std::sync::Arc;

use layer2_world::seed::Seed;
use tokio::sync::RwLock;
use tokio_postgres::{Client, Config, Row, config::SslMode, types::ToSql};

use super::{
    Charter, Fresh, Identity, Kept, Listed, Pending, SharedStore, Store, StoreError, record,
    seal::{Place, Sealer},
};
use crate::journal::{Base, Head, Journal};
use columns::get;
use connections::{Borrowed, Connection, Connections, within};
use errors::{at_start, unless_taken};
use filed::{Filed, Owner};
use journal::PostgresJournal;
use lease::Leases;

/// The store of a database.
#[derive(Debug)]
pub(crate) struct PostgresStore {
    connections: Arc<Connections>,
    sealer: Arc<Sealer>,
    leases: Leases,
    changes: Fresh<i64>,
    /// How many of the changes are of this server's own doing. Held while one is counted, so that none is taken for
    /// another server's.
    own: RwLock<i64>,
}

impl PostgresStore {
    /// Opens the store, and makes its tables if there are none.
    pub(crate) async fn open(url: &str, seed: &Seed) -> Result<PostgresStore, StoreError> {
        let config: Config = url.parse().map_err(|error: tokio_postgres::Error| {
            // What the parser says of a part of the URL does not repeat the part.
            StoreError::Unusable(format!(
                "the URL is not one of a database ({error}); expected postgres://USER:PASSWORD@HOST:PORT/DATABASE"
            ))
        })?;
        if config.get_ssl_mode() == SslMode::Require {
            return Err(StoreError::Unusable(
                "connections to the database cannot be encrypted, and its URL asks for that; leave sslmode out and reach the database over a socket, a private network or a tunnel".to_owned(),
            ));
        }
        let sealer = Arc::new(Sealer::new(seed));
        let connections = Arc::new(Connections::new(config));
        let (client, _) = connections.plain().await.map_err(at_start)?;
        warn_of_lost_commits(&client).await.map_err(at_start)?;
        schema::make(&client, &sealer).await.map_err(at_start)?;
        Ok(PostgresStore {
            leases: Leases::start(Arc::clone(&connections)),
            connections,
            sealer,
            changes: Fresh::default(),
            own: RwLock::default(),
        })
    }

    /// How many changes there were, by whomever.
    async fn all_changes(&self) -> Result<i64, StoreError> {
        let reader = self.connections.reader().await?;
        let asked = reader.client.query_opt(&reader.statements.changes, &[]);
        let row = within(asked).await?.ok_or_else(|| {
            StoreError::Unavailable(
                "a newer server has brought its tables up to a version that this one does not know; start the newer layer2-mock here too".to_owned(),
            )
        })?;
        get(&row, 0)
    }

    /// The sandboxes that are there, with the charters of those that are not known.
    async fn rows_but(&self, known: &[i64]) -> Result<Vec<Row>, StoreError> {
        let reader = self.connections.reader().await?;
        let parameters: [&(dyn ToSql + Sync); 1] = [&known];
        let asked = reader.client.query(&reader.statements.list, &parameters);
        within(asked).await
    }

    fn kept(&self, id: i64, name: String, charter: &[u8]) -> Kept {
        let place = Place::Charter { sandbox: &name };
        let charter: Result<Charter, StoreError> = record::open(&self.sealer, place, charter);
        let owner = match &charter {
            Ok(charter) => charter.identity.map_or(Owner::Early, Owner::Drawn),
            Err(_) => Owner::Unknown,
        };
        Kept {
            charter,
            journal: Arc::new(PostgresJournal::new(self.filed(id, name.clone(), owner))),
            name,
        }
    }

    fn filed(&self, id: i64, name: String, owner: Owner) -> Filed {
        Filed {
            id,
            name,
            owner,
            connections: Arc::clone(&self.connections),
            sealer: owner.sealer(&self.sealer),
            store_sealer: Arc::clone(&self.sealer),
            desk: self.leases.desk(id),
        }
    }

    /// Commits a transaction that makes or deletes sandboxes, and counts it. Every request asks for the count and every
    /// such transaction writes it: both are held from here to the end alone, however long the transaction was before.
    async fn conclude(&self, borrowed: Borrowed) -> Result<(), StoreError> {
        let Connection { client, statements } = borrowed.get();
        let mut own = self.own.write().await;
        // One way to the database for both. If the first fails, so does the transaction.
        let counted = client.execute(&statements.changed, &[]);
        let committed = client.batch_execute("COMMIT");
        within(futures_util::future::try_join(counted, committed)).await?;
        *own += 1;
        drop(own);
        borrowed.give_back();
        Ok(())
    }

    /// What is written down of a sandbox when it is made.
    fn deed(&self, charter: &Charter) -> Result<Deed, StoreError> {
        let name = &charter.name;
        let identity = Identity::draw()?;
        let charter = Charter {
            identity: Some(identity),
            ..charter.clone()
        };
        let place = Place::Charter { sandbox: name };
        Ok(Deed {
            charter: record::seal(&self.sealer, place, &charter)?,
            head: head::seal(&self.sealer, name, Some(identity), Head::default(), 0)?,
            owner: Owner::Drawn(identity),
        })
    }
}

/// A database may be told not to wait for its disk at all. That is for its whole server to say, and good for a scratch
/// one, so it is only told.
async fn warn_of_lost_commits(client: &Client) -> Result<(), StoreError> {
    let row = within(client.query_one("SELECT current_setting('fsync')", &[])).await?;
    if get::<&str>(&row, 0)? == "off" {
        tracing::warn!(
            "the database runs with fsync = off: when its machine fails, what was acknowledged may be lost; set it to on where that matters"
        );
    }
    Ok(())
}

/// A sandbox that is to be made: what is sealed of it, and whose records those will be that follow.
struct Deed {
    charter: Vec<u8>,
    head: Vec<u8>,
    owner: Owner,
}

impl Store for PostgresStore {
    fn sandboxes(&self) -> Pending<'_, Vec<Kept>> {
        Box::pin(async {
            let listed = self.list(&[]).await?;
            let kept = listed.into_iter().filter_map(|listed| listed.kept);
            Ok(kept.collect())
        })
    }

    fn create<'a>(&'a self, charter: &'a Charter) -> Pending<'a, Arc<dyn Journal>> {
        Box::pin(async move {
            let name = &charter.name;
            let deed = self.deed(charter)?;
            let borrowed = self.connections.borrow().await?;
            let (client, statements) = (&borrowed.get().client, &borrowed.get().statements);
            let parameters: [&(dyn ToSql + Sync); 3] = [name, &deed.charter, &deed.head];
            // Whatever fails from here on ends the connection, and the transaction with it.
            let ((), created) = within(futures_util::future::try_join(
                client.batch_execute("BEGIN"),
                client.query_opt(&statements.create, &parameters),
            ))
            .await?;
            let id = get(&created.ok_or(StoreError::Taken)?, 0)?;
            self.conclude(borrowed).await?;
            let filed = self.filed(id, name.clone(), deed.owner);
            let journal: Arc<dyn Journal> = Arc::new(PostgresJournal::new(filed));
            Ok(journal)
        })
    }

    fn begin<'a>(
        &'a self,
        charter: &'a Charter,
        base: &'a Base,
        replace: bool,
    ) -> Pending<'a, Arc<dyn Journal>> {
        Box::pin(async move {
            let name = &charter.name;
            let deed = self.deed(charter)?;
            let borrowed = self.connections.borrow().await?;
            let (client, statements) = (&borrowed.get().client, &borrowed.get().statements);
            // Whatever fails from here on ends the connection, and the transaction with it.
            within(client.batch_execute("BEGIN")).await?;
            let parameters: [&(dyn ToSql + Sync); 2] = [&deed.charter, &deed.head];
            let row = within(client.query_one(&statements.draft, &parameters)).await?;
            let id = get(&row, 0)?;
            let filed = self.filed(id, name.clone(), deed.owner);
            // This may be long, and concerns nobody else yet.
            filed.write_base(base, &borrowed).await?;
            if replace {
                let deleted = within(client.query_opt(&statements.delete, &[name])).await?;
                if let Some(deleted) = deleted {
                    // Another server may have expired tokens since the caller looked. Whatever else stands there, the
                    // number is none below zero.
                    let epoch = get::<i64>(&deleted, 0)?.max(0).unsigned_abs();
                    filed.raise_epoch(base, epoch, &borrowed).await?;
                }
            }
            let parameters: [&(dyn ToSql + Sync); 2] = [&id, name];
            let named = unless_taken(client.execute(&statements.name, &parameters));
            within(named).await?.ok_or(StoreError::Taken)?;
            self.conclude(borrowed).await?;
            let journal: Arc<dyn Journal> = Arc::new(PostgresJournal::new(filed));
            Ok(journal)
        })
    }

    fn delete<'a>(&'a self, name: &'a str) -> Pending<'a, ()> {
        Box::pin(async move {
            let borrowed = self.connections.borrow().await?;
            let (client, statements) = (&borrowed.get().client, &borrowed.get().statements);
            let parameters: [&(dyn ToSql + Sync); 1] = [&name];
            // Whatever fails from here on ends the connection, and the transaction with it.
            within(futures_util::future::try_join(
                client.batch_execute("BEGIN"),
                client.query_opt(&statements.delete, &parameters),
            ))
            .await?;
            self.conclude(borrowed).await
        })
    }

    fn close(&self) -> Pending<'_, ()> {
        Box::pin(async {
            self.leases.end();
            self.connections.close().await;
            Ok(())
        })
    }

    fn shared(&self) -> Option<&dyn SharedStore> {
        Some(self)
    }
}

impl SharedStore for PostgresStore {
    fn changes(&self) -> Pending<'_, i64> {
        Box::pin(self.changes.get(async || {
            let own = self.own.read().await;
            let all = self.connections.twice(|| self.all_changes()).await?;
            Ok(all - *own)
        }))
    }

    fn list<'a>(&'a self, known: &'a [i64]) -> Pending<'a, Vec<Listed>> {
        Box::pin(async move {
            let rows = self.connections.twice(move || self.rows_but(known)).await?;
            let listed = rows.iter().map(|row| {
                let id = get(row, 0)?;
                let charter: Option<&[u8]> = get(row, 3)?;
                let kept = match charter {
                    Some(charter) => Some(self.kept(id, get(row, 1)?, charter)),
                    None => None,
                };
                Ok(Listed {
                    id,
                    epoch: get::<i64>(row, 2)?.unsigned_abs(),
                    kept,
                })
            });
            listed.collect()
        })
    }
}
