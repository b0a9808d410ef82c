//! `cargo xtask errors`: the index of ops/errors, from the first line of each page.

use std::fmt::Write as _;

use anyhow::{Context, Result};

use crate::run::Place;
use crate::say;

const BEGIN: &str = "<!-- index: written by `cargo xtask errors` -->\n";
const END: &str = "<!-- end of index -->";

/// Rewrites the part of ops/errors/README.md between its marks.
pub(crate) fn rewrite(place: &Place) -> Result<()> {
    let folder = place.root.join("ops/errors");
    let mut pages = Vec::new();
    for entry in std::fs::read_dir(&folder).context("cannot list ops/errors")? {
        let path = entry?.path();
        let code = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if path.extension().is_some_and(|end| end == "md") && code != "README" {
            let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read the page of {code}"))?;
            pages.push((code, text));
        }
    }
    pages.sort();
    let readme = folder.join("README.md");
    let old = std::fs::read_to_string(&readme).context("cannot read ops/errors/README.md")?;
    let new = with_index(&old, &pages)?;
    std::fs::write(&readme, new).context("cannot write ops/errors/README.md")?;
    say(&format!("{} pages listed in ops/errors/README.md", pages.len()));
    Ok(())
}

fn with_index(readme: &str, pages: &[(String, String)]) -> Result<String> {
    let (head, rest) = readme.split_once(BEGIN).context("README.md has lost the mark where the index begins")?;
    let (_, tail) = rest.split_once(END).context("README.md has lost the mark where the index ends")?;
    let mut index = String::from("| Code | Meaning |\n|---|---|\n");
    for (code, text) in pages {
        let title = text
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("# "))
            .and_then(|line| line.strip_prefix(code.as_str()))
            .and_then(|line| line.strip_prefix(": "))
            .with_context(|| format!("the page of {code} must begin with `# {code}: title`"))?;
        writeln!(index, "| [{code}]({code}.md) | {title} |")?;
    }
    Ok(format!("{head}{BEGIN}{index}{END}{tail}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_replaces_the_old_one_and_nothing_else() {
        let readme = format!("before\n{BEGIN}old\n{END}\nafter\n");
        let pages = [("REQ-0001".to_owned(), "# REQ-0001: not JSON\n".to_owned())];
        let new = with_index(&readme, &pages).unwrap();
        assert_eq!(new, format!("before\n{BEGIN}| Code | Meaning |\n|---|---|\n| [REQ-0001](REQ-0001.md) | not JSON |\n{END}\nafter\n"));
        assert_eq!(with_index(&new, &pages).unwrap(), new);
    }

    #[test]
    fn a_page_whose_heading_names_another_code_is_refused() {
        let readme = format!("{BEGIN}{END}");
        let pages = [("REQ-0001".to_owned(), "# REQ-0002: not JSON\n".to_owned())];
        assert!(with_index(&readme, &pages).is_err());
    }
}
