//! Where webhooks may go.
//!
//! A test server that posts to any address a request names is a way into the network it runs in. So by default it
//! posts to this machine alone. The check is part of name resolution: the connection is made to the addresses that were
//! checked, so a name that resolves differently a moment later gains nothing.
//! Redirects are never followed.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

/// Which receivers a server may post webhooks to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallbackPolicy {
    /// Any address.
    Any,
    /// This machine.
    #[default]
    Loopback,
    /// This machine and private networks (containers, a company's own net).
    Private,
}

impl CallbackPolicy {
    /// Whether the policy lets webhooks go to an address.
    #[must_use]
    pub fn allows(self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        match self {
            CallbackPolicy::Any => true,
            CallbackPolicy::Loopback => address.is_loopback(),
            CallbackPolicy::Private => address.is_loopback() || is_private(address),
        }
    }

    /// The checked addresses of a host, or why there is none.
    pub(crate) async fn resolve(
        self,
        host: &str,
        port: u16,
    ) -> Result<Vec<SocketAddr>, GuardError> {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let found: Vec<SocketAddr> = tokio::net::lookup_host((host, port))
            .await
            .map_err(|_| GuardError::Unresolved {
                host: host.to_owned(),
            })?
            .collect();
        let allowed: Vec<SocketAddr> = found
            .iter()
            .copied()
            .filter(|address| self.allows(address.ip()))
            .collect();
        match (found.first(), allowed.is_empty()) {
            (None, _) => Err(GuardError::Unresolved {
                host: host.to_owned(),
            }),
            (Some(refused), true) => Err(GuardError::Refused {
                host: host.to_owned(),
                address: refused.ip(),
                policy: self,
            }),
            (Some(_), false) => Ok(allowed),
        }
    }
}

impl fmt::Display for CallbackPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CallbackPolicy::Any => "any",
            CallbackPolicy::Loopback => "loopback",
            CallbackPolicy::Private => "private",
        })
    }
}

impl FromStr for CallbackPolicy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "any" => Ok(CallbackPolicy::Any),
            "loopback" => Ok(CallbackPolicy::Loopback),
            "private" => Ok(CallbackPolicy::Private),
            _ => Err("expected loopback, private or any".to_owned()),
        }
    }
}

/// Why no connection to a receiver may be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum GuardError {
    #[error(
        "{host} is {address}, which --allow-callbacks {policy} does not allow; in a container the host is another machine: start the server with --allow-callbacks private"
    )]
    Refused {
        host: String,
        address: IpAddr,
        policy: CallbackPolicy,
    },
    #[error("the host name {host} does not resolve")]
    Unresolved { host: String },
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_private_v4(v4),
        IpAddr::V6(v6) => is_private_v6(v6),
    }
}

/// RFC 1918 and the shared space of RFC 6598; link-local stays out, cloud metadata services live there.
fn is_private_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    address.is_private() || (first == 100 && (64..128).contains(&second))
}

/// Unique local addresses, RFC 4193.
fn is_private_v6(address: Ipv6Addr) -> bool {
    address.segments()[0] & 0xfe00 == 0xfc00
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_policy_allows_its_addresses() {
        let rows = [
            ("127.0.0.1", true, true),
            ("::1", true, true),
            ("::ffff:127.0.0.1", true, true),
            ("10.1.2.3", false, true),
            ("172.17.0.1", false, true),
            ("192.168.1.1", false, true),
            ("100.64.0.1", false, true),
            ("fd00::1", false, true),
            ("::ffff:10.0.0.1", false, true),
            ("169.254.169.254", false, false),
            ("0.0.0.0", false, false),
            ("fe80::1", false, false),
            ("8.8.8.8", false, false),
            ("2001:4860:4860::8888", false, false),
        ];
        for (address, loopback, private) in rows {
            let ip: IpAddr = address.parse().expect(address);
            assert_eq!(CallbackPolicy::Loopback.allows(ip), loopback, "{address}");
            assert_eq!(CallbackPolicy::Private.allows(ip), private, "{address}");
            assert!(CallbackPolicy::Any.allows(ip), "{address}");
        }
    }

    #[tokio::test]
    async fn resolves_literals_and_refuses_with_a_remedy() {
        let policy = CallbackPolicy::Loopback;
        let allowed = policy.resolve("[::1]", 80).await.expect("loopback");
        assert_eq!(allowed, ["[::1]:80".parse().expect("address")]);
        let refused = policy.resolve("10.0.0.7", 80).await.expect_err("private");
        assert!(
            refused.to_string().contains("--allow-callbacks private"),
            "{refused}"
        );
    }
}
