//! A broken invariant in a thread of the engine ends the process: what the thread kept in memory may be wrong, and a restart makes it anew
//! from the log, which holds all that was acknowledged.
//!
//! Other threads are let end alone: a request that panics is answered with 500, and the read models say themselves that they have stopped.

use zhixin_engine::engine::THREAD_PREFIX;

/// From now on a panic in a thread of the engine is told, then ends the process by SIGABRT.
pub(crate) fn end_the_process() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        tell(panic);
        let thread = std::thread::current();
        if thread.name().is_some_and(|name| name.starts_with(THREAD_PREFIX)) {
            tracing::error!(
                thread = thread.name(),
                runbook = "invariant",
                "a thread of the engine met a broken invariant; the process ends"
            );
            std::process::abort();
        }
    }));
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::Command;

    const THREAD: &str = "ZHIXIN_TEST_PANICKING_THREAD";
    const SIGABRT: i32 = 6;

    /// Runs itself again as a process of its own, in which a thread of the given name panics.
    #[test]
    fn a_panic_of_the_engine_ends_the_process_and_another_does_not() {
        if let Ok(name) = std::env::var(THREAD) {
            super::end_the_process();
            let thread = std::thread::Builder::new().name(name).spawn(|| panic!("on purpose")).unwrap();
            return thread.join().unwrap_err().downcast_ref::<&str>().map(|_| ()).unwrap();
        }
        let ended = |name: &str| {
            let me = std::env::current_exe().unwrap();
            let test = "panics::tests::a_panic_of_the_engine_ends_the_process_and_another_does_not";
            Command::new(me).args(["--exact", test, "--test-threads=1"]).env(THREAD, name).output().unwrap().status
        };
        assert!(ended("tokio-rt-worker").success());
        assert_eq!(ended("zx-follow").signal(), Some(SIGABRT));
    }
}
