//! A file on its way from the platform, for those who do not want it in memory.
//!
//! Until the head of the reply is there it is a call like any other, with its retries. After that the bytes belong to
//! the caller as they come, so nothing is repeated any more: a body that breaks off is an error, and the file is asked
//! for again by a new call. The time limit of an attempt is then that of each silence, not of the whole file.
//!
//! A file that is longer than the limit is refused before it is read if the platform says its length, else at the byte
//! that is too many.

use std::fmt;
use std::path::Path;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;
use std::task::Poll;
use std::task::ready;

use bytes::Bytes;
use bytes::BytesMut;
use futures_core::Stream;
use futures_util::TryStreamExt as _;
use http::HeaderMap;
use http::StatusCode;
use http::header::CONTENT_LENGTH;
use layer2_types::operation::Operation;
use tokio::io::AsyncWrite;
use tokio::io::AsyncWriteExt as _;

use crate::call::CallRecord;
use crate::download::Download;
use crate::error::Error;
use crate::error::ErrorKind;
use crate::error::Outcome;
use crate::transport::Chunks;

/// A file as it comes from the platform: a stream of its bytes, and what the headers say of it.
///
/// ```no_run
/// # async fn run(client: layer2_sdk::Client, id: layer2_sdk::payments::DocumentId) -> Result<(), layer2_sdk::Error> {
/// let file = client.documents().download_stream(&id).await?.into_inner();
/// file.with_limit(5_000_000).save_to("passport.pdf").await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "the bytes come when they are asked for"]
pub struct DownloadStream {
    head: Download,
    length: Option<u64>,
    limit: u64,
    received: u64,
    ended: bool,
    body: Chunks,
    status: StatusCode,
    record: Arc<CallRecord>,
    operation: &'static Operation,
}

impl DownloadStream {
    /// The most bytes that a file may have unless [`with_limit`](Self::with_limit) says otherwise: 64 MiB.
    pub const DEFAULT_LIMIT: u64 = 64 * 1024 * 1024;

    pub(crate) fn new(
        status: StatusCode,
        headers: &HeaderMap,
        body: Chunks,
        record: Arc<CallRecord>,
        operation: &'static Operation,
    ) -> Self {
        let length = headers
            .get(CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse().ok());
        Self {
            head: Download::new(headers, Bytes::new()),
            length,
            limit: Self::DEFAULT_LIMIT,
            received: 0,
            ended: false,
            body,
            status,
            record,
            operation,
        }
    }

    /// Sets the most bytes that are taken.
    pub fn with_limit(mut self, bytes: u64) -> Self {
        self.limit = bytes;
        self
    }

    /// The name that the platform gives the file: its last part alone, never a path.
    pub fn file_name(&self) -> Option<&str> {
        self.head.file_name()
    }

    /// The media type, as sent.
    pub fn media_type(&self) -> Option<&str> {
        self.head.media_type()
    }

    /// How many bytes the platform says the file has.
    pub fn content_length(&self) -> Option<u64> {
        self.length
    }

    /// All bytes.
    ///
    /// # Errors
    /// [`ErrorKind::ReplyCut`] if the file is longer than the limit or breaks off.
    pub async fn bytes(mut self) -> Result<Bytes, Error> {
        let mut bytes = BytesMut::new();
        while let Some(chunk) = self.try_next().await? {
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.freeze())
    }

    /// Writes the bytes as they come, and gives their number. What was written before an error stays.
    ///
    /// # Errors
    /// [`ErrorKind::ReplyCut`] as for [`bytes`](Self::bytes), [`ErrorKind::File`] if the writer fails.
    pub async fn write_to(mut self, mut writer: impl AsyncWrite + Unpin) -> Result<u64, Error> {
        while let Some(chunk) = self.try_next().await? {
            let written = writer.write_all(&chunk).await;
            written.map_err(|cause| self.unwritable(cause))?;
        }
        let flushed = writer.flush().await;
        flushed.map_err(|cause| self.unwritable(cause))?;
        Ok(self.received)
    }

    /// Writes the file to a path of your choice, whole or not at all: the bytes go to a neighbour of it with `.part`
    /// behind its name, which takes the place of what is there when it is complete. The platform has no say in the path.
    ///
    /// # Errors
    /// As [`write_to`](Self::write_to). The neighbour is removed.
    pub async fn save_to(self, path: impl AsRef<Path>) -> Result<PathBuf, Error> {
        let path = path.as_ref().to_owned();
        let mut part = path.clone().into_os_string();
        part.push(".part");
        let (status, record, operation) = (self.status, Arc::clone(&self.record), self.operation);
        let unwritable = |cause| record.complete(file_error(status).with_source(cause), operation);
        let file = tokio::fs::File::create(&part).await.map_err(unwritable)?;
        let saved = match self.write_to(file).await {
            Ok(_) => tokio::fs::rename(&part, &path).await.map_err(unwritable),
            Err(error) => Err(error),
        };
        if saved.is_err() {
            // The first error is the one that matters.
            let _ = tokio::fs::remove_file(&part).await;
        }
        saved.map(|()| path)
    }

    fn unwritable(&self, cause: std::io::Error) -> Error {
        self.complete(file_error(self.status).with_source(cause))
    }

    fn too_long(&self, length: u64) -> Error {
        let said = format!(
            "the file has {length} bytes or more, the limit is {}: allow more with `with_limit`",
            self.limit
        );
        self.complete(self.cut(said))
    }

    fn cut(&self, said: impl Into<String>) -> Error {
        Error::new(ErrorKind::ReplyCut, Outcome::Done, said).with_reply(self.status, Bytes::new())
    }

    fn complete(&self, error: Error) -> Error {
        self.record.complete(error, self.operation)
    }
}

fn file_error(status: StatusCode) -> Error {
    Error::new(
        ErrorKind::File,
        Outcome::Done,
        "the file came and could not be written",
    )
    .with_reply(status, Bytes::new())
}

/// The bytes, chunk by chunk. Ends after the first error.
impl Stream for DownloadStream {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        if let Some(length) = self.length.filter(|length| *length > self.limit) {
            self.ended = true;
            return Poll::Ready(Some(Err(self.too_long(length))));
        }
        let next = match ready!(self.body.as_mut().poll_next(cx)) {
            None => None,
            Some(Err(cause)) => {
                let error = self.cut("the file broke off").with_retryable(true);
                Some(Err(self.complete(error.with_any_source(Some(cause)))))
            }
            Some(Ok(chunk)) => {
                let length = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
                self.received = self.received.saturating_add(length);
                if self.received > self.limit {
                    Some(Err(self.too_long(self.received)))
                } else {
                    Some(Ok(chunk))
                }
            }
        };
        self.ended = !matches!(next, Some(Ok(_)));
        Poll::Ready(next)
    }
}

/// Neither the name nor the bytes: both are personal.
impl fmt::Debug for DownloadStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DownloadStream")
            .field("media_type", &self.media_type())
            .field("content_length", &self.length)
            .field("received", &self.received)
            .finish_non_exhaustive()
    }
}
