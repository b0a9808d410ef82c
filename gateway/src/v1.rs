//! The interface for programs, `/api/v1`: one file a noun. Its commands stand in it, what may be asked of it in
//! `NOUN/queries.rs`; a noun with commands alone or questions alone needs the one file.

mod access;
mod answers;
pub(crate) mod certificate;
pub(crate) mod class;
pub(crate) mod command;
pub(crate) mod directory;
mod document;
mod hours;
pub(crate) mod input;
pub(crate) mod live;
pub(crate) mod moment;
pub(crate) mod names;
mod openapi;
mod person;
mod plan;
pub(crate) mod query;
pub(crate) mod quota;
pub(crate) mod readings;
pub(crate) mod roster;
mod sessions;
pub(crate) mod sight;
pub(crate) mod status;
pub(crate) mod story;
mod table;
pub(crate) mod timeline;
pub(crate) mod why;

use crate::app::routes::Routes;

pub(crate) use sessions::cookie as session_cookie;

/// Adds every route of the interface.
pub(crate) fn routes(routes: Routes) -> Routes {
    let routes = command::routes(sessions::routes(routes));
    let routes = directory::queries::routes(quota::routes(routes));
    let routes = person::queries::routes(class::queries::routes(certificate::queries::routes(routes)));
    let routes = why::routes(readings::routes(timeline::routes(routes)));
    openapi::routes(live::routes(status::routes(roster::routes(routes))))
}
