//! Signs the accept of every transfer whose id stands on a line of the standard input, for a load generator that cannot.
//!
//! Prints a line each: id, Unix seconds, signature in hex. The signatures are good for 300 seconds.
//!
//! usage: `sign-accepts <private key, 64 hex digits>`

use std::io::{self, BufRead as _, BufWriter, Write as _};

use ed25519_dalek::{Signer as _, SigningKey};
use layer2_types::signing_string;

fn main() -> io::Result<()> {
    let text = std::env::args()
        .nth(1)
        .ok_or_else(|| io::Error::other("usage: sign-accepts <private key, 64 hex digits>"))?;
    let mut seed = [0; 32];
    hex::decode_to_slice(text, &mut seed).map_err(io::Error::other)?;
    let key = SigningKey::from_bytes(&seed);
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_err(io::Error::other)?
        .as_secs();
    let seconds = i64::try_from(now).map_err(io::Error::other)?;
    let mut out = BufWriter::new(io::stdout().lock());
    for id in io::stdin().lock().lines() {
        let id = id?;
        let message = signing_string(
            seconds,
            "POST",
            &format!("/api/v1/transfers/{id}/accept"),
            b"",
        );
        let signature = hex::encode(key.sign(&message).to_bytes());
        writeln!(out, "{id} {seconds} {signature}")?;
    }
    out.flush()
}
