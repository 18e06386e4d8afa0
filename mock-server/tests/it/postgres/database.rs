//! Databases for tests, each of its own, on a server that `TEST_POSTGRES` names (`./test.sh` starts one), or on one that
//! is started for the test by `scripts/postgres.sh` and ends with it.

use std::{
    path::Path,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

use layer2_mock::StoreUrl;
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

use crate::support::folder;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/postgres.sh");

/// A PostgreSQL server of this test alone.
#[derive(Debug)]
pub(crate) struct Cluster {
    folder: TempDir,
    url: String,
}

impl Cluster {
    pub(crate) fn start() -> Cluster {
        let folder = folder();
        let url = run("make", folder.path());
        Cluster { folder, url }
    }

    /// Stops it at once, as a crash would.
    pub(crate) fn stop(&self) {
        run("stop", self.folder.path());
    }

    /// Starts it again where it was.
    pub(crate) fn start_again(&self) {
        run("start", self.folder.path());
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = Command::new(SCRIPT)
            .arg("stop")
            .arg(self.folder.path())
            .output();
    }
}

fn run(command: &str, folder: &Path) -> String {
    let output = Command::new(SCRIPT)
        .arg(command)
        .arg(folder)
        .output()
        .expect("scripts/postgres.sh runs");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "scripts/postgres.sh {command}: {told}"
    );
    String::from_utf8(output.stdout)
        .expect("text")
        .trim()
        .to_owned()
}

/// A database of one test, dropped with it.
#[derive(Debug)]
pub(crate) struct Database {
    server: String,
    name: String,
    /// The server, if it is one of this test alone.
    pub(crate) cluster: Option<Cluster>,
}

impl Database {
    /// On the server that is there, or on one that ends with the test.
    pub(crate) async fn new() -> Database {
        match std::env::var("TEST_POSTGRES") {
            Ok(server) => Database::make(server, None).await,
            Err(_) => Database::alone().await,
        }
    }

    /// On a server that ends with the test.
    pub(crate) async fn alone() -> Database {
        let cluster = Cluster::start();
        Database::make(cluster.url.clone(), Some(cluster)).await
    }

    async fn make(server: String, cluster: Option<Cluster>) -> Database {
        let name = create(&server).await;
        Database {
            server,
            name,
            cluster,
        }
    }

    pub(crate) fn url(&self) -> String {
        named(&self.server, &self.name)
    }

    pub(crate) fn store(&self) -> StoreUrl {
        self.url().parse().expect("a store")
    }

    /// A client of this database.
    pub(crate) async fn client(&self) -> Client {
        connect(&self.url()).await
    }

    /// Ends all connections of others to this database, as a failing network would, and waits until they are gone.
    pub(crate) async fn cut_connections(&self) -> i64 {
        let cut = "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity \
            WHERE datname = current_database() AND pid <> pg_backend_pid()";
        let row = self.client().await.query_one(cut, &[]).await;
        row.expect("cut").get(0)
    }

    /// Waits until no server is connected any more: whatever a dead one had begun is done then, or never will be.
    pub(crate) async fn left_alone(&self) {
        let client = self.client().await;
        let others = "SELECT count(*) FROM pg_stat_activity \
            WHERE datname = current_database() AND application_name = 'layer2-mock'";
        while client
            .query_one(others, &[])
            .await
            .expect("asked")
            .get::<_, i64>(0)
            > 0
        {
            tokio::task::yield_now().await;
        }
    }
}

/// A point at which sessions of the database wait until the test lets them go on.
pub(crate) struct Barrier(Client);

impl Barrier {
    /// Before statements of this kind, as in `DELETE ON layer2_sandboxes`.
    pub(crate) async fn before(database: &Database, statements: &str) -> Barrier {
        let client = database.client().await;
        let trigger = format!(
            "CREATE FUNCTION wait_for_test() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NULL; END $$;
            CREATE TRIGGER wait_for_test BEFORE {statements}
                FOR EACH STATEMENT EXECUTE FUNCTION wait_for_test();
            SELECT pg_advisory_lock(7)"
        );
        client.batch_execute(&trigger).await.expect("a trigger");
        Barrier(client)
    }

    /// Comes back once somebody waits.
    pub(crate) async fn is_reached(&self) {
        let waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        loop {
            let row = self.0.query_one(waiting, &[]).await.expect("asked");
            if row.get::<_, i64>(0) > 0 {
                return;
            }
        }
    }

    pub(crate) async fn open(self) {
        let opened = self.0.batch_execute("SELECT pg_advisory_unlock(7)").await;
        opened.expect("open");
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if self.cluster.is_some() {
            return;
        }
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        on_a_thread_of_its_own(self.server.clone(), move |server| async move {
            let _ = connect(&server).await.batch_execute(&drop).await;
        });
    }
}

/// The URL of a store in a new database on the server that `TEST_POSTGRES` names. It goes with the server.
pub(crate) fn on_shared_server() -> String {
    let server = std::env::var("TEST_POSTGRES").expect(
        "TEST_STORE=postgres needs TEST_POSTGRES, the URL of a server; ./test.sh sets both",
    );
    on_a_thread_of_its_own(server, |server| async move {
        let name = create(&server).await;
        named(&server, &name)
    })
}

/// Does something on a runtime that is neither the caller's nor waits for it.
fn on_a_thread_of_its_own<T, F>(
    server: String,
    work: impl FnOnce(String) -> F + Send + 'static,
) -> T
where
    T: Send + 'static,
    F: Future<Output = T>,
{
    let thread = std::thread::spawn(move || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime")
            .block_on(work(server))
    });
    thread.join().expect("it ends")
}

/// Makes a database and gives its name.
async fn create(server: &str) -> String {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    let name = format!("test_{}_{number}", std::process::id());
    let client = connect(server).await;
    // A process of an earlier run may have had the number.
    for statement in ["DROP DATABASE IF EXISTS", "CREATE DATABASE"] {
        let done = client.batch_execute(&format!("{statement} {name}")).await;
        done.expect(statement);
    }
    name
}

/// The URL of a database on a server, whose URL ends with the name of another one.
fn named(server: &str, name: &str) -> String {
    let (server, _) = server.rsplit_once('/').expect("a database in the URL");
    format!("{server}/{name}")
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("connect");
    tokio::spawn(connection);
    client
}
