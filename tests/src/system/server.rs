//! A server process: started on a free port, ended by SIGTERM, and its log in a file beside the data.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};

use super::folder::Folder;

/// Longest start and longest end. Unit: seconds.
const PATIENCE_S: u64 = 60;

/// A running server; killed when it is dropped without [`Server::stop`].
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// `http://127.0.0.1:PORT`.
    pub base: String,
    /// What it printed before it was ready, the line with the address left out.
    pub said: Vec<String>,
    /// How long it took to be ready.
    pub took: Duration,
    log: PathBuf,
}

impl Server {
    pub(super) fn start(folder: &Folder, words: &[&str]) -> anyhow::Result<Self> {
        let listen: &[&str] = if words.contains(&"--listen") { &[] } else { &["--listen", "127.0.0.1:0"] };
        let words: Vec<&str> = ["serve"].iter().chain(listen).chain(words).copied().collect();
        Self::of_command(folder.command(&words)?, folder.path().join("server.log"))
    }

    /// A server that is started by a command of one's own, with the file that it logs to.
    ///
    /// # Errors
    /// It does not come up.
    pub fn of_command(mut command: Command, log: PathBuf) -> anyhow::Result<Self> {
        let errors = File::options().create(true).append(true).open(&log)?;
        let since = Instant::now();
        let mut child = command.stdout(Stdio::piped()).stderr(errors).spawn().context("start the server")?;
        let out = child.stdout.take().context("its standard output")?;
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            // Reads on to the end, so that the server never waits for a full pipe.
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                drop(tell.send(line));
            }
        });
        let mut server = Self { child, base: String::new(), said: Vec::new(), took: Duration::ZERO, log };
        loop {
            match told.recv_timeout(Duration::from_secs(PATIENCE_S)) {
                Ok(line) => match line.split_whitespace().find(|word| word.starts_with("http://")) {
                    Some(address) => {
                        address.trim_end_matches('/').clone_into(&mut server.base);
                        server.took = since.elapsed();
                        return Ok(server);
                    }
                    None => server.said.push(line),
                },
                Err(_) => bail!("the server did not come up; it said {:?} and logged\n{}", server.said, server.logged()?),
            }
        }
    }

    /// What it has logged, earlier runs on the same folder included.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn logged(&self) -> anyhow::Result<String> {
        Ok(std::fs::read_to_string(&self.log)?)
    }

    /// Its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// The file of its log.
    pub fn log_file(&self) -> &Path {
        &self.log
    }

    fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).context("a process has a number")?;
        Ok(kill_process(pid, signal)?)
    }

    /// Sends SIGTERM.
    ///
    /// # Errors
    /// It is gone already.
    pub fn terminate(&self) -> anyhow::Result<()> {
        self.signal(Signal::TERM)
    }

    /// Sends SIGTERM and waits for a clean end.
    ///
    /// # Errors
    /// It ends with another code than 0, or not at all.
    pub fn stop(self) -> anyhow::Result<()> {
        self.terminate()?;
        self.ends()
    }

    /// Waits for a clean end.
    ///
    /// # Errors
    /// It ends with another code than 0, or not at all.
    pub fn ends(mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + Duration::from_secs(PATIENCE_S);
        let status = loop {
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            ensure!(Instant::now() < deadline, "the server does not end\n{}", self.logged()?);
            // Not for the passing of time: the end of a process can only be asked for, or waited for without a bound.
            std::thread::park_timeout(Duration::from_millis(20));
        };
        ensure!(status.code() == Some(0), "the server ended with {status}\n{}", self.logged()?);
        Ok(())
    }

    /// Kills it, as a crash would.
    ///
    /// # Errors
    /// It is gone already.
    pub fn kill(mut self) -> anyhow::Result<()> {
        self.signal(Signal::KILL)?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}
