//! Between the three forms of a withdrawal: as it was asked for, as it is kept, as it is shown.
//!
//! The rails differ in the memo alone, which some have and some have not.

use layer2_types::Amount;
use layer2_types::Timestamp;
use layer2_types::operation::Platform;
use layer2_types::payments;
use layer2_types::payments::AccountId;
use layer2_types::payments::CounterpartyId;
use layer2_types::payments::Rail;
use layer2_types::payments::Withdrawal;
use layer2_types::payments::WithdrawalId;
use layer2_types::payments::WithdrawalPurpose;
use layer2_types::payments::WithdrawalRequest;
use layer2_types::payments::WithdrawalStatus;

use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;

/// What every request says.
pub(super) struct Wanted {
    pub(super) rail: Rail,
    pub(super) source: AccountId,
    pub(super) counterparty: CounterpartyId,
    pub(super) amount: Amount,
    pub(super) purpose: WithdrawalPurpose,
}

impl Wanted {
    /// Reads a request of any rail that a version of the platform has.
    pub(super) fn read(request: &WithdrawalRequest, platform: Platform) -> Result<Self, Rejection> {
        let rails = rails_of(platform);
        if !rails.contains(&request.tag()) {
            return Err(unknown_rail(request.tag(), rails));
        }
        let (Some(source), Some(counterparty), Some(amount), Some(purpose)) = (
            request.source_account_id(),
            request.destination_counterparty_id(),
            request.amount(),
            request.purpose(),
        ) else {
            return Err(unknown_rail(request.tag(), rails));
        };
        Ok(Self {
            rail: Rail::from(request.tag()),
            source: source.clone(),
            counterparty: counterparty.clone(),
            amount: *amount,
            purpose: purpose.clone(),
        })
    }
}

macro_rules! rails {
    (with memo: $($memo:ident = $memo_model:ident),+; without: $($plain:ident = $plain_model:ident),+;) => {
        /// What is kept of a request.
        pub(super) fn kept(
            request: WithdrawalRequest,
            id: WithdrawalId,
            created: Timestamp,
        ) -> Result<Withdrawal, Rejection> {
            Ok(match request {
                $(WithdrawalRequest::$memo(asked) => {
                    let mut model = payments::$memo_model::new(id);
                    model.memo = asked.memo;
                    rails!(common, model, asked, created)
                })+
                $(WithdrawalRequest::$plain(asked) => {
                    let mut model = payments::$plain_model::new(id);
                    rails!(common, model, asked, created)
                })+
                other => return Err(unknown_rail(other.tag(), RAILS)),
            })
        }

        /// The details with a status, as a reply shows them.
        pub(super) fn with_status(mut details: Withdrawal, status: WithdrawalStatus) -> Withdrawal {
            match &mut details {
                $(Withdrawal::$memo(model) => model.status = Some(status),)+
                $(Withdrawal::$plain(model) => model.status = Some(status),)+
                _ => {}
            }
            details
        }

        /// The text that goes along with the money.
        pub(super) fn memo(details: &Withdrawal) -> Option<&String> {
            match details {
                $(Withdrawal::$memo(model) => model.memo.as_ref(),)+
                _ => None,
            }
        }
    };
    (common, $model:ident, $asked:ident, $created:ident) => {{
        $model.created_timestamp = Some($created);
        $model.source_account_id = Some($asked.source_account_id);
        $model.destination_counterparty_id = Some($asked.destination_counterparty_id);
        $model.amount = Some($asked.amount);
        $model.purpose = Some($asked.purpose);
        $model.description = $asked.description;
        $model.into()
    }};
}

rails! {
    with memo: Ach = WithdrawalAch, Fedwire = WithdrawalFedwire, Swift = WithdrawalSwift, SepaCt = WithdrawalSepaCt,
        Chaps = WithdrawalChaps, Fps = WithdrawalFps, Imps = WithdrawalImps, Spei = WithdrawalSpei,
        Uaefts = WithdrawalUaefts;
    without: Crypto = WithdrawalCrypto, Eft = WithdrawalEft;
}

/// The problem of a rail that no withdrawal goes by.
fn unknown_rail(tag: &str, rails: &[&str]) -> Rejection {
    Problem::new(code::VALIDATION_FAILED, "No withdrawal goes by this rail.")
        .at("/withdrawal_rail")
        .received(tag)
        .expected(rails.join(", "))
        .bad_request()
}

/// The rails of withdrawals that a version has.
fn rails_of(platform: Platform) -> &'static [&'static str] {
    match platform {
        Platform::Layer2V1_0_5 => RAILS_OF_LAYER2,
        _ => RAILS,
    }
}

/// The rails of withdrawals.
pub(super) const RAILS: &[&str] = &[
    "ACH", "FEDWIRE", "SWIFT", "CRYPTO", "EFT", "SEPA_CT", "CHAPS", "FPS", "IMPS", "SPEI", "UAEFTS",
];

/// Those that Layer2 1.0.5 has.
const RAILS_OF_LAYER2: &[&str] = &["ACH", "FEDWIRE", "SWIFT", "CRYPTO", "EFT"];
