//! Tests of the Merkle log: against `ct-merkle`, against forgeries, and of every text form.

mod against_ct_merkle;

mod forgeries;

mod forms;

mod rows;

use super::tiles::{MemoryStore, append_leaves};
use super::tree::{TreeBuilder, TreeHash, leaf_hash};

/// The entry at an index: lengths differ, and no two are equal.
fn entry(index: u64) -> Vec<u8> {
    format!("entry {index} {}", "x".repeat(usize::try_from(index % 7).unwrap())).into_bytes()
}

fn leaves(range: std::ops::Range<u64>) -> impl Iterator<Item = TreeHash> {
    range.map(|index| leaf_hash(&entry(index)))
}

/// A stored tree of the first `size` entries.
fn grown(size: u64) -> (MemoryStore, TreeBuilder) {
    let (mut store, mut tree) = (MemoryStore::default(), TreeBuilder::new());
    append_leaves(&mut store, &mut tree, leaves(0..size)).unwrap();
    (store, tree)
}
