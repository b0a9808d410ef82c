//! Merging the changes in memory into a scan of the store.
//!
//! The store pushes its rows; the changes are pulled. Before each row of the store come all changed rows that precede it; a changed row
//! hides the store's row of the same key; of two changes of one key the newer counts.

use std::cmp::Ordering;
use std::iter::Peekable;
use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

use super::Changes;
use super::key::Key;
use crate::rows::{Direction, OnRow};

type Changed<'a> = (&'a Key, &'a Option<Arc<Vec<u8>>>);
type Source<'a> = Peekable<Box<dyn Iterator<Item = Changed<'a>> + 'a>>;

/// The changes between two bounds, in the order of the scan.
pub(super) struct Overlay<'a> {
    newest: Source<'a>,
    frozen: Source<'a>,
    direction: Direction,
}

impl<'a> Overlay<'a> {
    pub(super) fn new(newest: &'a Changes, frozen: &'a Changes, range: (Bound<&[u8]>, Bound<&[u8]>), direction: Direction) -> Self {
        let source = |changes: &'a Changes| -> Source<'a> {
            let rows = changes.range::<_, [u8]>(range);
            let rows: Box<dyn Iterator<Item = Changed<'a>> + 'a> = match direction {
                Direction::Ascending => Box::new(rows),
                Direction::Descending => Box::new(rows.rev()),
            };
            rows.peekable()
        };
        Self { newest: source(newest), frozen: source(frozen), direction }
    }

    /// Hands on every changed row that comes before `key`.
    pub(super) fn emit_before(&mut self, key: &[u8], on_row: &mut OnRow<'_>) -> ControlFlow<()> {
        while self.peek_key().is_some_and(|next| self.order(next, key) == Ordering::Less) {
            if let Some((key, Some(value))) = self.next() {
                on_row(key, value)?;
            }
        }
        ControlFlow::Continue(())
    }

    /// Whether `key` is changed, in which case the change is handed on in place of the store's row: by the next `emit_…`.
    pub(super) fn hides(&mut self, key: &[u8]) -> bool {
        self.peek_key().is_some_and(|next| next == key)
    }

    /// Hands on what is left, until `Break`.
    pub(super) fn emit_rest(&mut self, on_row: &mut OnRow<'_>) {
        while let Some((key, value)) = self.next() {
            if value.as_ref().is_some_and(|value| on_row(key, value).is_break()) {
                return;
            }
        }
    }

    fn order(&self, left: &[u8], right: &[u8]) -> Ordering {
        match self.direction {
            Direction::Ascending => left.cmp(right),
            Direction::Descending => right.cmp(left),
        }
    }

    fn peek_key(&mut self) -> Option<&'a [u8]> {
        let newest = self.newest.peek().map(|(key, _)| &***key);
        let frozen = self.frozen.peek().map(|(key, _)| &***key);
        match (newest, frozen) {
            (Some(newest), Some(frozen)) => Some(if self.order(frozen, newest) == Ordering::Less { frozen } else { newest }),
            (Some(only), None) | (None, Some(only)) => Some(only),
            (None, None) => None,
        }
    }

    /// The next change; an older change of the same key is passed over.
    fn next(&mut self) -> Option<Changed<'a>> {
        let key = self.peek_key()?;
        let from_frozen = self.frozen.next_if(|(next, _)| &***next == key);
        self.newest.next_if(|(next, _)| &***next == key).or(from_frozen)
    }
}
