//! Legends: what is in them, and how large they are. They stand beside or below the data, never on it.

use super::font::Fonts;
use super::geometry;
use super::resolve::Resolved;
use super::scene::{Align, Layer, Shape, Text, Weight};
use super::series::{Dash, Series};
use super::theme::*;

/// One row: a sample and its name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) name: String,
    sample: Sample,
}

#[derive(Clone, Debug, PartialEq)]
enum Sample {
    Line { color: Color, dash: Dash, width: f64, dot: Option<f64> },
    Dot { color: Color, radius: f64 },
    Band { color: Color, alpha: f64 },
}

/// Entries of a panel, in the order of its series.
pub(super) fn entries(resolved: &Resolved<'_>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for (series, part) in resolved.panel.series.iter().zip(&resolved.parts) {
        let hidden = matches!(series, Series::Line(line) if !line.in_legend);
        if hidden || series.name().is_empty() {
            continue;
        }
        let color = part.color();
        let sample = match series {
            Series::Line(line) => {
                let dot = line.markers.then_some(MARKER_POINTS * POINT / 2.0);
                Sample::Line { color, dash: line.dash, width: line.width * POINT, dot }
            }
            Series::Points(points) => Sample::Dot { color, radius: points.diameter * POINT / 2.0 },
            Series::Band(band) => Sample::Band { color, alpha: band.alpha },
            Series::Reference(it) => {
                Sample::Line { color, dash: it.dash, width: it.width * POINT, dot: None }
            }
            Series::Note(_) => continue,
        };
        let lost = if part.is_lost() { " (no data)" } else { "" };
        let entry = Entry { name: format!("{}{lost}", series.name()), sample };
        if !entries.contains(&entry) {
            entries.push(entry);
        }
    }
    entries
}

/// One legend for all panels, if no sample stands for two names and no name has two samples.
pub(super) fn shared(panels: &[Vec<Entry>]) -> Option<Vec<Entry>> {
    let mut all: Vec<Entry> = Vec::new();
    for entry in panels.iter().flatten() {
        if all.contains(entry) {
            continue;
        }
        if all.iter().any(|other| other.name == entry.name || other.sample == entry.sample) {
            return None;
        }
        all.push(entry.clone());
    }
    Some(all)
}

/// A legend set in columns.
#[derive(Clone, Debug)]
pub(super) struct Block {
    entries: Vec<Entry>,
    columns: usize,
    column_width: f64,
}

impl Block {
    /// One entry below the other.
    pub(super) fn column(entries: Vec<Entry>, fonts: &Fonts) -> Self {
        let column_width = widest(&entries, fonts);
        Self { entries, columns: 1, column_width }
    }

    /// As many columns as fit into `width`, and no more than fill the rows evenly.
    pub(super) fn rows(entries: Vec<Entry>, fonts: &Fonts, width: f64) -> Self {
        let column_width = widest(&entries, fonts).min(width);
        let fit = ((width + LEGEND_GAP) / (column_width + LEGEND_GAP)).floor().max(1.0) as usize;
        let rows = entries.len().div_ceil(fit).max(1);
        let columns = entries.len().div_ceil(rows).max(1);
        Self { entries, columns, column_width }
    }

    pub(super) fn width(&self) -> f64 {
        self.columns as f64 * (self.column_width + LEGEND_GAP) - LEGEND_GAP
    }

    pub(super) fn height(&self) -> f64 {
        self.entries.len().div_ceil(self.columns) as f64 * LEGEND_ROW
    }

    /// Draws the legend with its top left corner at `(left, top)`.
    pub(super) fn draw(&self, fonts: &Fonts, (left, top): (f64, f64)) -> Layer {
        let mut layer = Layer::new("legend");
        for (index, entry) in self.entries.iter().enumerate() {
            let (row, column) = (index / self.columns, index % self.columns);
            let x = left + column as f64 * (self.column_width + LEGEND_GAP);
            let middle = top + (row as f64 + 0.5) * LEGEND_ROW;
            draw_sample(&entry.sample, x, middle, &mut layer);
            let most = self.column_width - SAMPLE - SAMPLE_GAP + 0.1;
            layer.texts.push(Text::new(
                fonts.shorten(&entry.name, LEGEND_TEXT, most),
                // Half the height of a capital above the middle.
                (x + SAMPLE + SAMPLE_GAP, middle + 0.36 * LEGEND_TEXT),
                LEGEND_TEXT,
                Align::Start,
            ));
        }
        layer
    }
}

fn widest(entries: &[Entry], fonts: &Fonts) -> f64 {
    let names = entries.iter().map(|e| fonts.width(&e.name, LEGEND_TEXT, Weight::Regular));
    SAMPLE + SAMPLE_GAP + names.fold(0.0, f64::max)
}

fn draw_sample(sample: &Sample, x: f64, y: f64, layer: &mut Layer) {
    match *sample {
        Sample::Line { color, dash, width, dot } => {
            for points in geometry::dashes(&[(x, y), (x + SAMPLE, y)], dash, width) {
                layer.shapes.push(Shape::Stroke { points, width, color });
            }
            if let Some(radius) = dot {
                layer.shapes.push(Shape::Dot { center: (x + SAMPLE / 2.0, y), radius, color });
            }
        }
        Sample::Dot { color, radius } => {
            layer.shapes.push(Shape::Dot { center: (x + SAMPLE / 2.0, y), radius, color });
        }
        Sample::Band { color, alpha } => {
            let (top, bottom) = (y - 4.0, y + 4.0);
            let points = vec![(x, top), (x + SAMPLE, top), (x + SAMPLE, bottom), (x, bottom)];
            layer.shapes.push(Shape::Fill { points, color, alpha });
        }
    }
}
