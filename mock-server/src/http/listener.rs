//! The listening socket, and the place where a reply is lost.
//!
//! A reply that is "lost after the work" must reach the client as a closed connection with not one byte, and a handler
//! cannot do that: whatever it returns, the HTTP layer writes a status line. So every accepted connection is wrapped
//! ([`CuttableStream`]) and carries a switch ([`CutSwitch`]). The pipeline arms the switch once the work is done; the
//! next write fails, at once or after so many bytes of the body ([`Cut`]), and the HTTP layer drops the connection. For a
//! reset the socket is told first to forget what it has, which makes its end an RST in place of a FIN.
//!
//! Accept errors (too many open files) are logged and waited out; they never end the server.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
    time::Duration,
};

use axum::serve::Listener;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};

/// How long to wait before the next accept when the process is out of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A TCP listener whose connections can be cut.
#[derive(Debug)]
pub(crate) struct CuttableListener(pub(crate) TcpListener);

impl Listener for CuttableListener {
    type Io = CuttableStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (CuttableStream, SocketAddr) {
        loop {
            match self.0.accept().await {
                Ok((stream, peer)) => {
                    // Replies are small and whole; waiting to fill a segment only costs time.
                    let _ = stream.set_nodelay(true);
                    return (CuttableStream::new(stream), peer);
                }
                Err(error) if is_connection_error(&error) => {}
                Err(error) => {
                    tracing::error!(%error, "cannot accept a connection; trying again shortly");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// The peer gave up before we accepted: nothing to report.
fn is_connection_error(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// After the head of the reply and this many bytes of its body.
    InBody(usize),
    /// With nothing more sent.
    Now,
    /// With a TCP reset.
    Reset,
}

/// Cuts one connection before its next written byte, or within the next reply.
#[derive(Clone, Debug, Default)]
pub(crate) struct CutSwitch(Arc<OnceLock<Cut>>);

impl CutSwitch {
    /// From now on the connection goes towards its end. The first order counts.
    pub(crate) fn cut(&self, cut: Cut) {
        let _ = self.0.set(cut);
    }

    fn ordered(&self) -> Option<Cut> {
        self.0.get().copied()
    }
}

/// What the pipeline knows of the connection that a request came on.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pub(crate) switch: CutSwitch,
}

impl Connection {
    pub(crate) fn of(stream: &CuttableStream) -> Connection {
        Connection {
            switch: stream.switch.clone(),
        }
    }
}

/// A TCP stream that stops writing once its switch is thrown.
#[derive(Debug)]
pub(crate) struct CuttableStream {
    stream: TcpStream,
    switch: CutSwitch,
    reply: CutReply,
}

impl CuttableStream {
    fn new(stream: TcpStream) -> CuttableStream {
        CuttableStream {
            stream,
            switch: CutSwitch::default(),
            reply: CutReply::default(),
        }
    }

    /// Writes what a cut lets through of the bytes, or fails so that the HTTP layer drops the connection.
    fn poll_write_cut(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
        cut: Cut,
    ) -> Poll<io::Result<usize>> {
        let allowed = match cut {
            Cut::InBody(body_bytes) => self.reply.allowed(bytes, body_bytes),
            Cut::Now => 0,
            Cut::Reset => {
                // If the socket refuses, the end is a FIN: the client still gets no reply.
                let _ = self.stream.set_zero_linger();
                0
            }
        };
        if allowed == 0 {
            return Poll::Ready(Err(io::Error::new(
                io::ErrorKind::BrokenPipe,
                "an ordered fault cut the reply",
            )));
        }
        let written = Pin::new(&mut self.stream).poll_write(cx, &bytes[..allowed]);
        if let Poll::Ready(Ok(count)) = written {
            self.reply.wrote(&bytes[..count]);
        }
        written
    }
}

/// How far a reply that is to be cut has been written.
#[derive(Debug, Default)]
struct CutReply {
    /// How many bytes of the empty line that ends a head were written in a row.
    ended: usize,
    body_bytes: usize,
}

/// What ends the head of a reply (RFC 9112, section 2.1).
const HEAD_END: &[u8] = b"\r\n\r\n";

impl CutReply {
    /// How many of the bytes may be written before `body_bytes` of the body are.
    fn allowed(&self, bytes: &[u8], body_bytes: usize) -> usize {
        let head = self.head_bytes(bytes);
        let body = bytes.len() - head;
        head + body.min(body_bytes.saturating_sub(self.body_bytes))
    }

    fn wrote(&mut self, bytes: &[u8]) {
        let head = self.head_bytes(bytes);
        self.ended = matched(self.ended, &bytes[..head]);
        self.body_bytes += bytes.len() - head;
    }

    /// How many of the bytes belong to the head.
    fn head_bytes(&self, bytes: &[u8]) -> usize {
        if self.ended == HEAD_END.len() {
            return 0;
        }
        let mut ended = self.ended;
        for (index, byte) in bytes.iter().enumerate() {
            ended = matched(ended, &[*byte]);
            if ended == HEAD_END.len() {
                return index + 1;
            }
        }
        bytes.len()
    }
}

/// How much of the end of a head has been seen once these bytes are.
fn matched(mut ended: usize, bytes: &[u8]) -> usize {
    for byte in bytes {
        ended = match HEAD_END.get(ended) {
            Some(wanted) if wanted == byte => ended + 1,
            None => ended,
            // A carriage return begins the end anew.
            Some(_) => usize::from(*byte == b'\r'),
        };
    }
    ended
}

impl AsyncRead for CuttableStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for CuttableStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        match this.switch.ordered() {
            None => Pin::new(&mut this.stream).poll_write(cx, bytes),
            Some(cut) => this.poll_write_cut(cx, bytes, cut),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        match this.switch.ordered() {
            None => Pin::new(&mut this.stream).poll_write_vectored(cx, slices),
            Some(cut) => {
                let first = slices.iter().find(|slice| !slice.is_empty());
                this.poll_write_cut(cx, first.map_or(&[], |slice| slice), cut)
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    /// A connection that is to be reset says no goodbye first.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.switch.ordered() == Some(Cut::Reset) {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut this.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: the head and so many bytes of the body pass, however the reply is split into writes.
    #[test]
    fn a_reply_is_cut_in_its_body_wherever_its_writes_end() {
        let reply = b"HTTP/1.1 200 OK\r\na: b\r\r\n\r\n0123456789";
        let head = reply.len() - 10;
        for size in 1..=reply.len() {
            let mut state = CutReply::default();
            let mut sent = 0;
            for chunk in reply.chunks(size) {
                let allowed = state.allowed(chunk, 4);
                state.wrote(&chunk[..allowed]);
                sent += allowed;
                if allowed < chunk.len() {
                    break;
                }
            }
            assert_eq!(sent, head + 4, "writes of {size} bytes");
        }
    }
}
