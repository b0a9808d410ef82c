//! Tile map of the reporting units: one equal tile per unit, roughly where it lies.
//!
//! Thirty-one provinces and the Xinjiang Production and Construction Corps report; Hong Kong, Macao and Taiwan do not take part
//! and are hatched. Below 600 px the page shows the ranked list instead.

use super::{BORDER, INK, RAMP, SURFACE, escape};

/// Where a unit stands in the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TilePlace {
    /// First two digits of GB/T 2260; `66` for the corps, which that standard does not list (ours, for this picture only).
    pub code: &'static str,
    /// One-character name.
    pub zh: &'static str,
    /// Two-letter name (ISO 3166-2:CN; `XB` is ours for the corps).
    pub en: &'static str,
    /// Column from the left.
    pub column: u16,
    /// Row from the top.
    pub row: u16,
    /// Takes part in the programme.
    pub reports: bool,
}

macro_rules! tiles {
    ($($code:literal $zh:literal $en:literal $column:literal $row:literal $reports:literal;)*) => {
        /// Every tile, in the order of the codes.
        pub const TILES: [TilePlace; 35] = [$(TilePlace { code: $code, zh: $zh, en: $en, column: $column, row: $row, reports: $reports }),*];
    };
}
tiles! {
    "11" "京" "BJ" 6 2 true;  "12" "津" "TJ" 7 2 true;  "13" "冀" "HE" 5 2 true;  "14" "晋" "SX" 4 2 true;  "15" "蒙" "NM" 5 1 true;
    "21" "辽" "LN" 7 1 true;  "22" "吉" "JL" 8 1 true;  "23" "黑" "HL" 8 0 true;  "31" "沪" "SH" 6 4 true;  "32" "苏" "JS" 5 4 true;
    "33" "浙" "ZJ" 5 5 true;  "34" "皖" "AH" 4 4 true;  "35" "闽" "FJ" 5 6 true;  "36" "赣" "JX" 4 5 true;  "37" "鲁" "SD" 5 3 true;
    "41" "豫" "HA" 4 3 true;  "42" "鄂" "HB" 3 4 true;  "43" "湘" "HN" 3 5 true;  "44" "粤" "GD" 4 6 true;  "45" "桂" "GX" 3 6 true;
    "46" "琼" "HI" 3 7 true;  "50" "渝" "CQ" 2 4 true;  "51" "川" "SC" 1 4 true;  "52" "贵" "GZ" 2 5 true;  "53" "滇" "YN" 1 5 true;
    "54" "藏" "XZ" 0 3 true;  "61" "陕" "SN" 3 3 true;  "62" "甘" "GS" 2 2 true;  "63" "青" "QH" 1 3 true;  "64" "宁" "NX" 3 2 true;
    "65" "新" "XJ" 0 2 true;  "66" "兵" "XB" 1 2 true;  "71" "台" "TW" 6 6 false; "81" "港" "HK" 5 7 false; "82" "澳" "MO" 4 7 false;
}

/// Step of the ramp, 0 (light) to 4 (dark); none where there is nothing to compare with.
pub type Band = Option<usize>;

/// The unit's step by the share of its target: below 50, 75, 90, 100 percent, and above.
pub fn band_of_percent(bp: Option<u64>) -> Band {
    bp.map(|bp| [5_000, 7_500, 9_000, 10_000].iter().filter(|limit| bp >= **limit).count())
}

/// Steps by counts: five equal parts of the greatest.
pub fn bands_of_counts(counts: &[u64]) -> Vec<Band> {
    let max = counts.iter().copied().max().unwrap_or(0).max(1);
    counts.iter().map(|count| (1..5_u64).filter(|part| count.saturating_mul(5) >= max.saturating_mul(*part)).count()).map(Some).collect()
}

/// One unit's figure.
#[derive(Debug, Clone)]
pub struct Tile {
    /// Code as in [`TILES`].
    pub code: String,
    /// The whole statement, read out and shown as a tooltip.
    pub title: String,
    /// The figure on the tile.
    pub value: String,
    /// Colour step.
    pub band: Band,
    /// Where the tile leads.
    pub href: String,
}

/// The map.
#[derive(Debug, Clone, Copy)]
pub struct TileMap<'a> {
    /// Unique in the page; prefix of the ids inside.
    pub id: &'a str,
    /// The finding in words.
    pub title: &'a str,
    /// Chinese one-character names; otherwise two letters.
    pub chinese: bool,
    /// Figures; a reporting unit without one is drawn empty.
    pub tiles: &'a [Tile],
    /// Names of the five steps, light to dark.
    pub band_names: [&'a str; 5],
    /// Words for "no target" and for "does not take part".
    pub other_names: [&'a str; 2],
}

const STEP_X: u16 = 72;
const STEP_Y: u16 = 62;

/// The picture (a group of links, so that each tile can be reached by keyboard) and its legend.
pub fn tile_map(map: &TileMap<'_>) -> (String, String) {
    let id = escape(map.id);
    let mut out = format!(
        "<svg class=\"tiles\" viewBox=\"0 0 652 500\" role=\"group\" aria-labelledby=\"{id}-t\"><title id=\"{id}-t\">{title}</title>\
         <defs><pattern id=\"{id}-h\" width=\"7\" height=\"7\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">\
         <rect width=\"7\" height=\"7\" fill=\"#FFFFFF\"/><rect width=\"2\" height=\"7\" fill=\"{BORDER}\"/></pattern></defs>",
        title = escape(map.title),
    );
    for place in &TILES {
        out.push('\n');
        out.push_str(&tile_svg(&id, map, *place));
    }
    out.push_str("</svg>");
    (out, legend(&id, map))
}

fn tile_svg(id: &str, map: &TileMap<'_>, place: TilePlace) -> String {
    let (x, y) = (place.column * STEP_X + 3, place.row * STEP_Y + 3);
    let name = if map.chinese { place.zh } else { place.en };
    let middle = x + 34;
    let box_with =
        |fill: &str| format!("<rect x=\"{x}\" y=\"{y}\" width=\"68\" height=\"58\" rx=\"3\" fill=\"{fill}\" stroke=\"{BORDER}\"/>");
    if !place.reports {
        return format!(
            "<g aria-hidden=\"true\"><title>{title}</title>{hatched}<rect x=\"{bx}\" y=\"{by}\" width=\"32\" height=\"26\" fill=\"#FFFFFF\"/>\
             <text class=\"name\" x=\"{middle}\" y=\"{ty}\" text-anchor=\"middle\" fill=\"{INK}\">{name}</text></g>",
            title = escape(map.other_names[1]),
            hatched = box_with(&format!("url(#{id}-h)")),
            bx = x + 18,
            by = y + 16,
            ty = y + 36,
        );
    }
    let tile = map.tiles.iter().find(|tile| tile.code == place.code);
    let (fill, ink) = tile.and_then(|tile| tile.band).and_then(|band| RAMP.get(band)).copied().unwrap_or((SURFACE, INK));
    let body = format!(
        "{rect}<text class=\"name\" x=\"{middle}\" y=\"{a}\" text-anchor=\"middle\" fill=\"{ink}\">{name}</text>\
         <text class=\"value\" x=\"{middle}\" y=\"{b}\" text-anchor=\"middle\" fill=\"{ink}\">{value}</text>",
        rect = box_with(fill),
        a = y + 26,
        b = y + 47,
        value = escape(tile.map_or("–", |tile| &tile.value)),
    );
    match tile {
        Some(tile) => format!(
            "<a class=\"tile\" href=\"{href}\" aria-label=\"{title}\" data-unit=\"{code}\" data-x=\"{column}\" data-y=\"{row}\">\
             <title>{title}</title>{body}</a>",
            href = escape(&tile.href),
            title = escape(&tile.title),
            code = place.code,
            column = place.column,
            row = place.row,
        ),
        None => format!("<g aria-hidden=\"true\">{body}</g>"),
    }
}

fn legend(id: &str, map: &TileMap<'_>) -> String {
    let hatch = format!("url(#{id}-h)");
    let steps = RAMP.iter().map(|(fill, _)| *fill).zip(map.band_names);
    let others = [SURFACE, hatch.as_str()].into_iter().zip(map.other_names);
    let items = steps.chain(others).map(|(fill, name)| {
        format!(
            "<li><svg class=\"key\" viewBox=\"0 0 16 16\" aria-hidden=\"true\"><rect width=\"16\" height=\"16\" fill=\"{fill}\" stroke=\"{BORDER}\"/></svg>{}</li>",
            escape(name)
        )
    });
    format!("<ul class=\"legend tiles-legend\">{}</ul>", items.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn tiles_hold_32_units_three_others_and_no_two_in_one_place() {
        assert_eq!(TILES.iter().filter(|tile| tile.reports).count(), 32);
        let places: BTreeSet<_> = TILES.iter().map(|tile| (tile.column, tile.row)).collect();
        let codes: BTreeSet<_> = TILES.iter().map(|tile| tile.code).collect();
        assert_eq!((places.len(), codes.len()), (TILES.len(), TILES.len()));
        assert!(TILES.iter().all(|tile| tile.column <= 8 && tile.row <= 7));
    }

    #[test]
    fn bands_split_at_their_limits() {
        assert_eq!([0, 4_999, 5_000, 7_500, 9_000, 10_000, 20_000].map(|bp| band_of_percent(Some(bp))), [0, 0, 1, 2, 3, 4, 4].map(Some));
        assert_eq!(band_of_percent(None), None);
        assert_eq!(bands_of_counts(&[0, 20, 50, 99, 100]), [0, 1, 2, 4, 4].map(Some));
    }

    #[test]
    fn a_tile_is_a_named_link_and_an_outsider_is_hatched() {
        let tiles =
            [Tile { code: "32".into(), title: "Jiangsu 91%".into(), value: "91%".into(), band: Some(3), href: "/?unit=32&x=1".into() }];
        let map = TileMap {
            id: "m",
            title: "t",
            chinese: false,
            tiles: &tiles,
            band_names: ["a", "b", "c", "d", "e"],
            other_names: ["none", "out"],
        };
        let (svg, legend) = tile_map(&map);
        assert!(svg.contains("<a class=\"tile\" href=\"/?unit=32&amp;x=1\" aria-label=\"Jiangsu 91%\""));
        assert_eq!((svg.matches("<a ").count(), svg.matches("fill=\"url(#m-h)\"").count(), legend.matches("<li>").count()), (1, 3, 7));
    }
}
