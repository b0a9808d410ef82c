//! Going on under a new origin: an act of its own, for a restored log that lost events whose checkpoint was published.
//!
//! Order: the new key is durable in the vault; then, in one write, the statement, the first checkpoint, the new origin and what it has signed;
//! then the statement beside the checkpoint file, the checkpoint file itself, and the mark of the unsigned folder goes last. Repeating it
//! finishes what was begun. The tree that the new origin begins with is the one that was restored, not what was recorded since: only up to
//! there is it the old one. Decision record 0011.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use zhixin_events::Timestamp;
use zhixin_store::files;
use zhixin_store::vault::{LmdbVault, Vault, VaultOp};

use super::restore::{parse_mark, roots_at, stop_writers};
use super::{BackupFault, io_fault, replace_file, sync_folder};
use crate::checkpoint_file::{CheckpointFile, Known};
use crate::engine::UNSIGNED_MARK;
use crate::entropy::SystemEntropy;
use crate::fault::OpenFault;
use crate::log::open_reader;
use crate::merkle::{Checkpoint, NewOrigin, VerifierKey};
use crate::origin::{KnownOrigin, Origin, RENEWING, own_checkpoint};
use crate::publisher::{LAST_SIGNED, LastSigned};
use crate::secrets::Secrets;
use crate::vault_keys::{KeyRing, MasterKeyFile};

/// Which folder gets a new origin, and why.
#[derive(Debug, Clone)]
pub struct RenewRequest {
    /// The restored, unsigned folder. No engine may run on it.
    pub data: PathBuf,
    /// The master key file.
    pub master_key_file: PathBuf,
    /// The checkpoint file with the last published checkpoint.
    pub checkpoint_file: PathBuf,
    /// Why, in one line: it is published.
    pub reason: String,
    /// When.
    pub now: Timestamp,
}

/// A log under its new origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewed {
    /// What was stated.
    pub statement: NewOrigin,
    /// The file beside the checkpoint file that holds it, signed.
    pub file: PathBuf,
}

/// Gives a log that lost published events a new origin; the next start signs under it.
///
/// # Errors
/// The folder is not unsigned, nothing was lost, the last published checkpoint is not there, or the world failed. Then the origin is as it was,
/// or repeating it finishes what was begun.
pub fn renew_origin(request: &RenewRequest) -> Result<Renewed, BackupFault> {
    let _alone = stop_writers(&request.data)?;
    let mark = request.data.join(UNSIGNED_MARK);
    let restored = match fs::read_to_string(&mark) {
        Ok(text) => parse_mark(&text),
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => None,
        Err(fault) => return Err(io_fault("read", &mark)(fault)),
    };
    let restored = restored.ok_or_else(|| BackupFault::NotUnsigned { path: request.data.clone() })?;
    let file = CheckpointFile::new(&request.checkpoint_file);
    let known = file.read()?.filter(|known| !known.note.is_empty());
    let known = known.ok_or_else(|| BackupFault::NoCheckpoint { path: request.checkpoint_file.clone() })?;
    let vault: Arc<dyn Vault> = Arc::new(LmdbVault::open(&request.data.join("vault"))?);
    let keys = KeyRing::open(vault, MasterKeyFile::new(&request.master_key_file), Arc::new(SystemEntropy::new()))?;
    let secrets = |fault: OpenFault| BackupFault::Secrets(Box::new(fault));
    let log_id = Secrets::read(&keys).map_err(secrets)?.log_key.log_id();
    let origin = Origin::of(&keys, log_id, None).map_err(secrets)?;
    let differs = |what| BackupFault::Differs { file: "the checkpoint file".to_owned(), what };
    let published = own_checkpoint(&known.note, log_id, &keys)?.map_err(differs)?;
    let begun = if keys.vault().get(RENEWING)?.is_some() {
        origin
    } else if published.origin() == origin.to_string() {
        begin(request, &keys, &origin, restored, &published)?
    } else {
        return Err(differs(format!("a checkpoint of {}, but the log signs as {origin}", published.origin())));
    };
    finish(request, &keys, &begun.history(&keys).map_err(secrets)?, &file, known)
}

/// States and keeps the new origin, up to the one write that makes it the log's.
fn begin(request: &RenewRequest, keys: &KeyRing, origin: &Origin, restored: u64, published: &Checkpoint) -> Result<Origin, BackupFault> {
    let secrets = |fault: OpenFault| BackupFault::Secrets(Box::new(fault));
    let last = LastSigned::read(keys)?;
    let signed = [Some(LastSigned { size: published.size(), root: *published.root() }), last];
    let signed: Vec<LastSigned> = signed.into_iter().flatten().collect();
    let log = open_reader(&request.data.join("log"))?;
    let roots = roots_at(log.as_ref(), &signed.iter().map(|signed| signed.size).chain([restored]).collect())?;
    if signed.iter().all(|signed| roots.get(&signed.size) == Some(&signed.root)) {
        return Err(BackupFault::NothingLost { size: signed.iter().map(|signed| signed.size).max().unwrap_or_default() });
    }
    let Some(root) = roots.get(&restored).copied() else {
        return Err(BackupFault::Differs { file: "log".to_owned(), what: format!("it does not reach the {restored} events restored") });
    };
    let next = origin.next();
    let old = origin.signer_or_make(keys).map_err(secrets)?;
    let new = next.signer_or_make(keys).map_err(secrets)?;
    let statement = NewOrigin {
        old_origin: origin.to_string(),
        old_size: published.size(),
        old_root: *published.root(),
        new_key: new.verifier().clone(),
        size: restored,
        root,
        at: request.now.to_utc_text(),
        reason: request.reason.clone(),
    };
    let note = statement.sign(&old, &new)?.to_string();
    let first = Checkpoint::new(&next.to_string(), restored, root)?.with_extension(NewOrigin::extension(&note))?.sign(&[&new])?;
    let mut ops = next.renewing(&note, &first.to_string());
    ops.push(VaultOp::Put { key: RENEWING.to_vec(), value: Vec::new() });
    ops.push(VaultOp::Put { key: LAST_SIGNED.to_vec(), value: LastSigned { size: restored, root }.value() });
    keys.write_rows(&ops)?;
    Ok(next)
}

/// Shows the newest of the log's origins outside the folder, then lets the folder sign.
fn finish(
    request: &RenewRequest,
    keys: &KeyRing,
    origins: &[KnownOrigin],
    file: &CheckpointFile,
    known: Known,
) -> Result<Renewed, BackupFault> {
    let [.., before, KnownOrigin { statement: Some(note), first_checkpoint: Some(first), .. }] = origins else {
        zhixin_events::invariant!("a renewed origin follows another and has its statement")
    };
    let old = VerifierKey::parse(&before.vkey).map_err(|fault| BackupFault::Secrets(Box::new(fault.into())))?;
    let statement = NewOrigin::open(note.as_bytes(), &old)?;
    let path = files::beside(&request.checkpoint_file, &format!("origin-{}", origins.len()));
    replace_file(&path, note.as_bytes())?;
    file.write(&Known { note: first.clone(), ..known })?;
    keys.write_rows(&[VaultOp::Delete { key: RENEWING.to_vec() }])?;
    let mark = request.data.join(UNSIGNED_MARK);
    fs::remove_file(&mark).map_err(io_fault("remove", &mark))?;
    sync_folder(&request.data)?;
    Ok(Renewed { statement, file: path })
}
