//! A file on its way to the platform.
//!
//! What the platform would refuse is refused here, before a byte leaves: kinds other than PDF, JPEG and PNG, more than
//! 30 MB, names without an extension or with special characters. [`UploadRules`] allow more.
//!
//! A file comes from memory, from a path or from any reader. A reader is read once, before the call, and its bytes are
//! held: a request that is repeated must be the same to the last byte, and a signature covers all of them, neither of
//! which a reader can promise. So an upload is retried like any other call with a key, whatever it came from.
//!
//! What that costs: the bytes of the file once, which clones, the form around it and all attempts share. From a reader of
//! unknown length, up to as much again for the moment in which the buffer grows; for a call that is signed, as much again
//! while the signature is made; for a transport that wants a body in one piece, what it copies.

use std::borrow::Cow;
use std::fmt;
use std::path::Path;

use bytes::Bytes;
use tokio::io::AsyncRead;

use crate::body::Body;
use crate::error::Error;
use crate::error::ErrorKind;
use crate::files::UploadBody;
use crate::files::UploadRules;

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
    media_type: Cow<'static, str>,
    bytes: Bytes,
    body: UploadBody,
}

impl Upload {
    /// The most bytes that a file may have unless [`UploadRules`] say otherwise: 30 MB, in the larger of the two
    /// readings. What lies between them the platform decides (docs/unknowns.md).
    pub const MAX_BYTES: usize = 30 * 1024 * 1024;

    /// A file that was held against the rules.
    pub(crate) fn new(
        file_name: String,
        media_type: Cow<'static, str>,
        bytes: Bytes,
        body: UploadBody,
    ) -> Self {
        Self {
            file_name,
            media_type,
            bytes,
            body,
        }
    }

    /// A file from memory. Its kind follows from the extension of its name.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) for a name, a kind or a size that the platform
    /// does not take.
    pub fn from_bytes(
        file_name: impl Into<String>,
        bytes: impl Into<Bytes>,
    ) -> Result<Self, Error> {
        UploadRules::default().take_bytes(file_name, bytes)
    }

    /// A file from disk, under the name that it has there.
    ///
    /// # Errors
    /// As [`from_bytes`](Self::from_bytes), and
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) with the cause if it cannot be read.
    pub async fn from_path(path: impl AsRef<Path>) -> Result<Self, Error> {
        UploadRules::default().take_path(path).await
    }

    /// A file from a reader, read to its end; no more is read than a file may have.
    ///
    /// # Errors
    /// As [`from_bytes`](Self::from_bytes), and
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) with the cause if reading fails.
    pub async fn from_reader(
        file_name: impl Into<String>,
        reader: impl AsyncRead + Unpin,
    ) -> Result<Self, Error> {
        UploadRules::default().take_reader(file_name, reader).await
    }

    /// The file of a sandbox of the mock server, as an export gave it, to be imported or restored. The server takes up to
    /// 1 GiB, which is sent as it is, without a form; the platform itself takes no such file.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] for a file without bytes.
    pub fn of_sandbox(bytes: impl Into<Bytes>) -> Result<Self, Error> {
        let bytes = bytes.into();
        if bytes.is_empty() {
            return Err(Error::before_sending(
                ErrorKind::InvalidRequest,
                "the file is empty",
            ));
        }
        Ok(Self::new(
            "sandbox.layer2".to_owned(),
            Cow::Borrowed("application/octet-stream"),
            bytes,
            UploadBody::File,
        ))
    }

    /// The name under which it is sent.
    pub fn file_name(&self) -> &str {
        &self.file_name
    }

    /// Its media type.
    pub fn media_type(&self) -> &str {
        &self.media_type
    }

    /// How many bytes it has.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Always false: an empty file is refused.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// What the body of its request is.
    pub fn body(&self) -> UploadBody {
        self.body
    }

    /// The bytes themselves, shared.
    pub(crate) fn bytes(&self) -> Bytes {
        self.bytes.clone()
    }

    /// The file as the only part of a form (RFC 7578). A boundary is one of our own random ids, which no file holds.
    pub(crate) fn form(&self, part: &str, boundary: &str) -> Body {
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{part}\"; filename=\"{}\"\r\nContent-Type: {}\r\n\r\n",
            quoted(&self.file_name),
            self.media_type
        );
        let tail = format!("\r\n--{boundary}--\r\n");
        Body::Form(Box::new([head.into(), self.bytes(), tail.into()]))
    }
}

/// A name as it stands between the quotes of a form, written as browsers write it. A plain one stays as it is.
fn quoted(file_name: &str) -> Cow<'_, str> {
    if !file_name.contains(['"', '\r', '\n']) {
        return Cow::Borrowed(file_name);
    }
    let text = file_name.replace('"', "%22");
    Cow::Owned(text.replace('\r', "%0D").replace('\n', "%0A"))
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

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;
    use crate::files::FileNames;

    #[test]
    fn a_form_has_one_part_and_the_bytes_as_they_are() {
        let file = Upload::from_bytes("a b.PDF", &b"%PDF\r\n\0"[..]).unwrap();
        let form = file.form("file", "b1");
        let expected =
            b"--b1\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a b.PDF\"\r\n\
            Content-Type: application/pdf\r\n\r\n%PDF\r\n\0\r\n--b1--\r\n";
        assert_eq!(&*form.bytes(), &expected[..]);
    }

    #[test]
    fn no_name_ends_the_head_of_its_part() {
        let rules = UploadRules::default().with_names(FileNames::Any);
        let file = rules.take_bytes("a\"\r\nx: y\u{e9}.pdf", "x").unwrap();
        let form = String::from_utf8(file.form("file", "b1").bytes().to_vec()).unwrap();
        let line = form.lines().nth(1).unwrap();
        assert_eq!(
            line,
            "Content-Disposition: form-data; name=\"file\"; filename=\"a%22%0D%0Ax: y\u{e9}.pdf\""
        );
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
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scan.pdf");
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
            ("scan.exe", "must end with one of .pdf, .jpg, .jpeg, .png"),
        ] {
            let error = Upload::from_path(folder.path().join(unfit))
                .await
                .unwrap_err();
            assert!(error.to_string().contains(said), "{error}");
        }
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
