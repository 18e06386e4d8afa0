//! Requests over a bare socket, for replies that a client library would not show as they are.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
};

use layer2_mock::SandboxServer;

/// Sends a request and gives all bytes that come back, and how the connection ended.
pub(crate) fn exchange(
    server: &SandboxServer,
    request: &reqwest::Request,
) -> (Vec<u8>, io::Result<()>) {
    let mut socket = write(server, request);
    let mut bytes = Vec::new();
    let end = socket.read_to_end(&mut bytes).map(|_| ());
    (bytes, end)
}

/// Sends a request and leaves the connection open.
pub(crate) fn write(server: &SandboxServer, request: &reqwest::Request) -> TcpStream {
    write_but(server, request, 0)
}

/// Sends a request but for its last bytes, and leaves the connection open.
pub(crate) fn write_but(
    server: &SandboxServer,
    request: &reqwest::Request,
    missing: usize,
) -> TcpStream {
    let address = server
        .url()
        .strip_prefix("http://")
        .expect("http")
        .to_owned();
    let body = request
        .body()
        .and_then(reqwest::Body::as_bytes)
        .unwrap_or_default();
    let mut text = format!(
        "{} {} HTTP/1.1\r\nhost: {address}\r\n",
        request.method(),
        request.url().path()
    );
    for (name, value) in request.headers() {
        text.push_str(&format!("{name}: {}\r\n", value.to_str().expect("ascii")));
    }
    text.push_str(&format!(
        "content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    ));
    // In one piece: of a client that goes away before its body is read, nothing was asked.
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(body);
    let mut socket = TcpStream::connect(address).expect("connect");
    bytes.truncate(bytes.len() - missing);
    socket.write_all(&bytes).expect("request");
    socket
}
