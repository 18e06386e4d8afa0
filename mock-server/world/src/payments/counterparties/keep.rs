//! What was sent of a counterparty, as it is kept: under the same names, with everything optional.

use layer2_types::Date;
use layer2_types::payments::Address;
use layer2_types::payments::AssetTypeId;
use layer2_types::payments::BankAccountType;
use layer2_types::payments::CounterpartyBahamianAccount;
use layer2_types::payments::CounterpartyBahamianAccountRequest;
use layer2_types::payments::CounterpartyBritishAccount;
use layer2_types::payments::CounterpartyBritishAccountRequest;
use layer2_types::payments::CounterpartyCanadianAccount;
use layer2_types::payments::CounterpartyCanadianAccountRequest;
use layer2_types::payments::CounterpartyEmiratiAccount;
use layer2_types::payments::CounterpartyEmiratiAccountRequest;
use layer2_types::payments::CounterpartyFullProfileRequest;
use layer2_types::payments::CounterpartyIbanAccount;
use layer2_types::payments::CounterpartyIbanAccountRequest;
use layer2_types::payments::CounterpartyIndianAccount;
use layer2_types::payments::CounterpartyIndianAccountRequest;
use layer2_types::payments::CounterpartyIntermediary;
use layer2_types::payments::CounterpartyIntermediaryRequest;
use layer2_types::payments::CounterpartyLinkedAccount;
use layer2_types::payments::CounterpartyLinkedAccountRequest;
use layer2_types::payments::CounterpartyMexicanAccount;
use layer2_types::payments::CounterpartyMexicanAccountRequest;
use layer2_types::payments::CounterpartyProfile;
use layer2_types::payments::CounterpartyProfileRequest;
use layer2_types::payments::CounterpartyRoutingAccount;
use layer2_types::payments::CounterpartyRoutingAccountRequest;
use layer2_types::payments::CounterpartySwiftAccount;
use layer2_types::payments::CounterpartySwiftAccountRequest;
use layer2_types::payments::CounterpartyWallet;
use layer2_types::payments::CounterpartyWalletRequest;
use layer2_types::payments::CustomerId;
use layer2_types::payments::IntermediaryType;
use layer2_types::payments::LineOfBusiness;
use layer2_types::payments::ProfileType;
use layer2_types::payments::Rail;
use layer2_types::payments::RelationshipToCustomer;
use layer2_types::payments::WalletType;

/// A part of a registration that is kept.
pub(super) trait Keep {
    /// What it is kept as.
    type Kept;

    fn keep(self) -> Option<Self::Kept>;
}

impl<T: Keep> Keep for Option<T> {
    type Kept = T::Kept;

    fn keep(self) -> Option<T::Kept> {
        self.and_then(Keep::keep)
    }
}

/// What is kept as it is.
macro_rules! as_it_is {
    ($($part:ty),+ $(,)?) => {$(
        impl Keep for $part {
            type Kept = Self;

            fn keep(self) -> Option<Self> {
                Some(self)
            }
        }
    )+};
}

as_it_is! {
    Address,
    AssetTypeId,
    BankAccountType,
    CustomerId,
    Date,
    IntermediaryType,
    LineOfBusiness,
    ProfileType,
    RelationshipToCustomer,
    String,
    Vec<Rail>,
    WalletType,
}

/// What is kept member by member.
macro_rules! member_by_member {
    ($($sent:ident as $kept:ident { $($member:ident),+ $(,)? })+) => {$(
        impl Keep for $sent {
            type Kept = $kept;

            fn keep(self) -> Option<$kept> {
                let mut kept = $kept::new();
                $(kept.$member = self.$member.keep();)+
                Some(kept)
            }
        }
    )+};
}

member_by_member! {
    CounterpartyBahamianAccountRequest as CounterpartyBahamianAccount {
        asset_type_id, account_number, r#type, swift_bic, institution_name, institution_address
    }
    CounterpartyBritishAccountRequest as CounterpartyBritishAccount {
        asset_type_id, account_number, sort_code, iban, swift_bic, institution_name, institution_address
    }
    CounterpartyCanadianAccountRequest as CounterpartyCanadianAccount {
        asset_type_id, account_number, institution_number, transit_number, swift_bic, institution_name,
        institution_address
    }
    CounterpartyEmiratiAccountRequest as CounterpartyEmiratiAccount {
        asset_type_id, iban, account_number, swift_bic, institution_name, institution_address
    }
    CounterpartyFullProfileRequest as CounterpartyProfile {
        profile_type, name, email, telephone_number, tax_reference_number, date_of_birth, address, line_of_business,
        relationship_to_customer
    }
    CounterpartyIbanAccountRequest as CounterpartyIbanAccount {
        asset_type_id, iban, swift_bic, institution_name, institution_address
    }
    CounterpartyIndianAccountRequest as CounterpartyIndianAccount {
        asset_type_id, account_number, ifsc, swift_bic, institution_name, institution_address
    }
    CounterpartyLinkedAccountRequest as CounterpartyLinkedAccount {
        asset_type_id
    }
    CounterpartyMexicanAccountRequest as CounterpartyMexicanAccount {
        asset_type_id, account_number, swift_bic, institution_name, institution_address
    }
    CounterpartyProfileRequest as CounterpartyProfile {
        profile_type, name, email, telephone_number, tax_reference_number, date_of_birth, address, line_of_business,
        relationship_to_customer
    }
    CounterpartyRoutingAccountRequest as CounterpartyRoutingAccount {
        asset_type_id, account_number, r#type, routing_number, swift_bic, institution_name, institution_address
    }
    CounterpartySwiftAccountRequest as CounterpartySwiftAccount {
        asset_type_id, account_number, swift_bic, institution_name, institution_address
    }
    CounterpartyWalletRequest as CounterpartyWallet {
        asset_type_id, blockchain_address, wallet_type, institution_name, institution_address
    }
}

/// The asset that passes a bank between two others follows from where the bank is.
impl Keep for CounterpartyIntermediaryRequest {
    type Kept = CounterpartyIntermediary;

    fn keep(self) -> Option<CounterpartyIntermediary> {
        let mut kept = CounterpartyIntermediary::new();
        kept.asset_type_id = asset_through(&self.intermediary_type);
        kept.intermediary_type = self.intermediary_type.keep();
        kept.institution_name = self.institution_name.keep();
        kept.institution_address = self.institution_address.keep();
        kept.swift_bic = self.swift_bic.keep();
        kept.routing_number = self.routing_number.keep();
        Some(kept)
    }
}

/// The asset that passes a bank, by the place of the bank.
fn asset_through(place: &IntermediaryType) -> Option<AssetTypeId> {
    let currency = match place {
        IntermediaryType::FiatUs | IntermediaryType::FiatPa => "USD",
        IntermediaryType::FiatCa => "CAD",
        IntermediaryType::FiatEu => "EUR",
        IntermediaryType::FiatIn => "INR",
        IntermediaryType::FiatGb => "GBP",
        IntermediaryType::FiatBs => "BSD",
        IntermediaryType::FiatCn => "CNY",
        IntermediaryType::FiatHk => "HKD",
        IntermediaryType::FiatSg => "SGD",
        IntermediaryType::FiatJp => "JPY",
        IntermediaryType::FiatMy => "MYR",
        _ => return None,
    };
    AssetTypeId::new(format!("FIAT_TESTNET_{currency}")).ok()
}
