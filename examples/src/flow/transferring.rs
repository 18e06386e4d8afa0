//! Money moves between two accounts, and the reply of the acceptance is lost on the way.

use layer2_sdk::{
    control,
    payments::{
        AccountId, AccountOpenRequest, AccountToOpen, AssetTypeId, CustomerId, TransferRequest,
    },
};

use super::{Step, story::Story};

/// Opens an account of the customer for one asset.
pub async fn open_account(
    story: &mut Story,
    customer: &CustomerId,
    name: &str,
    asset: &str,
) -> Step<AccountId> {
    let asset: AssetTypeId = asset.parse()?;
    let account = AccountToOpen::new(name.parse()?, "DEPOSIT_BASIC".parse()?, asset);
    let request = AccountOpenRequest::new(customer.clone(), account);
    let opened = story.client.accounts().open(&request).await?.id.clone();
    println!("  account         {opened}");
    story.settle().await?;
    Ok(opened)
}

/// Moves money and has the reply of the acceptance cut off after the work is done.
///
/// The client cannot know what happened, so it asks again: with the same idempotency key and a fresh signature. The
/// platform recognises the key and answers what it answered before; the money moves once.
pub async fn transfer(
    story: &mut Story,
    from: &AccountId,
    to: &AccountId,
    amount: &str,
) -> Step<()> {
    let fault = control::FaultRequest::new(control::FaultKind::ReplyLost)
        .with_operation("payments.transfers_accept".to_owned())
        .with_count(1);
    let control = story.client.control();
    control.faults().create(&story.sandbox, &fault).await?;

    let request = TransferRequest::new(from.clone(), to.clone(), amount.parse()?);
    let transfers = story.client.transfers();
    let requested = transfers.create(&request).await?;
    let accepted = transfers.accept(&requested.id).await?;
    println!(
        "  accepted        after {} attempts with one key, as the first reply was lost",
        accepted.attempts(),
    );
    story.settle().await?;
    let transfer = story.client.transfers().get(&requested.id).await?;
    println!(
        "  transfer        {} of {amount} USD",
        transfer.status.as_ref().ok_or("a transfer has a status")?,
    );
    Ok(())
}
