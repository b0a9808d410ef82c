//! Damage: a real log, written by the engine and closed, with one bit flipped, cut short or with a file missing. Whoever opens or reads it
//! is told which segment is damaged, or gets exactly what was written; never anything else, never a panic.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use zhixin_engine::appender::log_chain;
use zhixin_engine::engine::Engine;
use zhixin_engine::log::{LogKey, LogReader, open_reader};
use zhixin_tests::crash::{Frame, Script, Seed, frames, open, options, set_up};

/// A closed data folder whose log has several segments, and what is in it.
struct Written {
    dir: TempDir,
    key: LogKey,
    log: Vec<Frame>,
}

fn write() -> Written {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path(), 5);
    let handle = engine.handle();
    let cast = set_up(handle);
    std::thread::scope(|scope| {
        for number in 0..32 {
            scope.spawn(move || {
                let mut script = Script::new(number);
                (0..90).for_each(|_| drop(script.step(handle, &cast).unwrap()));
            });
        }
    });
    let (key, log) = (handle.log_key().clone(), frames(handle.reader().as_ref()));
    engine.close();
    Written { dir, key, log }
}

/// Files of a log with a suffix, in order.
fn files(dir: &Path, suffix: &str) -> Vec<PathBuf> {
    let paths = fs::read_dir(dir.join("data/log")).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|found| found == suffix)).collect();
    found.sort();
    found
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// Flips a random bit below `end`; returns where.
fn flip(path: &Path, end: usize, seed: &Seed) -> usize {
    let mut bytes = fs::read(path).unwrap();
    let at = seed.below(end.min(bytes.len()));
    bytes[at] ^= 1 << seed.below(8);
    fs::write(path, bytes).unwrap();
    at
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

/// Bytes of records in a segment: zeroes follow.
fn used(path: &Path) -> usize {
    fs::read(path).unwrap().iter().rposition(|byte| *byte != 0).unwrap() + 1
}

/// Whatever is served is what was written.
fn check_served(reader: &dyn LogReader, log: &[Frame]) {
    let mut seen = 0;
    for frame in log.iter().step_by(3) {
        if let Ok(served) = reader.frame_at(frame.position) {
            let expected = (frame.position, &frame.bytes, frame.base_ms);
            assert_eq!((served.first_position, &served.bytes, served.base_ms), expected, "a changed commit is served");
            seen += 1;
        }
    }
    assert!(seen > 0, "most of the log is undamaged");
}

/// Aim: no flipped bit passes. Method: readers over one log file after another, each with one bit flipped and put back.
#[test]
fn a_flipped_bit_is_named_by_whoever_reads_it() {
    let seed = Seed::announced("flipped bits, read");
    let written = write();
    let segments = files(written.dir.path(), "seg");
    let sidecars = files(written.dir.path(), "idx");
    assert!(segments.len() > 3 && sidecars.len() + 1 == segments.len(), "{} segments", segments.len());
    let log_dir = written.dir.path().join("data/log");
    // It has read everything before, and remembers where things are.
    let long_open = open_reader(&log_dir).unwrap();
    check_served(long_open.as_ref(), &written.log);
    let lasts: Vec<usize> = segments.iter().map(|path| used(path)).collect();
    for _ in 0..Seed::rounds(300) {
        let in_sidecar = seed.below(6) == 0;
        let number = seed.below(if in_sidecar { sidecars.len() } else { segments.len() });
        let (path, end) = if in_sidecar { (&sidecars[number], usize::MAX) } else { (&segments[number], lasts[number]) };
        let before = fs::read(path).unwrap();
        let at = flip(path, end, &seed);
        check_served(long_open.as_ref(), &written.log);
        let last = !in_sidecar && number + 1 == segments.len();
        match open_reader(&log_dir) {
            Err(fault) => assert!(log_chain(&fault).contains(&name(path)), "{} is named: {}", name(path), log_chain(&fault)),
            Ok(reader) => {
                check_served(reader.as_ref(), &written.log);
                if let Err(fault) = reader.check(&written.key, &mut |_| {}) {
                    assert!(log_chain(&fault).contains(&name(path)), "{} is named: {}", name(path), log_chain(&fault));
                } else {
                    // A reader takes what it cannot read at the very end for an append under way; the writer decides (next test).
                    assert!(in_sidecar || last, "bit flipped at {at} of {} went unnoticed", name(path));
                    let served = frames(reader.as_ref());
                    assert_eq!(served, written.log[..served.len()]);
                    assert!(last || served.len() == written.log.len());
                }
            }
        }
        fs::write(path, before).unwrap();
    }
    let reader = open_reader(&log_dir).unwrap();
    reader.check(&written.key, &mut |_| {}).unwrap();
    assert_eq!(frames(reader.as_ref()), written.log, "all flips were put back");
}

/// Opens a damaged folder: refused with words that name `path`, or opened with damage that is named when read, or undamaged.
fn open_damaged(dir: &Path, path: &Path, log: &[Frame]) -> Result<(), String> {
    let engine = Engine::open(options(dir, 6)).map_err(|fault| log_chain(&fault));
    let engine = match engine {
        Ok(engine) => engine,
        Err(words) => {
            assert!(words.contains("segment"), "{words}");
            return Err(words);
        }
    };
    let handle = engine.handle();
    check_served(handle.reader().as_ref(), log);
    let checked = handle.reader().check(handle.log_key(), &mut |_| {}).map_err(|fault| log_chain(&fault));
    if let Err(words) = checked {
        assert!(words.contains(&name(path)), "{} is named: {words}", name(path));
        return Err(words);
    }
    assert_eq!(frames(handle.reader().as_ref()), log, "nothing is missing, nothing is changed");
    engine.close();
    Ok(())
}

/// Aim: the engine never goes on from a damaged log as if nothing were. Method: flip a bit, cut a file short or remove it, then open the
/// engine, half of the time without derived rows so that everything is read again.
#[test]
fn a_damaged_log_is_named_when_the_engine_opens_it_or_reads_it() {
    let seed = Seed::announced("damage, opened");
    let written = write();
    for round in 0..Seed::rounds(40) {
        let dir = tempfile::tempdir().unwrap();
        copy(written.dir.path(), dir.path());
        if seed.flip() {
            fs::remove_dir_all(dir.path().join("data/derived")).unwrap();
        }
        let segments = files(dir.path(), "seg");
        let number = if round % 2 == 0 { segments.len() - 1 } else { seed.below(segments.len() - 1) };
        let path = &segments[number];
        let records = used(path);
        let what = match seed.below(4) {
            0 => {
                let kept = seed.below(records);
                fs::OpenOptions::new().write(true).open(path).unwrap().set_len(kept as u64).unwrap();
                format!("cut to {kept} of {records}")
            }
            1 => {
                fs::remove_file(path).unwrap();
                "removed".to_owned()
            }
            _ => format!("flipped a bit at {} of {records}", flip(path, records, &seed)),
        };
        let outcome = open_damaged(dir.path(), path, &written.log);
        assert!(outcome.is_err(), "{}, {what}: nobody noticed", name(path));
    }
    for (number, path) in files(written.dir.path(), "idx").into_iter().enumerate() {
        let dir = tempfile::tempdir().unwrap();
        copy(written.dir.path(), dir.path());
        let path = dir.path().join("data/log").join(name(&path));
        match number % 3 {
            0 => assert!(flip(&path, usize::MAX, &seed) < 1 << 20),
            1 => fs::write(&path, "").unwrap(),
            _ => fs::remove_file(&path).unwrap(),
        }
        assert_eq!(open_damaged(dir.path(), &path, &written.log), Ok(()), "a sidecar is made again");
    }
}

/// A torn last record that nobody has seen durable is cut off; the log goes on.
#[test]
fn a_torn_tail_is_cut_off_and_the_log_goes_on() {
    let seed = Seed::announced("torn tails");
    let dir = tempfile::tempdir().unwrap();
    open(dir.path(), 7).close();
    for round in 0..10 {
        let last = files(dir.path(), "seg").pop().unwrap();
        let mut bytes = fs::read(&last).unwrap();
        let (end, length) = (used(&last), 1 + seed.below(3_000));
        // Whatever an append that was cut off may leave behind: parts of a record, pages in any order.
        let end = end + 200;
        let record = bytes[..used(&last)].to_vec();
        (0..length).filter(|_| seed.flip()).for_each(|at| bytes[end + at] = record[at % record.len()]);
        fs::write(&last, bytes).unwrap();
        let engine = open(dir.path(), 8 + round);
        let handle = engine.handle();
        let (before, mut script) = (handle.end(), Script::new(u32::try_from(round).unwrap()));
        let cast = set_up(handle);
        script.step(handle, &cast).unwrap();
        handle.reader().check(handle.log_key(), &mut |_| {}).unwrap();
        assert!(frames(handle.reader().as_ref()).last().unwrap().next > before);
        engine.close();
    }
}
