//! Two sets of derived rows, compared in order; the first difference named by what the row means.

use std::cmp::Ordering;
use std::ops::{Bound, ControlFlow};

use zhixin_events::{PersonId, Subject};
use zhixin_store::rows::{Direction, Row, RowFault, RowView};

use super::Divergence;
use crate::blobs::files::hex;

/// Rows compared at a time.
const PAGE_ROWS: usize = 4_096;
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

/// Compares the stored rows with freshly built ones.
pub(super) fn compare(stored: &dyn RowView, fresh: &dyn RowView, on_rows: &mut dyn FnMut(u64)) -> Result<Compared, RowFault> {
    let mut compared = Compared { same: 0, divergence: None, forgotten: Vec::new() };
    let mut after: Option<Vec<u8>> = None;
    loop {
        let start = after.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let page = page(stored, start, Bound::Unbounded, PAGE_ROWS)?;
        let last = page.last().filter(|_| page.len() == PAGE_ROWS).map(|(key, _)| key.clone());
        let end = last.as_deref().map_or(Bound::Unbounded, Bound::Included);
        // One row more than there may be shows that rows are missing; how many does not matter.
        let expected = self::page(fresh, start, end, 2 * PAGE_ROWS + 1)?;
        compared.divergence = compare_page(&page, &expected, &mut compared);
        if compared.divergence.is_some() {
            return Ok(compared);
        }
        on_rows(compared.same);
        match last {
            Some(last) => after = Some(last),
            None => return Ok(compared),
        }
    }
}

fn page(view: &dyn RowView, start: Bound<&[u8]>, end: Bound<&[u8]>, rows_max: usize) -> Result<Vec<Row>, RowFault> {
    let mut rows = Vec::new();
    view.scan(start, end, Direction::Ascending, &mut |key, value| {
        rows.push((key.to_vec(), value.to_vec()));
        if rows.len() < rows_max { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    Ok(rows)
}

fn compare_page(stored: &[Row], fresh: &[Row], compared: &mut Compared) -> Option<Divergence> {
    let (mut found, mut expected) = (stored.iter().peekable(), fresh.iter().peekable());
    loop {
        let order = match (found.peek(), expected.peek()) {
            (None, None) => return None,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((key, _)), Some((wanted, _))) => key.cmp(wanted),
        };
        match order {
            Ordering::Less => {
                let (key, value) = found.next()?;
                match forgotten(key, value) {
                    Some(person) => compared.forgotten.push(person),
                    None => return Some(differs(key, None, Some(value))),
                }
            }
            Ordering::Greater => {
                let (key, value) = expected.next()?;
                return Some(differs(key, Some(value), None));
            }
            Ordering::Equal => {
                let ((key, value), (_, wanted)) = (found.next()?, expected.next()?);
                if value != wanted {
                    return Some(differs(key, Some(wanted), Some(value)));
                }
                compared.same += 1;
            }
        }
    }
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

fn differs(key: &[u8], expected: Option<&Vec<u8>>, found: Option<&Vec<u8>>) -> Divergence {
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
    let show = |value: Option<&Vec<u8>>| match value {
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
fn first_other_hash(expected: Option<&Vec<u8>>, found: Option<&Vec<u8>>) -> u64 {
    let (expected, found) = (expected.map_or(&[][..], Vec::as_slice), found.map_or(&[][..], Vec::as_slice));
    let same = expected.chunks(HASH_BYTES).zip(found.chunks(HASH_BYTES)).take_while(|(expected, found)| expected == found);
    same.count() as u64
}

/// A value from a little before the first byte that differs.
fn shown(value: &[u8], expected: Option<&Vec<u8>>, found: Option<&Vec<u8>>) -> String {
    let same = match (expected, found) {
        (Some(expected), Some(found)) => expected.iter().zip(found).take_while(|(expected, found)| expected == found).count(),
        (Some(_) | None, _) => 0,
    };
    let from = same.saturating_sub(4).min(value.len());
    let part = value.get(from..value.len().min(from + SHOWN_BYTES)).unwrap_or_default();
    format!("{} bytes, from byte {from}: {}", value.len(), hex(part))
}
