//! Commands on persons; what may be asked of them is in [`queries`].

pub(crate) mod guesses;
pub(crate) mod queries;

use zhixin_engine::domain::person::{CorrectPersonName, ErasePerson};
use zhixin_events::{ErasureGround, PersonId, Secret};

use super::command::{CommandRoute, route};
use super::input::body;

pub(super) const COMMANDS: &[CommandRoute] = &[route::<CorrectPersonName>(), route::<ErasePerson>()];

body! {
    /// Corrects the name of a person.
    CorrectPersonName {
        /// The person.
        person: PersonId,
        /// Name as on the document.
        name: Secret<String>,
    } => Self { person, name }
}

body! {
    /// Erases a person: recorded, then the keys are destroyed, then that is recorded.
    ErasePerson {
        /// The person.
        person: PersonId,
        /// Why.
        ground: ErasureGround,
    } => Self { person, ground }
}
