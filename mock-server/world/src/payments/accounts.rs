//! Accounts: opening, reading, changing the status, and the address of one in a crypto asset.

use jiff::Timestamp;
use layer2_types::payments;
use layer2_types::payments::AccountId;
use layer2_types::payments::AssetTypeId;
use layer2_types::payments::CustomerId;
use layer2_types::payments::ProductId;
use layer2_types::payments::ProductType;
use layer2_types::query::QueryParams as _;
use serde::Deserialize;
use serde::Serialize;

use crate::context::ReadContext;
use crate::context::WriteContext;
use crate::generated::payments::Accounts;
use crate::page::Page;
use crate::payments::assets;
use crate::payments::assets::Asset;
use crate::payments::assets::AssetKind;
use crate::payments::external_id;
use crate::payments::field_table::field_and_value;
use crate::payments::field_table::no_updates;
use crate::payments::funds;
use crate::payments::machines::standing::Standing;
use crate::payments::routes::Route;
use crate::payments::standing::Resource;
use crate::payments::standing::requested_standing;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;
use crate::table::named;
use crate::world::World;

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AccountRow {
    pub(crate) id: AccountId,
    /// Its customer, or [`SELF`] for an account of the client.
    pub(crate) customer: CustomerId,
    pub(crate) product: ProductId,
    pub(crate) asset: AssetTypeId,
    /// Decimals of the asset.
    pub(crate) decimals: u32,
    pub(crate) standing: Standing,
    /// Its own status before a freeze of its customer froze it too.
    pub(crate) before_freeze: Option<Standing>,
    pub(crate) opened: Timestamp,
    /// When it was opened, or had its last posting.
    pub(crate) last_used: Timestamp,
    /// Whether a look at it waits on the schedule, which may let it fall asleep.
    pub(crate) is_watched: bool,
}

named!(AccountRow: AccountId);

/// The customer id of the client's own accounts.
pub(crate) const SELF: &str = "SELF";

const PATH: &str = "/v1/accounts/deposits";

impl Accounts for World {
    fn accounts_open(
        &mut self,
        cx: &mut WriteContext<'_>,
        body: payments::AccountOpenRequest,
    ) -> Result<payments::AccountRefReply, Rejection> {
        let wanted = body.account_to_open;
        self.must_allow_updates(&body.customer_id)?;
        let asset = offered_asset(&wanted.product_id, &wanted.asset_type_id)?;
        external_id::check(wanted.account_id.as_str(), "/account_to_open/account_id")?;
        if self.payments.accounts.contains(&wanted.account_id)
            || self.is_reserved(&wanted.account_id)
        {
            return Err(id_taken(&wanted.account_id));
        }

        let opening = NewAccount {
            id: wanted.account_id.clone(),
            customer: body.customer_id,
            product: wanted.product_id,
            asset,
        };
        self.open_account(cx, opening)?;
        Ok(payments::AccountRefReply::new(payments::AccountRef::new(
            wanted.account_id,
        )))
    }

    fn accounts_list(
        &self,
        cx: &ReadContext<'_>,
        params: payments::AccountsListParams,
    ) -> Result<payments::AccountListReply, Rejection> {
        let page = Page::of(params.page, params.page_size)?.as_of(cx)?;
        let platform = cx.platform();
        let is_narrowed = params.customer_id.is_some()
            || params.product_type.is_some()
            || params.status.is_some();
        let wanted = |row: &AccountRow| {
            params
                .customer_id
                .as_ref()
                .is_none_or(|customer| row.customer == *customer)
                && params
                    .product_type
                    .as_ref()
                    .is_none_or(|wanted| row.product_type() == *wanted)
                && params
                    .status
                    .as_ref()
                    .is_none_or(|status| row.standing.account_status(platform) == *status)
        };
        let table = &self.payments.accounts;
        let cut = table.page(page, is_narrowed.then_some(&wanted));
        let links = cut.links(PATH, &params.to_pairs());
        let accounts = cut
            .rows
            .into_iter()
            .map(|row| self.account_on_wire(cx, row))
            .collect();
        Ok(
            payments::AccountListReply::new(payments::AccountList::new().with_accounts(accounts))
                .with_links(links.into_payments()),
        )
    }

    fn accounts_get(
        &self,
        cx: &ReadContext<'_>,
        account_id: AccountId,
    ) -> Result<payments::AccountReply, Rejection> {
        let row = self.payments.account(&account_id, "account_id")?;
        Ok(payments::AccountReply::new(self.account_on_wire(cx, row)))
    }

    fn accounts_update(
        &mut self,
        cx: &mut WriteContext<'_>,
        account_id: AccountId,
        body: payments::AccountUpdateRequest,
    ) -> Result<payments::AccountRefReply, Rejection> {
        let row = self.payments.account(&account_id, "account_id")?;
        let updates = body.updates.unwrap_or_default();
        let [update] = updates.as_slice() else {
            return Err(if updates.is_empty() {
                no_updates()
            } else {
                one_update()
            });
        };
        let (field, value) = field_and_value(update, 0)?;
        if field != "status" {
            return Err(not_updatable(field));
        }
        let to = requested_standing(Resource::Account(row), value, "/updates/0/value")?;

        if let Some(row) = self.payments.accounts.get_mut(&account_id) {
            // From now on the status is the account's own, whatever its customer did before.
            row.before_freeze = None;
        }
        self.set_account_standing(cx, &account_id, to);
        Ok(payments::AccountRefReply::new(payments::AccountRef::new(
            account_id,
        )))
    }

    fn accounts_request_address(
        &mut self,
        cx: &mut WriteContext<'_>,
        account_id: AccountId,
    ) -> Result<payments::AddressLeaseReply, Rejection> {
        let account = self.payments.account(&account_id, "account_id")?;
        let asset = account.known_asset()?;
        if asset.kind != AssetKind::Crypto {
            return Err(no_address(account));
        }
        self.must_transact(account, "account_id")?;
        let asset_type_id = account.asset.clone();

        self.open_routes(cx, &account_id, asset)?;
        let routes = self.payments.routes.of(&account_id);
        let (lease, address) = routes
            .iter()
            .find_map(|route| match route {
                Route::Crypto { lease, address } => Some((lease, address)),
                _ => None,
            })
            .ok_or_else(|| {
                Rejection::internal("A crypto asset is on a chain without addresses.")
            })?;
        // An address belongs to its account for good, so it has neither an end nor limits.
        Ok(payments::AddressLeaseReply::new(
            payments::AddressLease::new(lease.clone())
                .with_wallet_address(address.reveal())
                .with_asset_type_id(asset_type_id)
                .with_lease_enforced(false),
        ))
    }
}

/// An account that is about to be opened; everything about it has been checked.
#[derive(Clone, Debug)]
pub(crate) struct NewAccount {
    pub(crate) id: AccountId,
    pub(crate) customer: CustomerId,
    pub(crate) product: ProductId,
    pub(crate) asset: &'static Asset,
}

impl AccountRow {
    /// What is known of its asset.
    pub(crate) fn known_asset(&self) -> Result<&'static Asset, Rejection> {
        assets::asset(self.asset.as_str())
            .ok_or_else(|| Rejection::internal("The asset of an account is not in the table."))
    }

    /// The client's own accounts are of their own type, whatever the product.
    pub(crate) fn product_type(&self) -> ProductType {
        if self.customer.as_str() == SELF {
            return ProductType::Client;
        }
        assets::product(self.product.as_str())
            .map_or(ProductType::Deposit, |product| (product.product_type)())
    }
}

impl World {
    /// Opens an account and its books.
    pub(crate) fn open_account(
        &mut self,
        cx: &mut WriteContext<'_>,
        opening: NewAccount,
    ) -> Result<(), Rejection> {
        let asset_id = AssetTypeId::new(opening.asset.id)
            .map_err(|_| Rejection::internal("An asset of the table has no valid id."))?;
        self.payments
            .funds
            .open(&opening.id, opening.asset)
            .map_err(|_| Rejection::internal("The books of the account could not be opened."))?;
        self.payments.accounts.insert(AccountRow {
            id: opening.id.clone(),
            customer: opening.customer,
            product: opening.product,
            asset: asset_id,
            decimals: opening.asset.decimals,
            standing: Standing::Active,
            before_freeze: None,
            opened: cx.now(),
            last_used: cx.now(),
            is_watched: false,
        });
        self.watch_dormancy(&opening.id, cx.now());
        self.emit_account(cx, &opening.id);
        Ok(())
    }

    fn account_on_wire(&self, cx: &ReadContext<'_>, row: &AccountRow) -> payments::Account {
        let balances = self.payments.funds.balances(&row.id);
        let (current, available) = balances.map_or_else(Default::default, |balances| {
            (balances.current, balances.available)
        });
        payments::Account::new(row.id.clone())
            .with_status(row.standing.account_status(cx.platform()))
            .with_asset_type_id(row.asset.clone())
            .with_product_id(row.product.clone())
            .with_product_type(row.product_type())
            .with_customer_id(row.customer.clone())
            .with_current_balance(funds::to_wire(current, row.decimals))
            .with_available_balance(funds::to_wire(available, row.decimals))
    }
}

/// The asset, if the product exists and offers it.
pub(crate) fn offered_asset(
    product: &ProductId,
    asset: &AssetTypeId,
) -> Result<&'static Asset, Rejection> {
    let Some(known) = assets::product(product.as_str()) else {
        return Err(Problem::new(
            code::PRODUCT_ASSET_NOT_SUPPORTED,
            "There is no such product.",
        )
        .at("/account_to_open/product_id")
        .received(product.as_str())
        .expected(assets::product_ids())
        .bad_request());
    };
    let problem = || {
        Problem::new(
            code::PRODUCT_ASSET_NOT_SUPPORTED,
            format!("Product {} does not offer this asset type.", known.id),
        )
        .at("/account_to_open/asset_type_id")
        .received(asset.as_str())
        .expected(known.offered_ids())
    };
    match assets::asset(asset.as_str()) {
        Some(found) if known.offers(found) => Ok(found),
        Some(_) => Err(problem().bad_request()),
        None => Err(problem()
            .hint("Asset type ids have the form blockchain, network, currency, such as FIAT_TESTNET_USD; a currency code alone is none.")
            .bad_request()),
    }
}

/// The refusal of an account id that is in use.
pub(crate) fn id_taken(id: &AccountId) -> Rejection {
    Problem::new(
        code::ALREADY_EXISTS,
        "There is an account, or an application for one, with this id.",
    )
    .at("/account_to_open/account_id")
    .received(id.as_str())
    .expected("an id that no account and no open application has")
    .hint("To repeat a request whose reply was lost, send it with its idempotency key.")
    .bad_request()
}

fn no_address(account: &AccountRow) -> Rejection {
    Problem::new(
        code::ADDRESS_NOT_AVAILABLE,
        format!(
            "Account `{}` holds {}, which is on no blockchain.",
            account.id, account.asset
        ),
    )
    .at("account_id")
    .received(account.asset.as_str())
    .expected(format!(
        "an account that holds one of {}",
        assets::ids_of(AssetKind::Crypto)
    ))
    .hint("Ask for deposit instructions with `POST /v1/deposits`.")
    .bad_request()
}

fn one_update() -> Rejection {
    Problem::new(
        code::VALIDATION_FAILED,
        "An account takes one update at a time.",
    )
    .at("/updates")
    .expected("exactly one update, of the field `status`")
    .bad_request()
}

fn not_updatable(field: &str) -> Rejection {
    Problem::new(
        code::FIELD_NOT_UPDATABLE,
        "Of an account only the status can be changed.",
    )
    .at("/updates/0/field")
    .received(field)
    .expected("status")
    .hint("Everything else is fixed when the account is opened; open another one, and close this one.")
    .bad_request()
}
