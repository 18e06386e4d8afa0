//! Assets: what an account is counted in, and how many decimals its smallest unit has.
//!
//! The ledger never sees a decimal point. The scale is kept only so that a reader can turn
//! [`MinorUnits`](crate::MinorUnits) back into an amount, and so that [`Rate`](crate::Rate) can
//! cross from one asset to another.

use serde::{Deserialize, Serialize};

use crate::LedgerError;
use crate::id::text_id;

/// An asset as the book knows it: its code and its scale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "AssetRecord")]
pub struct Asset {
    code: AssetCode,
    scale: u32,
}

impl Asset {
    /// The largest scale: 10^38 is the last power of ten that an `i128` holds.
    pub const SCALE_MAX: u32 = 38;

    /// An asset whose smallest unit is 10^-`scale`.
    ///
    /// # Errors
    /// [`LedgerError::ScaleTooLarge`] above [`Asset::SCALE_MAX`].
    pub fn new(code: AssetCode, scale: u32) -> Result<Self, LedgerError> {
        if scale > Self::SCALE_MAX {
            return Err(LedgerError::ScaleTooLarge { asset: code, scale });
        }
        Ok(Self { code, scale })
    }

    /// The code, for example `FIAT_TESTNET_USD`.
    #[must_use]
    pub const fn code(&self) -> &AssetCode {
        &self.code
    }

    /// Decimals of the smallest unit: 2 for dollars counted in cents.
    #[must_use]
    pub const fn scale(&self) -> u32 {
        self.scale
    }
}

/// The place of an asset in its book; a handle of that book (and of its clones) only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AssetIx(pub(crate) u32);

impl AssetIx {
    /// The position as an index into the book's assets.
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

text_id! {
    /// The code of an asset, for example `FIAT_TESTNET_USD`. Cheap to clone.
    pub struct AssetCode, error InvalidAssetCode, what "an asset code"
}

/// What an asset looks like in a snapshot, before its scale is checked.
#[derive(Deserialize)]
struct AssetRecord {
    code: AssetCode,
    scale: u32,
}

impl TryFrom<AssetRecord> for Asset {
    type Error = LedgerError;

    fn try_from(record: AssetRecord) -> Result<Self, LedgerError> {
        Self::new(record.code, record.scale)
    }
}
