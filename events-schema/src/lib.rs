//! What is recorded: event types, tags, frozen wire structs, ids, units and the codec.
//!
//! This crate is the vocabulary that every other crate shares. It knows no decisions, no storage, no HTTP and no current time.
//! Start with [`registry`], the one table of event types; then an area page such as [`class`]; then [`commit`] (bytes of a commit)
//! and [`leaf`] (its public form in the Merkle log).
#![forbid(unsafe_code)]
#![deny(clippy::arithmetic_side_effects, clippy::as_conversions, clippy::integer_division, clippy::indexing_slicing)]

mod macros;

pub mod registry;

pub mod access;
pub mod certificate;
pub mod class;
pub mod directory;
pub mod document;
pub mod hours;
pub mod person;
pub mod plan;

pub mod codec;
pub mod codes;
pub mod commit;
pub mod digest;
pub mod document_number;
pub mod field;
pub mod ids;
pub mod json;
pub mod leaf;
pub mod reporting_unit;
pub mod schema;
pub mod scope;
pub mod secret;
pub mod subject;
pub mod units;
pub mod uscc;

pub use codes::*;
pub use commit::{Commit, Recorded};
pub use document_number::DocumentKind;
pub use ids::*;
pub use registry::Event;
pub use reporting_unit::{DivisionCode, ReportingUnit};
pub use secret::Secret;
pub use subject::{Subject, SubjectKind};
pub use units::*;
pub use uscc::Uscc;
