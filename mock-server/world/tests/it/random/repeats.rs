//! Steps of a client that was not sure: the same command again, and the same key for another command.

use super::walk::Walk;
use crate::support::codes;

/// An accepted command again, with its key: the same reply, and nothing else.
pub(super) fn repeat(walk: &mut Walk) {
    let Some(row) = walk.chance.pick(&walk.remembered).cloned() else {
        return;
    };
    let before = (walk.play.world.accepted(), walk.play.journal.len());
    let whole = walk
        .chance
        .one_in(100)
        .then(|| walk.play.world.snapshot().unwrap());
    let outcome = walk.play.send(row.request, Some(&row.key)).unwrap();
    assert!(outcome.replayed, "{} was carried out again", row.key);
    assert_eq!(outcome.reply.unwrap().body, row.reply);
    assert_eq!(
        before,
        (walk.play.world.accepted(), walk.play.journal.len())
    );
    assert!(whole.is_none_or(|whole| whole == walk.play.world.snapshot().unwrap()));
    walk.oracle.see("command repeated");
}

/// The key of one accepted command for another one of the same operation.
pub(super) fn reuse(walk: &mut Walk) {
    let Some(row) = walk.chance.pick(&walk.remembered).cloned() else {
        return;
    };
    let mut others = walk.remembered.iter();
    let other = others.rfind(|other| {
        other.request.op == row.request.op
            && (&other.request.path, &other.request.body) != (&row.request.path, &row.request.body)
    });
    let Some(other) = other.cloned() else {
        return;
    };
    let rejection = walk.play.send(other.request, Some(&row.key)).unwrap_err();
    assert_eq!(codes(&rejection), ["IDEMPOTENCY_KEY_REUSED"]);
    walk.oracle.see("key used again");
}
