//! The rows of a build in the order of their keys, each made when it is asked for.

use std::collections::VecDeque;
use std::ops::{Bound, ControlFlow};

use zhixin_events::Subject;
use zhixin_store::postings::PositionList;
use zhixin_store::rows::{Checkpoint, Direction, Row, RowFault, RowStore, RowView as _};
use zhixin_store::sorter::Sorted;
use zhixin_store::table::TableView;

use super::tree_rows::TreeRowsOut;
use super::{COMMAND_VALUE_BYTES, PLACE_BYTES, ROWS_AT_ONCE, io_fault};
use crate::derived::{DerivedFault, SUBJECTS};

/// All rows, by key: command ids, documents, erasures, identities, persons, subjects, tree.
pub(crate) struct Rows {
    commands: VecDeque<Sorted>,
    special: TableView,
    /// The last key that was read; none when all are.
    special_after: Option<Vec<u8>>,
    subjects: Option<Sorted>,
    /// The first record of the next subject.
    next_subject: Vec<u8>,
    /// Where the rows end; ordinals are checked beyond.
    end: u64,
    tree: TreeRowsOut,
    ready: VecDeque<Row>,
    /// The event with the first ordinal that does not follow, among the subjects so far.
    out_of_order: Option<(u64, DerivedFault)>,
}

impl Rows {
    /// Rows whose events lie before `end`.
    pub(super) fn new(commands: VecDeque<Sorted>, special: TableView, subjects: Sorted, tree: TreeRowsOut, end: u64) -> Self {
        Self {
            commands,
            special,
            // Every key begins with a letter.
            special_after: Some(vec![0]),
            subjects: Some(subjects),
            next_subject: Vec::new(),
            end,
            tree,
            ready: VecDeque::new(),
            out_of_order: None,
        }
    }

    /// The next row. Ordinals that do not follow are passed over: rows of their subjects mean nothing then.
    pub(crate) fn next(&mut self) -> Result<Option<Row>, DerivedFault> {
        while self.ready.is_empty() {
            if !self.more()? {
                return Ok(None);
            }
        }
        Ok(self.ready.pop_front())
    }

    /// The first ordinal that does not follow, among the rows that were taken, and its event.
    pub(crate) fn into_out_of_order(self) -> Option<(u64, DerivedFault)> {
        self.out_of_order
    }

    /// Fills an empty store.
    pub(super) fn load_into(mut self, store: &dyn RowStore, checkpoint: Checkpoint) -> Result<(), DerivedFault> {
        let mut fault = None;
        let mut rows = std::iter::from_fn(|| {
            let row = match self.next() {
                Ok(row) if self.out_of_order.is_none() => return row,
                Ok(_) => self.out_of_order.take().map(|(_, fault)| fault),
                Err(fault) => Some(fault),
            };
            fault = fault.take().or(row);
            // After a fault a row that cannot stand there: a store refuses it, and then holds nothing.
            Some((vec![0], Vec::new()))
        });
        let loaded = store.append_sorted(&mut rows, checkpoint);
        match fault {
            Some(fault) => Err(fault),
            None => Ok(loaded?),
        }
    }

    /// Makes some rows ready; `false` when there are no more.
    fn more(&mut self) -> Result<bool, DerivedFault> {
        let merge = || io_fault("merge sorted rows");
        if let Some(commands) = self.commands.front_mut() {
            let mut record = Vec::new();
            if commands.next(&mut record).map_err(merge())? {
                let value = record.split_off(record.len() - COMMAND_VALUE_BYTES);
                self.ready.push_back((record, value));
            } else {
                self.commands.pop_front();
            }
            return Ok(true);
        }
        if let Some(after) = self.special_after.take() {
            let ready = &mut self.ready;
            self.special.scan(Bound::Excluded(&after), Bound::Unbounded, Direction::Ascending, &mut |key, value| {
                ready.push_back((key.to_vec(), value.to_vec()));
                if ready.len() < ROWS_AT_ONCE { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
            self.special_after = self.ready.back().map(|(key, _)| key.clone());
            return Ok(true);
        }
        if self.subjects.is_some() {
            return self.next_subject().map(|()| true);
        }
        let row = self.tree.next().map_err(io_fault("read tree rows"))?;
        let found = row.is_some();
        self.ready.extend(row);
        Ok(found)
    }

    /// The rows of one subject, whose records stand together.
    fn next_subject(&mut self) -> Result<(), DerivedFault> {
        let Some(sorted) = &mut self.subjects else { return Ok(()) };
        let merge = || io_fault("merge sorted rows");
        if self.next_subject.is_empty() && !sorted.next(&mut self.next_subject).map_err(merge())? {
            self.subjects = None;
            return Ok(());
        }
        let mut record = std::mem::take(&mut self.next_subject);
        let prefix = record[..record.len() - PLACE_BYTES].to_vec();
        let subject = Subject::from_bytes(prefix.get(2..).unwrap_or_default());
        let subject = subject.map_err(|_| RowFault::Corrupt { what: "a sorted record without a subject" })?;
        let mut positions = Vec::new();
        loop {
            let (position, named) = place_of(&record);
            let expected = positions.len() as u64 + 1;
            // Twice in one event is out of order too.
            let follows = u64::from(named) == expected && positions.last().is_none_or(|last| *last < position);
            if !follows && self.out_of_order.as_ref().is_none_or(|(first, _)| position < *first) {
                self.out_of_order = Some((position, DerivedFault::Ordinal { position, subject, named, expected }));
            }
            positions.push(position);
            if !sorted.next(&mut record).map_err(merge())? {
                break;
            }
            if record[..record.len() - PLACE_BYTES] != prefix {
                self.next_subject = record;
                break;
            }
        }
        positions.dedup();
        positions.truncate(positions.partition_point(|position| *position < self.end));
        self.ready.extend(PositionList::new(SUBJECTS, subject.as_bytes()).rows_of(positions)?);
        Ok(())
    }
}

fn place_of(record: &[u8]) -> (u64, u32) {
    let place = &record[record.len() - PLACE_BYTES..];
    let (position, ordinal) = place.split_at(8);
    (u64::from_be_bytes(position.try_into().unwrap_or_default()), u32::from_be_bytes(ordinal.try_into().unwrap_or_default()))
}
