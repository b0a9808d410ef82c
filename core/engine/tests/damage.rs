//! What is damaged in a data folder is made anew where the log can tell it, and refused where nothing can.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "backup/watched.rs"]
#[allow(dead_code, reason = "each test file uses a part of it")]
mod watched;
#[path = "backup/world.rs"]
#[allow(dead_code, reason = "each test file uses a part of it")]
mod world;

use std::fs;
use std::ops::{Bound, ControlFlow};
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use watched::{Watch, Watched};
use world::{Cast, NAME, Registered, World, by, copy_folder, files};
use zhixin_domain::access::RegisterOrganisation;
use zhixin_engine::answer::{CommandError, Submission, Unavailable};
use zhixin_engine::engine::{Engine, EngineOptions};
use zhixin_engine::fault::OpenFault;
use zhixin_engine::handle::OpenPersonsError;
use zhixin_engine::history::HistoryFault;
use zhixin_engine::log::{EventLog as _, LogFault, LogId, LogKey, LogPurpose, MemoryBackend, MemoryLog, Writer};
use zhixin_engine::verify::{Folder, verify_folder};
use zhixin_events::access::OrganisationRegistered;
use zhixin_events::commit::{Commit, EventRecord};
use zhixin_events::{CommandId, Event, OrganisationId, ReportingUnit, Role, Subject, SubjectKind, Uscc, registry};
use zhixin_store::rows::{Direction, RowBatch, RowKind, open_rows};
use zhixin_store::segments::{BodyBuilder, ENVELOPE_BYTES, Envelope, Record};
use zhixin_store::vault::{LmdbVault, Vault as _};

/// Changes the last derived row for which `is_it` holds, and nothing else.
fn damage(world: &World, is_it: impl Fn(&[u8], &[u8]) -> bool, change: impl FnOnce(&mut Vec<u8>)) {
    let rows = open_rows(RowKind::Lmdb, &world.data().join("derived")).unwrap();
    let view = rows.view().unwrap();
    let mut found = None;
    view.scan(Bound::Unbounded, Bound::Unbounded, Direction::Ascending, &mut |key, value| {
        if is_it(key, value) {
            found = Some((key.to_vec(), value.to_vec()));
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    let (key, mut value) = found.unwrap();
    let checkpoint = view.checkpoint();
    drop(view);
    change(&mut value);
    rows.commit(&RowBatch { changes: vec![(&key, Some(&value))], checkpoint }).unwrap();
}

fn is_leaves(key: &[u8], _: &[u8]) -> bool {
    key.starts_with(&[b'T', 0])
}

/// The rows that an untouched start has.
fn digest(world: &World) -> [u8; 32] {
    let engine = world.open();
    let digest = engine.handle().view().unwrap().digest().unwrap();
    engine.close();
    digest
}

fn teach_more(world: &World, cast: &Cast, serials: std::ops::Range<u32>) {
    let engine = world.open();
    for serial in serials {
        cast.register(engine.handle(), serial);
    }
    engine.close();
}

#[test]
fn a_tree_that_is_not_the_signed_one_is_made_anew() {
    let (world, ..) = World::with_trainees(60, 5);
    let before = digest(&world);
    damage(&world, is_leaves, |row| row[3] ^= 1);
    assert_eq!(digest(&world), before);
}

/// A posting list that a catch-up must go on with: its last position too high, one position short, no list at all.
#[test]
fn a_posting_list_that_does_not_go_on_is_made_anew() {
    let (world, cast, _) = World::with_trainees(61, 5);
    copy_folder(&world.data().join("derived"), &world.path("older"));
    teach_more(&world, &cast, 5..8);
    let before = digest(&world);
    let changes: [fn(&mut Vec<u8>); 3] =
        [|list| *list.last_mut().unwrap() = 120, |list| list.truncate(list.len() - 1), |list| list.clear()];
    for change in changes {
        fs::remove_dir_all(world.data().join("derived")).unwrap();
        copy_folder(&world.path("older"), &world.data().join("derived"));
        let class = Subject::class(cast.class);
        let named = |key: &[u8]| key.windows(class.as_bytes().len()).any(|part| part == class.as_bytes());
        damage(&world, |key, value| key.starts_with(b"S") && named(key) && value.len() < 30, change);
        assert_eq!(digest(&world), before);
    }
}

/// Rows behind the last signed tree were never held against anything: they are, before they are signed.
#[test]
fn leaves_that_nobody_signed_are_hashed_again_before_they_are_signed() {
    const LAST_SIGNED: &[u8] = b"l/last-signed";
    let (world, cast, _) = World::with_trainees(62, 5);
    let last_signed = || LmdbVault::open(&world.data().join("vault")).unwrap().get(LAST_SIGNED).unwrap().unwrap();
    let (signed, note) = (last_signed(), fs::read(world.checkpoint()).unwrap());
    teach_more(&world, &cast, 5..8);
    let right = last_signed();
    // As after a crash between the flush of the rows and the signature.
    LmdbVault::open(&world.data().join("vault")).unwrap().put(LAST_SIGNED, &signed).unwrap();
    fs::write(world.checkpoint(), note).unwrap();
    damage(&world, is_leaves, |row| *row.last_mut().unwrap() ^= 1);
    world.open().close();
    assert_eq!(last_signed(), right);
}

#[test]
fn a_reading_that_is_recorded_but_not_indexed_does_not_spoil_the_next() {
    let world = World::new(63);
    let backend = MemoryBackend::new(LogKey::new(LogId([8; 16]), [4; 32]));
    let watch = Arc::new(Watch::default());
    let open = || {
        let writer = Writer { node: "test".to_owned(), code_version: "0".to_owned(), purpose: LogPurpose::Demo, now_ms: 0 };
        let read_log = Some(Watched::over(MemoryLog::open(&backend, writer).unwrap(), &watch));
        Engine::open(EngineOptions { read_log, ..world.options("master") }).unwrap()
    };
    let engine = open();
    let cast = Cast::set_up(engine.handle());
    let registered = cast.register(engine.handle(), 1);
    watch.fail_once.store(true, Ordering::SeqCst);
    for _ in 0..3 {
        assert_eq!(cast.name_of(engine.handle(), registered).as_deref(), Some(NAME));
    }
    assert!(!watch.fail_once.load(Ordering::SeqCst), "the index failed once");
    engine.close();
    let engine = open();
    assert_eq!(engine.handle().read_log().view().unwrap().count(&Subject::person(registered.person), u64::MAX).unwrap(), 3);
}

/// The log of reads, cut short by one record, or gone with its rows: the vault knows better.
#[test]
fn a_log_of_reads_that_lost_records_is_refused() {
    let (world, cast, registered) = World::with_trainees(64, 2);
    let engine = world.open();
    for one in &registered {
        cast.name_of(engine.handle(), *one);
    }
    engine.close();
    copy_folder(&world.data(), &world.path("whole"));
    let last = files(&world.data().join("reads"), ".seg").pop().unwrap();
    let bytes = fs::read(&last).unwrap();
    let (mut at, mut start) = (0, 0);
    while bytes[at] != 0 {
        start = at;
        at += 64 + u32::from_le_bytes(bytes[at + 4..at + 8].try_into().unwrap()) as usize;
    }
    let cut = [&bytes[..start], &vec![0; bytes.len() - start]].concat();
    let refused = |with_rows: bool| {
        if !with_rows {
            fs::remove_dir_all(world.data().join("reads-derived")).unwrap();
        }
        assert!(matches!(Engine::open(world.options("master")), Err(OpenFault::Log(_) | OpenFault::ReadsLost { .. })));
    };
    fs::write(&last, cut).unwrap();
    refused(true);
    refused(false);
    fs::remove_dir_all(world.data().join("reads")).unwrap();
    refused(false);
    fs::remove_dir_all(world.data()).unwrap();
    copy_folder(&world.path("whole"), &world.data());
    world.open().close();
}

/// A leaf that the right edge does not rest on: the start passes over it, the recomputation does not.
#[test]
fn an_old_leaf_that_differs_is_found_in_the_background_and_made_anew() {
    let (world, ..) = World::with_trainees(65, 130);
    let before = digest(&world);
    damage(&world, |key, _| key == [&[b'T', 0][..], &[0; 8]].concat(), |row| row[3] ^= 1);
    let found = || {
        let engine = world.open();
        let recomputation = engine.handle().recomputation();
        assert!(recomputation.size() > 256 && recomputation.wait(Duration::from_mins(1)));
        let trouble = recomputation.trouble().map(str::to_owned);
        engine.close();
        trouble
    };
    assert!(found().unwrap().contains("stored hash 0 of tree level 0"));
    assert_eq!(found(), None);
    assert_eq!(digest(&world), before);
}

#[test]
fn a_demo_log_never_opens_for_production() {
    let (world, ..) = World::with_trainees(66, 0);
    let outcome = Engine::open(EngineOptions { purpose: LogPurpose::Production, ..world.options("master") });
    assert!(matches!(outcome, Err(OpenFault::Log(LogFault::AnotherPurpose { .. }))), "{outcome:?}");
}

/// A byte of a commit, changed so that its CRCs fit again: only the tree tells, and nothing of it is served or decided on.
#[test]
fn an_event_that_is_not_the_one_in_the_tree_is_neither_served_nor_decided_on() {
    let (world, cast, registered) = World::with_trainees(67, 3);
    let engine = world.open();
    let handle = engine.handle();
    let Registered { person, position } = registered[2];
    let (other, reader) = (registered[1].position, handle.reader());
    let (found, frame) = (handle.commit_at(position).unwrap(), reader.frame_at(position).unwrap());
    // The salt: whatever it is, the commit decodes.
    let mut changed = frame.bytes.clone();
    changed[place_of(&frame.bytes, &found.commit.salt).unwrap()] ^= 1;
    let body_of = |bytes: &[u8]| {
        let mut body = BodyBuilder::new(frame.first_position, frame.base_ms);
        assert!(body.push(frame.event_count, bytes));
        body.finish()
    };
    let (before, after) = (body_of(&frame.bytes), body_of(&changed));
    for path in files(&world.data().join("log"), ".seg") {
        let segment = fs::read(&path).unwrap();
        let Some(at) = place_of(&segment, &before) else { continue };
        let Envelope { epoch, chain_before, mac, .. } = Envelope::parse(&segment[at - ENVELOPE_BYTES..]).unwrap();
        let record = Record::batch(epoch, chain_before, &after, |_| mac).unwrap();
        fs::File::options().write(true).open(&path).unwrap().write_all_at(record.bytes(), (at - ENVELOPE_BYTES) as u64).unwrap();
    }
    assert_eq!(reader.frame_at(position).unwrap().bytes, changed, "the CRCs fit");
    let named = |fault: &HistoryFault| matches!(fault, HistoryFault::AnotherLeaf { position: found } if *found == position);
    assert!(named(&handle.commit_at(position).unwrap_err()));
    assert!(named(&handle.leaf(position).unwrap_err()));
    let opened = handle.open_persons(&cast.reading(person), &[position]).unwrap_err();
    assert!(matches!(&opened, OpenPersonsError::History(fault) if named(fault)), "{opened:?}");
    let again = handle.execute_blocking(Submission { command_id: CommandId([9; 16]), ..cast.registering(handle, 2) });
    assert_eq!(again, Err(Unavailable::Storage.into()), "the person would be folded from it");
    handle.commit_at(other).unwrap();
}

/// The same the other way round: the event is the right one, and its hash in the tree is not.
#[test]
fn a_leaf_that_is_not_that_of_its_event_keeps_it_from_being_served() {
    let (world, _, registered) = World::with_trainees(68, 130);
    damage(&world, |key, _| key == [&[b'T', 0][..], &[0; 8]].concat(), |row| row[3] ^= 1);
    let engine = world.open();
    let fault = engine.handle().commit_at(0).unwrap_err();
    assert!(matches!(fault, HistoryFault::AnotherLeaf { position: 0 }), "{fault:?}");
    engine.handle().commit_at(registered[0].position).unwrap();
}

/// A second organisation under a code that is held, put into the log past every decision: its claim does not fold, and all else goes on.
#[test]
fn a_history_that_does_not_fold_answers_for_its_subject_alone() {
    let world = World::new(69);
    let backend = MemoryBackend::new(LogKey::new(LogId([8; 16]), [4; 32]));
    let writer = || Writer { node: "test".to_owned(), code_version: "0".to_owned(), purpose: LogPurpose::Demo, now_ms: 0 };
    let log = || MemoryLog::open(&backend, writer()).unwrap();
    let open = || Engine::open(EngineOptions { event_log: Some(Box::new(log())), ..world.options("master") }).unwrap();
    let engine = open();
    let cast = Cast::set_up(engine.handle());
    let (end, last) = (engine.handle().end(), engine.handle().commit_at(engine.handle().end() - 1).unwrap().commit);
    engine.close();
    let (unit, uscc) = (ReportingUnit::JIANGSU, Uscc::parse("91350100M000100Y43").unwrap());
    let (organisation, claim) =
        (OrganisationId::from_bytes([7; 6]), Subject::of_text(SubjectKind::OrganisationCode, "91350100M000100Y43").unwrap());
    let second = OrganisationRegistered { organisation, name: "某学院".to_owned(), uscc, unit, check_overridden: false };
    let (tag, payload) = registry::encode(&Event::from(second));
    let subjects = vec![(Subject::organisation(organisation), 1), (claim, 2)];
    let record = EventRecord { tag, payload, subjects, envelopes: Vec::new(), sealed_digests: Vec::new(), ..last.events[0].clone() };
    let commit = Commit { command_id: CommandId([7; 16]), events: vec![record], ..(*last).clone() };
    let mut body = BodyBuilder::new(end, commit.recorded_at.0);
    assert!(body.push(1, &commit.encode(commit.recorded_at)));
    log().append(&body.finish()).unwrap();
    let engine = open();
    let handle = engine.handle();
    let register = || RegisterOrganisation { name: "某学院".to_owned(), uscc: "91350100M000100Y43".to_owned(), unit };
    for key in ["a", "b"] {
        let answer = handle.execute_blocking(by(handle, cast.national, Role::NationalOffice, register(), key));
        assert_eq!(answer, Err(Unavailable::Poisoned(claim).into()));
    }
    cast.register(handle, 1);
}

/// One damaged key: everybody else is served and found, the damage is counted, and `verify` does not pass it over.
#[test]
fn one_key_that_does_not_open_keeps_nobody_else_from_being_served() {
    let (world, cast, registered) = World::with_trainees(70, 3);
    let person = Subject::person(registered[1].person);
    let vault = LmdbVault::open(&world.data().join("vault")).unwrap();
    let (row, mut value) = vault.collect_prefix(b"k/").unwrap().into_iter().find(|(row, _)| row.ends_with(person.as_bytes())).unwrap();
    *value.last_mut().unwrap() ^= 1;
    vault.put(&row, &value).unwrap();
    drop(vault);
    fs::remove_dir_all(world.data().join("derived")).unwrap();
    let engine = world.open();
    let handle = engine.handle();
    assert_eq!(handle.unopened_events(), 1);
    assert_eq!(cast.name_of(handle, registered[2]).as_deref(), Some(NAME));
    let again = handle.execute_blocking(Submission { command_id: CommandId([9; 16]), ..cast.registering(handle, 2) });
    assert!(matches!(&again, Err(CommandError::Refused(refusal)) if refusal.code == "CLASS-0004"), "{again:?}");
    engine.close();
    let folder = Folder { checkpoint_file: world.checkpoint(), ..Folder::new(&world.data(), &world.path("master")) };
    let report = verify_folder(&folder, &|_, _, _, _| {}).unwrap();
    assert_eq!(report.first_divergence().unwrap().1.what, "sealed fields do not open");
}

fn place_of(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}
