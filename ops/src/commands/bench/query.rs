//! `bench query`: histories of a person, cold and warm, and dashboards now, as of the past, by a past date, and both.
//!
//! Cold = the files' pages dropped from the page cache (nobody has them open or mapped), the folder opened anew, one history read.

use std::sync::Arc;
use std::time::{Duration, Instant};

use zhixin_engine::derived::DerivedView;
use zhixin_engine::handle::EngineHandle;
use zhixin_engine::history::{HistoryFault, for_each_event};
use zhixin_engine::log::{LogReader, open_reader};
use zhixin_events::{PlanYear, Subject, SubjectKind};
use zhixin_projections::quota::{CountUnit, GroupBy, QuotaQuery, RegionOf, query};
use zhixin_projections::{AsOf, ModelName, Projections};
use zhixin_store::rows::open_rows;
use zhixin_store::table::Table;

use super::machine::{drop_cached_pages, rss_anon_mib};
use super::report::{Figure, Report, Target, p50_p99_us, per_second};
use super::story::Story;
use super::{BenchFolder, import, rebuild};

/// Events of a history.
const HISTORY: u64 = 20;
/// Cold histories.
const COLD: u64 = 21;
/// Warm histories.
const WARM: u64 = 5_000;
/// Repetitions of each question to the dashboard.
const ASKED: usize = 20;

pub(crate) fn run(folder: &BenchFolder, events: u64, report: &mut Report) -> anyhow::Result<()> {
    import::tell_if_empty(folder, events)?;
    rebuild::build_if_missing(folder)?;
    let persons = persons(folder)?;
    anyhow::ensure!(!persons.is_empty(), "no person has {HISTORY} events; make more events");
    cold(folder, &persons, report)?;
    let engine = folder.open()?;
    let handle = engine.handle();
    let projections = Projections::open(&folder.common.data, folder.common.rows.kind(), Arc::<dyn LogReader>::clone(handle.reader()))?;
    anyhow::ensure!(projections.wait_for(handle.end(), Duration::from_hours(2)), "the read models stopped: {:?}", projections.fault());
    warm(handle, &persons, report)?;
    dashboards(handle, &projections, report)?;
    report.add(Figure::new("memory serving (RssAnon)", rss_anon_mib(), "MiB").target(Target::at_most(1_024)));
    projections.stop()?;
    drop(projections);
    engine.close();
    Ok(())
}

/// Persons with a history that is long enough, from all over the log.
fn persons(folder: &BenchFolder) -> anyhow::Result<Vec<Subject>> {
    let table = Table::new(open_rows(folder.common.rows.kind(), &folder.common.data.join("derived"))?)?;
    let view = DerivedView::of(&table)?;
    let mut found = Vec::new();
    let mut number = 0;
    loop {
        // Numbers that are not in order, so that neighbours in the list are far apart in the log.
        let person = Subject::person(Story::person_id(number));
        match view.count(&person, u64::MAX)? {
            0 => break,
            count if count >= HISTORY => found.push(person),
            _few => {}
        }
        number += 1;
    }
    let mut spread = Vec::with_capacity(found.len());
    let step = 7_919;
    let mut at = 0;
    for _ in 0..found.len().min(20_000) {
        at = (at + step) % found.len();
        spread.push(found[at]);
    }
    debug_assert!(spread.iter().all(|subject| subject.kind() == SubjectKind::Person));
    Ok(spread)
}

/// Reads the first events of a person, decoded.
fn read_history(reader: &Arc<dyn LogReader>, leaves: Option<&DerivedView>, positions: &[u64], person: &Subject) -> anyhow::Result<()> {
    let mut read = 0;
    for_each_event::<HistoryFault>(reader, leaves, positions, &mut |_, recorded| {
        read += u64::from(std::hint::black_box(recorded.ordinal_of(person)).is_some());
        Ok(())
    })?;
    anyhow::ensure!(read == HISTORY, "a history of {read} events");
    Ok(())
}

fn cold(folder: &BenchFolder, persons: &[Subject], report: &mut Report) -> anyhow::Result<()> {
    let (mut times, mut index_times) = (Vec::new(), Vec::new());
    for number in 0..COLD {
        if !drop_cached_pages(&folder.common.data) {
            report.note("cold histories were not measured: `dd` of the GNU core utilities could not drop the pages");
            return Ok(());
        }
        let reader = open_reader(&folder.common.data.join("log"))?;
        let table = Table::new(open_rows(folder.common.rows.kind(), &folder.common.data.join("derived"))?)?;
        let person = persons[usize::try_from(number)? * 31 % persons.len()];
        let begun = Instant::now();
        let view = DerivedView::of(&table)?;
        let positions = view.positions(&person, 0..HISTORY)?;
        index_times.push(begun.elapsed());
        read_history(&reader, Some(&view), &positions, &person)?;
        times.push(begun.elapsed());
    }
    let (p50, p99) = p50_p99_us(times);
    report.add(Figure::new(format!("cold history of {HISTORY} events: p50"), p50, "µs").target(Target::at_most(10_000)));
    report.add(Figure::new(format!("cold history of {HISTORY} events: p50 of finding its positions"), p50_p99_us(index_times).0, "µs"));
    report.add(Figure::new(format!("cold history of {HISTORY} events: the slowest of {COLD}"), p99, "µs"));
    report.note("cold: pages dropped, log and index opened anew in the same process (that is not in the time), then one history");
    Ok(())
}

fn warm(handle: &EngineHandle, persons: &[Subject], report: &mut Report) -> anyhow::Result<()> {
    let view = handle.view()?;
    let few = || persons.iter().cycle().take(usize::try_from(WARM).unwrap_or_default());
    // Tephra 0.4, embedded, on two such cores; it checks CRCs, and so does the first line. What is served or decided on is held against its leaf.
    for (how, leaves, target) in [("", None, Some(Target::rate(17_000))), (", each event held against its leaf", Some(&view), None)] {
        for person in few() {
            read_history(handle.reader(), leaves, &view.positions(person, 0..HISTORY)?, person)?;
        }
        let mut times = Vec::new();
        let begun = Instant::now();
        for person in few() {
            let begun = Instant::now();
            read_history(handle.reader(), leaves, &view.positions(person, 0..HISTORY)?, person)?;
            times.push(begun.elapsed());
        }
        let rate = per_second(WARM, begun.elapsed());
        let (p50, p99) = p50_p99_us(times);
        let figure = Figure::new(format!("warm histories of {HISTORY} events, one thread{how}"), rate, "/s");
        report.add(match target {
            Some(target) => figure.target(target),
            None => figure,
        });
        report.add(Figure::new(format!("warm history of {HISTORY} events{how}: p50"), p50, "µs"));
        report.add(Figure::new(format!("warm history of {HISTORY} events{how}: p99"), p99, "µs"));
    }
    Ok(())
}

fn dashboards(handle: &EngineHandle, projections: &Projections, report: &mut Report) -> anyhow::Result<()> {
    let view = projections.view(ModelName::Quota)?;
    let (now, past) = (handle.end(), handle.end() / 4 * 3);
    let today = handle.commit_at(now - 1)?.commit.recorded_at.civil_date();
    let earlier = Story::begins_on().plus_days(today.days_since(Story::begins_on()) / 2);
    let views = [
        ("now", AsOf { position: now, effective_by: today }, 5_000),
        ("as of a past position", AsOf { position: past, effective_by: today }, 5_000),
        ("by a past date", AsOf { position: now, effective_by: earlier }, 5_000),
        ("as of a past position by a past date", AsOf { position: past, effective_by: earlier }, 20_000),
    ];
    for (name, as_of, goal) in views {
        let (mut all, mut again) = (Vec::new(), Vec::new());
        let mut slowest = (Duration::ZERO, String::new());
        let mut first = Duration::ZERO;
        for group_by in GroupBy::ALL {
            for unit in [CountUnit::Persons, CountUnit::Trainings] {
                for year in [2024, 2025] {
                    let year = PlanYear::new(year);
                    let question = QuotaQuery { year, line: None, group_by, unit, region_of: RegionOf::Organiser, region: None, as_of };
                    let begun = Instant::now();
                    query(&view, &question)?;
                    let took = begun.elapsed();
                    first = first.max(took);
                    all.push(took);
                    let mut times = Vec::with_capacity(ASKED);
                    for _ in 0..ASKED {
                        let begun = Instant::now();
                        std::hint::black_box(query(&view, &question)?);
                        times.push(begun.elapsed());
                    }
                    times.sort_unstable();
                    if times[ASKED / 2] > slowest.0 {
                        slowest = (times[ASKED / 2], format!("{} in {}", group_by.name(), unit.name()));
                    }
                    all.extend(&times);
                    again.extend(times);
                }
            }
        }
        let (p50, p99) = p50_p99_us(all);
        report.add(Figure::new(format!("dashboard {name}: p50"), p50, "µs"));
        // The first asking of each question counts: a person asks once.
        report.add(Figure::new(format!("dashboard {name}: p99"), p99, "µs").target(Target::at_most(goal)));
        report.add(Figure::new(format!("dashboard {name}: slowest first asking"), u64::try_from(first.as_micros())?, "µs"));
        report.add(Figure::new(format!("dashboard {name}: p99 when asked again"), p50_p99_us(again).1, "µs"));
        report.note(format!(
            "dashboard {name}: each question asked once, then {ASKED} times again; the slowest again {} µs in the middle (by {})",
            slowest.0.as_micros(),
            slowest.1
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Common;

    /// The whole way of a folder: told once, built, asked, rebuilt, verified.
    #[test]
    fn one_folder_serves_every_bench_that_reads() {
        let dir = tempfile::tempdir().unwrap();
        let folder = BenchFolder::of(&Common::in_folder(dir.path().join("data"))).unwrap();
        let mut report = Report::default();
        run(&folder, 12_000, &mut report).unwrap();
        assert!(report.value("warm histories of 20 events, one thread").unwrap() > 0);
        assert!(report.value("dashboard now: p99").is_some());
        rebuild::run(&folder, 12_000, &mut report).unwrap();
        assert!(report.value("on disk: everything, bulk-loaded").unwrap() > 0);
        super::super::verify::run(&folder, 12_000, &mut report).unwrap();
        assert!(report.value("verify, whole: events").unwrap() > 0);
    }
}
