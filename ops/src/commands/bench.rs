//! `zhixin bench`: what this machine does with the record, with bare storage beside it in the same run.
//!
//! Benches work in folders of their own: `--data DIR` names one that is empty or was made by a bench, and keeps it; without it a folder is
//! made in the current one and removed at the end. Every figure says what stands beside it and what is asked for; a dated record is in `tests/benches/RESULTS.md`.
//! Start with [`append`] (commands through the real decide path) and [`story`] (the events that the others are measured on).

mod append;
mod bare;
mod import;
mod machine;
mod query;
mod rebuild;
mod report;
mod story;
mod verify;
mod world;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use tempfile::TempDir;
use zhixin_engine::clock::{Clock, SystemClock};
use zhixin_engine::engine::Engine;
use zhixin_engine::entropy::SystemEntropy;
use zhixin_engine::log::{LogPurpose, genesis};
use zhixin_engine::vault_keys::MasterKeyFile;

use crate::Ending;
use crate::cli::{BenchArgs, BenchWhat, Common, Usage};

use self::report::Report;

/// Marks a folder that a bench made, so that no bench ever works in another.
const MARK: &str = "bench";

pub(crate) fn run(common: &Common, args: &BenchArgs) -> anyhow::Result<Ending> {
    let folder = BenchFolder::of(common)?;
    let mut report = Report::default();
    match args.what {
        BenchWhat::Append => append::run(&folder, args.events, &mut report)?,
        BenchWhat::Import => import::run(&folder, args.events, &mut report)?,
        BenchWhat::Rebuild => rebuild::run(&folder, args.events, &mut report)?,
        BenchWhat::Query => query::run(&folder, args.events, &mut report)?,
        BenchWhat::Verify => verify::run(&folder, args.events, &mut report)?,
    }
    report.print(common.json, args, &machine::facts(&folder.common.data));
    Ok(Ending::Well)
}

/// Where a bench works.
struct BenchFolder {
    common: Common,
    /// Removed with everything in it when the bench ends; absent when the folder was asked for.
    _made: Option<TempDir>,
}

impl BenchFolder {
    fn of(common: &Common) -> anyhow::Result<Self> {
        let mut common = Common {
            new_checkpoint_file: false,
            data: common.data.clone(),
            master_key: common.master_key.clone(),
            checkpoint_file: common.checkpoint_file.clone(),
            acting_as: None,
            json: common.json,
            rows: common.rows,
        };
        let mut made = None;
        if common.data == Path::new("./data") {
            let dir = tempfile::tempdir_in(".").context("a folder for the bench could not be made here")?;
            common.data = dir.path().join("data");
            made = Some(dir);
        } else if common.data.exists() && fs::read_dir(&common.data)?.next().is_some() && !common.data.join(MARK).exists() {
            return Err(Usage(format!("{} was not made by a bench; name a folder that is empty or absent", common.data.display())).into());
        }
        fs::create_dir_all(&common.data)?;
        fs::write(common.data.join(MARK), "made by `zhixin bench`; delete it when it is no longer needed\n")?;
        if !common.master_key().exists() {
            MasterKeyFile::new(&common.master_key()).create(&SystemEntropy::new())?;
        }
        Ok(Self { common, _made: made })
    }

    /// Whether the folder has a log already.
    fn has_log(&self) -> anyhow::Result<bool> {
        Ok(genesis(&self.common.data.join("log"))?.is_some())
    }

    /// Opens an engine as the server does.
    fn open(&self) -> anyhow::Result<Engine> {
        self.open_at(Arc::new(SystemClock::new()))
    }

    fn open_at(&self, clock: Arc<dyn Clock>) -> anyhow::Result<Engine> {
        let options = self.common.engine_options(LogPurpose::Demo, None, clock, Arc::new(SystemEntropy::new()));
        Engine::open(options).context("the folder of the bench cannot be opened")
    }
}
