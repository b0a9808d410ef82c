//! Checks over every page.
//!
//! The samples are those of the gallery example, so a page that is added there is checked here.

use std::collections::BTreeSet;

use crate::pages::views;
use crate::text::Lang;

#[path = "../../../examples/page_gallery/samples.rs"]
mod samples;

/// Every sample in both languages, by name.
fn rendered() -> Vec<(String, Lang, String)> {
    [Lang::Zh, Lang::En]
        .into_iter()
        .flat_map(|lang| samples::pages(lang).into_iter().map(move |(name, page)| (format!("{name}.{}", lang.tag()), lang, page.unwrap())))
        .collect()
}

/// Values of an attribute, in order.
fn attributes<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let mark = format!(" {name}=\"");
    html.match_indices(&mark).filter_map(|(at, _)| html[at + mark.len()..].split('"').next()).collect()
}

#[test]
fn every_page_has_one_heading_one_main_a_title_and_its_language() {
    for (name, lang, html) in rendered() {
        assert_eq!(html.matches("<h1").count(), 1, "{name}: h1");
        assert_eq!(html.matches("<main").count(), 1, "{name}: main");
        assert!(html.contains(&format!("<html lang=\"{}\">", lang.tag())), "{name}: lang");
        assert!(!html.contains("<title> –"), "{name}: empty title");
        assert!(html.contains("class=\"skip\" href=\"#main\""), "{name}: skip link");
    }
}

#[test]
fn no_page_carries_inline_script_or_style_or_an_outside_address() {
    for (name, _, html) in rendered() {
        assert!(attributes(&html, "style").is_empty() && !html.contains("<style"), "{name}: style");
        assert!(!html.contains(" onclick=") && !html.contains("javascript:"), "{name}: handler");
        assert_eq!(html.matches("<script").count(), html.matches("<script src=\"/assets/").count(), "{name}: script");
        assert!(!html.contains("http://") && !html.contains("https://"), "{name}: outside address");
    }
}

#[test]
fn ids_are_unique_and_every_reference_to_one_is_answered() {
    for (name, _, html) in rendered() {
        let ids = attributes(&html, "id");
        let known: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(known.len(), ids.len(), "{name}: an id is used twice: {ids:?}");
        for attribute in ["for", "aria-labelledby", "aria-describedby"] {
            for id in attributes(&html, attribute).iter().flat_map(|value| value.split(' ')) {
                assert!(known.contains(id), "{name}: {attribute} names {id:?}, which is not there");
            }
        }
        for target in attributes(&html, "href").iter().filter_map(|href| href.strip_prefix('#')) {
            assert!(known.contains(target), "{name}: link to #{target}, which is not there");
        }
    }
}

#[test]
fn every_field_has_a_label_and_every_post_carries_the_token() {
    for (name, _, html) in rendered() {
        let labelled: BTreeSet<&str> = attributes(&html, "for").into_iter().collect();
        for tag in html.split('<').filter(|tag| tag.starts_with("input ") || tag.starts_with("select ")) {
            let id = attributes(tag, "id").first().copied().unwrap_or("");
            assert!(tag.contains("type=\"hidden\"") || labelled.contains(id), "{name}: no label for <{tag}");
        }
        for form in html.split("<form").skip(1).filter(|form| form.split('>').next().unwrap().contains("method=\"post\"")) {
            assert!(form.split("</form>").next().unwrap().contains("name=\"csrf\""), "{name}: a post without token");
        }
    }
}

#[test]
fn links_of_english_pages_stay_english() {
    for (name, _, html) in rendered().into_iter().filter(|(_, lang, _)| *lang == Lang::En) {
        for tag in html.split("<a ").skip(1).map(|tag| tag.split('>').next().unwrap()) {
            let href = attributes(&format!(" {tag}"), "href").first().copied().unwrap_or("").to_owned();
            let free = ["#", "/docs", "/log/"].iter().any(|prefix| href.starts_with(prefix)) || tag.contains("hreflang=");
            assert!(free || href.contains("lang=en"), "{name}: {href} leaves the language");
        }
    }
}

#[test]
fn a_past_view_says_so_and_its_figures_stay_in_the_past() {
    let (_, html) = samples::pages(Lang::Zh).into_iter().find(|(name, _)| *name == "dashboard_past").unwrap();
    let html = html.unwrap();
    assert!(html.contains("<body class=\" past\"") && html.contains("notice-past"));
    for href in attributes(&html, "href").iter().filter(|href| href.starts_with("/why?")) {
        assert!(href.contains("as_of=2025-06-30"), "{href}");
    }
}

#[test]
fn text_from_outside_is_escaped_in_pages_and_charts() {
    let hostile = "<b>\"'&";
    let view = views::DashboardView {
        group_label: hostile.into(),
        rows: vec![views::QuotaRow { key: hostile.into(), label: hostile.into(), ..views::QuotaRow::default() }],
        units: vec![views::UnitRow {
            tile: Some("32".into()),
            row: views::QuotaRow { label: hostile.into(), completed: 1, ..views::QuotaRow::default() },
        }],
        months: vec![views::MonthPoint { label: hostile.into(), completed: 3, ..views::MonthPoint::default() }],
        occupations: vec![views::StackRow { label: hostile.into(), parts: vec![(hostile.into(), 2)], total: (hostile.into(), 2) }],
        grades: vec![hostile.into()],
        headlines: vec![views::Headline { id: "x".into(), label: hostile.into(), by_month: vec![1, 2], ..views::Headline::default() }],
        ..views::DashboardView::default()
    };
    let html = view.render(Lang::Zh).unwrap();
    assert!(!html.contains("<b>"), "an unescaped label");
}

/// Contrast of two colours by WCAG 2.2, in hundredths; integers are enough for a lower bound.
#[test]
fn tokens_keep_their_contrast_on_white() {
    let css = include_str!("../../../assets/app.css");
    let luminance = |hex: &str| {
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4)
    };
    for (token, least) in
        [("ink", 7.0), ("link", 4.5), ("header", 4.5), ("bad", 4.5), ("good", 4.5), ("warning", 4.5), ("second", 4.5), ("border", 3.0)]
    {
        let hex = css.split(&format!("--{token}: #")).nth(1).unwrap().get(..6).unwrap();
        let contrast = 1.05 / (luminance(hex) + 0.05);
        assert!(contrast >= least, "--{token} has {contrast:.1}, needs {least}");
    }
}
