//! The body of a request: bytes in one piece, or a form around a file.
//!
//! A form is kept in its pieces, so that the bytes of a file are held once: by the upload, by every attempt, and by the
//! transport while it writes them. Clones share the bytes.

use std::borrow::Cow;
use std::convert::Infallible;
use std::pin::Pin;
use std::slice;
use std::task::Context;
use std::task::Poll;
use std::vec;

use bytes::Bytes;
use http_body::Frame;
use http_body::SizeHint;

/// What a request carries; without a body it is empty.
#[derive(Clone)]
pub(crate) enum Body {
    /// One piece.
    Whole(Bytes),
    /// A form with a file: what stands before the file, the file, what stands behind it.
    #[cfg_attr(
        not(any(feature = "payments", feature = "control")),
        allow(dead_code, reason = "the other APIs take no files")
    )]
    Form(Box<[Bytes; 3]>),
}

impl Body {
    pub(crate) const EMPTY: Self = Self::Whole(Bytes::new());

    /// Its pieces, in order.
    pub(crate) fn pieces(&self) -> slice::Iter<'_, Bytes> {
        match self {
            Self::Whole(bytes) => slice::from_ref(bytes).iter(),
            Self::Form(pieces) => pieces.iter(),
        }
    }

    /// All bytes in one piece, which is a copy where there are several.
    pub(crate) fn bytes(&self) -> Cow<'_, [u8]> {
        match self {
            Self::Whole(bytes) => Cow::Borrowed(bytes),
            Self::Form(pieces) => Cow::Owned(pieces.concat()),
        }
    }

    /// As [`bytes`](Self::bytes), for somebody who keeps them.
    pub(crate) fn into_bytes(self) -> Bytes {
        match self {
            Self::Whole(bytes) => bytes,
            Self::Form(pieces) => pieces.concat().into(),
        }
    }

    /// The same for reqwest, which is told the length of a form and is given its pieces as they are.
    pub(crate) fn into_reqwest(self) -> reqwest::Body {
        match self {
            Self::Whole(bytes) => bytes.into(),
            Self::Form(pieces) => reqwest::Body::wrap(Pieces(Vec::from(*pieces).into_iter())),
        }
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Whole(bytes.into())
    }
}

/// Pieces that are still to be written.
struct Pieces(vec::IntoIter<Bytes>);

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.next().map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_slice().is_empty()
    }

    /// Exact, so that the request says how long it is.
    fn size_hint(&self) -> SizeHint {
        let lengths = self.0.as_slice().iter().map(Bytes::len);
        let length = lengths.map(|length| u64::try_from(length).unwrap_or(u64::MAX));
        SizeHint::with_exact(length.fold(0, u64::saturating_add))
    }
}
