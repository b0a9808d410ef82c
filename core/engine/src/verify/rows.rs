//! Two sets of derived rows, compared in order; the first difference named by what the row means.

use std::ops::{Bound, ControlFlow};

use zhixin_events::{PersonId, Subject};
use zhixin_store::rows::{Direction, RowView};

use super::{Divergence, VerifyFault};
use crate::blobs::files::hex;
use crate::derived::bulk::Rows;

/// Rows between two reports of progress.
const ROWS_A_REPORT: u64 = 4_096;
/// Bytes of a value that a report shows.
const SHOWN_BYTES: usize = 40;
/// Bytes of one hash in a tree row, and hashes in a full one.
const HASH_BYTES: usize = 32;
const ROW_HASHES: u64 = 16;

/// What `compare` found.
pub(super) struct Compared {
    /// Rows that are the same.
    pub(super) same: u64,
    /// The first that are not.
    pub(super) divergence: Option<Divergence>,
    /// Persons with an identity row that a fresh build does not give: their keys are gone. Well only if they were erased since.
    pub(super) forgotten: Vec<PersonId>,
}

/// Compares the stored rows with those that a build gives, up to the first that is another.
pub(super) fn compare(stored: &dyn RowView, fresh: &mut Rows, on_rows: &mut dyn FnMut(u64)) -> Result<Compared, VerifyFault> {
    let mut compared = Compared { same: 0, divergence: None, forgotten: Vec::new() };
    let mut next = || fresh.next().map_err(|fault| VerifyFault::Build(Box::new(fault)));
    let mut expected = next()?;
    let mut fault = None;
    stored.scan(Bound::Unbounded, Bound::Unbounded, Direction::Ascending, &mut |key, value| {
        let found = match &expected {
            Some((wanted, of)) if wanted == key => (of == value).then_some(Found::Same).ok_or_else(|| differs(key, Some(of), Some(value))),
            Some((wanted, of)) if wanted.as_slice() < key => Err(differs(wanted, Some(of), None)),
            Some(_) | None => forgotten(key, value).map(Found::Forgotten).ok_or_else(|| differs(key, None, Some(value))),
        };
        match found {
            Err(divergence) => compared.divergence = Some(divergence),
            Ok(Found::Forgotten(person)) => compared.forgotten.push(person),
            Ok(Found::Same) => {
                compared.same += 1;
                if compared.same.is_multiple_of(ROWS_A_REPORT) {
                    on_rows(compared.same);
                }
                match next() {
                    Ok(row) => expected = row,
                    Err(broken) => fault = Some(broken),
                }
            }
        }
        if fault.is_some() || compared.divergence.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    if let Some(fault) = fault {
        return Err(fault);
    }
    if let (None, Some((key, value))) = (&compared.divergence, expected) {
        compared.divergence = Some(differs(&key, Some(&value), None));
    }
    on_rows(compared.same);
    Ok(compared)
}

/// What a stored row is that may be there.
enum Found {
    Same,
    Forgotten(PersonId),
}

/// The person of an identity row, either way round.
fn forgotten(key: &[u8], value: &[u8]) -> Option<PersonId> {
    let id = match key.split_first()? {
        (b'I', _) => value,
        (b'J', id) => id,
        _ => return None,
    };
    id.try_into().ok().map(PersonId::from_bytes)
}

fn differs(key: &[u8], expected: Option<&[u8]>, found: Option<&[u8]>) -> Divergence {
    let (kind, rest) = key.split_first().map_or((0, key), |(kind, rest)| (*kind, rest));
    let number = |bytes: &[u8]| bytes.first_chunk().map(|bytes| u64::from_be_bytes(*bytes));
    let mut position = None;
    let mut place = match kind {
        b'S' => {
            let subject = rest.split_first().and_then(|(len, rest)| Subject::from_bytes(rest.get(..usize::from(*len))?).ok());
            subject.map_or_else(|| "an index row of no subject".to_owned(), |subject| format!("the index row of {subject}"))
        }
        b'T' => {
            let (level, block) = rest.split_first().map_or((0, 0), |(level, block)| (*level, number(block).unwrap_or_default()));
            let hash = block * ROW_HASHES + first_other_hash(expected, found);
            position = (level == 0).then_some(hash);
            if level == 0 { format!("the leaf hash of event {hash}") } else { format!("hash {hash} of tree level {level}") }
        }
        b'C' => "the row of a command id".to_owned(),
        b'I' | b'J' => "an identity row".to_owned(),
        b'D' => {
            position = number(rest);
            "the row of a document event".to_owned()
        }
        b'E' => "the row of an erased person".to_owned(),
        _ => "a row of no known kind".to_owned(),
    };
    // Whose number it is stays out of reports.
    let show = |value: Option<&[u8]>| match value {
        None => "no row".to_owned(),
        Some(_) if matches!(kind, b'I' | b'J') => "a row".to_owned(),
        Some(value) => shown(value, expected, found),
    };
    if !matches!(kind, b'I' | b'J') {
        place = format!("{place} (key {})", hex(key));
    }
    Divergence { what: "a derived row is not what the log gives".to_owned(), position, place, expected: show(expected), found: show(found) }
}

/// The number of the first hash in a tree row that differs.
fn first_other_hash(expected: Option<&[u8]>, found: Option<&[u8]>) -> u64 {
    let (expected, found) = (expected.unwrap_or_default(), found.unwrap_or_default());
    let same = expected.chunks(HASH_BYTES).zip(found.chunks(HASH_BYTES)).take_while(|(expected, found)| expected == found);
    same.count() as u64
}

/// A value from a little before the first byte that differs.
fn shown(value: &[u8], expected: Option<&[u8]>, found: Option<&[u8]>) -> String {
    let same = match (expected, found) {
        (Some(expected), Some(found)) => expected.iter().zip(found).take_while(|(expected, found)| expected == found).count(),
        (Some(_) | None, _) => 0,
    };
    let from = same.saturating_sub(4).min(value.len());
    let part = value.get(from..value.len().min(from + SHOWN_BYTES)).unwrap_or_default();
    format!("{} bytes, from byte {from}: {}", value.len(), hex(part))
}
