//! What a list was when its first page was read, as links carry it.

use core::fmt;
use core::str::FromStr;

/// The parameter of links that says what the list was.
pub(crate) const AS_OF: &str = "as_of";

/// What a list was when its first page was read. Rows are numbered as they are made, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AsOf {
    /// The newest row that there was.
    pub(super) newest: u64,
    /// The last row of the page before.
    pub(super) behind: Option<u64>,
}

impl fmt::Display for AsOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.newest)?;
        match self.behind {
            Some(behind) => write!(f, "-{behind}"),
            None => Ok(()),
        }
    }
}

impl FromStr for AsOf {
    type Err = core::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (newest, behind) = match text.split_once('-') {
            Some((newest, behind)) => (newest, Some(behind.parse()?)),
            None => (text, None),
        };
        Ok(Self {
            newest: newest.parse()?,
            behind,
        })
    }
}
