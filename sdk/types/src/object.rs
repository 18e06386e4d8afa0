//! How the generated models become JSON objects and come back, written once for all of them.
//!
//! A derive would write a visitor, a reader of lists and a reader of names for each of some hundred models, and take a
//! third of the build of this crate. Here a model states its members ([`Object`]) and the rest is shared: the loop over
//! the members of an object, the refusal of one that comes twice, the word about one that is missing.
//!
//! A member that the model does not have is skipped. A list is no object, although serde's derive takes one.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::patch::Patch;

/// A model: what its members are called and how each is read.
pub trait Object: Sized {
    /// The model's name, for messages.
    const NAME: &'static str;
    /// Its members on the wire.
    const MEMBERS: &'static [(&'static str, Self::Member)];
    /// Names one member.
    type Member: 'static;
    /// The members that were read so far.
    type Draft;

    /// Nothing read yet.
    fn draft() -> Self::Draft;

    /// Reads the value of one member into the draft.
    ///
    /// # Errors
    ///
    /// What is wrong with the value.
    fn read<'de, A: MapAccess<'de>>(
        draft: &mut Self::Draft,
        member: &Self::Member,
        members: &mut A,
    ) -> Result<(), A::Error>;

    /// The model, if nothing is missing.
    ///
    /// # Errors
    ///
    /// Which member is missing.
    fn finish<E: de::Error>(draft: Self::Draft) -> Result<Self, E>;
}

/// Reads a model from an object.
///
/// # Errors
///
/// If the value is no object, or lacks a member, has one twice or has one of another type.
pub fn read<'de, T: Object, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_map(ObjectVisitor(PhantomData))
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Object> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "struct {}", T::NAME)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<T, A::Error> {
        // One bit for each member that was there.
        const { assert!(T::MEMBERS.len() <= 128, "a model has at most 128 members") }
        let mut seen = 0_u128;
        let mut draft = T::draft();
        let mut search = Search {
            members: T::MEMBERS,
            from: 0,
        };
        while let Some(found) = members.next_key_seed(search)? {
            let Some((place, (name, member))) = found else {
                members.next_value::<IgnoredAny>()?;
                continue;
            };
            search.from = place + 1;
            if seen & (1 << place) != 0 {
                return Err(de::Error::duplicate_field(name));
            }
            seen |= 1 << place;
            T::read(&mut draft, member, &mut members)?;
        }
        T::finish(draft)
    }
}

/// Finds a member by its name, without allocating the name. Members mostly come in the order of the list, so the search
/// begins behind the one that was found last.
struct Search<M: 'static> {
    members: &'static [(&'static str, M)],
    from: usize,
}

impl<M> Clone for Search<M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for Search<M> {}

/// A member and where it stands in the list; none for a name that the model does not have.
type Found<M> = Option<(usize, &'static (&'static str, M))>;

impl<'de, M> DeserializeSeed<'de> for Search<M> {
    type Value = Found<M>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Found<M>, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<M> Visitor<'_> for Search<M> {
    type Value = Found<M>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Found<M>, E> {
        let (before, behind) = self.members.split_at(self.from);
        let behind = (self.from..).zip(behind);
        let mut members = behind.chain(before.iter().enumerate());
        Ok(members.find(|(_, (known, _))| *known == name))
    }
}

/// Reads a member whose empty draft is a value of its own: an `Option`, a [`Patch`].
///
/// # Errors
///
/// What is wrong with the value.
pub fn fill<'de, A: MapAccess<'de>, T: Deserialize<'de>>(
    slot: &mut T,
    members: &mut A,
) -> Result<(), A::Error> {
    members.next_value().map(|value| *slot = value)
}

/// Reads a member that must be there.
///
/// # Errors
///
/// What is wrong with the value.
pub fn fill_required<'de, A: MapAccess<'de>, T: Deserialize<'de>>(
    slot: &mut Option<T>,
    members: &mut A,
) -> Result<(), A::Error> {
    members.next_value().map(|value| *slot = Some(value))
}

/// A member that must be there; one that may be null may also be missing.
///
/// # Errors
///
/// That the member is missing.
pub fn required<'de, T: Deserialize<'de>, E: de::Error>(
    slot: Option<T>,
    name: &'static str,
) -> Result<T, E> {
    match slot {
        Some(value) => Ok(value),
        None => T::deserialize(Missing(name, PhantomData)),
    }
}

/// Stands for a member that is not there: it is null to those who take null, and an error to all others.
struct Missing<E>(&'static str, PhantomData<E>);

impl<'de, E: de::Error> Deserializer<'de> for Missing<E> {
    type Error = E;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, E> {
        Err(E::missing_field(self.0))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
        visitor.visit_none()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// Writes a model, member by member; the first failure is kept until the end.
#[must_use = "an object is written by `end`"]
#[allow(
    missing_debug_implementations,
    reason = "it may hold what is personal, and lives for one call"
)]
pub struct Writer<S: Serializer>(Result<S::SerializeMap, S::Error>);

impl<S: Serializer> Writer<S> {
    /// Begins an object. How many members it gets shows as it is written: what is absent is left out.
    pub fn start(serializer: S) -> Self {
        Self(serializer.serialize_map(None))
    }

    /// Writes a member that is always there.
    pub fn required<T: Serialize>(&mut self, name: &'static str, value: &T) {
        if let Ok(object) = &mut self.0
            && let Err(error) = object.serialize_entry(name, value)
        {
            self.0 = Err(error);
        }
    }

    /// Writes a member if it has a value.
    pub fn optional<T: Serialize>(&mut self, name: &'static str, value: &Option<T>) {
        if let Some(value) = value {
            self.required(name, value);
        }
    }

    /// Writes a member if it is null or has a value.
    pub fn patch<T: Serialize>(&mut self, name: &'static str, value: &Patch<T>) {
        if !value.is_absent() {
            self.required(name, value);
        }
    }

    /// Ends the object.
    ///
    /// # Errors
    ///
    /// What went wrong first.
    pub fn end(self) -> Result<S::Ok, S::Error> {
        self.0.and_then(SerializeMap::end)
    }
}

/// Shows a model as a derived `Debug` would, from the names of its members and what may be shown of each.
pub fn show(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    members: &[(&str, &dyn fmt::Debug)],
) -> fmt::Result {
    let mut shown = f.debug_struct(name);
    for (name, value) in members {
        shown.field(name, value);
    }
    shown.finish()
}

/// A member's name from that of its field: the same, without the mark of a raw identifier.
#[must_use]
pub const fn plain_name(field: &'static str) -> &'static str {
    let [b'r', b'#', plain @ ..] = field.as_bytes() else {
        return field;
    };
    match std::str::from_utf8(plain) {
        Ok(plain) => plain,
        // Cut behind two ASCII characters, text stays text.
        Err(_) => field,
    }
}

#[cfg(test)]
#[allow(unreachable_pub, dead_code, reason = "the macro makes what is public")]
mod tests {
    use super::*;
    use crate::Amount;

    models! {
        /// What is in a crate.
        pub struct Crate {
            required {
                /// Its number.
                number: u32;
                /// Whoever packed it, or null.
                packer: Option<String>;
            }
            optional {
                /// What it is worth.
                r#type: Amount = with_type;
                /// Where it stands.
                shelf as "on-shelf": u32 = with_shelf;
            }
            patch {
                /// A remark.
                remark: String = with_remark;
            }
        }
    }

    fn refusal(json: &str) -> String {
        let error = serde_json::from_str::<Crate>(json).expect_err(json);
        error.to_string()
    }

    #[test]
    fn members_come_and_go_by_their_wire_names() {
        let json = r#"{"number":7,"packer":null,"type":123456789012345678.1234567891,"on-shelf":3,"remark":null}"#;
        let read: Crate = serde_json::from_str(json).expect("valid");
        assert_eq!(read.remark, Patch::Null);
        assert_eq!(serde_json::to_string(&read).expect("serializes"), json);
        assert_eq!(
            format!("{read:?}"),
            "Crate { number: 7, packer: None, type: Some(Amount(123456789012345678.1234567891)), on-shelf: Some(3), remark: Null }"
        );
    }

    #[test]
    fn what_may_be_missing_may_be_missing() {
        let read: Crate = serde_json::from_str(r#"{"later":[{}],"number":7}"#).expect("valid");
        assert_eq!(read, Crate::new(7, None));
        assert_eq!(
            serde_json::to_string(&read).expect("serializes"),
            r#"{"number":7,"packer":null}"#
        );
        assert_eq!(
            serde_json::from_str::<Crate>(r#"{"number":7,"type":null}"#).expect("null is absent"),
            read
        );
    }

    #[test]
    fn members_come_in_any_order() {
        let sorted: Crate =
            serde_json::from_str(r#"{"number":7,"type":2,"on-shelf":3}"#).expect("valid");
        for json in [
            r#"{"on-shelf":3,"type":2,"number":7}"#,
            r#"{"type":2,"later":1,"number":7,"on-shelf":3}"#,
        ] {
            assert_eq!(serde_json::from_str::<Crate>(json).expect(json), sorted);
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert!(refusal("{}").starts_with("missing field `number`"));
        assert!(refusal(r#"{"number":7,"number":7}"#).starts_with("duplicate field `number`"));
        assert!(
            refusal(r#"{"number":7,"type":null,"type":1}"#).starts_with("duplicate field `type`")
        );
        assert!(refusal(r#"{"number":"7"}"#).contains("expected u32"));
        assert!(refusal("[7,null]").contains("expected struct Crate"));
    }

    #[test]
    fn names_lose_the_mark_of_raw_identifiers() {
        assert_eq!(plain_name("r#type"), "type");
        assert_eq!(plain_name("r"), "r");
        assert_eq!(plain_name("r#"), "");
    }
}
