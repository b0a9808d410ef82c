//! Forged logs and proofs: each is made from a good one by one change and must be refused.

use proptest::prelude::*;

use super::super::checkpoint::{Checkpoint, CheckpointError};
use super::super::keys::SignerKey;
use super::super::note::NoteError;
use super::super::proof::{ProofError, consistency_proof, inclusion_proof, verify_consistency, verify_inclusion};
use super::super::proof_file::{ProofFileError, TlogProof};
use super::super::tiles::{MemoryStore, ROW_HASHES, check_rows, node_at, root_at, row_key};
use super::super::tree::{SIZE_MAX, TreeHash, empty_root, leaf_hash, node_hash};
use super::{entry, grown};

const ORIGIN: &str = "log.example/zhixin/one";

/// Puts another hash at a stored place.
fn forge(store: &mut MemoryStore, level: u8, index: u64, hash: TreeHash) {
    let row = store.rows.get_mut(&row_key(level, index / ROW_HASHES)[..]).unwrap();
    let at = usize::try_from(index % ROW_HASHES).unwrap() * 32;
    row[at..at + 32].copy_from_slice(hash.as_bytes());
}

fn flipped(hash: &TreeHash, bit: usize) -> TreeHash {
    let mut bytes = *hash.as_bytes();
    bytes[bit / 8 % 32] ^= 1 << (bit % 8);
    TreeHash::from_bytes(bytes)
}

#[test]
fn forged_leaf_tile_or_both_together_lead_to_another_root() {
    // Entry 259 is the place where a known flaw in other verifiers let leaf and tile pass together.
    let (size, at) = (700, 259);
    let (good, tree) = grown(size);
    let (root, leaf, forged) = (tree.root(), leaf_hash(&entry(at)), leaf_hash(b"forged"));
    let holds = |store: &MemoryStore, leaf: &TreeHash| {
        let path = inclusion_proof(store, at, size).unwrap();
        verify_inclusion(leaf, at, size, &path, &root).is_ok()
    };
    assert!(holds(&good, &leaf));
    assert!(!holds(&good, &forged), "entry forged");
    let mut tile = good.clone();
    forge(&mut tile, 0, at - 1, forged);
    assert!(!holds(&tile, &leaf), "sibling in the tile forged");
    forge(&mut tile, 0, at, forged);
    assert!(!holds(&tile, &forged), "entry and tile forged");
    assert!(check_rows(&tile, size).is_err(), "the tile no longer hashes to the one above");
    // A forger who repairs the upper tile as well still misses the signed root.
    let mut deep = good;
    forge(&mut deep, 0, at, forged);
    let repaired = node_hash(&node_at(&deep, 7, 2).unwrap(), &node_at(&deep, 7, 3).unwrap());
    forge(&mut deep, 1, 1, repaired);
    assert!(!holds(&deep, &forged), "entry, tile and upper tile forged");
    assert_ne!(check_rows(&deep, size).unwrap().root(), root);
}

#[test]
fn inclusion_is_refused_for_another_index_size_length_or_root() {
    let (store, tree) = grown(300);
    let (leaf, path) = (leaf_hash(&entry(42)), inclusion_proof(&store, 42, 300).unwrap());
    let check = |index, size, path: &[TreeHash]| verify_inclusion(&leaf, index, size, path, &tree.root());
    check(42, 300, &path).unwrap();
    for index in (0..300).filter(|&index| index != 42) {
        assert!(check(index, 300, &path).is_err(), "index {index}");
    }
    assert!(matches!(check(300, 300, &path), Err(ProofError::IndexOutsideTree { index: 300, size: 300 })));
    assert!(matches!(check(0, 0, &path), Err(ProofError::IndexOutsideTree { .. })));
    assert!(matches!(check(42, SIZE_MAX + 1, &path), Err(ProofError::SizeTooLarge { .. })));
    assert!(matches!(check(42, 300, &path[1..]), Err(ProofError::WrongLength { .. })));
    assert!(matches!(check(42, 300, &[path.clone(), vec![leaf]].concat()), Err(ProofError::WrongLength { .. })));
    assert!(matches!(check(42, 300, &[]), Err(ProofError::WrongLength { found: 0 })));
    assert!(matches!(check(42, SIZE_MAX, &path), Err(ProofError::WrongLength { .. })));
    // The newest leaf's path has another length in every neighbouring tree.
    for size in 1..=300 {
        let (leaf, path) = (leaf_hash(&entry(size - 1)), inclusion_proof(&store, size - 1, size).unwrap());
        assert!(verify_inclusion(&leaf, size - 1, size + 1, &path, &tree.root()).is_err(), "size {size}");
        assert!(verify_inclusion(&leaf, size - 1, size - 1, &path, &tree.root()).is_err(), "size {size}");
    }
}

#[test]
fn consistency_is_refused_for_swapped_sizes_other_roots_and_lengths() {
    let (store, _) = grown(300);
    let root = |size| root_at(&store, size).unwrap();
    for (old, new) in [(1, 300), (64, 300), (255, 256), (256, 257), (173, 300)] {
        let path = consistency_proof(&store, old, new).unwrap();
        let check = |path: &[TreeHash]| verify_consistency(old, new, &root(old), &root(new), path);
        check(&path).unwrap();
        assert!(verify_consistency(old, new, &root(old - 1), &root(new), &path).is_err(), "other old root");
        assert!(matches!(verify_consistency(old, new, &root(old), &root(new - 1), &path), Err(ProofError::RootDiffers { .. })));
        assert!(verify_consistency(old + 1, new, &root(old), &root(new), &path).is_err(), "other old size");
        assert!(check(&path[1..]).is_err(), "first hash dropped from {old}..{new}");
        assert!(check(&path[..path.len() - 1]).is_err(), "last hash dropped from {old}..{new}");
        assert!(check(&[path.clone(), vec![root(7)]].concat()).is_err(), "hash added to {old}..{new}");
    }
    assert!(matches!(verify_consistency(5, 4, &root(5), &root(4), &[]), Err(ProofError::SizesReversed { old: 5, new: 4 })));
    assert!(matches!(verify_consistency(5, u64::MAX, &root(5), &root(4), &[]), Err(ProofError::SizeTooLarge { .. })));
    assert!(matches!(verify_consistency(5, 6, &root(5), &root(6), &[]), Err(ProofError::WrongLength { found: 0 })));
    assert!(matches!(consistency_proof(&store, 5, 4), Err(ProofError::SizesReversed { .. })));
    assert!(matches!(inclusion_proof(&store, 4, 4), Err(ProofError::IndexOutsideTree { .. })));
    assert!(matches!(inclusion_proof(&store, 4, u64::MAX), Err(ProofError::SizeTooLarge { .. })));
}

#[test]
fn consistency_of_equal_or_empty_trees_needs_no_hashes_and_takes_none() {
    let (store, tree) = grown(9);
    let root = tree.root();
    assert_eq!(consistency_proof(&store, 0, 9).unwrap(), []);
    assert_eq!(consistency_proof(&store, 9, 9).unwrap(), []);
    verify_consistency(0, 9, &empty_root(), &root, &[]).unwrap();
    verify_consistency(9, 9, &root, &root, &[]).unwrap();
    verify_consistency(0, 0, &empty_root(), &empty_root(), &[]).unwrap();
    assert!(matches!(verify_consistency(0, 9, &root, &root, &[]), Err(ProofError::OldRootDiffers { size: 0 })));
    assert!(matches!(verify_consistency(9, 9, &empty_root(), &root, &[]), Err(ProofError::RootDiffers { size: 9 })));
    assert!(matches!(verify_consistency(0, 0, &empty_root(), &root, &[]), Err(ProofError::RootDiffers { size: 0 })));
    assert!(matches!(verify_consistency(9, 9, &root, &root, &[root]), Err(ProofError::WrongLength { found: 1 })));
    assert!(matches!(verify_consistency(0, 9, &empty_root(), &root, &[root]), Err(ProofError::WrongLength { found: 1 })));
}

proptest! {
    #[test]
    fn proofs_with_one_bit_changed_are_refused(size in 2_u64..600, place in any::<prop::sample::Index>(), bit in 0_usize..256) {
        let (store, tree) = grown(size);
        let at = u64::try_from(place.index(usize::try_from(size).unwrap())).unwrap();
        let root = tree.root();
        let leaf = leaf_hash(&entry(at));
        let path = inclusion_proof(&store, at, size).unwrap();
        prop_assert!(verify_inclusion(&flipped(&leaf, bit), at, size, &path, &root).is_err());
        prop_assert!(verify_inclusion(&leaf, at, size, &path, &flipped(&root, bit)).is_err());
        for hash in 0..path.len() {
            let mut forged = path.clone();
            forged[hash] = flipped(&forged[hash], bit);
            prop_assert!(verify_inclusion(&leaf, at, size, &forged, &root).is_err());
        }
        let old = at.max(1);
        let old_root = root_at(&store, old).unwrap();
        let path = consistency_proof(&store, old, size).unwrap();
        for hash in 0..path.len() {
            let mut forged = path.clone();
            forged[hash] = flipped(&forged[hash], bit);
            prop_assert!(verify_consistency(old, size, &old_root, &root, &forged).is_err());
        }
    }

    #[test]
    fn checkers_take_any_numbers_and_hashes_without_panic(
        a in any::<u64>(), b in any::<u64>(), shift in 0_u32..64, path in prop::collection::vec(any::<[u8; 32]>(), 0..80),
    ) {
        let path: Vec<TreeHash> = path.into_iter().map(TreeHash::from_bytes).collect();
        let root = leaf_hash(b"");
        prop_assert!(verify_inclusion(&root, a >> shift, b, &path, &empty_root()).is_err());
        prop_assert!(verify_inclusion(&root, a >> shift, b >> 1, &path, &empty_root()).is_err());
        prop_assert!(verify_consistency(a >> shift, b, &root, &empty_root(), &path).is_err());
        prop_assert!(verify_consistency(a >> shift, b >> 1, &root, &empty_root(), &path).is_err());
    }
}

/// A proof file for entry 259 of 700, with the key that signed it.
fn proof_file() -> (TlogProof, SignerKey) {
    let (store, tree) = grown(700);
    let key = SignerKey::new(ORIGIN, &[7; 32]).unwrap();
    let note = Checkpoint::new(ORIGIN, 700, tree.root()).unwrap().sign(&[&key]).unwrap();
    let path = inclusion_proof(&store, 259, 700).unwrap();
    (TlogProof { extra: Vec::new(), index: 259, path, checkpoint: note.to_string() }, key)
}

#[test]
fn proof_file_holds_for_its_leaf_only_and_each_forgery_is_refused_as_what_it_is() {
    let (proof, key) = proof_file();
    let (leaf, keys) = (leaf_hash(&entry(259)), [key.verifier().clone()]);
    let file = TlogProof::parse(proof.to_string().as_bytes()).unwrap();
    assert_eq!(file, proof);
    assert_eq!(file.verify(&leaf, ORIGIN, &keys).unwrap().size(), 700);

    let refuse = |change: &dyn Fn(&mut TlogProof)| {
        let mut forged = proof.clone();
        change(&mut forged);
        TlogProof::parse(forged.to_string().as_bytes()).unwrap().verify(&leaf, ORIGIN, &keys).unwrap_err()
    };
    assert!(matches!(file.verify(&leaf_hash(b"forged"), ORIGIN, &keys), Err(ProofFileError::Proof(ProofError::RootDiffers { size: 700 }))));
    assert!(matches!(refuse(&|proof| proof.index = 258), ProofFileError::Proof(_)));
    assert!(matches!(refuse(&|proof| proof.index = 700), ProofFileError::Proof(ProofError::IndexOutsideTree { .. })));
    assert!(matches!(refuse(&|proof| proof.path.reverse()), ProofFileError::Proof(ProofError::RootDiffers { .. })));
    let wrong_signature =
        |found: ProofFileError| matches!(found, ProofFileError::Checkpoint(CheckpointError::Note(NoteError::WrongSignature { .. })));
    assert!(wrong_signature(refuse(&|proof| proof.checkpoint = proof.checkpoint.replace("\n700\n", "\n701\n"))), "size");
    assert!(
        wrong_signature(refuse(&|proof| proof.checkpoint =
            proof.checkpoint.replace(ORIGIN, "other.example").replace("\u{2014} other.example", &format!("\u{2014} {ORIGIN}")))),
        "origin"
    );
    let other = SignerKey::new(ORIGIN, &[8; 32]).unwrap();
    let unknown = file.verify(&leaf, ORIGIN, &[other.verifier().clone()]).unwrap_err();
    assert!(matches!(unknown, ProofFileError::Checkpoint(CheckpointError::Note(NoteError::NotSignedByKnownKey))));
    let elsewhere = file.verify(&leaf, "other.example", &keys).unwrap_err();
    assert!(matches!(elsewhere, ProofFileError::Checkpoint(CheckpointError::Note(NoteError::NotSignedByKnownKey))));
}
