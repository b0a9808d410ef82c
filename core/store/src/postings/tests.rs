//! Posting lists against plain vectors, over tables that are flushed at random.

use std::ops::ControlFlow;
use std::sync::Arc;

use proptest::prelude::*;

use super::{CHUNK_ENTRIES, PositionList};
use crate::conformance::collect_all;
use crate::rows::{Checkpoint, MemoryRows, RowGet};
use crate::table::{Table, TableView, digest};

fn table() -> Table {
    Table::new(Arc::new(MemoryRows::new())).unwrap()
}

fn publish(table: &Table, position: u64, flush: bool) {
    table.advance(Checkpoint { position, chain: [0; 32] });
    if flush {
        table.flush().unwrap();
    }
}

/// Keys chosen so that bare concatenation would mix them up: prefixes, bytes that look like chunk numbers, the mark of the last chunk.
const KEYS: [&[u8]; 6] = [b"", b"a", b"ab", b"a\0\0\0\0", b"\xff", b"a\xff"];

fn positions(rows: &dyn RowGet, list: &PositionList) -> Vec<u64> {
    list.positions(rows, 0..u64::MAX).unwrap()
}

fn check_positions(view: &TableView, list: &PositionList, model: &[u64], probe: u64) -> Result<(), TestCaseError> {
    prop_assert_eq!(list.len(view).unwrap(), model.len() as u64);
    prop_assert_eq!(list.is_empty(view).unwrap(), model.is_empty());
    prop_assert_eq!(list.last(view).unwrap(), model.last().copied());
    prop_assert_eq!(&positions(view, list), model);
    for position in [probe, 0, u64::MAX].into_iter().chain(model.iter().flat_map(|position| [position - 1, *position])) {
        let wanted = model.iter().filter(|entry| **entry <= position).count() as u64;
        prop_assert_eq!(list.count_at(view, position).unwrap(), wanted, "count at {}", position);
    }
    let (from, to) = (probe % 300, probe % 300 + 150);
    let wanted: Vec<u64> = model.iter().skip(usize::try_from(from).unwrap()).take(150).copied().collect();
    prop_assert_eq!(list.positions(view, from..to).unwrap(), wanted);
    prop_assert_eq!(list.nth(view, from).unwrap(), model.get(usize::try_from(from).unwrap()).copied());
    let mut reverse = Vec::new();
    list.for_each_reverse(view, to, |ordinal, position| {
        reverse.push((ordinal, position));
        ControlFlow::Continue(())
    })
    .unwrap();
    let mut wanted: Vec<_> = (0..to).zip(model.iter().copied()).collect();
    wanted.reverse();
    prop_assert_eq!(reverse, wanted);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn position_lists_follow_vectors(
        appends in proptest::collection::vec((0..KEYS.len(), 1..5_000_u64, proptest::bool::weighted(0.02)), 0..2_000),
        favourite in 0..KEYS.len(),
        probe in any::<u64>(),
    ) {
        let (table, plain) = (table(), table());
        let lists: Vec<_> = KEYS.iter().map(|key| PositionList::new(9, key)).collect();
        let mut model = vec![Vec::new(); KEYS.len()];
        let mut position = 0;
        for (at, step, flush) in appends {
            // Half of all go to one list, so that it has many chunks.
            let at = if step % 2 == 0 { favourite } else { at };
            position += step;
            prop_assert_eq!(lists[at].append(&table, position).unwrap(), model[at].len() as u64);
            lists[at].append(&plain, position).unwrap();
            model[at].push(position);
            if flush {
                publish(&table, position, true);
            }
        }
        publish(&table, position, false);
        publish(&plain, position, false);
        let view = table.view().unwrap();
        prop_assert_eq!(digest(&view).unwrap(), digest(&plain.view().unwrap()).unwrap(), "flushes leave no trace in rows");
        for (list, model) in lists.iter().zip(&model) {
            check_positions(&view, list, model, probe)?;
            prop_assert_eq!(positions(&table, list), model.clone(), "the writer reads its own list");
        }
        let mut loaded: Vec<_> = lists.iter().zip(&model).flat_map(|(list, model)| list.rows_of(model.iter().copied()).unwrap()).collect();
        loaded.sort();
        prop_assert_eq!(loaded, collect_all(&view).unwrap(), "a bulk load makes the same rows");
    }
}

/// The bytes are a format that tools and rebuilds share: a change must be seen. Chunk sizes are part of it.
#[test]
fn rows_of_a_list_have_the_documented_bytes() {
    let table = table();
    let list = PositionList::new(9, b"xy");
    for position in 0..=CHUNK_ENTRIES {
        list.append(&table, 1_000 + 2 * position).unwrap();
    }
    publish(&table, 1, false);
    let rows = collect_all(&table.view().unwrap()).unwrap();
    let full: Vec<u8> = [0, 0xe8, 0x07].into_iter().chain([2; 127]).collect();
    let wanted = [(vec![9, 2, b'x', b'y', 0, 0, 0, 0], full), (vec![9, 2, b'x', b'y', 0xff], vec![0x80, 0x01, 0xe8, 0x09])];
    assert_eq!(rows, wanted);
}

#[test]
fn damaged_chunk_is_a_fault_not_a_panic() {
    let table = table();
    let list = PositionList::new(9, b"x");
    let tail = [9, 1, b'x', 0xff];
    for bytes in [&[][..], &[0], &[0x80], &[1, 1], &[0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]] {
        table.put(&tail, bytes.to_vec());
        assert!(list.last(&table).is_err(), "{bytes:?}");
    }
    table.put(&tail, vec![0x80, 1, 5]);
    assert!(list.nth(&table, 0).is_err(), "a full chunk is missing");
}
