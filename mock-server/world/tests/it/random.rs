//! A random walk through every vertical: 100,000 steps and more in an ordinary run.
//!
//! The walk is made of lives. A life is a new world, a seed and some hundred steps, each one command or a move of the
//! clock. The oracle says beforehand what becomes of each transfer and of each acceptance: that it is taken, or the code of
//! its refusal. After every step the oracle must agree with every balance and with the trial balance, and nothing may be
//! lost or doubled: commands that were accepted are sent again with their keys all the time. After every step the book
//! audits itself from its first entry, too: a life is short, and the ledger is optimized in test builds, so that is
//! less than a tenth of the walk's time (a step takes about a millisecond, most of it the oracle's). Every three
//! hundred steps the world is examined in depth (`checks`). Each lane has a version of the platform and a pace of its
//! own, and asserts that it came to the deep states (`depth`), so that it cannot become shallow unseen.
//!
//! A longer run: `WALK_STEPS=2000000 cargo test --release -p layer2-world --test it random`. A life that fails prints
//! its seed; `WALK_SEED=<seed> cargo test -p layer2-world --test it random::<lane>` lives it again, alone.

mod arrivals;
mod chance;
mod checks;
mod depth;
mod order_steps;
mod repeats;
mod standing;
mod steps;
mod walk;

use std::collections::BTreeMap;

use layer2_types::operation::Platform;
use layer2_world::Profile;
use layer2_world::Settings;
use layer2_world::TimestampStyle;

use chance::Chance;
use walk::Walk;

/// A version of the platform and a pace, with what the walk must have come to.
struct Lane {
    name: &'static str,
    platform: Platform,
    profile: Profile,
    /// Where its seeds begin, so that no two lanes live the same life.
    first_seed: u64,
    depths: &'static [depth::Depth],
}

/// How many steps a lane takes if nothing else is asked for; there are four lanes.
const STEPS: u64 = 26_000;
const LANES: u64 = 4;

/// Every so many steps the world is examined in depth.
const EXAMINED_EVERY: u64 = 300;

impl Lane {
    /// The version and the pace of the lane, and what differs from life to life.
    fn settings(&self, chance: &mut Chance) -> Settings {
        let mut settings = Settings::default();
        settings.platform = self.platform;
        settings.profile = self.profile;
        settings.information_requests = chance.one_in(2);
        if chance.one_in(2) {
            settings.timestamps = TimestampStyle::Utc;
        }
        if chance.one_in(3) {
            settings.webhook_log_limit = 20;
        }
        settings
    }

    /// Lives until the steps are taken, or one life if it is asked for.
    fn walk(&self) {
        if let Some(seed) = asked("WALK_SEED") {
            self.live(seed, &mut BTreeMap::new());
            return;
        }
        let wanted = asked("WALK_STEPS").map_or(STEPS, |steps| steps / LANES);
        let mut seen = BTreeMap::new();
        let (mut taken, mut seed) = (0, self.first_seed);
        while taken < wanted {
            taken += self.live(seed, &mut seen);
            seed += 1;
        }
        depth::print(self.name, taken, &seen);
        if taken >= STEPS {
            depth::assert(self.name, self.depths, &seen);
        }
    }

    /// One life; tells how many steps it had.
    fn live(&self, seed: u64, seen: &mut BTreeMap<String, u64>) -> u64 {
        let _told = TellsSeed(self.name, seed);
        let mut chance = Chance::new(seed);
        // Mostly short, so that there are many beginnings; at times long, so that there is much to go wrong with.
        let length = if chance.one_in(12) {
            900
        } else {
            200 + chance.below(400)
        };
        let settings = self.settings(&mut chance);
        let mut walk = Walk::begin(settings, chance);
        for step in 1..=length {
            walk.step();
            walk.audit();
            if step % EXAMINED_EVERY == 0 || step == length {
                walk.examine();
            }
        }
        for (what, count) in walk.seen() {
            *seen.entry(what.clone()).or_default() += count;
        }
        length
    }
}

/// Tells, of a life that fails, how to live it again.
struct TellsSeed(&'static str, u64);

#[expect(clippy::print_stderr, reason = "who sees the test fail needs the seed")]
impl Drop for TellsSeed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("lane {}: this life again with WALK_SEED={}", self.0, self.1);
        }
    }
}

fn asked(variable: &str) -> Option<u64> {
    let value = std::env::var(variable).ok()?;
    let number = value.parse();
    Some(number.unwrap_or_else(|_| panic!("{variable} is a whole number, not {value}")))
}

#[test]
fn the_union_at_once() {
    Lane {
        name: "the_union_at_once",
        platform: Platform::Union,
        profile: Profile::Fast,
        first_seed: 1_000_000_000,
        depths: depth::AT_ONCE,
    }
    .walk();
}

#[test]
fn the_union_in_its_time() {
    Lane {
        name: "the_union_in_its_time",
        platform: Platform::Union,
        profile: Profile::Realistic,
        first_seed: 2_000_000_000,
        depths: depth::IN_TIME,
    }
    .walk();
}

#[test]
fn layer2_in_its_time() {
    Lane {
        name: "layer2_in_its_time",
        platform: Platform::Layer2V1_0_5,
        profile: Profile::Realistic,
        first_seed: 3_000_000_000,
        depths: depth::LAYER2,
    }
    .walk();
}

#[test]
fn rail_in_its_time() {
    Lane {
        name: "rail_in_its_time",
        platform: Platform::RailV1_1_2,
        profile: Profile::Realistic,
        first_seed: 4_000_000_000,
        depths: depth::IN_TIME,
    }
    .walk();
}
