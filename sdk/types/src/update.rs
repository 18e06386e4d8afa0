//! Values of updates by field name.
//!
//! The platform takes changes as pairs of a field's name and its new value in text. Requests of this
//! kind have a setter for every field that can be named, so a misspelt name does not compile, and a
//! value of the field's own type becomes the text that the platform reads: truth values as `true`
//! and `false`, days as `YYYY-MM-DD`, lists parted by commas, [`Emptied`] as nothing.
//!
//! ```
//! use layer2_types::Emptied;
//! use layer2_types::payments::{ApplicationUpdateRequest, EmploymentStatus};
//!
//! let update = ApplicationUpdateRequest::new()
//!     .set_mailing_address_city("Boston")
//!     .set_employment_status(EmploymentStatus::Employee)
//!     .set_terms_and_conditions_accepted(true)
//!     .set_citizenship(["US", "CA"])
//!     .set_middle_name(Emptied)
//!     // A field that this version does not know yet.
//!     .set("shoe_size", "46");
//! assert_eq!(update.updates.map(|updates| updates.len()), Some(6));
//! ```
//!
//! ```compile_fail,E0599
//! # use layer2_types::payments::ApplicationUpdateRequest;
//! ApplicationUpdateRequest::new().set_mailing_adress_city("Boston");
//! ```
//!
//! ```compile_fail,E0277
//! # use layer2_types::payments::ApplicationUpdateRequest;
//! ApplicationUpdateRequest::new().set_terms_and_conditions_accepted("yes");
//! ```

use crate::timestamp::Date;

/// A new value for a field of type `T`: a `T`, what is as good as one, or [`Emptied`].
pub trait NewValue<T> {
    /// The value as the platform reads it.
    fn to_text(&self) -> String;
}

/// Empties a field. The platform refuses it for fields that must say something, such as names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Emptied;

impl<T> NewValue<T> for Emptied {
    fn to_text(&self) -> String {
        String::new()
    }
}

/// A value that has a text of its own in an update.
pub trait Value {
    /// The text.
    fn to_text(&self) -> String;
}

macro_rules! values {
    ($($value:ty),+) => {$(
        impl Value for $value {
            fn to_text(&self) -> String {
                self.to_string()
            }
        }
    )+};
}

values!(bool, i32, i64, Date, String, crate::amount::Amount);

impl<T: Value> NewValue<Self> for T {
    fn to_text(&self) -> String {
        Value::to_text(self)
    }
}

impl NewValue<String> for &str {
    fn to_text(&self) -> String {
        (*self).to_owned()
    }
}

impl NewValue<String> for &String {
    fn to_text(&self) -> String {
        (*self).clone()
    }
}

/// Items are parted by commas, so an item that holds one becomes two to the platform; codes of
/// countries and values of enums, which such fields take, hold none.
impl<T, I: NewValue<T>> NewValue<Vec<T>> for Vec<I> {
    fn to_text(&self) -> String {
        joined(self)
    }
}

impl<T, I: NewValue<T>> NewValue<Vec<T>> for &[I] {
    fn to_text(&self) -> String {
        joined(self)
    }
}

impl<T, I: NewValue<T>, const N: usize> NewValue<Vec<T>> for [I; N] {
    fn to_text(&self) -> String {
        joined(self)
    }
}

fn joined<T, I: NewValue<T>>(items: &[I]) -> String {
    let texts: Vec<_> = items.iter().map(NewValue::to_text).collect();
    texts.join(",")
}

#[cfg(all(test, feature = "payments"))]
mod tests {
    use super::*;
    use crate::payments::{
        ApplicationUpdateRequest, CustomerStatus, CustomerUpdateRequest, FieldUpdate,
        IndividualType, IndividualUpdateRequest,
    };

    fn pairs(updates: Option<Vec<FieldUpdate>>) -> Vec<(String, String)> {
        let pair = |update: FieldUpdate| {
            (
                update.field.unwrap_or_default(),
                update.value.unwrap_or_default(),
            )
        };
        updates.unwrap_or_default().into_iter().map(pair).collect()
    }

    #[test]
    fn values_become_what_the_platform_reads() {
        let street = "1 Main Street".to_owned();
        let update = IndividualUpdateRequest::new()
            .set_individual_type([IndividualType::Officer, IndividualType::ControlPerson])
            .set_date_of_birth("1990-02-28".parse::<Date>().expect("a day"))
            .set_percentage_ownership(60)
            .set_citizenship(vec!["US".to_owned(), "CA".to_owned()])
            .set_mailing_address_address_line1(&street)
            .set_middle_name(Emptied);
        let expected = [
            ("individual_type", "OFFICER,CONTROL_PERSON"),
            ("date_of_birth", "1990-02-28"),
            ("percentage_ownership", "60"),
            ("citizenship", "US,CA"),
            ("mailing_address.address_line1", "1 Main Street"),
            ("middle_name", ""),
        ]
        .map(|(field, value)| (field.to_owned(), value.to_owned()));
        assert_eq!(pairs(update.updates), expected);
    }

    #[test]
    fn a_field_is_named_once_and_the_last_value_counts() {
        let update = CustomerUpdateRequest::new()
            .set_first_name("Ada")
            .set_status(CustomerStatus::Frozen)
            .set("first_name", "Grace")
            .with_reason("asked for".to_owned());
        let expected = [("first_name", "Grace"), ("status", "FROZEN")]
            .map(|(field, value)| (field.to_owned(), value.to_owned()));
        assert_eq!(pairs(update.updates), expected);
    }

    #[test]
    fn members_of_profiles_are_named_without_the_profile() {
        let update = ApplicationUpdateRequest::new().set_is_charitable(false);
        assert_eq!(
            pairs(update.updates),
            [("is_charitable".to_owned(), "false".to_owned())]
        );
        assert!(ApplicationUpdateRequest::FIELDS.contains(&"registered_address.city"));
    }

    #[test]
    fn values_do_not_show() {
        let update = ApplicationUpdateRequest::new().set_last_name("Lovelace");
        let shown = format!("{update:?}");
        assert!(
            shown.contains("last_name") && !shown.contains("Lovelace"),
            "{shown}"
        );
    }
}
