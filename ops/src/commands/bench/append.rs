//! `bench append`: durable guarded commands of 64 callers through the real decide path, beside bare LMDB and a bare raw file.
//!
//! Three mixes, each in rounds of (a) ours, (b) LMDB, (c) raw file, medians of the rounds: registrations of known persons over many classes
//! (one event, three subjects, a claim), attendances (one event, two subjects), and attendances while the read models follow. Both peers
//! write the very frames that ours wrote in the same round. All sides are counted in commands a second; submissions are made before.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use zhixin_engine::answer::Submission;
use zhixin_engine::handle::EngineHandle;
use zhixin_engine::log::LogReader;
use zhixin_projections::Projections;
use zhixin_store::segments::Body;

use super::BenchFolder;
use super::bare::{BareFile, BareLmdb, CALLERS, deal, drive, drive_bare};
use super::machine::{ns_each, process_time, rss_anon_mib, thread_times};
use super::report::{Figure, Report, Target, median, p50_p99_us, per_second, percent};
use super::world::World;
use crate::cli::Usage;
use crate::out;

/// Rounds of each mix.
const ROUNDS: u64 = 3;
/// Mixes that are measured.
const MIXES: u64 = 3;
/// Most commands of one side in one round: enough for a second or two.
const COMMANDS_MAX: u64 = 60_000;
/// Size of the raw file. Unit: bytes.
const RAW_BYTES: u64 = 256 << 20;

pub(crate) fn run(folder: &BenchFolder, events: u64, report: &mut Report) -> anyhow::Result<()> {
    if folder.has_log()? {
        return Err(Usage("`bench append` needs a folder without a log".to_owned()).into());
    }
    let commands = (events / (ROUNDS * MIXES)).clamp(CALLERS as u64, COMMANDS_MAX);
    let engine = folder.open()?;
    let handle = engine.handle();
    out::note("setting up: classes and persons");
    let world = World::make(handle, commands * ROUNDS)?;
    let mut peers = Peers {
        lmdb: BareLmdb::make(&folder.common.data.join("bare-lmdb"))?,
        raw: BareFile::make(&folder.common.data.join("bare-raw"), RAW_BYTES)?,
    };
    let seats = |round: u64| round * commands..(round + 1) * commands;
    let mut mix = |name, make: &dyn Fn(u64) -> Vec<Submission>| -> anyhow::Result<()> {
        let mut tally = Tally::default();
        for round in 0..ROUNDS {
            tally.round(handle, &mut peers, make(round))?;
        }
        tally.report(name, report);
        Ok(())
    };
    mix("registrations", &|round| world.registrations(seats(round)))?;
    world.hold(1)?;
    world.hold(2)?;
    mix("attendances", &|round| world.attendances(1, seats(round)))?;
    let projections = Projections::open(&folder.common.data, folder.common.rows.kind(), Arc::<dyn LogReader>::clone(handle.reader()))?;
    anyhow::ensure!(projections.wait_for(handle.end(), Duration::from_mins(10)), "the read models stopped: {:?}", projections.fault());
    mix("attendances, read models following", &|round| world.attendances(2, seats(round)))?;
    report.add(Figure::new("memory after the commands (RssAnon)", rss_anon_mib(), "MiB").target(Target::at_most(1_024)));
    projections.stop()?;
    drop(projections);
    engine.close();
    report.note(format!(
        "{CALLERS} callers, {commands} commands of each side in each of {ROUNDS} rounds, medians; LMDB and raw file write the same frames"
    ));
    report.note("index, tree and checkpoints follow on the same cores during all rounds of ours");
    Ok(())
}

struct Peers {
    lmdb: BareLmdb,
    raw: BareFile,
}

/// What the rounds of a mix came to.
#[derive(Default)]
struct Tally {
    ours: Vec<u64>,
    busy: Vec<u64>,
    lmdb_busy: Vec<u64>,
    events: Vec<u64>,
    lmdb: Vec<u64>,
    raw: Vec<u64>,
    latencies: Vec<Duration>,
    lmdb_latencies: Vec<Duration>,
    commands: u64,
    event_count: u64,
    batches: u64,
    lmdb_batches: u64,
    threads: BTreeMap<String, Duration>,
}

impl Tally {
    fn round(&mut self, handle: &EngineHandle, peers: &mut Peers, submissions: Vec<Submission>) -> anyhow::Result<()> {
        let count = submissions.len() as u64;
        let lists = deal(submissions);
        let (from, threads, busy) = (handle.end(), thread_times(), process_time());
        let driven = drive(lists, |submission| Ok(handle.execute_blocking(submission).map(drop)?))?;
        for (name, time) in thread_times() {
            *self.threads.entry(name.clone()).or_default() += time.saturating_sub(threads.get(&name).copied().unwrap_or_default());
        }
        let events = handle.end() - from;
        self.ours.push(per_second(count, driven.took));
        self.busy.push(ns_each(busy, count));
        self.events.push(per_second(events, driven.took));
        self.latencies.extend(driven.latencies);
        self.commands += count;
        self.event_count += events;
        let frames = self.frames_since(handle, from)?;
        anyhow::ensure!(frames.len() as u64 == count, "every command made one commit");
        // The peers get the machine to themselves.
        handle.wait_indexed(handle.end(), Duration::from_mins(10));
        let busy = process_time();
        let (driven, batches) = drive_bare(&mut peers.lmdb, deal(frames.clone()))?;
        self.lmdb_busy.push(ns_each(busy, count));
        self.lmdb.push(per_second(count, driven.took));
        self.lmdb_latencies.extend(driven.latencies);
        self.lmdb_batches += batches;
        let (driven, _) = drive_bare(&mut peers.raw, deal(frames))?;
        self.raw.push(per_second(count, driven.took));
        Ok(())
    }

    /// The commits that were recorded from a position on; counts their batches.
    fn frames_since(&mut self, handle: &EngineHandle, from: u64) -> anyhow::Result<Vec<Vec<u8>>> {
        let mut frames = Vec::new();
        handle.reader().read(from, &mut |batch| {
            self.batches += 1;
            if let Some(body) = Body::parse(batch.body) {
                frames.extend(body.frames().map(|frame| frame.bytes.to_vec()));
            }
            ControlFlow::Continue(())
        })?;
        Ok(frames)
    }

    fn report(self, mix: &str, report: &mut Report) {
        let (ours, lmdb, raw) = (median(self.ours), median(self.lmdb), median(self.raw));
        report.add(Figure::new(format!("{mix}: commands"), ours, "/s").beside("LMDB", lmdb).beside("raw file", raw));
        report.add(Figure::new(format!("{mix}: events"), median(self.events), "/s"));
        // At least 0.35 of bare LMDB, aim at 0.6.
        let target = Target::AtLeast { goal: 60, least: 35 };
        report.add(Figure::new(format!("{mix}: commands to bare LMDB"), percent(ours, lmdb), "%").target(target));
        report.add(Figure::new(format!("{mix}: commands to a bare raw file"), percent(ours, raw), "%"));
        let ((p50, p99), (lmdb_p50, lmdb_p99)) = (p50_p99_us(self.latencies), p50_p99_us(self.lmdb_latencies));
        report.add(Figure::new(format!("{mix}: latency p50"), p50, "µs").beside("LMDB", lmdb_p50));
        report.add(Figure::new(format!("{mix}: latency p99"), p99, "µs").beside("LMDB", lmdb_p99));
        let hundredths = |part: u64, whole: u64| part * 100 / whole.max(1);
        let batch = Figure::new(format!("{mix}: events a batch, in hundredths"), hundredths(self.event_count, self.batches), "");
        report.add(batch.beside("LMDB", hundredths(self.commands, self.lmdb_batches)));
        let busy = Figure::new(format!("{mix}: processor time, callers too"), median(self.busy), "ns/command");
        report.add(busy.beside("LMDB", median(self.lmdb_busy)));
        for (name, time) in self.threads.iter().filter(|(name, _)| name.starts_with("zx-") || *name == "applier") {
            let ns = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX) / self.commands.max(1);
            if ns > 0 {
                report.add(Figure::new(format!("{mix}: processor time of {name}"), ns, "ns/command"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Common;

    #[test]
    fn every_side_of_every_mix_is_measured() {
        let dir = tempfile::tempdir().unwrap();
        let folder = BenchFolder::of(&Common::in_folder(dir.path().join("data"))).unwrap();
        let mut report = Report::default();
        run(&folder, 1_000, &mut report).unwrap();
        let figure = |name: &str| report.value(name).unwrap_or_else(|| panic!("no {name}"));
        for mix in ["registrations", "attendances", "attendances, read models following"] {
            assert!(figure(&format!("{mix}: commands")) > 0);
            assert!(figure(&format!("{mix}: events a batch, in hundredths")) >= 100);
        }
        assert!(super::super::machine::disk_bytes(&folder.common.data) > 0);
        assert!(run(&folder, 1_000, &mut report).is_err(), "a folder with a log is not appended to");
    }
}
