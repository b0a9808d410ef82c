//! One file a command.

pub(crate) mod backup;
pub(crate) mod bench;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod events;
pub(crate) mod import;
pub(crate) mod key;
pub(crate) mod origin;
pub(crate) mod rebuild;
pub(crate) mod replay;
pub(crate) mod schema;
pub(crate) mod serve;
pub(crate) mod user;
pub(crate) mod verify;
