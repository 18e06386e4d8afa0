//! What can be wrong with what was signed, and what to do about it.

use super::super::bodies::BodyMistake;
use crate::{credentials::KeyMistake, http::route::PAYMENTS_BASE};

/// One thing that is wrong with what was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mistake {
    Body(BodyMistake),
    Hashed(&'static str),
    Key(KeyMistake),
    Method(MethodMistake),
    Order(String),
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
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PathMistake {
    NoBase,
    NoBaseAndQuery,
    NoQuery,
    NoSlash,
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
            Mistake::Method(mistake) => mistake.advice().to_owned(),
            Mistake::Order(order) => format!(
                "the parts were signed as {order}: the order is timestamp, method, path, body"
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
    fn advice(self) -> &'static str {
        match self {
            MethodMistake::Capitalised | MethodMistake::Lower => {
                "the method was not signed in upper case: sign `POST`, not `post`"
            }
            MethodMistake::LeftOut => {
                "the method was left out of what was signed: add it after the timestamp"
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
            PathMistake::WholeUrl => {
                "the whole URL was signed: leave out scheme and host".to_owned()
            }
        }
    }
}
