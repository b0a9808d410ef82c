//! Comparing two builds of a read model, row by row.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::ops::{Bound, ControlFlow};

use zhixin_store::rows::{Direction, RowFault, RowView};

/// Rows fetched at a time. Why: two views are walked in step, and a scan hands rows out only while it runs.
const ROWS_FETCHED: usize = 512;
/// Differing rows that are kept as examples.
pub const EXAMPLES_MAX: usize = 20;

/// A row that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// Its key.
    pub key: Vec<u8>,
    /// Its value in the live build; none = it lacks the row.
    pub live: Option<Vec<u8>>,
    /// Its value in the rebuilt one; none = it lacks the row.
    pub rebuilt: Option<Vec<u8>>,
}

impl std::fmt::Display for Example {
    /// Key and values in hexadecimal digits.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut hex = |name: &str, bytes: Option<&[u8]>| {
            f.write_str(name)?;
            match bytes {
                Some(bytes) => bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
                None => f.write_str("none"),
            }
        };
        hex("key ", Some(&self.key))?;
        hex(" live ", self.live.as_deref())?;
        hex(" rebuilt ", self.rebuilt.as_deref())
    }
}

/// How two builds differ.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Difference {
    /// The position that both reflect.
    pub position: u64,
    /// Rows that are the same.
    pub same: u64,
    /// Rows that only the live build has.
    pub only_live: u64,
    /// Rows that only the rebuilt one has.
    pub only_rebuilt: u64,
    /// Rows with the same key and another value.
    pub differing: u64,
    /// The first that differ, at most [`EXAMPLES_MAX`].
    pub examples: Vec<Example>,
}

impl Difference {
    /// Whether the builds are the same.
    pub fn is_empty(&self) -> bool {
        self.only_live == 0 && self.only_rebuilt == 0 && self.differing == 0
    }
}

/// Compares two builds that reflect the same position.
///
/// # Errors
/// Those of the scans.
pub fn compare(live: &dyn RowView, rebuilt: &dyn RowView) -> Result<Difference, RowFault> {
    let mut difference = Difference { position: live.checkpoint().position, ..Difference::default() };
    let (mut left, mut right) = (Rows::new(live), Rows::new(rebuilt));
    loop {
        let order = match (left.peek()?, right.peek()?) {
            (None, None) => return Ok(difference),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(one), Some(other)) => one.0.cmp(&other.0),
        };
        let one = if order.is_le() { left.next()? } else { None };
        let other = if order.is_ge() { right.next()? } else { None };
        let count = match (&one, &other) {
            (Some(one), Some(other)) if one == other => {
                difference.same += 1;
                continue;
            }
            (Some(_), Some(_)) => &mut difference.differing,
            (Some(_), None) => &mut difference.only_live,
            (None, Some(_) | None) => &mut difference.only_rebuilt,
        };
        *count += 1;
        if difference.examples.len() < EXAMPLES_MAX {
            let key = one.as_ref().or(other.as_ref()).map(|row| row.0.clone()).unwrap_or_default();
            difference.examples.push(Example { key, live: one.map(|row| row.1), rebuilt: other.map(|row| row.1) });
        }
    }
}

type Row = (Vec<u8>, Vec<u8>);

/// Walks the rows of a view.
struct Rows<'a> {
    view: &'a dyn RowView,
    fetched: VecDeque<Row>,
    last: Option<Vec<u8>>,
    ended: bool,
}

impl<'a> Rows<'a> {
    fn new(view: &'a dyn RowView) -> Self {
        Self { view, fetched: VecDeque::new(), last: None, ended: false }
    }

    fn peek(&mut self) -> Result<Option<&Row>, RowFault> {
        if self.fetched.is_empty() && !self.ended {
            let start = self.last.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
            let fetched = &mut self.fetched;
            self.view.scan(start, Bound::Unbounded, Direction::Ascending, &mut |key, value| {
                fetched.push_back((key.to_vec(), value.to_vec()));
                if fetched.len() < ROWS_FETCHED { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
            self.ended = self.fetched.is_empty();
            self.last = self.fetched.back().map(|row| row.0.clone());
        }
        Ok(self.fetched.front())
    }

    fn next(&mut self) -> Result<Option<Row>, RowFault> {
        self.peek()?;
        Ok(self.fetched.pop_front())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use zhixin_store::rows::{Checkpoint, MemoryRows};
    use zhixin_store::table::{Table, TableView};

    use super::*;

    fn rows(of: impl Iterator<Item = (u16, u8)>) -> TableView {
        let table = Table::new(Arc::new(MemoryRows::new())).unwrap();
        for (key, value) in of {
            table.put(&key.to_be_bytes(), vec![value]);
        }
        table.advance(Checkpoint { position: 9, chain: [1; 32] });
        table.view().unwrap()
    }

    #[test]
    fn every_kind_of_difference_is_counted_once() {
        let live = rows((0..2_000).map(|key| (key, 0)));
        let rebuilt = rows((1..2_001).map(|key| (key, u8::from(key % 700 == 0))));
        let difference = compare(&live, &rebuilt).unwrap();
        assert_eq!((difference.only_live, difference.only_rebuilt, difference.differing, difference.same), (1, 1, 2, 1_997));
        assert_eq!(difference.position, 9);
        assert_eq!(difference.examples.len(), 4);
        assert_eq!(difference.examples[0], Example { key: vec![0, 0], live: Some(vec![0]), rebuilt: None });
        assert!(!difference.is_empty());
        assert!(compare(&live, &live).unwrap().is_empty());
        assert_eq!(compare(&live, &rows(std::iter::empty())).unwrap().examples.len(), EXAMPLES_MAX);
    }
}
