//! Where the webhooks of a subscription go.

use core::fmt;

use serde::Deserialize;
use serde::Serialize;

/// An address that a client gave. `Debug` shows scheme and host alone: a path or a query may hold a token.
///
/// ```
/// use layer2_world::CallbackUrl;
///
/// let url = CallbackUrl::new("https://example.com/hooks/s3cret?token=x");
/// assert_eq!(format!("{url:?}"), "CallbackUrl(https://example.com/…)");
/// assert_eq!(url.as_str(), "https://example.com/hooks/s3cret?token=x");
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallbackUrl(String);

impl CallbackUrl {
    /// Wraps an address.
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// The whole address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CallbackUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((scheme, rest)) = self.0.split_once("://") else {
            return f.write_str("CallbackUrl(…)");
        };
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        // What stands before an `@` is a password; none is taken, but none is shown either.
        let host = host.rsplit('@').next().unwrap_or_default();
        write!(f, "CallbackUrl({scheme}://{host}/…)")
    }
}
