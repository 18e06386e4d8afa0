//! Showing a model as one version of the platform would.
//!
//! The models hold what all versions of the payments platform know. A client that speaks to one
//! version, and a server that plays one, take out what that version lacks. Generated models visit
//! their fields; everything else passes through.

use std::collections::BTreeMap;

use crate::amount::Amount;
use crate::json::RawJson;
use crate::operation::Platform;
use crate::patch::Patch;
use crate::tagged::UnknownVariant;
use crate::timestamp::{Date, Timestamp};

/// A value that can be cut down to what one version of the platform knows.
pub trait Project {
    /// Removes what `platform` does not have. Under [`Platform::Union`] nothing is removed.
    fn project(&mut self, platform: Platform) {
        let _ = platform;
    }
}

impl<T: Project> Project for Option<T> {
    fn project(&mut self, platform: Platform) {
        if let Some(value) = self {
            value.project(platform);
        }
    }
}

impl<T: Project> Project for Patch<T> {
    fn project(&mut self, platform: Platform) {
        if let Self::Value(value) = self {
            value.project(platform);
        }
    }
}

impl<T: Project> Project for Vec<T> {
    fn project(&mut self, platform: Platform) {
        for item in self {
            item.project(platform);
        }
    }
}

impl<T: Project + ?Sized> Project for Box<T> {
    fn project(&mut self, platform: Platform) {
        (**self).project(platform);
    }
}

impl<K, T: Project> Project for BTreeMap<K, T> {
    fn project(&mut self, platform: Platform) {
        for value in self.values_mut() {
            value.project(platform);
        }
    }
}

macro_rules! nothing_to_project {
    ($($scalar:ty),+ $(,)?) => {$(impl Project for $scalar {})+};
}

nothing_to_project!(
    Amount,
    Date,
    RawJson,
    String,
    Timestamp,
    UnknownVariant,
    bool,
    i32,
    i64,
    u16,
    u32,
    u64,
);

#[cfg(test)]
mod tests {
    use super::*;

    /// A model that only Layer2 1.0.5 has a nickname in.
    #[derive(Clone, Debug, PartialEq)]
    struct Model {
        nickname: Option<String>,
    }

    impl Project for Model {
        fn project(&mut self, platform: Platform) {
            if platform == Platform::RailV1_1_2 {
                self.nickname = None;
            }
        }
    }

    #[test]
    fn containers_reach_what_they_hold() {
        let full = Model {
            nickname: Some("Al".to_owned()),
        };
        let cut = Model { nickname: None };

        let mut nested = BTreeMap::from([(1, Some(vec![Box::new(Patch::Value(full.clone()))]))]);
        nested.project(Platform::Layer2V1_0_5);
        assert_eq!(nested[&1], Some(vec![Box::new(Patch::Value(full))]));
        nested.project(Platform::RailV1_1_2);
        assert_eq!(nested[&1], Some(vec![Box::new(Patch::Value(cut))]));

        let mut nothing: (Option<Model>, Patch<Model>) = (None, Patch::Null);
        nothing.0.project(Platform::RailV1_1_2);
        nothing.1.project(Platform::RailV1_1_2);
        assert_eq!(nothing, (None, Patch::Null));
    }

    #[test]
    fn scalars_pass_through() {
        let mut amount = Amount::from(7);
        amount.project(Platform::RailV1_1_2);
        assert_eq!(amount, Amount::from(7));
    }
}
