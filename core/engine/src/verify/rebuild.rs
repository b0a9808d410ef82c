//! The second thread: index and tree built anew from the log, then compared with what is served and with what was signed.

use std::fs::{self, File};
use std::io;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use zhixin_events::person::PersonEvent;
use zhixin_events::{Commit, Event, PersonId, Position, Timestamp};
use zhixin_store::rows::{RowKind, RowView as _, open_rows};
use zhixin_store::segments::Body;
use zhixin_store::table::{Table, TableView};

use super::commits::{damaged, name_of};
use super::{Area, Check, Divergence, OnProgress, Outcome, Parts, Step, VerifyFault, rows};
use crate::appender::log_chain;
use crate::derived::{Derived, DerivedFault, DerivedView};
use crate::handle::EngineHandle;
use crate::merkle::{TileError, TreeHash, tiles};
use crate::vault_keys::KeyFault;

/// Unflushed rows that are written out. Unit: bytes.
const FLUSH_BYTES: usize = 64 << 20;

/// The rows that are served.
pub(super) enum Stored {
    /// There are none to compare, for this reason.
    None(String),
    /// They will not open.
    Unopenable(String),
    /// These.
    Table(Arc<Table>),
    /// Those of the log of reads of an open engine.
    Reads(EngineHandle),
}

/// A tree that was signed.
pub(super) struct Signed {
    /// Who says so.
    pub(super) source: &'static str,
    /// Its size and root, or why it cannot be read.
    pub(super) tree: Result<(u64, TreeHash), String>,
}

/// What the second thread gives.
pub(super) struct Rebuilt {
    pub(super) checks: Vec<Check>,
    /// Root over all events, when they could all be read.
    pub(super) root: Option<TreeHash>,
}

/// Builds anew and compares.
pub(super) fn check(parts: &Parts, end: u64, on_progress: OnProgress<'_>) -> Result<Rebuilt, VerifyFault> {
    let scratch = Scratch::open(parts, end)?;
    let mut build = Build::new(parts, &scratch, end, on_progress)?;
    let [tree, rows] = compare(parts, &mut build)?;
    build.advance(end)?;
    let whole = build.stopped.is_none();
    let covered = build.derived.reached();
    let check = |step, covered, outcome| Check { area: parts.area, step, covered, outcome };
    let ordinals = build.stopped.clone().unwrap_or(Outcome::Passed);
    let mut checks = vec![check(Step::Ordinals, covered, ordinals), tree, rows];
    let view = DerivedView::of(&build.table)?;
    if parts.area == Area::Log {
        let (covered, outcome) = signed(parts, &view, whole)?;
        checks.push(check(Step::Signed, covered, outcome));
    }
    let root = if whole { Some(tiles::root_at(&view.tree(), end).map_err(tree_fault)?) } else { None };
    Ok(Rebuilt { checks, root })
}

/// Rows under construction.
struct Build<'a> {
    parts: &'a Parts,
    table: Arc<Table>,
    derived: Derived,
    /// Why it cannot go on.
    stopped: Option<Outcome>,
    generation: Vec<zhixin_store::rows::Row>,
    end: u64,
    on_progress: OnProgress<'a>,
}

impl<'a> Build<'a> {
    fn new(parts: &'a Parts, scratch: &Scratch, end: u64, on_progress: OnProgress<'a>) -> Result<Self, VerifyFault> {
        let kind = if scratch.lock.is_some() { RowKind::Lmdb } else { RowKind::Memory };
        let table = Arc::new(Table::new(open_rows(kind, &scratch.path)?)?);
        let log_id = parts.key.log_id();
        let derived = Derived::new(Arc::clone(&table), Arc::clone(&parts.keys), parts.identities.clone(), log_id).map_err(scratch_fault)?;
        Ok(Self { parts, table, derived, stopped: None, generation: parts.keys.vault().collect_prefix(b"m/")?, end, on_progress })
    }

    /// Follows the log to a position, or notes why that cannot be.
    fn advance(&mut self, to: u64) -> Result<(), VerifyFault> {
        if self.stopped.is_some() || self.derived.reached() >= to {
            return Ok(());
        }
        let mut flushed = Ok(());
        let (area, end, on_progress) = (self.parts.area, self.end, self.on_progress);
        let caught_up = self.derived.catch_up(self.parts.reader.as_ref(), &mut |derived| {
            if derived.table().unflushed_bytes() > FLUSH_BYTES {
                flushed = derived.table().flush();
            }
            on_progress(area, Step::Ordinals, derived.reached().min(end), end);
            if flushed.is_err() || derived.reached() >= to { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        flushed?;
        let reached = self.derived.reached();
        self.stopped = match caught_up {
            Ok(()) if reached < to => Some(Outcome::Skipped(format!("the log ends at position {reached}"))),
            Ok(()) => None,
            Err(fault) => Some(self.stop(fault, reached)?),
        };
        Ok(())
    }

    fn stop(&self, fault: DerivedFault, reached: u64) -> Result<Outcome, VerifyFault> {
        let differs = |what: &str, position: u64, place: String, expected: String, found: String| {
            Ok(Outcome::Differs(Divergence { what: what.to_owned(), position: Some(position), place, expected, found }))
        };
        match fault {
            DerivedFault::Ordinal { position, subject, named, expected } => {
                let place = format!("event {position} of {subject}");
                differs("the ordinals of a subject are not dense", position, place, format!("number {expected}"), format!("number {named}"))
            }
            DerivedFault::Feed(fault) => damaged(fault, reached),
            // The check of the commits says what is wrong with it.
            DerivedFault::Decode { position, source } => {
                Ok(Outcome::Skipped(format!("the commit at position {position} does not decode: {}", log_chain(&source))))
            }
            DerivedFault::Keys(KeyFault::DoesNotOpen | KeyFault::Forgotten) => {
                if self.parts.keys.vault().collect_prefix(b"m/")? != self.generation {
                    return Err(VerifyFault::KeysMoved);
                }
                let place = format!("the batch at position {reached}");
                let expected = "fields that open under their holder's key".to_owned();
                differs("sealed fields do not open", reached, place, expected, "fields that do not".to_owned())
            }
            DerivedFault::AnotherHistory { position } => {
                let place = format!("the batch at position {position}");
                differs("positions are not dense", position, place, format!("position {position}"), "a later one".to_owned())
            }
            fault @ (DerivedFault::Rows(_) | DerivedFault::Tree(_) | DerivedFault::Keys(_)) => Err(scratch_fault(fault)),
        }
    }
}

/// The served rows at one moment.
struct StoredView {
    /// For the tree; reaches as far as `rows` or less.
    derived: DerivedView,
    /// All rows, where they can be told apart.
    rows: Option<TableView>,
}

impl Stored {
    fn view(&self) -> Result<Option<StoredView>, VerifyFault> {
        Ok(match self {
            Self::None(_) | Self::Unopenable(_) => None,
            Self::Table(table) => Some(StoredView { derived: DerivedView::of(table)?, rows: Some(table.view()?) }),
            Self::Reads(handle) => Some(StoredView { derived: handle.read_log().view()?, rows: None }),
        })
    }
}

impl StoredView {
    fn reached(&self) -> u64 {
        self.rows.as_ref().map_or_else(|| self.derived.reached(), |rows| rows.checkpoint().position)
    }
}

/// Compares stored rows with fresh ones at the position that the stored ones have reached.
fn compare(parts: &Parts, build: &mut Build<'_>) -> Result<[Check; 2], VerifyFault> {
    let both =
        |outcome: Outcome| [Step::Tree, Step::Rows].map(|step| Check { area: parts.area, step, covered: 0, outcome: outcome.clone() });
    let skipped = match &parts.stored {
        Stored::Unopenable(found) => {
            let [tree, rows] = both(Outcome::Skipped("the rows will not open".to_owned()));
            let outcome = differs(parts, "derived rows will not open", "rows, or no folder at all", found.clone());
            return Ok([tree, Check { outcome, ..rows }]);
        }
        Stored::None(reason) => reason.clone(),
        Stored::Table(_) | Stored::Reads(_) => String::new(),
    };
    // Twice: an open view keeps a running engine from reusing pages, so it is held for the last stretch only.
    let Some(reached) = parts.stored.view()?.map(|view| view.reached()) else { return Ok(both(Outcome::Skipped(skipped))) };
    build.advance(reached.min(build.end))?;
    let Some(stored) = parts.stored.view()? else { return Ok(both(Outcome::Skipped(skipped))) };
    let reached = stored.reached();
    if let Some(last) = reached.checked_sub(1) {
        let end = parts.reader.wait_beyond(last, Duration::ZERO);
        if end < reached {
            let [tree, rows] = both(Outcome::Skipped("the log ends before the rows".to_owned()));
            let found = format!("the log ends at position {end}");
            let outcome = differs(parts, "the log has lost events", &format!("{reached} events, which the rows reflect"), found);
            return Ok([tree, Check { outcome, ..rows }]);
        }
    }
    build.advance(reached)?;
    if build.stopped.is_some() {
        return Ok(both(Outcome::Skipped(format!("the rows reflect {reached} events, but not so many can be read"))));
    }
    if build.derived.reached() != reached {
        let found = format!("position {reached}, within a batch");
        return Ok(both(differs(parts, "derived rows belong to another history", "the end of a batch", found)));
    }
    let (covered, outcome) = compare_trees(parts, &stored.derived, build)?;
    let tree = Check { area: parts.area, step: Step::Tree, covered, outcome };
    let (covered, outcome) = compare_rows(parts, &stored, build)?;
    Ok([tree, Check { area: parts.area, step: Step::Rows, covered, outcome }])
}

fn differs(parts: &Parts, what: &str, expected: &str, found: String) -> Outcome {
    let place = format!("the derived rows of {}", name_of(parts.area));
    Outcome::Differs(Divergence { what: what.to_owned(), position: None, place, expected: expected.to_owned(), found })
}

/// Hashes the stored tree again from its own leaves, and compares its root with the fresh one.
fn compare_trees(parts: &Parts, stored: &DerivedView, build: &Build<'_>) -> Result<(u64, Outcome), VerifyFault> {
    let size = stored.reached();
    let tree = match tiles::check_rows(&stored.tree(), size) {
        Ok(tree) => tree,
        Err(fault @ (TileError::HashDiffers { .. } | TileError::MissingHashes { .. })) => {
            return Ok((0, differs(parts, "the stored tree is broken", "each hash over those below it", fault.to_string())));
        }
        Err(fault) => return Err(tree_fault(fault)),
    };
    let fresh = tiles::root_at(&DerivedView::of(&build.table)?.tree(), size).map_err(tree_fault)?;
    let outcome = if tree.root() == fresh {
        Outcome::Passed
    } else {
        differs(parts, "the stored tree is not the log's", &format!("root {fresh} at size {size}"), format!("root {}", tree.root()))
    };
    Ok((size, outcome))
}

fn compare_rows(parts: &Parts, stored: &StoredView, build: &Build<'_>) -> Result<(u64, Outcome), VerifyFault> {
    let fresh = build.table.view()?;
    let Some(rows) = &stored.rows else {
        let same = stored.derived.digest()? == DerivedView::of(&build.table)?.digest()?;
        let outcome = if same {
            Outcome::Passed
        } else {
            differs(parts, "derived rows are not what the log gives", "their digest", "another".to_owned())
        };
        return Ok((stored.reached(), outcome));
    };
    let (area, on_progress) = (parts.area, build.on_progress);
    let compared = rows::compare(rows, &fresh, &mut |count| on_progress(area, Step::Rows, count, count))?;
    if let Some(divergence) = compared.divergence {
        return Ok((compared.same, Outcome::Differs(divergence)));
    }
    if rows.checkpoint().chain != fresh.checkpoint().chain {
        return Ok((
            compared.same,
            differs(parts, "derived rows belong to another history", "the log's chain", "another chain".to_owned()),
        ));
    }
    let erased = erased_since(parts, rows.checkpoint().position)?;
    let kept = compared.forgotten.into_iter().find(|person| !erased.contains(person));
    let outcome = kept.map_or(Outcome::Passed, |person| {
        differs(parts, "an identity row outlived its key", "no identity row", format!("one of {person}"))
    });
    Ok((compared.same, outcome))
}

/// Persons whose erasure was decided after a position: their keys may be gone before the rows show it.
fn erased_since(parts: &Parts, position: u64) -> Result<Vec<PersonId>, VerifyFault> {
    let mut erased = Vec::new();
    parts.reader.wait_beyond(position, Duration::ZERO);
    let read = parts.reader.read(position, &mut |batch| {
        let body = Body::parse(batch.body);
        for frame in body.iter().flat_map(Body::frames) {
            let Ok(commit) = Commit::decode(frame.bytes, Timestamp(batch.base_ms)) else { continue };
            for recorded in commit.recorded(Position(frame.first_position)).flatten() {
                if let Event::Person(PersonEvent::PersonErased(event)) = &recorded.event {
                    erased.push(event.person);
                }
            }
        }
        ControlFlow::Continue(())
    });
    // A log that is damaged there is named by the check of its records.
    read.map_or_else(|fault| damaged(fault, position).map(|_| Vec::new()), |()| Ok(erased))
}

/// The trees that were signed must be prefixes of this one; `whole` says that nothing stopped the building of it.
fn signed(parts: &Parts, view: &DerivedView, whole: bool) -> Result<(u64, Outcome), VerifyFault> {
    let mut covered = 0;
    let reached = view.reached();
    for signed in &parts.signed {
        let differs = |what: &str, expected: String, found: String| {
            Outcome::Differs(Divergence { what: what.to_owned(), position: None, place: signed.source.to_owned(), expected, found })
        };
        let (size, root) = match &signed.tree {
            Ok(tree) => *tree,
            Err(found) => {
                return Ok((covered, differs("a checkpoint was not signed by this log", "its signature".to_owned(), found.clone())));
            }
        };
        if size > reached && !whole {
            return Ok((covered, Outcome::Skipped(format!("{size} events were signed, but only {reached} can be followed"))));
        }
        if size > reached {
            let found = format!("a log of {reached}");
            return Ok((covered, differs("the log has lost events that were signed", format!("{size} events"), found)));
        }
        let found = tiles::root_at(&view.tree(), size).map_err(tree_fault)?;
        if found != root {
            return Ok((
                covered,
                differs("the log is not the one that was signed", format!("root {root} at size {size}"), format!("root {found}")),
            ));
        }
        covered = covered.max(size);
    }
    Ok((covered, if parts.signed.is_empty() { Outcome::Skipped("nothing was signed yet".to_owned()) } else { Outcome::Passed }))
}

fn tree_fault(fault: TileError) -> VerifyFault {
    scratch_fault(DerivedFault::Tree(fault))
}

fn scratch_fault(fault: DerivedFault) -> VerifyFault {
    VerifyFault::Build(Box::new(fault))
}

/// A folder of our own to build in; gone afterwards.
struct Scratch {
    path: PathBuf,
    lock: Option<File>,
}

impl Scratch {
    fn open(parts: &Parts, end: u64) -> Result<Self, VerifyFault> {
        let path = parts.scratch.join(format!("verify-{}", name_of(parts.area)));
        if end <= parts.memory_events_max {
            return Ok(Self { path, lock: None });
        }
        let io = |step, path: &PathBuf| {
            let path = path.clone();
            move |source| VerifyFault::Io { step, path, source }
        };
        fs::create_dir_all(&parts.scratch).map_err(io("make", &parts.scratch))?;
        let lock_path = path.with_extension("lock");
        let lock = File::options().create(true).truncate(false).write(true).open(&lock_path).map_err(io("open", &lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(VerifyFault::Busy { path: parts.scratch.clone() }),
            Err(fs::TryLockError::Error(source)) => return Err(io("lock", &lock_path)(source)),
        }
        // What a killed one left behind.
        match fs::remove_dir_all(&path) {
            Err(fault) if fault.kind() != io::ErrorKind::NotFound => return Err(io("empty", &path)(fault)),
            Ok(()) | Err(_) => {}
        }
        fs::create_dir_all(&path).map_err(io("make", &path))?;
        Ok(Self { path, lock: Some(lock) })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.lock.is_some()
            && let Err(fault) = fs::remove_dir_all(&self.path)
        {
            tracing::warn!(fault = %fault, "the rows that verify had built could not be removed; the next one removes them");
        }
    }
}
