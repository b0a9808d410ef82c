//! The conformance suite over all adapters, and what happens to damaged files.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::{Checkpoint, LmdbOptions, LmdbRows, MemoryRows, RowBatch, RowFault, RowKind, RowStore, SledOptions, SledRows, open_rows};
use crate::conformance;

fn lmdb(path: &Path) -> Result<Arc<dyn RowStore>, RowFault> {
    let options = LmdbOptions { map_bytes: 1 << 30, load_txn_bytes: 10_000 };
    Ok(Arc::new(LmdbRows::open(path, &options)?))
}

fn sled(path: &Path) -> Result<Arc<dyn RowStore>, RowFault> {
    let options = SledOptions { cache_bytes: 8 << 20, view_wait: Duration::from_millis(10) };
    Ok(Arc::new(SledRows::open(path, &options)?))
}

#[test]
fn memory_rows_conform() {
    conformance::rows(&|| Arc::new(MemoryRows::new())).unwrap();
}

#[test]
fn lmdb_rows_conform() {
    let dir = tempfile::tempdir().unwrap();
    let fresh = || lmdb(&tempfile::tempdir_in(dir.path()).unwrap().keep()).unwrap();
    conformance::rows(&fresh).unwrap();
    conformance::rows_on_disk(&|| lmdb(&dir.path().join("same"))).unwrap();
}

#[test]
fn sled_rows_conform() {
    let dir = tempfile::tempdir().unwrap();
    let fresh = || sled(&tempfile::tempdir_in(dir.path()).unwrap().keep()).unwrap();
    conformance::rows(&fresh).unwrap();
    conformance::rows_on_disk(&|| sled(&dir.path().join("same"))).unwrap();
}

#[test]
fn every_kind_opens_by_name() {
    let dir = tempfile::tempdir().unwrap();
    for (kind, name) in [(RowKind::Lmdb, "lmdb"), (RowKind::Sled, "sled"), (RowKind::Memory, "memory")] {
        let store = open_rows(kind, &dir.path().join(name)).unwrap();
        store.commit(&RowBatch { changes: vec![(b"a", Some(b"1"))], ..RowBatch::default() }).unwrap();
        assert_eq!(store.view().unwrap().get(b"a").unwrap().as_deref(), Some(&b"1"[..]));
    }
}

/// Fills a store, damages its files, and expects the fault that means "rebuild"; then rebuilds in the emptied folder.
fn damaged_store_asks_for_a_rebuild(open: impl Fn(&Path) -> Result<Arc<dyn RowStore>, RowFault>, damage: &dyn Fn(&Path)) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("rows");
    let store = open(&path).unwrap();
    let rows: Vec<Vec<u8>> = (0..5_000_u32).map(|number| number.to_be_bytes().to_vec()).collect();
    store.commit(&RowBatch { changes: rows.iter().map(|row| (&row[..], Some(&row[..]))).collect(), ..RowBatch::default() }).unwrap();
    drop(store);
    damage(&path);
    let fault = open(&path).unwrap_err();
    assert!(matches!(fault, RowFault::Unopenable { .. }), "{fault}");
    fs::remove_dir_all(&path).unwrap();
    assert_eq!(conformance::collect_all(&*open(&path).unwrap().view().unwrap()).unwrap(), []);
}

#[test]
fn lmdb_cut_short_asks_for_a_rebuild() {
    damaged_store_asks_for_a_rebuild(lmdb, &|path| {
        let file = OpenOptions::new().write(true).open(path.join("data.mdb")).unwrap();
        file.set_len(file.metadata().unwrap().len() - 1).unwrap();
    });
}

#[test]
fn lmdb_with_garbled_meta_pages_asks_for_a_rebuild() {
    damaged_store_asks_for_a_rebuild(lmdb, &|path| {
        let file = OpenOptions::new().write(true).open(path.join("data.mdb")).unwrap();
        file.write_all_at(&[0x77; 8192], 0).unwrap();
    });
}

/// sled answers damage in two ways: it does not open, or it opens without what it cannot read. Both must lead to a rebuild: a store
/// that opens has lost its checkpoint with its rows.
#[test]
fn sled_with_garbled_files_asks_for_a_rebuild_or_opens_empty() {
    let dir = tempfile::tempdir().unwrap();
    for (number, damaged) in ["conf", "db"].into_iter().enumerate() {
        let path = dir.path().join(damaged);
        let store = sled(&path).unwrap();
        let checkpoint = Checkpoint { position: 5, chain: [5; 32] };
        store.commit(&RowBatch { changes: vec![(b"a", Some(b"1"))], checkpoint }).unwrap();
        drop(store);
        let file = OpenOptions::new().write(true).open(path.join(damaged)).unwrap();
        file.write_all_at(&vec![0x77; usize::try_from(file.metadata().unwrap().len()).unwrap()], 0).unwrap();
        match sled(&path) {
            Err(fault) => assert!(matches!(fault, RowFault::Unopenable { .. }), "{number}: {fault}"),
            Ok(store) => {
                let view = store.view().unwrap();
                assert_eq!((view.checkpoint(), view.get(b"a").unwrap()), (Checkpoint::default(), None), "{damaged}");
            }
        }
    }
}

#[test]
fn lmdb_reports_full_when_its_map_is_used_up_and_grows_on_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let open = || LmdbRows::open(dir.path(), &LmdbOptions { map_bytes: 1 << 20, ..LmdbOptions::default() }).unwrap();
    let value = vec![1; 100_000];
    let commit = |store: &LmdbRows, number: u8| store.commit(&RowBatch { changes: vec![(&[number], Some(&value))], ..RowBatch::default() });
    let store = open();
    let full_at = (0..20).find(|number| matches!(commit(&store, *number), Err(RowFault::Full))).unwrap();
    assert!(full_at > 2);
    assert_eq!(conformance::collect_all(&*store.view().unwrap()).unwrap().len(), usize::from(full_at));
    drop(store);
    commit(&open(), full_at).unwrap();
}
