//! Which moment a query looks at: `as_of`, `effective_by`, `at_least`; and what an answer says of it.

use std::time::Duration;

use axum::Json;
use axum::http::header::ETAG;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value, json};
use zhixin_events::{CivilDate, Subject, Timestamp};
use zhixin_projections::{AsOf, ModelName};

use super::input::Word as _;
use super::query::Query;
use crate::app::App;
use crate::app::body::bad_parameter;
use crate::app::routes::Param;
use crate::problem::{Kind, Problem};
use crate::text::Lang;

/// How long a page waits for what was recorded before it was asked for.
const PAGE_WAIT_MAX: Duration = Duration::from_millis(500);

/// The parameters of every query.
pub(crate) const PARAMS: &[Param] = &[
    Param {
        name: "as_of",
        doc: "What was recorded by then: an instant (RFC 3339), a date (its end), or @POSITION (inclusive).",
        schema: || json!({ "type": "string" }),
    },
    Param { name: "effective_by", doc: "What had taken place by this date; the date of as_of if absent.", schema: CivilDate::schema },
    Param {
        name: "at_least",
        doc: "Waits until the answer reflects the event at this position.",
        schema: || json!({ "type": "integer", "minimum": 0 }),
    },
];

/// The moment that a query looks at.
#[derive(Debug, Clone)]
pub(crate) struct Moment {
    /// The view.
    pub(crate) view: AsOf,
    /// When the view ends.
    pub(crate) at: Timestamp,
    /// The time of the query.
    pub(crate) now: Timestamp,
    /// Whether it is the newest there is: no earlier end of the record was asked for.
    pub(crate) is_newest: bool,
}

impl Moment {
    /// Finds the moment and waits until the read models have reached it. Blocks.
    ///
    /// # Errors
    /// `REQ-0006` for what is not recorded yet; 503 when the read models do not get there in time.
    pub(crate) fn of(app: &App, query: &Query) -> Result<Self, Problem> {
        let engine = app.engine();
        let (now, end) = (engine.now()?, engine.end());
        let effective_by = query.word::<CivilDate>("effective_by")?;
        let at_least = query.number("at_least", (0, u64::MAX))?;
        if at_least.is_some_and(|position| position >= end) {
            return Err(not_yet("at_least"));
        }
        let asked = query.text("as_of").map(|text| asked(app, text, now, end)).transpose()?.flatten();
        let wanted = asked.map_or(0, |asked| asked.end).max(at_least.map_or(0, |position| position.saturating_add(1)));
        if !app.wait_reflected(wanted, app.deps().limits.wait_time_max) {
            return Err(Problem::saying(
                Kind::Busy,
                "统计数据尚未更新到所要求的位置",
                "the read models have not reached that position yet",
            ));
        }
        let position = asked.map_or_else(|| app.reflected(), |asked| asked.end);
        // The index of subjects follows the log by itself; what the read models reflect must be there too.
        if !engine.wait_indexed(position, app.deps().limits.wait_time_max) {
            return Err(Kind::Busy.into());
        }
        let at = match asked {
            Some(Asked { at: Some(at), .. }) => at,
            Some(_) | None => recorded_at(app, position)?,
        };
        let day = if asked.is_some() { at.civil_date() } else { now.civil_date() };
        Ok(Self { view: AsOf { position, effective_by: effective_by.unwrap_or(day) }, at, now, is_newest: asked.is_none() })
    }

    /// The moment of a page: people see what they did a moment ago, if the read models are not far behind. Blocks.
    ///
    /// # Errors
    /// As [`Moment::of`].
    pub(crate) fn of_page(app: &App, query: &Query) -> Result<Self, Problem> {
        // Best effort: a page that cannot wait longer shows what there is, and says as of when.
        let _reached = app.wait_reflected(app.engine().end(), PAGE_WAIT_MAX);
        Self::of(app, query)
    }

    /// Position of the last event that the view shows; none if it shows none.
    pub(crate) fn position(&self) -> Option<u64> {
        self.view.position.checked_sub(1)
    }

    /// What each row of a table says of the moment.
    pub(crate) fn stamp(&self, lang: Lang) -> [(String, String); 3] {
        let position = self.position().map(|position| position.to_string()).unwrap_or_default();
        let (at, by) = (self.at.to_china_text(), self.view.effective_by.to_string());
        let names = [("数据截至", "As of"), ("事件号", "Event"), ("发生日期截至", "Effective by")];
        let [of_at, of_position, of_by] = names.map(|(zh, en)| lang.pick(zh, en).to_owned());
        [(of_at, at), (of_position, position), (of_by, by)]
    }

    /// What an answer says of itself: position, moment, and how many events the model left out.
    ///
    /// # Errors
    /// The rows cannot be read.
    pub(crate) fn members(&self, app: &App, models: &[ModelName]) -> Result<Map<String, Value>, Problem> {
        let mut members = Map::new();
        members.insert("position".to_owned(), json!(self.position()));
        members.insert("as_of".to_owned(), json!(self.at.to_china_text()));
        members.insert("effective_by".to_owned(), json!(self.view.effective_by.to_string()));
        let mut left_out = Map::new();
        for model in models {
            let count = app.quarantined(*model)?.len();
            if count > 0 {
                left_out.insert(model.name().to_owned(), json!(count));
            }
        }
        if !left_out.is_empty() {
            members.insert("quarantined".to_owned(), Value::Object(left_out));
        }
        Ok(members)
    }
}

/// The answer on one record: its `ETag` is what `If-Match` of a command takes, the ordinal of the last event of it that the moment shows.
///
/// # Errors
/// The index cannot be read.
pub(crate) fn answer_on(app: &App, subject: &Subject, moment: &Moment, body: Map<String, Value>) -> Result<Response, Problem> {
    let ordinal = app.engine().view()?.count(subject, moment.view.position)?;
    Ok(([(ETAG, format!("\"{subject}:{ordinal}\""))], Json(body)).into_response())
}

/// An `as_of` that names something earlier than the newest.
#[derive(Debug, Clone, Copy)]
struct Asked {
    /// Position after the last event that is shown.
    end: u64,
    /// The instant asked for; none = that of the last event.
    at: Option<Timestamp>,
}

fn not_yet(name: &str) -> Problem {
    bad_parameter(Kind::NotYet, name, "所指的时间或位置尚未记录", "the moment has not been recorded yet")
}

/// Reads `as_of`; none stands for the newest.
fn asked(app: &App, text: &str, now: Timestamp, end: u64) -> Result<Option<Asked>, Problem> {
    if let Some(position) = text.strip_prefix('@') {
        let digits = !position.is_empty() && position.bytes().all(|byte| byte.is_ascii_digit());
        let position: u64 = position.parse().ok().filter(|_| digits).ok_or_else(malformed)?;
        return if position < end { Ok(Some(Asked { end: position.saturating_add(1), at: None })) } else { Err(not_yet("as_of")) };
    }
    let instant = match CivilDate::parse(text) {
        Ok(day) if day == now.civil_date() => return Ok(None),
        Ok(day) => Timestamp(day.plus_days(1).start().0.saturating_sub(1)),
        Err(_) => Timestamp::parse(text).map_err(|_| malformed())?,
    };
    if instant > now {
        return Err(not_yet("as_of"));
    }
    Ok(Some(Asked { end: app.engine().position_after(instant)?, at: Some(instant) }))
}

fn malformed() -> Problem {
    bad_parameter(
        Kind::Malformed,
        "as_of",
        "应为 RFC 3339 时间、YYYY-MM-DD 日期或 @位置",
        "must be an instant (RFC 3339), a date (YYYY-MM-DD) or @POSITION",
    )
}

/// When the last event before a position was recorded.
fn recorded_at(app: &App, position: u64) -> Result<Timestamp, Problem> {
    match position.checked_sub(1) {
        Some(last) => Ok(app.engine().commit_at(last)?.commit.recorded_at),
        None => Ok(app.engine().now()?),
    }
}
