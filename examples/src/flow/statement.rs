//! What the accounts say in the end, and whether the books balance.

use futures_util::TryStreamExt as _;
use layer2_sdk::payments::{AccountId, TransactionsListForAccountParams};

use super::{Step, story::Story};

use crate::say;

/// Prints the rows of an account, asked for one page of two rows at a time.
pub async fn print(story: &Story<'_>, account: &AccountId) -> Step<()> {
    say!("{account}");
    let pages = TransactionsListForAccountParams::new().with_page_size(2);
    let transactions = story.client.transactions();
    let mut rows = std::pin::pin!(transactions.list_for_account_stream(account, pages));
    while let Some(row) = rows.try_next().await? {
        say!(
            "  {:<18} {:<9} {:>14}",
            text(row.transaction_type.as_ref()),
            text(row.transaction_status.as_ref()),
            text(row.value.as_ref()),
        );
    }
    let balance = story.client.accounts().get(account).await?;
    let current = text(balance.current_balance.as_ref());
    say!("  balance {current:>35}");
    Ok(())
}

fn text(value: Option<&impl ToString>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

/// Prints for each asset what is owed, to whom, and what the platform holds for it.
pub async fn print_trial_balance(story: &Story<'_>) -> Step<()> {
    let books = story.sandbox.trial_balance().await?;
    for asset in &books.assets {
        say!(
            "trial balance {}: customers {}, fees {}, suspense {}, custody {}, difference {}",
            asset.asset_type_id,
            asset.customers_owed,
            asset.fees,
            asset.suspense,
            asset.custody,
            asset.sum
        );
    }
    Ok(())
}
