//! A figure in words.

use super::axis::{Axis, Scale};
use super::figure::Figure;
use super::font::Fonts;
use super::resolve::{Part, Resolved};
use super::series::Series;
use std::collections::BTreeSet;

/// One line: the title, or the axes, and the number of panels.
pub(super) fn heading(figure: &Figure) -> String {
    let panels = match figure.panels.len() {
        1 => "1 panel".to_owned(),
        count => format!("{count} panels"),
    };
    if !figure.title.is_empty() {
        return one_line(&format!("Figure \"{}\": {panels}", figure.title));
    }
    let axes: Vec<String> =
        figure.panels.iter().map(|p| format!("{} against {}", p.y.label, p.x.label)).collect();
    one_line(&format!("Figure: {panels}: {}", axes.join("; ")))
}

/// The heading, then a line for each panel.
pub(super) fn text(figure: &Figure, panels: &[Resolved<'_>]) -> String {
    let mut lines = vec![heading(figure)];
    for (number, resolved) in panels.iter().enumerate() {
        lines.push(one_line(&panel(number, resolved)));
    }
    let missing = missing(figure);
    if !missing.is_empty() {
        lines.push(format!("not in the bundled font, drawn as boxes: {missing}"));
    }
    lines.join("\n")
}

fn panel(number: usize, resolved: &Resolved<'_>) -> String {
    let panel = resolved.panel;
    let name = panel.letter.map_or_else(|| format!("{}", number + 1), String::from);
    let title = if panel.title.is_empty() { String::new() } else { format!(" {}", panel.title) };
    let series: Vec<String> = panel
        .series
        .iter()
        .zip(&resolved.parts)
        .filter_map(|(series, part)| describe(series, part))
        .collect();
    format!(
        "[{name}]{title} x: {}; y: {}; {}",
        axis(&panel.x, resolved.x),
        axis(&panel.y, resolved.y),
        series.join("; ")
    )
}

fn axis(axis: &Axis, (low, high): (f64, f64)) -> String {
    let log = if axis.scale == Scale::Log { ", log" } else { "" };
    format!("{} ({} to {}{log})", axis.label, short(low), short(high))
}

fn describe(series: &Series, part: &Part) -> Option<String> {
    let name = if series.name().is_empty() { "unnamed" } else { series.name() };
    let kind = match series {
        Series::Line(_) => "line".to_owned(),
        Series::Curves(curves) => format!("{} curves", curves.lines.len()),
        Series::Points(_) => "points".to_owned(),
        Series::Band(_) => "band".to_owned(),
        Series::Histogram(it) => {
            let (low, high) = (it.edges.first().copied(), it.edges.last().copied());
            let (low, high) = (low.unwrap_or(f64::NAN), high.unwrap_or(f64::NAN));
            let most = it.heights.iter().copied().fold(f64::NAN, f64::max);
            let (low, high, most) = (short(low), short(high), short(most));
            return Some(format!(
                "histogram `{name}`: {} bins, {low} to {high}, up to {most}",
                it.heights.len()
            ));
        }
        Series::Heatmap(map) => {
            let ((rows, columns), (low, high)) = (map.values.dim(), map.limits());
            let mut text = format!("heat map `{name}`: {rows} x {columns} values");
            if part.kept > 0 {
                text.push_str(&format!(", {} to {}", short(low), short(high)));
            }
            if part.not_finite > 0 {
                text.push_str(&format!(", left out {}", part.losses()));
            }
            return Some(text);
        }
        Series::Regions(map) => {
            let (rows, columns) = map.labels.dim();
            let mut text = format!("regions: {rows} x {columns} labels");
            for (index, (name, _)) in map.regions.iter().enumerate() {
                let name = if name.is_empty() { format!("{}", index + 1) } else { format!("`{name}`") };
                text.push_str(&format!(", {name} {} %", short(round(map.share(index)))));
            }
            let unknown = map.labels.len() - map.known();
            if unknown > 0 {
                text.push_str(&format!(", {unknown} without a region"));
            }
            return Some(text);
        }
        Series::Reference(_) => return Some(format!("reference `{name}`{}", outside(part))),
        Series::Note(note) => return Some(format!("note `{}`{}", note.text, outside(part))),
    };
    let mut text = format!("{kind} `{name}`: {} points", part.kept);
    if let Some((low, high)) = part.y {
        text.push_str(&format!(", y {} to {}", short(low), short(high)));
    }
    if part.kept < part.given() {
        text.push_str(&format!(", left out {}", part.losses()));
    }
    if part.outside > 0 {
        text.push_str(&format!(", {} outside of the axes", part.outside));
    }
    Some(text)
}

fn outside(part: &Part) -> &'static str {
    if part.outside > 0 { ", outside of the axes" } else { "" }
}

/// To a hundredth.
fn round(value: f64) -> f64 {
    (100.0 * value).round() / 100.0
}

/// About four digits.
pub(super) fn short(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-3..1e5).contains(&size) {
        return format!("{value:.2e}");
    }
    let text = format!("{value:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// The kernel reads its cells' output line by line: a name must not start a line of its own.
pub(super) fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

/// Characters of labels and names that the bundled font lacks.
fn missing(figure: &Figure) -> String {
    let mut texts: Vec<&str> = vec![&figure.title];
    for panel in &figure.panels {
        texts.extend([panel.title.as_str(), &panel.x.label, &panel.y.label]);
        texts.extend(panel.x.names.iter().chain(&panel.y.names).map(String::as_str));
        texts.extend(panel.series.iter().map(|series| match series {
            Series::Note(note) => note.text.as_str(),
            other => other.name(),
        }));
        texts.extend(panel.series.iter().flat_map(|series| match series {
            Series::Regions(map) => map.regions.iter().map(|(name, _)| name.as_str()).collect(),
            _ => Vec::new(),
        }));
    }
    missing_of(&texts)
}

pub(super) fn missing_of(texts: &[&str]) -> String {
    let Ok(fonts) = Fonts::get() else { return String::new() };
    let all: BTreeSet<char> = texts.iter().flat_map(|text| text.chars()).collect();
    all.into_iter().filter(|&c| !c.is_control() && !fonts.has(c)).collect()
}
