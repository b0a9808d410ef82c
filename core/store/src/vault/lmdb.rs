//! The vault in its own LMDB environment, with LMDB's default durability: a commit returns after the sync.

use std::fmt;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use heed::PutFlags;

use super::{Vault, VaultFault, VaultOp};
use crate::files;
use crate::lmdb::{self, Environment, OpenFault, Rows};
use crate::rows::{OnRow, assert_key};

/// Address space of the map. Unit: bytes. A vault is a few hundred bytes a person.
const MAP_BYTES: usize = 64 << 30;
/// Room below which nothing is written. Why not left to LMDB: a write that the disk takes in part is an error of the device to it, and then
/// nobody can tell a full disk from a broken one. Unit: bytes.
const FREE_BYTES_MIN: u64 = 512 << 10;
/// What a value may hold to fill exactly one page of its own, less the page's head.
const PAGE_HEAD_BYTES: u64 = 16;

/// A vault in LMDB.
pub struct LmdbVault {
    env: Environment,
    rows: Rows,
    /// Holds rows only inside [`Vault::scrub`].
    filler: Rows,
    scrubbing: Mutex<()>,
    path: PathBuf,
}

impl LmdbVault {
    /// Opens or makes the vault in the folder `path`.
    pub fn open(path: &Path) -> Result<Self, VaultFault> {
        let (env, [rows, filler]) = lmdb::open(path, MAP_BYTES, ["vault", "filler"]).map_err(|fault| match fault {
            OpenFault::AlreadyOpen => VaultFault::AlreadyOpen { path: path.to_owned() },
            OpenFault::Unopenable(what) => VaultFault::Unopenable { path: path.to_owned(), what },
        })?;
        Ok(Self { env, rows, filler, scrubbing: Mutex::new(()), path: path.to_owned() })
    }

    fn try_write(&self, ops: &[VaultOp]) -> Result<(), heed::Error> {
        let mut txn = self.env.write_txn()?;
        for op in ops {
            match op {
                VaultOp::Put { key, value } => {
                    assert_key(key);
                    self.rows.put(&mut txn, key, value)?;
                }
                VaultOp::Delete { key } => {
                    assert_key(key);
                    // LMDB moves rows within a page without clearing what is behind them, so the bytes are zeroed first.
                    let zeroes = self.rows.get(&txn, key)?.map(|value| vec![0; value.len()]);
                    if let Some(zeroes) = zeroes {
                        self.rows.put(&mut txn, key, &zeroes)?;
                        self.rows.delete(&mut txn, key)?;
                    }
                }
            }
        }
        lmdb::commit(&self.env, txn)
    }

    /// Forgotten bytes stay in three places: pages that are free, the unused middle of pages in use (LMDB does not clear a page when
    /// rows leave it), and LMDB's buffers, whose old content reaches such a middle again. So: fill the free pages, and with them the
    /// buffers, with zeroes; write all rows anew through these buffers; fill the pages that this set free.
    fn try_scrub(&self) -> Result<(), heed::Error> {
        self.fill_free_pages()?;
        let mut txn = self.env.write_txn()?;
        // Nobody else writes now, so a reader sees these very rows, in the file itself, while they are written anew.
        let before = self.env.read_txn()?;
        self.rows.clear(&mut txn)?;
        for row in self.rows.iter(&before)? {
            let (key, value) = row?;
            self.rows.put_with_flags(&mut txn, PutFlags::APPEND, key, value)?;
        }
        // It would keep the old pages from being filled.
        drop(before);
        lmdb::commit(&self.env, txn)?;
        self.fill_free_pages()
    }

    /// Takes as many pages as are free, and at least as many as the rows have, for zeroes, then gives them back.
    ///
    /// A page that one commit frees is used again only two commits later, so two small commits come first.
    fn fill_free_pages(&self) -> Result<(), heed::Error> {
        for round in 0..2_u32 {
            let mut txn = self.env.write_txn()?;
            self.filler.put(&mut txn, &round.to_be_bytes(), b"")?;
            lmdb::commit(&self.env, txn)?;
        }
        let page_bytes = u64::from(self.env.unnamed_database_stat().page_size);
        let zeroes = vec![0; usize::try_from(page_bytes - PAGE_HEAD_BYTES).unwrap_or_default()];
        let mut txn = self.env.write_txn()?;
        let rows = self.rows.stat(&txn)?;
        let used_pages = (rows.branch_pages + rows.leaf_pages + rows.overflow_pages) as u64;
        let free_pages = (self.env.info().last_page_number as u64).saturating_sub(used_pages);
        for page in 0..free_pages.max(used_pages) {
            self.filler.put(&mut txn, &page.to_be_bytes(), &zeroes)?;
        }
        lmdb::commit(&self.env, txn)?;
        let mut txn = self.env.write_txn()?;
        self.filler.clear(&mut txn)?;
        lmdb::commit(&self.env, txn)
    }
}

impl Vault for LmdbVault {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, VaultFault> {
        assert_key(key);
        let failed = |error| fault("read the vault", &error);
        let txn = self.env.read_txn().map_err(failed)?;
        Ok(self.rows.get(&txn, key).map_err(failed)?.map(<[u8]>::to_vec))
    }

    fn write(&self, ops: &[VaultOp]) -> Result<(), VaultFault> {
        if files::free_bytes(&self.path).is_ok_and(|free| free < FREE_BYTES_MIN) {
            return Err(VaultFault::Full);
        }
        self.try_write(ops).map_err(|error| fault("write the vault", &error))
    }

    fn scan_prefix(&self, prefix: &[u8], on_row: &mut OnRow<'_>) -> Result<(), VaultFault> {
        let failed = |error| fault("scan the vault", &error);
        let txn = self.env.read_txn().map_err(failed)?;
        let mut feed = |rows: &mut dyn Iterator<Item = Result<(&[u8], &[u8]), heed::Error>>| {
            for row in rows {
                let (key, value) = row.map_err(failed)?;
                if let ControlFlow::Break(()) = on_row(key, value) {
                    break;
                }
            }
            Ok(())
        };
        if prefix.is_empty() {
            feed(&mut self.rows.iter(&txn).map_err(failed)?)
        } else {
            feed(&mut self.rows.prefix_iter(&txn, prefix).map_err(failed)?)
        }
    }

    fn scrub(&self) -> Result<(), VaultFault> {
        let _alone = self.scrubbing.lock().unwrap_or_else(PoisonError::into_inner);
        self.try_scrub().map_err(|error| fault("scrub the vault", &error))
    }
}

impl fmt::Debug for LmdbVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LmdbVault").field("path", &self.path).finish_non_exhaustive()
    }
}

fn fault(step: &'static str, error: &heed::Error) -> VaultFault {
    if lmdb::is_full(error) { VaultFault::Full } else { VaultFault::Backend { step, what: error.to_string() } }
}
