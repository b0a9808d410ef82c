//! What is stored and served: independence of batches, tiles that hash to the root, damage that is found.

use proptest::prelude::*;

use super::super::bundle::{BundleError, check_bundle, decode_bundle, encode_bundle};
use super::super::path::{TileKind, TilePath};
use super::super::tiles::{
    MemoryStore, StoreFault, TileError, TileSource, TileStore, append_leaves, check_rows, leaf_at, node_at, open_tree, root_at, row_key,
    tile,
};
use super::super::tree::{SIZE_MAX, TreeBuilder, TreeError, TreeHash, empty_root, leaf_hash, node_hash};
use super::{entry, grown, leaves};

/// The tree hash by the definition in RFC 6962, without any of our builders.
fn defined_root(leaves: &[TreeHash]) -> TreeHash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(&defined_root(left), &defined_root(right))
        }
    }
}

#[test]
fn hashes_are_those_of_rfc_6962() {
    // The empty tree and the leaf without bytes: SHA-256 of nothing and of one zero byte.
    assert_eq!(format!("{:?}", empty_root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_eq!(format!("{:?}", leaf_hash(b"")), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
    assert_eq!(leaf_hash(b"").to_string(), "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=");
}

#[test]
fn builder_and_rows_give_the_defined_root_at_every_size_up_to_600() {
    let all: Vec<TreeHash> = leaves(0..600).collect();
    let (store, _) = grown(600);
    let mut tree = TreeBuilder::new();
    for size in 0..=600 {
        let defined = defined_root(&all[..size]);
        let size = u64::try_from(size).unwrap();
        assert_eq!((tree.size(), tree.root()), (size, defined));
        assert_eq!(root_at(&store, size).unwrap(), defined, "stored root of {size}");
        assert_eq!(open_tree(&store, size).unwrap(), tree, "edge of {size}");
        tree.append(leaf_hash(&entry(size)), &mut Vec::new()).unwrap();
    }
}

#[test]
fn one_append_writes_one_row_unless_a_tile_fills() {
    let (mut store, mut tree) = grown(1_000);
    for (size, rows) in [(1_000, 1), (1_023, 2), (1_024, 1)] {
        let from = tree.size();
        append_leaves(&mut store, &mut tree, leaves(from..size)).unwrap();
        let before = store.clone();
        append_leaves(&mut store, &mut tree, leaves(size..size + 1)).unwrap();
        let written: Vec<_> = store.rows.iter().filter(|(key, row)| before.rows.get(*key) != Some(row)).collect();
        assert_eq!(written.len(), rows, "rows written by leaf {size}");
        assert!(written.iter().all(|(_, row)| row.len() <= 512));
    }
}

#[test]
fn stored_tree_costs_little_over_32_bytes_a_leaf() {
    let (store, _) = grown(66_000);
    let bytes: usize = store.rows.iter().map(|(key, row)| key.len() + row.len()).sum();
    assert!(bytes < 66_000 * 33, "{bytes} bytes");
}

proptest! {
    #[test]
    fn rows_do_not_depend_on_batches(batches in prop::collection::vec(0_u64..200, 1..20)) {
        let (mut store, mut tree) = (MemoryStore::default(), TreeBuilder::new());
        for batch in batches {
            let size = tree.size();
            append_leaves(&mut store, &mut tree, leaves(size..size + batch)).unwrap();
        }
        prop_assert_eq!((store, tree.clone()), grown(tree.size()));
    }

    #[test]
    fn appending_again_after_a_lost_size_gives_the_same_rows(kept in 0_u64..700, lost in 0_u64..700) {
        let (mut store, _) = grown(kept + lost);
        let mut tree = open_tree(&store, kept).unwrap();
        append_leaves(&mut store, &mut tree, leaves(kept..kept + lost)).unwrap();
        prop_assert_eq!((store, tree), grown(kept + lost));
    }
}

#[test]
fn served_tiles_hash_to_the_root_at_every_published_size() {
    // Aim: a client that has only tiles finds the root. Method: serve every tile of each size from rows that
    // are already longer, rebuild level by level from the bytes, and compare.
    let (store, _) = grown(66_000);
    for size in [1, 2, 16, 17, 255, 256, 257, 511, 512, 700, 65_535, 65_536, 65_537, 66_000] {
        // What lies right of all full tiles seen so far; it is the last child of the next partial tile.
        let mut rest: Option<TreeHash> = None;
        for path in TilePath::hash_tiles(size) {
            let TileKind::Hashes { level } = path.kind() else { panic!("{path} is no hash tile") };
            let bytes = tile(&store, &path, size).unwrap();
            let mut hashes: Vec<TreeHash> = bytes.as_chunks().0.iter().copied().map(TreeHash::from_bytes).collect();
            assert_eq!(hashes.len(), usize::from(path.width()));
            if path.width() == 256 {
                assert_eq!(node_at(&store, 8 * (u32::from(level) + 1), path.index()).unwrap(), defined_root(&hashes));
            } else {
                hashes.extend(rest);
                rest = Some(defined_root(&hashes));
            }
        }
        assert_eq!(rest.unwrap(), root_at(&store, size).unwrap(), "root of {size}");
    }
}

#[test]
fn tile_list_is_that_of_the_specification_for_70_000_leaves() {
    let paths: Vec<TilePath> = TilePath::hash_tiles(70_000).collect();
    let level = |wanted| {
        let of_level = move |path: &&TilePath| path.kind() == TileKind::Hashes { level: wanted };
        paths.iter().filter(of_level).map(TilePath::width).collect::<Vec<_>>()
    };
    assert_eq!(level(0), [vec![256; 273], vec![112]].concat());
    assert_eq!(level(1), [256, 17]);
    assert_eq!(level(2), [1]);
    assert_eq!(paths.len(), 277);
    assert_eq!(TilePath::hash_tiles(256).map(|path| path.to_string()).collect::<Vec<_>>(), ["tile/0/000", "tile/1/000.p/1"]);
    assert_eq!(TilePath::entry_bundles(257).map(|path| path.to_string()).collect::<Vec<_>>(), ["tile/entries/000", "tile/entries/001.p/1"]);
    assert_eq!(TilePath::hash_tiles(0).count(), 0);
}

#[test]
fn tiles_beyond_the_published_size_are_refused() {
    let (store, _) = grown(700);
    for path in ["tile/0/001", "tile/0/000.p/255", "tile/0/002.p/44", "tile/1/000.p/1", "tile/1/000.p/2"] {
        tile(&store, &TilePath::parse(path).unwrap(), 556).unwrap();
    }
    for path in ["tile/0/002", "tile/0/002.p/45", "tile/0/003.p/1", "tile/1/000", "tile/1/000.p/3", "tile/2/000.p/1", "tile/63/000"] {
        let refused = tile(&store, &TilePath::parse(path).unwrap(), 556).unwrap_err();
        assert!(matches!(refused, TileError::OutsideTree { size: 556, .. }), "{path}: {refused}");
    }
    let entries = tile(&store, &TilePath::parse("tile/entries/000").unwrap(), 700);
    assert!(matches!(entries, Err(TileError::NotHashes { .. })));
}

#[test]
fn sizes_and_nodes_without_rows_are_refused_not_computed() {
    let (store, _) = grown(300);
    for size in [301, 1 << 20, SIZE_MAX, SIZE_MAX + 1, u64::MAX] {
        assert!(root_at(&store, size).is_err(), "{size}");
        assert!(open_tree(&store, size).is_err(), "{size}");
        assert!(check_rows(&store, size).is_err(), "{size}");
        assert!(leaf_at(&store, size).is_err(), "{size}");
    }
    for (height, index) in [(0, u64::MAX), (62, 1), (63, 0), (64, 0), (300, 0), (u32::MAX, u64::MAX)] {
        assert!(matches!(node_at(&store, height, index), Err(TileError::NoSuchNode { .. })), "{height} {index}");
    }
}

#[test]
fn tree_refuses_a_wrong_edge_and_stops_at_the_largest_size() {
    let hash = leaf_hash(b"");
    assert_eq!(TreeBuilder::from_edge(5, vec![hash]), Err(TreeError::WrongEdge { size: 5, found: 1 }));
    assert_eq!(TreeBuilder::from_edge(SIZE_MAX + 1, vec![hash]), Err(TreeError::TooLarge { size: SIZE_MAX + 1 }));
    let mut full = TreeBuilder::from_edge(SIZE_MAX, vec![hash; 63]).unwrap();
    let mut completed = Vec::new();
    assert_eq!(full.append(hash, &mut completed), Err(TreeError::TooLarge { size: SIZE_MAX + 1 }));
    assert_eq!((full.size(), completed), (SIZE_MAX, Vec::new()));
}

#[test]
fn check_finds_every_changed_shortened_or_missing_row() {
    // Aim: no stored bit may change unseen. Method: damage one row at a time; the check fails or, for leaf
    // rows whose tile is still partial, gives another root.
    let size = 66_000;
    let (store, tree) = grown(size);
    assert_eq!(check_rows(&store, size).unwrap(), tree);
    let keys: Vec<Vec<u8>> = store.rows.keys().filter(|key| key[0] > 0).chain(store.rows.keys().take(3)).cloned().collect();
    for key in keys.into_iter().chain([row_key(0, 4_124).to_vec()]) {
        let damage: [fn(&mut Vec<u8>); 3] = [|row| row[17] ^= 1, |row| row.truncate(row.len() - 1), Vec::clear];
        for (kind, damage) in damage.into_iter().enumerate() {
            let mut damaged = store.clone();
            damage(damaged.rows.get_mut(&key).unwrap());
            let unseen = check_rows(&damaged, size).is_ok_and(|found| found.root() == tree.root());
            assert!(!unseen, "damage {kind} to row {key:?}");
        }
    }
}

#[test]
fn append_refuses_when_the_row_to_continue_is_missing_and_leaves_the_builder_as_it_was() {
    let (mut store, mut tree) = grown(20);
    store.rows.remove(&row_key(0, 1)[..]);
    let before = tree.clone();
    let refused = append_leaves(&mut store, &mut tree, leaves(20..21)).unwrap_err();
    assert!(matches!(refused, TileError::MissingHashes { level: 0, block: 1, found: 0, needed: 128 }), "{refused}");
    assert_eq!(tree, before);
}

#[test]
fn storage_failures_name_the_row_and_leave_the_builder_as_it_was() {
    struct Failing;
    impl TileSource for Failing {
        fn get(&self, _: &[u8]) -> Result<Option<Vec<u8>>, StoreFault> {
            Err("disk gone".into())
        }
    }
    impl TileStore for Failing {
        fn put(&mut self, _: &[u8], _: Vec<u8>) -> Result<(), StoreFault> {
            Err("disk full".into())
        }
    }
    let mut tree = TreeBuilder::new();
    assert!(matches!(append_leaves(&mut Failing, &mut tree, leaves(0..1)), Err(TileError::Write { level: 0, block: 0, .. })));
    assert_eq!(tree.size(), 0);
    assert!(matches!(leaf_at(&Failing, 33), Err(TileError::Read { level: 0, block: 2, .. })));
}

#[test]
fn bundles_hold_exactly_their_entries() {
    let entries: Vec<Vec<u8>> = (0..256).map(entry).chain([Vec::new()]).collect();
    let bundle = encode_bundle(&entries[..256]).unwrap();
    assert_eq!(decode_bundle(&bundle, 256).unwrap(), entries[..256]);
    assert_eq!(&bundle[..10], b"\x00\x08entry 0 ");
    assert_eq!(decode_bundle(&bundle, 255), Err(BundleError::SurplusBytes { surplus: entry(255).len() + 2 }));
    assert_eq!(decode_bundle(&bundle[..bundle.len() - 1], 256), Err(BundleError::Truncated { entry: 255, expected: 256 }));
    assert_eq!(decode_bundle(&[0], 1), Err(BundleError::Truncated { entry: 0, expected: 1 }));
    assert_eq!(decode_bundle(&[0, 0], 1).unwrap(), [b""]);
    assert_eq!(decode_bundle(&[], 0), Err(BundleError::BadCount { count: 0 }));
    assert_eq!(decode_bundle(&[], usize::MAX), Err(BundleError::BadCount { count: usize::MAX }));
    assert_eq!(encode_bundle(&entries), Err(BundleError::BadCount { count: 257 }));
    assert_eq!(encode_bundle(&[vec![0; 65_536]]), Err(BundleError::EntryTooLong { entry: 0, len: 65_536 }));
    assert_eq!(encode_bundle(&[vec![0; 65_535]]).unwrap().len(), 65_537);
}

#[test]
fn bundle_whose_entry_was_changed_is_refused_although_the_tile_is_good() {
    let hashes: Vec<TreeHash> = leaves(0..3).collect();
    let mut bundle = encode_bundle(&[entry(0), entry(1), entry(2)]).unwrap();
    assert_eq!(check_bundle(&bundle, &hashes).unwrap(), [entry(0), entry(1), entry(2)]);
    *bundle.last_mut().unwrap() ^= 1;
    assert_eq!(check_bundle(&bundle, &hashes), Err(BundleError::LeafDiffers { entry: 2 }));
}
