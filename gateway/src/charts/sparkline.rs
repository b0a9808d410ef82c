//! Sparkline: the shape of a short series, without axes.

use super::{SERIES, escape, px, share};

const WIDTH: u64 = 120_000;
const HEIGHT: u64 = 24_000;

/// A line from the first to the last value on a zero baseline, with a dot at the last; empty for fewer than two values.
pub fn sparkline(id: &str, title: &str, values: &[u64]) -> String {
    let Some((last, steps)) = values.last().zip(values.len().checked_sub(1).filter(|steps| *steps > 0)) else {
        return String::new();
    };
    let max = values.iter().copied().max().unwrap_or(1);
    let y = |value: u64| 2_000 + HEIGHT - share(value, max, HEIGHT);
    let points: Vec<String> = (0_u64..)
        .zip(values)
        .map(|(i, value)| format!("{},{}", px(2_000 + share(i, u64::try_from(steps).unwrap_or(1), WIDTH)), px(y(*value))))
        .collect();
    let id = escape(id);
    format!(
        "<svg class=\"spark\" viewBox=\"0 0 126 28\" role=\"img\" aria-labelledby=\"{id}-t\"><title id=\"{id}-t\">{title}</title>\
         <polyline points=\"{points}\" fill=\"none\" stroke=\"{c}\" stroke-width=\"2\"/><circle cx=\"122\" cy=\"{end}\" r=\"3\" fill=\"{c}\"/></svg>",
        title = escape(title),
        points = points.join(" "),
        end = px(y(*last)),
        c = SERIES[0],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sparkline_spans_the_width_and_needs_two_values() {
        assert_eq!(sparkline("s", "t", &[7]), "");
        let svg = sparkline("s", "t", &[0, 5, 10]);
        assert!(svg.contains("points=\"2,26 62,14 122,2\""), "{svg}");
    }
}
