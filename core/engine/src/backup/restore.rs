//! Restoring: everything is put together and checked in a folder beside, then takes the place of the data folder by one rename.
//!
//! The restored folder bears the mark [`UNSIGNED_MARK`]: it signs nothing until a start is shown the newest published checkpoint (the checkpoint
//! file, which is never in a backup) and extends it. Epoch numbers are kept; the next writer takes the next one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, TryLockError};
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zhixin_events::leaf::LeafWriter;
use zhixin_events::{Commit, Position, Timestamp};
use zhixin_store::files;
use zhixin_store::segments::Body;
use zhixin_store::vault::{LmdbVault, Vault};

use super::vault_copy::{VaultCopy, read_copy};
use super::{BackupFault, Manifest, OnProgress, check_backup, copy_as, io_fault, replace_file, sync_folder};
use crate::checkpoint_file::CheckpointFile;
use crate::engine::UNSIGNED_MARK;
use crate::entropy::SystemEntropy;
use crate::log::{LogReader, open_reader};
use crate::merkle::{TreeBuilder, TreeHash, leaf_hash};
use crate::origin::own_checkpoint;
use crate::read_log::HEAD_ROW;
use crate::secrets::Secrets;
use crate::vault_keys::{KeyRing, MasterKeyFile};

/// What is restored from where to where.
#[derive(Debug, Clone)]
pub struct RestoreRequest {
    /// The backup.
    pub from: PathBuf,
    /// The copy of the vault, made after it.
    pub vault_file: PathBuf,
    /// The data folder to make. One that is there is moved aside, not deleted.
    pub data: PathBuf,
    /// The master key file of the time of the vault's copy, or an earlier one. Not changed.
    pub master_key_file: PathBuf,
    /// The newest checkpoint file, if it is left.
    pub checkpoint_file: PathBuf,
}

/// What was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// What the backup holds.
    pub manifest: Manifest,
    /// What the copy of the vault says of itself.
    pub vault: VaultCopy,
    /// Where the folder is that was there before.
    pub replaced: Option<PathBuf>,
    /// Size of the newest published tree, as the checkpoint file says; `None` without one: then no personal data are served.
    pub published: Option<u64>,
}

impl Restored {
    /// Whether the log has everything that was published, so that the next start signs on. Otherwise it stays unsigned: it can be read, and
    /// if events were really lost, it goes on under a new origin and a public statement: see [`renew_origin`](super::renew_origin).
    pub fn signs_on(&self) -> bool {
        self.published.is_some_and(|size| size <= self.manifest.log.end)
    }
}

/// Restores a backup and a copy of the vault.
///
/// # Errors
/// What is wrong; nothing is replaced then.
pub fn restore(request: &RestoreRequest, on_progress: OnProgress<'_>) -> Result<Restored, BackupFault> {
    let manifest = check_backup(&request.from, on_progress)?;
    let staging = files::beside(&request.data, "restoring");
    remove_folder(&staging)?;
    fs::create_dir_all(&staging).map_err(io_fault("make", &staging))?;
    let prepared = prepare(request, &manifest, &staging);
    let (vault, published) = match prepared {
        Ok(prepared) => prepared,
        Err(fault) => {
            // It holds keys; but what went wrong first is what the operator must hear.
            if let Err(left) = remove_folder(&staging) {
                tracing::warn!(fault = %left, path = %staging.display(), "a folder that was not restored is left behind; it holds keys");
            }
            return Err(fault);
        }
    };
    let replaced = take_place(&request.data, &staging)?;
    Ok(Restored { manifest, vault, replaced, published })
}

/// Puts the folder together and checks it.
fn prepare(request: &RestoreRequest, manifest: &Manifest, staging: &Path) -> Result<(VaultCopy, Option<u64>), BackupFault> {
    let master = BorrowedMasterKey::of(&request.master_key_file)?;
    let vault: Arc<dyn Vault> = Arc::new(LmdbVault::open(&staging.join("vault"))?);
    let copy = read_copy(&request.vault_file, master.file(), &mut |ops| Ok(vault.write(ops)?))?;
    if copy.log_id != manifest.log.log_id {
        return Err(BackupFault::AnotherVault);
    }
    if copy.end < manifest.log.end {
        return Err(BackupFault::VaultTooOld { vault_end: copy.end, log_end: manifest.log.end });
    }
    // The log of reads is that of the backup, which is older than the vault.
    vault.delete(HEAD_ROW)?;
    let mut folders = BTreeSet::new();
    for file in &manifest.files {
        let (source, target) = (request.from.join(&file.path), staging.join(&file.path));
        let folder = target.parent().unwrap_or(staging);
        fs::create_dir_all(folder).map_err(io_fault("make", folder))?;
        let content = File::open(&source).map_err(io_fault("open", &source))?;
        copy_as(&target, &file.sha256, &file.path, |out| {
            io::copy(&mut io::Read::take(content, file.bytes), out).map(|_| ()).map_err(io_fault("copy", &source))
        })?;
        folders.extend(folder.ancestors().take_while(|folder| *folder != staging).map(Path::to_owned));
    }
    folders.iter().try_for_each(|folder| sync_folder(folder))?;
    let keys = KeyRing::open(Arc::clone(&vault), master.file(), Arc::new(SystemEntropy::new()))?;
    let secrets = Secrets::read(&keys).map_err(|fault| BackupFault::Secrets(Box::new(fault)))?;
    if secrets.log_key.log_id() != manifest.log.log_id || secrets.reads_key.log_id() != manifest.reads.log_id {
        return Err(BackupFault::AnotherVault);
    }
    let log = open_reader(&staging.join("log"))?;
    log.check(&secrets.log_key, &mut |_| {})?;
    open_reader(&staging.join("reads"))?.check(&secrets.reads_key, &mut |_| {})?;
    let newest = CheckpointFile::new(&request.checkpoint_file).read()?;
    let mut signed = Vec::new();
    for note in [Some(&manifest.note), newest.as_ref().map(|known| &known.note)].into_iter().flatten().filter(|note| !note.is_empty()) {
        let checkpoint = own_checkpoint(note, manifest.log.log_id, &keys)?
            .map_err(|what| BackupFault::Differs { file: "a published checkpoint".to_owned(), what })?;
        signed.push((checkpoint.size(), *checkpoint.root()));
    }
    let published = newest.filter(|known| !known.note.is_empty()).and(signed.last().map(|(size, _)| *size));
    check_roots(log.as_ref(), &signed)?;
    replace_file(&staging.join(UNSIGNED_MARK), print_mark(manifest.log.end).as_bytes())?;
    sync_folder(staging)?;
    Ok((copy, published))
}

/// What the mark of an unsigned folder says: how much was restored, whatever is recorded since.
fn print_mark(end: u64) -> String {
    format!("restored; shown the newest published checkpoint, it signs on\n{end}\n")
}

/// How much was restored, as the mark says.
pub(super) fn parse_mark(text: &str) -> Option<u64> {
    let end = text.lines().nth(1)?.parse().ok()?;
    (print_mark(end) == text).then_some(end)
}

/// Compares the root at every signed size that the log reaches.
fn check_roots(log: &dyn LogReader, signed: &[(u64, TreeHash)]) -> Result<(), BackupFault> {
    let roots = roots_at(log, &signed.iter().map(|(size, _)| *size).collect())?;
    match signed.iter().find(|(size, root)| roots.get(size).is_some_and(|found| found != root)) {
        Some((size, _)) => Err(BackupFault::Fork { size: *size }),
        None => Ok(()),
    }
}

/// Hashes all leaves; gives the root at every one of the sizes that the log reaches.
pub(super) fn roots_at(log: &dyn LogReader, sizes: &BTreeSet<u64>) -> Result<BTreeMap<u64, TreeHash>, BackupFault> {
    let mut roots = BTreeMap::new();
    let (mut tree, mut completed, mut leaves) = (TreeBuilder::new(), Vec::new(), LeafWriter::default());
    let mut outcome = Ok(());
    let damaged = |position: u64, what: String| BackupFault::Differs { file: format!("the commit at position {position}"), what };
    log.read(0, &mut |batch| {
        outcome = (|| {
            let frames = Body::parse(batch.body).ok_or_else(|| damaged(batch.first_position, "no frames".to_owned()))?.frames();
            for frame in frames {
                let first = frame.first_position;
                let wrong = |fault: zhixin_events::codec::DecodeFault| damaged(first, crate::appender::log_chain(&fault));
                let commit = Commit::decode(frame.bytes, Timestamp(batch.base_ms)).map_err(wrong)?;
                for (index, record) in (0_u16..).zip(&commit.events) {
                    let text = leaves.leaf(&commit, index, record, Position(first + u64::from(index))).map_err(wrong)?;
                    completed.clear();
                    tree.append(leaf_hash(text.as_bytes()), &mut completed).map_err(|fault| damaged(first, fault.to_string()))?;
                    if sizes.contains(&tree.size()) {
                        roots.insert(tree.size(), tree.root());
                    }
                }
            }
            Ok(())
        })();
        if outcome.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })
    .map_err(|fault| damaged(tree.size(), crate::appender::log_chain(&fault)))?;
    outcome.map(|()| roots)
}

/// Puts the prepared folder in the place of the data folder.
fn take_place(data: &Path, staging: &Path) -> Result<Option<PathBuf>, BackupFault> {
    let parent = files::folder_of(data);
    let is_there = match fs::read_dir(data) {
        Ok(mut entries) => entries.next().is_some(),
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => false,
        Err(fault) => return Err(io_fault("list", data)(fault)),
    };
    let aside = is_there.then(|| files::beside(data, "replaced"));
    let mut lock = None;
    if let Some(aside) = &aside {
        if aside.exists() {
            return Err(BackupFault::InTheWay { path: aside.clone() });
        }
        lock = stop_writers(data)?;
        fs::rename(data, aside).map_err(io_fault("move aside", data))?;
    }
    if let Err(fault) = fs::rename(staging, data) {
        if let Some(aside) = &aside {
            fs::rename(aside, data).map_err(io_fault("move back", aside))?;
        }
        return Err(io_fault("rename", staging)(fault));
    }
    drop(lock);
    sync_folder(parent)?;
    Ok(aside)
}

/// Takes the lock of a log, so that no engine runs on the folder meanwhile.
pub(super) fn stop_writers(data: &Path) -> Result<Option<File>, BackupFault> {
    let path = data.join("log/lock");
    if !data.join("log").is_dir() {
        return Ok(None);
    }
    let file = File::options().write(true).create(true).truncate(false).open(&path).map_err(io_fault("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(BackupFault::Running { path: data.to_owned() }),
        Err(TryLockError::Error(fault)) => Err(io_fault("lock", &path)(fault)),
    }
}

fn remove_folder(path: &Path) -> Result<(), BackupFault> {
    match fs::remove_dir_all(path) {
        Err(fault) if fault.kind() != io::ErrorKind::NotFound => Err(io_fault("remove", path)(fault)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// A copy of the master key file, beside it and as closely guarded, gone afterwards.
///
/// Why: opening keys brings a file that lies behind the vault up to it. Only the first start on the restored folder may do that, since before it
/// the folder that is still there needs the file as it is.
struct BorrowedMasterKey(PathBuf);

impl BorrowedMasterKey {
    fn of(file: &Path) -> Result<Self, BackupFault> {
        let copy = files::beside(file, "restoring");
        // Copies the permissions too.
        fs::copy(file, &copy).map_err(io_fault("copy", file))?;
        Ok(Self(copy))
    }

    fn file(&self) -> MasterKeyFile {
        MasterKeyFile::new(&self.0)
    }
}

impl Drop for BorrowedMasterKey {
    fn drop(&mut self) {
        if let Err(fault) = fs::remove_file(&self.0) {
            tracing::error!(fault = %fault, path = %self.0.display(), runbook = "restore", "a copy of the master key could not be removed");
        }
    }
}
