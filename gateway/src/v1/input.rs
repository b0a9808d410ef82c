//! Values from outside: JSON bodies, parameters of queries, parts of paths. Each type says what it looks like and how it is read.
//!
//! Why not serde: it stops at the first error and does not say where. Here all errors of a body come at once, each with its JSON pointer,
//! and the same lines make the schema of the interface. Texts that identify a person go into [`Secret`] at once.

use serde_json::{Map, Value, json};
use zhixin_events::field::Digest32;
use zhixin_events::{
    AccountId, Attendance, BasisPoints, CertificateId, CivilDate, ClassId, CorrectionGround, DeliveryMode, DirectoryNumber, DivisionCode,
    DocumentKind, ErasureGround, FigureUnit, Grade, HoursTenths, JobId, LateGround, Line, ListingGround, OccupationId, OrganisationId,
    PeopleCount, PersonId, PlanYear, Points, ReadPurpose, ReportingUnit, RevocationGround, Role, Secret, SessionNumber, SourceMark,
    Subject, TalentCategory, TrainerId, WithdrawalGround,
};

use crate::problem::{FieldProblem, Kind, Part, Problem, Said};

/// Longest list in a body; longer ones are refused by what they are for.
const LIST_MAX: usize = 1_000;

/// What is wrong with a body, gathered while it is read.
#[derive(Debug, Default)]
pub(crate) struct Errors(Vec<FieldProblem>);

impl Errors {
    pub(crate) fn add(&mut self, at: &str, kind: Kind, said: Said) {
        self.0.push(FieldProblem { part: Part::Body(at.to_owned()), code: kind.status_and_code().1, said });
    }
    fn wrong_type(&mut self, at: &str, zh: &str, en: &str) {
        self.add(at, Kind::Malformed, Said::new(format!("应为{zh}"), format!("must be {en}")));
    }
    /// The problem, if anything was wrong.
    pub(crate) fn into_problem(self) -> Option<Problem> {
        (!self.0.is_empty()).then(|| Problem::with_parts(self.0))
    }
}

/// A value of a JSON body.
pub(crate) trait Field: Sized {
    /// Whether it may be left out.
    const OPTIONAL: bool = false;
    /// The value where it is left out.
    fn absent() -> Option<Self> {
        None
    }
    /// Reads it; what is wrong goes to `errors`.
    fn read(value: &Value, at: &str, errors: &mut Errors) -> Option<Self>;
    /// Its JSON Schema.
    fn schema() -> Value;
}

/// A value that is written as a text.
pub(crate) trait Word: Sized {
    /// Which problem it is when the text does not fit.
    const KIND: Kind;
    /// The value of a text.
    fn parse(text: &str) -> Option<Self>;
    /// What the text should be.
    fn wanted() -> Said;
    /// Its JSON Schema.
    fn schema() -> Value;
}

macro_rules! word_fields {
    ($($type:ty),+ $(,)?) => {$(
        impl Field for $type {
            fn read(value: &Value, at: &str, errors: &mut Errors) -> Option<Self> {
                let Value::String(text) = value else {
                    errors.wrong_type(at, "文本", "a text");
                    return None;
                };
                let parsed = <Self as Word>::parse(text);
                if parsed.is_none() {
                    errors.add(at, <Self as Word>::KIND, <Self as Word>::wanted());
                }
                parsed
            }
            fn schema() -> Value { <Self as Word>::schema() }
        }
    )+};
}

macro_rules! ids {
    ($($type:ty),+ $(,)?) => {
        $(impl Word for $type {
            const KIND: Kind = Kind::BadId;
            fn parse(text: &str) -> Option<Self> { text.parse().ok() }
            fn wanted() -> Said { Said::new("编号应为 10 个字符，不含 I、L、O、U", "an id has ten characters, without I, L, O and U") }
            fn schema() -> Value { json!({ "type": "string", "pattern": "^[0-9A-HJKMNP-TV-Z]{10}$" }) }
        })+
        word_fields!($($type),+);
    };
}
ids!(AccountId, CertificateId, ClassId, JobId, OccupationId, OrganisationId, PersonId, TrainerId);

macro_rules! lists {
    ($($type:ty),+ $(,)?) => {
        $(impl Word for $type {
            const KIND: Kind = Kind::Malformed;
            fn parse(text: &str) -> Option<Self> { Self::from_name(text) }
            fn wanted() -> Said {
                let names = Self::ALL.iter().map(|value| value.name()).collect::<Vec<_>>().join(", ");
                Said::new(format!("应为下列之一：{names}"), format!("must be one of {names}"))
            }
            fn schema() -> Value { json!({ "type": "string", "enum": Self::ALL.iter().map(|value| value.name()).collect::<Vec<_>>() }) }
        })+
        word_fields!($($type),+);
    };
}
lists!(
    Line,
    Grade,
    TalentCategory,
    Role,
    DeliveryMode,
    Attendance,
    ListingGround,
    CorrectionGround,
    LateGround,
    WithdrawalGround,
    RevocationGround,
    ErasureGround,
    ReadPurpose,
    SourceMark,
    FigureUnit,
    DocumentKind,
);

impl Word for CivilDate {
    const KIND: Kind = Kind::OutOfRange;
    fn parse(text: &str) -> Option<Self> {
        Self::parse(text).ok()
    }
    fn wanted() -> Said {
        Said::new(
            "日期应写作 YYYY-MM-DD，在 1900-01-01 与 2199-12-31 之间",
            "a date is written YYYY-MM-DD and lies between 1900-01-01 and 2199-12-31",
        )
    }
    fn schema() -> Value {
        json!({ "type": "string", "format": "date" })
    }
}

impl Word for ReportingUnit {
    const KIND: Kind = Kind::OutOfRange;
    fn parse(text: &str) -> Option<Self> {
        two_digits(text).and_then(|code| Self::new(code).ok())
    }
    fn wanted() -> Said {
        Said::new("应为填报单位的两位代码，如 32", "must be the two digits of a reporting unit, such as 32")
    }
    fn schema() -> Value {
        json!({ "type": "string", "enum": Self::all().map(|unit| unit.to_string()).collect::<Vec<_>>() })
    }
}

fn two_digits(text: &str) -> Option<u8> {
    (text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

impl Word for DivisionCode {
    const KIND: Kind = Kind::OutOfRange;
    fn parse(text: &str) -> Option<Self> {
        let digits = text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().ok()).flatten().and_then(|code| Self::new(code).ok())
    }
    fn wanted() -> Said {
        Said::new("应为六位行政区划代码，如 320100", "must be a division code of six digits, such as 320100")
    }
    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^[1-9][0-9]{5}$" })
    }
}

impl Word for Digest32 {
    const KIND: Kind = Kind::Malformed;
    fn parse(text: &str) -> Option<Self> {
        zhixin_events::digest::from_base64url(text).and_then(|bytes| bytes.try_into().ok()).map(Self)
    }
    fn wanted() -> Said {
        Said::new("应为 SHA-256 的 base64url（43 个字符）", "must be a SHA-256 in base64url (43 characters)")
    }
    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^[A-Za-z0-9_-]{43}$" })
    }
}

impl Word for Subject {
    const KIND: Kind = Kind::BadId;
    fn parse(text: &str) -> Option<Self> {
        Self::parse(text).ok()
    }
    fn wanted() -> Said {
        Said::new("应写作 类型/编号", "must be written kind/id")
    }
    fn schema() -> Value {
        json!({ "type": "string" })
    }
}
word_fields!(CivilDate, ReportingUnit, DivisionCode, Digest32);

impl Field for String {
    fn read(value: &Value, at: &str, errors: &mut Errors) -> Option<Self> {
        if let Value::String(text) = value {
            return Some(text.clone());
        }
        errors.wrong_type(at, "文本", "a text");
        None
    }
    fn schema() -> Value {
        json!({ "type": "string" })
    }
}

impl Field for Secret<String> {
    fn read(value: &Value, at: &str, errors: &mut Errors) -> Option<Self> {
        String::read(value, at, errors).map(Secret::new)
    }
    fn schema() -> Value {
        json!({ "type": "string", "writeOnly": true })
    }
}

impl Field for bool {
    fn read(value: &Value, at: &str, errors: &mut Errors) -> Option<Self> {
        if let Value::Bool(truth) = value {
            return Some(*truth);
        }
        errors.wrong_type(at, " true 或 false", "true or false");
        None
    }
    fn schema() -> Value {
        json!({ "type": "boolean" })
    }
}

/// A whole number in a range.
fn whole(value: &Value, (min, max): (u32, u32), at: &str, errors: &mut Errors) -> Option<u32> {
    let Value::Number(number) = value else {
        errors.wrong_type(at, "整数", "a whole number");
        return None;
    };
    let within = number.as_u64().and_then(|number| u32::try_from(number).ok()).filter(|number| (min..=max).contains(number));
    if within.is_none() {
        let said = Said::new(format!("应为 {min} 至 {max} 的整数"), format!("must be a whole number from {min} to {max}"));
        errors.add(at, Kind::OutOfRange, said);
    }
    within
}

macro_rules! quantities {
    ($($type:ident($inner:ty) $min:literal..=$max:literal;)+) => {$(
        impl Field for $type {
            fn read(value: &Value, at: &str, errors: &mut Errors) -> Option<Self> {
                let number = whole(value, ($min, $max), at, errors)?;
                <$inner>::try_from(number).ok().map(Self::new)
            }
            fn schema() -> Value {
                let (min, max): (u32, u32) = ($min, $max);
                json!({ "type": "integer", "minimum": min, "maximum": max })
            }
        }
    )+};
}
quantities! {
    PlanYear(u16) 1900..=2199;
    HoursTenths(u32) 0..=100_000;
    Points(u8) 0..=100;
    BasisPoints(u32) 0..=1_000_000;
    PeopleCount(u32) 0..=100_000_000;
    SessionNumber(u16) 1..=65_535;
    DirectoryNumber(u32) 1..=4_294_967_295;
}

impl Field for u32 {
    fn read(value: &Value, at: &str, errors: &mut Errors) -> Option<Self> {
        whole(value, (0, Self::MAX), at, errors)
    }
    fn schema() -> Value {
        json!({ "type": "integer", "minimum": 0, "maximum": Self::MAX })
    }
}

impl<T: Field> Field for Option<T> {
    const OPTIONAL: bool = true;
    fn absent() -> Option<Self> {
        Some(None)
    }
    fn read(value: &Value, at: &str, errors: &mut Errors) -> Option<Self> {
        if value.is_null() { Some(None) } else { T::read(value, at, errors).map(Some) }
    }
    fn schema() -> Value {
        json!({ "anyOf": [T::schema(), { "type": "null" }] })
    }
}

impl<T: Field> Field for Vec<T> {
    fn read(value: &Value, at: &str, errors: &mut Errors) -> Option<Self> {
        let Value::Array(items) = value else {
            errors.wrong_type(at, "列表", "a list");
            return None;
        };
        if items.len() > LIST_MAX {
            errors.add(at, Kind::OutOfRange, Said::new(format!("至多 {LIST_MAX} 项"), format!("at most {LIST_MAX} entries")));
            return None;
        }
        let read: Vec<Option<T>> = items.iter().enumerate().map(|(index, item)| T::read(item, &format!("{at}/{index}"), errors)).collect();
        read.into_iter().collect()
    }
    fn schema() -> Value {
        json!({ "type": "array", "items": T::schema(), "maxItems": LIST_MAX })
    }
}

/// An object whose members are all known.
pub(crate) struct Object<'a, 'e> {
    members: Option<&'a Map<String, Value>>,
    at: String,
    errors: &'e mut Errors,
}

impl<'a, 'e> Object<'a, 'e> {
    /// Begins to read an object with these members and no others.
    pub(crate) fn open(value: &'a Value, at: &str, known: &[&str], errors: &'e mut Errors) -> Self {
        let members = value.as_object();
        if members.is_none() {
            errors.wrong_type(at, "对象", "an object");
        }
        for name in members.into_iter().flat_map(Map::keys).filter(|name| !known.contains(&name.as_str())) {
            // Only letters and signs come back: somebody may have put a name or a number where a field belongs.
            let told = name.chars().take(100).map(|c| if c.is_ascii() && !c.is_ascii_digit() { c } else { '?' });
            let pointer = format!("{at}/{}", told.collect::<String>().replace('~', "~0").replace('/', "~1"));
            errors.add(&pointer, Kind::Malformed, Said::new("没有这个字段", "there is no such field"));
        }
        Self { members, at: at.to_owned(), errors }
    }

    /// Reads one member.
    pub(crate) fn member<T: Field>(&mut self, name: &str) -> Option<T> {
        let at = format!("{}/{name}", self.at);
        match self.members?.get(name) {
            Some(value) => T::read(value, &at, self.errors),
            None if T::OPTIONAL => T::absent(),
            None => {
                self.errors.add(&at, Kind::Malformed, Said::new("缺少这个字段", "the field is missing"));
                None
            }
        }
    }
}

/// The schema of an object.
pub(crate) fn object_schema(doc: &str, members: &[(&str, &str, bool, Value)]) -> Value {
    let mut properties = Map::new();
    for (name, doc, _, schema) in members {
        let mut schema = schema.clone();
        if let Value::Object(schema) = &mut schema {
            schema.insert("description".to_owned(), Value::String(doc.trim().to_owned()));
        }
        properties.insert((*name).to_owned(), schema);
    }
    let required: Vec<&str> = members.iter().filter(|member| !member.2).map(|member| member.0).collect();
    json!({ "type": "object", "description": doc.trim(), "properties": properties, "required": required, "additionalProperties": false })
}

/// Says how an object in a body becomes a value of ours: name and type of each member, and what is made of them.
macro_rules! body {
    ($(#[doc = $doc:literal])* $type:ty { $($(#[doc = $fdoc:literal])* $field:ident: $ftype:ty),* $(,)? } => $make:expr) => {
        impl $crate::v1::input::Field for $type {
            fn read(value: &serde_json::Value, at: &str, errors: &mut $crate::v1::input::Errors) -> Option<Self> {
                let mut object = $crate::v1::input::Object::open(value, at, &[$(stringify!($field)),*], errors);
                // Every member is read before any is missed, so that all errors are found.
                $(let $field: Option<$ftype> = object.member(stringify!($field));)*
                $(let $field = $field?;)*
                Some($make)
            }
            fn schema() -> serde_json::Value {
                $crate::v1::input::object_schema(concat!($($doc),*), &[$((
                    stringify!($field),
                    concat!($($fdoc),*),
                    <$ftype as $crate::v1::input::Field>::OPTIONAL,
                    <$ftype as $crate::v1::input::Field>::schema(),
                )),*])
            }
        }
    };
}
pub(crate) use body;

/// Reads a part of a path.
pub(crate) fn path_word<T: Word>(name: &'static str, text: &str) -> Result<T, Problem> {
    T::parse(text).ok_or_else(|| {
        let said = T::wanted();
        Problem::part(T::KIND, Part::Path(name), said.zh, said.en)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Sample(PlanYear, Line, Vec<Points>, Option<String>);
    body! {
        /// A sample.
        Sample {
            /// The year.
            year: PlanYear,
            /// The line.
            line: Line,
            /// Points.
            points: Vec<Points>,
            /// A note.
            note: Option<String>,
        } => Sample(year, line, points, note)
    }

    fn read(value: &Value) -> Result<Sample, Vec<(Part, &'static str)>> {
        let mut errors = Errors::default();
        let sample = Sample::read(value, "", &mut errors);
        match errors.into_problem() {
            None => Ok(sample.unwrap()),
            Some(problem) => Err(problem.errors().iter().map(|error| (error.part.clone(), error.code)).collect()),
        }
    }

    #[test]
    fn every_error_of_a_body_comes_with_its_pointer() {
        let at = |pointer: &str| Part::Body(pointer.to_owned());
        let body = json!({ "year": "2025", "line": "slow", "points": [1, 101, null], "a/b": 1 });
        assert_eq!(
            read(&body),
            Err(vec![
                (at("/a~1b"), "REQ-0002"),
                (at("/year"), "REQ-0002"),
                (at("/line"), "REQ-0002"),
                (at("/points/1"), "REQ-0004"),
                (at("/points/2"), "REQ-0002"),
            ])
        );
        assert_eq!(read(&json!([])), Err(vec![(at(""), "REQ-0002")]));
        assert_eq!(read(&json!({ "year": 2025.5, "points": [] })), Err(vec![(at("/year"), "REQ-0004"), (at("/line"), "REQ-0002")]));
        let good = json!({ "year": 2025, "line": "digital", "points": [60], "note": null });
        assert_eq!(read(&good), Ok(Sample(PlanYear::new(2025), Line::Digital, vec![Points::new(60)], None)));
    }

    #[test]
    fn the_schema_names_what_is_required() {
        let schema = Sample::schema();
        assert_eq!(schema["required"], json!(["year", "line", "points"]));
        assert_eq!(schema["properties"]["year"]["maximum"], 2199);
        assert_eq!(schema["additionalProperties"], false);
    }
}
