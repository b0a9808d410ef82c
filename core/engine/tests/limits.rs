//! Where commands are turned away before anything is decided: too much waits, in the queue or in memory.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "backup/world.rs"]
#[allow(dead_code, reason = "each test file uses a part of it")]
mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use world::{Cast, World};
use zhixin_domain::access::OpenAccount;
use zhixin_engine::answer::{CommandError, Submission, Unavailable};
use zhixin_engine::engine::{Engine, EngineOptions, QUEUE_MAX};
use zhixin_engine::handle::EngineHandle;
use zhixin_engine::log::{LogId, LogKey, LogPurpose, MemoryBackend, MemoryLog, Writer};
use zhixin_engine::unflushed::UNFLUSHED_BYTES_MAX;
use zhixin_events::Role;

fn account(handle: &EngineHandle, key: usize) -> Submission {
    let command = OpenAccount { roles: vec![Role::Auditor], unit: None, organisation: None };
    handle.system_submission(command, &key.to_string())
}

/// An engine over a log in memory that can be held.
fn over(world: &World) -> (Engine, Arc<MemoryBackend>) {
    let backend = MemoryBackend::new(LogKey::new(LogId([3; 16]), [4; 32]));
    let writer = Writer { node: "test".to_owned(), code_version: "0".to_owned(), purpose: LogPurpose::Demo, now_ms: 0 };
    let log = MemoryLog::open(&backend, writer).unwrap();
    (Engine::open(EngineOptions { event_log: Some(Box::new(log)), ..world.options("master") }).unwrap(), backend)
}

/// While nothing is appended, two batches fill, then the queue; what found no place is refused, and everything else is answered.
#[test]
fn a_command_that_finds_no_place_is_overload_and_those_before_it_are_answered() {
    let world = World::new(91);
    let (engine, backend) = over(&world);
    let handle = engine.handle();
    Cast::set_up(handle);
    backend.hold();
    let mut waiting = Vec::new();
    let refused = loop {
        match handle.submit(account(handle, waiting.len())) {
            Ok(answer) => waiting.push(answer),
            Err(refused) => break refused,
        }
        assert!(waiting.len() < 100_000, "nothing bounds the queue");
    };
    assert_eq!(refused, Unavailable::Overloaded);
    assert!(waiting.len() >= QUEUE_MAX);
    backend.release();
    for answer in waiting {
        answer.blocking_recv().unwrap().unwrap();
    }
}

/// Rows count wherever they wait to be flushed, not those of the engine alone.
#[test]
fn commands_wait_for_rows_that_somebody_else_has_not_flushed() {
    let world = World::new(92);
    let (engine, _) = over(&world);
    let handle = engine.handle();
    Cast::set_up(handle);
    let unflushed = Arc::new(AtomicUsize::new(UNFLUSHED_BYTES_MAX + 1));
    handle.count_unflushed(Arc::clone(&unflushed));
    let answer = handle.execute_blocking(account(handle, 1));
    assert_eq!(answer.unwrap_err(), CommandError::Unavailable(Unavailable::Overloaded));
    unflushed.store(0, Ordering::Relaxed);
    handle.execute_blocking(account(handle, 2)).unwrap();
}
