//! `bench import`: pre-decided events, as restore and migrate append them: prepared bodies of 64 KiB, each durable before the next.
//!
//! A body is the unit that a reader of one event reads, so longer ones would make the import faster still and every cold history slower.
//!
//! Beside it, in turns, the same bytes into a bare raw file. Telling the events takes no part in what is measured.

use std::time::{Duration, Instant};

use zhixin_engine::clock::SimulatedClock;
use zhixin_engine::entropy::SystemEntropy;
use zhixin_engine::log::{EmbeddedLog, EventLog, LogId, LogKey, LogPurpose, Writer, genesis};
use zhixin_engine::vault_keys::{KeyRing, MasterKeyFile};
use zhixin_store::segments::{ENVELOPE_BYTES, SegmentOptions};
use zhixin_store::vault::LmdbVault;

use std::sync::Arc;

use super::BenchFolder;
use super::bare::{Bare as _, BareFile};
use super::report::{Figure, Report, Target, per_second, percent};
use super::story::Story;
use crate::cli::Usage;
use crate::out::Bar;

/// Bodies that one side appends before the other has its turn: about 16 MiB.
const TURN: usize = 256;
/// Size of the raw file. Unit: bytes.
const RAW_BYTES: u64 = 512 << 20;

pub(crate) fn run(folder: &BenchFolder, events: u64, report: &mut Report) -> anyhow::Result<()> {
    if folder.has_log()? {
        return Err(Usage("`bench import` needs a folder without a log".to_owned()).into());
    }
    let told = tell(folder, events, true)?;
    let rate = Figure::new("import: events", per_second(told.events, told.ours), "/s").target(Target::rate(200_000));
    report.add(rate.beside("raw file", per_second(told.events, told.raw)));
    report.add(Figure::new(
        "import: rate to a bare raw file",
        percent(per_second(told.events, told.ours), per_second(told.events, told.raw)),
        "%",
    ));
    told.sizes(report);
    report.note(format!(
        "{} events in {} commits in {} bodies; each body is durable before the next",
        told.events, told.commits, told.bodies
    ));
    Ok(())
}

/// What was told and how long the sides took.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) events: u64,
    commits: u64,
    bodies: u64,
    bytes: u64,
    ours: Duration,
    raw: Duration,
}

impl Told {
    fn sizes(&self, report: &mut Report) {
        let (head, record) = (zhixin_store::segments::BODY_HEAD_BYTES as u64, ENVELOPE_BYTES as u64);
        let bulk = self.bytes + self.bodies * record;
        report.add(Figure::new("log, bulk-loaded", bulk / self.events.max(1), "B/event"));
        let single = self.bytes - self.bodies * head + self.commits * (head + record);
        report.add(Figure::new("log, one commit a batch (computed from the same commits)", single / self.events.max(1), "B/event"));
    }
}

/// Fills the folder if it has no log yet.
pub(crate) fn tell_if_empty(folder: &BenchFolder, events: u64) -> anyhow::Result<()> {
    if !folder.has_log()? {
        tell(folder, events, false)?;
    }
    Ok(())
}

/// The key of the log in a folder, and its vault.
pub(crate) fn keys(folder: &BenchFolder) -> anyhow::Result<(LogKey, Arc<KeyRing>)> {
    let vault = Arc::new(LmdbVault::open(&folder.common.data.join("vault"))?);
    let keys = KeyRing::open(vault, MasterKeyFile::new(&folder.common.master_key()), Arc::new(SystemEntropy::new()))?;
    let known = genesis(&folder.common.data.join("log"))?;
    let log_id = known.map_or(LogId([0; 16]), |genesis| genesis.log_id);
    let key = keys.secret("log-key")?.and_then(|key| key.as_slice().try_into().ok());
    let key = key.ok_or_else(|| anyhow::anyhow!("the vault holds no key of the log"))?;
    Ok((LogKey::new(log_id, key), Arc::new(keys)))
}

fn tell(folder: &BenchFolder, events: u64, beside_raw: bool) -> anyhow::Result<Told> {
    // The first start makes keys and genesis; what follows is appended below the command loop, as restore and migrate do.
    folder.open_at(Arc::new(SimulatedClock::new(Story::begins_on().start())))?.close();
    let (key, _) = keys(folder)?;
    let writer =
        Writer { node: "bench".to_owned(), code_version: env!("CARGO_PKG_VERSION").to_owned(), purpose: LogPurpose::Demo, now_ms: 0 };
    let (mut log, _) = EmbeddedLog::open(&folder.common.data.join("log"), key, writer, SegmentOptions::default())?;
    let raw_path = folder.common.data.join("bare-raw");
    let mut raw = if beside_raw { Some(BareFile::make(&raw_path, RAW_BYTES)?) } else { None };
    let mut story = Story::new(log.head().next_position, events);
    let mut told = Told::default();
    let bar = Bar::new("import", events);
    while told.events < events {
        let mut turn = Vec::with_capacity(TURN);
        while turn.len() < TURN && told.events < events {
            let (body, commit_count, event_count) = story.next_body();
            told.commits += commit_count;
            told.events += event_count;
            told.bytes += body.len() as u64;
            turn.push(body);
        }
        told.bodies += turn.len() as u64;
        let begun = Instant::now();
        for body in &turn {
            log.append(body)?;
        }
        told.ours += begun.elapsed();
        if let Some(raw) = &mut raw {
            let begun = Instant::now();
            for body in &turn {
                raw.write(body)?;
            }
            told.raw += begun.elapsed();
        }
        bar.set("import", told.events, events);
    }
    if raw.take().is_some() {
        std::fs::remove_file(&raw_path)?;
    }
    Ok(told)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Common;

    /// What was imported opens as a log, and index and tree accept every ordinal of it.
    #[test]
    fn an_imported_folder_opens_and_is_followed() {
        let dir = tempfile::tempdir().unwrap();
        let folder = BenchFolder::of(&Common::in_folder(dir.path().join("data"))).unwrap();
        let mut report = Report::default();
        run(&folder, 5_000, &mut report).unwrap();
        assert!(report.value("import: events").unwrap() > 0);
        assert!(run(&folder, 5_000, &mut report).is_err(), "a folder with a log is not imported into");
        let engine = folder.open().unwrap();
        assert!(engine.handle().end() > 5_000);
        assert_eq!(engine.handle().view().unwrap().reached(), engine.handle().end());
    }
}
