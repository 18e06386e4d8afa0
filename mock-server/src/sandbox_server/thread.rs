//! The thread and the runtime that a server has for itself, and how it serves on them.

use std::{io, net::TcpListener, sync::Arc, thread::JoinHandle, time::Duration};

use layer2_types::control::SandboxInfo;
use tokio::{runtime::Handle, sync::oneshot};

use super::{
    SandboxServer,
    binding::{Bound, Opened},
};
use crate::{
    http::{listener::CuttableListener, service::Connections},
    server::Server,
    start_error::StartError,
};

/// How long requests in progress may take to end once the server is asked to stop.
const GRACE: Duration = Duration::from_secs(5);

/// What the thread of a server reports once it serves, or does not.
pub(super) type Started = Result<(Arc<Server>, SandboxInfo, Handle), StartError>;

/// A server's thread, before it is known whether it serves.
pub(super) struct Launched {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Launched {
    /// Has the server opened and served on a thread of its own. `report` runs there, once.
    pub(super) fn spawn(
        bound: Bound,
        report: impl FnOnce(Started) + Send + 'static,
    ) -> Result<Launched, StartError> {
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("layer2-mock".to_owned())
            .spawn(move || run(bound, stopped, report))
            .map_err(StartError::thread)?;
        Ok(Launched { stop, thread })
    }

    /// The handle of the server, once it is known how its start went.
    pub(super) fn complete(self, started: Started) -> Result<SandboxServer, StartError> {
        let (server, info, runtime) = started?;
        Ok(SandboxServer {
            server,
            info,
            runtime,
            stop: Some(self.stop),
            thread: Some(self.thread),
        })
    }
}

/// What there is to say of a thread that ended before it reported.
pub(super) fn thread_ended() -> StartError {
    StartError::thread(io::Error::other("the thread ended"))
}

/// The life of the server's thread.
fn run(bound: Bound, stopped: oneshot::Receiver<()>, report: impl FnOnce(Started)) {
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return report(Err(StartError::thread(error))),
    };
    runtime.block_on(async {
        let Opened {
            server,
            listener,
            info,
        } = match bound.open().await {
            Ok(opened) => opened,
            Err(error) => return report(Err(error)),
        };
        report(Ok((Arc::clone(&server), info, Handle::current())));
        tokio::select! {
            served = serve(Arc::clone(&server), listener, std::future::pending()) => {
                if let Err(error) = served {
                    tracing::error!(%error, "the server ended");
                }
            }
            // The handle is dropped: nobody waits for what is still open.
            _ = stopped => {}
        }
        server.close().await;
    });
    // A name that is being resolved must not hold up a test.
    runtime.shutdown_background();
}

/// Serves until `stop`, then lets requests in progress end.
pub(crate) async fn serve(
    server: Arc<Server>,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let listener = CuttableListener(tokio::net::TcpListener::from_std(listener)?);
    for sandbox in server.directory.all() {
        server.dispatch(&sandbox);
    }
    let watched = Arc::clone(&server);
    let (stopping, has_stopped) = oneshot::channel();
    let serving = axum::serve(listener, Connections(server)).with_graceful_shutdown(async move {
        stop.await;
        // The other side waits for as long as this lives.
        let _ = stopping.send(());
    });
    tokio::select! {
        served = serving.into_future() => served,
        () = watched.watch_store() => Ok(()),
        () = async {
            let _ = has_stopped.await;
            tokio::time::sleep(GRACE).await;
        } => Ok(()),
    }
}
