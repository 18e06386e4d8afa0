//! A number of 256 bits, as long as a product of two amounts can be.

/// `high * 2^128 + low`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wide {
    high: u128,
    low: u128,
}

impl Wide {
    /// The product, which always fits.
    pub(super) fn product(left: u128, right: u64) -> Self {
        const HALF: u128 = u64::MAX as u128;

        let right = u128::from(right);
        // Two products of 64 by 64 bits; the upper one starts at the 64th bit.
        let lower = (left & HALF) * right;
        let upper = (left >> 64) * right + (lower >> 64);
        Self {
            high: upper >> 64,
            low: (upper << 64) | (lower & HALF),
        }
    }

    /// Quotient and remainder, by long division in base two. The divisor has at most 127 bits and is not zero.
    pub(super) fn div_rem(self, divisor: u128) -> (Self, u128) {
        let mut quotient = Self { high: 0, low: 0 };
        let mut rest = 0_u128;
        for at in (0..256).rev() {
            // Below the divisor before, so below 2^128 with one bit more.
            rest = (rest << 1) | self.bit(at);
            quotient = quotient.twice();
            if rest >= divisor {
                rest -= divisor;
                quotient.low |= 1;
            }
        }
        (quotient, rest)
    }

    /// Ten times the number and a digit more. Nothing if that does not fit.
    pub(super) fn then_digit(self, digit: u128) -> Option<Self> {
        let ten_times = |part: u128| (Self::product(part, 10).high, part.wrapping_mul(10));
        let (carry, low) = ten_times(self.low);
        let high = self.high.checked_mul(10)?.checked_add(carry)?;
        Self { high, low }.plus(digit)
    }

    pub(super) fn plus(self, more: u128) -> Option<Self> {
        let (low, carried) = self.low.overflowing_add(more);
        let high = self.high.checked_add(u128::from(carried))?;
        Some(Self { high, low })
    }

    pub(super) fn is_odd(self) -> bool {
        self.low % 2 == 1
    }

    /// The number, if it fits.
    pub(super) fn narrow(self) -> Option<i128> {
        (self.high == 0)
            .then(|| i128::try_from(self.low).ok())
            .flatten()
    }

    fn bit(self, at: u32) -> u128 {
        match at.checked_sub(128) {
            Some(at) => (self.high >> at) & 1,
            None => (self.low >> at) & 1,
        }
    }

    fn twice(self) -> Self {
        Self {
            high: (self.high << 1) | (self.low >> 127),
            low: self.low << 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_longest_product_is_exact() {
        let longest = Wide::product(u128::MAX, u64::MAX);
        // (2^128 - 1) * (2^64 - 1) = 2^192 - 2^128 - 2^64 + 1
        let expected = Wide {
            high: u128::from(u64::MAX) - 1,
            low: u128::MAX - u128::from(u64::MAX) + 1,
        };
        assert_eq!(longest, expected);
        assert_eq!(longest.narrow(), None);
    }

    #[test]
    fn what_does_not_fit_is_noticed() {
        let most = Wide {
            high: u128::MAX,
            low: u128::MAX,
        };
        assert_eq!(most.plus(1), None);
        assert_eq!(most.then_digit(0), None);
        let carried = Wide {
            high: 0,
            low: u128::MAX,
        };
        assert_eq!(carried.plus(1), Some(Wide { high: 1, low: 0 }));
    }

    proptest! {
        #[test]
        fn a_product_is_divided_into_its_factors(left in any::<u128>(), right in 1_u64.., rest in any::<u64>()) {
            let rest = rest % right;
            let number = Wide::product(left, right).plus(rest.into()).expect("192 bits and a carry");
            prop_assert_eq!(number.div_rem(right.into()), (Wide { high: 0, low: left }, rest.into()));
        }

        #[test]
        fn a_digit_is_taken_off_again(high in 0..u128::MAX / 10, low in any::<u128>(), digit in 0_u128..10) {
            let number = Wide { high, low };
            let longer = number.then_digit(digit).expect("a tenth of what fits");
            prop_assert_eq!(longer.div_rem(10), (number, digit));
        }
    }
}
