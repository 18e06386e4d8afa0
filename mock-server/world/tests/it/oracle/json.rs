//! JSON text, read by pointers. Numbers stay text until they become whole numbers: no float can come near an amount.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// Part of a JSON text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Json<'a>(&'a str);

impl<'a> Json<'a> {
    pub(super) fn parse(text: &'a str) -> Self {
        Self(text)
    }

    /// What a pointer leads to, if it is there.
    pub(super) fn at(self, pointer: &str) -> Option<Self> {
        let steps = pointer.split('/').skip(1);
        steps.into_iter().try_fold(self, Self::member)
    }

    /// A text, or the digits of a number.
    pub(super) fn text(self, pointer: &str) -> String {
        let found = self
            .at(pointer)
            .unwrap_or_else(|| panic!("no {pointer} in {}", self.0));
        match found.0.strip_prefix('"') {
            Some(_) => serde_json::from_str(found.0).unwrap(),
            None => found.0.to_owned(),
        }
    }

    /// An amount.
    pub(super) fn units(self, pointer: &str) -> i128 {
        units(&self.text(pointer))
    }

    pub(super) fn items(self, pointer: &str) -> Vec<Self> {
        let found = self
            .at(pointer)
            .unwrap_or_else(|| panic!("no {pointer} in {}", self.0));
        let items: Vec<&'a RawValue> = serde_json::from_str(found.0).unwrap();
        items.into_iter().map(|item| Self(item.get())).collect()
    }

    fn member(self, name: &str) -> Option<Self> {
        let members: BTreeMap<&'a str, &'a RawValue> = serde_json::from_str(self.0).ok()?;
        members.get(name).map(|found| Self(found.get()))
    }
}

/// An amount of the wire as a whole number of 10^-18: no asset is finer.
pub(crate) fn units(text: &str) -> i128 {
    let (sign, digits) = text
        .strip_prefix('-')
        .map_or((1, text), |digits| (-1, digits));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    assert!(part.len() <= 18, "{text} is finer than the oracle counts");
    sign * format!("{whole}{part:0<18}").parse::<i128>().unwrap()
}
