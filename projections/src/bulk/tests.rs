//! Rows built by sorting against rows that follow the log: over every store, broken off, killed, and with feeds that fail.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use proptest::prelude::*;
use zhixin_store::feed::FeedFault;
use zhixin_store::rows::{RowKind, open_rows};
use zhixin_store::table::{Table, digest};

use super::*;
use crate::properties::history::{MemoryFeed, steps, tell};
use crate::replay;

/// A feed that fails after some batches: whatever was gathered and not spilled is then lost, as in a kill.
struct Failing<'a>(&'a MemoryFeed, AtomicUsize);

impl Feed for Failing<'_> {
    fn end(&self) -> u64 {
        self.0.end()
    }
    fn read(&self, from: u64, on_batch: &mut dyn FnMut(&Batch<'_>) -> ControlFlow<()>) -> Result<(), FeedFault> {
        let mut failed = false;
        self.0.read(from, &mut |batch| {
            failed = self.1.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_err();
            if failed { ControlFlow::Break(()) } else { on_batch(batch) }
        })?;
        if failed { Err(FeedFault::Source { position: from, source: "gone".into() }) } else { Ok(()) }
    }
    fn wait_beyond(&self, _: u64, _: Duration) -> u64 {
        self.0.end()
    }
}

fn empty(dir: &Path, kind: RowKind) -> Vec<Empty> {
    let one = |model: ModelName| {
        let folder = dir.join(model.name());
        let store = open_rows(kind, &folder).unwrap();
        Empty { model, folder, store }
    };
    ModelName::ALL.map(one).into()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Aim: for any history, sorting gives the bytes that following gives, for every model and store, wherever a build was broken off (some
    /// models further than others) or killed before, and whatever the batches were.
    #[test]
    fn sorting_gives_the_rows_that_following_gives(
        steps in steps(160),
        sizes in prop::collection::vec(1..40_usize, 1..5),
        broken in prop::collection::vec((1..8_usize, 1..6_usize, any::<bool>()), 0..4),
    ) {
        let told = tell(&steps);
        let feed = MemoryFeed::new(&told, &sizes);
        let expected = ModelName::ALL.map(|model| digest(&replay::build(model, &feed, feed.end()).unwrap()).unwrap());
        for kind in [RowKind::Lmdb, RowKind::Sled, RowKind::Memory] {
            let dir = tempfile::tempdir().unwrap();
            for (batches, models, fails) in &broken {
                let some = empty(dir.path(), kind);
                if *fails {
                    let failing = Failing(&feed, AtomicUsize::new(*batches));
                    build(&some[..*models.min(&some.len())], &failing, feed.end(), &mut |_| ControlFlow::Continue(())).ok();
                } else {
                    let mut left = *batches;
                    let stop = &mut |_| { left -= 1; if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) } };
                    build(&some[..*models.min(&some.len())], &feed, feed.end(), stop).unwrap();
                }
                if some.iter().any(|rows| rows.store.view().unwrap().checkpoint().position > 0) {
                    // It was shorter than that: begin again, with nothing.
                    drop(some);
                    fs::remove_dir_all(dir.path()).unwrap();
                }
            }
            let rows = empty(dir.path(), kind);
            prop_assert!(build(&rows, &feed, feed.end(), &mut |_| ControlFlow::Continue(())).unwrap());
            for (rows, expected) in rows.iter().zip(&expected) {
                let table = Table::new(Arc::clone(&rows.store)).unwrap();
                prop_assert_eq!(table.checkpoint().position, feed.end());
                prop_assert_eq!(&digest(&table.view().unwrap()).unwrap(), expected, "{} {:?}", rows.model, kind);
                prop_assert!(!rows.folder.join(FOLDER).exists(), "no run is left");
            }
        }
    }
}

/// Runs of another log are thrown away.
#[test]
fn runs_of_another_log_are_gathered_again() {
    let (told, dir) = (crate::properties::a_year(), tempfile::tempdir().unwrap());
    let (feed, other) = (MemoryFeed::new(&told, &[5]), MemoryFeed::new(&told[1..], &[5]));
    let stop = &mut |progress: BuildProgress| if progress.position >= 50 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    assert!(!build(&empty(dir.path(), RowKind::Lmdb), &other, other.end(), stop).unwrap());
    let rows = empty(dir.path(), RowKind::Lmdb);
    assert!(build(&rows, &feed, feed.end(), &mut |_| ControlFlow::Continue(())).unwrap());
    let built = Table::new(Arc::clone(&rows[0].store)).unwrap().view().unwrap();
    assert_eq!(digest(&built).unwrap(), digest(&replay::build(rows[0].model, &feed, feed.end()).unwrap()).unwrap());
}
