//! The grid between a file and its rows: only cells that hold something, with Excel's own row numbers.

use std::collections::BTreeMap;

use super::{RosterLimits, RosterRefusal};

/// What a cell holds. No `Debug`: these are people's data.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Cell {
    /// Text as written.
    Text(String),
    /// A number, written out without an exponent; beyond 15 digits the rest is already lost.
    Number(String),
    /// One of Excel's error values, such as `#N/A`.
    Error,
    /// A text beyond the limit, which is not kept.
    TooLong,
}

impl Cell {
    /// What to show and read; nothing for an error value.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Number(text) => text,
            Self::Error | Self::TooLong => "",
        }
    }
}

/// One sheet or text file. Rows by number from 1, cells by column from 0.
pub(super) struct Sheet {
    /// Rows that hold anything.
    pub(super) rows: BTreeMap<u32, BTreeMap<u32, Cell>>,
    /// Whether cells have a type; in separated values a number and a text look alike.
    pub(super) typed: bool,
    /// Rows beyond the limit were met and not kept.
    pub(super) overflow: bool,
    text_bytes: usize,
    row_count_max: usize,
    cell_chars_max: usize,
    text_bytes_max: usize,
}

/// Rows that may stand above the headings.
const ROWS_ABOVE: usize = 100;

impl Sheet {
    pub(super) fn new(typed: bool, limits: &RosterLimits) -> Self {
        Self {
            rows: BTreeMap::new(),
            typed,
            overflow: false,
            text_bytes: 0,
            row_count_max: limits.row_count_max.saturating_add(ROWS_ABOVE),
            cell_chars_max: limits.cell_chars_max,
            text_bytes_max: limits.text_bytes_max,
        }
    }

    pub(super) fn put_text(&mut self, row: u32, column: u32, text: &str) -> Result<(), RosterRefusal> {
        if text.chars().all(is_blank) {
            return Ok(());
        }
        let cell = if text.chars().nth(self.cell_chars_max).is_some() { Cell::TooLong } else { Cell::Text(text.to_owned()) };
        self.put(row, column, cell)
    }

    pub(super) fn put(&mut self, row: u32, column: u32, cell: Cell) -> Result<(), RosterRefusal> {
        if !self.rows.contains_key(&row) && self.rows.len() >= self.row_count_max {
            self.overflow = true;
            return Ok(());
        }
        self.text_bytes = self.text_bytes.saturating_add(cell.text().len()).saturating_add(size_of::<Cell>());
        if self.text_bytes > self.text_bytes_max {
            return Err(RosterRefusal::TooMuchText { limit: self.text_bytes_max });
        }
        self.rows.entry(row).or_default().insert(column, cell);
        Ok(())
    }
}

/// Spaces of every width, control characters, and the invisible marks that copying brings along.
pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Full-width ASCII to ASCII, lower case, without blanks: the form in which headings and choices are compared.
pub(super) fn fold(text: &str) -> String {
    text.chars().filter(|c| !is_blank(*c)).map(half_width).flat_map(char::to_lowercase).collect()
}

/// A full-width form of ASCII as ASCII.
pub(crate) fn half_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        other => other,
    }
}
