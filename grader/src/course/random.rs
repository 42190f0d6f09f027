//! Bytes drawn from a run's seed. The same seed and the same names give the same bytes, in whatever order they are
//! asked for, on every machine.

use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};
use sha2::{Digest, Sha256};

use super::data::{Alphabet, Random};

/// The source of one value's random bytes.
pub struct Source(ChaCha8Rng);

impl Source {
    /// The source of the value `name` of a check.
    pub fn of(seed: u64, exercise: &str, check: &str, name: &str) -> Source {
        let mut hash = Sha256::new_with_prefix(seed.to_be_bytes());
        for part in [exercise, check, name] {
            // The length keeps ("ab", "c") apart from ("a", "bc").
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Source(ChaCha8Rng::from_seed(hash.finalize().into()))
    }

    /// The next bytes that `random` asks for.
    pub fn draw(&mut self, random: &Random) -> Vec<u8> {
        let mut bytes = vec![0; random.length];
        match random.of {
            Alphabet::Bytes => self.0.fill_bytes(&mut bytes),
            Alphabet::Line => bytes.fill_with(|| self.line_byte()),
            Alphabet::Lower => bytes.fill_with(|| self.one_of(b"abcdefghijklmnopqrstuvwxyz")),
            Alphabet::Digits => bytes.fill_with(|| self.one_of(b"0123456789")),
            Alphabet::Letters => bytes.fill_with(|| self.one_of(LETTERS)),
        }
        bytes
    }

    /// Any byte but `\n`.
    fn line_byte(&mut self) -> u8 {
        let byte = self.below(255) as u8;
        if byte < b'\n' { byte } else { byte + 1 }
    }

    fn one_of(&mut self, letters: &[u8]) -> u8 {
        letters.get(self.below(letters.len() as u64) as usize).copied().unwrap_or_default()
    }

    /// A number from 0 up to `end`, without it. Its bias is below 2⁻²⁴, which no check can see.
    fn below(&mut self, end: u64) -> u64 {
        (u64::from(self.0.next_u32()) * end) >> 32
    }
}

const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(name: &str, of: Alphabet) -> Vec<u8> {
        Source::of(7, "echo", "basic", name).draw(&Random { length: 4_000, of })
    }

    #[rstest::rstest]
    #[case(Alphabet::Lower, 26)]
    #[case(Alphabet::Letters, 62)]
    #[case(Alphabet::Digits, 10)]
    #[case(Alphabet::Line, 255)]
    #[case(Alphabet::Bytes, 256)]
    fn the_whole_alphabet_is_drawn_from_and_nothing_else(#[case] of: Alphabet, #[case] size: usize) {
        let seen: std::collections::BTreeSet<u8> = drawn("x", of).into_iter().collect();
        assert_eq!(seen.len(), size);
        assert!(of != Alphabet::Line || !seen.contains(&b'\n'));
    }

    #[test]
    fn a_seed_means_the_same_bytes_for_ever() {
        let first = Source::of(1, "tcp-echo", "basic", "word").draw(&Random { length: 12, of: Alphabet::Lower });
        assert_eq!(String::from_utf8_lossy(&first), "hynzskyznhtl");
    }

    #[test]
    fn names_are_kept_apart() {
        assert_ne!(drawn("a", Alphabet::Bytes), drawn("b", Alphabet::Bytes));
        let random = Random { length: 16, of: Alphabet::Bytes };
        assert_ne!(Source::of(1, "ab", "c", "x").draw(&random), Source::of(1, "a", "bc", "x").draw(&random));
    }
}
