//! Holds an answer against a schema of the interface document: as much of JSON Schema as the document uses.
#![allow(unreachable_pub, reason = "a part of a test")]

use serde_json::Value;

/// What in a value the schema does not allow; nothing if it fits.
pub fn faults(document: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    if let Some(name) = schema["$ref"].as_str() {
        let part = document.pointer(name.trim_start_matches('#')).unwrap_or_else(|| panic!("{name} is not described"));
        return faults(document, part, value, at);
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        let tried: Vec<Vec<String>> = choices.iter().map(|choice| faults(document, choice, value, at)).collect();
        return if tried.iter().any(Vec::is_empty) { Vec::new() } else { tried.concat() };
    }
    let fits = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_u64() || (value.is_i64() && schema["minimum"].is_null()),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        other => panic!("{at}: the document says {other:?}"),
    };
    if !fits || schema["enum"].as_array().is_some_and(|words| !words.contains(value)) {
        return vec![format!("{at}: {value} is not {schema}")];
    }
    let items = value.as_array().into_iter().flatten().enumerate();
    let of_items = items.flat_map(|(i, item)| faults(document, &schema["items"], item, &format!("{at}/{i}")));
    of_items.chain(of_members(document, schema, value, at)).collect()
}

fn of_members(document: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let Some(members) = value.as_object() else { return Vec::new() };
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut found: Vec<String> =
        required.filter(|name| !members.contains_key(*name)).map(|name| format!("{at}/{name} is missing")).collect();
    for (name, member) in members {
        let at = format!("{at}/{name}");
        match (schema["properties"].get(name), &schema["additionalProperties"]) {
            (Some(known), _) => found.extend(faults(document, known, member, &at)),
            (None, Value::Bool(false)) => found.push(format!("{at} is not described")),
            (None, Value::Object(_)) => found.extend(faults(document, &schema["additionalProperties"], member, &at)),
            (None, _) => {}
        }
    }
    found
}
