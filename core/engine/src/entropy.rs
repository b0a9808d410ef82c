//! Randomness as a dependency: the system's in production, seeded in a demo log so that the same arguments give the same root.

use std::sync::{Arc, Mutex};

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};

/// Gives random bytes.
pub trait Entropy: Send + Sync + std::fmt::Debug {
    /// Fills the bytes.
    fn fill(&self, bytes: &mut [u8]);
    /// A stream of its own that follows from this one's next bytes.
    ///
    /// Why: threads that share a stream draw in an order that differs from run to run; a demo's leaves must not.
    fn fork(&self) -> Arc<dyn Entropy>;
}

impl dyn Entropy + '_ {
    /// An array of random bytes.
    pub fn array<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }
}

/// Takes from the system in blocks: a system call for every salt would cost more than the command.
#[derive(Debug)]
pub struct SystemEntropy {
    generator: Mutex<ChaCha20Rng>,
}

impl Default for SystemEntropy {
    fn default() -> Self {
        Self::new()
    }
}

impl SystemEntropy {
    /// Seeds from the system.
    ///
    /// # Panics
    /// The system has no randomness: nothing may go on then.
    pub fn new() -> Self {
        let mut seed = [0; 32];
        if let Err(fault) = getrandom::fill(&mut seed) {
            zhixin_events::invariant!("the system has no randomness: {fault}");
        }
        Self { generator: Mutex::new(ChaCha20Rng::from_seed(seed)) }
    }
}

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        self.generator.lock().unwrap_or_else(std::sync::PoisonError::into_inner).fill_bytes(bytes);
    }
    fn fork(&self) -> Arc<dyn Entropy> {
        let mut seed = [0; 32];
        self.fill(&mut seed);
        Arc::new(Self { generator: Mutex::new(ChaCha20Rng::from_seed(seed)) })
    }
}

/// A repeatable sequence. Only a demo log takes it.
#[derive(Debug)]
pub struct SeededEntropy {
    generator: Mutex<ChaCha20Rng>,
}

impl SeededEntropy {
    /// The sequence of a seed.
    pub fn new(seed: u64) -> Self {
        Self { generator: Mutex::new(ChaCha20Rng::seed_from_u64(seed)) }
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        self.generator.lock().unwrap_or_else(std::sync::PoisonError::into_inner).fill_bytes(bytes);
    }
    fn fork(&self) -> Arc<dyn Entropy> {
        let mut seed = [0; 32];
        self.fill(&mut seed);
        Arc::new(Self { generator: Mutex::new(ChaCha20Rng::from_seed(seed)) })
    }
}
