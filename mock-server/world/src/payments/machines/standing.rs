//! Standing: the status machine that customers, accounts and counterparties share, and what each status allows.
//!
//! The table is the platform's own page on customers, word for word in its statuses, rights and next statuses; accounts
//! say OPEN where customers say ACTIVE. *Update* guards changes of the customer and the opening of accounts; *transact*
//! guards money. A status that ends in `_L2F` waits for the platform: it has the rights of the status it is named after,
//! but only control leaves it. A counterparty is screened before its first use, so no client leaves PENDING for it. Under
//! version 1.1.2 EDD does not transact, as that version's reference says.

use core::fmt;

use layer2_types::operation::Platform;
use layer2_types::payments::AccountStatus;
use layer2_types::payments::CounterpartyStatus;
use layer2_types::payments::CustomerStatus;
use serde::Deserialize;
use serde::Serialize;

use crate::machine::Machine;
use crate::machine::Row;

/// Where a customer or an account stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Standing {
    /// Works; accounts call it OPEN.
    Active,
    /// Ended for good.
    Closed,
    /// Enhanced due diligence is needed.
    Edd,
    /// Is being screened.
    Pending,
    /// Stopped until checks are made.
    Frozen,
    /// Not used for twelve months.
    Dormant,
    /// EDD, in the platform's hands.
    EddL2f,
    /// FROZEN, in the platform's hands.
    FrozenL2f,
    /// PENDING, in the platform's hands.
    PendingL2f,
}

/// What may be done in a standing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rights {
    /// It can be read.
    pub read: bool,
    /// It can be changed by the client.
    pub update: bool,
    /// Its money can move.
    pub transact: bool,
}

/// What clients may change the standing of a customer or an account to.
pub const STANDING: Machine<Standing> = Machine {
    name: "customer or account",
    rows: &client_rows(&[Standing::Active, Standing::Closed]),
};

/// What clients may change the standing of a counterparty to: the same, but that nobody steps over its screening. What
/// is PENDING leaves it by the screening, or by control.
pub const COUNTERPARTY: Machine<Standing> = Machine {
    name: "counterparty",
    rows: &client_rows(&[]),
};

/// The rows of a machine in the hands of clients, which differ in what follows PENDING alone.
const fn client_rows(after_pending: &'static [Standing]) -> [Row<Standing>; 9] {
    [
        Row {
            from: Standing::Active,
            next: &[
                Standing::Edd,
                Standing::Dormant,
                Standing::Closed,
                Standing::Frozen,
            ],
        },
        Row {
            from: Standing::Closed,
            next: &[],
        },
        Row {
            from: Standing::Edd,
            next: &[Standing::Active, Standing::Closed, Standing::Frozen],
        },
        Row {
            from: Standing::Pending,
            next: after_pending,
        },
        Row {
            from: Standing::Frozen,
            next: &[Standing::Active, Standing::Closed, Standing::Edd],
        },
        Row {
            from: Standing::Dormant,
            next: &[Standing::Active, Standing::Closed, Standing::Edd],
        },
        // Only the platform, that is control, leaves these.
        Row {
            from: Standing::EddL2f,
            next: &[],
        },
        Row {
            from: Standing::FrozenL2f,
            next: &[],
        },
        Row {
            from: Standing::PendingL2f,
            next: &[],
        },
    ]
}

/// What control may change a standing to, besides what clients may: it decides screenings too. Both sides are read
/// without the `_L2F` mark.
pub const DECISION: Machine<Standing> = Machine {
    name: "decision",
    rows: &[
        Row {
            from: Standing::Active,
            next: &[
                Standing::Edd,
                Standing::Dormant,
                Standing::Closed,
                Standing::Frozen,
                Standing::Pending,
            ],
        },
        Row {
            from: Standing::Closed,
            next: &[],
        },
        Row {
            from: Standing::Edd,
            next: &[
                Standing::Active,
                Standing::Closed,
                Standing::Frozen,
                Standing::Pending,
            ],
        },
        Row {
            from: Standing::Pending,
            next: &[Standing::Active, Standing::Closed],
        },
        Row {
            from: Standing::Frozen,
            next: &[Standing::Active, Standing::Closed, Standing::Edd],
        },
        Row {
            from: Standing::Dormant,
            next: &[
                Standing::Active,
                Standing::Closed,
                Standing::Edd,
                Standing::Pending,
            ],
        },
    ],
};

impl Standing {
    /// Every standing.
    pub const ALL: [Self; 9] = [
        Self::Active,
        Self::Closed,
        Self::Edd,
        Self::Pending,
        Self::Frozen,
        Self::Dormant,
        Self::EddL2f,
        Self::FrozenL2f,
        Self::PendingL2f,
    ];

    /// What may be done, under a version of the platform.
    pub const fn rights(self, platform: Platform) -> Rights {
        let transact_in_edd = !matches!(platform, Platform::RailV1_1_2);
        match self {
            Self::Active | Self::Dormant => Rights {
                read: true,
                update: true,
                transact: true,
            },
            Self::Closed => Rights {
                read: true,
                update: false,
                transact: false,
            },
            Self::Edd => Rights {
                read: true,
                update: true,
                transact: transact_in_edd,
            },
            Self::Pending | Self::Frozen => Rights {
                read: true,
                update: true,
                transact: false,
            },
            Self::EddL2f => Rights {
                read: true,
                update: false,
                transact: transact_in_edd,
            },
            Self::FrozenL2f | Self::PendingL2f => Rights {
                read: true,
                update: false,
                transact: false,
            },
        }
    }

    /// The status without the mark that it is in the platform's hands.
    pub const fn bare(self) -> Self {
        match self {
            Self::EddL2f => Self::Edd,
            Self::FrozenL2f => Self::Frozen,
            Self::PendingL2f => Self::Pending,
            other => other,
        }
    }

    /// Whether it waits for the platform.
    pub const fn is_platforms(self) -> bool {
        matches!(self, Self::EddL2f | Self::FrozenL2f | Self::PendingL2f)
    }

    /// Whether control may change to `to`: what the table says, and taking a status into the platform's hands or giving
    /// it back.
    pub fn control_allows(self, to: Self) -> bool {
        let handed_over = self.bare() == to.bare() && self != to;
        handed_over || DECISION.allows(self.bare(), to.bare())
    }

    /// The status as a version of the platform shows it: 1.1.2 has no `_L2F` in its replies.
    const fn shown(self, platform: Platform) -> Self {
        match platform {
            Platform::RailV1_1_2 => self.bare(),
            _ => self,
        }
    }

    /// As a customer's status on the wire.
    pub fn customer_status(self, platform: Platform) -> CustomerStatus {
        CustomerStatus::from(self.shown(platform).name("ACTIVE"))
    }

    /// As an account's status on the wire.
    pub fn account_status(self, platform: Platform) -> AccountStatus {
        AccountStatus::from(self.shown(platform).name("OPEN"))
    }

    /// As a counterparty's status on the wire.
    pub fn counterparty_status(self, platform: Platform) -> CounterpartyStatus {
        CounterpartyStatus::from(self.shown(platform).name("ACTIVE"))
    }

    /// The standing that a customer's status on the wire means.
    pub fn of_customer(status: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|standing| standing.name("ACTIVE") == status)
    }

    /// The standing that an account's status on the wire means.
    pub fn of_account(status: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|standing| standing.name("OPEN") == status)
    }

    /// The status as text; `active` is what the resource calls the first one.
    pub const fn name(self, active: &'static str) -> &'static str {
        match self {
            Self::Active => active,
            Self::Closed => "CLOSED",
            Self::Edd => "EDD",
            Self::Pending => "PENDING",
            Self::Frozen => "FROZEN",
            Self::Dormant => "DORMANT",
            Self::EddL2f => "EDD_L2F",
            Self::FrozenL2f => "FROZEN_L2F",
            Self::PendingL2f => "PENDING_L2F",
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name("ACTIVE"))
    }
}

impl Rights {
    /// What is allowed by both: an account has the worse of its own rights and its customer's.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            read: self.read && other.read,
            update: self.update && other.update,
            transact: self.transact && other.transact,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The platform's page, row by row: status, read, update, transact, next.
    const PAGE: &[(&str, bool, bool, bool, &str)] = &[
        ("ACTIVE", true, true, true, "EDD, DORMANT, CLOSED, FROZEN"),
        ("CLOSED", true, false, false, "nothing: the status is final"),
        ("EDD", true, true, true, "ACTIVE, CLOSED, FROZEN"),
        ("PENDING", true, true, false, "ACTIVE, CLOSED"),
        ("FROZEN", true, true, false, "ACTIVE, CLOSED, EDD"),
        ("DORMANT", true, true, true, "ACTIVE, CLOSED, EDD"),
    ];

    #[test]
    fn rights_and_next_statuses_are_those_of_the_page() {
        for (name, read, update, transact, next) in PAGE {
            let standing = Standing::of_customer(name).unwrap();
            let rights = Rights {
                read: *read,
                update: *update,
                transact: *transact,
            };
            assert_eq!(standing.rights(Platform::Union), rights, "{name}");
            assert_eq!(standing.rights(Platform::Layer2V1_0_5), rights, "{name}");
            assert_eq!(STANDING.next_text(standing), *next, "{name}");
        }
    }

    #[test]
    fn a_counterparty_differs_in_that_no_client_ends_its_screening() {
        assert!(COUNTERPARTY.next(Standing::Pending).is_empty());
        for from in Standing::ALL {
            if from != Standing::Pending {
                assert_eq!(COUNTERPARTY.next(from), STANDING.next(from), "{from}");
            }
        }
    }

    #[test]
    fn edd_does_not_transact_under_version_1_1_2() {
        assert!(!Standing::Edd.rights(Platform::RailV1_1_2).transact);
        assert!(!Standing::EddL2f.rights(Platform::RailV1_1_2).transact);
        assert!(Standing::Edd.rights(Platform::RailV1_1_2).update);
        assert!(Standing::Dormant.rights(Platform::RailV1_1_2).transact);
    }

    #[test]
    fn what_the_platform_holds_only_control_moves() {
        for standing in Standing::ALL
            .into_iter()
            .filter(|standing| standing.is_platforms())
        {
            assert!(STANDING.is_final(standing));
            assert!(!standing.rights(Platform::Union).update);
            assert!(standing.control_allows(Standing::Active));
            let bare = standing.bare().rights(Platform::Union).transact;
            assert_eq!(standing.rights(Platform::Union).transact, bare);
        }
        assert!(!Standing::Closed.control_allows(Standing::Active));
        assert!(!Standing::Active.control_allows(Standing::Active));
        assert!(Standing::Active.control_allows(Standing::PendingL2f));
        assert!(!Standing::Frozen.control_allows(Standing::PendingL2f));
        for row in STANDING.rows.iter().chain(COUNTERPARTY.rows) {
            for next in row.next {
                assert!(
                    row.from.control_allows(*next),
                    "control can do what clients can"
                );
            }
        }
    }

    #[test]
    fn the_wire_says_open_for_accounts_and_bare_names_under_1_1_2() {
        assert_eq!(
            Standing::Active.account_status(Platform::Union).as_str(),
            "OPEN"
        );
        assert_eq!(
            Standing::PendingL2f
                .account_status(Platform::Union)
                .as_str(),
            "PENDING_L2F"
        );
        assert_eq!(
            Standing::PendingL2f
                .customer_status(Platform::RailV1_1_2)
                .as_str(),
            "PENDING"
        );
        assert_eq!(Standing::of_account("ACTIVE"), None);
    }

    #[test]
    fn the_machine_prints_as_a_table() {
        let table = STANDING.to_table();
        assert!(
            table.contains("| FROZEN | ACTIVE, CLOSED, EDD |"),
            "{table}"
        );
        assert_eq!(table.lines().count(), 2 + STANDING.rows.len());
    }
}
