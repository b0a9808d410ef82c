//! Child processes: the test binary runs itself again, does one piece of work, and reports lines on its standard output, each in one write
//! and only after what it reports has happened.

use std::env;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{self, Command, ExitStatus, Stdio};

use sha2::{Digest as _, Sha256};
use zhixin_engine::answer::Accepted;

use super::world::Step;

/// Which piece of work a child is to do, and in which folder.
const WORK: &str = "ZHIXIN_CRASH_CHILD";
/// Sets a line of ours apart from what the test harness prints.
const SIGN: &str = "\u{1}zx ";
/// The file in the watched folder whose writes are not content but marks in the trace.
pub const MARKS: &str = "marks";

/// Writes text past the capture of the test harness: a seed must be seen even if the process dies.
pub fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).expect("standard output takes a line");
}

/// In a child: which work, and its arguments.
pub fn is_child() -> Option<Vec<String>> {
    env::var(WORK).ok().map(|work| work.split('\t').map(str::to_owned).collect())
}

/// An acknowledged step as a child reported it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ack {
    /// Script and step.
    pub at: (u32, u32),
    /// Position of the first event.
    pub position: u64,
    /// Identifies the command. Unit: hexadecimal digits.
    pub command_id: String,
    /// Digest of the whole answer. Unit: hexadecimal digits.
    pub digest: String,
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

impl Ack {
    /// What is remembered of an answered step.
    pub fn of(step: &Step) -> Self {
        let answer = Accepted { replayed: false, ..step.accepted.clone() };
        Self {
            at: (step.script, step.step),
            position: step.accepted.position.0,
            command_id: hex(&step.command_id.0),
            digest: hex(&Sha256::digest(format!("{answer:?}"))),
        }
    }
    /// As a line without its end.
    pub fn line(&self) -> String {
        format!("ack {} {} {} {} {}", self.at.0, self.at.1, self.position, self.command_id, self.digest)
    }
    /// Reads such a line; `None` if it is another.
    pub fn parse(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let Some("ack") = words.next() else { return None };
        let mut number = || words.next()?.parse::<u64>().ok();
        let (script, step, position) = (number()?, number()?, number()?);
        let at = (u32::try_from(script).ok()?, u32::try_from(step).ok()?);
        Some(Self { at, position, command_id: words.next()?.to_owned(), digest: words.next()?.to_owned() })
    }
}

/// In a child: reports a line to the parent.
pub(crate) fn report_line(line: &str) {
    say(&format!("{SIGN}{line}\n"));
}

/// In a child: writes a mark into the trace, in one write.
pub(crate) fn mark_line(dir: &Path, line: &str) {
    let file = File::options().create(true).append(true).open(dir.join(MARKS));
    file.and_then(|mut file| file.write_all(format!("{line}\n").as_bytes())).expect("the marks take a line");
}

/// A running child. Dropping it kills it.
#[derive(Debug)]
pub struct Child {
    process: process::Child,
    lines: BufReader<process::ChildStdout>,
}

impl Child {
    /// In a child: reports a line to the parent.
    pub fn report(line: &str) {
        report_line(line);
    }
    /// In a child: writes a mark into the trace of the folder `dir`.
    pub fn mark(dir: &Path, line: &str) {
        mark_line(dir, line);
    }

    /// Starts this test binary again to run only `test`, which must do the work `work` when [`is_child`] says so.
    pub fn start(test: &str, work: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env::current_exe().expect("a test binary has a path"));
        command.args([test, "--exact", "--nocapture", "--test-threads=1"]).env(WORK, work.join("\t")).envs(variables.iter().copied());
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("the test binary runs again");
        let lines = BufReader::new(process.stdout.take().expect("standard output is a pipe"));
        Self { process, lines }
    }

    /// The next line that the child reported; `None` when it has ended.
    pub fn next_line(&mut self) -> Option<String> {
        let mut line = String::new();
        loop {
            line.clear();
            if self.lines.read_line(&mut line).expect("the pipe can be read") == 0 {
                return None;
            }
            // A line that death cut short has no end and reports nothing.
            if let Some((_, report)) = line.split_once(SIGN).filter(|_| line.ends_with('\n')) {
                return Some(report.trim_end().to_owned());
            }
        }
    }

    /// SIGKILL: nothing in the child runs any more.
    pub fn kill(&mut self) {
        self.process.kill().expect("the child can be killed");
    }

    /// Waits for the end of the child.
    pub fn wait(&mut self) -> ExitStatus {
        self.process.wait().expect("the child can be waited for")
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
