//! What can be wrong with what was signed, and what to do about it.

use super::super::bodies::BodyMistake;
use crate::{credentials::KeyMistake, http::route::PAYMENTS_BASE};

/// One thing that is wrong with what was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mistake {
    Body(BodyMistake),
    Hashed(&'static str),
    Key(KeyMistake),
    /// What was signed in place of the method that was sent.
    Method(MethodMistake, String),
    Order(String),
    /// The path of the same call about another object.
    OtherPath(String),
    OtherSandbox(String),
    Path(PathMistake),
    Separated(&'static str),
    SignedMilliseconds,
    SignedSeconds,
    TimestampLeftOut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MethodMistake {
    Capitalised,
    LeftOut,
    Lower,
    Other(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PathMistake {
    NoBase,
    NoBaseAndQuery,
    NoQuery,
    NoSlash,
    TrailingSlash,
    WholeUrl,
}

impl Mistake {
    pub(super) fn advice(&self) -> String {
        match self {
            Mistake::Body(mistake) => mistake.advice(),
            Mistake::Hashed(hash) => format!(
                "the {hash} of the text was signed: sign the text itself, Ed25519 hashes by its own rule"
            ),
            Mistake::Key(mistake) => mistake.advice().to_owned(),
            Mistake::Method(mistake, sent) => mistake.advice(sent),
            Mistake::Order(order) => format!(
                "the parts were signed as {order}: the order is timestamp, method, path, body"
            ),
            Mistake::OtherPath(path) => format!(
                "the path of another object was signed, `{path}`: sign the path that you call"
            ),
            Mistake::OtherSandbox(name) => format!(
                "the signature is by the key of the sandbox `{name}`, and the token is of another one: take both from the same sandbox"
            ),
            Mistake::Path(mistake) => mistake.advice(),
            Mistake::Separated(separator) => {
                format!("the parts were joined by {separator:?}: join them with nothing between")
            }
            Mistake::SignedMilliseconds => {
                "milliseconds were signed and seconds sent: sign the very text of x-timestamp"
                    .to_owned()
            }
            Mistake::SignedSeconds => {
                "seconds were signed and something else was sent: sign the very text of x-timestamp"
                    .to_owned()
            }
            Mistake::TimestampLeftOut => {
                "the timestamp was left out of what was signed: put it first".to_owned()
            }
        }
    }
}

impl MethodMistake {
    fn advice(self, sent: &str) -> String {
        match self {
            MethodMistake::Capitalised | MethodMistake::Lower => format!(
                "the method was not signed in upper case: sign `{sent}`, not `{}`",
                sent.to_ascii_lowercase()
            ),
            MethodMistake::LeftOut => {
                "the method was left out of what was signed: add it after the timestamp".to_owned()
            }
            MethodMistake::Other(signed) => {
                format!(
                    "the method `{signed}` was signed and `{sent}` sent: sign the one that you send"
                )
            }
        }
    }
}

impl PathMistake {
    fn advice(self) -> String {
        match self {
            PathMistake::NoBase => format!(
                "the path was signed without `{PAYMENTS_BASE}`: sign it as it stands in the URL, from the slash after the host"
            ),
            PathMistake::NoBaseAndQuery => format!(
                "the path was signed without `{PAYMENTS_BASE}` and without the query: sign both as they stand in the URL"
            ),
            PathMistake::NoQuery => {
                "the query string was left out: sign it with its `?` after the path".to_owned()
            }
            PathMistake::NoSlash => {
                "the path was signed without its first slash: sign it as it stands in the URL"
                    .to_owned()
            }
            PathMistake::TrailingSlash => {
                "the path was signed with a slash at its end: sign it as it stands in the URL"
                    .to_owned()
            }
            PathMistake::WholeUrl => {
                "the whole URL was signed: leave out scheme and host".to_owned()
            }
        }
    }
}
