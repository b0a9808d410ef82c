//! Rows in LMDB: one environment, the rows in one database, checkpoint and load marker in another.

use std::fmt;
use std::ops::{Bound, ControlFlow};
use std::path::{Path, PathBuf};

use heed::{PutFlags, RoTxn, RwTxn, WithoutTls};

use super::{Checkpoint, Direction, OnRow, Row, RowBatch, RowFault, RowGet, RowStore, RowView, assert_key, is_empty_range};
use crate::lmdb::{self, Environment, OpenFault, Rows};

const CHECKPOINT: &[u8] = b"checkpoint";
/// Present from the first transaction of a bulk load to its last. Rows beside it count for nothing.
const LOADING: &[u8] = b"loading";

/// How an LMDB row store is opened.
#[derive(Clone, Debug)]
pub struct LmdbOptions {
    /// Address space for the map; sparse, so it costs neither memory nor disk. Four times the file's size is taken if that is more.
    ///
    /// Unit: bytes. Why not grown while open: that would end every open view; reopening grows it.
    pub map_bytes: usize,
    /// Bulk loads commit each time that many bytes of rows are in.
    pub load_txn_bytes: usize,
}

impl Default for LmdbOptions {
    fn default() -> Self {
        Self { map_bytes: 256 << 30, load_txn_bytes: 64 << 20 }
    }
}

/// A row store in LMDB.
pub struct LmdbRows {
    env: Environment,
    rows: Rows,
    meta: Rows,
    path: PathBuf,
    load_txn_bytes: usize,
}

impl LmdbRows {
    /// Opens or makes the store in the folder `path`. What is there stays: another process may be loading it.
    pub fn open(path: &Path, options: &LmdbOptions) -> Result<Self, RowFault> {
        let (env, [rows, meta]) = lmdb::open(path, options.map_bytes, ["rows", "meta"]).map_err(|fault| match fault {
            OpenFault::AlreadyOpen => RowFault::AlreadyOpen { path: path.to_owned() },
            OpenFault::Unopenable(what) => RowFault::Unopenable { path: path.to_owned(), what },
        })?;
        Ok(Self { env, rows, meta, path: path.to_owned(), load_txn_bytes: options.load_txn_bytes })
    }

    /// A transaction of a writer, which has the store to itself: what a load left half done goes with it.
    fn write_txn(&self) -> Result<RwTxn<'_>, heed::Error> {
        let mut txn = self.env.write_txn()?;
        if self.meta.get(&txn, LOADING)?.is_some() {
            self.rows.clear(&mut txn)?;
            self.meta.clear(&mut txn)?;
        }
        Ok(txn)
    }

    /// The next transaction of a load, if its mark still stands: without, somebody has emptied the store meanwhile, and a load that went
    /// on would end as a whole one that lacks rows.
    fn load_txn(&self) -> Result<RwTxn<'_>, RowFault> {
        let failed = |error| fault("load rows", &error);
        let txn = self.env.write_txn().map_err(failed)?;
        match self.meta.get(&txn, LOADING).map_err(failed)? {
            Some(_) => Ok(txn),
            None => Err(RowFault::Backend { step: "load rows", what: "another process has emptied the store".to_owned() }),
        }
    }

    fn try_commit(&self, batch: &RowBatch<'_>) -> Result<(), heed::Error> {
        let mut txn = self.write_txn()?;
        for (key, value) in &batch.changes {
            assert_key(key);
            match value {
                Some(value) => self.rows.put(&mut txn, key, value)?,
                None => {
                    self.rows.delete(&mut txn, key)?;
                }
            }
        }
        self.meta.put(&mut txn, CHECKPOINT, &batch.checkpoint.to_bytes())?;
        lmdb::commit(&self.env, txn)
    }

    fn load(&self, rows: &mut dyn Iterator<Item = Row>, checkpoint: Checkpoint) -> Result<(), RowFault> {
        let failed = |error| fault("load rows", &error);
        let mut last: Option<Vec<u8>> = None;
        let mut txn = self.write_txn().map_err(failed)?;
        if !self.rows.is_empty(&txn).map_err(failed)? {
            return Err(RowFault::NotEmpty);
        }
        self.meta.put(&mut txn, LOADING, b"").map_err(failed)?;
        let mut txn_bytes = 0;
        for (key, value) in rows {
            assert_key(&key);
            if last.as_ref().is_some_and(|last| *last >= key) {
                return Err(RowFault::Unsorted);
            }
            self.rows.put_with_flags(&mut txn, PutFlags::APPEND, &key, &value).map_err(failed)?;
            txn_bytes += key.len() + value.len();
            if txn_bytes >= self.load_txn_bytes {
                lmdb::commit(&self.env, txn).map_err(failed)?;
                txn = self.load_txn()?;
                txn_bytes = 0;
            }
            last = Some(key);
        }
        self.meta.delete(&mut txn, LOADING).map_err(failed)?;
        self.meta.put(&mut txn, CHECKPOINT, &checkpoint.to_bytes()).map_err(failed)?;
        lmdb::commit(&self.env, txn).map_err(failed)
    }
}

impl RowStore for LmdbRows {
    fn view(&self) -> Result<Box<dyn RowView>, RowFault> {
        let txn = self.env.clone().static_read_txn().map_err(|error| fault("open a view", &error))?;
        let meta = |key| self.meta.get(&txn, key).map_err(|error| fault("read the checkpoint", &error));
        let checkpoint = meta(CHECKPOINT)?.map_or(Ok(Checkpoint::default()), Checkpoint::from_bytes)?;
        let rows = meta(LOADING)?.is_none().then_some(self.rows);
        Ok(Box::new(LmdbView { txn, rows, checkpoint }))
    }

    fn commit(&self, batch: &RowBatch<'_>) -> Result<(), RowFault> {
        self.try_commit(batch).map_err(|error| fault("commit rows", &error))
    }

    fn append_sorted(&self, rows: &mut dyn Iterator<Item = Row>, checkpoint: Checkpoint) -> Result<(), RowFault> {
        let loaded = self.load(rows, checkpoint);
        if loaded.is_err() {
            let discarded = self.write_txn().and_then(|txn| lmdb::commit(&self.env, txn));
            discarded.map_err(|error| fault("discard a half load", &error))?;
        }
        loaded
    }

    fn is_half_loaded(&self) -> Result<bool, RowFault> {
        let failed = |error| fault("look for a load", &error);
        let txn = self.env.read_txn().map_err(failed)?;
        Ok(self.meta.get(&txn, LOADING).map_err(failed)?.is_some())
    }

    fn size_on_disk(&self) -> Result<u64, RowFault> {
        self.env.real_disk_size().map_err(|error| fault("read the size of rows", &error))
    }
}

impl fmt::Debug for LmdbRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LmdbRows").field("path", &self.path).finish_non_exhaustive()
    }
}

fn fault(step: &'static str, error: &heed::Error) -> RowFault {
    if lmdb::is_full(error) { RowFault::Full } else { RowFault::Backend { step, what: error.to_string() } }
}

struct LmdbView {
    txn: RoTxn<'static, WithoutTls>,
    /// None while they are being loaded.
    rows: Option<Rows>,
    checkpoint: Checkpoint,
}

impl RowGet for LmdbView {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, RowFault> {
        assert_key(key);
        let Some(rows) = self.rows else { return Ok(None) };
        let value = rows.get(&self.txn, key).map_err(|error| fault("read a row", &error))?;
        Ok(value.map(<[u8]>::to_vec))
    }
}

impl RowView for LmdbView {
    fn scan(&self, start: Bound<&[u8]>, end: Bound<&[u8]>, direction: Direction, on_row: &mut OnRow<'_>) -> Result<(), RowFault> {
        let Some(rows) = self.rows.filter(|_| !is_empty_range(start, end)) else { return Ok(()) };
        let failed = |error| fault("scan rows", &error);
        let range = (start, end);
        let mut feed = |rows: &mut dyn Iterator<Item = Result<(&[u8], &[u8]), heed::Error>>| {
            for row in rows {
                let (key, value) = row.map_err(failed)?;
                if let ControlFlow::Break(()) = on_row(key, value) {
                    break;
                }
            }
            Ok(())
        };
        match direction {
            Direction::Ascending => feed(&mut rows.range(&self.txn, &range).map_err(failed)?),
            Direction::Descending => feed(&mut rows.rev_range(&self.txn, &range).map_err(failed)?),
        }
    }

    fn checkpoint(&self) -> Checkpoint {
        self.checkpoint
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_ends_when_its_mark_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let store = LmdbRows::open(dir.path(), &LmdbOptions { map_bytes: 1 << 20, load_txn_bytes: 1 }).unwrap();
        let mut txn = store.write_txn().unwrap();
        store.meta.put(&mut txn, LOADING, b"").unwrap();
        lmdb::commit(&store.env, txn).unwrap();
        drop(store.load_txn().unwrap());
        lmdb::commit(&store.env, store.write_txn().unwrap()).unwrap();
        assert!(matches!(store.load_txn(), Err(RowFault::Backend { .. })));
    }
}
