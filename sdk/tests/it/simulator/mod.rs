//! A seeded storm: the client against a platform that fails in every way it can, in virtual time.
//!
//! One seed decides everything: what the calls are, how the client is set, when a connection breaks, whether the work was
//! done before it broke, which token ends, how far the clocks are apart, which caller hangs up. The rule that is held:
//! **at most one effect per idempotency key, and an unknown outcome is reported as unknown**. After the storm every
//! call that may be made again is, with the key of the first, and then its effect is there exactly once.
//!
//! A seed that fails is printed. `LAYER2_SIM_SEED=17` runs that one alone, `LAYER2_SIM_SEEDS=100000` runs more.
//!
//! - [`platform`]: the model of the platform, a transport without sockets;
//! - [`calls`]: what a caller does;
//! - [`owed`]: what of attempts and of the retry budget the platform can reckon;
//! - [`rules`]: what is held of the answer, against the platform's memory;
//! - [`mutants`]: clients and platforms that are wrong on purpose, one for each rule, which must catch it.

mod calls;
mod mutants;
mod owed;
mod platform;
mod rules;

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use layer2_sdk::Client;
use layer2_sdk::ConnectionPolicy;
use layer2_sdk::Environment;
use layer2_sdk::RetryPolicy;
use layer2_sdk::runtime::Clock;
use layer2_sdk::runtime::Dice;
use layer2_sdk::runtime::NoEntropy;
use layer2_sdk::runtime::Sleep;
use layer2_sdk::runtime::TokioSleep;
use tokio::time::Instant;

use self::calls::Caller;
use self::mutants::Mutant;
use self::platform::Platform;
use self::rules::Broken;
use self::rules::Rule;
use crate::stage::SEED;
use crate::stage::START;

/// Seeds of one test run; some seconds each thousand without optimisation.
const SEEDS: u64 = 3_000;

/// Splitmix64: small, even, and the same everywhere.
#[derive(Debug)]
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    fn millis(&mut self, limit: u64) -> Duration {
        Duration::from_millis(self.below(limit))
    }
}

/// Tokio's paused clock, for the client.
#[derive(Clone, Debug)]
struct VirtualTime {
    started: Instant,
    /// The longest wait that the client asked for.
    longest_sleep: Arc<Mutex<Duration>>,
}

impl VirtualTime {
    fn start() -> Self {
        Self {
            started: Instant::now(),
            longest_sleep: Arc::default(),
        }
    }
}

impl Clock for VirtualTime {
    fn now(&self) -> jiff::Timestamp {
        let start = jiff::Timestamp::from_second(i64::try_from(START).unwrap()).unwrap();
        start + self.started.elapsed()
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }
}

#[async_trait]
impl Sleep for VirtualTime {
    async fn sleep(&self, duration: Duration) {
        {
            let mut longest = self.longest_sleep.lock().unwrap();
            *longest = duration.max(*longest);
        }
        TokioSleep.sleep(duration).await;
    }
}

#[derive(Debug)]
struct SeededDice(Mutex<Rng>);

impl Dice for SeededDice {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
        let mut rng = self.0.lock().unwrap();
        for byte in bytes {
            *byte = rng.next().to_be_bytes()[0];
        }
        Ok(())
    }
}

/// How the client of one seed is set.
#[derive(Clone, Copy, Debug)]
struct Setting {
    policy: RetryPolicy,
    attempt_timeout: Duration,
    deadline: Duration,
    retry_budget: u32,
}

fn drawn_timeout(rng: &mut Rng) -> Duration {
    Duration::from_millis(500) + rng.millis(10_000)
}

fn drawn_deadline(rng: &mut Rng) -> Duration {
    Duration::from_secs(1) + rng.millis(40_000)
}

impl Setting {
    fn draw(rng: &mut Rng) -> Self {
        let attempts = u32::try_from(1 + rng.below(5)).unwrap();
        Self {
            policy: RetryPolicy::default().with_max_attempts(attempts),
            attempt_timeout: drawn_timeout(rng),
            deadline: drawn_deadline(rng),
            retry_budget: if rng.percent(10) { 12 } else { 500 },
        }
    }

    fn client(
        &self,
        seed: u64,
        time: &VirtualTime,
        platform: &Platform,
        mutant: Option<Mutant>,
    ) -> Client {
        let setting = mutant.map_or(*self, |mutant| mutant.sets(*self));
        let builder = Client::builder()
            .environment(Environment::custom(
                "http://localhost/api",
                "http://localhost/token",
            ))
            .credentials("client-1", "s3cr3t")
            .signing_key(SEED)
            .retry(setting.policy)
            .retry_budget(setting.retry_budget)
            .connections(ConnectionPolicy::default())
            .attempt_timeout(setting.attempt_timeout)
            .deadline(setting.deadline)
            .clock(time.clone())
            .sleep(time.clone())
            .dice(SeededDice(Mutex::new(Rng(seed ^ 0x00d1_ce00))))
            .transport(platform.clone());
        #[cfg(feature = "accounting")]
        let builder = builder.accounting(layer2_sdk::AccountingAccess::new(
            Environment::custom("http://localhost/books", "http://localhost/books/token"),
            "client-2",
            "s3cr3t",
        ));
        match mutant {
            Some(mutant) => builder.wrap_transport(move |inner| mutant.around(inner)),
            None => builder,
        }
        .build()
        .unwrap()
    }
}

/// What a seed showed, for the proof that the storm is one.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    calls: u32,
    attempts: u32,
    unknown: u32,
    resumed: u32,
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.calls += other.calls;
        self.attempts += other.attempts;
        self.unknown += other.unknown;
        self.resumed += other.resumed;
    }
}

/// Plays one seed to its end. An error says which rule broke.
fn play(seed: u64, mutant: Option<Mutant>) -> Result<Tally, Broken> {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(storm(seed, mutant))
}

async fn storm(seed: u64, mutant: Option<Mutant>) -> Result<Tally, Broken> {
    let mut rng = Rng(seed);
    let setting = Setting::draw(&mut rng);
    let time = VirtualTime::start();
    let platform = Platform::new(
        rng.next(),
        time.clone(),
        setting.retry_budget,
        mutant == Some(Mutant::PlatformWithoutMemory),
    );
    let client = setting.client(seed, &time, &platform, mutant);

    let callers = 1 + rng.below(4);
    let tasks: Vec<_> = (0..callers)
        .map(|number| {
            let own = mutant == Some(Mutant::OneClientEach);
            let caller = Caller {
                number,
                rng: Rng(rng.next()),
                client: match own {
                    true => setting.client(seed, &time, &platform, mutant),
                    false => client.clone(),
                },
                platform: platform.clone(),
                setting,
                mutant,
            };
            tokio::spawn(caller.call_in_the_storm())
        })
        .collect();
    let mut tally = Tally::default();
    let mut open = Vec::new();
    for task in tasks {
        let (seen, unsettled) = task.await.unwrap()?;
        tally += seen;
        open.extend(unsettled);
    }

    platform.calm_down();
    for call in open {
        call.settle(&client, &platform).await?;
        tally.resumed += 1;
    }
    // What was on its way when its caller gave up has arrived by then.
    TokioSleep.sleep(Duration::from_secs(3_600)).await;
    platform.hold_to_the_rules()?;
    let slept = *time.longest_sleep.lock().unwrap();
    let allowed = setting.policy.cap.max(platform.longest_pause());
    if slept > allowed {
        return Err(Rule::WaitedTooLong.broken((slept, allowed)));
    }
    Ok(tally)
}

fn seeds() -> std::ops::Range<u64> {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse().ok());
    match number("LAYER2_SIM_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("LAYER2_SIM_SEEDS").unwrap_or(SEEDS),
    }
}

#[test]
fn no_storm_makes_a_second_effect_or_hides_a_doubt() {
    let mut tally = Tally::default();
    let seeds = seeds();
    let many = seeds.end - seeds.start >= 1_000;
    for seed in seeds {
        match play(seed, None) {
            Ok(seen) => tally += seen,
            Err(broken) => {
                panic!("seed {seed}: {broken}\nrun it alone with LAYER2_SIM_SEED={seed}")
            }
        }
    }
    // A storm in which nothing happens would prove nothing.
    assert!(
        !many || (tally.attempts > tally.calls && tally.unknown > 100 && tally.resumed > 500),
        "{tally:?}"
    );
}

#[test]
fn what_is_wrong_on_purpose_is_caught_by_its_own_rule() {
    for mutant in Mutant::ALL {
        let mut others = std::collections::BTreeSet::new();
        let caught = (0..400).any(|seed| {
            let broken = play(seed, Some(mutant)).err().map(|broken| broken.rule);
            others.extend(broken.map(|rule| format!("{rule:?}")));
            broken == Some(mutant.breaks())
        });
        let rule = mutant.breaks();
        assert!(caught, "{mutant:?} does not break {rule:?}, but {others:?}");
    }
}

#[test]
fn every_rule_has_something_to_catch() {
    for rule in Rule::ALL {
        let breaks = |mutant: &Mutant| mutant.breaks() == rule;
        assert!(Mutant::ALL.iter().any(breaks), "nothing breaks {rule:?}");
    }
}

#[test]
fn a_seed_is_the_same_storm_twice() {
    for seed in 0..20 {
        let (first, second) = (play(seed, None), play(seed, None));
        assert_eq!(format!("{first:?}"), format!("{second:?}"), "seed {seed}");
    }
}
