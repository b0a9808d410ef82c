//! Working days, by the calendars that are shipped; a year without one has its weekdays.

use zhixin_domain::rules::Packs;
use zhixin_events::document::{DocumentEvent, HolidayCalendarPublished};
use zhixin_events::{CivilDate, Position};

use crate::packs;

/// The shipped calendars, folded as the record folds them.
pub(crate) struct Calendar(Packs);

impl Calendar {
    /// The shipped ones.
    ///
    /// # Errors
    /// A shipped file is malformed.
    pub(crate) fn shipped() -> anyhow::Result<Self> {
        let mut packs = Packs::default();
        for packs::ShippedCalendar { publish: calendar, .. } in packs::calendars()? {
            let published = HolidayCalendarPublished {
                year: calendar.year,
                edition: 1,
                days_off: calendar.days_off,
                work_days: calendar.work_days,
                source: calendar.source,
            };
            packs.apply(&DocumentEvent::HolidayCalendarPublished(published), Position(0));
        }
        Ok(Self(packs))
    }

    /// The day itself if offices work on it, else the next one on which they do.
    pub(crate) fn on_or_after(&self, day: CivilDate) -> CivilDate {
        self.0.plus_working_days(day.plus_days(-1), 1)
    }

    /// So many working days later.
    pub(crate) fn after(&self, day: CivilDate, working_days: u32) -> CivilDate {
        self.0.plus_working_days(day, working_days)
    }
}
