//! Files on their way in and out: the one file of an upload, and the bytes of a download.
//!
//! An upload is a form, or the bytes alone with their name in `Content-Disposition`. Either way the state machine gets
//! the same description of it, so that a repeat with the same key is the same request however it is framed.

use std::convert::Infallible;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderName, HeaderValue, Response, header, request::Parts};
use layer2_world::{Content, Download, Reply, rejection::Problem};

use super::Exchange;
use crate::{
    api::refuse_with,
    blobs::{BlobId, Full},
    errors::{Failure, Refusal, sentence},
    http::{
        disposition,
        form::{self, FILE_PART, FORM_MEDIA, FormError, SentFile},
    },
    sandbox::{Broken, Sandbox},
};

/// What an upload is to be, for refusals.
pub(super) const FORM_HINT: &str =
    "Send one part named `file` with its file name: `curl -F file=@passport.pdf` does it.";

/// A file that a reply gives.
pub(crate) struct OpenFile {
    name: String,
    pub(super) media_type: String,
    /// Its bytes, in order.
    parts: Vec<Bytes>,
}

impl OpenFile {
    /// A file of bytes that are of no known type.
    pub(crate) fn of_parts(name: String, parts: Vec<Bytes>) -> OpenFile {
        OpenFile {
            name,
            media_type: form::RAW_MEDIA.to_owned(),
            parts,
        }
    }

    /// Opens the file that the reply of a download names; none if the reply names no file that is here.
    pub(super) async fn of(reply: &Reply, sandbox: &Sandbox) -> Result<Option<OpenFile>, Broken> {
        let Ok(download) = serde_json::from_str::<Download>(&reply.body) else {
            return Ok(None);
        };
        let bytes = match download.content {
            Content::Blob { sha256 } => match BlobId::parse(&sha256) {
                Some(id) => sandbox.file(id).await?,
                None => None,
            },
            Content::Text { text } => Some(Bytes::from(text)),
        };
        Ok(bytes.map(|bytes| OpenFile {
            name: download.file_name,
            media_type: download.media_type,
            parts: vec![bytes],
        }))
    }

    /// Gives a reply its bytes and headers. A browser is told to save it, and not to guess another type: it came from
    /// whoever uploaded it.
    pub(super) fn send(self, response: &mut Response<Body>) {
        let length: usize = self.parts.iter().map(Bytes::len).sum();
        *response.body_mut() = match <[Bytes; 1]>::try_from(self.parts) {
            Ok([bytes]) => Body::from(bytes),
            Err(parts) => {
                let parts = parts.into_iter().map(Ok::<_, Infallible>);
                Body::from_stream(stream::iter(parts))
            }
        };
        let headers = response.headers_mut();
        // Without it a client could not tell a file that breaks off from a whole one.
        headers.insert(header::CONTENT_LENGTH, length.into());
        let media_type = HeaderValue::from_str(&self.media_type)
            .unwrap_or(HeaderValue::from_static(form::RAW_MEDIA));
        headers.insert(header::CONTENT_TYPE, media_type);
        headers.insert(
            header::CONTENT_DISPOSITION,
            disposition::attachment(&self.name),
        );
        headers.insert(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        );
    }
}

impl Exchange {
    /// The file of an upload that was sent as `media`, one of the types that its operation reads.
    pub(super) async fn read_file(
        &self,
        media: &str,
        parts: &Parts,
        bytes: &Bytes,
    ) -> Result<SentFile, Failure> {
        if media != FORM_MEDIA {
            return self.raw_file(parts, bytes);
        }
        let content_type = header_text(parts, &header::CONTENT_TYPE);
        form::read(content_type, bytes.clone())
            .await
            .map_err(|error| self.no_upload(&error))
    }

    /// Bytes alone: the name stands in `Content-Disposition`, or is made of the id under which they are put.
    fn raw_file(&self, parts: &Parts, bytes: &Bytes) -> Result<SentFile, Failure> {
        let media_type = form::media_type_of(bytes);
        let sent = parts
            .headers
            .get(header::CONTENT_DISPOSITION)
            .and_then(disposition::file_name);
        let name = match sent {
            Some(sent) => disposition::plain_name(&sent)
                .ok_or_else(|| self.no_upload(&FormError::BadFileName))?,
            None => self.made_name(media_type),
        };
        Ok(SentFile {
            name,
            media_type: media_type.to_owned(),
            bytes: bytes.clone(),
        })
    }

    fn made_name(&self, media_type: &str) -> String {
        let extension = match media_type {
            "application/pdf" => "pdf",
            "image/jpeg" => "jpg",
            "image/png" => "png",
            _ => "bin",
        };
        let id = self.path.last().map(|(_, id)| id.as_str());
        let stem = id.and_then(disposition::plain_name);
        format!("{}.{extension}", stem.as_deref().unwrap_or("file"))
    }

    fn no_upload(&self, error: &FormError) -> Failure {
        let framing = matches!(
            error,
            FormError::NoBoundary
                | FormError::OtherBoundary
                | FormError::PartHeaders
                | FormError::CutShort
        );
        let refusal = if framing {
            Refusal::Validation
        } else {
            Refusal::FileRefused
        };
        refuse_with(self.surface.profile(), refusal, |code| {
            let problem = Problem::new(code, sentence(&error.to_string()));
            match error {
                FormError::NoBoundary => problem
                    .at("content-type")
                    .expected("multipart/form-data; boundary=…")
                    .hint("Let your HTTP library set the content type of a form: it knows the boundary."),
                FormError::OtherBoundary | FormError::PartHeaders | FormError::CutShort => problem
                    .at("")
                    .expected("parts between lines of the boundary, and the boundary with `--` behind it at the end")
                    .hint(FORM_HINT),
                FormError::OtherPart { name } => problem
                    .at(format!("/{}", pointer_token(name)))
                    .received(name)
                    .expected(FILE_PART)
                    .hint(FORM_HINT),
                FormError::BadFileName => problem
                    .at(format!("/{FILE_PART}"))
                    .expected("a name of 1 to 255 characters, without control characters")
                    .hint(FORM_HINT),
                FormError::NoFile | FormError::SecondFile | FormError::NoFileName => problem
                    .at(format!("/{FILE_PART}"))
                    .expected("one part with a file name")
                    .hint(FORM_HINT),
            }
        })
    }

    /// The sandbox holds as many bytes of files as it may.
    pub(super) fn no_room(&self, full: Full) -> Failure {
        refuse_with(self.surface.profile(), Refusal::BodyTooLarge, |code| {
            Problem::new(code, "The sandbox has no room for this file.")
                .at(format!("/{FILE_PART}"))
                .expected(format!("at most {} bytes in all files of a sandbox", full.capacity))
                .hint("Reset the sandbox, or use another one: accepted files stay as long as their sandbox.")
        })
    }
}

fn header_text<'p>(parts: &'p Parts, name: &HeaderName) -> &'p str {
    let value = parts.headers.get(name);
    value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// A name as a token of a JSON pointer, of a length that a refusal can bear.
fn pointer_token(name: &str) -> String {
    let name: String = name.chars().take(100).collect();
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use axum::body::HttpBody;
    use http_body_util::BodyExt as _;

    use super::*;
    use crate::clocks::ClockMode;

    fn reply(content: Content) -> Reply {
        let download = Download {
            file_name: "é\".pdf".to_owned(),
            media_type: "application/pdf".to_owned(),
            content,
        };
        Reply {
            status: 200,
            body: serde_json::to_string(&download).expect("JSON"),
        }
    }

    #[tokio::test]
    async fn a_file_in_parts_is_sent_with_its_length() {
        let parts = ["ab", "", "c"].map(|part| Bytes::from_static(part.as_bytes()));
        let mut response = Response::new(Body::empty());
        OpenFile::of_parts("a.layer2".to_owned(), parts.into()).send(&mut response);
        assert_eq!(response.headers()["content-length"], "3");
        assert_eq!(response.headers()["content-type"], form::RAW_MEDIA);
        let body = response.into_body().collect().await.expect("bytes");
        assert_eq!(body.to_bytes(), "abc");
    }

    #[tokio::test]
    async fn a_download_becomes_bytes_that_a_browser_saves() {
        let sandbox = Sandbox::in_memory(ClockMode::Manual).await;
        let blobs = &sandbox.blobs;
        let id = BlobId::of(b"%PDF");
        blobs
            .put(id, Bytes::from_static(b"%PDF"))
            .expect("room")
            .keep()
            .expect("here");
        let named = reply(Content::Blob {
            sha256: id.to_string(),
        });
        let mut response = Response::new(Body::empty());
        let file = OpenFile::of(&named, &sandbox).await.expect("sound");
        let file = file.expect("it is here");
        assert_eq!(file.parts, ["%PDF"]);
        file.send(&mut response);
        let header = |name: &str| response.headers()[name].to_str().expect("text");
        assert_eq!(header("content-type"), "application/pdf");
        assert_eq!(
            header("content-disposition"),
            "attachment; filename=\"__.pdf\"; filename*=UTF-8''%C3%A9%22.pdf"
        );
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("content-length"), "4");
        // An ordered fault cuts by it.
        assert_eq!(HttpBody::size_hint(response.body()).exact(), Some(4));

        blobs.clear();
        let gone = OpenFile::of(&named, &sandbox).await.expect("sound");
        assert!(gone.is_none());
        let written = reply(Content::Text {
            text: "paid".to_owned(),
        });
        let written = OpenFile::of(&written, &sandbox).await.expect("sound");
        assert_eq!(
            written.map(|file| file.parts),
            Some(vec![Bytes::from_static(b"paid")])
        );
    }
}
