//! The stored rows of all models as they lie there, held against the log: for a folder that no process serves.
//!
//! Invariant: nothing is changed but a folder in `tmp/`, gone at the end. So rows that a start would throw away and build anew, which then
//! would be right, are told as what they are.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zhixin_store::feed::Feed;
use zhixin_store::rows::{RowFault, RowKind, RowStore, RowView as _, open_rows};
use zhixin_store::table::{Table, TableView};

use crate::bulk::{self, Empty};
use crate::compare::{Difference, compare};
use crate::model::ModelName;
use crate::pointer::Pointer;
use crate::replay;
use crate::runner::{FOLLOWED_MAX, ProjectionFault, at, reflects, remove};

/// The stored rows of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoredRows {
    /// There are none; the next start makes them.
    Absent,
    /// A start is making them, or was stopped while it did.
    BeingMade,
    /// Somebody has them open.
    InUse,
    /// They will not open, for this reason.
    Unopenable(String),
    /// They end at a position where this log has another history, or none.
    Foreign {
        /// That position.
        position: u64,
    },
    /// What the log gives up to where they end differs from them so, if at all.
    Compared(Difference),
}

impl StoredRows {
    /// Whether something is wrong with them. That they end before the log does is not: the next start goes on with them.
    pub fn are_wrong(&self) -> bool {
        match self {
            Self::Absent | Self::BeingMade | Self::InUse => false,
            Self::Unopenable(_) | Self::Foreign { .. } => true,
            Self::Compared(difference) => !difference.is_empty(),
        }
    }
}

/// Looks at the rows in `dir/rows`.
///
/// # Errors
/// A folder, the log or what is built for comparison failed, or another process is at the same.
pub fn stored_rows(dir: &Path, kind: RowKind, feed: &dyn Feed) -> Result<Vec<(ModelName, StoredRows)>, ProjectionFault> {
    let rows = dir.join("rows");
    if !rows.exists() {
        return Ok(ModelName::ALL.map(|model| (model, StoredRows::Absent)).to_vec());
    }
    let pointer = at("read of the pointer", &rows, Pointer::load(&rows, kind))?;
    let mut found = BTreeMap::new();
    // Models that end at one position are built together.
    let mut sound: BTreeMap<u64, Vec<(ModelName, TableView)>> = BTreeMap::new();
    for (model, folders) in &pointer.folders {
        match look(kind, &pointer.path(&folders.live), feed)? {
            Ok(view) => sound.entry(view.checkpoint().position).or_default().push((*model, view)),
            Err(rows) => drop(found.insert(*model, rows)),
        }
    }
    for (position, stored) in sound {
        let models: Vec<_> = stored.iter().map(|(model, _)| *model).collect();
        let scratch = Scratch::open(&dir.join("tmp"))?;
        let fresh = build(&models, kind, feed, position, &scratch.path)?;
        for ((model, view), fresh) in stored.iter().zip(&fresh) {
            found.insert(*model, StoredRows::Compared(compare(view, fresh)?));
        }
    }
    Ok(found.into_iter().collect())
}

/// The rows in a folder, or what is to be said of them at once.
fn look(kind: RowKind, path: &Path, feed: &dyn Feed) -> Result<Result<TableView, StoredRows>, ProjectionFault> {
    // Opening makes what is missing.
    if !path.exists() {
        return Ok(Err(StoredRows::Absent));
    }
    let opened = open_rows(kind, path).and_then(|store| Ok((store.is_half_loaded()?, Table::new(store)?.view()?)));
    let view = match opened {
        Ok((false, view)) => view,
        Ok((true, _)) => return Ok(Err(StoredRows::BeingMade)),
        Err(RowFault::AlreadyOpen { .. }) => return Ok(Err(StoredRows::InUse)),
        Err(RowFault::Unopenable { what, .. }) => return Ok(Err(StoredRows::Unopenable(what))),
        Err(RowFault::Corrupt { what }) => return Ok(Err(StoredRows::Unopenable(what.to_owned()))),
        Err(fault) => return Err(fault.into()),
    };
    let reflected = view.checkpoint();
    Ok(if reflects(reflected, feed)? { Ok(view) } else { Err(StoredRows::Foreign { position: reflected.position }) })
}

/// The same rows from the log alone.
fn build(models: &[ModelName], kind: RowKind, feed: &dyn Feed, position: u64, scratch: &Path) -> Result<Vec<TableView>, ProjectionFault> {
    if position <= FOLLOWED_MAX {
        return models.iter().map(|model| Ok(replay::build(*model, feed, position)?)).collect();
    }
    let empty = |model: &ModelName| {
        let folder = scratch.join(model.name());
        open_rows(kind, &folder).map(|store| Empty { model: *model, folder, store })
    };
    let built = models.iter().map(empty).collect::<Result<Vec<_>, _>>()?;
    bulk::build(&built, feed, position, &mut |_| ControlFlow::Continue(()))?;
    built.into_iter().map(|Empty { store, .. }| Ok(Table::new(store as Arc<dyn RowStore>)?.view()?)).collect()
}

/// A folder to build in.
struct Scratch {
    path: PathBuf,
    _lock: File,
}

impl Scratch {
    fn open(tmp: &Path) -> Result<Self, ProjectionFault> {
        at("making of a folder", tmp, fs::create_dir_all(tmp))?;
        let (path, lock) = (tmp.join("verify-rows"), tmp.join("verify-rows.lock"));
        let file = at("opening of a lock", &lock, File::options().create(true).truncate(false).write(true).open(&lock))?;
        let locked = file.try_lock().map_err(|fault| match fault {
            TryLockError::WouldBlock => io::Error::new(io::ErrorKind::WouldBlock, "another verify is at work"),
            TryLockError::Error(fault) => fault,
        });
        at("locking", &lock, locked)?;
        // What a killed one left behind.
        at("removal of rows", &path, remove(&path))?;
        Ok(Self { path, _lock: file })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(fault) = remove(&self.path) {
            tracing::warn!(fault = %fault, "rows that were built for comparison could not be removed; the next comparison removes them");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use zhixin_store::rows::RowBatch;

    use super::*;
    use crate::properties::history::{MemoryFeed, Told};
    use crate::properties::{WAIT, a_year};
    use crate::runner::Projections;

    /// A folder whose rows reflect that history, closed.
    fn folder(told: &[Told]) -> (tempfile::TempDir, Arc<MemoryFeed>) {
        let dir = tempfile::tempdir().unwrap();
        let feed = Arc::new(MemoryFeed::new(told, &[3, 5]));
        let projections = Projections::open(dir.path(), RowKind::Lmdb, feed.clone()).unwrap();
        assert!(projections.wait_for(feed.end(), WAIT));
        projections.stop().unwrap();
        (dir, feed)
    }

    fn found(dir: &Path, feed: &MemoryFeed) -> BTreeMap<ModelName, StoredRows> {
        stored_rows(dir, RowKind::Lmdb, feed).unwrap().into_iter().collect()
    }

    fn path(dir: &Path, model: ModelName) -> PathBuf {
        dir.join(format!("rows/{model}@{}", model.version()))
    }

    /// Damage is told and stays: a start would have built the rows anew, and then called them right.
    #[test]
    fn rows_are_judged_as_they_lie_there() {
        let told = a_year();
        let (dir, feed) = folder(&told);
        let all = found(dir.path(), &feed);
        assert_eq!(all.len(), ModelName::ALL.len());
        assert!(all.values().all(|rows| matches!(rows, StoredRows::Compared(same) if same.is_empty() && same.same > 0)), "{all:?}");

        let garbled = path(dir.path(), ModelName::Quota).join("data.mdb");
        fs::write(&garbled, [0x5a; 9_000]).unwrap();
        fs::remove_dir_all(path(dir.path(), ModelName::Classes)).unwrap();
        let store = open_rows(RowKind::Lmdb, &path(dir.path(), ModelName::Trainers)).unwrap();
        let checkpoint = store.view().unwrap().checkpoint();
        store.commit(&RowBatch { changes: vec![(b"~", Some(b"never told"))], checkpoint }).unwrap();
        drop(store);
        for _ in 0..2 {
            let all = found(dir.path(), &feed);
            assert!(matches!(all[&ModelName::Quota], StoredRows::Unopenable(_)), "{all:?}");
            assert_eq!(all[&ModelName::Classes], StoredRows::Absent);
            assert!(matches!(&all[&ModelName::Trainers], StoredRows::Compared(wrong) if wrong.only_live == 1), "{all:?}");
            let wrong: Vec<_> = all.iter().filter(|(_, rows)| rows.are_wrong()).map(|(model, _)| *model).collect();
            assert_eq!(wrong.len(), 2, "{all:?}");
        }
        assert_eq!(fs::read(&garbled).unwrap(), [0x5a; 9_000]);
        assert!(!path(dir.path(), ModelName::Classes).exists() && !dir.path().join("tmp/verify-rows").exists());
    }

    #[test]
    fn rows_of_a_longer_log_are_foreign_and_those_of_a_shorter_one_are_behind() {
        let told = a_year();
        let (dir, _) = folder(&told);
        let shorter = MemoryFeed::new(&told[..told.len() / 2], &[3, 5]);
        assert!(found(dir.path(), &shorter).values().all(|rows| matches!(rows, StoredRows::Foreign { .. })));
        let (dir, shorter) = folder(&told[..8]);
        let longer = MemoryFeed::new(&told, &[3, 5]);
        let end = shorter.end();
        assert!(
            found(dir.path(), &longer)
                .values()
                .all(|rows| matches!(rows, StoredRows::Compared(same) if same.position == end && same.is_empty()))
        );
    }
}
