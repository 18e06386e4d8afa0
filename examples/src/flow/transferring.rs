//! Money moves between two accounts, and the reply of the acceptance is lost on the way.

use layer2_sdk::{
    mock::Fault,
    payments::{
        AccountId, AccountOpenRequest, AccountToOpen, AssetTypeId, CustomerId, EventType,
        OperationId, TransferRequest, TransferStatus,
    },
};

use super::{
    Step,
    story::{self, Story},
};

use crate::say;

/// Opens an account of the customer for one asset.
pub async fn open_account(
    story: &mut Story<'_>,
    customer: &CustomerId,
    name: &str,
    asset: &str,
) -> Step<AccountId> {
    let asset: AssetTypeId = asset.parse()?;
    let account = AccountToOpen::new(name.parse()?, "DEPOSIT_BASIC".parse()?, asset);
    let request = AccountOpenRequest::new(customer.clone(), account);
    let opened = story.client.accounts().open(&request).await?.id.clone();
    say!("  account         {opened}");
    story.settle(&[EventType::AccountOpen]).await?;
    Ok(opened)
}

/// Moves money and has the reply of the acceptance cut off after the work is done.
///
/// The client cannot know what happened, so it asks again: with the same idempotency key and a fresh signature. The
/// platform recognises the key and answers what it answered before; the money moves once.
pub async fn transfer(
    story: &mut Story<'_>,
    from: &AccountId,
    to: &AccountId,
    amount: &str,
) -> Step<()> {
    let lost = Fault::reply_lost().on(OperationId::TransfersAccept);
    story.sandbox.order(lost).await?;

    let request = TransferRequest::new(from.clone(), to.clone(), amount.parse()?);
    let transfers = story.client.transfers();
    let requested = transfers.create(&request).await?;
    let accepted = transfers.accept(&requested.id).await?;
    say!(
        "  accepted        after {} attempts with one key, as the first reply was lost",
        accepted.attempts(),
    );
    if accepted.attempts() < 2 {
        return Err("the first reply was to be lost".into());
    }
    // One for each account, though the order was sent twice.
    let posted = [EventType::TransactionPosted, EventType::TransactionPosted];
    story.settle(&posted).await?;
    let done = TransferStatus::Executed;
    let transfer = story.client.transfers().get(&requested.id).await?;
    story::must_be("the transfer", transfer.status.as_ref(), &done)?;
    say!("  transfer        {done} of {amount} USD");
    Ok(())
}
