//! Numbers that look random and are the same in each run of a test.

/// xorshift32 of G. Marsaglia, 2003.
pub(super) struct Dice(pub(super) u32);

impl Dice {
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 % bound
    }
}
