//! Deposit instructions: what a sender is told, route by route.
//!
//! The receiver is the customer, with the address that is known of it; the bank is the one that was observed, but for its
//! name and BIC, which are made up (a BIC with `0` in its eighth place is one for tests, ISO 9362). Instructions change when
//! routes are opened, and when the customer has another name or address; either is told.

use layer2_types::payments;
use layer2_types::payments::AccountId;
use layer2_types::payments::Address;
use layer2_types::payments::Customer;
use layer2_types::payments::CustomerId;
use layer2_types::payments::DepositInstruction;

use crate::context::WriteContext;
use crate::payments::accounts::AccountRow;
use crate::payments::assets;
use crate::payments::assets::Asset;
use crate::payments::routes::Route;
use crate::payments::routes::SHARED_ACCOUNT_NUMBER;
use crate::rejection::Rejection;
use crate::world::World;

/// An account and its instructions.
pub(crate) type Told = (AccountId, Vec<DepositInstruction>);

/// Whom money for an account is addressed to.
pub(crate) struct Holder {
    pub(crate) name: String,
    pub(crate) address: Address,
}

impl World {
    /// The customer of an account as a receiver of money.
    pub(crate) fn holder(&self, account: &AccountRow) -> Holder {
        let customer = self.payments.customers.get(&account.customer);
        match customer.map(|row| &row.details) {
            Some(Customer::Individual(person)) => Holder {
                name: [&person.first_name, &person.last_name]
                    .into_iter()
                    .flatten()
                    .map(String::as_str)
                    .collect::<Vec<_>>()
                    .join(" "),
                address: person.mailing_address.clone().unwrap_or_default(),
            },
            Some(Customer::Corporation(company)) => Holder {
                name: company.registered_name.clone().unwrap_or_default(),
                address: company.registered_address.clone().unwrap_or_default(),
            },
            // The client's own accounts have no customer.
            _ => Holder {
                name: CLIENT_NAME.to_owned(),
                address: address("1 Financial Place", "Boston", "MA", "02135"),
            },
        }
    }

    /// Opens the routes of an account that has none, and tells that there are instructions now.
    pub(crate) fn open_routes(
        &mut self,
        cx: &mut WriteContext<'_>,
        account: &AccountId,
        asset: &Asset,
    ) -> Result<(), Rejection> {
        if self.payments.routes.open(cx, account, asset)? {
            self.emit_instructions(cx, account);
        }
        Ok(())
    }

    /// What senders are told now of each account of a customer.
    pub(crate) fn told_to_senders(&self, id: &CustomerId) -> Vec<Told> {
        let accounts = self.payments.accounts.rows();
        accounts
            .filter(|account| account.customer == *id)
            .map(|account| (account.id.clone(), self.instructions(account)))
            .collect()
    }

    /// Tells of each account whose instructions are others than before.
    pub(crate) fn tell_changed_instructions(&mut self, cx: &mut WriteContext<'_>, before: &[Told]) {
        for (id, told) in before {
            let now = self.payments.accounts.get(id);
            if now.is_some_and(|account| self.instructions(account) != *told) {
                self.emit_instructions(cx, id);
            }
        }
    }

    /// The instructions of an account, one for each of its routes.
    pub(crate) fn instructions(&self, account: &AccountRow) -> Vec<DepositInstruction> {
        let holder = self.holder(account);
        self.payments
            .routes
            .of(&account.id)
            .iter()
            .map(|route| instruction(route, account, &holder))
            .collect()
    }
}

fn instruction(route: &Route, account: &AccountRow, holder: &Holder) -> DepositInstruction {
    match route {
        Route::Fedwire { memo } => payments::DepositInstructionFedwire::new()
            .with_account_holder_name(holder.name.clone())
            .with_account_number(SHARED_ACCOUNT_NUMBER.to_owned())
            .with_account_routing_number(ROUTING_NUMBER.to_owned())
            .with_account_holder_address(holder.address.clone())
            .with_institution_name(INSTITUTION.to_owned())
            .with_institution_address(institution_address())
            .with_memo(memo.reveal())
            .with_asset_type_id(account.asset.clone())
            .into(),
        Route::Ach { memo } => payments::DepositInstructionAch::new()
            .with_account_holder_name(holder.name.clone())
            .with_account_number(SHARED_ACCOUNT_NUMBER.to_owned())
            .with_account_routing_number(ROUTING_NUMBER.to_owned())
            .with_memo(memo.reveal())
            .with_asset_type_id(account.asset.clone())
            .into(),
        Route::Swift { account_number } => payments::DepositInstructionSwift::new()
            .with_account_holder_name(holder.name.clone())
            .with_account_number(account_number.reveal())
            .with_account_routing_number(ROUTING_NUMBER.to_owned())
            .with_swift_bic(BIC.to_owned())
            .with_account_holder_address(holder.address.clone())
            .with_institution_name(INSTITUTION.to_owned())
            .with_institution_address(institution_address())
            .with_asset_type_id(account.asset.clone())
            .into(),
        Route::Crypto { address, .. } => {
            let (blockchain, network) = assets::asset(account.asset.as_str())
                .map_or(("", ""), |asset| (asset.blockchain(), asset.network()));
            payments::DepositInstructionCrypto::new()
                .with_address(address.reveal())
                // Lower case, as observed.
                .with_blockchain(blockchain.to_ascii_lowercase())
                .with_network(network.to_ascii_lowercase())
                .with_asset_type_id(account.asset.clone())
                .into()
        }
    }
}

const CLIENT_NAME: &str = "Client of this sandbox";
const INSTITUTION: &str = "Example Bank";
const ROUTING_NUMBER: &str = "021001208";
const BIC: &str = "EXBKUS30";

fn institution_address() -> Address {
    address("123 Cherry Street", "Duluth", "MN", "55812")
}

fn address(line: &str, city: &str, state: &str, postal_code: &str) -> Address {
    Address::new()
        .with_address_line1(line.to_owned())
        .with_city(city.to_owned())
        .with_state(state.to_owned())
        .with_postal_code(postal_code.to_owned())
        .with_country_code("US".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bank_could_exist() {
        let digits: Vec<u32> = ROUTING_NUMBER
            .chars()
            .filter_map(|c| c.to_digit(10))
            .collect();
        assert_eq!(digits.len(), 9);
        // The check digit of a routing number: weights 3, 7, 1 to a multiple of ten.
        let sum: u32 = digits
            .iter()
            .zip([3, 7, 1].iter().cycle())
            .map(|(digit, weight)| digit * weight)
            .sum();
        assert_eq!(sum % 10, 0);
        assert_eq!((BIC.len(), &BIC[4..6], &BIC[7..8]), (8, "US", "0"));
    }
}
