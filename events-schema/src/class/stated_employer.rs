//! A part of frozen wire structs: an employer as a roster states it. Frozen with them.

use serde::{Deserialize, Serialize};

use crate::Uscc;
use crate::field::{LeafValue, write_object};
use crate::json::Json;

/// An employer that is no registered organisation, as a roster states it. Source: Plan 4.2-1; 4.2-4 (no rule depends on it).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatedEmployer {
    /// Name, if given.
    pub name: Option<String>,
    /// Unified social credit code, if given.
    pub uscc: Option<Uscc>,
    /// Whether the code was taken although the standard refuses it.
    pub uscc_override: bool,
}

impl LeafValue for StatedEmployer {
    fn write_json(&self, out: &mut String) -> bool {
        write_object([("name", &self.name), ("uscc", &self.uscc), ("uscc_override", &self.uscc_override)], out)
    }
    fn sample() -> Self {
        Self { name: Option::sample(), uscc: Option::sample(), uscc_override: bool::sample() }
    }
    fn json_schema() -> Json {
        Json::object([
            ("type", Json::Static("object")),
            (
                "properties",
                Json::object([("name", String::json_schema()), ("uscc", Uscc::json_schema()), ("uscc_override", bool::json_schema())]),
            ),
            ("required", Json::List(vec![Json::Static("uscc_override")])),
        ])
    }
}
