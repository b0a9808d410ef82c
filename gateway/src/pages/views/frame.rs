//! What stands around every page: header, ribbon, breadcrumb, notices, as-of form, footer.

use std::fmt;

use super::url::{params, with_param, without_params};
use super::{Link, encode};
use crate::text::{Lang, Texts};

/// Which log the page shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Environment {
    /// Generated data.
    #[default]
    Demo,
    /// The real record.
    Production,
}

/// Which entry of the navigation the page belongs to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Nav {
    /// None of them.
    #[default]
    None,
    /// Overview.
    Dashboard,
    /// Trainer directory.
    Trainers,
    /// Classes.
    Classes,
    /// Certificate look-up.
    Verify,
    /// System status.
    Status,
}

/// Who is signed in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// Account name.
    pub name: String,
    /// Role, in the page's language.
    pub role: String,
    /// Other roles that the account holds: code and name; posted as `role` to `/role`.
    pub other_roles: Vec<(String, String)>,
}

/// What is known about the integrity of the record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Integrity {
    /// The check after the start is still running.
    #[default]
    Pending,
    /// Checked up to and with this position.
    CheckedTo(u64),
    /// Something was found; the status page says what.
    Failed,
}

/// What the page reflects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DataTime {
    /// Time of the last event reflected, as people read it.
    pub time: String,
    /// Its position.
    pub position: u64,
    /// Integrity of the record.
    pub integrity: Integrity,
}

/// The as-of form of a query page; the dates are ISO (`2025-06-30`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AsOf {
    /// The `as_of` parameter as it came; none on the latest view. The form itself sends a date, meaning the end of that day.
    pub as_of: Option<String>,
    /// The `effective_by` parameter as it came.
    pub effective_by: Option<String>,
    /// Date in the field: the day of `as_of`, or today.
    pub date: String,
    /// First day of the record, left end of the slider.
    pub first_date: String,
    /// Today, right end of the slider.
    pub last_date: String,
}

/// Records left out of the figures of this page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quarantine {
    /// How many.
    pub count: u64,
    /// Where they are listed.
    pub href: String,
}

/// One step of the breadcrumb; the last one has no address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Crumb {
    /// What is written.
    pub label: String,
    /// Where it leads.
    pub href: Option<String>,
}

/// Everything around the content.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frame {
    /// Path and query of this page as a GET, for the language switch, the as-of form and the return after sign-in.
    pub path: String,
    /// Demo or production.
    pub environment: Environment,
    /// Entry of the navigation.
    pub nav: Nav,
    /// Steps after "home"; empty on the home page.
    pub crumbs: Vec<Crumb>,
    /// Who is signed in.
    pub account: Option<Account>,
    /// Token against forged form posts; every POST form carries it as `csrf`. Empty: none.
    pub csrf: String,
    /// What the page reflects; none on pages without data.
    pub data_time: Option<DataTime>,
    /// The as-of form; none on pages that do not query.
    pub as_of: Option<AsOf>,
    /// Records left out.
    pub quarantine: Option<Quarantine>,
    /// What was just done, in a sentence.
    pub notice: Option<String>,
    /// Larger type (`?mode=elder`).
    pub elder: bool,
    /// Event stream (SSE) that tells the page to fetch itself again.
    pub live: Option<String>,
    /// Lines of the footer: responsible body, contact, registration numbers.
    pub legal: Vec<String>,
}

/// The frame as the templates see it: with its language and words.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page<'a> {
    pub(super) frame: &'a Frame,
    pub(super) t: &'static Texts,
}

impl<'a> Page<'a> {
    pub(super) fn new(frame: &'a Frame, lang: Lang) -> Self {
        Self { frame, t: Texts::of(lang) }
    }

    /// Link that keeps language and type size.
    pub(super) fn href(&self, href: &str) -> String {
        let mut out = href.to_owned();
        if self.t.lang == Lang::En {
            out = with_param(&out, "lang", "en");
        }
        if self.frame.elder {
            out = with_param(&out, "mode", "elder");
        }
        out
    }

    /// Link to data: keeps the moment looked at as well.
    pub(super) fn data(&self, href: &str) -> String {
        let mut out = self.href(href);
        for (name, value) in self.moment() {
            out = with_param(&out, name, value);
        }
        out
    }

    /// Page of an event.
    pub(super) fn event(&self, position: impl fmt::Display) -> String {
        self.data(&format!("/events/{position}"))
    }

    fn moment(&self) -> impl Iterator<Item = (&'static str, &'a str)> {
        let as_of = self.frame.as_of.as_ref();
        let at = as_of.and_then(|a| a.as_of.as_deref()).map(|value| ("as_of", value));
        at.into_iter().chain(as_of.and_then(|a| a.effective_by.as_deref()).map(|value| ("effective_by", value)))
    }

    /// Hidden fields of a filter form: language, type size, moment.
    pub(super) fn hidden(&self) -> Vec<(String, String)> {
        params(&self.data("/"))
    }

    /// Hidden fields of the as-of form: everything but the moment.
    pub(super) fn hidden_but_moment(&self) -> Vec<(String, String)> {
        params(&self.now_href())
    }

    /// This page without its query.
    pub(super) fn bare_path(&self) -> &'a str {
        self.frame.path.split(['?', '#']).next().unwrap_or("/")
    }

    /// This page as of now.
    pub(super) fn now_href(&self) -> String {
        self.href(&without_params(&self.frame.path, &["as_of", "effective_by", "at_least", "lang", "mode"]))
    }

    /// This page in the other language.
    pub(super) fn other_language_href(&self) -> String {
        let bare = without_params(&self.frame.path, &["lang"]);
        if self.t.lang == Lang::En { bare } else { with_param(&bare, "lang", "en") }
    }

    /// Tag of the other language.
    pub(super) fn other_language(&self) -> &'static str {
        if self.t.lang == Lang::En { Lang::Zh.tag() } else { Lang::En.tag() }
    }

    /// This page in the other type size.
    pub(super) fn elder_href(&self) -> String {
        let bare = without_params(&self.frame.path, &["lang", "mode"]);
        let bare = if self.t.lang == Lang::En { with_param(&bare, "lang", "en") } else { bare };
        if self.frame.elder { bare } else { with_param(&bare, "mode", "elder") }
    }

    /// Sign-in page that returns here.
    pub(super) fn sign_in_href(&self) -> String {
        self.href(&format!("/signin?return_to={}", encode(&self.frame.path)))
    }

    /// Whether the page shows an earlier moment.
    pub(super) fn is_past(&self) -> bool {
        self.moment().next().is_some()
    }

    /// Whether it shows what an earlier record said, and not only what had taken place by some day.
    pub(super) fn is_earlier(&self) -> bool {
        self.frame.as_of.as_ref().is_some_and(|as_of| as_of.as_of.is_some())
    }

    /// Navigation entries and whether they are the current one.
    pub(super) fn nav(&self) -> [(Link, bool); 5] {
        let t = &self.t.frame;
        [
            (Nav::Dashboard, t.nav_dashboard, "/"),
            (Nav::Trainers, t.nav_trainers, "/directories/trainers"),
            (Nav::Classes, t.nav_classes, "/classes"),
            (Nav::Verify, t.nav_verify, "/verify"),
            (Nav::Status, t.nav_status, "/status"),
        ]
        .map(|(nav, label, path)| (Link { label: label.to_string(), href: self.data(path) }, nav == self.frame.nav))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_keep_language_size_and_moment() {
        let as_of = AsOf { as_of: Some("2025-06-30".into()), effective_by: Some("2025-05-31".into()), ..AsOf::default() };
        let frame = Frame { path: "/?year=2025&lang=en&as_of=2025-06-30".into(), as_of: Some(as_of), elder: true, ..Frame::default() };
        let page = Page::new(&frame, Lang::En);
        assert_eq!(page.href("/why?row=a"), "/why?row=a&lang=en&mode=elder");
        assert_eq!(page.data("/c"), "/c?lang=en&mode=elder&as_of=2025-06-30&effective_by=2025-05-31");
        assert_eq!(page.now_href(), "/?year=2025&lang=en&mode=elder");
        assert_eq!(page.other_language_href(), "/?year=2025&as_of=2025-06-30");
        assert_eq!(
            page.hidden_but_moment(),
            [("year", "2025"), ("lang", "en"), ("mode", "elder")].map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
        assert!(page.is_past());
    }

    #[test]
    fn the_latest_view_in_chinese_adds_nothing() {
        let frame = Frame { path: "/".into(), as_of: Some(AsOf::default()), ..Frame::default() };
        let page = Page::new(&frame, Lang::Zh);
        assert_eq!((page.data("/c"), page.is_past(), page.other_language_href()), ("/c".to_owned(), false, "/?lang=en".to_owned()));
    }
}
