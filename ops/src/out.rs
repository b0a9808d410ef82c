//! What the command line prints: results on standard output, progress and complaints on standard error.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tracing_subscriber::EnvFilter;

/// Sends the log to standard error.
pub(crate) fn start_logging(verbose: u8) {
    let default = match verbose {
        0 => "warn",
        1 => "info",
        _ => "debug",
    };
    let filter = EnvFilter::try_from_env("ZHIXIN_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal()).init();
}

/// Prints a line of a result. A reader that has gone (`| head`) is no fault.
pub(crate) fn line(text: &str) {
    let mut out = std::io::stdout().lock();
    drop(out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")));
}

/// Prints a line beside the result.
pub(crate) fn note(text: &str) {
    let mut out = std::io::stderr().lock();
    drop(out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")));
}

/// Says why a command stopped, with every cause.
pub(crate) fn complain(fault: &anyhow::Error) {
    note(&format!("zhixin: {fault:#}"));
}

/// A progress bar on a terminal; plain lines now and then elsewhere.
pub(crate) struct Bar {
    bar: ProgressBar,
    /// Off a terminal: the tenth last told, by phase. Phases may take turns.
    plain: Option<RefCell<BTreeMap<String, u64>>>,
}

impl Bar {
    /// A bar toward a total; 0 = not known.
    pub(crate) fn new(what: &str, total: u64) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let bar =
            ProgressBar::with_draw_target(Some(total), if terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() });
        if let Ok(style) = ProgressStyle::with_template("{msg:24} {wide_bar} {human_pos}/{human_len} {per_sec} {eta}") {
            bar.set_style(style);
        }
        bar.set_message(what.to_owned());
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar, plain: (!terminal).then(RefCell::default) }
    }

    /// Moves to a position of a (perhaps new) total, in a (perhaps new) phase.
    pub(crate) fn set(&self, what: &str, done: u64, total: u64) {
        self.bar.set_length(total);
        self.bar.set_position(done);
        if let Some(plain) = &self.plain {
            let tenth = done.saturating_mul(10).checked_div(total).unwrap_or_default();
            if plain.borrow_mut().insert(what.to_owned(), tenth) != Some(tenth) {
                note(&format!("{what}: {done} of {total}"));
            }
        } else {
            self.bar.set_message(what.to_owned());
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
