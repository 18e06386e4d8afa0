//! One address before several servers.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::net::{TcpListener, TcpStream};

/// Leads each connection to the next server that takes it, for as long as both ends live.
#[derive(Debug)]
pub(super) struct Forwarder {
    address: SocketAddr,
    servers: Arc<Mutex<[SocketAddr; 2]>>,
}

impl Forwarder {
    pub(super) async fn start(servers: [SocketAddr; 2]) -> Forwarder {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
        let forwarder = Forwarder {
            address: listener.local_addr().expect("address"),
            servers: Arc::new(Mutex::new(servers)),
        };
        let servers = Arc::clone(&forwarder.servers);
        tokio::spawn(async move {
            let turn = AtomicUsize::new(0);
            while let Ok((client, _)) = listener.accept().await {
                let mut servers = *servers.lock().expect("servers");
                servers.rotate_left(turn.fetch_add(1, Ordering::Relaxed) % 2);
                tokio::spawn(forward(client, servers));
            }
        });
        forwarder
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The server of this place is now at another address.
    pub(super) fn lead_to(&self, place: usize, server: SocketAddr) {
        self.servers.lock().expect("servers")[place] = server;
    }
}

async fn forward(mut client: TcpStream, servers: [SocketAddr; 2]) {
    for server in servers {
        // One that was killed takes no connection.
        if let Ok(mut server) = TcpStream::connect(server).await {
            // Either end may go at any time, and the other one is told so by its connection.
            let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            return;
        }
    }
}
