//! Opening derived rows: they go on where they fit the log, and are made anew where they do not.
//!
//! Invariants: nothing that is wrong with the rows alone keeps an engine from opening, since the log makes them again; rows that are given out
//! follow the log to its end; their tree has the roots that were signed, and where signing may go on, behind these the leaves of the log itself.

use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zhixin_store::rows::{RowFault, RowKind, RowStore, open_rows};
use zhixin_store::table::Table;

use super::bulk::{self, BuildInputs};
use super::{Derived, DerivedFault, DerivedView, leaves_beside};
use crate::appender::log_chain;
use crate::fault::OpenFault;
use crate::log::LogReader;
use crate::merkle::tiles;
use crate::publisher::LastSigned;

/// Events from which on rows are sorted and loaded rather than put one by one, if there are none yet.
const BULK_EVENTS_MIN: u64 = 100_000;
/// Rows in memory at which a catch-up writes them out. Unit: bytes.
const FLUSH_BYTES: usize = 64 << 20;

/// A file beside rows that were found to differ from the log.
pub(crate) const WRONG_MARK: &str = "wrong";

/// A folder of derived rows, looked at but not yet held against the log.
#[derive(Debug)]
pub(crate) struct FoundRows {
    kind: RowKind,
    path: PathBuf,
    /// None: what is there does not open.
    rows: Option<Arc<dyn RowStore>>,
}

impl FoundRows {
    /// Opens the rows of a folder, but throws nothing away: the log's lock may not be held yet.
    pub(crate) fn look(kind: RowKind, path: &Path) -> Result<Self, OpenFault> {
        fs::create_dir_all(path).map_err(|source| OpenFault::Io { step: "make", path: path.to_owned(), source })?;
        let rows = match open_rows(kind, path) {
            Ok(_) if path.join(WRONG_MARK).exists() => {
                tracing::warn!(runbook = "derived", "derived rows were found to differ from the log; they are made anew");
                None
            }
            Ok(rows) => Some(rows),
            Err(fault @ RowFault::Unopenable { .. }) => {
                tracing::warn!(fault = %log_chain(&fault), "derived rows will not open; they are made anew");
                None
            }
            Err(fault) => return Err(fault.into()),
        };
        Ok(Self { kind, path: path.to_owned(), rows })
    }

    /// The position that they reflect; 0 if it cannot be read.
    pub(crate) fn reflect(&self) -> u64 {
        self.rows.as_ref().and_then(|rows| rows.view().ok()).map_or(0, |view| view.checkpoint().position)
    }

    /// The rows, or empty ones. The log's lock is held.
    pub(crate) fn or_empty(self) -> Result<Arc<dyn RowStore>, OpenFault> {
        self.rows.map_or_else(|| make_anew(self.kind, &self.path), Ok)
    }

    /// The rows at the end of their log, made anew if they do not fit it; then `dependent`, a folder of rows that rest on them, goes too.
    pub(crate) fn follow(self, log: &FollowedLog, dependent: Option<&Path>) -> Result<Derived, OpenFault> {
        if let Some(rows) = self.rows {
            match log.derive(rows).and_then(|derived| log.check(derived)) {
                Ok(derived) => return Ok(derived),
                Err(fault) if is_of_rows(&fault) => {
                    tracing::warn!(fault = %log_chain(&fault), runbook = "derived", "derived rows do not fit the log; they are made anew");
                }
                Err(fault) => return Err(fault.into()),
            }
        }
        if let Some(path) = dependent {
            remove(path)?;
        }
        // Whatever is still wrong then is wrong with the log, and said where the log is held against what was signed.
        Ok(log.derive(make_anew(self.kind, &self.path)?)?.0)
    }
}

/// A log, and what rows that follow it are made with and held against.
pub(crate) struct FollowedLog {
    pub(crate) reader: Arc<dyn LogReader>,
    pub(crate) inputs: BuildInputs,
    /// Trees of it that were signed.
    pub(crate) signed: Vec<LastSigned>,
    /// Whether more will be signed.
    pub(crate) signs: bool,
}

impl FollowedLog {
    /// Rows at the end of the log, and how far those reached that were there before.
    fn derive(&self, rows: Arc<dyn RowStore>) -> Result<(Derived, u64), DerivedFault> {
        let reader = self.reader.as_ref();
        let stored = rows.view()?.checkpoint().position;
        if stored == 0 && reader.end() >= BULK_EVENTS_MIN {
            bulk::build(rows.as_ref(), reader, &self.inputs, &mut |_| ControlFlow::Continue(()))?;
        }
        let table = Arc::new(Table::new(rows)?);
        if !self.holds(&table)? {
            return Err(DerivedFault::AnotherHistory { position: stored });
        }
        let BuildInputs { keys, identities, log_id, .. } = &self.inputs;
        let mut derived = Derived::new(table, Arc::clone(keys), identities.clone(), *log_id)?;
        let mut flushed = Ok(());
        derived.catch_up(reader, &mut |derived| {
            if derived.table().unflushed_bytes() >= FLUSH_BYTES {
                flushed = derived.table().flush();
            }
            if flushed.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        flushed?;
        Ok((derived, stored))
    }

    /// Whether rows reflect a prefix of this very log: its chain at their checkpoint is theirs.
    fn holds(&self, table: &Table) -> Result<bool, DerivedFault> {
        let reflected = table.checkpoint();
        let Some(last) = reflected.position.checked_sub(1) else { return Ok(true) };
        if reflected.position > self.reader.end() {
            return Ok(false);
        }
        let mut chain = None;
        self.reader.read(last, &mut |batch| {
            chain = (batch.next_position == reflected.position).then_some(batch.chain_after);
            ControlFlow::Break(())
        })?;
        Ok(chain == Some(reflected.chain))
    }

    /// Holds the tree of stored rows against what was signed, and against the log's leaves from there on.
    ///
    /// Why from there: a wrong hash below would have given another root; one behind it would be signed.
    fn check(&self, (derived, stored): (Derived, u64)) -> Result<Derived, DerivedFault> {
        let view = DerivedView::of(derived.table())?;
        let mut checked = 0;
        for signed in self.signed.iter().filter(|signed| signed.size <= view.reached()) {
            if tiles::root_at(&view.tree(), signed.size)? != signed.root {
                return Err(DerivedFault::AnotherTree { size: signed.size });
            }
            checked = checked.max(signed.size);
        }
        if !self.signs || checked >= stored {
            return Ok(derived);
        }
        let mut tree = tiles::open_tree(&view.tree(), checked)?;
        let (mut completed, mut outcome) = (Vec::new(), Ok(()));
        self.reader.read(checked, &mut |batch| {
            outcome = leaves_beside(batch, &mut |_, _| Ok(())).and_then(|hashes| {
                let known = usize::try_from(tree.size() - batch.first_position).unwrap_or(usize::MAX);
                for hash in hashes.into_iter().skip(known) {
                    tree.append(hash, &mut completed).map_err(tiles::TileError::from)?;
                }
                completed.clear();
                Ok(())
            });
            if outcome.is_ok() && tree.size() < stored { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        outcome?;
        if tiles::root_at(&view.tree(), tree.size())? == tree.root() {
            Ok(derived)
        } else {
            Err(DerivedFault::AnotherTree { size: stored })
        }
    }
}

/// Whether rows made anew could be without the fault.
fn is_of_rows(fault: &DerivedFault) -> bool {
    match fault {
        DerivedFault::Rows(RowFault::Full | RowFault::Io { .. } | RowFault::AlreadyOpen { .. })
        | DerivedFault::Feed(_)
        | DerivedFault::Decode { .. }
        | DerivedFault::Keys(_) => false,
        DerivedFault::Rows(
            RowFault::Unopenable { .. }
            | RowFault::Corrupt { .. }
            | RowFault::ViewExpired
            | RowFault::NotEmpty
            | RowFault::Unsorted
            | RowFault::Backend { .. },
        )
        | DerivedFault::Tree(_)
        | DerivedFault::Ordinal { .. }
        | DerivedFault::AnotherHistory { .. }
        | DerivedFault::AnotherTree { .. } => true,
    }
}

fn make_anew(kind: RowKind, path: &Path) -> Result<Arc<dyn RowStore>, OpenFault> {
    remove(path)?;
    fs::create_dir_all(path).map_err(|source| OpenFault::Io { step: "make", path: path.to_owned(), source })?;
    Ok(open_rows(kind, path)?)
}

fn remove(path: &Path) -> Result<(), OpenFault> {
    match fs::remove_dir_all(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(OpenFault::Io { step: "remove", path: path.to_owned(), source }),
        Ok(()) | Err(_) => Ok(()),
    }
}
