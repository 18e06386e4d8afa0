//! The sealed parts of a file: what is written comes out in pieces of one size, each with its length before it, and is
//! read back in the same order.
//!
//! Each part is bound to its place and to whether it is the last one, so none can be moved, left out or put behind.

use std::io::{self, Read, Write};

use bytes::{Buf as _, Bytes};
use sha2::{Digest as _, Sha256};

use super::SealError;
use crate::store::{
    StoreError,
    seal::{Place, Sealer},
};

/// Bytes of a part before it is sealed.
const PART: usize = 1024 * 1024;

/// Seals what is written to it.
pub(super) struct PartsWriter<'s> {
    places: Places<'s>,
    plain: Vec<u8>,
    /// The lines in clear, then the parts.
    sealed: Vec<Bytes>,
    /// How many bytes these may still have.
    left: usize,
    most: usize,
    failure: Option<SealError>,
}

impl<'s> PartsWriter<'s> {
    /// Begins with the lines in clear; a file of more bytes than `most` is not made.
    pub(super) fn new(sealer: &'s Sealer, sandbox: &'s str, title: Bytes, most: usize) -> Self {
        PartsWriter {
            places: Places::new(sealer, sandbox, &title),
            plain: Vec::with_capacity(PART),
            left: most.saturating_sub(title.len()),
            sealed: vec![title],
            most,
            failure: None,
        }
    }

    /// The file, once all is written.
    pub(super) fn finish(mut self) -> Result<Vec<Bytes>, SealError> {
        self.seal(true)?;
        Ok(self.sealed)
    }

    /// Why a write failed.
    pub(super) fn failure(self) -> Option<SealError> {
        self.failure
    }

    fn seal(&mut self, is_last: bool) -> Result<(), SealError> {
        let sealed = self.places.seal(&self.plain, is_last)?;
        let length = u32::try_from(sealed.len()).map_err(|_| SealError::Unsealable)?;
        let left = self.left.checked_sub(sealed.len() + size_of::<u32>());
        self.left = left.ok_or(SealError::TooLarge(self.most))?;
        let part = [&length.to_be_bytes()[..], &sealed].concat();
        self.sealed.push(part.into());
        self.plain.clear();
        Ok(())
    }
}

impl Write for PartsWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A part that is full stays until there is more, since it may be the last one.
        if self.plain.len() == PART
            && let Err(error) = self.seal(false)
        {
            self.failure = Some(error);
            return Err(io::ErrorKind::Other.into());
        }
        let taken = bytes.len().min(PART - self.plain.len());
        self.plain.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads what was sealed.
pub(super) struct PartsReader<'s> {
    places: Places<'s>,
    /// What is sealed still.
    sealed: Bytes,
    /// What was opened and is not read yet.
    plain: Bytes,
}

impl<'s> PartsReader<'s> {
    pub(super) fn new(sealer: &'s Sealer, sandbox: &'s str, title: &[u8], sealed: Bytes) -> Self {
        PartsReader {
            places: Places::new(sealer, sandbox, title),
            sealed,
            plain: Bytes::new(),
        }
    }

    /// Whether the last part was opened and read, and nothing stands behind it.
    pub(super) fn is_at_end(&self) -> bool {
        self.places.is_over && self.plain.is_empty() && self.sealed.is_empty()
    }

    fn open_next(&mut self) -> io::Result<()> {
        let length = self.sealed.try_get_u32().map_err(io::Error::other)?;
        let length = usize::try_from(length).map_err(io::Error::other)?;
        if length > self.sealed.len() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let part = self.sealed.split_to(length);
        let opened = self.places.open(&part, self.sealed.is_empty());
        self.plain = opened.map_err(io::Error::other)?.into();
        Ok(())
    }
}

impl Read for PartsReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.plain.is_empty() && !self.places.is_over {
            self.open_next()?;
        }
        let taken = buffer.len().min(self.plain.len());
        self.plain.copy_to_slice(&mut buffer[..taken]);
        Ok(taken)
    }
}

/// Counts the parts.
struct Places<'s> {
    sealer: &'s Sealer,
    sandbox: &'s str,
    title: [u8; 32],
    part: u64,
    is_over: bool,
}

impl<'s> Places<'s> {
    fn new(sealer: &'s Sealer, sandbox: &'s str, title: &[u8]) -> Places<'s> {
        Places {
            sealer,
            sandbox,
            title: Sha256::digest(title).into(),
            part: 0,
            is_over: false,
        }
    }

    fn place(&self, is_last: bool) -> Place<'_> {
        Place::File {
            sandbox: self.sandbox,
            title: &self.title,
            part: self.part,
            is_last,
        }
    }

    fn seal(&mut self, plain: &[u8], is_last: bool) -> Result<Vec<u8>, StoreError> {
        let sealed = self.sealer.seal(self.place(is_last), plain)?;
        self.part += 1;
        Ok(sealed)
    }

    fn open(&mut self, sealed: &[u8], is_last: bool) -> Result<Vec<u8>, StoreError> {
        let plain = self.sealer.open(self.place(is_last), sealed)?;
        self.part += 1;
        self.is_over = is_last;
        Ok(plain)
    }
}
