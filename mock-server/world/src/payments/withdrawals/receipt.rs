//! The receipt of a withdrawal, as a text.

use core::fmt::Write as _;

use crate::clock;
use crate::file::Content;
use crate::file::Download;
use crate::payments::funds;
use crate::payments::withdrawals::Sent;
use crate::payments::withdrawals::WithdrawalRow;
use crate::payments::withdrawals::model;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;
use crate::world::World;

impl World {
    /// The receipt, or why there is none yet.
    pub(super) fn receipt(&self, row: &WithdrawalRow) -> Result<Download, Rejection> {
        let Some(sent) = &row.sent else {
            return Err(not_ready(row));
        };
        Ok(Download {
            file_name: format!("receipt-{}.txt", row.id),
            media_type: "text/plain; charset=utf-8".to_owned(),
            content: Content::Text {
                text: self.receipt_text(row, sent),
            },
        })
    }

    fn receipt_text(&self, row: &WithdrawalRow, sent: &Sent) -> String {
        let style = self.settings().timestamps;
        let owner = self
            .payments
            .counterparties
            .get(&row.counterparty)
            .and_then(|counterparty| counterparty.details.profile())
            .and_then(|profile| profile.name.as_deref())
            .unwrap_or_default();
        let amount = funds::to_wire(row.amount, row.decimals);
        let mut lines = vec![
            ("Withdrawal", row.id.to_string()),
            ("Executed", clock::wire(sent.at, style).to_string()),
            ("Rail", row.rail.to_string()),
            ("Amount", format!("{amount} {}", row.asset)),
        ];
        if let Some(accepted) = row
            .accepted
            .as_ref()
            .filter(|accepted| accepted.fee.is_positive())
        {
            let fee = funds::to_wire(accepted.fee, row.decimals);
            lines.push(("Fee", format!("{fee} {}", row.asset)));
        }
        lines.push(("From account", row.source.to_string()));
        lines.push(("To", format!("{owner} (counterparty {})", row.counterparty)));
        if let Some(memo) = model::memo(&row.details) {
            lines.push(("Memo", memo.clone()));
        }
        if let Some(accepted) = &row.accepted {
            lines.push(("Transaction", accepted.debit.to_string()));
        }
        let mut text = "Receipt of a withdrawal\n\n".to_owned();
        for (name, value) in lines {
            // Writing to a `String` cannot fail.
            let _ = writeln!(text, "{name:<14}{value}");
        }
        text
    }
}

fn not_ready(row: &WithdrawalRow) -> Rejection {
    let stage = row.stage;
    Problem::new(
        code::RECEIPT_NOT_READY,
        format!("The withdrawal is {stage}; there is a receipt once it is EXECUTED."),
    )
    .at("withdrawal_id")
    .received(stage.to_string())
    .expected("EXECUTED")
    .hint("Wait for TRANSACTION_POSTED with the category WITHDRAWAL and the id of the withdrawal.")
    .bad_request()
}
