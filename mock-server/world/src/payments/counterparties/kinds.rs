//! The types of counterparties, as a table: where the account is, by which rails it is reached, what it holds.
//!
//! Types and rails are those of the platform's own table; a type says where the account is kept, not in which currency.

use layer2_types::operation::Platform;

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
    /// Whether Layer2 1.0.5 does not have it.
    newer: bool,
}

impl Kind {
    /// The type with this tag, if a version of the platform has it.
    pub(super) fn of(tag: &str, platform: Platform) -> Option<&'static Self> {
        of_version(platform).find(|kind| kind.tag == tag)
    }

    /// The rails of the type that a version of the platform has.
    pub(super) fn rails_of(&self, platform: Platform) -> Vec<&'static str> {
        let old = platform == Platform::Layer2V1_0_5;
        let rails = self.rails.iter().copied();
        rails
            .filter(|rail| !(old && NEWER_RAILS.contains(rail)))
            .collect()
    }

    const fn bank(tag: &'static str, rails: &'static [&'static str]) -> Self {
        Self {
            tag,
            rails,
            holds: Some(AssetKind::Fiat),
            linked: false,
            with_state: false,
            newer: false,
        }
    }

    const fn newer(self) -> Self {
        Self {
            newer: true,
            ..self
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

/// The tags of a version, for an error message.
pub(super) fn tags(platform: Platform) -> String {
    let tags: Vec<&str> = of_version(platform).map(|kind| kind.tag).collect();
    tags.join(", ")
}

fn of_version(platform: Platform) -> impl Iterator<Item = &'static Kind> {
    let old = platform == Platform::Layer2V1_0_5;
    KINDS.iter().filter(move |kind| !(old && kind.newer))
}

/// The rails that Layer2 1.0.5 does not have.
const NEWER_RAILS: &[&str] = &["CHAPS", "SPEI", "UAEFTS"];

/// All types.
pub(super) const KINDS: &[Kind] = &[
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
    Kind::bank("FIAT_MX", &["SPEI", "SWIFT"]).newer(),
    Kind::bank("FIAT_AE", &["UAEFTS", "SWIFT"]).newer(),
    Kind::bank("FIAT_IBAN", &["SWIFT"]).newer(),
    Kind::bank("FIAT_ACCNO", &["SWIFT"]).newer(),
    Kind {
        tag: "CRYPTO",
        rails: &["CRYPTO"],
        holds: Some(AssetKind::Crypto),
        linked: false,
        with_state: false,
        newer: false,
    },
    Kind {
        tag: "BASIC",
        rails: &[],
        holds: None,
        linked: false,
        with_state: false,
        newer: false,
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
        let of = |tag| Kind::of(tag, Platform::Union);
        let all = of("FIAT_GB").unwrap().rails_of(Platform::RailV1_1_2);
        assert_eq!(all, ["FPS", "CHAPS", "SWIFT"]);
        assert_eq!(of("BASIC").unwrap().rails_of(Platform::Union), [""; 0]);
        assert_eq!(of("FIAT_XX"), None);
    }

    #[test]
    fn version_1_0_5_has_fewer_of_both() {
        let old = Platform::Layer2V1_0_5;
        assert_eq!(of_version(old).count(), 16);
        assert_eq!(Kind::of("FIAT_IBAN", old), None);
        let british = Kind::of("FIAT_GB", old).unwrap();
        assert_eq!(british.rails_of(old), ["FPS", "SWIFT"]);
    }
}
