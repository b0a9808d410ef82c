//! `bench verify`: the whole check of the history, as `zhixin verify` makes it before it turns to read models.
//!
//! Beside it a bare scan of the same log (CRC, chain and positions, nothing decoded).

use std::ops::ControlFlow;
use std::time::Instant;

use zhixin_engine::log::open_reader;
use zhixin_engine::verify::{Folder, verify_folder};

use super::machine::{MemoryWatch, ns_each, process_time};
use super::report::{Figure, Report, Target, per_second};
use super::{BenchFolder, import, rebuild};

pub(crate) fn run(folder: &BenchFolder, events: u64, report: &mut Report) -> anyhow::Result<()> {
    import::tell_if_empty(folder, events)?;
    rebuild::build_if_missing(folder)?;
    let common = &folder.common;
    let reader = open_reader(&common.data.join("log"))?;
    let begun = Instant::now();
    reader.read(0, &mut |_| ControlFlow::Continue(()))?;
    let (scan, end) = (begun.elapsed(), reader.end());
    let (key, keys) = import::keys(folder)?;
    drop(keys);
    let begun = Instant::now();
    reader.check(&key, &mut |_| {})?;
    let check = begun.elapsed();
    drop(reader);
    let memory = MemoryWatch::start();
    let (begun, busy) = (Instant::now(), process_time());
    let verified = verify_folder(
        &Folder { checkpoint_file: common.checkpoint_file(), rows: common.rows.kind(), ..Folder::new(&common.data, &common.master_key()) },
        &|_, _, _, _| {},
    )?;
    let took = begun.elapsed();
    report.add(Figure::new("verify, whole: processor time", ns_each(busy, end), "ns/event"));
    if let Some((check, divergence)) = verified.first_divergence() {
        anyhow::bail!("{:?} of {:?}: {divergence}", check.step, check.area);
    }
    anyhow::ensure!(verified.events == end, "verify saw {} of {end} events", verified.events);
    let scan = per_second(end, scan);
    report.add(Figure::new("verify, whole: events", per_second(end, took), "/s").beside("scan of the log", scan));
    report.add(Figure::new("verify, chain and MACs alone: events", per_second(end, check), "/s").beside("scan of the log", scan));
    let memory = memory.highest_mib();
    report.add(Figure::new("memory while verifying (RssAnon)", memory, "MiB").target(Target::at_most(1_536)));
    report.note("whole = records, segments, commits, ordinals, tree, signed trees and every derived row, over two threads");
    Ok(())
}
