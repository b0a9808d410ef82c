//! Placeholder.

pub mod crash;
pub mod system;
