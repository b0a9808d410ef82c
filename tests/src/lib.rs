//! Support for the tests of the whole system: the child process of crash tests, and the running server with its client.
#![forbid(unsafe_code)]

pub mod crash;
pub mod system;
