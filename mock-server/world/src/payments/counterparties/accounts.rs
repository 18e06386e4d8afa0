//! The bank accounts of all types of counterparties, as the checks look at them.
//!
//! Countries number their accounts differently, so that each type has members of its own; a check looks at a member
//! wherever there is one.

use layer2_types::payments::Address;
use layer2_types::payments::AssetTypeId;
use layer2_types::payments::CounterpartyBahamianAccountRequest;
use layer2_types::payments::CounterpartyBritishAccountRequest;
use layer2_types::payments::CounterpartyCanadianAccountRequest;
use layer2_types::payments::CounterpartyEmiratiAccountRequest;
use layer2_types::payments::CounterpartyIbanAccountRequest;
use layer2_types::payments::CounterpartyIndianAccountRequest;
use layer2_types::payments::CounterpartyLinkedAccountRequest;
use layer2_types::payments::CounterpartyMexicanAccountRequest;
use layer2_types::payments::CounterpartyRoutingAccountRequest;
use layer2_types::payments::CounterpartySwiftAccountRequest;

/// The members that bank accounts have, each in some countries.
pub(super) struct BankAccount<'a> {
    pub(super) asset_type_id: &'a AssetTypeId,
    pub(super) account_number: Option<&'a str>,
    pub(super) routing_number: Option<&'a str>,
    pub(super) institution_number: Option<&'a str>,
    pub(super) transit_number: Option<&'a str>,
    pub(super) sort_code: Option<&'a str>,
    pub(super) ifsc: Option<&'a str>,
    pub(super) iban: Option<&'a str>,
    pub(super) swift_bic: Option<&'a str>,
    pub(super) institution_name: Option<&'a str>,
    pub(super) institution_address: Option<&'a Address>,
}

impl<'a> BankAccount<'a> {
    /// One of which the asset alone is known.
    const fn of(asset_type_id: &'a AssetTypeId) -> Self {
        Self {
            asset_type_id,
            account_number: None,
            routing_number: None,
            institution_number: None,
            transit_number: None,
            sort_code: None,
            ifsc: None,
            iban: None,
            swift_bic: None,
            institution_name: None,
            institution_address: None,
        }
    }
}

/// A member that a type requires, or does not.
trait Told<T: ?Sized> {
    fn told(&self) -> Option<&T>;
}

impl Told<str> for String {
    fn told(&self) -> Option<&str> {
        Some(self)
    }
}

impl Told<str> for Option<String> {
    fn told(&self) -> Option<&str> {
        self.as_deref()
    }
}

impl Told<Address> for Address {
    fn told(&self) -> Option<&Address> {
        Some(self)
    }
}

impl Told<Address> for Option<Address> {
    fn told(&self) -> Option<&Address> {
        self.as_ref()
    }
}

/// Which members the account of each type has.
macro_rules! accounts {
    ($($account:ident { $($member:ident),* })+) => {$(
        impl<'a> From<&'a $account> for BankAccount<'a> {
            fn from(account: &'a $account) -> Self {
                Self {
                    $($member: account.$member.told(),)*
                    ..Self::of(&account.asset_type_id)
                }
            }
        }
    )+};
}

accounts! {
    CounterpartyBahamianAccountRequest {
        account_number, swift_bic, institution_name, institution_address
    }
    CounterpartyBritishAccountRequest {
        account_number, sort_code, iban, swift_bic, institution_name, institution_address
    }
    CounterpartyCanadianAccountRequest {
        account_number, institution_number, transit_number, swift_bic, institution_name, institution_address
    }
    CounterpartyEmiratiAccountRequest {
        account_number, iban, swift_bic, institution_name, institution_address
    }
    CounterpartyIbanAccountRequest { iban, swift_bic, institution_name, institution_address }
    CounterpartyIndianAccountRequest {
        account_number, ifsc, swift_bic, institution_name, institution_address
    }
    CounterpartyLinkedAccountRequest {}
    CounterpartyMexicanAccountRequest {
        account_number, swift_bic, institution_name, institution_address
    }
    CounterpartyRoutingAccountRequest {
        account_number, routing_number, swift_bic, institution_name, institution_address
    }
    CounterpartySwiftAccountRequest {
        account_number, swift_bic, institution_name, institution_address
    }
}
