//! The assets of a sandbox and the products that offer them, as data.
//!
//! Ids and the form of ids are the platform's; the number of decimals is published nowhere and follows from what was
//! observed (two for USD, six for USDC) and from the assets themselves. Of the rails, those of US dollars are published;
//! euros come by the one rail for which the platform documents instructions, SWIFT; Canadian dollars by EFT too.

use layer2_types::control::InboundRail;
use layer2_types::payments::ProductType;

use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;
use crate::rejection::nearest;

/// One asset type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asset {
    pub(crate) id: &'static str,
    /// Decimals of the smallest unit.
    pub(crate) decimals: u32,
    pub(crate) kind: AssetKind,
    /// Rails by which it comes in, the usual one first.
    pub(crate) rails: &'static [InboundRail],
    /// Rails by which it can be fetched from a linked bank account.
    pub(crate) pull_rails: &'static [InboundRail],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AssetKind {
    Fiat,
    Crypto,
}

/// One product: what its accounts are, and which assets they can hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Product {
    pub(crate) id: &'static str,
    pub(crate) product_type: fn() -> ProductType,
    kinds: &'static [AssetKind],
}

/// Assets of the sandbox networks.
pub(crate) const ASSETS: &[Asset] = &[
    Asset {
        id: "FIAT_TESTNET_USD",
        decimals: 2,
        kind: AssetKind::Fiat,
        rails: &[InboundRail::Fedwire, InboundRail::Ach, InboundRail::Swift],
        pull_rails: &[InboundRail::Ach],
    },
    Asset {
        id: "FIAT_TESTNET_EUR",
        decimals: 2,
        kind: AssetKind::Fiat,
        rails: &[InboundRail::Swift],
        pull_rails: &[],
    },
    Asset {
        id: "FIAT_TESTNET_CAD",
        decimals: 2,
        kind: AssetKind::Fiat,
        rails: &[InboundRail::Eft, InboundRail::Swift],
        pull_rails: &[InboundRail::Eft],
    },
    Asset {
        id: "ETHEREUM_SEPOLIA_USDC",
        decimals: 6,
        kind: AssetKind::Crypto,
        rails: &[InboundRail::Crypto],
        pull_rails: &[],
    },
    Asset {
        id: "ETHEREUM_SEPOLIA_ETH",
        decimals: 18,
        kind: AssetKind::Crypto,
        rails: &[InboundRail::Crypto],
        pull_rails: &[],
    },
    Asset {
        id: "ETHEREUM_GOERLI_USDC",
        decimals: 6,
        kind: AssetKind::Crypto,
        rails: &[InboundRail::Crypto],
        pull_rails: &[],
    },
    Asset {
        id: "ETHEREUM_GOERLI_ETH",
        decimals: 18,
        kind: AssetKind::Crypto,
        rails: &[InboundRail::Crypto],
        pull_rails: &[],
    },
    Asset {
        id: "BITCOIN_TESTNET_BTC",
        decimals: 8,
        kind: AssetKind::Crypto,
        rails: &[InboundRail::Crypto],
        pull_rails: &[],
    },
    Asset {
        id: "SOLANA_DEVNET_SOL",
        decimals: 9,
        kind: AssetKind::Crypto,
        rails: &[InboundRail::Crypto],
        pull_rails: &[],
    },
];

/// Products of a sandbox.
pub(crate) const PRODUCTS: &[Product] = &[
    Product {
        id: "DEPOSIT_BASIC",
        product_type: || ProductType::Deposit,
        kinds: &[AssetKind::Fiat, AssetKind::Crypto],
    },
    Product {
        id: "DEPOSIT_FORT_FIAT",
        product_type: || ProductType::Deposit,
        kinds: &[AssetKind::Fiat],
    },
    Product {
        id: "DEPOSIT_FORT_CRYPTO",
        product_type: || ProductType::Deposit,
        kinds: &[AssetKind::Crypto],
    },
    Product {
        id: "DEPOSIT_ANCH_CRYPTO",
        product_type: || ProductType::Deposit,
        kinds: &[AssetKind::Crypto],
    },
];

impl Asset {
    /// Its blockchain, or `FIAT`: the first part of its id.
    pub(crate) fn blockchain(&self) -> &'static str {
        self.part(0)
    }

    /// The network of its blockchain: the second part of its id.
    pub(crate) fn network(&self) -> &'static str {
        self.part(1)
    }

    /// The ids of its rails, for an error message.
    pub(crate) fn rail_names(&self) -> String {
        let names: Vec<&str> = self.rails.iter().map(InboundRail::as_str).collect();
        names.join(", ")
    }

    fn part(&self, n: usize) -> &'static str {
        // Every id has three parts (a test counts them).
        self.id.split('_').nth(n).unwrap_or_default()
    }
}

/// The ids of all assets of a kind, for an error message.
pub(crate) fn ids_of(kind: AssetKind) -> String {
    let of_kind = ASSETS.iter().filter(|asset| asset.kind == kind);
    let ids: Vec<&str> = of_kind.map(|asset| asset.id).collect();
    ids.join(", ")
}

/// The asset with this id.
pub(crate) fn asset(id: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.id == id)
}

/// The asset that a request names at `place`.
pub(crate) fn known(id: &str, place: &str) -> Result<&'static Asset, Rejection> {
    asset(id).ok_or_else(|| {
        let ids: Vec<&str> = ASSETS.iter().map(|asset| asset.id).collect();
        let problem = Problem::new(code::ASSET_NOT_SUPPORTED, "There is no such asset type.")
            .at(place)
            .received(id)
            .expected(ids.join(", "));
        match nearest(id, ids.iter().copied()) {
            Some(near) => problem.hint(format!("Did you mean `{near}`?")),
            None => problem.hint("Asset type ids have the form blockchain, network, currency, such as FIAT_TESTNET_USD; a currency code alone is none."),
        }
        .bad_request()
    })
}

/// The product with this id.
pub(crate) fn product(id: &str) -> Option<&'static Product> {
    PRODUCTS.iter().find(|product| product.id == id)
}

impl Product {
    /// Whether accounts of the product can hold an asset.
    pub(crate) fn offers(&self, asset: &Asset) -> bool {
        self.kinds.contains(&asset.kind)
    }

    /// The ids of the assets that accounts of the product can hold, for an error message.
    pub(crate) fn offered_ids(&self) -> String {
        let ids: Vec<&str> = ASSETS
            .iter()
            .filter(|asset| self.offers(asset))
            .map(|asset| asset.id)
            .collect();
        ids.join(", ")
    }
}

/// The ids of all products, for an error message.
pub(crate) fn product_ids() -> String {
    let ids: Vec<&str> = PRODUCTS.iter().map(|product| product.id).collect();
    ids.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_have_the_form_of_the_platform() {
        for (n, asset) in ASSETS.iter().enumerate() {
            assert_eq!(asset.id.split('_').count(), 3, "{}", asset.id);
            assert!(
                !ASSETS[..n].iter().any(|other| other.id == asset.id),
                "{} twice",
                asset.id
            );
        }
    }

    #[test]
    fn what_can_be_pulled_can_come_by_the_same_rail() {
        for asset in ASSETS {
            assert!(!asset.rails.is_empty(), "{}", asset.id);
            assert!(
                asset
                    .pull_rails
                    .iter()
                    .all(|rail| asset.rails.contains(rail)),
                "{}",
                asset.id
            );
        }
    }

    #[test]
    fn a_fiat_product_offers_no_coins() {
        let fiat = product("DEPOSIT_FORT_FIAT").unwrap();
        assert_eq!(
            fiat.offered_ids(),
            "FIAT_TESTNET_USD, FIAT_TESTNET_EUR, FIAT_TESTNET_CAD"
        );
        assert!(
            product("DEPOSIT_BASIC")
                .unwrap()
                .offers(asset("SOLANA_DEVNET_SOL").unwrap())
        );
    }
}
