//! A part of frozen wire structs: one figure of a rule pack. Frozen with them.

use serde::{Deserialize, Serialize};

use crate::field::{LeafValue, write_object};
use crate::json::Json;
use crate::{CivilDate, FigureUnit, SourceMark};

/// One figure that a regulation sets, with its source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackFigure {
    /// What it settles, for example `completion_test.pass_mark`.
    pub key: String,
    /// The value as text; absent when a text surely sets it but we have not read it. Decisions that need it are refused.
    pub value: Option<String>,
    /// Its unit.
    pub unit: FigureUnit,
    /// First day it holds.
    pub effective_from: CivilDate,
    /// Last day it holds; absent = until replaced.
    pub effective_until: Option<CivilDate>,
    /// Document and clause.
    pub source: String,
    /// How sure the source is.
    pub mark: SourceMark,
}

impl LeafValue for PackFigure {
    fn write_json(&self, out: &mut String) -> bool {
        let members: [(&str, &dyn LeafValue); 7] = [
            ("key", &self.key),
            ("value", &self.value),
            ("unit", &self.unit),
            ("effective_from", &self.effective_from),
            ("effective_until", &self.effective_until),
            ("source", &self.source),
            ("mark", &self.mark),
        ];
        write_object(members, out)
    }
    fn sample() -> Self {
        Self {
            key: String::sample(),
            value: Option::sample(),
            unit: FigureUnit::sample(),
            effective_from: CivilDate::sample(),
            effective_until: None,
            source: String::sample(),
            mark: SourceMark::sample(),
        }
    }
    fn json_schema() -> Json {
        Json::object([
            ("type", Json::Static("object")),
            (
                "properties",
                Json::object([
                    ("key", String::json_schema()),
                    ("value", String::json_schema()),
                    ("unit", FigureUnit::json_schema()),
                    ("effective_from", CivilDate::json_schema()),
                    ("effective_until", CivilDate::json_schema()),
                    ("source", String::json_schema()),
                    ("mark", SourceMark::json_schema()),
                ]),
            ),
            ("required", Json::List(["key", "unit", "effective_from", "source", "mark"].map(Json::Static).to_vec())),
        ])
    }
}
