//! Keys through erasures, failures and damage.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

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
        keys.write_new(&new_keys, 0).unwrap();
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
    keys.write_new(&new_keys, 0).unwrap();
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

/// A vault whose next write happens and yet fails.
#[derive(Debug, Default)]
struct Unsure {
    vault: MemoryVault,
    fail: AtomicBool,
}

impl Vault for Unsure {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, VaultFault> {
        self.vault.get(key)
    }
    fn write(&self, ops: &[VaultOp]) -> Result<(), VaultFault> {
        self.vault.write(ops)?;
        if self.fail.swap(false, Ordering::SeqCst) {
            return Err(VaultFault::Backend { step: "sync", what: "for this test".to_owned() });
        }
        Ok(())
    }
    fn scan_prefix(&self, prefix: &[u8], on_row: &mut zhixin_store::rows::OnRow<'_>) -> Result<(), VaultFault> {
        self.vault.scan_prefix(prefix, on_row)
    }
    fn scrub(&self) -> Result<(), VaultFault> {
        Ok(())
    }
}

fn make(keys: &KeyRing, holder: &Subject) -> Key {
    let mut new_keys = Vec::new();
    let key = keys.key_for_sealing(holder, &mut new_keys).unwrap();
    keys.write_new(&new_keys, 0).unwrap();
    key
}

#[test]
fn keys_made_after_an_erasure_that_failed_but_happened_survive() {
    let dir = tempfile::tempdir().unwrap();
    MasterKeyFile::new(&dir.path().join("master")).create(&SeededEntropy::new(4)).unwrap();
    let unsure = Arc::new(Unsure::default());
    let vault = Arc::clone(&unsure) as Arc<dyn Vault>;
    let keys = ring(dir.path(), &vault).unwrap();
    make(&keys, &person(3));
    unsure.fail.store(true, Ordering::SeqCst);
    assert!(matches!(keys.destroy(&[person(3)]), Err(KeyFault::Vault(_))));
    let made = make(&keys, &person(50));
    assert_eq!(ring(dir.path(), &vault).unwrap().key_for_opening(&person(50)).unwrap(), made);
    keys.destroy(&[person(3)]).unwrap();
    assert_eq!(ring(dir.path(), &vault).unwrap().key_for_opening(&person(50)).unwrap(), made);
}

#[test]
fn a_key_file_that_cannot_be_written_stops_erasures_but_never_the_vault() {
    let dir = tempfile::tempdir().unwrap();
    let (vault, keys) = with_keys(dir.path());
    fs::create_dir(dir.path().join("master.next")).unwrap();
    assert!(matches!(keys.check_file(), Err(KeyFault::File { .. })));
    for _ in 0..=GENERATIONS_BEHIND_MAX {
        assert!(matches!(keys.destroy(&[person(3)]), Err(KeyFault::File { .. })));
    }
    fs::remove_dir(dir.path().join("master.next")).unwrap();
    keys.check_file().unwrap();
    let again = ring(dir.path(), &vault).unwrap();
    again.key_for_opening(&person(3)).unwrap();
    again.destroy(&[person(3)]).unwrap();
    assert!(matches!(ring(dir.path(), &vault).unwrap().key_for_opening(&person(3)), Err(KeyFault::Forgotten)));
}

/// Somebody else of the same group.
fn beside(holder: &Subject) -> Subject {
    let numbered = (0..u16::MAX).map(u16::to_be_bytes).map(|[high, low]| Subject::person(PersonId::from_bytes([1, 0, 0, 0, high, low])));
    numbered.into_iter().find(|other| group_of(other) == group_of(holder)).unwrap()
}

#[test]
fn a_key_for_blobs_outlives_the_erasure_of_others_only() {
    let dir = tempfile::tempdir().unwrap();
    let (vault, keys) = with_keys(dir.path());
    let other = beside(&person(3));
    let kept = keys.blob_key_or_make(&other).unwrap();
    keys.blob_key_or_make(&person(3)).unwrap();
    keys.destroy(&[person(3)]).unwrap();
    for keys in [keys, ring(dir.path(), &vault).unwrap()] {
        assert_eq!(keys.blob_key(&other).unwrap(), Some(kept.clone()));
        assert_eq!(keys.blob_key(&person(3)).unwrap(), None);
    }
}

#[test]
fn a_lost_group_key_is_damage_and_is_not_made_again() {
    let dir = tempfile::tempdir().unwrap();
    let (vault, _) = with_keys(dir.path());
    vault.delete(&group_row(group_of(&person(4)))).unwrap();
    let keys = ring(dir.path(), &vault).unwrap();
    assert!(matches!(keys.key_for_opening(&person(4)), Err(KeyFault::GroupKeyLost { .. })));
    let other = beside(&person(4));
    let mut new_keys = Vec::new();
    keys.key_for_sealing(&other, &mut new_keys).unwrap();
    assert!(matches!(keys.write_new(&new_keys, 0), Err(KeyFault::GroupKeyLost { .. })));
}

#[test]
fn keys_are_not_printed() {
    assert_eq!(format!("{:?}", Key::from([7; 32])), "Key");
}

#[test]
fn two_master_key_files_of_one_folder_do_not_share_what_is_prepared() {
    let dir = tempfile::tempdir().unwrap();
    let [prod, demo] = ["zhixin.prod", "zhixin.demo"].map(|name| MasterKeyFile::new(&dir.path().join(name)));
    for (file, byte) in [(&prod, 1_u8), (&demo, 2)] {
        file.prepare(u64::from(byte), &Key::from([byte; 32])).unwrap();
    }
    for (file, byte) in [(prod, 1_u8), (demo, 2)] {
        file.put_in_place().unwrap();
        assert_eq!(file.read().unwrap().0, u64::from(byte));
    }
}
