//! Both vaults against the suite, and what stays behind in LMDB's file.

use std::fs::{self, OpenOptions};
use std::sync::Arc;

use super::{LmdbVault, MemoryVault, Vault, VaultFault, VaultOp};
use crate::conformance;

#[test]
fn memory_vault_conforms() {
    let vault: Arc<dyn Vault> = Arc::new(MemoryVault::new());
    conformance::vault(&|| Arc::clone(&vault)).unwrap();
}

#[test]
fn lmdb_vault_conforms() {
    let dir = tempfile::tempdir().unwrap();
    conformance::vault(&|| Arc::new(LmdbVault::open(dir.path()).unwrap())).unwrap();
}

#[test]
fn lmdb_vault_is_refused_when_open_or_cut_short() {
    let dir = tempfile::tempdir().unwrap();
    let vault = LmdbVault::open(dir.path()).unwrap();
    vault.put(b"key", &vec![7; 20_000]).unwrap();
    assert!(matches!(LmdbVault::open(dir.path()), Err(VaultFault::AlreadyOpen { .. })));
    drop(vault);
    let file = OpenOptions::new().write(true).open(dir.path().join("data.mdb")).unwrap();
    file.set_len(file.metadata().unwrap().len() - 4096).unwrap();
    assert!(matches!(LmdbVault::open(dir.path()), Err(VaultFault::Unopenable { .. })));
}

/// Many secrets among many others, short ones and ones on pages of their own; some deleted, some replaced; then the file is searched.
#[test]
fn scrubbed_file_holds_no_deleted_or_replaced_value() {
    let dir = tempfile::tempdir().unwrap();
    let vault = LmdbVault::open(dir.path()).unwrap();
    let secret =
        |number: u32, version: &str| format!("<secret-{number}-{version}>").repeat(if number.is_multiple_of(10) { 400 } else { 1 });
    let put = |number: u32, version: &str| VaultOp::Put { key: number.to_be_bytes().to_vec(), value: secret(number, version).into_bytes() };
    for first in (0..500).step_by(50) {
        vault.write(&(first..first + 50).map(|number| put(number, "old")).collect::<Vec<_>>()).unwrap();
    }
    for number in (0..500).step_by(7) {
        vault.delete(&u32::to_be_bytes(number)).unwrap();
    }
    vault.write(&(1..500).step_by(7).map(|number| put(number, "new")).collect::<Vec<_>>()).unwrap();
    vault.scrub().unwrap();
    let gone = |number: u32| number.is_multiple_of(7) || number % 7 == 1;
    let file = fs::read(dir.path().join("data.mdb")).unwrap();
    let holds = |text: &str| file.windows(text.len()).any(|window| window == text.as_bytes());
    let left: Vec<u32> = (0..500).filter(|number| gone(*number) && holds(&format!("<secret-{number}-old>"))).collect();
    assert_eq!(left, Vec::<u32>::new(), "forgotten values found in the file");
    assert!(holds("<secret-2-old>") && holds("<secret-8-new>"), "the search finds what is still there");
    assert_eq!(vault.get(&8_u32.to_be_bytes()).unwrap(), Some(secret(8, "new").into_bytes()));
}
