//! Fields of a partial update, which can be left alone, cleared or set.

use serde::de::Deserializer;
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

/// A field of a partial update: absent (keep what is there), null (clear it), or a value (set it).
///
/// On a field it stands with `#[serde(default, skip_serializing_if = "Patch::is_absent")]`.
///
/// ```
/// use layer2_types::Patch;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
/// struct Update {
///     #[serde(default, skip_serializing_if = "Patch::is_absent")]
///     nickname: Patch<String>,
/// }
///
/// let clear = Update { nickname: Patch::Null };
/// assert_eq!(serde_json::to_string(&clear)?, r#"{"nickname":null}"#);
/// assert_eq!(serde_json::to_string(&Update::default())?, "{}");
/// assert_eq!(serde_json::from_str::<Update>("{}")?.nickname, Patch::Absent);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Patch<T> {
    /// The field is not sent; what is there stays.
    #[default]
    Absent,
    /// The field is sent as `null`; what is there is cleared.
    Null,
    /// The field is sent; what is there is replaced.
    Value(T),
}

impl<T> Patch<T> {
    /// True if the field is not sent.
    #[must_use]
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// True if the field is sent as `null`.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The value that the field is set to, if it is.
    #[must_use]
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    /// The same patch on a borrowed value.
    #[must_use]
    pub const fn as_ref(&self) -> Patch<&T> {
        match self {
            Self::Absent => Patch::Absent,
            Self::Null => Patch::Null,
            Self::Value(value) => Patch::Value(value),
        }
    }

    /// The same patch on another value.
    #[must_use]
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Patch<U> {
        match self {
            Self::Absent => Patch::Absent,
            Self::Null => Patch::Null,
            Self::Value(value) => Patch::Value(change(value)),
        }
    }

    /// Carries the patch out on a stored field.
    pub fn apply(self, field: &mut Option<T>) {
        match self {
            Self::Absent => {}
            Self::Null => *field = None,
            Self::Value(value) => *field = Some(value),
        }
    }
}

impl<T> From<T> for Patch<T> {
    fn from(value: T) -> Self {
        Self::Value(value)
    }
}

impl<T: Serialize> Serialize for Patch<T> {
    /// An absent field that is not skipped is written as `null`: there is no JSON for nothing.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Absent | Self::Null => serializer.serialize_none(),
            Self::Value(value) => serializer.serialize_some(value),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Null, Self::Value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    struct Update {
        #[serde(default, skip_serializing_if = "Patch::is_absent")]
        memo: Patch<String>,
    }

    #[test]
    fn the_three_states_survive_json() {
        for (json, memo) in [
            ("{}", Patch::Absent),
            (r#"{"memo":null}"#, Patch::Null),
            (r#"{"memo":"x"}"#, Patch::from("x".to_owned())),
        ] {
            let update: Update = serde_json::from_str(json).expect(json);
            assert_eq!(update.memo, memo);
            assert_eq!(serde_json::to_string(&update).expect("serializes"), json);
        }
    }

    #[test]
    fn a_patch_changes_what_it_says() {
        for (patch, after) in [
            (Patch::Absent, Some(1)),
            (Patch::Null, None),
            (Patch::Value(2), Some(2)),
        ] {
            let mut field = Some(1);
            patch.apply(&mut field);
            assert_eq!(field, after, "{patch:?}");
        }
    }

    #[test]
    fn looking_at_a_patch_keeps_its_state() {
        assert_eq!(Patch::Value(2).map(|n| n + 1), Patch::Value(3));
        assert_eq!(Patch::<i32>::Null.map(|n| n + 1), Patch::Null);
        assert_eq!(Patch::<i32>::Absent.map(|n| n + 1), Patch::Absent);
        assert_eq!(Patch::Value(2).as_ref().value(), Some(&&2));
        assert!(Patch::<i32>::Null.is_null() && Patch::<i32>::Null.as_ref().is_null());
        assert!(Patch::<i32>::default().as_ref().is_absent());
        assert_eq!(Patch::<i32>::Null.value(), None);
    }
}
