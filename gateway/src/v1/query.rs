//! Parameters of a query, read strictly for programs and leniently for pages.

use axum::http::Uri;

use super::input::Word;
use crate::app::body::bad_parameter;
use crate::app::routes::Param;
use crate::pages::views::{decode, with_param};
use crate::problem::{Kind, Problem};

/// Parameters that every address takes: the language and the size of type.
const ALWAYS: [&str; 2] = ["lang", "mode"];

/// The parameters of an address.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads what a program asks: every name must be known, and none may come twice.
    ///
    /// # Errors
    /// `REQ-0002` with the name.
    pub(crate) fn strict(uri: &Uri, known: &[&[Param]]) -> Result<Self, Problem> {
        let query = Self::pairs(uri);
        let mut seen: Vec<&str> = Vec::new();
        for (name, value) in &query.0 {
            // As with fields of a body: no name and no number comes back.
            let shown: String = name.chars().take(60).map(|c| if c.is_ascii() && !c.is_ascii_digit() { c } else { '?' }).collect();
            let is_known = ALWAYS.contains(&name.as_str()) || known.iter().copied().flatten().any(|param| param.name == name.as_str());
            if !is_known {
                return Err(bad_parameter(Kind::Malformed, &shown, "没有这个参数", "there is no such parameter"));
            }
            if seen.contains(&name.as_str()) {
                return Err(bad_parameter(Kind::Malformed, &shown, "参数出现了两次", "the parameter comes twice"));
            }
            if value.contains(char::REPLACEMENT_CHARACTER) {
                return Err(bad_parameter(Kind::Malformed, &shown, "参数不是 UTF-8", "the parameter is not UTF-8"));
            }
            seen.push(name);
        }
        Ok(query)
    }

    /// Reads what a page is asked: unknown names mean nothing, and an empty field of a form is no value.
    pub(crate) fn lenient(uri: &Uri) -> Self {
        let Self(mut pairs) = Self::pairs(uri);
        pairs.retain(|(_, value)| !value.is_empty());
        Self(pairs)
    }

    /// Parameters that are known already.
    pub(crate) fn of_pairs<'p>(pairs: impl IntoIterator<Item = (&'p str, &'p str)>) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    fn pairs(uri: &Uri) -> Self {
        let pairs = uri.query().unwrap_or("").split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        Self(pairs.map(|(name, value)| (decode(name), decode(value))).collect())
    }

    /// An address with these parameters but the named ones.
    pub(crate) fn href(&self, path: &str, without: &[&str]) -> String {
        let kept = self.0.iter().filter(|(name, _)| !without.contains(&name.as_str()));
        kept.fold(path.to_owned(), |href, (name, value)| with_param(&href, name, value))
    }

    /// Every parameter.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value of a parameter.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The value of a parameter of at most so many characters.
    ///
    /// # Errors
    /// It is longer.
    pub(crate) fn short(&self, name: &str, chars_max: usize) -> Result<Option<&str>, Problem> {
        let fits = |text: &&str| text.chars().count() <= chars_max;
        let (zh, en) = (format!("至多 {chars_max} 个字符"), format!("at most {chars_max} characters"));
        self.text(name).map(|text| Some(text).filter(fits).ok_or_else(|| bad_parameter(Kind::OutOfRange, name, zh, en))).transpose()
    }

    /// The value of a parameter as a word of a list, a date or an id.
    ///
    /// # Errors
    /// It is none.
    pub(crate) fn word<T: Word>(&self, name: &str) -> Result<Option<T>, Problem> {
        let read = |text: &str| {
            let wanted = T::wanted();
            T::parse(text).ok_or_else(|| bad_parameter(T::KIND, name, wanted.zh, wanted.en))
        };
        self.text(name).map(read).transpose()
    }

    /// The value of a parameter as a choice of names.
    ///
    /// # Errors
    /// It is none of them.
    pub(crate) fn choice<T>(&self, name: &str, names: &[&str], parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Problem> {
        let read = |text: &str| {
            let names = names.join(", ");
            let (zh, en) = (format!("应为下列之一：{names}"), format!("must be one of {names}"));
            parse(text).ok_or_else(|| bad_parameter(Kind::Malformed, name, zh, en))
        };
        self.text(name).map(read).transpose()
    }

    /// The value of a parameter as a number.
    ///
    /// # Errors
    /// It is none, or outside the range.
    pub(crate) fn number(&self, name: &str, (min, max): (u64, u64)) -> Result<Option<u64>, Problem> {
        let read = |text: &str| {
            let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            let (zh, en) = (format!("应为 {min} 至 {max} 的整数"), format!("must be a whole number from {min} to {max}"));
            let number = text.parse().ok().filter(|number| plain && (min..=max).contains(number));
            number.ok_or_else(|| bad_parameter(Kind::OutOfRange, name, zh, en))
        };
        self.text(name).map(read).transpose()
    }

    /// Whether a parameter says yes.
    ///
    /// # Errors
    /// It says neither yes nor no.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, Problem> {
        let parse = |text: &str| match text {
            "1" | "true" => Some(true),
            "0" | "false" => Some(false),
            _other => None,
        };
        Ok(self.choice(name, &["1", "0", "true", "false"], parse)?.unwrap_or(false))
    }
}
