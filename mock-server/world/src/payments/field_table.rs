//! Fields that an update can name, as tables: what each is called, how it is read from text, whether it is filled in.
//!
//! An update says field and value as text: a truth value is `true` or `false`, the items of a list are parted by commas,
//! and an empty text empties a field. What is not in a table cannot be changed. Values may be personal, so a refusal
//! never repeats one.

use layer2_types::Date;
use layer2_types::payments;
use layer2_types::payments::FieldUpdate;

use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;
use crate::rejection::nearest;

/// One field of a `T`. The tables are written with [`field!`].
pub(crate) struct Field<T> {
    pub(crate) name: &'static str,
    /// Sets it from text, or says what would have been taken.
    pub(crate) set: fn(&mut T, &str) -> Result<(), String>,
    pub(crate) clear: fn(&mut T),
    pub(crate) is_filled: fn(&T) -> bool,
}

/// A row of a field table: `field!(text first_name)` is a member, `field!(text mailing_address.city)` a part of an
/// address, `field!(flag kyc_profile: CorporateKycProfile => is_charitable)` a member of a profile, which is named
/// without the profile, and `field!("person_role" many_of individual_type)` a member under another name.
macro_rules! field {
    ($read:ident $member:ident) => {
        $crate::payments::field_table::field!(@own stringify!($member), $read, $member)
    };
    ($name:literal $read:ident $member:ident) => {
        $crate::payments::field_table::field!(@own $name, $read, $member)
    };
    ($read:ident $address:ident . $part:ident) => {
        $crate::payments::field_table::field!(
            @of concat!(stringify!($address), ".", stringify!($part)),
            $read, $address, layer2_types::payments::Address, $part
        )
    };
    ($name:literal $read:ident $address:ident . $part:ident) => {
        $crate::payments::field_table::field!(
            @of $name, $read, $address, layer2_types::payments::Address, $part
        )
    };
    ($read:ident $profile:ident : $kind:ident => $member:ident) => {
        $crate::payments::field_table::field!(
            @of stringify!($member), $read, $profile, layer2_types::payments::$kind, $member
        )
    };
    (@own $name:expr, $read:ident, $member:ident) => {
        $crate::payments::field_table::Field {
            name: $name,
            set: |target, value| {
                target.$member = Some($crate::payments::field_table::$read(value)?);
                Ok(())
            },
            clear: |target| target.$member = None,
            is_filled: |target| {
                let member = target.$member.as_ref();
                member.is_some_and($crate::payments::field_table::Fillable::is_filled)
            },
        }
    };
    (@of $name:expr, $read:ident, $parent:ident, $kind:ty, $member:ident) => {
        $crate::payments::field_table::Field {
            name: $name,
            set: |target, value| {
                let value = $crate::payments::field_table::$read(value)?;
                target.$parent.get_or_insert_with(<$kind>::new).$member = Some(value);
                Ok(())
            },
            clear: |target| {
                if let Some(parent) = &mut target.$parent {
                    parent.$member = None;
                }
            },
            is_filled: |target| {
                let parent = target.$parent.as_ref();
                let member = parent.and_then(|parent| parent.$member.as_ref());
                member.is_some_and($crate::payments::field_table::Fillable::is_filled)
            },
        }
    };
}
pub(crate) use field;

/// What an update of one field is about.
pub(crate) struct Change<'a> {
    pub(crate) field: &'a str,
    pub(crate) value: &'a str,
    /// Its place in the list of updates.
    pub(crate) n: usize,
}

impl Change<'_> {
    /// Makes the change with the table of a `T`. `elsewhere` are the fields that the caller sets itself, `kept` those
    /// that cannot be emptied.
    pub(crate) fn make<T>(
        &self,
        table: &[Field<T>],
        target: &mut T,
        elsewhere: &[&str],
        kept: &[&str],
    ) -> Result<(), Rejection> {
        let Some(field) = table.iter().find(|field| field.name == self.field) else {
            return Err(self.not_updatable(table, elsewhere));
        };
        if !self.value.is_empty() {
            return (field.set)(target, self.value).map_err(|expected| self.misfit(expected));
        }
        if kept.contains(&self.field) {
            return Err(self.misfit("a text that is not empty".to_owned()));
        }
        (field.clear)(target);
        Ok(())
    }

    /// A truth value that the caller sets itself.
    pub(crate) fn flag(&self) -> Result<bool, Rejection> {
        flag(self.value).map_err(|expected| self.misfit(expected))
    }

    fn misfit(&self, expected: String) -> Rejection {
        Problem::new(
            code::VALIDATION_FAILED,
            format!("`{}` cannot have this value.", self.field),
        )
        .at(format!("/updates/{}/value", self.n))
        .expected(expected)
        .bad_request()
    }

    fn not_updatable<T>(&self, table: &[Field<T>], elsewhere: &[&str]) -> Rejection {
        let names = elsewhere.iter().copied();
        let names: Vec<&str> = names.chain(table.iter().map(|field| field.name)).collect();
        let problem = Problem::new(
            code::FIELD_NOT_UPDATABLE,
            "This field cannot be changed here.",
        )
        .at(format!("/updates/{}/field", self.n))
        .received(self.field)
        .expected(names.join(", "));
        match nearest(self.field, names.iter().copied()) {
            Some(near) => problem.hint(format!("Did you mean `{near}`?")),
            None => problem.hint("Names are those of the reply, with a point before the member of a member; what is not listed is fixed once it is given."),
        }
        .bad_request()
    }
}

/// Makes each of the updates, and gives the names of the fields with all that was wrong. The caller works on a copy and
/// throws it away if anything was.
pub(crate) fn make_each(
    updates: &[FieldUpdate],
    mut make: impl FnMut(&Change<'_>) -> Result<(), Rejection>,
) -> Result<(Vec<&str>, Vec<Problem>), Rejection> {
    if updates.is_empty() {
        return Err(no_updates());
    }
    let mut problems = Vec::new();
    let mut seen = Vec::new();
    for (n, update) in updates.iter().enumerate() {
        let outcome = field_and_value(update, n).and_then(|(field, value)| {
            if seen.contains(&field) {
                return Err(named_twice(field, n));
            }
            seen.push(field);
            make(&Change { field, value, n })
        });
        problems.extend(
            outcome
                .err()
                .into_iter()
                .flat_map(|rejection| rejection.problems),
        );
    }
    Ok((seen, problems))
}

/// The same for a caller who has nothing to add.
pub(crate) fn make_all(
    updates: &[FieldUpdate],
    make: impl FnMut(&Change<'_>) -> Result<(), Rejection>,
) -> Result<Vec<&str>, Rejection> {
    let (seen, problems) = make_each(updates, make)?;
    if problems.is_empty() {
        return Ok(seen);
    }
    Err(Rejection {
        status: 400,
        problems,
    })
}

/// Field and value of one update; both have to be there.
pub(crate) fn field_and_value(update: &FieldUpdate, n: usize) -> Result<(&str, &str), Rejection> {
    match (&update.field, &update.value) {
        (Some(field), Some(value)) => Ok((field, value)),
        (None, _) => Err(missing("field", n)),
        (_, None) => Err(missing("value", n)),
    }
}

/// The problem of a list of updates that changes nothing.
pub(crate) fn no_updates() -> Rejection {
    Problem::new(code::VALIDATION_FAILED, "There is nothing to change.")
        .at("/updates")
        .expected("a list of at least one `{field, value}`")
        .bad_request()
}

/// The problem of an update that names a field again.
fn named_twice(field: &str, n: usize) -> Rejection {
    Problem::new(
        code::VALIDATION_FAILED,
        "A field can be changed once in a request.",
    )
    .at(format!("/updates/{n}/field"))
    .received(field)
    .expected("each field at most once")
    .bad_request()
}

fn missing(member: &str, n: usize) -> Rejection {
    Problem::new(
        code::VALIDATION_FAILED,
        format!("An update needs a `{member}`."),
    )
    .at(format!("/updates/{n}/{member}"))
    .expected("a text")
    .bad_request()
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

fn items(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(str::trim)
}

/// Sets every field of a table to a value that fits, for the tests of the tables.
#[cfg(test)]
pub(crate) fn check_table<T: Clone + PartialEq>(table: &[Field<T>], empty: &T) {
    for (n, field) in table.iter().enumerate() {
        let mut target = empty.clone();
        // A reader that refuses a word says what it takes; of a list of values the first one fits.
        if let Err(expected) = (field.set)(&mut target, "x") {
            let expected = expected.trim_start_matches("one or more of ");
            let first = expected.split(',').next().unwrap_or_default();
            let value = match first {
                "true or false" => "true",
                "a day as YYYY-MM-DD" => "1990-02-28",
                PERCENT => "60",
                value => value,
            };
            assert_eq!((field.set)(&mut target, value), Ok(()), "{}", field.name);
        }
        assert!((field.is_filled)(&target), "{}", field.name);
        assert!(target != *empty, "{} changed nothing", field.name);
        (field.clear)(&mut target);
        assert!(!(field.is_filled)(&target), "{}", field.name);
        let before = &table[..n];
        assert!(
            !before.iter().any(|other| other.name == field.name),
            "{} is there twice",
            field.name
        );
    }
}

/// Whether tables and what their callers set themselves are the fields that the document lists for a request.
#[cfg(test)]
pub(crate) fn check_names<'a>(
    names: impl IntoIterator<Item = &'a str>,
    elsewhere: &[&'a str],
    documented: &[&'a str],
) {
    use std::collections::BTreeSet;

    let names: BTreeSet<_> = names.into_iter().chain(elsewhere.iter().copied()).collect();
    let documented: BTreeSet<_> = documented.iter().copied().collect();
    assert_eq!(names, documented);
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
