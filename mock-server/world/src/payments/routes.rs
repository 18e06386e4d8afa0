//! Routes: by what money from outside finds its account.
//!
//! An account has one route for each rail for which the platform documents instructions. Fedwire and ACH lead to one bank
//! account that all share, and a memo of the route's own says whose money it is; instructions for SWIFT have no memo, so
//! each account has a number of its own there; a blockchain has addresses. Routes are opened when they are first needed
//! and stay for good.

use std::collections::BTreeMap;

use layer2_types::control::InboundRail;
use layer2_types::payments::AccountId;
use layer2_types::payments::AddressLeaseId;
use serde::Deserialize;
use serde::Serialize;

use crate::context::WriteContext;
use crate::ids::IdKind;
use crate::payments::addresses;
use crate::payments::assets::Asset;
use crate::payments::private::Private;
use crate::rejection::Rejection;

/// One way into an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Route {
    Fedwire {
        memo: Private,
    },
    Ach {
        memo: Private,
    },
    Swift {
        account_number: Private,
    },
    Crypto {
        lease: AddressLeaseId,
        address: Private,
    },
}

/// What a payment names its receiver by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mark {
    Memo(Private),
    AccountNumber(Private),
    Address(Private),
}

/// Number of the bank account that all memos belong to, as observed.
pub(crate) const SHARED_ACCOUNT_NUMBER: &str = "591427090743";

/// All routes of a sandbox.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Routes {
    by_account: BTreeMap<AccountId, Vec<Route>>,
    #[serde(with = "crate::snapshot::pairs")]
    owners: BTreeMap<Mark, AccountId>,
}

impl Route {
    /// The rail that it is for.
    pub(crate) fn rail(&self) -> InboundRail {
        match self {
            Self::Fedwire { .. } => InboundRail::Fedwire,
            Self::Ach { .. } => InboundRail::Ach,
            Self::Swift { .. } => InboundRail::Swift,
            Self::Crypto { .. } => InboundRail::Crypto,
        }
    }

    /// What a payment that takes it names.
    pub(crate) fn mark(&self) -> Mark {
        match self {
            Self::Fedwire { memo } | Self::Ach { memo } => Mark::Memo(memo.clone()),
            Self::Swift { account_number } => Mark::AccountNumber(account_number.clone()),
            Self::Crypto { address, .. } => Mark::Address(address.clone()),
        }
    }

    /// A new route by a rail; none for a rail without documented instructions.
    fn by(
        cx: &mut WriteContext<'_>,
        rail: &InboundRail,
        asset: &Asset,
    ) -> Result<Option<Self>, Rejection> {
        Ok(match rail {
            InboundRail::Fedwire => Some(Self::Fedwire {
                memo: Private::new(cx.mint(IdKind::Memo)),
            }),
            InboundRail::Ach => Some(Self::Ach {
                memo: Private::new(cx.mint(IdKind::Memo)),
            }),
            InboundRail::Swift => Some(Self::Swift {
                account_number: Private::new(account_number(cx)),
            }),
            InboundRail::Crypto => {
                let lease = AddressLeaseId::new(cx.mint(IdKind::AddressLease))
                    .map_err(|_| Rejection::bad_id())?;
                let key = cx.mint_key(IdKind::Address);
                addresses::address(asset, &key).map(|address| Self::Crypto {
                    lease,
                    address: Private::new(address),
                })
            }
            _ => None,
        })
    }
}

impl Routes {
    /// The routes of an account; none before they are first needed.
    pub(crate) fn of(&self, account: &AccountId) -> &[Route] {
        self.by_account.get(account).map_or(&[], Vec::as_slice)
    }

    /// Whose account a payment names, and by which route.
    pub(crate) fn owner(&self, mark: &Mark) -> Option<(&AccountId, &Route)> {
        let account = self.owners.get(mark)?;
        let route = self
            .of(account)
            .iter()
            .find(|route| route.mark() == *mark)?;
        Some((account, route))
    }

    /// Opens the routes of an account that has none, and says whether it had none.
    pub(crate) fn open(
        &mut self,
        cx: &mut WriteContext<'_>,
        account: &AccountId,
        asset: &Asset,
    ) -> Result<bool, Rejection> {
        if self.by_account.contains_key(account) {
            return Ok(false);
        }
        let mut routes = Vec::new();
        for rail in asset.rails {
            routes.extend(Route::by(cx, rail, asset)?);
        }
        for route in &routes {
            self.owners.insert(route.mark(), account.clone());
        }
        self.by_account.insert(account.clone(), routes);
        Ok(true)
    }
}

/// A new bank account number: twelve digits, as observed, and not the shared one.
fn account_number(cx: &mut WriteContext<'_>) -> String {
    // The first digit of the shared number is 5, of these 7.
    format!("7{:011}", cx.mint_bits(IdKind::BankAccount) % NUMBERS)
}

const NUMBERS: u128 = 100_000_000_000;
