//! An image as the bytes of a file, and back.
//!
//! ```text
//! layer2-sandbox-2                                  the form
//! {"sandbox":"default","rules_version":2,…}         what it is of, for whoever opens it
//! parts, each sealed: a deflated stream of          the label with its length, the state, the files
//! ```
//!
//! The parts are sealed under the seed of the server and bound to the lines before them: a file that was changed, or was
//! made under another seed or newer rules, is refused with the reason.

use std::io::{self, Read, Write};

use bytes::Bytes;
use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};
use jiff::Timestamp;
use layer2_world::{RULES_VERSION, World, seed::Seed};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{
    Image, Label,
    parts::{PartsReader, PartsWriter},
};
use crate::{
    blobs::BlobId,
    store::{StoreError, seal::Sealer},
};

/// The form of a file, which is its first line.
pub(crate) const FORMAT: &str = "layer2-sandbox-2";

/// What the first lines of files of all forms begin with.
const FORMATS: &str = "layer2-sandbox-";

/// Bytes that the first two lines have at most.
const TITLE_BYTES: usize = 4 * 1024;

/// The second line.
#[derive(Serialize, Deserialize)]
struct Title {
    /// The sandbox that was exported.
    sandbox: String,
    /// The rules that the state was made by.
    rules_version: u32,
    /// By the clock of the machine.
    made_at: Timestamp,
    /// Tells one seed from another and tells nothing of either.
    made_under: String,
    /// SHA-256 of the state: equal states of one name have equal digests.
    digest: String,
}

/// Why a file does not open.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FileError {
    #[error("the file is no export, or was changed or cut off after it was made")]
    Damaged,
    #[error("the file was made by a server with another seed")]
    OtherSeed,
    #[error("the file has the form `{0}`")]
    OtherForm(String),
    #[error("the file was made under version {0} of the rules")]
    NewerRules(u32),
}

/// Why there is no file of an image.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SealError {
    #[error("the file would have more than {0} bytes")]
    TooLarge(usize),
    #[error("the state has no form in which it can be sealed")]
    Unsealable,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Image {
    /// The bytes of a file of at most so many. It is the work of a while: not for a thread that others wait for.
    pub(crate) fn seal(self, server: &Seed, most: usize) -> Result<Vec<Bytes>, SealError> {
        let title = Title {
            sandbox: self.genesis.name.clone(),
            rules_version: RULES_VERSION,
            made_at: Timestamp::from_second(Timestamp::now().as_second())
                .map_err(|_| SealError::Unsealable)?,
            made_under: fingerprint(server),
            digest: hex::encode(Sha256::digest(&self.base.snapshot.text)),
        };
        let title = serde_json::to_string(&title).map_err(|_| SealError::Unsealable)?;
        let title = format!("{FORMAT}\n{title}\n");
        let sealer = Sealer::new(server);
        let mut parts = PartsWriter::new(&sealer, &self.genesis.name, title.into(), most);
        match self.write(&mut parts) {
            Ok(()) => parts.finish(),
            Err(_) => Err(parts.failure().unwrap_or(SealError::Unsealable)),
        }
    }

    /// What a file holds, as a sandbox of this name. It is the work of a while: not for a thread that others wait for.
    pub(crate) fn open(server: &Seed, file: &Bytes, name: &str) -> Result<Image, FileError> {
        let (title, rest) = title(file)?;
        if title.rules_version > RULES_VERSION {
            return Err(FileError::NewerRules(title.rules_version));
        }
        if title.made_under != fingerprint(server) {
            return Err(FileError::OtherSeed);
        }
        let sealer = Sealer::new(server);
        let lines = &file[..rest];
        let mut parts = PartsReader::new(&sealer, &title.sandbox, lines, file.slice(rest..));
        let mut image = Image::read(&mut parts).map_err(|_| FileError::Damaged)?;
        if !parts.is_at_end() {
            return Err(FileError::Damaged);
        }
        // What has been sealed here opens, unless two versions of the rules had the same number.
        let world = World::restore(&image.base.snapshot.text).map_err(|_| FileError::Damaged)?;
        if *world.genesis() != image.genesis {
            return Err(FileError::Damaged);
        }
        if image.genesis.name != name {
            let renamed = image.rename(world, name);
            renamed.map_err(|_| FileError::Damaged)?;
        }
        Ok(image)
    }

    fn write(&self, parts: &mut PartsWriter<'_>) -> io::Result<()> {
        let mut stream = DeflateEncoder::new(parts, Compression::fast());
        let label = serde_json::to_vec(&self.label())?;
        stream.write_all(&(label.len() as u64).to_be_bytes())?;
        stream.write_all(&label)?;
        stream.write_all(self.base.snapshot.text.as_bytes())?;
        for (_, bytes) in &self.base.files {
            stream.write_all(bytes)?;
        }
        stream.finish().map(|_| ())
    }

    fn read(parts: &mut PartsReader<'_>) -> io::Result<Image> {
        let mut stream = DeflateDecoder::new(parts);
        let mut length = [0; 8];
        stream.read_exact(&mut length)?;
        let label = read(&mut stream, u64::from_be_bytes(length))?;
        let label: Label = serde_json::from_slice(&label)?;
        let lengths = label.files.clone();
        let state = String::from_utf8(read(&mut stream, label.state)?);
        let mut image = label.into_image(state.map_err(io::Error::other)?);
        for length in lengths {
            let bytes = Bytes::from(read(&mut stream, length)?);
            image.base.files.push((BlobId::of(&bytes), bytes));
        }
        match stream.read(&mut [0])? {
            0 => Ok(image),
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }
}

/// The second line, and where it ends.
fn title(file: &[u8]) -> Result<(Title, usize), FileError> {
    let begin = &file[..file.len().min(TITLE_BYTES)];
    let mut lines = begin.split_inclusive(|byte| *byte == b'\n');
    let mut line = || {
        let line = lines.next()?.strip_suffix(b"\n")?;
        std::str::from_utf8(line).ok()
    };
    let form = line().filter(|form| form.starts_with(FORMATS));
    let form = form.ok_or(FileError::Damaged)?;
    if form != FORMAT {
        return Err(FileError::OtherForm(form.chars().take(40).collect()));
    }
    let title = line().ok_or(FileError::Damaged)?;
    let length = form.len() + title.len() + 2;
    let title = serde_json::from_str(title).map_err(|_| FileError::Damaged)?;
    Ok((title, length))
}

/// So many bytes; an error if there are fewer. No room is made for what is not there.
fn read(stream: &mut impl Read, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stream.take(length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == length {
        return Ok(bytes);
    }
    Err(io::ErrorKind::UnexpectedEof.into())
}

fn fingerprint(server: &Seed) -> String {
    let digest = server.derive("file-fingerprint", &[]);
    hex::encode(&digest[..8])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clocks::ClockMode, sandbox::Sandbox};

    const SEED: [u8; 32] = [1; 32];

    async fn image(files: &[Vec<u8>]) -> Image {
        let sandbox = Sandbox::in_memory(ClockMode::Manual).await;
        let mut image = sandbox.image().await.expect("sound");
        let files = files.iter().map(|bytes| Bytes::copy_from_slice(bytes));
        let named = files.map(|bytes| (BlobId::of(&bytes), bytes));
        image.base.files = named.collect();
        image
    }

    fn whole(parts: &[Bytes]) -> Bytes {
        parts.concat().into()
    }

    /// Bytes that no compression makes fewer.
    fn noise(length: usize) -> Vec<u8> {
        let seed = Seed::new([7; 32]);
        let block = |n: usize| seed.derive("noise", &[&n.to_be_bytes()]);
        (0..length.div_ceil(32))
            .flat_map(block)
            .take(length)
            .collect()
    }

    #[tokio::test]
    async fn what_has_many_parts_comes_back_whole() {
        let server = Seed::new(SEED);
        let files = [noise(3 * 1024 * 1024), Vec::new(), b"%PDF".to_vec()];
        let origin = image(&files).await;
        let (state, name) = (
            origin.base.snapshot.text.clone(),
            origin.genesis.name.clone(),
        );
        let file = whole(&origin.seal(&server, usize::MAX).expect("sealed"));
        let back = Image::open(&server, &file, &name).expect("opens");
        assert!(back.base.snapshot.text == state);
        let bytes = back.base.files.iter().map(|(_, bytes)| bytes.to_vec());
        assert!(bytes.eq(files));
        let other = Image::open(&server, &file, "other").expect("opens");
        assert_eq!(other.genesis.name, "other");
        assert_ne!(other.base.snapshot.text, state);
    }

    #[tokio::test]
    async fn a_file_that_was_changed_anywhere_is_refused() {
        let server = Seed::new(SEED);
        let files = [noise(2 * 1024 * 1024)];
        let parts = image(&files).await.seal(&server, usize::MAX);
        let parts = parts.expect("sealed");
        let open = |file: Vec<u8>| Image::open(&server, &file.into(), "default").map(|_| ());
        let file = parts.concat();
        assert_eq!(open(file.clone()), Ok(()));
        let lines = parts[0].len();
        for at in [lines + 1, lines + 30, file.len() / 2, file.len() - 1] {
            let mut changed = file.clone();
            changed[at] ^= 1;
            assert_eq!(open(changed), Err(FileError::Damaged), "byte {at}");
        }
        let last = file.len() - parts[parts.len() - 1].len();
        for length in [0, 5, lines - 1, lines, lines + 3, last, file.len() - 1] {
            let cut = file[..length].to_vec();
            assert_eq!(open(cut), Err(FileError::Damaged), "{length} bytes");
        }
        let mut longer = file.clone();
        longer.push(0);
        assert_eq!(open(longer), Err(FileError::Damaged));
        let mut swapped = parts.clone();
        swapped.swap(1, 2);
        assert_eq!(open(swapped.concat()), Err(FileError::Damaged));
        let mut without = parts;
        without.remove(1);
        assert_eq!(open(without.concat()), Err(FileError::Damaged));
        assert!(Image::open(&Seed::new([2; 32]), &file.into(), "default").is_err());
    }

    #[tokio::test]
    async fn a_file_beyond_the_limit_is_not_made() {
        let server = Seed::new(SEED);
        let files = [noise(1024 * 1024)];
        let length = whole(&image(&files).await.seal(&server, usize::MAX).expect("made")).len();
        assert!(image(&files).await.seal(&server, length).is_ok());
        let refused = image(&files).await.seal(&server, length - 1);
        assert!(matches!(refused, Err(SealError::TooLarge(most)) if most == length - 1));
    }
}
