//! Records a child, then loses power at many moments of its life.

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;
use zhixin_domain::person::ErasePerson;
use zhixin_engine::engine::{Engine, EngineOptions};
use zhixin_engine::fault::OpenFault;
use zhixin_engine::handle::EngineHandle;
use zhixin_events::ErasureGround;
use zhixin_tests::crash::{Ack, Cast, Child, Frame, Script, Seed, frames, is_child, name_of, options, person_of, reading, set_up, watch};

use crate::disk::Disk;
use crate::trace::{self, Change, Entry};

const CHILD: &str = "replay::child_lives_for_the_record";
const CALLERS: u32 = 8;
const STEPS: u32 = 24;
/// The script of the person that is erased.
const ERASED: u32 = 100;

/// Segments hold a few dozen commits, so that many are begun.
fn try_start(dir: &Path, seed: u64) -> Result<Engine, OpenFault> {
    Engine::open(EngineOptions { segment_bytes: 24 << 10, ..options(dir, seed) })
}

fn start(dir: &Path, seed: u64) -> Engine {
    try_start(dir, seed).unwrap()
}

/// In the child: opens, appends from several callers, erases a person, closes; opens again, appends, closes.
#[test]
fn child_lives_for_the_record() {
    let Some(work) = is_child() else { return };
    let [dir, seed] = work.as_slice() else { panic!("folder, seed: {work:?}") };
    let (dir, seed): (&Path, u64) = (Path::new(dir), seed.parse().unwrap());
    let engine = start(dir, seed);
    Child::mark(dir, "opened");
    let handle = engine.handle();
    let cast = set_up(handle);
    run_scripts(dir, handle, &cast, 0);
    let mut script = Script::new(ERASED);
    let steps: Vec<_> = (0..4).map(|_| script.step(handle, &cast).unwrap()).collect();
    let person = person_of(&steps[3].accepted);
    Child::mark(dir, &format!("registered {}", steps[3].accepted.position.0));
    let command = ErasePerson { person, ground: ErasureGround::PersonRequest };
    std::thread::scope(|scope| {
        scope.spawn(|| run_scripts(dir, handle, &cast, 200));
        Child::mark(dir, "erasing");
        handle.erase(cast.by_office(handle, command, "erase"), person).unwrap();
        Child::mark(dir, "erased");
    });
    engine.close();
    let engine = start(dir, seed + 1);
    run_scripts(dir, engine.handle(), &set_up(engine.handle()), 300);
    engine.close();
}

fn run_scripts(dir: &Path, handle: &EngineHandle, cast: &Cast, first: u32) {
    std::thread::scope(|scope| {
        for number in first..first + CALLERS {
            scope.spawn(move || {
                let mut script = Script::new(number);
                for _ in 0..STEPS {
                    Child::mark(dir, &Ack::of(&script.step(handle, cast).unwrap()).line());
                }
            });
        }
    });
}

/// A recorded life.
struct Life {
    before: Disk,
    entries: Vec<Entry>,
    /// Every commit in the end.
    log: Vec<Frame>,
    /// Keeps the temporary folder until the end.
    _dir: TempDir,
}

fn record(seed: u64) -> Life {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap().join("watched");
    fs::create_dir(&root).unwrap();
    drop(options(&root, 0));
    let before = Disk::of(&root);
    let file = dir.path().join("trace");
    let watched = watch(&root);
    let mut variables: Vec<(&str, &str)> = watched.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    variables.push(("ZX_TRACE_FILE", file.to_str().unwrap()));
    let mut child = Child::start(CHILD, &[root.to_str().unwrap(), &seed.to_string()], &variables);
    assert_eq!(child.next_line(), None);
    assert!(child.wait().success());
    let entries = trace::read(&file);

    let mut disk = before.clone();
    for entry in &entries {
        disk.apply(entry);
    }
    disk.show(&dir.path().join("shown"));
    assert_eq!(contents(&dir.path().join("shown")), contents(&root), "the record reproduces the files byte for byte");
    let engine = start(&root, seed + 2);
    let log = frames(engine.handle().reader().as_ref());
    engine.close();
    Life { before, entries, log, _dir: dir }
}

fn contents(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            found.insert(format!("{name}/"), Vec::new());
            found.extend(contents(&path).into_iter().map(|(below, bytes)| (format!("{name}/{below}"), bytes)));
        } else if name != "lock.mdb" && name != zhixin_tests::crash::MARKS {
            // LMDB's reader table is shared memory; whoever opens it first makes it anew.
            found.insert(name, fs::read(&path).unwrap());
        }
    }
    found
}

/// What was acknowledged before a moment.
#[derive(Default)]
struct Known {
    opened: bool,
    acks: Vec<Ack>,
    registered: Option<u64>,
    erasing: bool,
    erased: bool,
}

impl Known {
    fn before(entries: &[Entry]) -> Self {
        let mut known = Self::default();
        for mark in entries.iter().filter_map(Entry::mark) {
            match mark.split_once(' ') {
                Some(("registered", position)) => known.registered = Some(position.parse().unwrap()),
                Some(_) => known.acks.push(Ack::parse(mark).unwrap()),
                None => {
                    known.opened |= mark == "opened";
                    known.erasing |= mark == "erasing";
                    known.erased |= mark == "erased";
                }
            }
        }
        known
    }
}

/// Moments worth a look: right after something was acknowledged, around changes of names, lengths and synchronous writes, at the first
/// acknowledgement after a change of names, and anywhere.
fn moment(seed: &Seed, entries: &[Entry]) -> usize {
    let pick = |wanted: &dyn Fn(&Entry) -> bool| {
        let found: Vec<usize> = (0..entries.len()).filter(|at| wanted(&entries[*at])).collect();
        found[seed.below(found.len())]
    };
    let renames = |entry: &Entry| match entry.change {
        Change::Create | Change::MakeDir | Change::Rename { .. } | Change::Unlink | Change::RemoveDir => true,
        Change::Write { .. } | Change::Truncate { .. } | Change::SyncBegin { .. } | Change::SyncEnd { .. } => false,
    };
    match seed.below(4) {
        0 => pick(&|entry| entry.mark().is_some()) + 1,
        1 => {
            let sharp = |entry: &Entry| matches!(entry.change, Change::Truncate { .. } | Change::Write { synchronous: true, .. });
            pick(&|entry| renames(entry) || sharp(entry)) + seed.below(2)
        }
        2 => {
            let from = pick(&renames);
            entries[from..].iter().position(|entry| entry.mark().is_some()).map_or(entries.len(), |after| from + after + 1)
        }
        _ => seed.below(entries.len() + 1),
    }
}

/// Aim: loss of power at any moment keeps everything acknowledged and serves nothing else. Method: see the top of the file.
#[test]
fn loss_of_power_keeps_everything_acknowledged() {
    let seed = Seed::announced("loss of power");
    let life = record(seed.number);
    let mut kept_acks = 0;
    for round in 0..Seed::rounds(60) {
        let at = moment(&seed, &life.entries);
        let known = Known::before(&life.entries[..at]);
        let mut disk = life.before.clone();
        life.entries[..at].iter().for_each(|entry| disk.apply(entry));
        if let Some(next) = life.entries.get(at).filter(|_| seed.flip()) {
            disk.begin(next);
        }
        for _ in 0..2 {
            let dir = tempfile::tempdir().unwrap();
            disk.fail(dir.path(), &seed);
            let outcome = catch_unwind(AssertUnwindSafe(|| check(dir.path(), &known, &life.log, seed.number + 10 + round as u64)));
            if let Err(panic) = outcome {
                let kept = dir.keep();
                let about = life.entries[at.saturating_sub(3)..life.entries.len().min(at + 3)].iter().map(describe).collect::<Vec<_>>();
                zhixin_tests::crash::say(&format!(
                    "moment {at} of {}, around {about:#?}; the folder is {}\n",
                    life.entries.len(),
                    kept.display()
                ));
                std::panic::resume_unwind(panic);
            }
        }
        kept_acks += known.acks.len();
    }
    assert!(kept_acks > 0, "some moments lie behind acknowledgements");
}

fn describe(entry: &Entry) -> String {
    if let Change::Write { offset, bytes, synchronous } = &entry.change {
        return format!("{} write {} at {offset}{}", entry.path, bytes.len(), if *synchronous { ", synchronous" } else { "" });
    }
    format!("{} {:?}", entry.path, entry.change)
}

fn check(dir: &Path, known: &Known, log: &[Frame], seed: u64) {
    let engine = match try_start(dir, seed) {
        Ok(engine) => engine,
        Err(fault) => {
            let fault = zhixin_engine::appender::log_chain(&fault);
            // Whoever loses power while making the folder makes it again.
            assert!(!known.opened, "{} acknowledged, but the folder does not open: {fault}", known.acks.len());
            return;
        }
    };
    let handle = engine.handle();
    handle.reader().check(handle.log_key(), &mut |_| {}).unwrap();
    let found = frames(handle.reader().as_ref());
    if !known.opened {
        return;
    }
    let common = found.iter().zip(log).take_while(|(ours, theirs)| ours == theirs).count();
    // Opening finishes an erasure, which appends one commit of its own.
    assert!(found.len() - common <= 1, "{} commits that were never written", found.len() - common);
    for ack in &known.acks {
        let frame = found[..common].iter().find(|frame| frame.position == ack.position);
        let frame = frame.unwrap_or_else(|| panic!("{ack:?} is lost, the log ends at {}", handle.end()));
        assert_eq!(frame.command_id, ack.command_id);
    }
    let cast = set_up(handle);
    for ack in known.acks.iter().filter(|ack| ack.at.1 >= 3 && (ack.at.1 - 3).is_multiple_of(3)) {
        assert_eq!(name_at(handle, &cast, ack.position).as_deref(), Some(name_of(ack.at.0, ack.at.1).as_str()), "{ack:?}");
    }
    if let Some(position) = known.registered {
        assert!(handle.wait_indexed(handle.end(), Duration::from_mins(1)));
        let name = name_at(handle, &cast, position);
        let erasures = handle.view().unwrap().erasures().unwrap();
        assert!(erasures.iter().all(|(_, completed)| *completed), "an erasure that was decided is completed");
        assert_eq!(name.is_none(), !erasures.is_empty(), "erased or readable");
        assert!(!known.erased || name.is_none(), "what was erased stays so");
        assert!(known.erasing || name.is_some(), "nobody asked to erase yet");
    }
    engine.close();
}

fn name_at(handle: &EngineHandle, cast: &Cast, position: u64) -> Option<String> {
    let found = handle.commit_at(position).unwrap();
    let registered = found.event(position).unwrap();
    let person = registered.record.subjects.iter().find_map(|(subject, _)| subject.as_person()).unwrap();
    let opened = handle.open_persons(&reading(cast, person), &[position]).unwrap();
    opened[0].1.iter().find(|field| field.field == "name").map(|field| field.value.expose().clone())
}
