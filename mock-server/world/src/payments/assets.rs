//! The assets of a sandbox and the products that offer them, as data.
//!
//! Ids and the form of ids are the platform's; the number of decimals is published nowhere and follows from what was
//! observed (two for USD, six for USDC) and from the assets themselves.

use layer2_types::payments::ProductType;

/// One asset type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asset {
    pub(crate) id: &'static str,
    /// Decimals of the smallest unit.
    pub(crate) decimals: u32,
    pub(crate) kind: AssetKind,
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
    },
    Asset {
        id: "FIAT_TESTNET_EUR",
        decimals: 2,
        kind: AssetKind::Fiat,
    },
    Asset {
        id: "ETHEREUM_SEPOLIA_USDC",
        decimals: 6,
        kind: AssetKind::Crypto,
    },
    Asset {
        id: "ETHEREUM_SEPOLIA_ETH",
        decimals: 18,
        kind: AssetKind::Crypto,
    },
    Asset {
        id: "ETHEREUM_GOERLI_USDC",
        decimals: 6,
        kind: AssetKind::Crypto,
    },
    Asset {
        id: "ETHEREUM_GOERLI_ETH",
        decimals: 18,
        kind: AssetKind::Crypto,
    },
    Asset {
        id: "BITCOIN_TESTNET_BTC",
        decimals: 8,
        kind: AssetKind::Crypto,
    },
    Asset {
        id: "SOLANA_DEVNET_SOL",
        decimals: 9,
        kind: AssetKind::Crypto,
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

/// The asset with this id.
pub(crate) fn asset(id: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.id == id)
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
    fn a_fiat_product_offers_no_coins() {
        let fiat = product("DEPOSIT_FORT_FIAT").unwrap();
        assert_eq!(fiat.offered_ids(), "FIAT_TESTNET_USD, FIAT_TESTNET_EUR");
        assert!(
            product("DEPOSIT_BASIC")
                .unwrap()
                .offers(asset("SOLANA_DEVNET_SOL").unwrap())
        );
    }
}
