//! The log against what may happen to its files: torn writes, flipped bits, lost segments, full disks.

use std::fs::{self, OpenOptions};
use std::io;
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use proptest::prelude::*;

use super::{
    AppendFault, Body, BodyBuilder, ENVELOPE_BYTES, Envelope, FRAME_BYTES_MAX, OpenReport, Record, RecordKind, SegmentFault, SegmentLog,
    SegmentOptions, SegmentReader, list_files, verify_file,
};
use crate::feed::Feed;

const ORIGIN: [u8; 32] = [0xA5; 32];

fn options(segment_bytes: u64) -> SegmentOptions {
    SegmentOptions { segment_bytes, free_bytes_min: 0, chain_origin: Some(ORIGIN), ..SegmentOptions::default() }
}

fn open(dir: &Path, segment_bytes: u64) -> Result<(SegmentLog, OpenReport), SegmentFault> {
    SegmentLog::open(dir, options(segment_bytes))
}

/// What a test appends: frames of these lengths with these numbers of events, or an epoch record.
#[derive(Clone, Debug)]
enum Write {
    Batch(Vec<(usize, u32)>),
    Epoch,
}

/// Bytes that differ from event to event and from length to length.
fn frame(first_position: u64, length: usize) -> Vec<u8> {
    (0..length).map(|at| u8::try_from((first_position * 31 + at as u64 * 7) % 251).unwrap()).collect()
}

fn record(log: &SegmentLog, write: &Write) -> Record {
    let chain = log.chain().unwrap();
    match write {
        Write::Epoch => Record::epoch(log.epoch() + 1, chain, b"epoch body", |_| [1; 16]).unwrap(),
        Write::Batch(frames) => {
            let mut body = BodyBuilder::new(log.end(), 1_000);
            for (length, events) in frames {
                let bytes = frame(body.next_position(), *length);
                assert!(body.push(*events, &bytes));
            }
            Record::batch(log.epoch(), chain, &body.finish(), |hash| hash[..16].try_into().unwrap()).unwrap()
        }
    }
}

fn append(log: &mut SegmentLog, write: &Write) -> Record {
    let record = record(log, write);
    log.append(&record).unwrap();
    record
}

/// Everything a reader sees, as bytes of whole records.
fn read_all(reader: &SegmentReader, from: u64) -> Result<Vec<Vec<u8>>, SegmentFault> {
    let mut records = Vec::new();
    reader.read_records(from, &mut |record| {
        let envelope = record.envelope;
        let mac = |_: &[u8; 32]| envelope.mac;
        let again = match envelope.kind {
            RecordKind::Batch => Record::batch(envelope.epoch, envelope.chain_before, record.body, mac),
            RecordKind::Epoch => Record::epoch(envelope.epoch, envelope.chain_before, record.body, mac),
        };
        let again = again.unwrap();
        assert_eq!(again.chain_after(), record.chain_after);
        assert_eq!(
            again.positions().unwrap_or((record.next_position, record.next_position)),
            (record.first_position, record.next_position)
        );
        records.push(again.bytes().to_vec());
        ControlFlow::Continue(())
    })?;
    Ok(records)
}

fn bytes_of(records: &[Record]) -> Vec<Vec<u8>> {
    records.iter().map(|record| record.bytes().to_vec()).collect()
}

fn segment_files(dir: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files.filter(|path| path.extension().is_some_and(|suffix| suffix == "seg")).collect();
    files.sort();
    files
}

fn flip(path: &Path, offset: u64) {
    let file = OpenOptions::new().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, offset).unwrap();
    file.write_all_at(&[byte[0] ^ 0x10], offset).unwrap();
}

/// A log of four records (the second an epoch record) in one segment; returns them.
fn small_log(dir: &Path) -> Vec<Record> {
    let (mut log, _) = open(dir, 4_096).unwrap();
    let writes = [Write::Batch(vec![(40, 2)]), Write::Epoch, Write::Batch(vec![(30, 1), (0, 3)]), Write::Batch(vec![(50, 1)])];
    writes.iter().map(|write| append(&mut log, write)).collect()
}

fn write_strategy() -> impl Strategy<Value = Write> {
    prop_oneof![
        6 => proptest::collection::vec((0..6_000_usize, 1..4_u32), 1..6).prop_map(Write::Batch),
        1 => Just(Write::Epoch),
        1 => Just(Write::Batch(vec![(100_000, 1_000)])),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Random appends over small segments with reopenings; every read of every position by every way agrees with what was appended.
    #[test]
    fn log_returns_what_was_appended(
        writes in proptest::collection::vec((write_strategy(), proptest::bool::weighted(0.1)), 1..60),
        from in any::<prop::sample::Index>(),
        without_sidecars in any::<bool>(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let (mut log, report) = open(dir.path(), 300_000).unwrap();
        prop_assert_eq!(report, OpenReport { end: 0, chain: Some(ORIGIN), epoch: 0, segment_count: 1, torn_tail: None });
        let other = SegmentReader::open(dir.path()).unwrap();
        let mut records = Vec::new();
        for (write, reopen) in &writes {
            records.push(append(&mut log, write));
            if *reopen {
                let (end, chain, epoch) = (log.end(), log.chain(), log.epoch());
                drop(log);
                if without_sidecars {
                    for path in segment_files(dir.path()) {
                        drop(fs::remove_file(path.with_extension("idx")));
                    }
                }
                let (again, report) = open(dir.path(), 300_000).unwrap();
                prop_assert_eq!(report, OpenReport { end, chain, epoch, segment_count: segment_files(dir.path()).len(), torn_tail: None });
                log = again;
            }
        }
        let reader = log.reader();
        prop_assert_eq!(reader.end(), log.end());
        other.refresh().unwrap();
        for reader in [&reader, &other, &SegmentReader::open(dir.path()).unwrap()] {
            prop_assert_eq!(reader.end(), log.end());
            prop_assert_eq!(reader.chain(), log.chain());
            prop_assert_eq!(read_all(reader, 0).unwrap(), bytes_of(&records));
            let from = from.index(usize::try_from(log.end()).unwrap() + 1) as u64;
            let mut position = 0;
            let wanted: Vec<_> = records.iter().filter(|record| match record.positions() {
                Some((_, next)) => { position = next; next > from }
                None => position >= from,
            }).map(|record| record.bytes().to_vec()).collect();
            prop_assert_eq!(read_all(reader, from).unwrap(), wanted, "from {}", from);
        }
        for record in records.iter().filter(|record| record.positions().is_some()) {
            for frame in Body::parse(record.body()).unwrap().frames() {
                for position in [frame.first_position, frame.next_position() - 1] {
                    let found = reader.frame_at(position).unwrap();
                    prop_assert_eq!(&found.bytes, frame.bytes);
                    prop_assert_eq!(u64::from(found.index), position - frame.first_position);
                    prop_assert_eq!((found.first_position, found.event_count), (frame.first_position, frame.event_count));
                    prop_assert_eq!((found.epoch, found.base_ms), (record.envelope().epoch, 1_000));
                }
            }
        }
        reader.will_read(&[0, log.end() / 2, log.end(), u64::MAX]); // A hint: that a position is not there matters to nobody.
        let beyond = reader.frame_at(log.end());
        prop_assert!(matches!(beyond, Err(SegmentFault::OutOfRange { .. })), "a position beyond the end");
    }
}

/// The sparse index may begin an entry right behind an epoch record; a read from that position must still yield the record.
#[test]
fn epoch_record_before_an_index_entry_is_not_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = open(dir.path(), 300_000).unwrap();
    append(&mut log, &Write::Batch(vec![(65_500 - ENVELOPE_BYTES - 24, 1)]));
    let epoch = append(&mut log, &Write::Epoch);
    let batch = append(&mut log, &Write::Batch(vec![(10, 1)]));
    append(&mut log, &Write::Batch(vec![(10, 1)]));
    assert_eq!(log.reader().segments()[0].index.len(), 2);
    assert_eq!(log.reader().segments()[0].index[1].offset, 65_500 + epoch.bytes().len() as u64);
    let read = read_all(&log.reader(), 1).unwrap();
    assert_eq!(read[..2], bytes_of(&[epoch, batch]));
}

/// The last record is cut at every byte (what follows stays zero, as after a crash), and must vanish without a trace.
#[test]
fn append_torn_at_any_byte_is_cut_off() {
    let dir = tempfile::tempdir().unwrap();
    let records = small_log(dir.path());
    let path = &segment_files(dir.path())[0];
    let whole = fs::read(path).unwrap();
    let last_at: usize = records[..3].iter().map(|record| record.bytes().len()).sum();
    let last = records[3].bytes();
    for kept in 0..last.len() {
        let mut torn = whole.clone();
        torn[last_at + kept..last_at + last.len()].fill(0);
        fs::write(path, &torn).unwrap();
        let (mut log, report) = open(dir.path(), 4_096).unwrap();
        let written = last[..kept].iter().rposition(|byte| *byte != 0).map(|at| at as u64 + 1);
        assert_eq!(report.torn_tail.as_ref().map(|torn| (torn.offset, torn.bytes)), written.map(|bytes| (last_at as u64, bytes)), "{kept}");
        assert_eq!((report.end, log.chain()), (6, Some(records[2].chain_after())));
        assert_eq!(read_all(&log.reader(), 0).unwrap(), bytes_of(&records[..3]));
        // A shorter record over the cut must not leave anything behind that looks torn.
        append(&mut log, &Write::Batch(vec![(1, 1)]));
        drop(log);
        assert_eq!(open(dir.path(), 4_096).unwrap().1.torn_tail, None);
    }
}

/// Parts of a torn record may be missing in the middle too: the device writes pages in any order.
#[test]
fn append_with_a_hole_or_only_its_end_is_cut_off() {
    let dir = tempfile::tempdir().unwrap();
    let records = small_log(dir.path());
    let path = &segment_files(dir.path())[0];
    let whole = fs::read(path).unwrap();
    let last_at: usize = records[..3].iter().map(|record| record.bytes().len()).sum();
    for lost in [0..1, 0..64, 0..80, 70..90] {
        let mut torn = whole.clone();
        torn[last_at + lost.start..last_at + lost.end].fill(0);
        fs::write(path, &torn).unwrap();
        let (log, report) = open(dir.path(), 4_096).unwrap();
        assert_eq!((report.end, report.torn_tail.unwrap().offset), (6, last_at as u64));
        drop(log);
        assert!(fs::read(path).unwrap()[last_at..].iter().all(|byte| *byte == 0), "the cut is zeroes again");
    }
}

/// Every single bit position class: one flip in each byte of the first three records, which have a valid record behind them.
#[test]
fn flip_in_any_byte_before_the_last_record_is_damage_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let records = small_log(dir.path());
    let path = &segment_files(dir.path())[0];
    let name = path.file_name().unwrap().to_str().unwrap();
    let whole = fs::read(path).unwrap();
    let mut record_at = 0;
    for record in &records[..3] {
        for at in 0..record.bytes().len() as u64 {
            flip(path, record_at + at);
            let before = fs::read(path).unwrap();
            let fault = open(dir.path(), 4_096).unwrap_err();
            let named = matches!(&fault, SegmentFault::Damaged { segment, offset, .. } if segment == name && *offset == record_at);
            assert!(named, "byte {at}: {fault}");
            assert_eq!(fs::read(path).unwrap(), before, "a refused log is left as it is");
            fs::write(path, &whole).unwrap();
        }
        record_at += record.bytes().len() as u64;
    }
    assert_eq!(open(dir.path(), 4_096).unwrap().1.end, 7);
}

#[test]
fn log_that_ends_before_what_was_seen_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let records = small_log(dir.path());
    let last_at: usize = records[..3].iter().map(|record| record.bytes().len()).sum();
    let must_reach = |position| SegmentLog::open(dir.path(), SegmentOptions { must_reach: Some(position), ..options(4_096) });
    assert_eq!(must_reach(7).unwrap().1.end, 7);
    assert!(matches!(must_reach(8).unwrap_err(), SegmentFault::Damaged { .. }));
    flip(&segment_files(dir.path())[0], last_at as u64 + 70);
    // The last record was acknowledged and seen: what looks torn is damage, and stays as it is.
    assert!(matches!(must_reach(7).unwrap_err(), SegmentFault::Damaged { offset, .. } if offset == last_at as u64));
    assert!(must_reach(6).unwrap().1.torn_tail.is_some());
    let empty = tempfile::tempdir().unwrap();
    let nothing = SegmentLog::open(empty.path(), SegmentOptions { must_reach: Some(1), ..options(4_096) });
    assert!(matches!(nothing.unwrap_err(), SegmentFault::Damaged { .. }));
}

/// A log over several segments; returns the position at which each begins.
fn long_log(dir: &Path) -> Vec<u64> {
    let (mut log, _) = open(dir, 4_096).unwrap();
    for _ in 0..60 {
        append(&mut log, &Write::Batch(vec![(150, 1), (20, 2)]));
    }
    drop(log);
    let starts = segment_files(dir).iter().map(|path| path.file_stem().unwrap().to_str().unwrap().parse().unwrap()).collect::<Vec<_>>();
    assert!(starts.len() > 3);
    starts
}

#[test]
fn sealed_segments_are_cut_to_their_records_and_have_sidecars() {
    let dir = tempfile::tempdir().unwrap();
    long_log(dir.path());
    let files = segment_files(dir.path());
    let (active, sealed) = files.split_last().unwrap();
    for path in sealed {
        assert!(fs::metadata(path).unwrap().len() < 4_096);
        assert!(path.with_extension("idx").exists());
    }
    assert_eq!(fs::metadata(active).unwrap().len(), 4_096);
    assert!(!active.with_extension("idx").exists());
}

#[test]
fn missing_segment_is_damage() {
    for missing in 0..3 {
        let dir = tempfile::tempdir().unwrap();
        let starts = long_log(dir.path());
        fs::remove_file(&segment_files(dir.path())[missing]).unwrap();
        let fault = open(dir.path(), 4_096).unwrap_err();
        assert!(matches!(fault, SegmentFault::Damaged { .. }), "{fault}");
        assert!(fault.to_string().contains(&starts[missing].to_string()), "{fault}");
    }
}

#[test]
fn damage_in_a_sealed_segment_is_named_when_read_or_scanned() {
    let dir = tempfile::tempdir().unwrap();
    let starts = long_log(dir.path());
    let path = &segment_files(dir.path())[1];
    flip(path, 100);
    let (log, report) = open(dir.path(), 4_096).unwrap();
    assert_eq!(report.end, 180, "sealed segments are trusted at opening");
    let reader = log.reader();
    let damaged = |outcome: Result<(), SegmentFault>| {
        let fault = outcome.unwrap_err();
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(matches!(&fault, SegmentFault::Damaged { segment, offset: 0, .. } if segment == name), "{fault}");
    };
    damaged(reader.read_batches(0, &mut |_| ControlFlow::Continue(())));
    damaged(reader.frame_at(starts[1]).map(drop));
    let listed = &list_files(&reader).unwrap()[1];
    assert!(!verify_file(path, listed).unwrap());
    drop((log, reader));
    fs::remove_file(path.with_extension("idx")).unwrap();
    damaged(open(dir.path(), 4_096).map(drop));
}

#[test]
fn sealed_segment_cut_short_is_damage() {
    let dir = tempfile::tempdir().unwrap();
    long_log(dir.path());
    let path = &segment_files(dir.path())[1];
    let file = OpenOptions::new().write(true).open(path).unwrap();
    file.set_len(file.metadata().unwrap().len() - 1).unwrap();
    assert!(matches!(open(dir.path(), 4_096).unwrap_err(), SegmentFault::Damaged { .. }));
    fs::remove_file(path.with_extension("idx")).unwrap();
    assert!(matches!(open(dir.path(), 4_096).unwrap_err(), SegmentFault::Damaged { .. }));
}

#[test]
fn record_from_elsewhere_is_refused_or_found() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = open(dir.path(), 4_096).unwrap();
    append(&mut log, &Write::Epoch);
    append(&mut log, &Write::Batch(vec![(10, 2)]));
    let chain = log.chain().unwrap();
    let mut body = BodyBuilder::new(2, 0);
    assert!(body.push(1, b"x"));
    let body = body.finish();
    let mut late = BodyBuilder::new(3, 0);
    assert!(late.push(1, b"x"));
    let epoch = |epoch, chain| Record::epoch(epoch, chain, b"", |_| [0; 16]).unwrap();
    let batch = |epoch, chain, body: &[u8]| Record::batch(epoch, chain, body, |_| [0; 16]).unwrap();
    for wrong in [
        batch(1, [0; 32], &body),
        batch(0, chain, &body),
        batch(2, chain, &body),
        batch(1, chain, &late.finish()),
        epoch(1, chain),
        epoch(3, chain),
        epoch(2, [0; 32]),
    ] {
        assert!(matches!(log.append(&wrong), Err(AppendFault::NotNext { .. })));
    }
    let right = batch(1, chain, &body);
    log.append(&right).unwrap();
    assert!(Record::parse(right.bytes().to_vec()).unwrap().positions() == Some((2, 3)));
    drop(log);
    // A valid record that breaks the chain can only have been put there: damage, although nothing follows it.
    let path = &segment_files(dir.path())[0];
    let end = fs::read(path).unwrap().iter().rposition(|byte| *byte != 0).unwrap() as u64 + 1;
    let mut stray = BodyBuilder::new(3, 0);
    assert!(stray.push(1, b"x"));
    let stray = batch(1, [9; 32], &stray.finish());
    OpenOptions::new().write(true).open(path).unwrap().write_all_at(stray.bytes(), end).unwrap();
    let fault = open(dir.path(), 4_096).unwrap_err();
    assert!(matches!(&fault, SegmentFault::Damaged { offset, what, .. } if *offset == end && what.contains("chain")), "{fault}");
}

/// The probe of the tests: the number of free bytes stands in a file of the log's folder.
fn probe(dir: &Path) -> io::Result<u64> {
    fs::read_to_string(dir.join("free"))?.trim().parse().map_err(io::Error::other)
}

#[test]
fn full_disk_stops_appends_and_lets_them_go_on_later() {
    let dir = tempfile::tempdir().unwrap();
    let set_free = |bytes: u64| fs::write(dir.path().join("free"), bytes.to_string()).unwrap();
    let limited = SegmentOptions { free_space: probe, free_bytes_min: 10_000, ..options(4_096) };
    set_free(13_000);
    assert!(matches!(SegmentLog::open(dir.path(), limited.clone()).unwrap_err(), SegmentFault::Full));
    set_free(14_096);
    let (mut log, _) = SegmentLog::open(dir.path(), limited.clone()).unwrap();
    let write = Write::Batch(vec![(1_000, 1)]);
    append(&mut log, &write);
    set_free(9_999);
    let record = record(&log, &write);
    assert!(matches!(log.append(&record), Err(AppendFault::Full)), "below the limit nothing is taken");
    drop(log);
    let (mut log, _) = SegmentLog::open(dir.path(), limited).unwrap();
    append(&mut log, &Write::Epoch);
    let record = self::record(&log, &write);
    assert!(matches!(log.append(&record), Err(AppendFault::Full)), "it is open, to be read");
    set_free(10_000);
    log.append(&record).unwrap();
    append(&mut log, &write);
    // The spare for the second segment may be there already; the third has no room.
    let mut appended = 3;
    while appended < 20 {
        let record = self::record(&log, &write);
        match log.append(&record) {
            Ok(()) => appended += 1,
            Err(fault) => {
                assert!(matches!(fault, AppendFault::Full), "{fault}");
                break;
            }
        }
    }
    assert!(appended < 10);
    set_free(20_000);
    append(&mut log, &write);
    assert_eq!(log.end(), appended + 1);
    assert_eq!(read_all(&log.reader(), 0).unwrap().len() as u64, appended + 2, "with the epoch");
}

#[test]
fn record_longer_than_a_segment_is_too_large() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = open(dir.path(), 4_096).unwrap();
    let record = record(&log, &Write::Batch(vec![(4_096, 1)]));
    assert!(matches!(log.append(&record), Err(AppendFault::TooLarge { bytes: 4_184, bytes_max: 4_096 })));
    append(&mut log, &Write::Batch(vec![(100, 1)]));
}

#[test]
fn body_takes_what_fits_and_no_more() {
    let mut body = BodyBuilder::new(5, -3);
    assert!(body.is_empty() && Body::parse(&body.clone().finish()).is_none());
    assert!(!body.push(0, b"x") && !body.push(1_001, b"x") && !body.push(1, &vec![0; FRAME_BYTES_MAX + 1]));
    assert!(body.push(1_000, &vec![7; FRAME_BYTES_MAX]));
    assert!(!body.has_room(0) && !body.push(1, b""));
    assert_eq!(body.next_position(), 1_005);
    let bytes = body.finish();
    let parsed = Body::parse(&bytes).unwrap();
    assert_eq!((parsed.first_position(), parsed.next_position(), parsed.base_ms()), (5, 1_005, -3));
    assert!(Body::parse(&bytes[..bytes.len() - 1]).is_none());
    let record = Record::batch(1, ORIGIN, &bytes, |_| [0; 16]).unwrap();
    assert!(Record::parse(record.bytes().to_vec()).is_some());
    assert!(Record::parse(record.bytes()[1..].to_vec()).is_none());
}

/// Bytes on the disk, fixed: envelope, head of the body, head of the frame.
#[test]
fn record_has_the_documented_bytes() {
    let mut body = BodyBuilder::new(0x0102, 0x0304);
    assert!(body.push(3, b"hi"));
    let record = Record::batch(7, [0xCC; 32], &body.finish(), |_| [0xDD; 16]).unwrap();
    let bytes = record.bytes();
    assert_eq!(bytes[..12], [b'Z', b'l', 1, 1, 26, 0, 0, 0, 7, 0, 0, 0]);
    assert!(bytes[12..44] == [0xCC; 32] && bytes[44..60] == [0xDD; 16]);
    assert_eq!(bytes[60..64], Envelope::parse(bytes).unwrap().crc.to_le_bytes());
    assert_eq!(bytes[64..80], [2, 1, 0, 0, 0, 0, 0, 0, 4, 3, 0, 0, 0, 0, 0, 0]);
    assert_eq!(bytes[80..84], [2, 0, 0x30, 0]);
    assert_eq!(bytes[84..88], crc32c::crc32c(&[&bytes[80..84], b"hi"].concat()).to_le_bytes(), "the CRC covers the word too");
    assert_eq!(&bytes[88..], b"hi");
    assert_eq!(bytes.len(), ENVELOPE_BYTES + 26);
}

#[test]
fn second_writer_is_refused_until_the_first_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let (log, _) = open(dir.path(), 4_096).unwrap();
    assert!(matches!(open(dir.path(), 4_096).unwrap_err(), SegmentFault::Locked { .. }));
    drop(log);
    open(dir.path(), 4_096).unwrap();
}

#[test]
fn backup_of_the_listed_files_opens_as_the_same_log() {
    let dir = tempfile::tempdir().unwrap();
    long_log(dir.path());
    let (log, report) = open(dir.path(), 4_096).unwrap();
    let copy = tempfile::tempdir().unwrap();
    let files = list_files(&log.reader()).unwrap();
    assert_eq!(files.iter().filter(|file| !file.sealed).count(), 1);
    for file in &files {
        let path = copy.path().join(&file.name);
        file.copy_to(&mut fs::File::create(&path).unwrap()).unwrap();
        assert_eq!(path.metadata().unwrap().len(), file.bytes);
        assert!(verify_file(&path, file).unwrap());
    }
    let (mut restored, again) = open(copy.path(), 4_096).unwrap();
    assert_eq!(again, report);
    assert_eq!(read_all(&restored.reader(), 0).unwrap(), read_all(&log.reader(), 0).unwrap());
    append(&mut restored, &Write::Batch(vec![(10, 1)]));
}

/// A feed in another thread waits for appends instead of asking again and again; a reader of the files finds them too.
#[test]
fn feed_wakes_when_a_batch_is_durable() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = open(dir.path(), 4_096).unwrap();
    let other = SegmentReader::open(dir.path()).unwrap();
    assert_eq!(other.wait_beyond(0, Duration::ZERO), 0);
    let reader = log.reader();
    let waiting = std::thread::spawn(move || {
        let mut seen = Vec::new();
        while seen.len() < 50 {
            let from = seen.len() as u64;
            assert!(reader.wait_beyond(from, Duration::from_mins(1)) > from);
            Feed::read(&reader, from, &mut |batch| {
                seen.extend(batch.first_position..batch.next_position);
                ControlFlow::Continue(())
            })
            .unwrap();
        }
        seen
    });
    for _ in 0..50 {
        append(&mut log, &Write::Batch(vec![(200, 1)]));
    }
    assert_eq!(waiting.join().unwrap(), (0..50).collect::<Vec<_>>());
    assert_eq!(other.wait_beyond(49, Duration::from_mins(1)), 50);
    assert_eq!(read_all(&other, 0).unwrap().len(), 50);
}

#[test]
fn epoch_records_alone_never_roll_into_a_second_segment_of_the_same_name() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = open(dir.path(), 4_096).unwrap();
    for _ in 0..100 {
        append(&mut log, &Write::Epoch);
    }
    append(&mut log, &Write::Batch(vec![(10, 1)]));
    append(&mut log, &Write::Batch(vec![(10, 1)]));
    drop(log);
    assert_eq!(segment_files(dir.path()).len(), 2);
    let (log, report) = open(dir.path(), 4_096).unwrap();
    assert_eq!((report.end, report.epoch), (2, 100));
    assert_eq!(read_all(&log.reader(), 0).unwrap().len(), 102);
    assert_eq!(read_all(&log.reader(), 1).unwrap().len(), 1);
}

static SYNC_FAILS: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

/// Not even a sync that succeeds afterwards may be believed: the system may hold for written what it could not write.
#[test]
fn a_failed_sync_takes_no_more_records_until_the_log_is_opened_again() {
    fn sync(file: &fs::File) -> io::Result<()> {
        if SYNC_FAILS.load(std::sync::atomic::Ordering::SeqCst) { Err(io::Error::other("made up")) } else { file.sync_data() }
    }
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = SegmentLog::open(dir.path(), SegmentOptions { sync, ..options(4_096) }).unwrap();
    append(&mut log, &Write::Epoch);
    append(&mut log, &Write::Batch(vec![(40, 2)]));
    let (end, next) = (log.end(), record(&log, &Write::Batch(vec![(40, 2)])));
    SYNC_FAILS.store(true, std::sync::atomic::Ordering::SeqCst);
    assert!(matches!(log.append(&next), Err(AppendFault::SyncFailed(_))));
    SYNC_FAILS.store(false, std::sync::atomic::Ordering::SeqCst);
    assert!(matches!(log.append(&next), Err(AppendFault::Poisoned)));
    assert_eq!((log.end(), log.reader().end()), (end, end), "nobody sees it");
    drop(log);
    let (log, report) = open(dir.path(), 4_096).unwrap();
    assert!(report.end == end || report.end == end + 2, "{report:?}");
    drop(log);
}
