//! The peers: the same bytes into bare storage. And the callers, the same for both sides.
//!
//! "Bare" = one thread that takes whatever the callers have queued, writes it as one batch, durably, and answers them.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Barrier, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio::sync::oneshot;
use zhixin_engine::engine::QUEUE_MAX;
use zhixin_store::segments::BodyBuilder;
use zhixin_store::vault::{LmdbVault, Vault as _};

/// Callers at once.
pub(crate) const CALLERS: usize = 64;

/// What the callers saw.
pub(crate) struct Driven {
    /// From the first call to the last answer.
    pub(crate) took: Duration,
    /// Time of each call.
    pub(crate) latencies: Vec<Duration>,
}

/// Deals jobs to so many lists, one a caller.
pub(crate) fn deal<T>(jobs: impl IntoIterator<Item = T>) -> Vec<Vec<T>> {
    let mut lists: Vec<Vec<T>> = (0..CALLERS).map(|_| Vec::new()).collect();
    for (index, job) in jobs.into_iter().enumerate() {
        lists[index % CALLERS].push(job);
    }
    lists
}

/// Lets every caller do its jobs, one after another; all begin at once.
///
/// # Errors
/// The first call that failed.
pub(crate) fn drive<T: Send>(lists: Vec<Vec<T>>, call: impl Fn(T) -> anyhow::Result<()> + Sync) -> anyhow::Result<Driven> {
    let ready = Barrier::new(lists.len() + 1);
    let all = Mutex::new(Vec::new());
    let work = |jobs: Vec<T>| {
        let mut latencies = Vec::with_capacity(jobs.len());
        ready.wait();
        let mut outcome = Ok(());
        for job in jobs {
            let begun = Instant::now();
            outcome = call(job);
            latencies.push(begun.elapsed());
            if outcome.is_err() {
                break;
            }
        }
        all.lock().unwrap_or_else(PoisonError::into_inner).extend(latencies);
        outcome
    };
    let took = std::thread::scope(|scope| {
        let callers: Vec<_> = lists.into_iter().map(|jobs| scope.spawn(|| work(jobs))).collect();
        ready.wait();
        let begun = Instant::now();
        for caller in callers {
            caller.join().map_err(|_| anyhow::anyhow!("a caller panicked"))??;
        }
        anyhow::Ok(begun.elapsed())
    })?;
    Ok(Driven { took, latencies: all.into_inner().unwrap_or_else(PoisonError::into_inner) })
}

/// Bare storage: takes a batch and makes it durable.
pub(crate) trait Bare: Send {
    fn write(&mut self, body: &[u8]) -> anyhow::Result<()>;
}

/// One LMDB transaction a batch, with LMDB's default durability. Source of the environment: the vault's, which is opened so.
pub(crate) struct BareLmdb {
    environment: LmdbVault,
    next: u64,
}

impl BareLmdb {
    pub(crate) fn make(dir: &Path) -> anyhow::Result<Self> {
        Ok(Self { environment: LmdbVault::open(dir)?, next: 0 })
    }
}

impl Bare for BareLmdb {
    fn write(&mut self, body: &[u8]) -> anyhow::Result<()> {
        self.environment.put(&self.next.to_be_bytes(), body)?;
        self.next += 1;
        Ok(())
    }
}

/// A zero-filled file, written over from its beginning again when it is full: no metadata moves.
pub(crate) struct BareFile {
    file: File,
    length: u64,
    at: u64,
}

impl BareFile {
    pub(crate) fn make(path: &Path, length: u64) -> anyhow::Result<Self> {
        let file = File::options().read(true).write(true).create_new(true).open(path).context("the raw file")?;
        let zeroes = vec![0; 1 << 20];
        let mut at = 0;
        while at < length {
            file.write_all_at(&zeroes, at)?;
            at += zeroes.len() as u64;
        }
        file.sync_all()?;
        Ok(Self { file, length: at, at: 0 })
    }
}

impl Bare for BareFile {
    fn write(&mut self, body: &[u8]) -> anyhow::Result<()> {
        if self.at + body.len() as u64 > self.length {
            self.at = 0;
        }
        self.file.write_all_at(body, self.at)?;
        self.file.sync_data()?;
        self.at += body.len() as u64;
        Ok(())
    }
}

type Job = (Vec<u8>, oneshot::Sender<bool>);

/// Lets the callers send frames to one thread that writes them to bare storage. Also answers with the number of batches.
pub(crate) fn drive_bare(bare: &mut dyn Bare, frames: Vec<Vec<Vec<u8>>>) -> anyhow::Result<(Driven, u64)> {
    let (sender, receiver) = sync_channel::<Job>(QUEUE_MAX);
    std::thread::scope(|scope| {
        let writer = scope.spawn(move || write_all(bare, &receiver));
        let driven = drive(frames, |frame| {
            let (reply, answer) = oneshot::channel();
            sender.send((frame, reply)).map_err(|_| anyhow::anyhow!("the writer has gone"))?;
            anyhow::ensure!(answer.blocking_recv().unwrap_or(false), "a batch was not written");
            Ok(())
        });
        drop(sender);
        let batches = writer.join().map_err(|_| anyhow::anyhow!("the writer panicked"))??;
        Ok((driven?, batches))
    })
}

fn write_all(bare: &mut dyn Bare, receiver: &Receiver<Job>) -> anyhow::Result<u64> {
    let mut batches = 0;
    while let Ok((frame, reply)) = receiver.recv() {
        let mut body = BodyBuilder::new(0, 0);
        anyhow::ensure!(body.push(1, &frame), "a frame fits an empty body");
        let mut replies = vec![reply];
        // A frame of a closed loop of 64 callers always fits: a commit is far shorter than a 64th of a body.
        while let Ok((frame, reply)) = receiver.try_recv() {
            anyhow::ensure!(body.push(1, &frame), "64 commits fit a body");
            replies.push(reply);
        }
        bare.write(&body.finish())?;
        batches += 1;
        for reply in replies {
            // A caller that failed has gone; nobody waits for its answer.
            let (Ok(()) | Err(_)) = reply.send(true);
        }
    }
    Ok(batches)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_frame_reaches_bare_storage_once() {
        #[derive(Default)]
        struct Counting(u64);
        impl Bare for Counting {
            fn write(&mut self, body: &[u8]) -> anyhow::Result<()> {
                self.0 += zhixin_store::segments::Body::parse(body).unwrap().frames().count() as u64;
                Ok(())
            }
        }
        let mut counting = Counting::default();
        let (driven, batches) = drive_bare(&mut counting, deal((0..1_000_u32).map(|number| number.to_be_bytes().to_vec()))).unwrap();
        assert_eq!((counting.0, driven.latencies.len()), (1_000, 1_000));
        assert!((1..=1_000).contains(&batches));
    }

    #[test]
    fn a_raw_file_begins_again_when_it_is_full() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = BareFile::make(&dir.path().join("raw"), 1 << 20).unwrap();
        for _ in 0..5 {
            file.write(&vec![7; 300 << 10]).unwrap();
        }
        assert_eq!(std::fs::metadata(dir.path().join("raw")).unwrap().len(), 1 << 20);
    }
}
