//! Random numbers that are the same at every run.

/// A generator: xorshift64 of G. Marsaglia, 2003.
#[derive(Debug)]
pub struct Random(u64);

impl Random {
    /// Another seed is another sequence.
    pub fn new(seed: u64) -> Random {
        // Zero would stay zero; seeds that are close give sequences that are not.
        Random(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// The next number, of 64 bits.
    pub fn number(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below a limit.
    pub fn below(&mut self, limit: usize) -> usize {
        // The upper half: a remainder by a power of two would have the low bits alone.
        (self.number() >> 32) as usize % limit
    }

    /// One of several.
    pub fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    /// So many bytes that mean nothing.
    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.below(256) as u8).collect()
    }
}
