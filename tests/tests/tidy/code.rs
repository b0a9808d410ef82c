//! Rules on what Rust code may name: pure packages, unsafe code, wire structs, honest tests.

use crate::source::code_only;
use crate::tree::{File, Outcome, report, rust_files};

/// In this folder, code may not name this, because.
type Forbidden = (&'static str, &'static str, &'static str);

const NAMES: &[Forbidden] = &[
    ("core/domain/src/", "std::fs", "the domain does no input or output"),
    ("core/domain/src/", "std::net", "the domain does no input or output"),
    ("core/domain/src/", "std::env", "the domain does no input or output"),
    ("core/domain/src/", "std::io", "the domain does no input or output"),
    ("core/domain/src/", "std::thread", "a decision runs on the thread that asked for it"),
    ("core/domain/src/", "std::time", "time is an input of a decision"),
    ("core/domain/src/", "HashMap", "hash order differs from run to run"),
    ("core/domain/src/", "HashSet", "hash order differs from run to run"),
    ("events-schema/src/", "std::net", "formats do no input or output"),
    ("events-schema/src/", "std::time", "the current time is not a matter of formats"),
    ("events-schema/src/", "HashMap", "hash order differs from run to run"),
    ("events-schema/src/", "HashSet", "hash order differs from run to run"),
    ("projections/src/", "SystemTime", "a row depends on the log only"),
    ("projections/src/", "HashMap", "hash order differs from run to run"),
    ("projections/src/", "HashSet", "hash order differs from run to run"),
    ("core/store/src/", "zhixin_", "the store knows no events"),
    ("gateway/src/", "zhixin_store", "the gateway reaches storage through the engine and the read models"),
    ("gateway/src/", "zhixin_domain", "commands and refusals come through the engine"),
];

/// The roots of the packages that may not hold unsafe code; zhixin-store holds the one exception.
const SAFE_ROOTS: &[&str] = &[
    "events-schema/src/lib.rs",
    "core/domain/src/lib.rs",
    "core/engine/src/lib.rs",
    "projections/src/lib.rs",
    "gateway/src/lib.rs",
    "tests/src/lib.rs",
    "ops/src/main.rs",
    "ops/xtask/src/main.rs",
];

/// Lints that hold in the two packages whose arithmetic ends up in the record.
const STRICT_ROOTS: &[&str] = &["events-schema/src/lib.rs", "core/domain/src/lib.rs"];
const STRICT_LINTS: &[&str] = &["arithmetic_side_effects", "as_conversions", "integer_division", "indexing_slicing"];

/// What changes bytes without changing a type, or makes someone else's format ours.
const BANNED_ON_WIRE: &[&str] = &[
    "skip",
    "default",
    "flatten",
    "untagged",
    "tag =",
    "alias",
    "with =",
    "usize",
    "isize",
    "f32",
    "f64",
    "HashMap",
    "HashSet",
    "OffsetDateTime",
    "impl Serialize",
    "impl serde::Serialize",
    "impl<'de> Deserialize",
];

fn forbidden_names(files: &[File], names: &[Forbidden]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files {
        for (line, code) in code_only(&file.text).lines().enumerate() {
            for (folder, name, reason) in names {
                if file.path.starts_with(folder) && code.contains(name) {
                    findings.push(format!("{}:{}: `{name}`: {reason}", file.path, line + 1));
                }
            }
        }
    }
    findings
}

fn unsafe_code(files: &[File]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files {
        let code = code_only(&file.text);
        if SAFE_ROOTS.contains(&file.path.as_str()) && !code.contains("#![forbid(unsafe_code)]") {
            findings.push(format!("{}: without `#![forbid(unsafe_code)]`", file.path));
        }
        if code.contains("unsafe {") && !file.path.starts_with("core/store/src/") {
            findings.push(format!("{}: unsafe code outside zhixin-store", file.path));
        }
    }
    let exceptions = files.iter().map(|file| code_only(&file.text).matches("expect(unsafe_code").count()).sum::<usize>();
    if exceptions > 1 {
        findings.push(format!("{exceptions} exceptions for unsafe code, one allowed"));
    }
    findings
}

fn without_strict_lints(files: &[File]) -> Vec<String> {
    let roots = files.iter().filter(|file| STRICT_ROOTS.contains(&file.path.as_str()));
    roots
        .flat_map(|file| {
            let missing = STRICT_LINTS.iter().filter(|lint| !file.text.contains(&format!("clippy::{lint}")));
            missing.map(|lint| format!("{}: does not deny `clippy::{lint}`", file.path))
        })
        .collect()
}

fn unstable_wire(files: &[File]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| is_wire(&file.path)) {
        for (line, text) in code_only(&file.text).lines().enumerate() {
            let attribute = text.contains("serde(");
            for banned in BANNED_ON_WIRE {
                let only_in_attributes = banned.chars().all(|c| c.is_ascii_lowercase() || " =".contains(c)) && !banned.ends_with("size");
                if has_word(text, banned) && (attribute || !only_in_attributes) {
                    findings.push(format!("{}:{}: `{banned}` on a wire struct", file.path, line + 1));
                }
            }
        }
    }
    findings
}

/// A frozen wire struct has a file of its own: `events-schema/src/AREA/NAME_vN.rs`.
fn is_wire(path: &str) -> bool {
    let stem = path.strip_suffix(".rs").and_then(|path| path.strip_prefix("events-schema/src/"));
    let version = stem.and_then(|stem| stem.rsplit_once("_v")).map(|(_, version)| version);
    version.is_some_and(|version| !version.is_empty() && version.chars().all(|c| c.is_ascii_digit()))
}

fn has_word(text: &str, word: &str) -> bool {
    let in_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    text.match_indices(word).any(|(at, _)| {
        let (before, after) = (text[..at].chars().next_back(), text[at + word.len()..].chars().next());
        // `skip` also stands for `skip_serializing_if`, `default` not for `set_default`.
        !in_word(before) && before != Some('_') && !in_word(after)
    })
}

fn dishonest_tests(files: &[File]) -> Vec<String> {
    let names = [
        ("thread::sleep", "wait on a position, a channel or a condition"),
        ("time::sleep", "wait on a position, a channel or a condition"),
        ("#[ignore", "a test that is not run is not a test"),
        ("should_panic", "it passes for any panic"),
    ];
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| !file.path.starts_with("ops/xtask/")) {
        for (line, code) in code_only(&file.text).lines().enumerate() {
            for (name, reason) in names {
                // A server may wait for a time to come; a test may not.
                if code.contains(name) && (name != "time::sleep" || file.path.starts_with("tests/")) {
                    findings.push(format!("{}:{}: `{name}`: {reason}", file.path, line + 1));
                }
            }
        }
    }
    findings
}

#[test]
fn packages_name_only_what_they_may_know() -> Outcome {
    report(&forbidden_names(&rust_files()?, NAMES))
}

#[test]
fn unsafe_code_stays_in_the_store() -> Outcome {
    report(&unsafe_code(&rust_files()?))
}

#[test]
fn domain_and_events_deny_silent_arithmetic() -> Outcome {
    report(&without_strict_lints(&rust_files()?))
}

#[test]
fn wire_structs_hold_nothing_that_changes_their_bytes() -> Outcome {
    report(&unstable_wire(&rust_files()?))
}

#[test]
fn tests_neither_sleep_nor_hide() -> Outcome {
    report(&dishonest_tests(&rust_files()?))
}

#[cfg(test)]
fn sample(path: &str, text: &str) -> Vec<File> {
    vec![File { path: path.to_owned(), text: text.to_owned() }]
}

#[test]
fn a_clock_in_the_domain_is_flagged_and_a_word_about_it_is_not() {
    let found = forbidden_names(&sample("core/domain/src/x.rs", "//! std::time\nuse std::time::Instant;\n"), NAMES);
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("core/domain/src/x.rs:2"));
    assert!(forbidden_names(&sample("core/engine/src/x.rs", "use std::time::Instant;\n"), NAMES).is_empty());
}

#[test]
fn unsafe_code_elsewhere_and_a_second_exception_are_flagged() {
    assert_eq!(unsafe_code(&sample("gateway/src/x.rs", "fn f() { unsafe { g() } }\n")).len(), 1);
    assert_eq!(unsafe_code(&sample("gateway/src/lib.rs", "//! Doc.\n")).len(), 1);
    let twice = "#[expect(unsafe_code, reason = \"a\")]\n#[expect(unsafe_code, reason = \"b\")]\n";
    assert_eq!(unsafe_code(&sample("core/store/src/x.rs", twice)).len(), 1);
}

#[test]
fn a_root_without_the_strict_lints_is_flagged() {
    assert_eq!(without_strict_lints(&sample("core/domain/src/lib.rs", "#![deny(clippy::as_conversions)]")).len(), 3);
}

#[test]
fn a_wire_struct_with_an_unstable_attribute_or_type_is_flagged() {
    let wire = |text: &str| unstable_wire(&sample("events-schema/src/plan/target_set_v1.rs", text)).len();
    assert_eq!(wire("#[serde(default)]\n"), 1);
    assert_eq!(wire("#[serde(skip_serializing_if = \"x\")]\n"), 1);
    assert_eq!(wire("open count: usize,\n"), 1);
    assert_eq!(wire("open share: f64,\n"), 1);
    assert_eq!(wire("/// The default region.\nopen default_region: u8,\n"), 0);
    assert_eq!(unstable_wire(&sample("events-schema/src/plan.rs", "usize")).len(), 0);
}

#[test]
fn a_sleeping_an_ignored_and_a_panicking_test_are_flagged() {
    let text = "#[ignore]\nfn a() { std::thread::sleep(x) }\n#[should_panic]\nfn b() {}\n";
    assert_eq!(dishonest_tests(&sample("core/engine/src/x.rs", text)).len(), 3);
    assert_eq!(dishonest_tests(&sample("tests/tests/x.rs", "tokio::time::sleep(x).await;")).len(), 1);
    assert_eq!(dishonest_tests(&sample("gateway/src/x.rs", "tokio::time::sleep(x).await;")).len(), 0);
}
