//! The keys in the vault: the log's secrets, and a key for every holder of sealed fields, in groups that can be destroyed.
//!
//! **Layers.** Each holder (a person, an account, …) has a key; it is wrapped by the key of its group (one of [`GROUPS`], by hash of the
//! holder); group keys and the log's secrets are wrapped by the master key, which comes from a file outside the data folder.
//! **Forgetting** a holder deletes its key, gives its group a new key under which the others are wrapped again, and steps the master key to
//! its next generation, a one-way function: the file then holds a key from which the earlier one cannot be computed. So a copy of the vault
//! from before an erasure opens nothing, even with today's master key file.
//! Invariants: a holder's key is durable before the first event sealed under it is appended; a new key is wrapped only when it is written,
//! under the group key of that moment, and nothing is written beside [`KeyRing::destroy`] (a row wrapped before it and written after it would
//! never open again).

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
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
const FILE_MARK: &str = "zhixin-master-key-1";

/// 32 bytes that are wiped when dropped.
pub type Key = Zeroizing<[u8; 32]>;

/// Keys of new holders that are not in the vault yet.
pub(crate) type NewKeys = Vec<(Subject, Key)>;

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
    /// The key that sealed something is gone: the holder was erased.
    #[error("the key of a holder is gone")]
    Forgotten,
    /// Something sealed does not open under its key: it was changed, or moved from elsewhere.
    #[error("something sealed does not open under its key")]
    DoesNotOpen,
}

/// The master key, in a file outside the data folder: `zhixin-master-key-1 GENERATION HEX`.
#[derive(Debug)]
pub struct MasterKeyFile {
    path: PathBuf,
}

impl MasterKeyFile {
    /// The file at a path; it need not exist yet.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
    /// Makes a new key, readable by its owner only.
    ///
    /// # Errors
    /// The file is there already, or cannot be written.
    pub fn create(&self, entropy: &dyn Entropy) -> Result<(), KeyFault> {
        if self.path.exists() {
            let source = std::io::Error::from(std::io::ErrorKind::AlreadyExists);
            return Err(KeyFault::File { step: "create", path: self.path.clone(), source });
        }
        self.write(0, &Zeroizing::new(entropy.array()))
    }
    fn read(&self) -> Result<(u64, Key), KeyFault> {
        let file = |source| KeyFault::File { step: "read", path: self.path.clone(), source };
        let text = Zeroizing::new(fs::read_to_string(&self.path).map_err(file)?);
        let malformed = || KeyFault::NotAKeyFile { path: self.path.clone() };
        let mut words = text.split_whitespace();
        let (Some(FILE_MARK), Some(generation), Some(hex), None) = (words.next(), words.next(), words.next(), words.next()) else {
            return Err(malformed());
        };
        let generation = generation.parse().map_err(|_| malformed())?;
        let mut key = Zeroizing::new([0_u8; 32]);
        if hex.len() != 64 || !hex.is_ascii() {
            return Err(malformed());
        }
        for (index, byte) in key.iter_mut().enumerate() {
            let digits = hex.get(2 * index..2 * index + 2).unwrap_or_default();
            *byte = u8::from_str_radix(digits, 16).map_err(|_| malformed())?;
        }
        Ok((generation, key))
    }
    /// Replaces the file at once and durably.
    fn write(&self, generation: u64, key: &Key) -> Result<(), KeyFault> {
        let file = |step| move |source| KeyFault::File { step, path: self.path.clone(), source };
        let next = self.path.with_extension("next");
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut writer = options.open(&next).map_err(file("write"))?;
        let mut hex = Zeroizing::new(String::with_capacity(64));
        for byte in key.iter() {
            let _written = write!(hex, "{byte:02x}");
        }
        writer.write_all(format!("{FILE_MARK} {generation} {}\n", hex.as_str()).as_bytes()).map_err(file("write"))?;
        writer.sync_all().map_err(file("sync"))?;
        fs::rename(&next, &self.path).map_err(file("replace"))?;
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(file("sync the folder of"))
    }
}

/// The next generation of a master key: one-way, so that the earlier one is gone when the file is replaced.
fn step(key: &Key) -> Key {
    Zeroizing::new(sha256(&[b"zx-master-step", key.as_slice()]))
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
    let plain = open(key, aad, sealed)?;
    plain.as_slice().try_into().map(Zeroizing::new).map_err(|_| KeyFault::DoesNotOpen)
}

/// The group of a holder.
pub(crate) fn group_of(holder: &Subject) -> u16 {
    let [first, second, ..] = sha256(&[b"zx-group", holder.as_bytes()]);
    u16::from_be_bytes([first, second]) % GROUPS
}

fn group_row(group: u16) -> Vec<u8> {
    [b"g/".as_slice(), &group.to_be_bytes()].concat()
}

fn holder_prefix(group: u16) -> Vec<u8> {
    [b"k/".as_slice(), &group.to_be_bytes()].concat()
}

fn holder_row(holder: &Subject) -> Vec<u8> {
    [holder_prefix(group_of(holder)).as_slice(), holder.as_bytes()].concat()
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
}

struct State {
    generation: u64,
    master: Key,
    groups: HashMap<u16, Key>,
    holders: HashMap<Subject, Key>,
    /// Keys of holders that commits under way have made.
    pending: HashMap<Subject, Key>,
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyRing").field("file", &self.file.path).finish_non_exhaustive()
    }
}

impl KeyRing {
    /// Opens the keys of a vault with the master key file; a new vault begins at the file's generation.
    ///
    /// # Errors
    /// The file or the vault cannot be read, or they do not belong together.
    pub fn open(vault: Arc<dyn Vault>, file: MasterKeyFile, entropy: Arc<dyn Entropy>) -> Result<Self, KeyFault> {
        let (file_generation, mut master) = file.read()?;
        let generation = if let Some(row) = vault.get(GENERATION)? {
            let (number, check) = row.split_first_chunk::<8>().ok_or(KeyFault::DoesNotOpen)?;
            let vault_generation = u64::from_be_bytes(*number);
            let wrong = || KeyFault::WrongMasterKey { file: file_generation, vault: vault_generation };
            let behind = vault_generation.checked_sub(file_generation).ok_or_else(wrong)?;
            if behind > GENERATIONS_BEHIND_MAX {
                return Err(wrong());
            }
            for _ in 0..behind {
                master = step(&master);
            }
            open(&master, GENERATION, check).map_err(|_| wrong())?;
            if behind > 0 {
                file.write(vault_generation, &master)?;
            }
            vault_generation
        } else {
            vault.write(&[generation_op(file_generation, &master, entropy.as_ref())])?;
            file_generation
        };
        let state = Mutex::new(State { generation, master, groups: HashMap::new(), holders: HashMap::new(), pending: HashMap::new() });
        Ok(Self { vault, file, entropy, writing: Mutex::new(()), state })
    }

    fn alone(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
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
        let _alone = self.alone();
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
        let _alone = self.alone();
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

    /// The key of a group; `ops` gets its row when it is new.
    fn group_key(&self, state: &mut State, group: u16, ops: Option<&mut Vec<VaultOp>>) -> Result<Option<Key>, KeyFault> {
        if let Some(key) = state.groups.get(&group) {
            return Ok(Some(key.clone()));
        }
        let row = group_row(group);
        let key = match (self.vault.get(&row)?, ops) {
            (Some(sealed), _) => open_key(&state.master, &row, &sealed)?,
            (None, Some(ops)) => {
                let key = Zeroizing::new(self.entropy.array());
                let value = seal(&state.master, &row, key.as_slice(), self.entropy.as_ref());
                ops.push(VaultOp::Put { key: row, value });
                key
            }
            (None, None) => return Ok(None),
        };
        state.groups.insert(group, key.clone());
        Ok(Some(key))
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
        let key: Key = Zeroizing::new(self.entropy.array());
        new_keys.push((*holder, key.clone()));
        state.pending.insert(*holder, key.clone());
        Ok(key)
    }

    /// Makes new keys durable.
    ///
    /// # Errors
    /// The vault cannot be written; then none of them may be used.
    pub(crate) fn write_new(&self, new_keys: &NewKeys) -> Result<(), KeyFault> {
        if new_keys.is_empty() {
            return Ok(());
        }
        let _alone = self.alone();
        let mut ops = Vec::with_capacity(new_keys.len() * 2);
        let mut state = self.state();
        for (holder, key) in new_keys {
            let Some(group_key) = self.group_key(&mut state, group_of(holder), Some(&mut ops))? else {
                invariant!("a group key is made when missing")
            };
            let row = holder_row(holder);
            let value = seal(&group_key, &row, key.as_slice(), self.entropy.as_ref());
            ops.push(VaultOp::Put { key: row, value });
        }
        // Deciding goes on while the vault syncs.
        drop(state);
        self.vault.write(&ops)?;
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
        let row = holder_row(holder);
        let Some(sealed) = self.vault.get(&row)? else { return Ok(None) };
        let Some(group_key) = self.group_key(state, group_of(holder), None)? else { return Ok(None) };
        let key = open_key(&group_key, &row, &sealed)?;
        if state.holders.len() < CACHED_KEYS_MAX {
            state.holders.insert(*holder, key.clone());
        }
        Ok(Some(key))
    }

    /// Forgets unwrapped keys: those whose rows never became durable must not be used again.
    pub(crate) fn drop_cached(&self) {
        let mut state = self.state();
        state.holders.clear();
        state.groups.clear();
        state.pending.clear();
    }

    /// Destroys the keys of holders for good: deletes them, gives their groups new keys, steps the master key, scrubs the vault's file.
    ///
    /// # Errors
    /// The vault or the master key file cannot be written. Repeating it finishes what was begun.
    pub fn destroy(&self, holders: &[Subject]) -> Result<(), KeyFault> {
        let _alone = self.alone();
        let mut state = self.state();
        let next_master = step(&state.master);
        let next_generation = state.generation + 1;
        let mut ops = vec![generation_op(next_generation, &next_master, self.entropy.as_ref())];
        let groups: std::collections::BTreeSet<u16> = holders.iter().map(group_of).collect();
        for group in &groups {
            let Some(old) = self.group_key(&mut state, *group, None)? else { continue };
            let fresh: Key = Zeroizing::new(self.entropy.array());
            for (row, sealed) in self.vault.collect_prefix(&holder_prefix(*group))? {
                if holders.iter().any(|holder| holder_row(holder) == row) {
                    ops.push(VaultOp::Delete { key: row });
                    continue;
                }
                let key = open_key(&old, &row, &sealed)?;
                let value = seal(&fresh, &row, key.as_slice(), self.entropy.as_ref());
                ops.push(VaultOp::Put { key: row, value });
            }
            let row = group_row(*group);
            let value = seal(&next_master, &row, fresh.as_slice(), self.entropy.as_ref());
            ops.push(VaultOp::Put { key: row, value });
        }
        let rewrapped = self.vault.collect_prefix(b"g/")?.into_iter().chain(self.vault.collect_prefix(b"s/")?);
        for (row, sealed) in rewrapped {
            let done = ops.iter().any(|op| matches!(op, VaultOp::Put { key, .. } if *key == row));
            if !done {
                let plain = open(&state.master, &row, &sealed)?;
                let value = seal(&next_master, &row, &plain, self.entropy.as_ref());
                ops.push(VaultOp::Put { key: row, value });
            }
        }
        self.vault.write(&ops)?;
        state.generation = next_generation;
        state.master = next_master;
        state.groups.clear();
        state.holders.clear();
        self.file.write(state.generation, &state.master)?;
        drop(state);
        Ok(self.vault.scrub()?)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SeededEntropy;
    use zhixin_events::PersonId;
    use zhixin_store::vault::MemoryVault;

    fn person(number: u8) -> Subject {
        Subject::person(PersonId::from_bytes([0, 0, 0, 0, 0, number]))
    }

    fn copy(vault: &Arc<dyn Vault>) -> Arc<dyn Vault> {
        let ops: Vec<_> = vault.collect_prefix(b"").unwrap().into_iter().map(|(key, value)| VaultOp::Put { key, value }).collect();
        let copy: Arc<dyn Vault> = Arc::new(MemoryVault::new());
        copy.write(&ops).unwrap();
        copy
    }

    fn ring(dir: &Path, vault: &Arc<dyn Vault>) -> Result<KeyRing, KeyFault> {
        KeyRing::open(Arc::clone(vault), MasterKeyFile::new(&dir.join("master")), Arc::new(SeededEntropy::new(5)))
    }

    fn with_keys(dir: &Path) -> (Arc<dyn Vault>, KeyRing) {
        MasterKeyFile::new(&dir.join("master")).create(&SeededEntropy::new(4)).unwrap();
        let vault: Arc<dyn Vault> = Arc::new(MemoryVault::new());
        let keys = ring(dir, &vault).unwrap();
        for number in 0..20 {
            let mut new_keys = Vec::new();
            keys.key_for_sealing(&person(number), &mut new_keys).unwrap();
            keys.write_new(&new_keys).unwrap();
        }
        keys.secret_or_make("log", |entropy| entropy.array::<32>().to_vec()).unwrap();
        (vault, keys)
    }

    #[test]
    fn keys_survive_reopening() {
        let dir = tempfile::tempdir().unwrap();
        let (vault, keys) = with_keys(dir.path());
        let before = keys.key_for_opening(&person(3)).unwrap();
        let again = ring(dir.path(), &vault).unwrap();
        assert_eq!(again.key_for_opening(&person(3)).unwrap(), before);
        assert_eq!(again.secret("log").unwrap(), keys.secret("log").unwrap());
    }

    #[test]
    fn destroyed_keys_are_gone_and_all_others_stay() {
        let dir = tempfile::tempdir().unwrap();
        let (vault, keys) = with_keys(dir.path());
        let other = keys.key_for_opening(&person(4)).unwrap();
        let secret = keys.secret("log").unwrap();
        keys.destroy(&[person(3)]).unwrap();
        for keys in [keys, ring(dir.path(), &vault).unwrap()] {
            assert!(matches!(keys.key_for_opening(&person(3)), Err(KeyFault::Forgotten)));
            assert_eq!(keys.key_for_opening(&person(4)).unwrap(), other);
            assert_eq!(keys.secret("log").unwrap(), secret);
        }
    }

    #[test]
    fn a_key_made_before_an_erasure_and_written_after_it_opens() {
        let dir = tempfile::tempdir().unwrap();
        let (vault, keys) = with_keys(dir.path());
        let mut new_keys = Vec::new();
        let made = keys.key_for_sealing(&person(77), &mut new_keys).unwrap();
        keys.destroy(&[person(3)]).unwrap();
        assert_eq!(keys.key_for_sealing(&person(77), &mut new_keys).unwrap(), made, "it is still under way");
        keys.write_new(&new_keys).unwrap();
        assert_eq!(ring(dir.path(), &vault).unwrap().key_for_opening(&person(77)).unwrap(), made);
        keys.destroy(&[person(4)]).unwrap();
        assert_eq!(keys.key_for_opening(&person(77)).unwrap(), made);
    }

    #[test]
    fn a_key_whose_commit_came_to_nothing_is_made_anew() {
        let dir = tempfile::tempdir().unwrap();
        let (_, keys) = with_keys(dir.path());
        let mut abandoned = Vec::new();
        keys.key_for_sealing(&person(77), &mut abandoned).unwrap();
        keys.abandon(&abandoned);
        let mut new_keys = Vec::new();
        keys.key_for_sealing(&person(77), &mut new_keys).unwrap();
        assert_eq!(new_keys.len(), 1, "it must be written");
    }

    #[test]
    fn a_vault_copy_from_before_an_erasure_opens_nothing_with_todays_master_key() {
        let dir = tempfile::tempdir().unwrap();
        let (vault, keys) = with_keys(dir.path());
        let old = copy(&vault);
        keys.destroy(&[person(3)]).unwrap();
        assert!(matches!(ring(dir.path(), &old), Err(KeyFault::WrongMasterKey { file: 1, vault: 0 })));
    }

    #[test]
    fn a_crash_between_vault_and_key_file_is_mended_at_the_next_opening() {
        let dir = tempfile::tempdir().unwrap();
        let (vault, keys) = with_keys(dir.path());
        let file = fs::read(dir.path().join("master")).unwrap();
        let other = keys.key_for_opening(&person(4)).unwrap();
        keys.destroy(&[person(3)]).unwrap();
        fs::write(dir.path().join("master"), file).unwrap();
        assert_eq!(ring(dir.path(), &vault).unwrap().key_for_opening(&person(4)).unwrap(), other);
        assert!(fs::read_to_string(dir.path().join("master")).unwrap().contains("key-1 1 "));
    }

    #[test]
    fn another_master_key_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let (vault, _) = with_keys(dir.path());
        fs::remove_file(dir.path().join("master")).unwrap();
        MasterKeyFile::new(&dir.path().join("master")).create(&SeededEntropy::new(99)).unwrap();
        assert!(matches!(ring(dir.path(), &vault), Err(KeyFault::WrongMasterKey { .. })));
    }
}
