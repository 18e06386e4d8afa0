//! Transfers: held at acceptance, moved at execution.

use super::Oracle;
use super::Read;
use super::Sent;
use super::json::Json;

/// A transfer.
#[derive(Debug)]
pub(super) struct Transfer {
    source: String,
    destination: String,
    amount: i128,
    is_open: bool,
}

impl Transfer {
    /// What its acceptance holds, and where.
    pub(super) fn hold(&self) -> (String, i128) {
        (self.source.clone(), self.amount)
    }

    /// The accounts between which it is.
    pub(super) fn accounts(&self) -> [&str; 2] {
        [&self.source, &self.destination]
    }
}

impl Oracle {
    pub(super) fn request_transfer(&mut self, reply: &Json<'_>) {
        let transfer = Transfer {
            source: reply.text("/data/source_details/source_account_id"),
            destination: reply.text("/data/destination_details/destination_account_id"),
            amount: reply.units("/data/source_details/amount_to_debit"),
            is_open: false,
        };
        self.transfers.insert(reply.text("/data/id"), transfer);
    }

    pub(super) fn accept_transfer(&mut self, sent: Sent<'_>) {
        let transfer = self.transfers.get_mut(sent.path[0].1).unwrap();
        assert!(!transfer.is_open, "{sent:?} was accepted twice");
        transfer.is_open = true;
        let hold = transfer.hold();
        self.hold(hold);
    }

    pub(super) fn follow_transfers(&mut self, read: Read<'_>) {
        let open = self.transfers.iter().filter(|(_, row)| row.is_open);
        let ids: Vec<String> = open.map(|(id, _)| id.clone()).collect();
        for id in ids {
            let told = read("payments.transfers_get", &[("transfer_id", &id)]);
            let status = Json::parse(&told).text("/data/status");
            if status != "ACCEPTED" {
                self.end_transfer(&id, &status);
            }
        }
    }

    fn end_transfer(&mut self, id: &str, status: &str) {
        // It is not asked about again, and an acceptance of it would be the second one.
        let transfer = self.transfers.remove(id).unwrap();
        self.release(transfer.hold());
        match status {
            "EXECUTED" => {
                let asset = self.accounts[&transfer.source].asset.clone();
                self.see(&format!("transfer EXECUTED in {asset}"));
                self.account(&transfer.source).current -= transfer.amount;
                self.account(&transfer.destination).current += transfer.amount;
            }
            "REJECTED" => {}
            other => panic!("an accepted transfer became {other}"),
        }
        self.see(&format!("transfer {status}"));
    }
}
