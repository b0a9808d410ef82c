//! The catalogue of event types as JSON Schema (2020-12): what `zhixin schema` prints.

use crate::field::FieldClass;
use crate::json::Json;
use crate::registry::{LeafAudience, TYPES};

/// Every event type, version and field.
pub fn catalogue() -> Json {
    let definitions = TYPES.iter().map(|known| {
        let shown = known.fields.iter().filter(|field| field.class != FieldClass::Sealed);
        let properties = known.fields.iter().map(|field| {
            let mut schema = vec![
                ("allOf".to_owned(), Json::List(vec![(field.json_schema)()])),
                ("description".to_owned(), Json::Text(field.doc.trim().to_owned())),
                ("x-class".to_owned(), Json::Static(field.class.name())),
            ];
            if let Some(holder) = field.holder {
                schema.push(("x-holder".to_owned(), Json::Static(holder.name())));
            }
            (field.name.to_owned(), Json::Object(schema))
        });
        let schema = Json::Object(vec![
            ("type".to_owned(), Json::Static("object")),
            ("title".to_owned(), Json::Static(known.name)),
            ("x-tag".to_owned(), Json::Text(format!("{:#06x}", known.tag))),
            ("x-version".to_owned(), Json::Integer(i64::from(known.version))),
            ("x-public-leaf".to_owned(), Json::Bool(known.audience == LeafAudience::Public)),
            ("properties".to_owned(), Json::Object(properties.collect())),
            ("x-leaf-fields".to_owned(), Json::List(shown.map(|field| Json::Static(field.name)).collect())),
        ]);
        (format!("{}.v{}", known.name, known.version), schema)
    });
    Json::Object(vec![
        ("$schema".to_owned(), Json::Static("https://json-schema.org/draft/2020-12/schema")),
        ("title".to_owned(), Json::Static("Zhixin event types")),
        ("$defs".to_owned(), Json::Object(definitions.collect())),
    ])
}
