//! A vault in memory, for tests.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Vault, VaultFault, VaultOp};
use crate::rows::{OnRow, assert_key};

/// A vault that ends with the process.
#[derive(Debug, Default)]
pub struct MemoryVault {
    rows: Mutex<BTreeMap<Vec<u8>, Vec<u8>>>,
}

impl MemoryVault {
    /// An empty vault.
    pub fn new() -> Self {
        Self::default()
    }

    fn rows(&self) -> MutexGuard<'_, BTreeMap<Vec<u8>, Vec<u8>>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Vault for MemoryVault {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, VaultFault> {
        assert_key(key);
        Ok(self.rows().get(key).cloned())
    }

    fn write(&self, ops: &[VaultOp]) -> Result<(), VaultFault> {
        let mut rows = self.rows();
        for op in ops {
            match op {
                VaultOp::Put { key, value } => {
                    assert_key(key);
                    rows.insert(key.clone(), value.clone());
                }
                VaultOp::Delete { key } => {
                    assert_key(key);
                    rows.remove(key);
                }
            }
        }
        Ok(())
    }

    fn scan_prefix(&self, prefix: &[u8], on_row: &mut OnRow<'_>) -> Result<(), VaultFault> {
        // A copy, so that the callback may use the vault.
        let rows: Vec<_> = self
            .rows()
            .range(prefix.to_vec()..)
            .take_while(|(key, _)| key.starts_with(prefix))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        for (key, value) in rows {
            if let ControlFlow::Break(()) = on_row(&key, &value) {
                break;
            }
        }
        Ok(())
    }

    fn scrub(&self) -> Result<(), VaultFault> {
        Ok(())
    }
}
