//! A file that came from the platform.

use std::fmt;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_DISPOSITION;
use http::header::CONTENT_TYPE;

/// A file as the platform sent it: bytes, and what the headers say of them.
#[derive(Clone, PartialEq, Eq)]
pub struct Download {
    file_name: Option<String>,
    media_type: Option<String>,
    bytes: Bytes,
}

impl Download {
    pub(crate) fn new(headers: &HeaderMap, bytes: Bytes) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        Self {
            file_name: text(CONTENT_DISPOSITION).and_then(file_name),
            media_type: text(CONTENT_TYPE).map(str::to_owned),
            bytes,
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

    /// Writes the file to a path of your choice; what is there is overwritten. The platform has no say in the path.
    ///
    /// # Errors
    /// What the file system says.
    pub async fn save_to(&self, path: impl AsRef<Path>) -> io::Result<PathBuf> {
        let path = path.as_ref();
        tokio::fs::write(path, &self.bytes).await?;
        Ok(path.to_owned())
    }
}

/// Neither the name nor the bytes: both are personal.
impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("media_type", &self.media_type)
            .field("len", &self.bytes.len())
            .finish_non_exhaustive()
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
