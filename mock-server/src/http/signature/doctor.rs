//! Finds the mistake behind a signature that does not verify.
//!
//! A real server says "invalid" and no more. Here the known mistakes are made on purpose, one after the other, until one
//! of them gives the signature that was sent: a timestamp in milliseconds, another spelling of the signature, another
//! method or one in lower case, a path without its base or its query, the path of another object, a body that was written
//! again, a key read in a wrong form, the key of another sandbox, parts in another order. What two parts can have wrong at
//! once is tried too.
//!
//! It runs on a refusal alone and changes no verdict. Its work is bounded by a number of verifications and of bytes. It
//! names mistakes and other sandboxes, which are no secret, and never a key that signs.

use std::borrow::Cow;

use ed25519_dalek::{Signature, VerifyingKey};
use http::header;
use sha2::{Digest, Sha256, Sha512};

use super::{
    SignedRequest, bodies,
    spelling::{Moment, Spelling},
};
use crate::{
    credentials::KeyMistake,
    http::{headers, route::PAYMENTS_BASE},
};
use mistake::{MethodMistake, Mistake, PathMistake};

mod mistake;

/// How many signatures one diagnosis verifies.
const VERIFICATIONS_MAX: u32 = 448;

/// How many bytes one diagnosis hashes, so that a large body does not cost what it weighs.
const HASHED_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The keys of other sandboxes that are tried.
const OTHER_KEYS_MAX: usize = 64;

/// The paths of other objects that are tried.
pub(crate) const SIBLINGS_MAX: usize = 20;

/// Keys with which the signature may have been made.
pub(crate) struct Keys<O> {
    /// The right one.
    pub(crate) own: VerifyingKey,
    /// What the client's key becomes when it is read in a wrong form.
    pub(crate) misread: Vec<(KeyMistake, VerifyingKey)>,
    /// Those of other sandboxes, by name.
    pub(crate) others: O,
}

/// Says what to change, if one of the known mistakes explains the signature. `siblings` are the paths of the same
/// call about other objects.
pub(crate) fn diagnose<O>(
    request: &SignedRequest<'_>,
    keys: Keys<O>,
    siblings: &[String],
    unix_now: i64,
) -> Option<String>
where
    O: IntoIterator<Item = (String, VerifyingKey)>,
{
    let text = |name| headers::text(request.headers, name);
    let (signature, timestamp) = (text(&headers::SIGNATURE)?, text(&headers::TIMESTAMP)?);
    let (spelling, signature) = Spelling::read(signature);
    let (moment, second) = Moment::read(timestamp, unix_now);
    let mut advice: Vec<String> = [moment.advice(), spelling.advice()]
        .into_iter()
        .flatten()
        .collect();
    let Some(signature) = signature else {
        return sentences(&advice);
    };
    let parts = Parts::of(request, timestamp, second);
    let mut search = Search {
        signature,
        verifications: VERIFICATIONS_MAX,
        bytes: HASHED_BYTES_MAX,
    };
    let found = search.run(&parts, keys, siblings);
    let is_explained = found.is_some();
    advice.extend(found.iter().flatten().map(Mistake::advice));
    let mut said = sentences(&advice)?;
    if is_explained {
        said.push_str(" All else about the signature is right.");
    }
    Some(said)
}

/// What is wrong with an `x-timestamp` by itself.
pub(crate) fn of_timestamp(text: &str, unix_now: i64) -> Option<String> {
    Moment::read(text, unix_now).0.advice()
}

/// The findings as sentences; nothing if there are none.
fn sentences(advice: &[String]) -> Option<String> {
    let said: Vec<String> = advice
        .iter()
        .map(|advice| crate::errors::sentence(advice))
        .collect();
    (!said.is_empty()).then(|| said.join(" "))
}

/// A part of the text as it may have been signed; without a mistake in the first place of its list.
type Candidate<'r> = (Option<Mistake>, Cow<'r, [u8]>);

/// The four parts, each as it should be and then as it may have been.
struct Parts<'r>([Vec<Candidate<'r>>; 4]);

impl<'r> Parts<'r> {
    fn of(request: &SignedRequest<'r>, timestamp: &'r str, second: Option<i64>) -> Parts<'r> {
        let right = |bytes: &'r [u8]| vec![(None, Cow::Borrowed(bytes))];

        let mut timestamps = right(timestamp.as_bytes());
        if let Some(second) = second {
            let mut or = |mistake, text: String| {
                if text != timestamp {
                    timestamps.push((Some(mistake), Cow::Owned(text.into_bytes())));
                }
            };
            or(Mistake::SignedSeconds, second.to_string());
            or(Mistake::SignedMilliseconds, format!("{second}000"));
        }
        timestamps.push((Some(Mistake::TimestampLeftOut), Cow::Borrowed(b"")));

        let mut methods = right(request.method.as_bytes());
        methods.extend(
            other_methods(request.method)
                .into_iter()
                .map(|(mistake, text)| {
                    let mistake = Mistake::Method(mistake, request.method.to_owned());
                    (Some(mistake), Cow::Owned(text.into_bytes()))
                }),
        );

        let mut paths = right(request.path_and_query.as_bytes());
        paths.extend(
            other_paths(request).into_iter().map(|(mistake, text)| {
                (Some(Mistake::Path(mistake)), Cow::Owned(text.into_bytes()))
            }),
        );

        let mut bodies = right(request.body);
        bodies.extend(
            bodies::others(request.body)
                .into_iter()
                .map(|(mistake, body)| (Some(Mistake::Body(mistake)), Cow::Owned(body))),
        );
        Parts([timestamps, methods, paths, bodies])
    }

    /// The four parts as they should have been signed.
    fn right(&self) -> [&[u8]; 4] {
        self.0.each_ref().map(|candidates| {
            candidates
                .first()
                .map_or(&[][..], |(_, bytes)| bytes.as_ref())
        })
    }
}

fn other_methods(sent: &str) -> Vec<(MethodMistake, String)> {
    let lower = sent.to_ascii_lowercase();
    let mut characters = sent.chars();
    let first = characters.next().map(String::from).unwrap_or_default();
    let capitalised = first + &characters.as_str().to_ascii_lowercase();
    let mut others = vec![
        (MethodMistake::Lower, lower),
        (MethodMistake::Capitalised, capitalised),
        (MethodMistake::LeftOut, String::new()),
    ];
    let methods = ["POST", "GET", "PUT", "PATCH", "DELETE"];
    let methods = methods.into_iter().filter(|method| *method != sent);
    others.extend(methods.map(|method| (MethodMistake::Other(method), method.to_owned())));
    others
}

fn other_paths(request: &SignedRequest<'_>) -> Vec<(PathMistake, String)> {
    let sent = request.path_and_query;
    let path = sent.split('?').next().unwrap_or_default();
    let query = sent.strip_prefix(path).unwrap_or_default();
    let has_query = !query.is_empty();
    let mut others = vec![(PathMistake::TrailingSlash, format!("{path}/{query}"))];
    if has_query {
        others.push((PathMistake::NoQuery, path.to_owned()));
    }
    if let Some(rest) = sent.strip_prefix(PAYMENTS_BASE) {
        others.push((PathMistake::NoBase, rest.to_owned()));
    }
    if let Some(rest) = path.strip_prefix(PAYMENTS_BASE).filter(|_| has_query) {
        others.push((PathMistake::NoBaseAndQuery, rest.to_owned()));
    }
    others.push((
        PathMistake::NoSlash,
        sent.trim_start_matches('/').to_owned(),
    ));
    if let Some(host) = headers::text(request.headers, &header::HOST) {
        for scheme in ["http", "https"] {
            others.push((PathMistake::WholeUrl, format!("{scheme}://{host}{sent}")));
        }
    }
    others
}

/// The names of the parts, for the order in which they were signed.
const NAMES: [&str; 4] = ["timestamp", "method", "path", "body"];

/// What is put between parts by mistake.
const SEPARATORS: [&str; 6] = ["\n", ".", ":", "|", " ", "&"];

/// A digest that a client takes before it signs.
type Hash = fn(&[u8]) -> Vec<u8>;

/// Verifies until something fits or the budget is spent.
struct Search {
    signature: Signature,
    verifications: u32,
    bytes: usize,
}

impl Search {
    /// The mistakes that explain the signature; none at all if the text and the key are right.
    fn run<O>(
        &mut self,
        parts: &Parts<'_>,
        keys: Keys<O>,
        siblings: &[String],
    ) -> Option<Vec<Mistake>>
    where
        O: IntoIterator<Item = (String, VerifyingKey)>,
    {
        let right = parts.right();
        if self.fits(&keys.own, &right) {
            return Some(Vec::new());
        }
        self.one_part(parts, &keys.own)
            .or_else(|| self.sibling(&right, siblings, &keys.own))
            .or_else(|| self.arrangement(&right, &keys.own))
            .or_else(|| self.key(&right, keys.misread, keys.others))
            .map(|mistake| vec![mistake])
            .or_else(|| self.two_parts(parts, &keys.own))
    }

    fn one_part(&mut self, parts: &Parts<'_>, key: &VerifyingKey) -> Option<Mistake> {
        let mut text = parts.right();
        for (place, candidates) in parts.0.iter().enumerate() {
            let right = text[place];
            for (mistake, bytes) in candidates.iter().skip(1) {
                text[place] = bytes;
                if self.fits(key, &text) {
                    return mistake.clone();
                }
            }
            text[place] = right;
        }
        None
    }

    /// The right text but for its path, which is that of another object.
    fn sibling(
        &mut self,
        right: &[&[u8]; 4],
        siblings: &[String],
        key: &VerifyingKey,
    ) -> Option<Mistake> {
        let [timestamp, method, _, body] = *right;
        siblings
            .iter()
            .take(SIBLINGS_MAX)
            .find(|path| self.fits(key, &[timestamp, method, path.as_bytes(), body]))
            .map(|path| Mistake::OtherPath(path.clone()))
    }

    fn two_parts(&mut self, parts: &Parts<'_>, key: &VerifyingKey) -> Option<Vec<Mistake>> {
        for first in 0..parts.0.len() {
            for second in first + 1..parts.0.len() {
                let mut text = parts.right();
                for (one, bytes) in parts.0[first].iter().skip(1) {
                    text[first] = bytes;
                    for (other, bytes) in parts.0[second].iter().skip(1) {
                        text[second] = bytes;
                        if self.fits(key, &text) {
                            return Some(one.iter().chain(other).cloned().collect());
                        }
                    }
                }
            }
        }
        None
    }

    /// The right parts, put together in another way.
    fn arrangement(&mut self, right: &[&[u8]; 4], key: &VerifyingKey) -> Option<Mistake> {
        for separator in SEPARATORS {
            let joined = right.join(separator.as_bytes());
            // A client that joins a list leaves an empty body out of it.
            let shorter = right[..3].join(separator.as_bytes());
            if self.fits(key, &[&joined]) || (right[3].is_empty() && self.fits(key, &[&shorter])) {
                return Some(Mistake::Separated(separator));
            }
        }
        for order in orders() {
            let text = order.map(|place| right[place]);
            if self.fits(key, &text) {
                return Some(Mistake::Order(order.map(|place| NAMES[place]).join(", ")));
            }
        }
        let hashes: [(&'static str, Hash); 2] = [
            ("SHA-256", |text| Sha256::digest(text).to_vec()),
            ("SHA-512", |text| Sha512::digest(text).to_vec()),
        ];
        for (name, hash) in hashes {
            let digest = hash(&self.affordable(right)?);
            if self.fits(key, &[&digest]) || self.fits(key, &[hex::encode(&digest).as_bytes()]) {
                return Some(Mistake::Hashed(name));
            }
        }
        None
    }

    /// The right text, signed by another key.
    fn key(
        &mut self,
        right: &[&[u8]; 4],
        misread: Vec<(KeyMistake, VerifyingKey)>,
        others: impl IntoIterator<Item = (String, VerifyingKey)>,
    ) -> Option<Mistake> {
        let misread = misread
            .into_iter()
            .map(|(mistake, key)| (Mistake::Key(mistake), key));
        let others = others
            .into_iter()
            .take(OTHER_KEYS_MAX)
            .map(|(name, key)| (Mistake::OtherSandbox(name), key));
        misread
            .chain(others)
            .find(|(_, key)| self.fits(key, right))
            .map(|(mistake, _)| mistake)
    }

    /// Whether the key gives the signature over the parts, one after the other. Nothing fits once the budget is spent.
    fn fits(&mut self, key: &VerifyingKey, text: &[&[u8]]) -> bool {
        let Some(message) = self.affordable(text) else {
            return false;
        };
        let Some(left) = self.verifications.checked_sub(1) else {
            return false;
        };
        self.verifications = left;
        key.verify_strict(&message, &self.signature).is_ok()
    }

    /// The parts as one text, if the budget of bytes still has it.
    fn affordable(&mut self, text: &[&[u8]]) -> Option<Vec<u8>> {
        let length = text.iter().map(|part| part.len()).sum();
        self.bytes = self.bytes.checked_sub(length)?;
        Some(text.concat())
    }
}

/// All orders of the four places but the right one.
fn orders() -> impl Iterator<Item = [usize; 4]> {
    (0..256_usize)
        .map(|code| [code >> 6 & 3, code >> 4 & 3, code >> 2 & 3, code & 3])
        .filter(|order| (0..4).all(|place| order.contains(&place)) && *order != [0, 1, 2, 3])
}

#[cfg(test)]
mod tests;
