//! The demonstration's own generator of people, compiled a second time: the binary has no library to take it from.
#![allow(dead_code, reason = "the generator has more to it than what this test looks for")]

#[path = "../../../ops/src/demo/chance.rs"]
mod chance;
#[path = "../../../ops/src/demo/people.rs"]
pub(crate) mod people;
