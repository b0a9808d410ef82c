//! Bad input at every door of the interface: each gets its own precise problem, none a fault of ours, and nothing is recorded.
#![cfg(test)]

#[path = "support/world.rs"]
mod world;

use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use world::{Answer, Ask, World};

/// What is sent, and the status, code and part that must come back.
struct Case {
    what: &'static str,
    ask: Ask,
    status: u16,
    code: &'static str,
    part: Option<(&'static str, &'static str)>,
}

fn command(world: &World, name: &str) -> Ask {
    world.request(Method::POST, &format!("/api/v1/commands/{name}")).by(world, "national_office").header("idempotency-key", "k")
}

fn target(change: impl FnOnce(&mut Value)) -> String {
    let mut body = json!({ "year": 2025, "line": "digital", "unit": "33", "people": 10, "document_number": "文号" });
    change(&mut body);
    body.to_string()
}

fn bodies(world: &World) -> Vec<Case> {
    let case = |what, body: Body, status, code, part| Case { what, ask: command(world, "set-target").body(body), status, code, part };
    let field =
        |what, change: &dyn Fn(&mut Value), status, code, at| case(what, target(change).into(), status, code, Some(("pointer", at)));
    vec![
        case("nothing", Body::empty(), 400, "REQ-0001", None),
        case("broken JSON", "{\"year\": 2025,".into(), 400, "REQ-0001", None),
        case("two values", "{} {}".into(), 400, "REQ-0001", None),
        case("bad UTF-8", vec![b'{', b'"', 0xff, b'"', b':', b'1', b'}'].into(), 400, "REQ-0001", None),
        case("nested without end", "[".repeat(100_000).into(), 400, "REQ-0001", None),
        case("no object", "[1]".into(), 400, "REQ-0002", Some(("pointer", ""))),
        field("a field too many", &|body| body["extra"] = json!(1), 400, "REQ-0002", "/extra"),
        field("a field missing", &|body| drop(body.as_object_mut().unwrap().remove("people")), 400, "REQ-0002", "/people"),
        field("a text for a number", &|body| body["people"] = json!("10"), 400, "REQ-0002", "/people"),
        field("null for a number", &|body| body["people"] = json!(null), 400, "REQ-0002", "/people"),
        field("a negative number", &|body| body["people"] = json!(-1), 400, "REQ-0004", "/people"),
        field("a fraction", &|body| body["people"] = json!(1.5), 400, "REQ-0004", "/people"),
        field("a number beyond all", &|body| body["people"] = json!(1e300), 400, "REQ-0004", "/people"),
        field("an unknown word", &|body| body["line"] = json!("fast"), 400, "REQ-0002", "/line"),
        field("no reporting unit", &|body| body["unit"] = json!("71"), 400, "REQ-0004", "/unit"),
        field("a bad date", &|body| body["effective_on"] = json!("2025-02-30"), 400, "REQ-0004", "/effective_on"),
        field("a date to come", &|body| body["effective_on"] = json!("2026-01-01"), 422, "TIME-0001", "/effective_on"),
        field("an empty text", &|body| body["document_number"] = json!(""), 422, "TEXT-0001", "/document_number"),
        field("a control character", &|body| body["document_number"] = json!("a\u{0}b"), 422, "TEXT-0001", "/document_number"),
    ]
}

fn others(world: &World) -> Vec<Case> {
    let case = |what, ask, status, code, part| Case { what, ask, status, code, part };
    let long = Body::from(vec![b' '; 2 << 20]);
    vec![
        case("a long body", command(world, "set-target").body(long), 413, "REQ-0003", None),
        case(
            "a body that says it is long",
            command(world, "set-target").header("content-length", "104857600").body(vec![b' '; 2 << 20]),
            413,
            "REQ-0003",
            None,
        ),
        case(
            "another media type",
            command(world, "set-target").header("content-type", "text/plain").body(target(|_| {})),
            415,
            "REQ-0008",
            None,
        ),
        case("no such command", command(world, "set-everything").body(target(|_| {})), 404, "REQ-0009", None),
        case("a command by GET", world.request(Method::GET, "/api/v1/commands/set-target"), 405, "REQ-0010", None),
        case(
            "an id of another form",
            command(world, "suspend-trainer").body(json!({ "trainer": "x", "ground": "violation", "document_number": "a" }).to_string()),
            400,
            "REQ-0005",
            Some(("pointer", "/trainer")),
        ),
        case(
            "an id of nothing",
            command(world, "suspend-trainer")
                .body(json!({ "trainer": "0000000000", "ground": "violation", "document_number": "a" }).to_string()),
            422,
            "REF-0001",
            Some(("pointer", "/trainer")),
        ),
        case(
            "no key",
            world.request(Method::POST, "/api/v1/commands/set-target").by(world, "national_office").body(target(|_| {})),
            400,
            "REQ-0007",
            Some(("header", "Idempotency-Key")),
        ),
        case(
            "a key with a space",
            world
                .request(Method::POST, "/api/v1/commands/set-target")
                .by(world, "national_office")
                .header("idempotency-key", "a b")
                .body(target(|_| {})),
            400,
            "REQ-0007",
            Some(("header", "Idempotency-Key")),
        ),
        case(
            "a malformed If-Match",
            command(world, "set-target").header("if-match", "*").body(target(|_| {})),
            400,
            "REQ-0002",
            Some(("header", "If-Match")),
        ),
    ]
}

fn callers(world: &World) -> Vec<Case> {
    let case = |what, ask, status, code, part| Case { what, ask, status, code, part };
    vec![
        case(
            "nobody",
            world.request(Method::POST, "/api/v1/commands/set-target").header("idempotency-key", "k").body(target(|_| {})),
            401,
            "AUTH-0001",
            None,
        ),
        case(
            "a token of nobody",
            world.request(Method::GET, "/api/v1/quota").header("authorization", "Bearer AAAA"),
            401,
            "AUTH-0001",
            None,
        ),
        case(
            "a role that is not held",
            world.request(Method::GET, "/api/v1/classes").by(world, "trainer").header("zhixin-role", "auditor"),
            403,
            "AUTH-0003",
            None,
        ),
    ]
}

fn queries(world: &World) -> Vec<Case> {
    let get = |what, path: &str, status, code, part| Case {
        what,
        ask: world.request(Method::GET, path).by(world, "national_office"),
        status,
        code,
        part,
    };
    vec![
        get("a year of no programme", "/api/v1/quota?year=1", 400, "REQ-0004", Some(("parameter", "year"))),
        get("an unknown parameter", "/api/v1/quota?yeer=2025", 400, "REQ-0002", Some(("parameter", "yeer"))),
        get("a parameter twice", "/api/v1/quota?year=2025&year=2025", 400, "REQ-0002", Some(("parameter", "year"))),
        get("a parameter that is no UTF-8", "/api/v1/quota?line=%ff", 400, "REQ-0002", Some(("parameter", "line"))),
        get("an unknown grouping", "/api/v1/quota?group_by=colour", 400, "REQ-0002", Some(("parameter", "group_by"))),
        get("a moment to come", "/api/v1/quota?as_of=2026-01-01", 400, "REQ-0006", Some(("parameter", "as_of"))),
        get("a position to come", "/api/v1/quota?as_of=@99999999", 400, "REQ-0006", Some(("parameter", "as_of"))),
        get("a position beyond all", "/api/v1/quota?as_of=@99999999999999999999999", 400, "REQ-0002", Some(("parameter", "as_of"))),
        get("waiting for what is not there", "/api/v1/quota?at_least=99999999", 400, "REQ-0006", Some(("parameter", "at_least"))),
        get("no moment", "/api/v1/quota?as_of=yesterday", 400, "REQ-0002", Some(("parameter", "as_of"))),
        get("no row", "/api/v1/why?row=nothing", 400, "REQ-0002", Some(("parameter", "row"))),
        get("no row at all", "/api/v1/why", 400, "REQ-0002", Some(("parameter", "row"))),
        get("a bad id in a path", "/api/v1/classes/x", 400, "REQ-0005", Some(("path", "id"))),
        get("a class that is not there", "/api/v1/classes/0000000000", 404, "REQ-0009", None),
        get("a kind that is not there", "/api/v1/subjects/planet/0000000000/timeline", 400, "REQ-0005", Some(("path", "id"))),
        get("a subject that is not there", "/api/v1/subjects/class/0000000000/timeline", 404, "REQ-0009", None),
        get("an event to come", "/api/v1/events/99999999", 404, "REQ-0009", None),
        get("an event that is no number", "/api/v1/events/-1", 400, "REQ-0004", Some(("path", "position"))),
        get("a certificate that is not there", "/api/v1/certificates/T0", 404, "REQ-0009", None),
        get("a tile to come", "/log/tile/0/999", 404, "REQ-0009", None),
        get("no tile", "/log/tile/../../etc/passwd", 404, "REQ-0009", None),
        get("a tree to come", "/log/consistency?from=1&to=99999999", 400, "REQ-0006", Some(("parameter", "to"))),
        get("sizes the wrong way round", "/log/consistency?from=3&to=2", 400, "REQ-0004", Some(("parameter", "from"))),
        get("too long a page", "/api/v1/classes?limit=100000", 400, "REQ-0004", Some(("parameter", "limit"))),
        get(
            "names without a purpose",
            &format!("/api/v1/classes/{}?names=1", world.ids["class"]),
            400,
            "REQ-0002",
            Some(("parameter", "purpose")),
        ),
        get("nothing there", "/api/v2/quota", 404, "REQ-0009", None),
    ]
}

fn uploads(world: &World) -> Vec<Case> {
    let upload = |what, media: &'static str, body: Vec<u8>, status, code, part| Case {
        what,
        ask: world
            .request(Method::POST, &format!("/api/v1/classes/{}/roster", world.ids["class"]))
            .by(world, "trainer")
            .header("content-type", media)
            .body(body),
        status,
        code,
        part,
    };
    let media = "multipart/form-data; boundary=b";
    let form = |name: &str, bytes: &[u8]| {
        let head = format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"a.xlsx\"\r\n\r\n");
        [head.as_bytes(), bytes, b"\r\n--b--\r\n"].concat()
    };
    let file = Some(("parameter", "file"));
    vec![
        upload("no form", "application/json", b"{}".to_vec(), 415, "REQ-0008", None),
        upload("a form without a boundary", "multipart/form-data", b"x".to_vec(), 400, "REQ-0002", None),
        upload(
            "a form that breaks off",
            media,
            b"--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nabc".to_vec(),
            400,
            "REQ-0002",
            None,
        ),
        upload("a form without a file", media, form("other", b"x"), 400, "REQ-0002", file),
        upload("an empty file", media, form("file", b""), 400, "ROSTER-FILE-EMPTY", file),
        upload("no workbook", media, form("file", b"PK\x03\x04garbage"), 400, "ROSTER-FILE-DAMAGED", file),
        upload("a PDF", media, form("file", b"%PDF-1.7\n"), 400, "ROSTER-FILE-PDF", file),
        upload("another encoding", media, form("file", b"\xff\xfe\x00a"), 400, "ROSTER-FILE-UTF16", file),
        upload("no headings", media, form("file", "甲,乙\n一,二\n".as_bytes()), 400, "ROSTER-COLUMN-MISSING", file),
        upload("a file beyond the limit", media, form("file", &vec![b'a'; 21 << 20]), 413, "REQ-0003", None),
    ]
}

fn check(case: &Case, answer: &Answer) {
    let body = answer.json();
    let what = case.what;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (case.status, case.code), "{what}: {body}");
    assert_eq!(answer.headers["content-type"], "application/problem+json", "{what}");
    for member in ["type", "title", "detail", "request_id"] {
        assert!(body[member].as_str().is_some_and(|text| !text.is_empty()), "{what}: no {member} in {body}");
    }
    if let Some((kind, place)) = case.part {
        assert_eq!(body["errors"][0][kind], json!(place), "{what}: {body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_request_gets_its_own_problem_and_records_nothing() {
    let world = World::new().await;
    let end = world.handle.end();
    for case in [bodies(&world), others(&world), callers(&world), queries(&world), uploads(&world)].into_iter().flatten() {
        let Case { what, ask, status, code, part } = case;
        let answer = world.send(ask).await;
        check(&Case { what, ask: world.request(Method::GET, "/"), status, code, part }, &answer);
        assert_eq!(world.handle.end(), end, "{what} was recorded");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_problem_speaks_the_language_of_the_caller_and_keeps_its_code() {
    let world = World::new().await;
    let ask = |name: &'static str, value: &'static str| world.send(world.request(Method::GET, "/api/v1/quota?yeer=1").header(name, value));
    let english = ask("accept-language", "en-GB,en;q=0.9").await.json();
    let chinese = ask("accept-language", "zh-CN").await.json();
    assert_eq!((english["code"].clone(), english["detail"].as_str()), (chinese["code"].clone(), Some("there is no such parameter")));
    assert_eq!(chinese["detail"], "没有这个参数");
    let page = world.send(world.request(Method::GET, "/nowhere").header("accept", "text/html")).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.text().contains("REQ-0009") && page.headers["content-type"].to_str().unwrap().starts_with("text/html"));
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_and_names_come_back_in_no_problem() {
    let world = World::new().await;
    let body = json!({ "account": "trainer", "password": 7, "geheim-wort": "x" }).to_string();
    let answer = world.send(world.request(Method::POST, "/api/v1/sessions").body(body)).await;
    assert_eq!(answer.code(), "REQ-0002");
    let person = json!({ "class": world.ids["class"], "person": { "document_kind": "identity_card", "document_number": "王小明的号码", "name": "王小明" } });
    let answer = world.command_with_key("trainer", "register-trainee", person, "k").await;
    assert_eq!(answer.code(), "PERSON-0002");
    assert!(!answer.text().contains("王小明"), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_more_than_a_limit_is_refused_and_never_cut() {
    let world = World::new().await;
    let class = &world.ids["class"];
    let command = |key: usize, matches: usize| {
        let if_match = vec!["\"class/0000000001:3\""; matches].join(", ");
        let ask =
            world.request(Method::POST, "/api/v1/commands/open-run").by(&world, "trainer").header("idempotency-key", &"k".repeat(key));
        ask.header("if-match", &if_match).body(json!({ "class": class }).to_string())
    };
    let case = |chars: usize| {
        let path = format!("/api/v1/classes/{class}?names=1&purpose=audit&case={}", "1".repeat(chars));
        world.request(Method::GET, &path).by(&world, "auditor")
    };
    let number = |chars: usize| world.request(Method::GET, &format!("/api/v1/certificates/{}", "7".repeat(chars)));
    for (what, at, beyond, code, part) in [
        ("a key", command(200, 1), command(201, 1), "REQ-0007", Some(("header", "Idempotency-Key"))),
        ("subjects that must match", command(200, 16), command(200, 17), "REQ-0004", Some(("header", "If-Match"))),
        ("a case", case(100), case(101), "REQ-0004", Some(("parameter", "case"))),
        ("a certificate", number(64), number(65), "REQ-0004", Some(("path", "number"))),
    ] {
        let taken = world.send(at).await;
        assert!(taken.status.is_success() || taken.code() != code, "{what}: {}", taken.text());
        let answer = world.send(beyond).await;
        check(&Case { what, ask: world.request(Method::GET, "/"), status: 400, code, part }, &answer);
    }
}
