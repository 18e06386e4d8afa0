//! How deep a walk came.

use std::collections::BTreeMap;

/// Something that a lane must have seen, and how often at least.
pub(super) type Depth = (&'static str, u64);

pub(super) const AT_ONCE: &[Depth] = &[];
pub(super) const IN_TIME: &[Depth] = &[];
pub(super) const LAYER2: &[Depth] = &[];
pub(super) const RAIL: &[Depth] = &[];

/// Prints what was seen, for a reader of `--no-capture`.
pub(super) fn print(lane: &str, steps: u64, seen: &BTreeMap<String, u64>) {
    println!("lane {lane}: {steps} steps");
    for (what, count) in seen {
        println!("{count:>8}  {what}");
    }
}

/// A walk that came less deep than it should has become shallow.
pub(super) fn assert(lane: &str, depths: &[Depth], seen: &BTreeMap<String, u64>) {
    let count = |what: &str| seen.get(what).copied().unwrap_or_default();
    let missed: Vec<String> = depths
        .iter()
        .filter(|(what, least)| count(what) < *least)
        .map(|(what, least)| format!("{what}: {} instead of {least}", count(what)))
        .collect();
    assert!(missed.is_empty(), "lane {lane} is shallow: {missed:#?}");
}
