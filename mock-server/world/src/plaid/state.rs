//! All rows of the Plaid API.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;

use crate::plaid::items::ItemRow;
use crate::plaid::items::PublicTokenRow;
use crate::table::Table;

/// The state of the Plaid API. Tokens are keys and stay out of `Debug`.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) items: Table<String, ItemRow>,
    pub(crate) public_tokens: BTreeMap<String, PublicTokenRow>,
    /// The item that an access token opens.
    pub(crate) access_tokens: BTreeMap<String, String>,
}

impl core::fmt::Debug for State {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("State")
            .field("items", &self.items)
            .field("public_tokens", &self.public_tokens.len())
            .field("access_tokens", &self.access_tokens.len())
            .finish()
    }
}
