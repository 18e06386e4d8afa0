//! What a command must come to, judged before it is sent.
//!
//! Of transfers and of every acceptance the oracle says whether the world takes it, and by which code it refuses. It
//! judges by what reads tell of standings and statuses, and by its own balances. The rules are written down once more,
//! in the order in which the reference names the errors.

use super::Oracle;
use super::Read;
use super::Sent;
use super::decimals;
use super::json::Json;
use super::json::units;

/// A command is taken, or refused with a code.
pub(crate) type Verdict = Result<(), &'static str>;

impl Oracle {
    /// The verdict over a command; none over a kind that the oracle does not judge.
    pub(crate) fn judge(&self, read: Read<'_>, sent: Sent<'_>) -> Option<Verdict> {
        Some(match sent.op {
            "payments.transfers_create" => self.judge_transfer(read, sent),
            "payments.transfers_accept" => self.judge_transfer_acceptance(read, sent),
            "payments.exchanges_accept" => self.judge_exchange_acceptance(read, sent),
            "payments.withdrawals_accept" => self.judge_withdrawal_acceptance(read, sent),
            _ => return None,
        })
    }

    /// Holds what has become of a command against the verdict over it.
    pub(crate) fn confirm(&mut self, sent: Sent<'_>, verdict: Verdict, codes: &[&'static str]) {
        let become_of = codes.first().map_or(Ok(()), |code| Err(*code));
        assert_eq!(become_of, verdict, "what {sent:?} came to");
        self.see(match verdict {
            Ok(()) => "judged to be taken",
            Err(_) => "judged to be refused",
        });
    }

    fn judge_transfer(&self, read: Read<'_>, sent: Sent<'_>) -> Verdict {
        let body = Json::parse(sent.body);
        let source = body.text("/source_account_id");
        let destination = body.text("/destination_account_id");
        let asset = &self.accounts[&source].asset;
        let amount = body.text("/amount");
        // A number of more than 28 digits is no amount at all, whatever else is wrong.
        if amount.contains('e') {
            return Err("VALIDATION_FAILED");
        }
        if source == destination {
            return Err("SAME_ACCOUNT");
        }
        if *asset != self.accounts[&destination].asset {
            return Err("ASSET_MISMATCH");
        }
        judge_amount(&amount, asset)?;
        self.judge_accounts(read, &[&source, &destination])
    }

    fn judge_transfer_acceptance(&self, read: Read<'_>, sent: Sent<'_>) -> Verdict {
        let codes = ["TRANSFER_EXPIRED", "TRANSFER_NOT_ACCEPTABLE"];
        judge_status(&read("payments.transfers_get", sent.path), codes)?;
        let transfer = &self.transfers[sent.path[0].1];
        self.judge_accounts(read, &transfer.accounts())?;
        self.judge_funds(sent)
    }

    fn judge_exchange_acceptance(&self, read: Read<'_>, sent: Sent<'_>) -> Verdict {
        if units(&Json::parse(sent.body).text("/maximum_slippage")) >= units("1") {
            return Err("VALIDATION_FAILED");
        }
        let codes = ["EXCHANGE_EXPIRED", "EXCHANGE_NOT_ACCEPTABLE"];
        judge_status(&read("payments.exchanges_get", sent.path), codes)?;
        let exchange = &self.exchanges[sent.path[0].1];
        self.judge_accounts(read, &exchange.accounts())?;
        self.judge_funds(sent)
    }

    fn judge_withdrawal_acceptance(&self, read: Read<'_>, sent: Sent<'_>) -> Verdict {
        // One that waits for a paper is not acceptable either.
        let codes = ["WITHDRAWAL_EXPIRED", "WITHDRAWAL_NOT_ACCEPTABLE"];
        judge_status(&read("payments.withdrawals_get", sent.path), codes)?;
        let withdrawal = &self.withdrawals[sent.path[0].1];
        self.judge_accounts(read, &[withdrawal.source()])?;
        let path = [("counterparty_id", withdrawal.counterparty())];
        let told = read("payments.counterparties_get", &path);
        let status = Json::parse(&told).text("/data/status");
        // In EDD a counterparty acts as if it were active, under every version.
        if !transacts(&status, true) {
            return Err("COUNTERPARTY_NOT_USABLE");
        }
        self.judge_funds(sent)
    }

    /// Money of an account moves if its own status and that of its customer let it.
    fn judge_accounts(&self, read: Read<'_>, accounts: &[&str]) -> Verdict {
        for account in accounts {
            let told = read("payments.accounts_get", &[("account_id", account)]);
            let told = Json::parse(&told);
            let customer = told.text("/data/customer_id");
            let moves = transacts(&told.text("/data/status"), self.edd_transacts)
                && (customer == CLIENT || self.customer_transacts(read, &customer));
            if !moves {
                return Err("ACCOUNT_NOT_USABLE");
            }
        }
        Ok(())
    }

    fn customer_transacts(&self, read: Read<'_>, customer: &str) -> bool {
        let told = read("payments.customers_get", &[("customer_id", customer)]);
        let status = Json::parse(&told).text("/data/status");
        transacts(&status, self.edd_transacts)
    }

    fn judge_funds(&self, sent: Sent<'_>) -> Verdict {
        let (source, needed) = self.needed(sent);
        if self.available(&source) < needed {
            return Err("INSUFFICIENT_FUNDS");
        }
        Ok(())
    }
}

/// What the client's own accounts name as their customer.
const CLIENT: &str = "SELF";

/// Whether money moves in a status.
fn transacts(status: &str, edd_transacts: bool) -> bool {
    match status {
        "ACTIVE" | "OPEN" | "DORMANT" => true,
        "EDD" | "EDD_L2F" => edd_transacts,
        "CLOSED" | "FROZEN" | "FROZEN_L2F" | "PENDING" | "PENDING_L2F" => false,
        other => panic!("the oracle does not know the status {other}"),
    }
}

/// What is accepted must be REQUESTED still; of the codes the first is for what has expired, the second for all else.
fn judge_status(told: &str, [expired, not_acceptable]: [&'static str; 2]) -> Verdict {
    match Json::parse(told).text("/data/status").as_str() {
        "REQUESTED" => Ok(()),
        "EXPIRED" => Err(expired),
        _ => Err(not_acceptable),
    }
}

fn judge_amount(amount: &str, asset: &str) -> Verdict {
    let digits = amount.trim_matches(['0', '.']);
    if digits.is_empty() || amount.starts_with('-') {
        return Err("AMOUNT_NOT_POSITIVE");
    }
    let part = amount.split_once('.').map_or("", |(_, part)| part);
    if part.trim_end_matches('0').len() > decimals(asset) {
        return Err("TOO_MANY_DECIMALS");
    }
    Ok(())
}
