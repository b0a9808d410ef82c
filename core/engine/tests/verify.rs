//! `verify`: a good folder passes, at rest and while it serves, and every forgery is found and named.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "backup/world.rs"]
#[allow(dead_code, reason = "each test file uses a part of it")]
mod world;

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

use world::{Cast, World, copy_folder, files, flip};
use zhixin_domain::directory::AssignOccupationCode;
use zhixin_engine::blobs::BlobKind;
use zhixin_engine::entropy::SeededEntropy;
use zhixin_engine::log::{EmbeddedLog, EventLog as _, LogId, LogKey, LogPurpose, Writer};
use zhixin_engine::merkle::{Checkpoint, SignerKey, TreeHash};
use zhixin_engine::vault_keys::MasterKeyFile;
use zhixin_engine::verify::{Area, Divergence, Folder, Outcome, Report, Step, VerifyFault, verify_folder, verify_handle};
use zhixin_events::directory::OccupationCodeAssignedV1;
use zhixin_events::{CommandId, Commit, PersonId, PlanYear, SourceMark, Subject, SubjectKind, Timestamp, codec};
use zhixin_store::rows::{Checkpoint as Reflected, Direction, RowBatch, RowKind, open_rows};
use zhixin_store::segments::{BodyBuilder, ENVELOPE_BYTES, Envelope, Record, SegmentOptions};

/// Enough for several sealed segments.
const TRAINEES: u32 = 150;

fn folder(world: &World) -> Folder {
    Folder { checkpoint_file: world.checkpoint(), ..Folder::new(&world.data(), &world.path("master")) }
}

fn verify(world: &World) -> Report {
    verify_folder(&folder(world), &|_, _, _, _| {}).unwrap()
}

fn first(report: &Report) -> (Area, Step, Divergence) {
    let (check, divergence) = report.first_divergence().unwrap_or_else(|| panic!("nothing found: {report:#?}"));
    (check.area, check.step, divergence.clone())
}

/// A world for many forgeries: each is worked on a fresh copy of the same folder.
struct Good {
    world: World,
}

impl Good {
    fn new() -> Self {
        let (world, cast, registered) = World::with_trainees(40, TRAINEES);
        let engine = world.open();
        assert!(cast.name_of(engine.handle(), registered[0]).is_some());
        cast.register(engine.handle(), TRAINEES);
        engine.close();
        copy_folder(&world.data(), &world.path("good"));
        Self { world }
    }

    /// What `verify` finds first after a forgery.
    fn after(&self, forge: impl FnOnce(&World)) -> (Area, Step, Divergence) {
        fs::remove_dir_all(self.world.data()).unwrap();
        copy_folder(&self.world.path("good"), &self.world.data());
        forge(&self.world);
        first(&verify(&self.world))
    }
}

#[test]
fn a_good_folder_passes_and_every_check_covers_something() {
    let (world, cast, registered) = World::with_trainees(1, TRAINEES);
    let engine = world.open();
    cast.erase(engine.handle(), registered[3].person);
    assert!(cast.name_of(engine.handle(), registered[0]).is_some());
    engine.handle().put_blob(&Subject::person(registered[1].person), BlobKind::Photograph, b"picture").unwrap();
    let end = engine.handle().end();
    engine.close();
    let most = AtomicU64::new(0);
    let report = verify_folder(&folder(&world), &|area, step, reached, of| {
        assert!(reached <= of);
        if (area, step) == (Area::Log, Step::Commits) {
            most.fetch_max(reached, Ordering::SeqCst);
        }
    })
    .unwrap();
    assert!(report.is_whole(), "{report:#?}");
    assert_eq!((report.events, most.into_inner()), (end, end));
    let root = report.root.clone().unwrap();
    assert!(fs::read_to_string(world.checkpoint()).unwrap().contains(&format!("\n{end}\n{root}\n")), "the root is the published one");
    for check in &report.checks {
        assert_eq!(check.outcome, Outcome::Passed, "{check:?}");
        assert!(check.covered > 0, "{check:?}");
    }
    let steps: Vec<(Area, Step)> = report.checks.iter().map(|check| (check.area, check.step)).collect();
    let of_a_log = |area| [Step::Records, Step::Segments, Step::Commits, Step::Ordinals, Step::Tree, Step::Rows].map(|step| (area, step));
    let expected = [vec![(Area::Vault, Step::Keys)], of_a_log(Area::Log).to_vec(), vec![(Area::Log, Step::Signed)]];
    let reads = [of_a_log(Area::Reads).to_vec(), vec![(Area::Reads, Step::Signed)]].concat();
    let expected = [expected.concat(), reads, vec![(Area::Blobs, Step::Blobs)]].concat();
    assert_eq!(steps, expected);

    for derived in ["derived", "reads-derived"] {
        fs::remove_dir_all(world.data().join(derived)).unwrap();
    }
    for sidecar in files(&world.data().join("log"), ".idx") {
        flip(&sidecar, 30);
    }
    let without = verify(&world);
    assert!(without.is_whole(), "{without:#?}");
    assert_eq!(without.root, report.root, "rows are deletable");
}

/// A start loads rows in many transactions; a `verify` beside it must neither empty them nor call them wrong.
#[test]
fn rows_that_are_being_loaded_are_left_alone() {
    let (world, ..) = World::with_trainees(5, 3);
    let derived = world.data().join("derived");
    fs::remove_dir_all(&derived).unwrap();
    // Longer than one transaction of a load, and torn behind it.
    let value = vec![1; 1 << 20];
    let mut rows = (0..u8::MAX).map(|number| {
        assert!(number < 80, "torn on purpose");
        (vec![number], value.clone())
    });
    let store = open_rows(RowKind::Lmdb, &derived).unwrap();
    let load = std::panic::AssertUnwindSafe(|| store.append_sorted(&mut rows, Reflected::default()));
    std::panic::catch_unwind(load).unwrap_err();
    drop(store);
    let report = verify(&world);
    assert!(report.is_whole(), "{report:#?}");
    let rows = report.checks.iter().find(|check| (check.area, check.step) == (Area::Log, Step::Rows)).unwrap();
    assert!(matches!(&rows.outcome, Outcome::Skipped(reason) if reason.contains("is making the rows")), "{rows:?}");
    assert!(open_rows(RowKind::Lmdb, &derived).unwrap().is_half_loaded().unwrap());
}

#[test]
fn rows_too_many_for_memory_are_built_in_tmp_and_removed() {
    let (world, _, _) = World::with_trainees(3, TRAINEES);
    let large = Folder { memory_events_max: 0, ..folder(&world) };
    let report = verify_folder(&large, &|_, _, _, _| {}).unwrap();
    assert_eq!(report, verify(&world));
    assert!(!world.data().join("tmp/verify-log").exists());
    change_row(&world, "derived", b"C", |row| row[0] ^= 1);
    assert_eq!(first(&verify_folder(&large, &|_, _, _, _| {}).unwrap()).1, Step::Rows);
    let lock = fs::File::open(world.data().join("tmp/verify-log.lock")).unwrap();
    lock.lock().unwrap();
    let busy = verify_folder(&large, &|_, _, _, _| {});
    assert!(matches!(busy, Err(VerifyFault::Busy { .. })), "{busy:?}");
}

#[test]
fn an_engine_is_verified_while_it_serves() {
    let world = World::new(2);
    let engine = world.open();
    let handle = engine.handle();
    let cast = Cast::set_up(handle);
    let serving = std::thread::scope(|scope| {
        let serving = scope.spawn(|| {
            for serial in 0..60 {
                let registered = cast.register(handle, serial);
                if serial % 20 == 0 {
                    cast.erase(handle, registered.person);
                }
            }
        });
        let mut rounds = 0;
        while !serving.is_finished() || rounds == 0 {
            match verify_handle(handle, &|_, _, _, _| {}) {
                Ok(report) => assert!(report.is_whole(), "{report:#?}"),
                Err(fault) => assert!(matches!(fault, VerifyFault::KeysMoved), "{fault}"),
            }
            rounds += 1;
        }
        serving.join()
    });
    serving.unwrap();
    let report = verify_handle(handle, &|_, _, _, _| {}).unwrap();
    assert!(report.is_whole(), "{report:#?}");
    assert_eq!(report.events, handle.end());
    let inside = verify_folder(&folder(&world), &|_, _, _, _| {});
    assert!(matches!(inside, Err(VerifyFault::Vault(_))), "the same process uses the handle: {inside:?}");
}

#[test]
fn bytes_changed_in_the_log_are_found_where_they_are() {
    let good = Good::new();
    let segments = files(&good.world.data().join("log"), ".seg");
    assert!(segments.len() > 3, "{segments:?}");
    let name = |number: usize| segments[number].file_name().unwrap().to_string_lossy().into_owned();

    let (area, step, found) = good.after(|_| flip(&segments[1], ENVELOPE_BYTES + 40));
    assert_eq!((area, step), (Area::Log, Step::Records));
    assert!(found.place.contains(&name(1)) && found.found.contains("CRC"), "{found}");

    // In the last segment, with whole records behind it.
    let last = segments.last().unwrap();
    let (area, step, found) = good.after(|_| flip(last, ENVELOPE_BYTES + 40));
    assert_eq!((area, step), (Area::Log, Step::Segments), "{found}");
    assert!(found.place.contains(&name(segments.len() - 1)), "{found}");

    let (area, step, found) = good.after(|_| fs::write(last, &fs::read(last).unwrap()[..200]).unwrap());
    assert_eq!((area, step), (Area::Log, Step::Rows), "{found}");
    assert_eq!(found.what, "the log has lost events");

    let (_, step, found) = good.after(|world| {
        fs::remove_dir_all(world.data().join("derived")).unwrap();
        fs::write(last, &fs::read(last).unwrap()[..200]).unwrap();
    });
    assert_eq!((step, found.what.as_str()), (Step::Signed, "the log has lost events that were signed"));

    let (_, step, found) = good.after(|_| fs::remove_file(&segments[1]).unwrap());
    assert_eq!(step, Step::Records);
    assert!(found.found.contains("the next segment begins at"), "{found}");
}

/// Swapping two batches breaks the chain; a batch rewritten with the right chain and CRC lacks the MAC; a log of another key is another log.
#[test]
fn forged_records_are_found_by_chain_and_mac() {
    let good = Good::new();
    let segments = files(&good.world.data().join("log"), ".seg");
    let records = |bytes: &[u8]| {
        let mut starts = vec![0];
        while let Some((envelope, _)) = Envelope::parse_record(&bytes[*starts.last().unwrap()..]) {
            starts.push(starts.last().unwrap() + envelope.record_len());
        }
        starts
    };
    let (area, step, found) = good.after(|_| {
        let bytes = fs::read(&segments[1]).unwrap();
        let starts = records(&bytes);
        let part = |number: usize| &bytes[starts[number]..starts[number + 1]];
        fs::write(&segments[1], [part(1), part(0), &bytes[starts[2]..]].concat()).unwrap();
    });
    assert_eq!((area, step), (Area::Log, Step::Records));
    assert!(found.found.contains("chain"), "{found}");

    // The last record, made anew by somebody without the log's key.
    let last = segments.last().unwrap();
    let (area, step, found) = good.after(|_| {
        let mut bytes = fs::read(last).unwrap();
        let starts = records(&bytes);
        let at = starts[starts.len() - 2];
        let (envelope, body) = Envelope::parse_record(&bytes[at..]).unwrap();
        let forged = Record::batch(envelope.epoch, envelope.chain_before, body, |_| [9; 16]).unwrap();
        bytes[at..at + forged.bytes().len()].copy_from_slice(forged.bytes());
        fs::write(last, bytes).unwrap();
    });
    assert_eq!((area, step), (Area::Log, Step::Records));
    assert_eq!(found.what, "a record was not written by this log's writer");

    let (area, step, found) = good.after(|world| {
        let reads = world.data().join("reads");
        fs::remove_dir_all(&reads).unwrap();
        let writer = Writer { node: "x".to_owned(), code_version: "0".to_owned(), purpose: LogPurpose::Demo, now_ms: 0 };
        let (log, _) = EmbeddedLog::open(&reads, LogKey::new(LogId([5; 16]), [6; 32]), writer, SegmentOptions::default()).unwrap();
        assert_eq!(log.head().next_position, 0);
    });
    assert_eq!((area, step), (Area::Reads, Step::Records));
    assert_eq!(found.what, "a record was not written by this log's writer");

    let (area, step, _) = good.after(|world| fs::remove_dir_all(world.data().join("reads")).unwrap());
    assert_eq!((area, step), (Area::Reads, Step::Records));
}

/// What only a writer with the log's key can do: records in order, with commits in them that must never have been written.
#[test]
fn commits_that_should_not_have_been_recorded_are_found() {
    let good = Good::new();
    let engine = good.world.open();
    let (key, end) = (engine.handle().log_key().clone(), engine.handle().end());
    let last = engine.handle().commit_at(end - 1).unwrap();
    engine.close();
    let after = |bytes: &dyn Fn(Commit, Timestamp) -> Vec<u8>, count: u32| {
        good.after(|world| {
            let writer = Writer { node: "x".to_owned(), code_version: "0".to_owned(), purpose: LogPurpose::Demo, now_ms: 0 };
            let (mut log, _) = EmbeddedLog::open(&world.data().join("log"), key.clone(), writer, SegmentOptions::default()).unwrap();
            let base = Timestamp(last.commit.recorded_at.0 - 5_000);
            let mut body = BodyBuilder::new(end, base.0);
            assert!(body.push(count, &bytes(Commit::clone(&last.commit), base)));
            log.append(&body.finish()).unwrap();
        })
    };
    let count = u32::try_from(last.commit.events.len()).unwrap();
    let (_, step, found) = after(&|commit, base| commit.encode(base), count);
    assert_eq!((step, found.position), (Step::Ordinals, Some(end)), "the same ordinals once more: {found}");
    let (_, step, found) = after(
        &|mut commit, base| {
            commit.recorded_at.0 -= 1_000;
            commit.encode(base)
        },
        count,
    );
    assert_eq!((step, found.what.as_str(), found.position), (Step::Commits, "the time of recording falls", Some(end)));
    let (_, step, found) = after(&|commit, base| [commit.encode(base).as_slice(), &[0]].concat(), count);
    assert_eq!((step, found.what.as_str()), (Step::Commits, "a commit is not in its form"));
    let (_, step, found) = after(&|commit, base| commit.encode(base), count + 1);
    assert_eq!((step, found.what.as_str()), (Step::Commits, "a commit has another number of events"));
}

/// A log that holds an event in its first version, recorded before the second came: it is read, decided on, indexed and verified.
#[test]
fn an_older_version_of_an_event_is_read_and_decided_on_and_passes() {
    let world = World::new(43);
    let engine = world.open();
    let cast = Cast::set_up(engine.handle());
    let occupation = cast.occupation;
    let assign = |code: &str| AssignOccupationCode {
        occupation,
        code: code.to_owned(),
        code_edition: PlanYear::new(2022),
        mark: SourceMark::Secondary,
        source: "试验".to_owned(),
    };
    cast.assign_code(engine.handle(), assign("2-02-38-03")).unwrap();
    let (key, last, end) =
        (engine.handle().log_key().clone(), engine.handle().commit_at(engine.handle().end() - 1).unwrap(), engine.handle().end());
    engine.close();

    // The same once more, as the code of that time would have recorded it.
    let mut commit = Commit::clone(&last.commit);
    commit.command_id = CommandId([3; 16]);
    let [event] = commit.events.as_mut_slice() else { panic!("one event") };
    let (code, code_edition, mark) = ("2-02-38-04".to_owned(), PlanYear::new(2023), SourceMark::Official);
    event.tag = 0x0802;
    event.payload = codec::encode(&OccupationCodeAssignedV1 { occupation, code, code_edition, mark });
    event.subjects = vec![
        (Subject::occupation(occupation), event.subjects[0].1 + 1),
        (Subject::of_text(SubjectKind::OccupationCode, "2-02-38-04").unwrap(), 1),
    ];
    let writer = Writer { node: "x".to_owned(), code_version: "0".to_owned(), purpose: LogPurpose::Demo, now_ms: 0 };
    let (mut log, _) = EmbeddedLog::open(&world.data().join("log"), key, writer, SegmentOptions::default()).unwrap();
    let mut body = BodyBuilder::new(end, commit.recorded_at.0);
    assert!(body.push(1, &commit.encode(commit.recorded_at)));
    log.append(&body.finish()).unwrap();
    drop(log);

    let engine = world.open();
    let leaf = engine.handle().leaf(end).unwrap();
    assert!(leaf.contains(r#""t":"directory.occupation-code-assigned","v":1"#), "{leaf}");
    let again = AssignOccupationCode { code_edition: PlanYear::new(2023), ..assign("2-02-38-04") };
    let taken = cast.assign_code(engine.handle(), again).unwrap_err();
    assert!(taken.to_string().contains("DIR-0002"), "{taken}");
    cast.assign_code(engine.handle(), assign("2-02-38-05")).unwrap();
    engine.close();
    let report = verify(&world);
    assert!(report.first_divergence().is_none(), "{report:#?}");
}

/// Changes one row of a folder of derived rows: the first whose key begins so.
fn change_row(world: &World, rows: &str, prefix: &[u8], change: impl FnOnce(&mut Vec<u8>)) {
    let store = open_rows(RowKind::Lmdb, &world.data().join(rows)).unwrap();
    let view = store.view().unwrap();
    let mut row = None;
    view.scan(std::ops::Bound::Included(prefix), std::ops::Bound::Unbounded, Direction::Ascending, &mut |key, value| {
        row = Some((key.to_vec(), value.to_vec()));
        std::ops::ControlFlow::Break(())
    })
    .unwrap();
    let (key, mut value) = row.unwrap();
    assert!(key.starts_with(prefix));
    let checkpoint = view.checkpoint();
    drop(view);
    change(&mut value);
    store.commit(&RowBatch { changes: vec![(&key, Some(&value))], checkpoint }).unwrap();
}

#[test]
fn changed_derived_rows_are_found_and_named() {
    let good = Good::new();
    let tree_key = |level: u8| [b"T".as_slice(), &[level], &1_u64.to_be_bytes()].concat();
    // A leaf alone: the stored tree does not hang together any more.
    let (area, step, found) = good.after(|world| change_row(world, "derived", &tree_key(0), |row| row[3 * 32 + 5] ^= 1));
    assert_eq!((area, step), (Area::Log, Step::Tree), "{found}");
    let level_one = [b"T".as_slice(), &[1], &0_u64.to_be_bytes()].concat();
    let (_, step, found) = good.after(|world| change_row(world, "derived", &level_one, |row| row[0] ^= 1));
    assert_eq!(step, Step::Tree);
    assert!(found.found.contains("stored hash 0 of tree level 1"), "{found}");
    // A leaf of the last, unfinished tile: only the root tells.
    let (_, step, found) =
        good.after(|world| change_row(world, "derived", &[b"T".as_slice(), &[0], &16_u64.to_be_bytes()].concat(), |row| row[5] ^= 1));
    assert_eq!((step, found.what.as_str()), (Step::Tree, "the stored tree is not the log's"));

    let (area, step, found) = good.after(|world| change_row(world, "derived", b"S", |row| *row.last_mut().unwrap() ^= 1));
    assert_eq!((area, step), (Area::Log, Step::Rows));
    assert!(found.place.starts_with("the index row of directory_number/1"), "{found}");
    let (_, step, found) = good.after(|world| change_row(world, "derived", b"C", |row| row[0] ^= 1));
    assert!(step == Step::Rows && found.place.starts_with("the row of a command id"), "{found}");
    let (_, step, found) = good.after(|world| change_row(world, "derived", b"I", |row| row[0] ^= 1));
    assert!(step == Step::Rows && found.place == "an identity row", "{found}");
    let (area, step, _) = good.after(|world| change_row(world, "reads-derived", b"S", |row| *row.last_mut().unwrap() ^= 1));
    assert_eq!((area, step), (Area::Reads, Step::Rows));
    let (_, step, found) = good.after(|world| fs::write(world.data().join("derived/data.mdb"), b"no rows").unwrap());
    assert_eq!((step, found.what.as_str()), (Step::Rows, "derived rows will not open"));
}

#[test]
fn missing_and_invented_rows_are_found() {
    let good = Good::new();
    let rows_of = |world: &World| open_rows(RowKind::Lmdb, &world.data().join("derived")).unwrap();
    let (_, step, found) = good.after(|world| {
        let store = rows_of(world);
        let checkpoint = store.view().unwrap().checkpoint();
        let invented = [b"E".as_slice(), &PersonId::from_bytes([1; 6]).to_bytes()].concat();
        store.commit(&RowBatch { changes: vec![(&invented, Some(&[1]))], checkpoint }).unwrap();
    });
    assert!(step == Step::Rows && found.expected == "no row" && found.place.starts_with("the row of an erased person"), "{found}");
    let (_, step, found) = good.after(|world| {
        let store = rows_of(world);
        let view = store.view().unwrap();
        let mut identities = Vec::new();
        view.scan(std::ops::Bound::Included(b"I"), std::ops::Bound::Excluded(b"J"), Direction::Ascending, &mut |key, _| {
            identities.push(key.to_vec());
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
        let checkpoint = view.checkpoint();
        drop(view);
        store.commit(&RowBatch { changes: vec![(&identities[7], None)], checkpoint }).unwrap();
    });
    assert!(step == Step::Rows && found.found == "no row" && found.place == "an identity row", "{found}");
    let (_, step, found) = good.after(|world| {
        let invented = [b"I".as_slice(), &[0; 16]].concat();
        let store = rows_of(world);
        let checkpoint = store.view().unwrap().checkpoint();
        store.commit(&RowBatch { changes: vec![(&invented, Some(&[1; 6]))], checkpoint }).unwrap();
    });
    assert!(step == Step::Rows && found.what == "an identity row outlived its key", "{found}");
}

#[test]
fn keys_checkpoints_and_blobs_that_do_not_fit_are_found() {
    let good = Good::new();
    let world = &good.world;
    let master = fs::read(world.path("master")).unwrap();
    let (area, _, found) = good.after(|world| {
        fs::remove_file(world.path("master")).unwrap();
        MasterKeyFile::new(&world.path("master")).create(&SeededEntropy::new(99)).unwrap();
    });
    assert_eq!((area, found.what.as_str()), (Area::Vault, "the master key does not open the vault"));
    fs::write(world.path("master"), &master).unwrap();
    let (area, _, found) = good.after(|world| fs::remove_dir_all(world.data().join("vault")).unwrap());
    assert_eq!((area, found.what.as_str()), (Area::Vault, "the vault is missing"));
    assert!(!world.data().join("vault").exists(), "verify makes none");

    // A checkpoint of the right size, signed with another key under the right name.
    let known = fs::read_to_string(world.checkpoint()).unwrap();
    let (head, note) = known.split_once("note\n").unwrap();
    let origin = note.lines().next().unwrap();
    let forged = Checkpoint::new(origin, 3, TreeHash::from_bytes([1; 32])).unwrap();
    let forged = forged.sign(&[&SignerKey::new(origin, &[1; 32]).unwrap()]).unwrap();
    let (_, step, found) = good.after(|world| fs::write(world.checkpoint(), format!("{head}note\n{forged}")).unwrap());
    assert_eq!((step, found.what.as_str()), (Step::Signed, "a checkpoint was not signed by this log"));
    fs::write(world.checkpoint(), &known).unwrap();

    let (area, _, found) = good.after(|world| {
        let engine = world.open();
        let holder = Subject::account(engine.handle().system_account());
        engine.handle().put_blob(&holder, BlobKind::Document, &vec![1; 100_000]).unwrap();
        engine.close();
        let folder = &files(&world.data().join("blobs"), "")[0];
        flip(&files(folder, "")[0], 70_000);
    });
    assert_eq!((area, found.what.as_str()), (Area::Blobs, "a blob is not whole"));
}

/// The log of reads of yesterday is a good log: only the vault knows that there was more.
#[test]
fn readings_that_were_taken_off_are_missed_and_those_the_vault_cannot_know_are_named() {
    let (world, cast, registered) = World::with_trainees(46, 3);
    let read = |number: usize| {
        let engine = world.open();
        assert!(cast.name_of(engine.handle(), registered[number]).is_some());
        engine.close();
    };
    read(0);
    copy_folder(&world.data().join("reads"), &world.path("reads-then"));
    copy_folder(&world.data().join("vault"), &world.path("vault-then"));
    read(1);
    assert!(verify(&world).is_whole());
    let put_back = |name: &str| {
        fs::remove_dir_all(world.data().join(name)).unwrap();
        copy_folder(&world.path(&format!("{name}-then")), &world.data().join(name));
    };
    copy_folder(&world.data().join("reads"), &world.path("reads-now"));
    put_back("reads");
    fs::remove_dir_all(world.data().join("reads-derived")).unwrap();
    let (area, step, divergence) = first(&verify(&world));
    assert_eq!((area, step, divergence.expected.as_str()), (Area::Reads, Step::Signed, "2 events"), "{divergence:?}");

    // A crash: the vault was not told of the newest reading.
    fs::remove_dir_all(world.data().join("reads")).unwrap();
    copy_folder(&world.path("reads-now"), &world.data().join("reads"));
    put_back("vault");
    let report = verify(&world);
    assert!(report.notes.iter().any(|note| note.contains("the newest 1 of 2 readings")), "{report:#?}");
}
