//! The source tree as a list of text files, and how a rule reports what it found.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Ends of the names of files that people write.
const TEXT: &[&str] = &["rs", "md", "toml", "sh", "py", "js", "css", "html", "txt", "json", "yml", "yaml"];
/// Folders at the root that are built, stored or git's own.
const SKIPPED_AT_ROOT: &[&str] = &["target", ".git", "data"];
/// Folders anywhere that are not ours to judge. `golden` and `fixtures` hold bytes, not prose.
const SKIPPED: &[&str] = &["golden", "fixtures", "snapshots", "node_modules", "__pycache__"];

/// One file: its path from the root of the workspace, with `/`, and its text.
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    /// Whether its name ends with a dot and this.
    pub(crate) fn is(&self, end: &str) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, last)| last == end)
    }
}

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All text files of the workspace, sorted by path.
pub(crate) fn files() -> Result<Vec<File>> {
    let root = root();
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(root.join(&folder)).with_context(|| format!("cannot list {}", folder.display()))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = folder.join(&name);
            if entry.file_type()?.is_dir() {
                let at_root = folder.as_os_str().is_empty() && SKIPPED_AT_ROOT.contains(&name.as_str());
                if !at_root && !SKIPPED.contains(&name.as_str()) {
                    folders.push(path);
                }
            } else if is_text(&path) {
                let text = std::fs::read_to_string(entry.path()).with_context(|| format!("{} is not UTF-8", path.display()))?;
                found.push(File { path: path.to_string_lossy().replace('\\', "/"), text });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn is_text(path: &Path) -> bool {
    path == Path::new(".ci/run") || path.extension().is_some_and(|end| TEXT.contains(&&*end.to_string_lossy()))
}

/// The Rust files among them.
pub(crate) fn rust_files() -> Result<Vec<File>> {
    Ok(files()?.into_iter().filter(|file| file.is("rs")).collect())
}

/// The text of one file; an absent file is an error that names it.
pub(crate) fn read(path: &str) -> Result<String> {
    std::fs::read_to_string(root().join(path)).with_context(|| format!("cannot read {path}"))
}

/// How a rule ends. Printed as it stands, without a trace: the findings say where to look.
pub(crate) type Outcome = Result<(), Findings>;

/// What a rule found, one finding a line.
pub(crate) struct Findings(String);

impl std::fmt::Debug for Findings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<anyhow::Error> for Findings {
    fn from(fault: anyhow::Error) -> Self {
        Self(format!("{fault:#}"))
    }
}

/// Fails with every finding.
pub(crate) fn report(findings: &[String]) -> Outcome {
    if findings.is_empty() {
        return Ok(());
    }
    Err(Findings(format!("{} findings:\n{}", findings.len(), findings.join("\n"))))
}

#[test]
fn the_tree_holds_this_file_and_nothing_built() -> Outcome {
    let files = files()?;
    assert!(files.iter().any(|file| file.path == "tests/tests/tidy/tree.rs"));
    assert!(!files.iter().any(|file| file.path.starts_with("target/")));
    assert!(report(&["x".to_owned()]).is_err() && report(&[]).is_ok());
    Ok(())
}
