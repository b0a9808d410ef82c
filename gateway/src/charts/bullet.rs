//! Bullet chart: how far, how far by today, how far in all.

use super::{BORDER, INK, SERIES, SURFACE, escape, px, share};

/// One quantity against its target; all three in the same unit.
#[derive(Debug, Clone, Copy)]
pub struct Bullet<'a> {
    /// Unique in the page; prefix of the ids inside.
    pub id: &'a str,
    /// The whole statement in words, read out instead of the picture.
    pub title: &'a str,
    /// What has been reached.
    pub actual: u64,
    /// What the year asks for; none if no target is set.
    pub target: Option<u64>,
    /// Where one should be today.
    pub expected: Option<u64>,
}

const WIDTH: u64 = 320;
const SPAN: u64 = 300_000;

/// A track up to the target, the bar reached so far, a line at the target and a diamond where one should be today.
pub fn bullet(chart: &Bullet<'_>) -> String {
    let goal = chart.target.unwrap_or(0);
    let max = goal.max(chart.actual).max(chart.expected.unwrap_or(0)).max(1);
    let at = |value: u64| 10_000 + share(value, max, SPAN);
    let id = escape(chart.id);
    let mut out = format!(
        "<svg class=\"bullet\" viewBox=\"0 0 {WIDTH} 40\" role=\"img\" aria-labelledby=\"{id}-t\"><title id=\"{id}-t\">{title}</title>\
         <g aria-hidden=\"true\"><rect x=\"10\" y=\"12\" width=\"{track}\" height=\"18\" fill=\"{SURFACE}\" stroke=\"{BORDER}\"/>\
         <rect x=\"10\" y=\"16\" width=\"{bar}\" height=\"10\" fill=\"{fill}\"/>",
        title = escape(chart.title),
        track = px(share(if goal == 0 { max } else { goal }, max, SPAN)),
        // Without a target there is no share of it to show.
        bar = px(if goal == 0 { 0 } else { share(chart.actual, max, SPAN) }),
        fill = SERIES[0],
    );
    if chart.target.is_some() {
        let x = px(at(goal));
        out.extend([format!("<line x1=\"{x}\" y1=\"7\" x2=\"{x}\" y2=\"35\" stroke=\"{INK}\" stroke-width=\"3\"/>")]);
    }
    if let Some(expected) = chart.expected {
        let x = at(expected);
        out.extend([format!(
            "<path d=\"M{a} 6l5 -5l5 5l-5 5z\" fill=\"{c}\" stroke=\"#FFFFFF\"/><line x1=\"{b}\" y1=\"11\" x2=\"{b}\" y2=\"30\" stroke=\"{c}\" \
             stroke-width=\"2\" stroke-dasharray=\"3 2\"/>",
            a = px(x - 5_000),
            b = px(x),
            c = SERIES[1],
        )]);
    }
    out.push_str("</g></svg>");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bullet_draws_bar_target_and_todays_mark() {
        let chart = Bullet { id: "b", title: "A & B", actual: 40, target: Some(80), expected: Some(60) };
        insta::assert_snapshot!(bullet(&chart));
    }

    #[test]
    fn bullet_without_target_or_counts_still_draws() {
        let svg = bullet(&Bullet { id: "b", title: "none", actual: 7, target: None, expected: None });
        assert!(svg.contains("width=\"0\"") && !svg.contains("<path"));
    }
}
