//! The owner of a counterparty, and the addresses that rails want to know.

use layer2_types::operation::Platform;
use layer2_types::payments::Address;
use layer2_types::payments::CounterpartyFullProfileRequest;
use layer2_types::payments::CounterpartyProfileRequest;
use layer2_types::payments::Rail;

use crate::payments::counterparties::draft::missing;
use crate::payments::counterparties::kinds::Kind;
use crate::rejection::Problem;

/// What the checks look at of an owner.
pub(super) struct Owner<'a> {
    name: &'a str,
    address: &'a Address,
}

impl Owner<'_> {
    /// Tells what is wrong with the owner of an account of some type that these rails lead to.
    pub(super) fn check(
        &self,
        kind: &Kind,
        rails: &[Rail],
        platform: Platform,
        problems: &mut Vec<Problem>,
    ) {
        if self.name.trim().is_empty() {
            problems.push(missing("/profile/name", "the name of the owner"));
        }
        let place = "/profile/address";
        if rails.contains(&Rail::Fedwire) {
            check_full(Some(self.address), place, problems);
            return;
        }
        if is_blank(self.address.country_code.as_deref()) {
            problems.push(missing(&format!("{place}/country_code"), COUNTRY));
        }
        let state_needed = kind.with_state && platform == Platform::RailV1_1_2;
        if state_needed && is_blank(self.address.state.as_deref()) {
            problems.push(missing(&format!("{place}/state"), STATE));
        }
    }
}

impl<'a> From<&'a CounterpartyProfileRequest> for Owner<'a> {
    fn from(profile: &'a CounterpartyProfileRequest) -> Self {
        Self {
            name: &profile.name,
            address: &profile.address,
        }
    }
}

impl<'a> From<&'a CounterpartyFullProfileRequest> for Owner<'a> {
    fn from(profile: &'a CounterpartyFullProfileRequest) -> Self {
        Self {
            name: &profile.name,
            address: &profile.address,
        }
    }
}

/// Fedwire wants addresses whole.
pub(super) fn check_full(address: Option<&Address>, place: &str, problems: &mut Vec<Problem>) {
    let Some(address) = address else {
        problems.push(missing(place, "a whole address: Fedwire needs it"));
        return;
    };
    for part in ADDRESS_PARTS {
        if is_blank((part.of)(address)) {
            problems.push(missing(&format!("{place}/{}", part.member), part.what));
        }
    }
}

pub(super) fn is_blank(text: Option<&str>) -> bool {
    text.is_none_or(|text| text.trim().is_empty())
}

/// One part of a full address.
struct Part {
    member: &'static str,
    of: fn(&Address) -> Option<&str>,
    what: &'static str,
}

const ADDRESS_PARTS: &[Part] = &[
    Part {
        member: "address_line1",
        of: |address| address.address_line1.as_deref(),
        what: "street and number",
    },
    Part {
        member: "city",
        of: |address| address.city.as_deref(),
        what: "city or town",
    },
    Part {
        member: "state",
        of: |address| address.state.as_deref(),
        what: STATE,
    },
    Part {
        member: "postal_code",
        of: |address| address.postal_code.as_deref(),
        what: "postal code",
    },
    Part {
        member: "country_code",
        of: |address| address.country_code.as_deref(),
        what: COUNTRY,
    },
];

const STATE: &str = "the two characters after the country in ISO 3166-2, such as MA";

const COUNTRY: &str = "a country, ISO 3166-1 alpha-2, such as US";
