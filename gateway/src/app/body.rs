//! Bodies of requests: bounded, of the right type, UTF-8, JSON; each failure with its own precise problem.

use std::future::poll_fn;
use std::pin::Pin;

use axum::body::{Body, Bytes, HttpBody as _};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use serde_json::Value;

use crate::pages::views::decode;
use crate::problem::{Kind, Part, Problem};

/// What is read and thrown away of a body that is too long, so that clients which write everything first get their answer.
/// Unit: bytes.
const DRAIN_MAX: usize = 256 << 20;

/// Reads a body of bounded length.
///
/// # Errors
/// `REQ-0003`: it is longer. `REQ-0001`: it breaks off.
pub(crate) async fn collect(mut body: Body, max: usize) -> Result<Bytes, Problem> {
    let mut bytes = Vec::new();
    let mut length = 0_usize;
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let frame = frame.map_err(|_| Problem::saying(Kind::NotJson, "请求内容中断", "the body broke off"))?;
        let Ok(data) = frame.into_data() else { continue };
        length = length.saturating_add(data.len());
        if length <= max {
            bytes.extend_from_slice(&data);
        } else {
            bytes = Vec::new();
            if length > DRAIN_MAX {
                break;
            }
        }
    }
    if length > max {
        return Err(Problem::saying(Kind::TooLarge, format!("请求内容超过 {max} 字节"), format!("the body is longer than {max} bytes")));
    }
    Ok(bytes.into())
}

/// Whether a request declares this media type.
pub(crate) fn is_media(headers: &HeaderMap, wanted: &str) -> bool {
    let declared = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    declared.and_then(|value| value.split(';').next()).is_some_and(|media| media.trim().eq_ignore_ascii_case(wanted))
}

/// Reads a JSON body.
///
/// # Errors
/// `REQ-0008`, `REQ-0003`, `REQ-0001`.
pub(crate) async fn json(headers: &HeaderMap, body: Body, max: usize) -> Result<Value, Problem> {
    let declared: Option<usize> = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()).and_then(|value| value.parse().ok());
    let too_long = declared.is_some_and(|length| length > max);
    if !too_long && !is_media(headers, "application/json") {
        return Err(Problem::saying(Kind::MediaType, "请求内容应为 application/json", "the body must be application/json"));
    }
    let bytes = collect(body, max).await?;
    let text = std::str::from_utf8(&bytes).map_err(|fault| {
        let at = fault.valid_up_to();
        Problem::saying(Kind::NotJson, format!("第 {at} 字节起不是 UTF-8"), format!("it is not UTF-8 from byte {at} on"))
    })?;
    serde_json::from_str(text).map_err(|fault| {
        let (line, column) = (fault.line(), fault.column());
        Problem::saying(
            Kind::NotJson,
            format!("第 {line} 行第 {column} 列不合 JSON 语法"),
            format!("it breaks the syntax of JSON at line {line}, column {column}"),
        )
    })
}

/// The fields of a form, in order.
#[derive(Debug)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads the body of a form post.
    ///
    /// # Errors
    /// `REQ-0008`, `REQ-0003`, `REQ-0002`.
    pub(crate) async fn read(headers: &HeaderMap, body: Body, max: usize) -> Result<Self, Problem> {
        if !is_media(headers, "application/x-www-form-urlencoded") {
            let (zh, en) = ("请求内容应为 application/x-www-form-urlencoded", "the body must be application/x-www-form-urlencoded");
            return Err(Problem::saying(Kind::MediaType, zh, en));
        }
        let bytes = collect(body, max).await?;
        let text = std::str::from_utf8(&bytes).map_err(|_| Problem::from(Kind::Malformed))?;
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        Ok(Self(pairs.map(|(name, value)| (decode(name), decode(value))).collect()))
    }
    /// The value of a field, empty where it is missing.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
    /// Every field.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
    /// Refuses a form that does not carry the token of the session.
    ///
    /// # Errors
    /// `AUTH-0005`.
    pub(crate) fn check_csrf(&self, csrf: &str) -> Result<(), Problem> {
        if self.get("csrf") == csrf { Ok(()) } else { Err(Kind::ForeignForm.into()) }
    }
}

/// A parameter that is wrong.
pub(crate) fn bad_parameter(kind: Kind, name: &str, zh: impl Into<String>, en: impl Into<String>) -> Problem {
    Problem::part(kind, Part::Parameter(name.to_owned()), zh, en)
}
