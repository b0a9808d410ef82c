//! Rows in memory that wait to be flushed: those of the engine, and those of whoever follows its log. Commands wait while they are too many.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use zhixin_store::table::Table;

/// Derived rows in memory at which commands wait. Unit: bytes.
pub const UNFLUSHED_BYTES_MAX: usize = 256 << 20;

/// One sum over all of them.
#[derive(Debug)]
pub(crate) struct Unflushed {
    tables: Vec<Arc<Table>>,
    others: RwLock<Vec<Arc<AtomicUsize>>>,
}

impl Unflushed {
    pub(crate) fn new(tables: Vec<Arc<Table>>) -> Self {
        Self { tables, others: RwLock::default() }
    }
    /// Counts rows that are not the engine's.
    pub(crate) fn count(&self, bytes: Arc<AtomicUsize>) {
        self.others.write().unwrap_or_else(PoisonError::into_inner).push(bytes);
    }
    pub(crate) fn is_too_much(&self) -> bool {
        let others = self.others.read().unwrap_or_else(PoisonError::into_inner);
        let others: usize = others.iter().map(|bytes| bytes.load(Ordering::Relaxed)).sum();
        self.tables.iter().map(|table| table.unflushed_bytes()).sum::<usize>() + others > UNFLUSHED_BYTES_MAX
    }
}
