//! The cryptography of TLS, for webhooks to `https` receivers.

/// Chooses it for this process, unless the application has chosen one.
pub(crate) fn choose_cryptography() {
    // An error says that there is one already, and that one is used.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
