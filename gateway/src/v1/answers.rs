//! What answers look like, for the interface document: one closed schema an answer, so that a client can be generated from it.
//!
//! Invariants: a member that is not described here may not be answered and none that is described may be missing, unless its name carries a
//! question mark below; the walk over the golden list of routes holds every answer against its schema.

use serde_json::{Map, Value, json};
use zhixin_events::{
    AccountId, Attendance, CertificateId, CivilDate, ClassId, ClassStatus, DeliveryMode, DivisionCode, Grade, JobId, Line, ListingGround,
    OccupationId, OrganisationId, PersonId, ReadPurpose, ReportingUnit, RevocationGround, Role, TalentCategory, TrainerId,
};

use zhixin_projections::trainers::TrainerStatus;

use super::input::Word;

/// Name in the components, and schema.
type Named = (&'static str, fn() -> Value);

/// Every schema of an answer or of a part that several share.
const NAMED: &[Named] = &[
    ("SignedIn", signed_in),
    ("CurrentSession", current_session),
    ("Quota", quota),
    ("QuotaRow", quota_row),
    ("Trainers", || moment([("trainers", list(part("Trainer"))), ("next", or_null(word::<TrainerId>()))])),
    ("TrainerAnswer", || moment([("trainer", part("Trainer"))])),
    ("TrainerChanges", || changes("Trainer")),
    ("Trainer", trainer),
    ("Occupations", || moment([("occupations", list(part("Occupation")))])),
    ("OccupationAnswer", || moment([("occupation", part("Occupation"))])),
    ("OccupationChanges", || changes("Occupation")),
    ("Occupation", occupation),
    ("CertificateAnswer", || moment([("certificate", part("Certificate")), ("checked_at", instant())])),
    ("Certificate", certificate),
    ("CertificateCheck", || object([("agrees", truth())])),
    ("Classes", || moment([("classes", list(part("Class"))), ("next", or_null(word::<ClassId>()))])),
    ("Class", || object(class_members())),
    ("ClassAnswer", class_answer),
    ("Trainee", trainee),
    ("PersonHours", person_hours),
    ("Timeline", || moment([("subject", text()), ("events", list(part("Event"))), ("next", or_null(whole()))])),
    ("Readings", || moment([("subject", text()), ("reads", list(part("Reading"))), ("next", or_null(whole()))])),
    ("Reading", reading),
    ("Event", || object(event_members())),
    ("EventAnswer", || object(event_members().into_iter().chain([("leaf", text()), ("actor?", word::<AccountId>())]))),
    ("Why", why),
    ("RosterJob", roster_job),
    ("Status", status),
    ("Origins", origins),
];

/// The schemas for the components of the document.
pub(super) fn components() -> Map<String, Value> {
    NAMED.iter().map(|(name, schema)| ((*name).to_owned(), schema())).collect()
}

/// The schema of the JSON that a route answers with; none if it answers otherwise.
pub(super) fn of(method: &str, path: &str) -> Option<Value> {
    let name = match (method, path.strip_prefix("/api/v1/").unwrap_or(path)) {
        ("POST", "sessions") => "SignedIn",
        ("GET", "sessions/current") => "CurrentSession",
        ("GET", "quota") => "Quota",
        ("GET", "directories/trainers") => "Trainers",
        ("GET", "directories/trainers/{id}") => "TrainerAnswer",
        ("GET", "directories/trainers/diff") => "TrainerChanges",
        ("GET", "directories/occupations") => "Occupations",
        ("GET", "directories/occupations/{id}") => "OccupationAnswer",
        ("GET", "directories/occupations/diff") => "OccupationChanges",
        ("GET", "certificates/{number}") => "CertificateAnswer",
        ("POST", "certificates/{number}/check") => "CertificateCheck",
        ("GET", "classes") => "Classes",
        ("GET", "classes/{id}") => "ClassAnswer",
        ("GET", "persons/{id}/hours") => "PersonHours",
        ("GET", "subjects/{kind}/{id}/timeline") => "Timeline",
        ("GET", "subjects/{kind}/{id}/reads") => "Readings",
        ("GET", "events/{position}") => "EventAnswer",
        ("GET", "why") => "Why",
        ("POST", "classes/{id}/roster" | "jobs/{id}/confirm") | ("GET", "jobs/{id}") => "RosterJob",
        ("GET", "status") => "Status",
        ("GET", "/log/origins") => "Origins",
        _other => return None,
    };
    Some(part(name))
}

type Member = (&'static str, Value);

/// An object of exactly these members; one whose name ends in a question mark may be missing.
fn object(members: impl IntoIterator<Item = Member>) -> Value {
    let (mut required, mut properties) = (Vec::new(), Map::new());
    for (name, schema) in members {
        let bare = name.trim_end_matches('?');
        if bare == name {
            required.push(bare);
        }
        properties.insert(bare.to_owned(), schema);
    }
    json!({ "type": "object", "additionalProperties": false, "required": required, "properties": properties })
}

/// An answer that looks at a moment: what it says of itself, and these members.
fn moment(members: impl IntoIterator<Item = Member>) -> Value {
    let its_own =
        [("position", or_null(whole())), ("as_of", instant()), ("effective_by", word::<CivilDate>()), ("quarantined?", map(whole()))];
    object(its_own.into_iter().chain(members))
}

fn part(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}
fn word<T: Word>() -> Value {
    T::schema()
}
fn one_of(words: &[&str]) -> Value {
    json!({ "type": "string", "enum": words })
}
fn text() -> Value {
    json!({ "type": "string" })
}
fn whole() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}
fn truth() -> Value {
    json!({ "type": "boolean" })
}
fn instant() -> Value {
    json!({ "type": "string", "format": "date-time" })
}
fn with(kind: &str, name: &str, value: Value) -> Value {
    Value::Object(Map::from_iter([("type".to_owned(), json!(kind)), (name.to_owned(), value)]))
}
fn list(items: Value) -> Value {
    with("array", "items", items)
}
fn map(values: Value) -> Value {
    with("object", "additionalProperties", values)
}
fn or_null(schema: Value) -> Value {
    Value::Object(Map::from_iter([("anyOf".to_owned(), Value::Array(vec![schema, json!({ "type": "null" })]))]))
}
fn both_languages() -> Value {
    object([("zh", text()), ("en", text())])
}

fn signed_in() -> Value {
    object([("token", text()), ("account", word::<AccountId>()), ("expires_in_s", whole())])
}

fn current_session() -> Value {
    object([
        ("login", text()),
        ("account", word::<AccountId>()),
        ("role", word::<Role>()),
        ("roles", list(word::<Role>())),
        ("unit", or_null(word::<ReportingUnit>())),
        ("organisation", or_null(word::<OrganisationId>())),
        ("csrf", text()),
        ("may", list(text())),
    ])
}

fn quota() -> Value {
    moment([
        ("unit", one_of(&["persons", "trainings"])),
        ("group_by", one_of(&super::quota::GROUPS)),
        ("rule", both_languages()),
        ("rows", list(part("QuotaRow"))),
        ("total", part("QuotaRow")),
    ])
}

fn quota_row() -> Value {
    object([
        ("key", text()),
        ("label", text()),
        ("target", or_null(whole())),
        ("enrolled", whole()),
        ("completed", whole()),
        ("certified", whole()),
        ("percent_bp", or_null(whole())),
    ])
}

fn changes(of: &str) -> Value {
    let side = || object([("position", or_null(whole())), ("effective_by", word::<CivilDate>())]);
    moment([
        ("from", side()),
        ("to", side()),
        ("added", list(part(of))),
        ("removed", list(part(of))),
        ("changed", list(object([("before", part(of)), ("after", part(of))]))),
    ])
}

fn trainer() -> Value {
    object([
        ("id", word::<TrainerId>()),
        ("organisation", word::<OrganisationId>()),
        ("name", text()),
        ("unit", word::<ReportingUnit>()),
        ("directory_number", whole()),
        ("occupations", list(word::<OccupationId>())),
        ("listed_from", word::<CivilDate>()),
        ("listed_until", word::<CivilDate>()),
        ("national_base", truth()),
        ("status", one_of(&TrainerStatus::ALL.map(TrainerStatus::name))),
        ("ground", or_null(word::<ListingGround>())),
        ("document_number", text()),
        ("edition", whole()),
        ("edition_on", word::<CivilDate>()),
    ])
}

fn occupation() -> Value {
    let code =
        object([("edition", whole()), ("code", text()), ("mark", or_null(text())), ("source", or_null(text())), ("position", whole())]);
    let directions = object([
        ("grade", word::<Grade>()),
        ("known", truth()),
        ("directions?", list(text())),
        ("source?", text()),
        ("position?", whole()),
    ]);
    object([
        ("id", word::<OccupationId>()),
        ("name_zh", text()),
        ("name_en", text()),
        ("codes", list(code)),
        ("directions", list(directions)),
        ("edition", whole()),
    ])
}

fn certificate() -> Value {
    let revoked = object([("on", word::<CivilDate>()), ("ground", word::<RevocationGround>()), ("position", whole())]);
    object([
        ("number", text()),
        ("status", one_of(&["valid", "awaiting_proof", "revoked"])),
        ("revoked", or_null(revoked)),
        ("holder", or_null(text())),
        ("issuer", object([("id", word::<TrainerId>()), ("name", text())])),
        ("occupation", object([("id", word::<OccupationId>()), ("name", text())])),
        ("direction", or_null(text())),
        ("grade", word::<Grade>()),
        ("hours", text()),
        ("issued_on", word::<CivilDate>()),
        ("issued_position", whole()),
        ("proof", or_null(text())),
    ])
}

fn class_members() -> Vec<Member> {
    vec![
        ("id", word::<ClassId>()),
        ("title", text()),
        ("line", word::<Line>()),
        ("trainer", word::<TrainerId>()),
        ("organisation", word::<OrganisationId>()),
        ("unit", word::<ReportingUnit>()),
        ("division", word::<DivisionCode>()),
        ("occupation", word::<OccupationId>()),
        ("direction", or_null(text())),
        ("grade", word::<Grade>()),
        ("mode", word::<DeliveryMode>()),
        ("starts_on", word::<CivilDate>()),
        ("ends_on", word::<CivilDate>()),
        ("closed_on", or_null(word::<CivilDate>())),
        ("seats", whole()),
        ("status", word::<ClassStatus>()),
        ("position", whole()),
    ]
}

fn class_answer() -> Value {
    let module = object([("code", text()), ("name", text()), ("hours_tenths", whole())]);
    let session = object([
        ("session", whole()),
        ("held_on", word::<CivilDate>()),
        ("module", text()),
        ("hours_tenths", whole()),
        ("mode", word::<DeliveryMode>()),
        ("position", whole()),
    ]);
    let import = object([
        ("job", word::<JobId>()),
        ("rows", whole()),
        ("accepted", or_null(whole())),
        ("refused", or_null(whole())),
        ("position", whole()),
    ]);
    let detail = [("modules", list(module)), ("sessions", list(session)), ("imports", list(import))];
    moment([
        ("class", object(class_members().into_iter().chain(detail))),
        ("roster", list(part("Trainee"))),
        ("next", or_null(word::<PersonId>())),
    ])
}

fn trainee() -> Value {
    let stated = object([("name", or_null(text())), ("uscc", or_null(text())), ("uscc_override", truth())]);
    let attendance = object([("session", whole()), ("attendance", word::<Attendance>()), ("positions", list(whole()))]);
    let test = object([("points", whole()), ("passed", truth()), ("pass_mark", whole()), ("position", whole())]);
    let certificate = object([("id", word::<CertificateId>()), ("number", text()), ("position", whole()), ("revoked", truth())]);
    object([
        ("person", word::<PersonId>()),
        ("seated", truth()),
        ("category", or_null(word::<TalentCategory>())),
        ("employer", or_null(word::<OrganisationId>())),
        ("employer_stated", or_null(stated)),
        ("title_level", or_null(text())),
        ("job", or_null(word::<JobId>())),
        ("attendance", list(attendance)),
        ("attended_tenths", whole()),
        ("test", or_null(test)),
        ("certificate", or_null(certificate)),
        ("hours_tenths", or_null(whole())),
        ("name?", or_null(text())),
        ("employer_override_reason?", or_null(text())),
    ])
}

fn person_hours() -> Value {
    let row = object([
        ("class", word::<ClassId>()),
        ("title", text()),
        ("year", whole()),
        ("professional_tenths", whole()),
        ("position", whole()),
    ]);
    moment([("person", word::<PersonId>()), ("hours", list(row)), ("total_tenths", whole())])
}

fn event_members() -> Vec<Member> {
    vec![
        ("position", whole()),
        ("type", text()),
        ("recorded_at", instant()),
        ("effective_on", word::<CivilDate>()),
        ("role", word::<Role>()),
        ("subjects", map(whole())),
        ("sentence", both_languages()),
        ("open", json!({ "type": "object", "description": "The open fields of the event, as its leaf has them: see `zhixin schema`." })),
        ("leaf_hash", json!({ "type": "string", "pattern": "^[0-9a-f]{64}$" })),
    ]
}

fn reading() -> Value {
    object([
        ("position", whole()),
        ("recorded_at", instant()),
        ("reader", word::<AccountId>()),
        ("role", word::<Role>()),
        ("purpose", word::<ReadPurpose>()),
        ("case", or_null(text())),
        ("fields", list(text())),
        ("persons", whole()),
    ])
}

fn why() -> Value {
    let hidden = object([("position", whole())]);
    moment([
        ("model", one_of(&super::why::MODELS)),
        ("row", text()),
        ("field", or_null(one_of(&super::why::FIELDS))),
        ("figure", or_null(json!({ "type": "integer" }))),
        ("count", whole()),
        ("events", list(json!({ "anyOf": [part("Event"), hidden] }))),
        ("next", or_null(whole())),
    ])
}

fn roster_job() -> Value {
    let fault = object([("code", text()), ("column", both_languages()), ("message", both_languages())]);
    let rejected = object([("row", whole()), ("errors", list(fault)), ("may_override", truth())]);
    let refused = object([("row", whole()), ("code", text()), ("message", both_languages())]);
    object([
        ("id", text()),
        ("class", word::<ClassId>()),
        ("state", one_of(&["waiting", "running", "done", "refused"])),
        ("format", text()),
        ("rows", whole()),
        ("accepted", whole()),
        ("rejected", list(rejected)),
        ("job", or_null(word::<JobId>())),
        ("done", or_null(whole())),
        ("written", whole()),
        ("refused", list(refused)),
        ("kept_until", instant()),
    ])
}

fn status() -> Value {
    let model =
        object([("name", text()), ("version", whole()), ("position", or_null(whole())), ("answers", truth()), ("quarantined", whole())]);
    let row_checks = object([
        ("samples", whole()),
        ("rows", whole()),
        ("wrong_rows", whole()),
        ("rounds", whole()),
        ("last_round_at", or_null(instant())),
    ]);
    object([
        ("healthy", truth()),
        ("troubles", list(both_languages())),
        ("position", or_null(whole())),
        ("origin", text()),
        ("checkpoint", or_null(object([("size", whole()), ("root", text())]))),
        ("recomputed_tree", object([("done", whole()), ("of", whole()), ("trouble", or_null(text()))])),
        ("read_models", object([("position", or_null(whole())), ("models", list(model))])),
        ("row_checks", or_null(row_checks)),
        ("time", instant()),
    ])
}

fn origins() -> Value {
    let known = object([("origin", text()), ("vkey", text()), ("statement", or_null(text())), ("first_checkpoint", or_null(text()))]);
    object([("origins", list(known))])
}
