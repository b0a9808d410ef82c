//! Trainers as canonical text, for `replay`.

use zhixin_events::json::Json;
use zhixin_store::rows::RowFault;
use zhixin_store::table::TableView;

use super::{TrainerEntry, all};
use crate::AsOf;

/// Every trainer of the view as (id, canonical text), for `replay`.
pub(crate) fn dump(view: &TableView, as_of: AsOf) -> Result<Vec<(String, String)>, RowFault> {
    let text = |entry: &TrainerEntry| {
        Json::object([
            ("organisation", Json::Text(entry.organisation.to_string())),
            ("name", Json::Text(entry.name.clone())),
            ("unit", Json::Text(entry.unit.to_string())),
            ("directory_number", Json::Integer(i64::from(entry.directory_number.get()))),
            ("occupations", Json::List(entry.occupations.iter().map(|id| Json::Text(id.to_string())).collect())),
            ("listed_from", Json::Text(entry.listed_from.to_string())),
            ("listed_until", Json::Text(entry.listed_until.to_string())),
            ("national_base", Json::Bool(entry.national_base)),
            ("status", Json::Static(entry.status.name())),
            ("ground", entry.ground.map_or(Json::Null, |ground| Json::Static(ground.name()))),
            ("document_number", Json::Text(entry.document_number.clone())),
            ("edition", Json::Integer(i64::try_from(entry.edition.0).unwrap_or(i64::MAX))),
            ("edition_on", Json::Text(entry.edition_on.to_string())),
        ])
        .to_canonical()
    };
    Ok(all(view, as_of)?.iter().map(|entry| (entry.trainer.to_string(), text(entry))).collect())
}
