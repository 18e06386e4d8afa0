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

/// What all types of originators tell alike.
macro_rules! sent_by {
    ($sender:expr, $reference:expr, $originator:expr) => {{
        let mut originator = $originator
            .with_rail_reference($reference.to_owned())
            .with_profile($sender.profile());
        originator.rail_originator_memo = $sender.memo();
        originator
    }};
}

impl Sender {
    /// The originator of a transaction that came by `rail`, with the rail's own reference of the movement.
    pub(crate) fn originator(&self, rail: &InboundRail, reference: &str) -> TransactionOriginator {
        use payments::OriginatorRailCa as Ca;
        use payments::OriginatorRailCrypto as Chain;
        use payments::OriginatorRailUs as Us;
        use payments::TransactionOriginatorCrypto as Crypto;
        use payments::TransactionOriginatorFiatCa as FiatCa;
        use payments::TransactionOriginatorFiatCaLinked as FiatCaLinked;
        use payments::TransactionOriginatorFiatUs as FiatUs;
        use payments::TransactionOriginatorFiatUsLinked as FiatUsLinked;

        let american = || Us::from(rail.as_str());
        match (rail, self.is_linked) {
            (InboundRail::Crypto, _) => {
                let sender = sent_by!(self, reference, Crypto::new().with_rail(Chain::Crypto));
                sender.with_wallet_information(unknown_wallet()).into()
            }
            (InboundRail::Eft, true) => {
                let sender = sent_by!(self, reference, FiatCaLinked::new().with_rail(Ca::Eft));
                sender.with_account_information(canadian_account()).into()
            }
            (InboundRail::Eft, false) => {
                let sender = sent_by!(self, reference, FiatCa::new().with_rail(Ca::Eft));
                sender.with_account_information(canadian_account()).into()
            }
            (_, true) => {
                let sender = sent_by!(self, reference, FiatUsLinked::new().with_rail(american()));
                sender.with_account_information(american_account()).into()
            }
            (_, false) => {
                let sender = sent_by!(self, reference, FiatUs::new().with_rail(american()));
                sender.with_account_information(american_account()).into()
            }
        }
    }

    fn profile(&self) -> payments::OriginatorProfile {
        let mut profile = payments::OriginatorProfile::new();
        profile.name = self.name.as_ref().map(Private::reveal);
        profile
    }

    fn memo(&self) -> Option<String> {
        self.memo.as_ref().map(Private::reveal)
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
        information.memo = self.memo();
        information
    }
}

fn american_account() -> payments::OriginatorAccountUs {
    payments::OriginatorAccountUs::new()
}

fn unknown_wallet() -> payments::OriginatorWallet {
    payments::OriginatorWallet::new().with_wallet_type(payments::WalletType::UnknownValue)
}

/// A bank and a branch that exist; nothing is known of the sender's.
fn canadian_account() -> payments::OriginatorAccountCa {
    payments::OriginatorAccountCa::new()
        .with_institution_number("003".to_owned())
        .with_transit_number("00010".to_owned())
}
