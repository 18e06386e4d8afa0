//! From the settings to a server that has its socket, its seed and its sandboxes, before it answers.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
    sync::Arc,
};

use layer2_types::control::SandboxInfo;
use layer2_world::seed::Seed;

use super::SandboxServerBuilder;
use crate::{
    directory, ready_file,
    server::{Config, Server},
    start_error::{StartError, StartErrorKind},
};

/// A server that has its socket and does not know its sandboxes yet.
#[derive(Debug)]
pub(crate) struct Bound {
    listener: TcpListener,
    config: Config,
    /// Whether the credentials are new at every start.
    pub(crate) random_seed: bool,
}

impl SandboxServerBuilder {
    /// Binds the socket and chooses the seed.
    pub(crate) fn bind(self) -> Result<Bound, StartError> {
        let (listener, address) =
            listen(self.listen).map_err(|error| StartError::bind(self.listen, &error))?;
        let is_public = !address.ip().is_loopback();
        if is_public && self.seed.is_none() && self.store.is_durable() {
            return Err(StartError::new(
                StartErrorKind::Seed,
                format!(
                    "--store {} needs --seed where others can reach the server ({address}): the seed would be another one at each start, and what is kept opens under the seed that it was kept with",
                    self.store
                ),
            ));
        }
        let (seed, random_seed) = choose_seed(self.seed, is_public)?;
        let control_token = self
            .control_token
            .unwrap_or_else(|| hex::encode(&seed.derive("control-token", &[])[..20]));
        let url = self
            .public_url
            .unwrap_or_else(|| format!("http://{}", reachable(address)));
        let config = Config {
            seed,
            control_token,
            url: url.trim_end_matches('/').to_owned(),
            settings: self.settings,
            clock: self.clock,
            callbacks: self.callbacks,
            store: self.store,
        };
        Ok(Bound {
            listener,
            config,
            random_seed,
        })
    }
}

impl Bound {
    /// Opens the store and brings the sandboxes back. Runs on the server's runtime.
    pub(crate) async fn open(self) -> Result<Opened, StartError> {
        let server = Server::open(self.config).await?;
        let default = server.directory.named(directory::DEFAULT).ok_or_else(|| {
            StartError::new(
                StartErrorKind::Sandbox,
                "the default sandbox is missing".to_owned(),
            )
        })?;
        let info = ready_file::info(&server, &default)?;
        Ok(Opened {
            server: Arc::new(server),
            listener: self.listener,
            info,
        })
    }
}

/// A server that has its sandboxes and does not answer yet.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) server: Arc<Server>,
    pub(crate) listener: TcpListener,
    pub(crate) info: SandboxInfo,
}

/// A socket for the server's runtime, and the address that it got.
fn listen(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// An address that a client on this machine can call: "all addresses" is none.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}

/// The seed of the server. On loopback it is the same at every start; where others can reach the server, known
/// credentials would let anybody forge tokens, so it is random unless it is chosen.
fn choose_seed(chosen: Option<u64>, is_public: bool) -> Result<(Seed, bool), StartError> {
    match chosen {
        Some(number) => Ok((
            Seed::new([0; 32]).child("server", &[&number.to_be_bytes()]),
            false,
        )),
        None if is_public => {
            let mut bytes = [0; 32];
            getrandom::fill(&mut bytes).map_err(|error| {
                StartError::new(
                    StartErrorKind::Seed,
                    format!("the system gives no random numbers ({error})"),
                )
            })?;
            Ok((Seed::new(bytes), true))
        }
        None => Ok((Seed::new([0; 32]), false)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SandboxServer;

    #[tokio::test]
    async fn where_others_can_reach_it_nothing_is_known_beforehand() {
        let bind = async |address: [u8; 4], seed: Option<u64>| {
            let mut builder = SandboxServer::builder().listen(SocketAddr::from((address, 0)));
            builder.seed = seed;
            let bound = builder.bind().expect("bind");
            (bound.random_seed, bound.open().await.expect("open").info)
        };
        let (is_random, one) = bind([0, 0, 0, 0], None).await;
        let (_, two) = bind([0, 0, 0, 0], None).await;
        assert!(is_random);
        assert_ne!(one.payments.client_secret, two.payments.client_secret);
        assert_ne!(one.control_token, two.control_token);
        assert!(one.url.starts_with("http://127.0.0.1:"), "{}", one.url);
        let (is_random, chosen) = bind([0, 0, 0, 0], Some(7)).await;
        assert!(!is_random);
        let (_, same) = bind([127, 0, 0, 1], Some(7)).await;
        assert_eq!(chosen.control_token, same.control_token);
        assert!(!bind([127, 0, 0, 1], None).await.0);
    }

    #[test]
    fn what_is_kept_needs_a_seed_that_is_known_at_the_next_start() {
        let builder = SandboxServer::builder()
            .listen(SocketAddr::from(([0, 0, 0, 0], 0)))
            .store("sqlite:never-made.db".parse().expect("a store"));
        let refused = builder.start_blocking().expect_err("no seed");
        assert_eq!(refused.kind(), StartErrorKind::Seed);
        assert!(refused.to_string().contains("--seed"), "{refused}");
    }
}
