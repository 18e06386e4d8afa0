//! Where the APIs are, and addresses that are refused because they are visibly wrong.
//!
//! Hosts and paths are those that the platforms publish (platform facts, environments). A wrong address is the first
//! mistake of a newcomer and the most expensive one of an experienced team, so it is caught when the client is built.

use layer2_types::Api;
use reqwest::Url;

use crate::error::Error;
use crate::error::ErrorKind;
use crate::from_env::ALLOW_INSECURE_HTTP;

/// Which installation of the platforms a client talks to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Environment {
    /// The vendors' sandboxes.
    #[default]
    Sandbox,
    /// Real money.
    Production,
    /// A server of your own: the mock, a proxy, another installation. Made with [`custom`](Self::custom).
    #[non_exhaustive]
    Custom {
        /// Base of the API; for payments it ends in `/api`.
        base_url: String,
        /// The full address of the token endpoint.
        token_url: String,
    },
}

impl Environment {
    /// A server of your own.
    pub fn custom(base_url: impl Into<String>, token_url: impl Into<String>) -> Self {
        Self::Custom {
            base_url: base_url.into(),
            token_url: token_url.into(),
        }
    }

    pub(crate) fn base_url(&self, api: Api) -> &str {
        match (self, api) {
            (Self::Custom { base_url, .. }, _) => base_url,
            (Self::Sandbox, Api::Payments) => "https://sandbox.layer2financial.com/api",
            (Self::Production, Api::Payments) => "https://platform.layer2financial.com/api",
            (Self::Sandbox, Api::Accounting) => "https://sandbox.layerfi.com",
            (Self::Production, Api::Accounting) => "https://api.layerfi.com",
            (Self::Sandbox, Api::Plaid) => "https://sandbox.plaid.com",
            (Self::Production, Api::Plaid) => "https://production.plaid.com",
            // The control API belongs to the mock server, which has no fixed address.
            (_, Api::Control) => "",
        }
    }

    pub(crate) fn token_url(&self, api: Api) -> &str {
        match (self, api) {
            (Self::Custom { token_url, .. }, _) => token_url,
            (Self::Sandbox, Api::Payments) => {
                "https://auth.layer2financial.com/oauth2/ausbdqlx69rH6OjWd696/v1/token"
            }
            (Self::Production, Api::Payments) => {
                "https://auth.layer2financial.com/oauth2/ausj0isa571aIN3mL696/v1/token"
            }
            (_, Api::Accounting) => "https://auth.layerfi.com/oauth2/token",
            (_, Api::Plaid | Api::Control) => "",
        }
    }

    /// The scope that the accounting server wants to be named.
    pub(crate) fn accounting_scope(&self) -> Option<&'static str> {
        match self {
            Self::Sandbox => Some("https://sandbox.layerfi.com/sandbox"),
            Self::Production => Some("https://api.layerfi.com/production"),
            Self::Custom { .. } => None,
        }
    }
}

/// Hosts that serve the payments API below `/api`.
const PAYMENTS_HOSTS: [&str; 3] = [
    "sandbox.layer2financial.com",
    "platform.layer2financial.com",
    "alpha.layer2financial.dev",
];

/// Hosts behind which there is real money or real books.
const PRODUCTION_HOSTS: [&str; 3] = [
    "platform.layer2financial.com",
    "api.layerfi.com",
    "production.plaid.com",
];

/// Whether an address is a production host, however it was given.
pub(crate) fn is_production(url: &Url) -> bool {
    url.host_str()
        .is_some_and(|host| PRODUCTION_HOSTS.contains(&host))
}

/// Reads the base address of an API, without a slash at its end.
pub(crate) fn read_base(api: Api, text: &str, allow_insecure_http: bool) -> Result<Url, Error> {
    let what = format!("the base URL of {api}");
    let mut url = read(&what, text, allow_insecure_http)?;
    if url.query().is_some() {
        return Err(refuse(format!(
            "{what} has a query; give scheme, host and base path only"
        )));
    }
    let path = url.path().trim_end_matches('/').to_owned();
    if path.split('/').any(|segment| segment == "v1") && api != Api::Control {
        return Err(refuse(format!(
            "{what} ends in a version; leave /v1 out, the operations bring it along"
        )));
    }
    let known = url
        .host_str()
        .is_some_and(|host| PAYMENTS_HOSTS.contains(&host));
    if api == Api::Payments && known && path != "/api" {
        return Err(refuse(format!(
            "{what} lacks the base path: on this host it ends in /api"
        )));
    }
    url.set_path(&path);
    Ok(url)
}

/// Reads the address of a token endpoint.
pub(crate) fn read_token_url(
    api: Api,
    text: &str,
    allow_insecure_http: bool,
) -> Result<Url, Error> {
    let what = format!("the token URL of {api}");
    let url = read(&what, text, allow_insecure_http)?;
    if url.path() == "/" {
        return Err(refuse(format!(
            "{what} is a host alone; give the full address of the endpoint"
        )));
    }
    Ok(url)
}

fn read(what: &str, text: &str, allow_insecure_http: bool) -> Result<Url, Error> {
    let url = Url::parse(text.trim()).map_err(|_| {
        refuse(format!(
            "{what} is no URL; it looks like https://sandbox.layer2financial.com/api"
        ))
    })?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refuse(format!(
            "{what} carries a user name or password; give credentials to the builder"
        )));
    }
    if url.fragment().is_some() {
        return Err(refuse(format!(
            "{what} has a fragment (#…), which is never sent"
        )));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if allow_insecure_http || is_loopback(&url) => Ok(url),
        "http" => Err(refuse(format!(
            "{what} is plain http to another machine, so tokens and secrets would be readable on the way; use https, or \
             `allow_insecure_http` in a closed test network ({ALLOW_INSECURE_HTTP}=true in the environment)"
        ))),
        other => Err(refuse(format!(
            "{what} has the scheme {other}; only https and http are spoken"
        ))),
    }
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else {
        return false;
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.ends_with(".localhost")
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn refuse(message: String) -> Error {
    Error::before_sending(ErrorKind::Config, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_addresses_pass_their_own_check() {
        for environment in [Environment::Sandbox, Environment::Production] {
            for api in [Api::Payments, Api::Accounting, Api::Plaid] {
                let base = read_base(api, environment.base_url(api), false).unwrap();
                assert_eq!(
                    is_production(&base),
                    environment == Environment::Production,
                    "{base}"
                );
            }
            for api in [Api::Payments, Api::Accounting] {
                read_token_url(api, environment.token_url(api), false).unwrap();
            }
        }
    }

    #[test]
    fn visibly_wrong_addresses_are_refused_with_what_to_do() {
        let cases = [
            ("https://sandbox.layer2financial.com", "/api"),
            (
                "https://sandbox.layer2financial.com/api/v1",
                "leave /v1 out",
            ),
            ("https://platform.layer2financial.com/", "/api"),
            ("http://10.0.0.7:4010/api", "allow_insecure_http"),
            ("http://localhost.example.com/api", "allow_insecure_http"),
            ("https://user:pass@x.example/api", "builder"),
            ("https://x.example/api?a=b", "query"),
            ("https://x.example/api#a", "fragment"),
            ("ftp://x.example/api", "scheme"),
            ("sandbox.layer2financial.com/api", "no URL"),
            ("", "no URL"),
        ];
        for (text, says) in cases {
            let error = read_base(Api::Payments, text, false).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.to_string().contains(says), "{text}: {error}");
        }
        assert!(read_token_url(Api::Payments, "https://auth.example.com", false).is_err());
    }

    #[test]
    fn loopback_may_be_plain_and_slashes_at_the_end_are_dropped() {
        for text in [
            "http://127.0.0.1:4010/api/",
            "http://[::1]:4010/api",
            "http://localhost:4010/api",
        ] {
            let url = read_base(Api::Payments, text, false).unwrap();
            assert_eq!(url.path(), "/api", "{text}");
        }
        assert!(read_base(Api::Payments, "http://10.0.0.7:4010/api", true).is_ok());
    }
}
