//! Rows in memory: for tests and one-off computations. Nothing survives the process.

use std::ops::{Bound, ControlFlow};
use std::sync::{Mutex, PoisonError};

use imbl::OrdMap;

use super::{Checkpoint, Direction, OnRow, Row, RowBatch, RowFault, RowGet, RowStore, RowView, assert_key, is_empty_range};

/// A row store in memory.
#[derive(Debug, Default)]
pub struct MemoryRows {
    generation: Mutex<Generation>,
}

#[derive(Clone, Debug, Default)]
struct Generation {
    rows: OrdMap<Vec<u8>, Vec<u8>>,
    checkpoint: Checkpoint,
}

impl MemoryRows {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn snapshot(&self) -> Generation {
        self.generation.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn replace(&self, generation: Generation) {
        *self.generation.lock().unwrap_or_else(PoisonError::into_inner) = generation;
    }
}

impl RowStore for MemoryRows {
    fn view(&self) -> Result<Box<dyn RowView>, RowFault> {
        Ok(Box::new(self.snapshot()))
    }

    fn commit(&self, batch: &RowBatch<'_>) -> Result<(), RowFault> {
        let mut generation = self.generation.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, value) in &batch.changes {
            assert_key(key);
            match value {
                Some(value) => generation.rows.insert(key.to_vec(), value.to_vec()),
                None => generation.rows.remove(*key),
            };
        }
        generation.checkpoint = batch.checkpoint;
        Ok(())
    }

    fn append_sorted(&self, rows: &mut dyn Iterator<Item = Row>, checkpoint: Checkpoint) -> Result<(), RowFault> {
        let mut loaded = self.snapshot().rows;
        if !loaded.is_empty() {
            return Err(RowFault::NotEmpty);
        }
        for (key, value) in rows {
            assert_key(&key);
            if loaded.get_max().is_some_and(|(last, _)| *last >= key) {
                return Err(RowFault::Unsorted);
            }
            loaded.insert(key, value);
        }
        self.replace(Generation { rows: loaded, checkpoint });
        Ok(())
    }

    fn size_on_disk(&self) -> Result<u64, RowFault> {
        Ok(self.snapshot().rows.iter().map(|(key, value)| (key.len() + value.len()) as u64).sum())
    }
}

impl RowGet for Generation {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, RowFault> {
        assert_key(key);
        Ok(self.rows.get(key).cloned())
    }
}

impl RowView for Generation {
    fn scan(&self, start: Bound<&[u8]>, end: Bound<&[u8]>, direction: Direction, on_row: &mut OnRow<'_>) -> Result<(), RowFault> {
        if is_empty_range(start, end) {
            return Ok(());
        }
        let range = self.rows.range::<_, [u8]>((start, end));
        let mut feed = |rows: &mut dyn Iterator<Item = (&Vec<u8>, &Vec<u8>)>| {
            for (key, value) in rows {
                if let ControlFlow::Break(()) = on_row(key, value) {
                    break;
                }
            }
        };
        match direction {
            Direction::Ascending => feed(&mut range.into_iter()),
            Direction::Descending => feed(&mut range.rev()),
        }
        Ok(())
    }

    fn checkpoint(&self) -> Checkpoint {
        self.checkpoint
    }
}
