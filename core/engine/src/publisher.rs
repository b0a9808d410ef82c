//! Publishing checkpoints: batch durable → tree advanced → root → `last_signed` durable in the vault → signed → published.
//!
//! Invariant: nothing is signed that does not extend what was signed before.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use zhixin_events::PersonId;
use zhixin_store::vault::VaultFault;

use crate::appender::log_chain;
use crate::checkpoint_file::{CheckpointFile, CheckpointFileFault, Known};
use crate::merkle::{Checkpoint, SignerKey, TreeBuilder, TreeHash, VerifierKey};
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

    /// Publishes the tree, unless it is published already or the log is unsigned.
    pub(crate) fn publish(&self, tree: &TreeBuilder) {
        let last = self.published();
        if self.unsigned || tree.size() == 0 || last.is_some_and(|last| last.size == tree.size()) {
            return;
        }
        let signed = LastSigned { size: tree.size(), root: tree.root() };
        let note = Checkpoint::new(&self.origin, signed.size, signed.root).and_then(|checkpoint| {
            let stored = signed.write(&self.keys, LAST_SIGNED);
            let note = checkpoint.sign(&[&self.signer])?;
            Ok((stored, note.to_string()))
        });
        match note {
            Ok((Ok(()), note)) => {
                // First outside the folder: a copy of the folder that knows less than somebody was shown must be told so.
                let written = self.write_file(|known| known.note.clone_from(&note));
                self.failing.store(!written, Ordering::Relaxed);
                if written {
                    let published = Published { note, size: signed.size, root: signed.root };
                    *self.published.write().unwrap_or_else(PoisonError::into_inner) = Some(published);
                }
            }
            Ok((Err(fault), _)) => {
                self.failing.store(true, Ordering::Relaxed);
                tracing::error!(fault = %log_chain(&fault), runbook = "checkpoint", "the last signed checkpoint could not be stored; nothing was signed");
            }
            Err(fault) => {
                self.failing.store(true, Ordering::Relaxed);
                tracing::error!(fault = %log_chain(&fault), runbook = "checkpoint", "a checkpoint could not be signed");
            }
        }
    }

    /// Notes that persons are erased, outside the data folder.
    ///
    /// # Errors
    /// The file cannot be written: the erasure is not complete.
    pub(crate) fn note_erased(&self, persons: impl IntoIterator<Item = PersonId>) -> Result<(), CheckpointFileFault> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let before = known.erased.len();
        known.erased.extend(persons);
        if known.erased.len() == before { Ok(()) } else { self.file.write(&known) }
    }

    /// Persons that the checkpoint file knows to be erased.
    pub(crate) fn known_erased(&self) -> Vec<PersonId> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).erased.iter().copied().collect()
    }

    /// Whether the file says so now.
    fn write_file(&self, change: impl FnOnce(&mut Known)) -> bool {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut known);
        let written = self.file.write(&known);
        if let Err(fault) = &written {
            tracing::error!(fault = %log_chain(fault), runbook = "checkpoint", "the checkpoint file could not be written; nothing was published");
        }
        written.is_ok()
    }
}
