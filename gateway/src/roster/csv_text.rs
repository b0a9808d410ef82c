//! Separated values by RFC 4180 and the habits of Excel and WPS.
//!
//! Why not the `csv` crate: it skips blank lines without saying so, and a row number must be the one that Excel shows.
//! Comma, semicolon and tab separate; which one is told by the first line that holds any. A line `sep=;` is Excel's own
//! directive and no row.

use super::sheet::Sheet;
use super::{RosterLimits, RosterRefusal};

pub(super) fn sheet(text: &str, limits: &RosterLimits) -> Result<Sheet, RosterRefusal> {
    let (separator, body) = separator(text);
    let mut sheet = Sheet::new(false, limits);
    let (mut row, mut column, mut field) = (1u32, 0u32, String::new());
    let mut opened = None;
    let mut chars = body.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if opened.is_some() && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' if opened.is_some() => opened = None,
            // Only at the start of a field, or after the = with which systems protect digits, does a mark quote.
            '"' if field.is_empty() || field == "=" => {
                field.clear();
                opened = Some(row);
            }
            '\r' if opened.is_none() && chars.peek() == Some(&'\n') => {}
            '\n' | '\r' if opened.is_none() => {
                sheet.put_text(row, column, &field)?;
                field.clear();
                (row, column) = (row.saturating_add(1), 0);
            }
            _ if c == separator && opened.is_none() => {
                sheet.put_text(row, column, &field)?;
                field.clear();
                column = column.saturating_add(1);
            }
            _ => field.push(c),
        }
    }
    if let Some(row) = opened {
        return Err(RosterRefusal::OpenQuote { row });
    }
    sheet.put_text(row, column, &field)?;
    Ok(sheet)
}

fn separator(text: &str) -> (char, &str) {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    if let Some(named) = first.trim_end().strip_prefix("sep=").and_then(|named| named.chars().next()) {
        return (named, rest);
    }
    let known = |c: &char| matches!(c, ',' | ';' | '\t');
    let line = text.lines().find(|line| line.contains(|c| known(&c))).unwrap_or_default();
    let count = |c: char| line.matches(c).count();
    (['\t', ';', ','].into_iter().max_by_key(|c| count(*c)).unwrap_or(','), text)
}
