//! Pulls: deposits that the platform fetches from a linked bank account.
//!
//! Everything is checked when the pull is requested, and what may have changed since is checked again at its acceptance.
//! Accepted money is on its way like any other that comes from outside, and the other bank may take it back.

use layer2_ledger::MinorUnits;
use layer2_types::control::InboundRail;
use layer2_types::payments;
use layer2_types::payments::AssetTypeId;
use layer2_types::payments::CounterpartyId;
use layer2_types::payments::Rail;
use serde::Deserialize;
use serde::Serialize;

use crate::context::WriteContext;
use crate::payments::accounts::AccountRow;
use crate::payments::arrivals::Arrival;
use crate::payments::arrivals::Receiver;
use crate::payments::assets;
use crate::payments::assets::Asset;
use crate::payments::counterparties::CounterpartyRow;
use crate::payments::counterparties::Flow;
use crate::payments::deposits::DepositRow;
use crate::payments::deposits::Way;
use crate::payments::funds;
use crate::payments::originator::Sender;
use crate::payments::private::Private;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;
use crate::world::World;

/// What a deposit fetches, and from where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pull {
    pub(crate) source: CounterpartyId,
    amount: MinorUnits,
    rail: InboundRail,
    /// Text for the statement of the other side.
    reference: Option<Private>,
    is_accepted: bool,
}

impl Pull {
    /// How much, as a reply tells it.
    pub(crate) fn details(&self, decimals: u32) -> payments::DepositDetails {
        let mut details =
            payments::DepositDetails::new().with_amount(funds::to_wire(self.amount, decimals));
        details.reference = self.reference.as_ref().map(Private::reveal);
        details
    }
}

/// What pulls alone ask of a counterparty.
impl CounterpartyRow {
    /// The rail by which money for an account can be fetched from here.
    fn rail_to(
        &self,
        account: &AccountRow,
        asset: &Asset,
        place: &str,
    ) -> Result<InboundRail, Rejection> {
        self.must_be_linked(place)?;
        if self.asset.as_ref() != Some(&account.asset) {
            return Err(self.holds_another(account, place));
        }
        let fits = |rail: &&InboundRail| self.rails.iter().any(|own| own.as_str() == rail.as_str());
        match asset.pull_rails.iter().find(fits) {
            Some(rail) => Ok(rail.clone()),
            None => Err(no_rail(asset, &self.rails, place)),
        }
    }

    fn owner_name(&self) -> Option<Private> {
        let name = self.details.profile()?.name.clone();
        name.map(Private::new)
    }

    fn must_be_linked(&self, place: &str) -> Result<(), Rejection> {
        if LINKED.contains(&self.details.tag()) && self.connected {
            return Ok(());
        }
        Err(Problem::new(
            code::COUNTERPARTY_NOT_LINKED,
            "Money can be pulled from a bank account that its owner has linked, and this one is not.",
        )
        .at(place)
        .received(self.id.as_str())
        .expected("a counterparty of type FIAT_US_LINKED or FIAT_CA_LINKED that is connected")
        .hint("Finish the linking of the counterparty, or ask for a PUSH deposit.")
        .bad_request())
    }

    fn holds_another(&self, account: &AccountRow, place: &str) -> Rejection {
        let held = self.asset.as_ref().map_or("none", AssetTypeId::as_str);
        Problem::new(
            code::ASSET_MISMATCH,
            format!(
                "Account `{}` holds {} and the counterparty holds {held}.",
                account.id, account.asset
            ),
        )
        .at(place)
        .received(held)
        .expected(account.asset.as_str())
        .hint("Pull into an account of the counterparty's asset, then exchange.")
        .bad_request()
    }
}

impl World {
    /// What a request wants to pull, if it can be pulled.
    pub(crate) fn checked_pull(
        &self,
        account: &AccountRow,
        asset: &'static Asset,
        body: &payments::DepositRequestPull,
    ) -> Result<Pull, Rejection> {
        let named = &body.deposit_source.source_counterparty_id;
        let source = self.payments.counterparty(named, SOURCE)?;
        if asset.pull_rails.is_empty() {
            return Err(asset_not_pulled(asset));
        }
        source.must_be_usable(Flow::In, account, SOURCE)?;
        let rail = source.rail_to(account, asset, SOURCE)?;
        let amount = funds::to_minor(
            body.deposit_details.amount,
            asset,
            "/deposit_details/amount",
        )?;
        Ok(Pull {
            source: source.id.clone(),
            amount,
            rail,
            reference: body.deposit_details.reference.clone().map(Private::new),
            is_accepted: false,
        })
    }

    /// Orders the money of a pull.
    pub(crate) fn accept_pull(
        &mut self,
        cx: &mut WriteContext<'_>,
        row: &DepositRow,
    ) -> Result<(), Rejection> {
        let Way::Pull(pull) = &row.way else {
            return Err(needs_no_acceptance());
        };
        if pull.is_accepted {
            return Err(accepted_already(row));
        }
        let account = self.payments.account(&row.account, "deposit_id")?;
        let asset = account.known_asset()?;
        let source = self.payments.counterparty(&pull.source, "deposit_id")?;
        source.must_be_usable(Flow::In, account, "deposit_id")?;
        self.must_transact(account, "deposit_id")?;

        let arrival = Arrival {
            asset,
            amount: pull.amount,
            rail: pull.rail.clone(),
            sender: Sender {
                name: source.owner_name(),
                memo: pull.reference.clone(),
                is_linked: true,
            },
            receiver: Receiver::Pull(row.account.clone(), row.id.clone()),
            place: "deposit_id",
        };
        self.let_arrive(cx, arrival)?;
        if let Some(row) = self.payments.deposits.get_mut(&row.id)
            && let Way::Pull(pull) = &mut row.way
        {
            pull.is_accepted = true;
        }
        Ok(())
    }
}

/// The types whose bank account the owner links.
const LINKED: [&str; 2] = ["FIAT_US_LINKED", "FIAT_CA_LINKED"];

/// Where a request names the counterparty.
const SOURCE: &str = "/deposit_source/source_counterparty_id";

fn asset_not_pulled(asset: &Asset) -> Rejection {
    let pulled = assets::ASSETS
        .iter()
        .filter(|asset| !asset.pull_rails.is_empty());
    let ids: Vec<&str> = pulled.map(|asset| asset.id).collect();
    Problem::new(
        code::PULL_NOT_SUPPORTED,
        format!("{} cannot be pulled.", asset.id),
    )
    .at("/deposit_destination/destination_account_id")
    .received(asset.id)
    .expected(format!("an account that holds one of {}", ids.join(", ")))
    .hint("Ask for a PUSH deposit.")
    .bad_request()
}

fn no_rail(asset: &Asset, rails: &[Rail], place: &str) -> Rejection {
    let names = |rails: &mut dyn Iterator<Item = &str>| rails.collect::<Vec<_>>().join(", ");
    let own = names(&mut rails.iter().map(Rail::as_str));
    let pulling = names(&mut asset.pull_rails.iter().map(InboundRail::as_str));
    Problem::new(
        code::PULL_NOT_SUPPORTED,
        format!("No rail of the counterparty can pull {}.", asset.id),
    )
    .at(place)
    .received(own)
    .expected(pulling)
    .hint("Ask for a PUSH deposit, or use a counterparty with such a rail.")
    .bad_request()
}

fn needs_no_acceptance() -> Rejection {
    Problem::new(
        code::DEPOSIT_NOT_ACCEPTABLE,
        "A PUSH deposit needs no acceptance: its money comes when somebody sends it.",
    )
    .at("deposit_id")
    .received("PUSH")
    .expected("PULL")
    .hint("Send money by the instructions of the deposit; in a sandbox, through the control API.")
    .bad_request()
}

fn accepted_already(row: &DepositRow) -> Rejection {
    Problem::new(
        code::DEPOSIT_NOT_ACCEPTABLE,
        format!(
            "The deposit was accepted already; it is {} now.",
            row.stage
        ),
    )
    .at("deposit_id")
    .received("a second acceptance")
    .expected("one acceptance")
    .hint("If this repeats a request whose reply was lost, send it with the idempotency key of the first try.")
    .bad_request()
}
