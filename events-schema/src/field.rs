//! The class of every payload field, and how a field shows in a leaf.

use std::fmt::Write as _;

use crate::SubjectKind;
use crate::json::{self, Json};

/// Who may see a field where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldClass {
    /// Clear in the record and in the leaf. Never a field about a person unless its documentation says why.
    Open,
    /// Clear in the record, a salted digest in the leaf: facts about a `PersonId`.
    Masked,
    /// Encrypted under the key of its holder, a salted digest in the leaf: what identifies or reaches a person, and prose.
    Sealed,
}

impl FieldClass {
    /// Text in the schema.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Masked => "masked",
            Self::Sealed => "sealed",
        }
    }
}

/// What the registry knows of one field.
#[derive(Debug, Clone, Copy)]
pub struct FieldSpec {
    /// Name in leaf, schema and disclosure.
    pub name: &'static str,
    /// Its class.
    pub class: FieldClass,
    /// For a sealed field, whose key seals it.
    pub holder: Option<SubjectKind>,
    /// Meaning, from the documentation of the wire struct.
    pub doc: &'static str,
    /// Its JSON Schema.
    pub json_schema: fn() -> Json,
}

/// A frozen wire struct.
pub trait Wire: serde::Serialize + serde::de::DeserializeOwned {
    /// Every field with its class, sealed ones last.
    const FIELDS: &'static [FieldSpec];
    /// A value made of samples.
    fn sample() -> Self;
    /// Shows every open and masked field, absent ones too.
    fn visit(&self, visitor: &mut dyn FnMut(&'static str, FieldClass, &dyn LeafValue));
}

/// A type that can stand in a payload and be shown in a leaf.
pub trait LeafValue {
    /// Appends its canonical JSON; `false`, and nothing appended, when it is absent.
    fn write_json(&self, out: &mut String) -> bool;
    /// Its JSON Schema.
    fn json_schema() -> Json
    where
        Self: Sized;
    /// A value for golden files: every wire struct is made of them, so a new event has golden bytes without anyone thinking of it.
    fn sample() -> Self
    where
        Self: Sized;
}

/// Appends an object of these members, sorted, without the absent ones.
pub(crate) fn write_object<const N: usize>(mut members: [(&str, &dyn LeafValue); N], out: &mut String) -> bool {
    members.sort_by(|left, right| json::compare_keys(left.0, right.0));
    let mut before = "{";
    for (name, value) in members {
        let start = out.len();
        out.push_str(before);
        json::write_text(name, out);
        out.push(':');
        if value.write_json(out) {
            before = ",";
        } else {
            out.truncate(start);
        }
    }
    out.push_str(if before == "{" { "{}" } else { "}" });
    true
}

/// Appends a text as JSON; never absent.
pub(crate) fn write_text(text: &str, out: &mut String) -> bool {
    json::write_text(text, out);
    true
}

/// Appends what prints as plain characters, none of which JSON escapes, as a JSON text; never absent.
pub(crate) fn write_plain(value: &dyn std::fmt::Display, out: &mut String) -> bool {
    let _written = write!(out, "\"{value}\"");
    true
}

impl LeafValue for String {
    fn write_json(&self, out: &mut String) -> bool {
        write_text(self, out)
    }
    fn sample() -> Self {
        "sample".to_owned()
    }
    fn json_schema() -> Json {
        Json::object([("type", Json::Static("string"))])
    }
}

impl LeafValue for bool {
    fn write_json(&self, out: &mut String) -> bool {
        out.push_str(if *self { "true" } else { "false" });
        true
    }
    fn sample() -> Self {
        true
    }
    fn json_schema() -> Json {
        Json::object([("type", Json::Static("boolean"))])
    }
}

macro_rules! integer {
    ($($type:ty),+) => {$(
        impl LeafValue for $type {
            fn write_json(&self, out: &mut String) -> bool {
                json::write_integer(i64::from(*self), out);
                true
            }
            fn sample() -> Self { 7 }
            fn json_schema() -> Json { Json::object([("type", Json::Static("integer"))]) }
        }
    )+};
}
integer!(u8, u16, u32, i32);

/// Positions; beyond ±(2^53−1) the leaf holds a string.
impl LeafValue for u64 {
    fn write_json(&self, out: &mut String) -> bool {
        match i64::try_from(*self) {
            Ok(value) => json::write_integer(value, out),
            Err(_) => return write_plain(self, out),
        }
        true
    }
    fn sample() -> Self {
        4_711
    }
    fn json_schema() -> Json {
        Json::object([("type", Json::Static("integer")), ("minimum", Json::Integer(0))])
    }
}

impl<T: LeafValue> LeafValue for Option<T> {
    fn write_json(&self, out: &mut String) -> bool {
        self.as_ref().is_some_and(|value| value.write_json(out))
    }
    fn sample() -> Self {
        Some(T::sample())
    }
    fn json_schema() -> Json {
        Json::object([("anyOf", Json::List(vec![T::json_schema(), Json::object([("type", Json::Static("null"))])]))])
    }
}

impl<T: LeafValue> LeafValue for Vec<T> {
    fn write_json(&self, out: &mut String) -> bool {
        let mut before = "[";
        for value in self {
            let start = out.len();
            out.push_str(before);
            if value.write_json(out) {
                before = ",";
            } else {
                out.truncate(start);
            }
        }
        out.push_str(if before == "[" { "[]" } else { "]" });
        true
    }
    fn sample() -> Self {
        vec![T::sample(), T::sample()]
    }
    fn json_schema() -> Json {
        Json::object([("type", Json::Static("array")), ("items", T::json_schema())])
    }
}

/// A digest of 32 bytes in a payload, shown as unpadded base64url.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Digest32(pub [u8; 32]);

impl LeafValue for Digest32 {
    fn write_json(&self, out: &mut String) -> bool {
        write_text(&crate::digest::base64url(&self.0), out)
    }
    fn sample() -> Self {
        Self([5; 32])
    }
    fn json_schema() -> Json {
        Json::object([("type", Json::Static("string")), ("pattern", Json::Static("^[A-Za-z0-9_-]{43}$"))])
    }
}

impl LeafValue for crate::ReportingUnit {
    fn write_json(&self, out: &mut String) -> bool {
        write_plain(self, out)
    }
    fn sample() -> Self {
        Self::all().next().unwrap_or_else(|| unreachable!("there are reporting units"))
    }
    fn json_schema() -> Json {
        Json::object([("type", Json::Static("string")), ("pattern", Json::Static("^[0-9]{2}$"))])
    }
}

impl LeafValue for crate::DivisionCode {
    fn write_json(&self, out: &mut String) -> bool {
        write_plain(self, out)
    }
    fn sample() -> Self {
        crate::ReportingUnit::sample().division()
    }
    fn json_schema() -> Json {
        Json::object([("type", Json::Static("string")), ("pattern", Json::Static("^[0-9]{6}$"))])
    }
}

impl LeafValue for crate::Uscc {
    fn write_json(&self, out: &mut String) -> bool {
        write_plain(self, out)
    }
    fn sample() -> Self {
        Self::parse("91350100M000100Y43").unwrap_or_else(|_| unreachable!("the example of GB 32100-2015"))
    }
    fn json_schema() -> Json {
        Json::object([("type", Json::Static("string")), ("minLength", Json::Integer(18)), ("maxLength", Json::Integer(18))])
    }
}

impl LeafValue for crate::DocumentKind {
    fn write_json(&self, out: &mut String) -> bool {
        write_text(self.name(), out)
    }
    fn sample() -> Self {
        Self::IdentityCard
    }
    fn json_schema() -> Json {
        Json::object([("type", Json::Static("string"))])
    }
}

macro_rules! serde_form {
    ($type:ty as $form:ty, $to:expr, $from:expr) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let form: $form = $to(self);
                form.serialize(serializer)
            }
        }
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let form = <$form>::deserialize(deserializer)?;
                $from(form).map_err(serde::de::Error::custom)
            }
        }
    };
}

// The wire forms of the value types that check themselves: code, six digits, eighteen characters, code.
serde_form!(crate::ReportingUnit as u8, |unit: &Self| unit.code(), Self::new);
serde_form!(crate::DivisionCode as u32, |division: &Self| division.get(), Self::new);
serde_form!(crate::Uscc as [u8; 18], |uscc: &Self| *uscc.as_bytes(), Self::try_from);
serde_form!(crate::DocumentKind as u8, |kind: &Self| kind.code(), |code| Self::from_code(code)
    .ok_or(crate::codes::UnknownCode { of: "DocumentKind", code }));
