//! What a sender may have signed instead of what arrived: the mistakes of receivers, played back.
//!
//! Only used once a signature failed, to name the reason. A guess that fits never makes a delivery acceptable. The work
//! is bounded, because whoever sent it may be anybody.

use layer2_types::payments::Event;

use crate::webhook::error::Cause;
use crate::webhook::key::VerifyKey;
use crate::webhook::scheme::WebhookScheme;
use crate::webhook::sent::Sent;

/// Most signatures that are checked in search of the reason. A receiver of every event type has some forty keys, and the
/// first dozen spellings and paths hold nearly all mistakes.
const CHECKS_MAX: usize = 500;

/// Longest body that is spelled in other ways. Events are thin, a few hundred bytes.
const BODY_MAX: usize = 16 * 1024;

/// A delivery that no key matches.
pub(crate) struct Refused<'a> {
    pub(crate) scheme: &'a WebhookScheme,
    pub(crate) keys: &'a [VerifyKey],
    /// Keys that are known to belong to other endpoints, in two lists.
    pub(crate) elsewhere: [&'a [(String, VerifyKey)]; 2],
    pub(crate) sent: &'a Sent,
    pub(crate) body: &'a [u8],
}

/// The reason, if it is a known one.
pub(crate) fn cause(refused: &Refused<'_>) -> Cause {
    if refused.keys.is_empty() {
        return Cause::NoKeys;
    }
    if refused.body.is_empty() {
        return Cause::BodyIsEmpty;
    }
    let mut search = Search {
        refused,
        left: CHECKS_MAX,
    };
    search
        .another_key()
        .or_else(|| search.another_kind())
        .or_else(|| search.another_body())
        .or_else(|| search.another_path())
        .unwrap_or(Cause::Unrecognised)
}

struct Search<'a> {
    refused: &'a Refused<'a>,
    left: usize,
}

impl Search<'_> {
    fn another_key(&mut self) -> Option<Cause> {
        let Refused {
            scheme,
            elsewhere,
            sent,
            body,
            ..
        } = self.refused;
        let message = sent.message(scheme, body);
        let (label, _) = elsewhere
            .iter()
            .copied()
            .flatten()
            .find(|(_, key)| self.holds(key, &message))?;
        Some(Cause::KeyOfAnother(label.clone()))
    }

    /// Shared secrets where the sender has a key pair, or the other way round.
    fn another_kind(&self) -> Option<Cause> {
        let sent = self.refused.sent;
        let fitting = self.refused.keys.iter().any(|key| sent.fits(key));
        (!fitting).then_some(Cause::KeyOfOtherKind)
    }

    fn another_body(&mut self) -> Option<Cause> {
        let Refused {
            scheme, sent, body, ..
        } = self.refused;
        let mut spellings = other_spellings(body).into_iter();
        spellings
            .any(|body| self.any_key_holds(&sent.message(scheme, &body)))
            .then_some(Cause::BodyWasRewritten)
    }

    fn another_path(&mut self) -> Option<Cause> {
        let Refused {
            scheme, sent, body, ..
        } = self.refused;
        other_paths(scheme.path()?).into_iter().find_map(|path| {
            let message = sent.message(&scheme.at_path(&path)?, body);
            self.any_key_holds(&message)
                .then_some(Cause::PathDiffers { signed: path })
        })
    }

    fn any_key_holds(&mut self, message: &[u8]) -> bool {
        let keys = self.refused.keys;
        keys.iter().any(|key| self.holds(key, message))
    }

    fn holds(&mut self, key: &VerifyKey, message: &[u8]) -> bool {
        let Some(left) = self.left.checked_sub(1) else {
            return false;
        };
        self.left = left;
        self.refused.sent.signed_by(key, message)
    }
}

/// The body as its sender may have spelled it, before something here parsed and printed it.
fn other_spellings(body: &[u8]) -> Vec<Vec<u8>> {
    if body.len() > BODY_MAX {
        return Vec::new();
    }
    let trimmed = body.trim_ascii().to_vec();
    let mut with_newline = trimmed.clone();
    with_newline.push(b'\n');
    let mut spellings = vec![without_whitespace(body), trimmed, with_newline];
    // A map that sorts its keys has printed it, or something that escapes what need not be.
    spellings.extend(as_the_documents_order_it(body));
    spellings.retain(|spelling| spelling != body);
    spellings.dedup();
    spellings
}

fn as_the_documents_order_it(body: &[u8]) -> Option<Vec<u8>> {
    let event: Event = serde_json::from_slice(body).ok()?;
    serde_json::to_vec(&event).ok()
}

/// JSON without the white space between its tokens. Strings stay as they are.
fn without_whitespace(json: &[u8]) -> Vec<u8> {
    let mut in_string = false;
    let mut escaped = false;
    json.iter()
        .copied()
        .filter(|byte| {
            if in_string {
                in_string = escaped || *byte != b'"';
                escaped = !escaped && *byte == b'\\';
                return true;
            }
            in_string = *byte == b'"';
            !byte.is_ascii_whitespace()
        })
        .collect()
}

/// Paths that receivers confuse with the signed one: with and without the last slash, without the query, and without
/// the prefix that a proxy took away.
fn other_paths(path: &str) -> Vec<String> {
    let bare = path.split('?').next().unwrap_or_default();
    let mut paths = vec![
        bare.to_owned(),
        bare.trim_end_matches('/').to_owned(),
        format!("{}/", bare.trim_end_matches('/')),
    ];
    let mut rest = bare;
    while let Some((_, shorter)) = rest.trim_start_matches('/').split_once('/') {
        paths.push(format!("/{shorter}"));
        rest = shorter;
    }
    paths.push("/".to_owned());
    paths.retain(|other| other != path);
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_space_between_tokens_goes() {
        let pretty = b"{\n  \"a b\": \"c \\\" d\\\\\",\t\"e\": [ 1, 2 ]\r\n}";
        let compact = b"{\"a b\":\"c \\\" d\\\\\",\"e\":[1,2]}";
        assert_eq!(without_whitespace(pretty), compact);
    }

    #[test]
    fn a_long_body_is_not_spelled_in_other_ways() {
        assert!(other_spellings(&vec![b' '; BODY_MAX + 1]).is_empty());
        assert!(!other_spellings(&vec![b' '; BODY_MAX]).is_empty());
    }
}
