//! What a decision rests on while it is pending: a rule pack that may never be recorded.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "backup/world.rs"]
#[allow(dead_code, reason = "each test file uses a part of it")]
mod world;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use world::{Cast, World, by};
use zhixin_domain::document::PublishRulePack;
use zhixin_domain::plan::SetTarget;
use zhixin_engine::answer::{CommandError, Submission, Unavailable};
use zhixin_engine::engine::{Engine, EngineOptions};
use zhixin_engine::handle::EngineHandle;
use zhixin_engine::log::{
    AppendFault, EpochRecord, EventLog, LogFault, LogHead, LogId, LogKey, LogPurpose, LogReader, MemoryBackend, MemoryLog, Trouble, Writer,
};
use zhixin_events::document::PackFigure;
use zhixin_events::field::Digest32;
use zhixin_events::{CivilDate, FigureUnit, Line, PeopleCount, PlanYear, ReportingUnit, Role, SourceMark};
use zhixin_store::feed::{Batch, Feed, FeedFault};
use zhixin_store::segments::EventFrame;

/// A log whose single commits cannot be read while `broken`.
#[derive(Debug)]
struct Unreadable {
    log: MemoryLog,
    broken: Arc<AtomicBool>,
}

struct UnreadableReader {
    reader: Arc<dyn LogReader>,
    broken: Arc<AtomicBool>,
}

impl EventLog for Unreadable {
    fn head(&self) -> LogHead {
        self.log.head()
    }
    fn purpose(&self) -> LogPurpose {
        self.log.purpose()
    }
    fn append(&mut self, body: &[u8]) -> Result<LogHead, AppendFault> {
        self.log.append(body)
    }
    fn recover(&mut self) -> Result<LogHead, LogFault> {
        self.log.recover()
    }
    fn feed(&self) -> Arc<dyn LogReader> {
        Arc::new(UnreadableReader { reader: self.log.feed(), broken: Arc::clone(&self.broken) })
    }
}

impl Feed for UnreadableReader {
    fn end(&self) -> u64 {
        self.reader.end()
    }
    fn read(&self, from: u64, on_batch: &mut dyn FnMut(&Batch<'_>) -> ControlFlow<()>) -> Result<(), FeedFault> {
        self.reader.read(from, on_batch)
    }
    fn wait_beyond(&self, position: u64, timeout: Duration) -> u64 {
        self.reader.wait_beyond(position, timeout)
    }
}

impl LogReader for UnreadableReader {
    fn frame_at(&self, position: u64) -> Result<EventFrame, LogFault> {
        if self.broken.load(Ordering::SeqCst) { Err(LogFault::Forged { position }) } else { self.reader.frame_at(position) }
    }
    fn epochs(&self) -> Result<Vec<EpochRecord>, LogFault> {
        self.reader.epochs()
    }
    fn check(&self, key: &LogKey, progress: &mut dyn FnMut(u64)) -> Result<LogHead, LogFault> {
        self.reader.check(key, progress)
    }
}

struct Story {
    world: World,
    backend: Arc<MemoryBackend>,
    broken: Arc<AtomicBool>,
    engine: Engine,
    cast: Cast,
}

fn story(seed: u64) -> Story {
    let world = World::new(seed);
    let backend = MemoryBackend::new(LogKey::new(LogId([3; 16]), [4; 32]));
    let broken = Arc::new(AtomicBool::new(false));
    let engine = open(&world, &backend, &broken);
    let cast = Cast::set_up(engine.handle());
    Story { world, backend, broken, engine, cast }
}

fn open(world: &World, backend: &Arc<MemoryBackend>, broken: &Arc<AtomicBool>) -> Engine {
    let writer = Writer { node: "test".to_owned(), code_version: "0".to_owned(), purpose: LogPurpose::Demo, now_ms: 0 };
    let log = Unreadable { log: MemoryLog::open(backend, writer).unwrap(), broken: Arc::clone(broken) };
    Engine::open(EngineOptions { event_log: Some(Box::new(log)), ..world.options("master") }).unwrap()
}

/// The figures of the test, with another bound for late entries.
fn pack(handle: &EngineHandle, backdate_days: &str) -> Submission {
    let figures = [
        ("record.backdate_days_max", backdate_days),
        ("directory.validity_years", "3"),
        ("day.hours_max_tenths", "80"),
        ("programme.first_year", "2021"),
        ("programme.last_year", "2030"),
    ];
    let row = |(key, value): (&str, &str)| PackFigure {
        key: key.to_owned(),
        value: Some(value.to_owned()),
        unit: FigureUnit::Count,
        effective_from: CivilDate::parse("2020-01-01").unwrap(),
        effective_until: None,
        source: "made up".to_owned(),
        mark: SourceMark::TestData,
    };
    let pack = PublishRulePack {
        name: "test-figures".to_owned(),
        title: "Figures".to_owned(),
        unit: None,
        figures: figures.map(row).to_vec(),
        digest: Digest32([8; 32]),
    };
    handle.system_submission(pack, "another edition")
}

/// Set a target ten days ago.
fn late_target(story: &Story, key: &str) -> Submission {
    let target = SetTarget {
        year: PlanYear::new(2025),
        line: Line::Digital,
        unit: ReportingUnit::JIANGSU,
        people: PeopleCount::new(10),
        document_number: "第2号".to_owned(),
    };
    let handle = story.engine.handle();
    let mut submission = by(handle, story.cast.national, Role::NationalOffice, target, key);
    submission.effective_on = Some(CivilDate::parse("2025-03-03").unwrap().plus_days(-10));
    submission
}

#[test]
fn a_refusal_that_rests_on_a_pending_rule_pack_waits_for_it() {
    let story = story(41);
    let handle = story.engine.handle();
    story.backend.hold();
    story.backend.trouble([Trouble::Full]);
    let published = handle.submit(pack(handle, "2")).unwrap();
    let mut refused = handle.submit(late_target(&story, "late")).unwrap();
    // Commands are decided one after another, and a repeat of one that is pending is answered at once: both are decided now.
    let repeated = handle.submit(pack(handle, "2")).unwrap().blocking_recv().unwrap();
    assert!(matches!(repeated, Err(CommandError::StillRunning)), "{repeated:?}");
    assert!(refused.try_recv().is_err(), "answered on the strength of a pack that never was");
    story.backend.release();
    assert!(matches!(published.blocking_recv().unwrap(), Err(CommandError::Unavailable(Unavailable::Full))));
    assert!(matches!(refused.blocking_recv().unwrap(), Err(CommandError::Unavailable(Unavailable::Full))));
    handle.execute_blocking(late_target(&story, "late")).unwrap();
}

#[test]
fn nothing_is_decided_by_a_rule_pack_that_was_never_recorded() {
    let story = story(42);
    let handle = story.engine.handle();
    assert!(handle.wait_indexed(handle.end(), Duration::from_mins(1)));
    story.backend.hold();
    story.backend.trouble([Trouble::Full]);
    let published = handle.submit(pack(handle, "20")).unwrap();
    story.broken.store(true, Ordering::SeqCst);
    story.backend.release();
    assert!(matches!(published.blocking_recv().unwrap(), Err(CommandError::Unavailable(Unavailable::Full))));
    let stopped = handle.execute_blocking(late_target(&story, "late"));
    assert!(matches!(stopped, Err(CommandError::Unavailable(Unavailable::Storage))), "{stopped:?}");
    let Story { world, backend, broken, engine, cast } = story;
    engine.close();
    broken.store(false, Ordering::SeqCst);
    let engine = open(&world, &backend, &broken);
    let end = engine.handle().end();
    let story = Story { world, backend, broken, engine, cast };
    let accepted = story.engine.handle().execute_blocking(late_target(&story, "late")).unwrap();
    let found = story.engine.handle().commit_at(accepted.position.0).unwrap();
    assert!(!found.commit.packs.is_empty() && found.commit.packs.iter().all(|pack| pack.0 < end));
}
