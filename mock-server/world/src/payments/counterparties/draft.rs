//! What a registration says, read apart from its type, and everything that can be wrong with it.
//!
//! All problems are told at once. Numbers and addresses are personal: of them only what was expected is told.

use layer2_types::operation::Platform;
use layer2_types::payments::Address;
use layer2_types::payments::AssetTypeId;
use layer2_types::payments::CounterpartyProfile;
use layer2_types::payments::CounterpartyRequest;
use layer2_types::payments::CustomerId;
use layer2_types::payments::IntermediaryType;
use layer2_types::payments::Rail;
use serde::Deserialize;

use crate::payments::assets;
use crate::payments::assets::AssetKind;
use crate::payments::counterparties::form;
use crate::payments::counterparties::kinds;
use crate::payments::counterparties::kinds::Kind;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;

/// A registration, whatever its type.
pub(super) struct Registration {
    pub(super) customer: CustomerId,
    pub(super) rails: Vec<Rail>,
    kind: &'static Kind,
    platform: Platform,
    profile: CounterpartyProfile,
    account: Option<BankAccount>,
    wallet: Option<Wallet>,
    intermediary: Option<Intermediary>,
}

/// Reads a registration.
pub(super) fn read(
    request: &CounterpartyRequest,
    platform: Platform,
) -> Result<Registration, Rejection> {
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
    let broken = |_| Rejection::internal("A registration could not be read.");
    let text = serde_json::to_string(request).map_err(broken)?;
    let draft: Draft = serde_json::from_str(&text).map_err(broken)?;
    Ok(Registration {
        customer: draft.customer_id,
        rails: draft.supported_rails,
        kind,
        platform,
        profile: draft.profile,
        account: draft.account_information,
        wallet: draft.wallet_information,
        intermediary: draft.intermediary_information,
    })
}

impl Registration {
    /// Whether the owner links the account.
    pub(super) const fn is_linked(&self) -> bool {
        self.kind.linked
    }

    /// Asset of the account or the wallet.
    pub(super) fn asset(&self) -> Option<&AssetTypeId> {
        let account = self.account.as_ref().map(|account| &account.asset_type_id);
        account.or_else(|| self.wallet.as_ref().map(|wallet| &wallet.asset_type_id))
    }

    /// Tells everything that is wrong.
    pub(super) fn check(&self) -> Result<(), Rejection> {
        let mut problems = self.rail_problems();
        problems.extend(self.asset_problem());
        self.check_owner(&mut problems);
        self.check_account(&mut problems);
        self.check_wallet(&mut problems);
        self.check_intermediary(&mut problems);
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

    fn check_owner(&self, problems: &mut Vec<Problem>) {
        if self
            .profile
            .name
            .as_deref()
            .is_none_or(|name| name.trim().is_empty())
        {
            problems.push(missing("/profile/name", "the name of the owner"));
        }
        let address = self.profile.address.as_ref();
        let place = "/profile/address";
        if self.has(&Rail::Fedwire) {
            check_full(address, place, problems);
            return;
        }
        if address.is_none_or(|address| is_blank(address.country_code.as_ref())) {
            let place = format!("{place}/country_code");
            problems.push(missing(&place, COUNTRY));
        }
        let state_needed = self.kind.with_state && self.platform == Platform::RailV1_1_2;
        if state_needed && address.is_none_or(|address| is_blank(address.state.as_ref())) {
            problems.push(missing(&format!("{place}/state"), STATE));
        }
    }

    fn check_account(&self, problems: &mut Vec<Problem>) {
        let Some(account) = &self.account else {
            return;
        };
        for number in NUMBERS {
            let value = (number.of)(account);
            let needed = number.needed_by.is_some_and(|rail| self.has(&rail()));
            match value {
                None if needed => problems.push(missing(&number.pointer(), number.expected)),
                Some(value) => problems.extend(number.fault(value)),
                None => {}
            }
        }
        if self.has(&Rail::Spei)
            && let Some(clabe) = &account.account_number
            && !form::is_digits(clabe, 18)
        {
            problems.push(
                Problem::new(
                    code::VALIDATION_FAILED,
                    "SPEI goes by the CLABE of the account.",
                )
                .at("/account_information/account_number")
                .expected("18 digits"),
            );
        }
        if self.has(&Rail::Fedwire) {
            if is_blank(account.institution_name.as_ref()) {
                problems.push(missing(
                    "/account_information/institution_name",
                    "the name of the bank",
                ));
            }
            let place = "/account_information/institution_address";
            check_full(account.institution_address.as_ref(), place, problems);
        }
    }

    fn check_wallet(&self, problems: &mut Vec<Problem>) {
        let Some(wallet) = &self.wallet else {
            return;
        };
        let (form, fits) =
            form::address_form(wallet.asset_type_id.as_str(), &wallet.blockchain_address);
        if !fits {
            problems.push(
                Problem::new(
                    code::VALIDATION_FAILED,
                    format!("This is no address for {}.", wallet.asset_type_id),
                )
                .at("/wallet_information/blockchain_address")
                .expected(form)
                .hint("Coins that are sent to an address of another chain are lost."),
            );
        }
    }

    fn check_intermediary(&self, problems: &mut Vec<Problem>) {
        let Some(bank) = &self.intermediary else {
            return;
        };
        let place = "/intermediary_information";
        if !self.has(&Rail::Swift) {
            problems.push(
                Problem::new(
                    code::INTERMEDIARY_NOT_ALLOWED,
                    "A bank between two banks is for SWIFT alone, which is not among the rails.",
                )
                .at(place)
                .expected("SWIFT in `supported_rails`, or no intermediary")
                .hint(
                    "Add SWIFT with the BIC of the account's bank, or leave the intermediary out.",
                ),
            );
        }
        let american = bank.intermediary_type == IntermediaryType::FiatUs;
        match (&bank.routing_number, american) {
            (Some(number), true)
                if !form::is_digits(number, 9) || !form::routing_number_checks(number) =>
            {
                problems.push(
                    Problem::new(
                        code::VALIDATION_FAILED,
                        "This is not the routing number of a bank.",
                    )
                    .at(format!("{place}/routing_number"))
                    .received(number)
                    .expected(ROUTING)
                    .hint(ROUTING_DIGIT.hint),
                );
            }
            (Some(number), false) => problems.push(
                Problem::new(
                    code::VALIDATION_FAILED,
                    "Only banks in the United States have a routing number.",
                )
                .at(format!("{place}/routing_number"))
                .received(number)
                .expected("no routing number, or the intermediary type FIAT_US"),
            ),
            _ => {}
        }
        match &bank.swift_bic {
            Some(bic) if !form::is_bic(bic) => problems.push(
                Problem::new(code::VALIDATION_FAILED, "This is no BIC.")
                    .at(format!("{place}/swift_bic"))
                    .received(bic)
                    .expected(BIC),
            ),
            None if !(american && bank.routing_number.is_some()) => {
                problems.push(missing(&format!("{place}/swift_bic"), BIC));
            }
            _ => {}
        }
    }
}

/// The members of a request that the checks look at; the others are kept as they came.
#[derive(Deserialize)]
struct Draft {
    customer_id: CustomerId,
    #[serde(default)]
    supported_rails: Vec<Rail>,
    profile: CounterpartyProfile,
    account_information: Option<BankAccount>,
    wallet_information: Option<Wallet>,
    intermediary_information: Option<Intermediary>,
}

/// The members that bank accounts have, each in some countries.
#[derive(Deserialize)]
struct BankAccount {
    asset_type_id: AssetTypeId,
    account_number: Option<String>,
    routing_number: Option<String>,
    institution_number: Option<String>,
    transit_number: Option<String>,
    sort_code: Option<String>,
    ifsc: Option<String>,
    iban: Option<String>,
    swift_bic: Option<String>,
    institution_name: Option<String>,
    institution_address: Option<Address>,
}

#[derive(Deserialize)]
struct Wallet {
    asset_type_id: AssetTypeId,
    blockchain_address: String,
}

#[derive(Deserialize)]
struct Intermediary {
    intermediary_type: IntermediaryType,
    swift_bic: Option<String>,
    routing_number: Option<String>,
}

/// One number of a bank account.
struct Number {
    member: &'static str,
    of: fn(&BankAccount) -> Option<&String>,
    fits: fn(&str) -> bool,
    expected: &'static str,
    /// The digits that guard against typing errors, where it has any.
    checks: Option<CheckDigits>,
    /// The rail that cannot do without it, where the type alone does not say so.
    needed_by: Option<fn() -> Rail>,
    /// Whether it names the account of a person and is not repeated.
    personal: bool,
}

/// Digits of a number that follow from its others.
struct CheckDigits {
    match_the_rest: fn(&str) -> bool,
    hint: &'static str,
}

impl Number {
    fn pointer(&self) -> String {
        format!("/account_information/{}", self.member)
    }

    /// What is wrong with a value, if anything is.
    fn fault(&self, value: &str) -> Option<Problem> {
        let member = self.member;
        let (description, hint) = match &self.checks {
            _ if !(self.fits)(value) => (
                format!("`{member}` does not have its form."),
                "Send it as a text, with the zeros in front, without spaces and hyphens.",
            ),
            Some(digits) if !(digits.match_the_rest)(value) => (
                format!("The check digits of `{member}` do not match the rest of it."),
                digits.hint,
            ),
            _ => return None,
        };
        let problem = Problem::new(code::VALIDATION_FAILED, description)
            .at(self.pointer())
            .expected(self.expected)
            .hint(hint);
        Some(match self.personal {
            true => problem,
            false => problem.received(value),
        })
    }
}

const BIC: &str = "a BIC of 8 or 11 capital letters and digits (ISO 9362)";

const ROUTING: &str =
    "nine digits, of which the last one follows from the others (weights 3, 7, 1)";

const ROUTING_DIGIT: CheckDigits = CheckDigits {
    match_the_rest: form::routing_number_checks,
    hint: "It is mistyped, or was made up; 021001208 is one whose last digit is right.",
};

const IBAN_DIGITS: CheckDigits = CheckDigits {
    match_the_rest: form::iban_checks,
    hint: "It is mistyped, or was made up; DE89370400440532013000 is one whose check digits are right.",
};

const NUMBERS: &[Number] = &[
    Number {
        member: "account_number",
        of: |account| account.account_number.as_ref(),
        fits: |number| !number.trim().is_empty(),
        expected: "the number of the account",
        checks: None,
        needed_by: None,
        personal: true,
    },
    Number {
        member: "routing_number",
        of: |account| account.routing_number.as_ref(),
        fits: |number| form::is_digits(number, 9),
        expected: ROUTING,
        checks: Some(ROUTING_DIGIT),
        needed_by: None,
        personal: false,
    },
    Number {
        member: "institution_number",
        of: |account| account.institution_number.as_ref(),
        fits: |number| form::is_digits(number, 3),
        expected: "three digits",
        checks: None,
        needed_by: None,
        personal: false,
    },
    Number {
        member: "transit_number",
        of: |account| account.transit_number.as_ref(),
        fits: |number| form::is_digits(number, 5),
        expected: "five digits",
        checks: None,
        needed_by: None,
        personal: false,
    },
    Number {
        member: "sort_code",
        of: |account| account.sort_code.as_ref(),
        fits: |number| form::is_digits(number, 6),
        expected: "six digits",
        checks: None,
        needed_by: None,
        personal: false,
    },
    Number {
        member: "ifsc",
        of: |account| account.ifsc.as_ref(),
        fits: form::is_ifsc,
        expected: "four letters, a zero and six letters or digits",
        checks: None,
        needed_by: None,
        personal: false,
    },
    Number {
        member: "iban",
        of: |account| account.iban.as_ref(),
        fits: form::is_iban,
        expected: "an IBAN without spaces, with its check digits (ISO 13616)",
        checks: Some(IBAN_DIGITS),
        needed_by: None,
        personal: true,
    },
    Number {
        member: "swift_bic",
        of: |account| account.swift_bic.as_ref(),
        fits: form::is_bic,
        expected: BIC,
        checks: None,
        needed_by: Some(|| Rail::Swift),
        personal: false,
    },
];

/// One part of a full address.
struct Part {
    member: &'static str,
    of: fn(&Address) -> Option<&String>,
    what: &'static str,
}

const ADDRESS_PARTS: &[Part] = &[
    Part {
        member: "address_line1",
        of: |address| address.address_line1.as_ref(),
        what: "street and number",
    },
    Part {
        member: "city",
        of: |address| address.city.as_ref(),
        what: "city or town",
    },
    Part {
        member: "state",
        of: |address| address.state.as_ref(),
        what: STATE,
    },
    Part {
        member: "postal_code",
        of: |address| address.postal_code.as_ref(),
        what: "postal code",
    },
    Part {
        member: "country_code",
        of: |address| address.country_code.as_ref(),
        what: COUNTRY,
    },
];

const STATE: &str = "the two characters after the country in ISO 3166-2, such as MA";

const COUNTRY: &str = "a country, ISO 3166-1 alpha-2, such as US";

/// Fedwire wants addresses whole.
fn check_full(address: Option<&Address>, place: &str, problems: &mut Vec<Problem>) {
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

fn is_blank(text: Option<&String>) -> bool {
    text.is_none_or(|text| text.trim().is_empty())
}

fn missing(pointer: &str, what: &str) -> Problem {
    Problem::new(
        code::VALIDATION_FAILED,
        "The rails of the counterparty need more.",
    )
    .at(pointer)
    .expected(what)
}
