//! The server itself, over a real connection: an oversized body gets its answer, and a stop ends cleanly.
#![cfg(test)]

#[path = "support/world.rs"]
mod world;

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
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
    let server = tokio::spawn(serve(listener, deps, async {
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
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
}
