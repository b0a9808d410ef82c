//! The leaf of an event: one line of canonical JSON, a pure frozen function of the recorded wire version.
//!
//! Keys: `at` recorded (UTC, milliseconds), `eo` effective on, `n` position, `r` role, `s` subjects with ordinals, `sd` sorted salted
//! digests, `t` type, `v` version, `x` open fields, `z` blinding value. Absent things are absent.
//!
//! A leaf that anybody may read names no person: there, subjects that do are digested like a masked field. The name of a person is a random
//! id, but one that stood in two public leaves would tell that both are about the same person.

use std::fmt::Write as _;

use crate::codec::DecodeFault;
use crate::commit::{Commit, EventRecord};
use crate::digest::{base64url, disclosure_digest, leaf_blinding, mask_salt};
use crate::field::{FieldClass, LeafValue};
use crate::json::{self, Json};
use crate::registry::{self, LeafAudience};
use crate::{Position, Subject};

/// Most bytes of a leaf.
pub const LEAF_BYTES_MAX: usize = 4 * 1024;

/// A digest in a leaf that stands for no payload field.
const PSEUDO_FIELDS: [&str; 4] = ["_actor", "_packs", "_causation", "_persons"];

/// The leaf of the event with this number in the commit, at this position.
///
/// # Errors
/// The payload does not decode.
pub fn leaf(commit: &Commit, index: u16, record: &EventRecord, position: Position) -> Result<String, DecodeFault> {
    let event_type = registry::of_tag(record.tag).ok_or(DecodeFault::UnknownTag { tag: record.tag })?;
    let mut open: Vec<(&'static str, Json)> = Vec::with_capacity(event_type.fields.len());
    let mut digests: Vec<String> = record.sealed_digests.iter().map(|(_, digest)| base64url(digest)).collect();
    let mut mask = |name: &str, value: &Json| {
        digests.push(base64url(&disclosure_digest(&mask_salt(&commit.salt, index, name), name, value)));
    };
    registry::visit(record.tag, &record.payload, &mut |name, class, value| match (class, value) {
        (FieldClass::Open, Some(value)) => open.push((name, value)),
        (FieldClass::Masked, Some(value)) => mask(name, &value),
        (FieldClass::Open | FieldClass::Masked | FieldClass::Sealed, _) => {}
    })?;
    for (name, value) in pseudo_fields(commit, record, event_type.audience) {
        mask(name, &value);
    }
    digests.sort_unstable();
    open.sort_unstable_by(|left, right| json::compare_keys(left.0, right.0));

    let subjects = sorted_subjects(record, |subject| !is_masked(subject, event_type.audience));

    let mut out = String::with_capacity(512);
    let _written = write!(out, "{{\"at\":\"{}\",\"eo\":\"{}\",\"n\":", commit.recorded_at.to_utc_text(), record.effective_on);
    json::write_integer(i64::try_from(position.0).unwrap_or(i64::MAX), &mut out);
    let _written = write!(out, ",\"r\":\"{}\",\"s\":[", commit.role.name());
    for (at, (_, subject, ordinal)) in subjects.iter().enumerate() {
        let comma = if at > 0 { "," } else { "" };
        let _written = write!(out, "{comma}[\"{subject}\",{ordinal}]");
    }
    out.push_str("],\"sd\":[");
    for (at, digest) in digests.iter().enumerate() {
        let comma = if at > 0 { "," } else { "" };
        let _written = write!(out, "{comma}\"{digest}\"");
    }
    let _written = write!(out, "],\"t\":\"{}\",\"v\":{},\"x\":{{", event_type.name, event_type.version);
    for (at, (name, value)) in open.iter().enumerate() {
        let comma = if at > 0 { "," } else { "" };
        let _written = write!(out, "{comma}\"{name}\":");
        value.write(&mut out);
    }
    let _written = write!(out, "}},\"z\":\"{}\"}}", base64url(&leaf_blinding(&commit.salt, index)));
    Ok(out)
}

/// Whether a subject is digested in leaves of this audience.
fn is_masked(subject: &Subject, audience: LeafAudience) -> bool {
    match audience {
        LeafAudience::Public => subject.kind().names_a_person(),
        LeafAudience::Restricted => false,
    }
}

/// Subjects by the number of their kind, then by their text.
fn sorted_subjects(record: &EventRecord, wanted: impl Fn(&Subject) -> bool) -> Vec<(u8, String, u32)> {
    let wanted = record.subjects.iter().filter(|(subject, _)| wanted(subject));
    let mut subjects: Vec<_> = wanted.map(|(subject, ordinal)| (subject.kind().code(), subject.to_string(), *ordinal)).collect();
    subjects.sort_unstable();
    subjects
}

/// What a commit says of an event beside its payload, for the digests of a leaf.
fn pseudo_fields(commit: &Commit, record: &EventRecord, audience: LeafAudience) -> Vec<(&'static str, Json)> {
    let [actor, packs, causation, persons] = PSEUDO_FIELDS;
    let mut fields = vec![(actor, Json::Text(commit.actor.to_string()))];
    if !commit.packs.is_empty() {
        let positions = commit.packs.iter().filter_map(|pack| pack.0.to_json());
        fields.push((packs, Json::List(positions.collect())));
    }
    if let Some(caused_by) = record.causation {
        fields.push((causation, Json::Integer(i64::try_from(caused_by.0).unwrap_or(i64::MAX))));
    }
    let masked = sorted_subjects(record, |subject| is_masked(subject, audience));
    if !masked.is_empty() {
        let pair = |(_, subject, ordinal)| Json::List(vec![Json::Text(subject), Json::Integer(i64::from(ordinal))]);
        fields.push((persons, Json::List(masked.into_iter().map(pair).collect())));
    }
    fields
}

/// The disclosures of the masked fields of an event: what an auditor hands out so that one field of a leaf can be checked.
///
/// # Errors
/// The payload does not decode.
pub fn disclosures(commit: &Commit, index: u16, record: &EventRecord) -> Result<Vec<(String, String)>, DecodeFault> {
    let mut found = Vec::new();
    let mut disclose = |name: &str, value: &Json| {
        found.push((name.to_owned(), crate::digest::disclosure(&mask_salt(&commit.salt, index, name), name, value)));
    };
    registry::visit(record.tag, &record.payload, &mut |name, class, value| match (class, value) {
        (FieldClass::Masked, Some(value)) => disclose(name, &value),
        (FieldClass::Open | FieldClass::Masked | FieldClass::Sealed, _) => {}
    })?;
    let audience = registry::of_tag(record.tag).ok_or(DecodeFault::UnknownTag { tag: record.tag })?.audience;
    for (name, value) in pseudo_fields(commit, record, audience) {
        disclose(name, &value);
    }
    Ok(found)
}
