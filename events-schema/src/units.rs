//! Quantities: every number carries its unit in its type.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime, UtcOffset};

use crate::field::LeafValue;
use crate::json::Json;

/// Days from 0001-01-01 to 1970-01-01 in the Julian day count that `time` uses.
const JULIAN_EPOCH: i32 = 2_440_588;

/// Dense number of an event from the start of the log; also its leaf index in the Merkle tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
pub struct Position(pub u64);

impl Position {
    /// The position this many events later.
    #[must_use]
    pub const fn plus(self, events: u64) -> Self {
        Self(self.0.saturating_add(events))
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// An instant: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
pub struct Timestamp(pub i64);

/// Text that is not a date or an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Dates are `YYYY-MM-DD`, from 1900 to 2199.
    #[error("a date is written YYYY-MM-DD and lies between 1900-01-01 and 2199-12-31")]
    Date,
    /// Instants are RFC 3339.
    #[error("an instant is written as RFC 3339, for example 2025-03-01T09:00:00+08:00")]
    Instant,
}

/// China Standard Time, the zone of every civil date. Source: one zone for the whole country, without daylight saving since 1992.
fn china() -> UtcOffset {
    UtcOffset::from_hms(8, 0, 0).unwrap_or(UtcOffset::UTC)
}

/// Appends the last so many decimal digits. Why by hand: leaves hold dozens of them, and `fmt` takes ten times as long.
fn push_digits(value: u32, places: u32, out: &mut String) {
    for place in (0..places).rev() {
        let digit = value.div_euclid(10_u32.saturating_pow(place)).rem_euclid(10);
        out.push(char::from_digit(digit, 10).unwrap_or('0'));
    }
}

fn push_date(date: Date, out: &mut String) {
    let (year, month, day) = date.to_calendar_date();
    if year < 0 {
        let _written = write!(out, "{year:04}");
    } else {
        push_digits(year.unsigned_abs(), 4, out);
    }
    out.push('-');
    push_digits(u8::from(month).into(), 2, out);
    out.push('-');
    push_digits(day.into(), 2, out);
}

/// Date and time of day, without the offset.
fn written(at: OffsetDateTime) -> String {
    let mut out = String::with_capacity(32);
    push_date(at.date(), &mut out);
    for (before, part) in [('T', at.hour()), (':', at.minute()), (':', at.second())] {
        out.push(before);
        push_digits(part.into(), 2, &mut out);
    }
    out.push('.');
    push_digits(at.millisecond().into(), 3, &mut out);
    out
}

impl Timestamp {
    fn instant(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0).saturating_mul(1_000_000)).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
    /// The civil date in China Standard Time.
    pub fn civil_date(self) -> CivilDate {
        CivilDate::from_date(self.instant().to_offset(china()).date())
    }
    /// `2025-03-01T01:00:00.000Z`: UTC, always with milliseconds. The form of leaves.
    pub fn to_utc_text(self) -> String {
        let mut text = written(self.instant());
        text.push('Z');
        text
    }
    /// `2025-03-01T09:00:00.000+08:00`: the form of answers and pages.
    pub fn to_china_text(self) -> String {
        let mut text = written(self.instant().to_offset(china()));
        text.push_str("+08:00");
        text
    }
    /// Reads RFC 3339.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let at = OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).map_err(|_| TimeError::Instant)?;
        i64::try_from(at.unix_timestamp_nanos().div_euclid(1_000_000)).map(Self).map_err(|_| TimeError::Instant)
    }
}

/// A civil date in China Standard Time: days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
pub struct CivilDate(pub i32);

impl CivilDate {
    fn from_date(date: Date) -> Self {
        Self(date.to_julian_day().saturating_sub(JULIAN_EPOCH))
    }
    fn date(self) -> Date {
        Date::from_julian_day(self.0.saturating_add(JULIAN_EPOCH)).unwrap_or(Date::MIN)
    }
    /// The date of a year, month (1 to 12) and day, if there is one.
    pub fn from_ymd(year: i32, month: u8, day: u8) -> Option<Self> {
        let month = time::Month::try_from(month).ok()?;
        Date::from_calendar_date(year, month, day).ok().map(Self::from_date)
    }
    /// Reads `YYYY-MM-DD`.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let mut parts = text.split('-');
        let (Some(year), Some(month), Some(day), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(TimeError::Date);
        };
        if year.len() != 4 || month.len() != 2 || day.len() != 2 || !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
            return Err(TimeError::Date);
        }
        let (Ok(year), Ok(month), Ok(day)) = (year.parse::<i32>(), month.parse(), day.parse()) else {
            return Err(TimeError::Date);
        };
        if !(1900..2200).contains(&year) {
            return Err(TimeError::Date);
        }
        Self::from_ymd(year, month, day).ok_or(TimeError::Date)
    }
    /// The year.
    pub fn year(self) -> i32 {
        self.date().year()
    }
    /// The month, 1 to 12.
    pub fn month(self) -> u8 {
        u8::from(self.date().month())
    }
    /// The day of the month, 1 to 31.
    pub fn day(self) -> u8 {
        self.date().day()
    }
    /// Whether it is a Saturday or a Sunday.
    pub fn is_weekend(self) -> bool {
        matches!(self.date().weekday(), time::Weekday::Saturday | time::Weekday::Sunday)
    }
    /// The date this many days later (earlier when negative).
    #[must_use]
    pub fn plus_days(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }
    /// The same day so many years later; 29 February becomes 28 February.
    #[must_use]
    pub fn plus_years(self, years: i32) -> Self {
        let date = self.date();
        let year = date.year().saturating_add(years);
        Self::from_ymd(year, u8::from(date.month()), date.day()).or_else(|| Self::from_ymd(year, 2, 28)).unwrap_or(self)
    }
    /// Midnight in China Standard Time at the start of the day.
    pub fn start(self) -> Timestamp {
        let midnight = self.date().midnight().assume_offset(china());
        Timestamp(i64::try_from(midnight.unix_timestamp_nanos().div_euclid(1_000_000)).unwrap_or_default())
    }
    /// The instant this many minutes after midnight.
    pub fn at_minute(self, minute: u32) -> Timestamp {
        Timestamp(self.start().0.saturating_add(i64::from(minute).saturating_mul(60_000)))
    }
    /// Appends it as `YYYY-MM-DD`.
    pub fn write(self, out: &mut String) {
        push_date(self.date(), out);
    }
    /// Days from `earlier` to this date.
    pub const fn days_since(self, earlier: Self) -> i32 {
        self.0.saturating_sub(earlier.0)
    }
}

impl std::fmt::Display for CivilDate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = String::with_capacity(10);
        self.write(&mut text);
        f.write_str(&text)
    }
}

impl LeafValue for CivilDate {
    fn write_json(&self, out: &mut String) -> bool {
        out.push('"');
        self.write(out);
        out.push('"');
        true
    }
    fn sample() -> Self {
        Self(20_148)
    }
    fn json_schema() -> Json {
        Json::object([("type", Json::Static("string")), ("format", Json::Static("date"))])
    }
}

macro_rules! quantity {
    ($($(#[$meta:meta])* $name:ident($inner:ty)),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
        pub struct $name($inner);

        impl $name {
            /// The quantity of so many units.
            pub const fn new(value: $inner) -> Self { Self(value) }
            /// How many units.
            pub const fn get(self) -> $inner { self.0 }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { self.0.fmt(f) }
        }
        impl LeafValue for $name {
            fn write_json(&self, out: &mut String) -> bool { self.0.write_json(out) }
            fn sample() -> Self { Self(<$inner>::sample()) }
            fn json_schema() -> Json { <$inner>::json_schema() }
        }
    )+};
}

quantity! {
    /// A year of the programme. Unit: calendar year. Source: Plan 4.1-2 (年度); 4.5-1 (2021 to 2030).
    PlanYear(u16),
    /// Continuing-education hours (学时), the unit regulations count. Unit: tenths of an hour, since half hours occur.
    HoursTenths(u32),
    /// Points of a test. Unit: points of 100.
    Points(u8),
    /// A share. Unit: hundredths of a per cent.
    BasisPoints(u32),
    /// People, as a number of them.
    PeopleCount(u32),
    /// Number of a session in its class, from 1.
    SessionNumber(u16),
    /// Number of a trainer in the directory, assigned when it is listed.
    DirectoryNumber(u32),
}

impl HoursTenths {
    /// The sum; saturates far beyond any class.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
    /// `12` or `12.5`: hours in decimal.
    pub fn to_decimal_text(self) -> String {
        let (whole, tenth) = (self.0.div_euclid(10), self.0.rem_euclid(10));
        if tenth == 0 { whole.to_string() } else { format!("{whole}.{tenth}") }
    }
}

impl PlanYear {
    /// The years of the programme. Source: Plan 4.5-1 (2021—2030); decisions ask the rule packs, this is for lists to choose from.
    pub fn programme() -> impl Iterator<Item = Self> {
        (2021..=2030).map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_instants_agree_in_china_standard_time() {
        let date = CivilDate::parse("2025-03-01").unwrap();
        assert_eq!(date.start().to_utc_text(), "2025-02-28T16:00:00.000Z");
        assert_eq!(date.start().to_china_text(), "2025-03-01T00:00:00.000+08:00");
        assert_eq!(date.start().civil_date(), date);
        assert_eq!(Timestamp(date.start().0 - 1).civil_date(), date.plus_days(-1));
        assert_eq!(Timestamp::parse("2025-03-01T00:00:00+08:00"), Ok(date.start()));
        assert_eq!(CivilDate(0).to_string(), "1970-01-01");
    }

    #[test]
    fn impossible_dates_are_refused() {
        for text in ["2025-02-29", "2025-13-01", "25-01-01", "2025-1-01", "2025-01-01T", "+025-01-01", "1899-12-31"] {
            assert_eq!(CivilDate::parse(text), Err(TimeError::Date), "{text}");
        }
    }
}
