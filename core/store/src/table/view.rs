//! A view of a table: the published changes, those being flushed, and the store, all of one generation.

use std::fmt;
use std::ops::{Bound, ControlFlow};

use sha2::{Digest as _, Sha256};

use super::Changes;
use super::merge::Overlay;
use crate::rows::{Checkpoint, Direction, OnRow, RowFault, RowGet, RowView, assert_key, is_empty_range};

/// One generation of a [`super::Table`].
pub struct TableView {
    newest: Changes,
    frozen: Changes,
    base: Box<dyn RowView>,
    checkpoint: Checkpoint,
}

impl TableView {
    pub(super) fn new(newest: Changes, frozen: Changes, base: Box<dyn RowView>, checkpoint: Checkpoint) -> Self {
        Self { newest, frozen, base, checkpoint }
    }

    /// Calls `on_row` for every row whose key begins with `prefix`.
    pub fn scan_prefix(&self, prefix: &[u8], direction: Direction, on_row: &mut OnRow<'_>) -> Result<(), RowFault> {
        let end = prefix_end(prefix);
        let end = end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        self.scan(Bound::Included(prefix), end, direction, on_row)
    }
}

/// The smallest key after all that begin with `prefix`; `None` = there is no such key.
pub(crate) fn prefix_end(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end)
}

impl RowGet for TableView {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, RowFault> {
        assert_key(key);
        match self.newest.get(key).or_else(|| self.frozen.get(key)) {
            Some(value) => Ok(value.as_ref().map(|value| value.to_vec())),
            None => self.base.get(key),
        }
    }
}

impl RowView for TableView {
    fn scan(&self, start: Bound<&[u8]>, end: Bound<&[u8]>, direction: Direction, on_row: &mut OnRow<'_>) -> Result<(), RowFault> {
        if is_empty_range(start, end) {
            return Ok(());
        }
        let mut overlay = Overlay::new(&self.newest, &self.frozen, (start, end), direction);
        let mut flow = ControlFlow::Continue(());
        self.base.scan(start, end, direction, &mut |key, value| {
            flow = overlay.emit_before(key, on_row);
            if flow.is_continue() && !overlay.hides(key) {
                flow = on_row(key, value);
            }
            flow
        })?;
        if flow.is_continue() {
            overlay.emit_rest(on_row);
        }
        Ok(())
    }

    fn checkpoint(&self) -> Checkpoint {
        self.checkpoint
    }
}

impl fmt::Debug for TableView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableView").field("checkpoint", &self.checkpoint).finish_non_exhaustive()
    }
}

/// SHA-256 over all rows in order, each as length and bytes of key and value (lengths as u64, little-endian).
///
/// Why: two builds of a read model are identical exactly if their digests are.
pub fn digest(view: &dyn RowView) -> Result<[u8; 32], RowFault> {
    let mut hash = Sha256::new();
    view.scan(Bound::Unbounded, Bound::Unbounded, Direction::Ascending, &mut |key, value| {
        for bytes in [key, value] {
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        }
        ControlFlow::Continue(())
    })?;
    Ok(hash.finalize().into())
}
