//! Document: rule packs and holiday calendars, by edition.
//!
//! A pack is published whole and replaced whole by its next edition; decisions read the packs of the record (see [`crate::rules`]).
//! Sources: Plan 4.1-4, 4.2-10.

pub mod publish_holiday_calendar;
pub mod publish_rule_pack;
pub mod state;

pub use publish_holiday_calendar::PublishHolidayCalendar;
pub use publish_rule_pack::PublishRulePack;
