//! Who sent money from outside, as a transaction tells it.

use layer2_types::control::InboundRail;
use layer2_types::payments;
use layer2_types::payments::TransactionOriginator;

/// Who sent the money, as far as it is known.
#[derive(Clone)]
pub(crate) struct Sender {
    pub(crate) name: Option<String>,
    pub(crate) memo: Option<String>,
    /// The rail's own reference of the movement.
    pub(crate) reference: String,
}

impl Sender {
    /// The originator of a transaction that came by `rail`.
    pub(crate) fn originator(&self, rail: &InboundRail) -> TransactionOriginator {
        let mut profile = payments::OriginatorProfile::new();
        profile.name.clone_from(&self.name);
        match rail {
            InboundRail::Crypto => {
                let mut sender = payments::TransactionOriginatorCrypto::new()
                    .with_rail(payments::OriginatorRailCrypto::Crypto)
                    .with_rail_reference(self.reference.clone())
                    .with_profile(profile)
                    .with_wallet_information(
                        payments::OriginatorWallet::new()
                            .with_wallet_type(payments::WalletType::UnknownValue),
                    );
                sender.rail_originator_memo.clone_from(&self.memo);
                sender.into()
            }
            InboundRail::Eft => {
                let mut sender = payments::TransactionOriginatorFiatCa::new()
                    .with_rail(payments::OriginatorRailCa::Eft)
                    .with_rail_reference(self.reference.clone())
                    .with_profile(profile)
                    .with_account_information(
                        payments::OriginatorAccountCa::new()
                            .with_institution_number("003".to_owned())
                            .with_transit_number("00010".to_owned()),
                    );
                sender.rail_originator_memo.clone_from(&self.memo);
                sender.into()
            }
            other => {
                let mut sender = payments::TransactionOriginatorFiatUs::new()
                    .with_rail(payments::OriginatorRailUs::from(other.as_str()))
                    .with_rail_reference(self.reference.clone())
                    .with_profile(profile)
                    .with_account_information(payments::OriginatorAccountUs::new());
                sender.rail_originator_memo.clone_from(&self.memo);
                sender.into()
            }
        }
    }

    /// What the rail says about it.
    pub(crate) fn rail_information(&self, rail: &InboundRail) -> payments::RailInformation {
        let mut information = payments::RailInformation::new()
            .with_rail(rail.as_str().to_owned())
            .with_reference(self.reference.clone());
        information.memo.clone_from(&self.memo);
        information
    }
}
