//! Loss of power: a child process runs over the real files, a library in front of libc records every change and every sync in one order, and
//! the parent makes, for many moments, folders that a disk could hold after losing power then: everything synced is there; of what was not
//! synced, each write is kept, dropped, cut short, or kept in parts and out of order, and names may be old or new. The engine must open each
//! of them with everything acknowledged by that moment, and serve nothing that was never written.
//!
//! `ZHIXIN_CRASH_ROUNDS=1000` looks at more moments, `ZHIXIN_CRASH_SEED=n` repeats the choices of an earlier run.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "power/disk.rs"]
mod disk;
#[path = "power/replay.rs"]
mod replay;
#[path = "power/trace.rs"]
mod trace;
