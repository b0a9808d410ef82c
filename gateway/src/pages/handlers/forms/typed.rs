//! What was typed into a form, as the body of the command that it stands for.
//!
//! Fields are named by the JSON pointer of what they fill, without its first slash, and the schema of the command says what becomes of a text.
//! What does not fit stays a text: the reading of the body, which is the same for programs, then says what is wrong, and where.

use serde_json::{Map, Number, Value};

use crate::app::body::Form;

/// Most entries of a list in a form.
const ENTRIES_MAX: usize = 32;
/// Ending of a field that counts tenths: people write the whole with a decimal.
const TENTHS: &str = "_tenths";

/// Texts by field, in order.
#[derive(Debug, Clone, Default)]
pub(super) struct Typed(Vec<(String, String)>);

impl Typed {
    /// The fields of a form but its token and key. Entries of lists that were left empty are dropped, and the others counted anew.
    pub(super) fn of(form: &Form) -> Self {
        let fields = form.fields().filter(|(name, _)| !["csrf", "key"].contains(name));
        Self::of_pairs(fields)
    }

    pub(super) fn of_pairs<'p>(fields: impl Iterator<Item = (&'p str, &'p str)>) -> Self {
        let fields: Vec<(&str, &str)> = fields.map(|(name, text)| (name, text.trim())).collect();
        let mut kept: Vec<(&str, usize)> = Vec::new();
        for (entry, _) in fields.iter().filter(|(_, text)| !text.is_empty()).filter_map(|(name, text)| Some((entry_of(name)?, text))) {
            if !kept.contains(&entry) {
                kept.push(entry);
            }
        }
        kept.sort_unstable();
        let number = |(list, index): (&str, usize)| {
            let before = |other: &&(&str, usize)| other.0 == list && other.1 < index;
            kept.contains(&(list, index)).then(|| kept.iter().filter(before).count())
        };
        let renamed = fields.iter().filter_map(|(name, text)| match entry_of(name) {
            None => Some(((*name).to_owned(), (*text).to_owned())),
            Some((list, index)) => {
                let member = name.rsplit_once('/').map_or("", |(_, member)| member);
                Some((format!("{list}/{}/{member}", number((list, index))?), (*text).to_owned()))
            }
        });
        Self(renamed.collect())
    }

    /// The text of a field, if it was sent.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str())
    }

    /// The same with another text in a field.
    pub(super) fn with(mut self, name: &str, text: &str) -> Self {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), text.to_owned()));
        self
    }

    /// Names after a prefix, with their texts.
    pub(super) fn below<'t>(&'t self, prefix: &'t str) -> impl Iterator<Item = (&'t str, &'t str)> {
        self.0.iter().filter_map(move |(name, text)| Some((name.strip_prefix(prefix)?, text.as_str())))
    }

    /// The body of a command with this schema; what is no field of it is left out.
    pub(super) fn body(&self, schema: &Value) -> Value {
        self.value(schema, "").unwrap_or_else(|| Value::Object(Map::new()))
    }

    fn value(&self, schema: &Value, name: &str) -> Option<Value> {
        if let Some(given) = schema.pointer("/anyOf/0") {
            return self.value(given, name);
        }
        match schema["type"].as_str() {
            Some("object") => {
                let below = |member: &str| if name.is_empty() { member.to_owned() } else { format!("{name}/{member}") };
                let members = schema["properties"].as_object().into_iter().flatten();
                let filled: Map<String, Value> =
                    members.filter_map(|(member, schema)| Some((member.clone(), self.value(schema, &below(member))?))).collect();
                (!filled.is_empty()).then_some(Value::Object(filled))
            }
            Some("array") => {
                let entries = (0..ENTRIES_MAX).map_while(|index| self.value(&schema["items"], &format!("{name}/{index}")));
                Some(Value::Array(entries.collect())).filter(|list| list.as_array().is_some_and(|list| !list.is_empty()))
            }
            Some("integer") => self.filled(name).map(|text| whole(name, text).map_or_else(|| Value::from(text), Value::Number)),
            Some(_) | None => self.filled(name).map(Value::from),
        }
    }

    fn filled(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|text| !text.is_empty())
    }
}

/// The list and the number of the entry that a field belongs to.
fn entry_of(name: &str) -> Option<(&str, usize)> {
    let (entry, _) = name.rsplit_once('/')?;
    let (list, index) = entry.rsplit_once('/')?;
    Some((list, index.parse().ok().filter(|index| *index < ENTRIES_MAX)?))
}

fn whole(name: &str, text: &str) -> Option<Number> {
    if !name.ends_with(TENTHS) {
        return text.parse::<u64>().ok().map(Number::from);
    }
    let (units, tenths) = text.split_once('.').unwrap_or((text, "0"));
    let tenths: u64 = if tenths.len() == 1 { tenths.parse().ok()? } else { return None };
    units.parse::<u64>().ok()?.checked_mul(10)?.checked_add(tenths).map(Number::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v1::command::schema_of;
    use serde_json::json;

    fn typed(fields: &[(&str, &str)]) -> Typed {
        Typed::of_pairs(fields.iter().copied())
    }

    #[test]
    fn a_form_becomes_the_body_that_a_program_would_send() {
        let form = typed(&[
            ("title", " 一班 "),
            ("seats", "30"),
            ("direction", ""),
            ("modules/0/code", "M1"),
            ("modules/0/name", "基础"),
            ("modules/0/hours_tenths", "4.5"),
            ("modules/1/code", ""),
            ("modules/1/name", ""),
            ("modules/2/code", "M3"),
            ("modules/2/hours_tenths", "8"),
            ("rest", "present"),
        ]);
        let wanted = json!({
            "title": "一班",
            "seats": 30,
            "modules": [{ "code": "M1", "name": "基础", "hours_tenths": 45 }, { "code": "M3", "hours_tenths": 80 }],
        });
        assert_eq!(form.body(&schema_of("plan-run")), wanted);
        assert_eq!((form.get("modules/1/code"), form.get("modules/2/code")), (Some("M3"), None));
    }

    #[test]
    fn what_fits_no_number_stays_as_it_was_typed() {
        let form = typed(&[("seats", "三十"), ("modules/0/hours_tenths", "4.55"), ("modules/1/hours_tenths", "-1")]);
        let wanted = json!({ "seats": "三十", "modules": [{ "hours_tenths": "4.55" }, { "hours_tenths": "-1" }] });
        assert_eq!(form.body(&schema_of("plan-run")), wanted);
    }

    #[test]
    fn a_group_that_was_left_empty_is_not_there() {
        let of = |ground: &str, note: &str| {
            typed(&[("closed_on", "2025-06-01"), ("late/ground", ground), ("late/note", note)]).body(&schema_of("close-run"))
        };
        assert_eq!(of("", ""), json!({ "closed_on": "2025-06-01" }));
        assert_eq!(of("", "甲"), json!({ "closed_on": "2025-06-01", "late": { "note": "甲" } }));
    }
}
