//! Charts as SVG text: numbers in, markup out, nothing else.
//!
//! Invariants: the same input gives the same bytes (snapshot tests); integer arithmetic only, lengths in thousandths of a
//! pixel; no inline style or script, so the pages keep a strict content security policy; every picture has a name for a screen
//! reader, and its numbers stand beside it as text. A meaning is never carried by colour alone.
//! Start with [`Figure`], which frames every chart with caption, data table and download link.

mod bars;
mod bullet;
mod figure;
mod months;
mod sparkline;
mod tiles;

pub use bars::{Bar, Bars, bars};
pub use bullet::{Bullet, bullet};
pub use figure::{Cell, Figure, Row, Table};
pub use months::{Month, Months, months};
pub use sparkline::sparkline;
pub use tiles::{Band, TILES, Tile, TileMap, TilePlace, band_of_percent, bands_of_counts, tile_map};

/// Colours of series on white, each at least 3:1; at most six series in one chart. Source: the contrast table of the design.
pub const SERIES: [&str; 6] = ["#0B5CAD", "#B35900", "#1B7F5C", "#7A3E9D", "#B3261E", "#5A6472"];
/// Sequential ramp, light to dark: fill and the text colour that is readable on it.
pub const RAMP: [(&str, &str); 5] =
    [("#E3EEF9", "#1A1F29"), ("#B5D0EC", "#1A1F29"), ("#6FA3D8", "#1A1F29"), ("#2F6FB5", "#FFFFFF"), ("#0B3F7D", "#FFFFFF")];
const INK: &str = "#1A1F29";
const SURFACE: &str = "#F3F5F8";
const BORDER: &str = "#6B7685";
const GRID: &str = "#D5DAE1";

/// Text made safe for HTML and SVG, in element content and in quoted attributes.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// A count with thousands separators: `80000` becomes `80,000`.
pub fn grouped(count: u64) -> String {
    group_digits(&count.to_string())
}

/// Commas between groups of three digits; `digits` holds digits only.
pub(crate) fn group_digits(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Basis points as percent with one decimal, rounded half up: `9126` becomes `91.3%`.
pub fn percent(bp: u64) -> String {
    let tenths = bp.saturating_add(5) / 10;
    format!("{}.{}%", tenths / 10, tenths % 10)
}

/// `value / max` of `span`, all in the same unit, rounded down; nothing is longer than the span.
fn share(value: u64, max: u64, span: u64) -> u64 {
    let part = u128::from(value.min(max)) * u128::from(span) / u128::from(max.max(1));
    u64::try_from(part).unwrap_or(span)
}

/// A length in thousandths of a pixel as an SVG number.
fn px(milli: u64) -> String {
    let (whole, part) = (milli / 1000, milli % 1000);
    if part == 0 { whole.to_string() } else { format!("{whole}.{part:03}").trim_end_matches('0').to_owned() }
}

/// The smallest of 1, 2, 2.5, 4, 5 or 8 times a power of ten that is at least `value` and divides into four whole steps.
fn nice_ceiling(value: u64) -> u64 {
    let mut unit: u64 = 4;
    loop {
        for factor in [1, 2, 5] {
            let candidate = unit.saturating_mul(factor);
            if candidate >= value || candidate == u64::MAX {
                return candidate;
            }
        }
        unit = unit.saturating_mul(10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_percents_read_as_people_write_them() {
        assert_eq!([0, 999, 1000, 80_000, 1_000_000].map(grouped), ["0", "999", "1,000", "80,000", "1,000,000"].map(str::to_owned));
        assert_eq!([0, 4, 5, 9126, 10_000, 12_345].map(percent), ["0.0%", "0.0%", "0.1%", "91.3%", "100.0%", "123.5%"].map(str::to_owned));
    }

    #[test]
    fn lengths_never_leave_their_span_and_print_without_trailing_zeros() {
        assert_eq!(share(5, 0, 1000), 0);
        assert_eq!(share(u64::MAX, u64::MAX, u64::MAX), u64::MAX);
        assert_eq!(share(9, 4, 1000), 1000);
        assert_eq!([px(0), px(1500), px(12_000), px(1)], ["0", "1.5", "12", "0.001"].map(str::to_owned));
        assert_eq!([0, 5, 100, 90_000].map(nice_ceiling), [4, 8, 200, 200_000]);
    }

    #[test]
    fn escaping_leaves_no_character_that_could_end_an_attribute() {
        assert_eq!(escape("<a href=\"x\">'&"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;");
    }
}
