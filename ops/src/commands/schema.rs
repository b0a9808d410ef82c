//! `zhixin schema`: every event type, version and field as JSON Schema.

use crate::{Ending, out};

pub(crate) fn run() -> Ending {
    out::line(&zhixin_events::schema::catalogue().to_canonical());
    Ending::Well
}
