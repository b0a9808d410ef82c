//! Test support: the suites that every adapter of [`RowStore`] and [`Vault`] must pass. Not for production code.
//!
//! Each function panics with a message at the first difference and returns the faults of the storage itself. Stores that must survive
//! a kill are tested where a child process can be started: in this crate's own tests.

use std::error::Error;
use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

use crate::rows::{Checkpoint, Direction, KEY_BYTES_MAX, Row, RowBatch, RowFault, RowStore, RowView};
use crate::table::digest;
use crate::vault::{Vault, VaultOp};

/// What a suite returns: a fault is a failure too.
pub type Outcome = Result<(), Box<dyn Error>>;

/// All rows between two bounds, in the order of the scan.
pub fn collect(view: &dyn RowView, start: Bound<&[u8]>, end: Bound<&[u8]>, direction: Direction) -> Result<Vec<Row>, RowFault> {
    let mut rows = Vec::new();
    view.scan(start, end, direction, &mut |key, value| {
        rows.push((key.to_vec(), value.to_vec()));
        ControlFlow::Continue(())
    })?;
    Ok(rows)
}

/// All rows of a view, ascending.
pub fn collect_all(view: &dyn RowView) -> Result<Vec<Row>, RowFault> {
    collect(view, Bound::Unbounded, Bound::Unbounded, Direction::Ascending)
}

fn checkpoint(position: u64) -> Checkpoint {
    Checkpoint { position, chain: [u8::try_from(position % 251).unwrap_or_default(); 32] }
}

/// What a row store must do within one process. `open` returns an empty store each time.
///
/// # Panics
///
/// At the first difference, as all of these.
pub fn rows(open: &dyn Fn() -> Arc<dyn RowStore>) -> Outcome {
    commit_applies_rows_and_checkpoint_together(&*open())?;
    view_is_not_moved_by_a_later_commit(&*open())?;
    scans_follow_bounds_in_both_directions(&*open())?;
    any_key_and_value_is_kept(&*open())?;
    bulk_load_fills_an_empty_store_only(&*open())
}

fn commit_applies_rows_and_checkpoint_together(store: &dyn RowStore) -> Outcome {
    let view = store.view()?;
    assert_eq!(view.checkpoint(), Checkpoint::default(), "an empty store has reached nothing");
    assert_eq!(view.get(b"a")?, None);
    drop(view);
    let changes: Vec<(&[u8], Option<&[u8]>)> =
        vec![(b"b", Some(b"1")), (b"a", Some(b"2")), (b"b", Some(b"3")), (b"c", Some(b"4")), (b"c", None), (b"absent", None)];
    store.commit(&RowBatch { changes, checkpoint: checkpoint(7) })?;
    let view = store.view()?;
    assert_eq!(view.checkpoint(), checkpoint(7));
    assert_eq!(collect_all(&*view)?, [(b"a".to_vec(), b"2".to_vec()), (b"b".to_vec(), b"3".to_vec())], "a key keeps its last change");
    drop(view);
    store.commit(&RowBatch { changes: Vec::new(), checkpoint: checkpoint(8) })?;
    assert_eq!(store.view()?.checkpoint(), checkpoint(8), "a checkpoint may move alone");
    Ok(())
}

/// A view shows its generation, or (without snapshots) says that it is over; it never shows the newer rows.
fn view_is_not_moved_by_a_later_commit(store: &dyn RowStore) -> Outcome {
    store.commit(&RowBatch { changes: vec![(b"k", Some(b"old"))], checkpoint: checkpoint(1) })?;
    let view = store.view()?;
    store.commit(&RowBatch { changes: vec![(b"k", Some(b"new")), (b"l", Some(b"new"))], checkpoint: checkpoint(2) })?;
    assert_eq!(view.checkpoint(), checkpoint(1));
    match view.get(b"k") {
        Ok(value) => {
            assert_eq!(value.as_deref(), Some(&b"old"[..]));
            assert_eq!(collect_all(&*view)?.len(), 1);
        }
        Err(fault) => {
            assert!(matches!(fault, RowFault::ViewExpired), "{fault}");
            assert!(matches!(collect_all(&*view), Err(RowFault::ViewExpired)));
        }
    }
    assert_eq!(store.view()?.get(b"k")?.as_deref(), Some(&b"new"[..]));
    Ok(())
}

fn scans_follow_bounds_in_both_directions(store: &dyn RowStore) -> Outcome {
    // More rows than any adapter hands over at once, with keys that are prefixes of others.
    let keys: Vec<Vec<u8>> = (0..600_u16).map(|number| number.to_be_bytes()[..].to_vec()).chain([vec![0], vec![1]]).collect();
    let mut changes: Vec<(&[u8], Option<&[u8]>)> = keys.iter().map(|key| (&key[..], Some(&key[..]))).collect();
    changes.sort_unstable();
    let sorted: Vec<Row> = changes.iter().map(|(key, _)| (key.to_vec(), key.to_vec())).collect();
    store.commit(&RowBatch { changes, checkpoint: checkpoint(1) })?;
    let view = store.view()?;
    let edges: [&[u8]; 6] = [&[0], &[0, 5], &[0, 5, 0], &[1], &[2, 0x57], &[0xff]];
    let bounds: Vec<Bound<&[u8]>> =
        edges.iter().flat_map(|key| [Bound::Included(*key), Bound::Excluded(*key)]).chain([Bound::Unbounded]).collect();
    for start in &bounds {
        for end in &bounds {
            let after_start = |key: &[u8]| match start {
                Bound::Included(start) => key >= *start,
                Bound::Excluded(start) => key > *start,
                Bound::Unbounded => true,
            };
            let before_end = |key: &[u8]| match end {
                Bound::Included(end) => key <= *end,
                Bound::Excluded(end) => key < *end,
                Bound::Unbounded => true,
            };
            let mut wanted: Vec<Row> = sorted.iter().filter(|(key, _)| after_start(key) && before_end(key)).cloned().collect();
            assert!(collect(&*view, *start, *end, Direction::Ascending)? == wanted, "ascending {start:?} to {end:?}");
            wanted.reverse();
            assert!(collect(&*view, *start, *end, Direction::Descending)? == wanted, "descending {start:?} to {end:?}");
        }
    }
    let mut seen = 0;
    let mut inner = Ok(None);
    view.scan(Bound::Unbounded, Bound::Unbounded, Direction::Descending, &mut |key, _| {
        seen += 1;
        inner = view.get(key);
        if seen == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    assert_eq!((seen, inner?), (3, Some(sorted[sorted.len() - 3].0.clone())), "a scan ends at `Break`, and a callback may read");
    Ok(())
}

fn any_key_and_value_is_kept(store: &dyn RowStore) -> Outcome {
    let long = vec![0xff; KEY_BYTES_MAX];
    let large = vec![0x5a; 300_000];
    let changes: Vec<(&[u8], Option<&[u8]>)> =
        vec![(&[0], Some(b"")), (&[0, 0], Some(&[0])), (&[0xff], Some(&large)), (&long, Some(&[0xff, 0]))];
    let wanted: Vec<Row> = changes.iter().map(|(key, value)| (key.to_vec(), value.unwrap_or_default().to_vec())).collect();
    store.commit(&RowBatch { changes, checkpoint: checkpoint(u64::MAX) })?;
    let view = store.view()?;
    assert!(collect_all(&*view)? == wanted, "keys and values are arbitrary bytes");
    assert_eq!(view.checkpoint(), checkpoint(u64::MAX));
    assert!(store.size_on_disk()? > 0);
    Ok(())
}

fn bulk_load_fills_an_empty_store_only(store: &dyn RowStore) -> Outcome {
    let rows = |count: u32| (0..count).map(|number| (number.to_be_bytes().to_vec(), vec![7; 20]));
    let unsorted = rows(3_000).chain([(b"\0\0\0\x01".to_vec(), Vec::new())]);
    assert!(matches!(store.append_sorted(&mut unsorted.into_iter(), checkpoint(1)), Err(RowFault::Unsorted)));
    assert_eq!(collect_all(&*store.view()?)?, [], "a failed load leaves nothing");
    store.append_sorted(&mut rows(3_000), checkpoint(2))?;
    let view = store.view()?;
    assert_eq!(view.checkpoint(), checkpoint(2));
    assert!(collect_all(&*view)? == rows(3_000).collect::<Vec<_>>());
    drop(view);
    assert!(matches!(store.append_sorted(&mut rows(1), checkpoint(3)), Err(RowFault::NotEmpty)));
    assert_eq!(store.view()?.checkpoint(), checkpoint(2));
    Ok(())
}

/// What a row store on disk must do across openings. `open` opens the same place each time; it is empty at first.
///
/// # Panics
///
/// At the first difference.
pub fn rows_on_disk(open: &dyn Fn() -> Result<Arc<dyn RowStore>, RowFault>) -> Outcome {
    let store = open()?;
    assert!(matches!(open(), Err(RowFault::AlreadyOpen { .. })), "a second opening in one process is refused");
    // A load that ends in a panic must leave nothing, here or after reopening.
    let mut torn = (0..100_000_u32).map(|number| {
        assert!(number < 50_000, "torn on purpose");
        (number.to_be_bytes().to_vec(), vec![1; 100])
    });
    let loaded = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| store.append_sorted(&mut torn, checkpoint(9))));
    assert!(loaded.is_err());
    drop(store);
    for _ in 0..2 {
        let store = open()?;
        assert!(store.is_half_loaded()?, "opening leaves a load to whoever is at it");
        assert_eq!(collect_all(&*store.view()?)?.len(), 0, "half a load shows no rows");
        assert_eq!(store.view()?.get(&[0; 4])?, None);
        assert_eq!(store.view()?.checkpoint(), Checkpoint::default());
    }
    let store = open()?;
    store.append_sorted(&mut std::iter::empty(), Checkpoint::default())?;
    assert!(!store.is_half_loaded()?);
    store.commit(&RowBatch { changes: vec![(b"a", Some(b"1")), (b"b", Some(b"2"))], checkpoint: checkpoint(3) })?;
    store.commit(&RowBatch { changes: vec![(b"a", None)], checkpoint: checkpoint(4) })?;
    let before = digest(&*store.view()?)?;
    drop(store);
    let store = open()?;
    let view = store.view()?;
    assert_eq!(view.checkpoint(), checkpoint(4));
    assert_eq!(digest(&*view)?, before);
    assert_eq!(collect_all(&*view)?, [(b"b".to_vec(), b"2".to_vec())]);
    Ok(())
}

/// What a vault must do. `open` opens the same place each time (a vault in memory: the same vault); it is empty at first.
///
/// # Panics
///
/// At the first difference.
pub fn vault(open: &dyn Fn() -> Arc<dyn Vault>) -> Outcome {
    let put = |key: &[u8], value: &[u8]| VaultOp::Put { key: key.to_vec(), value: value.to_vec() };
    let delete = |key: &[u8]| VaultOp::Delete { key: key.to_vec() };
    let vault = open();
    assert_eq!(vault.get(b"a")?, None);
    vault.put(b"a", b"1")?;
    vault.write(&[put(b"p/2", b"x"), put(b"p/1", b""), put(b"p0", b"z"), put(b"q", b"1"), delete(b"q"), put(b"a", b"2")])?;
    assert_eq!(vault.get(b"a")?.as_deref(), Some(&b"2"[..]));
    assert_eq!(vault.get(b"q")?, None, "operations apply in order");
    vault.delete(b"absent")?;
    drop(vault);
    let vault = open();
    assert_eq!(vault.collect_prefix(b"p/")?, [(b"p/1".to_vec(), Vec::new()), (b"p/2".to_vec(), b"x".to_vec())]);
    assert_eq!(vault.collect_prefix(b"")?.len(), 4);
    let mut seen = 0;
    vault.scan_prefix(b"p", &mut |_, _| {
        seen += 1;
        ControlFlow::Break(())
    })?;
    assert_eq!(seen, 1);
    vault.delete(b"p/1")?;
    vault.scrub()?;
    assert_eq!(vault.collect_prefix(b"p/")?, [(b"p/2".to_vec(), b"x".to_vec())], "scrubbing keeps what was not deleted");
    assert_eq!(vault.collect_prefix(b"")?.len(), 3);
    Ok(())
}
