//! The walk's dice: the same seed throws the same numbers, on every machine.

/// SplitMix64 (Steele, Lea and Flood, 2014): small, even enough, and its state is one number.
#[derive(Clone, Debug)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `bound`.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(super) fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }

    /// Any of a list, unless there is none.
    pub(super) fn pick<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        let many = u64::try_from(list.len()).unwrap();
        (many > 0).then(|| &list[usize::try_from(self.below(many)).unwrap()])
    }

    /// One of the last few of a list: what is new is the most likely to be open.
    pub(super) fn pick_recent<'a, T>(&mut self, list: &'a [T], few: usize) -> Option<&'a T> {
        self.pick(&list[list.len().saturating_sub(few)..])
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
