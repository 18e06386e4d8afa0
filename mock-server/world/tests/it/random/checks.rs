//! What is held against the world itself: its own audit at every step, and what is too dear for that now and then.

use layer2_world::World;

use super::walk::ACCOUNTS;
use super::walk::Walk;
use crate::oracle::units;
use crate::support::fields;
use crate::support::genesis;

impl Walk {
    /// Lets the book recompute itself from its entries and holds. A life is short, so it can afford that at every step.
    pub(super) fn audit(&self) {
        assert_eq!(self.play.world.invariants(), Ok(()));
    }

    /// Examines the world in depth.
    pub(super) fn examine(&mut self) {
        self.assert_transactions_are_balances();
        let now = self.play.world.snapshot().unwrap();
        // The same journal, from the beginning.
        let again = World::new(genesis(self.play.world.settings().clone()));
        assert!(
            self.lived(again, 0).snapshot().unwrap() == now,
            "the journal leads elsewhere"
        );
        // The same journal, from the last time the world was put away.
        if let Some((world, from)) = self.restored.take() {
            assert!(
                self.lived(world, from).snapshot().unwrap() == now,
                "a restored world goes elsewhere"
            );
        }
        let restored = World::restore(&now).unwrap();
        assert!(
            restored.snapshot().unwrap() == now,
            "a snapshot is not the world"
        );
        assert_eq!(
            restored.business_now(self.now()),
            self.play.world.business_now(self.now())
        );
        self.restored = Some((restored, self.play.journal.len()));
        self.oracle.see("world examined");
    }

    /// What each account tells is what all its transactions add up to.
    fn assert_transactions_are_balances(&self) {
        for (account, _) in ACCOUNTS {
            let (mut current, mut available) = (0, 0);
            for (value, stage) in self.transactions(account) {
                let is_held = matches!(stage.as_str(), "AUTHORIZED" | "PENDING") && value < 0;
                if stage == "POSTED" {
                    current += value;
                }
                if stage == "POSTED" || is_held {
                    available += value;
                }
            }
            let told = self.play.balances(account);
            let told = (units(&told.0), units(&told.1));
            assert_eq!(told, (current, available), "transactions of {account}");
        }
    }

    /// Value and status of every transaction of an account, page by page.
    fn transactions(&self, account: &str) -> Vec<(i128, String)> {
        let mut all = Vec::new();
        for page in 0.. {
            let (page, path) = (page.to_string(), [("account_id", account)]);
            let query = [("page", page.as_str()), ("page_size", "1000")];
            let list = self
                .play
                .get("payments.transactions_list_for_account", &path, &query)
                .unwrap()
                .body;
            let values = fields(&list, "value");
            let stages = fields(&list, "transaction_status");
            assert_eq!(values.len(), stages.len());
            let is_last = values.len() < 1_000;
            all.extend(values.iter().map(|value| units(value)).zip(stages));
            if is_last {
                break;
            }
        }
        all
    }
}
