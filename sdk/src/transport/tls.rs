//! Whether the HTTP client of our own can speak TLS, which the features of the build and the application decide.
//!
//! reqwest says neither in time. Built without TLS it takes an https address for a host that does not answer, attempt
//! after attempt; without a crypto provider it panics.

use reqwest::Url;

use crate::client::config;
use crate::error::Error;

/// Whether a feature brings TLS along. That another crate of the program has given reqwest its TLS cannot be seen here;
/// such a program has a `reqwest::Client` to make a transport of.
const IS_BUILT_IN: bool = cfg!(any(
    feature = "rustls",
    feature = "rustls-no-provider",
    feature = "native-tls"
));

/// Refuses addresses that our client could not reach, and a client that could not be made.
pub(crate) fn check<'a>(mut addresses: impl Iterator<Item = &'a Url>) -> Result<(), Error> {
    if !IS_BUILT_IN && addresses.any(|address| address.scheme() == "https") {
        return Err(config(
            "an address is https, and this build speaks no TLS: enable the feature `rustls` (or `native-tls`, or \
             `rustls-no-provider`), or give the builder a `transport` that does",
        ));
    }
    if !has_provider() {
        return Err(config(
            "rustls has no crypto provider, and the feature `rustls-no-provider` brings none: install one before the \
             client is built, with `rustls::crypto::ring::default_provider().install_default()` for one, or enable \
             the feature `rustls`",
        ));
    }
    Ok(())
}

/// Whether what our client takes for TLS has its cryptography. With several TLS features one that brings it is taken.
#[cfg(all(
    feature = "rustls-no-provider",
    not(any(feature = "rustls", feature = "native-tls"))
))]
fn has_provider() -> bool {
    rustls::crypto::CryptoProvider::get_default().is_some()
}

#[cfg(not(all(
    feature = "rustls-no-provider",
    not(any(feature = "rustls", feature = "native-tls"))
)))]
const fn has_provider() -> bool {
    true
}
