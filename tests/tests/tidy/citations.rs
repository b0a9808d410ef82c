//! Rules on what the code cites: a page that is in the repository, a clause that the glossary lists.

use std::collections::BTreeSet;

use crate::tree::{File, Outcome, files, read, report};

fn absent_pages(files: &[File]) -> Vec<String> {
    let names: BTreeSet<&str> = files.iter().filter_map(|file| file.path.rsplit('/').next()).collect();
    let in_name = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| !file.is("md")) {
        for (line, text) in file.text.lines().enumerate() {
            for word in text.split(|c| !in_name(c)).map(|word| word.trim_end_matches('.')) {
                let page = word.rsplit_once('.').is_some_and(|(name, end)| end == "md" && !name.is_empty() && name != "CODE");
                if page && !names.contains(word) || word == concat!("domain", "-rules") {
                    findings.push(format!("{}:{}: cites {word}, which is not in the repository", file.path, line + 1));
                }
            }
        }
    }
    findings
}

/// The clauses cited as `Plan 3.3-5, 4.2-1`.
fn clauses(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, word) in text.match_indices("Plan ") {
        let list = text[at + word.len()..].split(|c: char| !(c.is_ascii_digit() || ".-, ".contains(c))).next().unwrap_or_default();
        found.extend(
            list.split(',').map(|clause| clause.trim().trim_end_matches('.')).take_while(|clause| is_clause(clause)).map(str::to_owned),
        );
    }
    found
}

fn is_clause(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    text.split_once('-').is_some_and(|(section, number)| section.split('.').all(digits) && digits(number))
}

fn unlisted_clauses(files: &[File], glossary: &str) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.is("rs") || file.is("toml")) {
        let missing = clauses(&file.text).into_iter().filter(|clause| !glossary.contains(&format!("\n| {clause} |")));
        findings.extend(missing.map(|clause| format!("{}: cites Plan {clause}, which GLOSSARY.md does not list", file.path)));
    }
    findings
}

fn judged() -> anyhow::Result<Vec<File>> {
    Ok(files()?.into_iter().filter(|file| !file.path.starts_with("tests/tests/tidy/")).collect())
}

#[test]
fn pages_that_the_code_cites_are_in_the_repository() -> Outcome {
    // The pages themselves are among the files; only this folder's samples are left out.
    report(&absent_pages(&judged()?))
}

#[test]
fn clauses_that_the_code_cites_are_in_the_glossary() -> Outcome {
    report(&unlisted_clauses(&judged()?, &read("GLOSSARY.md")?))
}

#[cfg(test)]
fn sample(path: &str, text: &str) -> File {
    File { path: path.to_owned(), text: text.to_owned() }
}

#[test]
fn a_page_that_is_elsewhere_is_flagged() {
    let files = [sample("core/x.rs", "//! See `ARCHITECTURE.md` and `elsewhere.md`.\n"), sample("ARCHITECTURE.md", "`gone.md`")];
    assert_eq!(absent_pages(&files), ["core/x.rs:1: cites elsewhere.md, which is not in the repository"]);
}

#[test]
fn a_clause_without_a_row_is_flagged() {
    assert_eq!(clauses("/// Source: Plan 2-1, 3.3-5 (严格学员考勤管理). Plan 4.5 (2021).\n"), ["2-1", "3.3-5"]);
    let files = [sample("core/x.rs", "/// Source: Plan 2-1, 3.3-5.\n")];
    assert_eq!(unlisted_clauses(&files, "| Clause |\n| 2-1 | … |\n").len(), 1);
}
