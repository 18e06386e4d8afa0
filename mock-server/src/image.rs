//! The state of a sandbox as one thing that can be carried elsewhere: another name, another store, a file.
//!
//! An image holds the state and not the journal: whatever begins with it goes on after the row at which it was taken, and
//! explanations know no cause from before. As a file it is sealed under the seed of the server, bound to what stands in
//! clear beside it; one that was changed, or was made under another seed or other rules, is refused with the reason.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use jiff::{Timestamp, tz::Offset};
use layer2_types::control;
use layer2_world::{
    Genesis, RULES_VERSION, World, seed::Seed, settings::Settings, snapshot::SnapshotError,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{
    blobs::BlobId,
    clocks::ClockMode,
    http::limits,
    journal::{Base, Head, Snapshot},
    store::{
        Charter, StoreError,
        seal::{Place, Sealer},
    },
};

/// The form of a file.
pub(crate) const FORMAT: &str = "layer2-sandbox-1";

/// A sandbox at one moment.
pub(crate) struct Image {
    pub(crate) genesis: Genesis,
    pub(crate) clock: ClockMode,
    pub(crate) base: Base,
}

/// What is sealed of an image.
#[derive(Serialize, Deserialize)]
struct Sealed {
    name: String,
    seed: Seed,
    settings: Settings,
    clock: ClockMode,
    start: Timestamp,
    head: Head,
    seq: u64,
    state: String,
    /// The bytes of files in base64; their digests follow from them.
    files: Vec<String>,
}

/// Why a file does not open.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    #[error("the file was changed or cut off after it was made")]
    Damaged,
    #[error("the file was made by a server with another seed")]
    OtherSeed,
    #[error("the file is of the form `{format}` and rules version {rules}")]
    OtherVersion { format: String, rules: i64 },
}

/// Why there is no file of an image.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SealError {
    #[error("the file would have {0} bytes, and an import takes {max}", max = limits::IMAGE_BYTES)]
    TooLarge(usize),
    #[error("the state has no form in which it can be sealed")]
    Unsealable,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Image {
    /// The same state as that of a sandbox of this name.
    pub(crate) fn renamed(mut self, name: &str) -> Result<Image, SnapshotError> {
        if self.genesis.name != name {
            let world = World::restore(&self.base.snapshot.text)?.renamed(name.to_owned());
            self.genesis = world.genesis().clone();
            self.base.snapshot.text = world.snapshot()?;
        }
        Ok(self)
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
        }
    }

    /// The file of it. It is the work of a while: not for a thread that others wait for.
    pub(crate) fn seal(
        self,
        server: &Seed,
        name: control::SandboxName,
    ) -> Result<control::SandboxFile, SealError> {
        let digest: [u8; 32] = Sha256::digest(&self.base.snapshot.text).into();
        let made_at = Timestamp::now().as_second();
        let sandbox = self.genesis.name.clone();
        let plain = serde_json::to_vec(&Sealed::of(self)).map_err(|_| SealError::Unsealable)?;
        let place = Place::File {
            sandbox: &sandbox,
            rules: RULES_VERSION,
            made_at,
            digest: &digest,
        };
        let sealed = STANDARD.encode(Sealer::new(server).seal(place, &plain)?);
        if sealed.len() > limits::IMAGE_BYTES {
            return Err(SealError::TooLarge(sealed.len()));
        }
        let made_at = Timestamp::from_second(made_at).map_err(|_| SealError::Unsealable)?;
        Ok(control::SandboxFile::new(
            FORMAT.to_owned(),
            i64::from(RULES_VERSION),
            layer2_types::Timestamp::new(made_at, Offset::UTC),
            name,
            fingerprint(server),
            hex::encode(digest),
            sealed,
        ))
    }

    /// What a file holds. It is the work of a while: not for a thread that others wait for.
    pub(crate) fn open(server: &Seed, file: &control::SandboxFile) -> Result<Image, FileError> {
        if file.format != FORMAT || file.rules_version != i64::from(RULES_VERSION) {
            return Err(FileError::OtherVersion {
                format: file.format.clone(),
                rules: file.rules_version,
            });
        }
        if file.made_under != fingerprint(server) {
            return Err(FileError::OtherSeed);
        }
        let mut digest = [0; 32];
        hex::decode_to_slice(&file.digest, &mut digest).map_err(|_| FileError::Damaged)?;
        let place = Place::File {
            sandbox: file.sandbox.as_str(),
            rules: RULES_VERSION,
            made_at: file.made_at.instant().as_second(),
            digest: &digest,
        };
        let sealed = STANDARD.decode(&file.sealed);
        let sealed = sealed.map_err(|_| FileError::Damaged)?;
        let plain = Sealer::new(server).open(place, &sealed);
        let plain = plain.map_err(|_| FileError::Damaged)?;
        let sealed: Sealed = serde_json::from_slice(&plain).map_err(|_| FileError::Damaged)?;
        let image = sealed.into_image().ok_or(FileError::Damaged)?;
        // What has been sealed here opens, unless two versions of the rules had the same number.
        let world = World::restore(&image.base.snapshot.text).map_err(|_| FileError::Damaged)?;
        if *world.genesis() != image.genesis {
            return Err(FileError::Damaged);
        }
        Ok(image)
    }
}

impl Sealed {
    fn of(image: Image) -> Sealed {
        let Image {
            genesis,
            clock,
            base,
        } = image;
        let files = base.files.iter().map(|(_, bytes)| STANDARD.encode(bytes));
        Sealed {
            name: genesis.name,
            seed: genesis.seed,
            settings: genesis.settings,
            clock,
            start: genesis.start,
            head: base.head,
            seq: base.snapshot.seq,
            files: files.collect(),
            state: base.snapshot.text,
        }
    }

    fn into_image(self) -> Option<Image> {
        let mut files = Vec::with_capacity(self.files.len());
        for text in &self.files {
            let bytes = Bytes::from(STANDARD.decode(text).ok()?);
            files.push((BlobId::of(&bytes), bytes));
        }
        Some(Image {
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
                    text: self.state,
                },
                files,
            },
        })
    }
}

/// What tells one seed from another and tells nothing of either.
fn fingerprint(server: &Seed) -> String {
    let digest = server.derive("file-fingerprint", &[]);
    hex::encode(&digest[..8])
}
