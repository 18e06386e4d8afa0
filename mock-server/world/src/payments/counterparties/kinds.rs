//! The types of counterparties, as a table: where the account is, by which rails it is reached, what it holds.
//!
//! Types and rails are those of the platform's own table; a type says where the account is kept, not in which currency.

use crate::payments::assets::AssetKind;

/// One type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    /// Value of `counterparty_type`.
    pub(super) tag: &'static str,
    /// The rails of the type.
    pub(super) rails: &'static [&'static str],
    /// What its account holds; a person or company without an account holds nothing.
    pub(super) holds: Option<AssetKind>,
    /// Whether its owner links the account.
    pub(super) linked: bool,
    /// Whether Rail 1.1.2 wants the state in the owner's address.
    pub(super) with_state: bool,
}

impl Kind {
    /// The type with this tag.
    pub(super) fn of(tag: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.tag == tag)
    }

    /// The rails of the type, for an error message.
    pub(super) fn rails_text(&self) -> String {
        if self.rails.is_empty() {
            return "no rail".to_owned();
        }
        self.rails.join(", ")
    }

    const fn bank(tag: &'static str, rails: &'static [&'static str]) -> Self {
        Self {
            tag,
            rails,
            holds: Some(AssetKind::Fiat),
            linked: false,
            with_state: false,
        }
    }

    const fn linked(self) -> Self {
        Self {
            linked: true,
            ..self
        }
    }

    const fn with_state(self) -> Self {
        Self {
            with_state: true,
            ..self
        }
    }
}

/// All tags, for an error message.
pub(super) fn tags() -> String {
    let tags: Vec<&str> = KINDS.iter().map(|kind| kind.tag).collect();
    tags.join(", ")
}

const KINDS: &[Kind] = &[
    Kind::bank("FIAT_US", &["ACH", "FEDWIRE", "SWIFT"]).with_state(),
    Kind::bank("FIAT_US_LINKED", &["ACH"]).linked(),
    Kind::bank("FIAT_CA", &["EFT", "SWIFT"]).with_state(),
    Kind::bank("FIAT_CA_LINKED", &["EFT"]).linked(),
    Kind::bank("FIAT_EU", &["SEPA_CT", "SWIFT"]),
    Kind::bank("FIAT_GB", &["FPS", "CHAPS", "SWIFT"]).with_state(),
    Kind::bank("FIAT_IN", &["IMPS", "NFT", "UP", "SWIFT"]),
    Kind::bank("FIAT_BS", &["ACH", "SWIFT"]),
    Kind::bank("FIAT_CN", &["SWIFT"]),
    Kind::bank("FIAT_HK", &["SWIFT"]),
    Kind::bank("FIAT_SG", &["SWIFT"]),
    Kind::bank("FIAT_JP", &["SWIFT"]),
    Kind::bank("FIAT_MY", &["SWIFT"]),
    Kind::bank("FIAT_PA", &["SWIFT"]),
    Kind::bank("FIAT_MX", &["SPEI", "SWIFT"]),
    Kind::bank("FIAT_AE", &["UAEFTS", "SWIFT"]),
    Kind::bank("FIAT_IBAN", &["SWIFT"]),
    Kind::bank("FIAT_ACCNO", &["SWIFT"]),
    Kind {
        tag: "CRYPTO",
        rails: &["CRYPTO"],
        holds: Some(AssetKind::Crypto),
        linked: false,
        with_state: false,
    },
    Kind {
        tag: "BASIC",
        rails: &[],
        holds: None,
        linked: false,
        with_state: false,
    },
];

#[cfg(test)]
mod tests {
    use layer2_types::payments::Rail;

    use super::*;

    #[test]
    fn each_type_is_there_once_and_its_rails_are_rails_of_the_document() {
        assert_eq!(KINDS.len(), 20);
        for (n, kind) in KINDS.iter().enumerate() {
            assert!(
                KINDS[..n].iter().all(|other| other.tag != kind.tag),
                "{} twice",
                kind.tag
            );
            for rail in kind.rails {
                assert!(Rail::from(*rail).is_known(), "{rail}");
            }
        }
        assert_eq!(
            Kind::of("FIAT_US").unwrap().rails_text(),
            "ACH, FEDWIRE, SWIFT"
        );
        assert_eq!(Kind::of("BASIC").unwrap().rails_text(), "no rail");
        assert_eq!(Kind::of("FIAT_XX"), None);
    }
}
