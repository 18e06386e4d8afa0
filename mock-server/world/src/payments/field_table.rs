//! Fields that an update can name, as tables: what each is called, how it is read from text, whether it is filled in.
//!
//! An update says field and value as text: a truth value is `true` or `false`, the items of a list are parted by commas,
//! and an empty text empties a field. What is not in a table cannot be changed. Values may be personal, so a refusal
//! never repeats one.

mod update;
mod value;

pub(crate) use update::Change;
pub(crate) use update::field_and_value;
pub(crate) use update::make_all;
pub(crate) use update::make_each;
pub(crate) use update::no_updates;
pub(crate) use value::Choice;
pub(crate) use value::Fillable;
pub(crate) use value::PERCENT;
pub(crate) use value::day;
pub(crate) use value::flag;
pub(crate) use value::many_of;
pub(crate) use value::one_of;
pub(crate) use value::percent;
pub(crate) use value::text;
pub(crate) use value::texts;

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
