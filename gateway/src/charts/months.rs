//! Column chart over the months of a year.

use super::{GRID, INK, SERIES, escape, grouped, nice_ceiling, px, share};

/// One month.
#[derive(Debug, Clone)]
pub struct Month {
    /// Short name under the axis.
    pub label: String,
    /// The count.
    pub value: u64,
    /// Not over yet: drawn hatched, because a short column would read as a bad month.
    pub open: bool,
}

/// A year of months.
#[derive(Debug, Clone, Copy)]
pub struct Months<'a> {
    /// Unique in the page; prefix of the ids inside.
    pub id: &'a str,
    /// The finding in words.
    pub title: &'a str,
    /// Columns from left to right.
    pub months: &'a [Month],
}

const LEFT: u64 = 70_000;
const SPAN: u64 = 640_000;
const TOP: u64 = 24_000;
const HEIGHT: u64 = 190_000;

/// Columns on a zero baseline with four grid lines; each column carries its number and a tooltip.
pub fn months(chart: &Months<'_>) -> String {
    let max = nice_ceiling(chart.months.iter().map(|m| m.value).max().unwrap_or(0));
    let count = u64::try_from(chart.months.len()).unwrap_or(1).max(1);
    let (step, id) = (SPAN / count, escape(chart.id));
    let mut out = format!(
        "<svg class=\"months\" viewBox=\"0 0 720 250\" role=\"img\" aria-labelledby=\"{id}-t\"><title id=\"{id}-t\">{title}</title>\
         <defs><pattern id=\"{id}-h\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">\
         <rect width=\"6\" height=\"6\" fill=\"#FFFFFF\"/><rect width=\"3\" height=\"6\" fill=\"{c}\"/></pattern></defs><g aria-hidden=\"true\">",
        title = escape(chart.title),
        c = SERIES[0],
    );
    for quarter in 0..=4 {
        let y = TOP + HEIGHT - share(quarter, 4, HEIGHT);
        let (y_line, y_text) = (px(y), px(y + 5_000));
        let stroke = if quarter == 0 { INK } else { GRID };
        out.extend([format!(
            "\n<line x1=\"{x}\" y1=\"{y_line}\" x2=\"710\" y2=\"{y_line}\" stroke=\"{stroke}\"/><text class=\"axis\" x=\"62\" y=\"{y_text}\" \
             text-anchor=\"end\">{}</text>",
            grouped(max / 4 * quarter),
            x = px(LEFT),
        )]);
    }
    for (i, month) in (0_u64..).zip(chart.months) {
        let height = share(month.value, max, HEIGHT);
        let (x, y) = (LEFT + i * step + step / 6, TOP + HEIGHT - height);
        let middle = px(LEFT + i * step + step / 2);
        let fill = if month.open { format!("url(#{id}-h)") } else { SERIES[0].to_owned() };
        out.extend([format!(
            "\n<g class=\"mark\"><title>{label}: {value}</title><rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" fill=\"{fill}\" stroke=\"{c}\"/>\
             <text class=\"value\" x=\"{middle}\" y=\"{above}\" text-anchor=\"middle\">{shown}</text>\
             <text class=\"axis\" x=\"{middle}\" y=\"236\" text-anchor=\"middle\">{label}</text></g>",
            label = escape(&month.label),
            value = grouped(month.value),
            shown = if month.value == 0 { String::new() } else { grouped(month.value) },
            x = px(x),
            y = px(y),
            w = px(step * 2 / 3),
            h = px(height),
            above = px(y.saturating_sub(6_000)),
            c = SERIES[0],
        )]);
    }
    out.push_str("</g></svg>");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_draw_columns_and_hatch_the_open_one() {
        let data = [
            Month { label: "1".into(), value: 50, open: false },
            Month { label: "2".into(), value: 0, open: false },
            Month { label: "3".into(), value: 12, open: true },
        ];
        insta::assert_snapshot!(months(&Months { id: "m", title: "t", months: &data }));
    }
}
