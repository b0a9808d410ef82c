//! The keys in the vault: the log's secrets, and a key for every holder of sealed fields, in groups that can be destroyed.
//!
//! **Layers.** Each holder (a person, an account, …) has a key; it is wrapped by the key of its group (one of [`GROUPS`], by hash of the
//! holder); group keys and the log's secrets are wrapped by the master key, which comes from a file outside the data folder.
//! **Forgetting** a holder deletes its key, gives its group a new key under which the others are wrapped again, and steps the master key to
//! its next generation, a one-way function: the file then holds a key from which the earlier one cannot be computed. So a copy of the vault
//! from before an erasure opens nothing, even with today's master key file.
//! Invariants: a holder's key is durable before the first event sealed under it is appended; a new key is wrapped only when it is written,
//! under the group key of that moment, and nothing is written beside [`KeyRing::destroy`] (a row wrapped before it and written after it would
//! never open again); what a write left open is looked up in the vault before the next one; the key file lies at most one step behind.

mod file;
mod forget;
#[cfg(test)]
mod tests;
mod unconfirmed;

use std::collections::HashMap;
use std::fmt;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;
use zhixin_events::digest::sha256;
use zhixin_events::{Subject, invariant};
use zhixin_store::vault::{Vault, VaultFault, VaultOp};

use crate::entropy::Entropy;

/// Number of key groups. Why so many: an erasure wraps one group again, at ten million people about 2,400 keys.
pub const GROUPS: u16 = 4_096;
/// Holder keys kept unwrapped in memory.
const CACHED_KEYS_MAX: usize = 16_384;
/// Steps that the master key file may lie behind the vault: it is stepped after each erasure, and a crash may come between.
const GENERATIONS_BEHIND_MAX: u64 = 64;

const GENERATION: &[u8] = b"m/generation";

/// 32 bytes that are wiped when dropped and never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(Zeroizing<[u8; 32]>);

impl From<[u8; 32]> for Key {
    fn from(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl TryFrom<&[u8]> for Key {
    type Error = KeyFault;

    fn try_from(bytes: &[u8]) -> Result<Self, KeyFault> {
        bytes.try_into().map(|bytes| Self(Zeroizing::new(bytes))).map_err(|_| KeyFault::DoesNotOpen)
    }
}

impl std::ops::Deref for Key {
    type Target = [u8; 32];

    fn deref(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

/// Keys of new holders that are not in the vault yet.
pub(crate) type NewKeys = Vec<(Subject, Key)>;

pub use self::file::MasterKeyFile;

/// What can go wrong with keys.
#[derive(Debug, thiserror::Error)]
pub enum KeyFault {
    /// The vault cannot be read or written.
    #[error(transparent)]
    Vault(#[from] VaultFault),
    /// The master key file cannot be read or written.
    #[error("{step} the master key file {path}")]
    File {
        /// What was being done.
        step: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The master key file does not have the form that it is written in.
    #[error("{path} is not a master key file")]
    NotAKeyFile {
        /// The file.
        path: PathBuf,
    },
    /// The master key is not the one that wraps this vault.
    #[error("the master key of generation {file} does not open the vault of generation {vault}")]
    WrongMasterKey {
        /// Generation in the file.
        file: u64,
        /// Generation of the vault.
        vault: u64,
    },
    /// The key of a group is gone while keys under it are there: the vault lost a row.
    #[error("the key of group {group} is gone, but not the keys under it")]
    GroupKeyLost {
        /// The group.
        group: u16,
    },
    /// The key that sealed something is gone: the holder was erased.
    #[error("the key of a holder is gone")]
    Forgotten,
    /// Something sealed does not open under its key: it was changed, or moved from elsewhere.
    #[error("something sealed does not open under its key")]
    DoesNotOpen,
}

/// The next generation of a master key: one-way, so that the earlier one is gone when the file is replaced.
fn step(key: &Key) -> Key {
    Key::from(sha256(&[b"zx-master-step", key.as_slice()]))
}

/// Encrypts: nonce and ciphertext.
pub(crate) fn seal(key: &Key, aad: &[u8], plain: &[u8], entropy: &dyn Entropy) -> Vec<u8> {
    let nonce: [u8; 24] = entropy.array();
    let cipher = XChaCha20Poly1305::new((&**key).into());
    match cipher.encrypt(&XNonce::from(nonce), Payload { msg: plain, aad }) {
        Ok(ciphertext) => [nonce.as_slice(), &ciphertext].concat(),
        Err(_) => invariant!("encryption of a short text cannot fail"),
    }
}

/// Decrypts what [`seal`] made.
pub(crate) fn open(key: &Key, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyFault> {
    let (nonce, ciphertext) = sealed.split_first_chunk::<24>().ok_or(KeyFault::DoesNotOpen)?;
    let cipher = XChaCha20Poly1305::new((&**key).into());
    cipher.decrypt(&XNonce::from(*nonce), Payload { msg: ciphertext, aad }).map(Zeroizing::new).map_err(|_| KeyFault::DoesNotOpen)
}

fn open_key(key: &Key, aad: &[u8], sealed: &[u8]) -> Result<Key, KeyFault> {
    open(key, aad, sealed)?.as_slice().try_into()
}

/// The group of a holder.
pub(crate) fn group_of(holder: &Subject) -> u16 {
    let [first, second, ..] = sha256(&[b"zx-group", holder.as_bytes()]);
    u16::from_be_bytes([first, second]) % GROUPS
}

fn group_row(group: u16) -> Vec<u8> {
    [b"g/".as_slice(), &group.to_be_bytes()].concat()
}

/// What a holder's key is for, as the first bytes of its row.
const FIELDS: &[u8] = b"k/";
const BLOBS: &[u8] = b"q/";

fn holder_prefix(kind: &[u8], group: u16) -> Vec<u8> {
    [kind, &group.to_be_bytes()].concat()
}

fn holder_row(kind: &[u8], holder: &Subject) -> Vec<u8> {
    [holder_prefix(kind, group_of(holder)).as_slice(), holder.as_bytes()].concat()
}

fn secret_row(name: &str) -> Vec<u8> {
    format!("s/{name}").into_bytes()
}

/// The keys of one vault.
pub struct KeyRing {
    vault: Arc<dyn Vault>,
    file: MasterKeyFile,
    entropy: Arc<dyn Entropy>,
    /// Held by whoever wraps and writes; taken before `state`.
    writing: Mutex<()>,
    state: Mutex<State>,
    /// Events whose sealed fields did not open when derived rows were made.
    unopened: AtomicU64,
}

struct State {
    generation: u64,
    master: Key,
    /// The generation that the file holds.
    in_file: u64,
    /// The generation that a write would have brought whose outcome is not known.
    perhaps: Option<(u64, Key)>,
    groups: HashMap<u16, Key>,
    holders: HashMap<Subject, Key>,
    /// Keys of holders that commits under way have made.
    pending: HashMap<Subject, Key>,
    unconfirmed: unconfirmed::Unconfirmed,
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing").field("file", &self.file).finish_non_exhaustive()
    }
}

impl KeyFault {
    /// Whether there is no room: nothing was changed, and there may be room again.
    pub const fn is_full(&self) -> bool {
        matches!(self, Self::Vault(VaultFault::Full))
    }
}

/// The generation of a vault and the master key stepped to it; `None` for a new vault.
fn stepped_to_vault(vault: &dyn Vault, file_generation: u64, master: &Key) -> Result<Option<(u64, Key)>, KeyFault> {
    let Some(row) = vault.get(GENERATION)? else { return Ok(None) };
    let (number, check) = row.split_first_chunk::<8>().ok_or(KeyFault::DoesNotOpen)?;
    let generation = u64::from_be_bytes(*number);
    let wrong = || KeyFault::WrongMasterKey { file: file_generation, vault: generation };
    let behind = generation.checked_sub(file_generation).ok_or_else(wrong)?;
    if behind > GENERATIONS_BEHIND_MAX {
        return Err(wrong());
    }
    let mut stepped = master.clone();
    for _ in 0..behind {
        stepped = step(&stepped);
    }
    open(&stepped, GENERATION, check).map_err(|_| wrong())?;
    Ok(Some((generation, stepped)))
}

/// Whether a file is a master key and, where there is a vault, opens it. Changes nothing.
///
/// # Errors
/// The file or the vault cannot be read, or they do not belong together.
pub fn check_master_key(file: &MasterKeyFile, vault: Option<&dyn Vault>) -> Result<(), KeyFault> {
    let (generation, master) = file.read()?;
    match vault {
        Some(vault) => stepped_to_vault(vault, generation, &master).map(|_| ()),
        None => Ok(()),
    }
}

impl KeyRing {
    /// Opens the keys of a vault with the master key file; a new vault begins at the file's generation.
    ///
    /// # Errors
    /// The file or the vault cannot be read, or they do not belong together.
    pub fn open(vault: Arc<dyn Vault>, file: MasterKeyFile, entropy: Arc<dyn Entropy>) -> Result<Self, KeyFault> {
        let (file_generation, master) = file.read()?;
        let (generation, master) = if let Some((generation, stepped)) = stepped_to_vault(vault.as_ref(), file_generation, &master)? {
            if generation > file_generation {
                file.prepare(generation, &stepped)?;
                file.put_in_place()?;
            }
            (generation, stepped)
        } else {
            vault.write(&[generation_op(file_generation, &master, entropy.as_ref())])?;
            (file_generation, master)
        };
        let state = State {
            generation,
            master,
            in_file: generation,
            perhaps: None,
            groups: HashMap::new(),
            holders: HashMap::new(),
            pending: HashMap::new(),
            unconfirmed: unconfirmed::Unconfirmed::default(),
        };
        Ok(Self { vault, file, entropy, writing: Mutex::new(()), state: Mutex::new(state), unopened: AtomicU64::new(0) })
    }

    fn alone(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same for who wraps keys: an erasure whose write left open whether it happened is looked up first.
    fn wrapping(&self) -> Result<MutexGuard<'_, ()>, KeyFault> {
        let alone = self.alone();
        self.settle(&mut self.state())?;
        Ok(alone)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A secret of the log, if it is there.
    ///
    /// # Errors
    /// The vault cannot be read.
    pub fn secret(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeyFault> {
        let row = secret_row(name);
        let state = self.state();
        self.vault.get(&row)?.map(|sealed| open(&state.master, &row, &sealed)).transpose()
    }

    /// A secret of the log; made by `make` and durable before it is returned, if it was not there.
    ///
    /// # Errors
    /// The vault cannot be read or written.
    pub fn secret_or_make(&self, name: &str, make: impl FnOnce(&dyn Entropy) -> Vec<u8>) -> Result<Zeroizing<Vec<u8>>, KeyFault> {
        let _alone = self.wrapping()?;
        if let Some(known) = self.secret(name)? {
            return Ok(known);
        }
        let fresh = Zeroizing::new(make(self.entropy.as_ref()));
        let row = secret_row(name);
        let sealed = seal(&self.state().master, &row, &fresh, self.entropy.as_ref());
        self.vault.put(&row, &sealed)?;
        Ok(fresh)
    }

    /// Keeps bytes under a name, encrypted under the master key.
    pub(crate) fn stash(&self, name: &str, bytes: &[u8]) -> Result<(), KeyFault> {
        let _alone = self.wrapping()?;
        let row = secret_row(&format!("stash/{name}"));
        let sealed = seal(&self.state().master, &row, bytes, self.entropy.as_ref());
        Ok(self.vault.put(&row, &sealed)?)
    }

    /// Changes rows that are not keys, but must not change while keys are wrapped anew.
    pub(crate) fn write_rows(&self, ops: &[VaultOp]) -> Result<(), KeyFault> {
        let _alone = self.alone();
        Ok(self.vault.write(ops)?)
    }

    /// Drops the bytes under a name.
    pub(crate) fn drop_stash(&self, name: &str) -> Result<(), KeyFault> {
        let _alone = self.alone();
        Ok(self.vault.delete(&secret_row(&format!("stash/{name}")))?)
    }

    /// Names under which bytes are kept.
    pub(crate) fn stashed(&self) -> Result<Vec<String>, KeyFault> {
        let prefix = secret_row("stash/");
        let rows = self.vault.collect_prefix(&prefix)?;
        Ok(rows.iter().filter_map(|(row, _)| String::from_utf8(row.get(prefix.len()..)?.to_vec()).ok()).collect())
    }

    /// The key of a group, if there is one.
    fn group_key(&self, state: &mut State, group: u16) -> Result<Option<Key>, KeyFault> {
        if let Some(key) = state.groups.get(&group) {
            return Ok(Some(key.clone()));
        }
        let key = self.read_group_key(&state.master, group)?;
        state.groups.extend(key.clone().map(|key| (group, key)));
        Ok(key)
    }

    fn read_group_key(&self, master: &Key, group: u16) -> Result<Option<Key>, KeyFault> {
        let row = group_row(group);
        self.vault.get(&row)?.map(|sealed| open_key(master, &row, &sealed)).transpose()
    }

    /// The key of a group, made if it has none; `ops` gets its row then.
    fn group_key_or_make(&self, state: &mut State, group: u16, ops: &mut Vec<VaultOp>) -> Result<Key, KeyFault> {
        if let Some(key) = self.group_key(state, group)? {
            return Ok(key);
        }
        // A new key would hide for ever what lies under the lost one.
        for kind in [FIELDS, BLOBS] {
            let mut lost = false;
            self.vault.scan_prefix(&holder_prefix(kind, group), &mut |_, _| {
                lost = true;
                ControlFlow::Break(())
            })?;
            if lost {
                return Err(KeyFault::GroupKeyLost { group });
            }
        }
        let (row, key) = (group_row(group), Key::from(self.entropy.array::<32>()));
        let value = seal(&state.master, &row, key.as_slice(), self.entropy.as_ref());
        ops.push(VaultOp::Put { key: row, value });
        state.groups.insert(group, key.clone());
        Ok(key)
    }

    /// The key for a holder's blobs, if there is one.
    pub(crate) fn blob_key(&self, holder: &Subject) -> Result<Option<Key>, KeyFault> {
        self.read_holder_key(&mut self.state(), BLOBS, holder)
    }

    /// The key for a holder's blobs; durable before it is returned, if it was not there.
    pub(crate) fn blob_key_or_make(&self, holder: &Subject) -> Result<Key, KeyFault> {
        let _alone = self.wrapping()?;
        if let Some(known) = self.blob_key(holder)? {
            return Ok(known);
        }
        let (row, key) = (holder_row(BLOBS, holder), Key::from(self.entropy.array::<32>()));
        let mut ops = Vec::with_capacity(2);
        let group_key = self.group_key_or_make(&mut self.state(), group_of(holder), &mut ops)?;
        let value = seal(&group_key, &row, key.as_slice(), self.entropy.as_ref());
        ops.push(VaultOp::Put { key: row, value });
        self.write_wrapped(&ops)?;
        Ok(key)
    }

    /// Writes keys; if that fails, those of new groups are not to be used.
    fn write_wrapped(&self, ops: &[VaultOp]) -> Result<(), KeyFault> {
        self.vault.write(ops).inspect_err(|_| self.state().groups.clear())?;
        Ok(())
    }

    /// The key of a holder, made if it has none; `new_keys` gets it then, to be durable before anything sealed under it is appended.
    pub(crate) fn key_for_sealing(&self, holder: &Subject, new_keys: &mut NewKeys) -> Result<Key, KeyFault> {
        let mut state = self.state();
        if let Some(key) = state.pending.get(holder) {
            return Ok(key.clone());
        }
        if let Some(key) = self.known_key(&mut state, holder)? {
            return Ok(key);
        }
        let key = Key::from(self.entropy.array::<32>());
        new_keys.push((*holder, key.clone()));
        state.pending.insert(*holder, key.clone());
        Ok(key)
    }

    /// Makes new keys durable, while the log ends at `end`. What becomes of their commits is told by `confirm` or `withdraw`, or never.
    ///
    /// # Errors
    /// The vault cannot be written; then none of them may be used.
    pub(crate) fn write_new(&self, new_keys: &NewKeys, end: u64) -> Result<(), KeyFault> {
        if new_keys.is_empty() {
            return Ok(());
        }
        let _alone = self.wrapping()?;
        let mut ops = Vec::with_capacity(new_keys.len() * 2 + 1);
        let mut state = self.state();
        ops.push(state.unconfirmed.extend(new_keys, end));
        for (holder, key) in new_keys {
            let group_key = self.group_key_or_make(&mut state, group_of(holder), &mut ops)?;
            let row = holder_row(FIELDS, holder);
            let value = seal(&group_key, &row, key.as_slice(), self.entropy.as_ref());
            ops.push(VaultOp::Put { key: row, value });
        }
        // Deciding goes on while the vault syncs.
        drop(state);
        self.write_wrapped(&ops)?;
        let mut state = self.state();
        if state.holders.len() + new_keys.len() > CACHED_KEYS_MAX {
            state.holders.clear();
        }
        for (holder, key) in new_keys {
            state.pending.remove(holder);
            state.holders.insert(*holder, key.clone());
        }
        Ok(())
    }

    /// Forgets new keys whose commit came to nothing.
    pub(crate) fn abandon(&self, new_keys: &NewKeys) {
        let mut state = self.state();
        for (holder, _) in new_keys {
            state.pending.remove(holder);
        }
    }

    /// The key of a holder.
    ///
    /// # Errors
    /// `Forgotten`: the holder has none, as after an erasure.
    pub(crate) fn key_for_opening(&self, holder: &Subject) -> Result<Key, KeyFault> {
        let mut state = self.state();
        self.known_key(&mut state, holder)?.ok_or(KeyFault::Forgotten)
    }

    fn known_key(&self, state: &mut State, holder: &Subject) -> Result<Option<Key>, KeyFault> {
        if let Some(key) = state.holders.get(holder) {
            return Ok(Some(key.clone()));
        }
        let Some(key) = self.read_holder_key(state, FIELDS, holder)? else { return Ok(None) };
        if state.holders.len() < CACHED_KEYS_MAX {
            state.holders.insert(*holder, key.clone());
        }
        Ok(Some(key))
    }

    fn read_holder_key(&self, state: &mut State, kind: &[u8], holder: &Subject) -> Result<Option<Key>, KeyFault> {
        let (group, row) = (group_of(holder), holder_row(kind, holder));
        let Some(sealed) = self.vault.get(&row)? else { return Ok(None) };
        let group_key = self.group_key(state, group)?.ok_or(KeyFault::GroupKeyLost { group })?;
        open_key(&group_key, &row, &sealed).map(Some)
    }

    /// Forgets unwrapped keys: those whose rows never became durable must not be used again.
    pub(crate) fn drop_cached(&self) {
        let mut state = self.state();
        state.holders.clear();
        state.groups.clear();
        state.pending.clear();
    }

    /// Another event whose sealed fields do not open.
    pub(crate) fn count_unopened(&self) {
        self.unopened.fetch_add(1, Ordering::Relaxed);
    }

    /// How many those are, of the events that derived rows were made from since the start.
    pub(crate) fn unopened(&self) -> u64 {
        self.unopened.load(Ordering::Relaxed)
    }

    /// The vault beneath, for what is stored beside keys: credentials, sessions, the last signed checkpoint.
    pub fn vault(&self) -> &Arc<dyn Vault> {
        &self.vault
    }
}

fn generation_op(generation: u64, master: &Key, entropy: &dyn Entropy) -> VaultOp {
    let check = seal(master, GENERATION, b"", entropy);
    VaultOp::Put { key: GENERATION.to_vec(), value: [generation.to_be_bytes().as_slice(), &check].concat() }
}
