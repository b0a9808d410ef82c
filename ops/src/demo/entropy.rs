//! Repeatable randomness for an engine of several threads: each of its threads draws from a stream of its own.
//!
//! Why: the thread that decides makes the salts and ids that leaves show, while others draw nonces for the vault whenever a disk is done. From one
//! stream the draws of the one would depend on the haste of the other, and the same plan would not give the same root.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use zhixin_engine::entropy::{Entropy, SeededEntropy};

use super::chance::Chance;

/// What the names of the engine's threads begin with.
const ENGINE_THREADS: &str = "zx-";

/// Seeded streams by thread; threads that are not the engine's share one.
#[derive(Debug)]
pub(crate) struct DemoEntropy {
    seed: u64,
    streams: Mutex<BTreeMap<String, SeededEntropy>>,
}

impl DemoEntropy {
    /// The streams of a seed.
    pub(crate) const fn new(seed: u64) -> Self {
        Self { seed, streams: Mutex::new(BTreeMap::new()) }
    }
}

impl Entropy for DemoEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        let thread = std::thread::current();
        let name = thread.name().filter(|name| name.starts_with(ENGINE_THREADS)).unwrap_or_default();
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        if !streams.contains_key(name) {
            let seed = Chance::new(self.seed, name, 0).below(u64::MAX);
            streams.insert(name.to_owned(), SeededEntropy::new(seed));
        }
        if let Some(stream) = streams.get(name) {
            stream.fill(bytes);
        }
    }
}
