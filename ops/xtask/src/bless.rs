//! `cargo xtask bless`: golden files for tags that have none yet.
//!
//! Invariant: bytes once released never change. The golden test writes the files; this command remembers what was
//! there before, and puts back and reports whatever changed, unless nothing has been released and it was told so.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::run::{Place, run};
use crate::say;

/// Adds golden files; with `unreleased` also rewrites them, as long as CHANGELOG names no release.
pub(crate) fn bless(place: &Place, unreleased: bool) -> Result<()> {
    let changelog = std::fs::read_to_string(place.root.join("CHANGELOG.md")).context("cannot read CHANGELOG.md")?;
    if let Some(release) = first_release(&changelog).filter(|_| unreleased) {
        bail!("CHANGELOG.md names release {release}: its bytes are out in the world and stay as they are");
    }
    let folder = place.root.join("events-schema/golden");
    let before = read_all(&folder)?;
    let mode = if unreleased { "unreleased" } else { "1" };
    let outcome = run(place.cargo(&["test", "--quiet", "--package", "zhixin-events", "--test", "golden"]).env("ZHIXIN_BLESS", mode));
    let after = read_all(&folder)?;
    let changed: Vec<&PathBuf> = before.iter().filter(|(path, bytes)| after.get(*path) != Some(bytes)).map(|(path, _)| path).collect();
    if !unreleased && !changed.is_empty() {
        for (path, bytes) in &before {
            std::fs::write(path, bytes).with_context(|| format!("cannot put back {}", path.display()))?;
        }
        bail!("golden files would have changed and were put back: {changed:?}");
    }
    outcome?;
    let added = after.keys().filter(|path| !before.contains_key(*path)).count();
    say(&format!("{added} golden files added, {} changed", changed.len()));
    Ok(())
}

/// The version in the first heading that is not "Unreleased".
fn first_release(changelog: &str) -> Option<&str> {
    changelog
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(|heading| heading.trim_start_matches('[').trim())
        .find(|heading| heading.starts_with(|first: char| first.is_ascii_digit()))
}

fn read_all(folder: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        if !folder.is_dir() {
            continue;
        }
        for entry in std::fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
                found.insert(path, bytes);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_a_heading_with_a_version() {
        assert_eq!(first_release("# Changelog\n\n## Unreleased\n### Added\n- 1.0 of nothing\n"), None);
        assert_eq!(first_release("## Unreleased\n\n## 0.2.0, 2027-01-05\n## 0.1.0\n"), Some("0.2.0, 2027-01-05"));
        assert_eq!(first_release("## [1.0.0]\n"), Some("1.0.0]"));
    }
}
