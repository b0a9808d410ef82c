//! Opening a data folder from the command line: keys, purpose, first start.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use zhixin_engine::clock::{Clock, SystemClock};
use zhixin_engine::engine::{Engine, EngineOptions};
use zhixin_engine::entropy::{Entropy, SystemEntropy};
use zhixin_engine::handle::EngineHandle;
use zhixin_engine::log::{LogPurpose, LogReader, genesis, open_reader};
use zhixin_engine::maintenance::{self, Act, Done};
use zhixin_projections::{Projections, RowKind};
pub(crate) use zhixin_store::files::beside;

use crate::cli::{Common, Rows, Usage};
use crate::packs;

impl Rows {
    /// The kind of row store.
    pub(crate) const fn kind(self) -> RowKind {
        match self {
            Self::Lmdb => RowKind::Lmdb,
            Self::Sled => RowKind::Sled,
        }
    }
}

impl Common {
    /// The master key file.
    pub(crate) fn master_key(&self) -> PathBuf {
        self.master_key.clone().unwrap_or_else(|| beside(&self.data, "master-key"))
    }
    /// The checkpoint file.
    pub(crate) fn checkpoint_file(&self) -> PathBuf {
        self.checkpoint_file.clone().unwrap_or_else(|| beside(&self.data, "checkpoint"))
    }
    /// How the engine of this folder is opened.
    pub(crate) fn engine_options(
        &self,
        purpose: LogPurpose,
        domain: Option<&str>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> EngineOptions {
        EngineOptions {
            checkpoint_file: self.checkpoint_file(),
            new_checkpoint_file: self.new_checkpoint_file,
            rows: self.rows.kind(),
            domain: domain.map(str::to_owned),
            ..EngineOptions::new(&self.data, &self.master_key(), purpose, clock, entropy)
        }
    }
    /// Refuses a file where the data folder should be, before anything is made beside it.
    ///
    /// # Errors
    /// Wrong usage.
    pub(crate) fn check(&self) -> Result<(), Usage> {
        match self.data.metadata() {
            Ok(found) if !found.is_dir() => Err(Usage(format!("--data {}: that is a file, and a folder is wanted", self.data.display()))),
            Ok(_) | Err(_) => Ok(()),
        }
    }
    /// The log of the folder, to read only.
    pub(crate) fn reader(&self) -> anyhow::Result<Arc<dyn LogReader>> {
        let log = self.data.join("log");
        if !log.exists() {
            bail!("{}", no_log(&self.data));
        }
        Ok(open_reader(&log)?)
    }
}

fn no_log(data: &Path) -> String {
    format!(
        "there is no log in {}; `zhixin serve` begins one, `zhixin demo` fills one, and --data DIR names another folder",
        data.display()
    )
}

/// Whether a process writes the log of a folder: its rows are then its own.
pub(crate) fn is_served(data: &Path) -> bool {
    let lock = std::fs::File::options().write(true).open(data.join("log/lock"));
    lock.is_ok_and(|file| matches!(file.try_lock(), Err(std::fs::TryLockError::WouldBlock)))
}

/// Notes for the status page that an act was done; what was done stands, whether or not this can be written.
pub(crate) fn note_done(common: &Common, act: Act, well: bool) {
    let noted =
        SystemClock::new().now().map_err(std::io::Error::other).and_then(|at| maintenance::note(&common.data, act, Done { at, well }));
    if let Err(fault) = noted {
        crate::out::note(&format!("the status page will not tell of this: {fault}"));
    }
}

/// An open folder: engine and read models.
pub(crate) struct Opened {
    /// The read models; stopped before the engine.
    pub(crate) projections: Arc<Projections>,
    engine: Engine,
}

impl Opened {
    /// The engine's handle.
    pub(crate) fn handle(&self) -> &EngineHandle {
        self.engine.handle()
    }

    /// Opens read models over an engine.
    pub(crate) fn over(engine: Engine, common: &Common) -> anyhow::Result<Self> {
        let reader = Arc::clone(engine.handle().reader());
        let projections = Projections::open(&common.data, common.rows.kind(), reader)?;
        engine.handle().count_unflushed(Arc::clone(projections.unflushed_bytes()));
        Ok(Self { projections: Arc::new(projections), engine })
    }

    /// Waits until the read models reflect the whole log.
    ///
    /// # Errors
    /// They have stopped before.
    pub(crate) fn caught_up(&self) -> anyhow::Result<()> {
        while !self.projections.wait_for(self.handle().end(), Duration::from_secs(10)) {
            if let Some(fault) = self.projections.fault() {
                bail!("the read models stopped before the end of the log: {fault}");
            }
        }
        Ok(())
    }

    /// Lets what was taken become durable, flushes and ends the threads.
    pub(crate) fn close(self) -> anyhow::Result<()> {
        self.projections.stop().context("the read models could not be flushed; they are rebuilt at the next start")?;
        self.engine.close();
        Ok(())
    }
}

/// Opens a folder that holds a log; none is made by a command that only works on one.
pub(crate) fn open_existing(common: &Common) -> anyhow::Result<Opened> {
    if !common.data.join("log").exists() {
        bail!("{}", no_log(&common.data));
    }
    open(common, None)
}

/// Opens the folder as it is, or makes a production log with the rule packs shipped.
pub(crate) fn open(common: &Common, domain: Option<&str>) -> anyhow::Result<Opened> {
    if is_served(&common.data) {
        bail!("{} is in use by another process, most likely a server: stop that first", common.data.display());
    }
    let known = genesis(&common.data.join("log")).context("the log cannot be read")?;
    let purpose = known.map_or(LogPurpose::Production, |genesis| genesis.purpose);
    let key = common.master_key();
    if !key.exists() {
        return Err(Usage(format!(
            "there is no master key file at {}; make one with `zhixin key create {}` and keep it apart from the data folder and its backups",
            key.display(),
            key.display()
        ))
        .into());
    }
    let options = common.engine_options(purpose, domain, Arc::new(SystemClock::new()), Arc::new(SystemEntropy::new()));
    let engine = Engine::open(options).with_context(|| format!("the data folder {} cannot be opened", common.data.display()))?;
    if purpose == LogPurpose::Production {
        packs::publish_shipped(engine.handle()).context("the rule packs that ship with this version could not be published")?;
    }
    Opened::over(engine, common)
}
