//! Reads the two headers of a signature in the forms that are met by mistake.
//!
//! Nothing read here makes a request pass: the check takes lower-case hex and seconds alone. What was meant is needed to
//! find out whether the rest of the signature is right.

use base64::{
    Engine,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use ed25519_dalek::Signature;
use jiff::Timestamp;

use super::{TOLERANCE_SECONDS, read_hex};

/// What `x-signature` holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelling {
    Base64,
    /// Hex of fewer or more digits than a signature has.
    Digits(usize),
    LowerHex,
    /// Hex behind `0x`.
    PrefixedHex,
    Unreadable,
    UpperHex,
}

impl Spelling {
    /// What was sent, and the signature where there is one in it.
    pub(super) fn read(text: &str) -> (Spelling, Option<Signature>) {
        if let Some(signature) = read_hex(text) {
            return (Spelling::LowerHex, Some(signature));
        }
        if let Some(signature) = any_hex(text) {
            return (Spelling::UpperHex, Some(signature));
        }
        if let Some(signature) = text.strip_prefix("0x").and_then(any_hex) {
            return (Spelling::PrefixedHex, Some(signature));
        }
        if let Some(signature) = base64(text) {
            return (Spelling::Base64, Some(signature));
        }
        match text.len() {
            length if length > 0 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                (Spelling::Digits(length), None)
            }
            _ => (Spelling::Unreadable, None),
        }
    }

    /// What to change, where it is not as it should be.
    pub(super) fn advice(self) -> Option<String> {
        Some(match self {
            Spelling::LowerHex => return None,
            Spelling::Base64 => {
                "the header x-signature is base64: send the 64 bytes in lower-case hex".to_owned()
            }
            Spelling::Digits(64) => {
                "the header x-signature has 32 bytes, the length of a key or of a hash: send the 64 bytes of the Ed25519 signature"
                    .to_owned()
            }
            Spelling::Digits(count) => {
                let plural = if count == 1 { "" } else { "s" };
                format!("the header x-signature has {count} hex digit{plural}: an Ed25519 signature has 128")
            }
            Spelling::PrefixedHex => {
                "the header x-signature starts with 0x: send the 128 digits alone".to_owned()
            }
            Spelling::UpperHex => "the header x-signature is in upper-case hex: send lower case".to_owned(),
            Spelling::Unreadable => return None,
        })
    }
}

fn any_hex(text: &str) -> Option<Signature> {
    read_hex(&text.to_ascii_lowercase())
}

fn base64(text: &str) -> Option<Signature> {
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    [STANDARD, URL_SAFE]
        .iter()
        .find_map(|alphabet| {
            GeneralPurpose::new(alphabet, config)
                .decode(text)
                .ok()
                .and_then(|bytes| <[u8; 64]>::try_from(bytes).ok())
        })
        .map(|bytes| Signature::from_bytes(&bytes))
}

/// What `x-timestamp` holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// Seconds that are too far from the server's clock; negative where the client is behind.
    Apart(i64),
    Date,
    Fraction,
    Microseconds,
    Milliseconds,
    Nanoseconds,
    Seconds,
    Unreadable,
}

impl Moment {
    /// What was sent, and the seconds that it means.
    pub(super) fn read(text: &str, unix_now: i64) -> (Moment, Option<i64>) {
        if let Ok(number) = text.parse::<i64>() {
            let units = [
                (1, Moment::Seconds),
                (1_000, Moment::Milliseconds),
                (1_000_000, Moment::Microseconds),
                (1_000_000_000, Moment::Nanoseconds),
            ];
            let near = units
                .into_iter()
                .find(|(unit, _)| is_near(number / unit, unix_now));
            return match near {
                Some((unit, moment)) => (moment, Some(number / unit)),
                None => (Moment::Apart(number.saturating_sub(unix_now)), Some(number)),
            };
        }
        if let Some((seconds, fraction)) = text.split_once('.')
            && let Ok(seconds) = seconds.parse()
            && fraction.bytes().all(|byte| byte.is_ascii_digit())
        {
            return (Moment::Fraction, Some(seconds));
        }
        match text.parse::<Timestamp>() {
            Ok(instant) => (Moment::Date, Some(instant.as_second())),
            Err(_) => (Moment::Unreadable, None),
        }
    }

    /// What to change, where it is not as it should be.
    pub(super) fn advice(self) -> Option<String> {
        let unit = |unit: &str| {
            format!(
                "the header x-timestamp is in {unit}: sign and send whole Unix seconds, ten digits in this century"
            )
        };
        Some(match self {
            Moment::Seconds | Moment::Unreadable => return None,
            Moment::Apart(seconds) => {
                let side = if seconds < 0 { "behind" } else { "ahead of" };
                format!(
                    "the header x-timestamp is {} s {side} the server's clock, and {TOLERANCE_SECONDS} s are allowed: set the clock of your machine, and sign each attempt anew",
                    seconds.unsigned_abs()
                )
            }
            Moment::Date => {
                "the header x-timestamp is a date: sign and send whole Unix seconds instead"
                    .to_owned()
            }
            Moment::Fraction => {
                "the header x-timestamp has a fraction: cut it to whole seconds".to_owned()
            }
            Moment::Microseconds => unit("microseconds"),
            Moment::Milliseconds => unit("milliseconds"),
            Moment::Nanoseconds => unit("nanoseconds"),
        })
    }
}

/// Whether an instant is one that the check would take, which settles the unit that it was sent in.
fn is_near(second: i64, unix_now: i64) -> bool {
    second.abs_diff(unix_now) <= TOLERANCE_SECONDS.unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000;

    #[test]
    fn a_signature_is_read_in_the_forms_that_are_met() {
        let mut bytes = [0xfb_u8; 64];
        bytes[63] = 0xa1;
        let hex = hex::encode(bytes);
        let standard = base64::engine::general_purpose::STANDARD.encode(bytes);
        let url = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
        let rows = [
            (hex.clone(), Spelling::LowerHex, true),
            (hex.to_uppercase(), Spelling::UpperHex, true),
            (format!("0x{hex}"), Spelling::PrefixedHex, true),
            (standard, Spelling::Base64, true),
            (url, Spelling::Base64, true),
            (hex[..64].to_owned(), Spelling::Digits(64), false),
            ("zz".to_owned(), Spelling::Unreadable, false),
            (String::new(), Spelling::Unreadable, false),
        ];
        for (text, spelling, is_signature) in rows {
            let (read, signature) = Spelling::read(&text);
            assert_eq!(read, spelling, "{text}");
            assert_eq!(
                signature.map(|signature| signature.to_bytes()),
                is_signature.then_some(bytes),
                "{text}"
            );
        }
    }

    #[test]
    fn a_moment_is_read_in_the_units_that_are_met() {
        let rows = [
            ("1700000000", Moment::Seconds, Some(NOW)),
            ("1700000000123", Moment::Milliseconds, Some(NOW)),
            ("1700000000123456", Moment::Microseconds, Some(NOW)),
            ("1700000000123456789", Moment::Nanoseconds, Some(NOW)),
            ("1700000000.5", Moment::Fraction, Some(NOW)),
            ("2023-11-14T22:13:20Z", Moment::Date, Some(NOW)),
            ("1699999000", Moment::Apart(-1_000), Some(1_699_999_000)),
            (
                "9223372036854775807",
                Moment::Apart(i64::MAX - NOW),
                Some(i64::MAX),
            ),
            ("now", Moment::Unreadable, None),
            ("1700000000.x", Moment::Unreadable, None),
        ];
        for (text, moment, second) in rows {
            assert_eq!(Moment::read(text, NOW), (moment, second), "{text}");
        }
    }
}
