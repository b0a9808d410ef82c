//! Where commands are turned away before anything is decided: too much waits, in the queue or in memory, or the clock jumped. And a memory for
//! states that holds none of them.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "backup/world.rs"]
#[allow(dead_code, reason = "each test file uses a part of it")]
mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use world::{Cast, World};
use zhixin_domain::access::OpenAccount;
use zhixin_engine::answer::{Accepted, CommandError, Submission, Unavailable};
use zhixin_engine::clock::{Clock, ClockJumped, SimulatedClock};
use zhixin_engine::engine::{Engine, EngineOptions, QUEUE_MAX};
use zhixin_engine::handle::EngineHandle;
use zhixin_engine::log::{LogId, LogKey, LogPurpose, MemoryBackend, MemoryLog, Writer};
use zhixin_engine::unflushed::UNFLUSHED_BYTES_MAX;
use zhixin_events::{CivilDate, Role, Timestamp};

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
    let asked = Instant::now();
    assert_eq!(handle.execute_blocking(account(handle, 3)).unwrap_err(), CommandError::Unavailable(Unavailable::Overloaded));
    assert!(asked.elapsed() < Duration::from_secs(5), "one wait in vain is enough");
    unflushed.store(0, Ordering::Relaxed);
    handle.execute_blocking(account(handle, 2)).unwrap();
}

/// A person is looked up in the newest view of the index, which is taken when account and class are loaded already.
#[test]
fn what_a_command_uses_stays_in_a_memory_too_small_for_it() {
    let world = World::new(93);
    let engine = Engine::open(EngineOptions { hot_bytes_max: 1, ..world.options("master") }).unwrap();
    let handle = engine.handle();
    let cast = Cast::set_up(handle);
    for serial in 0..20 {
        assert!(handle.wait_indexed(handle.end(), Duration::from_mins(1)));
        cast.register(handle, serial);
    }
}

#[derive(Debug)]
struct JumpyClock {
    clock: Arc<dyn Clock>,
    jumped: Arc<AtomicBool>,
}

impl Clock for JumpyClock {
    fn now(&self) -> Result<Timestamp, ClockJumped> {
        if self.jumped.load(Ordering::SeqCst) { Err(ClockJumped { by_ms: 60_001 }) } else { self.clock.now() }
    }
}

#[test]
fn nothing_is_recorded_while_the_clock_has_jumped() {
    let world = World::new(94);
    let (options, jumped) = (world.options("master"), Arc::new(AtomicBool::new(false)));
    let clock = Arc::new(JumpyClock { clock: Arc::clone(&options.clock), jumped: Arc::clone(&jumped) });
    let engine = Engine::open(EngineOptions { clock, ..options }).unwrap();
    let handle = engine.handle();
    let cast = Cast::set_up(handle);
    let registered = cast.register(handle, 1);
    let (end, read) = (handle.end(), handle.read_log().reader().end());
    jumped.store(true, Ordering::SeqCst);
    let answer = handle.execute_blocking(account(handle, 1));
    assert_eq!(answer, Err(Unavailable::ClockJumped.into()));
    assert!(handle.open_persons(&cast.reading(registered.person), &[registered.position]).is_err(), "a reading has a time too");
    assert_eq!((handle.end(), handle.read_log().reader().end()), (end, read));
    jumped.store(false, Ordering::SeqCst);
    handle.execute_blocking(account(handle, 1)).unwrap();
}

/// An id is known for 35 days by the time recorded, in this period of ids or the one before; a later repeat is decided anew.
#[test]
fn a_repeat_is_known_for_35_days() {
    let world = World::new(95);
    let after = |days: i32| {
        let clock = Arc::new(SimulatedClock::new(CivilDate::parse("2025-03-03").unwrap().plus_days(days).at_minute(600)));
        Engine::open(EngineOptions { clock, ..world.options("master") }).unwrap()
    };
    let engine = after(0);
    let first = engine.handle().execute_blocking(account(engine.handle(), 1)).unwrap();
    engine.close();
    for days in [1, 34, 35] {
        let engine = after(days);
        let repeated = engine.handle().execute_blocking(account(engine.handle(), 1)).unwrap();
        assert_eq!(repeated, Accepted { replayed: true, ..first.clone() }, "after {days} days");
        engine.handle().execute_blocking(account(engine.handle(), 1_000)).unwrap();
    }
    let engine = after(36);
    let anew = engine.handle().execute_blocking(account(engine.handle(), 1)).unwrap();
    assert!(!anew.replayed && anew.position > first.position);
}
