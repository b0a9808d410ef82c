//! Who may ask: the HTTP interface, the pages, sign-in, permissions. The only crate that knows HTTP and JSON.
//!
//! Start with `app` (what the gateway stands on and what is around every request), then `v1` (the interface for programs: one file a
//! noun), [`pages`] (for people) and `log` (the tamper-evident log for everybody). [`problem`] holds every
//! no that a caller can get, `auth` who asks, `session` how they signed in.
//! Invariants: handlers hold no rules; bodies are types of this crate; a name of the record is shown only after its reading was recorded (the
//! rows of an upload that waits are what its uploader typed, and are shown to nobody else).
#![forbid(unsafe_code)]

mod app;
mod auth;
mod log;
pub mod problem;
mod session;
mod v1;

pub mod charts;
pub mod pages;
pub mod roster;
pub mod text;

pub use app::{Deps, Limits, RouteInfo, app, route_list, serve};
pub use auth::address::{Proxies, ProxyHeader};
pub use session::accounts;
pub use v1::roster::{RosterToImport, import_roster};
