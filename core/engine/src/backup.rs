//! Backups: the segment files of both logs and the blobs with a manifest, incremental and checkable; the vault apart; and restoring them.
//!
//! * [`backup`] copies while an engine runs, of this process or another: what it lists is synced, copied up to the listed length, and hashed on
//!   the way. A segment that never changes again and is there already is not copied again.
//! * [`backup_vault`] writes the vault into one file, sealed under the master key. The two are kept apart, since either alone opens nothing.
//! * [`restore()`] checks everything in a folder beside before it replaces anything.
//! * [`renew_origin`] lets a restored log that lost what it had published go on under a new origin, with a public statement.
//!
//! **Order**: the backup of the vault is made *after* that of the logs, so that it has the key of every event in them; [`restore()`] refuses an
//! older one. Copies of the vault are kept at most 35 days: that is the operator's duty, [`VaultCopy::made_at`] says how old one is.
//!
//! **After an erasure** the master key has another generation, and a vault copied before opens with today's master key file no more. Whoever must
//! go back behind an erasure restores with the master key file *of that time*, and with the newest checkpoint file: the first start then erases
//! again every person whom checkpoint file or log call erased, before anything is served, and steps the master key. Without the checkpoint file
//! no personal data are served.

mod manifest;
mod renew;
pub mod restore;
mod vault_copy;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use zhixin_events::Timestamp;
use zhixin_store::files;
use zhixin_store::segments::{SegmentFault, SegmentFile, SegmentReader, list_files, verify_file};

pub use self::manifest::{BackupFile, LogPart, MANIFEST_FILE, Manifest};
pub use self::renew::{RenewRequest, Renewed, renew_origin};
pub use self::restore::{RestoreRequest, Restored, restore};
pub use self::vault_copy::{VaultCopy, backup_vault, backup_vault_of};
use crate::blobs::files::Hashing;
use crate::blobs::{self, BLOBS_FOLDER, BlobError};
use crate::checkpoint_file::{CheckpointFile, CheckpointFileFault};
use crate::fault::OpenFault;
use crate::log::{LogFault, genesis};
use crate::vault_keys::KeyFault;

/// Why a backup could not be made, is not whole, or is not restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupFault {
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
    /// There is no log to copy.
    #[error("{path} holds no log")]
    NoLog {
        /// The folder.
        path: PathBuf,
    },
    /// A log is damaged or cannot be read.
    #[error(transparent)]
    Log(#[from] LogFault),
    /// The blobs cannot be listed.
    #[error(transparent)]
    Blobs(#[from] BlobError),
    /// The checkpoint file cannot be read.
    #[error(transparent)]
    CheckpointFile(#[from] CheckpointFileFault),
    /// The folder has no manifest of this form.
    #[error("{path} is not a manifest of a backup")]
    NotABackup {
        /// The manifest.
        path: PathBuf,
    },
    /// A file is not what the manifest or the log says.
    #[error("{file} is not what it should be: {what}")]
    Differs {
        /// The file.
        file: String,
        /// What does not fit.
        what: String,
    },
    /// The folder holds a backup of another log, or of a later state: writing over it would lose that.
    #[error("the folder holds a backup of `{folder}` with {end} events, which this one does not extend")]
    NotAnExtension {
        /// Which log: `log` or `reads`.
        folder: &'static str,
        /// Events in the backup that is there.
        end: u64,
    },
    /// The copy of the vault is not one, or was changed.
    #[error("{path} is not a copy of a vault: {what}")]
    NotAVaultCopy {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        what: &'static str,
    },
    /// The copy of the vault belongs to another log.
    #[error("the copy of the vault belongs to another log than the backup")]
    AnotherVault,
    /// The copy of the vault was made before the backup of the log, so that it lacks keys.
    #[error("the copy of the vault knows {vault_end} events, the backup has {log_end}: take a later copy of the vault")]
    VaultTooOld {
        /// Events that the vault knows the keys of.
        vault_end: u64,
        /// Events in the backup.
        log_end: u64,
    },
    /// Keys were destroyed while the vault was copied; do it again.
    #[error("keys were destroyed while the vault was copied; do it again")]
    KeysMoved,
    /// The keys cannot be read, or do not open the vault.
    #[error(transparent)]
    Keys(#[from] KeyFault),
    /// The secrets cannot be read.
    #[error("the secrets in the vault cannot be read")]
    Secrets(#[source] Box<OpenFault>),
    /// The log of the backup is not the one that was signed.
    #[error("the log of the backup is not the one whose checkpoint of {size} events was published")]
    Fork {
        /// Size of the signed tree.
        size: u64,
    },
    /// The folder was not restored, or has signed since: its origin stays.
    #[error("{path} is not unsigned: only a restored folder that lost published events gets a new origin")]
    NotUnsigned {
        /// The folder.
        path: PathBuf,
    },
    /// Without the last published checkpoint there is nothing that a new origin could refer to.
    #[error("{path} holds no published checkpoint, which the statement of a new origin has to name")]
    NoCheckpoint {
        /// The checkpoint file.
        path: PathBuf,
    },
    /// Nothing that was published is missing.
    #[error("the log has all {size} events that were published: the next start signs on under the origin that it has")]
    NothingLost {
        /// Size of the newest signed tree.
        size: u64,
    },
    /// The statement cannot be signed.
    #[error("the statement of a new origin cannot be signed")]
    Statement(#[from] crate::merkle::CheckpointError),
    /// An engine is running on the data folder.
    #[error("an engine is running on {path}")]
    Running {
        /// The folder.
        path: PathBuf,
    },
    /// Something is in the way.
    #[error("{path} is in the way; move it elsewhere first")]
    InTheWay {
        /// The file or folder.
        path: PathBuf,
    },
}

impl From<SegmentFault> for BackupFault {
    fn from(fault: SegmentFault) -> Self {
        Self::Log(fault.into())
    }
}

impl From<zhixin_store::vault::VaultFault> for BackupFault {
    fn from(fault: zhixin_store::vault::VaultFault) -> Self {
        Self::Keys(fault.into())
    }
}

fn io_fault(step: &'static str, path: &Path) -> impl FnOnce(io::Error) -> BackupFault {
    move |source| BackupFault::Io { step, path: path.to_owned(), source }
}

/// Is told how many bytes are done, of how many.
pub type OnProgress<'a> = &'a mut dyn FnMut(u64, u64);

/// Copies the logs and blobs of a data folder into `dir`, a new folder or one with an earlier backup of the same log.
///
/// Durable when it returns. Needs no keys, and holds nothing that opens without the vault.
///
/// # Errors
/// The first that went wrong; an earlier backup in `dir` is still whole then.
pub fn backup(
    data: &Path,
    checkpoint_file: &Path,
    dir: &Path,
    made_at: Timestamp,
    on_progress: OnProgress<'_>,
) -> Result<Manifest, BackupFault> {
    // The note first: what it covers is in the log that is listed after it. Blobs last: they are durable before an event names them.
    let note = CheckpointFile::new(checkpoint_file).read()?.map(|known| known.note).unwrap_or_default();
    let (purpose, log, log_files) = list_log(data, "log")?;
    let (_, reads, read_files) = list_log(data, "reads")?;
    let blobs = blobs::files::list(data)?;
    fs::create_dir_all(dir).map_err(io_fault("make", dir))?;
    check_extends(dir, data, &log, &reads)?;
    let total: u64 = log_files.iter().chain(&read_files).map(|file| file.bytes).sum();
    let (mut files, mut done) = (Vec::new(), 0);
    for (folder, segments) in [("log", &log_files), ("reads", &read_files)] {
        fs::create_dir_all(dir.join(folder)).map_err(io_fault("make", &dir.join(folder)))?;
        for segment in segments {
            let target = dir.join(folder).join(&segment.name);
            copy_segment(segment, &target)?;
            files.push(BackupFile { path: format!("{folder}/{}", segment.name), bytes: segment.bytes, sha256: segment.sha256 });
            done += segment.bytes;
            on_progress(done, total);
        }
        sync_folder(&dir.join(folder))?;
    }
    files.extend(copy_blobs(dir, &blobs)?);
    files.sort_unstable_by(|left, right| left.path.cmp(&right.path));
    let code_version = env!("CARGO_PKG_VERSION").to_owned();
    let manifest = Manifest { made_at_ms: made_at.0, code_version, purpose, log, reads, files, note };
    replace_file(&dir.join(MANIFEST_FILE), manifest.print().as_bytes())?;
    sync_folder(dir)?;
    remove_erased_blobs(dir, &manifest)?;
    Ok(manifest)
}

/// What a log holds now, made durable: the files may be copied up to the lengths listed.
fn list_log(data: &Path, folder: &str) -> Result<(crate::log::LogPurpose, LogPart, Vec<SegmentFile>), BackupFault> {
    let path = data.join(folder);
    let genesis = genesis(&path)?.ok_or_else(|| BackupFault::NoLog { path: path.clone() })?;
    let reader = SegmentReader::open(&path)?;
    let files = list_files(&reader)?;
    if let Some(active) = files.last() {
        // Another process may have written what it has not synced yet; a backup must not know more than the log does after a crash.
        File::open(&active.path).and_then(|file| file.sync_data()).map_err(io_fault("sync", &active.path))?;
    }
    Ok((genesis.purpose, part_of(&reader, genesis.log_id)?, files))
}

/// End, chain and epoch of a log.
fn part_of(reader: &SegmentReader, log_id: crate::log::LogId) -> Result<LogPart, BackupFault> {
    let end = reader.end();
    let mut epoch = 0;
    reader.read_records(end.saturating_sub(1), &mut |record| {
        epoch = record.envelope.epoch;
        ControlFlow::Continue(())
    })?;
    Ok(LogPart { log_id, end, chain: reader.chain().unwrap_or_else(|| log_id.chain_origin()), epoch })
}

/// Refuses to write over a backup that these logs do not extend, both of them.
fn check_extends(dir: &Path, data: &Path, log: &LogPart, reads: &LogPart) -> Result<(), BackupFault> {
    if !dir.join(MANIFEST_FILE).exists() {
        return Ok(());
    }
    let earlier = read_manifest(dir)?;
    for (folder, earlier, now) in [("log", &earlier.log, log), ("reads", &earlier.reads, reads)] {
        if !extends(&data.join(folder), earlier, now)? {
            return Err(BackupFault::NotAnExtension { folder, end: earlier.end });
        }
    }
    Ok(())
}

fn extends(path: &Path, earlier: &LogPart, log: &LogPart) -> Result<bool, BackupFault> {
    let mut chain = earlier.log_id.chain_origin();
    if let Some(last) = earlier.end.checked_sub(1).filter(|last| *last < log.end) {
        SegmentReader::open(path)?.read_batches(last, &mut |batch| {
            chain = batch.chain_after;
            ControlFlow::Break(())
        })?;
    }
    Ok(earlier.log_id == log.log_id && earlier.end <= log.end && earlier.epoch <= log.epoch && chain == earlier.chain)
}

fn copy_segment(segment: &SegmentFile, target: &Path) -> Result<(), BackupFault> {
    let there = target.metadata().is_ok_and(|there| there.len() == segment.bytes);
    if there && verify_file(target, segment)? {
        return Ok(());
    }
    copy_as(target, &segment.sha256, &segment.name, |out| segment.copy_to(out).map_err(BackupFault::from))
}

fn copy_blobs(dir: &Path, blobs: &[blobs::files::ListedFile]) -> Result<Vec<BackupFile>, BackupFault> {
    let mut files = Vec::new();
    for (source, digest) in blobs {
        let Some(digest) = digest else { continue };
        let target = blobs::files::blob_path(&dir.join(BLOBS_FOLDER), digest);
        let mut file = match File::open(source) {
            Ok(file) => file,
            // Its holder was erased since it was listed.
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => continue,
            Err(fault) => return Err(io_fault("open", source)(fault)),
        };
        let bytes = file.metadata().map_err(io_fault("look at", source))?.len();
        // A name says what a file holds and no blob is ever changed, so that the length tells whether it is there.
        if !target.metadata().is_ok_and(|there| there.len() == bytes) {
            let folder = target.parent().unwrap_or(dir);
            fs::create_dir_all(folder).map_err(io_fault("make", folder))?;
            copy_as(&target, digest, &blobs::files::hex(digest), |out| {
                io::copy(&mut file, out).map(|_| ()).map_err(io_fault("copy", source))
            })?;
            sync_folder(folder)?;
        }
        let name = blobs::files::hex(digest);
        let path = format!("{BLOBS_FOLDER}/{}/{name}", name.get(..2).unwrap_or_default());
        files.push(BackupFile { path, bytes, sha256: *digest });
    }
    if !files.is_empty() {
        sync_folder(&dir.join(BLOBS_FOLDER))?;
    }
    Ok(files)
}

/// Takes blobs out of the backup that are no longer in the data folder: their holders are erased.
fn remove_erased_blobs(dir: &Path, manifest: &Manifest) -> Result<(), BackupFault> {
    let listed: BTreeSet<PathBuf> = manifest.files.iter().map(|file| dir.join(&file.path)).collect();
    for (path, _) in blobs::files::list(dir)? {
        if !listed.contains(&path) {
            fs::remove_file(&path).map_err(io_fault("remove", &path))?;
        }
    }
    Ok(())
}

/// Writes a file through a passing name; it gets its own only when its content has the digest it should have.
fn copy_as(
    target: &Path,
    sha256: &[u8; 32],
    name: &str,
    copy: impl FnOnce(&mut dyn io::Write) -> Result<(), BackupFault>,
) -> Result<(), BackupFault> {
    let passing = files::beside(target, "next");
    let mut hashing = Hashing::new(File::create(&passing).map_err(io_fault("make", &passing))?);
    copy(&mut hashing)?;
    let (file, found) = hashing.finish();
    file.sync_all().map_err(io_fault("sync", &passing))?;
    if found != *sha256 {
        let what = format!("SHA-256 {} where {} was expected", blobs::files::hex(&found), blobs::files::hex(sha256));
        return Err(BackupFault::Differs { file: name.to_owned(), what });
    }
    fs::rename(&passing, target).map_err(io_fault("rename", &passing))
}

fn replace_file(path: &Path, bytes: &[u8]) -> Result<(), BackupFault> {
    files::replace(path, bytes).map_err(io_fault("replace", path))
}

fn sync_folder(path: &Path) -> Result<(), BackupFault> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(io_fault("sync", path))
}

fn read_manifest(dir: &Path) -> Result<Manifest, BackupFault> {
    let path = dir.join(MANIFEST_FILE);
    let text = fs::read_to_string(&path).map_err(io_fault("read", &path))?;
    Manifest::parse(&text).ok_or(BackupFault::NotABackup { path })
}

/// Checks that a backup is whole: every file has its digest, and both logs are unbroken and end where the manifest says.
///
/// Needs no keys; who wrote the records, [`restore()`] checks.
///
/// # Errors
/// The first that is not as it should be.
pub fn check_backup(dir: &Path, on_progress: OnProgress<'_>) -> Result<Manifest, BackupFault> {
    let manifest = read_manifest(dir)?;
    let (mut done, total) = (0, manifest.bytes());
    for file in &manifest.files {
        let path = dir.join(&file.path);
        let differs = |what: String| BackupFault::Differs { file: file.path.clone(), what };
        // An active segment may have grown by a backup that was not finished: its listed part counts.
        let mut content = File::open(&path).map(|content| io::Read::take(content, file.bytes)).map_err(io_fault("open", &path))?;
        let mut hashing = Hashing::new(io::sink());
        let bytes = io::copy(&mut content, &mut hashing).map_err(io_fault("read", &path))?;
        if bytes != file.bytes {
            return Err(differs(format!("{bytes} bytes where {} were expected", file.bytes)));
        }
        let (_, found) = hashing.finish();
        if found != file.sha256 {
            return Err(differs(format!("SHA-256 {} where {} was expected", blobs::files::hex(&found), blobs::files::hex(&file.sha256))));
        }
        done += bytes;
        on_progress(done, total);
    }
    for (folder, part) in [("log", &manifest.log), ("reads", &manifest.reads)] {
        check_log(&dir.join(folder), folder, part)?;
    }
    Ok(manifest)
}

/// Walks a log of a backup up to where the manifest says that it ends.
fn check_log(path: &Path, folder: &str, part: &LogPart) -> Result<(), BackupFault> {
    let reader = SegmentReader::open(path)?;
    let (mut end, mut chain, mut epoch) = (0, part.log_id.chain_origin(), 0);
    reader.read_records(0, &mut |record| {
        if record.next_position > part.end || record.envelope.epoch > part.epoch {
            return ControlFlow::Break(());
        }
        (end, chain, epoch) = (record.next_position, record.chain_after, record.envelope.epoch);
        ControlFlow::Continue(())
    })?;
    if (end, chain, epoch) == (part.end, part.chain, part.epoch) {
        return Ok(());
    }
    let what = format!("the log ends at position {end} in epoch {epoch}, not at {} in epoch {} with its chain", part.end, part.epoch);
    Err(BackupFault::Differs { file: folder.to_owned(), what })
}

impl crate::handle::EngineHandle {
    /// Copies the logs and blobs into a folder while the engine runs; see [`backup`].
    ///
    /// # Errors
    /// The first that went wrong.
    pub fn backup(&self, checkpoint_file: &Path, dir: &Path, on_progress: OnProgress<'_>) -> Result<Manifest, BackupFault> {
        let now = self.now().map_err(|fault| BackupFault::Secrets(Box::new(fault.into())))?;
        backup(self.data(), checkpoint_file, dir, now, on_progress)
    }
}
