//! A part of frozen wire structs: one figure of a rule pack. Frozen with them.

use serde::{Deserialize, Serialize};

use crate::field::LeafValue;
use crate::json::Json;
use crate::{CivilDate, FigureUnit, SourceMark};

/// One figure that a regulation sets, with its source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackFigure {
    /// What it settles, for example `training.pass_mark`.
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
    fn to_json(&self) -> Option<Json> {
        let members = [
            ("key", self.key.to_json()),
            ("value", self.value.to_json()),
            ("unit", self.unit.to_json()),
            ("effective_from", self.effective_from.to_json()),
            ("effective_until", self.effective_until.to_json()),
            ("source", self.source.to_json()),
            ("mark", self.mark.to_json()),
        ];
        Some(Json::Object(members.into_iter().filter_map(|(key, value)| value.map(|value| (key.to_owned(), value))).collect()))
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
