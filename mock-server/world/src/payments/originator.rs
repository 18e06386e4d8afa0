//! Who sent money from outside, as a transaction tells it.

use layer2_types::control::InboundRail;
use layer2_types::payments;
use layer2_types::payments::TransactionOriginator;
use serde::Deserialize;
use serde::Serialize;

use crate::payments::private::Private;

/// Who sent the money, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sender {
    pub(crate) name: Option<Private>,
    pub(crate) memo: Option<Private>,
    /// Whether it was fetched from a bank account that was linked.
    pub(crate) is_linked: bool,
}

impl Sender {
    /// The originator of a transaction that came by `rail`, with the rail's own reference of the movement.
    pub(crate) fn originator(&self, rail: &InboundRail, reference: &str) -> TransactionOriginator {
        let mut profile = payments::OriginatorProfile::new();
        profile.name = self.name.as_ref().map(Private::reveal);
        let memo = self.memo.as_ref().map(Private::reveal);
        match rail {
            InboundRail::Crypto => {
                let mut sender = payments::TransactionOriginatorCrypto::new()
                    .with_rail(payments::OriginatorRailCrypto::Crypto)
                    .with_rail_reference(reference.to_owned())
                    .with_profile(profile)
                    .with_wallet_information(
                        payments::OriginatorWallet::new()
                            .with_wallet_type(payments::WalletType::UnknownValue),
                    );
                sender.rail_originator_memo = memo;
                sender.into()
            }
            InboundRail::Eft if self.is_linked => {
                let mut sender = payments::TransactionOriginatorFiatCaLinked::new()
                    .with_rail(payments::OriginatorRailCa::Eft)
                    .with_rail_reference(reference.to_owned())
                    .with_profile(profile)
                    .with_account_information(canadian_account());
                sender.rail_originator_memo = memo;
                sender.into()
            }
            InboundRail::Eft => {
                let mut sender = payments::TransactionOriginatorFiatCa::new()
                    .with_rail(payments::OriginatorRailCa::Eft)
                    .with_rail_reference(reference.to_owned())
                    .with_profile(profile)
                    .with_account_information(canadian_account());
                sender.rail_originator_memo = memo;
                sender.into()
            }
            other if self.is_linked => {
                let mut sender = payments::TransactionOriginatorFiatUsLinked::new()
                    .with_rail(payments::OriginatorRailUs::from(other.as_str()))
                    .with_rail_reference(reference.to_owned())
                    .with_profile(profile)
                    .with_account_information(payments::OriginatorAccountUs::new());
                sender.rail_originator_memo = memo;
                sender.into()
            }
            other => {
                let mut sender = payments::TransactionOriginatorFiatUs::new()
                    .with_rail(payments::OriginatorRailUs::from(other.as_str()))
                    .with_rail_reference(reference.to_owned())
                    .with_profile(profile)
                    .with_account_information(payments::OriginatorAccountUs::new());
                sender.rail_originator_memo = memo;
                sender.into()
            }
        }
    }

    /// What the rail says about it.
    pub(crate) fn rail_information(
        &self,
        rail: &InboundRail,
        reference: &str,
    ) -> payments::RailInformation {
        let mut information = payments::RailInformation::new()
            .with_rail(rail.as_str().to_owned())
            .with_reference(reference.to_owned());
        information.memo = self.memo.as_ref().map(Private::reveal);
        information
    }
}

/// A bank and a branch that exist; nothing is known of the sender's.
fn canadian_account() -> payments::OriginatorAccountCa {
    payments::OriginatorAccountCa::new()
        .with_institution_number("003".to_owned())
        .with_transit_number("00010".to_owned())
}
