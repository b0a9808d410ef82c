//! A thread of the engine that ends by a broken invariant stops writing: nobody waits for ever, and nothing is taken that nobody follows.
//! (The binary ends the process besides; here the engine is on its own.)
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "backup/world.rs"]
#[allow(dead_code, reason = "each test file uses a part of it")]
mod world;

#[path = "backup/watched.rs"]
#[allow(dead_code, reason = "each test file uses a part of it")]
mod watched;

use std::sync::Arc;

use watched::{Watch, Watched};
use world::{Cast, World};
use zhixin_domain::access::OpenAccount;
use zhixin_engine::answer::{Answer, CommandError, Unavailable};
use zhixin_engine::engine::{Engine, EngineOptions};
use zhixin_engine::handle::EngineHandle;
use zhixin_engine::log::{LogId, LogKey, LogPurpose, MemoryBackend, MemoryLog, Writer};
use zhixin_events::Role;

fn open_account(handle: &EngineHandle, key: u32) -> Answer {
    let command = OpenAccount { roles: vec![Role::Auditor], unit: None, organisation: None };
    handle.execute_blocking(handle.system_submission(command, &key.to_string()))
}

/// The first answer that is not an acceptance, after a thread of that name was made to panic.
fn after_a_panic_of(thread: &'static str) -> (Option<Unavailable>, CommandError) {
    let world = World::new(90);
    let watch = Arc::new(Watch::default());
    let backend = MemoryBackend::new(LogKey::new(LogId([3; 16]), [4; 32]));
    let writer = Writer { node: "test".to_owned(), code_version: "0".to_owned(), purpose: LogPurpose::Demo, now_ms: 0 };
    let log = Watched::over(MemoryLog::open(&backend, writer).unwrap(), &watch);
    let engine = Engine::open(EngineOptions { event_log: Some(log), ..world.options("master") }).unwrap();
    let handle = engine.handle();
    Cast::set_up(handle);
    assert_eq!(handle.writing_stopped(), None);
    *watch.panics_in.lock().unwrap() = Some(thread);
    let error = (0..10_000).find_map(|key| open_account(handle, key).err()).unwrap();
    (handle.writing_stopped(), error)
}

#[test]
fn writing_stops_when_the_appending_thread_is_gone() {
    let unknown = Unavailable::OutcomeUnknown;
    assert_eq!(after_a_panic_of("zx-append"), (Some(unknown), CommandError::Unavailable(unknown)));
}

#[test]
fn writing_stops_when_the_following_thread_is_gone() {
    let unknown = Unavailable::OutcomeUnknown;
    assert_eq!(after_a_panic_of("zx-follow"), (Some(unknown), CommandError::Unavailable(unknown)));
}
