//! The fields of each act, with what stands in them at first.

use zhixin_events::{Attendance, CorrectionGround, DeliveryMode, LateGround, PersonId, RevocationGround, WithdrawalGround};
use zhixin_projections::classes::{Session, Trainee};

use super::Shown;
use super::act::Act;
use crate::pages::views::{Choice, Control, FormRow, FormTable, Input};
use crate::text::Texts;
use crate::v1::names;

/// Hours of a session where nothing else is known: a day. Unit: continuing-education hours.
const SESSION_HOURS: &str = "8";

/// A field that must be filled in.
pub(super) fn input(name: &str, label: impl Into<String>, control: Control, value: impl Into<String>) -> Input {
    Input { name: name.to_owned(), label: label.into(), hint: String::new(), control, value: value.into(), required: true }
}

pub(super) fn optional(input: Input) -> Input {
    Input { required: false, ..input }
}

pub(super) fn hinted(input: Input, hint: impl Into<String>) -> Input {
    Input { hint: hint.into(), ..input }
}

pub(super) fn hidden(name: &str, value: impl Into<String>) -> Input {
    input(name, "", Control::Hidden, value)
}

/// A list to choose from; nothing is chosen at first.
pub(super) fn choice(first: impl Into<String>, choices: impl IntoIterator<Item = (String, String)>) -> Control {
    let first = Choice { value: String::new(), label: first.into(), selected: false };
    let rest = choices.into_iter().map(|(value, label)| Choice { value, label, selected: false });
    Control::Choice(std::iter::once(first).chain(rest).collect())
}

impl Shown<'_> {
    fn named<T: Copy>(&self, all: &[T], code: impl Fn(T) -> &'static str, name: impl Fn(T) -> &'static str) -> Control {
        choice(self.t().forms.choose, all.iter().map(|one| (code(*one).to_owned(), name(*one).to_owned())))
    }

    fn t(&self) -> &'static Texts {
        Texts::of(self.asked.lang)
    }

    fn today(&self) -> String {
        self.moment.now.civil_date().to_string()
    }

    fn day(&self) -> Input {
        let t = &self.t().forms;
        hinted(optional(input("effective_on", t.day, Control::Date, "")), t.day_hint)
    }

    pub(super) fn mode(&self, chosen: &str) -> Input {
        let control = self.named(DeliveryMode::ALL, DeliveryMode::name, |mode| names::mode(self.asked.lang, mode));
        input("mode", self.t().forms.mode, control, chosen)
    }

    fn module(&self, chosen: &str) -> Input {
        let modules = self.detail.modules.iter().map(|module| (module.code.clone(), format!("{} {}", module.code, module.name)));
        input("module", self.t().forms.module, choice(self.t().forms.choose, modules), chosen)
    }

    fn hours(&self, hours: &str) -> Input {
        input("hours_tenths", self.t().forms.module_hours, Control::Number("0.1"), hours)
    }

    fn note(&self) -> Input {
        let t = &self.t().forms;
        hinted(optional(input("note", t.note, Control::Text, "")), t.note_hint)
    }

    fn reason(&self) -> Input {
        let t = &self.t().forms;
        hinted(input("reason", t.reason, Control::Text, ""), t.note_hint)
    }

    fn corrected(&self) -> [Input; 2] {
        let control = self.named(CorrectionGround::ALL, CorrectionGround::name, |ground| names::correction_ground(self.asked.lang, ground));
        [input("ground", self.t().forms.ground, control, ""), self.note()]
    }

    /// A choice of persons, each with what is known of them.
    fn person(&self, known: impl Fn(&Trainee) -> String) -> Input {
        let persons =
            self.trainees.iter().map(|trainee| (trainee.person.to_string(), format!("{} {}", self.name(trainee.person), known(trainee))));
        input("person", self.t().classes.trainee, choice(self.t().forms.choose, persons), "")
    }

    /// The choice of a session, for acts whose other fields depend on it.
    pub(super) fn session_choice(&self) -> Input {
        let sessions = self.detail.sessions.iter().map(|session| (session.session.get().to_string(), self.session_name(session)));
        input("session", self.t().forms.session_number, choice(self.t().forms.choose, sessions), "")
    }

    pub(super) fn session_name(&self, session: &Session) -> String {
        let module = self.detail.modules.iter().find(|module| module.code == session.module);
        self.t().forms.session_of.with3(session.session.get(), session.held_on, module.map_or(&session.module, |module| &module.name))
    }

    fn attendance_choice(&self) -> Control {
        let choices = Attendance::ALL.iter().map(|one| (one.name().to_owned(), names::attendance(self.asked.lang, *one).to_owned()));
        choice(self.t().forms.rest_none, choices)
    }

    /// The fields of an act that are filled in once.
    pub(super) fn inputs(&self, act: Act) -> Vec<Input> {
        let (lang, t) = (self.asked.lang, &self.t().forms);
        let last = |trainee: &Trainee| trainee.test().map_or_else(String::new, |test| t.test_so_far.with2(trainee.sittings(), test.points));
        let session = self.session.map(|session| hidden("session", session.session.get().to_string()));
        match act {
            Act::Open | Act::Hours => vec![self.day()],
            Act::Session => self.new_session(),
            Act::Attendance => session.into_iter().chain([optional(input("rest", t.rest, self.attendance_choice(), ""))]).collect(),
            Act::Test => vec![input("effective_on", t.test_day, Control::Date, self.today())],
            Act::Issue => vec![input("effective_on", t.issue_day, Control::Date, self.today())],
            Act::Close => self.closing(),
            Act::Withdraw => {
                let grounds = self.named(WithdrawalGround::ALL, WithdrawalGround::name, |ground| names::withdrawal_ground(lang, ground));
                vec![self.person(|_| String::new()), input("ground", t.ground, grounds, ""), self.note(), self.day()]
            }
            Act::FixSession => {
                let Some(held) = self.session else { return Vec::new() };
                let fields = [
                    input("held_on", t.held_on, Control::Date, held.held_on.to_string()),
                    self.module(&held.module),
                    self.hours(&held.hours.to_decimal_text()),
                    self.mode(held.mode.name()),
                ];
                session.into_iter().chain(fields).chain(self.corrected()).collect()
            }
            Act::Annul => std::iter::once(self.session_choice()).chain(self.corrected()).collect(),
            Act::FixAttendance => {
                let marked = |trainee: &Trainee| {
                    let one = trainee.attendance.iter().find(|one| self.session.is_some_and(|held| held.session == one.session));
                    one.map_or_else(String::new, |one| names::attendance(lang, one.attendance).to_owned())
                };
                let truth = self.named(Attendance::ALL, Attendance::name, |one| names::attendance(lang, one));
                let fields = [self.person(marked), input("attendance", t.row_value, truth, ""), self.reason()];
                session.into_iter().chain(fields).collect()
            }
            Act::FixTest => vec![self.person(last), input("points", t.points, Control::Number("1"), ""), self.reason()],
            Act::VoidTest => std::iter::once(self.person(last)).chain(self.corrected()).collect(),
            Act::Reverse => {
                let grounds = self.named(RevocationGround::ALL, RevocationGround::name, |ground| names::revocation_ground(lang, ground));
                vec![self.person(|_| String::new()), input("ground", t.ground, grounds, ""), self.note()]
            }
            Act::Reopen => self.corrected().into(),
            Act::Cancel => {
                let decision = optional(input("document_number", t.decision, Control::Text, ""));
                vec![self.reason(), decision, self.day()]
            }
        }
    }

    /// The next session: its number, and what the one before it was like.
    fn new_session(&self) -> Vec<Input> {
        let t = &self.t().forms;
        let last = self.detail.sessions.iter().max_by_key(|session| session.session);
        let mode = last.map_or(self.detail.entry.mode, |session| session.mode);
        vec![
            hidden("session", self.next_session.to_string()),
            input("held_on", t.held_on, Control::Date, self.today()),
            self.module(last.map_or("", |session| session.module.as_str())),
            self.hours(&last.map_or_else(|| SESSION_HOURS.to_owned(), |session| session.hours.to_decimal_text())),
            self.mode(mode.name()),
        ]
    }

    fn closing(&self) -> Vec<Input> {
        let (lang, t) = (self.asked.lang, &self.t().forms);
        let grounds = self.named(LateGround::ALL, LateGround::name, |ground| names::late_ground(lang, ground));
        let last = self.detail.entry.ends_on.min(self.moment.now.civil_date());
        vec![
            input("closed_on", t.closed_on, Control::Date, last.to_string()),
            hinted(optional(input("late/ground", t.late, grounds, "")), t.late_hint),
            Input { name: "late/note".to_owned(), ..self.note() },
        ]
    }

    /// The trainees of an act that is recorded of many, a row each.
    pub(super) fn table(&self, act: Act, name: &str) -> Option<FormTable> {
        let member = act.of_many()?;
        let (t, planned) = (self.t(), names::whole_hours(self.planned()));
        let note = |trainee: &Trainee| {
            let hours = t.forms.attended.with2(names::whole_hours(trainee.attended), planned);
            let tested = trainee.test().map(|test| t.forms.test_so_far.with2(trainee.sittings(), test.points));
            std::iter::once(hours).chain(tested).collect::<Vec<_>>().join(self.asked.lang.pick("；", "; "))
        };
        let cell = |person: PersonId| {
            let name = format!("{name}/{person}");
            match member {
                "attendance" => optional(input(&name, t.forms.row_value, self.attendance_choice(), "")),
                "points" => optional(input(&name, t.forms.points, Control::Number("1"), "")),
                _chosen => optional(input(&name, t.forms.row_choose, Control::Tick, "1")),
            }
        };
        let heading = if member == "points" {
            t.forms.points
        } else if member.is_empty() {
            t.forms.row_choose
        } else {
            t.forms.row_value
        };
        let row = |trainee: &Trainee| FormRow { head: self.name(trainee.person), note: note(trainee), cells: vec![cell(trainee.person)] };
        Some(FormTable {
            name: name.to_owned(),
            caption: t.classes.trainee.to_string(),
            hint: String::new(),
            columns: vec![t.classes.trainee.to_string(), heading.to_string()],
            rows: self.trainees.iter().map(row).collect(),
            pager: self.pager.clone(),
        })
    }
}
