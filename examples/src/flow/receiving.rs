//! Money comes in: instructions are asked for, and somebody follows them.

use layer2_sdk::{
    control::InboundRequest,
    payments::{
        AccountId, Deposit, DepositDestinationRequest, DepositInstruction, DepositRequest,
        DepositRequestPush, EventType,
    },
};

use super::{Step, story::Story};

use crate::say;

/// Asks how to send dollars to the account, and has a wire of this amount follow the instructions.
pub async fn receive_wire(story: &mut Story<'_>, account: &AccountId, amount: &str) -> Step<()> {
    let request = DepositRequestPush::new(DepositDestinationRequest::new(account.clone()));
    let deposit = story
        .client
        .deposits()
        .create(&DepositRequest::Push(request))
        .await?;
    let Deposit::Push(deposit) = &*deposit else {
        return Err("a push was asked for".into());
    };
    let source = deposit.deposit_source.as_ref();
    let instructions = source.and_then(|source| source.deposit_instructions.as_deref());
    let wire = instructions
        .unwrap_or_default()
        .iter()
        .find_map(|instruction| match instruction {
            DepositInstruction::Fedwire(wire) => Some(wire),
            _ => None,
        })
        .ok_or("dollars come by Fedwire")?;
    let memo = wire.memo.clone().ok_or("a wire is matched by its memo")?;
    say!(
        "  instructions    account {} at routing number {}",
        wire.account_number.as_deref().unwrap_or_default(),
        wire.account_routing_number.as_deref().unwrap_or_default(),
    );

    // The sender's bank does this on the platform.
    let arrival = InboundRequest::new(amount.parse()?)
        .with_memo(memo)
        .with_originator_name("Globex Corporation".to_owned());
    story.sandbox.receive(arrival).await?;
    story.settle(&[EventType::TransactionPosted]).await?;
    say!("  received        {amount} USD by wire");
    Ok(())
}
