//! Derived state of the engine: subject index, Merkle tree, command ids, identity look-up, document events. One table, one thread.
//!
//! All of it follows the log and can be deleted at any time. Rows, by their first byte:
//! `S` posting list of the positions of a subject (ordinals are its indexes) · `T` tree rows · `C` command ids by period ·
//! `E` erased persons, with whether their keys are destroyed ·
//! `I` identity numbers (keyed hash → person) and `J` the way back, for erasure · `D` positions of document events.
//! Invariant: rows depend on the log alone, and on the keys that still exist; never on batches, restarts or time.

pub mod bulk;
pub(crate) mod opening;

use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use zhixin_events::document::DocumentEvent;
use zhixin_events::leaf::LeafWriter;
use zhixin_events::person::PersonEvent;
use zhixin_events::{CommandId, Commit, Event, PersonId, Position, Recorded, Subject, Timestamp};
use zhixin_store::feed::{Batch, Feed};
use zhixin_store::postings::PositionList;
use zhixin_store::rows::{Checkpoint, Direction, RowFault, RowGet, RowView as _};
use zhixin_store::segments::Body;
use zhixin_store::table::{Table, TableView};

use crate::appender::log_chain;
use crate::identity::IdentityKeys;
use crate::log::LogId;
use crate::merkle::{self, StoreFault, TileSource, TileStore, TreeBuilder, leaf_hash};
use crate::sealing;
use crate::vault_keys::{KeyFault, KeyRing};

const SUBJECTS: u8 = b'S';
const TREE: u8 = b'T';
const COMMANDS: u8 = b'C';
const IDENTITIES: u8 = b'I';
const PERSONS: u8 = b'J';
const DOCUMENTS: u8 = b'D';
const ERASURES: u8 = b'E';

/// Events that are published together while a catch-up goes on.
const PUBLISH_EVENTS: u64 = 512;
/// The same while the end of the log is farther away than this: nobody waits for what is so old.
const PUBLISH_EVENTS_FAR: u64 = 65_536;
/// Events of a batch from which on a second thread hashes the leaves.
const TWO_THREADS_EVENTS: u64 = 512;
/// Commits whose leaves one thread hashes before it looks for more.
const HASHED_AT_ONCE: usize = 64;

/// Days that a period of command ids spans, and for which an id is remembered at least.
pub const COMMAND_DAYS: i32 = 35;

/// What can go wrong while following the log.
#[derive(Debug, thiserror::Error)]
pub enum DerivedFault {
    /// The rows cannot be read or written; rebuild them.
    #[error(transparent)]
    Rows(#[from] RowFault),
    /// The log cannot be read.
    #[error(transparent)]
    Feed(#[from] zhixin_store::feed::FeedFault),
    /// A commit does not decode.
    #[error("the commit at position {position}")]
    Decode {
        /// Its first position.
        position: u64,
        /// What is wrong.
        source: zhixin_events::codec::DecodeFault,
    },
    /// The tree's rows are not as they should be; rebuild them.
    #[error(transparent)]
    Tree(#[from] merkle::TileError),
    /// The vault cannot be read.
    #[error(transparent)]
    Keys(#[from] KeyFault),
    /// An event names an ordinal that does not follow.
    #[error("event {position} is number {named} of {subject}, but {expected} comes next")]
    Ordinal {
        /// The event.
        position: u64,
        /// The subject.
        subject: Subject,
        /// What the event says.
        named: u32,
        /// What would follow.
        expected: u64,
    },
    /// The rows belong to another history than the log.
    #[error("derived rows at position {position} do not belong to this log")]
    AnotherHistory {
        /// Where they stand.
        position: u64,
    },
    /// The tree in the rows is not that of the log.
    #[error("the tree of {size} events in the derived rows is not the one that was signed or that the log gives")]
    AnotherTree {
        /// Its size.
        size: u64,
    },
}

/// A commit that was found by its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RememberedCommand {
    /// Its first event.
    pub position: Position,
    /// Fingerprint of the body.
    pub fingerprint: [u8; 8],
}

/// Follows the log with the engine's derived rows. One writer.
#[derive(Debug)]
pub struct Derived {
    table: Arc<Table>,
    tree: TreeBuilder,
    keys: Arc<KeyRing>,
    identities: IdentityKeys,
    log_id: LogId,
    /// The period of command ids that the last commit lay in.
    period: Option<u16>,
    /// How far the rows reach; what is published lies behind by less than `PUBLISH_EVENTS` while a catch-up is under way.
    applied: Checkpoint,
    /// Whether sealed fields that do not open stop it; otherwise they are counted and passed over.
    strict: bool,
    /// Leaves that are applied and not yet in the tree's rows.
    hashes: Vec<merkle::TreeHash>,
}

impl Derived {
    /// Continues from the rows of a table.
    ///
    /// # Errors
    /// The tree's rows are damaged.
    pub fn new(table: Arc<Table>, keys: Arc<KeyRing>, identities: IdentityKeys, log_id: LogId) -> Result<Self, DerivedFault> {
        let applied = table.checkpoint();
        let tree = merkle::tiles::open_tree(&TreeRows(&table), applied.position)?;
        Ok(Self { table, tree, keys, identities, log_id, period: None, applied, strict: false, hashes: Vec::new() })
    }

    /// Stops at sealed fields that do not open: for checking.
    pub(crate) const fn be_strict(&mut self) {
        self.strict = true;
    }

    /// The table.
    pub fn table(&self) -> &Arc<Table> {
        &self.table
    }

    /// The next position that is not applied yet. All of it is published when [`Derived::catch_up`] returns.
    pub fn reached(&self) -> u64 {
        self.applied.position
    }

    /// The next position that views do not show yet.
    pub fn published(&self) -> u64 {
        self.table.checkpoint().position
    }

    /// Size and root of the tree, of all that is published.
    pub fn tree(&self) -> &TreeBuilder {
        &self.tree
    }

    /// Follows the log to its present end; `after` is called after each batch and may stop it.
    ///
    /// Batches are published together, `PUBLISH_EVENTS` at a time, all of them before this returns. Why: publishing shares every row, and
    /// the next change of a shared row copies it and the way to it.
    ///
    /// # Errors
    /// The first that went wrong; nothing from there on is published then.
    pub fn catch_up(&mut self, feed: &dyn Feed, after: &mut dyn FnMut(&Self) -> ControlFlow<()>) -> Result<(), DerivedFault> {
        let mut fault = None;
        let read = feed.read(self.reached(), &mut |batch| {
            let applied = self.apply(batch).and_then(|()| {
                let far = feed.end().saturating_sub(self.reached()) > PUBLISH_EVENTS_FAR;
                let due = self.reached() - self.published() >= if far { PUBLISH_EVENTS_FAR } else { PUBLISH_EVENTS };
                if due { self.publish() } else { Ok(()) }
            });
            match applied {
                Ok(()) => after(self),
                Err(broken) => {
                    fault = Some(broken);
                    ControlFlow::Break(())
                }
            }
        });
        match fault {
            Some(fault) => return Err(fault),
            None => self.publish()?,
        }
        Ok(read?)
    }

    /// Shows what is applied.
    fn publish(&mut self) -> Result<(), DerivedFault> {
        if self.reached() > self.published() {
            merkle::append_leaves(&mut TreeRows(&self.table), &mut self.tree, self.hashes.drain(..))?;
            self.table.advance(self.applied);
        }
        Ok(())
    }

    /// Applies one batch; one that is reflected already changes nothing.
    fn apply(&mut self, batch: &Batch<'_>) -> Result<(), DerivedFault> {
        let reached = self.reached();
        if batch.next_position <= reached {
            return Ok(());
        }
        if batch.first_position != reached {
            return Err(DerivedFault::AnotherHistory { position: reached });
        }
        let hashes = leaves_beside(batch, &mut |first, commit| self.apply_commit(commit, first))?;
        self.hashes.extend(hashes);
        self.applied = Checkpoint { position: batch.next_position, chain: batch.chain_after };
        Ok(())
    }

    fn apply_commit(&mut self, commit: &Commit, first: Position) -> Result<(), DerivedFault> {
        for recorded in commit.recorded(first) {
            let recorded = recorded.map_err(|source| DerivedFault::Decode { position: first.0, source })?;
            for (subject, ordinal) in &recorded.record.subjects {
                let index = PositionList::new(SUBJECTS, subject.as_bytes()).append(&self.table, recorded.position.0)?;
                let expected = index + 1;
                if u64::from(*ordinal) != expected {
                    return Err(DerivedFault::Ordinal { position: recorded.position.0, subject: *subject, named: *ordinal, expected });
                }
            }
            self.apply_special(&recorded)?;
        }
        let period = period_of(commit.recorded_at);
        if self.period != Some(period) {
            self.forget_commands_before(period.saturating_sub(1))?;
            self.period = Some(period);
        }
        let row = command_row(period, &commit.command_id);
        self.table.put(&row, command_value(commit, first));
        Ok(())
    }

    /// Drops the ids of whole periods that nobody asks for any more. Depends on the log alone: it happens with the first commit of a period.
    fn forget_commands_before(&self, period: u16) -> Result<(), DerivedFault> {
        let mut old = Vec::new();
        let end = [[COMMANDS].as_slice(), &period.to_be_bytes()].concat();
        self.table.writer_view()?.scan(Bound::Included(&[COMMANDS]), Bound::Excluded(&end), Direction::Ascending, &mut |key, _| {
            old.push(key.to_vec());
            ControlFlow::Continue(())
        })?;
        for key in &old {
            self.table.delete(key);
        }
        Ok(())
    }

    /// The sealed fields of an event. One damaged key must not keep everybody else from being served, so what does not open is as good as
    /// absent; `verify` does not pass it over.
    fn open(&self, recorded: &Recorded<'_>) -> Result<Vec<sealing::OpenedField>, KeyFault> {
        match sealing::open_fields(&self.keys, self.log_id, recorded.commit, recorded.index, recorded.record) {
            Err(fault @ (KeyFault::DoesNotOpen | KeyFault::GroupKeyLost { .. })) if !self.strict => {
                self.keys.count_unopened();
                let position = recorded.position.0;
                tracing::error!(fault = %log_chain(&fault), position, runbook = "vault", "sealed fields do not open; their person is not found by number");
                Ok(Vec::new())
            }
            outcome => outcome,
        }
    }

    /// Rows of the few events that the engine itself must know.
    fn apply_special(&self, recorded: &Recorded<'_>) -> Result<(), DerivedFault> {
        match &recorded.event {
            Event::Document(DocumentEvent::RulePackPublished(_) | DocumentEvent::HolidayCalendarPublished(_)) => {
                self.table.put(&[[DOCUMENTS].as_slice(), &recorded.position.0.to_be_bytes()].concat(), Vec::new());
            }
            Event::Person(PersonEvent::PersonRegistered(event)) => {
                let opened = self.open(recorded)?;
                if let Some(number) = opened.iter().find(|field| field.field == "document_number") {
                    let hash = self.identities.hash(event.document_kind, number.value.expose());
                    self.table.put(&identity_row(&hash), event.person.to_bytes().to_vec());
                    self.table.put(&person_row(event.person), hash.to_vec());
                }
            }
            Event::Person(PersonEvent::PersonErased(event)) => {
                self.table.put(&erasure_row(event.person), vec![0]);
                let back = person_row(event.person);
                if let Some(hash) = self.table.get(&back)? {
                    self.table.delete(&[[IDENTITIES].as_slice(), &hash].concat());
                    self.table.delete(&back);
                }
            }
            Event::Person(PersonEvent::ErasureCompleted(event)) => self.table.put(&erasure_row(event.person), vec![1]),
            Event::Person(PersonEvent::PersonNameCorrected(_))
            | Event::Plan(_)
            | Event::Class(_)
            | Event::Hours(_)
            | Event::Directory(_)
            | Event::Certificate(_)
            | Event::Access(_) => {}
        }
        Ok(())
    }
}

/// Gives every commit of a batch to `index`, in order, and the hashes of their leaves back. The leaves of a long batch are hashed by another
/// thread meanwhile, and by this one when it is done: that takes longer than all the rest.
pub(crate) fn leaves_beside(
    batch: &Batch<'_>,
    index: &mut dyn FnMut(Position, &Commit) -> Result<(), DerivedFault>,
) -> Result<Vec<merkle::TreeHash>, DerivedFault> {
    let malformed =
        DerivedFault::Decode { position: batch.first_position, source: zhixin_events::codec::DecodeFault::Unknown { what: "a frame" } };
    let body = Body::parse(batch.body).ok_or(malformed)?;
    let commits = body.frames().map(|frame| {
        let decode = |source| DerivedFault::Decode { position: frame.first_position, source };
        Ok((Position(frame.first_position), Commit::decode(frame.bytes, Timestamp(batch.base_ms)).map_err(decode)?))
    });
    let commits = commits.collect::<Result<Vec<_>, DerivedFault>>()?;
    let mut index = || commits.iter().try_for_each(|(first, commit)| index(*first, commit));
    if batch.next_position - batch.first_position < TWO_THREADS_EVENTS {
        index()?;
        return leaf_hashes(&commits);
    }
    let (next, done) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    let hash = || {
        loop {
            let block = next.fetch_add(1, Ordering::Relaxed);
            let Some(commits) = commits.chunks(HASHED_AT_ONCE).nth(block) else { return };
            let hashes = leaf_hashes(commits);
            done.lock().unwrap_or_else(PoisonError::into_inner).insert(block, hashes);
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(hash);
        index()?;
        hash();
        Ok::<_, DerivedFault>(())
    })?;
    let blocks = done.into_inner().unwrap_or_else(PoisonError::into_inner).into_values();
    Ok(blocks.collect::<Result<Vec<_>, _>>()?.concat())
}

/// Hashes of the leaves of some commits.
fn leaf_hashes(commits: &[(Position, Commit)]) -> Result<Vec<merkle::TreeHash>, DerivedFault> {
    let (mut hashes, mut writer) = (Vec::with_capacity(commits.len() * 2), LeafWriter::default());
    for (first, commit) in commits {
        for (index, record) in (0_u16..).zip(&commit.events) {
            let position = first.plus(u64::from(index));
            let text = writer.leaf(commit, index, record, position);
            hashes.push(leaf_hash(text.map_err(|source| DerivedFault::Decode { position: position.0, source })?.as_bytes()));
        }
    }
    Ok(hashes)
}

/// The period of command ids that an instant lies in.
fn period_of(at: Timestamp) -> u16 {
    u16::try_from(at.civil_date().0.div_euclid(COMMAND_DAYS)).unwrap_or_default()
}

fn command_row(period: u16, id: &CommandId) -> Vec<u8> {
    [[COMMANDS].as_slice(), &period.to_be_bytes(), &id.0].concat()
}

fn command_value(commit: &Commit, first: Position) -> Vec<u8> {
    [commit.fingerprint.as_slice(), &first.0.to_be_bytes(), &commit.recorded_at.0.to_be_bytes()].concat()
}

fn identity_row(hash: &[u8; 16]) -> Vec<u8> {
    [[IDENTITIES].as_slice(), hash].concat()
}

fn person_row(person: PersonId) -> Vec<u8> {
    [[PERSONS].as_slice(), &person.to_bytes()].concat()
}

fn erasure_row(person: PersonId) -> Vec<u8> {
    [[ERASURES].as_slice(), &person.to_bytes()].concat()
}

/// The tree's rows in the table.
struct TreeRows<'a, R: ?Sized>(&'a R);

fn tree_row(key: &[u8]) -> Vec<u8> {
    [[TREE].as_slice(), key].concat()
}

impl TileSource for TreeRows<'_, Arc<Table>> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreFault> {
        self.0.get(&tree_row(key)).map_err(StoreFault::from)
    }
}

impl TileStore for TreeRows<'_, Arc<Table>> {
    fn put(&mut self, key: &[u8], value: Vec<u8>) -> Result<(), StoreFault> {
        self.0.put(&tree_row(key), value);
        Ok(())
    }
}

impl TileSource for TreeRows<'_, TableView> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreFault> {
        self.0.get(&tree_row(key)).map_err(StoreFault::from)
    }
}

/// A consistent view of the engine's derived rows.
#[derive(Debug)]
pub struct DerivedView(TableView);

impl DerivedView {
    /// A view of what is applied now.
    ///
    /// # Errors
    /// The rows cannot be read.
    pub fn of(table: &Table) -> Result<Self, RowFault> {
        Ok(Self(table.view()?))
    }

    /// All rows.
    pub(crate) fn rows(&self) -> &TableView {
        &self.0
    }

    /// The next position that the view does not reflect.
    pub fn reached(&self) -> u64 {
        zhixin_store::rows::RowView::checkpoint(&self.0).position
    }

    /// How many events a subject has among those before a position.
    ///
    /// # Errors
    /// The rows cannot be read.
    pub fn count(&self, subject: &Subject, before: u64) -> Result<u64, RowFault> {
        match before.checked_sub(1) {
            Some(last) => PositionList::new(SUBJECTS, subject.as_bytes()).count_at(&self.0, last),
            None => Ok(0),
        }
    }

    /// Positions of a subject's events with these ordinals, from 0.
    ///
    /// # Errors
    /// The rows cannot be read.
    pub fn positions(&self, subject: &Subject, ordinals: std::ops::Range<u64>) -> Result<Vec<u64>, RowFault> {
        PositionList::new(SUBJECTS, subject.as_bytes()).positions(&self.0, ordinals)
    }

    /// The commit of a command id, if it was recorded within [`COMMAND_DAYS`] of now.
    ///
    /// # Errors
    /// The rows cannot be read.
    pub fn command(&self, id: &CommandId, now: Timestamp) -> Result<Option<RememberedCommand>, RowFault> {
        let period = period_of(now);
        for period in [Some(period), period.checked_sub(1)].into_iter().flatten() {
            let Some(row) = self.0.get(&command_row(period, id))? else { continue };
            let (Some(fingerprint), Some(position), Some(at)) = (row.first_chunk(), row.get(8..16), row.get(16..24)) else {
                return Err(RowFault::Corrupt { what: "a remembered command of a wrong length" });
            };
            let at = Timestamp(i64::from_be_bytes(at.try_into().unwrap_or_default()));
            if now.civil_date().days_since(at.civil_date()) <= COMMAND_DAYS {
                let position = Position(u64::from_be_bytes(position.try_into().unwrap_or_default()));
                return Ok(Some(RememberedCommand { position, fingerprint: *fingerprint }));
            }
        }
        Ok(None)
    }

    /// Every command id that is remembered.
    ///
    /// # Errors
    /// The rows cannot be read.
    pub(crate) fn commands(&self, on_id: &mut dyn FnMut(CommandId) -> ControlFlow<()>) -> Result<(), RowFault> {
        self.0.scan_prefix(&[COMMANDS], Direction::Ascending, &mut |key, _| match key.last_chunk() {
            Some(id) => on_id(CommandId(*id)),
            None => ControlFlow::Continue(()),
        })
    }

    /// The person that an identity number belongs to.
    ///
    /// # Errors
    /// The rows cannot be read.
    pub fn person(&self, hash: &[u8; 16]) -> Result<Option<PersonId>, RowFault> {
        let row = self.0.get(&identity_row(hash))?;
        Ok(row.and_then(|id| id.as_slice().try_into().ok()).map(PersonId::from_bytes))
    }

    /// Every erased person, and whether the record says that their keys are destroyed.
    ///
    /// # Errors
    /// The rows cannot be read.
    pub fn erasures(&self) -> Result<Vec<(PersonId, bool)>, RowFault> {
        let mut found = Vec::new();
        self.0.scan_prefix(&[ERASURES], Direction::Ascending, &mut |key, value| {
            let person = key.get(1..).and_then(|id| id.try_into().ok()).map(PersonId::from_bytes);
            found.extend(person.map(|person| (person, value == [1])));
            ControlFlow::Continue(())
        })?;
        Ok(found)
    }

    /// Whether a person is erased.
    ///
    /// # Errors
    /// The rows cannot be read.
    pub fn is_erased(&self, person: PersonId) -> Result<bool, RowFault> {
        Ok(self.0.get(&erasure_row(person))?.is_some())
    }

    /// Positions of all document events, oldest first.
    ///
    /// # Errors
    /// The rows cannot be read.
    pub fn documents(&self) -> Result<Vec<u64>, RowFault> {
        let mut found = Vec::new();
        self.0.scan_prefix(&[DOCUMENTS], Direction::Ascending, &mut |key, _| {
            found.extend(key.get(1..).and_then(|position| position.try_into().ok()).map(u64::from_be_bytes));
            ControlFlow::Continue(())
        })?;
        Ok(found)
    }

    /// The tree's hashes.
    pub fn tree(&self) -> impl TileSource + '_ {
        TreeRows(&self.0)
    }

    /// SHA-256 over all rows: two builds from one log are identical exactly if these are.
    ///
    /// # Errors
    /// The rows cannot be read.
    pub fn digest(&self) -> Result<[u8; 32], RowFault> {
        zhixin_store::table::digest(&self.0)
    }
}
