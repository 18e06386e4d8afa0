//! The form of an upload (`multipart/form-data`, RFC 7578): one part, the file.
//!
//! Parsing the framing is `multer`'s work; this file says which forms are an upload. A second part, a part of another
//! name, a part without a file name or a form that is cut short is refused, because a server that took the first thing
//! that looks like a file would accept what the platform does not. Nothing of a part is repeated in a refusal but the
//! name of a part that does not belong there.

use bytes::{Bytes, BytesMut};
use futures_util::stream;
use multer::{Field, Multipart};

use super::disposition;

/// The name of the part in every upload of the documents (a test reads them).
pub(crate) const FILE_PART: &str = "file";

/// The media type of a form with files.
pub(crate) const FORM_MEDIA: &str = "multipart/form-data";

/// The media type of bytes of which nothing is known.
pub(crate) const RAW_MEDIA: &str = "application/octet-stream";

/// A file as it was sent.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SentFile {
    /// Its name without folders.
    pub(crate) name: String,
    /// Its media type in lower case, without parameters.
    pub(crate) media_type: String,
    pub(crate) bytes: Bytes,
}

/// Neither the name nor the content of a file is for a log.
impl std::fmt::Debug for SentFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SentFile")
            .field("media_type", &self.media_type)
            .field("bytes", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

/// Why a form is not an upload.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FormError {
    #[error("the media type of the form names no boundary")]
    NoBoundary,
    #[error("the boundary that the media type names does not begin the form")]
    OtherBoundary,
    #[error("the headers of a part cannot be read")]
    PartHeaders,
    #[error("the form ends before its closing boundary")]
    CutShort,
    #[error("the form has no part named `{FILE_PART}`")]
    NoFile,
    #[error("the form has a part that does not belong to it")]
    OtherPart { name: String },
    #[error("the form has more than one part named `{FILE_PART}`")]
    SecondFile,
    #[error("the part has no file name")]
    NoFileName,
    #[error("the file name cannot be used")]
    BadFileName,
}

/// Reads the one file of a form that is all there.
pub(crate) async fn read(content_type: &str, body: Bytes) -> Result<SentFile, FormError> {
    let boundary = multer::parse_boundary(content_type)
        .ok()
        .filter(|boundary| !boundary.is_empty())
        .ok_or(FormError::NoBoundary)?;
    if body.is_empty() {
        return Err(FormError::NoFile);
    }
    let whole = stream::once(async move { Ok::<_, std::convert::Infallible>(body) });
    let mut form = Multipart::new(whole, boundary);
    let mut file = None;
    let mut parts = 0_u32;
    while let Some(part) = form
        .next_field()
        .await
        .map_err(|error| fault(&error, parts))?
    {
        parts += 1;
        match part.name() {
            Some(FILE_PART) if file.is_some() => return Err(FormError::SecondFile),
            Some(FILE_PART) => file = Some(read_part(part).await?),
            other => {
                return Err(FormError::OtherPart {
                    name: other.unwrap_or_default().to_owned(),
                });
            }
        }
    }
    file.ok_or(FormError::NoFile)
}

/// The media type of a file whose sender did not say one that tells anything: by the first bytes, where they are those
/// of a kind that documents have.
pub(crate) fn media_type_of(bytes: &[u8]) -> &'static str {
    const KINDS: [(&[u8], &str); 3] = [
        (b"%PDF-", "application/pdf"),
        (b"\xFF\xD8\xFF", "image/jpeg"),
        (b"\x89PNG\r\n\x1A\n", "image/png"),
    ];
    KINDS
        .into_iter()
        .find(|(begin, _)| bytes.starts_with(begin))
        .map_or(RAW_MEDIA, |(_, media_type)| media_type)
}

async fn read_part(mut part: Field<'_>) -> Result<SentFile, FormError> {
    let name = part.file_name().ok_or(FormError::NoFileName)?;
    if name.is_empty() {
        return Err(FormError::NoFileName);
    }
    let name = disposition::plain_name(name).ok_or(FormError::BadFileName)?;
    let told = part
        .content_type()
        .map(|media_type| media_type.essence_str().to_ascii_lowercase())
        .filter(|media_type| media_type != RAW_MEDIA);
    let bytes = content(&mut part).await?;
    Ok(SentFile {
        name,
        media_type: told.unwrap_or_else(|| media_type_of(&bytes).to_owned()),
        bytes,
    })
}

/// The bytes of a part. The form is all there, so they come in one chunk, which is not copied.
async fn content(part: &mut Field<'_>) -> Result<Bytes, FormError> {
    let first = chunk(part).await?.unwrap_or_default();
    let Some(second) = chunk(part).await? else {
        return Ok(first);
    };
    let mut all = BytesMut::from(first);
    all.extend_from_slice(&second);
    while let Some(next) = chunk(part).await? {
        all.extend_from_slice(&next);
    }
    Ok(all.freeze())
}

async fn chunk(part: &mut Field<'_>) -> Result<Option<Bytes>, FormError> {
    part.chunk().await.map_err(|error| fault(&error, 1))
}

/// What is wrong with the framing; the parser's own words may repeat what was sent.
fn fault(error: &multer::Error, parts: u32) -> FormError {
    match error {
        multer::Error::IncompleteStream if parts == 0 => FormError::OtherBoundary,
        multer::Error::ReadHeaderFailed(_)
        | multer::Error::IncompleteHeaders
        | multer::Error::DecodeHeaderName { .. }
        | multer::Error::DecodeHeaderValue { .. } => FormError::PartHeaders,
        _ => FormError::CutShort,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=b0";

    const FILE: &str = "--b0\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\nContent-Type: application/pdf\r\n\r\n%PDF-1.7\r\n";

    async fn read_text(content_type: &str, body: impl Into<Bytes>) -> Result<SentFile, FormError> {
        read(content_type, body.into()).await
    }

    #[tokio::test]
    async fn one_part_with_its_name_is_an_upload() {
        let file = read_text(TYPE, format!("{FILE}--b0--\r\n"))
            .await
            .expect("a form");
        assert_eq!(
            file,
            SentFile {
                name: "a.pdf".to_owned(),
                media_type: "application/pdf".to_owned(),
                bytes: Bytes::from_static(b"%PDF-1.7"),
            }
        );
        let framed = format!("a preamble\r\n{FILE}--b0--\r\nan epilogue");
        assert_eq!(read_text(TYPE, framed).await, Ok(file));
    }

    #[tokio::test]
    async fn the_bytes_may_hold_anything_but_the_boundary() {
        let content = b"\x00\xFF\r\n--b\r\n\r\n--b1--\r\n".repeat(5_000);
        let mut body = FILE
            .split_once("%PDF")
            .expect("a header")
            .0
            .as_bytes()
            .to_vec();
        body.extend_from_slice(&content);
        body.extend_from_slice(b"\r\n--b0--\r\n");
        let file = read_text(TYPE, body).await.expect("a form");
        assert_eq!(file.bytes, content);
        let empty = FILE.replace("%PDF-1.7", "");
        let file = read_text(TYPE, format!("{empty}--b0--\r\n"))
            .await
            .expect("a form");
        assert!(file.bytes.is_empty());
    }

    #[tokio::test]
    async fn a_form_that_is_no_upload_is_told_why() {
        let part = |disposition: &str| {
            format!("--b0\r\nContent-Disposition: form-data; {disposition}\r\n\r\nx\r\n--b0--\r\n")
        };
        let other = |name: &str| FormError::OtherPart {
            name: name.to_owned(),
        };
        let rows = [
            (
                "multipart/form-data",
                FILE.to_owned(),
                FormError::NoBoundary,
            ),
            (
                "multipart/form-data; boundary=\"\"",
                FILE.to_owned(),
                FormError::NoBoundary,
            ),
            (
                "multipart/form-data; boundary=other",
                format!("{FILE}--b0--\r\n"),
                FormError::OtherBoundary,
            ),
            (TYPE, String::new(), FormError::NoFile),
            (TYPE, FILE.to_owned(), FormError::CutShort),
            (
                TYPE,
                FILE.replace("\r\n%PDF-1.7\r\n", ""),
                FormError::OtherBoundary,
            ),
            (TYPE, format!("{FILE}--b0"), FormError::CutShort),
            (
                TYPE,
                FILE.replace("\r\n\r\n%PDF-1.7\r\n", "\r\n%PDF-1.7"),
                FormError::OtherBoundary,
            ),
            (
                TYPE,
                format!("{FILE}{FILE}--b0--\r\n"),
                FormError::SecondFile,
            ),
            (TYPE, "--b0--\r\n".to_owned(), FormError::NoFile),
            (
                TYPE,
                part("name=\"document\"; filename=\"a.pdf\""),
                other("document"),
            ),
            (TYPE, part("filename=\"a.pdf\""), other("")),
            (TYPE, part("name=\"file\""), FormError::NoFileName),
            (
                TYPE,
                part("name=\"file\"; filename=\"\""),
                FormError::NoFileName,
            ),
            (
                TYPE,
                part("name=\"file\"; filename=\"papers/\""),
                FormError::BadFileName,
            ),
            (
                TYPE,
                format!(
                    "{FILE}--b0\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nx\r\n--b0--\r\n"
                ),
                other("note"),
            ),
            (
                TYPE,
                "--b0\r\nno header\r\n\r\nx\r\n--b0--\r\n".to_owned(),
                FormError::PartHeaders,
            ),
        ];
        for (content_type, body, error) in rows {
            let read = read_text(content_type, body.clone()).await;
            assert_eq!(read, Err(error), "{content_type}\n{body}");
        }
    }

    #[tokio::test]
    async fn a_type_that_tells_nothing_is_found_by_the_first_bytes() {
        let untold = FILE.replace("Content-Type: application/pdf\r\n", "");
        let raw = FILE.replace("application/pdf", "Application/Octet-Stream");
        let told = FILE.replace("application/pdf", "Image/TIFF; q=1");
        for (form, media_type) in [
            (untold, "application/pdf"),
            (raw, "application/pdf"),
            (told, "image/tiff"),
        ] {
            let file = read_text(TYPE, format!("{form}--b0--\r\n"))
                .await
                .expect("a form");
            assert_eq!(file.media_type, media_type);
        }
        assert_eq!(media_type_of(b"\xFF\xD8\xFF\xE0"), "image/jpeg");
        assert_eq!(media_type_of(b"\x89PNG\r\n\x1A\n..."), "image/png");
        assert_eq!(media_type_of(b"<html>"), RAW_MEDIA);
        assert_eq!(media_type_of(b""), RAW_MEDIA);
    }

    /// The one name of the part is a constant here; the documents say it for each upload.
    #[test]
    fn every_upload_of_the_documents_has_the_one_part() {
        let document: serde_json::Value =
            serde_json::from_str(include_str!("../../assets/payments.json")).expect("JSON");
        let mut uploads = 0;
        let operations = document["paths"]
            .as_object()
            .expect("paths")
            .values()
            .filter_map(serde_json::Value::as_object)
            .flat_map(|path| path.values());
        for operation in operations {
            let form = &operation["requestBody"]["content"][FORM_MEDIA]["schema"];
            let Some(name) = form["$ref"].as_str() else {
                continue;
            };
            let schema = document
                .pointer(name.trim_start_matches('#'))
                .expect("a schema");
            let properties = schema["properties"].as_object().expect("properties");
            assert_eq!(properties.keys().collect::<Vec<_>>(), [FILE_PART]);
            uploads += 1;
        }
        assert!(uploads > 0);
    }
}
