//! The institutions of the Plaid sandbox, as data.

use layer2_types::plaid::Product;

/// A bank of the sandbox.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Institution {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
}

/// The banks that public examples use.
pub(crate) const INSTITUTIONS: &[Institution] = &[
    Institution {
        id: "ins_109508",
        name: "First Platypus Bank",
    },
    Institution {
        id: "ins_109509",
        name: "First Gingham Credit Union",
    },
    Institution {
        id: "ins_109510",
        name: "Tattersall Federal Credit Union",
    },
    Institution {
        id: "ins_109511",
        name: "Tartan Bank",
    },
    Institution {
        id: "ins_109512",
        name: "Houndstooth Bank",
    },
    Institution {
        id: "ins_117650",
        name: "Royal Bank of Plaid",
    },
];

/// The institution with this id.
pub(crate) fn find(id: &str) -> Option<&'static Institution> {
    INSTITUTIONS.iter().find(|institution| institution.id == id)
}

/// The products that every institution of the sandbox offers: those that bank data needs.
pub(crate) fn offered() -> [Product; 5] {
    [
        Product::Auth,
        Product::Balance,
        Product::Identity,
        Product::Liabilities,
        Product::Transactions,
    ]
}
