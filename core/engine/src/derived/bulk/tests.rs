//! A build from nothing is compared, row by row, with following the same log.

use std::collections::HashMap;

use zhixin_domain::decision::SealedField;
use zhixin_events::class::{AttendanceRecorded, RunOpened};
use zhixin_events::commit::EventRecord;
use zhixin_events::document::RulePackPublished;
use zhixin_events::field::Digest32;
use zhixin_events::person::{ErasureCompleted, PersonErased, PersonRegistered};
use zhixin_events::{
    AccountId, Attendance, ClassId, CommandId, DocumentKind, ErasureGround, Event, PersonId, Role, Secret, SessionNumber, Subject,
    Timestamp, registry,
};
use zhixin_store::rows::{Direction, MemoryRows};
use zhixin_store::segments::BodyBuilder;
use zhixin_store::vault::{MemoryVault, Vault};

use super::*;
use crate::entropy::SeededEntropy;
use crate::log::{EventLog, LogKey, LogPurpose, LogReader, MemoryBackend, MemoryLog, Writer};
use crate::sealing::{self, Place};
use crate::vault_keys::{Key, MasterKeyFile};

/// A log that is told by hand.
struct Told {
    log: MemoryLog,
    keys: Arc<KeyRing>,
    entropy: SeededEntropy,
    ordinals: HashMap<Subject, u32>,
    now: Timestamp,
    number: u64,
    _dir: tempfile::TempDir,
}

const LOG_ID: LogId = LogId([3; 16]);

impl Told {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let master = MasterKeyFile::new(&dir.path().join("master"));
        master.create(&SeededEntropy::new(1)).unwrap();
        let vault: Arc<dyn Vault> = Arc::new(MemoryVault::new());
        let keys = Arc::new(KeyRing::open(vault, master, Arc::new(SeededEntropy::new(2))).unwrap());
        let writer = Writer { node: "test".to_owned(), code_version: "0".to_owned(), purpose: LogPurpose::Demo, now_ms: 0 };
        let log = MemoryLog::open(&MemoryBackend::new(LogKey::new(LOG_ID, [4; 32])), writer).unwrap();
        Self {
            log,
            keys,
            entropy: SeededEntropy::new(3),
            ordinals: HashMap::new(),
            now: Timestamp(1_700_000_000_000),
            number: 0,
            _dir: dir,
        }
    }

    fn inputs(&self, scratch: &Path) -> BuildInputs {
        let identities = IdentityKeys::new(Key::from([7; 32]));
        BuildInputs { keys: Arc::clone(&self.keys), identities, log_id: LOG_ID, scratch: scratch.to_owned() }
    }

    /// One commit of one event.
    fn commit(&mut self, event: impl Into<Event>, subjects: &[Subject], sealed: &[SealedField]) -> Commit {
        self.number += 1;
        let mut id = [0; 16];
        id[..8].copy_from_slice(&self.number.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
        let command_id = CommandId(id);
        let (tag, payload) = registry::encode(&event.into());
        let subjects = subjects.iter().map(|subject| {
            let ordinal = self.ordinals.entry(*subject).or_default();
            *ordinal += 1;
            (*subject, *ordinal)
        });
        let subjects = subjects.collect();
        let place = Place { log_id: LOG_ID, command_id, index: 0, tag };
        let event_type = registry::of_tag(tag).unwrap();
        let mut new_keys = Vec::new();
        let (envelopes, sealed_digests) =
            sealing::seal_fields(&self.keys, &self.entropy, &place, event_type, sealed, &mut new_keys).unwrap();
        self.keys.write_new(&new_keys, 0).unwrap();
        let record =
            EventRecord { tag, effective_on: self.now.civil_date(), causation: None, subjects, payload, envelopes, sealed_digests };
        Commit {
            command_id,
            fingerprint: [1; 8],
            salt: [2; 16],
            actor: AccountId::from_bytes([9; 6]),
            role: Role::System,
            recorded_at: self.now,
            correlation: None,
            packs: Vec::new(),
            events: vec![record],
        }
    }

    fn append(&mut self, commits: &[Commit]) {
        let base = commits[0].recorded_at;
        let mut body = BodyBuilder::new(self.log.head().next_position, base.0);
        for commit in commits {
            assert!(body.push(1, &commit.encode(base)));
        }
        self.log.append(&body.finish()).unwrap();
    }

    fn register(&mut self, person: PersonId, number: &str) -> Commit {
        let subject = Subject::person(person);
        let event = PersonRegistered { person, document_kind: DocumentKind::IdentityCard, number_override: false };
        let sealed = SealedField { field: "document_number", holder: subject, value: Secret::new(number.to_owned()) };
        self.commit(event, &[subject], &[sealed])
    }

    /// Classes with many attendances, persons with numbers, one erased, over five periods of command ids and in batches of all sizes.
    fn a_year() -> Self {
        let mut told = Self::new();
        let person = |number: u8| PersonId::from_bytes([1, 2, 3, 4, 5, number]);
        let pack = RulePackPublished {
            name: "p".to_owned(),
            edition: 1,
            title: "P".to_owned(),
            unit: None,
            figures: Vec::new(),
            digest: Digest32([1; 32]),
        };
        let first = told.commit(pack, &[Subject::pack("p").unwrap()], &[]);
        let registered: Vec<_> = (0..40).map(|number| told.register(person(number), &format!("number-{number}"))).collect();
        told.append(&[first]);
        told.append(&registered);
        for round in 0..5_u16 {
            told.now = Timestamp(told.now.0 + 20 * 86_400_000);
            let mut commits = Vec::new();
            for number in 0..600_u16 {
                let class = ClassId::from_bytes([7, 7, 7, 7, 0, u8::try_from(number % 3).unwrap()]);
                let of = person(u8::try_from(number % 40).unwrap());
                let session = SessionNumber::new(round * 600 + number);
                let event = AttendanceRecorded { class, session, person: of, attendance: Attendance::Present };
                commits.push(told.commit(event, &[Subject::class(class), Subject::person(of)], &[]));
            }
            let sizes: &[usize] = if round == 1 { &[600] } else { &[1, 2, 97, 300, 200] };
            let mut rest = commits.as_slice();
            for size in sizes {
                let (batch, after) = rest.split_at(*size);
                told.append(batch);
                rest = after;
            }
        }
        let erased = PersonErased { person: person(5), ground: ErasureGround::PersonRequest };
        let erased = told.commit(erased, &[Subject::person(person(5))], &[]);
        let completed = told.commit(ErasureCompleted { person: person(5) }, &[Subject::person(person(5))], &[]);
        told.append(&[erased, completed]);
        told
    }

    /// The rows of following the log.
    fn followed(&self, feed: &dyn Feed) -> [u8; 32] {
        let inputs = self.inputs(Path::new("unused"));
        let table = Arc::new(Table::new(Arc::new(MemoryRows::new())).unwrap());
        let mut derived = Derived::new(Arc::clone(&table), inputs.keys, inputs.identities, LOG_ID).unwrap();
        derived.catch_up(feed, &mut |_| ControlFlow::Continue(())).unwrap();
        zhixin_store::table::digest(&table.view().unwrap()).unwrap()
    }
}

fn rows(store: &Arc<dyn RowStore>) -> [u8; 32] {
    zhixin_store::table::digest(&Table::new(Arc::clone(store)).unwrap().view().unwrap()).unwrap()
}

#[test]
fn a_build_gives_the_rows_of_following_the_log() {
    let told = Told::a_year();
    let feed: Arc<dyn LogReader> = told.log.feed();
    let expected = told.followed(feed.as_ref());
    let dir = tempfile::tempdir().unwrap();
    for subject_bytes in [1_000, 100_000, SUBJECT_BYTES] {
        let store: Arc<dyn RowStore> = Arc::new(MemoryRows::new());
        let inputs = told.inputs(&dir.path().join("build"));
        build_within(store.as_ref(), feed.as_ref(), &inputs, subject_bytes, &mut |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(rows(&store), expected, "with {subject_bytes} bytes");
        assert!(!inputs.scratch.exists());
    }
}

#[test]
fn a_build_that_stopped_early_is_followed_to_the_same_rows() {
    let told = Told::a_year();
    let feed: Arc<dyn LogReader> = told.log.feed();
    let dir = tempfile::tempdir().unwrap();
    let store: Arc<dyn RowStore> = Arc::new(MemoryRows::new());
    let inputs = told.inputs(&dir.path().join("build"));
    let stop_at = |reached| if reached >= 1_000 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    build(store.as_ref(), feed.as_ref(), &inputs, &mut { stop_at }).unwrap();
    let table = Arc::new(Table::new(store).unwrap());
    assert!((1_000..2_000).contains(&table.checkpoint().position));
    let mut derived = Derived::new(Arc::clone(&table), inputs.keys, inputs.identities, LOG_ID).unwrap();
    derived.catch_up(feed.as_ref(), &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(zhixin_store::table::digest(&table.view().unwrap()).unwrap(), told.followed(feed.as_ref()));
}

#[test]
fn an_ordinal_that_does_not_follow_is_named_and_leaves_no_rows() {
    let mut told = Told::a_year();
    let class = ClassId::from_bytes([7, 7, 7, 7, 0, 1]);
    *told.ordinals.get_mut(&Subject::class(class)).unwrap() += 1;
    let position = told.log.head().next_position;
    let wrong = told.commit(RunOpened { class }, &[Subject::class(class)], &[]);
    told.append(&[wrong]);
    let dir = tempfile::tempdir().unwrap();
    let store: Arc<dyn RowStore> = Arc::new(MemoryRows::new());
    let built =
        build(store.as_ref(), told.log.feed().as_ref(), &told.inputs(&dir.path().join("build")), &mut |_| ControlFlow::Continue(()));
    let Err(DerivedFault::Ordinal { position: found, named, expected, .. }) = built else { panic!("{built:?}") };
    assert_eq!((found, named), (position, u32::try_from(expected).unwrap() + 1));
    assert_eq!(store.view().unwrap().checkpoint(), Checkpoint::default());
}

#[test]
fn rows_that_are_complete_do_not_change_while_ordinals_and_tree_go_on() {
    let mut told = Told::a_year();
    let class = ClassId::from_bytes([7, 7, 7, 7, 0, 1]);
    *told.ordinals.get_mut(&Subject::class(class)).unwrap() += 1;
    let position = told.log.head().next_position;
    let wrong = told.commit(RunOpened { class }, &[Subject::class(class)], &[]);
    told.append(&[wrong]);
    let feed = told.log.feed();
    let inputs = told.inputs(Path::new("unused"));
    let mut build = Build::new(None, &inputs, SUBJECT_BYTES).unwrap();
    build.keep_roots([0, 1_000, 2_500]);
    let table = Arc::new(Table::new(Arc::new(MemoryRows::new())).unwrap());
    let mut derived = Derived::new(Arc::clone(&table), Arc::clone(&inputs.keys), inputs.identities.clone(), LOG_ID).unwrap();
    let mut followed = Vec::new();
    feed.read(0, &mut |batch| {
        build.take(batch).unwrap();
        if followed.is_empty() && build.reached() >= 1_000 {
            let until = build.reached();
            let stop_at = |derived: &Derived| if derived.reached() >= until { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
            derived.catch_up(feed.as_ref(), &mut { stop_at }).unwrap();
            assert_eq!(build.complete().unwrap(), table.checkpoint());
            let mut keep = |key: &[u8], value: &[u8]| {
                followed.push((key.to_vec(), value.to_vec()));
                ControlFlow::Continue(())
            };
            table.view().unwrap().scan_prefix(&[], Direction::Ascending, &mut keep).unwrap();
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!((build.reached(), build.root_at(position)), (position + 1, None), "a root that was not to be kept");
    let view = crate::derived::DerivedView::of(&table).unwrap();
    for size in [0, 1_000, table.checkpoint().position] {
        assert_eq!(build.root_at(size), Some(merkle::tiles::root_at(&view.tree(), size).unwrap()), "at {size}");
    }
    assert_eq!(build.root_at(2_500).is_some(), position >= 2_500);
    let mut rows = build.rows().unwrap();
    let mut found = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        found.push(row);
    }
    assert_eq!(found, followed);
    assert_eq!(rows.into_out_of_order().map(|(first, _)| first), Some(position));
}
