//! Money from outside, as control orders it.
//!
//! It is seen at once, as a pending credit that no balance counts, and credited by a job once it has been screened. If
//! the account can no longer take it then, it goes back.

use layer2_ledger::LedgerError;
use layer2_ledger::MinorUnits;
use layer2_types::control;
use layer2_types::control::InboundRail;
use layer2_types::payments;
use layer2_types::payments::AccountId;
use layer2_types::payments::TransactionCategory;
use layer2_types::payments::TransactionId;
use layer2_types::payments::TransactionOriginator;
use layer2_types::payments::TransactionType;

use crate::clock;
use crate::context::WriteContext;
use crate::generated::control::Inbound;
use crate::ids::IdKind;
use crate::payments::assets;
use crate::payments::assets::Asset;
use crate::payments::assets::AssetKind;
use crate::payments::funds;
use crate::payments::machines::TRANSACTION;
use crate::payments::machines::TransactionStage;
use crate::payments::transactions::TransactionRow;
use crate::payments::transfers::mint_transaction;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;
use crate::schedule::Job;
use crate::world::World;

impl Inbound for World {
    fn inbound_create(
        &mut self,
        cx: &mut WriteContext<'_>,
        body: control::InboundRequest,
    ) -> Result<control::InboundReply, Rejection> {
        let named = body.account_id.as_str();
        // A text that cannot be an id names no account.
        let account_id = AccountId::new(named).map_err(|_| {
            Rejection::unknown_id("account", named, core::iter::empty()).at("/account_id")
        })?;
        let account = self.payments.account(&account_id, "/account_id")?;
        let asset = assets::asset(account.asset.as_str())
            .ok_or_else(|| Rejection::internal("The asset of an account is not in the table."))?;
        let rail = fitting_rail(asset, body.rail.as_ref())?;
        let amount = funds::to_minor(body.amount, asset, "/amount")?;
        self.must_transact(account, "/account_id")?;
        let id = mint_transaction(cx)?;
        let deposit = cx.mint(IdKind::Inbound);
        let category_id =
            payments::CategoryId::new(deposit.clone()).map_err(|_| Rejection::bad_id())?;
        let sender = Sender {
            name: body.originator_name,
            memo: body.memo,
            reference: deposit,
        };
        let reply = control::Inbound::new(
            control::TransactionId::new(id.as_str()).map_err(|_| Rejection::bad_id())?,
            body.account_id,
            control::AssetTypeId::new(asset.id).map_err(|_| Rejection::bad_id())?,
            funds::to_wire(amount, asset.decimals),
            control::InboundStatus::Pending,
        );
        self.payments
            .funds
            .arrive(cx, &account_id, amount, &format!("inbound {id}"))
            .map_err(|error| refused_by_books(&error))?;

        let row = TransactionRow {
            id: id.clone(),
            account: account_id,
            decimals: asset.decimals,
            value: amount,
            stage: TransactionStage::Pending,
            kind: TransactionType::TransferIn,
            category: TransactionCategory::Deposit,
            category_id,
            description: None,
            originator: Some(sender.originator(&rail)),
            rail: Some(sender.rail_information(&rail)),
            at: cx.now(),
            posted_at: None,
            cause: cx.seq(),
        };
        self.add_transaction(cx, row);
        let due = clock::later(cx.now(), self.delays().inbound_screening);
        self.schedule.add(due, Job::PostInbound(id));
        Ok(control::InboundReply::new(reply))
    }
}

impl World {
    /// Credits money that has arrived, or sends it back if the account can no longer take it.
    pub(crate) fn post_inbound(&mut self, cx: &mut WriteContext<'_>, id: &TransactionId) {
        let Some(row) = self.payments.transactions.get(id).cloned() else {
            return;
        };
        if !TRANSACTION.allows(row.stage, TransactionStage::Posted) {
            return;
        }
        let usable = self
            .payments
            .accounts
            .get(&row.account)
            .is_some_and(|account| self.account_rights(account).transact);
        let amount: MinorUnits = row.value;
        let narrative = format!("inbound {id}");
        let posted = usable
            && self
                .payments
                .funds
                .credit_arrived(cx, &row.account, amount, &narrative)
                .is_ok();
        if posted {
            self.wake(cx, &row.account);
            self.advance_transaction(cx, id, TransactionStage::Posted);
            return;
        }
        let narrative = format!("return of inbound {id}");
        if self
            .payments
            .funds
            .return_arrived(cx, &row.account, amount, &narrative)
            .is_ok()
        {
            self.advance_transaction(cx, id, TransactionStage::Cancelled);
        }
    }
}

/// Who sent the money, as far as it is known.
struct Sender {
    name: Option<String>,
    memo: Option<String>,
    reference: String,
}

impl Sender {
    fn originator(&self, rail: &InboundRail) -> TransactionOriginator {
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

    fn rail_information(&self, rail: &InboundRail) -> payments::RailInformation {
        let mut information = payments::RailInformation::new()
            .with_rail(rail.as_str().to_owned())
            .with_reference(self.reference.clone());
        information.memo.clone_from(&self.memo);
        information
    }
}

/// The rail that was asked for, if it carries the asset; else the usual one of the asset.
fn fitting_rail(asset: &Asset, asked: Option<&InboundRail>) -> Result<InboundRail, Rejection> {
    let fitting: &[InboundRail] = match asset.kind {
        AssetKind::Fiat => &[
            InboundRail::Fedwire,
            InboundRail::Ach,
            InboundRail::Swift,
            InboundRail::Eft,
        ],
        AssetKind::Crypto => &[InboundRail::Crypto],
    };
    let Some(asked) = asked else {
        return Ok(fitting[0].clone());
    };
    if fitting.contains(asked) {
        return Ok(asked.clone());
    }
    let names: Vec<&str> = fitting.iter().map(InboundRail::as_str).collect();
    Err(Problem::new(
        code::RAIL_NOT_SUPPORTED,
        format!("Rail {asked} does not carry {}.", asset.id),
    )
    .at("/rail")
    .received(asked.as_str())
    .expected(names.join(", "))
    .bad_request())
}

fn refused_by_books(error: &LedgerError) -> Rejection {
    match error {
        LedgerError::Full | LedgerError::Overflow { .. } => {
            funds::too_large().at("/amount").bad_request()
        }
        _ => Rejection::internal("The books refused the money."),
    }
}
