//! `sign` and `verify`: signatures without a server, checked as a server would.

use std::{borrow::Cow, fs, iter, path::Path, process::ExitCode};

use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use http::{HeaderMap, HeaderValue};
use layer2_types::signing_string;

use super::{
    args::{RequestArgs, SignArgs, VerifyArgs},
    run::{CommandError, io_error, write_out},
};
use crate::{
    credentials::public_as_private,
    errors::sentence,
    http::{
        headers,
        signature::{SignatureError, SignedRequest, check, doctor},
    },
};

/// PKCS#8 form of an Ed25519 private key, in hex, up to the 32 bytes of its seed.
const PKCS8_PREFIX: &str = "302e020100300506032b657004220420";

/// What is said of a signature that no known mistake explains.
const NO_DIAGNOSIS: &str = "No known mistake explains it: another key signed it, or another text. Compare what was signed with the text above byte by byte.";

pub(super) fn sign(args: &SignArgs) -> Result<ExitCode, CommandError> {
    let key = read_private_key(&args.key_file)?;
    let body = read_body(&args.request)?;
    let timestamp = args
        .timestamp
        .unwrap_or_else(|| jiff::Timestamp::now().as_second());
    let text = signing_string(timestamp, &args.request.method, &args.request.path, &body);
    write_out(&format!(
        "x-timestamp: {timestamp}\nx-signature: {}\n",
        hex::encode(key.sign(&text).to_bytes())
    ))?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn verify(args: &VerifyArgs) -> Result<ExitCode, CommandError> {
    let bytes = from_hex(&args.key, "--key")?;
    let body = read_body(&args.request)?;
    let mut headers = HeaderMap::new();
    headers.insert(headers::SIGNATURE, args.signature.clone());
    headers.insert(headers::TIMESTAMP, HeaderValue::from(args.timestamp));
    let request = SignedRequest {
        headers: &headers,
        method: &args.request.method,
        path_and_query: &args.request.path,
        body: &body,
        shows_body: true,
    };
    // Whether it fits is one question, and whether it is recent another.
    let fits = |key: &VerifyingKey| check(&request, true, key, args.timestamp);
    if fits(&SigningKey::from_bytes(&bytes).verifying_key()).is_ok() {
        write_out(&format!(
            "the signature does not match: --key made it, so one key was taken for both; {WHICH_KEY}\n"
        ))?;
        return Ok(ExitCode::FAILURE);
    }
    let key = VerifyingKey::from_bytes(&bytes).map_err(|_| {
        CommandError::Usage(format!("--key is not an Ed25519 public key; {WHICH_KEY}"))
    })?;
    let Err(error) = fits(&key) else {
        write_out(&format!("the signature is good\n{}", note(args.timestamp)))?;
        return Ok(ExitCode::SUCCESS);
    };
    let keys = doctor::Keys {
        own: key,
        misread: public_as_private(&key),
        others: iter::empty(),
    };
    let diagnosis = doctor::diagnose(&request, keys, &[], args.timestamp);
    write_out(&refused(args, &body, &error, diagnosis))?;
    Ok(ExitCode::FAILURE)
}

/// What a server would say of the timestamp now.
fn note(timestamp: i64) -> String {
    let now = jiff::Timestamp::now().as_second();
    let advice = doctor::of_timestamp(&timestamp.to_string(), now);
    advice.map_or_else(String::new, |advice| {
        format!("a server would refuse it now: {advice}\n")
    })
}

fn refused(
    args: &VerifyArgs,
    body: &[u8],
    error: &SignatureError,
    diagnosis: Option<String>,
) -> String {
    let (what, otherwise) = match error {
        SignatureError::Mismatch { .. } => {
            let request = &args.request;
            let text = signing_string(args.timestamp, &request.method, &request.path, body);
            let text = String::from_utf8_lossy(&text);
            let what = format!("the signature does not match; this was verified:\n{text}");
            (what, NO_DIAGNOSIS)
        }
        other => (sentence(&other.to_string()), ""),
    };
    let advice = diagnosis.map_or(Cow::Borrowed(otherwise), Cow::Owned);
    format!("{}\n", format!("{what}\n{advice}").trim_end())
}

fn read_body(request: &RequestArgs) -> Result<Vec<u8>, CommandError> {
    match &request.body_file {
        Some(path) => fs::read(path).map_err(io_error(format!(
            "cannot read --body-file {}",
            path.display()
        ))),
        None => Ok(request.body.clone().into_bytes()),
    }
}

/// A private key in either of the two forms that are met: 64 hex digits, or PKCS#8 in hex.
fn read_private_key(path: &Path) -> Result<SigningKey, CommandError> {
    let what = format!("--key-file {}", path.display());
    let text = fs::read_to_string(path).map_err(io_error(format!("cannot read {what}")))?;
    let text = text.trim();
    if text.starts_with("-----BEGIN") {
        return Err(CommandError::Usage(format!(
            "{what} holds PEM; `openssl pkey -in KEY.pem -outform DER | xxd -p -c 48` writes it as PKCS#8 in hex"
        )));
    }
    let seed = text.strip_prefix(PKCS8_PREFIX).unwrap_or(text);
    Ok(SigningKey::from_bytes(&from_hex(seed, &what)?))
}

/// Which of the keys of the ready file is for what.
const WHICH_KEY: &str =
    "`payments.signing_key` of the ready file signs, `payments.verify_key` verifies";

/// Reads the bytes of a key; what was given is not repeated, it may be a secret.
fn from_hex(text: &str, what: &str) -> Result<[u8; 32], CommandError> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| {
        CommandError::Usage(format!(
            "{what} does not hold a key of 64 hexadecimal digits; {WHICH_KEY}"
        ))
    })?;
    Ok(bytes)
}
