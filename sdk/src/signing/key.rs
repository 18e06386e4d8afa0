//! The private key in memory, and the forms in which it is met.

use std::fmt;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::Signer as _;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::DecodePrivateKey as _;
use zeroize::Zeroizing;

use super::Signer;
use crate::credentials::BoxError;

/// A private key in memory; wiped when dropped, never printed.
pub struct Ed25519Signer {
    key: SigningKey,
}

impl Ed25519Signer {
    /// Takes a private key as text in any form that is understood: 64 hex digits (seed), hex of PKCS#8 DER, PKCS#8 PEM.
    pub fn parse(text: &str) -> Result<Self, InvalidSigningKey> {
        let text = text.trim();
        if text.starts_with("-----BEGIN") {
            return Self::from_pkcs8_pem(text);
        }
        match text.len() {
            64 => Self::from_seed_hex(text),
            _ => Self::from_pkcs8_hex(text),
        }
    }

    /// Takes the 32 bytes that the whole key follows from.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self {
            key: SigningKey::from_bytes(seed),
        }
    }

    /// Takes the seed as 64 hex digits, as PyNaCl prints it.
    pub fn from_seed_hex(text: &str) -> Result<Self, InvalidSigningKey> {
        let bytes = unhex(text.trim())?;
        let seed: &[u8; 32] = bytes
            .as_slice()
            .try_into()
            .map_err(|_| InvalidSigningKey::Form)?;
        Ok(Self::from_seed(seed))
    }

    /// Takes PKCS#8 DER as hex, as Node's `generateKeyPairSync` sample prints it (`302e0201…`).
    pub fn from_pkcs8_hex(text: &str) -> Result<Self, InvalidSigningKey> {
        Self::from_pkcs8_der(&unhex(text.trim())?)
    }

    /// Takes a PEM file with the label `PRIVATE KEY`.
    pub fn from_pkcs8_pem(text: &str) -> Result<Self, InvalidSigningKey> {
        let (label, der) = read_pem(text)?;
        match label {
            "PRIVATE KEY" => Self::from_pkcs8_der(&der),
            "PUBLIC KEY" => Err(InvalidSigningKey::PublicKey),
            _ => Err(InvalidSigningKey::PemLabel(label.to_owned())),
        }
    }

    /// Takes PKCS#8 DER (RFC 8410), with or without the public key in it.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, InvalidSigningKey> {
        if der.starts_with(&SPKI_PREFIX) {
            return Err(InvalidSigningKey::PublicKey);
        }
        let key = SigningKey::from_pkcs8_der(der).map_err(|_| InvalidSigningKey::Form)?;
        Ok(Self { key })
    }

    /// The public half as 64 hex digits, the form in which it is handed to the platform.
    pub fn verify_key_hex(&self) -> String {
        hex::encode(self.key.verifying_key().as_bytes())
    }

    /// Signs without waiting.
    pub fn sign_now(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }
}

#[async_trait]
impl Signer for Ed25519Signer {
    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], BoxError> {
        Ok(self.sign_now(message))
    }
}

/// Names the key by its public half.
impl fmt::Debug for Ed25519Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ed25519Signer")
            .field("verify_key", &self.verify_key_hex())
            .field("key", &"** redacted **")
            .finish()
    }
}

/// Why a text is no private key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSigningKey {
    /// None of the forms that are understood.
    #[error(
        "not an Ed25519 private key: give 64 hex digits (the seed), PKCS#8 DER as hex (starts with 302e0201 or 3051) or a \
         PKCS#8 PEM file"
    )]
    Form,
    /// Not hex where hex was expected.
    #[error(
        "the key is not hex: it has a character other than 0-9 and a-f, or an odd number of them"
    )]
    NotHex,
    /// A PEM file of another kind.
    #[error(
        "a PEM file with the label \"{0}\" is not understood: export the key as PKCS#8 (`openssl pkcs8 -topk8 -nocrypt`), \
         its label is \"PRIVATE KEY\""
    )]
    PemLabel(String),
    /// The public half, in SPKI form.
    #[error(
        "this is the public key (SPKI): it goes to the platform, which checks with it; the client signs with the private \
         key, whose PKCS#8 form starts with 302e0201"
    )]
    PublicKey,
}

/// How SPKI of an Ed25519 public key starts (RFC 8410): `302a300506032b6570032100`.
const SPKI_PREFIX: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

fn unhex(text: &str) -> Result<Zeroizing<Vec<u8>>, InvalidSigningKey> {
    hex::decode(text)
        .map(Zeroizing::new)
        .map_err(|_| InvalidSigningKey::NotHex)
}

/// Label and contents of the first block of a PEM text.
fn read_pem(text: &str) -> Result<(&str, Zeroizing<Vec<u8>>), InvalidSigningKey> {
    let start = text
        .strip_prefix("-----BEGIN ")
        .ok_or(InvalidSigningKey::Form)?;
    let (label, rest) = start.split_once("-----").ok_or(InvalidSigningKey::Form)?;
    let (contents, _) = rest
        .split_once("-----END ")
        .ok_or(InvalidSigningKey::Form)?;
    let contents: Zeroizing<String> = Zeroizing::new(
        contents
            .chars()
            .filter(|character| !character.is_whitespace())
            .collect(),
    );
    let der = BASE64
        .decode(contents.as_bytes())
        .map_err(|_| InvalidSigningKey::Form)?;
    Ok((label, Zeroizing::new(der)))
}

#[cfg(test)]
mod tests {
    use layer2_types::signing_string::signing_string;

    use super::*;

    const SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    const PUBLIC: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    const PKCS8: &str = "302e020100300506032b657004220420";
    const SPKI: &str = "302a300506032b6570032100";

    fn pem(label: &str, der_hex: &str) -> String {
        let contents = BASE64.encode(hex::decode(der_hex).unwrap());
        format!("-----BEGIN {label}-----\n{contents}\n-----END {label}-----\n")
    }

    #[test]
    fn rfc_8032_vectors() {
        // RFC 8032, 7.1, tests 1 to 3: seed, public key, message, signature.
        let vectors = [
            (
                SEED,
                PUBLIC,
                "",
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
            ),
            (
                "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
                "72",
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
            ),
            (
                "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
                "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
                "af82",
                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
            ),
        ];
        for (seed, public, message, signature) in vectors {
            let signer = Ed25519Signer::parse(seed).unwrap();
            assert_eq!(signer.verify_key_hex(), public);
            assert_eq!(
                hex::encode(signer.sign_now(&hex::decode(message).unwrap())),
                signature
            );
        }
    }

    #[test]
    fn the_two_vectors_of_request_signatures() {
        let signer = Ed25519Signer::parse(SEED).unwrap();
        let cases = [
            (
                "/api/v1/transfers/11111111-2222-4333-8444-555555555555/accept",
                &b""[..],
                "399b2b19da42e5f5d094b0d357e58b71a7205e44824afe0c77d62f17e5f2f76d122dc107b41328f571b357f9465defdeb6272969385596295f2d14bc88dbe900",
            ),
            (
                "/api/v1/exchanges/11111111-2222-4333-8444-555555555555/accept",
                br#"{"maximum_slippage":0.01}"#,
                "04903a64929f155d5bdbc84172873e0305c1adbbff22c7bc391e4533950fcd840b18ea0bc6bf46d60ca7c2eff41a6c4cb206078d1907f626e132e843c0e97c05",
            ),
        ];
        for (path, body, signature) in cases {
            let message = signing_string(1_700_000_000, "POST", path, body);
            assert_eq!(hex::encode(signer.sign_now(&message)), signature, "{path}");
        }
    }

    #[test]
    fn every_private_form_gives_the_same_key() {
        let pkcs8 = format!("{PKCS8}{SEED}");
        // PKCS#8 version 2 carries the public key too (RFC 8410, 10.3).
        let with_public = format!("3051020101300506032b657004220420{SEED}812100{PUBLIC}");
        for text in [
            SEED.to_owned(),
            SEED.to_uppercase(),
            format!("  {SEED}\n"),
            pkcs8.clone(),
            with_public,
            pem("PRIVATE KEY", &pkcs8),
            pem("PRIVATE KEY", &pkcs8).replace('\n', "\r\n"),
        ] {
            assert_eq!(
                Ed25519Signer::parse(&text).unwrap().verify_key_hex(),
                PUBLIC,
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_private_key_is_refused_with_the_reason() {
        let refused = |text: &str| Ed25519Signer::parse(text).unwrap_err();
        assert_eq!(
            refused(&format!("{SPKI}{PUBLIC}")),
            InvalidSigningKey::PublicKey
        );
        assert_eq!(
            refused(&pem("PUBLIC KEY", &format!("{SPKI}{PUBLIC}"))),
            InvalidSigningKey::PublicKey
        );
        assert_eq!(
            refused(&pem("EC PRIVATE KEY", "3000")),
            InvalidSigningKey::PemLabel("EC PRIVATE KEY".to_owned())
        );
        assert_eq!(refused(&"zz".repeat(32)), InvalidSigningKey::NotHex);
        for form in [
            "",
            "00",
            &format!("{PKCS8}00"),
            "-----BEGIN PRIVATE KEY-----",
        ] {
            assert_eq!(refused(form), InvalidSigningKey::Form, "{form}");
        }
        assert!(
            refused(&format!("{SPKI}{PUBLIC}"))
                .to_string()
                .contains("private key")
        );
    }

    proptest::proptest! {
        /// Whatever form a key comes in, it is the same key, and no form prints its seed.
        #[test]
        fn forms_agree_on_any_key(seed in proptest::array::uniform32(0_u8..)) {
            let text = hex::encode(seed);
            let public = Ed25519Signer::from_seed(&seed).verify_key_hex();
            let pkcs8 = format!("{PKCS8}{text}");
            for form in [text.clone(), pkcs8.clone(), pem("PRIVATE KEY", &pkcs8)] {
                let signer = Ed25519Signer::parse(&form).unwrap();
                proptest::prop_assert_eq!(signer.verify_key_hex(), public.clone());
                let printed = format!("{signer:?}");
                proptest::prop_assert!(!printed.contains(&text));
            }
        }
    }

    #[test]
    fn debug_shows_the_public_half_only() {
        let printed = format!("{:?}", Ed25519Signer::parse(SEED).unwrap());
        assert!(
            printed.contains(PUBLIC) && !printed.contains(SEED),
            "{printed}"
        );
    }
}
