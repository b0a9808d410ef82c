//! The second thread: index and tree built anew from the log, then compared with what is served and with what was signed.

use std::fs::{self, File};
use std::io;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use zhixin_events::person::PersonEvent;
use zhixin_events::{Commit, Event, PersonId, Position, Timestamp};
use zhixin_store::rows::{Checkpoint, Row, RowView as _};
use zhixin_store::segments::Body;
use zhixin_store::table::Table;

use super::commits::{damaged, name_of};
use super::{Area, Check, Divergence, OnProgress, Outcome, Parts, Step, VerifyFault, rows};
use crate::appender::log_chain;
use crate::derived::bulk::{self, BuildInputs, Rows, SUBJECT_BYTES};
use crate::derived::{DerivedFault, DerivedView};
use crate::handle::EngineHandle;
use crate::merkle::{TileError, TreeHash, tiles};
use crate::vault_keys::KeyFault;

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
    let stored = find_stored(parts, &mut build)?;
    let complete = build.rows.complete().map_err(scratch_fault)?;
    build.advance(end)?;
    let signed = (parts.area == Area::Log || !parts.signed.is_empty()).then(|| signed(parts, &build));
    let (root, complete_root) = (build.rows.root_at(end), build.rows.root_at(complete.position));
    let Build { rows, stopped, mut reached, generation, .. } = build;
    let mut fresh = rows.rows().map_err(scratch_fault)?;
    let mut compared = match &stored {
        Ok(stored) => compare(parts, &Compare { stored, complete, root: complete_root }, &mut fresh, on_progress)?,
        Err(checks) => checks.clone(),
    };
    // Whatever was not compared has ordinals too.
    while fresh.next().map_err(scratch_fault)?.is_some() {}
    let mut ordinals = stopped.unwrap_or(Outcome::Passed);
    if let Some((position, fault)) = fresh.into_out_of_order() {
        ordinals = stop(parts, &generation, fault, position)?;
        reached = position;
        if stored.is_ok() && position < complete.position {
            compared = both(parts, &Outcome::Skipped(unreadable(complete.position)));
        }
    }
    let check = |step, covered, outcome| Check { area: parts.area, step, covered, outcome };
    let mut checks = vec![check(Step::Ordinals, reached, ordinals)];
    checks.extend(compared);
    checks.extend(signed.map(|(covered, outcome)| check(Step::Signed, covered, outcome)));
    Ok(Rebuilt { checks, root })
}

/// Rows under construction.
struct Build<'a> {
    parts: &'a Parts,
    rows: bulk::Build,
    reached: u64,
    /// Why it cannot go on.
    stopped: Option<Outcome>,
    /// Of the master key, when this began.
    generation: Vec<Row>,
    end: u64,
    on_progress: OnProgress<'a>,
}

impl<'a> Build<'a> {
    fn new(parts: &'a Parts, scratch: &Scratch, end: u64, on_progress: OnProgress<'a>) -> Result<Self, VerifyFault> {
        let inputs = BuildInputs {
            keys: Arc::clone(&parts.keys),
            identities: parts.identities.clone(),
            log_id: parts.key.log_id(),
            scratch: scratch.path.clone(),
        };
        let (dir, subject_bytes) = if scratch.lock.is_some() { (Some(scratch.path.as_path()), SUBJECT_BYTES) } else { (None, usize::MAX) };
        let mut rows = bulk::Build::new(dir, &inputs, subject_bytes).map_err(scratch_fault)?;
        rows.be_strict();
        let signed = parts.signed.iter().filter_map(|signed| signed.tree.as_ref().ok());
        rows.keep_roots(signed.map(|(size, _)| *size).chain([end]));
        Ok(Self { parts, rows, reached: 0, stopped: None, generation: parts.keys.vault().collect_prefix(b"m/")?, end, on_progress })
    }

    /// Follows the log to a position, or notes why that cannot be.
    fn advance(&mut self, to: u64) -> Result<(), VerifyFault> {
        if self.stopped.is_some() || self.reached >= to {
            return Ok(());
        }
        let Self { parts, rows, reached, end, on_progress, .. } = self;
        let mut taken = Ok(());
        let read = parts.reader.read(*reached, &mut |batch| {
            taken = rows.take(batch);
            *reached = rows.reached();
            on_progress(parts.area, Step::Ordinals, (*reached).min(*end), *end);
            if taken.is_err() || *reached >= to { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        self.stopped = match taken.and(read.map_err(DerivedFault::from)) {
            Ok(()) if *reached < to => Some(Outcome::Skipped(format!("the log ends at position {reached}"))),
            Ok(()) => None,
            Err(fault) => Some(stop(parts, &self.generation, fault, *reached)?),
        };
        Ok(())
    }
}

/// What it means that rows cannot be built on.
fn stop(parts: &Parts, generation: &[Row], fault: DerivedFault, reached: u64) -> Result<Outcome, VerifyFault> {
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
        DerivedFault::Keys(KeyFault::DoesNotOpen | KeyFault::GroupKeyLost { .. } | KeyFault::Forgotten) => {
            if parts.keys.vault().collect_prefix(b"m/")? != generation {
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
        fault @ (DerivedFault::Rows(_) | DerivedFault::Tree(_) | DerivedFault::Keys(_) | DerivedFault::AnotherTree { .. }) => {
            Err(scratch_fault(fault))
        }
    }
}

impl Stored {
    /// The served rows at one moment.
    fn view(&self) -> Result<Option<DerivedView>, VerifyFault> {
        Ok(match self {
            Self::None(_) | Self::Unopenable(_) => None,
            Self::Table(table) => Some(DerivedView::of(table)?),
            Self::Reads(handle) => Some(handle.read_log().view()?),
        })
    }
}

/// The stored rows, with new ones built up to where they end; or how the comparisons end without.
fn find_stored(parts: &Parts, build: &mut Build<'_>) -> Result<Result<DerivedView, [Check; 2]>, VerifyFault> {
    let both = |outcome| both(parts, &outcome);
    let skipped = match &parts.stored {
        Stored::Unopenable(found) => {
            let [tree, rows] = both(Outcome::Skipped("the rows will not open".to_owned()));
            let outcome = differs(parts, "derived rows will not open", "rows, or no folder at all", found.clone());
            return Ok(Err([tree, Check { outcome, ..rows }]));
        }
        Stored::None(reason) => reason.clone(),
        Stored::Table(_) | Stored::Reads(_) => String::new(),
    };
    // Twice: an open view keeps a running engine from reusing pages, so it is held for the last stretch only.
    let Some(reached) = parts.stored.view()?.map(|view| view.reached()) else { return Ok(Err(both(Outcome::Skipped(skipped)))) };
    build.advance(reached.min(build.end))?;
    let Some(stored) = parts.stored.view()? else { return Ok(Err(both(Outcome::Skipped(skipped)))) };
    let reached = stored.reached();
    if let Some(last) = reached.checked_sub(1) {
        let end = parts.reader.wait_beyond(last, Duration::ZERO);
        if end < reached {
            let [tree, rows] = both(Outcome::Skipped("the log ends before the rows".to_owned()));
            let found = format!("the log ends at position {end}");
            let outcome = differs(parts, "the log has lost events", &format!("{reached} events, which the rows reflect"), found);
            return Ok(Err([tree, Check { outcome, ..rows }]));
        }
    }
    build.advance(reached)?;
    if build.stopped.is_some() {
        return Ok(Err(both(Outcome::Skipped(unreadable(reached)))));
    }
    if build.reached != reached {
        let found = format!("position {reached}, within a batch");
        return Ok(Err(both(differs(parts, "derived rows belong to another history", "the end of a batch", found))));
    }
    Ok(Ok(stored))
}

fn unreadable(reached: u64) -> String {
    format!("the rows reflect {reached} events, but not so many can be read")
}

fn both(parts: &Parts, outcome: &Outcome) -> [Check; 2] {
    [Step::Tree, Step::Rows].map(|step| Check { area: parts.area, step, covered: 0, outcome: outcome.clone() })
}

/// What is compared.
struct Compare<'a> {
    stored: &'a DerivedView,
    /// Where the new rows end, and the root of the tree there.
    complete: Checkpoint,
    root: Option<TreeHash>,
}

/// Compares stored rows with those that the log gives.
fn compare(parts: &Parts, with: &Compare<'_>, fresh: &mut Rows, on_progress: OnProgress<'_>) -> Result<[Check; 2], VerifyFault> {
    let area = parts.area;
    let compared = rows::compare(with.stored.rows(), fresh, &mut |count| on_progress(area, Step::Rows, count, count))?;
    // Rows that are the same are those of the same tree.
    let (size, tree) = match &compared.divergence {
        None => (with.stored.reached(), Outcome::Passed),
        Some(_) => compare_trees(parts, with)?,
    };
    let (same, rows) = (compared.same, judge_rows(parts, with, compared)?);
    Ok([Check { area, step: Step::Tree, covered: size, outcome: tree }, Check { area, step: Step::Rows, covered: same, outcome: rows }])
}

fn differs(parts: &Parts, what: &str, expected: &str, found: String) -> Outcome {
    let place = format!("the derived rows of {}", name_of(parts.area));
    Outcome::Differs(Divergence { what: what.to_owned(), position: None, place, expected: expected.to_owned(), found })
}

/// Hashes the stored tree again from its own leaves, and compares its root with the fresh one.
fn compare_trees(parts: &Parts, with: &Compare<'_>) -> Result<(u64, Outcome), VerifyFault> {
    let size = with.stored.reached();
    let tree = match tiles::check_rows(&with.stored.tree(), size) {
        Ok(tree) => tree,
        Err(fault @ (TileError::HashDiffers { .. } | TileError::MissingHashes { .. })) => {
            return Ok((0, differs(parts, "the stored tree is broken", "each hash over those below it", fault.to_string())));
        }
        Err(fault) => return Err(scratch_fault(DerivedFault::Tree(fault))),
    };
    let outcome = match with.root {
        Some(fresh) if fresh != tree.root() => {
            differs(parts, "the stored tree is not the log's", &format!("root {fresh} at size {size}"), format!("root {}", tree.root()))
        }
        Some(_) | None => Outcome::Passed,
    };
    Ok((size, outcome))
}

fn judge_rows(parts: &Parts, with: &Compare<'_>, compared: rows::Compared) -> Result<Outcome, VerifyFault> {
    if let Some(divergence) = compared.divergence {
        return Ok(Outcome::Differs(divergence));
    }
    if with.stored.rows().checkpoint().chain != with.complete.chain {
        return Ok(differs(parts, "derived rows belong to another history", "the log's chain", "another chain".to_owned()));
    }
    let erased = erased_since(parts, with.complete.position)?;
    let kept = compared.forgotten.into_iter().find(|person| !erased.contains(person));
    Ok(kept.map_or(Outcome::Passed, |person| {
        differs(parts, "an identity row outlived its key", "no identity row", format!("one of {person}"))
    }))
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

/// The trees that were signed must be prefixes of this one.
fn signed(parts: &Parts, build: &Build<'_>) -> (u64, Outcome) {
    let mut covered = 0;
    for signed in &parts.signed {
        let differs = |what: &str, expected: String, found: String| {
            Outcome::Differs(Divergence { what: what.to_owned(), position: None, place: signed.source.to_owned(), expected, found })
        };
        let (size, root) = match &signed.tree {
            Ok(tree) => *tree,
            Err(found) => {
                return (covered, differs("a checkpoint was not signed by this log", "its signature".to_owned(), found.clone()));
            }
        };
        let found = match build.rows.root_at(size) {
            Some(found) => found,
            None if build.stopped.is_some() => {
                return (covered, Outcome::Skipped(format!("{size} events were signed, but only {} can be followed", build.reached)));
            }
            None => {
                let found = format!("a log of {}", build.reached);
                return (covered, differs("the log has lost events that were signed", format!("{size} events"), found));
            }
        };
        if found != root {
            let expected = format!("root {root} at size {size}");
            return (covered, differs("the log is not the one that was signed", expected, format!("root {found}")));
        }
        covered = covered.max(size);
    }
    (covered, if parts.signed.is_empty() { Outcome::Skipped("nothing was signed yet".to_owned()) } else { Outcome::Passed })
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
