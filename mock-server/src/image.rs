//! The state of a sandbox as one thing that can be carried elsewhere: another name, another store, a file.
//!
//! An image holds the state and not the journal: whatever begins with it goes on after the row at which it was taken, and
//! explanations know no cause from before. So a file needs no rules but those that read its state, and one of older rules
//! opens like one of these.

mod file;
mod parts;

use jiff::Timestamp;
use layer2_world::{Genesis, World, seed::Seed, settings::Settings, snapshot::SnapshotError};
use serde::{Deserialize, Serialize};

use super::{
    clocks::ClockMode,
    journal::{Base, Head, Snapshot},
    store::Charter,
};
pub(crate) use file::{FORMAT, FileError, SealError};

/// A sandbox at one moment.
pub(crate) struct Image {
    pub(crate) genesis: Genesis,
    pub(crate) clock: ClockMode,
    pub(crate) base: Base,
}

/// What is said of an image before its state and its files.
#[derive(Serialize, Deserialize)]
struct Label {
    name: String,
    seed: Seed,
    settings: Settings,
    clock: ClockMode,
    start: Timestamp,
    head: Head,
    seq: u64,
    /// Bytes of the state.
    state: u64,
    /// Bytes of each file; their digests follow from them.
    files: Vec<u64>,
}

impl Image {
    /// The same state as that of a sandbox of this name.
    pub(crate) fn renamed(mut self, name: &str) -> Result<Image, SnapshotError> {
        if self.genesis.name != name {
            let world = World::restore(&self.base.snapshot.text)?;
            self.rename(world, name)?;
        }
        Ok(self)
    }

    fn rename(&mut self, world: World, name: &str) -> Result<(), SnapshotError> {
        let world = world.renamed(name.to_owned());
        self.genesis = world.genesis().clone();
        self.base.snapshot.text = world.snapshot()?;
        Ok(())
    }

    /// What a store keeps of a sandbox that begins with it.
    pub(crate) fn charter(&self) -> Charter {
        Charter {
            name: self.genesis.name.clone(),
            seed: None,
            settings: self.genesis.settings.clone(),
            clock: self.clock,
            start: self.genesis.start,
            inherited: Some(self.genesis.seed.clone()),
            identity: None,
        }
    }

    fn label(&self) -> Label {
        let Image {
            genesis,
            clock,
            base,
        } = self;
        let lengths = base.files.iter().map(|(_, bytes)| bytes.len() as u64);
        Label {
            name: genesis.name.clone(),
            seed: genesis.seed.clone(),
            settings: genesis.settings.clone(),
            clock: *clock,
            start: genesis.start,
            head: base.head,
            seq: base.snapshot.seq,
            state: base.snapshot.text.len() as u64,
            files: lengths.collect(),
        }
    }
}

impl Label {
    /// The image without its files.
    fn into_image(self, state: String) -> Image {
        Image {
            genesis: Genesis {
                name: self.name,
                seed: self.seed,
                settings: self.settings,
                start: self.start,
            },
            clock: self.clock,
            base: Base {
                head: self.head,
                snapshot: Snapshot {
                    generation: self.head.generation,
                    seq: self.seq,
                    text: state,
                },
                files: Vec::new(),
            },
        }
    }
}
