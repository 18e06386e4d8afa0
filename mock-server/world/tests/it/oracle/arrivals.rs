//! Money from outside: it arrives, waits for an owner, is credited, goes back.

use super::Oracle;
use super::Read;
use super::json::Json;

/// Money that came from outside.
#[derive(Debug)]
pub(super) struct Arrival {
    asset: String,
    amount: i128,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// In suspense.
    Unassigned,
    /// In flight to an account, as the transaction that a read tells of.
    Pending {
        account: String,
        transaction: String,
    },
    Posted {
        account: String,
    },
    Returned,
}

impl Oracle {
    pub(super) fn arrive(&mut self, reply: &Json<'_>) {
        let arrival = Arrival {
            asset: reply.text("/data/asset_type_id"),
            amount: reply.units("/data/amount"),
            stage: Stage::told(reply),
        };
        let platform = self.platform(&arrival.asset);
        platform.custody += arrival.amount;
        match arrival.stage {
            Stage::Unassigned => platform.suspense += arrival.amount,
            _ => platform.in_flight -= arrival.amount,
        }
        self.see(match arrival.stage {
            Stage::Unassigned => "inbound UNASSIGNED",
            _ => "inbound PENDING",
        });
        self.arrivals.insert(reply.text("/data/id"), arrival);
    }

    pub(super) fn assign(&mut self, reply: &Json<'_>) {
        let id = reply.text("/data/id");
        let arrival = self.arrivals.get_mut(&id).unwrap();
        assert!(
            matches!(arrival.stage, Stage::Unassigned),
            "{id} was not in suspense"
        );
        arrival.stage = Stage::told(reply);
        let (asset, amount) = (arrival.asset.clone(), arrival.amount);
        let platform = self.platform(&asset);
        platform.suspense -= amount;
        platform.in_flight -= amount;
        self.see("inbound assigned");
    }

    pub(super) fn return_arrival(&mut self, reply: &Json<'_>) {
        let id = reply.text("/data/id");
        let arrival = self.arrivals.get_mut(&id).unwrap();
        let (asset, amount) = (arrival.asset.clone(), arrival.amount);
        let from = core::mem::replace(&mut arrival.stage, Stage::Returned);
        self.platform(&asset).custody -= amount;
        match from {
            Stage::Unassigned => self.platform(&asset).suspense -= amount,
            Stage::Pending { .. } => self.platform(&asset).in_flight += amount,
            Stage::Posted { account } => {
                let covered = amount.min(self.available(&account));
                let uncovered = amount - covered;
                let told = reply.at("/data/uncovered_amount");
                let told = told.map_or(0, |_| reply.units("/data/uncovered_amount"));
                assert_eq!(told, uncovered, "what {account} cannot cover");
                self.account(&account).current -= covered;
                let platform = self.platform(&asset);
                platform.suspense -= uncovered;
                platform.uncovered += uncovered;
                self.see(if uncovered == 0 {
                    "inbound taken back"
                } else {
                    "inbound taken back uncovered"
                });
            }
            Stage::Returned => panic!("{id} was returned twice"),
        }
        self.see("inbound RETURNED");
    }

    pub(super) fn follow_arrivals(&mut self, read: Read<'_>) {
        let mut ended = Vec::new();
        for (id, arrival) in &self.arrivals {
            if let Stage::Pending {
                account,
                transaction,
            } = &arrival.stage
            {
                let path = [
                    ("account_id", account.as_str()),
                    ("transaction_id", transaction),
                ];
                let told = read("payments.transactions_get_for_account", &path);
                let status = Json::parse(&told).text("/data/transaction_status");
                if status != "PENDING" {
                    ended.push((id.clone(), account.clone(), status));
                }
            }
        }
        for (id, account, status) in ended {
            self.end_arrival(&id, &account, &status);
        }
    }

    fn end_arrival(&mut self, id: &str, account: &str, status: &str) {
        let arrival = self.arrivals.get_mut(id).unwrap();
        let (asset, amount) = (arrival.asset.clone(), arrival.amount);
        let is_posted = match status {
            "POSTED" => true,
            // The account could no longer take it.
            "CANCELLED" => false,
            other => panic!("money from outside became {other}"),
        };
        arrival.stage = if is_posted {
            Stage::Posted {
                account: account.to_owned(),
            }
        } else {
            Stage::Returned
        };
        self.platform(&asset).in_flight += amount;
        if is_posted {
            self.account(account).current += amount;
        } else {
            self.platform(&asset).custody -= amount;
        }
        self.see(if is_posted {
            "inbound POSTED"
        } else {
            "inbound sent back"
        });
    }
}

impl Stage {
    fn told(reply: &Json<'_>) -> Self {
        match reply.text("/data/status").as_str() {
            "UNASSIGNED" => Self::Unassigned,
            "PENDING" => Self::Pending {
                account: reply.text("/data/account_id"),
                transaction: reply.text("/data/transaction_id"),
            },
            other => panic!("money arrived {other}"),
        }
    }
}
