//! What surrounds a command while it is carried out: when, in which place of the journal, and on whose account ids are
//! made.

use jiff::Timestamp;
use layer2_ledger::Stamp;
use layer2_types::operation::Platform;

use crate::clock;
use crate::ids::IdKind;
use crate::ids::Ids;
use crate::ids::Origin;
use crate::request::Actor;
use crate::seed::SecretSeed;
use crate::seed::Seed;
use crate::settings::Settings;

/// Where and when a command lands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    /// Business time, from the shell's clock of the sandbox.
    pub now: Timestamp,
    /// Position in the journal. It is noted as the cause of what is written and decides nothing.
    pub seq: u64,
}

/// What a read knows besides the world.
#[derive(Clone, Debug)]
pub struct ReadContext<'a> {
    now: Timestamp,
    settings: &'a Settings,
    actor: &'a Actor,
    as_of: Option<&'a str>,
}

impl<'a> ReadContext<'a> {
    pub(crate) const fn new(now: Timestamp, settings: &'a Settings, actor: &'a Actor) -> Self {
        Self {
            now,
            settings,
            actor,
            as_of: None,
        }
    }

    /// The same, for a request that follows a link of a list.
    pub(crate) const fn with_as_of(self, as_of: Option<&'a str>) -> Self {
        Self { as_of, ..self }
    }

    /// What the link of a list says that the list was.
    pub(crate) const fn as_of(&self) -> Option<&'a str> {
        self.as_of
    }

    /// Business time.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Which version of the platform the sandbox is.
    pub const fn platform(&self) -> Platform {
        self.settings.platform
    }

    /// Who asks.
    pub const fn actor(&self) -> &Actor {
        self.actor
    }
}

/// What a command or a job knows besides the world. Ids are made here, from the origin alone.
#[derive(Clone, Debug)]
pub struct WriteContext<'a> {
    now: Timestamp,
    seq: u64,
    origin: Origin,
    ids: Ids,
    actor: &'a Actor,
    settings: Settings,
}

impl<'a> WriteContext<'a> {
    pub(crate) fn new(
        now: Timestamp,
        seq: u64,
        origin: Origin,
        seed: &Seed,
        actor: &'a Actor,
        settings: &Settings,
    ) -> Self {
        let ids = Ids::new(seed, origin);
        Self {
            now,
            seq,
            origin,
            ids,
            actor,
            settings: settings.clone(),
        }
    }

    /// Business time of the command, or the time at which the job was due.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Position in the journal of what is being carried out.
    pub const fn seq(&self) -> u64 {
        self.seq
    }

    /// What ids and dice are made from.
    pub const fn origin(&self) -> Origin {
        self.origin
    }

    /// Which version of the platform the sandbox is.
    pub const fn platform(&self) -> Platform {
        self.settings.platform
    }

    /// Who asks.
    pub const fn actor(&self) -> &Actor {
        self.actor
    }

    /// The settings of the sandbox.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// A new id.
    pub(crate) fn mint(&mut self, kind: IdKind) -> String {
        self.ids.next(kind)
    }

    /// Passes over an id that nobody will see.
    pub(crate) fn skip(&mut self, kind: IdKind) {
        self.ids.skip(kind);
    }

    /// A new id of the ledger.
    pub(crate) fn mint_bits(&mut self, kind: IdKind) -> u128 {
        self.ids.next_bits(kind)
    }

    /// A new key, for an address.
    pub(crate) fn mint_key(&mut self, kind: IdKind) -> SecretSeed {
        self.ids.next_key(kind)
    }

    /// When and why, for the ledger.
    pub(crate) fn stamp(&self) -> Stamp {
        Stamp::new(self.now.as_microsecond(), self.seq)
    }

    /// A new id in the form of Plaid's item ids.
    pub(crate) fn mint_opaque(&mut self, kind: IdKind, length: usize) -> String {
        self.ids.next_opaque(kind, length)
    }

    /// An instant as the wire shows it.
    pub(crate) fn wire(&self, instant: Timestamp) -> layer2_types::Timestamp {
        clock::wire(instant, self.settings.timestamps)
    }
}
