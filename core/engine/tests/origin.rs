//! The origin: fixed at the first start, and renewed by an act of its own when a restored log has lost what it had published.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "backup/world.rs"]
#[allow(dead_code, reason = "each test file uses a part of it")]
mod world;

use std::fs;
use std::path::PathBuf;

use world::{Cast, World};
use zhixin_engine::backup::{BackupFault, RenewRequest, Renewed, RestoreRequest, backup, backup_vault_of, renew_origin, restore};
use zhixin_engine::engine::{Engine, EngineOptions, UNSIGNED_MARK};
use zhixin_engine::fault::OpenFault;
use zhixin_engine::merkle::{Checkpoint, NewOrigin, VerifierKey, consistency_proof, verify_consistency};
use zhixin_engine::verify::{Folder, verify_folder};
use zhixin_events::Timestamp;

fn back_up(world: &World, name: &str) -> u64 {
    let manifest = backup(&world.data(), &world.checkpoint(), &world.path(name), Timestamp(1_000), &mut |_, _| {}).unwrap();
    backup_vault_of(&world.data(), &world.path("master"), Timestamp(1_000), &world.path(&format!("{name}-vault"))).unwrap();
    manifest.log.end
}

/// Restores in the place of the folder, which goes.
fn restore_from(world: &World, name: &str) -> Result<bool, BackupFault> {
    fs::remove_dir_all(world.data()).unwrap();
    let request = RestoreRequest {
        from: world.path(name),
        vault_file: world.path(&format!("{name}-vault")),
        data: world.data(),
        master_key_file: world.path("master"),
        checkpoint_file: world.checkpoint(),
    };
    restore(&request, &mut |_, _| {}).map(|restored| restored.signs_on())
}

fn renew(world: &World, reason: &str) -> Result<Renewed, BackupFault> {
    renew_origin(&RenewRequest {
        data: world.data(),
        master_key_file: world.path("master"),
        checkpoint_file: world.checkpoint(),
        reason: reason.to_owned(),
        now: Timestamp(2_000),
    })
}

fn register(world: &World, cast: &Cast, serials: std::ops::Range<u32>) {
    let engine = world.open();
    for serial in serials {
        cast.register(engine.handle(), serial);
    }
    engine.close();
}

/// The checkpoint in the checkpoint file, as somebody keeps it who knows the key.
fn published(world: &World, key: &VerifierKey) -> Checkpoint {
    let text = fs::read_to_string(world.checkpoint()).unwrap();
    Checkpoint::open(text.split_once("note\n").unwrap().1.as_bytes(), key.name(), std::slice::from_ref(key)).unwrap()
}

fn is_whole(world: &World) -> bool {
    let folder = Folder { checkpoint_file: world.checkpoint(), ..Folder::new(&world.data(), &world.path("master")) };
    verify_folder(&folder, &|_, _, _, _| {}).unwrap().is_whole()
}

/// What outsiders have of a log that then loses its newest events: its key, a checkpoint that it can still keep, and one that it cannot.
struct Loss {
    world: World,
    cast: Cast,
    old_key: VerifierKey,
    kept: Checkpoint,
    lost: Checkpoint,
    restored: u64,
}

fn loss(seed: u64) -> Loss {
    let (world, cast, _) = World::with_trainees(seed, 10);
    let engine = world.open();
    let old_key = engine.handle().publisher().verifier();
    engine.close();
    let kept = published(&world, &old_key);
    register(&world, &cast, 10..15);
    let restored = back_up(&world, "backup");
    register(&world, &cast, 15..30);
    let lost = published(&world, &old_key);
    assert!(kept.size() < restored && restored < lost.size());
    assert!(matches!(renew(&world, "too early"), Err(BackupFault::NotUnsigned { .. })));
    assert!(!restore_from(&world, "backup").unwrap());
    Loss { world, cast, old_key, kept, lost, restored }
}

/// A stranger knows the old key and an old checkpoint, reads the statement, and holds the new tree against both.
#[test]
fn a_log_that_lost_what_it_published_goes_on_under_a_new_origin_that_a_stranger_can_check() {
    let Loss { world, cast, old_key, kept, lost, restored } = loss(40);
    // Recorded while unsigned: no longer the old log, but the new one's.
    register(&world, &cast, 50..60);
    assert_eq!(published(&world, &old_key), lost, "refused to sign");
    let renewed = renew(&world, "the disk of the server failed").unwrap();
    assert!(!world.data().join(UNSIGNED_MARK).exists());
    assert!(matches!(renew(&world, "twice"), Err(BackupFault::NotUnsigned { .. })));

    let note = fs::read_to_string(&renewed.file).unwrap();
    let statement = NewOrigin::open(note.as_bytes(), &old_key).unwrap();
    assert_eq!(statement, renewed.statement);
    assert_eq!((statement.old_size, statement.old_root), (lost.size(), *lost.root()));
    assert_eq!((statement.size, statement.reason.as_str()), (restored, "the disk of the server failed"));
    let new_key = statement.new_key.clone();
    assert_eq!(new_key.name(), format!("{}/2", old_key.name()));
    let first = published(&world, &new_key);
    assert_eq!((first.size(), *first.root()), (restored, statement.root));
    assert_eq!(first.extensions(), [NewOrigin::extension(&note)]);

    let engine = world.open();
    cast.register(engine.handle(), 60);
    let origins = engine.handle().publisher().origins().to_vec();
    assert_eq!(engine.handle().publisher().origin(), new_key.name());
    assert_eq!((origins[0].vkey.clone(), origins[0].statement.clone()), (old_key.to_string(), None));
    assert_eq!((origins[1].vkey.clone(), origins[1].statement.clone()), (new_key.to_string(), Some(note)));
    engine.close();
    let newest = published(&world, &new_key);
    assert!(newest.size() > restored + 10 && newest.extensions().is_empty());
    let engine = world.open();
    let view = engine.handle().view().unwrap();
    for (older, newer) in [(&kept, &first), (&first, &newest), (&kept, &newest)] {
        let proof = consistency_proof(&view.tree(), older.size(), newer.size()).unwrap();
        verify_consistency(older.size(), newer.size(), older.root(), newer.root(), &proof).unwrap();
    }
    drop(view);
    engine.close();
    assert!(is_whole(&world));
}

#[test]
fn a_renewed_log_is_backed_up_and_restored_like_any_other() {
    let Loss { world, cast, old_key, .. } = loss(41);
    fs::copy(world.checkpoint(), world.path("stale")).unwrap();
    let new_key = renew(&world, "lost").unwrap().statement.new_key;
    register(&world, &cast, 50..55);
    fs::rename(world.checkpoint(), world.path("newest")).unwrap();
    fs::copy(world.path("stale"), world.checkpoint()).unwrap();
    let refused = Engine::open(world.options("master"));
    assert!(matches!(refused, Err(OpenFault::OtherOrigin { .. })), "a checkpoint of the first origin says nothing of the second");
    fs::rename(world.path("newest"), world.checkpoint()).unwrap();
    back_up(&world, "later");
    assert!(restore_from(&world, "later").unwrap());
    world.open().close();
    assert!(is_whole(&world));
    register(&world, &cast, 55..60);
    assert!(published(&world, &new_key).size() > 0, "it signs on under its second origin");

    // It loses again: the third origin names the second, and the key of the first is still told.
    assert!(!restore_from(&world, "later").unwrap());
    let again = renew(&world, "lost again").unwrap();
    assert_eq!(NewOrigin::open(&fs::read(&again.file).unwrap(), &new_key).unwrap(), again.statement);
    let engine = world.open();
    let origins: Vec<String> = engine.handle().publisher().origins().iter().map(|known| known.origin.clone()).collect();
    assert_eq!(origins, ["", "/2", "/3"].map(|generation| format!("{}{generation}", old_key.name())));
    engine.close();
    // The vault of before the first renewal does not know what was published since.
    let refused = restore_from(&world, "backup");
    assert!(matches!(&refused, Err(BackupFault::Differs { what, .. }) if what.contains("a later copy of the vault")), "{refused:?}");
}

#[test]
fn an_origin_is_renewed_only_if_something_was_lost_and_nothing_runs() {
    let Loss { world, .. } = loss(42);
    let engine = world.open();
    assert!(matches!(renew(&world, "lost"), Err(BackupFault::Running { .. })));
    engine.close();
    assert!(matches!(renew(&world, "two\nlines"), Err(BackupFault::Statement(_))));
    let aside = world.path("aside");
    fs::rename(world.checkpoint(), &aside).unwrap();
    assert!(matches!(renew(&world, "lost"), Err(BackupFault::NoCheckpoint { .. })));

    let (world, cast, _) = World::with_trainees(43, 5);
    register(&world, &cast, 5..10);
    let end = back_up(&world, "backup");
    assert!(restore_from(&world, "backup").unwrap());
    let refused = renew(&world, "not lost");
    assert!(matches!(refused, Err(BackupFault::NothingLost { size }) if size == end), "{refused:?}");
}

/// The statement cannot be written beside the checkpoint file, when the vault has the new origin already.
#[test]
fn a_renewal_that_was_cut_short_signs_nothing_and_is_finished_by_repeating_it() {
    let Loss { world, cast, .. } = loss(44);
    let in_the_way = PathBuf::from(format!("{}.origin-2", world.checkpoint().display()));
    fs::create_dir(&in_the_way).unwrap();
    assert!(matches!(renew(&world, "the first reason"), Err(BackupFault::Io { .. })));
    let refused = Engine::open(world.options("master"));
    assert!(matches!(refused, Err(OpenFault::Renewing)), "{refused:?}");
    fs::remove_dir(&in_the_way).unwrap();
    let renewed = renew(&world, "another reason").unwrap();
    assert_eq!(renewed.statement.reason, "the first reason", "what was stated stays stated");
    register(&world, &cast, 50..55);
    assert!(is_whole(&world));
}

#[test]
fn the_domain_is_fixed_by_the_first_start_also_without_the_checkpoint_file() {
    let world = World::new(45);
    let open = |domain: Option<&str>| {
        Engine::open(EngineOptions { domain: domain.map(str::to_owned), new_checkpoint_file: true, ..world.options("master") })
    };
    let engine = open(Some("a.example")).unwrap();
    let origin = engine.handle().publisher().origin().to_owned();
    assert!(origin.starts_with("a.example/zhixin/"));
    Cast::set_up(engine.handle());
    engine.close();
    for lost in [false, true] {
        if lost {
            fs::remove_file(world.checkpoint()).unwrap();
        }
        let refused = open(Some("b.example"));
        assert!(
            matches!(&refused, Err(OpenFault::OtherDomain { origin: fixed, domain }) if *fixed == origin && domain == "b.example"),
            "{refused:?}"
        );
    }
    for domain in [None, Some("a.example")] {
        let engine = open(domain).unwrap();
        assert_eq!(engine.handle().publisher().origin(), origin);
        engine.close();
    }
    assert!(fs::read_to_string(world.checkpoint()).unwrap().contains(&origin), "it signs on");
}
