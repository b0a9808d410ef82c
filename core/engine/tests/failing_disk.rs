//! What is not durable is not acknowledged, and what came to nothing leaves nothing behind: a sync that fails, and keys without commits.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "backup/world.rs"]
#[allow(dead_code, reason = "each test file uses a part of it")]
mod world;

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use world::{Cast, NAME, Registered, World, by};
use zhixin_domain::access::RegisterOrganisation;
use zhixin_domain::person::ErasePerson;
use zhixin_engine::answer::{CommandError, Submission, Unavailable};
use zhixin_engine::checkpoint_file::CheckpointFile;
use zhixin_engine::engine::{Engine, EngineOptions};
use zhixin_engine::handle::EngineHandle;
use zhixin_engine::log::{EmbeddedLog, LogId, LogKey, LogPurpose, MemoryBackend, MemoryLog, Trouble, Writer};
use zhixin_events::uscc::{check_character, organisation_check_character};
use zhixin_events::{ErasureGround, PersonId, ReportingUnit, Role};
use zhixin_store::segments::SegmentOptions;
use zhixin_store::vault::{LmdbVault, Vault as _};

fn writer() -> Writer {
    Writer { node: "test".to_owned(), code_version: "0".to_owned(), purpose: LogPurpose::Demo, now_ms: 0 }
}

static DISK_FAILS: AtomicBool = AtomicBool::new(false);

fn sync(file: &File) -> io::Result<()> {
    if DISK_FAILS.load(Ordering::SeqCst) { Err(io::Error::other("a made-up I/O error")) } else { file.sync_data() }
}

fn organisation(handle: &EngineHandle, cast: &Cast, index: u32) -> Submission {
    let code = format!("TE{index:06}");
    let body = format!("12999900{code}{}", organisation_check_character(&code).unwrap());
    let uscc = format!("{body}{}", check_character(&body).unwrap());
    let command = RegisterOrganisation { name: format!("试验学院{index}"), uscc, unit: ReportingUnit::JIANGSU };
    by(handle, cast.national, Role::NationalOffice, command, &format!("organisation-{index}"))
}

/// The real log over a file whose sync fails.
#[test]
fn a_sync_of_the_log_that_fails_acknowledges_nothing_and_stops_writing() {
    let (world, cast, _) = World::with_trainees(70, 1);
    let engine = world.open();
    let (key, end) = (engine.handle().log_key().clone(), engine.handle().end());
    engine.close();
    let segments = SegmentOptions { segment_bytes: 8 << 10, free_bytes_min: 0, sync, ..SegmentOptions::default() };
    let (log, _) = EmbeddedLog::open(&world.data().join("log"), key, writer(), segments).unwrap();
    let engine = Engine::open(EngineOptions { event_log: Some(Box::new(log)), ..world.options("master") }).unwrap();
    let handle = engine.handle();
    DISK_FAILS.store(true, Ordering::SeqCst);
    let unknown = Err(CommandError::Unavailable(Unavailable::OutcomeUnknown));
    assert_eq!(handle.execute_blocking(organisation(handle, &cast, 0)), unknown);
    DISK_FAILS.store(false, Ordering::SeqCst);
    for index in [0, 1] {
        assert_eq!(handle.execute_blocking(organisation(handle, &cast, index)), unknown, "a sync that succeeds now proves nothing");
    }
    assert_eq!(handle.end(), end, "nobody sees what may not be there");
    assert!(handle.published().is_none_or(|published| published.size <= end));
    engine.close();
    let engine = world.open();
    let handle = engine.handle();
    assert!(handle.end() <= end + 1, "the batch in question, or nothing");
    handle.execute_blocking(organisation(handle, &cast, 0)).unwrap();
    handle.execute_blocking(organisation(handle, &cast, 1)).unwrap();
    assert_eq!(handle.end(), end + 2);
}

static FREE_SPACE_FAILS: AtomicBool = AtomicBool::new(false);

fn free_space(_: &Path) -> io::Result<u64> {
    // Too many open files: it passes.
    if FREE_SPACE_FAILS.load(Ordering::SeqCst) { Err(io::Error::from_raw_os_error(24)) } else { Ok(u64::MAX) }
}

/// The real log where the system cannot be asked for a moment: nothing was written, so nothing is in doubt.
#[test]
fn a_fault_before_anything_is_written_passes() {
    let (world, cast, _) = World::with_trainees(72, 1);
    let engine = world.open();
    let key = engine.handle().log_key().clone();
    engine.close();
    let segments = SegmentOptions { segment_bytes: 8 << 10, free_space, ..SegmentOptions::default() };
    let (log, _) = EmbeddedLog::open(&world.data().join("log"), key, writer(), segments).unwrap();
    let engine = Engine::open(EngineOptions { event_log: Some(Box::new(log)), ..world.options("master") }).unwrap();
    let (handle, before) = (engine.handle(), keys_of(&engine));
    FREE_SPACE_FAILS.store(true, Ordering::SeqCst);
    let answer = handle.execute_blocking(cast.registering(handle, 2));
    assert_eq!(answer, Err(CommandError::Unavailable(Unavailable::Storage)));
    assert_eq!((handle.writing_stopped(), keys_of(&engine)), (None, before), "and the key of the commit is withdrawn");
    FREE_SPACE_FAILS.store(false, Ordering::SeqCst);
    cast.register(handle, 2);
}

fn keys_of(engine: &Engine) -> usize {
    engine.handle().vault().collect_prefix(b"k/").unwrap().len()
}

/// A log of reads that was full goes on when there is room; one that does not know what it holds takes nothing more.
#[test]
fn a_full_log_of_reads_goes_on_and_one_in_doubt_does_not() {
    let (world, cast, registered) = World::with_trainees(73, 1);
    let backend = MemoryBackend::new(LogKey::new(LogId([8; 16]), [4; 32]));
    let reads = MemoryLog::open(&backend, writer()).unwrap();
    let engine = Engine::open(EngineOptions { read_log: Some(Box::new(reads)), ..world.options("master") }).unwrap();
    let (handle, one) = (engine.handle(), registered[0]);
    let recorded = || handle.open_persons(&cast.reading(one.person), &[one.position]).is_ok();
    for (trouble, afterwards) in [(Trouble::Full, true), (Trouble::UnknownLost, false)] {
        backend.trouble([trouble]);
        assert!(!recorded(), "{trouble:?}");
        assert_eq!(recorded(), afterwards, "{trouble:?}");
    }
}

/// An erasure that the checkpoint file does not note is not complete, however often it is asked for.
#[test]
fn an_erasure_is_complete_only_when_the_checkpoint_file_says_so() {
    let (world, cast, registered) = World::with_trainees(74, 1);
    let person = registered[0].person;
    let engine = world.open();
    let handle = engine.handle();
    let in_the_way = world.path("data.checkpoint.next");
    std::fs::create_dir(&in_the_way).unwrap();
    let erase = || {
        let command = ErasePerson { person, ground: ErasureGround::PersonRequest };
        handle.erase(by(handle, cast.national, Role::NationalOffice, command, "erase"), person)
    };
    for _ in 0..2 {
        assert_eq!(erase(), Err(CommandError::Unavailable(Unavailable::Storage)));
    }
    std::fs::remove_dir(&in_the_way).unwrap();
    erase().unwrap();
    let known = CheckpointFile::new(&world.checkpoint()).read().unwrap().unwrap();
    assert_eq!(known.erased.into_iter().collect::<Vec<_>>(), [person]);
}

/// What stops a start is a fault before the keys are gone: afterwards only a record is missing, which the next start adds.
#[test]
fn an_erasure_whose_completion_finds_no_room_does_not_keep_the_engine_shut() {
    let world = World::new(75);
    let backend = MemoryBackend::new(LogKey::new(LogId([3; 16]), [4; 32]));
    let engine = open(&world, &backend);
    let (handle, cast) = (engine.handle(), Cast::set_up(engine.handle()));
    let one = cast.register(handle, 1);
    let command = ErasePerson { person: one.person, ground: ErasureGround::PersonRequest };
    // Decided, and nothing more: as if the process had ended there.
    handle.execute_blocking(by(handle, cast.national, Role::NationalOffice, command, "erase")).unwrap();
    engine.close();
    let before = keys(&world);
    backend.trouble([Trouble::Full]);
    let engine = open(&world, &backend);
    let end = engine.handle().end();
    engine.close();
    assert_eq!(keys(&world), before - 1);
    let engine = open(&world, &backend);
    assert_eq!(engine.handle().end(), end + 1, "it is recorded");
    engine.handle().execute_blocking(cast.registering(engine.handle(), 2)).unwrap();
}

/// Keys of holders in the vault.
fn keys(world: &World) -> usize {
    LmdbVault::open(&world.data().join("vault")).unwrap().collect_prefix(b"k/").unwrap().len()
}

fn open(world: &World, backend: &Arc<MemoryBackend>) -> Engine {
    let log = MemoryLog::open(backend, writer()).unwrap();
    Engine::open(EngineOptions { event_log: Some(Box::new(log)), ..world.options("master") }).unwrap()
}

/// A person's key is durable before the commit that is sealed under it. Whatever then becomes of the commit decides about the key.
#[test]
fn keys_of_commits_that_came_to_nothing_are_removed_and_no_others() {
    for (trouble, stops, used) in
        [(Trouble::Full, false, false), (Trouble::UnknownLost, true, false), (Trouble::UnknownWritten, true, true)]
    {
        let world = World::new(71);
        let backend = MemoryBackend::new(LogKey::new(LogId([3; 16]), [4; 32]));
        let engine = open(&world, &backend);
        let cast = Cast::set_up(engine.handle());
        let first = cast.register(engine.handle(), 1);
        engine.close();
        let before = keys(&world);
        let engine = open(&world, &backend);
        assert!(engine.handle().wait_indexed(engine.handle().end(), Duration::from_mins(1)));
        backend.trouble([trouble]);
        assert!(engine.handle().execute_blocking(cast.registering(engine.handle(), 2)).is_err());
        if !stops {
            // The same process goes on, and what it seals now opens after a restart.
            cast.register(engine.handle(), 3);
        }
        engine.close();
        assert_eq!(keys(&world), before + 1, "{trouble:?}");
        let engine = open(&world, &backend);
        let handle = engine.handle();
        let accepted = handle.execute_blocking(cast.registering(handle, 2)).unwrap();
        assert_eq!(accepted.replayed, used, "{trouble:?}");
        let person: PersonId = accepted.result.iter().find(|(key, _)| *key == "person").unwrap().1.parse().unwrap();
        for one in [first, Registered { person, position: accepted.position.0 }] {
            assert_eq!(cast.name_of(handle, one).as_deref(), Some(NAME), "{trouble:?}");
        }
        engine.close();
        open(&world, &backend).close();
        assert_eq!(keys(&world), before + if stops { 1 } else { 2 }, "{trouble:?}");
    }
}
