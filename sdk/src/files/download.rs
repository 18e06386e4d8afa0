//! A file that came from the platform.

use std::fmt;
use std::io;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use http::StatusCode;
use http::header::CONTENT_DISPOSITION;
use http::header::CONTENT_TYPE;
use layer2_types::operation::Operation;

use crate::call::CallRecord;
use crate::error::Error;
use crate::error::ErrorKind;
use crate::error::Outcome;
use crate::files::part::Part;
use crate::files::part::on_disk;

/// A file as the platform sent it: bytes, and what the headers say of them.
#[derive(Clone)]
pub struct Download {
    file_name: Option<String>,
    media_type: Option<String>,
    bytes: Bytes,
    origin: Origin,
}

impl Download {
    pub(crate) fn new(headers: &HeaderMap, bytes: Bytes, origin: Origin) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        Self {
            file_name: text(CONTENT_DISPOSITION).and_then(file_name),
            media_type: text(CONTENT_TYPE).map(str::to_owned),
            bytes,
            origin,
        }
    }

    /// The name that the platform gives the file: its last part alone, never a path. None if there is none, or none
    /// that can be used.
    pub fn file_name(&self) -> Option<&str> {
        self.file_name.as_deref()
    }

    /// The media type, as sent.
    pub fn media_type(&self) -> Option<&str> {
        self.media_type.as_deref()
    }

    /// The bytes.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The bytes alone.
    pub fn into_bytes(self) -> Bytes {
        self.bytes
    }

    /// Writes the file to a path of your choice, whole or not at all: the bytes go to a new file beside it, which takes
    /// the place of what is there when it is complete. The platform has no say in the path. On Unix the file is for its
    /// owner alone (0600).
    ///
    /// If the future is dropped, the file may still be written, whole.
    ///
    /// # Errors
    /// [`ErrorKind::File`], with what the file system says as its source.
    pub async fn save_to(&self, path: impl AsRef<Path>) -> Result<PathBuf, Error> {
        let place = path.as_ref().to_owned();
        let bytes = self.bytes.clone();
        let written = on_disk(move || {
            let part = Part::beside(&place)?;
            part.file().write_all(&bytes)?;
            part.take(&place)?;
            Ok(place)
        });
        written.await.map_err(|cause| self.origin.unwritable(cause))
    }

    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }
}

/// The same file, whichever call it came by.
impl PartialEq for Download {
    fn eq(&self, other: &Self) -> bool {
        self.file_name == other.file_name
            && self.media_type == other.media_type
            && self.bytes == other.bytes
    }
}

impl Eq for Download {}

/// Neither the name nor the bytes: both are personal.
impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("media_type", &self.media_type)
            .field("len", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

/// The call that a file came by: what goes wrong with the file afterwards is told as a failure of that call.
#[derive(Clone)]
pub(crate) struct Origin {
    status: StatusCode,
    record: Arc<CallRecord>,
    operation: &'static Operation,
}

impl Origin {
    pub(crate) fn new(
        status: StatusCode,
        record: Arc<CallRecord>,
        operation: &'static Operation,
    ) -> Self {
        Self {
            status,
            record,
            operation,
        }
    }

    /// Puts on an error what the call knows.
    pub(crate) fn complete(&self, error: Error) -> Error {
        let error = error.with_reply(self.status, Bytes::new());
        self.record.complete(error, self.operation)
    }

    /// The file came and could not be written on this machine.
    pub(crate) fn unwritable(&self, cause: io::Error) -> Error {
        let said = "the file came and could not be written: its folder must be there, with room, and open to this process";
        self.complete(Error::new(ErrorKind::File, Outcome::Done, said).with_source(cause))
    }
}

/// The file name of a `Content-Disposition` (RFC 6266). The extended form is left alone: the platform's names are
/// plain, and a name is a convenience.
fn file_name(header: &str) -> Option<String> {
    let (_, mut rest) = header.split_once(';')?;
    let value = loop {
        let (name, after) = rest.split_once('=')?;
        let (value, others) = match after.trim_start().strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_once(';').unwrap_or((after, "")),
        };
        if name
            .trim_matches([' ', ';', '\t'])
            .eq_ignore_ascii_case("filename")
        {
            break value.trim();
        }
        rest = others;
    };
    let name = value.rsplit(['/', '\\']).next()?;
    let usable =
        !name.is_empty() && name != "." && name != ".." && !name.contains(char::is_control);
    usable.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_never_a_path() {
        let name = |header| file_name(header);
        assert_eq!(
            name(r#"attachment; filename="a b.pdf""#).as_deref(),
            Some("a b.pdf")
        );
        assert_eq!(
            name("attachment; filename=a.pdf; size=3").as_deref(),
            Some("a.pdf")
        );
        assert_eq!(
            name(r#"attachment; size=3; FileName="a;b.pdf""#).as_deref(),
            Some("a;b.pdf")
        );
        assert_eq!(
            name(r#"attachment; filename="../../etc/passwd""#).as_deref(),
            Some("passwd")
        );
        assert_eq!(
            name(r#"attachment; filename="C:\x.pdf""#).as_deref(),
            Some("x.pdf")
        );
        for unusable in [
            "attachment",
            r#"attachment; filename="""#,
            "attachment; filename=..",
            r#"attachment; filename="a"#,
            r#"attachment; x-filename="a.pdf""#,
            r#"attachment; note="filename=a.pdf""#,
        ] {
            assert_eq!(name(unusable), None, "{unusable}");
        }
    }
}
