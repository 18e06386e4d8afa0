//! What the world told last of balances: most replies are the same as before, and are not read again.

use super::json::Json;

/// The reply about an account, and its current and available balance.
#[derive(Debug, Default)]
pub(super) struct ToldBalances {
    text: String,
    balances: (i128, i128),
}

/// The trial balance, and its assets.
#[derive(Debug, Default)]
pub(super) struct ToldTotals {
    text: String,
    assets: Vec<(String, Totals)>,
}

/// A row of the trial balance.
#[derive(Debug)]
pub(super) struct Totals {
    pub(super) customers: i128,
    pub(super) fees: i128,
    pub(super) suspense: i128,
    pub(super) custody: i128,
    pub(super) clearing: i128,
    pub(super) in_flight: i128,
    pub(super) sum: i128,
}

impl ToldBalances {
    pub(super) fn balances(&mut self, text: String) -> (i128, i128) {
        if text != self.text {
            let told = Json::parse(&text);
            self.balances = (
                told.units("/data/current_balance"),
                told.units("/data/available_balance"),
            );
            self.text = text;
        }
        self.balances
    }
}

impl ToldTotals {
    pub(super) fn assets(&mut self, text: String) -> impl Iterator<Item = (&str, &Totals)> {
        if text != self.text {
            let told = Json::parse(&text);
            assert_eq!(told.text("/balanced"), "true");
            self.assets = told.items("/assets").into_iter().map(row).collect();
            self.text = text;
        }
        self.assets.iter().map(|(asset, row)| (asset.as_str(), row))
    }
}

fn row(told: Json<'_>) -> (String, Totals) {
    let totals = Totals {
        customers: told.units("/customers_owed"),
        fees: told.units("/fees"),
        suspense: told.units("/suspense"),
        custody: told.units("/custody"),
        clearing: told.units("/clearing"),
        in_flight: told.units("/in_flight"),
        sum: told.units("/sum"),
    };
    (told.text("/asset_type_id"), totals)
}
