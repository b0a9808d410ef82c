//! The frame around every chart: caption that states the finding, the picture, the same numbers as a table, a download.

use super::escape;

/// One cell of a data table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cell {
    /// What is written.
    pub text: String,
    /// Where the figure is explained, if anywhere.
    pub href: Option<String>,
}

impl Cell {
    /// A cell that leads nowhere.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), href: None }
    }

    /// A cell that leads to the explanation of its figure.
    pub fn linked(text: impl Into<String>, href: impl Into<String>) -> Self {
        Self { text: text.into(), href: Some(href.into()) }
    }

    fn html(&self) -> String {
        match &self.href {
            Some(href) => format!("<a href=\"{}\">{}</a>", escape(href), escape(&self.text)),
            None => escape(&self.text),
        }
    }
}

/// A row: its name, then figures.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// Name of the row, a row header.
    pub name: Cell,
    /// Figures, as many as the table has columns after the first.
    pub cells: Vec<Cell>,
}

/// The numbers of a chart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// Column names, the first one above the row names.
    pub head: Vec<String>,
    /// Rows in the order of the picture.
    pub rows: Vec<Row>,
    /// Whether it is seen before anybody unfolds it: then it says more than the picture.
    pub open: bool,
}

/// What stands around a picture.
#[derive(Debug, Clone, Copy)]
pub struct Figure<'a> {
    /// Unique in the page.
    pub id: &'a str,
    /// One sentence that states the finding.
    pub caption: &'a str,
    /// Label of the fold that holds the data table.
    pub data_label: &'a str,
    /// Label and address of the download.
    pub csv: Option<(&'a str, &'a str)>,
}

impl Figure<'_> {
    /// The whole figure; `picture` is markup from this module, `legend` is markup or empty.
    pub fn html(&self, picture: &str, legend: &str, table: &Table) -> String {
        let id = escape(self.id);
        let csv = self
            .csv
            .map_or_else(String::new, |(label, href)| format!("<a class=\"download\" href=\"{}\">{}</a>", escape(href), escape(label)));
        format!(
            "<figure class=\"chart\" id=\"{id}\"><figcaption>{caption}</figcaption>\n{picture}\n{legend}<details class=\"data\"{open}>\
             <summary>{label}</summary><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{label}: {caption}\">{table}</div>\
             </details>{csv}</figure>",
            caption = escape(self.caption),
            open = if table.open { " open" } else { "" },
            label = escape(self.data_label),
            table = table_html(table),
        )
    }
}

fn table_html(table: &Table) -> String {
    let mut out = String::from("<table><thead><tr>");
    for (i, name) in table.head.iter().enumerate() {
        let class = if i == 0 { "" } else { " class=\"num\"" };
        out.extend([format!("<th scope=\"col\"{class}>{}</th>", escape(name))]);
    }
    out.push_str("</tr></thead><tbody>");
    for row in &table.rows {
        out.extend([format!("\n<tr><th scope=\"row\">{}</th>", row.name.html())]);
        for cell in &row.cells {
            out.extend([format!("<td class=\"num\">{}</td>", cell.html())]);
        }
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table>");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_names_its_picture_and_table_and_escapes_every_text() {
        let bad = "<b>\"";
        let table = Table {
            head: vec![bad.into(); 2],
            rows: vec![Row { name: Cell::plain(bad), cells: vec![Cell::linked(bad, bad)] }],
            open: false,
        };
        let html = Figure { id: bad, caption: bad, data_label: bad, csv: Some((bad, bad)) }.html("<svg/>", "", &table);
        assert!(!html.contains(bad), "{html}");
        assert_eq!((html.matches("scope=\"col\"").count(), html.matches("scope=\"row\"").count()), (2, 1));
        assert!(html.find("<svg/>") < html.find("<details"), "the table follows the picture");
    }
}
