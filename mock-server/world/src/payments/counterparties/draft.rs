//! What a registration says, read apart from its type, and everything that can be wrong with it.
//!
//! All problems are told at once. Numbers and addresses are personal: of them only what was expected is told.

use layer2_types::operation::Platform;
use layer2_types::payments::AssetTypeId;
use layer2_types::payments::CounterpartyIntermediaryRequest;
use layer2_types::payments::CounterpartyRequest;
use layer2_types::payments::CounterpartyWalletRequest;
use layer2_types::payments::CustomerId;
use layer2_types::payments::Rail;

use crate::payments::assets;
use crate::payments::assets::AssetKind;
use crate::payments::counterparties::accounts::BankAccount;
use crate::payments::counterparties::form;
use crate::payments::counterparties::intermediary;
use crate::payments::counterparties::kinds;
use crate::payments::counterparties::kinds::Kind;
use crate::payments::counterparties::numbers;
use crate::payments::counterparties::owner;
use crate::payments::counterparties::owner::Owner;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;

/// A registration, whatever its type.
pub(super) struct Registration<'a> {
    pub(super) customer: &'a CustomerId,
    pub(super) rails: &'a [Rail],
    kind: &'static Kind,
    platform: Platform,
    owner: Owner<'a>,
    account: Option<BankAccount<'a>>,
    wallet: Option<&'a CounterpartyWalletRequest>,
    intermediary: Option<&'a CounterpartyIntermediaryRequest>,
}

/// Reads a registration.
pub(super) fn read(
    request: &CounterpartyRequest,
    platform: Platform,
) -> Result<Registration<'_>, Rejection> {
    let tag = request.tag();
    let Some(kind) = Kind::of(tag, platform) else {
        return Err(Problem::new(
            code::VALIDATION_FAILED,
            "There is no such type of counterparty.",
        )
        .at("/counterparty_type")
        .received(tag)
        .expected(kinds::tags(platform))
        .bad_request());
    };
    let broken = || Rejection::internal("A type of the table cannot be registered.");
    let parts = Parts::of(request).ok_or_else(broken)?;
    Ok(Registration {
        customer: parts.customer,
        rails: parts.rails,
        kind,
        platform,
        owner: parts.owner,
        account: parts.account,
        wallet: parts.wallet,
        intermediary: parts.intermediary,
    })
}

impl Registration<'_> {
    /// Whether the owner links the account.
    pub(super) const fn is_linked(&self) -> bool {
        self.kind.linked
    }

    /// Asset of the account or the wallet.
    pub(super) fn asset(&self) -> Option<&AssetTypeId> {
        let account = self.account.as_ref().map(|account| account.asset_type_id);
        account.or_else(|| self.wallet.map(|wallet| &wallet.asset_type_id))
    }

    /// Tells everything that is wrong.
    pub(super) fn check(&self) -> Result<(), Rejection> {
        let mut problems = self.rail_problems();
        problems.extend(self.asset_problem());
        self.owner
            .check(self.kind, self.rails, self.platform, &mut problems);
        self.check_account(&mut problems);
        problems.extend(self.wallet_problem());
        if let Some(bank) = self.intermediary {
            intermediary::check(bank, self.rails, &mut problems);
        }
        if problems.is_empty() {
            return Ok(());
        }
        Err(Rejection {
            status: 400,
            problems,
        })
    }

    fn has(&self, rail: &Rail) -> bool {
        self.rails.contains(rail)
    }

    fn rail_problems(&self) -> Vec<Problem> {
        let rails = self.kind.rails_of(self.platform);
        let unknown = self.rails.iter().enumerate().filter_map(|(n, rail)| {
            let problem = || {
                Problem::new(
                    code::RAIL_NOT_SUPPORTED,
                    format!("Rail {rail} is not one of type {}.", self.kind.tag),
                )
                .at(format!("/supported_rails/{n}"))
                .received(rail.as_str())
                .expected(if rails.is_empty() {
                    "no rail".to_owned()
                } else {
                    rails.join(", ")
                })
                .hint("Leave the rail out, or register a counterparty of a type that has it.")
            };
            (!rails.contains(&rail.as_str())).then(problem)
        });
        unknown.collect()
    }

    fn asset_problem(&self) -> Option<Problem> {
        let wanted = self.kind.holds?;
        let member = match wanted {
            AssetKind::Crypto => "wallet_information",
            AssetKind::Fiat => "account_information",
        };
        let asset = self.asset()?;
        let fits = assets::asset(asset.as_str()).is_some_and(|asset| asset.kind == wanted);
        if fits {
            return None;
        }
        let fitting = assets::ASSETS.iter().filter(|asset| asset.kind == wanted);
        let ids: Vec<&str> = fitting.map(|asset| asset.id).collect();
        Some(
            Problem::new(
                code::ASSET_NOT_SUPPORTED,
                format!("A counterparty of type {} does not hold this asset.", self.kind.tag),
            )
            .at(format!("/{member}/asset_type_id"))
            .received(asset.as_str())
            .expected(ids.join(", "))
            .hint("Asset type ids have the form blockchain, network, currency, such as FIAT_TESTNET_USD; a currency code alone is none."),
        )
    }

    fn check_account(&self, problems: &mut Vec<Problem>) {
        let Some(account) = &self.account else {
            return;
        };
        numbers::check(account, self.rails, problems);
        if self.has(&Rail::Fedwire) {
            if owner::is_blank(account.institution_name) {
                problems.push(missing(
                    "/account_information/institution_name",
                    "the name of the bank",
                ));
            }
            let place = "/account_information/institution_address";
            owner::check_full(account.institution_address, place, problems);
        }
    }

    fn wallet_problem(&self) -> Option<Problem> {
        let wallet = self.wallet?;
        let asset = &wallet.asset_type_id;
        let (form, fits) = form::address_form(asset.as_str(), &wallet.blockchain_address);
        (!fits).then(|| {
            Problem::new(
                code::VALIDATION_FAILED,
                format!("This is no address for {asset}."),
            )
            .at("/wallet_information/blockchain_address")
            .expected(form)
            .hint("Coins that are sent to an address of another chain are lost.")
        })
    }
}

/// What a request consists of, each part where its type has it.
struct Parts<'a> {
    customer: &'a CustomerId,
    rails: &'a [Rail],
    owner: Owner<'a>,
    account: Option<BankAccount<'a>>,
    wallet: Option<&'a CounterpartyWalletRequest>,
    intermediary: Option<&'a CounterpartyIntermediaryRequest>,
}

/// Takes requests apart: those of bank accounts, which differ in what their numbers are, and the others one by one.
macro_rules! parts {
    ($request:expr, banks: [$($bank:ident)+], linked: [$($linked:ident)+]) => {
        match $request {
            $(CounterpartyRequest::$bank(sent) => Self {
                customer: &sent.customer_id,
                rails: &sent.supported_rails,
                owner: (&sent.profile).into(),
                account: Some((&sent.account_information).into()),
                wallet: None,
                intermediary: sent.intermediary_information.as_ref(),
            },)+
            $(CounterpartyRequest::$linked(sent) => Self {
                customer: &sent.customer_id,
                rails: &sent.supported_rails,
                owner: (&sent.profile).into(),
                account: Some((&sent.account_information).into()),
                wallet: None,
                intermediary: None,
            },)+
            CounterpartyRequest::Crypto(sent) => Self {
                customer: &sent.customer_id,
                rails: &sent.supported_rails,
                owner: (&sent.profile).into(),
                account: None,
                wallet: Some(&sent.wallet_information),
                intermediary: None,
            },
            CounterpartyRequest::Basic(sent) => Self {
                customer: &sent.customer_id,
                rails: &[],
                owner: (&sent.profile).into(),
                account: None,
                wallet: None,
                intermediary: None,
            },
            _ => return None,
        }
    };
}

impl<'a> Parts<'a> {
    /// None of a type that this program does not know.
    fn of(request: &'a CounterpartyRequest) -> Option<Self> {
        Some(parts! {
            request,
            banks: [
                FiatUs FiatCa FiatEu FiatGb FiatIn FiatBs FiatCn FiatHk FiatSg FiatJp FiatMy FiatPa FiatMx FiatAe
                FiatIban FiatAccno
            ],
            linked: [FiatUsLinked FiatCaLinked]
        })
    }
}

/// A member that the rails of a counterparty cannot do without.
pub(super) fn missing(pointer: &str, what: &str) -> Problem {
    Problem::new(
        code::VALIDATION_FAILED,
        "The rails of the counterparty need more.",
    )
    .at(pointer)
    .expected(what)
}
