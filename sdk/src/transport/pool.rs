//! The numbers of the connections that a client keeps.

use std::time::Duration;

/// How connections are made and kept. They are shared by all clones of a client.
///
/// | setting | default | why |
/// |---|---|---|
/// | `connect_timeout` | 3 s | longer than two lost SYNs; a host that is not there shall not eat the attempt |
/// | `idle_timeout` | 50 s | common load balancers drop an idle connection after 60 s; a request that meets that moment is lost with an unknown outcome, so this side closes first |
/// | `max_idle_per_host` | 100 | a burst leaves no more sockets behind |
/// | `keep_alive` | 15 s | finds a peer that vanished while a reply is awaited |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionPolicy {
    /// Time limit for a connection with its TLS handshake.
    pub connect_timeout: Duration,
    /// How long an idle connection is kept.
    pub idle_timeout: Duration,
    /// How many idle connections to one host are kept.
    pub max_idle_per_host: usize,
    /// Time between TCP probes on a quiet connection; none sends no probes.
    pub keep_alive: Option<Duration>,
}

impl Default for ConnectionPolicy {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(3),
            idle_timeout: Duration::from_secs(50),
            max_idle_per_host: 100,
            keep_alive: Some(Duration::from_secs(15)),
        }
    }
}

impl ConnectionPolicy {
    /// Sets the time limit for a connection.
    #[must_use]
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets how long an idle connection is kept.
    #[must_use]
    pub fn with_idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// Sets how many idle connections to one host are kept; none means a new connection for every attempt.
    #[must_use]
    pub fn with_max_idle_per_host(mut self, connections: usize) -> Self {
        self.max_idle_per_host = connections;
        self
    }

    /// Sets the time between TCP probes.
    #[must_use]
    pub fn with_keep_alive(mut self, between: Option<Duration>) -> Self {
        self.keep_alive = between;
        self
    }
}
