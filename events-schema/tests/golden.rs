//! Golden commits: for every tag ever released, the bytes of a commit and its leaf side by side.
//!
//! A file, once there, never changes: `ZHIXIN_BLESS=1` adds missing ones, `ZHIXIN_BLESS=unreleased` rewrites them before the first release.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use zhixin_events::codes::Role;
use zhixin_events::commit::{Commit, Envelope, EventRecord};
use zhixin_events::digest::{base64url, from_base64url, sha256};
use zhixin_events::directory::{OccupationCodeAssigned, OccupationCodeAssignedV1};
use zhixin_events::field::Wire as _;
use zhixin_events::leaf::{LEAF_BYTES_MAX, LeafWriter, disclosures, leaf};
use zhixin_events::registry::{self, EventType, LeafAudience, TYPES};
use zhixin_events::*;

const BASE: Timestamp = Timestamp(1_740_787_200_000);
const FIRST: Position = Position(4_096);

fn record(known: &EventType) -> EventRecord {
    let person = Subject::person(PersonId::from_bytes([9, 8, 7, 6, 5, 4]));
    let sealed: Vec<_> = known.sealed_fields().collect();
    EventRecord {
        tag: known.tag,
        effective_on: CivilDate::parse("2025-02-27").unwrap(),
        causation: Some(Position(4_000)),
        subjects: vec![
            (person, 3),
            (Subject::class(ClassId::from_bytes([1, 1, 2, 2, 3, 3])), 1_025),
            (Subject::target(PlanYear::new(2025), Line::Digital, ReportingUnit::new(32).unwrap()), 1),
        ],
        payload: registry::sample(known.tag).unwrap(),
        envelopes: if sealed.is_empty() { vec![] } else { vec![Envelope { holder: person, key_version: 2, sealed: vec![0xAB; 60] }] },
        sealed_digests: sealed.iter().map(|(number, _)| (*number, [*number; 32])).collect(),
    }
}

fn commit(events: Vec<EventRecord>) -> Commit {
    Commit {
        command_id: CommandId([0x11; 16]),
        fingerprint: [0x22; 8],
        salt: [0x33; 16],
        actor: AccountId::from_bytes([4; 6]),
        role: Role::Trainer,
        recorded_at: Timestamp(BASE.0 + 1_234),
        correlation: Some(Position(3_999)),
        packs: vec![Position(12), Position(300)],
        events,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").unwrap();
        out
    })
}

fn golden_text(title: &str, commit: &Commit) -> String {
    let bytes = commit.encode(BASE);
    assert_eq!(&Commit::decode(&bytes, BASE).unwrap(), commit, "{title} reads back");
    commit.check_canonical(&bytes, BASE).unwrap();
    let mut text = format!("{title}\nbase {}\nfirst {FIRST}\ncommit {}\n", BASE.0, hex(&bytes));
    for (index, record) in (0_u16..).zip(&commit.events) {
        writeln!(text, "leaf {}", leaf(commit, index, record, FIRST.plus(u64::from(index))).unwrap()).unwrap();
    }
    text
}

fn compare(path: &Path, text: &str) {
    let bless = std::env::var("ZHIXIN_BLESS").unwrap_or_default();
    let known = std::fs::read_to_string(path).ok();
    match known {
        Some(known) if known == text => {}
        Some(_) if bless != "unreleased" => panic!("{} differs from what the code gives; released bytes never change", path.display()),
        None if bless.is_empty() => panic!("{} is missing; add it with `cargo xtask bless`", path.display()),
        Some(_) | None => {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden")
}

#[test]
fn every_tag_has_golden_bytes_and_leaf() {
    for known in TYPES.iter() {
        let (area, event) = known.name.split_once('.').unwrap();
        let name = format!("0x{:04X}_{}_v{}.txt", known.tag, event.replace('-', "_"), known.version);
        compare(&folder().join(area).join(name), &golden_text(known.name, &commit(vec![record(known)])));
    }
}

#[test]
fn an_older_version_keeps_its_leaf_and_is_read_as_the_newest_shape() {
    for old in TYPES.iter().filter(|known| TYPES.iter().any(|other| other.name == known.name && other.version > known.version)) {
        let newest = TYPES.iter().filter(|known| known.name == old.name).map(|known| known.version).max().unwrap();
        let read = registry::decode(old.tag, &registry::sample(old.tag).unwrap()).unwrap();
        assert_eq!((read.event_type().name, read.event_type().version), (old.name, newest));
        let commit = commit(vec![record(old)]);
        let leaf: serde_json::Value = serde_json::from_str(&leaf(&commit, 0, &commit.events[0], FIRST).unwrap()).unwrap();
        assert_eq!(leaf["v"], old.version);
    }
}

#[test]
fn a_code_assigned_before_sources_were_asked_for_has_none() {
    let OccupationCodeAssignedV1 { occupation, code, code_edition, mark } = OccupationCodeAssignedV1::sample();
    let read = registry::decode(0x0802, &registry::sample(0x0802).unwrap()).unwrap();
    assert_eq!(read, OccupationCodeAssigned { occupation, code, code_edition, mark, source: None }.into());
}

#[test]
fn a_commit_of_several_events_has_golden_bytes_and_leaves() {
    let several = TYPES.iter().filter(|known| matches!(known.tag, 0x0303 | 0x0501 | 0x0A01)).map(record).collect();
    compare(&folder().join("commit_of_three.txt"), &golden_text("commit of three", &commit(several)));
}

#[test]
fn a_writer_that_goes_on_gives_the_leaf_that_a_new_one_gives() {
    let mut writer = LeafWriter::default();
    for (number, known) in (0..).zip(TYPES.iter().chain(TYPES.iter().rev())) {
        let mut commit = commit(vec![record(known)]);
        // Two in a row are recorded at one time; some lack what others have.
        commit.recorded_at.0 += number / 2;
        commit.packs.truncate(usize::try_from(number % 3).unwrap());
        commit.events[0].causation = commit.events[0].causation.filter(|_| number % 2 == 0);
        commit.events[0].subjects.truncate(usize::try_from(number % 4).unwrap());
        let record = &commit.events[0];
        assert_eq!(writer.leaf(&commit, 0, record, FIRST).unwrap(), leaf(&commit, 0, record, FIRST).unwrap(), "{}", known.name);
    }
}

#[test]
fn leaves_are_canonical_json_for_another_reader() {
    for known in TYPES.iter() {
        let commit = commit(vec![record(known)]);
        let text = leaf(&commit, 0, &commit.events[0], FIRST).unwrap();
        assert!(text.len() <= LEAF_BYTES_MAX);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        // serde_json keeps members sorted, and every member name here is ASCII: printing again is canonical.
        assert_eq!(serde_json::to_string(&value).unwrap(), text, "{}", known.name);
    }
}

#[test]
fn a_changed_byte_of_a_commit_is_never_taken_for_the_same_commit() {
    let original = commit(vec![record(registry::of_tag(0x0501).unwrap())]);
    let bytes = original.encode(BASE);
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        if let Ok(read) = Commit::decode(&changed, BASE) {
            assert!(read != original || read.check_canonical(&changed, BASE).is_err(), "byte {at}");
        }
    }
    assert!(Commit::decode(&[bytes, vec![0]].concat(), BASE).is_err(), "surplus bytes");
}

#[test]
fn a_leaf_that_anybody_may_read_names_no_person_and_a_disclosure_shows_whom_it_is_about() {
    for known in TYPES.iter() {
        let commit = commit(vec![record(known)]);
        let text = leaf(&commit, 0, &commit.events[0], FIRST).unwrap();
        let named = text.contains("person/");
        assert_eq!(named, known.audience == LeafAudience::Restricted, "{}", known.name);
        let disclosed = disclosures(&commit, 0, &commit.events[0]).unwrap().into_iter().find(|(name, _)| name == "_persons");
        let Some((_, disclosure)) = disclosed else {
            assert!(named, "{}", known.name);
            continue;
        };
        assert!(text.contains(&base64url(&sha256(&[disclosure.as_bytes()]))), "{}", known.name);
        let [_, _, persons]: [serde_json::Value; 3] = serde_json::from_slice(&from_base64url(&disclosure).unwrap()).unwrap();
        assert_eq!(persons, serde_json::json!([["person/09103GC184", 3]]), "{}", known.name);
    }
}
