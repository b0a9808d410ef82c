//! A disk that is really full: a small file system of its own, filled to the brim while commands run.
//!
//! The test starts itself again in a namespace where it may mount (`unshare -rm`); where the kernel forbids that it says so and is skipped.
//! `crash/full_disk.rs` shows the same with a made-up free space; here nothing is made up: the writes themselves fail.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use serde_json::json;
use zhixin_domain::plan::AdjustTarget;
use zhixin_engine::answer::{CommandError, Unavailable};
use zhixin_engine::engine::{Engine, EngineOptions};
use zhixin_engine::log::{EmbeddedLog, LogKey, LogPurpose, Writer};
use zhixin_events::{Line, PeopleCount, PlanYear, ReportingUnit};
use zhixin_projections::{ModelName, Projections, RowKind};
use zhixin_store::segments::SegmentOptions;
use zhixin_tests::crash::{Ledger, Script, Step, open, options, set_up};
use zhixin_tests::system::{Client, Demo, Server, binary, copy_folder, skipped, uscc};

const NAME: &str = "what_was_acknowledged_survives_a_disk_that_is_full_at_any_point";
const PLACE: &str = "ZHIXIN_FULL_DISK_DIR";
const SEGMENT: u64 = 64 << 10;
const NO_MOUNT: &str = "this kernel lets nobody mount a small file system (unshare -rm)";
/// Room that is left when commands begin: nothing, a page for the vault, less than a segment, a segment and some pages, and more.
const LEFT: [u64; 6] = [0, 4 << 10, 40 << 10, 72 << 10, 140 << 10, 300 << 10];

/// Aim: a full disk costs nothing that was acknowledged, and is over when there is room. Method: the log, the vault and the rows are on a file
/// system of 48 MiB without the usual reserve. Several times it is filled up to a few pages, and commands run until the disk refuses one:
/// in the vault, in the log, or in the spare segment. Each refused command says why. Then there is room again, and the same process must take
/// commands again. Every second time the process instead ends, and begins, on the full disk.
#[test]
fn what_was_acknowledged_survives_a_disk_that_is_full_at_any_point() -> anyhow::Result<()> {
    if let Some(dir) = std::env::var_os(PLACE) {
        filled(Path::new(&dir));
        return Ok(());
    }
    let dir = tempfile::tempdir()?;
    if !can_mount(dir.path()) {
        return skipped(NO_MOUNT);
    }
    let program = std::env::current_exe()?;
    let mut inside = inside(dir.path(), 48, &[program.to_str().unwrap(), "--exact", NAME, "--nocapture"]);
    let ran = inside.env(PLACE, dir.path()).output()?;
    assert!(ran.status.success(), "{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    Ok(())
}

/// A command that sees a new file system of so many MiB at `dir`.
fn inside(dir: &Path, mebibytes: u32, words: &[&str]) -> Command {
    let mount = format!("mount -t tmpfs -o size={mebibytes}m none \"$0\" && exec \"$@\"");
    let mut command = Command::new("unshare");
    command.args(["-rm", "sh", "-c", &mount]).arg(dir).args(words);
    command
}

fn can_mount(dir: &Path) -> bool {
    inside(dir, 1, &["true"]).status().is_ok_and(|status| status.success())
}

/// Aim: people are told what is wrong, and that it is over. Method: a server on a file system of its own, which is filled until less than its
/// reserve is free: a command answers 503 with the code of the full disk, a page is shown all the same, and when there is room the same
/// command is taken, without a restart.
#[tokio::test]
async fn a_server_on_a_full_disk_says_so_and_goes_on_when_there_is_room() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    if !can_mount(dir.path()) {
        return skipped(NO_MOUNT);
    }
    let demo = Demo::shared()?;
    let (source, program) = (demo.folder().path().to_str().unwrap().to_owned(), binary()?);
    let script = "cp -r \"$0/.\" \"$1\" && exec \"$2\" --data \"$1/data\" serve --listen 127.0.0.1:0";
    let place = dir.path().to_str().unwrap();
    let command = inside(dir.path(), 1_024, &["sh", "-c", script, &source, place, program.to_str().unwrap()]);
    let logs = tempfile::tempdir()?;
    let server = Server::of_command(command, logs.path().join("server.log"))?;
    // The way into the server's own view of the disk.
    let seen = Path::new("/proc").join(server.process().to_string()).join("root").join(place.trim_start_matches('/'));
    let client = Client::of(&server)?.sign_in(demo.account("national_office")?).await?;
    let register = |index: u16| json!({ "name": format!("示范学院{index}号"), "uscc": uscc(index), "unit": "11" });
    client.command("register-organisation", register(1)).await?;

    let mut filler = File::create(seen.join("filler"))?;
    while free(&seen)? >= RESERVE {
        filler.write_all(&vec![0x5a; 4 << 20])?;
    }
    for _ in 0..3 {
        let refused = client.try_command("register-organisation", &register(2)).await?.has_status(503)?;
        assert_eq!((refused.code()?.as_str(), refused.header("retry-after").is_empty()), ("SYS-0002", false));
    }
    client.get("/api/v1/directories/trainers").await?.has_status(200)?;
    drop(filler);
    fs::remove_file(seen.join("filler"))?;
    client.command("register-organisation", register(2)).await?;
    assert!(server.logged()?.contains("runbook=\"log-append\""), "{}", server.logged()?);
    server.stop()
}

/// Free space at which the server stops writing. Unit: bytes.
const RESERVE: u64 = 512 << 20;

fn free(dir: &Path) -> anyhow::Result<u64> {
    Ok((SegmentOptions::default().free_space)(dir)?)
}

/// The engine with a log that keeps no reserve.
fn start(dir: &Path, key: &LogKey, seed: u64) -> anyhow::Result<Engine> {
    let segments = SegmentOptions { segment_bytes: SEGMENT, free_bytes_min: 0, ..SegmentOptions::default() };
    let writer = Writer { node: "test".to_owned(), code_version: "0".to_owned(), purpose: LogPurpose::Demo, now_ms: 0 };
    let (log, _) = EmbeddedLog::open(&dir.join("data/log"), key.clone(), writer, segments)?;
    Ok(Engine::open(EngineOptions { event_log: Some(Box::new(log)), ..options(dir, seed) })?)
}

/// Fills the file system but for so many bytes.
fn fill(dir: &Path, left: u64) -> std::path::PathBuf {
    let path = dir.join("filler");
    let mut file = File::create(&path).unwrap();
    while file.write_all(&[0x5a; 4096]).is_ok() {}
    let size = file.metadata().unwrap().len();
    file.set_len(size.saturating_sub(left)).unwrap();
    path
}

fn filled(dir: &Path) {
    // The first start keeps its usual reserve, so it is made where there is room.
    let roomy = tempfile::tempdir().unwrap();
    let engine = open(roomy.path(), 1);
    let key = engine.handle().log_key().clone();
    engine.close();
    copy_folder(roomy.path(), dir).unwrap();
    let mut engine = start(dir, &key, 2).unwrap();
    let cast = set_up(engine.handle());
    let (mut script, mut steps): (Script, Vec<Step>) = (Script::new(1), Vec::new());
    (0..10).for_each(|_| steps.push(script.step(engine.handle(), &cast).unwrap()));
    let mut vault_was_full = false;
    for (round, left) in (0_u64..).zip(LEFT) {
        let before = steps.len();
        let projections = Projections::open(&dir.join("data"), RowKind::Lmdb, engine.handle().reader().clone()).unwrap();
        let filler = fill(dir, left);
        let failed = (0..20_000).find_map(|_| script.step(engine.handle(), &cast).map(|step| steps.push(step)).err());
        let failed = failed.unwrap_or_else(|| panic!("the disk is full, so a command must fail in the end"));
        assert_eq!(failed, CommandError::Unavailable(Unavailable::Full));
        // The log takes a command without new keys: then it was the vault that had no room.
        let keyless = AdjustTarget {
            year: PlanYear::new(2025),
            line: Line::Digital,
            unit: ReportingUnit::JIANGSU,
            people: PeopleCount::new(u32::try_from(round).unwrap() + 7),
            document_number: "第7号".to_owned(),
        };
        let taken = engine.handle().execute_blocking(cast.by_office(engine.handle(), keyless, &format!("keyless {round}")));
        vault_was_full |= taken.is_ok();
        drop(projections);
        if round % 2 == 1 {
            engine.close();
            // On the full disk it opens or says what is missing; it neither panics nor changes what is there.
            let opened = start(dir, &key, 100 + round);
            fs::remove_file(&filler).unwrap();
            engine = opened.or_else(|_| start(dir, &key, 200 + round)).unwrap();
        } else {
            fs::remove_file(&filler).unwrap();
        }
        (0..10).for_each(|_| steps.push(script.step(engine.handle(), &cast).unwrap()));
        Ledger::check_names(engine.handle(), &cast, &steps[before..]);
        engine.handle().reader().check(engine.handle().log_key(), &mut |_| {}).unwrap();
        let projections = Projections::open(&dir.join("data"), RowKind::Lmdb, engine.handle().reader().clone()).unwrap();
        assert!(projections.wait_for(engine.handle().end(), std::time::Duration::from_mins(1)), "{:?}", projections.fault());
        for model in ModelName::ALL {
            assert!(projections.verify_against_fold(model).unwrap().is_empty(), "{model}");
        }
    }
    assert!(vault_was_full, "the sizes above have to be chosen anew: the log was full before the vault, each time");
    Ledger::check_names(engine.handle(), &cast, &steps);
    engine.close();
}
