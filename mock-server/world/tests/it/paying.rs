//! What stories about counterparties and withdrawals share.

use jiff::SignedDuration;
use layer2_world::Outcome;
use layer2_world::Rejection;
use layer2_world::Reply;

use crate::support::Play;
use crate::support::field;
use crate::support::fields;
use crate::support::request;

const OWNER: &str = r#"{"profile_type":"CORPORATION","name":"Harbor Estates LLC","address":{"address_line1":"9 Example Wharf","city":"Boston","state":"MA","postal_code":"02110","country_code":"US"},"line_of_business":"REAL_ESTATE","relationship_to_customer":"SUPPLIER"}"#;

const BANK: &str = r#""institution_name":"Example Bank","institution_address":{"address_line1":"1 Example Square","city":"Boston","state":"MA","postal_code":"02110","country_code":"US"}"#;

/// A registration of any type, with an owner of whom everything is known.
pub(crate) fn registration(kind: &str, customer: &str, rails: &str, account: &str) -> String {
    format!(
        r#"{{"counterparty_type":"{kind}","customer_id":"{customer}","description":"Landlord","supported_rails":{rails},"profile":{OWNER},{account}}}"#
    )
}

/// A bank account of any country, by its own numbers.
pub(crate) fn bank_account(asset: &str, numbers: &str) -> String {
    format!(r#""account_information":{{"asset_type_id":"{asset}",{numbers},{BANK}}}"#)
}

/// A bank account in the United States that all rails reach.
pub(crate) fn us_bank(customer: &str) -> String {
    let numbers =
        r#""account_number":"000123456789","routing_number":"021001208","swift_bic":"CHASUS33""#;
    let account = bank_account("FIAT_TESTNET_USD", numbers);
    registration(
        "FIAT_US",
        customer,
        r#"["ACH","FEDWIRE","SWIFT"]"#,
        &account,
    )
}

pub(crate) fn wallet(customer: &str, asset: &str, address: &str) -> String {
    let wallet = format!(
        r#""wallet_information":{{"asset_type_id":"{asset}","blockchain_address":"{address}","wallet_type":"OTHER"}}"#
    );
    registration("CRYPTO", customer, r#"["CRYPTO"]"#, &wallet)
}

/// A withdrawal of an account to a counterparty.
pub(crate) fn withdrawal(rail: &str, from: &str, to: &str, amount: &str) -> String {
    format!(
        r#"{{"withdrawal_rail":"{rail}","source_account_id":"{from}","destination_counterparty_id":"{to}","amount":{amount},"purpose":"RENTAL_PROPERTY","description":"Rent of March","memo":"RENT03"}}"#
    )
}

impl Play {
    pub(crate) fn register(&mut self, body: &str) -> Result<String, Rejection> {
        let reply = self.post("payments.counterparties_create", &[], body)?;
        Ok(field(&reply.body, "id"))
    }

    pub(crate) fn counterparty(&self, id: &str) -> String {
        let path = [("counterparty_id", id)];
        self.get("payments.counterparties_get", &path, &[])
            .unwrap()
            .body
    }

    pub(crate) fn counterparty_status(&self, id: &str) -> String {
        field(&self.counterparty(id), "status")
    }

    pub(crate) fn patch_counterparty(
        &mut self,
        id: &str,
        name: &str,
        value: &str,
    ) -> Result<Reply, Rejection> {
        let body = format!(r#"{{"updates":[{{"field":"{name}","value":"{value}"}}]}}"#);
        let path = [("counterparty_id", id)];
        self.post("payments.counterparties_update", &path, &body)
    }

    pub(crate) fn decide_counterparty(
        &mut self,
        id: &str,
        status: &str,
    ) -> Result<Reply, Rejection> {
        let path = [("sandbox", "default"), ("counterparty_id", id)];
        let body = format!(r#"{{"status":"{status}"}}"#);
        self.post("control.decisions_counterparty_status", &path, &body)
    }

    pub(crate) fn withdraw(
        &mut self,
        rail: &str,
        from: &str,
        to: &str,
        amount: &str,
    ) -> Result<String, Rejection> {
        let body = withdrawal(rail, from, to, amount);
        let reply = self.post("payments.withdrawals_create", &[], &body)?;
        Ok(field(&reply.body, "id"))
    }

    pub(crate) fn accept_withdrawal(&mut self, id: &str) -> Result<Reply, Rejection> {
        let path = [("withdrawal_id", id)];
        self.post("payments.withdrawals_accept", &path, "")
    }

    pub(crate) fn accept_withdrawal_with_key(
        &mut self,
        id: &str,
        key: &str,
    ) -> Result<Outcome, Rejection> {
        let path = [("withdrawal_id", id)];
        let request = request("payments.withdrawals_accept", &path, &[], None);
        self.send(request, Some(key))
    }

    pub(crate) fn cancel_withdrawal(&mut self, id: &str) -> Result<Reply, Rejection> {
        let path = [("withdrawal_id", id)];
        self.post("payments.withdrawals_cancel", &path, "")
    }

    pub(crate) fn withdrawal_status(&self, id: &str) -> String {
        let path = [("withdrawal_id", id)];
        let reply = self.get("payments.withdrawals_get", &path, &[]).unwrap();
        field(&reply.body, "status")
    }

    pub(crate) fn decide_withdrawal(
        &mut self,
        id: &str,
        outcome: &str,
    ) -> Result<Reply, Rejection> {
        let path = [("sandbox", "default"), ("withdrawal_id", id)];
        let body = format!(r#"{{"outcome":"{outcome}","reason":"a test"}}"#);
        self.post("control.outgoing_decide_withdrawal", &path, &body)
    }

    pub(crate) fn set_fee(&mut self, rail: &str, asset: &str, amount: &str) -> Reply {
        let body = format!(
            r#"{{"withdrawal_fees":[{{"rail":"{rail}","asset_type_id":"{asset}","amount":{amount}}}]}}"#
        );
        let path = [("sandbox", "default")];
        self.post("control.outgoing_set_fees", &path, &body)
            .unwrap()
    }

    /// Custody and what is in flight of the first asset with entries.
    pub(crate) fn platform_side(&self) -> (String, String) {
        let path = [("sandbox", "default")];
        let balance = self
            .get("control.ledger_trial_balance", &path, &[])
            .unwrap()
            .body;
        (field(&balance, "custody"), field(&balance, "in_flight"))
    }
}

/// A customer with 1,000 dollars, and the account of its landlord.
pub(crate) fn with_landlord(mut play: Play) -> (Play, String) {
    play.inbound("ACME_USD", "1000").unwrap();
    let landlord = play.register(&us_bank("ACME")).unwrap();
    play.advance(SignedDuration::from_mins(5));
    assert_eq!(play.balances("ACME_USD").0, "1000");
    (play, landlord)
}

pub(crate) fn balances(current: &str, available: &str) -> (String, String) {
    (current.to_owned(), available.to_owned())
}

/// Type, status and value of each transaction of the account, oldest first.
pub(crate) fn history(play: &Play) -> Vec<String> {
    let path = [("account_id", "ACME_USD")];
    let list = play
        .get("payments.transactions_list_for_account", &path, &[])
        .unwrap()
        .body;
    fields(&list, "transaction_type")
        .iter()
        .zip(fields(&list, "transaction_status"))
        .zip(fields(&list, "value"))
        .map(|((kind, status), value)| format!("{kind} {status} {value}"))
        .collect()
}
