//! Between the three forms of a counterparty: as it was sent, as it is kept, as it is shown.
//!
//! The types differ in the members of their accounts alone, and a reply has the members of the request under the same
//! names. So what is kept is read from the JSON of what was sent, with its id, and no member can be forgotten.

use layer2_types::payments::AssetTypeId;
use layer2_types::payments::Counterparty;
use layer2_types::payments::CounterpartyId;
use layer2_types::payments::CounterpartyIntermediary;
use layer2_types::payments::CounterpartyProfile;
use layer2_types::payments::CounterpartyRequest;
use layer2_types::payments::CounterpartyStatus;
use layer2_types::payments::IntermediaryType;

use crate::rejection::Rejection;

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

/// What is kept of a registration: what was sent, under the id that the platform has given it.
pub(super) fn registered(
    request: &CounterpartyRequest,
    id: &CounterpartyId,
) -> Result<Counterparty, Rejection> {
    let broken = |_| Rejection::internal("A registration could not be kept.");
    let sent = serde_json::to_string(request).map_err(broken)?;
    let id = serde_json::to_string(id).map_err(broken)?;
    // A request is an object with its tag at least, so the id stands before other members.
    let text = sent.replacen('{', &format!("{{\"id\":{id},"), 1);
    let mut details: Counterparty = serde_json::from_str(&text).map_err(broken)?;
    if let Some(bank) = intermediary_mut(&mut details) {
        bank.asset_type_id = bank.intermediary_type.as_ref().and_then(asset_through);
    }
    Ok(details)
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

fn intermediary_mut(details: &mut Counterparty) -> Option<&mut CounterpartyIntermediary> {
    match details {
        Counterparty::FiatUs(model) => model.intermediary_information.as_mut(),
        Counterparty::FiatCa(model) => model.intermediary_information.as_mut(),
        Counterparty::FiatEu(model) => model.intermediary_information.as_mut(),
        Counterparty::FiatGb(model) => model.intermediary_information.as_mut(),
        Counterparty::FiatIn(model) => model.intermediary_information.as_mut(),
        Counterparty::FiatBs(model) => model.intermediary_information.as_mut(),
        Counterparty::FiatCn(model) => model.intermediary_information.as_mut(),
        Counterparty::FiatHk(model) => model.intermediary_information.as_mut(),
        Counterparty::FiatSg(model) => model.intermediary_information.as_mut(),
        Counterparty::FiatJp(model) => model.intermediary_information.as_mut(),
        Counterparty::FiatMy(model) => model.intermediary_information.as_mut(),
        Counterparty::FiatPa(model) => model.intermediary_information.as_mut(),
        Counterparty::FiatMx(model) => model.intermediary_information.as_mut(),
        Counterparty::FiatAe(model) => model.intermediary_information.as_mut(),
        Counterparty::FiatIban(model) => model.intermediary_information.as_mut(),
        Counterparty::FiatAccno(model) => model.intermediary_information.as_mut(),
        _ => None,
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
