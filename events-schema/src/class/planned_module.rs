//! A part of frozen wire structs: one module of the plan of a run. Frozen with them.

use serde::{Deserialize, Serialize};

use crate::HoursTenths;
use crate::field::{LeafValue, write_object};
use crate::json::Json;

/// One module of the plan of a run. Source: Plan 3.3-8 (科学制定培训计划).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedModule {
    /// Code, unique within the run; sessions and required content name it.
    pub code: String,
    /// Name for people.
    pub name: String,
    /// Hours planned.
    pub hours: HoursTenths,
}

impl LeafValue for PlannedModule {
    fn write_json(&self, out: &mut String) -> bool {
        write_object([("code", &self.code), ("name", &self.name), ("hours", &self.hours)], out)
    }
    fn sample() -> Self {
        Self { code: String::sample(), name: String::sample(), hours: HoursTenths::sample() }
    }
    fn json_schema() -> Json {
        Json::object([
            ("type", Json::Static("object")),
            (
                "properties",
                Json::object([("code", String::json_schema()), ("name", String::json_schema()), ("hours", HoursTenths::json_schema())]),
            ),
            ("required", Json::List(vec![Json::Static("code"), Json::Static("name"), Json::Static("hours")])),
        ])
    }
}
