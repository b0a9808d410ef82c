//! Tidy: the rules over the source tree that neither the compiler nor Clippy checks.
//!
//! Every rule is a function from text to findings, has one test over the real tree and one over a small sample that it
//! must flag: a check that nobody has seen failing is not a check. What a rule excuses is listed beside it with a reason.

#[path = "tidy/citations.rs"]
mod citations;
#[path = "tidy/code.rs"]
mod code;
#[path = "tidy/dependencies.rs"]
mod dependencies;
#[path = "tidy/documents.rs"]
mod documents;
#[path = "tidy/files.rs"]
mod files;
#[path = "tidy/record.rs"]
mod record;
#[path = "tidy/source.rs"]
mod source;
#[path = "tidy/tree.rs"]
mod tree;
