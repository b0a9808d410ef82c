//! Commands on continuing-education hours.

use zhixin_engine::domain::hours::{PostHours, ReverseHours};
use zhixin_events::{ClassId, PersonId, RevocationGround, Secret};

use super::command::{CommandRoute, route};
use super::input::body;

pub(super) const COMMANDS: &[CommandRoute] = &[route::<PostHours>(), route::<ReverseHours>()];

body! {
    /// Posts the hours of a run to the record of a person.
    PostHours {
        /// The run that earned them.
        class: ClassId,
        /// The person.
        person: PersonId,
    } => Self { class, person }
}

body! {
    /// Takes posted hours back.
    ReverseHours {
        /// The run that had earned them.
        class: ClassId,
        /// The person.
        person: PersonId,
        /// Why.
        ground: RevocationGround,
        /// Why, in words.
        note: Option<Secret<String>>,
    } => Self { class, person, ground, note }
}
