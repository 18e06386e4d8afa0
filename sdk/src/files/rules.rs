//! What a file must be to be sent, and how it is sent.
//!
//! The platform publishes kinds and a size in prose: PDF, JPEG and PNG, 30 MB, no special characters. What exactly it
//! takes, and whether as a form or as bytes, is a guess (`docs/unknowns.md`). Each guess is a setting here, so that a
//! platform which turns out to take more needs one line in an application and no new release of this crate.

use std::borrow::Cow;
use std::path::Path;

use bytes::Bytes;
use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt as _;

use crate::error::Error;
use crate::error::ErrorKind;
use crate::files::Upload;

/// The rules that a file is held to before it is sent; [`Upload::from_bytes`] and its kin go by the default ones.
///
/// ```
/// use layer2_sdk::{FileNames, UploadRules};
///
/// // A platform that takes TIFF and names of any script.
/// let rules = UploadRules::default()
///     .with_kind("tif", "image/tiff")
///     .with_names(FileNames::Any);
/// let scan = rules.take_bytes("Führerschein.tif", b"II*\0".to_vec())?;
/// assert_eq!(scan.media_type(), "image/tiff");
/// # Ok::<(), layer2_sdk::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadRules {
    kinds: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    names: FileNames,
    max_bytes: usize,
    body: UploadBody,
}

/// Which names a file may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileNames {
    /// Letters and digits of ASCII, spaces, `-`, `_` and `.`, not first a point, at most 255.
    Plain,
    /// Any with a known extension. In a form, what would end the name is written as `%22`, `%0D` and `%0A`, as browsers
    /// do.
    Any,
}

/// What the body of an upload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UploadBody {
    /// A form with the file as its one part, under its name.
    Form,
    /// The file itself, with its media type. Its name is not told.
    File,
}

/// Kinds that the platform names, by extension.
const KINDS: [(&str, &str); 4] = [
    ("pdf", "application/pdf"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("png", "image/png"),
];

/// Longest plain name, as most file systems have it.
const PLAIN_NAME_MAX: usize = 255;

impl Default for UploadRules {
    fn default() -> Self {
        Self {
            kinds: KINDS
                .map(|(extension, media_type)| (extension.into(), media_type.into()))
                .to_vec(),
            names: FileNames::Plain,
            max_bytes: Upload::MAX_BYTES,
            body: UploadBody::Form,
        }
    }
}

impl UploadRules {
    /// Takes files with this extension too, without its point and in whichever case, as this media type.
    #[must_use]
    pub fn with_kind(
        mut self,
        extension: impl Into<Cow<'static, str>>,
        media_type: impl Into<Cow<'static, str>>,
    ) -> Self {
        let extension = extension.into();
        self.kinds
            .retain(|(known, _)| !known.eq_ignore_ascii_case(&extension));
        self.kinds.push((extension, media_type.into()));
        self
    }

    /// Sets which names a file may have.
    #[must_use]
    pub fn with_names(mut self, names: FileNames) -> Self {
        self.names = names;
        self
    }

    /// Sets the most bytes that a file may have; [`Upload::MAX_BYTES`] if not set.
    #[must_use]
    pub fn with_max_bytes(mut self, max_bytes: usize) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    /// Sets what the body of the request is.
    #[must_use]
    pub fn with_body(mut self, body: UploadBody) -> Self {
        self.body = body;
        self
    }

    /// Takes a file from memory, as [`Upload::from_bytes`].
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] for a name, a kind or a size that these rules do not allow.
    pub fn take_bytes(
        &self,
        file_name: impl Into<String>,
        bytes: impl Into<Bytes>,
    ) -> Result<Upload, Error> {
        let (file_name, bytes) = (file_name.into(), bytes.into());
        let media_type = self.media_type(&file_name)?;
        if bytes.is_empty() {
            return Err(refused("the file is empty: give it its bytes"));
        }
        if bytes.len() > self.max_bytes {
            return Err(self.too_large());
        }
        Ok(Upload::new(file_name, media_type, bytes, self.body))
    }

    /// Takes a file from disk, as [`Upload::from_path`].
    ///
    /// # Errors
    /// As [`take_bytes`](Self::take_bytes), and [`ErrorKind::InvalidRequest`] with the cause if it cannot be read.
    pub async fn take_path(&self, path: impl AsRef<Path>) -> Result<Upload, Error> {
        let path = path.as_ref();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .ok_or_else(|| refused("the path does not end with a file name: give the path of one file, not of a folder"))?;
        self.media_type(name)?;
        let file = tokio::fs::File::open(path).await.map_err(unreadable)?;
        let length = file.metadata().await.map_err(unreadable)?.len();
        // Refused before it is read; a file that grows meanwhile meets the limit of the reader.
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > self.max_bytes {
            return Err(self.too_large());
        }
        self.read(name.to_owned(), file, length).await
    }

    /// Takes a file from a reader, as [`Upload::from_reader`].
    ///
    /// # Errors
    /// As [`take_bytes`](Self::take_bytes), and [`ErrorKind::InvalidRequest`] with the cause if reading fails.
    pub async fn take_reader(
        &self,
        file_name: impl Into<String>,
        reader: impl AsyncRead + Unpin,
    ) -> Result<Upload, Error> {
        let file_name = file_name.into();
        self.media_type(&file_name)?;
        self.read(file_name, reader, 0).await
    }

    /// Reads to the end, or to the byte that is too many. Room for `expected` bytes is there from the start, so that a
    /// file whose length is known is not copied while it grows.
    async fn read(
        &self,
        file_name: String,
        reader: impl AsyncRead + Unpin,
        expected: usize,
    ) -> Result<Upload, Error> {
        let mut bytes = Vec::with_capacity(expected);
        // One byte more than is allowed tells a file that is too large from one that just fits.
        let limit = u64::try_from(self.max_bytes)
            .unwrap_or(u64::MAX)
            .saturating_add(1);
        reader
            .take(limit)
            .read_to_end(&mut bytes)
            .await
            .map_err(unreadable)?;
        self.take_bytes(file_name, bytes)
    }

    /// The media type of a name that is allowed.
    fn media_type(&self, file_name: &str) -> Result<Cow<'static, str>, Error> {
        if self.names == FileNames::Plain && !is_plain(file_name) {
            return Err(refused(
                "the file name has special characters: use letters, digits, spaces, `-`, `_` and `.`, at most 255, or \
                 allow others with `UploadRules`",
            ));
        }
        let extension = file_name.rsplit_once('.').map(|(_, extension)| extension);
        let known = self
            .kinds
            .iter()
            .find(|(known, _)| extension.is_some_and(|given| given.eq_ignore_ascii_case(known)));
        let Some((_, media_type)) = known else {
            return Err(self.unknown_kind());
        };
        // It stands in a head of the form, which a line end would finish.
        if !media_type.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return Err(refused(
                "the media type of this extension in `UploadRules` is none: it is like image/tiff, in visible ASCII",
            ));
        }
        Ok(media_type.clone())
    }

    fn unknown_kind(&self) -> Error {
        let known: Vec<_> = self
            .kinds
            .iter()
            .map(|(extension, _)| format!(".{extension}"))
            .collect();
        refused(format!(
            "the file name must end with one of {}: other kinds are not known to be taken, `UploadRules` allows them",
            known.join(", ")
        ))
    }

    fn too_large(&self) -> Error {
        const MEGABYTE: usize = 1024 * 1024;
        let most = match self.max_bytes % MEGABYTE {
            0 => format!("{} MB", self.max_bytes / MEGABYTE),
            _ => format!("{} bytes", self.max_bytes),
        };
        refused(format!(
            "the file has more than {most}: send a smaller scan, or split it over several documents"
        ))
    }
}

fn is_plain(file_name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ');
    file_name.len() <= PLAIN_NAME_MAX && !file_name.starts_with('.') && file_name.chars().all(plain)
}

fn unreadable(cause: std::io::Error) -> Error {
    refused("the file could not be read, its source says why: check the path and the rights to it")
        .with_source(cause)
}

fn refused(message: impl Into<String>) -> Error {
    Error::before_sending(ErrorKind::InvalidRequest, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_guess_has_another_position() {
        let rules = UploadRules::default();
        let taken = |rules: &UploadRules, name: &str, length: usize| {
            rules.take_bytes(name, vec![7; length]).is_ok()
        };
        let tiff = rules.clone().with_kind("tif", "image/tiff");
        let any = rules.clone().with_names(FileNames::Any);
        let small = rules.clone().with_max_bytes(3);
        let large = rules.clone().with_max_bytes(Upload::MAX_BYTES + 1);
        for (name, length, rules, other) in [
            ("a.TIF", 1, &tiff, &rules),
            ("\u{e9}/\"\r\n.pdf", 1, &any, &rules),
            (".pdf", 1, &any, &rules),
            ("a.pdf", 4, &rules, &small),
            ("a.pdf", Upload::MAX_BYTES + 1, &large, &rules),
        ] {
            assert!(taken(rules, name, length), "{name:?}");
            assert!(!taken(other, name, length), "{name:?}");
        }
        assert!(taken(&small, "a.pdf", 3));
        let error = small.take_bytes("a.pdf", "four").unwrap_err();
        assert!(error.to_string().contains("more than 3 bytes"), "{error}");
    }

    #[test]
    fn a_kind_is_what_was_said_last_and_its_media_type_is_one_line() {
        let rules = UploadRules::default().with_kind("PDF", "application/x-pdf");
        let file = rules.take_bytes("a.pdf", "x").unwrap();
        assert_eq!(file.media_type(), "application/x-pdf");
        let rules = rules.with_kind("pdf", "application/pdf\r\nx: y");
        assert!(rules.take_bytes("a.pdf", "x").is_err());
    }
}
