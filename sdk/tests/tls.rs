//! Real TLS, for each feature that brings it: a handshake with a server whose root is trusted, and one that is refused.
//!
//! In a binary of its own, which `scripts/features.sh` builds and runs once for each of these features alone and once
//! without any. What is tested depends on the features, so each set has its own tests below.

#![cfg(feature = "payments")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on shall say where"
)]

use std::time::Duration;

use async_trait::async_trait;
use layer2_sdk::Client;
use layer2_sdk::ClientBuilder;
use layer2_sdk::Environment;
use layer2_sdk::transport::HttpReply;
use layer2_sdk::transport::HttpRequest;
use layer2_sdk::transport::HttpTransport;
use layer2_sdk::transport::TransportError;

fn at(base: &str, token_url: &str) -> ClientBuilder {
    Client::builder()
        .environment(Environment::custom(base, token_url))
        .credentials("client-1", "secret")
}

/// A transport of the application, which needs nothing of ours.
#[derive(Debug)]
struct Own;

#[async_trait]
impl HttpTransport for Own {
    async fn execute(&self, _: HttpRequest, _: Duration) -> Result<HttpReply, TransportError> {
        Err(TransportError::NotSent("it sends nothing".into()))
    }
}

#[cfg(not(any(
    feature = "rustls",
    feature = "rustls-no-provider",
    feature = "native-tls"
)))]
mod without_tls {
    use layer2_sdk::ErrorKind;

    use super::Own;
    use super::at;

    const HTTPS: &str = "https://a.example/api";
    const LOCAL: &str = "http://localhost/api";

    #[test]
    fn an_https_address_is_refused_unless_the_transport_is_the_applications() {
        for (base, token_url) in [(HTTPS, HTTPS), (HTTPS, LOCAL), (LOCAL, HTTPS)] {
            let error = at(base, token_url).build().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            let text = error.to_string();
            assert!(text.contains("enable the feature `rustls`"), "{text}");
            at(base, token_url).transport(Own).build().unwrap();
        }
        at(LOCAL, LOCAL).build().unwrap();
    }
}

/// One test, since the provider is one for the whole process: what holds before it is there, and what holds after.
#[cfg(all(
    feature = "rustls-no-provider",
    not(any(feature = "rustls", feature = "native-tls"))
))]
#[tokio::test]
async fn without_a_provider_a_client_is_refused_and_with_one_it_speaks_tls() {
    for base in ["https://localhost/api", "http://localhost/api"] {
        let error = at(base, base).build().unwrap_err();
        assert_eq!(error.kind(), layer2_sdk::ErrorKind::Config);
        let text = error.to_string();
        assert!(text.contains("install_default"), "{text}");
        at(base, base).transport(Own).build().unwrap();
    }
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    provider.install_default().unwrap();
    handshake::one_root_is_trusted().await;
    handshake::an_unknown_root_is_refused().await;
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
#[tokio::test]
async fn a_call_reaches_a_server_whose_root_is_trusted() {
    // What an own transport needs is its own matter, with every set of features.
    at("https://localhost/api", "https://localhost/token")
        .transport(Own)
        .build()
        .unwrap();
    handshake::one_root_is_trusted().await;
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
#[tokio::test]
async fn a_server_whose_root_is_unknown_is_told_nothing() {
    handshake::an_unknown_root_is_refused().await;
}

#[cfg(any(
    feature = "rustls",
    feature = "rustls-no-provider",
    feature = "native-tls"
))]
mod handshake {
    use std::error::Error as _;

    use layer2_sdk::ErrorKind;
    use layer2_sdk::Outcome;
    use layer2_sdk::RetryPolicy;
    use layer2_sdk::payments::TransferId;
    use layer2_sdk::transport::ReqwestTransport;
    use reqwest::Certificate;

    use super::at;
    use super::server::Server;

    const ROOT: &[u8] = include_bytes!("data/tls/root.pem");

    pub(super) async fn one_root_is_trusted() {
        let server = Server::with_tls();
        let root = Certificate::from_pem(ROOT).unwrap();
        let http = reqwest::Client::builder()
            .tls_certs_only([root])
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .build()
            .unwrap();
        let client = at(&server.url("/api"), &server.url("/token"))
            .transport(ReqwestTransport::new(http))
            .build()
            .unwrap();
        let id = TransferId::new("T-1").unwrap();
        let reply = client.transfers().get(&id).await.unwrap();
        assert_eq!(reply.id, id);
        let lines = ["POST /token HTTP/1.1", "GET /api/v1/transfers/T-1 HTTP/1.1"];
        assert_eq!(server.requests(), lines);
    }

    pub(super) async fn an_unknown_root_is_refused() {
        let (server, tokens) = (Server::with_tls(), Server::plain());
        let client = at(&server.url("/api"), &tokens.url("/token"))
            .retry(RetryPolicy::never())
            .build()
            .unwrap();
        let id = TransferId::new("T-1").unwrap();
        let error = client.transfers().get(&id).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.outcome()),
            (ErrorKind::Connect, Outcome::NotSent)
        );
        let mut causes = Vec::new();
        let mut next = error.source();
        while let Some(cause) = next {
            causes.push(cause.to_string().to_lowercase());
            next = cause.source();
        }
        let names_it = causes.iter().any(|cause| cause.contains("certificate"));
        assert!(names_it, "{causes:?}");
        assert_eq!(tokens.requests().len(), 1);
        assert!(server.requests().is_empty());
    }
}

/// A server on threads, with and without TLS. It answers one request per connection.
#[cfg(any(
    feature = "rustls",
    feature = "rustls-no-provider",
    feature = "native-tls"
))]
mod server {
    use std::io;
    use std::io::Read;
    use std::io::Write;
    use std::net::SocketAddr;
    use std::net::TcpListener;
    use std::net::TcpStream;
    use std::sync::Arc;
    use std::sync::Mutex;

    use rustls::ServerConfig;
    use rustls::ServerConnection;
    use rustls::StreamOwned;
    use rustls::crypto::aws_lc_rs;
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::PrivateKeyDer;
    use rustls::pki_types::pem::PemObject as _;

    const CERTIFICATE: &[u8] = include_bytes!("data/tls/server.pem");
    const KEY: &[u8] = include_bytes!("data/tls/server.key");

    const TOKEN: &str = r#"{"access_token":"t","token_type":"Bearer","expires_in":900}"#;
    const TRANSFER: &str = r#"{"data":{"id":"T-1","status":"EXECUTED"}}"#;

    pub(super) struct Server {
        scheme: &'static str,
        address: SocketAddr,
        requests: Arc<Mutex<Vec<String>>>,
    }

    impl Server {
        pub(super) fn with_tls() -> Self {
            let certificate = CertificateDer::from_pem_slice(CERTIFICATE).unwrap();
            let key = PrivateKeyDer::from_pem_slice(KEY).unwrap();
            // The provider is named, not installed: the client shall find none that a test has not given it.
            let config = ServerConfig::builder_with_provider(aws_lc_rs::default_provider().into())
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(vec![certificate], key)
                .unwrap();
            Self::start(Some(Arc::new(config)))
        }

        pub(super) fn plain() -> Self {
            Self::start(None)
        }

        fn start(tls: Option<Arc<ServerConfig>>) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let server = Self {
                scheme: if tls.is_some() { "https" } else { "http" },
                address: listener.local_addr().unwrap(),
                requests: Arc::default(),
            };
            let seen = Arc::clone(&server.requests);
            // Ends with the process.
            std::thread::spawn(move || {
                for stream in listener.incoming() {
                    // A client that trusts nobody hangs up in the handshake, which is no fault of the server.
                    let _ = serve(stream.unwrap(), tls.as_ref(), &seen);
                }
            });
            server
        }

        pub(super) fn url(&self, path: &str) -> String {
            format!("{}://localhost:{}{path}", self.scheme, self.address.port())
        }

        /// The first lines of the requests that were read.
        pub(super) fn requests(&self) -> Vec<String> {
            self.requests.lock().unwrap().clone()
        }
    }

    fn serve(
        stream: TcpStream,
        tls: Option<&Arc<ServerConfig>>,
        seen: &Mutex<Vec<String>>,
    ) -> io::Result<()> {
        let Some(config) = tls else {
            return answer(stream, seen).map(drop);
        };
        let connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
        let mut stream = answer(StreamOwned::new(connection, stream), seen)?;
        stream.conn.send_close_notify();
        stream.flush()
    }

    /// Reads a request, which has no body here, and answers it.
    fn answer<S: Read + Write>(mut stream: S, seen: &Mutex<Vec<String>>) -> io::Result<S> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&head);
        let line = head.lines().next().unwrap_or_default();
        // The token endpoint is asked with a query; what it holds is not looked at.
        let line = line.split('?').next().unwrap_or_default();
        let line = format!("{} HTTP/1.1", line.trim_end_matches(" HTTP/1.1"));
        let body = if line.contains("/token") {
            TOKEN
        } else {
            TRANSFER
        };
        seen.lock().unwrap().push(line);
        write!(
            stream,
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        )?;
        stream.flush()?;
        Ok(stream)
    }
}
