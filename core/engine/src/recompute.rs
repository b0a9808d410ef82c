//! The whole tree once more, in the background: every leaf from the log, and every stored hash held against it.
//!
//! A start looks at the newest leaves only. What it passes over is gone through here while the engine serves, by a thread that rests three times
//! as long as it works. Rows that differ are marked, so that the next start makes them anew; until then their proofs do not check.

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use zhixin_store::table::Table;

use crate::appender::log_chain;
use crate::derived::opening::WRONG_MARK;
use crate::derived::{DerivedFault, DerivedView, leaves_beside};
use crate::log::LogReader;
use crate::merkle::{TreeBuilder, tiles};
use crate::progress::Progress;

/// Events between two rests.
const REST_EVENTS: u64 = 1_024;
/// How much longer a rest is than the work before it.
const REST_FACTOR: u32 = 3;

/// How far the recomputation is, and what it found.
#[derive(Debug)]
pub struct Recomputation {
    size: u64,
    done: Progress,
    trouble: OnceLock<String>,
}

impl Recomputation {
    pub(crate) fn new(size: u64) -> Self {
        Self { size, done: Progress::new(0), trouble: OnceLock::new() }
    }
    /// Size of the tree that is gone through: that of the start.
    pub fn size(&self) -> u64 {
        self.size
    }
    /// Leaves gone through.
    pub fn done(&self) -> u64 {
        self.done.reached()
    }
    /// Why it stopped before the end.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.get().map(String::as_str)
    }
    /// Waits for the end, or for trouble; says whether either came.
    pub fn wait(&self, timeout: Duration) -> bool {
        self.done.wait_for(self.size, timeout)
    }
}

/// The thread's work.
pub(crate) struct Recomputer {
    pub(crate) reader: Arc<dyn LogReader>,
    pub(crate) index: Arc<Table>,
    /// The folder of the rows.
    pub(crate) rows: PathBuf,
    pub(crate) outcome: Arc<Recomputation>,
    pub(crate) stopping: Arc<AtomicBool>,
}

impl Recomputer {
    pub(crate) fn run(&self) {
        let Err(fault) = self.go_through() else { return };
        tracing::error!(fault = %log_chain(&fault), runbook = "derived", "the tree cannot be recomputed from the log");
        if matches!(fault, DerivedFault::Tree(_))
            && let Err(fault) = fs::write(self.rows.join(WRONG_MARK), log_chain(&fault))
        {
            tracing::error!(fault = %fault, runbook = "derived", "derived rows could not be marked as wrong; remove their folder before the next start");
        }
        self.outcome.trouble.get_or_init(|| log_chain(&fault));
        self.outcome.done.advance(self.outcome.size);
    }

    fn go_through(&self) -> Result<(), DerivedFault> {
        let (mut tree, mut completed) = (TreeBuilder::new(), Vec::new());
        let (mut since, mut rested_at, mut outcome) = (Instant::now(), 0, Ok(()));
        self.reader.read(0, &mut |batch| {
            outcome = leaves_beside(batch, &mut |_, _| Ok(())).and_then(|hashes| {
                for hash in hashes {
                    tree.append(hash, &mut completed).map_err(tiles::TileError::from)?;
                }
                let view = DerivedView::of(&self.index)?;
                tiles::check_stored(&view.tree(), completed.drain(..))?;
                Ok(())
            });
            if outcome.is_err() || self.stopping.load(Ordering::SeqCst) {
                return ControlFlow::Break(());
            }
            self.outcome.done.advance(tree.size());
            if tree.size() - rested_at >= REST_EVENTS {
                std::thread::park_timeout(since.elapsed() * REST_FACTOR);
                (since, rested_at) = (Instant::now(), tree.size());
            }
            if tree.size() < self.outcome.size { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        outcome
    }
}
