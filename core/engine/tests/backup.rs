//! Backups: incremental, consistent under load, checkable; restored they serve the same, and sign only what was published.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "backup/world.rs"]
#[allow(dead_code, reason = "each test file uses a part of it")]
mod world;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use world::{Cast, NAME, Registered, World, copy_folder, files, flip};
use zhixin_engine::backup::{
    BackupFault, MANIFEST_FILE, Manifest, RestoreRequest, Restored, backup, backup_vault, backup_vault_of, check_backup, restore,
};
use zhixin_engine::blobs::BlobKind;
use zhixin_engine::engine::{Engine, EngineOptions, UNSIGNED_MARK};
use zhixin_engine::entropy::SeededEntropy;
use zhixin_engine::fault::OpenFault;
use zhixin_engine::handle::{EngineHandle, OpenPersonsError};
use zhixin_engine::log::{LogFault, open_reader};
use zhixin_engine::vault_keys::{KeyFault, MasterKeyFile};
use zhixin_engine::verify::{Folder, verify_folder};
use zhixin_events::{Subject, Timestamp};

fn back_up(world: &World, name: &str) -> Manifest {
    backup(&world.data(), &world.checkpoint(), &world.path(name), Timestamp(1_000), &mut |done, of| assert!(done <= of)).unwrap()
}

fn back_up_vault(world: &World, name: &str) {
    backup_vault_of(&world.data(), &world.path("master"), Timestamp(1_000), &world.path(name)).unwrap();
}

fn check(world: &World, name: &str) -> Result<Manifest, BackupFault> {
    check_backup(&world.path(name), &mut |_, _| {})
}

fn request(world: &World, from: &str, vault: &str) -> RestoreRequest {
    RestoreRequest {
        from: world.path(from),
        vault_file: world.path(vault),
        data: world.data(),
        master_key_file: world.path("master"),
        checkpoint_file: world.checkpoint(),
    }
}

fn restore_into(world: &World, from: &str, vault: &str) -> Result<Restored, BackupFault> {
    restore(&request(world, from, vault), &mut |_, _| {})
}

/// Inode numbers of the segments: a file that was copied again has another.
fn inodes(dir: &Path) -> BTreeMap<PathBuf, u64> {
    files(dir, ".seg").into_iter().map(|path| (path.clone(), path.metadata().unwrap().ino())).collect()
}

fn register_more(world: &World, cast: &Cast, serials: std::ops::Range<u32>) -> Vec<Registered> {
    let engine = world.open();
    let registered = serials.map(|serial| cast.register(engine.handle(), serial)).collect();
    engine.close();
    registered
}

/// What an engine answers: the history, and names that were asked for.
fn answers(handle: &EngineHandle, cast: &Cast, registered: &[Registered]) -> (Vec<String>, Vec<Option<String>>) {
    let end = registered.last().unwrap().position;
    let leaves = (0..=end).map(|position| handle.leaf(position).unwrap()).collect();
    (leaves, registered.iter().map(|one| cast.name_of(handle, *one)).collect())
}

#[test]
fn a_second_backup_copies_only_what_changed() {
    let (world, cast, _) = World::with_trainees(20, 60);
    let first = back_up(&world, "backup");
    assert_eq!(check(&world, "backup").unwrap(), first);
    let before = inodes(&world.path("backup/log"));
    assert!(before.len() > 3);
    register_more(&world, &cast, 60..100);
    let second = back_up(&world, "backup");
    assert_eq!(check(&world, "backup").unwrap(), second);
    assert!(second.log.end > first.log.end && second.log.epoch > first.log.epoch);
    let after = inodes(&world.path("backup/log"));
    let copied_again = before.iter().filter(|(path, inode)| after[*path] != **inode).count();
    assert_eq!(copied_again, 1, "the active segment only");
    assert!(after.len() > before.len());
    // An older state never overwrites a newer backup.
    copy_folder(&world.path("backup"), &world.path("newer"));
    fs::remove_dir_all(world.path("backup")).unwrap();
    let (other, _, _) = World::with_trainees(21, 1);
    let outcome = backup(&other.data(), &other.checkpoint(), &world.path("newer"), Timestamp(0), &mut |_, _| {});
    assert!(matches!(outcome, Err(BackupFault::NotAnExtension { .. })), "{outcome:?}");
}

/// A shorter log of reads does not take the place of a longer one, though the log itself goes on.
#[test]
fn a_backup_is_not_written_over_one_that_holds_more_readings() {
    let (world, cast, registered) = World::with_trainees(30, 1);
    let read_once = || {
        let engine = world.open();
        cast.name_of(engine.handle(), registered[0]).unwrap();
        engine.close();
    };
    let again = || backup(&world.data(), &world.checkpoint(), &world.path("backup"), Timestamp(0), &mut |_, _| {});
    read_once();
    copy_folder(&world.data().join("reads"), &world.path("reads-before"));
    read_once();
    let kept = again().unwrap();
    fs::remove_dir_all(world.data().join("reads")).unwrap();
    copy_folder(&world.path("reads-before"), &world.data().join("reads"));
    let outcome = again();
    assert!(matches!(outcome, Err(BackupFault::NotAnExtension { folder: "reads", .. })), "{outcome:?}");
    assert_eq!(check(&world, "backup").unwrap(), kept);
}

/// Commands run while backups are made over and over: each is whole, each holds everything acknowledged before it, and the last restores.
#[test]
fn backups_under_load_are_consistent() {
    let world = World::new(22);
    let engine = world.open();
    let handle = engine.handle();
    let cast = Cast::set_up(handle);
    let registered = std::thread::scope(|scope| {
        let load = scope.spawn(|| (0..80).map(|serial| cast.register(handle, serial)).collect::<Vec<_>>());
        let mut rounds = 0;
        while !load.is_finished() || rounds == 0 {
            let acknowledged = handle.end();
            let manifest = handle.backup(&world.checkpoint(), &world.path("backup"), &mut |_, _| {}).unwrap();
            assert!(manifest.log.end >= acknowledged);
            assert_eq!(check(&world, "backup").unwrap(), manifest);
            rounds += 1;
        }
        load.join().unwrap()
    });
    let manifest = handle.backup(&world.checkpoint(), &world.path("backup"), &mut |_, _| {}).unwrap();
    assert_eq!(manifest.log.end, handle.end());
    let copy = backup_vault(handle, &world.path("master"), &world.path("vault-copy")).unwrap();
    assert!(copy.end >= manifest.log.end && copy.rows > 80);
    let running = restore_into(&world, "backup", "vault-copy");
    assert!(matches!(running, Err(BackupFault::Running { .. })), "{running:?}");
    let expected = answers(handle, &cast, &registered);
    engine.close();
    restore_into(&world, "backup", "vault-copy").unwrap();
    let engine = world.open();
    assert_eq!(answers(engine.handle(), &cast, &registered), expected);
}

#[test]
fn check_finds_a_changed_byte_in_any_file() {
    let (world, _, registered) = World::with_trainees(23, 30);
    let engine = world.open();
    engine.handle().put_blob(&Subject::person(registered[0].person), BlobKind::Document, b"paper").unwrap();
    engine.close();
    let manifest = back_up(&world, "backup");
    assert!(manifest.files.iter().any(|file| file.path.starts_with("blobs/")));
    for file in &manifest.files {
        let path = world.path("backup").join(&file.path);
        let at = usize::try_from(file.bytes / 2).unwrap();
        flip(&path, at);
        let found = check(&world, "backup");
        assert!(matches!(&found, Err(BackupFault::Differs { file: named, .. }) if *named == file.path), "{found:?}");
        flip(&path, at);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        assert!(check(&world, "backup").is_err());
        fs::write(&path, whole).unwrap();
    }
    assert!(check(&world, "backup").is_ok());
    // A manifest that leaves the last segment out, or claims another end.
    let text = fs::read_to_string(world.path("backup").join(MANIFEST_FILE)).unwrap();
    let end = manifest.log.end;
    fs::write(world.path("backup").join(MANIFEST_FILE), text.replace(&format!(" {end} "), &format!(" {} ", end - 1))).unwrap();
    assert!(matches!(check(&world, "backup"), Err(BackupFault::Differs { .. })));
    fs::write(world.path("backup").join(MANIFEST_FILE), text.replace("log/0", "log/../../0")).unwrap();
    assert!(matches!(check(&world, "backup"), Err(BackupFault::NotABackup { .. })));
}

#[test]
fn a_restored_folder_serves_the_same_and_signs_on_when_shown_the_newest_checkpoint() {
    let (world, cast, registered) = World::with_trainees(24, 40);
    let engine = world.open();
    let expected = answers(engine.handle(), &cast, &registered);
    let holder = Subject::person(registered[0].person);
    let blob = engine.handle().put_blob(&holder, BlobKind::Document, b"paper").unwrap();
    let reads = engine.handle().read_log().reader().end();
    engine.close();
    let manifest = back_up(&world, "backup");
    back_up_vault(&world, "vault-copy");
    for secret in [NAME.as_bytes(), b"zhixin-master-key", b"last-signed"] {
        let bytes = fs::read(world.path("vault-copy")).unwrap();
        assert!(!bytes.windows(secret.len()).any(|window| window == secret), "the copy is sealed");
    }
    let lost = world.path("lost");
    fs::rename(world.data(), &lost).unwrap();

    let restored = restore_into(&world, "backup", "vault-copy").unwrap();
    assert_eq!((restored.replaced.clone(), restored.published, restored.signs_on()), (None, Some(manifest.log.end), true));
    assert!(world.data().join(UNSIGNED_MARK).exists());
    assert!(!world.path("data.restoring").exists() && !world.path("master.restoring").exists());
    let report = verify_folder(
        &Folder { checkpoint_file: world.checkpoint(), ..Folder::new(&world.data(), &world.path("master")) },
        &|_, _, _, _| {},
    );
    assert!(report.unwrap().is_whole());
    let engine = world.open();
    let handle = engine.handle();
    assert!(!world.data().join(UNSIGNED_MARK).exists(), "it was shown the newest checkpoint");
    assert!(!handle.publisher().is_unsigned());
    assert_eq!(answers(handle, &cast, &registered), expected);
    assert_eq!(handle.open_blob(&holder, &blob, &cast.reading(registered[0].person)).unwrap().as_slice(), b"paper");
    assert!(handle.read_log().reader().end() > reads, "the log of reads goes on");
    cast.register(handle, 40);
    let end = handle.end();
    engine.close();
    assert!(fs::read_to_string(world.checkpoint()).unwrap().contains(&format!("\n{end}\n")), "it signs on");
    let epochs: Vec<u32> = open_reader(&world.data().join("log")).unwrap().epochs().unwrap().iter().map(|record| record.epoch).collect();
    assert_eq!(epochs, (1..=manifest.log.epoch + 1).collect::<Vec<_>>(), "epochs are kept, the new writer takes the next");
}

#[test]
fn an_older_backup_cannot_sign_a_fork() {
    let (world, cast, registered) = World::with_trainees(25, 20);
    let older = back_up(&world, "backup");
    back_up_vault(&world, "vault-copy");
    register_more(&world, &cast, 20..30);
    let published = fs::read_to_string(world.checkpoint()).unwrap();
    let restored = restore_into(&world, "backup", "vault-copy").unwrap();
    assert!(!restored.signs_on() && restored.published.unwrap() > older.log.end);
    assert!(restored.replaced.unwrap().join("log").exists(), "what was there is moved aside");
    let engine = world.open();
    assert_eq!(cast.name_of(engine.handle(), registered[0]).as_deref(), Some(NAME), "it can be read");
    cast.register(engine.handle(), 900);
    assert_eq!(engine.handle().published(), None);
    assert!(engine.handle().publisher().is_unsigned(), "and says so");
    engine.close();
    assert_eq!(fs::read_to_string(world.checkpoint()).unwrap(), published, "nothing was signed");
    assert!(world.data().join(UNSIGNED_MARK).exists());
    // Grown beyond what was published, it is seen to be another history.
    let outcome = std::iter::once(()).cycle().zip(901..).find_map(|((), serial)| {
        let engine = match Engine::open(world.options("master")) {
            Ok(engine) => engine,
            Err(fault) => return Some(fault),
        };
        assert_eq!(engine.handle().published(), None);
        cast.register(engine.handle(), serial);
        engine.close();
        None
    });
    assert!(matches!(outcome, Some(OpenFault::Fork { .. })), "{outcome:?}");
    // A restore sees it too: this history is backed up, and refused.
    back_up(&world, "fork");
    back_up_vault(&world, "fork-vault");
    let fork = restore_into(&world, "fork", "fork-vault");
    assert!(matches!(fork, Err(BackupFault::Fork { .. } | BackupFault::InTheWay { .. })), "{fork:?}");
}

/// The backup is from before the erasure, and so is the master key that opens it; the checkpoint file outside is today's, or lost.
#[test]
fn a_person_who_was_erased_is_not_served_after_restoring_from_before() {
    let (world, cast, registered) = World::with_trainees(26, 10);
    back_up(&world, "backup");
    back_up_vault(&world, "vault-copy");
    fs::copy(world.path("master"), world.path("master-then")).unwrap();
    let engine = world.open();
    cast.erase(engine.handle(), registered[4].person);
    engine.close();
    let today = restore_into(&world, "backup", "vault-copy");
    assert!(matches!(today, Err(BackupFault::Keys(KeyFault::WrongMasterKey { file: 1, vault: 0 }))), "{today:?}");
    let then = RestoreRequest { master_key_file: world.path("master-then"), ..request(&world, "backup", "vault-copy") };
    restore(&then, &mut |_, _| {}).unwrap();
    copy_folder(&world.data(), &world.path("restored"));
    fs::copy(world.path("master-then"), world.path("master-again")).unwrap();

    let engine = Engine::open(world.options("master-then")).unwrap();
    assert_eq!(cast.name_of(engine.handle(), registered[4]), None);
    assert_eq!(cast.name_of(engine.handle(), registered[5]).as_deref(), Some(NAME));
    assert!(engine.handle().view().unwrap().erasures().unwrap().contains(&(registered[4].person, true)));
    engine.close();
    assert!(fs::read_to_string(world.path("master-then")).unwrap().contains(" 1 "), "the key of that time is stepped on");

    fs::remove_dir_all(world.data()).unwrap();
    copy_folder(&world.path("restored"), &world.data());
    fs::remove_file(world.checkpoint()).unwrap();
    let engine = Engine::open(world.options("master-again")).unwrap();
    for one in &registered {
        let withheld = engine.handle().open_persons(&cast.reading(one.person), &[one.position]);
        assert!(matches!(withheld, Err(OpenPersonsError::Withheld)), "{withheld:?}");
    }
}

/// The vault is newer than the backup and the checkpoint file outside older than both: what the vault knows to be signed counts all the same.
#[test]
fn a_restored_log_signs_nothing_while_the_vault_knows_a_larger_signed_tree() {
    let (world, cast, _) = World::with_trainees(30, 5);
    back_up(&world, "backup");
    fs::copy(world.checkpoint(), world.path("stale")).unwrap();
    register_more(&world, &cast, 5..15);
    back_up_vault(&world, "vault-copy");
    fs::copy(world.path("stale"), world.checkpoint()).unwrap();
    restore_into(&world, "backup", "vault-copy").unwrap();
    let engine = world.open();
    for serial in 100..110 {
        cast.register(engine.handle(), serial);
    }
    let handle = engine.handle().clone();
    engine.close();
    assert_eq!(handle.published(), None, "a second tree of a size that was signed before");
    assert!(world.data().join(UNSIGNED_MARK).exists());
}

#[test]
fn a_lost_checkpoint_file_is_made_again_with_everybody_who_was_erased() {
    let (world, cast, registered) = World::with_trainees(31, 5);
    back_up(&world, "backup");
    back_up_vault(&world, "vault-copy");
    fs::copy(world.path("master"), world.path("master-then")).unwrap();
    let engine = world.open();
    cast.erase(engine.handle(), registered[3].person);
    engine.close();
    fs::remove_file(world.checkpoint()).unwrap();
    let lost = Engine::open(world.options("master")).err().unwrap();
    assert!(matches!(lost, OpenFault::CheckpointFileLost { .. }), "{lost}");
    Engine::open(EngineOptions { new_checkpoint_file: true, ..world.options("master") }).unwrap().close();
    let then = RestoreRequest { master_key_file: world.path("master-then"), ..request(&world, "backup", "vault-copy") };
    restore(&then, &mut |_, _| {}).unwrap();
    let engine = Engine::open(world.options("master-then")).unwrap();
    assert_eq!(cast.name_of(engine.handle(), registered[3]), None);
    assert_eq!(cast.name_of(engine.handle(), registered[2]).as_deref(), Some(NAME));
}

#[test]
fn a_checkpoint_that_cannot_be_written_outside_is_not_published() {
    let (world, cast, _) = World::with_trainees(32, 1);
    let engine = world.open();
    let before = engine.handle().end();
    // Something that is no file stands in its place.
    fs::remove_file(world.checkpoint()).unwrap();
    fs::create_dir(world.checkpoint()).unwrap();
    fs::write(world.checkpoint().join("x"), "").unwrap();
    cast.register(engine.handle(), 50);
    let handle = engine.handle().clone();
    engine.close();
    assert!(handle.published().is_none_or(|published| published.size <= before), "{:?}", handle.published());
}

#[test]
fn a_restore_that_does_not_fit_replaces_nothing() {
    let (world, cast, _) = World::with_trainees(27, 10);
    back_up_vault(&world, "early-vault");
    register_more(&world, &cast, 10..12);
    back_up(&world, "backup");
    back_up_vault(&world, "vault-copy");
    let before = inodes(&world.data().join("log"));
    let untouched = |outcome: Result<Restored, BackupFault>| {
        assert_eq!(inodes(&world.data().join("log")), before);
        assert!(!world.path("data.restoring").exists() && !world.path("data.replaced").exists());
        outcome.unwrap_err()
    };
    let fault = untouched(restore_into(&world, "backup", "early-vault"));
    assert!(matches!(fault, BackupFault::VaultTooOld { .. }), "{fault}");
    let (other, _, _) = World::with_trainees(28, 1);
    fs::copy(world.path("vault-copy"), world.path("changed")).unwrap();
    for at in [20, 60, 200, 3_000] {
        flip(&world.path("changed"), at);
        untouched(restore_into(&world, "backup", "changed"));
        flip(&world.path("changed"), at);
    }
    let whole = fs::read(world.path("vault-copy")).unwrap();
    fs::write(world.path("changed"), &whole[..whole.len() - 100]).unwrap();
    let fault = untouched(restore_into(&world, "backup", "changed"));
    assert!(matches!(fault, BackupFault::NotAVaultCopy { .. }), "{fault}");
    MasterKeyFile::new(&world.path("wrong-master")).create(&SeededEntropy::new(77)).unwrap();
    let wrong = RestoreRequest { master_key_file: world.path("wrong-master"), ..request(&world, "backup", "vault-copy") };
    let fault = untouched(restore(&wrong, &mut |_, _| {}));
    assert!(matches!(fault, BackupFault::Keys(KeyFault::WrongMasterKey { .. })), "{fault}");
    // A whole backup whose records another key made.
    back_up(&other, "backup");
    let foreign = RestoreRequest { from: other.path("backup"), ..request(&world, "backup", "vault-copy") };
    let fault = untouched(restore(&foreign, &mut |_, _| {}));
    assert!(matches!(fault, BackupFault::AnotherVault | BackupFault::Log(LogFault::Forged { .. })), "{fault}");
}

#[test]
fn blobs_of_erased_holders_leave_the_backup() {
    let (world, cast, registered) = World::with_trainees(29, 2);
    let engine = world.open();
    for one in &registered {
        engine.handle().put_blob(&Subject::person(one.person), BlobKind::Document, b"paper").unwrap();
    }
    let blobs = |manifest: &Manifest| manifest.files.iter().filter(|file| file.path.starts_with("blobs/")).count();
    let backed_up = |()| engine.handle().backup(&world.checkpoint(), &world.path("backup"), &mut |_, _| {}).unwrap();
    assert_eq!(blobs(&backed_up(())), 2);
    cast.erase(engine.handle(), registered[0].person);
    assert_eq!(blobs(&backed_up(())), 1);
    let kept: usize = files(&world.path("backup/blobs"), "").iter().map(|folder| files(folder, "").len()).sum();
    assert_eq!(kept, 1);
}
