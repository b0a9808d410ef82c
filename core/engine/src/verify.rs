//! `verify`: the whole history of a data folder, checked against itself, its keys and what was signed.
//!
//! Two ways in: [`verify_folder`] needs no running engine and may run beside one of another process; [`verify_handle`] looks at an open engine.
//! Each of the two logs (`log`, `reads`) is read twice at once: one thread checks chain, CRCs, MACs and the form of every commit, the other
//! makes the rows of index and tree anew, sorted, and compares each with the one that is served.
//! Invariants: nothing is changed but `tmp/`; damaged input gives a [`Divergence`], never a panic; what cannot be checked because something
//! before it failed is [`Outcome::Skipped`], never passed.
//! Limits: beyond [`MEMORY_EVENTS_MAX`] events what is to be sorted goes to `tmp/` and takes about the room that `derived/` takes; memory
//! stays bounded. Read models are compared elsewhere.

mod commits;
mod rebuild;
mod report;
mod rows;
mod tail;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zhixin_store::files;
use zhixin_store::rows::{RowFault, RowKind, open_rows};
use zhixin_store::segments::SegmentFault;
use zhixin_store::table::Table;
use zhixin_store::vault::{LmdbVault, Vault, VaultFault};

use crate::blobs;
use crate::checkpoint_file::{CheckpointFile, CheckpointFileFault, Known};
use crate::entropy::SystemEntropy;
use crate::fault::OpenFault;
use crate::handle::EngineHandle;
use crate::identity::IdentityKeys;
use crate::log::{LogFault, LogId, LogKey, LogReader, open_reader};
use crate::merkle::{NewOrigin, VerifierKey};
use crate::origin::{Origin, own_checkpoint};
use crate::publisher::LastSigned;
use crate::read_log::HEAD_ROW;
use crate::secrets::Secrets;
use crate::vault_keys::{KeyFault, KeyRing, MasterKeyFile};
use rebuild::{Signed, Stored};

pub use self::report::{Area, Check, Divergence, Outcome, Report, Step};

/// Up to so many events the new rows of a log are sorted in memory, in about 100 MiB; beyond, in `tmp/`.
pub const MEMORY_EVENTS_MAX: u64 = 200_000;

/// Why `verify` could not look: the world failed, the history may be well.
#[derive(Debug, thiserror::Error)]
pub enum VerifyFault {
    /// The master key file cannot be read.
    #[error(transparent)]
    Keys(#[from] KeyFault),
    /// The vault cannot be read.
    #[error(transparent)]
    Vault(#[from] VaultFault),
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogFault),
    /// The checkpoint file cannot be read.
    #[error(transparent)]
    CheckpointFile(#[from] CheckpointFileFault),
    /// Rows cannot be read or built.
    #[error(transparent)]
    Rows(#[from] RowFault),
    /// A file operation failed.
    #[error("{step} {path}")]
    Io {
        /// What was being done.
        step: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Rows cannot be built anew.
    #[error(transparent)]
    Build(Box<crate::derived::DerivedFault>),
    /// Another `verify` is building in the same folder.
    #[error("another verify is at work in {path}")]
    Busy {
        /// The folder.
        path: PathBuf,
    },
    /// A person was erased meanwhile, and all keys have new wrappings; run it again.
    #[error("keys were destroyed while the history was checked; run it again")]
    KeysMoved,
    /// A secret in the vault does not have its form.
    #[error("the secrets of the log cannot be read")]
    Secrets(#[source] Box<OpenFault>),
}

/// Where an offline `verify` looks.
#[derive(Debug, Clone)]
pub struct Folder {
    /// The data folder.
    pub data: PathBuf,
    /// The master key file.
    pub master_key_file: PathBuf,
    /// The checkpoint file.
    pub checkpoint_file: PathBuf,
    /// Which product holds derived rows.
    pub rows: RowKind,
    /// Up to so many events of a log the new rows are sorted in memory.
    pub memory_events_max: u64,
}

impl Folder {
    /// A data folder with the defaults of [`EngineOptions`](crate::engine::EngineOptions).
    pub fn new(data: &Path, master_key_file: &Path) -> Self {
        Self {
            data: data.to_owned(),
            master_key_file: master_key_file.to_owned(),
            checkpoint_file: files::beside(data, "checkpoint"),
            rows: RowKind::Lmdb,
            memory_events_max: MEMORY_EVENTS_MAX,
        }
    }
}

/// Is told the part, the check, how far it came and how far it goes.
pub type OnProgress<'a> = &'a (dyn Fn(Area, Step, u64, u64) + Sync);

/// One of the two logs with all that is checked about it.
struct Parts {
    area: Area,
    reader: Arc<dyn LogReader>,
    /// Folder of the segment files, when the log is kept in such.
    dir: Option<PathBuf>,
    key: LogKey,
    keys: Arc<KeyRing>,
    identities: IdentityKeys,
    stored: Stored,
    signed: Vec<Signed>,
    /// Where rows are built when there are more than `memory_events_max` events.
    scratch: PathBuf,
    memory_events_max: u64,
}

/// Names of the secrets that every vault has; without one of them nothing can be checked.
const SECRETS: [&str; 7] = ["log-id", "log-key", "reads-id", "reads-key", "signing-seed", "identity-key", "system-account"];

/// Verifies a data folder; an engine of another process may be running on it.
///
/// The folder is only read, with two exceptions: LMDB notes its readers in its lock files, and a master key file that lies behind the vault
/// is brought up to it, as every start does.
///
/// # Errors
/// The world failed. Whatever is wrong with the folder itself is in the report.
pub fn verify_folder(folder: &Folder, on_progress: OnProgress<'_>) -> Result<Report, VerifyFault> {
    let mut report = Report { checks: Vec::new(), events: 0, root: None, notes: Vec::new() };
    let keys = match open_keys(folder)? {
        Ok(keys) => Arc::new(keys),
        Err(divergence) => {
            report.checks.push(Check { area: Area::Vault, step: Step::Keys, covered: 0, outcome: Outcome::Differs(divergence) });
            return Ok(report);
        }
    };
    report.checks.push(Check { area: Area::Vault, step: Step::Keys, covered: SECRETS.len() as u64, outcome: Outcome::Passed });
    let secrets = Secrets::read(&keys).map_err(|fault| VerifyFault::Secrets(Box::new(fault)))?;
    let known = CheckpointFile::new(&folder.checkpoint_file).read()?;
    let signed = signed_trees(&keys, known.as_ref(), secrets.log_key.log_id())?;
    let part = |area, key: &LogKey, folders: [&str; 2], signed| {
        let [segments, rows] = folders.map(|name| folder.data.join(name));
        let reader = match open_reader(&segments) {
            Ok(reader) => Ok(reader),
            Err(fault) => divergence_of_log(fault).map(Err)?,
        };
        Ok::<_, VerifyFault>(reader.map(|reader| Parts {
            area,
            reader,
            dir: Some(segments),
            key: key.clone(),
            keys: Arc::clone(&keys),
            identities: IdentityKeys::new(secrets.identity_key.clone()),
            stored: stored_rows(folder.rows, &rows),
            signed,
            scratch: folder.data.join("tmp"),
            memory_events_max: folder.memory_events_max,
        }))
    };
    let logs = [
        (Area::Log, part(Area::Log, &secrets.log_key, ["log", "derived"], signed)?),
        (Area::Reads, part(Area::Reads, &secrets.reads_key, ["reads", "reads-derived"], reads_head(&keys)?)?),
    ];
    for (area, parts) in logs {
        match parts {
            Ok(parts) => check_log(&parts, on_progress, &mut report)?,
            Err(divergence) => report.checks.push(Check { area, step: Step::Records, covered: 0, outcome: Outcome::Differs(divergence) }),
        }
    }
    report.checks.push(check_blobs(&folder.data, keys.vault().as_ref(), on_progress)?);
    Ok(report)
}

/// Verifies the history of an open engine, while it serves.
///
/// # Errors
/// The world failed. Whatever is wrong with the history itself is in the report.
pub fn verify_handle(handle: &EngineHandle, on_progress: OnProgress<'_>) -> Result<Report, VerifyFault> {
    let mut report = Report { checks: Vec::new(), events: 0, root: None, notes: Vec::new() };
    let shared = handle.shared();
    let secrets = Secrets::read(&shared.keys).map_err(|fault| VerifyFault::Secrets(Box::new(fault)))?;
    report.checks.push(Check { area: Area::Vault, step: Step::Keys, covered: SECRETS.len() as u64, outcome: Outcome::Passed });
    let known = handle.published().map(|published| Known { note: published.note, ..Known::default() });
    let signed = signed_trees(&shared.keys, known.as_ref(), shared.log_key.log_id())?;
    let identities = IdentityKeys::new(secrets.identity_key.clone());
    let dir = |name| Some(shared.data.join(name)).filter(|dir| dir.join("lock").exists());
    let common = |area, reader: &Arc<dyn LogReader>, key: &LogKey, dir, stored, signed| Parts {
        area,
        reader: Arc::clone(reader),
        dir,
        key: key.clone(),
        keys: Arc::clone(&shared.keys),
        identities: identities.clone(),
        stored,
        signed,
        scratch: shared.data.join("tmp"),
        memory_events_max: MEMORY_EVENTS_MAX,
    };
    let index = Stored::Table(Arc::clone(&shared.index));
    check_log(&common(Area::Log, &shared.reader, &shared.log_key, dir("log"), index, signed), on_progress, &mut report)?;
    let reads = handle.read_log().reader();
    let stored = Stored::Reads(handle.clone());
    let head = reads_head(&shared.keys)?;
    check_log(&common(Area::Reads, reads, &secrets.reads_key, dir("reads"), stored, head), on_progress, &mut report)?;
    report.checks.push(check_blobs(&shared.data, shared.keys.vault().as_ref(), on_progress)?);
    Ok(report)
}

/// The keys of a folder, or what is wrong with them.
fn open_keys(folder: &Folder) -> Result<Result<KeyRing, Divergence>, VerifyFault> {
    let path = folder.data.join("vault");
    let wrong = |what: &str, expected: &str, found: String| {
        let place = path.display().to_string();
        Ok(Err(Divergence { what: what.to_owned(), position: None, place, expected: expected.to_owned(), found }))
    };
    // Opening makes what is missing, and `verify` must not.
    if !path.join("data.mdb").exists() {
        return wrong("the vault is missing", "a vault", "none".to_owned());
    }
    let vault: Arc<dyn Vault> = match LmdbVault::open(&path) {
        Ok(vault) => Arc::new(vault),
        Err(VaultFault::Unopenable { path: _, what }) => return wrong("the vault will not open", "a vault", what),
        Err(fault @ (VaultFault::AlreadyOpen { .. } | VaultFault::Full | VaultFault::Backend { .. })) => return Err(fault.into()),
    };
    if vault.collect_prefix(b"m/")?.is_empty() {
        return wrong("the vault is empty", "the generation of its master key", "none".to_owned());
    }
    let keys = match KeyRing::open(vault, MasterKeyFile::new(&folder.master_key_file), Arc::new(SystemEntropy::new())) {
        Ok(keys) => keys,
        Err(fault @ (KeyFault::WrongMasterKey { .. } | KeyFault::GroupKeyLost { .. } | KeyFault::DoesNotOpen | KeyFault::Forgotten)) => {
            return wrong("the master key does not open the vault", "the master key of this vault", fault.to_string());
        }
        Err(fault @ (KeyFault::Vault(_) | KeyFault::File { .. } | KeyFault::NotAKeyFile { .. })) => return Err(fault.into()),
    };
    for name in SECRETS {
        match keys.secret(name) {
            Ok(Some(_)) => {}
            Ok(None) => return wrong("a secret of the log is missing", name, "none".to_owned()),
            Err(KeyFault::DoesNotOpen) => return wrong("a secret of the log does not open", name, "other bytes".to_owned()),
            Err(fault) => return Err(fault.into()),
        }
    }
    Ok(Ok(keys))
}

/// Derived rows of a folder. None at all is well: they are deletable.
fn stored_rows(kind: RowKind, path: &Path) -> Stored {
    if !path.exists() {
        return Stored::None("there are no rows; the next start makes them".to_owned());
    }
    let opened = open_rows(kind, path).and_then(|rows| Ok((rows.is_half_loaded()?, Table::new(rows)?)));
    match opened {
        Ok((true, _)) => Stored::None("a start is making the rows, or was stopped while it did".to_owned()),
        Ok((false, table)) => Stored::Table(Arc::new(table)),
        Err(RowFault::AlreadyOpen { .. }) => Stored::None("a running engine holds the rows".to_owned()),
        Err(fault) => Stored::Unopenable(crate::appender::log_chain(&fault)),
    }
}

/// The trees that were signed, from the vault and from outside.
fn signed_trees(keys: &KeyRing, known: Option<&Known>, log_id: LogId) -> Result<Vec<Signed>, VerifyFault> {
    let last = LastSigned::read(keys)?;
    let in_vault = last.map(|last| Signed { source: "the last tree signed, in the vault", tree: Ok((last.size, last.root)) });
    let mut signed = Vec::from_iter(in_vault);
    if let Some(note) = known.map(|known| known.note.as_str()).filter(|note| !note.is_empty()) {
        let tree = own_checkpoint(note, log_id, keys)?.map(|checkpoint| (checkpoint.size(), *checkpoint.root()));
        signed.push(Signed { source: "the published checkpoint", tree });
    }
    let secrets = |fault| VerifyFault::Secrets(Box::new(fault));
    let origins = Origin::of(keys, log_id, None).and_then(|origin| origin.history(keys)).map_err(secrets)?;
    for (old, new) in origins.iter().zip(origins.iter().skip(1)) {
        let key = VerifierKey::parse(&old.vkey).map_err(|fault| fault.to_string());
        let tree = key.and_then(|key| {
            let statement = NewOrigin::open(new.statement.as_deref().unwrap_or_default().as_bytes(), &key);
            statement.map(|statement| (statement.size, statement.root)).map_err(|fault| crate::appender::log_chain(&fault))
        });
        signed.push(Signed { source: "the statement of a new origin", tree });
    }
    Ok(signed)
}

/// What the vault knows of the log of reads.
fn reads_head(keys: &KeyRing) -> Result<Vec<Signed>, VerifyFault> {
    let head = LastSigned::read_row(keys, HEAD_ROW)?;
    Ok(head.map(|head| Signed { source: "the log of reads as the vault knows it", tree: Ok((head.size, head.root)) }).into_iter().collect())
}

/// Checks one log: records and commits in one thread, index and tree in the other.
fn check_log(parts: &Parts, on_progress: OnProgress<'_>, report: &mut Report) -> Result<(), VerifyFault> {
    let end = parts.reader.end();
    let (records, rebuilt) = std::thread::scope(|scope| {
        let records = scope.spawn(|| commits::check(parts, end, on_progress));
        let rebuilt = rebuild::check(parts, end, on_progress);
        let records = records.join().unwrap_or_else(|cause| std::panic::resume_unwind(cause));
        (records, rebuilt)
    });
    let (tail, note) = tail::check(parts, on_progress)?;
    report.notes.extend(note);
    let [head, commits] = records?;
    let rebuilt = rebuilt?;
    report.checks.extend([head, tail, commits]);
    report.checks.extend(rebuilt.checks);
    match parts.area {
        Area::Log => {
            report.events = end;
            report.root = rebuilt.root.map(|root| root.to_string());
        }
        Area::Reads => report.notes.extend(uncovered(parts, end)),
        Area::Vault | Area::Blobs => {}
    }
    Ok(())
}

/// Readings that are newer than what the vault knows: nothing would tell if these were gone.
fn uncovered(parts: &Parts, end: u64) -> Option<String> {
    let known = parts.signed.iter().filter_map(|signed| signed.tree.as_ref().ok()).map(|(size, _)| *size).max().unwrap_or_default();
    let newer = end.checked_sub(known).filter(|newer| *newer > 0)?;
    Some(format!(
        "the newest {newer} of {end} readings are not covered by the vault yet, which is told every five seconds and at a clean stop: if they were taken off the log of reads, verify could not tell"
    ))
}

/// Checks that every blob the vault knows is there and whole.
fn check_blobs(data: &Path, vault: &dyn Vault, on_progress: OnProgress<'_>) -> Result<Check, VerifyFault> {
    let known = blobs::known(vault)?;
    let (mut covered, count) = (0, known.len() as u64);
    let mut outcome = Outcome::Passed;
    for (digest, length) in known {
        let path = blobs::files::blob_path(&data.join(blobs::BLOBS_FOLDER), &digest);
        if let Some((expected, found)) = blobs::files::difference(&path, &digest, length).map_err(|source| VerifyFault::Io {
            step: "read",
            path: path.clone(),
            source,
        })? {
            let place = path.display().to_string();
            outcome = Outcome::Differs(Divergence { what: "a blob is not whole".to_owned(), position: None, place, expected, found });
            break;
        }
        covered += 1;
        on_progress(Area::Blobs, Step::Blobs, covered, count);
    }
    Ok(Check { area: Area::Blobs, step: Step::Blobs, covered, outcome })
}

/// What damage of a log looks like in a report; what is not damage stays a fault.
fn divergence_of_log(fault: LogFault) -> Result<Divergence, VerifyFault> {
    let divergence = |what: &str, position, place: String, expected: &str, found: String| Divergence {
        what: what.to_owned(),
        position,
        place,
        expected: expected.to_owned(),
        found,
    };
    Ok(match fault {
        LogFault::Segments(SegmentFault::Damaged { segment, offset, what }) => {
            divergence("the log is damaged", None, format!("segment {segment} at byte {offset}"), "a record that continues the chain", what)
        }
        LogFault::Segments(SegmentFault::Io { step, path, source }) if source.kind() == io::ErrorKind::NotFound => {
            divergence("the log is missing", None, path.display().to_string(), "segment files", format!("{step}: {source}"))
        }
        LogFault::Forged { position } => divergence(
            "a record was not written by this log's writer",
            Some(position),
            format!("the record at position {position}"),
            "a MAC under the log's key",
            "another MAC".to_owned(),
        ),
        LogFault::AnotherLog { expected, found } => {
            divergence("the log is another one", Some(0), "its genesis record".to_owned(), &expected.to_string(), found.to_string())
        }
        LogFault::Epoch { epoch } => {
            divergence("an epoch record does not decode", None, format!("epoch {epoch}"), "an epoch record", "other bytes".to_owned())
        }
        fault @ (LogFault::Segments(
            SegmentFault::Locked { .. } | SegmentFault::OutOfRange { .. } | SegmentFault::Full | SegmentFault::Io { .. },
        )
        | LogFault::AnotherPurpose { .. }
        | LogFault::Fenced { .. }
        | LogFault::Full) => return Err(fault.into()),
    })
}
