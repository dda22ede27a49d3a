//! Legends: what is in them, and how large they are. They stand beside or below the data, never on it.

use super::color_map::ColorMap;
use super::font::Fonts;
use super::geometry;
use super::marker::{self, Filling, Marker};
use super::resolve::Resolved;
use super::scene::{Align, Layer, Shape, Text, Weight, edges};
use super::series::{Dash, Series};
use super::summary::short;
use super::theme::*;

/// One row: a sample and its name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) name: String,
    sample: Sample,
}

#[derive(Clone, Debug, PartialEq)]
enum Sample {
    Line { color: Color, dash: Dash, width: f64, dot: Option<f64>, arrow: bool },
    Dot { color: Color, diameter: f64, marker: Marker, filling: Filling },
    Band { color: Color, alpha: f64 },
    Steps { color: Color, dash: Dash, width: f64, alpha: f64 },
    Colors { map: ColorMap, limits: (f64, f64) },
}

/// Entries of a panel, in the order of its series; reference lines come last.
pub(super) fn entries(resolved: &Resolved<'_>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut references: Vec<Entry> = Vec::new();
    for (series, part) in resolved.panel.series.iter().zip(&resolved.parts) {
        if let Series::Regions(map) = series {
            for (name, color) in map.regions.iter().filter(|(name, _)| !name.is_empty()) {
                let entry = Entry { name: name.clone(), sample: Sample::Band { color: *color, alpha: 1.0 } };
                if !entries.contains(&entry) {
                    entries.push(entry);
                }
            }
        }
        let hidden = matches!(series, Series::Line(line) if !line.in_legend);
        if hidden || series.name().is_empty() {
            continue;
        }
        let lost = if part.is_lost() { " (no data)" } else { "" };
        let mut name = format!("{}{lost}", series.name());
        let color = part.color();
        let (list, sample) = match series {
            Series::Line(line) => {
                let dot = line.markers.then_some(MARKER_POINTS * POINT / 2.0);
                let width = line.width * POINT;
                (&mut entries, Sample::Line { color, dash: part.dash, width, dot, arrow: false })
            }
            Series::Curves(it) => {
                let (dash, width, arrow) = (part.dash, it.width * POINT, it.arrows);
                (&mut entries, Sample::Line { color, dash, width, dot: None, arrow })
            }
            Series::Points(points) => {
                let (marker, filling) = (points.marker, points.filling);
                (&mut entries, Sample::Dot { color, diameter: points.diameter * POINT, marker, filling })
            }
            Series::Band(band) => (&mut entries, Sample::Band { color, alpha: band.alpha }),
            Series::Histogram(it) => {
                let (dash, width, alpha) = (part.dash, it.width * POINT, it.alpha);
                (&mut entries, Sample::Steps { color, dash, width, alpha })
            }
            Series::Heatmap(it) => {
                let limits = it.limits();
                if !part.is_lost() {
                    name = format!("{name}, {} to {}", minus(short(limits.0)), minus(short(limits.1)));
                }
                (&mut entries, Sample::Colors { map: it.map, limits })
            }
            Series::Reference(it) => {
                let width = it.width * POINT;
                (&mut references, Sample::Line { color, dash: it.dash, width, dot: None, arrow: false })
            }
            Series::Regions(_) | Series::Note(_) => continue,
        };
        let entry = Entry { name, sample };
        if !list.contains(&entry) {
            list.push(entry);
        }
    }
    entries.extend(references);
    entries
}

/// With a minus sign instead of the hyphen of the summary.
fn minus(number: String) -> String {
    number.replace('-', "−")
}

/// One legend for all panels, if they have entries in common (`small` panels need none), no sample stands for two names, and no
/// name has two samples. Of small panels, of which none has all entries, they are in an order that every panel has.
pub(super) fn shared(panels: &[Vec<Entry>], small: bool) -> Option<Vec<Entry>> {
    let mut all: Vec<Entry> = Vec::new();
    for panel in panels {
        if !small && !all.is_empty() && !panel.is_empty() && !panel.iter().any(|entry| all.contains(entry)) {
            return None;
        }
        for (index, entry) in panel.iter().enumerate() {
            if all.contains(entry) {
                continue;
            }
            if all.iter().any(|other| other.name == entry.name || other.sample == entry.sample) {
                return None;
            }
            let later = panel.iter().skip(index).filter(|_| small);
            let before = later.filter_map(|next| all.iter().position(|known| known == next)).min();
            all.insert(before.unwrap_or(all.len()), entry.clone());
        }
    }
    Some(all)
}

/// A legend set in columns, filled row by row.
#[derive(Clone, Debug)]
pub(super) struct Block {
    entries: Vec<Entry>,
    /// Width of each column; one at least.
    columns: Vec<f64>,
}

impl Block {
    /// One entry below the other.
    pub(super) fn column(entries: Vec<Entry>, fonts: &Fonts) -> Self {
        let columns = widths(&entries, 1, fonts);
        Self { entries, columns }
    }

    /// As many columns as fit into `width`, and no more than fill the rows evenly.
    pub(super) fn rows(entries: Vec<Entry>, fonts: &Fonts, width: f64) -> Self {
        let fits = |count: &usize| total(&widths(&entries, *count, fonts)) <= width;
        let most = (1..=entries.len()).rev().find(fits).unwrap_or(1);
        let rows = entries.len().div_ceil(most).max(1);
        let mut columns = widths(&entries, entries.len().div_ceil(rows).max(1), fonts);
        if let [only] = columns.as_mut_slice() {
            *only = only.min(width);
        }
        Self { entries, columns }
    }

    pub(super) fn width(&self) -> f64 {
        total(&self.columns)
    }

    pub(super) fn height(&self) -> f64 {
        self.entries.len().div_ceil(self.columns.len()) as f64 * LEGEND_ROW
    }

    /// Draws the legend with its top left corner at `(left, top)`.
    pub(super) fn draw(&self, fonts: &Fonts, (left, top): (f64, f64)) -> Layer {
        let mut layer = Layer::new("legend");
        let mut x = left;
        for (index, entry) in self.entries.iter().enumerate() {
            let (row, column) = (index / self.columns.len(), index % self.columns.len());
            if column == 0 {
                x = left;
            }
            let width = self.columns.get(column).copied().unwrap_or_default();
            let middle = top + (row as f64 + 0.5) * LEGEND_ROW;
            draw_sample(&entry.sample, x, middle, &mut layer);
            let most = width - SAMPLE - SAMPLE_GAP + 0.1;
            layer.texts.push(Text::new(
                fonts.shorten(&entry.name, LEGEND_TEXT, most),
                // Half the height of a capital above the middle.
                (x + SAMPLE + SAMPLE_GAP, middle + 0.36 * LEGEND_TEXT),
                LEGEND_TEXT,
                Align::Start,
            ));
            x += width + LEGEND_GAP;
        }
        layer
    }
}

/// Widths of `count` columns that hold all names.
fn widths(entries: &[Entry], count: usize, fonts: &Fonts) -> Vec<f64> {
    let mut columns = vec![0.0f64; count];
    for row in entries.chunks(count) {
        for (column, entry) in columns.iter_mut().zip(row) {
            let name = fonts.width(&entry.name, LEGEND_TEXT, Weight::Regular);
            *column = column.max(SAMPLE + SAMPLE_GAP + name);
        }
    }
    columns
}

fn total(columns: &[f64]) -> f64 {
    columns.iter().sum::<f64>() + LEGEND_GAP * columns.len().saturating_sub(1) as f64
}

fn draw_sample(sample: &Sample, x: f64, y: f64, layer: &mut Layer) {
    match *sample {
        Sample::Line { color, dash, width, dot, arrow } => {
            let line = [(x, y), (x + SAMPLE, y)];
            for points in geometry::dashes(&line, dash, width) {
                layer.shapes.push(Shape::Stroke { points, width, color });
            }
            let heads = if arrow { geometry::arrowheads(&line, 3.4 * width + 2.6) } else { Vec::new() };
            layer.shapes.extend(heads.into_iter().map(|points| Shape::Fill { points, color, alpha: 1.0 }));
            if let Some(radius) = dot {
                layer.shapes.push(Shape::Dot { center: (x + SAMPLE / 2.0, y), radius, color });
            }
        }
        Sample::Dot { color, diameter, marker, filling } => {
            let center = (x + SAMPLE / 2.0, y);
            layer.shapes.extend(marker::shapes((marker, filling), center, diameter, color));
        }
        Sample::Colors { map, .. } => {
            const STEPS: usize = 36;
            let color = |step: usize| Some(map.at((step as f64 + 0.5) / STEPS as f64));
            layer.shapes.push(Shape::Raster {
                x: edges(x, x + SAMPLE, STEPS),
                y: vec![y - 4.0, y + 4.0],
                colors: (0..STEPS).map(color).collect(),
                tints: false,
            });
        }
        Sample::Steps { color, dash, width, alpha } => {
            let (top, bottom) = (y - 4.0, y + 4.0);
            let points = vec![(x, top), (x + SAMPLE, top), (x + SAMPLE, bottom), (x, bottom)];
            layer.shapes.push(Shape::Fill { points, color, alpha });
            for points in geometry::dashes(&[(x, top), (x + SAMPLE, top)], dash, width) {
                layer.shapes.push(Shape::Stroke { points, width, color });
            }
        }
        Sample::Band { color, alpha } => {
            let (top, bottom) = (y - 4.0, y + 4.0);
            let points = vec![(x, top), (x + SAMPLE, top), (x + SAMPLE, bottom), (x, bottom)];
            layer.shapes.push(Shape::Fill { points, color, alpha });
        }
    }
}
