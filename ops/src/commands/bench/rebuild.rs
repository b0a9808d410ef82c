//! `bench rebuild`: index and tree from nothing, a start with events not yet flushed, all read models from nothing, then beside the live
//! ones, and what all of it takes on disk.
//!
//! Beside the rates: a bare scan of the log, and a scan that decodes every event. Nothing derived can be built faster than these.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use zhixin_engine::derived::Derived;
use zhixin_engine::derived::bulk::{BuildInputs, build};
use zhixin_engine::identity::IdentityKeys;
use zhixin_engine::log::{LogReader, open_reader};
use zhixin_engine::vault_keys::Key;
use zhixin_events::{Commit, Position, Timestamp};
use zhixin_projections::rebuild::Rebuilt;
use zhixin_projections::{ModelName, Projections};
use zhixin_store::rows::open_rows;
use zhixin_store::segments::{Body, ENVELOPE_BYTES};
use zhixin_store::table::Table;

use super::machine::{MemoryWatch, disk_bytes, ns_each, process_time, rss_anon_mib};
use super::report::{Figure, Report, Target, per_second};
use super::{BenchFolder, import};
use crate::out::Bar;

/// Events that a start finds unflushed.
const UNFLUSHED_EVENTS: u64 = 200_000;
/// Longest that the read models may take.
const PATIENCE: Duration = Duration::from_hours(2);

pub(crate) fn run(folder: &BenchFolder, events: u64, report: &mut Report) -> anyhow::Result<()> {
    import::tell_if_empty(folder, events)?;
    let data = &folder.common.data;
    for derived in ["derived", "rows", "snapshots"] {
        remove(&data.join(derived))?;
    }
    let reader = open_reader(&data.join("log"))?;
    let end = reader.end();
    let scans = scan(&reader)?;
    report.add(Figure::new("scan of the log: events", scans.bare, "/s"));
    report.add(Figure::new("scan with decoding: events", scans.decoding, "/s").beside("scan of the log", scans.bare));

    let unflushed = UNFLUSHED_EVENTS.min(end / 4);
    let memory = MemoryWatch::start();
    let (begun, busy) = (Instant::now(), process_time());
    let reached = build_index(folder, &reader, end - unflushed)?;
    let rate = per_second(reached, begun.elapsed());
    report.add(Figure::new("index and tree: processor time", ns_each(busy, reached), "ns/event"));
    let figure = Figure::new("index and tree: events", rate, "/s").target(Target::rate(500_000));
    report.add(figure.beside("scan of the log", scans.bare).beside("with decoding", scans.decoding));
    report.add(Figure::new("memory while building index and tree (RssAnon)", memory.highest_mib(), "MiB").target(Target::at_most(1_536)));
    drop(memory);

    let begun = Instant::now();
    let engine = folder.open()?;
    let start = u64::try_from(begun.elapsed().as_millis())?;
    report.add(Figure::new(format!("start with {} events unflushed", end - reached), start, "ms").target(Target::at_most(2_000)));
    report.add(Figure::new("memory after that start (RssAnon)", rss_anon_mib(), "MiB").target(Target::at_most(1_024)));
    engine.close();

    build_models(folder, &reader, &scans, report)?;
    sizes(folder, &scans, report);
    report.note("index and tree: sorted outside memory and loaded in order, as from nothing; durable at the end");
    Ok(())
}

/// Builds what is missing of a folder, measuring nothing.
pub(crate) fn build_if_missing(folder: &BenchFolder) -> anyhow::Result<()> {
    let data = &folder.common.data;
    let reader = open_reader(&data.join("log"))?;
    build_index(folder, &reader, reader.end())?;
    let projections = Projections::open(data, folder.common.rows.kind(), reader.clone())?;
    anyhow::ensure!(projections.wait_for(reader.end(), PATIENCE), "the read models stopped: {:?}", projections.fault());
    Ok(projections.stop()?)
}

fn remove(path: &Path) -> anyhow::Result<()> {
    if path.exists() {
        fs::remove_dir_all(path)?;
    }
    Ok(())
}

/// Rates of reading alone, and the bytes of the log's records.
struct Scans {
    bare: u64,
    decoding: u64,
    events: u64,
    record_bytes: u64,
}

fn scan(reader: &Arc<dyn LogReader>) -> anyhow::Result<Scans> {
    let events = reader.end();
    let mut record_bytes = 0;
    // Once before, so that both find the pages they need or do not.
    reader.read(0, &mut |_| ControlFlow::Continue(()))?;
    let begun = Instant::now();
    reader.read(0, &mut |batch| {
        record_bytes += (batch.body.len() + ENVELOPE_BYTES) as u64;
        ControlFlow::Continue(())
    })?;
    let bare = per_second(events, begun.elapsed());
    let begun = Instant::now();
    let mut decoded = 0;
    reader.read(0, &mut |batch| {
        for frame in Body::parse(batch.body).iter().flat_map(Body::frames) {
            let commit = Commit::decode(frame.bytes, Timestamp(batch.base_ms));
            decoded += commit.map_or(0, |commit| commit.recorded(Position(frame.first_position)).flatten().count() as u64);
        }
        ControlFlow::Continue(())
    })?;
    let decoding = per_second(events, begun.elapsed());
    anyhow::ensure!(decoded == events, "{decoded} of {events} events decode");
    Ok(Scans { bare, decoding, events, record_bytes })
}

/// Builds index and tree until `to`, at least, as the engine does from nothing; goes on with what is there. Answers with what was reached.
fn build_index(folder: &BenchFolder, reader: &Arc<dyn LogReader>, to: u64) -> anyhow::Result<u64> {
    let (key, keys) = import::keys(folder)?;
    let path = folder.common.data.join("derived");
    fs::create_dir_all(&path)?;
    let identity_key =
        keys.secret("identity-key")?.and_then(|key| Key::try_from(key.as_slice()).ok()).unwrap_or_else(|| Key::from([0; 32]));
    let scratch = folder.common.data.join("tmp/bench");
    let inputs = BuildInputs { keys, identities: IdentityKeys::new(identity_key), log_id: key.log_id(), scratch };
    let store = open_rows(folder.common.rows.kind(), &path)?;
    let bar = Bar::new("index and tree", to);
    let until = |reached: u64| {
        bar.set("index and tree", reached, to);
        if reached >= to { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    if store.view()?.checkpoint().position == 0 {
        build(store.as_ref(), reader.as_ref(), &inputs, &mut { until })?;
    }
    let BuildInputs { keys, identities, log_id, .. } = inputs;
    let table = Arc::new(Table::new(store)?);
    let mut derived = Derived::new(Arc::clone(&table), keys, identities, log_id)?;
    if derived.reached() < to {
        derived.catch_up(reader.as_ref(), &mut |derived| until(derived.reached()))?;
        table.flush()?;
    }
    Ok(derived.reached())
}

/// All read models from nothing, as at a first start; then beside the live ones, all in one pass, and each alone.
fn build_models(folder: &BenchFolder, reader: &Arc<dyn LogReader>, scans: &Scans, report: &mut Report) -> anyhow::Result<()> {
    let memory = MemoryWatch::start();
    let begun = Instant::now();
    let projections = Projections::open(&folder.common.data, folder.common.rows.kind(), Arc::<dyn LogReader>::clone(reader))?;
    anyhow::ensure!(projections.wait_for(scans.events, PATIENCE), "the read models stopped: {:?}", projections.fault());
    let first_start = per_second(scans.events, begun.elapsed());
    report.add(Figure::new("read models, all at a first start: events", first_start, "/s").beside("with decoding", scans.decoding));
    projections.stop()?;
    let mut rebuild = |models: &[ModelName], name: &str| -> anyhow::Result<Figure> {
        let bar = Bar::new(name, scans.events);
        let (begun, busy) = (Instant::now(), process_time());
        let built = projections.rebuild(models, &mut |progress| {
            bar.set(name, progress.position, progress.end);
            ControlFlow::Continue(())
        })?;
        let took = begun.elapsed();
        drop(bar);
        report.add(Figure::new(format!("rebuild of {name}: processor time"), ns_each(busy, scans.events), "ns/event"));
        built.into_iter().flatten().try_for_each(Rebuilt::discard)?;
        Ok(Figure::new(format!("rebuild of {name}: events"), per_second(scans.events, took), "/s"))
    };
    let all = rebuild(&ModelName::ALL, "all read models in one pass")?.beside("with decoding", scans.decoding);
    let alone = ModelName::ALL.map(|model| rebuild(&[model], model.name()));
    report.add(all.target(Target::rate(1_000_000)));
    for figure in alone {
        report.add(figure?);
    }
    report.add(Figure::new("memory while rebuilding (RssAnon)", memory.highest_mib(), "MiB").target(Target::at_most(1_536)));
    Ok(())
}

fn sizes(folder: &BenchFolder, scans: &Scans, report: &mut Report) {
    let data = &folder.common.data;
    let per_event = |bytes: u64| bytes / scans.events.max(1);
    let (derived, rows) = (disk_bytes(&data.join("derived")), disk_bytes(&data.join("rows")));
    report.add(Figure::new("on disk: records of the log", per_event(scans.record_bytes), "B/event"));
    report.add(Figure::new("on disk: index, tree, command ids", per_event(derived), "B/event"));
    report.add(Figure::new("on disk: read models", per_event(rows), "B/event"));
    let all = per_event(scans.record_bytes + derived + rows);
    report.add(Figure::new("on disk: everything, bulk-loaded", all, "B/event").target(Target::at_most(250)));
    report.note("the log's files take up to 128 MiB more than its records: the last segment and the spare one are zero-filled ahead");
}
