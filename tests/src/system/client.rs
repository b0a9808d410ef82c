//! A client over real HTTP: signs in, commands with a key, asks, and asks for at least what it has written.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context as _, bail, ensure};
use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use zhixin_events::CivilDate;

use super::demo::Account;
use super::server::Server;

/// Tells the keys of this process apart.
static KEYS: AtomicU64 = AtomicU64::new(0);

/// Somebody who asks: nobody in particular, or an account that is signed in.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
    /// The position after the last event that this client, or one made from it, wrote; 0 = none yet.
    written: Arc<AtomicU64>,
}

/// An answer, whatever its status.
#[derive(Debug)]
pub struct Reply {
    /// What was asked, for messages.
    pub asked: String,
    /// Status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Vec<u8>,
}

impl Reply {
    /// The answer if it has this status.
    ///
    /// # Errors
    /// It has another.
    pub fn has_status(self, status: u16) -> anyhow::Result<Self> {
        ensure!(self.status == status, "{}: {} instead of {status}\n{}", self.asked, self.status, String::from_utf8_lossy(&self.body));
        Ok(self)
    }

    /// The body as text.
    ///
    /// # Errors
    /// It is no text.
    pub fn text(&self) -> anyhow::Result<&str> {
        std::str::from_utf8(&self.body).with_context(|| format!("{}: no text", self.asked))
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// It is none.
    pub fn json(&self) -> anyhow::Result<Value> {
        serde_json::from_slice(&self.body).with_context(|| format!("{}: no JSON: {}", self.asked, String::from_utf8_lossy(&self.body)))
    }

    /// A header, empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The code of a problem, which must be told as one.
    ///
    /// # Errors
    /// It is no problem.
    pub fn code(&self) -> anyhow::Result<String> {
        let media = self.header("content-type");
        ensure!(media.starts_with("application/problem+json"), "{}: {} with {media}, no problem", self.asked, self.status);
        let code = self.json()?.get("code").and_then(Value::as_str).map(str::to_owned);
        code.with_context(|| format!("{}: a problem without a code", self.asked))
    }
}

/// A value as it stands in an address.
pub fn encode(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

impl Client {
    /// Somebody who is not signed in.
    ///
    /// # Errors
    /// No client can be made.
    pub fn of(server: &Server) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Self { http, base: server.base.clone(), token: None, written: Arc::new(AtomicU64::new(0)) })
    }

    /// Signs in; the new client waits for what this one wrote, and the other way round.
    ///
    /// # Errors
    /// It is turned away.
    pub async fn sign_in(&self, account: &Account) -> anyhow::Result<Self> {
        let body = json!({ "account": account.login, "password": account.password });
        let answer = self.post("/api/v1/sessions", &body).await?.has_status(201)?.json()?;
        let token = answer.get("token").and_then(Value::as_str).map(str::to_owned);
        ensure!(token.is_some(), "a session without a token: {answer}");
        Ok(Self { token, ..self.clone() })
    }

    /// The token, for programs that ask on their own.
    pub fn token(&self) -> &str {
        self.token.as_deref().unwrap_or_default()
    }

    /// A request that may still be changed; send it with [`Client::send`].
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request and reads the answer whole.
    ///
    /// # Errors
    /// The connection fails.
    pub async fn send(&self, request: RequestBuilder) -> anyhow::Result<Reply> {
        let request = request.build()?;
        let asked = format!("{} {}", request.method(), request.url().path());
        let response = self.http.execute(request).await.with_context(|| asked.clone())?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.with_context(|| asked.clone())?.to_vec();
        Ok(Reply { asked, status, headers, body })
    }

    /// Asks for exactly this.
    ///
    /// # Errors
    /// The connection fails.
    pub async fn get(&self, path: &str) -> anyhow::Result<Reply> {
        self.send(self.request(Method::GET, path)).await
    }

    /// Posts JSON.
    ///
    /// # Errors
    /// The connection fails.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Reply> {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// Asks a question of the interface, and for an answer that reflects everything written through this client.
    ///
    /// # Errors
    /// The connection fails, or the answer is a problem.
    pub async fn ask(&self, path: &str) -> anyhow::Result<Value> {
        let written = self.written.load(Ordering::SeqCst);
        let joint = if path.contains('?') { '&' } else { '?' };
        let path = written.checked_sub(1).map_or_else(|| path.to_owned(), |last| format!("{path}{joint}at_least={last}"));
        self.get(&path).await?.has_status(200)?.json()
    }

    /// Sends a command under a key of its own.
    ///
    /// # Errors
    /// The connection fails.
    pub async fn try_command(&self, name: &str, body: &Value) -> anyhow::Result<Reply> {
        let key = format!("test-{}-{}", std::process::id(), KEYS.fetch_add(1, Ordering::SeqCst));
        self.command_with_key(name, body, &key).await
    }

    /// Sends a command under this key.
    ///
    /// # Errors
    /// The connection fails.
    pub async fn command_with_key(&self, name: &str, body: &Value, key: &str) -> anyhow::Result<Reply> {
        let request = self.request(Method::POST, &format!("/api/v1/commands/{name}")).header("idempotency-key", key).json(body);
        let reply = self.send(request).await?;
        if reply.status == 200 {
            self.note_written(&reply.json()?)?;
        }
        Ok(reply)
    }

    /// Remembers the last event of an answer to a command.
    fn note_written(&self, accepted: &Value) -> anyhow::Result<()> {
        let events = accepted.get("events").and_then(Value::as_array).context("an answer with events")?;
        let last = events.iter().filter_map(|event| event.get("position")?.as_u64()).max().context("an event with a position")?;
        self.wait_for(last);
        Ok(())
    }

    /// From now on, questions wait for this position.
    pub fn wait_for(&self, position: u64) {
        self.written.fetch_max(position.saturating_add(1), Ordering::SeqCst);
    }

    /// Waits until the read models show everything that the log holds now; later questions do so too.
    ///
    /// # Errors
    /// The server does not say how far it is.
    pub async fn wait_for_all(&self) -> anyhow::Result<()> {
        let status = self.get("/api/v1/status").await?.has_status(200)?.json()?;
        self.wait_for(status.get("position").and_then(Value::as_u64).context("a position")?);
        self.ask("/api/v1/quota").await.map(drop)
    }

    /// Sends a command that must be accepted.
    ///
    /// # Errors
    /// It is not.
    pub async fn command(&self, name: &str, body: Value) -> anyhow::Result<Value> {
        let reply = self.try_command(name, &body).await?;
        if reply.status != 200 {
            bail!("{name} {body}: {} {}", reply.status, String::from_utf8_lossy(&reply.body));
        }
        reply.json()
    }

    /// Sends a command that must be refused: status and code.
    ///
    /// # Errors
    /// It is not refused.
    pub async fn refused(&self, name: &str, body: Value) -> anyhow::Result<(u16, String)> {
        let reply = self.try_command(name, &body).await?;
        ensure!(reply.status != 200, "{name} {body} was accepted");
        Ok((reply.status, reply.code()?))
    }

    /// The day that the server has.
    ///
    /// # Errors
    /// It does not say.
    pub async fn today(&self) -> anyhow::Result<CivilDate> {
        let status = self.get("/api/v1/status").await?.has_status(200)?.json()?;
        let time = status.get("time").and_then(Value::as_str).and_then(|time| time.get(..10)).context("a time")?;
        Ok(CivilDate::parse(time)?)
    }
}
