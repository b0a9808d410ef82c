//! The leaf of an event: one line of canonical JSON, a pure frozen function of the recorded wire version.
//!
//! Keys: `at` recorded (UTC, milliseconds), `eo` effective on, `n` position, `r` role, `s` subjects with ordinals, `sd` sorted salted
//! digests, `t` type, `v` version, `x` open fields, `z` blinding value. Absent things are absent.
//!
//! A leaf that anybody may read names no person: there, subjects that do are digested like a masked field. The name of a person is a random
//! id, but one that stood in two public leaves would tell that both are about the same person.

use std::fmt::Write as _;
use std::ops::Range;

use crate::codec::DecodeFault;
use crate::commit::{Commit, EventRecord};
use crate::digest::{Discloser, base64url_of_digest, leaf_blinding, mask_salt, write_base64url};
use crate::field::{FieldClass, LeafValue};
use crate::registry::{self, EventType, LeafAudience};
use crate::{Position, Subject, Timestamp, json};

/// Most bytes of a leaf.
pub const LEAF_BYTES_MAX: usize = 4 * 1024;

/// A digest in a leaf that stands for no payload field.
const PSEUDO_FIELDS: [&str; 4] = ["_actor", "_packs", "_causation", "_persons"];

/// The leaf of the event with this number in the commit, at this position.
///
/// # Errors
/// The payload does not decode.
pub fn leaf(commit: &Commit, index: u16, record: &EventRecord, position: Position) -> Result<String, DecodeFault> {
    let mut writer = LeafWriter::default();
    writer.leaf(commit, index, record, position)?;
    Ok(writer.text)
}

/// Writes leaves one after another, in the same room. Why: every event has one, and making room anew takes most of the time.
#[derive(Debug, Default)]
pub struct LeafWriter {
    text: String,
    /// When the last commit was recorded, with its text: that of all its events.
    recorded_at: Option<(Timestamp, String)>,
    /// Values of open fields before they are in order, and where each stands.
    values: String,
    open: Vec<(&'static str, Range<usize>)>,
    subjects: Subjects,
    /// Subjects that are digested.
    persons: Subjects,
    /// In base64url.
    digests: Vec<[u8; 43]>,
    discloser: Discloser,
}

impl LeafWriter {
    /// The leaf of the event with this number in the commit, at this position.
    ///
    /// # Errors
    /// The payload does not decode.
    pub fn leaf(&mut self, commit: &Commit, index: u16, record: &EventRecord, position: Position) -> Result<&str, DecodeFault> {
        let event_type = registry::of_tag(record.tag).ok_or(DecodeFault::UnknownTag { tag: record.tag })?;
        self.subjects.take(record, |subject| !is_masked(subject, event_type.audience));
        self.persons.take(record, |subject| is_masked(subject, event_type.audience));
        self.take_fields(commit, index, record)?;
        self.write(commit, index, record, position, event_type);
        Ok(&self.text)
    }

    /// Gathers open fields and digests, sorted.
    fn take_fields(&mut self, commit: &Commit, index: u16, record: &EventRecord) -> Result<(), DecodeFault> {
        let Self { values, open, persons, digests, discloser, .. } = self;
        values.clear();
        open.clear();
        digests.clear();
        digests.extend(record.sealed_digests.iter().map(|(_, digest)| base64url_of_digest(digest)));
        let mut mask = |name: &str, write: WriteJson<'_>| {
            let digest = discloser.digest(|| mask_salt(&commit.salt, index, name), name, write);
            digests.extend(digest.as_ref().map(base64url_of_digest));
        };
        registry::visit(record.tag, &record.payload, &mut |name, class, value| match class {
            FieldClass::Open => {
                let start = values.len();
                if value.write_json(values) {
                    open.push((name, start..values.len()));
                }
            }
            FieldClass::Masked => mask(name, &|out| value.write_json(out)),
            FieldClass::Sealed => {}
        })?;
        pseudo_fields(commit, record, persons, &mut mask);
        digests.sort_unstable();
        open.sort_unstable_by(|left, right| json::compare_keys(left.0, right.0));
        Ok(())
    }

    fn write(&mut self, commit: &Commit, index: u16, record: &EventRecord, position: Position, event_type: &EventType) {
        let Self { text: out, recorded_at, values, open, subjects, digests, .. } = self;
        let known = recorded_at.take().filter(|(at, _)| *at == commit.recorded_at);
        let (_, at) = recorded_at.insert(known.unwrap_or_else(|| (commit.recorded_at, commit.recorded_at.to_utc_text())));
        out.clear();
        push_all(out, &["{\"at\":\"", at, "\",\"eo\":"]);
        record.effective_on.write_json(out);
        out.push_str(",\"n\":");
        position.0.write_json(out);
        push_all(out, &[",\"r\":\"", commit.role.name(), "\",\"s\":"]);
        subjects.write(out);
        out.push_str(",\"sd\":[");
        for (number, digest) in digests.iter().enumerate() {
            push_all(out, &[comma(number), "\"", std::str::from_utf8(digest).unwrap_or_default(), "\""]);
        }
        let _written = write!(out, "],\"t\":\"{}\",\"v\":{},\"x\":{{", event_type.name, event_type.version);
        for (number, (name, value)) in open.iter().enumerate() {
            push_all(out, &[comma(number), "\"", name, "\":", values.get(value.clone()).unwrap_or_default()]);
        }
        out.push_str("},\"z\":\"");
        write_base64url(&leaf_blinding(&commit.salt, index), out);
        out.push_str("\"}");
    }
}

/// Appends JSON, or says `false` when there is nothing to append.
type WriteJson<'a> = &'a dyn Fn(&mut String) -> bool;

fn push_all(out: &mut String, parts: &[&str]) {
    for part in parts {
        out.push_str(part);
    }
}

const fn comma(number: usize) -> &'static str {
    if number > 0 { "," } else { "" }
}

/// Whether a subject is digested in leaves of this audience.
fn is_masked(subject: &Subject, audience: LeafAudience) -> bool {
    match audience {
        LeafAudience::Public => subject.kind().names_a_person(),
        LeafAudience::Restricted => false,
    }
}

/// Subjects by the number of their kind, then by their text.
#[derive(Debug, Default)]
struct Subjects {
    text: String,
    /// Kind, where its text stands, ordinal.
    places: Vec<(u8, Range<usize>, u32)>,
}

impl Subjects {
    fn take(&mut self, record: &EventRecord, wanted: impl Fn(&Subject) -> bool) {
        let Self { text, places } = self;
        text.clear();
        places.clear();
        for (subject, ordinal) in record.subjects.iter().filter(|(subject, _)| wanted(subject)) {
            let start = text.len();
            let _written = subject.write(text);
            places.push((subject.kind().code(), start..text.len(), *ordinal));
        }
        let key = |place: &(u8, Range<usize>, u32)| (place.0, text.get(place.1.clone()), place.2);
        places.sort_unstable_by(|left, right| key(left).cmp(&key(right)));
    }

    /// Appends them as pairs of text and ordinal.
    fn write(&self, out: &mut String) {
        out.push('[');
        for (number, (_, subject, ordinal)) in self.places.iter().enumerate() {
            push_all(out, &[comma(number), "[\"", self.text.get(subject.clone()).unwrap_or_default(), "\","]);
            ordinal.write_json(out);
            out.push(']');
        }
        out.push(']');
    }
}

/// What a commit says of an event beside its payload, for the digests of a leaf.
fn pseudo_fields(commit: &Commit, record: &EventRecord, persons: &Subjects, mask: &mut dyn FnMut(&'static str, WriteJson<'_>)) {
    let [actor, packs, causation, masked] = PSEUDO_FIELDS;
    mask(actor, &|out| commit.actor.write_json(out));
    if !commit.packs.is_empty() {
        let positions: Vec<_> = commit.packs.iter().map(|pack| pack.0).collect();
        mask(packs, &|out| positions.write_json(out));
    }
    mask(causation, &|out| record.causation.is_some_and(|position| position.0.write_json(out)));
    if !persons.places.is_empty() {
        mask(masked, &|out| {
            persons.write(out);
            true
        });
    }
}

/// The disclosures of the masked fields of an event: what an auditor hands out so that one field of a leaf can be checked.
///
/// # Errors
/// The payload does not decode.
pub fn disclosures(commit: &Commit, index: u16, record: &EventRecord) -> Result<Vec<(String, String)>, DecodeFault> {
    let (mut found, mut discloser, mut persons) = (Vec::new(), Discloser::default(), Subjects::default());
    let mut disclose = |name: &str, write: WriteJson<'_>| {
        let text = discloser.disclosure(|| mask_salt(&commit.salt, index, name), name, write);
        found.extend(text.map(|text| (name.to_owned(), text.to_owned())));
    };
    registry::visit(record.tag, &record.payload, &mut |name, class, value| match class {
        FieldClass::Masked => disclose(name, &|out| value.write_json(out)),
        FieldClass::Open | FieldClass::Sealed => {}
    })?;
    let audience = registry::of_tag(record.tag).ok_or(DecodeFault::UnknownTag { tag: record.tag })?.audience;
    persons.take(record, |subject| is_masked(subject, audience));
    pseudo_fields(commit, record, &persons, &mut disclose);
    Ok(found)
}
