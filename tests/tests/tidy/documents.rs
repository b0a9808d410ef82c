//! Rules that tie documents to the code: error pages, the crate map, links and paths, words that do not belong in a file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Result;

use crate::dependencies::workspace;
use crate::source::string_literals;
use crate::tree::{File, Outcome, files, read, report, root, rust_files};

/// `CERT-0012`: three letters or more, a dash, four digits.
fn is_code(text: &str) -> bool {
    text.split_once('-').is_some_and(|(area, number)| {
        area.len() >= 3 && area.chars().all(|c| c.is_ascii_uppercase()) && number.len() == 4 && number.chars().all(|c| c.is_ascii_digit())
    })
}

/// The error codes in string literals of code that ships. Tests and tools may make some up.
fn codes_in(files: &[File]) -> BTreeSet<String> {
    let ships = |path: &str| path.contains("/src/") && !path.starts_with("tests/") && !path.starts_with("ops/xtask/");
    let literals = files.iter().filter(|file| ships(&file.path)).flat_map(|file| string_literals(&file.text));
    literals.filter(|literal| is_code(literal)).collect()
}

fn pages_and_codes_differ(codes: &BTreeSet<String>, pages: &BTreeSet<String>) -> Vec<String> {
    let unwritten = codes.difference(pages).map(|code| format!("{code} has no page in ops/errors"));
    let unused = pages.difference(codes).map(|code| format!("ops/errors/{code}.md: no code says {code}"));
    unwritten.chain(unused).collect()
}

/// What a page must hold, in both languages.
fn badly_formed(code: &str, text: &str) -> Vec<String> {
    const PARTS: &[&str] = &["## 中文", "**含义**", "**原因**", "**处理**", "## English", "**Meaning**", "**Cause**", "**What to do**"];
    let mut findings: Vec<String> =
        PARTS.iter().filter(|part| !text.contains(**part)).map(|part| format!("ops/errors/{code}.md: without {part}")).collect();
    if !text.starts_with(&format!("# {code}: ")) {
        findings.push(format!("ops/errors/{code}.md: must begin with `# {code}: title`"));
    }
    findings
}

fn index_differs(readme: &str, pages: &BTreeMap<String, String>) -> Vec<String> {
    let listed: BTreeSet<String> =
        readme.lines().filter_map(|line| line.strip_prefix("| [")?.split_once(']').map(|(code, _)| code.to_owned())).collect();
    let written: BTreeSet<String> = pages.keys().cloned().collect();
    listed.symmetric_difference(&written).map(|code| format!("{code}: index is out of date; run `cargo xtask errors`")).collect()
}

fn map_differs(architecture: &str, folders: &BTreeMap<String, String>) -> Vec<String> {
    let listed: BTreeMap<String, String> = architecture
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let (folder, name) = (words.next()?, words.next()?);
            (folder.ends_with('/') && folders.values().any(|known| known == name) || folders.contains_key(folder))
                .then(|| (folder.to_owned(), name.to_owned()))
        })
        .collect();
    let missing = folders.iter().filter(|(folder, name)| listed.get(*folder) != Some(*name));
    let missing = missing.map(|(folder, name)| format!("ARCHITECTURE.md: the map lacks `{folder}  {name}`"));
    let gone = listed.iter().filter(|(folder, _)| !folders.contains_key(*folder));
    missing.chain(gone.map(|(folder, _)| format!("ARCHITECTURE.md: the map names {folder}, which is no member"))).collect()
}

/// Links and backticked paths of a Markdown file that lead nowhere.
fn dead_links(file: &File, exists: impl Fn(&str) -> bool) -> Vec<String> {
    const TOPS: &[&str] = &["events-schema/", "core/", "projections/", "gateway/", "tests/", "ops/", ".ci/", ".cargo/"];
    let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let links = file.text.match_indices("](").filter_map(|(at, _)| file.text[at + 2..].split_once(')')).map(|(target, _)| target);
    let links = links.filter(|target| !target.contains("://") && !target.starts_with('#') && !target.starts_with("mailto:"));
    let links = links.map(|target| normal(folder, target.split('#').next().unwrap_or_default()));
    let paths = file.text.split('`').skip(1).step_by(2).filter(|text| TOPS.iter().any(|top| text.starts_with(top)));
    // A path with a placeholder or several words is an illustration.
    let paths = paths.filter(|text| !text.contains(['*', '<', '{', ' ', '…']) && !text.contains("NNNN") && !text.contains("NAME"));
    links
        .chain(paths.map(|text| text.trim_end_matches('/').to_owned()))
        .filter(|path| !exists(path))
        .map(|path| format!("{}: {path} does not exist", file.path))
        .collect()
}

fn normal(folder: &str, target: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Paths of one person's machine, and marks of unfinished work.
fn out_of_place(file: &File) -> Vec<String> {
    let machine = ["tmp", "work", "root", "home"].map(|folder| format!("/{folder}/"));
    let unfinished = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:")];
    let mut findings = Vec::new();
    for (line, text) in file.text.lines().enumerate() {
        let absolute = |path: &String| {
            let before = |at: usize| text[..at].chars().next_back();
            text.match_indices(path.as_str()).any(|(at, _)| before(at).is_none_or(|c| !c.is_alphanumeric() && !".-_}/>".contains(c)))
        };
        let marks = unfinished.iter().filter(|mark| text.contains(**mark)).map(ToString::to_string);
        for found in machine.iter().filter(|path| absolute(path)).cloned().chain(marks) {
            findings.push(format!("{}:{}: `{found}`", file.path, line + 1));
        }
    }
    findings
}

fn misnumbered(names: &BTreeSet<String>) -> Vec<String> {
    let wrong = names.iter().enumerate().filter(|(at, name)| !name.starts_with(&format!("{:04}-", at + 1)));
    wrong.map(|(at, name)| format!("ops/decisions/{name}: record {:04} is expected here", at + 1)).collect()
}

fn error_pages() -> Result<BTreeMap<String, String>> {
    let pages = files()?.into_iter().filter_map(|file| {
        let code = file.path.strip_prefix("ops/errors/")?.strip_suffix(".md")?.to_owned();
        (code != "README").then_some((code, file.text))
    });
    Ok(pages.collect())
}

#[test]
fn every_error_code_has_a_page_and_every_page_a_code() -> Outcome {
    report(&pages_and_codes_differ(&codes_in(&rust_files()?), &error_pages()?.into_keys().collect()))
}

#[test]
fn every_error_page_has_its_parts_in_both_languages() -> Outcome {
    report(&error_pages()?.iter().flat_map(|(code, text)| badly_formed(code, text)).collect::<Vec<_>>())
}

#[test]
fn the_index_of_error_pages_is_up_to_date() -> Outcome {
    report(&index_differs(&read("ops/errors/README.md")?, &error_pages()?))
}

#[test]
fn the_map_shows_the_workspace() -> Outcome {
    report(&map_differs(&read("ARCHITECTURE.md")?, &workspace()?.1))
}

#[test]
fn links_and_paths_in_documents_exist() -> Outcome {
    let exists = |path: &str| root().join(Path::new(path)).exists();
    let documents = files()?.into_iter().filter(|file| file.is("md"));
    report(&documents.flat_map(|file| dead_links(&file, exists)).collect::<Vec<_>>())
}

#[test]
fn no_file_holds_a_path_of_one_machine_or_a_mark_of_unfinished_work() -> Outcome {
    let ours = files()?.into_iter().filter(|file| !file.path.starts_with("tests/tests/tidy/"));
    report(&ours.flat_map(|file| out_of_place(&file)).collect::<Vec<_>>())
}

#[test]
fn decision_records_are_numbered_without_a_gap() -> Outcome {
    let names = files()?.into_iter().filter_map(|file| file.path.strip_prefix("ops/decisions/").map(str::to_owned));
    report(&misnumbered(&names.filter(|name| name != "README.md").collect()))
}

#[cfg(test)]
fn sample(path: &str, text: &str) -> File {
    File { path: path.to_owned(), text: text.to_owned() }
}

#[cfg(test)]
fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn a_code_without_a_page_and_a_page_without_a_code_are_flagged() {
    let text = "//! `CERT-0009`\nfn code() -> &'static str { \"CERT-0012\" }\nconst NOT: &str = \"GB-2260\";\n";
    let codes = codes_in(&[sample("core/domain/src/x.rs", text), sample("tests/src/x.rs", "\"MADE-0001\"")]);
    assert_eq!(codes, set(&["CERT-0012"]));
    assert_eq!(pages_and_codes_differ(&codes, &set(&["CERT-0013"])).len(), 2);
}

#[test]
fn a_page_without_english_or_with_another_title_is_flagged() {
    assert_eq!(badly_formed("REQ-0001", "# REQ-0001: x\n## 中文\n**含义**\n**原因**\n**处理**\n").len(), 4);
    let whole = "# REQ-0002: x\n## 中文 **含义** **原因** **处理** ## English **Meaning** **Cause** **What to do**";
    assert_eq!(badly_formed("REQ-0001", whole).len(), 1);
}

#[test]
fn an_index_that_misses_a_page_is_flagged() {
    let pages = [("REQ-0001".to_owned(), String::new()), ("REQ-0002".to_owned(), String::new())].into();
    assert_eq!(index_differs("| [REQ-0001](REQ-0001.md) | x |\n", &pages).len(), 1);
}

#[test]
fn a_map_that_misses_or_invents_a_member_is_flagged() {
    let folders: BTreeMap<String, String> =
        [("core/store/".to_owned(), "zhixin-store".to_owned()), ("ops/".to_owned(), "zhixin".to_owned())].into();
    assert_eq!(map_differs("core/store/   zhixin-store  storage\nops/  zhixin  the binary\n", &folders).len(), 0);
    assert_eq!(map_differs("core/store/   zhixin-store  storage\n", &folders).len(), 1);
    assert_eq!(map_differs("core/store/  zhixin-store\nops/  zhixin\nold/  zhixin\n", &folders).len(), 1);
}

#[test]
fn a_dead_link_and_a_dead_path_are_flagged() {
    let text = "[a](../README.md#x) [b](gone.md) [c](https://example.org) `core/gone.rs` `core/{a,b}.rs` `cargo test`";
    let found = dead_links(&sample("ops/decisions/0001-x.md", text), |path| path == "ops/README.md");
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn a_machine_path_and_an_unfinished_mark_are_flagged() {
    let text =
        format!("cat {}x\n// {}: later\nDIR{}x is ours, https://example.org{}x too\n", "/tmp/", concat!("TO", "DO"), "/tmp/", "/home/");
    assert_eq!(out_of_place(&sample("a.md", &text)).len(), 2);
}

#[test]
fn a_gap_between_decision_records_is_flagged() {
    assert_eq!(misnumbered(&set(&["0001-a.md", "0003-c.md"])).len(), 1);
    assert_eq!(misnumbered(&set(&["0001-a.md", "0002-b.md"])).len(), 0);
}
