//! What a decision rests on while it is pending: a rule pack that may never be recorded.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "backup/watched.rs"]
#[allow(dead_code, reason = "each test file uses a part of it")]
mod watched;
#[path = "backup/world.rs"]
#[allow(dead_code, reason = "each test file uses a part of it")]
mod world;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use watched::{Watch, Watched};
use world::{Cast, World, by};
use zhixin_domain::document::PublishRulePack;
use zhixin_domain::plan::SetTarget;
use zhixin_engine::answer::{CommandError, Submission, Unavailable};
use zhixin_engine::engine::{Engine, EngineOptions};
use zhixin_engine::handle::EngineHandle;
use zhixin_engine::log::{LogId, LogKey, LogPurpose, MemoryBackend, MemoryLog, Trouble, Writer};
use zhixin_events::document::PackFigure;
use zhixin_events::field::Digest32;
use zhixin_events::{CivilDate, FigureUnit, Line, PeopleCount, PlanYear, ReportingUnit, Role, SourceMark};

struct Story {
    world: World,
    backend: Arc<MemoryBackend>,
    watch: Arc<Watch>,
    engine: Engine,
    cast: Cast,
}

fn story(seed: u64) -> Story {
    let world = World::new(seed);
    let backend = MemoryBackend::new(LogKey::new(LogId([3; 16]), [4; 32]));
    let watch = Arc::new(Watch::default());
    let engine = open(&world, &backend, &watch);
    let cast = Cast::set_up(engine.handle());
    Story { world, backend, watch, engine, cast }
}

fn open(world: &World, backend: &Arc<MemoryBackend>, watch: &Arc<Watch>) -> Engine {
    let writer = Writer { node: "test".to_owned(), code_version: "0".to_owned(), purpose: LogPurpose::Demo, now_ms: 0 };
    let event_log = Some(Watched::over(MemoryLog::open(backend, writer).unwrap(), watch));
    Engine::open(EngineOptions { event_log, ..world.options("master") }).unwrap()
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
    story.watch.no_frames.store(true, Ordering::SeqCst);
    story.backend.release();
    assert!(matches!(published.blocking_recv().unwrap(), Err(CommandError::Unavailable(Unavailable::Full))));
    let stopped = handle.execute_blocking(late_target(&story, "late"));
    assert!(matches!(stopped, Err(CommandError::Unavailable(Unavailable::Storage))), "{stopped:?}");
    let Story { world, backend, watch, engine, cast } = story;
    engine.close();
    watch.no_frames.store(false, Ordering::SeqCst);
    let engine = open(&world, &backend, &watch);
    let end = engine.handle().end();
    let story = Story { world, backend, watch, engine, cast };
    let accepted = story.engine.handle().execute_blocking(late_target(&story, "late")).unwrap();
    let found = story.engine.handle().commit_at(accepted.position.0).unwrap();
    assert!(!found.commit.packs.is_empty() && found.commit.packs.iter().all(|pack| pack.0 < end));
}
