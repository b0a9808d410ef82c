//! The table against a model: any sequence of changes, publications, flushes and views.

use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};
use std::sync::{Arc, Mutex};

use proptest::prelude::*;

use super::{Table, TableView, digest};
use crate::conformance::{collect, collect_all};
use crate::rows::{Checkpoint, Direction, MemoryRows, Row, RowBatch, RowFault, RowGet, RowKind, RowStore, RowView, open_rows};

type Model = BTreeMap<Vec<u8>, Vec<u8>>;

#[derive(Clone, Debug)]
enum Op {
    Put(u8, Vec<u8>),
    Delete(u8),
    Append(u8, u8),
    Advance,
    Flush,
    /// A flush whose commit fails, so that its changes stay frozen.
    FailedFlush,
    View,
    Reopen,
}

fn op() -> impl Strategy<Value = Op> {
    let key = 0..24_u8;
    prop_oneof![
        4 => (key.clone(), proptest::collection::vec(any::<u8>(), 0..4)).prop_map(|(key, value)| Op::Put(key, value)),
        2 => key.clone().prop_map(Op::Delete),
        4 => (key, any::<u8>()).prop_map(|(key, byte)| Op::Append(key, byte)),
        3 => Just(Op::Advance),
        2 => Just(Op::Flush),
        2 => Just(Op::FailedFlush),
        2 => Just(Op::View),
        1 => Just(Op::Reopen),
    ]
}

fn key(number: u8) -> Vec<u8> {
    // Keys that are prefixes of one another.
    vec![b'k'; usize::from(number % 3) + 1].into_iter().chain([number]).collect()
}

fn checkpoint(position: u64) -> Checkpoint {
    Checkpoint { position, chain: [1; 32] }
}

fn assert_shows(view: &TableView, model: &Model, position: u64) -> Result<(), TestCaseError> {
    prop_assert_eq!(view.checkpoint().position, position);
    let wanted: Vec<Row> = model.clone().into_iter().collect();
    prop_assert_eq!(&collect_all(view).unwrap(), &wanted);
    let reversed: Vec<Row> = wanted.into_iter().rev().collect();
    prop_assert_eq!(&collect(view, Bound::Unbounded, Bound::Unbounded, Direction::Descending).unwrap(), &reversed);
    for number in 0..24 {
        prop_assert_eq!(view.get(&key(number)).unwrap(), model.get(&key(number)).cloned());
    }
    let (low, high) = (key(7), key(17));
    let middle: Vec<Row> = model.range(low.clone()..=high.clone()).map(|(key, value)| (key.clone(), value.clone())).collect();
    prop_assert_eq!(collect(view, Bound::Included(&low), Bound::Included(&high), Direction::Ascending).unwrap(), middle);
    Ok(())
}

fn follow_model(rows: Arc<dyn RowStore>, ops: Vec<Op>) -> Result<(), TestCaseError> {
    let store = Arc::new(Hooked { rows, hook: Mutex::new(None) });
    let mut table = Table::new(Arc::clone(&store) as Arc<dyn RowStore>).unwrap();
    let (mut live, mut published, mut stored) = (Model::new(), (Model::new(), 0), (Model::new(), 0));
    let mut views = Vec::new();
    for (number, op) in (1..).zip(ops) {
        match op {
            Op::Put(at, value) => {
                table.put(&key(at), value.clone());
                live.insert(key(at), value);
            }
            Op::Delete(at) => {
                table.delete(&key(at));
                live.remove(&key(at));
            }
            Op::Append(at, byte) => {
                table.update(&key(at), |value| value.push(byte)).unwrap();
                live.entry(key(at)).or_default().push(byte);
            }
            Op::Advance => {
                table.advance(checkpoint(number));
                published = (live.clone(), number);
            }
            Op::Flush => {
                table.flush().unwrap();
                stored = published.clone();
                let view = table.store().view().unwrap();
                prop_assert_eq!(view.checkpoint().position, stored.1);
                prop_assert_eq!(collect_all(&*view).unwrap(), stored.0.clone().into_iter().collect::<Vec<_>>());
            }
            Op::FailedFlush => {
                *store.hook.lock().unwrap() = Some(Box::new(|_| false));
                let nothing_to_do = table.flush().is_ok();
                *store.hook.lock().unwrap() = None;
                prop_assert!(!nothing_to_do || published.1 == stored.1, "a flush that had work reports the failure");
            }
            Op::View => views.push((table.view().unwrap(), published.clone())),
            Op::Reopen => {
                table = Table::new(Arc::clone(table.store())).unwrap();
                (live, published) = (stored.0.clone(), stored.clone());
            }
        }
        prop_assert_eq!(table.checkpoint().position, published.1);
        prop_assert_eq!(collect_all(&table.writer_view().unwrap()).unwrap(), live.clone().into_iter().collect::<Vec<_>>());
        for at in 0..24 {
            prop_assert_eq!(table.get(&key(at)).unwrap(), live.get(&key(at)).cloned());
        }
    }
    for (view, (model, position)) in &views {
        assert_shows(view, model, *position)?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn table_follows_a_model_over_memory_rows(ops in proptest::collection::vec(op(), 0..80)) {
        follow_model(Arc::new(MemoryRows::new()), ops)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn table_follows_a_model_over_lmdb_rows(ops in proptest::collection::vec(op(), 0..80)) {
        let dir = tempfile::tempdir().unwrap();
        follow_model(open_rows(RowKind::Lmdb, dir.path()).unwrap(), ops)?;
    }
}

/// A store that calls a hook before and after each commit, and fails it if the hook says so.
struct Hooked {
    rows: Arc<dyn RowStore>,
    #[expect(clippy::type_complexity, reason = "one hook, used here only")]
    hook: Mutex<Option<Box<dyn FnMut(&'static str) -> bool + Send>>>,
}

impl std::fmt::Debug for Hooked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hooked")
    }
}

impl RowStore for Hooked {
    fn view(&self) -> Result<Box<dyn RowView>, RowFault> {
        self.rows.view()
    }

    fn commit(&self, batch: &RowBatch<'_>) -> Result<(), RowFault> {
        let mut hook = self.hook.lock().unwrap();
        let mut call = |when| hook.as_mut().is_none_or(|hook| hook(when));
        if !call("before") {
            return Err(RowFault::Full);
        }
        self.rows.commit(batch)?;
        call("after");
        Ok(())
    }

    fn append_sorted(&self, rows: &mut dyn Iterator<Item = Row>, checkpoint: Checkpoint) -> Result<(), RowFault> {
        self.rows.append_sorted(rows, checkpoint)
    }

    fn size_on_disk(&self) -> Result<u64, RowFault> {
        self.rows.size_on_disk()
    }
}

fn hooked() -> (Arc<Hooked>, Arc<Table>) {
    let store = Arc::new(Hooked { rows: Arc::new(MemoryRows::new()), hook: Mutex::new(None) });
    let table = Arc::new(Table::new(Arc::clone(&store) as Arc<dyn RowStore>).unwrap());
    (store, table)
}

/// From inside a commit, before and after the store has taken the rows: the writer goes on, views stay whole.
#[test]
fn writer_and_readers_go_on_while_a_flush_commits() {
    let (store, table) = hooked();
    table.put(b"a", b"1".to_vec());
    table.put(b"b", b"1".to_vec());
    table.advance(checkpoint(1));
    table.put(b"c", b"unpublished".to_vec());
    let inner = Arc::clone(&table);
    let mut position = 1;
    *store.hook.lock().unwrap() = Some(Box::new(move |_| {
        let before = collect_all(&inner.view().unwrap()).unwrap();
        inner.update(b"a", |value| value.push(b'+')).unwrap();
        inner.delete(b"b");
        assert_eq!(inner.get(b"b").unwrap(), None);
        assert_eq!(collect_all(&inner.view().unwrap()).unwrap(), before, "unpublished changes are not seen");
        position += 1;
        inner.advance(checkpoint(position));
        let view = inner.view().unwrap();
        assert_eq!(view.checkpoint(), checkpoint(position));
        assert_eq!(view.get(b"c").unwrap().as_deref(), Some(&b"unpublished"[..]));
        assert_eq!(view.get(b"b").unwrap(), None);
        assert_eq!(collect_all(&view).unwrap().len(), 2, "a row that is changed again during its flush is seen once");
        true
    }));
    table.flush().unwrap();
    *store.hook.lock().unwrap() = None;
    assert_eq!(store.view().unwrap().checkpoint(), checkpoint(1), "only what was published at the start is flushed");
    assert_eq!(collect_all(&*store.view().unwrap()).unwrap(), [(b"a".to_vec(), b"1".to_vec()), (b"b".to_vec(), b"1".to_vec())]);
    let rows = [(b"a".to_vec(), b"1++".to_vec()), (b"c".to_vec(), b"unpublished".to_vec())];
    assert_eq!(collect_all(&table.view().unwrap()).unwrap(), rows);
    table.flush().unwrap();
    assert_eq!(collect_all(&*store.view().unwrap()).unwrap(), rows);
    assert_eq!(table.unflushed_bytes(), 0);
}

/// Found by the property above: the mark of a deletion was passed over, and the deleted value came back.
#[test]
fn update_of_a_deleted_row_begins_empty() {
    let (_, table) = hooked();
    table.put(b"a", b"old".to_vec());
    table.advance(checkpoint(1));
    table.delete(b"a");
    table.flush().unwrap();
    table.update(b"a", |value| value.push(b'+')).unwrap();
    assert_eq!(table.get(b"a").unwrap().as_deref(), Some(&b"+"[..]));
}

#[test]
fn failed_flush_keeps_its_changes_for_the_next() {
    let (store, table) = hooked();
    table.put(b"a", b"1".to_vec());
    table.advance(checkpoint(1));
    *store.hook.lock().unwrap() = Some(Box::new(|_| false));
    assert!(matches!(table.flush(), Err(RowFault::Full)));
    assert!(table.unflushed_bytes() > 0);
    table.put(b"b", b"2".to_vec());
    table.advance(checkpoint(2));
    let rows = [(b"a".to_vec(), b"1".to_vec()), (b"b".to_vec(), b"2".to_vec())];
    assert_eq!(collect_all(&table.view().unwrap()).unwrap(), rows);
    *store.hook.lock().unwrap() = None;
    table.flush().unwrap();
    assert_eq!(collect_all(&*store.view().unwrap()).unwrap(), rows);
    assert_eq!(store.view().unwrap().checkpoint(), checkpoint(2));
}

#[test]
fn flush_moves_the_checkpoint_alone_when_no_row_changed() {
    let (store, table) = hooked();
    table.advance(checkpoint(4));
    table.flush().unwrap();
    assert_eq!(store.view().unwrap().checkpoint(), checkpoint(4));
    *store.hook.lock().unwrap() = Some(Box::new(|_| panic!("nothing to flush")));
    table.flush().unwrap();
}

#[test]
fn prefix_scan_ends_where_the_prefix_ends() {
    let (_, table) = hooked();
    for key in [&b"a"[..], b"ab", b"ab\xff", b"ac", b"\xff", b"\xff\xff"] {
        table.put(key, Vec::new());
    }
    table.advance(checkpoint(1));
    let count = |prefix: &[u8], direction| {
        let mut seen = 0;
        let mut on_row = |_: &[u8], _: &[u8]| {
            seen += 1;
            ControlFlow::Continue(())
        };
        table.view().unwrap().scan_prefix(prefix, direction, &mut on_row).unwrap();
        seen
    };
    assert_eq!(count(b"ab", Direction::Ascending), 2);
    assert_eq!(count(b"\xff", Direction::Descending), 2);
    assert_eq!(count(b"b", Direction::Ascending), 0);
}

#[test]
fn digest_tells_rows_apart_that_run_together() {
    let view = |rows: &[(&[u8], &[u8])]| {
        let (_, table) = hooked();
        for (key, value) in rows {
            table.put(key, value.to_vec());
        }
        table.advance(checkpoint(1));
        digest(&table.view().unwrap()).unwrap()
    };
    assert_ne!(view(&[(b"a", b"bc")]), view(&[(b"ab", b"c")]));
    assert_ne!(view(&[(b"a", b""), (b"b", b"")]), view(&[(b"a", b"b")]));
    assert_eq!(view(&[(b"a", b"1"), (b"b", b"2")]), view(&[(b"b", b"2"), (b"a", b"1")]));
}
