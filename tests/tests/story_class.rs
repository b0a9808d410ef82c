//! A training run from the listing of its trainer to a revoked certificate, over real HTTP, and everything again after a restart, after a
//! kill, and with everything derived deleted.
#![allow(missing_docs, clippy::unwrap_used, clippy::too_many_lines, reason = "a test: a story is told in one piece")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::{Value, json};
use zhixin_tests::system::{Client, Course, Demo, Made, encode, list, number, roster, text};

const GROUPINGS: [&str; 7] = ["region", "month", "occupation", "direction", "grade", "trainer", "category"];
const FIELDS: [&str; 3] = ["enrolled", "completed", "certified"];

/// Every figure of the year, by row and column; rows and columns that are zero are left out.
async fn figures(client: &Client, year: i32) -> anyhow::Result<BTreeMap<String, i64>> {
    let mut figures = BTreeMap::new();
    for unit in ["persons", "trainings"] {
        for group_by in GROUPINGS {
            let answer = client.ask(&format!("/api/v1/quota?year={year}&line=digital&unit={unit}&group_by={group_by}")).await?;
            for row in list(&answer, "/rows")?.iter().chain([&answer["total"]]) {
                for field in FIELDS {
                    let figure = row[field].as_i64().unwrap();
                    if figure != 0 {
                        figures.insert(format!("{} {field}", text(row, "/key")?), figure);
                    }
                }
            }
        }
    }
    Ok(figures)
}

/// Expects that exactly the figures of the run moved, by so much, in the year that it counts in.
fn assert_moved(before: &BTreeMap<String, i64>, after: &BTreeMap<String, i64>, course: &Course, by: [i64; 3]) {
    let last_day = course.last_day();
    let mut expected = BTreeMap::new();
    for unit in ["persons", "trainings"] {
        let groups = [
            "total:-".to_owned(),
            format!("region:{}", Course::UNIT),
            format!("month:{:02}", last_day.month()),
            format!("occupation:{}", course.occupation),
            format!("direction:{}:{}", course.occupation, course.direction),
            "grade:junior".to_owned(),
            format!("trainer:{}", course.trainer),
            "category:-".to_owned(),
        ];
        for group in groups {
            for (field, by) in FIELDS.into_iter().zip(by).filter(|(_, by)| *by != 0) {
                expected.insert(format!("{}:digital:{unit}:organiser:-:{group} {field}", last_day.year()), by);
            }
        }
    }
    let rows: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let figure = |figures: &BTreeMap<String, i64>, row: &String| figures.get(row).copied().unwrap_or(0);
    let moved: BTreeMap<String, i64> =
        rows.into_iter().map(|row| (row.clone(), figure(after, row) - figure(before, row))).filter(|(_, by)| *by != 0).collect();
    assert_eq!(moved, expected);
}

/// The positions behind the certified persons of the trainer's unit.
async fn why_certified(client: &Client, year: i32, as_of: &str) -> anyhow::Result<Vec<u64>> {
    let row = format!("{year}:digital:persons:organiser:-:region:{}", Course::UNIT);
    let why = client.ask(&format!("/api/v1/why?model=quota&row={}&field=certified&limit=200{as_of}", encode(&row))).await?;
    let positions: Vec<u64> = list(&why, "/events")?.iter().map(|event| event["position"].as_u64().unwrap()).collect();
    assert_eq!(number(&why, "/figure")?, u64::try_from(positions.len())?);
    Ok(positions)
}

/// What the story has come to, as everybody sees it, without what depends on the time of asking.
async fn picture(course: &Course, number: &str, certificate: &str) -> anyhow::Result<Vec<Value>> {
    let year = course.last_day().year();
    let mut seen = vec![json!(figures(&course.national, year).await?), json!(why_certified(&course.national, year, "").await?)];
    for (who, path) in [
        (&course.staff, format!("/api/v1/classes/{}?limit=200", course.class)),
        (&course.staff, format!("/api/v1/subjects/class/{}/timeline?limit=200", course.class)),
        (&course.public, format!("/api/v1/subjects/certificate/{certificate}/timeline")),
        (&course.public, format!("/api/v1/directories/trainers/{}", course.trainer)),
        (&course.public, format!("/api/v1/certificates/{number}")),
    ] {
        let mut answer = who.ask(&path).await?;
        answer.as_object_mut().unwrap().remove("checked_at");
        seen.push(answer);
    }
    Ok(seen)
}

/// The types of the events of a subject with how often each comes.
async fn types_of(client: &Client, subject: &str) -> anyhow::Result<BTreeMap<String, usize>> {
    let mut types = BTreeMap::new();
    let mut before = String::new();
    loop {
        let page = client.ask(&format!("/api/v1/subjects/{subject}/timeline?limit=50{before}")).await?;
        for event in list(&page, "/events")? {
            *types.entry(text(event, "/type")?).or_default() += 1;
        }
        match page["next"].as_u64() {
            Some(next) => before = format!("&before={next}"),
            None => return Ok(types),
        }
    }
}

/// Aim: the slice holds together, as people use it. Method: one run with six people from an Excel file, of whom four are certified and one
/// loses the certificate again; after every step the figures must have moved by exactly that step, in every grouping and in both units.
#[tokio::test]
async fn a_run_goes_from_an_excel_file_to_a_revoked_certificate() -> anyhow::Result<()> {
    let demo = Demo::shared()?;
    let folder = demo.copy()?;
    let (server, mut course) = Course::prepare(&demo, &folder).await?;
    let year = course.last_day().year();
    let start = figures(&course.national, year).await?;
    let why_start = why_certified(&course.national, year, "").await?;
    course.plan_and_open(20).await?;
    assert_moved(&start, &figures(&course.national, year).await?, &course, [0, 0, 0]);

    // The roster: six good rows, one with a wrong check character, one that repeats an earlier row. A dry run writes nothing.
    let made: Vec<Made> = (0..7).map(Made::new).collect();
    let mut rows: Vec<[&str; 3]> = made.iter().map(|made| [made.name.as_str(), &made.number, &made.phone]).collect();
    let right = made[6].number.clone();
    let wrong = format!("{}{}", &right[..17], if right.ends_with('0') { '1' } else { '0' });
    rows[6][1] = &wrong;
    rows.push(rows[0]);
    let report = course.upload(roster(&rows)?, true).await?;
    assert_eq!((number(&report, "/accepted")?, text(&report, "/state")?), (6, "waiting".to_owned()));
    let rejected: Vec<_> = list(&report, "/rejected")?.iter().map(|row| (row["row"].as_u64(), row["errors"][0]["code"].as_str())).collect();
    assert_eq!(rejected, [(Some(10), Some("ROSTER-ID-CHECKSUM")), (Some(11), Some("ROSTER-DUPLICATE-IN-FILE"))]);
    assert_moved(&start, &figures(&course.national, year).await?, &course, [0, 0, 0]);
    let done = course.confirm(&report).await?;
    assert_eq!((number(&done, "/written")?, list(&done, "/refused").is_ok_and(Vec::is_empty)), (6, true), "{done}");
    assert_moved(&start, &figures(&course.national, year).await?, &course, [6, 0, 0]);
    let roster = course.roster_by_name().await?;
    assert_eq!(roster.keys().collect::<BTreeSet<_>>(), made[..6].iter().map(|made| &made.name).collect());
    let [ada, ben, cai, dan, eva, fay] = [0, 1, 2, 3, 4, 5].map(|index| roster[&made[index].name].as_str());

    // Sessions: one is recorded wrongly and corrected, one person misses too much.
    course.teach(&[ada, ben, cai, dan, eva, fay], &[(eva, 2), (fay, 7), (fay, 8)]).await?;
    let lacks = json!({ "class": course.class, "person": eva, "points": 88, "effective_on": course.day(Course::LAST_DAY) });
    assert_eq!(course.staff.refused("record-completion-test", lacks).await?, (409, "CLASS-0026".to_owned()));
    let correction = json!({ "class": course.class, "session": 2, "person": eva, "attendance": "present", "reason": "签到表核对有误" });
    course.staff.command("correct-attendance", correction).await?;
    for person in [ada, ben, cai, eva] {
        course.test(person, 85).await?;
    }
    course.test(dan, 59).await?;
    let lacks = json!({ "class": course.class, "person": fay, "points": 85, "effective_on": course.day(Course::LAST_DAY) });
    assert_eq!(course.staff.refused("record-completion-test", lacks).await?, (409, "CLASS-0026".to_owned()));
    assert_moved(&start, &figures(&course.national, year).await?, &course, [6, 4, 0]);

    // Certificates and hours for who passed, then the run is closed.
    let mut issued = BTreeMap::new();
    for person in [ada, ben, cai, eva] {
        issued.insert(person, course.certify(person).await?);
        let hours = json!({ "class": course.class, "person": person, "effective_on": course.day(Course::LAST_DAY) });
        course.staff.command("post-hours", hours).await?;
    }
    let failed = json!({ "class": course.class, "person": dan });
    assert_eq!(course.staff.refused("issue-training-certificate", failed).await?, (409, "CERT-0002".to_owned()));
    assert_moved(&start, &figures(&course.national, year).await?, &course, [6, 4, 4]);
    course.staff.command("close-run", json!({ "class": course.class, "closed_on": course.day(Course::LAST_DAY) })).await?;
    assert_moved(&start, &figures(&course.national, year).await?, &course, [6, 4, 4]);
    let hours = course.staff.ask(&format!("/api/v1/persons/{ada}/hours")).await?;
    assert_eq!((number(&hours, "/total_tenths")?, list(&hours, "/hours")?.len()), (640, 1));
    let expected: BTreeSet<u64> = issued.values().map(|(_, _, position)| *position).collect();
    let why = why_certified(&course.national, year, "").await?;
    assert_eq!(why.iter().copied().filter(|position| !why_start.contains(position)).collect::<BTreeSet<_>>(), expected);

    // Anybody looks the certificate up, and checks what somebody says of themselves.
    let (certificate, number_of_ada, issued_at) = issued[ada].clone();
    course.covered(*expected.last().unwrap()).await?;
    let path = format!("/api/v1/certificates/{number_of_ada}");
    let valid = course.public.ask(&path).await?;
    assert_eq!((text(&valid, "/certificate/status")?, text(&valid, "/certificate/holder")?), ("valid".to_owned(), "闻*".to_owned()));
    assert_eq!(text(&valid, "/certificate/issued_on")?, course.day(Course::LAST_DAY));
    let check = format!("{path}/check");
    let (name, six) = (made[0].name.as_str(), made[0].last_six());
    for (name, six, agrees) in [(name, six, [true, true]), (made[1].name.as_str(), six, [false, true]), (name, "000000", [true, false])] {
        let answer = course.public.post(&check, &json!({ "name": name, "last_six": six })).await?.has_status(200)?.json()?;
        assert_eq!(answer, json!({ "name": agrees[0], "last_six": agrees[1] }));
    }
    for status in [200, 200, 429] {
        course.public.post(&check, &json!({ "name": "甲", "last_six": "123456" })).await?.has_status(status)?;
    }

    // Revoked: today it says so, as of before it did not, and the figures follow.
    let body = json!({ "certificate": certificate, "ground": "fraud", "document_number": "示例〔测试〕2号" });
    let revoked_at = number(&course.national.command("revoke-training-certificate", body).await?, "/position")?;
    let revoked = course.public.ask(&path).await?;
    assert_eq!((text(&revoked, "/certificate/status")?, text(&revoked, "/certificate/revoked/on")?), ("revoked".to_owned(), course.day(0)));
    let before = format!("as_of=@{}", revoked_at - 1);
    assert_eq!(text(&course.public.ask(&format!("{path}?{before}")).await?, "/certificate/status")?, "valid");
    assert_eq!(course.public.get(&format!("{path}?as_of=@{}", issued_at - 1)).await?.status, 404);
    assert_moved(&start, &figures(&course.national, year).await?, &course, [6, 4, 3]);
    let why_now = why_certified(&course.national, year, "").await?;
    assert_eq!(why_now, why.iter().copied().filter(|position| *position != issued_at).collect::<Vec<_>>());
    assert_eq!(why_certified(&course.national, year, &format!("&{before}")).await?, why);

    // The timelines tell all of it.
    let told = types_of(&course.staff, &format!("class/{}", course.class)).await?;
    let expected = [
        ("class.run-planned", 1),
        ("class.run-opened", 1),
        ("class.roster-import-started", 1),
        ("class.roster-import-finished", 1),
        ("class.trainee-registered", 6),
        ("class.session-held", 8),
        ("class.attendance-recorded", 48),
        ("class.attendance-corrected", 1),
        ("class.completion-test-recorded", 5),
        ("certificate.training-certificate-issued", 4),
        ("certificate.training-certificate-revoked", 1),
        ("hours.hours-posted", 4),
        ("class.run-closed", 1),
    ];
    assert_eq!(told, expected.map(|(name, count)| (name.to_owned(), count)).into());
    let told = types_of(&course.public, &format!("certificate/{certificate}")).await?;
    assert_eq!(
        told.into_iter().collect::<Vec<_>>(),
        [("certificate.training-certificate-issued".to_owned(), 1), ("certificate.training-certificate-revoked".to_owned(), 1)]
    );

    // And so it stays: after a restart, after a kill, and with everything derived gone.
    let seen = picture(&course, &number_of_ada, &certificate).await?;
    server.stop()?;
    let server = folder.serve(&[])?;
    assert_eq!(picture(&course.at(&server, &demo).await?, &number_of_ada, &certificate).await?, seen);
    server.kill()?;
    for derived in ["rows", "derived", "snapshots", "reads-derived"] {
        fs::remove_dir_all(folder.data().join(derived))?;
    }
    let server = folder.serve(&[])?;
    assert_eq!(picture(&course.at(&server, &demo).await?, &number_of_ada, &certificate).await?, seen);
    server.stop()
}
