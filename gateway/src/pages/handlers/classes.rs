//! `/classes` and one class with roster, attendance, tests and certificates.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use zhixin_engine::domain::access::{Action, needs_case, usual_purpose};
use zhixin_events::{Attendance, ClassId, ClassStatus, PersonId, PlanYear, ReportingUnit, Subject};
use zhixin_projections::classes::{self, ClassDetail, ClassEntry, Trainee};
use zhixin_projections::{AsOf, ModelName, TableView, certificates};

use super::forms::act::{Act, Stand};
use super::frame::{Asked, html};
use super::{class_tag, pager, select};
use crate::app::App;
use crate::auth::Caller;
use crate::pages::views::{
    Attendance as Mark, CertificateRow, ClassListView, ClassRow, ClassView, Fact, ImportForm, Link, Nav, NextStep, Pager, RosterRow,
    Select, Session, Step, StepState, Tag, TestRow, Tone, with_param,
};
use crate::problem::{Kind, Problem};
use crate::text::{Lang, Texts};
use crate::v1::class::queries as shared;
use crate::v1::input::path_word;
use crate::v1::moment::Moment;
use crate::v1::names::{self, Names};
use crate::v1::query::Query;
use crate::v1::sight::place_of_class;

/// Classes on a page.
const PAGE: usize = 20;
/// Trainees on a page.
const ROSTER: usize = 100;

pub(super) async fn list(State(app): State<App>, caller: Caller, uri: Uri) -> Result<Response, Problem> {
    let asked = Asked::new(caller, uri);
    asked.caller.require(Action::ReadClasses)?;
    app.blocking(move |app| html(list_view(app, &asked)?.render(asked.lang))).await
}

fn list_view(app: &App, asked: &Asked) -> Result<ClassListView, Problem> {
    let (lang, t) = (asked.lang, Texts::of(asked.lang));
    let (_, scope) = asked.caller.require(Action::ReadClasses)?;
    let moment = Moment::of_page(app, &asked.query)?;
    let filter = shared::filter(&asked.query, &scope)?;
    let view = app.rows(ModelName::Classes)?;
    let mut found = match filter {
        Some(filter) => classes::list(&view, &filter, moment.view, None, usize::MAX)?.items,
        None => Vec::new(),
    };
    found.sort_by_key(|class| std::cmp::Reverse((class.starts_on, class.position)));
    let (page, shown) = pager(&asked.query, "/classes", &found, PAGE)?;
    let names = Names::of(app, moment.view, lang)?;
    Ok(ClassListView {
        frame: asked.data_frame(app, Nav::Classes, &[(t.classes.title.as_str(), None)], &moment, &[ModelName::Classes])?,
        filters: filters(asked),
        rows: rows(app, shown, moment.view, &names)?,
        pager: page,
        csv: csv_href(asked),
        plan: asked.caller.require(Action::RunClasses).is_ok().then(|| "/classes/plan".to_owned()),
    })
}

fn csv_href(asked: &Asked) -> String {
    let kept = ["year", "unit", "status", "trainer"].into_iter().filter_map(|name| Some((name, asked.query.text(name)?)));
    kept.fold("/api/v1/classes.csv".to_owned(), |href, (name, value)| with_param(&href, name, value))
}

fn filters(asked: &Asked) -> Vec<Select> {
    let (lang, t) = (asked.lang, Texts::of(asked.lang));
    let all = || std::iter::once((String::new(), t.frame.all.to_string()));
    let chosen = |name: &str| asked.query.text(name).unwrap_or_default();
    let years = all().chain(PlanYear::programme().map(|year| (year.to_string(), year.to_string())));
    let units = all().chain(ReportingUnit::all().map(|unit| (unit.to_string(), names::unit(lang, unit).to_owned())));
    let statuses =
        all().chain(ClassStatus::ALL.iter().map(|status| (status.name().to_owned(), names::class_status(lang, *status).to_owned())));
    vec![
        select("year", t.dashboard.year, years, chosen("year")),
        select("unit", t.frame.region, units, chosen("unit")),
        select("status", t.frame.status, statuses, chosen("status")),
    ]
}

/// Rows of a list of classes, with their counts.
pub(super) fn rows(app: &App, classes: &[ClassEntry], as_of: AsOf, names: &Names) -> Result<Vec<ClassRow>, Problem> {
    let view = app.rows(ModelName::Classes)?;
    let mut rows = Vec::with_capacity(classes.len());
    for class in classes {
        let counts = shared::Counts::of(&view, class.class, as_of)?;
        rows.push(ClassRow {
            name: Link { label: class.title.clone(), href: format!("/classes/{}", class.class) },
            trainer: Link { label: names.trainer(class.trainer)?, href: format!("/directories/trainers/{}", class.trainer) },
            subject: subject_of(class, names)?,
            dates: dates(class),
            status: class_tag(names.lang(), class.status),
            registered: counts.registered,
            completed: counts.completed,
            certified: counts.certified,
        });
    }
    Ok(rows)
}

fn subject_of(class: &ClassEntry, names: &Names) -> Result<String, Problem> {
    let grade = names::grade(names.lang(), class.grade);
    let parts = [Some(names.occupation(class.occupation)?), class.direction.clone(), Some(grade.to_owned())];
    Ok(parts.into_iter().flatten().collect::<Vec<_>>().join(" · "))
}

fn dates(class: &ClassEntry) -> String {
    format!("{} – {}", class.starts_on, class.counts_on())
}

pub(super) async fn show(State(app): State<App>, Path(id): Path<String>, caller: Caller, uri: Uri) -> Result<Response, Problem> {
    let asked = Asked::new(caller, uri);
    let id: ClassId = path_word("id", &id)?;
    asked.caller.require(Action::ReadClasses)?;
    app.blocking(move |app| html(view(app, &asked, id, Vec::new())?.render(asked.lang))).await
}

/// The page of a class; `errors` are those of an upload.
pub(super) fn view(app: &App, asked: &Asked, id: ClassId, errors: Vec<crate::pages::views::FieldError>) -> Result<ClassView, Problem> {
    let moment = Moment::of_page(app, &asked.query)?;
    let detail = shared::seen(app, &asked.caller, id, moment.view).map_err(|problem| before_its_time(app, asked, id, problem))?;
    let names = Names::of(app, moment.view, asked.lang)?;
    let rows = app.rows(ModelName::Classes)?;
    let roster = classes::roster(&rows, id, moment.view, None, usize::MAX)?.items;
    let (page, shown) = pager(&asked.query, &format!("/classes/{id}"), &roster, ROSTER)?;
    let opened = opened(app, asked, &detail.entry, shown)?;
    Page { app, asked, moment, detail, names, opened }.view(shown, &roster, page, errors)
}

/// What is not there at an earlier moment but is there now did not exist yet.
fn before_its_time(app: &App, asked: &Asked, id: ClassId, problem: Problem) -> Problem {
    let is_there_now = || Ok::<_, Problem>(shared::seen(app, &asked.caller, id, Moment::of_page(app, &Query::default())?.view).is_ok());
    if problem.status() == StatusCode::NOT_FOUND && is_there_now().unwrap_or(false) {
        let zh = "在所查看的时刻，这个培训班还没有计划。";
        return Problem::saying(Kind::NotFound, zh, "At the moment asked for, this class was not planned yet.");
    }
    problem
}

/// The names of the trainees shown, if the reader asks for them and may open them: a recorded reading.
fn opened(app: &App, asked: &Asked, class: &ClassEntry, shown: &[Trainee]) -> Result<Option<shared::Opened>, Problem> {
    if !asked.query.flag("names")? {
        return Ok(None);
    }
    let acting = shared::may_open(&asked.caller, class)?;
    let purpose = asked.query.word("purpose")?.unwrap_or_else(|| usual_purpose(acting.role));
    shared::open_names(app, acting, (purpose, shared::case_of(&asked.query)?), shown).map(Some)
}

struct Page<'a> {
    app: &'a App,
    asked: &'a Asked,
    moment: Moment,
    detail: ClassDetail,
    names: Names,
    opened: Option<shared::Opened>,
}

impl Page<'_> {
    fn view(
        &self,
        shown: &[Trainee],
        all: &[Trainee],
        pager: Pager,
        errors: Vec<crate::pages::views::FieldError>,
    ) -> Result<ClassView, Problem> {
        let lang = self.names.lang();
        let t = Texts::of(lang);
        let class = &self.detail.entry;
        let register = self.app.rows(ModelName::Certificates)?;
        let crumbs = [(t.classes.title.as_str(), Some("/classes")), (class.title.as_str(), None)];
        Ok(ClassView {
            frame: self.asked.data_frame(self.app, Nav::Classes, &crumbs, &self.moment, &[ModelName::Classes])?,
            name: class.title.clone(),
            status: class_tag(lang, class.status),
            steps: self.steps(),
            facts: self.facts()?,
            timeline: format!("/subjects/class/{}", class.class),
            why: self.asked.why_row(ModelName::Classes, class.class),
            names_masked: self.opened.is_none(),
            needs_case: self.opened.is_none()
                && self.may_open()
                && self.asked.caller.acting().is_some_and(|acting| needs_case(acting.role)),
            next: if self.moment.is_newest { self.next(all) } else { Vec::new() },
            others: if self.moment.is_newest { self.others(all) } else { Vec::new() },
            who: [t.forms.who_revokes, t.forms.who_corrects_names].map(|who| who.to_string()).to_vec(),
            sessions: self.sessions(),
            roster: shown.iter().map(|trainee| self.roster_row(trainee)).collect::<Result<_, _>>()?,
            pager,
            tests: shown.iter().flat_map(|trainee| self.tests(trainee)).collect(),
            certificates: shown.iter().filter_map(|trainee| self.certificate(trainee, &register).transpose()).collect::<Result<_, _>>()?,
            import: self.import(all, errors),
        })
    }

    /// Acts that the reader may do with the class and that its state allows.
    fn acts(&self, all: &[Trainee]) -> Vec<Act> {
        let (stand, place) = (Stand { detail: &self.detail, roster: all }, place_of_class(&self.detail.entry));
        let may = |act: &Act| self.asked.caller.scope(act.action()).covers(&place) && act.closed(self.names.lang(), &stand).is_none();
        Act::ALL.into_iter().filter(may).collect()
    }

    fn next(&self, all: &[Trainee]) -> Vec<NextStep> {
        let (stand, t) = (Stand { detail: &self.detail, roster: all }, &self.names.texts().forms);
        let link = |act: Act| act.link(self.names.lang(), &self.detail.entry);
        let missed = |act: Act, session| act.open_for(&stand, session);
        let mut steps = Vec::new();
        if !all.iter().any(|trainee| trainee.seat.is_some()) && self.import(all, Vec::new()).is_some_and(|form| form.closed.is_none()) {
            let label = self.names.texts().classes.import_title.to_string();
            steps.push(NextStep { link: Link { label, href: "#h-import".to_owned() }, note: String::new() });
        }
        for act in self.acts(all).into_iter().filter(|act| act.is_usual()) {
            if act == Act::Attendance {
                for session in self.detail.sessions.iter().filter(|session| missed(act, Some(session.session)) > 0) {
                    let link = link(act);
                    let href = with_param(&link.href, "session", &session.session.to_string());
                    let of = t.session_of.with3(session.session, session.held_on, &session.module);
                    let note = format!("{of}{}", t.missed.with(missed(act, Some(session.session))));
                    steps.push(NextStep { link: Link { href, ..link }, note });
                }
            } else {
                let note = if act.open_for(&stand, None) > 0 { t.missed.with(missed(act, None)) } else { String::new() };
                steps.push(NextStep { link: link(act), note });
            }
        }
        steps
    }

    fn others(&self, all: &[Trainee]) -> Vec<Link> {
        self.acts(all).into_iter().filter(|act| !act.is_usual()).map(|act| act.link(self.names.lang(), &self.detail.entry)).collect()
    }

    fn steps(&self) -> Vec<Step> {
        let lang = self.names.lang();
        let class = &self.detail.entry;
        // What a cancelled class never came to is no step of it.
        let (way, last): (&[ClassStatus], _) = match class.status {
            ClassStatus::Cancelled if self.detail.sessions.is_empty() => (&[ClassStatus::Planned], ClassStatus::Cancelled),
            ClassStatus::Cancelled => (&[ClassStatus::Planned, ClassStatus::Open, ClassStatus::Teaching], ClassStatus::Cancelled),
            ClassStatus::Planned | ClassStatus::Open | ClassStatus::Teaching | ClassStatus::Closed => {
                (&[ClassStatus::Planned, ClassStatus::Open, ClassStatus::Teaching], ClassStatus::Closed)
            }
        };
        way.iter()
            .copied()
            .chain([last])
            .map(|status| Step {
                label: names::class_status(lang, status).to_owned(),
                state: match status.code().cmp(&class.status.code()) {
                    std::cmp::Ordering::Less => StepState::Done,
                    std::cmp::Ordering::Equal if status == last => StepState::Done,
                    std::cmp::Ordering::Equal => StepState::Now,
                    std::cmp::Ordering::Greater => StepState::Later,
                },
                when: match status {
                    ClassStatus::Teaching => class.starts_on.to_string(),
                    ClassStatus::Closed => class.closed_on.map(|day| day.to_string()).unwrap_or_default(),
                    ClassStatus::Planned | ClassStatus::Open | ClassStatus::Cancelled => String::new(),
                },
            })
            .collect()
    }

    fn facts(&self) -> Result<Vec<Fact>, Problem> {
        let (lang, t, class) = (self.names.lang(), self.names.texts(), &self.detail.entry);
        let fact = |label: &str, value: String, href: Option<String>| Fact { label: label.to_owned(), value, href };
        let trainer = self.names.trainer(class.trainer)?;
        let mut facts = vec![
            fact(t.frame.trainer.as_str(), trainer, Some(format!("/directories/trainers/{}", class.trainer))),
            fact(t.frame.occupation.as_str(), self.names.occupation_with_code(class.occupation)?, None),
            fact(t.frame.direction.as_str(), self.direction()?, None),
            fact(t.frame.grade.as_str(), names::grade(lang, class.grade).to_owned(), None),
            fact(t.frame.region.as_str(), names::unit(lang, class.unit).to_owned(), None),
            fact(lang.pick("办班地点", "Place"), names::place(lang, class.division), None),
            fact(lang.pick("授课方式", "Held"), names::mode(lang, class.mode).to_owned(), None),
            fact(t.classes.dates.as_str(), dates(class), None),
            fact(lang.pick("名额", "Seats"), class.seats.to_string(), None),
            fact(lang.pick("计划学时", "Hours planned"), self.planned().to_decimal_text(), None),
        ];
        for import in &self.detail.imports {
            let words = match import.outcome {
                Some((accepted, refused)) => lang
                    .pick("名单导入：写入 {0} 行，未写入 {1} 行", "Roster import: {0} rows written, {1} not")
                    .replace("{0}", &accepted.to_string())
                    .replace("{1}", &refused.to_string()),
                None => lang.pick("名单导入：进行中", "Roster import: under way").to_owned(),
            };
            facts.push(fact(lang.pick("导入", "Import"), words, Some(format!("/subjects/job/{}", import.job))));
        }
        let by_case = self.asked.caller.acting().is_some_and(|acting| needs_case(acting.role));
        if self.opened.is_none() && self.may_open() && !by_case {
            let words = lang.pick("查看完整姓名（将留下查阅记录）", "Show names in full (recorded as a reading)");
            facts.push(fact(t.classes.person_name.as_str(), words.to_owned(), Some(format!("/classes/{}?names=1", class.class))));
        }
        Ok(facts)
    }

    fn may_open(&self) -> bool {
        self.asked.caller.scope(Action::ReadPersons).covers(&place_of_class(&self.detail.entry))
    }

    fn planned(&self) -> zhixin_events::HoursTenths {
        self.detail.modules.iter().fold(zhixin_events::HoursTenths::new(0), |sum, module| sum.plus(module.hours))
    }

    /// The direction; without one, whether there are none or they are not known yet.
    fn direction(&self) -> Result<String, Problem> {
        let (class, labels) = (&self.detail.entry, &self.names.texts().labels);
        if let Some(direction) = &class.direction {
            return Ok(direction.clone());
        }
        let unknown = self.names.directions_unknown(class.occupation, class.grade)?;
        Ok(if unknown { labels.direction_unknown } else { labels.direction_none }.to_string())
    }

    fn sessions(&self) -> Vec<Session> {
        let module = |code: &str| {
            self.detail.modules.iter().find(|module| module.code == code).map_or(code.to_owned(), |module| module.name.clone())
        };
        let session = |session: &classes::Session| Session {
            date: session.held_on.to_string().get(5..).unwrap_or_default().to_owned(),
            title: format!("{} {}", session.session, module(&session.module)),
            hours: names::whole_hours(session.hours),
        };
        self.detail.sessions.iter().map(session).collect()
    }

    /// The name as this reader may see it.
    fn name(&self, person: PersonId) -> String {
        let erased = || self.names.texts().labels.erased.to_string();
        match &self.opened {
            Some(opened) => opened.names.get(&person).map_or_else(erased, |name| name.expose().clone()),
            None => format!("{} {person}", self.names.texts().classes.trainee),
        }
    }

    /// The employer: the registered one by its name, another as the roster states it, with the reason for a code where names are open.
    fn employer(&self, trainee: &Trainee) -> Result<String, Problem> {
        if let Some(organisation) = trainee.employer {
            return self.names.subject(&Subject::organisation(organisation));
        }
        let Some(stated) = trainee.employer_stated.as_ref().filter(|_| !trainee.erased) else { return Ok(String::new()) };
        let code = stated.uscc.map(|code| code.to_string());
        let reason =
            self.opened.as_ref().and_then(|opened| opened.employer_reasons.get(&trainee.person)).map(|reason| reason.expose().clone());
        let checked = stated.uscc_override.then(|| self.names.texts().classes.code_overridden.to_string());
        Ok([stated.name.clone(), code, checked, reason].into_iter().flatten().collect::<Vec<_>>().join(" · "))
    }

    fn roster_row(&self, trainee: &Trainee) -> Result<RosterRow, Problem> {
        let mark = |session: &classes::Session| {
            let one = trainee.attendance.iter().find(|one| one.session == session.session);
            match one.map(|one| one.attendance) {
                None => Mark::Unrecorded,
                Some(Attendance::Present) => Mark::Present,
                Some(Attendance::Absent) => Mark::Absent,
                Some(Attendance::Excused) => Mark::Excused,
            }
        };
        Ok(RosterRow {
            name: Link { label: self.name(trainee.person), href: format!("/subjects/person/{}", trainee.person) },
            employer: self.employer(trainee)?,
            attendance: self.detail.sessions.iter().map(mark).collect(),
            hours: (names::whole_hours(trainee.attended), names::whole_hours(self.planned())),
            why: self.asked.why_row(ModelName::Classes, format_args!("{}:{}", self.detail.entry.class, trainee.person)),
            status: trainee_tag(self.names.lang(), self.detail.entry.status, trainee),
        })
    }

    fn tests(&self, trainee: &Trainee) -> Vec<TestRow> {
        let labels = &self.names.texts().labels;
        let is_corrected = |test: &classes::TestRecord| trainee.tests.iter().any(|later| later.corrects == Some(test.position));
        let mut sittings: BTreeMap<_, u32> = BTreeMap::new();
        let row = |test: &classes::TestRecord| TestRow {
            name: self.name(trainee.person),
            date: test.effective_on.to_string(),
            attempt: {
                let sat = sittings.values().copied().max().unwrap_or(0);
                let attempt = test.corrects.and_then(|corrected| sittings.get(&corrected).copied()).unwrap_or(sat + 1);
                sittings.insert(test.position, attempt);
                attempt
            },
            score: test.points.to_string(),
            result: if is_corrected(test) {
                Tag { text: self.names.lang().pick("已更正", "corrected").to_owned(), tone: Tone::Neutral }
            } else if test.passed {
                Tag { text: labels.passed.to_string(), tone: Tone::Good }
            } else {
                Tag { text: labels.failed.to_string(), tone: Tone::Bad }
            },
            position: test.position.0,
        };
        trainee.tests.iter().map(row).collect()
    }

    fn certificate(&self, trainee: &Trainee, register: &TableView) -> Result<Option<CertificateRow>, Problem> {
        let labels = &self.names.texts().labels;
        let Some(held) = &trainee.certificate else { return Ok(None) };
        let issued = certificates::by_id(register, held.certificate, self.moment.view)?;
        let proven = self.app.engine().published().is_some_and(|published| published.size > held.position.0);
        let status = match (held.revoked, proven) {
            (Some(_), _) => Tag { text: labels.certificate_revoked.to_string(), tone: Tone::Bad },
            (None, true) => Tag { text: labels.certificate_valid.to_string(), tone: Tone::Good },
            (None, false) => Tag { text: labels.certificate_awaiting.to_string(), tone: Tone::Warning },
        };
        Ok(Some(CertificateRow {
            number: Link { label: held.number.clone(), href: format!("/verify/{}", held.number) },
            name: self.name(trainee.person),
            issued_on: issued.map_or_else(|| format!("#{}", held.position), |entry| entry.issued_on.to_string()),
            status,
        }))
    }

    fn import(&self, all: &[Trainee], errors: Vec<crate::pages::views::FieldError>) -> Option<ImportForm> {
        let (lang, class) = (self.names.lang(), &self.detail.entry);
        if !self.asked.caller.scope(Action::EnrolTrainees).covers(&place_of_class(class)) {
            return None;
        }
        let seated = all.iter().filter(|trainee| trainee.seat.is_some()).count();
        let full = u32::try_from(seated).is_ok_and(|seated| seated >= class.seats.get());
        let closed = match class.status {
            ClassStatus::Open | ClassStatus::Teaching | ClassStatus::Closed if full => Some(lang.pick("名额已满", "every seat is taken")),
            ClassStatus::Open | ClassStatus::Teaching | ClassStatus::Closed => None,
            ClassStatus::Planned => Some(lang.pick("尚未开放报名", "enrolment is not open yet")),
            ClassStatus::Cancelled => Some(names::class_status(lang, class.status)),
        };
        Some(ImportForm {
            action: format!("/classes/{}/import", class.class),
            template: "/api/v1/roster-template".to_owned(),
            limit: "10 MiB".to_owned(),
            closed: closed.map(str::to_owned),
            errors,
        })
    }
}

fn trainee_tag(lang: Lang, class: ClassStatus, trainee: &Trainee) -> Tag {
    let labels = &Texts::of(lang).labels;
    let (phrase, tone) = if trainee.has_completed() {
        (labels.completed, Tone::Good)
    } else if trainee.seat.is_none() {
        (labels.withdrawn, Tone::Neutral)
    } else if class == ClassStatus::Cancelled {
        (labels.class_cancelled, Tone::Neutral)
    } else if trainee.test().is_some() {
        (labels.failed, Tone::Bad)
    } else if class == ClassStatus::Closed {
        (labels.not_completed, Tone::Bad)
    } else if trainee.attendance.is_empty() {
        (labels.registered, Tone::Neutral)
    } else {
        (labels.attending, Tone::Neutral)
    };
    Tag { text: phrase.to_string(), tone }
}
