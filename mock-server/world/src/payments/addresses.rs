//! Addresses on blockchains: the text form that each chain gives them.
//!
//! An address is made from 32 bytes of a minted key, so it is as deterministic as an id, and a wallet takes it for one of
//! its chain: twenty bytes in hexadecimal on Ethereum (EIP-55 lets all-lower-case addresses go without a checksum), a
//! version 0 witness program in Bech32 on Bitcoin (BIP 173), the Base58 text of an Ed25519 public key on Solana. None of
//! these chains has a memo beside the address. Nobody holds the private keys.

use crate::payments::assets::Asset;
use crate::seed::SecretSeed;

/// The address that belongs to a key on the chain of an asset; none for an asset that is on no chain.
pub(crate) fn address(asset: &Asset, key: &SecretSeed) -> Option<String> {
    let bytes = key.expose();
    match asset.blockchain() {
        "ETHEREUM" => Some(format!("0x{}", hex::encode(&bytes[..PROGRAM_LENGTH]))),
        "BITCOIN" => {
            let human = match asset.network() {
                "MAINNET" => "bc",
                _ => "tb",
            };
            Some(witness_address(human, &bytes[..PROGRAM_LENGTH]))
        }
        "SOLANA" => Some(base58(&key.verify_key())),
        _ => None,
    }
}

/// One spelling of an address: those in hexadecimal and in Bech32 mean the same in either case.
pub(crate) fn canonical(address: &str) -> String {
    let lower = address.to_ascii_lowercase();
    let either_case = ["0x", "tb1", "bc1"];
    if either_case.iter().any(|start| lower.starts_with(start)) {
        lower
    } else {
        address.to_owned()
    }
}

/// Bytes of an Ethereum account and of a Bitcoin key hash.
const PROGRAM_LENGTH: usize = 20;

/// The segregated witness address of a key hash (BIP 173, version 0).
fn witness_address(human: &str, program: &[u8]) -> String {
    let mut data = vec![0];
    data.extend(five_bit_groups(program));
    let checksum = bech32_checksum(human, &data);
    let letters = data
        .iter()
        .chain(&checksum)
        .map(|group| char::from(BECH32[usize::from(*group & 31)]));
    format!("{human}1{}", letters.collect::<String>())
}

const BECH32: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// Eight-bit bytes as five-bit groups, the last one filled up with zeros.
fn five_bit_groups(bytes: &[u8]) -> Vec<u8> {
    let mut groups = Vec::new();
    let (mut kept, mut bits) = (0_u16, 0);
    for byte in bytes {
        kept = (kept << 8) | u16::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            groups.push(low_five(kept >> bits));
        }
        kept &= (1 << bits) - 1;
    }
    if bits > 0 {
        groups.push(low_five(kept << (5 - bits)));
    }
    groups
}

fn low_five(value: u16) -> u8 {
    value.to_le_bytes()[0] & 31
}

/// The six groups that make a Bech32 text one (BIP 173).
fn bech32_checksum(human: &str, data: &[u8]) -> [u8; 6] {
    let high = human.bytes().map(|byte| byte >> 5);
    let low = human.bytes().map(|byte| byte & 31);
    let expanded = high.chain([0]).chain(low);
    let all = expanded.chain(data.iter().copied()).chain([0; 6]);
    let remainder = polymod(all) ^ 1;
    let mut checksum = [0; 6];
    for (place, group) in checksum.iter_mut().enumerate() {
        *group = (remainder >> (5 * (5 - place))).to_le_bytes()[0] & 31;
    }
    checksum
}

fn polymod(groups: impl Iterator<Item = u8>) -> u32 {
    const GENERATOR: [u32; 5] = [
        0x3b6a_57b2,
        0x2650_8e6d,
        0x1ea1_19fa,
        0x3d42_33dd,
        0x2a14_62b3,
    ];
    groups.fold(1, |sum, group| {
        let top = sum >> 25;
        let next = ((sum & 0x01ff_ffff) << 5) ^ u32::from(group);
        GENERATOR
            .iter()
            .enumerate()
            .filter(|(bit, _)| (top >> bit) & 1 == 1)
            .fold(next, |sum, (_, term)| sum ^ term)
    })
}

/// Bytes as one large number in base 58, each leading zero byte as a leading `1`.
fn base58(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let mut digits: Vec<u8> = Vec::new();
    for byte in bytes {
        let mut carry = u32::from(*byte);
        for digit in &mut digits {
            carry += u32::from(*digit) << 8;
            // A remainder of 58 fits a byte.
            *digit = (carry % 58).to_le_bytes()[0];
            carry /= 58;
        }
        while carry > 0 {
            digits.push((carry % 58).to_le_bytes()[0]);
            carry /= 58;
        }
    }
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    core::iter::repeat_n('1', zeros)
        .chain(
            digits
                .iter()
                .rev()
                .map(|digit| char::from(ALPHABET[usize::from(*digit)])),
        )
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payments::assets;
    use crate::seed::Seed;

    fn on(asset: &str) -> Option<String> {
        let key = Seed::new([5; 32]).secret("test", &[]);
        address(assets::asset(asset).unwrap(), &key)
    }

    #[test]
    fn witness_addresses_are_those_of_bip_173() {
        let program = hex::decode("751e76e8199196d454941c45d1b3a323f1433bd6").unwrap();
        assert_eq!(
            witness_address("tb", &program),
            "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx"
        );
        assert_eq!(
            witness_address("bc", &program),
            "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
        );
    }

    #[test]
    fn base58_is_that_of_its_draft() {
        assert_eq!(base58(b"Hello World!"), "2NEpo7TZRRrLZSi2U");
        assert_eq!(
            base58(b"The quick brown fox jumps over the lazy dog."),
            "USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z"
        );
        assert_eq!(base58(&[0, 0, 0x28, 0x7f, 0xb4, 0xcd]), "11233QC4");
        // The system program of Solana.
        assert_eq!(base58(&[0; 32]), "1".repeat(32));
    }

    #[test]
    fn each_chain_has_its_form_and_money_of_a_bank_has_none() {
        let ethereum = on("ETHEREUM_SEPOLIA_USDC").unwrap();
        assert_eq!((ethereum.len(), &ethereum[..2]), (42, "0x"));
        let bitcoin = on("BITCOIN_TESTNET_BTC").unwrap();
        assert_eq!((bitcoin.len(), &bitcoin[..4]), (42, "tb1q"));
        let solana = on("SOLANA_DEVNET_SOL").unwrap();
        assert!((32..=44).contains(&solana.len()), "{solana}");
        assert_eq!(on("FIAT_TESTNET_USD"), None);
    }

    #[test]
    fn only_base58_minds_the_case() {
        assert_eq!(canonical("0xABcd"), "0xabcd");
        assert_eq!(canonical("TB1QW508"), "tb1qw508");
        assert_eq!(canonical("2NEpo7TZ"), "2NEpo7TZ");
    }
}
