//! How the values of fields are read from text, and which of them say anything.

use layer2_types::Date;
use layer2_types::payments;

/// Reads any text.
#[allow(clippy::unnecessary_wraps, reason = "one of the readers of a table")]
pub(crate) fn text(value: &str) -> Result<String, String> {
    Ok(value.to_owned())
}

/// Reads a truth value.
pub(crate) fn flag(value: &str) -> Result<bool, String> {
    value.parse().map_err(|_| "true or false".to_owned())
}

/// Reads a day.
pub(crate) fn day(value: &str) -> Result<Date, String> {
    let expected = |_| "a day as YYYY-MM-DD".to_owned();
    value.parse().map_err(expected)
}

/// Reads a share in percent.
pub(crate) fn percent(value: &str) -> Result<i32, String> {
    let share = value.parse().ok().filter(|share| (0..=100).contains(share));
    share.ok_or_else(|| PERCENT.to_owned())
}

/// What a share in percent can be.
pub(crate) const PERCENT: &str = "a whole number from 0 to 100";

/// Reads a list of texts.
pub(crate) fn texts(value: &str) -> Result<Vec<String>, String> {
    let items: Vec<String> = items(value).map(str::to_owned).collect();
    let all_filled = items.iter().all(Fillable::is_filled);
    let expected = || "one or more texts, parted by commas".to_owned();
    all_filled.then_some(items).ok_or_else(expected)
}

/// Reads one value of an enum.
pub(crate) fn one_of<T: Choice>(value: &str) -> Result<T, String> {
    T::known(value).ok_or_else(T::values)
}

/// Reads a list of values of an enum.
pub(crate) fn many_of<T: Choice>(value: &str) -> Result<Vec<T>, String> {
    let all: Option<Vec<T>> = items(value).map(T::known).collect();
    all.ok_or_else(|| format!("one or more of {}, parted by commas", T::values()))
}

/// Whether a value says anything.
pub(crate) trait Fillable {
    fn is_filled(&self) -> bool;
}

impl Fillable for String {
    fn is_filled(&self) -> bool {
        !self.trim().is_empty()
    }
}

impl<T> Fillable for Vec<T> {
    fn is_filled(&self) -> bool {
        !self.is_empty()
    }
}

macro_rules! always_filled {
    ($($kind:ty),+) => {$(impl Fillable for $kind {
        fn is_filled(&self) -> bool {
            true
        }
    })+};
}

always_filled!(bool, i32, Date);

/// An enum of the documents whose values can be told in a refusal.
pub(crate) trait Choice: Sized {
    /// The value of a text, if it is one of the documents.
    fn known(text: &str) -> Option<Self>;

    /// All values.
    fn values() -> String;
}

macro_rules! choices {
    ($($kind:ident),+ $(,)?) => {$(
        impl Choice for payments::$kind {
            fn known(text: &str) -> Option<Self> {
                Some(Self::from(text)).filter(Self::is_known)
            }

            fn values() -> String {
                let names: Vec<&str> = Self::ALL.iter().map(Self::as_str).collect();
                names.join(", ")
            }
        }

        impl Fillable for payments::$kind {
            fn is_filled(&self) -> bool {
                self.is_known()
            }
        }
    )+};
}

choices!(
    AssetRange,
    ControlExemption,
    CorporateEntityType,
    CounterpartyGroup,
    DepositSource,
    EmploymentStatus,
    IndividualType,
    InvestmentExperience,
    InvestmentPlan,
    InvestmentStrategy,
    LineOfBusiness,
    MonthlyCount,
    MonthlyValue,
    PrimaryBusiness,
    RegulatedStatus,
    RelationshipToCustomer,
    RestrictedActivity,
    SourceOfFunds,
    TradeCount,
    TransactionFrequency,
    UsResidencyStatus,
);

fn items(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(str::trim)
}

#[cfg(test)]
mod tests {
    use layer2_types::payments::IndividualType;

    use super::*;

    #[test]
    fn texts_are_read_as_what_they_say() {
        assert_eq!(flag("true"), Ok(true));
        assert!(flag("yes").is_err() && flag("").is_err());
        assert_eq!(percent("100"), Ok(100));
        assert!(percent("101").is_err() && percent("-1").is_err() && percent("2.5").is_err());
        assert_eq!(texts("US, CA"), Ok(vec!["US".to_owned(), "CA".to_owned()]));
        assert!(texts("US,,CA").is_err());
        assert!(day("28/02/1990").is_err());
        assert_eq!(
            many_of::<IndividualType>("OFFICER,CONTROL_PERSON"),
            Ok(vec![IndividualType::Officer, IndividualType::ControlPerson])
        );
        assert!(many_of::<IndividualType>("OFFICER,KING").is_err());
    }

    #[test]
    fn blanks_and_unknown_values_fill_nothing() {
        assert!(!" ".to_owned().is_filled());
        assert!(!Vec::<String>::new().is_filled());
        assert!(!IndividualType::from("KING").is_filled());
    }
}
