//! Facts of the machine, memory of this process, time of its threads, and bytes on disk.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::json;

/// What a result must be read with.
pub(crate) struct Facts {
    cpu: String,
    cores: usize,
    memory_mib: u64,
    kernel: String,
    disk: String,
}

/// The facts of this machine and of the disk that holds a folder.
pub(crate) fn facts(folder: &Path) -> Facts {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let field = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_once(':')).map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    Facts {
        cpu: field(&read("/proc/cpuinfo"), "model name"),
        cores: std::thread::available_parallelism().map_or(0, usize::from),
        memory_mib: kib(&read("/proc/meminfo"), "MemTotal") / 1_024,
        kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
        disk: disk_of(folder),
    }
}

impl Facts {
    pub(crate) fn to_text(&self) -> String {
        let Self { cpu, cores, memory_mib, kernel, disk } = self;
        format!("zhixin {} on {cores} cores ({cpu}), {memory_mib} MiB, Linux {kernel}, disk {disk}", env!("CARGO_PKG_VERSION"))
    }
    pub(crate) fn to_json(&self) -> serde_json::Value {
        let Self { cpu, cores, memory_mib, kernel, disk } = self;
        json!({ "zhixin": env!("CARGO_PKG_VERSION"), "cpu": cpu, "cores": cores, "memory_mib": memory_mib, "kernel": kernel, "disk": disk })
    }
}

/// File system and device of a folder, and whether the device turns.
fn disk_of(folder: &Path) -> String {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let mut best: Option<(usize, String)> = None;
    for line in mounts.lines() {
        let Some((place, what)) = line.split_once(" - ") else { continue };
        let mut place = place.split(' ').skip(2);
        let (Some(device), _, Some(mount)) = (place.next(), place.next(), place.next()) else { continue };
        let kind: Vec<_> = what.split(' ').take(2).collect();
        if folder.starts_with(mount) && best.as_ref().is_none_or(|(length, _)| mount.len() >= *length) {
            let turns = fs::read_to_string(format!("/sys/dev/block/{device}/queue/rotational")).unwrap_or_default();
            let turns = match turns.trim() {
                "0" => "solid state",
                "1" => "rotational or virtual",
                _other => "kind unknown",
            };
            best = Some((mount.len(), format!("{} ({turns})", kind.join(" on "))));
        }
    }
    best.map(|(_, text)| text).unwrap_or_default()
}

fn kib(text: &str, name: &str) -> u64 {
    let line = text.lines().find(|line| line.starts_with(name));
    line.and_then(|line| line.split_whitespace().nth(1)).and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// Anonymous memory of this process: what counts, since pages of files can be dropped. Unit: MiB.
pub(crate) fn rss_anon_mib() -> u64 {
    kib(&fs::read_to_string("/proc/self/status").unwrap_or_default(), "RssAnon") / 1_024
}

/// Watches the memory of this process until it is dropped.
pub(crate) struct MemoryWatch {
    highest: Arc<AtomicU64>,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl MemoryWatch {
    pub(crate) fn start() -> Self {
        let (highest, ended) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (seen, stop) = (Arc::clone(&highest), Arc::clone(&ended));
        let thread = std::thread::spawn(move || {
            while !stop.load(Ordering::SeqCst) {
                seen.fetch_max(rss_anon_mib(), Ordering::SeqCst);
                std::thread::park_timeout(Duration::from_millis(50));
            }
        });
        Self { highest, ended, thread: Some(thread) }
    }
    /// The most so far. Unit: MiB.
    pub(crate) fn highest_mib(&self) -> u64 {
        self.highest.load(Ordering::SeqCst)
    }
}

impl Drop for MemoryWatch {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            drop(thread.join());
        }
    }
}

/// Processor time of the threads of this process, by name; threads that ended are not in it.
pub(crate) fn thread_times() -> BTreeMap<String, Duration> {
    let mut times = BTreeMap::new();
    let Ok(tasks) = fs::read_dir("/proc/self/task") else { return times };
    for task in tasks.flatten() {
        let name = fs::read_to_string(task.path().join("comm")).unwrap_or_default();
        let ran = fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
        let ran = ran.split_whitespace().next().and_then(|ns| ns.parse().ok()).unwrap_or_default();
        *times.entry(name.trim().to_owned()).or_default() += Duration::from_nanos(ran);
    }
    times
}

/// Processor time of this process so far, all threads, ended ones too. Limit: exact to a hundredth of a second.
pub(crate) fn process_time() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program, in brackets, may hold anything; the fields are counted after it.
    let fields = stat.rsplit_once(')').map(|(_, rest)| rest).unwrap_or_default();
    let ticks: u64 = fields.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

/// Processor time spent on each of so many since a moment. Unit: nanoseconds.
pub(crate) fn ns_each(since: Duration, count: u64) -> u64 {
    let spent = process_time().saturating_sub(since);
    u64::try_from(spent.as_nanos() / u128::from(count.max(1))).unwrap_or(u64::MAX)
}

/// Bytes that a folder takes on disk, holes not counted.
pub(crate) fn disk_bytes(path: &Path) -> u64 {
    let Ok(meta) = fs::symlink_metadata(path) else { return 0 };
    let inside = match fs::read_dir(path) {
        Ok(entries) if meta.is_dir() => entries.flatten().map(|entry| disk_bytes(&entry.path())).sum(),
        Ok(_) | Err(_) => 0,
    };
    inside + meta.blocks() * 512
}

/// Asks the kernel to drop the cached pages of every file in a folder, through `dd` of the GNU core utilities; says whether that worked.
///
/// Pages that are mapped stay, so nobody may have the files open.
pub(crate) fn drop_cached_pages(path: &Path) -> bool {
    if path.is_dir() {
        return fs::read_dir(path).is_ok_and(|entries| entries.flatten().all(|entry| drop_cached_pages(&entry.path())));
    }
    let from = format!("if={}", path.display());
    let outcome = Command::new("dd").args([from.as_str(), "of=/dev/null", "iflag=nocache", "count=0", "status=none"]).status();
    outcome.is_ok_and(|status| status.success())
}
