//! All rows of the accounting API.

use layer2_types::accounting::BusinessId;
use serde::Deserialize;
use serde::Serialize;

use crate::accounting::businesses::BusinessRow;
use crate::table::Table;

/// The state of the accounting API.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) businesses: Table<BusinessId, BusinessRow>,
}
