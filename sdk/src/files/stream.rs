//! A file on its way from the platform, for those who do not want it in memory.
//!
//! Until the head of the reply is there it is a call like any other, with its retries. After that the bytes belong to
//! the caller as they come, so nothing is repeated any more: a body that breaks off is an error, and the file is asked
//! for again by a new call. The time limit of an attempt is then that of each silence, not of the whole file: who wants one
//! for that puts a `tokio::time::timeout` around it, and a file that is not complete is gone with the future.
//!
//! A file that is longer than the limit is refused before it is read if the platform says its length, else at the byte
//! that is too many. One that ends before the length that the platform said has broken off, whatever carried it.

use std::fmt;
use std::path::Path;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::Context;
use std::task::Poll;
use std::task::ready;

use bytes::Bytes;
use bytes::BytesMut;
use futures_core::Stream;
use futures_util::TryStreamExt as _;
use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use tokio::io::AsyncWrite;
use tokio::io::AsyncWriteExt as _;

use crate::error::Error;
use crate::error::ErrorKind;
use crate::error::Outcome;
use crate::files::Download;
use crate::files::download::Origin;
use crate::files::part::Part;
use crate::files::part::on_disk;
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
}

impl DownloadStream {
    /// The most bytes that a file may have unless [`with_limit`](Self::with_limit) says otherwise: 64 MiB.
    pub const DEFAULT_LIMIT: u64 = 64 * 1024 * 1024;

    pub(crate) fn new(headers: &HeaderMap, body: Chunks, origin: Origin) -> Self {
        let length = headers
            .get(CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse().ok());
        Self {
            head: Download::new(headers, Bytes::new(), origin),
            length,
            limit: Self::DEFAULT_LIMIT,
            received: 0,
            ended: false,
            body,
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
            written.map_err(|cause| self.head.origin().unwritable(cause))?;
        }
        let flushed = writer.flush().await;
        flushed.map_err(|cause| self.head.origin().unwritable(cause))?;
        Ok(self.received)
    }

    /// Writes the file to a path of your choice, whole or not at all: the bytes go to a new file beside it, whose name
    /// ends in `.part`, which takes the place of what is there when it is complete. The platform has no say in the
    /// path. On Unix the file is for its owner alone (0600).
    ///
    /// Two downloads to one path do not disturb each other: the one that ends last stays. The file beside it is removed
    /// if something fails or the future is dropped.
    ///
    /// # Errors
    /// As [`write_to`](Self::write_to).
    pub async fn save_to(self, path: impl AsRef<Path>) -> Result<PathBuf, Error> {
        let place = path.as_ref().to_owned();
        let origin = self.head.origin().clone();
        let unwritable = |cause| origin.unwritable(cause);
        let beside = place.clone();
        let part = on_disk(move || {
            let part = Part::beside(&beside)?;
            Ok((part.file().try_clone()?, part))
        });
        let (file, part) = part.await.map_err(unwritable)?;
        self.write_to(tokio::fs::File::from_std(file)).await?;
        let taken = on_disk(move || part.take(&place).map(|()| place));
        taken.await.map_err(unwritable)
    }

    fn too_long(&self, length: u64) -> Error {
        let said = format!(
            "the file has {length} bytes or more, the limit is {}: allow more with `with_limit`",
            self.limit
        );
        self.cut(said)
    }

    fn cut(&self, said: impl Into<String>) -> Error {
        self.complete(Error::new(ErrorKind::ReplyCut, Outcome::Done, said))
    }

    /// The end of the body, or what is missing before it.
    fn end(&self) -> Option<Result<Bytes, Error>> {
        let length = self.length.filter(|length| self.received < *length)?;
        let said = format!(
            "the file broke off: {} of its {length} bytes came",
            self.received
        );
        Some(Err(self.cut(said).with_retryable(true)))
    }

    fn complete(&self, error: Error) -> Error {
        self.head.origin().complete(error)
    }
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
            None => self.end(),
            Some(Err(cause)) => {
                let error = self.cut("the file broke off").with_retryable(true);
                Some(Err(error.with_any_source(Some(cause))))
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

#[cfg(feature = "payments")]
#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;
    use std::sync::atomic::Ordering;

    use futures_util::StreamExt as _;
    use futures_util::poll;
    use futures_util::stream;
    use http::StatusCode;
    use layer2_types::payments::OperationId;
    use tempfile::TempDir;

    use super::*;

    const HALF: Bytes = Bytes::from_static(b"half of a passport");

    fn download(headers: &HeaderMap, body: Chunks) -> DownloadStream {
        let operation = OperationId::DocumentsDownload.operation();
        let origin = Origin::new(StatusCode::OK, Arc::default(), operation);
        DownloadStream::new(headers, body, origin)
    }

    /// A folder, and how many files are in it.
    fn folder() -> (TempDir, impl Fn() -> usize) {
        let folder = tempfile::tempdir().unwrap();
        let counted = folder.path().to_owned();
        (folder, move || std::fs::read_dir(&counted).unwrap().count())
    }

    fn on_one_thread<F: Future>(future: F) -> F::Output {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        // Dropped at the end of the line, which waits for the work on the disk that has begun.
        runtime.unwrap().block_on(future)
    }

    #[test]
    fn a_download_that_is_dropped_at_its_first_step_leaves_nothing_behind() {
        let (folder, count) = folder();
        on_one_thread(async {
            let file = download(&HeaderMap::new(), stream::pending().boxed());
            let mut saving = Box::pin(file.save_to(folder.path().join("a.pdf")));
            assert!(poll!(saving.as_mut()).is_pending());
            // The file is made on another thread; until the future is polled again it is of nobody here.
            while count() == 0 {
                std::thread::yield_now();
            }
        });
        assert_eq!(count(), 0);
    }

    #[test]
    fn a_download_that_is_dropped_half_way_leaves_nothing_behind() {
        let (folder, count) = folder();
        on_one_thread(async {
            let half_way = Arc::new(AtomicBool::new(false));
            let reached = Arc::clone(&half_way);
            let first = stream::iter([Ok(HALF)]);
            let silence = stream::poll_fn(move |_| {
                reached.store(true, Ordering::SeqCst);
                Poll::Pending
            });
            let file = download(&HeaderMap::new(), first.chain(silence).boxed());
            let mut saving = Box::pin(file.save_to(folder.path().join("a.pdf")));
            while !half_way.load(Ordering::SeqCst) {
                assert!(poll!(saving.as_mut()).is_pending());
                tokio::task::yield_now().await;
            }
            assert_eq!(count(), 1);
        });
        assert_eq!(count(), 0);
    }

    #[tokio::test]
    async fn a_file_that_ends_before_its_length_has_broken_off() {
        let (folder, count) = folder();
        for (length, whole) in [("18", true), ("19", false)] {
            let headers = HeaderMap::from_iter([(CONTENT_LENGTH, length.parse().unwrap())]);
            let file = download(&headers, stream::iter([Ok(HALF)]).boxed());
            let saved = file.save_to(folder.path().join(length)).await;
            assert_eq!(saved.is_ok(), whole, "{length}");
            let Err(error) = saved else { continue };
            assert_eq!(error.kind(), ErrorKind::ReplyCut);
            assert!(error.is_retryable(), "a new call may bring all of it");
            assert!(error.to_string().contains("18 of its 19 bytes"), "{error}");
        }
        assert_eq!(count(), 1);
    }
}
