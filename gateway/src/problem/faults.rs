//! From refusals and faults of the engine and the read models to problems: the one exhaustive mapping.

use axum::http::StatusCode;
use zhixin_engine::answer::{CommandError, Unavailable};
use zhixin_engine::clock::ClockJumped;
use zhixin_engine::domain::refusal::{About, decimal};
use zhixin_engine::domain::{Refusal, RefusalKind};
use zhixin_engine::handle::OpenPersonsError;
use zhixin_engine::history::HistoryFault;
use zhixin_engine::merkle::{ProofError, TileError};
use zhixin_engine::read_log::ReadLogUnavailable;
use zhixin_engine::vault_keys::KeyFault;
use zhixin_events::Subject;
use zhixin_events::uscc::UsccParseError;
use zhixin_projections::RowFault;

use super::{FieldProblem, Inner, Kind, Part, Problem, Said, pages};
use crate::roster::row;
use crate::text::Lang;
use crate::v1::names;

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal.kind {
            RefusalKind::Conflict => StatusCode::CONFLICT,
            RefusalKind::Rule => StatusCode::UNPROCESSABLE_ENTITY,
            RefusalKind::Forbidden => StatusCode::FORBIDDEN,
        };
        let said = said(&refusal);
        let errors =
            refusal.field.map(|field| FieldProblem { part: Part::Body(format!("/{field}")), code: refusal.code, said: said.clone() });
        Self(Box::new(Inner {
            status,
            code: refusal.code,
            detail: Some(said),
            errors: errors.into_iter().collect(),
            retry_after_s: None,
            progress: None,
            cause: None,
        }))
    }
}

/// The sentence of a refusal, with what it is about beside what happened. Refusals never carry personal data.
fn said(refusal: &Refusal) -> Said {
    let zh = pages::of_code(refusal.code).map_or(refusal.message, |page| page.meaning(Lang::Zh));
    let about_zh =
        refusal.about.iter().map(|about| about_zh(about)).chain(refusal.subject.iter().map(subject_zh)).collect::<Vec<_>>().join("，");
    let about = refusal.about.iter().map(ToString::to_string).chain(refusal.subject.iter().map(ToString::to_string)).collect::<Vec<_>>();
    if about.is_empty() {
        return Said::new(zh, refusal.message);
    }
    let (what, rest) = zh.split_at(zh.find(pages::ENDS).unwrap_or(zh.len()));
    Said::new(format!("{what}（{about_zh}）{rest}"), format!("{} ({})", refusal.message, about.join(", ")))
}

fn about_zh(about: &About) -> String {
    match about {
        About::Text(_) | About::Day(_) | About::Count(_) => about.to_string(),
        About::Hours(hours) => format!("{} 学时", decimal(hours.get(), 10)),
        About::Share(share) => format!("{}%", decimal(share.get(), 100)),
        About::CharactersMax(most) => format!("1 至 {most} 个字符"),
        About::Years(first, last) => format!("{first} 至 {last} 年"),
        About::DocumentNumber(Some(fault)) => row::id_fault(*fault).what_zh().to_owned(),
        About::DocumentNumber(None) => "号码不是规范写法".to_owned(),
        About::CreditCode(UsccParseError::Shape(fault)) => row::uscc_fault(*fault).what_zh().to_owned(),
        About::CreditCode(UsccParseError::Fault(fault)) => row::uscc_refused(*fault).what_zh().to_owned(),
    }
}

fn subject_zh(subject: &Subject) -> String {
    format!("{} {}", names::subject_kind(Lang::Zh, subject.kind()), subject.id_text())
}

impl From<CommandError> for Problem {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Refused(refusal) => refusal.into(),
            CommandError::HasMoved { subject, expected, found } => Self::part(
                Kind::HasMoved,
                Part::Header("If-Match"),
                format!("{} 现在是第 {found} 条，您看到的是第 {expected} 条", subject_zh(&subject)),
                format!("{subject} is at {found}, not at {expected}"),
            ),
            CommandError::KeyReused => Self::part(
                Kind::KeyReused,
                Part::Header("Idempotency-Key"),
                "这个键已经用于内容不同的请求，本次请求未执行",
                "the key was used for a request with other content; this one was not carried out",
            ),
            CommandError::StillRunning => Self::from(Kind::StillRunning).retry_after(1),
            CommandError::TooLarge(_) => Kind::TooLarge.into(),
            CommandError::Broken { .. } => Self::from(Kind::Internal).because(&error),
            CommandError::Unavailable(unavailable) => unavailable.into(),
        }
    }
}

impl From<Unavailable> for Problem {
    fn from(unavailable: Unavailable) -> Self {
        let kind = match unavailable {
            Unavailable::Full => Kind::Full,
            Unavailable::Overloaded => Kind::Busy,
            Unavailable::Poisoned(_) => Kind::Poisoned,
            Unavailable::ClockJumped | Unavailable::Storage | Unavailable::OutcomeUnknown | Unavailable::Stopped => Kind::Storage,
        };
        Self::from(kind).because(&unavailable)
    }
}

impl From<OpenPersonsError> for Problem {
    fn from(error: OpenPersonsError) -> Self {
        match error {
            OpenPersonsError::NotRecorded(fault) => fault.into(),
            OpenPersonsError::Withheld => Self::from(Kind::Storage).because(&error),
            OpenPersonsError::History(fault) => fault.into(),
            OpenPersonsError::Keys(fault) => fault.into(),
            OpenPersonsError::Clock(fault) => fault.into(),
        }
    }
}

impl From<HistoryFault> for Problem {
    fn from(fault: HistoryFault) -> Self {
        let kind = match &fault {
            HistoryFault::Broken(_) | HistoryFault::Decode { .. } => Kind::Poisoned,
            HistoryFault::Log(_) | HistoryFault::Rows(_) | HistoryFault::Tree(_) | HistoryFault::AnotherLeaf { .. } => Kind::Storage,
        };
        Self::from(kind).because(&fault)
    }
}

impl From<ReadLogUnavailable> for Problem {
    fn from(fault: ReadLogUnavailable) -> Self {
        Self::from(Kind::ReadLog).because(&fault)
    }
}

/// Faults that all mean: storage cannot be read or written just now.
macro_rules! storage {
    ($($fault:ty),+ $(,)?) => {$(
        impl From<$fault> for Problem {
            fn from(fault: $fault) -> Self { Self::from(Kind::Storage).because(&fault) }
        }
    )+};
}
storage!(RowFault, KeyFault, ClockJumped, TileError, ProofError);

/// A page that does not render is our mistake.
impl From<askama::Error> for Problem {
    fn from(fault: askama::Error) -> Self {
        Self::from(Kind::Internal).because(&fault)
    }
}
