//! Between the three forms of a counterparty: as it was sent, as it is kept, as it is shown.
//!
//! The types differ in the members of their accounts alone, and a reply has the members of the request under the same
//! names (`keep`). That none is forgotten is a test.

use layer2_types::payments::Counterparty;
use layer2_types::payments::CounterpartyBasic;
use layer2_types::payments::CounterpartyCrypto;
use layer2_types::payments::CounterpartyFiatAccno;
use layer2_types::payments::CounterpartyFiatAe;
use layer2_types::payments::CounterpartyFiatBs;
use layer2_types::payments::CounterpartyFiatCa;
use layer2_types::payments::CounterpartyFiatCaLinked;
use layer2_types::payments::CounterpartyFiatCn;
use layer2_types::payments::CounterpartyFiatEu;
use layer2_types::payments::CounterpartyFiatGb;
use layer2_types::payments::CounterpartyFiatHk;
use layer2_types::payments::CounterpartyFiatIban;
use layer2_types::payments::CounterpartyFiatIn;
use layer2_types::payments::CounterpartyFiatJp;
use layer2_types::payments::CounterpartyFiatMx;
use layer2_types::payments::CounterpartyFiatMy;
use layer2_types::payments::CounterpartyFiatPa;
use layer2_types::payments::CounterpartyFiatSg;
use layer2_types::payments::CounterpartyFiatUs;
use layer2_types::payments::CounterpartyFiatUsLinked;
use layer2_types::payments::CounterpartyId;
use layer2_types::payments::CounterpartyProfile;
use layer2_types::payments::CounterpartyRequest;
use layer2_types::payments::CounterpartyStatus;

use crate::payments::counterparties::keep::Keep as _;

/// Does the same with any type of a union, whose variants have the member in question in common.
macro_rules! on_any_type {
    ($value:expr, $union:ident, $model:ident => $body:expr, else $other:expr) => {
        match $value {
            $union::FiatUs($model) => $body,
            $union::FiatUsLinked($model) => $body,
            $union::FiatCa($model) => $body,
            $union::FiatCaLinked($model) => $body,
            $union::FiatEu($model) => $body,
            $union::FiatGb($model) => $body,
            $union::FiatIn($model) => $body,
            $union::FiatBs($model) => $body,
            $union::FiatCn($model) => $body,
            $union::FiatHk($model) => $body,
            $union::FiatSg($model) => $body,
            $union::FiatJp($model) => $body,
            $union::FiatMy($model) => $body,
            $union::FiatPa($model) => $body,
            $union::FiatMx($model) => $body,
            $union::FiatAe($model) => $body,
            $union::FiatIban($model) => $body,
            $union::FiatAccno($model) => $body,
            $union::Crypto($model) => $body,
            $union::Basic($model) => $body,
            _ => $other,
        }
    };
}

/// Keeps a registration member by member, as its group of types has them.
macro_rules! kept_as {
    ($request:expr, $id:expr; $($variant:ident $kept:ident $group:ident,)+) => {
        match $request {
            $(CounterpartyRequest::$variant(sent) => {
                let mut kept = $kept::new($id);
                kept.customer_id = sent.customer_id.keep();
                kept.description = sent.description.keep();
                kept.profile = sent.profile.keep();
                members!($group kept sent);
                Some(Counterparty::$variant(kept))
            })+
            _ => None,
        }
    };
}

/// The members that not all types have.
macro_rules! members {
    (bank $kept:ident $sent:ident) => {
        members!(linked $kept $sent);
        $kept.intermediary_information = $sent.intermediary_information.keep();
    };
    (linked $kept:ident $sent:ident) => {
        $kept.supported_rails = $sent.supported_rails.keep();
        $kept.account_information = $sent.account_information.keep();
    };
    (wallet $kept:ident $sent:ident) => {
        $kept.supported_rails = $sent.supported_rails.keep();
        $kept.wallet_information = $sent.wallet_information.keep();
    };
    (person $kept:ident $sent:ident) => {};
}

/// What is kept of a registration: what was sent, under the id that the platform has given it. None of a type that this
/// program does not know.
pub(super) fn registered(request: CounterpartyRequest, id: CounterpartyId) -> Option<Counterparty> {
    kept_as! {
        request, id;
        FiatUs CounterpartyFiatUs bank,
        FiatUsLinked CounterpartyFiatUsLinked linked,
        FiatCa CounterpartyFiatCa bank,
        FiatCaLinked CounterpartyFiatCaLinked linked,
        FiatEu CounterpartyFiatEu bank,
        FiatGb CounterpartyFiatGb bank,
        FiatIn CounterpartyFiatIn bank,
        FiatBs CounterpartyFiatBs bank,
        FiatCn CounterpartyFiatCn bank,
        FiatHk CounterpartyFiatHk bank,
        FiatSg CounterpartyFiatSg bank,
        FiatJp CounterpartyFiatJp bank,
        FiatMy CounterpartyFiatMy bank,
        FiatPa CounterpartyFiatPa bank,
        FiatMx CounterpartyFiatMx bank,
        FiatAe CounterpartyFiatAe bank,
        FiatIban CounterpartyFiatIban bank,
        FiatAccno CounterpartyFiatAccno bank,
        Crypto CounterpartyCrypto wallet,
        Basic CounterpartyBasic person,
    }
}

/// The details with a status, as a reply shows them.
pub(super) fn with_status(mut details: Counterparty, status: CounterpartyStatus) -> Counterparty {
    on_any_type!(&mut details, Counterparty, model => model.status = Some(status), else {});
    details
}

/// The client's own text about it; an empty one is none.
pub(super) fn set_description(details: &mut Counterparty, text: &str) {
    let text = Some(text.to_owned()).filter(|text| !text.is_empty());
    on_any_type!(details, Counterparty, model => model.description = text, else {});
}

/// The owner, to be corrected.
pub(super) fn profile_mut(details: &mut Counterparty) -> Option<&mut CounterpartyProfile> {
    on_any_type!(details, Counterparty, model => model.profile.as_mut(), else None)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use serde_json::json;

    use super::*;
    use crate::payments::counterparties::kinds;

    /// Every member of every type.
    fn everything(tag: &str) -> Value {
        let address = json!({"unit_number": "4", "address_line1": "1 Example Square", "address_line2": "Floor 2",
            "address_line3": "Door 3", "city": "Boston", "state": "MA", "postal_code": "02110", "country_code": "US"});
        json!({
            "counterparty_type": tag, "customer_id": "ACME", "description": "Landlord", "supported_rails": ["SWIFT"],
            "profile": {"profile_type": "CORPORATION", "name": "Harbor Estates LLC", "email": "a@example.com",
                "telephone_number": "+16175550100", "tax_reference_number": "12-3456789",
                "date_of_birth": "1980-12-10", "address": address, "line_of_business": "REAL_ESTATE",
                "relationship_to_customer": "SUPPLIER"},
            "account_information": {"asset_type_id": "FIAT_TESTNET_USD", "account_number": "42", "type": "CHECKING",
                "routing_number": "021001208", "institution_number": "001", "transit_number": "00001",
                "sort_code": "200000", "ifsc": "HDFC0000060", "iban": "DE89370400440532013000",
                "swift_bic": "CHASUS33", "institution_name": "Example Bank", "institution_address": address},
            "wallet_information": {"asset_type_id": "ETHEREUM_SEPOLIA_USDC", "blockchain_address": "0x71",
                "wallet_type": "OTHER", "institution_name": "Example Exchange", "institution_address": address},
            "intermediary_information": {"intermediary_type": "FIAT_US", "institution_name": "Example Bank",
                "institution_address": address, "swift_bic": "CHASUS33", "routing_number": "021001208"},
        })
    }

    #[test]
    fn what_is_kept_is_what_was_sent() {
        for kind in kinds::KINDS {
            let text = everything(kind.tag).to_string();
            // Reading leaves out what the type does not have.
            let sent: CounterpartyRequest = serde_json::from_str(&text).unwrap();
            let mut wanted = serde_json::to_value(&sent).unwrap();
            wanted["id"] = json!("c-1");
            if let Some(bank) = wanted.get_mut("intermediary_information") {
                bank["asset_type_id"] = json!("FIAT_TESTNET_USD");
            }
            let kept = registered(sent, CounterpartyId::new("c-1").unwrap());
            let kept = serde_json::to_value(kept.unwrap()).unwrap();
            assert_eq!(kept, wanted, "{}", kind.tag);
        }
    }
}
