//! One believable instance of every page. People, organisations and numbers are invented.
//!
//! Shared by the gallery and by the tests over all pages; both name the module of the views `views`.

use super::Lang;
use super::views::*;

mod dashboard;
mod forms;
mod records;
mod trainers_and_classes;

/// A page by name, rendered or refused by its template.
pub(crate) type Sample = (&'static str, Result<String, askama::Error>);

/// Every page in every state that looks different.
pub(crate) fn pages(lang: Lang) -> Vec<Sample> {
    let mut all = dashboard::pages(lang);
    all.extend(trainers_and_classes::pages(lang));
    all.extend(forms::pages(lang));
    all.extend(records::pages(lang));
    all
}

fn s(text: &str) -> String {
    text.to_owned()
}

fn link(label: &str, href: &str) -> Link {
    Link { label: s(label), href: s(href) }
}

fn fact(label: &str, value: &str, href: Option<&str>) -> Fact {
    Fact { label: s(label), value: s(value), href: href.map(s) }
}

fn tag(text: &str, tone: Tone) -> Tag {
    Tag { text: s(text), tone }
}

fn select(name: &str, label: &str, choices: &[(&str, &str)], selected: usize) -> Select {
    let choices =
        choices.iter().enumerate().map(|(i, (value, label))| Choice { value: s(value), label: s(label), selected: i == selected });
    Select { name: s(name), label: s(label), choices: choices.collect() }
}

/// The frame of a query page on the latest data.
fn frame(lang: Lang, path: &str, nav: Nav, crumbs: &[(&str, Option<&str>)]) -> Frame {
    let time = lang.pick("2025年11月22日 07:30", "22 Nov 2025 07:30");
    Frame {
        path: if lang == Lang::En { with_param(path, "lang", "en") } else { s(path) },
        nav,
        crumbs: crumbs.iter().map(|(label, href)| Crumb { label: s(label), href: href.map(s) }).collect(),
        account: Some(Account {
            name: s("hr-jiangsu"), role: s(lang.pick("省级管理员", "provincial office")), other_roles: Vec::new()
        }),
        csrf: s("generated"),
        data_time: Some(DataTime { time: s(time), position: 128_441, integrity: Integrity::CheckedTo(128_441) }),
        as_of: Some(AsOf { date: s("2025-11-22"), first_date: s("2025-01-02"), last_date: s("2025-11-22"), ..AsOf::default() }),
        legal: vec![s(lang.pick(
            "主办单位：国家知识更新工程指导协调小组办公室（演示） 联系电话：010-0000 0000（演示）",
            "Responsible: office of the national coordination group (demonstration) · Telephone 010-0000 0000 (demonstration)",
        ))],
        ..Frame::default()
    }
}

/// The frame of a page without data of its own.
fn plain_frame(lang: Lang, path: &str, nav: Nav, crumbs: &[(&str, Option<&str>)]) -> Frame {
    Frame { data_time: None, as_of: None, account: None, ..frame(lang, path, nav, crumbs) }
}
