//! The names that the record tells, for comparing only: they are opened here without a record in the log of reads, and nothing of them leaves
//! but their keyed hashes.

use std::sync::Arc;

use zhixin_events::{Position, Subject};

use crate::derived::DerivedView;
use crate::history::{self, HistoryFault};
use crate::identity::IdentityKeys;
use crate::log::{LogId, LogReader};
use crate::sealing;
use crate::vault_keys::{KeyFault, KeyRing};

/// Why a name could not be compared.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NameFault {
    /// The log cannot be read, or the event is not the one in the tree.
    #[error(transparent)]
    History(#[from] HistoryFault),
    /// The vault cannot be read, or the record was changed.
    #[error(transparent)]
    Keys(#[from] KeyFault),
}

/// The hash of the name that an event tells of a person; none once the person's key is gone.
pub(crate) fn recorded_name_hash(
    identities: &IdentityKeys,
    (reader, view, keys, log_id): (&Arc<dyn LogReader>, &DerivedView, &KeyRing, LogId),
    person: &Subject,
    Position(position): Position,
) -> Result<Option<[u8; 32]>, NameFault> {
    let found = history::checked_commit_at(reader, view, position)?;
    let recorded = found.event(position)?;
    let opened = sealing::open_fields(keys, log_id, &found.commit, recorded.index, recorded.record)?;
    let name = opened.iter().find(|field| field.field == "name" && field.holder == *person);
    Ok(name.map(|name| identities.name_hash(name.value.expose())))
}
