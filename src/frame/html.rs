//! A frame as an HTML table.

use crate::display::escape_html;
use polars::prelude::{AnyValue, Column, DataFrame};

/// Rows or columns that are shown from each end.
const END: usize = 10;
/// Characters of a text that are shown.
const TEXT: usize = 100;

const RIGHT: &str = " style=\"text-align: right\"";
const LEFT: &str = " style=\"text-align: left\"";

/// The table, below it its size, which opens to a summary of the columns where not all rows are shown.
pub(super) fn shown(frame: &DataFrame, summary: Option<&DataFrame>) -> String {
    let (rows, columns) = frame.shape();
    let size = format!("{rows} rows x {columns} columns");
    match summary {
        Some(summary) if rows > 2 * END => {
            format!(
                "{}<details><summary><small>{size}</small></summary>\n{}</details>",
                table(frame),
                table(summary)
            )
        }
        _ => format!("{}<small>{size}</small>", table(frame)),
    }
}

/// Names and types, the first and the last rows and columns.
fn table(frame: &DataFrame) -> String {
    let columns = frame.columns();
    let shown = ends(columns.len());
    let mut html = String::from("<table>\n<thead>\n<tr>");
    for &index in &shown {
        match index.and_then(|index| columns.get(index)) {
            Some(column) => html.push_str(&format!(
                "<th{}>{}<br><small>{}</small></th>",
                align(column),
                escape_html(column.name()),
                escape_html(&column.dtype().to_string())
            )),
            None => html.push_str("<th>…</th>"),
        }
    }
    html.push_str("</tr>\n</thead>\n<tbody>\n");
    for row in ends(frame.height()) {
        html.push_str("<tr>");
        for &index in &shown {
            match (row, index.and_then(|index| columns.get(index))) {
                (Some(row), Some(column)) => {
                    html.push_str(&format!("<td{}>{}</td>", align(column), cell(column, row)));
                }
                (None, Some(column)) => html.push_str(&format!("<td{}>…</td>", align(column))),
                (_, None) => html.push_str("<td>…</td>"),
            }
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody>\n</table>\n");
    html
}

/// All of `0..n`, or the first and the last with `None` between them.
fn ends(n: usize) -> Vec<Option<usize>> {
    if n <= 2 * END {
        return (0..n).map(Some).collect();
    }
    (0..END).map(Some).chain([None]).chain((n - END..n).map(Some)).collect()
}

fn align(column: &Column) -> &'static str {
    if column.dtype().is_primitive_numeric() { RIGHT } else { LEFT }
}

fn cell(column: &Column, row: usize) -> String {
    match column.get(row) {
        // Greyed, so that it is not taken for a text.
        Ok(AnyValue::Null) | Err(_) => "<span style=\"color: gray\">null</span>".to_owned(),
        Ok(AnyValue::String(text)) => escape_html(&shorten(text)),
        Ok(AnyValue::StringOwned(text)) => escape_html(&shorten(&text)),
        Ok(value) => escape_html(&shorten(&value.to_string())),
    }
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(TEXT) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
