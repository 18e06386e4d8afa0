//! What a token endpoint answers: a token, or why there is none.

use std::time::Duration;

use http::HeaderValue;
use http::StatusCode;
use reqwest::Url;
use serde::Deserialize;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::request::sensitive;
use crate::decode::error_details;
use crate::error::Error;
use crate::error::ErrorKind;
use crate::error::Outcome;
use crate::retry;
use crate::runtime::Runtime;
use crate::transport::HttpReply;
use crate::transport::TransportError;

/// Life of a token whose reply does not tell it.
const UNTOLD_LIFE: Duration = Duration::from_secs(300);

/// A token as the server just gave it.
pub(super) struct Granted {
    pub(super) authorization: HeaderValue,
    pub(super) life: Duration,
    /// When it was asked for: its life counts from here at the earliest.
    pub(super) asked_at: Duration,
}

impl Granted {
    pub(super) fn read(exchange: &HttpReply, asked_at: Duration) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Wire {
            access_token: String,
            token_type: Option<String>,
            expires_in: Option<Seconds>,
        }
        // The body holds the token, so it is not kept in the error.
        let wrong = |message: &str| {
            let error = Error::before_sending(ErrorKind::Token, message);
            error
                .with_reply(exchange.status, bytes::Bytes::new())
                .with_headers(exchange.headers.clone())
        };
        let wire: Wire = serde_json::from_slice(&exchange.body).map_err(|_| {
            wrong("the token endpoint's reply is not a token (RFC 6749, 5.1): check the token URL")
        })?;
        if wire
            .token_type
            .is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer"))
        {
            return Err(wrong(
                "the token endpoint gave a token that is not of type Bearer, the only type that the API takes: check the token \
                 URL",
            ));
        }
        let access_token = Zeroizing::new(wire.access_token);
        let text = Zeroizing::new(format!("Bearer {}", *access_token));
        Ok(Self {
            authorization: sensitive(&text)?,
            life: wire.expires_in.map_or(UNTOLD_LIFE, |Seconds(life)| life),
            asked_at,
        })
    }
}

/// A number of seconds. RFC 6749 wants a whole number, and servers also send it as text or with a fraction of zero; a
/// fraction is cut, so that no token is taken to live longer than it does.
struct Seconds(Duration);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let text = raw.get().trim_matches('"').trim();
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let seconds = whole
            .parse()
            .ok()
            .filter(|_| digits(whole) && digits(fraction));
        let seconds = seconds
            .ok_or_else(|| serde::de::Error::custom("`expires_in` is not a number of seconds"))?;
        Ok(Self(Duration::from_secs(seconds)))
    }
}

/// Why there is no token.
pub(super) struct Refusal {
    pub(super) error: Error,
    pub(super) credentials_refused: bool,
}

impl Refusal {
    pub(super) fn replied(exchange: &HttpReply, runtime: &Runtime) -> Self {
        let status = exchange.status;
        let credentials_refused = status == StatusCode::UNAUTHORIZED
            || error_details(&exchange.body)
                .iter()
                .any(|detail| detail.code.as_deref() == Some("invalid_client"));
        let message = match status.as_u16() {
            _ if credentials_refused => {
                "the token endpoint refused the client id or secret: check that they belong to this environment"
            }
            404 => "there is no token endpoint at this URL: check the token URL",
            400..=499 => {
                "the token endpoint refused the request: check the scopes and the token URL"
            }
            _ => "the token endpoint failed: call again later, and tell the platform if it lasts",
        };
        let error = Error::new(ErrorKind::Token, Outcome::NotSent, message)
            .with_details(error_details(&exchange.body))
            .with_reply(status, exchange.body.clone())
            .with_headers(exchange.headers.clone())
            .with_retry_after(retry::retry_after(&exchange.headers, runtime.clock.now()))
            .with_retryable(retry::is_transient(status));
        Self {
            error,
            credentials_refused,
        }
    }

    pub(super) fn broken(broken: TransportError, url: &Url) -> Self {
        let (message, source) = match broken {
            TransportError::NotSent(source) => (
                "no connection to the token endpoint: check the network, the proxy and the token URL",
                Some(source),
            ),
            TransportError::NoReply(source) => (
                "the token endpoint closed the connection without a reply: call again, nothing was done",
                Some(source),
            ),
            TransportError::TimedOut(source) => (
                "the token endpoint did not reply in time: call again, or raise `ClientBuilder::token_timeout`",
                Some(source),
            ),
            TransportError::Cut { source, .. } => (
                "the token endpoint's reply broke off: call again, nothing was done",
                Some(source),
            ),
            TransportError::TooLong { .. } => (
                "the token endpoint's reply is no token, it is far too long: check the token URL",
                None,
            ),
        };
        let host = url.host_str().unwrap_or_default();
        let message = format!("{message} (host {host})");
        let error = Error::before_sending(ErrorKind::Token, message).with_retryable(true);
        Self::from_parts(error.with_any_source(source))
    }

    fn from_parts(error: Error) -> Self {
        Self {
            error,
            credentials_refused: false,
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::from_parts(error)
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    fn life(expires_in: &str) -> Option<Duration> {
        let body = format!(r#"{{"access_token":"t","token_type":"Bearer"{expires_in}}}"#);
        let reply = HttpReply::new(StatusCode::OK, HeaderMap::new(), body);
        let granted = Granted::read(&reply, Duration::ZERO);
        granted.ok().map(|granted| granted.life)
    }

    #[test]
    fn the_life_of_a_token_reads_in_every_form_that_servers_send() {
        let quarter_of_an_hour = Some(Duration::from_secs(900));
        for form in ["900", "\"900\"", "900.0", "900.9", "\" 900 \""] {
            let told = format!(r#","expires_in":{form}"#);
            assert_eq!(life(&told), quarter_of_an_hour, "{form}");
        }
        for untold in ["", r#","expires_in":null"#] {
            assert_eq!(life(untold), Some(UNTOLD_LIFE), "{untold}");
        }
        for wrong in ["-900", "\"soon\"", "\"\"", "true", "[900]", "9e2", "1.x"] {
            let told = format!(r#","expires_in":{wrong}"#);
            assert_eq!(life(&told), None, "{wrong}");
        }
    }
}
