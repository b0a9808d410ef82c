//! Horizontal bars, single or stacked: name and total on one line, the bar below, so that long names and narrow screens fit.

use super::{INK, SERIES, escape, grouped, px, share};

/// One bar.
#[derive(Debug, Clone)]
pub struct Bar {
    /// Name of the bar.
    pub label: String,
    /// One count per series.
    pub parts: Vec<u64>,
    /// What is written as its total; more than one part may count the same.
    pub total: u64,
}

/// A list of bars over the same series.
#[derive(Debug, Clone, Copy)]
pub struct Bars<'a> {
    /// Unique in the page; prefix of the ids inside.
    pub id: &'a str,
    /// The finding in words.
    pub title: &'a str,
    /// Names of the series, at most six.
    pub series: &'a [String],
    /// Bars from top to bottom.
    pub bars: &'a [Bar],
}

const SPAN: u64 = 700_000;
const ROW: u64 = 42;
const PATTERNS: [&str; 6] = [
    "",
    "<path d=\"M0 0L8 8M-2 6L2 10M6 -2L10 2\" stroke=\"#FFFFFF\" stroke-width=\"1.5\"/>",
    "<circle cx=\"4\" cy=\"4\" r=\"1.6\" fill=\"#FFFFFF\"/>",
    "<path d=\"M0 4H8\" stroke=\"#FFFFFF\" stroke-width=\"1.5\"/>",
    "<path d=\"M4 0V8\" stroke=\"#FFFFFF\" stroke-width=\"1.5\"/>",
    "<path d=\"M0 8L8 0\" stroke=\"#FFFFFF\" stroke-width=\"1.5\"/>",
];

/// The picture and its legend. Each series has a colour and a pattern of its own.
pub fn bars(chart: &Bars<'_>) -> (String, String) {
    let length = |bar: &Bar| bar.parts.iter().fold(0_u64, |sum, part| sum.saturating_add(*part));
    let max = chart.bars.iter().map(length).max().unwrap_or(0);
    let (id, count) = (escape(chart.id), u64::try_from(chart.bars.len()).unwrap_or(0));
    let mut out = format!(
        "<svg class=\"bars\" viewBox=\"0 0 720 {height}\" role=\"img\" aria-labelledby=\"{id}-t\"><title id=\"{id}-t\">{title}</title><defs>",
        height = count * ROW + 8,
        title = escape(chart.title),
    );
    for ((colour, pattern), i) in SERIES.iter().zip(PATTERNS).zip(0..chart.series.len()) {
        out.extend([format!(
            "<pattern id=\"{id}-p{i}\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\"><rect width=\"8\" height=\"8\" fill=\"{colour}\"/>{pattern}</pattern>"
        )]);
    }
    out.push_str("</defs><g aria-hidden=\"true\">");
    for (i, bar) in (0_u64..).zip(chart.bars) {
        let top = i * ROW;
        out.extend([format!(
            "\n<text class=\"label\" x=\"10\" y=\"{y}\">{label}</text><text class=\"value\" x=\"710\" y=\"{y}\" text-anchor=\"end\">{sum}</text>",
            y = top + 18,
            label = escape(&bar.label),
            sum = grouped(bar.total),
        )]);
        let mut x = 10_000;
        for ((part, name), s) in bar.parts.iter().zip(chart.series).zip(0..SERIES.len()) {
            let width = share(*part, max, SPAN);
            out.extend([format!(
                "<rect class=\"mark\" x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"12\" fill=\"url(#{id}-p{s})\"><title>{label} · {name}: {n}</title></rect>",
                x = px(x),
                y = top + 24,
                w = px(width),
                label = escape(&bar.label),
                name = escape(name),
                n = grouped(*part),
            )]);
            x += width;
        }
        out.extend([format!("<line x1=\"10\" y1=\"{a}\" x2=\"10\" y2=\"{b}\" stroke=\"{INK}\"/>", a = top + 21, b = top + 39)]);
    }
    out.push_str("</g></svg>");
    (out, legend(&id, chart.series))
}

fn legend(id: &str, series: &[String]) -> String {
    if series.len() < 2 {
        return String::new();
    }
    let items = (0..SERIES.len()).zip(series).map(|(i, name)| {
        format!(
            "<li><svg class=\"key\" viewBox=\"0 0 16 16\" aria-hidden=\"true\"><rect width=\"16\" height=\"16\" fill=\"url(#{id}-p{i})\"/></svg>{}</li>",
            escape(name)
        )
    });
    format!("<ul class=\"legend\">{}</ul>", items.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stack_their_parts_in_order() {
        let data = [Bar { label: "a<b".into(), parts: vec![30, 10], total: 40 }, Bar { label: "c".into(), parts: vec![0, 20], total: 20 }];
        let series = ["x".to_owned(), "y".to_owned()];
        let (svg, legend) = bars(&Bars { id: "h", title: "t", series: &series, bars: &data });
        insta::assert_snapshot!(format!("{svg}\n{legend}"));
    }
}
