//! Where money from outside goes: what a bank or a chain names, and whose account that is.
//!
//! A bank names an account number and a memo, a chain an address; neither asks the platform whether it knows them. Only
//! control itself may name an account by its id. What names nobody goes into suspense, and so does another asset than the
//! one that the account holds.

use layer2_types::control::InboundRail;
use layer2_types::control::InboundRequest;

use crate::payments::addresses;
use crate::payments::arrivals::Receiver;
use crate::payments::assets;
use crate::payments::assets::Asset;
use crate::payments::assets::AssetKind;
use crate::payments::private::Private;
use crate::payments::routes::Mark;
use crate::payments::routes::SHARED_ACCOUNT_NUMBER;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;
use crate::world::World;

/// The way that money takes.
pub(super) struct WayIn {
    pub(super) asset: &'static Asset,
    pub(super) receiver: Receiver,
    /// The rail of the instructions that the money follows.
    pub(super) rail: Option<InboundRail>,
    /// Where the request names the account itself, if it does.
    pub(super) named_at: Option<&'static str>,
}

impl World {
    /// The way that the money of a request takes.
    pub(super) fn way_of(&self, body: &InboundRequest) -> Result<WayIn, Rejection> {
        must_name_one(body)?;
        let sent = body.asset_type_id.as_ref();
        if let Some(named) = &body.account_id {
            let account = self.named_account(named)?;
            let asset = account.known_asset()?;
            if let Some(sent) = sent
                && sent.as_str() != asset.id
            {
                let problem = format!("Account `{}` holds {}.", account.id, asset.id);
                return Err(wrong_asset(problem, sent.as_str(), asset.id));
            }
            return Ok(WayIn {
                asset,
                receiver: Receiver::Account(account.id.clone()),
                rail: None,
                named_at: Some("/account_id"),
            });
        }

        let mark = mark_of(body).ok_or_else(names_nobody)?;
        let owner = self.payments.routes.owner(&mark);
        let owner = match owner {
            Some((account, route)) => {
                let account = self.payments.account(account, mark.place())?;
                Some((account, account.known_asset()?, route.rail()))
            }
            None => None,
        };
        let asset = match (sent, &owner) {
            (Some(sent), _) => mark.asset(sent.as_str())?,
            (None, Some((_, asset, _))) => asset,
            (None, None) => return Err(asset_needed(&mark)),
        };
        let rail = owner.as_ref().map(|(_, _, rail)| rail.clone());
        let receiver = match owner {
            Some((account, held, _)) if held.id == asset.id => {
                Receiver::Account(account.id.clone())
            }
            _ => Receiver::Nobody,
        };
        Ok(WayIn {
            asset,
            receiver,
            rail,
            named_at: None,
        })
    }
}

impl Mark {
    /// The kind of asset that can be sent to it.
    const fn kind(&self) -> AssetKind {
        match self {
            Self::Memo(_) | Self::AccountNumber(_) => AssetKind::Fiat,
            Self::Address(_) => AssetKind::Crypto,
        }
    }

    /// Where a request says it.
    const fn place(&self) -> &'static str {
        match self {
            Self::Memo(_) => "/memo",
            Self::AccountNumber(_) => "/account_number",
            Self::Address(_) => "/address",
        }
    }

    /// The asset with this id, if it can be sent here.
    fn asset(&self, id: &str) -> Result<&'static Asset, Rejection> {
        match assets::asset(id) {
            Some(asset) if asset.kind == self.kind() => Ok(asset),
            Some(asset) => {
                let problem = match asset.kind {
                    AssetKind::Fiat => "Money of a bank is not sent to a blockchain address.",
                    AssetKind::Crypto => {
                        "Money on a blockchain is sent to an address, not to a bank account or by a memo."
                    }
                };
                Err(wrong_asset(problem, id, &assets::ids_of(self.kind())))
            }
            None => Err(wrong_asset(
                "There is no such asset type.",
                id,
                &assets::ids_of(self.kind()),
            )),
        }
    }
}

/// The rail that was asked for, if it carries the asset; else that of the instructions, else the usual one of the asset.
pub(super) fn fitting_rail(
    asset: &Asset,
    asked: Option<&InboundRail>,
    instructed: Option<InboundRail>,
) -> Result<InboundRail, Rejection> {
    let Some(asked) = asked else {
        let carries = |rail: &InboundRail| asset.rails.contains(rail);
        return Ok(instructed
            .filter(carries)
            .unwrap_or_else(|| asset.rails[0].clone()));
    };
    if asset.rails.contains(asked) {
        return Ok(asked.clone());
    }
    Err(Problem::new(
        code::RAIL_NOT_SUPPORTED,
        format!("Rail {asked} does not carry {}.", asset.id),
    )
    .at("/rail")
    .received(asked.as_str())
    .expected(asset.rail_names())
    .hint("Name one of these rails, or none: the usual one of the asset is taken then.")
    .bad_request())
}

/// Refuses money that goes to two places at once.
fn must_name_one(body: &InboundRequest) -> Result<(), Rejection> {
    let places = [
        (body.account_id.is_some(), "/account_id"),
        (body.address.is_some(), "/address"),
        (body.account_number.is_some(), "/account_number"),
    ];
    let mut named = places.iter().filter(|(is_named, _)| *is_named);
    let (first, second) = (named.next(), named.next());
    let (Some((_, first)), Some((_, second))) = (first, second) else {
        return Ok(());
    };
    Err(Problem::new(
        code::VALIDATION_FAILED,
        "Money goes to one place, and two are named.",
    )
    .at(*second)
    .received(format!("{first}, {second}"))
    .expected("one of account_id, address and account_number")
    .hint("A memo may stand beside either of them.")
    .bad_request())
}

fn mark_of(body: &InboundRequest) -> Option<Mark> {
    let memo = || body.memo.clone().map(|memo| Mark::Memo(Private::new(memo)));
    match (&body.address, &body.account_number) {
        (Some(address), _) => Some(Mark::Address(Private::new(addresses::canonical(address)))),
        // At the shared number the memo decides; without one, the number names nobody.
        (None, Some(number)) if number == SHARED_ACCOUNT_NUMBER && body.memo.is_some() => memo(),
        (None, Some(number)) => Some(Mark::AccountNumber(Private::new(number.clone()))),
        (None, None) => memo(),
    }
}

fn names_nobody() -> Rejection {
    Problem::new(
        code::VALIDATION_FAILED,
        "Nothing says where the money goes.",
    )
    .at("")
    .expected("one of account_id, address, account_number and memo")
    .hint("The memo of deposit instructions is enough; `POST /v1/deposits` gives them.")
    .bad_request()
}

fn asset_needed(mark: &Mark) -> Rejection {
    Problem::new(
        code::VALIDATION_FAILED,
        format!(
            "Nothing is known of what `{}` names, so the asset has to be told.",
            mark.place()
        ),
    )
    .at("/asset_type_id")
    .expected(assets::ids_of(mark.kind()))
    .hint("With the asset, the money goes into suspense, as at a bank that does not know its receiver.")
    .bad_request()
}

fn wrong_asset(problem: impl Into<String>, received: &str, expected: &str) -> Rejection {
    Problem::new(code::ASSET_NOT_SUPPORTED, problem)
        .at("/asset_type_id")
        .received(received)
        .expected(expected)
        .hint("Asset type ids have the form blockchain, network, currency, such as FIAT_TESTNET_USD; a currency code alone is none.")
        .bad_request()
}
