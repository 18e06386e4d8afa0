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
    /// One without check digits that no rail insists on and that may be repeated.
    const fn plain(
        member: &'static str,
        of: for<'a> fn(&BankAccount<'a>) -> Option<&'a str>,
        fits: fn(&str) -> bool,
        expected: &'static str,
    ) -> Self {
        Self {
            member,
            of,
            fits,
            expected,
            checks: None,
            needed_by: None,
            personal: false,
        }
    }

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
        personal: true,
        ..Number::plain(
            "account_number",
            |account| account.account_number,
            |number| !number.trim().is_empty(),
            "the number of the account",
        )
    },
    Number {
        checks: Some(ROUTING_DIGIT),
        ..Number::plain(
            "routing_number",
            |account| account.routing_number,
            |number| form::is_digits(number, 9),
            ROUTING,
        )
    },
    Number::plain(
        "institution_number",
        |account| account.institution_number,
        |number| form::is_digits(number, 3),
        "three digits",
    ),
    Number::plain(
        "transit_number",
        |account| account.transit_number,
        |number| form::is_digits(number, 5),
        "five digits",
    ),
    Number::plain(
        "sort_code",
        |account| account.sort_code,
        |number| form::is_digits(number, 6),
        "six digits",
    ),
    Number::plain(
        "ifsc",
        |account| account.ifsc,
        form::is_ifsc,
        "four letters, a zero and six letters or digits",
    ),
    Number {
        checks: Some(IBAN_DIGITS),
        personal: true,
        ..Number::plain(
            "iban",
            |account| account.iban,
            form::is_iban,
            "an IBAN without spaces, with its check digits (ISO 13616)",
        )
    },
    Number {
        needed_by: Some(|| Rail::Swift),
        ..Number::plain("swift_bic", |account| account.swift_bic, form::is_bic, BIC)
    },
];
