//! Crashes: a child process appends, the parent kills it with SIGKILL, opens the folder itself and compares; again and again on the same
//! folder. A kill is not a power cut; that is `power.rs`. Also here: a damaged log, and a full disk.
//!
//! `ZHIXIN_CRASH_ROUNDS=1000` runs longer, `ZHIXIN_CRASH_SEED=n` repeats the choices of an earlier run.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "crash/damage.rs"]
mod damage;
#[path = "crash/full_disk.rs"]
mod full_disk;
#[path = "crash/kill.rs"]
mod kill;
#[path = "crash/rebuild.rs"]
mod rebuild;
