//! Rules on single files: module documentation, sizes, names.

use crate::source::functions;
use crate::tree::{File, Outcome, report, rust_files};

/// Lines of a file without its tests, and of a function.
const FILE_LINES: usize = 600;
const FUNCTION_LINES: usize = 70;

/// Files that may be longer: path, lines, why.
const LONG_FILES: &[(&str, usize, &str)] = &[];
/// Functions that may be longer: path, name, lines, why.
const LONG_FUNCTIONS: &[(&str, &str, usize, &str)] = &[
    ("projections/src/certificates.rs", "tell", 90, "one arm for each event there is, also those that mean nothing here"),
    ("projections/src/trainers.rs", "tell", 90, "one arm for each event there is, also those that mean nothing here"),
    ("tests/tests/story_forgetting.rs", "an_erased_person_is_nowhere_and_the_record_is_still_proven", 100, "a story is told in one piece"),
];

fn without_module_doc(files: &[File]) -> Vec<String> {
    let begins = |text: &str| text.lines().find(|line| !line.trim().is_empty()).is_some_and(|line| line.starts_with("//!"));
    files.iter().filter(|file| !begins(&file.text)).map(|file| format!("{}: begins without `//!`", file.path)).collect()
}

fn too_long(files: &[File], excused: &[(&str, usize, &str)]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files {
        let limit = excused.iter().find(|(path, ..)| *path == file.path).map_or(FILE_LINES, |(_, lines, _)| *lines);
        let lines = lines_without_tests(&file.text);
        if lines > limit {
            findings.push(format!("{}: {lines} lines without tests, {limit} allowed", file.path));
        }
    }
    findings
}

fn lines_without_tests(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    lines
        .windows(2)
        .position(|pair| pair[0].starts_with("#[cfg(test)]") && pair[1].starts_with("mod ") && pair[1].ends_with('{'))
        .unwrap_or(lines.len())
}

fn functions_too_long(files: &[File], excused: &[(&str, &str, usize, &str)]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files {
        for function in functions(&file.text) {
            let excuse = excused.iter().find(|(path, name, ..)| *path == file.path && *name == function.name);
            let limit = excuse.map_or(FUNCTION_LINES, |(.., lines, _)| *lines);
            if function.lines > limit {
                let (path, line, name, lines) = (&file.path, function.line, function.name, function.lines);
                findings.push(format!("{path}:{line}: `{name}` has {lines} lines, {limit} allowed"));
            }
        }
    }
    findings
}

/// Excuses for a file or function that is gone, or no longer too long.
fn stale(files: &[File], long_files: &[(&str, usize, &str)], long_functions: &[(&str, &str, usize, &str)]) -> Vec<String> {
    let text = |path: &str| files.iter().find(|file| file.path == path).map(|file| file.text.as_str()).unwrap_or_default();
    let of_files =
        long_files.iter().filter(|(path, ..)| lines_without_tests(text(path)) <= FILE_LINES).map(|(path, ..)| (*path).to_owned());
    let short =
        |path: &str, name: &str| !functions(text(path)).iter().any(|function| function.name == name && function.lines > FUNCTION_LINES);
    let of_functions =
        long_functions.iter().filter(|(path, name, ..)| short(path, name)).map(|(path, name, ..)| format!("{path}: `{name}`"));
    of_files.chain(of_functions).map(|what| format!("{what}: excused without need")).collect()
}

fn named_mod(files: &[File]) -> Vec<String> {
    let is_mod = |path: &str| path.rsplit('/').next() == Some("mod.rs");
    files.iter().filter(|file| is_mod(&file.path)).map(|file| format!("{}: write foo.rs beside foo/", file.path)).collect()
}

#[test]
fn every_module_says_what_it_is() -> Outcome {
    report(&without_module_doc(&rust_files()?))
}

#[test]
fn no_file_is_too_long() -> Outcome {
    report(&too_long(&rust_files()?, LONG_FILES))
}

#[test]
fn no_function_is_too_long() -> Outcome {
    report(&functions_too_long(&rust_files()?, LONG_FUNCTIONS))
}

#[test]
fn excuses_name_what_exists() -> Outcome {
    report(&stale(&rust_files()?, LONG_FILES, LONG_FUNCTIONS))
}

#[test]
fn no_module_is_named_mod() -> Outcome {
    report(&named_mod(&rust_files()?))
}

#[cfg(test)]
fn sample(path: &str, text: &str) -> Vec<File> {
    vec![File { path: path.to_owned(), text: text.to_owned() }]
}

#[test]
fn a_file_without_module_doc_is_flagged() {
    assert_eq!(without_module_doc(&sample("a.rs", "\n// plain\nfn f() {}\n")).len(), 1);
    assert_eq!(without_module_doc(&sample("a.rs", "//! What.\nfn f() {}\n")).len(), 0);
}

#[test]
fn a_long_file_is_flagged_unless_its_length_is_in_tests_or_excused() {
    let code = "fn f() {}\n".repeat(601);
    assert_eq!(too_long(&sample("a.rs", &code), &[]).len(), 1);
    assert_eq!(too_long(&sample("a.rs", &code), &[("a.rs", 700, "sample")]).len(), 0);
    let tests = format!("fn f() {{}}\n#[cfg(test)]\nmod tests {{\n{code}}}\n");
    assert_eq!(too_long(&sample("a.rs", &tests), &[]).len(), 0);
}

#[test]
fn a_long_function_is_flagged_unless_excused() {
    let code = format!("fn long() {{\n{}}}\n", "    x();\n".repeat(69));
    assert_eq!(functions_too_long(&sample("a.rs", &code), &[]).len(), 1);
    assert_eq!(functions_too_long(&sample("a.rs", &code), &[("a.rs", "long", 71, "sample")]).len(), 0);
}

#[test]
fn an_excuse_without_need_is_flagged() {
    let files = sample("a.rs", "fn short() {}\n");
    assert_eq!(stale(&files, &[("a.rs", 700, "gone"), ("b.rs", 700, "gone")], &[("a.rs", "short", 80, "gone")]).len(), 3);
}

#[test]
fn a_module_named_mod_is_flagged() {
    assert_eq!(named_mod(&sample("core/x/mod.rs", "")).len(), 1);
    assert_eq!(named_mod(&sample("core/x_mod.rs", "")).len(), 0);
}
