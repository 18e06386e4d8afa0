//! A file on its way to the platform.
//!
//! What the platform would refuse is refused here, before a byte leaves: kinds other than PDF, JPEG and PNG, more than
//! 30 MB, names without an extension or with special characters.
//!
//! A file comes from memory, from a path or from any reader. A reader is read once, before the call, and its bytes are
//! held: a request that is repeated must be the same to the last byte, and a signature covers all of them, neither of
//! which a reader can promise. So an upload is retried like any other call with a key, whatever it came from, and costs
//! at most the 30 MB. Attempts share the bytes.

use std::fmt;
use std::path::Path;

use bytes::Bytes;
use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt as _;

use crate::error::Error;
use crate::error::ErrorKind;

/// A document to upload: a name, a kind and bytes.
///
/// ```
/// use layer2_sdk::Upload;
///
/// let file = Upload::from_bytes("passport.pdf", b"%PDF-1.7".to_vec())?;
/// assert_eq!(file.media_type(), "application/pdf");
/// assert!(Upload::from_bytes("passport.exe", b"MZ".to_vec()).is_err());
/// # Ok::<(), layer2_sdk::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Upload {
    file_name: String,
    media_type: &'static str,
    bytes: Bytes,
}

/// Extensions that the platform takes, with their media types.
const KINDS: &[(&str, &str)] = &[
    ("pdf", "application/pdf"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("png", "image/png"),
];

impl Upload {
    /// The most bytes that a file may have: 30 MB, in the larger of the two readings. What lies between them the platform
    /// decides (docs/unknowns.md).
    pub const MAX_BYTES: usize = 30 * 1024 * 1024;

    /// A file from memory. Its kind follows from the extension of its name.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] for a name, a kind or a size that the platform does not take.
    pub fn from_bytes(
        file_name: impl Into<String>,
        bytes: impl Into<Bytes>,
    ) -> Result<Self, Error> {
        let (file_name, bytes) = (file_name.into(), bytes.into());
        let media_type = media_type(&file_name)?;
        if bytes.is_empty() {
            return Err(refused("the file is empty"));
        }
        if bytes.len() > Self::MAX_BYTES {
            return Err(too_large());
        }
        Ok(Self {
            file_name,
            media_type,
            bytes,
        })
    }

    /// A file from disk, under the name that it has there.
    ///
    /// # Errors
    /// As [`from_bytes`](Self::from_bytes), and [`ErrorKind::InvalidRequest`] with the cause if the file cannot be read.
    pub async fn from_path(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| refused("the path does not end with a file name"))?;
        media_type(name)?;
        let file = tokio::fs::File::open(path).await.map_err(unreadable)?;
        let length = file.metadata().await.map_err(unreadable)?.len();
        // Refused before it is read; a file that grows meanwhile meets the limit of the reader.
        if length > Self::MAX_BYTES as u64 {
            return Err(too_large());
        }
        Self::from_reader(name, file).await
    }

    /// A file from a reader, read to its end; no more is read than a file may have.
    ///
    /// # Errors
    /// As [`from_bytes`](Self::from_bytes), and [`ErrorKind::InvalidRequest`] with the cause if reading fails.
    pub async fn from_reader(
        file_name: impl Into<String>,
        reader: impl AsyncRead + Unpin,
    ) -> Result<Self, Error> {
        let file_name = file_name.into();
        media_type(&file_name)?;
        let mut bytes = Vec::new();
        // One byte more than is allowed tells a file that is too large from one that just fits.
        let limit = Self::MAX_BYTES as u64 + 1;
        reader
            .take(limit)
            .read_to_end(&mut bytes)
            .await
            .map_err(unreadable)?;
        Self::from_bytes(file_name, bytes)
    }

    /// The file of a sandbox of the mock server, as an export gave it, to be imported or restored. The server takes up to
    /// 1 GiB; the platform itself takes no such file.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] for a file without bytes.
    pub fn of_sandbox(bytes: impl Into<Bytes>) -> Result<Self, Error> {
        let bytes = bytes.into();
        if bytes.is_empty() {
            return Err(refused("the file is empty"));
        }
        Ok(Self {
            file_name: "sandbox.layer2".to_owned(),
            media_type: "application/octet-stream",
            bytes,
        })
    }

    /// The name under which it is sent.
    pub fn file_name(&self) -> &str {
        &self.file_name
    }

    /// Its media type.
    pub fn media_type(&self) -> &'static str {
        self.media_type
    }

    /// How many bytes it has.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Always false: an empty file is refused.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The file as the only part of a form (RFC 7578). A boundary is one of our own random ids, which no file holds.
    pub(crate) fn form(&self, part: &str, boundary: &str) -> Bytes {
        // A checked name has no quotes and no line ends, so it needs no escaping.
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{part}\"; filename=\"{}\"\r\nContent-Type: {}\r\n\r\n",
            self.file_name, self.media_type
        );
        let tail = format!("\r\n--{boundary}--\r\n");
        [head.as_bytes(), &self.bytes, tail.as_bytes()]
            .concat()
            .into()
    }
}

/// Neither the name nor the bytes: both are personal.
impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload")
            .field("media_type", &self.media_type)
            .field("len", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

/// The media type of a name that the platform takes.
fn media_type(file_name: &str) -> Result<&'static str, Error> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ');
    if file_name.len() > 255 || file_name.starts_with('.') || !file_name.chars().all(plain) {
        return Err(refused(
            "the file name has special characters: use letters, digits, spaces, `-`, `_` and `.`, at most 255",
        ));
    }
    let extension = file_name.rsplit_once('.').map(|(_, extension)| extension);
    KINDS
        .iter()
        .find(|(known, _)| extension.is_some_and(|given| given.eq_ignore_ascii_case(known)))
        .map(|(_, media_type)| *media_type)
        .ok_or_else(|| {
            refused("the file name must end with .pdf, .jpg, .jpeg or .png: the platform takes no other kinds")
        })
}

fn too_large() -> Error {
    refused("the file has more than 30 MB: send a smaller scan, or split it over several documents")
}

fn unreadable(cause: std::io::Error) -> Error {
    refused("the file could not be read").with_source(cause)
}

fn refused(message: &str) -> Error {
    Error::before_sending(ErrorKind::InvalidRequest, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_has_one_part_and_the_bytes_as_they_are() {
        let file = Upload::from_bytes("a b.PDF", &b"%PDF\r\n\0"[..]).unwrap();
        let form = file.form("file", "b1");
        let expected =
            b"--b1\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a b.PDF\"\r\n\
            Content-Type: application/pdf\r\n\r\n%PDF\r\n\0\r\n--b1--\r\n";
        assert_eq!(form, &expected[..]);
    }

    #[test]
    fn names_that_the_platform_refuses_are_refused_here() {
        for name in [
            "",
            "scan",
            ".pdf",
            "scan.",
            "scan.gif",
            "a/b.pdf",
            "a\"b.pdf",
            "a\r\nb.pdf",
            "\u{e9}.pdf",
        ] {
            let error = Upload::from_bytes(name, "x").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{name}");
        }
        assert!(Upload::from_bytes("x".repeat(252) + ".pdf", "x").is_err());
    }

    #[tokio::test]
    async fn no_more_is_read_than_a_file_may_have() {
        let most = tokio::io::repeat(7).take(31_457_280);
        let fits = Upload::from_reader("a.png", most).await;
        assert_eq!(fits.unwrap().len(), Upload::MAX_BYTES);
        // The reader never ends; the limit does.
        let error = Upload::from_reader("a.png", tokio::io::repeat(7)).await;
        assert!(error.unwrap_err().to_string().contains("30 MB"));
        assert!(Upload::from_bytes("a.png", "").is_err());
    }

    #[tokio::test]
    async fn a_path_is_refused_by_its_length_before_it_is_read() {
        let folder = std::env::temp_dir().join(format!("layer2-sdk-upload-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("scan.pdf");
        // A file with a hole: it has its length at once and takes no room.
        let file = std::fs::File::create(&path).unwrap();
        file.set_len(1 << 40).unwrap();
        let error = Upload::from_path(&path).await.unwrap_err();
        assert!(error.to_string().contains("30 MB"), "{error}");
        file.set_len(3).unwrap();
        let upload = Upload::from_path(&path).await.unwrap();
        assert_eq!((upload.file_name(), upload.len()), ("scan.pdf", 3));
        for (unfit, said) in [
            ("none.pdf", "could not be read"),
            ("scan.exe", "must end with"),
        ] {
            let error = Upload::from_path(folder.join(unfit)).await.unwrap_err();
            assert!(error.to_string().contains(said), "{error}");
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn the_file_of_a_sandbox_may_be_larger_than_a_document() {
        let file = Upload::of_sandbox(vec![0; Upload::MAX_BYTES + 1]).unwrap();
        assert_eq!(file.media_type(), "application/octet-stream");
        assert!(Upload::of_sandbox("").is_err());
    }

    #[test]
    fn debug_shows_neither_name_nor_bytes() {
        let file = Upload::from_bytes("jane-doe.png", "secret").unwrap();
        let text = format!("{file:?}");
        assert!(!text.contains("jane") && !text.contains("secret"), "{text}");
    }
}
