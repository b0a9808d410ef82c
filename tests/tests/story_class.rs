//! A training run from the listing of its trainer to a revoked certificate, over real HTTP, and everything again after a restart, after a
//! kill, and with everything derived deleted.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::{Value, json};
use zhixin_tests::system::{Client, Course, Demo, Made, encode, list, number, roster, text};

const GROUPINGS: [&str; 8] = ["region", "month", "occupation", "direction", "grade", "occupation_grade", "trainer", "category"];
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
            format!("occupation_grade:{}:junior", course.occupation),
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

/// What the steps of the story have to know.
struct Story {
    course: Course,
    made: Vec<Made>,
    year: i32,
    /// The figures before anything of the run.
    start: BTreeMap<String, i64>,
    /// The positions behind the certified persons before.
    why_start: Vec<u64>,
}

/// A certificate of the run: its id, its number, the position of its issue.
type Issued = (String, String, u64);

impl Story {
    /// Expects that the run moved enrolled, completed and certified by so much, and nothing else moved.
    async fn moved(&self, by: [i64; 3]) -> anyhow::Result<()> {
        assert_moved(&self.start, &figures(&self.course.national, self.year).await?, &self.course, by);
        Ok(())
    }

    /// The roster: six good rows, one with a wrong check character, one that repeats an earlier row. A dry run writes nothing.
    /// Gives the persons in the order of the rows.
    async fn roster_comes_in(&self) -> anyhow::Result<Vec<String>> {
        let mut rows: Vec<[&str; 3]> = self.made.iter().map(|made| [made.name.as_str(), &made.number, &made.phone]).collect();
        let right = &self.made[6].number;
        let wrong = format!("{}{}", &right[..17], if right.ends_with('0') { '1' } else { '0' });
        rows[6][1] = &wrong;
        rows.push(rows[0]);
        let report = self.course.upload(roster(&rows)?, true).await?;
        assert_eq!((number(&report, "/accepted")?, text(&report, "/state")?), (6, "waiting".to_owned()));
        let rejected: Vec<_> =
            list(&report, "/rejected")?.iter().map(|row| (row["row"].as_u64(), row["errors"][0]["code"].as_str())).collect();
        assert_eq!(rejected, [(Some(10), Some("ROSTER-ID-CHECKSUM")), (Some(11), Some("ROSTER-DUPLICATE-IN-FILE"))]);
        self.moved([0, 0, 0]).await?;
        let done = self.course.confirm(&report).await?;
        assert_eq!((number(&done, "/written")?, list(&done, "/refused").is_ok_and(Vec::is_empty)), (6, true), "{done}");
        self.moved([6, 0, 0]).await?;
        let roster = self.course.roster_by_name().await?;
        assert_eq!(roster.keys().collect::<BTreeSet<_>>(), self.made[..6].iter().map(|made| &made.name).collect());
        Ok(self.made[..6].iter().map(|made| roster[&made.name].clone()).collect())
    }

    /// Sessions: one attendance is recorded wrongly and corrected, one person misses too much; then the test, which one fails.
    async fn is_taught_and_tested(&self, persons: &[&str; 6]) -> anyhow::Result<()> {
        let (course, [ada, ben, cai, dan, eva, fay]) = (&self.course, *persons);
        course.teach(persons, &[(eva, 2), (fay, 7), (fay, 8)]).await?;
        let test =
            |person: &str| json!({ "class": course.class, "person": person, "points": 88, "effective_on": course.day(Course::LAST_DAY) });
        assert_eq!(course.staff.refused("record-completion-test", test(eva)).await?, (409, "CLASS-0026".to_owned()));
        let correction = json!({ "class": course.class, "session": 2, "person": eva, "attendance": "present", "reason": "签到表核对有误" });
        course.staff.command("correct-attendance", correction).await?;
        for person in [ada, ben, cai, eva] {
            course.test(person, 85).await?;
        }
        course.test(dan, 59).await?;
        assert_eq!(course.staff.refused("record-completion-test", test(fay)).await?, (409, "CLASS-0026".to_owned()));
        self.moved([6, 4, 0]).await
    }

    /// Certificates and hours for who passed, then the run is closed.
    async fn is_certified_and_closed(&self, passed: [&str; 4], failed: &str) -> anyhow::Result<Vec<Issued>> {
        let course = &self.course;
        let mut issued = Vec::new();
        for person in passed {
            issued.push(course.certify(person).await?);
            let hours = json!({ "class": course.class, "person": person, "effective_on": course.day(Course::LAST_DAY) });
            course.staff.command("post-hours", hours).await?;
        }
        let failed = json!({ "class": course.class, "person": failed });
        assert_eq!(course.staff.refused("issue-training-certificate", failed).await?, (409, "CERT-0002".to_owned()));
        self.moved([6, 4, 4]).await?;
        course.staff.command("close-run", json!({ "class": course.class, "closed_on": course.day(Course::LAST_DAY) })).await?;
        self.moved([6, 4, 4]).await?;
        let hours = course.staff.ask(&format!("/api/v1/persons/{}/hours", passed[0])).await?;
        assert_eq!((number(&hours, "/total_tenths")?, list(&hours, "/hours")?.len()), (640, 1));
        let expected: Vec<u64> = issued.iter().map(|(_, _, position)| *position).collect();
        let why = why_certified(&course.national, self.year, "").await?;
        assert_eq!(why.into_iter().filter(|position| !self.why_start.contains(position)).collect::<Vec<_>>(), expected);
        course.covered(*expected.last().unwrap()).await?;
        Ok(issued)
    }

    /// Anybody looks the certificate up, and checks what somebody says of themselves, five times an hour.
    async fn is_looked_up(&self, (_, certificate_number, _): &Issued) -> anyhow::Result<()> {
        let (course, path) = (&self.course, format!("/api/v1/certificates/{certificate_number}"));
        let valid = course.public.ask(&path).await?;
        assert_eq!((text(&valid, "/certificate/status")?, text(&valid, "/certificate/holder")?), ("valid".to_owned(), "闻*".to_owned()));
        assert_eq!(text(&valid, "/certificate/issued_on")?, course.day(Course::LAST_DAY));
        let check = format!("{path}/check");
        let (name, other, six) = (self.made[0].name.as_str(), self.made[1].name.as_str(), self.made[0].last_six());
        for (name, six, agrees) in [(name, six, true), (other, six, false), (name, "000000", false)] {
            let answer = course.public.post(&check, &json!({ "name": name, "last_six": six })).await?.has_status(200)?.json()?;
            assert_eq!(answer, json!({ "agrees": agrees }));
        }
        for status in [200, 200, 429] {
            course.public.post(&check, &json!({ "name": "甲", "last_six": "123456" })).await?.has_status(status)?;
        }
        Ok(())
    }

    /// Revoked: today it says so, as of before it did not, and the figures follow.
    async fn is_revoked(&self, (certificate, certificate_number, issued_at): &Issued) -> anyhow::Result<()> {
        let (course, path) = (&self.course, format!("/api/v1/certificates/{certificate_number}"));
        let why = why_certified(&course.national, self.year, "").await?;
        let body = json!({ "certificate": certificate, "ground": "fraud", "document_number": "示例〔测试〕2号" });
        let revoked_at = number(&course.national.command("revoke-training-certificate", body).await?, "/position")?;
        let revoked = course.public.ask(&path).await?;
        assert_eq!(
            (text(&revoked, "/certificate/status")?, text(&revoked, "/certificate/revoked/on")?),
            ("revoked".to_owned(), course.day(0))
        );
        let before = format!("as_of=@{}", revoked_at - 1);
        assert_eq!(text(&course.public.ask(&format!("{path}?{before}")).await?, "/certificate/status")?, "valid");
        let effective = format!("{path}?effective_by={}", course.day(Course::LAST_DAY));
        assert_eq!(text(&course.public.ask(&effective).await?, "/certificate/status")?, "valid");
        assert_eq!(course.public.get(&format!("{path}?as_of=@{}", issued_at - 1)).await?.status, 404);
        self.moved([6, 4, 3]).await?;
        let why_now = why_certified(&course.national, self.year, "").await?;
        assert_eq!(why_now, why.iter().copied().filter(|position| position != issued_at).collect::<Vec<_>>());
        assert_eq!(why_certified(&course.national, self.year, &format!("&{before}")).await?, why);
        Ok(())
    }

    /// The timelines tell all of it.
    async fn is_told(&self, (certificate, ..): &Issued) -> anyhow::Result<()> {
        let told = types_of(&self.course.staff, &format!("class/{}", self.course.class)).await?;
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
        let told = types_of(&self.course.public, &format!("certificate/{certificate}")).await?;
        assert_eq!(
            told.into_iter().collect::<Vec<_>>(),
            [("certificate.training-certificate-issued".to_owned(), 1), ("certificate.training-certificate-revoked".to_owned(), 1)]
        );
        Ok(())
    }
}

/// Aim: the slice holds together, as people use it. Method: one run with six people from an Excel file, of whom four are certified and one
/// loses the certificate again; after every step the figures must have moved by exactly that step, in every grouping and in both units; and
/// so everything stays after a restart, after a kill, and with everything derived gone.
#[tokio::test]
async fn a_run_goes_from_an_excel_file_to_a_revoked_certificate() -> anyhow::Result<()> {
    let demo = Demo::shared()?;
    let folder = demo.copy()?;
    let (server, mut course) = Course::prepare(&demo, &folder).await?;
    let year = course.last_day().year();
    let (start, why_start) = (figures(&course.national, year).await?, why_certified(&course.national, year, "").await?);
    course.plan_and_open(20).await?;
    let story = Story { course, made: (0..7).map(Made::new).collect(), year, start, why_start };
    story.moved([0, 0, 0]).await?;
    let persons = story.roster_comes_in().await?;
    let [ada, ben, cai, dan, eva, fay] = [0, 1, 2, 3, 4, 5].map(|index| persons[index].as_str());
    story.is_taught_and_tested(&[ada, ben, cai, dan, eva, fay]).await?;
    let issued = story.is_certified_and_closed([ada, ben, cai, eva], dan).await?;
    story.is_looked_up(&issued[0]).await?;
    story.is_revoked(&issued[0]).await?;
    story.is_told(&issued[0]).await?;

    let (course, (certificate, certificate_number, _)) = (&story.course, &issued[0]);
    let seen = picture(course, certificate_number, certificate).await?;
    server.stop()?;
    let server = folder.serve(&[])?;
    assert_eq!(picture(&course.at(&server, &demo).await?, certificate_number, certificate).await?, seen);
    server.kill()?;
    for derived in ["rows", "derived", "snapshots", "reads-derived"] {
        fs::remove_dir_all(folder.data().join(derived))?;
    }
    let server = folder.serve(&[])?;
    assert_eq!(picture(&course.at(&server, &demo).await?, certificate_number, certificate).await?, seen);
    server.stop()
}
