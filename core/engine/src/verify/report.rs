//! What `verify` says: every check with what it covered, and the first place where things part.

use serde::Serialize;

/// A part of the data folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// Keys and secrets.
    Vault,
    /// The log and what derives from it.
    Log,
    /// The log of reads and what derives from it.
    Reads,
    /// Attachments.
    Blobs,
}

/// One check of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The master key opens the vault, and every secret is there. Covers secrets.
    Keys,
    /// Chain, CRC and MAC of every record, and the epochs. Covers events.
    Records,
    /// Sealed segments hash to what their sidecars say, nothing but zeroes stands behind the last record. Covers files.
    Segments,
    /// Every commit decodes exactly and is canonical, frames have their CRC, positions are dense, time never falls. Covers events.
    Commits,
    /// The ordinals of every subject are dense. Covers events.
    Ordinals,
    /// The stored tree, hashed again from its leaves, has the root that the log gives. Covers leaves.
    Tree,
    /// The trees that were signed are prefixes of this one. Covers events under a signature.
    Signed,
    /// Every derived row is what a fresh build gives. Covers rows.
    Rows,
    /// Every blob that the vault knows is there and whole. Covers files.
    Blobs,
}

/// Where things part: what, where, what should be, what is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Divergence {
    /// What does not hold.
    pub what: String,
    /// The event it is about, if it is about one.
    pub position: Option<u64>,
    /// The record, file or row.
    pub place: String,
    /// What should be there.
    pub expected: String,
    /// What is there.
    pub found: String,
}

impl std::fmt::Display for Divergence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { what, place, expected, found, position: _ } = self;
        write!(f, "{what}: {place}: expected {expected}, found {found}")
    }
}

/// How a check ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// All as it should be.
    Passed,
    /// Not so; the first place.
    Differs(Divergence),
    /// Not done, for this reason.
    Skipped(String),
}

/// A check with what it covered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// The part.
    pub area: Area,
    /// The check.
    pub step: Step,
    /// How much it looked at; the unit is the step's.
    pub covered: u64,
    /// How it ended.
    pub outcome: Outcome,
}

/// What `verify` found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Every check, in the order in which the first divergence is looked for.
    pub checks: Vec<Check>,
    /// Events of the log.
    pub events: u64,
    /// Root over all of them, in base64, when the tree could be built.
    pub root: Option<String>,
    /// What is odd but not wrong.
    pub notes: Vec<String>,
}

impl Report {
    /// Whether no check found a divergence. A skipped check is not one: each has its reason.
    pub fn is_whole(&self) -> bool {
        self.first_divergence().is_none()
    }

    /// The first divergence, with the check that found it.
    pub fn first_divergence(&self) -> Option<(&Check, &Divergence)> {
        self.checks.iter().find_map(|check| match &check.outcome {
            Outcome::Differs(divergence) => Some((check, divergence)),
            Outcome::Passed | Outcome::Skipped(_) => None,
        })
    }
}
