//! The forms of the numbers by which banks and wallets are found.
//!
//! Each has a published form; a number that does not have it can only be a typing error, so it is refused where the
//! caller can still correct it. Whether an account exists is not asked here.

/// Whether a text is `count` digits.
pub(super) fn is_digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a text is a BIC: bank, country and place, and perhaps a branch (ISO 9362).
pub(super) fn is_bic(text: &str) -> bool {
    matches!(text.len(), 8 | 11)
        && text.bytes().enumerate().all(|(n, byte)| match n {
            4 | 5 => byte.is_ascii_uppercase(),
            _ => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
        })
}

/// Whether a text has the form of an IBAN (ISO 13616): country, check digits, account.
pub(super) fn is_iban(text: &str) -> bool {
    let bytes = text.as_bytes();
    (15..=34).contains(&bytes.len())
        && bytes[..2].iter().all(u8::is_ascii_uppercase)
        && bytes[2..4].iter().all(u8::is_ascii_digit)
        && bytes[4..]
            .iter()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// Whether the check digits of an IBAN match the rest of it: read as a number, with the first four characters behind
/// the others and letters from 10 on, it leaves 1 when divided by 97.
pub(super) fn iban_checks(text: &str) -> bool {
    let (head, tail) = text.as_bytes().split_at(text.len().min(4));
    let rest = tail.iter().chain(head).fold(0_u32, |rest, byte| {
        if byte.is_ascii_digit() {
            (rest * 10 + u32::from(byte - b'0')) % 97
        } else {
            // 10 for A: the letters of an IBAN are capitals.
            (rest * 100 + u32::from(byte.saturating_sub(b'A')) + 10) % 97
        }
    });
    rest == 1
}

/// Whether the last digit of a routing number matches the others: with the weights 3, 7 and 1 in turn, the nine digits add
/// up to a multiple of ten (the routing number policy of the American Bankers Association).
pub(super) fn routing_number_checks(text: &str) -> bool {
    let weights = [3, 7, 1].into_iter().cycle();
    let digits = text
        .bytes()
        .map(|byte| u32::from(byte.saturating_sub(b'0')));
    let sum: u32 = digits
        .zip(weights)
        .map(|(digit, weight)| digit * weight)
        .sum();
    sum.is_multiple_of(10)
}

/// Whether a text is an Indian Financial System Code: a bank, a zero, a branch.
pub(super) fn is_ifsc(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 11
        && bytes[..4].iter().all(u8::is_ascii_uppercase)
        && bytes[4] == b'0'
        && bytes[5..]
            .iter()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// The form of the addresses of the chain that an asset type id names, and whether a text has it. A chain that is not
/// known here takes any text.
pub(super) fn address_form(asset: &str, address: &str) -> (&'static str, bool) {
    let is = |allowed: &[u8]| address.bytes().all(|byte| allowed.contains(&byte));
    if asset.starts_with("ETHEREUM_") {
        let digits = address.strip_prefix("0x").unwrap_or_default();
        let fits = digits.len() == 40 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        ("0x and 40 hexadecimal digits", fits)
    } else if asset.starts_with("BITCOIN_TESTNET_") {
        let segwit = address.starts_with("tb1")
            && (42..=62).contains(&address.len())
            && address
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        let older = (26..=35).contains(&address.len())
            && address.starts_with(['m', 'n', '2'])
            && is(BASE58);
        (
            "an address of the test network: it begins with tb1, m, n or 2",
            segwit || older,
        )
    } else if asset.starts_with("SOLANA_") {
        let fits = (32..=44).contains(&address.len()) && is(BASE58);
        ("32 to 44 characters in base 58", fits)
    } else {
        ("the address of a wallet", !address.is_empty())
    }
}

/// No 0, O, I and l, which are easily mistaken for each other.
const BASE58: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_iban_has_a_form_and_check_digits() {
        for right in ["DE89370400440532013000", "GB82WEST12345698765432"] {
            assert!(is_iban(right) && iban_checks(right), "{right}");
        }
        let mistyped = "DE88370400440532013000";
        assert!(is_iban(mistyped) && !iban_checks(mistyped));
        for wrong in [
            "DE89 3704 0044 0532 0130 00",
            "de89370400440532013000",
            "DE89",
            "",
        ] {
            assert!(!is_iban(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_routing_number_is_known_by_its_check_digit() {
        for right in ["021001208", "021000021", "011401533"] {
            assert!(routing_number_checks(right), "{right}");
        }
        for wrong in ["021001209", "201001208", "123456789"] {
            assert!(!routing_number_checks(wrong), "{wrong}");
        }
    }

    #[test]
    fn codes_of_banks_have_their_published_forms() {
        assert!(is_bic("DEUTDEFF") && is_bic("CHASUS33XXX"));
        assert!(!is_bic("DEUTDEF") && !is_bic("DEUT12FF") && !is_bic("deutdeff"));
        assert!(is_ifsc("HDFC0000060") && !is_ifsc("HDFC1000060") && !is_ifsc("HDFC"));
        assert!(
            is_digits("021001208", 9) && !is_digits("02100120", 9) && !is_digits("02100120x", 9)
        );
    }

    #[test]
    fn addresses_fit_their_chain() {
        for (asset, address, fits) in [
            (
                "ETHEREUM_SEPOLIA_USDC",
                "0x00000000000000000000000000000000000000aa",
                true,
            ),
            (
                "ETHEREUM_SEPOLIA_USDC",
                "00000000000000000000000000000000000000aa",
                false,
            ),
            ("ETHEREUM_SEPOLIA_USDC", "0xzz", false),
            (
                "BITCOIN_TESTNET_BTC",
                "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx",
                true,
            ),
            (
                "BITCOIN_TESTNET_BTC",
                "mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn",
                true,
            ),
            (
                "BITCOIN_TESTNET_BTC",
                "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
                false,
            ),
            (
                "SOLANA_DEVNET_SOL",
                "4Nd1mBQtrMJVYVfKf2PJy9NZUZdTAsp7D4xWLs4gDB4T",
                true,
            ),
            ("SOLANA_DEVNET_SOL", "0OIl", false),
            ("OTHER_CHAIN_COIN", "anything", true),
        ] {
            assert_eq!(address_form(asset, address).1, fits, "{asset} {address}");
        }
    }
}
