//! Posting lists against plain vectors, over tables that are flushed at random.

use std::ops::ControlFlow;
use std::sync::Arc;

use proptest::prelude::*;

use super::{CHUNK_ENTRIES, Entry, EntryList, PositionList, Totals};
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

    #[test]
    fn entry_lists_follow_vectors(
        appends in proptest::collection::vec((0..KEYS.len(), 0..3_u64, any::<i32>(), -1_000_000..1_000_000_i64, proptest::bool::weighted(0.02)), 0..1_500),
        favourite in 0..KEYS.len(),
    ) {
        let (table, plain) = (table(), table());
        let lists: Vec<_> = KEYS.iter().map(|key| EntryList::new(9, key)).collect();
        let mut model: Vec<Vec<Entry>> = vec![Vec::new(); KEYS.len()];
        let mut position = 0;
        for (at, step, day, value, flush) in appends {
            let at = if value % 2 == 0 { favourite } else { at };
            position += step;
            let entry = Entry { position, day, value };
            lists[at].append(&table, entry).unwrap();
            lists[at].append(&plain, entry).unwrap();
            model[at].push(entry);
            if flush {
                publish(&table, position, true);
            }
        }
        publish(&table, position, false);
        publish(&plain, position, false);
        let view = table.view().unwrap();
        prop_assert_eq!(digest(&view).unwrap(), digest(&plain.view().unwrap()).unwrap(), "flushes leave no trace in rows");
        for (list, model) in lists.iter().zip(&model) {
            let total = |until: u64, day: i32| {
                let counted = model.iter().filter(|entry| entry.position <= until && entry.day <= day);
                counted.fold(Totals::default(), |totals, entry| Totals { count: totals.count + 1, sum: totals.sum + entry.value })
            };
            prop_assert_eq!(list.total(&view).unwrap(), total(u64::MAX, i32::MAX));
            for until in (0..=position).step_by(37).chain([position]) {
                prop_assert_eq!(list.total_at(&view, until).unwrap(), total(until, i32::MAX), "total at {}", until);
            }
            for day in [i32::MIN, 0, i32::MAX] {
                prop_assert_eq!(list.total_at_until(&view, position / 2, day).unwrap(), total(position / 2, day));
            }
            let mut seen = Vec::new();
            list.for_each(&view, position, |entry| {
                seen.push(*entry);
                ControlFlow::Continue(())
            }).unwrap();
            prop_assert_eq!(&seen, model);
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
    let entries = EntryList::new(8, b"");
    for (position, day, value) in [(5, 3, 7), (300, 2, -7)] {
        entries.append(&table, Entry { position, day, value }).unwrap();
    }
    publish(&table, 1, false);
    let rows = collect_all(&table.view().unwrap()).unwrap();
    let full: Vec<u8> = [0, 0xe8, 0x07].into_iter().chain([2; 127]).collect();
    let wanted = [
        (vec![8, 0, 0xff], vec![0, 0, 5, 6, 14, 0xa7, 0x02, 1, 13]),
        (vec![9, 2, b'x', b'y', 0, 0, 0, 0], full),
        (vec![9, 2, b'x', b'y', 0xff], vec![0x80, 0x01, 0xe8, 0x09]),
    ];
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
