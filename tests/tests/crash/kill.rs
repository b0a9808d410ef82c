//! Kills: while 64 callers append, at every call of a flush, and at calls of an erasure.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use zhixin_domain::person::ErasePerson;
use zhixin_engine::handle::EngineHandle;
use zhixin_events::{Event, PersonId};
use zhixin_tests::crash::{Ack, Cast, Child, Ledger, Script, Seed, is_child, open, person_of, reading, set_up, watch};

const CALLERS: u32 = 64;
/// Where a child finds its work: this test does nothing in the parent.
const CHILD: &str = "kill::child_does_what_it_was_started_for";

#[test]
fn child_does_what_it_was_started_for() {
    let Some(work) = is_child() else { return };
    let words: Vec<&str> = work.iter().map(String::as_str).collect();
    let [name, dir, seed, rest @ ..] = words.as_slice() else { panic!("work, folder, seed: {work:?}") };
    let (dir, seed) = (Path::new(dir), seed.parse().unwrap());
    Child::report("started");
    let engine = open(dir, seed);
    let handle = engine.handle();
    let cast = set_up(handle);
    let numbers: Vec<u32> = rest.iter().map(|number| number.parse().unwrap()).collect();
    match (*name, numbers.as_slice()) {
        ("append", [first]) => run_scripts(handle, &cast, *first, CALLERS, u32::MAX),
        ("flush", [first]) => {
            run_scripts(handle, &cast, *first, 8, 12);
            Child::mark(dir, "arm");
            engine.close();
        }
        ("erase", [first]) => {
            let persons = register(handle, &cast, *first);
            Child::mark(dir, "arm");
            // Others go on registering meanwhile: their keys are made while the keys of the erased are destroyed.
            std::thread::scope(|scope| {
                let erasing = scope.spawn(|| persons.iter().for_each(|person| erase(handle, &cast, *person)));
                run_scripts(handle, &cast, first + 1, 16, 60);
                erasing.join().unwrap();
            });
        }
        other => panic!("no such work: {other:?}"),
    }
}

/// Each caller runs one script and reports each answer after it came.
fn run_scripts(handle: &EngineHandle, cast: &Cast, first: u32, callers: u32, steps: u32) {
    std::thread::scope(|scope| {
        for number in first..first + callers {
            scope.spawn(move || {
                let mut script = Script::new(number);
                for _ in 0..steps {
                    Child::report(&Ack::of(&script.step(handle, cast).unwrap()).line());
                }
            });
        }
    });
}

/// Aim: no acknowledged commit is lost or changed by kill -9, whenever it comes. Method: a child with 64 callers reports each answer on a
/// pipe; the parent kills it after a random number of reports, opens the folder, and compares log, chain, answers, index and sealed names.
#[test]
fn every_acknowledged_commit_survives_a_kill_while_64_callers_append() {
    let seed = Seed::announced("kill while appending");
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::default();
    let mut all_steps = Vec::new();
    let rounds = u32::try_from(Seed::rounds(20)).unwrap();
    for round in 0..rounds {
        let first = round * CALLERS;
        let child_seed = (seed.number + u64::from(round) * 2 + 1).to_string();
        let mut child = Child::start(CHILD, &["append", dir.path().to_str().unwrap(), &child_seed, &first.to_string()], &[]);
        assert_eq!(child.next_line().as_deref(), Some("started"));
        let wanted = if seed.below(8) == 0 { 0 } else { seed.below(600) };
        let mut take = |child: &mut Child| match child.next_line() {
            Some(line) => ledger.note(Ack::parse(&line).unwrap()),
            None => panic!("the child ended by itself: {:?}", child.wait()),
        };
        (0..wanted).for_each(|_| take(&mut child));
        child.kill();
        while let Some(line) = child.next_line() {
            ledger.note(Ack::parse(&line).unwrap());
        }
        assert_eq!(child.wait().signal(), Some(9), "killed, not ended");

        let engine = open(dir.path(), seed.number + u64::from(round) * 2 + 2);
        let handle = engine.handle();
        ledger.check_log(handle);
        let cast = set_up(handle);
        let steps = ledger.repeat(handle, &cast, first..first + CALLERS);
        Ledger::check_names(handle, &cast, &steps);
        all_steps.extend(steps);
        ledger.check_log(handle);
        check_derived(dir.path(), engine, seed.number + 1_000_000 + u64::from(round), round % 4 == 0);
    }
    assert!(rounds < 20 || fs::read_dir(dir.path().join("data/log")).unwrap().count() > 4, "the log rolled over");
    let engine = open(dir.path(), seed.number);
    let cast = set_up(engine.handle());
    Ledger::check_names(engine.handle(), &cast, &all_steps);
    engine.close();
}

/// Everything derived, made anew, is what it was. (Catching up checks ordinals.)
fn check_derived(dir: &Path, engine: zhixin_engine::engine::Engine, seed: u64, anew: bool) {
    let handle = engine.handle();
    assert!(handle.wait_indexed(handle.end(), Duration::from_mins(1)));
    let digest = handle.view().unwrap().digest().unwrap();
    engine.close();
    if anew {
        for folder in ["derived", "snapshots"] {
            fs::remove_dir_all(dir.join("data").join(folder)).unwrap();
        }
        let engine = open(dir, seed);
        assert_eq!(engine.handle().view().unwrap().digest().unwrap(), digest);
        engine.close();
    }
}

/// Starts a child that kills itself before its `at`-th change or sync of a file whose path holds `part`, once armed.
fn start_doomed(work: &str, dir: &Path, seed: u64, first: u32, part: &str, at: usize) -> Child {
    let at = at.to_string();
    let watched = watch(dir);
    let mut variables: Vec<(&str, &str)> = watched.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    variables.extend([("ZX_KILL_MATCH", part), ("ZX_KILL_AT", &at)]);
    Child::start(CHILD, &[work, dir.to_str().unwrap(), &seed.to_string(), &first.to_string()], &variables)
}

/// Aim: a kill at any moment of writing derived rows is mended at the next start. Method: one child after the other dies before the first,
/// second, third … call of the flush, until one gets through.
#[test]
fn a_kill_before_any_call_of_a_flush_is_mended() {
    let seed = Seed::announced("kill while flushing");
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().canonicalize().unwrap();
    let mut ledger = Ledger::default();
    for at in 1.. {
        let first = u32::try_from(at).unwrap() * 8;
        let mut child = start_doomed("flush", &dir, seed.number + at as u64 * 2, first, "data/derived/", at);
        assert_eq!(child.next_line().as_deref(), Some("started"));
        while let Some(line) = child.next_line() {
            ledger.note(Ack::parse(&line).unwrap());
        }
        let got_through = child.wait().success();
        assert!(got_through || child.wait().signal() == Some(9));
        let engine = open(&dir, seed.number + at as u64 * 2 + 1);
        ledger.check_log(engine.handle());
        let cast = set_up(engine.handle());
        let steps = ledger.repeat(engine.handle(), &cast, first..first + 8);
        Ledger::check_names(engine.handle(), &cast, &steps);
        check_derived(&dir, engine, seed.number, true);
        if got_through {
            assert!(at > 3, "a flush has several calls, not {at}");
            return;
        }
    }
}

fn register(handle: &EngineHandle, cast: &Cast, script: u32) -> Vec<PersonId> {
    let mut script = Script::new(script);
    let steps: Vec<_> = (0..10).map(|_| script.step(handle, cast).unwrap()).collect();
    steps.iter().filter(|step| step.registers()).map(|step| person_of(&step.accepted)).collect()
}

fn erase(handle: &EngineHandle, cast: &Cast, person: PersonId) {
    let command = ErasePerson { person, ground: zhixin_events::ErasureGround::PersonRequest };
    handle.erase(cast.by_office(handle, command, &format!("erase-{person}")), person).unwrap();
}

/// Aim: an erasure is either not decided or completed after a start, whenever the kill comes, and nobody else loses anything. Method: the
/// child dies before a random call on vault, master key or checkpoint file while it erases three persons and others are being registered.
#[test]
fn a_kill_during_an_erasure_leaves_it_undecided_or_completed() {
    static GOT_THROUGH: AtomicU32 = AtomicU32::new(0);
    let seed = Seed::announced("kill while erasing");
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().canonicalize().unwrap();
    let mut ledger = Ledger::default();
    let mut others = Vec::new();
    let mut looked = (0, 0);
    let rounds = Seed::rounds(20);
    for round in 0..rounds {
        let first = u32::try_from(round).unwrap() * 17;
        let part = ["data/vault/", "master", "data.checkpoint", "data/log/"][seed.below(4)];
        let at = if round + 1 == rounds { usize::MAX >> 1 } else { 1 + seed.below(if part == "data/vault/" { 150 } else { 30 }) };
        let child_seed = seed.number + round as u64 * 2 + 1;
        let mut child = start_doomed("erase", &dir, child_seed, first, part, at);
        assert_eq!(child.next_line().as_deref(), Some("started"));
        while let Some(line) = child.next_line() {
            ledger.note(Ack::parse(&line).unwrap());
        }
        let status = child.wait();
        assert!(status.success() || status.signal() == Some(9), "round {round}, {part} {at}: {status}");
        GOT_THROUGH.fetch_add(u32::from(status.success()), Ordering::SeqCst);

        let engine = open(&dir, child_seed + 1);
        let handle = engine.handle();
        ledger.check_log(handle);
        let cast = set_up(handle);
        check_erasures(handle, &cast, first, &mut looked);
        let steps = ledger.repeat(handle, &cast, first + 1..first + 17);
        Ledger::check_names(handle, &cast, &steps);
        others.extend(steps);
        check_derived(&dir, engine, seed.number, round % 4 == 0);
    }
    let engine = open(&dir, seed.number);
    let cast = set_up(engine.handle());
    Ledger::check_names(engine.handle(), &cast, &others);
    engine.close();
    assert!(GOT_THROUGH.load(Ordering::SeqCst) > 0, "the last child erased all three");
}

/// Each person of a script: erased, completed and unreadable, or not erased and readable. `looked`: how far the log was looked at, and how many
/// completions were there.
fn check_erasures(handle: &EngineHandle, cast: &Cast, script: u32, looked: &mut (u64, usize)) {
    assert!(handle.wait_indexed(handle.end(), Duration::from_mins(1)));
    let erasures = handle.view().unwrap().erasures().unwrap();
    for position in looked.0..handle.end() {
        if let Event::Person(event) = handle.commit_at(position).unwrap().event(position).unwrap().event {
            looked.1 += usize::from(format!("{event:?}").starts_with("ErasureCompleted"));
        }
    }
    looked.0 = handle.end();
    assert_eq!(looked.1, erasures.len(), "one completion an erasure");
    let mut script = Script::new(script);
    for _ in 0..10 {
        let step = script.step(handle, cast).unwrap();
        if step.registers() {
            let person = person_of(&step.accepted);
            let completed = erasures.iter().find(|(known, _)| *known == person).map(|(_, completed)| *completed);
            let opened = handle.open_persons(&reading(cast, person), &[step.accepted.position.0]).unwrap();
            match completed {
                Some(completed) => assert!(completed && opened[0].1.is_empty(), "{person} is erased for good"),
                None => assert!(opened[0].1.iter().any(|field| field.field == "name"), "{person} was not erased"),
            }
        }
    }
}
