//! A full disk: commands answer `Full`, reading goes on, and when room comes back so do commands.
//!
//! The free space is what the log's options say (a mounted file system of a few megabytes needs rights that not every machine gives).

use std::sync::atomic::{AtomicU64, Ordering};

use zhixin_engine::answer::{CommandError, Unavailable};
use zhixin_engine::engine::{Engine, EngineOptions};
use zhixin_engine::log::{EmbeddedLog, LogPurpose, Writer};
use zhixin_store::segments::SegmentOptions;
use zhixin_tests::crash::{Ledger, Script, frames, open, options, set_up};

const LEAST: u64 = 1 << 20;
const SEGMENT: u64 = 64 << 10;
static FREE: AtomicU64 = AtomicU64::new(u64::MAX);

#[test]
fn commands_answer_full_while_there_is_no_room_and_go_on_when_there_is() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path(), 1);
    let key = engine.handle().log_key().clone();
    engine.close();
    let segments = SegmentOptions {
        segment_bytes: SEGMENT,
        free_bytes_min: LEAST,
        free_space: |_| Ok(FREE.load(Ordering::SeqCst)),
        ..SegmentOptions::default()
    };
    let writer = Writer { node: "test".to_owned(), code_version: "0".to_owned(), purpose: LogPurpose::Demo, now_ms: 0 };
    let (log, _) = EmbeddedLog::open(&dir.path().join("data/log"), key, writer, segments).unwrap();
    let engine = Engine::open(EngineOptions { event_log: Some(Box::new(log)), ..options(dir.path(), 2) }).unwrap();
    let handle = engine.handle();
    let cast = set_up(handle);
    let mut script = Script::new(1);
    let mut steps = Vec::new();
    let full = Err(CommandError::Unavailable(Unavailable::Full));
    for round in 0..4 {
        (0..10).for_each(|_| steps.push(script.step(handle, &cast).unwrap()));
        // Now nothing may be written at all, then there is room for records but for no further segment.
        FREE.store(LEAST - 1, Ordering::SeqCst);
        let end = handle.end();
        for _ in 0..3 {
            assert_eq!(script.step(handle, &cast), full);
        }
        assert_eq!(handle.end(), end, "round {round}");
        handle.reader().check(handle.log_key(), &mut |_| {}).unwrap();
        Ledger::check_names(handle, &cast, &steps);
        FREE.store(LEAST + SEGMENT / 2, Ordering::SeqCst);
        while let Ok(step) = script.step(handle, &cast) {
            steps.push(step);
        }
        assert_eq!(script.step(handle, &cast), full, "the spare segment is used up");
        FREE.store(u64::MAX, Ordering::SeqCst);
    }
    steps.push(script.step(handle, &cast).unwrap());
    Ledger::check_names(handle, &cast, &steps);
    let log = frames(handle.reader().as_ref());
    engine.close();
    let engine = open(dir.path(), 3);
    assert_eq!(frames(engine.handle().reader().as_ref()), log);
    Ledger::check_names(engine.handle(), &cast, &steps);
    engine.close();
}
