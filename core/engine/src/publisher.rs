//! Publishing checkpoints: batch durable → tree advanced → root → `last_signed` durable in the vault → signed → published.
//!
//! Invariant: nothing is signed that does not extend what was signed before.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use zhixin_events::PersonId;
use zhixin_store::vault::VaultFault;

use crate::appender::log_chain;
use crate::checkpoint_file::{CheckpointFile, CheckpointFileFault, Known};
use crate::merkle::{Checkpoint, CheckpointError, SignerKey, TreeBuilder, TreeHash, VerifierKey};
use crate::origin::KnownOrigin;
use crate::vault_keys::KeyRing;

pub(crate) const LAST_SIGNED: &[u8] = b"l/last-signed";

/// The last tree that was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastSigned {
    /// Its size.
    pub size: u64,
    /// Its root.
    pub root: TreeHash,
}

impl LastSigned {
    /// Reads it from the vault.
    ///
    /// # Errors
    /// The vault cannot be read.
    pub fn read(keys: &KeyRing) -> Result<Option<Self>, VaultFault> {
        Self::read_row(keys, LAST_SIGNED)
    }
    pub(crate) fn read_row(keys: &KeyRing, row: &[u8]) -> Result<Option<Self>, VaultFault> {
        Ok(keys.vault().get(row)?.and_then(|row| {
            let (size, root) = row.split_first_chunk::<8>()?;
            Some(Self { size: u64::from_be_bytes(*size), root: TreeHash::from_bytes(root.try_into().ok()?) })
        }))
    }
    pub(crate) fn write(&self, keys: &KeyRing, row: &[u8]) -> Result<(), VaultFault> {
        keys.vault().put(row, &self.value())
    }
    pub(crate) fn value(&self) -> Vec<u8> {
        [self.size.to_be_bytes().as_slice(), self.root.as_bytes()].concat()
    }
}

/// Why a checkpoint was not published.
#[derive(Debug, thiserror::Error)]
enum PublishFault {
    #[error("store the last signed checkpoint; nothing was signed")]
    LastSigned(#[from] VaultFault),
    #[error("sign a checkpoint")]
    Sign(#[from] CheckpointError),
    #[error(transparent)]
    File(#[from] CheckpointFileFault),
}

/// A published checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The signed note.
    pub note: String,
    /// Size of the tree.
    pub size: u64,
    /// Its root.
    pub root: TreeHash,
}

/// Signs and publishes.
#[derive(Debug)]
pub struct Publisher {
    origin: String,
    signer: SignerKey,
    origins: Vec<KnownOrigin>,
    keys: Arc<KeyRing>,
    file: CheckpointFile,
    published: RwLock<Option<Published>>,
    known: Mutex<Known>,
    unsigned: bool,
    failing: AtomicBool,
}

impl Publisher {
    pub(crate) fn new(
        signer: SignerKey,
        origins: Vec<KnownOrigin>,
        keys: Arc<KeyRing>,
        (file, known): (CheckpointFile, Known),
        unsigned: bool,
    ) -> Self {
        let origin = signer.verifier().name().to_owned();
        Self {
            origin,
            signer,
            origins,
            keys,
            file,
            published: RwLock::new(None),
            known: Mutex::new(known),
            unsigned,
            failing: AtomicBool::new(false),
        }
    }

    /// The origin: names the log, since its first start or its last renewal.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Every origin the log has had, the present one last, each but the first with the statement with which it began.
    pub fn origins(&self) -> &[KnownOrigin] {
        &self.origins
    }

    /// The key that outsiders check with.
    pub fn verifier(&self) -> VerifierKey {
        self.signer.verifier().clone()
    }

    /// The newest published checkpoint.
    pub fn published(&self) -> Option<Published> {
        self.published.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Signs a statement about the head of a subject, under the key of this log.
    pub fn signer(&self) -> &SignerKey {
        &self.signer
    }

    /// Whether the last checkpoint could not be signed or published.
    pub fn is_failing(&self) -> bool {
        self.failing.load(Ordering::Relaxed)
    }

    /// Whether nothing is signed, because the folder was restored and has not been shown the newest published checkpoint.
    pub const fn is_unsigned(&self) -> bool {
        self.unsigned
    }

    /// Publishes the tree, unless it is published already or the log is unsigned.
    pub(crate) fn publish(&self, tree: &TreeBuilder) {
        let last = self.published();
        if self.unsigned || tree.size() == 0 || last.is_some_and(|last| last.size == tree.size()) {
            return;
        }
        let signed = LastSigned { size: tree.size(), root: tree.root() };
        let published = match self.signed(signed) {
            Ok(note) => {
                // First outside the folder: a copy of the folder that knows less than somebody was shown must be told so.
                let written = self.change_known(|known| known.note.clone_from(&note));
                written.map(|()| Published { note, size: signed.size, root: signed.root }).map_err(PublishFault::from)
            }
            Err(fault) => Err(fault),
        };
        self.failing.store(published.is_err(), Ordering::Relaxed);
        match published {
            Ok(published) => *self.published.write().unwrap_or_else(PoisonError::into_inner) = Some(published),
            Err(fault) => tracing::error!(fault = %log_chain(&fault), runbook = "checkpoint", "nothing was published"),
        }
    }

    /// Nothing is signed before the vault knows of it.
    fn signed(&self, tree: LastSigned) -> Result<String, PublishFault> {
        let checkpoint = Checkpoint::new(&self.origin, tree.size, tree.root)?;
        tree.write(&self.keys, LAST_SIGNED)?;
        Ok(checkpoint.sign(&[&self.signer])?.to_string())
    }

    /// Notes that persons are erased, outside the data folder.
    ///
    /// # Errors
    /// The file cannot be written: the erasure is not complete.
    pub(crate) fn note_erased(&self, persons: impl IntoIterator<Item = PersonId>) -> Result<(), CheckpointFileFault> {
        self.change_known(|known| known.erased.extend(persons))
    }

    /// Persons that the checkpoint file knows to be erased.
    pub(crate) fn known_erased(&self) -> Vec<PersonId> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).erased.iter().copied().collect()
    }

    /// Changes what the file says; what is in memory is always what is in the file, so that a repeat after a fault writes.
    fn change_known(&self, change: impl FnOnce(&mut Known)) -> Result<(), CheckpointFileFault> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = known.clone();
        change(&mut next);
        if next != *known {
            self.file.write(&next)?;
            *known = next;
        }
        Ok(())
    }
}
