//! What rows are made of: facts with the position and the effective date of the event that told them.
//!
//! A row of an entity is its facts in the order of the log, each appended as its event arrives. A query takes those of its view, sorts them
//! by (`effective_on`, position) and folds them. So a late event or a correction needs no rewriting, and every view is a filter.

use std::ops::ControlFlow;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zhixin_events::{CivilDate, Position, Recorded};
use zhixin_store::rows::{Direction, RowFault, RowGet};
use zhixin_store::table::TableView;

use crate::AsOf;
use crate::model::Rows;

/// Room for a fact before it is told; most take less. Unit: bytes.
const FACT_BYTES: usize = 64;

/// A fact of an entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Dated<T> {
    /// The event that told it.
    pub position: u64,
    /// When it took place.
    pub effective_on: CivilDate,
    /// The fact.
    pub fact: T,
}

impl<T> Dated<T> {
    /// A fact told by this event.
    pub(crate) fn told_by(event: &Recorded<'_>, fact: T) -> Self {
        Self { position: event.position.0, effective_on: event.effective_on(), fact }
    }

    /// The event that told it.
    pub(crate) fn at(&self) -> Position {
        Position(self.position)
    }

    /// Its place in the order of a fold.
    pub(crate) fn order(&self) -> (CivilDate, u64) {
        (self.effective_on, self.position)
    }
}

/// The facts in a row.
///
/// # Errors
/// The bytes are not facts of this kind.
pub(crate) fn decode<T: DeserializeOwned>(mut bytes: &[u8]) -> Result<Vec<Dated<T>>, RowFault> {
    let mut facts = Vec::new();
    while !bytes.is_empty() {
        let (fact, rest) = postcard::take_from_bytes(bytes).map_err(|_| CORRUPT)?;
        facts.push(fact);
        bytes = rest;
    }
    Ok(facts)
}

/// The facts under a key, in the order of the log; none if there is no row.
pub(crate) fn read<T: DeserializeOwned>(rows: &dyn RowGet, key: &[u8]) -> Result<Vec<Dated<T>>, RowFault> {
    rows.get(key)?.map_or_else(|| Ok(Vec::new()), |bytes| decode(&bytes))
}

/// Adds a fact to the row under a key.
pub(crate) fn append<T: Serialize>(rows: &mut dyn Rows, key: &[u8], fact: &Dated<T>) -> Result<(), RowFault> {
    rows.append(key, &postcard::to_extend(fact, Vec::with_capacity(FACT_BYTES)).map_err(|_| CORRUPT)?)
}

/// The facts of a view in the order of a fold.
pub(crate) fn in_view<T>(mut facts: Vec<Dated<T>>, as_of: AsOf) -> Vec<Dated<T>> {
    facts.retain(|fact| as_of.shows(fact.position, fact.effective_on));
    facts.sort_by_key(Dated::order);
    facts
}

/// Reads the facts under a key as a view shows them.
pub(crate) fn read_in_view<T: DeserializeOwned>(rows: &dyn RowGet, key: &[u8], as_of: AsOf) -> Result<Vec<Dated<T>>, RowFault> {
    Ok(in_view(read(rows, key)?, as_of))
}

/// The events that told the facts of a view, in the order of the log.
pub(crate) fn events<T: DeserializeOwned>(rows: &dyn RowGet, key: &[u8], as_of: AsOf) -> Result<Vec<Position>, RowFault> {
    let mut events: Vec<Position> = read_in_view::<T>(rows, key, as_of)?.iter().map(Dated::at).collect();
    events.sort_unstable();
    Ok(events)
}

/// Takes a statement back, and with it those that it corrected. `told` gives the position of a statement, and of the one it corrects.
pub(crate) fn void<T>(statements: &mut Vec<T>, position: u64, told: impl Fn(&T) -> (u64, Option<u64>)) {
    let mut next = Some(position);
    while let Some(index) = next.and_then(|position| statements.iter().position(|statement| told(statement).0 == position)) {
        next = told(&statements.remove(index)).1;
    }
}

/// A row that does not have the form its model writes.
pub(crate) const CORRUPT: RowFault = RowFault::Corrupt { what: "row of a read model that does not decode" };

/// Puts a key together.
pub(crate) fn key(space: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut key = Vec::with_capacity(1 + parts.iter().map(|part| part.len()).sum::<usize>());
    key.push(space);
    for part in parts {
        key.extend_from_slice(part);
    }
    key
}

/// The six bytes of an id that stand in a key or value at this place.
pub(crate) fn id_at(bytes: &[u8], at: usize) -> Result<[u8; 6], RowFault> {
    bytes.get(at..at + 6).and_then(|six| six.try_into().ok()).ok_or(CORRUPT)
}

/// Calls `on_row` with every row whose key begins with `prefix` and is greater than `after`, in ascending order.
///
/// # Errors
/// Those of the scan, and the first that `on_row` gives.
pub(crate) fn scan(
    view: &TableView,
    prefix: &[u8],
    after: Option<&[u8]>,
    mut on_row: impl FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>, RowFault>,
) -> Result<(), RowFault> {
    use std::ops::Bound;
    use zhixin_store::rows::RowView as _;

    let mut outcome = Ok(());
    let mut visit = |key: &[u8], value: &[u8]| {
        if !key.starts_with(prefix) {
            return ControlFlow::Break(());
        }
        match on_row(key, value) {
            Ok(flow) => flow,
            Err(fault) => {
                outcome = Err(fault);
                ControlFlow::Break(())
            }
        }
    };
    match after {
        Some(after) => view.scan(Bound::Excluded(after), Bound::Unbounded, Direction::Ascending, &mut visit)?,
        None => view.scan(Bound::Included(prefix), Bound::Unbounded, Direction::Ascending, &mut visit)?,
    }
    outcome
}
