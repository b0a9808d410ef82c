//! Events as people and programs read them: who did what when to what, with the open fields, and one sentence.
//!
//! Everything here comes from the leaf of an event, its public form: what is masked or sealed there cannot get into an answer from here.

mod sentences;

use serde_json::{Map, Value, json};
use zhixin_engine::history::{CommitAt, HistoryFault};
use zhixin_engine::merkle::leaf_hash;
use zhixin_events::registry::{self, LeafAudience};
use zhixin_events::{CivilDate, Recorded, Role, Subject, Timestamp, leaf};

use super::names::{self, Names};
use crate::app::App;
use crate::problem::{Kind, Problem};

/// Field by which an event names the event that it corrects.
const CORRECTS: &str = "corrects";

/// One event.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) position: u64,
    pub(crate) event_type: &'static str,
    pub(crate) audience: LeafAudience,
    pub(crate) recorded_at: Timestamp,
    pub(crate) effective_on: CivilDate,
    pub(crate) role: Role,
    pub(crate) subjects: Vec<(Subject, u32)>,
    /// The open fields, as the leaf has them.
    pub(crate) open: Map<String, Value>,
    /// The leaf itself.
    pub(crate) leaf: String,
    /// The event that corrects it, in the history that it was read in; see [`crate::v1::timeline::page`].
    pub(crate) corrected_by: Option<u64>,
}

impl Entry {
    fn of(found: &CommitAt, recorded: &Recorded<'_>) -> Result<Self, Problem> {
        let position = recorded.position.0;
        let decode = |source| HistoryFault::Decode { position, source };
        let leaf = leaf::leaf(&found.commit, recorded.index, recorded.record, recorded.position).map_err(decode)?;
        let Some(event_type) = registry::of_tag(recorded.record.tag) else { return Err(Kind::Poisoned.into()) };
        let parsed: Value = serde_json::from_str(&leaf).map_err(|fault| Problem::from(Kind::Internal).because(&fault))?;
        Ok(Self {
            position,
            event_type: event_type.name,
            audience: event_type.audience,
            recorded_at: found.commit.recorded_at,
            effective_on: recorded.effective_on(),
            role: found.commit.role,
            subjects: recorded.record.subjects.clone(),
            open: parsed.get("x").and_then(Value::as_object).cloned().unwrap_or_default(),
            leaf,
            corrected_by: None,
        })
    }

    /// Its hash in the tree, hexadecimal.
    pub(crate) fn leaf_hash_hex(&self) -> String {
        hex(leaf_hash(self.leaf.as_bytes()).as_bytes())
    }

    /// An open field that is a number.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.open.get(name).and_then(Value::as_u64)
    }

    /// The event that it corrects.
    pub(crate) fn corrects(&self) -> Option<u64> {
        self.number(CORRECTS)
    }

    /// What happened, as one sentence.
    ///
    /// # Errors
    /// A name cannot be looked up.
    pub(crate) fn sentence(&self, names: &Names) -> Result<String, Problem> {
        sentences::sentence(self, names)
    }

    /// The entry in an answer; both languages get the names of their own look-up.
    ///
    /// # Errors
    /// A name cannot be looked up.
    pub(crate) fn json(&self, zh: &Names, en: &Names) -> Result<Value, Problem> {
        let subjects: Map<String, Value> = self.subjects.iter().map(|(subject, ordinal)| (subject.to_string(), json!(ordinal))).collect();
        Ok(json!({
            "position": self.position,
            "type": self.event_type,
            "recorded_at": self.recorded_at.to_china_text(),
            "effective_on": self.effective_on.to_string(),
            "role": self.role.name(),
            "subjects": subjects,
            "sentence": { "zh": self.sentence(zh)?, "en": self.sentence(en)? },
            "open": self.open,
            "leaf_hash": self.leaf_hash_hex(),
        }))
    }
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len().saturating_mul(2)), |mut text, byte| {
        text.extend([format!("{byte:02x}")]);
        text
    })
}

/// The events at these positions, which rise. Blocks.
pub(crate) fn entries(app: &App, positions: &[u64]) -> Result<Vec<Entry>, Problem> {
    let mut entries = Vec::with_capacity(positions.len());
    app.engine().for_each_event::<Problem>(positions, &mut |found, recorded| {
        entries.push(Entry::of(found, recorded)?);
        Ok(())
    })?;
    Ok(entries)
}

/// Those of the events at these positions, which rise, that correct another. Blocks.
pub(crate) fn corrections(app: &App, positions: &[u64]) -> Result<Vec<Entry>, Problem> {
    let corrects = |tag| registry::of_tag(tag).is_some_and(|event| event.fields.iter().any(|field| field.name == CORRECTS));
    let mut entries = Vec::new();
    app.engine().for_each_event::<Problem>(positions, &mut |found, recorded| {
        if corrects(recorded.record.tag) {
            entries.push(Entry::of(found, recorded)?);
        }
        Ok(())
    })?;
    Ok(entries)
}

/// The event at a position; 404 beyond the end. Blocks.
pub(crate) fn entry(app: &App, position: u64) -> Result<Entry, Problem> {
    if position >= app.engine().end() {
        return Err(Kind::NotFound.into());
    }
    entries(app, &[position])?.pop().ok_or_else(|| Kind::NotFound.into())
}

/// The first event of a subject. Blocks.
pub(crate) fn first_of(app: &App, subject: &Subject) -> Result<Option<Entry>, Problem> {
    let positions = app.engine().view()?.positions(subject, 0..1)?;
    Ok(entries(app, &positions)?.pop())
}

/// A text that the first event of a subject tells openly, such as the name of an organisation. Blocks.
pub(crate) fn first_told(app: &App, subject: &Subject, field: &str) -> Result<Option<String>, Problem> {
    let first = first_of(app, subject)?;
    Ok(first.and_then(|first| first.open.get(field).and_then(Value::as_str).map(str::to_owned)))
}

/// Kind and name of a subject, for links. Blocks.
pub(crate) fn subject_label(subject: &Subject, names: &Names) -> Result<String, Problem> {
    Ok(format!("{} {}", names::subject_kind(names.lang(), subject.kind()), names.subject(subject)?))
}

/// The words of a value of an open field.
fn value_words(name: &str, value: &Value, names: &Names) -> Result<String, Problem> {
    use zhixin_events::{
        CorrectionGround, ErasureGround, Grade, HoursTenths, LateGround, Line, ListingGround, ReportingUnit, RevocationGround,
    };
    let lang = names.lang();
    let plain = || match value {
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    };
    let text = value.as_str().unwrap_or_default();
    let words = match name {
        "unit" => text.parse().ok().and_then(|code| ReportingUnit::new(code).ok()).map(|unit| names::unit(lang, unit).to_owned()),
        "line" => Line::from_name(text).map(|line| names::line(lang, Some(line)).to_owned()),
        "grade" => Grade::from_name(text).map(|grade| names::grade(lang, grade).to_owned()),
        "mode" => zhixin_events::DeliveryMode::from_name(text).map(|mode| names::mode(lang, mode).to_owned()),
        "ground" => ListingGround::from_name(text)
            .map(|ground| names::listing_ground(lang, ground))
            .or_else(|| RevocationGround::from_name(text).map(|ground| names::revocation_ground(lang, ground)))
            .or_else(|| CorrectionGround::from_name(text).map(|ground| names::correction_ground(lang, ground)))
            .or_else(|| ErasureGround::from_name(text).map(|ground| names::erasure_ground(lang, ground)))
            .map(str::to_owned),
        "late" => LateGround::from_name(text).map(|ground| names::late_ground(lang, ground).to_owned()),
        "hours" | "hours_before" => {
            value.as_u64().and_then(|tenths| u32::try_from(tenths).ok()).map(|tenths| HoursTenths::new(tenths).to_decimal_text())
        }
        "trainer" => text.parse().ok().map(|id| names.trainer(id)).transpose()?,
        "occupation" => text.parse().ok().map(|id| names.occupation(id)).transpose()?,
        "roles" => value.as_array().map(|roles| {
            let words = roles.iter().filter_map(|role| role.as_str()).filter_map(Role::from_name);
            words.map(|role| names::role(lang, role)).collect::<Vec<_>>().join(lang.pick("、", ", "))
        }),
        "directions" => value.as_array().map(|list| {
            let words: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
            if words.is_empty() { names.texts().labels.direction_none.to_string() } else { words.join(lang.pick("、", ", ")) }
        }),
        _other => None,
    };
    Ok(words.unwrap_or_else(plain))
}
