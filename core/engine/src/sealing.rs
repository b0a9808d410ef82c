//! Sealed fields: encrypted under the key of their holder, bound to their event, committed to by salted digests.
//!
//! One envelope per event and holder over `[(field number, salt, value)]`; additional data = `"zx-seal-1" || log id || command id || index in
//! commit || holder || key version || tag`, so that an envelope moved elsewhere does not open. Leaf and `verify` need the digests only.

use serde::{Deserialize, Serialize};
use zhixin_domain::decision::SealedField;
use zhixin_events::commit::{Commit, Envelope, EventRecord};
use zhixin_events::digest::disclosure_digest;
use zhixin_events::registry::{self, EventType};
use zhixin_events::{CommandId, Secret, Subject, codec, invariant};

use crate::entropy::Entropy;
use crate::log::LogId;
use crate::vault_keys::{self, KeyFault, KeyRing, NewKeys};

/// Every holder has one key so far; the number leaves room for changing keys.
const KEY_VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct SealedValue {
    field: u8,
    salt: [u8; 16],
    value: String,
}

/// Where an envelope stands: what its additional data name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// The log.
    pub(crate) log_id: LogId,
    /// The command.
    pub(crate) command_id: CommandId,
    /// The event's number in the commit.
    pub(crate) index: u16,
    /// The event's tag.
    pub(crate) tag: u16,
}

impl Place {
    fn additional_data(&self, holder: &Subject, key_version: u32) -> Vec<u8> {
        [
            b"zx-seal-1".as_slice(),
            &self.log_id.0,
            &self.command_id.0,
            &self.index.to_le_bytes(),
            holder.as_bytes(),
            &key_version.to_le_bytes(),
            &self.tag.to_le_bytes(),
        ]
        .concat()
    }
}

/// Envelopes and digests of an event.
pub(crate) type SealedParts = (Vec<Envelope>, Vec<(u8, [u8; 32])>);

/// Seals the fields of one event; `new_keys` gets the keys of new holders.
pub(crate) fn seal_fields(
    keys: &KeyRing,
    entropy: &dyn Entropy,
    place: &Place,
    event_type: &EventType,
    fields: &[SealedField],
    new_keys: &mut NewKeys,
) -> Result<SealedParts, KeyFault> {
    let mut holders: Vec<Subject> = fields.iter().map(|field| field.holder).collect();
    holders.sort_unstable();
    holders.dedup();
    let mut digests = Vec::with_capacity(fields.len());
    let mut envelopes = Vec::with_capacity(holders.len());
    for holder in holders {
        let mut values = Vec::new();
        for field in fields.iter().filter(|field| field.holder == holder) {
            let Some(number) = event_type.field_number(field.field) else { invariant!("{} has no field {}", event_type.name, field.field) };
            let salt: [u8; 16] = entropy.array();
            digests.push((number, disclosure_digest(&salt, field.field, field.value.expose())));
            values.push(SealedValue { field: number, salt, value: field.value.expose().clone() });
        }
        let key = keys.key_for_sealing(&holder, new_keys)?;
        let plain = zeroize::Zeroizing::new(codec::encode(&values));
        let sealed = vault_keys::seal(&key, &place.additional_data(&holder, KEY_VERSION), &plain, entropy);
        envelopes.push(Envelope { holder, key_version: KEY_VERSION, sealed });
    }
    digests.sort_unstable();
    Ok((envelopes, digests))
}

/// A sealed field, opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedField {
    /// Its name.
    pub field: &'static str,
    /// Whose it is.
    pub holder: Subject,
    /// Its salt: with name and value it makes the disclosure that the leaf commits to.
    pub salt: [u8; 16],
    /// The value.
    pub value: Secret<String>,
}

/// Opens every envelope of an event whose holder still has a key, and checks the values against the digests.
///
/// # Errors
/// `DoesNotOpen`: the record was changed. A holder without a key is left out, that is what forgetting means.
pub(crate) fn open_fields(
    keys: &KeyRing,
    log_id: LogId,
    commit: &Commit,
    index: u16,
    record: &EventRecord,
) -> Result<Vec<OpenedField>, KeyFault> {
    let place = Place { log_id, command_id: commit.command_id, index, tag: record.tag };
    let event_type = registry::of_tag(record.tag).ok_or(KeyFault::DoesNotOpen)?;
    let mut opened = Vec::new();
    for envelope in &record.envelopes {
        let key = match keys.key_for_opening(&envelope.holder) {
            Ok(key) => key,
            Err(KeyFault::Forgotten) => continue,
            Err(fault) => return Err(fault),
        };
        let aad = place.additional_data(&envelope.holder, envelope.key_version);
        let plain = vault_keys::open(&key, &aad, &envelope.sealed)?;
        let values: Vec<SealedValue> = codec::decode_exact(record.tag, &plain).map_err(|_| KeyFault::DoesNotOpen)?;
        for value in values {
            let name = event_type.fields.get(usize::from(value.field)).map(|field| field.name).ok_or(KeyFault::DoesNotOpen)?;
            let digest = disclosure_digest(&value.salt, name, &value.value);
            if !record.sealed_digests.contains(&(value.field, digest)) {
                return Err(KeyFault::DoesNotOpen);
            }
            opened.push(OpenedField { field: name, holder: envelope.holder, salt: value.salt, value: Secret::new(value.value) });
        }
    }
    Ok(opened)
}
