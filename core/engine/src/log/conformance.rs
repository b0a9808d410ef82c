//! The suite that every backend of the event log passes: what an adapter must do so that the engine may trust it. Test support.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use zhixin_store::segments::{BODY_BYTES_MAX, Body, BodyBuilder, Record};

use super::{AppendFault, EventLog, LogKey, LogReader, Trouble};

/// How the suite drives a backend.
pub trait Harness {
    /// Opens a writer, which takes a new epoch; `None` when the backend lets only one be open and one is.
    fn open(&self) -> Option<Box<dyn EventLog>>;
    /// The log's key.
    fn key(&self) -> LogKey;
    /// Puts a record into the backend behind the writer's back; `false` when no stranger can.
    fn inject(&self, record: &Record) -> bool;
    /// Makes the next append meet a trouble; `false` when the backend cannot play it.
    fn trouble(&self, trouble: Trouble) -> bool;
}

/// A body of one frame with so many events at a position.
///
/// # Panics
/// The frame is longer than a body.
pub fn body(first_position: u64, event_count: u32, frame: &[u8]) -> Vec<u8> {
    let mut builder = BodyBuilder::new(first_position, 1_000);
    assert!(builder.push(event_count, frame), "the frame fits");
    builder.finish()
}

fn frames(reader: &Arc<dyn LogReader>, from: u64) -> Vec<(u64, Vec<u8>)> {
    let mut found = Vec::new();
    let outcome = reader.read(from, &mut |batch| {
        if let Some(body) = Body::parse(batch.body) {
            found.extend(body.frames().map(|frame| (frame.first_position, frame.bytes.to_vec())));
        }
        ControlFlow::Continue(())
    });
    assert!(outcome.is_ok(), "the log can be read");
    found
}

fn writer(harness: &dyn Harness) -> Box<dyn EventLog> {
    match harness.open() {
        Some(log) => log,
        None => zhixin_events::invariant!("the suite opens a writer only where none is open"),
    }
}

/// Runs the whole suite; each call of `fresh` gives an empty backend.
pub fn run(fresh: &dyn Fn() -> Box<dyn Harness>) {
    appends_are_read_back_in_order_and_survive_reopening(fresh().as_ref());
    a_batch_that_does_not_follow_is_a_conflict(fresh().as_ref());
    a_deposed_writer_is_fenced(fresh().as_ref());
    strays_and_forgeries_are_never_read(fresh().as_ref());
    after_unknown_recovery_settles_what_is_true(fresh().as_ref(), Trouble::UnknownWritten);
    after_unknown_recovery_settles_what_is_true(fresh().as_ref(), Trouble::UnknownLost);
    a_feed_goes_on_after_a_recovery(fresh().as_ref());
    an_oversize_batch_changes_nothing(fresh().as_ref());
    a_full_log_stays_open(fresh().as_ref());
    a_reader_catches_up_and_then_follows_without_gap_or_repeat(fresh().as_ref());
}

fn appends_are_read_back_in_order_and_survive_reopening(harness: &dyn Harness) {
    let mut log = writer(harness);
    assert_eq!((log.head().next_position, log.head().epoch), (0, 1));
    assert!(log.append(&body(0, 2, b"one")).is_ok());
    assert!(log.append(&body(2, 1, b"two")).is_ok());
    let head = log.head();
    assert_eq!(head.next_position, 3);
    assert_eq!(frames(&log.feed(), 0), [(0, b"one".to_vec()), (2, b"two".to_vec())]);
    assert_eq!(frames(&log.feed(), 1).first().map(|found| found.0), Some(0), "the batch that holds the position is whole");
    let frame = log.feed().frame_at(1);
    assert!(frame.is_ok_and(|frame| frame.bytes == b"one" && frame.index == 1 && frame.first_position == 0));
    assert!(log.feed().frame_at(3).is_err(), "beyond the end");
    drop(log);
    let log = writer(harness);
    assert_eq!((log.head().next_position, log.head().chain, log.head().epoch), (3, head.chain, 2));
    assert_eq!(log.feed().epochs().map(|epochs| epochs.len()).unwrap_or_default(), 2);
    assert!(log.feed().check(&harness.key(), &mut |_| {}).is_ok());
}

fn a_batch_that_does_not_follow_is_a_conflict(harness: &dyn Harness) {
    let mut log = writer(harness);
    assert!(log.append(&body(0, 1, b"one")).is_ok());
    for first in [0, 2] {
        assert!(matches!(log.append(&body(first, 1, b"gap or repeat")), Err(AppendFault::Conflict)), "at {first}");
    }
    assert!(log.append(&body(1, 1, b"two")).is_ok(), "a conflict changes nothing");
    assert_eq!(frames(&log.feed(), 0).len(), 2);
}

fn a_deposed_writer_is_fenced(harness: &dyn Harness) {
    let mut old = writer(harness);
    assert!(old.append(&body(0, 1, b"one")).is_ok());
    let Some(mut new) = harness.open() else { return };
    assert!(matches!(old.append(&body(1, 1, b"late")), Err(AppendFault::Fenced)));
    assert!(new.append(&body(1, 1, b"two")).is_ok());
    assert_eq!(frames(&new.feed(), 0), [(0, b"one".to_vec()), (1, b"two".to_vec())]);
}

fn strays_and_forgeries_are_never_read(harness: &dyn Harness) {
    let mut log = writer(harness);
    assert!(log.append(&body(0, 1, b"one")).is_ok());
    let head = log.head();
    let key = harness.key();
    let next = body(1, 1, b"forged");
    let forged = Record::batch(head.epoch, head.chain, &next, |_| [0; 16]);
    let stray_epoch = Record::batch(head.epoch + 1, head.chain, &next, |hash| key.mac(head.epoch + 1, &head.chain, hash));
    let stray_chain = Record::batch(head.epoch, [7; 32], &next, |hash| key.mac(head.epoch, &[7; 32], hash));
    for record in [forged, stray_epoch, stray_chain].into_iter().flatten() {
        if !harness.inject(&record) {
            return;
        }
    }
    assert!(log.append(&body(1, 1, b"two")).is_ok());
    assert_eq!(frames(&log.feed(), 0), [(0, b"one".to_vec()), (1, b"two".to_vec())]);
}

fn after_unknown_recovery_settles_what_is_true(harness: &dyn Harness, trouble: Trouble) {
    let mut log = writer(harness);
    assert!(log.append(&body(0, 1, b"one")).is_ok());
    if !harness.trouble(trouble) {
        return;
    }
    assert!(matches!(log.append(&body(1, 1, b"perhaps")), Err(AppendFault::Unknown(_))));
    let recovered = log.recover();
    let expected = if trouble == Trouble::UnknownWritten { 2 } else { 1 };
    assert!(recovered.is_ok_and(|head| head.next_position == expected), "{trouble:?}");
    assert!(log.append(&body(expected, 1, b"after")).is_ok());
    assert_eq!(frames(&log.feed(), 0).len(), usize::try_from(expected).unwrap_or_default() + 1);
}

fn a_feed_goes_on_after_a_recovery(harness: &dyn Harness) {
    let mut log = writer(harness);
    assert!(log.append(&body(0, 1, b"one")).is_ok());
    let feed = log.feed();
    assert!(log.recover().is_ok_and(|head| head.next_position == 1));
    assert!(log.append(&body(1, 1, b"two")).is_ok());
    assert_eq!((feed.end(), frames(&feed, 0).len()), (2, 2), "a feed that was given out before");
    assert_eq!(feed.wait_beyond(1, Duration::ZERO), 2);
}

fn an_oversize_batch_changes_nothing(harness: &dyn Harness) {
    let mut log = writer(harness);
    let large = vec![0; BODY_BYTES_MAX + 1];
    assert!(matches!(log.append(&large), Err(AppendFault::TooLarge)));
    assert!(log.append(&body(0, 1, b"one")).is_ok());
}

fn a_full_log_stays_open(harness: &dyn Harness) {
    let mut log = writer(harness);
    assert!(log.append(&body(0, 1, b"one")).is_ok());
    if !harness.trouble(Trouble::Full) {
        return;
    }
    assert!(matches!(log.append(&body(1, 1, b"two")), Err(AppendFault::Full)));
    assert!(log.append(&body(1, 1, b"two")).is_ok(), "room again");
    assert_eq!(frames(&log.feed(), 0).len(), 2);
}

fn a_reader_catches_up_and_then_follows_without_gap_or_repeat(harness: &dyn Harness) {
    let mut log = writer(harness);
    for position in 0..50 {
        assert!(log.append(&body(position, 1, &position.to_le_bytes())).is_ok());
    }
    let reader = log.feed();
    let follower = std::thread::spawn(move || {
        let mut seen = Vec::new();
        while seen.len() < 100 {
            let from = seen.len() as u64;
            reader.wait_beyond(from, Duration::from_mins(1));
            seen.extend(frames(&reader, from).into_iter().map(|(position, _)| position));
        }
        seen
    });
    for position in 50..100 {
        assert!(log.append(&body(position, 1, &position.to_le_bytes())).is_ok());
    }
    let seen = follower.join().unwrap_or_default();
    assert_eq!(seen, (0..100).collect::<Vec<u64>>());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{EmbeddedLog, LogFault, LogId, LogPurpose, MemoryBackend, MemoryLog, Writer};
    use std::sync::atomic::{AtomicU64, Ordering};
    use zhixin_store::segments::SegmentOptions;

    fn test_key() -> LogKey {
        LogKey::new(LogId([7; 16]), [9; 32])
    }

    fn test_writer() -> Writer {
        Writer { node: "test".to_owned(), code_version: "0".to_owned(), purpose: LogPurpose::Demo, now_ms: 1 }
    }

    struct Memory(Arc<MemoryBackend>);

    impl Harness for Memory {
        fn open(&self) -> Option<Box<dyn EventLog>> {
            Some(Box::new(MemoryLog::open(&self.0, test_writer()).unwrap()))
        }
        fn key(&self) -> LogKey {
            test_key()
        }
        fn inject(&self, record: &Record) -> bool {
            self.0.inject(record.clone());
            true
        }
        fn trouble(&self, trouble: Trouble) -> bool {
            self.0.trouble([trouble]);
            true
        }
    }

    #[test]
    fn memory_log_keeps_the_contract() {
        run(&|| Box::new(Memory(MemoryBackend::new(test_key()))));
    }

    #[test]
    fn a_recovery_refuses_a_log_that_lost_what_was_acknowledged() {
        let dir = tempfile::tempdir().unwrap();
        let options = SegmentOptions { segment_bytes: 1 << 16, free_bytes_min: 0, ..SegmentOptions::default() };
        let (mut log, _) = EmbeddedLog::open(dir.path(), test_key(), test_writer(), options).unwrap();
        log.append(&body(0, 1, b"one")).unwrap();
        std::fs::write(dir.path().join(format!("{:020}.seg", 0)), vec![0; 1 << 16]).unwrap();
        assert!(matches!(log.recover(), Err(LogFault::Segments(_))));
    }

    /// Free bytes that the embedded log under test believes in.
    static FREE: AtomicU64 = AtomicU64::new(u64::MAX);

    struct Embedded(tempfile::TempDir);

    impl Harness for Embedded {
        fn open(&self) -> Option<Box<dyn EventLog>> {
            let once = |_: &std::path::Path| Ok(FREE.swap(u64::MAX, Ordering::SeqCst));
            let options = SegmentOptions { segment_bytes: 1 << 20, free_bytes_min: 1, free_space: once, ..SegmentOptions::default() };
            EmbeddedLog::open(self.0.path(), test_key(), test_writer(), options).ok().map(|(log, _)| -> Box<dyn EventLog> { Box::new(log) })
        }
        fn key(&self) -> LogKey {
            test_key()
        }
        fn inject(&self, _record: &Record) -> bool {
            false
        }
        fn trouble(&self, trouble: Trouble) -> bool {
            if trouble == Trouble::Full {
                FREE.store(0, Ordering::SeqCst);
            }
            trouble == Trouble::Full
        }
    }

    #[test]
    fn embedded_log_keeps_the_contract() {
        run(&|| Box::new(Embedded(tempfile::tempdir().unwrap())));
    }
}
