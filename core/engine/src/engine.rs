//! The engine: opening a data folder, its threads, and the handle that everybody else works with.
//!
//! Data folder: `log/` segment files · `vault/` keys, credentials, last signed checkpoint · `reads/` the log of reads · `derived/`,
//! `snapshots/`, `reads-derived/` deletable rows · `blobs/` attachments · `rows/` read models (not the engine's) ·
//! `tmp/` what is being built · `maintenance/` when acts were last done · `unsigned` marks a restored folder. Outside it: the master key file and
//! the checkpoint file.
//! Threads: `decide`, `append`, `follow` (index, tree, checkpoints), `flush`, `recompute` (the tree, after the start), `seen` (known command ids,
//! after the start); `answer` beside the appender, and `segments` of each log, which makes the next segment.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use zhixin_events::access::AccountOpened;
use zhixin_events::commit::{Commit, EventRecord};
use zhixin_events::{AccountId, CommandId, Event, Role, Subject, Timestamp, registry};
use zhixin_store::files;
use zhixin_store::rows::RowKind;
use zhixin_store::segments::{BodyBuilder, OpenReport, SegmentOptions, TornTail};
use zhixin_store::table::Table;
use zhixin_store::vault::{LmdbVault, Vault};

use crate::answer::{Reply, Submission};
use crate::appender;
use crate::checkpoint_file::{CheckpointFile, Known};
use crate::clock::Clock;
use crate::decider::{Decider, Surroundings};
use crate::derived::bulk::BuildInputs;
use crate::derived::opening::{FollowedLog, FoundRows};
use crate::derived::{Derived, DerivedView};
use crate::entropy::Entropy;
use crate::fault::OpenFault;
use crate::follow::{Flusher, Follower};
use crate::handle::{EngineHandle, Shared};
use crate::history;
use crate::identity::IdentityKeys;
use crate::log::{EmbeddedLog, EventLog, LogId, LogPurpose, LogReader, Writer};
use crate::merkle::{Checkpoint, tiles};
use crate::origin::{Origin, published_outside};
use crate::pipeline::{Pipeline, StopsWithPanic};
use crate::progress::Progress;
use crate::publisher::{LastSigned, Publisher};
use crate::read_log::{self, ReadLog};
use crate::recompute::{Recomputation, Recomputer};
use crate::secrets::Secrets;
use crate::seen::{Filler, SeenCommands};
use crate::unflushed::Unflushed;
use crate::vault_keys::{KeyRing, MasterKeyFile};

/// Commands that may wait to be decided; one more is refused.
pub const QUEUE_MAX: usize = 4_096;
/// Size of a segment of the log of reads. Unit: bytes.
const READS_SEGMENT_BYTES: u64 = 8 << 20;
/// How the names of the engine's threads begin. Whoever runs an engine ends the process when one of them panics: what it kept in memory may be
/// wrong.
pub const THREAD_PREFIX: &str = "zx-";
/// Marks a data folder that was restored and has not been shown the newest published checkpoint.
pub const UNSIGNED_MARK: &str = "unsigned";

/// How an engine is opened.
#[derive(Debug)]
pub struct EngineOptions {
    /// The data folder.
    pub data: PathBuf,
    /// The master key file, outside the data folder.
    pub master_key_file: PathBuf,
    /// The checkpoint file, outside the data folder.
    pub checkpoint_file: PathBuf,
    /// Make a lost checkpoint file anew. An act of its own: without the file an old copy of the folder looks like the newest.
    pub new_checkpoint_file: bool,
    /// What the log is for.
    pub purpose: LogPurpose,
    /// Domain in the log's origin, fixed by the first start; `None`: whatever it is, `localhost` on a first start.
    pub domain: Option<String>,
    /// Name of this node in epoch records.
    pub node: String,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Which product holds derived rows.
    pub rows: RowKind,
    /// Size of a segment file. Unit: bytes.
    pub segment_bytes: u64,
    /// Least time between two checkpoints.
    pub publish_every: Duration,
    /// Memory for hot states. Unit: bytes.
    pub hot_bytes_max: usize,
    /// The event log instead of the embedded one: a cluster's, or a test's.
    pub event_log: Option<Box<dyn EventLog>>,
    /// The log of reads instead of the embedded one.
    pub read_log: Option<Box<dyn EventLog>>,
}

impl EngineOptions {
    /// The defaults of a data folder.
    pub fn new(data: &Path, master_key_file: &Path, purpose: LogPurpose, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self {
            data: data.to_owned(),
            master_key_file: master_key_file.to_owned(),
            checkpoint_file: files::beside(data, "checkpoint"),
            new_checkpoint_file: false,
            purpose,
            domain: None,
            node: "embedded".to_owned(),
            clock,
            entropy,
            rows: RowKind::Lmdb,
            segment_bytes: 64 << 20,
            publish_every: Duration::from_secs(1),
            hot_bytes_max: 256 << 20,
            event_log: None,
            read_log: None,
        }
    }
}

/// An open data folder with its threads.
#[derive(Debug)]
pub struct Engine {
    handle: EngineHandle,
    stopping: Arc<AtomicBool>,
    commands: Option<Arc<SyncSender<(Submission, Reply)>>>,
    decider: Option<JoinHandle<()>>,
    appender: Option<JoinHandle<Box<dyn EventLog>>>,
    followers: Vec<JoinHandle<()>>,
}

impl Engine {
    /// Opens a data folder, catches up what derives from the log, and starts the threads.
    ///
    /// # Errors
    /// What is wrong and where; nothing is changed then but derived rows.
    pub fn open(mut options: EngineOptions) -> Result<Self, OpenFault> {
        fs::create_dir_all(&options.data).map_err(|source| OpenFault::Io { step: "make", path: options.data.clone(), source })?;
        let vault: Arc<dyn Vault> = Arc::new(LmdbVault::open(&options.data.join("vault"))?);
        let keys = Arc::new(KeyRing::open(vault, MasterKeyFile::new(&options.master_key_file), options.entropy.fork())?);
        keys.check_file()?;
        let secrets = Secrets::read(&keys)?;
        let file = CheckpointFile::new(&options.checkpoint_file);
        let known = file.read()?;
        let origin = Origin::settled(&keys, secrets.log_key.log_id(), options.domain.as_deref())?;
        let signer = origin.signer(&keys)?.ok_or(OpenFault::Secrets)?;
        let outside = published_outside(known.as_ref(), &origin, &signer)?;
        origin.fix(&keys)?;
        let last_signed = LastSigned::read(&keys)?;
        begin_file(&file, known.as_ref(), &options, last_signed)?;

        let (log, derived) = open_log(&mut options, &secrets, &keys, last_signed, outside.as_ref())?;
        let reader = log.feed();
        let unsigned = check_signed(&options.data, &derived, last_signed, outside.as_ref())?;
        // A log that may have lost commits does not tell which keys nothing uses.
        if !unsigned {
            sweep(&keys, &reader)?;
        }
        let last_recorded = last_time(&reader)?;
        let read_log = open_read_log(&mut options, &secrets, &keys)?;
        // A file that only notes erasures decided since the restore does not know of those before it.
        let persons_withheld = unsigned && outside.is_none();

        let origins = origin.history(&keys)?;
        let publisher = Publisher::new(signer, origins, Arc::clone(&keys), (file, known.unwrap_or_default()), unsigned);
        // The file may have been lost since: what is served after a restoration rests on it.
        publisher.note_erased(DerivedView::of(derived.table())?.erasures()?.into_iter().map(|(person, _)| person))?;
        let publisher = Arc::new(publisher);
        let index = Arc::clone(derived.table());
        let snapshots = Arc::new(Table::new(FoundRows::look(options.rows, &options.data.join("snapshots"))?.or_empty()?)?);
        let pipeline = Arc::new(Pipeline::new(log.head().next_position));
        let packs = history::packs(&reader, &index, u64::MAX)?;
        let (sender, receiver) = sync_channel(QUEUE_MAX);
        let sender = Arc::new(sender);
        let shared = Shared {
            data: options.data.clone(),
            purpose: log.purpose(),
            clock: Arc::clone(&options.clock),
            entropy: options.entropy.fork(),
            log_key: secrets.log_key.clone(),
            reader,
            index: Arc::clone(&index),
            indexed: Arc::new(Progress::new(derived.reached())),
            keys: Arc::clone(&keys),
            publisher,
            read_log,
            pipeline: Arc::clone(&pipeline),
            unflushed: Arc::new(Unflushed::new(vec![Arc::clone(&index), Arc::clone(&snapshots)])),
            recomputation: Arc::new(Recomputation::new(derived.reached())),
            commands: Mutex::new(Arc::downgrade(&sender)),
            idempotency_key: secrets.idempotency_key.clone(),
            identities: IdentityKeys::new(secrets.identity_key.clone()),
            system_account: secrets.system_account,
            persons_withheld,
        };
        let handle = EngineHandle::new(shared);
        let seen = Arc::new(SeenCommands::new());
        let around = surroundings(&handle, &options, &snapshots, &pipeline, &seen);
        let decider = Decider::new(around, packs, last_recorded, options.hot_bytes_max);
        let stopping = Arc::new(AtomicBool::new(false));
        let followers = start_following(&handle, derived, snapshots, &pipeline, &stopping, &options, seen)?;
        let (decider, appender) = start_writing(decider, receiver, log, &pipeline, keys)?;
        let engine = Self { handle, stopping, commands: Some(sender), decider: Some(decider), appender: Some(appender), followers };
        engine.handle.finish_erasures()?;
        Ok(engine)
    }

    /// The handle; it may be cloned freely and outlives the engine, answering `Stopped` then.
    pub fn handle(&self) -> &EngineHandle {
        &self.handle
    }

    /// Stops taking commands, lets what was taken become durable, flushes, and ends the threads.
    pub fn close(mut self) {
        self.shut_down();
    }

    fn shut_down(&mut self) {
        drop(self.commands.take());
        for thread in [self.decider.take()].into_iter().flatten() {
            join(thread);
        }
        if let Some(appender) = self.appender.take() {
            join(appender);
        }
        self.stopping.store(true, Ordering::SeqCst);
        for thread in self.followers.drain(..) {
            join(thread);
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.shut_down();
    }
}

/// What commands are decided with.
fn surroundings(
    handle: &EngineHandle,
    options: &EngineOptions,
    snapshots: &Arc<Table>,
    pipeline: &Arc<Pipeline>,
    seen: &Arc<SeenCommands>,
) -> Surroundings {
    let shared = handle.shared();
    Surroundings {
        clock: Arc::clone(&options.clock),
        entropy: Arc::clone(&options.entropy),
        log_id: shared.log_key.log_id(),
        reader: Arc::clone(&shared.reader),
        index: Arc::clone(&shared.index),
        snapshots: Arc::clone(snapshots),
        indexed: Arc::clone(&shared.indexed),
        unflushed: Arc::clone(&shared.unflushed),
        pipeline: Arc::clone(pipeline),
        seen: Arc::clone(seen),
        keys: Arc::clone(&shared.keys),
        identities: shared.identities.clone(),
    }
}

/// Starts the threads that follow, flush, recompute and note known command ids; before that no command may be decided.
fn start_following(
    handle: &EngineHandle,
    derived: Derived,
    snapshots: Arc<Table>,
    pipeline: &Arc<Pipeline>,
    stopping: &Arc<AtomicBool>,
    options: &EngineOptions,
    seen: Arc<SeenCommands>,
) -> Result<Vec<JoinHandle<()>>, OpenFault> {
    let shared = handle.shared();
    let recomputer = Recomputer {
        reader: Arc::clone(&shared.reader),
        index: Arc::clone(&shared.index),
        rows: options.data.join("derived"),
        outcome: Arc::clone(&shared.recomputation),
        stopping: Arc::clone(stopping),
    };
    let follower = Follower {
        derived,
        reader: Arc::clone(&shared.reader),
        indexed: Arc::clone(&shared.indexed),
        publisher: Arc::clone(&shared.publisher),
        pipeline: Arc::clone(pipeline),
        stopping: Arc::clone(stopping),
        publish_every: options.publish_every,
    };
    let tables = vec![Arc::clone(&shared.index), snapshots];
    let filler = Filler { seen, view: DerivedView::of(&shared.index)?, stopping: Arc::clone(stopping) };
    let flusher = Flusher { tables, handle: handle.clone(), stopping: Arc::clone(stopping) };
    Ok(vec![
        spawn("follow", pipeline, move || follower.run())?,
        spawn("flush", pipeline, move || flusher.run())?,
        spawn("recompute", pipeline, move || recomputer.run())?,
        spawn("seen", pipeline, move || filler.run())?,
    ])
}

type Writing = (JoinHandle<()>, JoinHandle<Box<dyn EventLog>>);

/// Starts the thread that decides and the thread that appends.
fn start_writing(
    decider: Decider,
    commands: Receiver<(Submission, Reply)>,
    log: Box<dyn EventLog>,
    pipeline: &Arc<Pipeline>,
    keys: Arc<KeyRing>,
) -> Result<Writing, OpenFault> {
    let (closing, appending) = (ClosingAtEnd(Arc::clone(pipeline)), Arc::clone(pipeline));
    let deciding = spawn("decide", pipeline, move || {
        let _closing = closing;
        decider.run(&commands);
    })?;
    Ok((deciding, spawn("append", pipeline, move || appender::run(log, &appending, &keys))?))
}

/// Closes the pipeline when the deciding thread ends, also on a broken invariant: the appender must not wait for it for ever.
struct ClosingAtEnd(Arc<Pipeline>);

impl Drop for ClosingAtEnd {
    fn drop(&mut self) {
        self.0.close();
    }
}

fn join<T>(thread: JoinHandle<T>) {
    if thread.join().is_err() {
        tracing::error!(runbook = "invariant", "a thread of the engine had stopped on a broken invariant");
    }
}

/// Starts a thread without which nothing may be written.
fn spawn<T: Send + 'static>(
    name: &str,
    pipeline: &Arc<Pipeline>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, OpenFault> {
    let stops = StopsWithPanic(Arc::clone(pipeline));
    let work = move || {
        let _stops = stops;
        work()
    };
    std::thread::Builder::new().name(format!("{THREAD_PREFIX}{name}")).spawn(work).map_err(|source| OpenFault::Thread { source })
}

fn open_log(
    options: &mut EngineOptions,
    secrets: &Secrets,
    keys: &Arc<KeyRing>,
    last_signed: Option<LastSigned>,
    outside: Option<&Checkpoint>,
) -> Result<(Box<dyn EventLog>, Derived), OpenFault> {
    let rows = FoundRows::look(options.rows, &options.data.join("derived"))?;
    let restored = options.data.join(UNSIGNED_MARK).exists();
    let from_file = outside.map(|checkpoint| LastSigned { size: checkpoint.size(), root: *checkpoint.root() });
    let trees: Vec<_> = last_signed.filter(|_| !restored).into_iter().chain(from_file).collect();
    let signed = if restored { 0 } else { trees.iter().map(|tree| tree.size).max().unwrap_or_default() };
    let mut log = match options.event_log.take() {
        Some(log) => log,
        None => open_segments(options, secrets, signed.max(rows.reflect()))?,
    };
    if log.head().next_position == 0 {
        begin(log.as_mut(), options, secrets.system_account)?;
    }
    let inputs = build_inputs(options, secrets, keys, secrets.log_key.log_id());
    let followed = FollowedLog { reader: log.feed(), inputs, signed: trees, signs: !restored || outside.is_some() };
    let derived = rows.follow(&followed, Some(&options.data.join("snapshots")))?;
    Ok((log, derived))
}

fn build_inputs(options: &EngineOptions, secrets: &Secrets, keys: &Arc<KeyRing>, log_id: LogId) -> BuildInputs {
    let identities = IdentityKeys::new(secrets.identity_key.clone());
    BuildInputs { keys: Arc::clone(keys), identities, log_id, scratch: options.data.join("tmp/derived") }
}

fn open_segments(options: &EngineOptions, secrets: &Secrets, must_reach: u64) -> Result<Box<dyn EventLog>, OpenFault> {
    let segments = SegmentOptions { segment_bytes: options.segment_bytes, must_reach: Some(must_reach), ..SegmentOptions::default() };
    let (log, report) = EmbeddedLog::open(&options.data.join("log"), secrets.log_key.clone(), writer(options), segments)?;
    tell_of_torn_tail("log", &report);
    Ok(Box::new(log))
}

/// Says what was cut off: it was never acknowledged, but nothing goes without a word.
fn tell_of_torn_tail(log: &str, report: &OpenReport) {
    if let Some(TornTail { segment, offset, bytes, what }) = &report.torn_tail {
        tracing::warn!(log, segment, offset, bytes, what, "a torn tail was cut off");
    }
}

fn writer(options: &EngineOptions) -> Writer {
    Writer {
        node: options.node.clone(),
        code_version: env!("CARGO_PKG_VERSION").to_owned(),
        purpose: options.purpose,
        now_ms: options.clock.now().map_or(0, |now| now.0),
    }
}

/// The first commit of a log: the account of the process itself.
fn begin(log: &mut dyn EventLog, options: &EngineOptions, system_account: AccountId) -> Result<(), OpenFault> {
    let now = options.clock.now()?;
    let opened = AccountOpened { account: system_account, roles: vec![Role::System], unit: None, organisation: None };
    let (tag, payload) = registry::encode(&Event::from(opened));
    let commit = Commit {
        command_id: CommandId(options.entropy.array()),
        fingerprint: [0; 8],
        salt: options.entropy.array(),
        actor: system_account,
        role: Role::System,
        recorded_at: now,
        correlation: None,
        packs: Vec::new(),
        events: vec![EventRecord {
            tag,
            effective_on: now.civil_date(),
            causation: None,
            subjects: vec![(Subject::account(system_account), 1)],
            payload,
            envelopes: Vec::new(),
            sealed_digests: Vec::new(),
        }],
    };
    let mut body = BodyBuilder::new(0, now.0);
    if !body.push(1, &commit.encode(now)) {
        zhixin_events::invariant!("a commit of one small event fits a batch");
    }
    log.append(&body.finish())?;
    Ok(())
}

fn last_time(reader: &Arc<dyn LogReader>) -> Result<Timestamp, OpenFault> {
    match reader.end().checked_sub(1) {
        Some(last) => Ok(history::commit_at(reader, last)?.commit.recorded_at),
        None => Ok(Timestamp::default()),
    }
}

fn sweep(keys: &KeyRing, reader: &Arc<dyn LogReader>) -> Result<(), OpenFault> {
    let swept = keys.sweep(reader.as_ref())?;
    if swept > 0 {
        tracing::info!(keys = swept, "keys were removed whose commits never became durable");
    }
    Ok(())
}

/// Makes the checkpoint file before anything is signed, so that from then on its absence says that it was lost.
///
/// Refuses once something was signed, unless it is to be made anew: the vault lies in the folder and is as old as it, so that nothing else
/// tells an old copy, which would sign a fork and serve whoever was erased since. A restored folder stays unsigned without it.
fn begin_file(
    file: &CheckpointFile,
    known: Option<&Known>,
    options: &EngineOptions,
    last_signed: Option<LastSigned>,
) -> Result<(), OpenFault> {
    match last_signed {
        _ if known.is_some() || options.data.join(UNSIGNED_MARK).exists() => Ok(()),
        Some(signed) if !options.new_checkpoint_file => {
            Err(OpenFault::CheckpointFileLost { path: options.checkpoint_file.clone(), size: signed.size })
        }
        Some(_) | None => Ok(file.write(&Known::default())?),
    }
}

/// Checks that the log extends what was signed; says whether it stays unsigned.
fn check_signed(data: &Path, derived: &Derived, last_signed: Option<LastSigned>, outside: Option<&Checkpoint>) -> Result<bool, OpenFault> {
    let mark = data.join(UNSIGNED_MARK);
    let restored = mark.exists();
    let view = DerivedView::of(derived.table())?;
    let from_file = outside.map(|checkpoint| LastSigned { size: checkpoint.size(), root: *checkpoint.root() });
    for signed in [last_signed, from_file].into_iter().flatten() {
        if signed.size > view.reached() {
            // A restored folder that lost events: it can be read, but must not sign.
            return if restored { Ok(true) } else { Err(OpenFault::Fork { size: signed.size }) };
        }
        if tiles::root_at(&view.tree(), signed.size)? != signed.root {
            return Err(OpenFault::Fork { size: signed.size });
        }
    }
    if restored && from_file.is_some() {
        fs::remove_file(&mark).map_err(|source| OpenFault::Io { step: "remove", path: mark, source })?;
        return Ok(false);
    }
    Ok(restored)
}

fn open_read_segments(options: &EngineOptions, secrets: &Secrets, must_reach: u64) -> Result<Box<dyn EventLog>, OpenFault> {
    let segments = SegmentOptions { segment_bytes: READS_SEGMENT_BYTES, must_reach: Some(must_reach), ..SegmentOptions::default() };
    let (log, report) = EmbeddedLog::open(&options.data.join("reads"), secrets.reads_key.clone(), writer(options), segments)?;
    tell_of_torn_tail("reads", &report);
    Ok(Box::new(log))
}

fn open_read_log(options: &mut EngineOptions, secrets: &Secrets, keys: &Arc<KeyRing>) -> Result<ReadLog, OpenFault> {
    let rows = FoundRows::look(options.rows, &options.data.join("reads-derived"))?;
    // Another log than the embedded one answers for itself: a test's may begin anew with every opening.
    let head = if options.read_log.is_none() { LastSigned::read_row(keys, read_log::HEAD_ROW)? } else { None };
    let must_reach = rows.reflect().max(head.map_or(0, |head| head.size));
    let log = options.read_log.take().map_or_else(|| open_read_segments(options, secrets, must_reach), Ok)?;
    let reader = log.feed();
    let inputs = build_inputs(options, secrets, keys, secrets.reads_key.log_id());
    let followed = FollowedLog { reader: Arc::clone(&reader), inputs, signed: head.into_iter().collect(), signs: false };
    let derived = rows.follow(&followed, None)?;
    let view = DerivedView::of(derived.table())?;
    if let Some(head) = head
        && (head.size > view.reached() || tiles::root_at(&view.tree(), head.size)? != head.root)
    {
        return Err(OpenFault::ReadsLost { size: head.size });
    }
    let last_recorded = last_time(&reader)?;
    Ok(ReadLog::new(log, derived, Arc::clone(keys), options.entropy.fork(), last_recorded))
}
