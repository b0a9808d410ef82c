//! The server itself, over a real connection: an oversized body gets its answer, figures that move are told, and a stop ends cleanly.
#![cfg(test)]

#[path = "support/world.rs"]
mod world;

use std::net::SocketAddr;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tower::ServiceExt as _;
use world::World;
use zhixin_gateway::{Deps, serve};

async fn talk(address: SocketAddr, head: &str, body_bytes: usize) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = vec![b' '; 1 << 20];
    for _ in 0..body_bytes >> 20 {
        stream.write_all(&chunk).await.unwrap();
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_100_megabytes_is_refused_with_an_answer_and_the_server_stops_when_told() {
    let world = World::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let deps = Deps::new(world.handle.clone(), world.projections.clone());
    let collectors = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let beside = collectors.local_addr().unwrap();
    let server = tokio::spawn(serve(listener, Some(collectors), deps, async {
        let _told = stopped.await;
    }));
    let token = &world.tokens["national_office"];
    let bytes: usize = 100 << 20;
    let head = format!(
        "POST /api/v1/commands/set-target HTTP/1.1\r\nHost: test\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
         Idempotency-Key: k\r\nContent-Type: application/json\r\nContent-Length: {bytes}\r\n\r\n"
    );
    let answer = talk(address, &head, bytes).await;
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("REQ-0003"), "{answer}");
    let alive = talk(address, "GET /livez HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n", 0).await;
    assert!(alive.starts_with("HTTP/1.1 200"), "{alive}");
    // The counts are for operators, and for whoever reaches the port of their own; nothing else is there.
    let ask = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    assert!(talk(address, &ask("/metrics"), 0).await.starts_with("HTTP/1.1 401"));
    let counts = talk(beside, &ask("/metrics"), 0).await;
    assert!(counts.starts_with("HTTP/1.1 200") && counts.contains("zhixin_log_events"), "{counts}");
    assert!(talk(beside, &ask("/api/v1/quota"), 0).await.starts_with("HTTP/1.1 404"));
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
}

/// A stream of events while it is read.
struct Listener(TcpStream, String);

impl Listener {
    async fn open(address: SocketAddr, path: &str, headers: &str) -> Self {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n{headers}\r\n").as_bytes()).await.unwrap();
        let mut listener = Self(stream, String::new());
        listener.read_until("\r\n\r\n").await;
        listener
    }
    /// Reads on until this has come; gives everything so far.
    async fn read_until(&mut self, wanted: &str) -> String {
        let reads = async {
            while !self.1.contains(wanted) {
                let mut chunk = [0; 4_096];
                let length = self.0.read(&mut chunk).await.unwrap();
                assert!(length > 0, "the stream ended: {}", self.1);
                self.1.push_str(std::str::from_utf8(&chunk[..length]).unwrap());
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), reads).await.unwrap_or_else(|_| panic!("no {wanted}"));
        self.1.clone()
    }
    async fn ends(mut self) {
        let mut rest = Vec::new();
        let end = self.0.read_to_end(&mut rest);
        tokio::time::timeout(std::time::Duration::from_secs(20), end).await.expect("the stream does not end").unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_are_told_once_of_what_moved_and_of_what_they_missed_and_end_with_the_server() {
    // A reader at the newest position, then one that comes back from an older one; a third finds no place; the stop ends them.
    let mut world = World::new().await;
    let (listener, (stop, stopped)) = (TcpListener::bind("127.0.0.1:0").await.unwrap(), oneshot::channel::<()>());
    let address = listener.local_addr().unwrap();
    let mut deps = Deps::new(world.handle.clone(), world.projections.clone());
    deps.limits.streams_max = 2;
    let server = tokio::spawn(serve(listener, None, deps, async {
        let _told = stopped.await;
    }));
    let before = world.handle.end() - 1;
    let mut first = Listener::open(address, &format!("/api/v1/live?after={before}"), "").await;
    assert!(first.1.contains("content-type: text/event-stream") && first.1.contains("x-accel-buffering: no"), "{}", first.1);
    let target = json!({ "year": 2026, "line": "digital", "unit": "32", "people": 9, "document_number": "下达2" });
    world.accepted("national_office", "set-target", target).await;
    let newest = world.handle.end() - 1;
    let told = first.read_until(&format!("data: {{\"position\":{newest}}}")).await;
    assert!(told.contains(&format!("id: {newest}\n")) && told.contains("retry: 3000\n"), "{told}");
    assert_eq!(told.matches("data: ").count(), 1, "what was known at first is not told again: {told}");
    let mut back = Listener::open(address, "/api/v1/live", &format!("Last-Event-ID: {before}\r\n")).await;
    back.read_until(&format!("id: {newest}\n")).await;
    let full = talk(address, "GET /api/v1/live HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n", 0).await;
    assert!(full.starts_with("HTTP/1.1 503") && full.contains("retry-after: 30"), "{full}");
    stop.send(()).unwrap();
    first.ends().await;
    back.ends().await;
    server.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_behind_a_trusted_proxy_are_counted_each_by_themselves() {
    let mut world = World::new().await;
    let person = world.enrol(world::PERSON_NAME, world::ID_NUMBER).await;
    let number = world.certify(&person).await;
    for (trusted, sixth) in [(0, "429"), (1, "200")] {
        let (listener, (stop, stopped)) = (TcpListener::bind("127.0.0.1:0").await.unwrap(), oneshot::channel::<()>());
        let address = listener.local_addr().unwrap();
        let mut deps = Deps::new(world.handle.clone(), world.projections.clone());
        deps.proxies.trusted = trusted;
        let server = tokio::spawn(serve(listener, None, deps, async {
            let _told = stopped.await;
        }));
        let body = "{\"name\":\"a\",\"last_six\":\"000000\"}";
        let mut statuses = Vec::new();
        for caller in 1..=6 {
            // What a caller writes itself stands to the left of what the proxy adds.
            let forwarded = format!("X-Forwarded-For: 198.51.100.1, 203.0.113.{caller}");
            let length = body.len();
            let ask = format!(
                "POST /api/v1/certificates/{number}/check HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Type: application/json\r\n\
                 {forwarded}\r\nContent-Length: {length}\r\n\r\n{body}"
            );
            statuses.push(talk(address, &ask, 0).await[9..12].to_owned());
        }
        assert_eq!(statuses, ["200", "200", "200", "200", "200", sixth], "{trusted} trusted");
        stop.send(()).unwrap();
        server.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_takes_the_places_of_other_readers() {
    // Two streams each: an account has its own, those without one share those of their address; a stream that ends gives its place back.
    let world = World::new().await;
    let mut deps = Deps::new(world.handle.clone(), world.projections.clone());
    deps.limits.streams_each_max = 2;
    let app = zhixin_gateway::app(deps);
    let open = |who: &str| {
        let (app, token) = (app.clone(), world.tokens.get(who).map(|token| format!("Bearer {token}")));
        async move {
            let request = Request::builder().uri("/api/v1/live?lang=en");
            let request = token.into_iter().fold(request, |request, token| request.header("authorization", token));
            app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
        }
    };
    for who in ["trainer", "auditor", ""] {
        let held = [open(who).await, open(who).await];
        assert!(held.iter().all(|answer| answer.status() == StatusCode::OK), "{who}");
        let third = open(who).await;
        assert_eq!((third.status(), third.headers()["retry-after"].as_bytes()), (StatusCode::TOO_MANY_REQUESTS, b"30".as_slice()), "{who}");
        let problem = to_bytes(third.into_body(), usize::MAX).await.unwrap();
        let problem: serde_json::Value = serde_json::from_slice(&problem).unwrap();
        assert_eq!(problem["code"], "RATE-0001");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("2 live connections")), "{problem}");
        assert_eq!(open("investigator").await.status(), StatusCode::OK, "beside {who}");
        drop(held);
        assert_eq!(open(who).await.status(), StatusCode::OK, "{who} after its streams ended");
    }
}
