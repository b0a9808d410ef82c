//! The interface for programs, `/api/v1`: commands one file an area, queries one file each.

mod access;
mod answers;
mod certificate;
pub(crate) mod certificates;
mod class;
pub(crate) mod classes;
mod command;
pub(crate) mod directories;
mod directory;
mod document;
mod hours;
pub(crate) mod input;
pub(crate) mod live;
pub(crate) mod moment;
pub(crate) mod names;
mod openapi;
mod person;
mod persons;
mod plan;
pub(crate) mod query;
pub(crate) mod quota;
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
    let routes = directories::routes(quota::routes(routes));
    let routes = persons::routes(classes::routes(certificates::routes(routes)));
    let routes = why::routes(timeline::routes(routes));
    openapi::routes(live::routes(status::routes(roster::routes(routes))))
}
