//! Whether a delivery comes from the platform and is fresh.
//!
//! Signatures are checked strictly (RFC 8032 with the checks against malleable and small-order keys; shared secrets in
//! constant time), against every key that is known, so that a key can be rotated and one endpoint can serve several
//! subscriptions. The timestamp must lie within the tolerance on *both* sides: an old one may be a replay, a future one
//! keeps a stolen delivery usable.
//!
//! When no key matches, the reason is looked for: the mistakes that receivers make are few, and each leaves a trace. The
//! search is bounded, since anybody can send a delivery that does not hold.

use std::fmt;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;
use std::time::Duration;

use http::HeaderMap;
use layer2_types::payments::Event;

use crate::runtime::Clock;
use crate::runtime::SystemClock;
use crate::webhook::error::Cause;
use crate::webhook::error::WebhookError;
use crate::webhook::guess;
use crate::webhook::key::VerifyKey;
use crate::webhook::key_store::KeyStore;
use crate::webhook::key_store::KeyStoreError;
use crate::webhook::reload::Source;
use crate::webhook::scheme::WebhookScheme;
use crate::webhook::sent::Sent;

const DEFAULT_TOLERANCE: Duration = Duration::from_secs(300);

/// Longest body that the extractor reads. Events are thin; this is a hundred times what one needs.
#[cfg(feature = "axum")]
const DEFAULT_BODY_LIMIT: usize = 256 * 1024;

/// Checks deliveries. Make one per callback URL and keep it; clones share their keys.
#[derive(Clone, Debug)]
pub struct Verifier {
    scheme: WebhookScheme,
    ring: Arc<RwLock<Arc<KeyRing>>>,
    /// Where new keys come from, if they are to be looked for.
    source: Option<Source>,
    tolerance: Duration,
    #[cfg(feature = "axum")]
    body_limit: usize,
    explains: bool,
    clock: Arc<dyn Clock>,
}

/// The keys of a verifier.
#[derive(Clone, Debug, Default)]
struct KeyRing {
    accepted: Vec<VerifyKey>,
    /// Keys of other endpoints that the program named, and what to call them.
    named: Vec<(String, VerifyKey)>,
    /// Those that the store had when keys were loaded last.
    stored: Vec<(String, VerifyKey)>,
}

impl Verifier {
    /// A verifier without keys: give it at least one with [`key`](Self::key) or [`load_keys`](Self::load_keys).
    pub fn new(scheme: WebhookScheme) -> Self {
        Self {
            scheme,
            ring: Arc::default(),
            source: None,
            tolerance: DEFAULT_TOLERANCE,
            #[cfg(feature = "axum")]
            body_limit: DEFAULT_BODY_LIMIT,
            explains: true,
            clock: Arc::new(SystemClock::new()),
        }
    }

    /// A verifier of the platform's scheme for a callback URL, with the keys that a store has for it.
    ///
    /// # Errors
    /// If the store fails or holds something that is no key.
    pub async fn for_callback(
        callback_url: &str,
        store: &dyn KeyStore,
    ) -> Result<Self, KeyStoreError> {
        let verifier = Self::new(WebhookScheme::platform(callback_url));
        verifier.load_keys(callback_url, store).await?;
        Ok(verifier)
    }

    /// As [`for_callback`](Self::for_callback), and follows the store: a delivery that no key matches has the keys read anew,
    /// at most once in ten seconds, before it is refused. So a process learns of keys that another one rotated. The extractor
    /// does so by itself; without it, call [`verify_reloading`](Self::verify_reloading).
    ///
    /// # Errors
    /// If the store fails or holds something that is no key.
    pub async fn reloading(
        callback_url: impl Into<String>,
        store: impl KeyStore,
    ) -> Result<Self, KeyStoreError> {
        let callback_url = callback_url.into();
        let mut verifier = Self::new(WebhookScheme::platform(callback_url.as_str()));
        let source = Source::new(callback_url, store);
        source.load(&verifier).await?;
        verifier.source = Some(source);
        Ok(verifier)
    }

    /// Accepts deliveries signed with this key too. Each subscription has one; during a rotation there are two.
    #[must_use]
    pub fn key(self, key: VerifyKey) -> Self {
        self.changed(|ring| ring.accepted.push(key))
    }

    /// Names a key that is *not* accepted here, so that a delivery meant for another endpoint is recognised.
    #[must_use]
    pub fn known_elsewhere(self, label: impl Into<String>, key: VerifyKey) -> Self {
        self.changed(|ring| ring.named.push((label.into(), key)))
    }

    /// Sets how far a timestamp may be from now, to either side; 300 s by default.
    #[must_use]
    pub fn tolerance(mut self, tolerance: Duration) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Sets how many bytes of a body the extractor reads; 262,144 by default. More is answered with 413.
    #[cfg(feature = "axum")]
    #[must_use]
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// Sets whether the reason is looked for when no key matches; it is by default. A refused delivery then costs up to
    /// a few hundred checks of a signature, which an endpoint that strangers flood may want to save.
    #[must_use]
    pub fn explain(mut self, explains: bool) -> Self {
        self.explains = explains;
        self
    }

    /// Reads the time from elsewhere.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Takes these keys in place of those it has, in all clones at once, so that keys rotate without a restart.
    pub fn replace_keys(&self, keys: impl IntoIterator<Item = VerifyKey>) {
        let accepted = keys.into_iter().collect();
        let mut ring = KeyRing::clone(&self.ring());
        ring.accepted = accepted;
        self.set(ring);
    }

    /// Takes the keys that a store has for a callback URL in place of those it has, in all clones at once. Keys of
    /// other URLs are remembered as belonging elsewhere, beside those that [`known_elsewhere`](Self::known_elsewhere)
    /// named. Says how many are accepted now.
    ///
    /// # Errors
    /// If the store fails or holds something that is no key; the keys stay as they were.
    pub async fn load_keys(
        &self,
        callback_url: &str,
        store: &dyn KeyStore,
    ) -> Result<usize, KeyStoreError> {
        let mut accepted = Vec::new();
        let mut elsewhere = Vec::new();
        for stored in store.keys().await.map_err(KeyStoreError::Store)? {
            let key = stored.verify_key()?;
            if stored.callback_url == callback_url {
                accepted.push(key);
            } else {
                elsewhere.push((stored.label(), key));
            }
        }
        let count = accepted.len();
        let mut ring = KeyRing::clone(&self.ring());
        ring.accepted = accepted;
        ring.stored = elsewhere;
        self.set(ring);
        Ok(count)
    }

    /// Checks a delivery now.
    pub fn verify<'b>(
        &self,
        headers: &HeaderMap,
        body: &'b [u8],
    ) -> Result<Verified<'b>, WebhookError> {
        self.verify_at(headers, body, self.clock.now())
    }

    /// As [`verify`](Self::verify), with a look into the store of a [`reloading`](Self::reloading) verifier before a delivery
    /// is refused because no key matches.
    ///
    /// # Errors
    /// As [`verify`](Self::verify). A store that fails changes nothing; the log says so.
    pub async fn verify_reloading<'b>(
        &self,
        headers: &HeaderMap,
        body: &'b [u8],
    ) -> Result<Verified<'b>, WebhookError> {
        let tried = self.ring();
        let refused = match self.verify(headers, body) {
            Err(refused @ WebhookError::NoKeyMatches { .. }) => refused,
            decided => return decided,
        };
        let Some(source) = &self.source else {
            return Err(refused);
        };
        source.refresh(self, self.clock.monotonic()).await;
        if Arc::ptr_eq(&tried, &self.ring()) {
            return Err(refused);
        }
        self.verify(headers, body)
    }

    /// Checks a delivery as if it were `now`.
    pub fn verify_at<'b>(
        &self,
        headers: &HeaderMap,
        body: &'b [u8],
        now: jiff::Timestamp,
    ) -> Result<Verified<'b>, WebhookError> {
        let sent = Sent::read(&self.scheme, headers)?;
        let signed_at = sent.signed_at;
        let distance = Duration::try_from((now - signed_at).abs()).unwrap_or(Duration::MAX);
        if distance > self.tolerance {
            return Err(WebhookError::OutsideTolerance {
                signed_at,
                now,
                tolerance: self.tolerance,
            });
        }
        let ring = self.ring();
        let message = sent.message(&self.scheme, body);
        if ring
            .accepted
            .iter()
            .any(|key| sent.signed_by(key, &message))
        {
            return Ok(Verified { body, signed_at });
        }
        let cause = if self.explains {
            guess::cause(&guess::Refused {
                scheme: &self.scheme,
                keys: &ring.accepted,
                elsewhere: [&ring.named, &ring.stored],
                sent: &sent,
                body,
            })
        } else {
            Cause::NotLookedFor
        };
        Err(WebhookError::NoKeyMatches { cause })
    }

    /// The same verifier with other keys; clones that were made before keep theirs.
    fn changed(mut self, change: impl FnOnce(&mut KeyRing)) -> Self {
        let mut ring = KeyRing::clone(&self.ring());
        change(&mut ring);
        self.ring = Arc::new(RwLock::new(Arc::new(ring)));
        self
    }

    #[cfg(feature = "axum")]
    pub(crate) fn longest_body(&self) -> usize {
        self.body_limit
    }

    fn ring(&self) -> Arc<KeyRing> {
        let ring = self.ring.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&ring)
    }

    fn set(&self, ring: KeyRing) {
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
    }
}

/// A delivery whose signature holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Verified<'b> {
    body: &'b [u8],
    signed_at: jiff::Timestamp,
}

impl Verified<'_> {
    /// Reads the event. A failure here is about the body's form, the sender is known.
    pub fn event(&self) -> Result<Event, WebhookError> {
        serde_json::from_slice(self.body).map_err(|error| WebhookError::NotAnEvent {
            line: error.line(),
            column: error.column(),
        })
    }

    /// When it was signed, by the sender's clock.
    pub fn signed_at(&self) -> jiff::Timestamp {
        self.signed_at
    }
}

impl fmt::Debug for Verified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified")
            .field("signed_at", &self.signed_at)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
