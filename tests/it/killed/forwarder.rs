//! One address before several servers, and a trap for a call: it stays inside its server until that is killed.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

/// Bytes that are read at once.
const PIECE: usize = 16 * 1024;

/// How far a call has come when its server is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// The server has one half of the request, so nothing has happened.
    Half,
    /// The server has the request, and who knows how much of the work is done.
    Asked,
    /// The server has replied, so all has happened, and the client is not told.
    Answered,
}

/// Leads each request to the next server that takes it.
#[derive(Debug)]
pub(super) struct Forwarder {
    address: SocketAddr,
    switch: Arc<Mutex<Switch>>,
}

impl Forwarder {
    pub(super) async fn start(servers: [SocketAddr; 2]) -> Forwarder {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
        let switch = Arc::new(Mutex::new(Switch {
            servers,
            requests: 0,
            trap: None,
        }));
        let forwarder = Forwarder {
            address: listener.local_addr().expect("address"),
            switch: Arc::clone(&switch),
        };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                // Either end may go at any time, and the other one is told so by its connection.
                tokio::spawn(serve(client, Arc::clone(&switch)));
            }
        });
        forwarder
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The server of this place is now at another address.
    pub(super) fn lead_to(&self, place: usize, server: SocketAddr) {
        self.switch.lock().expect("switch").servers[place] = server;
    }

    /// Leads the request of this number, counted from 1 and from now on, to the server of this place, whose reply to it
    /// nobody gets. Says when the call has come so far.
    pub(super) fn catch(
        &self,
        number: usize,
        place: usize,
        moment: Moment,
    ) -> oneshot::Receiver<()> {
        let (caught, is_caught) = oneshot::channel();
        let mut switch = self.switch.lock().expect("switch");
        switch.trap = Some(Trap {
            request: switch.requests + number,
            place,
            moment,
            caught,
        });
        is_caught
    }
}

/// Where requests go.
#[derive(Debug)]
struct Switch {
    servers: [SocketAddr; 2],
    /// How many there were.
    requests: usize,
    trap: Option<Trap>,
}

impl Switch {
    /// The servers that the next request may go to, in the order in which they are asked, and the trap if it runs into it.
    fn next(&mut self) -> (Vec<SocketAddr>, Option<Trap>) {
        self.requests += 1;
        let request = self.requests;
        let trap = self.trap.take_if(|trap| trap.request == request);
        let servers = match &trap {
            Some(trap) => vec![self.servers[trap.place]],
            None => vec![self.servers[request % 2], self.servers[(request + 1) % 2]],
        };
        (servers, trap)
    }
}

#[derive(Debug)]
struct Trap {
    /// Its number among all requests.
    request: usize,
    place: usize,
    moment: Moment,
    caught: oneshot::Sender<()>,
}

impl Trap {
    /// Keeps a call, of which this much has come, inside its server until that ends.
    async fn hold(self, mut client: TcpStream, mut server: TcpStream, begun: &[u8]) {
        let (mut asks, _) = client.split();
        let (mut answers, mut is_asked) = server.split();
        let mut caught = Some(self.caught);
        let mut tell = || caught.take().map(|caught| caught.send(()));
        let begun = match self.moment {
            Moment::Half => &begun[..begun.len() / 2],
            Moment::Asked | Moment::Answered => begun,
        };
        is_asked.write_all(begun).await.expect("the server lives");
        if self.moment != Moment::Answered {
            tell();
        }
        let pass_on_the_rest = async {
            if self.moment != Moment::Half {
                // The client may go.
                let _ = tokio::io::copy(&mut asks, &mut is_asked).await;
            }
            std::future::pending::<()>().await;
        };
        let keep_the_reply = async {
            let mut reply = vec![0; PIECE];
            while matches!(answers.read(&mut reply).await, Ok(1..)) {
                tell();
            }
        };
        tokio::select! {
            () = pass_on_the_rest => {}
            () = keep_the_reply => {}
        }
    }
}

/// Leads the requests of a connection, one after the other, until an end goes.
async fn serve(mut client: TcpStream, switch: Arc<Mutex<Switch>>) -> io::Result<()> {
    let mut request = vec![0; PIECE];
    let mut begun = client.read(&mut request).await?;
    while begun > 0 {
        let (servers, trap) = switch.lock().expect("switch").next();
        let server = connect(&servers).await?;
        if let Some(trap) = trap {
            trap.hold(client, server, &request[..begun]).await;
            return Ok(());
        }
        begun = exchange(&mut client, server, &mut request, begun).await?;
    }
    Ok(())
}

/// The first server that takes a connection. One that was killed takes none.
async fn connect(servers: &[SocketAddr]) -> io::Result<TcpStream> {
    for server in servers {
        if let Ok(server) = TcpStream::connect(server).await {
            return Ok(server);
        }
    }
    Err(io::ErrorKind::ConnectionRefused.into())
}

/// Passes on a request, of which this much has come, and its reply, until the next request begins: of that, so much has
/// come in its place, and nothing if there is none.
async fn exchange(
    client: &mut TcpStream,
    mut server: TcpStream,
    request: &mut [u8],
    begun: usize,
) -> io::Result<usize> {
    let mut reply = vec![0; PIECE];
    let mut is_answered = false;
    server.write_all(&request[..begun]).await?;
    loop {
        tokio::select! {
            come = client.read(request) => match come? {
                // The client asks nothing before it has the whole reply to what it asked before.
                come if come == 0 || is_answered => return Ok(come),
                come => server.write_all(&request[..come]).await?,
            },
            come = server.read(&mut reply) => match come {
                Ok(come @ 1..) => {
                    client.write_all(&reply[..come]).await?;
                    is_answered = true;
                }
                // The next request has a connection of its own.
                _ if is_answered => return client.read(request).await,
                _ => return Ok(0),
            },
        }
    }
}
