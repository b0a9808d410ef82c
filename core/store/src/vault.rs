//! The vault: secrets and everything that must be forgettable. Neither log nor derived state: nothing can rebuild it.
//!
//! Invariants: a write that returned survives loss of power; the operations of one [`Vault::write`] happen all or none. The vault
//! itself does not encrypt: callers store sealed bytes and hold the master key elsewhere.

mod lmdb;
mod memory;
#[cfg(test)]
mod tests;

use std::fmt::Debug;
use std::ops::ControlFlow;
use std::path::PathBuf;

pub use self::lmdb::LmdbVault;
pub use self::memory::MemoryVault;
use crate::rows::{OnRow, Row};

/// One change of the vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VaultOp {
    /// Store `value` under `key`, replacing what is there.
    Put {
        /// 1 to [`crate::rows::KEY_BYTES_MAX`] bytes.
        key: Vec<u8>,
        /// Any bytes, also none.
        value: Vec<u8>,
    },
    /// Remove `key`, if it is there.
    Delete {
        /// The key to remove.
        key: Vec<u8>,
    },
}

/// A small durable map of secrets.
pub trait Vault: Debug + Send + Sync {
    /// The value under `key`, if there is one.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, VaultFault>;

    /// Applies all operations in order, durably and as one.
    fn write(&self, ops: &[VaultOp]) -> Result<(), VaultFault>;

    /// Calls `on_row` for every key that begins with `prefix`, ascending, until `Break`.
    fn scan_prefix(&self, prefix: &[u8], on_row: &mut OnRow<'_>) -> Result<(), VaultFault>;

    /// Overwrites what the storage still holds of deleted and replaced values.
    ///
    /// Why apart from deleting: it writes the whole vault anew, and only an erasure needs it. Memory: what LMDB holds of a transaction before
    /// it writes pages ahead, at most 512 MiB. Limits: best
    /// effort. A reader that is open meanwhile keeps old pages; copies by the file system, the device and backups are beyond reach.
    /// The rotated group keys of the engine are the guarantee of forgetting.
    fn scrub(&self) -> Result<(), VaultFault>;

    /// Stores one value; durable when it returns.
    fn put(&self, key: &[u8], value: &[u8]) -> Result<(), VaultFault> {
        self.write(&[VaultOp::Put { key: key.to_vec(), value: value.to_vec() }])
    }

    /// Removes one key; durable when it returns.
    fn delete(&self, key: &[u8]) -> Result<(), VaultFault> {
        self.write(&[VaultOp::Delete { key: key.to_vec() }])
    }

    /// All rows that begin with `prefix`, ascending. For small prefixes.
    fn collect_prefix(&self, prefix: &[u8]) -> Result<Vec<Row>, VaultFault> {
        let mut rows = Vec::new();
        self.scan_prefix(prefix, &mut |key, value| {
            rows.push((key.to_vec(), value.to_vec()));
            ControlFlow::Continue(())
        })?;
        Ok(rows)
    }
}

/// What can go wrong with the vault. Nothing here is answered by a rebuild: an operator must act.
#[derive(Debug, thiserror::Error)]
pub enum VaultFault {
    /// The files are damaged or cut short; restore the vault's backup.
    #[error("vault at {path} cannot be opened: {what}")]
    Unopenable {
        /// The vault's folder.
        path: PathBuf,
        /// What was found.
        what: String,
    },
    /// This process has the same folder open.
    #[error("vault at {path} is already open")]
    AlreadyOpen {
        /// The vault's folder.
        path: PathBuf,
    },
    /// The disk or the address space is used up; nothing was changed.
    #[error("no room in the vault")]
    Full,
    /// A read or write failed; of a write nothing was changed, unless the message speaks of a sync.
    #[error("{step}: {what}")]
    Backend {
        /// What was being done.
        step: &'static str,
        /// What the storage said.
        what: String,
    },
}
