//! Roots and proofs compared with the `ct-merkle` crate, which shares no code with ours: each side checks
//! what the other made.

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
use proptest::prelude::*;
use sha2::Sha256;

use super::super::proof::{consistency_proof, inclusion_proof, verify_consistency, verify_inclusion};
use super::super::tiles::{MemoryStore, root_at};
use super::super::tree::{HASH_LEN, TreeHash, leaf_hash};
use super::{entry, grown};

type Theirs = MemoryBackedTree<Sha256, Vec<u8>>;

/// Their tree at every size up to `last`, handed to `check` one after the other.
fn at_each_size(last: u64, mut check: impl FnMut(u64, &Theirs)) {
    let mut theirs = Theirs::new();
    for size in 1..=last {
        theirs.push(entry(size - 1));
        check(size, &theirs);
    }
}

fn their_tree(size: u64) -> Theirs {
    let mut theirs = Theirs::new();
    (0..size).for_each(|index| theirs.push(entry(index)));
    theirs
}

fn hash(bytes: &[u8]) -> TreeHash {
    TreeHash::from_bytes(bytes.try_into().unwrap())
}

fn hashes(bytes: &[u8]) -> Vec<TreeHash> {
    bytes.chunks(HASH_LEN).map(hash).collect()
}

fn bytes(path: &[TreeHash]) -> Vec<u8> {
    path.iter().flat_map(TreeHash::as_bytes).copied().collect()
}

fn their_root(root: &TreeHash, size: u64) -> RootHash<Sha256> {
    RootHash::new((*root.as_bytes()).into(), size)
}

/// Our proof passes their check; their proof is the same and passes ours.
fn assert_inclusion_agrees(store: &MemoryStore, theirs: &Theirs, index: u64) {
    let size = theirs.len();
    let root = root_at(store, size).unwrap();
    assert_eq!(root, hash(theirs.root().as_bytes()), "root of {size}");
    let ours = inclusion_proof(store, index, size).unwrap();
    let proof = InclusionProof::<Sha256>::from_bytes(bytes(&ours));
    theirs.root().verify_inclusion(&entry(index), index, &proof).unwrap();
    let made = hashes(theirs.prove_inclusion(usize::try_from(index).unwrap()).as_bytes());
    verify_inclusion(&leaf_hash(&entry(index)), index, size, &made, &root).unwrap();
    assert_eq!(made, ours, "inclusion of {index} in {size}");
}

fn assert_consistency_agrees(store: &MemoryStore, theirs: &Theirs, old: u64) {
    let new = theirs.len();
    let (old_root, new_root) = (root_at(store, old).unwrap(), root_at(store, new).unwrap());
    let ours = consistency_proof(store, old, new).unwrap();
    let proof = ConsistencyProof::<Sha256>::try_from_bytes(bytes(&ours)).unwrap();
    theirs.root().verify_consistency(&their_root(&old_root, old), &proof).unwrap();
    let made = hashes(theirs.prove_consistency(usize::try_from(new - old).unwrap()).as_bytes());
    verify_consistency(old, new, &old_root, &new_root, &made).unwrap();
    assert_eq!(made, ours, "consistency of {old} with {new}");
}

#[test]
fn roots_and_all_proofs_agree_at_every_size_up_to_300() {
    let (store, _) = grown(300);
    at_each_size(300, |size, theirs| {
        (0..size).for_each(|index| assert_inclusion_agrees(&store, theirs, index));
        (1..=size).for_each(|old| assert_consistency_agrees(&store, theirs, old));
    });
}

#[test]
fn proofs_agree_at_sizes_that_reach_the_upper_tile_levels() {
    for size in [700, 66_000] {
        let (store, _) = grown(size);
        let theirs = their_tree(size);
        let around = [0, 1, 255, 256, 257, 511, 512, 65_535, 65_536, 65_791, 65_999, size / 2, size - 1];
        for at in around.into_iter().filter(|&at| at < size) {
            assert_inclusion_agrees(&store, &theirs, at);
            assert_consistency_agrees(&store, &theirs, at + 1);
        }
    }
}

proptest! {
    #[test]
    fn proofs_agree_at_random_places(size in 1_u64..3_000, place in any::<prop::sample::Index>()) {
        let (store, tree) = grown(size);
        let theirs = their_tree(size);
        let at = u64::try_from(place.index(usize::try_from(size).unwrap())).unwrap();
        prop_assert_eq!(tree.root(), root_at(&store, size).unwrap());
        assert_inclusion_agrees(&store, &theirs, at);
        assert_consistency_agrees(&store, &theirs, at + 1);
    }
}
