//! From a figure to a scene: where panels, labels and legends stand.

use super::axis::Mapping;
use super::dark::{self, in_theme};
use super::draw::{self, Frame};
use super::figure::Figure;
use super::font::Fonts;
use super::legend::{self, Block};
use super::resolve::Resolved;
use super::scene::{Align, Layer, Rect, Scene, Text, Weight};
use super::theme::*;
use super::ticks::{self, Ticks};
use crate::error::{Error, Result};

/// Shortest side of the area for data, in logical pixels.
const SHORTEST: f64 = 30.0;

pub(super) fn scene(figure: &Figure, panels: &[Resolved<'_>]) -> Result<Scene> {
    let fonts = Fonts::get()?;
    let columns = columns(figure)?;
    let rows = panels.len().div_ceil(columns);
    let gap = gap(figure);
    if let Some((width, height)) = figure.size {
        let millimetres = (width / MILLIMETRE, height / MILLIMETRE);
        if !(10.0..=1000.1).contains(&millimetres.0) || !(10.0..=1000.1).contains(&millimetres.1) {
            let size = format!("({}, {})", millimetres.0, millimetres.1);
            return Err(Error::parameter("size", size, "10 to 1000 mm each way"));
        }
    }
    let natural = figure.width.unwrap_or(if columns == 1 { COLUMN_WIDTH } else { PAGE_WIDTH });
    let width = figure.size.map_or(natural, |size| size.0);

    // Legends: one for the figure where the panels agree, else one for each panel.
    let names: Vec<_> = panels.iter().map(legend::entries).collect();
    let mut own: Vec<Option<Placed>> = vec![None; panels.len()];
    let mut common = None;
    let inside = width - 2.0 * MARGIN;
    let beside = if panels.iter().any(|resolved| resolved.panel.equal) { 0.0 } else { 0.31 };
    match legend::shared(&names, is_small(figure)) {
        // Equal axes make a panel as high as it is wide: there is more room below.
        Some(entries) => common = place(entries, fonts, inside, if columns == 1 { beside } else { 0.2 }),
        None => {
            let cell = (inside - gap * (columns - 1) as f64) / columns as f64;
            let fits = |entries: &Vec<_>| beside_fits(&Block::column(entries.clone(), fonts), cell, 0.31);
            // All on the same side: areas for data line up, and a single legend would cost all of them.
            let share = if names.iter().all(fits) { 0.31 } else { 0.0 };
            own = names.into_iter().map(|entries| place(entries, fonts, cell, share)).collect();
        }
    }

    let mut area = Rect { left: MARGIN, top: MARGIN, right: width - MARGIN, bottom: 0.0 };
    if !figure.title.is_empty() {
        area.top += TITLE_TEXT + 8.0;
    }
    let beside = match &common {
        Some(Placed::Right(block)) => block.width() + LEGEND_GAP,
        _ => 0.0,
    };
    let below = match &common {
        Some(Placed::Below(block)) => block.height() + LABEL_GAP,
        _ => 0.0,
    };
    area.right -= beside;
    let gaps = gap * (rows - 1) as f64;
    let legends = (0..rows).map(|row| own_below(&own, columns, row)).sum::<f64>();
    let high = |panel: f64| (area.top + rows as f64 * panel + gaps + legends + below + MARGIN).ceil();
    let laid = |height: f64| {
        let area = Rect { bottom: height - MARGIN - below, ..area };
        frames(panels, &cells(&area, (rows, columns), gap, panels.len()), &own, columns, fonts)
    };
    let panel = if columns < 3 { PANEL_HEIGHT } else { NARROW_PANEL_HEIGHT };
    let mut height = figure.size.map_or_else(|| high(panel), |size| size.1);
    let mut frames = laid(height)?;
    if figure.size.is_none() && panels.iter().any(|resolved| resolved.panel.equal) {
        // Once the width is known, the height that equal axes need.
        height = high((panel + missing_height(panels, &frames)).max(2.0 * SHORTEST));
        frames = laid(height)?;
    }
    equalise(panels, &mut frames, fonts);
    area.bottom = height - MARGIN - below;

    let mut layers = Vec::new();
    if !figure.title.is_empty() {
        let size = TITLE_TEXT;
        let text = fonts.shorten(&figure.title, size, inside);
        let mut layer = Layer::new("title");
        layer.texts.push(Text::new(text, (width / 2.0, MARGIN + size * 0.8), size, Align::Middle));
        layers.push(layer);
    }
    for ((resolved, frame), legend) in panels.iter().zip(&frames).zip(&own) {
        layers.extend(draw::panel(resolved, frame, fonts));
        match legend {
            Some(Placed::Right(block)) => {
                layers.push(block.draw(fonts, (frame.plot.right + LEGEND_GAP, frame.plot.top - 2.0)));
            }
            Some(Placed::Below(block)) => {
                let left = centred(&frame.plot, block.width(), &frame.cell);
                layers.push(block.draw(fonts, (left, frame.cell.bottom - block.height())));
            }
            None => {}
        }
    }
    let first = frames.first().map_or(area, |frame| frame.plot);
    match common {
        Some(Placed::Right(block)) => {
            layers.push(block.draw(fonts, (width - MARGIN - block.width(), first.top - 2.0)));
        }
        Some(Placed::Below(block)) => {
            let right = frames.iter().map(|frame| frame.plot.right).fold(first.right, f64::max);
            let page = Rect { left: MARGIN, right: width - MARGIN, ..area };
            let left = centred(&Rect { right, ..first }, block.width(), &page);
            layers.push(block.draw(fonts, (left, height - MARGIN - block.height())));
        }
        None => {}
    }
    Ok(in_theme(Scene { width, height, ground: WHITE, layers }, figure.theme.unwrap_or_else(dark::theme)))
}

/// A legend and its side.
#[derive(Clone, Debug)]
enum Placed {
    Right(Block),
    Below(Block),
}

/// Beside the data if that takes at most a share of the width, else below.
fn place(entries: Vec<legend::Entry>, fonts: &Fonts, width: f64, share: f64) -> Option<Placed> {
    if entries.is_empty() {
        return None;
    }
    let column = Block::column(entries.clone(), fonts);
    if beside_fits(&column, width, share) {
        return Some(Placed::Right(column));
    }
    Some(Placed::Below(Block::rows(entries, fonts, width)))
}

fn beside_fits(column: &Block, width: f64, share: f64) -> bool {
    column.width() <= share * width && column.height() <= PANEL_HEIGHT * 0.7
}

/// Left end of something `width` wide, centred on `on` but kept inside of `within`.
fn centred(on: &Rect, width: f64, within: &Rect) -> f64 {
    let left = (on.left + on.right - width) / 2.0;
    left.min(within.right - width).max(within.left)
}

fn columns(figure: &Figure) -> Result<usize> {
    let count = figure.panels.len();
    match figure.columns {
        Some(0) => Err(Error::parameter("columns", 0, "1 or more")),
        Some(columns) => Ok(columns.min(count)),
        // As many that a figure of square panels is as high as a page is beside its width.
        None if is_small(figure) => Ok(((0.78 * count as f64).sqrt().ceil() as usize).max(6).min(count)),
        None => Ok(match count {
            0..=3 => count,
            4 => 2,
            _ => 3,
        }),
    }
}

/// Whether all panels are small.
fn is_small(figure: &Figure) -> bool {
    figure.panels.iter().all(|panel| panel.small)
}

/// White space between panels.
fn gap(figure: &Figure) -> f64 {
    if is_small(figure) { SMALL_GAP } else { PANEL_GAP }
}

/// Height of the legends below the panels of a row.
fn own_below(own: &[Option<Placed>], columns: usize, row: usize) -> f64 {
    let heights = own.iter().skip(row * columns).take(columns).map(|legend| match legend {
        Some(Placed::Below(block)) => block.height() + LABEL_GAP,
        _ => 0.0,
    });
    heights.fold(0.0, f64::max)
}

fn cells(area: &Rect, (rows, columns): (usize, usize), gap: f64, count: usize) -> Vec<Rect> {
    let width = (area.width() - gap * (columns - 1) as f64) / columns as f64;
    let height = (area.height() - gap * (rows - 1) as f64) / rows as f64;
    (0..count)
        .map(|index| {
            let left = area.left + (index % columns) as f64 * (width + gap);
            let top = area.top + (index / columns) as f64 * (height + gap);
            Rect { left, top, right: left + width, bottom: top + height }
        })
        .collect()
}

/// Space around the area for data.
#[derive(Clone, Copy, Default)]
struct Margins {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

/// Frames with areas for data that line up along rows and columns.
fn frames(
    panels: &[Resolved<'_>],
    cells: &[Rect],
    own: &[Option<Placed>],
    columns: usize,
    fonts: &Fonts,
) -> Result<Vec<Frame>> {
    let mut vertical: Vec<Margins> = Vec::new();
    for (index, resolved) in panels.iter().enumerate() {
        let panel = resolved.panel;
        let row = index / columns;
        if panel.small {
            let top = if panel.title.is_empty() { 1.0 } else { SMALL_TITLE_TEXT + 2.0 };
            let bottom = own_below(own, columns, row).max(1.0);
            vertical.push(Margins { top, bottom, ..Margins::default() });
            continue;
        }
        let headed = panel.letter.is_some() || !panel.title.is_empty();
        let label = if panel.x.label.is_empty() { 0.0 } else { LABEL_GAP + LABEL_TEXT };
        vertical.push(Margins {
            top: if headed { LETTER_TEXT + 6.0 } else { 3.0 },
            bottom: MAJOR_TICK + TICK_GAP + 0.8 * TICK_TEXT + label + own_below(own, columns, row),
            ..Margins::default()
        });
    }
    let row_of = |index: usize| (0..panels.len()).filter(move |other| other / columns == index / columns);
    let column_of = |index: usize| (0..panels.len()).filter(move |other| other % columns == index % columns);
    let most = |indices: &mut dyn Iterator<Item = usize>, of: &dyn Fn(usize) -> f64| {
        indices.map(of).fold(0.0, f64::max)
    };

    // Rows first: the height decides how many y ticks there are, their labels decide the left margin.
    let mut plots: Vec<Rect> = Vec::new();
    let mut y_ticks: Vec<Ticks> = Vec::new();
    for (index, (resolved, cell)) in panels.iter().zip(cells).enumerate() {
        let top = most(&mut row_of(index), &|i| vertical.get(i).map_or(0.0, |m| m.top));
        let bottom = most(&mut row_of(index), &|i| vertical.get(i).map_or(0.0, |m| m.bottom));
        // Whole pixels keep spines sharp.
        let plot = Rect { top: (cell.top + top).round(), bottom: (cell.bottom - bottom).round(), ..*cell };
        y_ticks.push(beside(resolved, plot.height()));
        plots.push(plot);
    }
    let mut sides: Vec<Margins> = Vec::new();
    for ((resolved, ticks), legend) in panels.iter().zip(&y_ticks).zip(own) {
        let labels = ticks.major.iter().map(|(_, label)| fonts.width(label, TICK_TEXT, Weight::Regular));
        let label = if resolved.panel.y.label.is_empty() { 0.0 } else { LABEL_GAP + LABEL_TEXT };
        let legend = match legend {
            Some(Placed::Right(block)) => block.width() + LEGEND_GAP,
            _ => 0.0,
        };
        if resolved.panel.small {
            sides.push(Margins { right: legend, ..Margins::default() });
            continue;
        }
        sides.push(Margins {
            left: MAJOR_TICK + TICK_GAP + labels.fold(0.0, f64::max) + label,
            right: legend.max(3.0),
            ..Margins::default()
        });
    }

    // Columns: x labels may reach over the right end, which needs a margin, which moves the labels once more.
    let mut x_ticks: Vec<Ticks> = vec![Ticks::default(); panels.len()];
    for _ in 0..2 {
        let before = sides.clone();
        for (index, (resolved, cell)) in panels.iter().zip(cells).enumerate() {
            let left = most(&mut column_of(index), &|i| before.get(i).map_or(0.0, |m| m.left));
            let right = most(&mut column_of(index), &|i| before.get(i).map_or(0.0, |m| m.right));
            let Some(plot) = plots.get_mut(index) else { continue };
            plot.left = (cell.left + left).round();
            plot.right = (cell.right - right).round();
            let mapping = Mapping::new(resolved.panel.x.scale, resolved.x, (plot.left, plot.right));
            let ticks = fitting(resolved, &mapping, plot.width(), fonts);
            let overhang = ticks.major.last().map_or(0.0, |(value, label)| {
                mapping.at(*value) + fonts.width(label, TICK_TEXT, Weight::Regular) / 2.0 - plot.right
            });
            if let (Some(side), Some(kept)) = (sides.get_mut(index), x_ticks.get_mut(index)) {
                side.right = side.right.max(overhang);
                *kept = ticks;
            }
        }
    }

    let mut frames = Vec::new();
    for ((plot, cell), (x_ticks, y_ticks)) in
        plots.into_iter().zip(cells).zip(x_ticks.into_iter().zip(y_ticks))
    {
        if plot.width() < SHORTEST || plot.height() < SHORTEST {
            return Err(Error::Draw(format!(
                "labels and legends leave {:.0} × {:.0} mm of a panel for the data; give a larger with_size, \
                 fewer columns, or shorter names",
                plot.width().max(0.0) / MILLIMETRE,
                plot.height().max(0.0) / MILLIMETRE
            )));
        }
        let legend = own_below(own, columns, frames.len() / columns);
        frames.push(Frame { cell: *cell, plot, x_ticks, y_ticks, label_bottom: cell.bottom - legend });
    }
    Ok(frames)
}

/// Height of a plot for each unit of its width, where both axes have the same unit.
fn ratio(resolved: &Resolved<'_>) -> Option<f64> {
    let ratio = (resolved.y.1 - resolved.y.0) / (resolved.x.1 - resolved.x.0);
    (resolved.panel.equal && ratio.is_finite() && ratio > 0.0).then_some(ratio)
}

/// What the panel that needs most is short of, or has too much of where all have.
fn missing_height(panels: &[Resolved<'_>], frames: &[Frame]) -> f64 {
    let missing = |(resolved, frame): (&Resolved<'_>, &Frame)| match ratio(resolved) {
        Some(ratio) => frame.plot.width() * ratio - frame.plot.height(),
        None => 0.0,
    };
    let most = panels.iter().zip(frames).map(missing).fold(f64::NEG_INFINITY, f64::max);
    // A panel a thousand times as high as wide is shrunk to its width.
    most.clamp(-2.0 * PANEL_HEIGHT, 4.0 * PANEL_HEIGHT)
}

/// Makes plots smaller until a unit is as long on one axis as on the other.
fn equalise(panels: &[Resolved<'_>], frames: &mut [Frame], fonts: &Fonts) {
    for (resolved, frame) in panels.iter().zip(frames) {
        let Some(ratio) = ratio(resolved) else { continue };
        let plot = &mut frame.plot;
        if plot.width() * ratio > plot.height() {
            plot.right = plot.left + plot.height() / ratio;
        } else {
            plot.top = plot.bottom - plot.width() * ratio;
        }
        let mapping = Mapping::new(resolved.panel.x.scale, resolved.x, (plot.left, plot.right));
        frame.x_ticks = fitting(resolved, &mapping, plot.width(), fonts);
        frame.y_ticks = beside(resolved, plot.height());
    }
}

/// As many y ticks as a height has room for.
fn beside(resolved: &Resolved<'_>, height: f64) -> Ticks {
    match resolved.panel.small {
        true => Ticks::default(),
        false => ticks::of(&resolved.panel.y, resolved.y, (height / 22.0).clamp(2.0, 7.0) as usize),
    }
}

/// As many x ticks as have room for their labels.
fn fitting(resolved: &Resolved<'_>, mapping: &Mapping, width: f64, fonts: &Fonts) -> Ticks {
    if resolved.panel.small {
        return Ticks::default();
    }
    let mut many = (width / 32.0).clamp(2.0, 9.0) as usize;
    loop {
        let mut ticks = ticks::of(&resolved.panel.x, resolved.x, many);
        let crowded = |a: &(f64, String), b: &(f64, String)| {
            let half = |label: &str| fonts.width(label, TICK_TEXT, Weight::Regular) / 2.0;
            mapping.at(b.0) - mapping.at(a.0) < half(&a.1) + half(&b.1) + 6.0
        };
        if !ticks.major.windows(2).any(|pair| matches!(pair, [a, b] if crowded(a, b))) {
            return ticks;
        }
        if many == 2 {
            // Not even two fit: one label, and ticks without.
            ticks.minor.extend(ticks.major.drain(1..).map(|(value, _)| value));
            return ticks;
        }
        many -= 1;
    }
}
