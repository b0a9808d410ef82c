//! `GET /api/v1/quota`: how far each line is, by one grouping. Public.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use zhixin_events::{Line, PlanYear, ReportingUnit};
use zhixin_projections::ModelName;
use zhixin_projections::quota::{self, CountUnit, Group, GroupBy, QuotaAnswer, QuotaQuery, QuotaRow, RegionOf};

use super::input::Word as _;
use super::moment::{self, Moment};
use super::names::{self, Names};
use super::query::Query;
use super::table::Table;
use crate::app::App;
use crate::app::routes::{Doc, Param, Routes};
use crate::problem::Problem;
use crate::text::{Lang, Texts};

const LINES: [&str; 4] = ["advanced", "capability", "digital", "all"];
pub(super) const GROUPS: [&str; 8] = ["region", "month", "occupation", "direction", "grade", "occupation_grade", "trainer", "category"];

/// Parameters beside those of the moment.
const PARAMS: &[Param] = &[
    Param { name: "year", doc: "The plan year: classes count in the year in which they end. This year if absent.", schema: year_schema },
    Param { name: "line", doc: "Line of the programme; all if absent.", schema: || json!({ "type": "string", "enum": LINES }) },
    Param { name: "group_by", doc: "What the rows stand for; region if absent.", schema: || json!({ "type": "string", "enum": GROUPS }) },
    Param {
        name: "unit",
        doc: "What is counted; persons if absent.",
        schema: || json!({ "type": "string", "enum": ["persons", "trainings"] }),
    },
    Param {
        name: "region_of",
        doc: "Whose region; organiser if absent.",
        schema: || json!({ "type": "string", "enum": ["organiser", "place"] }),
    },
    Param { name: "region", doc: "Only classes whose organiser reports to this unit.", schema: ReportingUnit::schema },
];

fn year_schema() -> Value {
    json!({ "type": "integer", "minimum": 2000, "maximum": 2199 })
}

pub(super) fn routes(routes: Routes) -> Routes {
    let doc = Doc { query: &[PARAMS, moment::PARAMS], is_public: true, ..Doc::default() };
    routes.get("/api/v1/quota", "Targets and results by one grouping", doc, get).get(
        "/api/v1/quota.csv",
        "The same as a table",
        Doc { answers: Some("text/csv"), ..doc },
        get_csv,
    )
}

async fn get_csv(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let query = Query::strict(request.uri(), &[PARAMS, moment::PARAMS])?;
    let lang = Lang::from_param(query.text("lang"));
    app.blocking(move |app| {
        let moment = Moment::of(app, &query)?;
        let question = question(&query, &moment)?;
        let answer = ask(app, &question)?;
        let names = Names::of(app, moment.view, lang)?;
        let t = &Texts::of(lang).dashboard;
        let unit = (t.unit.to_string(), unit_name(lang, question.unit).to_owned());
        let head =
            [t.group_title.with(""), t.target.to_string(), t.enrolled.to_string(), t.completed_column.to_string(), t.certified.to_string()];
        let mut table = Table::new(&head.map(|word| word.trim().to_owned()), std::iter::once(unit).chain(moment.stamp(lang)));
        for row in answer.rows.iter().chain([&answer.total]) {
            let target = row.target.map(|target| target.to_string()).unwrap_or_default();
            let counts = [row.enrolled, row.completed, row.certified].map(|count| count.to_string());
            let [enrolled, completed, certified] = counts;
            table.row(&[label(&row.key.group, &names)?, target, enrolled, completed, certified]);
        }
        table.response("zhixin-quota.csv")
    })
    .await
}

async fn get(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let query = Query::strict(request.uri(), &[PARAMS, moment::PARAMS])?;
    let lang = Lang::from_param(query.text("lang"));
    app.blocking(move |app| {
        let moment = Moment::of(app, &query)?;
        let question = question(&query, &moment)?;
        let answer = ask(app, &question)?;
        let names = Names::of(app, moment.view, lang)?;
        let mut body = moment.members(app, &[ModelName::Quota])?;
        body.insert("unit".to_owned(), json!(question.unit.name()));
        body.insert("group_by".to_owned(), json!(question.group_by.name()));
        body.insert("rule".to_owned(), json!({ "zh": rule(Lang::Zh, question.unit), "en": rule(Lang::En, question.unit) }));
        let rows: Vec<Value> = answer.rows.iter().map(|row| row_json(row, &names)).collect::<Result<_, Problem>>()?;
        body.insert("rows".to_owned(), Value::Array(rows));
        body.insert("total".to_owned(), row_json(&answer.total, &names)?);
        Ok(Json(body).into_response())
    })
    .await
}

/// What a query asks of the read model.
///
/// # Errors
/// A parameter is wrong.
pub(crate) fn question(query: &Query, moment: &Moment) -> Result<QuotaQuery, Problem> {
    let this_year = u16::try_from(moment.view.effective_by.year()).unwrap_or_default();
    let line = |text: &str| if text == "all" { Some(None) } else { Line::from_name(text).map(Some) };
    Ok(QuotaQuery {
        year: PlanYear::new(query.number("year", (2000, 2199))?.and_then(|year| u16::try_from(year).ok()).unwrap_or(this_year)),
        line: query.choice("line", &LINES, line)?.flatten(),
        group_by: query.choice("group_by", &GROUPS, GroupBy::from_name)?.unwrap_or(GroupBy::Region),
        unit: query.choice("unit", &["persons", "trainings"], CountUnit::from_name)?.unwrap_or(CountUnit::Persons),
        region_of: query.choice("region_of", &["organiser", "place"], RegionOf::from_name)?.unwrap_or(RegionOf::Organiser),
        region: query.word::<ReportingUnit>("region")?,
        as_of: moment.view,
    })
}

/// Asks one question of the read model. Blocks.
pub(crate) fn ask(app: &App, question: &QuotaQuery) -> Result<QuotaAnswer, Problem> {
    Ok(quota::query(&app.rows(ModelName::Quota)?, question)?)
}

/// What is counted, in a word.
pub(crate) fn unit_name(lang: Lang, unit: CountUnit) -> &'static str {
    let t = &Texts::of(lang).frame;
    match unit {
        CountUnit::Persons => t.persons,
        CountUnit::Trainings => t.trainings,
    }
    .as_str()
}

/// The counting rule in a sentence.
pub(crate) const fn rule(lang: Lang, unit: CountUnit) -> &'static str {
    match unit {
        CountUnit::Persons => lang.pick(
            "按人数统计：同一人在各行和合计中各计一次。完成培训指结业考核合格；班次计入其结束的年度和月份，取消的班不计。",
            "Counted in persons: one person counts once in each row and once in the total. Completed means that the completion test was passed; a class counts in the year and month in which it ends, a cancelled one not at all.",
        ),
        CountUnit::Trainings => lang.pick(
            "按人次统计：同一人参加每个班各计一次。完成培训指结业考核合格；班次计入其结束的年度和月份，取消的班不计。",
            "Counted in trainings: one person counts in every class. Completed means that the completion test was passed; a class counts in the year and month in which it ends, a cancelled one not at all.",
        ),
    }
}

/// Name of a group.
///
/// # Errors
/// A name cannot be looked up.
pub(crate) fn label(group: &Group, names: &Names) -> Result<String, Problem> {
    let lang = names.lang();
    let labels = &names.texts().labels;
    Ok(match group {
        Group::Total => labels.total.to_string(),
        Group::Region(code) => ReportingUnit::new(*code).map_or_else(|_| format!("{code:02}"), |unit| names::unit(lang, unit).to_owned()),
        Group::Month(month) => names::month(lang, *month),
        Group::Occupation(id) => names.occupation(*id)?,
        Group::Direction(id, Some(direction)) => format!("{} · {direction}", names.occupation(*id)?),
        Group::Direction(id, None) => format!("{} · {}", names.occupation(*id)?, labels.direction_none),
        Group::Grade(grade) => names::grade(lang, *grade).to_owned(),
        Group::OccupationGrade(id, grade) => format!("{} · {}", names.occupation(*id)?, names::grade(lang, *grade)),
        Group::Trainer(id) => names.trainer(*id)?,
        Group::Category(category) => names::category(lang, *category).to_owned(),
    })
}

/// Completed of target in hundredths of a per cent; none without a target.
pub(crate) fn percent_bp(row: &QuotaRow) -> Option<u64> {
    let target = row.target.and_then(|target| u64::try_from(target).ok()).filter(|target| *target > 0)?;
    u64::try_from(row.completed).ok()?.saturating_mul(10_000).checked_div(target)
}

fn row_json(row: &QuotaRow, names: &Names) -> Result<Value, Problem> {
    Ok(json!({
        "key": row.key.to_string(),
        "label": label(&row.key.group, names)?,
        "target": row.target,
        "enrolled": row.enrolled,
        "completed": row.completed,
        "certified": row.certified,
        "percent_bp": percent_bp(row),
    }))
}
