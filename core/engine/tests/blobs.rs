//! Blobs: kept, opened with a recorded reading, refused beyond their limits, and gone with their holder.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "backup/world.rs"]
#[allow(dead_code, reason = "each test file uses a part of it")]
mod world;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use world::{Cast, World, copy_folder, files, flip};
use zhixin_engine::blobs::{BlobError, BlobKind, BlobRef, BlobRefusal};
use zhixin_engine::engine::{Engine, EngineOptions};
use zhixin_engine::log::{LogId, LogKey, LogPurpose, MemoryBackend, MemoryLog, Trouble, Writer};
use zhixin_events::{PersonId, Subject};

const CHUNK: usize = 64 * 1024;

fn content(len: usize) -> Vec<u8> {
    b"attachment ".iter().copied().cycle().take(len).collect()
}

fn file_of(world: &World, blob: &BlobRef) -> PathBuf {
    let mut name = String::new();
    for byte in blob.digest {
        write!(name, "{byte:02x}").unwrap();
    }
    world.data().join("blobs").join(&name[..2]).join(name)
}

fn refusal(outcome: Result<impl std::fmt::Debug, BlobError>) -> BlobRefusal {
    match outcome {
        Err(BlobError::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn a_blob_comes_back_also_after_a_restart_and_is_nowhere_in_the_clear() {
    let (world, cast, registered) = World::with_trainees(10, 2);
    let person = registered[0].person;
    let holder = Subject::person(person);
    let engine = world.open();
    let kept: Vec<(BlobRef, Vec<u8>)> = [1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK]
        .map(|len| (engine.handle().put_blob(&holder, BlobKind::Photograph, &content(len)).unwrap(), content(len)))
        .into();
    engine.close();
    let engine = world.open();
    let handle = engine.handle();
    let before = handle.read_log().reader().end();
    for (blob, content) in &kept {
        assert_eq!(handle.open_blob(&holder, blob, &cast.reading(person)).unwrap().as_slice(), content.as_slice());
        let sealed = fs::read(file_of(&world, blob)).unwrap();
        assert!(!sealed.windows(11).any(|window| window == b"attachment "));
    }
    assert_eq!(handle.read_log().reader().end(), before + kept.len() as u64, "each opening is recorded");

    let again = handle.put_blob(&holder, BlobKind::Photograph, &content(1)).unwrap();
    assert_ne!(again.digest, kept[0].0.digest, "the same content is not recognised by its name");
    let of_others = handle.open_blob(&Subject::person(registered[1].person), &again, &cast.reading(registered[1].person));
    assert!(of_others.is_err(), "a blob opens for its holder only");
    assert_eq!(refusal(handle.open_blob(&holder, &again, &cast.reading(registered[1].person))), BlobRefusal::NotInReading);
    let unknown = BlobRef { digest: [0; 32], ..again };
    assert_eq!(refusal(handle.open_blob(&holder, &unknown, &cast.reading(person))), BlobRefusal::Unknown);
}

#[test]
fn limits_are_named_and_nothing_is_kept_beyond_them() {
    let (world, _, registered) = World::with_trainees(11, 1);
    let engine = world.open();
    let holder = Subject::person(registered[0].person);
    let put = |bytes: &[u8]| engine.handle().put_blob(&holder, BlobKind::Photograph, bytes);
    assert_eq!(refusal(put(b"")), BlobRefusal::Empty);
    let most = usize::try_from(BlobKind::Photograph.bytes_max()).unwrap();
    assert_eq!(refusal(put(&vec![1; most + 1])), BlobRefusal::TooLarge { bytes: most as u64 + 1, bytes_max: most as u64 });
    assert!(!world.data().join("blobs").exists());
    assert!(put(&vec![1; most]).is_ok());
}

#[test]
fn what_is_cut_or_changed_is_refused() {
    let (world, cast, registered) = World::with_trainees(12, 1);
    let person = registered[0].person;
    let holder = Subject::person(person);
    let engine = world.open();
    let handle = engine.handle();
    let open = |blob: &BlobRef| handle.open_blob(&holder, blob, &cast.reading(person));
    let blob = handle.put_blob(&holder, BlobKind::Evidence, &content(3 * CHUNK)).unwrap();
    let path = file_of(&world, &blob);
    let whole = fs::read(&path).unwrap();

    flip(&path, CHUNK + 100);
    assert!(matches!(open(&blob), Err(BlobError::Damaged { .. })));
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    assert!(matches!(open(&blob), Err(BlobError::Damaged { .. })));
    fs::write(&path, &whole).unwrap();
    assert!(open(&blob).is_ok());

    // Cut at a chunk, chunks swapped, another kind or size: put under the name that fits, so that only the seal can tell.
    let sealed_chunk = CHUNK + 16;
    let (first, second, third) = (16, 16 + sealed_chunk, 16 + 2 * sealed_chunk);
    let swapped = [&whole[..first], &whole[second..third], &whole[first..second], &whole[third..]].concat();
    let cases = [
        (whole[..third].to_vec(), 2 * CHUNK as u64, BlobKind::Evidence),
        (swapped, blob.size, BlobKind::Evidence),
        (whole, blob.size, BlobKind::Document),
    ];
    for (bytes, size, kind) in cases {
        let forged = BlobRef { digest: zhixin_events::digest::sha256(&[&bytes]), size, kind };
        let path = file_of(&world, &forged);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        assert!(matches!(open(&forged), Err(BlobError::Damaged { what, .. }) if what.contains("does not open")), "{forged:?}");
    }
}

#[test]
fn erasing_a_holder_removes_their_blobs_and_an_old_copy_opens_nothing() {
    let (world, cast, registered) = World::with_trainees(13, 2);
    let [erased, other] = [registered[0].person, registered[1].person];
    let engine = world.open();
    let handle = engine.handle();
    let put = |person: PersonId| handle.put_blob(&Subject::person(person), BlobKind::Document, &content(100)).unwrap();
    let (gone, kept) = (put(erased), put(other));
    copy_folder(&world.data().join("vault"), &world.path("old-vault"));
    copy_folder(&world.data().join("blobs"), &world.path("old-blobs"));
    cast.erase(handle, erased);

    assert!(!file_of(&world, &gone).exists());
    assert_eq!(refusal(handle.open_blob(&Subject::person(erased), &gone, &cast.reading(erased))), BlobRefusal::HolderErased);
    assert_eq!(refusal(handle.put_blob(&Subject::person(erased), BlobKind::Document, b"again")), BlobRefusal::HolderErased);
    assert_eq!(handle.open_blob(&Subject::person(other), &kept, &cast.reading(other)).unwrap().len(), 100);
    engine.close();

    // The files come back; the keys do not.
    copy_folder(&world.path("old-blobs"), &world.data().join("blobs"));
    let engine = world.open();
    assert_eq!(refusal(engine.handle().open_blob(&Subject::person(erased), &gone, &cast.reading(erased))), BlobRefusal::HolderErased);
    assert_eq!(engine.handle().open_blob(&Subject::person(other), &kept, &cast.reading(other)).unwrap().len(), 100);
    engine.close();
    fs::remove_dir_all(world.data().join("vault")).unwrap();
    copy_folder(&world.path("old-vault"), &world.data().join("vault"));
    assert!(Engine::open(world.options("master")).is_err(), "the old vault does not open with today's master key");
}

#[test]
fn files_that_nothing_refers_to_are_listed() {
    let (world, _, registered) = World::with_trainees(14, 1);
    let engine = world.open();
    let put = |bytes: &[u8]| engine.handle().put_blob(&Subject::person(registered[0].person), BlobKind::Document, bytes).unwrap();
    let (referred, orphan) = (put(b"one"), put(b"two"));
    let left = world.data().join("blobs/new-00");
    fs::write(&left, b"half of one").unwrap();
    let mut found = engine.handle().unreferenced_blobs(&BTreeSet::from([referred.digest])).unwrap();
    found.sort();
    let mut expected = vec![file_of(&world, &orphan), left];
    expected.sort();
    assert_eq!(found, expected);
    assert!(files(&world.data().join("blobs"), "").len() >= 2);
}

#[test]
fn a_blob_is_withheld_when_the_reading_cannot_be_recorded() {
    let world = World::new(15);
    let backend = MemoryBackend::new(LogKey::new(LogId([8; 16]), [4; 32]));
    let writer = Writer { node: "test".to_owned(), code_version: "0".to_owned(), purpose: LogPurpose::Demo, now_ms: 0 };
    let reads = MemoryLog::open(&backend, writer).unwrap();
    let engine = Engine::open(EngineOptions { read_log: Some(Box::new(reads)), ..world.options("master") }).unwrap();
    let handle = engine.handle();
    let cast = Cast::set_up(handle);
    let person = cast.register(handle, 1).person;
    let blob = handle.put_blob(&Subject::person(person), BlobKind::Document, b"paper").unwrap();
    backend.trouble([Trouble::Full]);
    let outcome = handle.open_blob(&Subject::person(person), &blob, &cast.reading(person));
    assert!(matches!(outcome, Err(BlobError::NotRecorded(_))), "{outcome:?}");
}
