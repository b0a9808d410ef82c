//! The thread that makes the next segment ahead of need and seals full ones, so that neither delays a commit.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::{fs, thread};

use super::log::SegmentOptions;
use super::state::{Segment, io_fault};
use super::{SegmentFault, recover};
use crate::files;

/// Name of the segment that is ready but has no position yet.
const SPARE: &str = "spare.new";

enum Job {
    Make,
    Seal(Box<Segment>),
}

#[derive(Debug)]
enum Spare {
    None,
    Making,
    Ready(File),
    Failed(SegmentFault),
}

/// Hands out zero-filled segments.
#[derive(Debug)]
pub(super) struct Preparer {
    jobs: Option<Sender<Job>>,
    slot: Arc<Slot>,
    thread: Option<JoinHandle<()>>,
    spare_path: PathBuf,
}

#[derive(Debug)]
struct Slot {
    spare: Mutex<Spare>,
    changed: Condvar,
}

impl Slot {
    fn lock(&self) -> MutexGuard<'_, Spare> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, spare: Spare) {
        *self.lock() = spare;
        self.changed.notify_all();
    }
}

impl Preparer {
    pub(super) fn start(dir: &Path, options: &SegmentOptions) -> Result<Self, SegmentFault> {
        let (jobs, queue) = channel();
        let slot = Arc::new(Slot { spare: Mutex::new(Spare::None), changed: Condvar::new() });
        let (worker_slot, worker_dir, worker_options) = (Arc::clone(&slot), dir.to_owned(), options.clone());
        let thread = thread::Builder::new()
            .name("zx-segments".to_owned())
            .spawn(move || work(&queue, &worker_slot, &worker_dir, &worker_options))
            .map_err(io_fault("start a thread for", dir))?;
        Ok(Self { jobs: Some(jobs), slot, thread: Some(thread), spare_path: dir.join(SPARE) })
    }

    /// Begins to make a spare, if none is there or on its way.
    pub(super) fn request(&self) {
        let mut spare = self.slot.lock();
        if matches!(*spare, Spare::None | Spare::Failed(_)) {
            *spare = Spare::Making;
            drop(spare);
            self.send(Job::Make);
        }
    }

    /// The spare's file and path, waiting for it; the caller renames it. A failure is forgotten, so the next call tries again.
    pub(super) fn take(&self) -> Result<(File, &Path), SegmentFault> {
        self.request();
        let mut spare = self.slot.lock();
        loop {
            match std::mem::replace(&mut *spare, Spare::None) {
                Spare::Ready(file) => return Ok((file, &self.spare_path)),
                Spare::Failed(fault) => return Err(fault),
                Spare::Making => *spare = Spare::Making,
                Spare::None => return Err(SegmentFault::Full),
            }
            spare = self.slot.changed.wait(spare).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Puts back a spare that could not be renamed.
    pub(super) fn give_back(&self, file: File) {
        self.slot.set(Spare::Ready(file));
    }

    /// Seals a full segment some time soon. If that fails, the next opening does it.
    pub(super) fn seal(&self, segment: Segment) {
        self.send(Job::Seal(Box::new(segment)));
    }

    fn send(&self, job: Job) {
        let sent = self.jobs.as_ref().map(|jobs| jobs.send(job));
        assert!(matches!(sent, Some(Ok(()))), "the thread that prepares segments is gone");
    }
}

impl Drop for Preparer {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been reported on its own; here it would hide the first failure.
            drop(thread.join());
        }
    }
}

fn work(queue: &Receiver<Job>, slot: &Slot, dir: &Path, options: &SegmentOptions) {
    while let Ok(job) = queue.recv() {
        match job {
            Job::Make => slot.set(match make(dir, options) {
                Ok(file) => Spare::Ready(file),
                Err(fault) => Spare::Failed(fault),
            }),
            // Without a sidecar the next opening scans the segment and seals it then.
            Job::Seal(segment) => drop(recover::seal(&segment)),
        }
    }
}

fn make(dir: &Path, options: &SegmentOptions) -> Result<File, SegmentFault> {
    let path = dir.join(SPARE);
    // One left by an earlier process may be half made, and must not count against the free space.
    if path.exists() {
        fs::remove_file(&path).map_err(io_fault("remove", &path))?;
    }
    create(&path, dir, options).inspect_err(|_| drop(fs::remove_file(&path)))
}

/// Makes a zero-filled file of a segment's size, if that leaves enough room on the disk.
pub(super) fn create(path: &Path, dir: &Path, options: &SegmentOptions) -> Result<File, SegmentFault> {
    if !options.has_room(dir, options.segment_bytes)? {
        return Err(SegmentFault::Full);
    }
    let made = files::create_zeroed(path, options.segment_bytes).and_then(|file| files::sync_dir(dir).map(|()| file));
    made.map_err(|error| if files::is_full(&error) { SegmentFault::Full } else { io_fault("make", path)(error) })
}
