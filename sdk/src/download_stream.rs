//! A file on its way from the platform, for those who do not want it in memory.
//!
//! Until the head of the reply is there it is a call like any other, with its retries. After that the bytes belong to
//! the caller as they come, so nothing is repeated any more: a body that breaks off is an error, and the file is asked
//! for again by a new call. The time limit of an attempt is then that of each silence, not of the whole file.
//!
//! A file that is longer than the limit is refused before it is read if the platform says its length, else at the byte
//! that is too many.

use std::fmt;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
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

    /// Writes the file to a path of your choice, whole or not at all: the bytes go to a new file beside it, whose name ends
    /// in `.part`, which takes the place of what is there when it is complete. The platform has no say in the path.
    ///
    /// Two downloads to one path do not disturb each other: the one that ends last stays. The file beside it is removed
    /// if something fails or the future is dropped.
    ///
    /// # Errors
    /// As [`write_to`](Self::write_to).
    pub async fn save_to(self, path: impl AsRef<Path>) -> Result<PathBuf, Error> {
        let path = path.as_ref().to_owned();
        let (status, record, operation) = (self.status, Arc::clone(&self.record), self.operation);
        let unwritable = |cause| record.complete(file_error(status).with_source(cause), operation);
        let (part, file) = Part::beside(&path).await.map_err(unwritable)?;
        self.write_to(file).await?;
        part.rename(&path).await.map_err(unwritable)?;
        Ok(path)
    }

    fn unwritable(&self, cause: io::Error) -> Error {
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

/// A file that is not whole yet, gone with its owner unless it is renamed.
struct Part(PathBuf);

/// Most names that are tried for one file, should others be taken by what a process with our id has left.
const NAMES_MAX: u32 = 100;

impl Part {
    /// Makes a new file beside `path`; one that is there, or a link, is never written to.
    async fn beside(path: &Path) -> io::Result<(Self, tokio::fs::File)> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        for _ in 0..NAMES_MAX {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let mut name = path.as_os_str().to_owned();
            name.push(format!(".{}-{count}.part", std::process::id()));
            let mut options = tokio::fs::OpenOptions::new();
            match options.write(true).create_new(true).open(&name).await {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => return made.map(|file| (Self(name.into()), file)),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    async fn rename(mut self, path: &Path) -> io::Result<()> {
        tokio::fs::rename(&self.0, path).await?;
        self.0 = PathBuf::new();
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.0.as_os_str().is_empty() {
            // What went wrong before is the error that matters.
            let _ = std::fs::remove_file(&self.0);
        }
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

#[cfg(test)]
mod tests {
    use futures_util::StreamExt as _;
    use futures_util::poll;
    use futures_util::stream;
    use layer2_types::payments::OperationId;

    use super::*;

    #[tokio::test]
    async fn a_download_that_is_dropped_leaves_nothing_behind() {
        let folder =
            std::env::temp_dir().join(format!("layer2-sdk-dropped-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let count = || std::fs::read_dir(&folder).unwrap().count();
        let first = stream::iter([Ok(Bytes::from_static(b"half of a passport"))]);
        let file = DownloadStream::new(
            StatusCode::OK,
            &HeaderMap::new(),
            first.chain(stream::pending()).boxed(),
            Arc::default(),
            OperationId::DocumentsDownload.operation(),
        );
        let mut saving = Box::pin(file.save_to(folder.join("a.pdf")));
        while count() == 0 {
            assert!(poll!(saving.as_mut()).is_pending());
            tokio::task::yield_now().await;
        }
        // Until the name is known here, it is of nobody; one more step and it is.
        for _ in 0..1_000 {
            assert!(poll!(saving.as_mut()).is_pending());
            tokio::task::yield_now().await;
        }
        drop(saving);
        assert_eq!(count(), 0);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
