//! The numbers of bank accounts: their forms, their check digits, and the rails that cannot do without them.

use layer2_types::payments::Rail;

use crate::payments::counterparties::accounts::BankAccount;
use crate::payments::counterparties::draft::missing;
use crate::payments::counterparties::form;
use crate::rejection::Problem;
use crate::rejection::code;

/// Tells what is wrong with the numbers of an account that these rails lead to.
pub(super) fn check(account: &BankAccount<'_>, rails: &[Rail], problems: &mut Vec<Problem>) {
    for number in NUMBERS {
        let needed = number.needed_by.is_some_and(|rail| rails.contains(&rail()));
        match (number.of)(account) {
            None if needed => problems.push(missing(&number.pointer(), number.expected)),
            Some(value) => problems.extend(number.fault(value)),
            None => {}
        }
    }
    if rails.contains(&Rail::Spei)
        && let Some(clabe) = account.account_number
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
}

/// One number of a bank account.
struct Number {
    member: &'static str,
    of: for<'a> fn(&BankAccount<'a>) -> Option<&'a str>,
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
pub(super) struct CheckDigits {
    match_the_rest: fn(&str) -> bool,
    pub(super) hint: &'static str,
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

pub(super) const BIC: &str = "a BIC of 8 or 11 capital letters and digits (ISO 9362)";

pub(super) const ROUTING: &str =
    "nine digits, of which the last one follows from the others (weights 3, 7, 1)";

pub(super) const ROUTING_DIGIT: CheckDigits = CheckDigits {
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
        of: |account| account.account_number,
        fits: |number| !number.trim().is_empty(),
        expected: "the number of the account",
        checks: None,
        needed_by: None,
        personal: true,
    },
    Number {
        member: "routing_number",
        of: |account| account.routing_number,
        fits: |number| form::is_digits(number, 9),
        expected: ROUTING,
        checks: Some(ROUTING_DIGIT),
        needed_by: None,
        personal: false,
    },
    Number {
        member: "institution_number",
        of: |account| account.institution_number,
        fits: |number| form::is_digits(number, 3),
        expected: "three digits",
        checks: None,
        needed_by: None,
        personal: false,
    },
    Number {
        member: "transit_number",
        of: |account| account.transit_number,
        fits: |number| form::is_digits(number, 5),
        expected: "five digits",
        checks: None,
        needed_by: None,
        personal: false,
    },
    Number {
        member: "sort_code",
        of: |account| account.sort_code,
        fits: |number| form::is_digits(number, 6),
        expected: "six digits",
        checks: None,
        needed_by: None,
        personal: false,
    },
    Number {
        member: "ifsc",
        of: |account| account.ifsc,
        fits: form::is_ifsc,
        expected: "four letters, a zero and six letters or digits",
        checks: None,
        needed_by: None,
        personal: false,
    },
    Number {
        member: "iban",
        of: |account| account.iban,
        fits: form::is_iban,
        expected: "an IBAN without spaces, with its check digits (ISO 13616)",
        checks: Some(IBAN_DIGITS),
        needed_by: None,
        personal: true,
    },
    Number {
        member: "swift_bic",
        of: |account| account.swift_bic,
        fits: form::is_bic,
        expected: BIC,
        checks: None,
        needed_by: Some(|| Rail::Swift),
        personal: false,
    },
];
