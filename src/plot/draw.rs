//! One panel as shapes and text.

use super::axis::Mapping;
use super::font::Fonts;
use super::geometry::{arrowheads, clip_line, clip_polygon, dashes, thin_dots, thin_line};
use super::marker;
use super::resolve::{Part, Resolved, Run, places};
use super::scene::{Align, Layer, Point, Rect, Shape, Text, Weight, edges};
use super::series::{Course, Dash, Series};
use super::theme::*;
use super::ticks::Ticks;

/// A panel's place on the page.
pub(super) struct Frame {
    /// All of the panel, with its labels.
    pub(super) cell: Rect,
    /// The area for data.
    pub(super) plot: Rect,
    pub(super) x_ticks: Ticks,
    pub(super) y_ticks: Ticks,
    /// Below the x label.
    pub(super) label_bottom: f64,
}

/// Layers of a panel: bands and heat maps, the axes above them, every other series above those, then title and letter.
///
/// What fills an area would hide half a spine where it ends there; a line or a dot on a spine must show.
pub(super) fn panel(resolved: &Resolved<'_>, frame: &Frame, fonts: &Fonts) -> Vec<Layer> {
    let plot = &frame.plot;
    let x = Mapping::new(resolved.panel.x.scale, resolved.x, (plot.left, plot.right));
    let y = Mapping::new(resolved.panel.y.scale, resolved.y, (plot.bottom, plot.top));
    let mut fills = Vec::new();
    let mut others = vec![axes(resolved, frame, (&x, &y), fonts)];
    for (series, part) in resolved.panel.series.iter().zip(&resolved.parts) {
        let layer = draw(series, part, resolved, frame, (&x, &y), fonts);
        let fill = matches!(
            series,
            Series::Band(_) | Series::Histogram(_) | Series::Heatmap(_) | Series::Regions(_)
        );
        if fill { fills.push(layer) } else { others.push(layer) }
    }
    others.push(heading(resolved, frame, fonts));
    fills.append(&mut others);
    fills
}

fn draw(
    series: &Series,
    part: &Part,
    resolved: &Resolved<'_>,
    frame: &Frame,
    (x, y): (&Mapping, &Mapping),
    fonts: &Fonts,
) -> Layer {
    let mut layer = Layer::new(if series.name().is_empty() { "series" } else { series.name() });
    let plot = &frame.plot;
    let color = part.color();
    let dot = |center: Point, diameter: f64| Shape::Dot { center, radius: diameter * POINT / 2.0, color };
    match series {
        Series::Line(line) => {
            for run in &part.runs {
                let points: Vec<Point> = run.iter().map(|p| (x.at(p.x), y.at(p.low))).collect();
                stroke(&thin_line(&points), part.dash, line.width * POINT, color, plot, &mut layer);
                if line.markers || run.len() == 1 {
                    let diameter = MARKER_POINTS.max(1.5 * line.width);
                    let dots = thin_dots(&visible(run, (x, y)), diameter * POINT);
                    layer.shapes.extend(dots.into_iter().map(|center| dot(center, diameter)));
                }
            }
        }
        Series::Curves(curves) => {
            let width = curves.width * POINT;
            for run in &part.runs {
                let points: Vec<Point> = run.iter().map(|p| (x.at(p.x), y.at(p.low))).collect();
                stroke(&thin_line(&points), part.dash, width, color, plot, &mut layer);
                if curves.arrows {
                    let heads = clip_line(&points, plot);
                    let heads = heads.iter().flat_map(|part| arrowheads(part, 3.4 * width + 2.6));
                    layer.shapes.extend(heads.map(|points| Shape::Fill { points, color, alpha: 1.0 }));
                }
            }
        }
        Series::Points(points) => {
            let all: Vec<Point> = part.runs.iter().flat_map(|run| visible(run, (x, y))).collect();
            let dots = thin_dots(&all, points.diameter * POINT);
            let kind = (points.marker, points.filling);
            let shapes = |center| marker::shapes(kind, center, points.diameter * POINT, color);
            layer.shapes.extend(dots.into_iter().flat_map(shapes));
        }
        Series::Band(band) => {
            for run in &part.runs {
                layer.shapes.extend(area(run, (x, y), resolved, plot, (color, band.alpha)));
            }
        }
        Series::Histogram(histogram) => {
            let width = histogram.width * POINT;
            for run in &part.runs {
                layer.shapes.extend(area(run, (x, y), resolved, plot, (color, histogram.alpha)));
                // Bins without height have no outline, which would lie on the axis.
                for bins in run.split(|p| p.high == 0.0).filter(|bins| !bins.is_empty()) {
                    let mut tops: Vec<Point> = bins.iter().map(|p| (x.at(p.x), y.at(p.high))).collect();
                    let (first, last) = (tops.first().map(|p| p.0), tops.last().map(|p| p.0));
                    tops.insert(0, (first.unwrap_or(plot.left), plot.bottom));
                    tops.push((last.unwrap_or(plot.right), plot.bottom));
                    stroke(&thin_line(&tops), part.dash, width, color, plot, &mut layer);
                }
            }
        }
        Series::Heatmap(map) => {
            let places = ((x.at(map.x.0), x.at(map.x.1)), (y.at(map.y.1), y.at(map.y.0)));
            layer.shapes.push(cells(map.values.dim(), places, plot, map.colors(), false));
        }
        Series::Regions(map) => {
            let places = ((x.at(map.x.0), x.at(map.x.1)), (y.at(map.y.1), y.at(map.y.0)));
            layer.shapes.push(cells(map.labels.dim(), places, plot, map.colors(), true));
        }
        Series::Reference(reference) => {
            let points: Vec<Point> = course(reference.course, resolved, (x, y))
                .into_iter()
                .map(|(u, v)| (x.at(u), y.at(v)))
                .collect();
            stroke(&points, reference.dash, reference.width * POINT, color, plot, &mut layer);
        }
        Series::Note(note) => {
            if x.contains(note.x) && y.contains(note.y) {
                // A long text begins further left rather than leave the figure.
                let width = fonts.width(&note.text, LEGEND_TEXT, Weight::Regular);
                let at = (x.at(note.x).min(frame.cell.right - width).max(frame.cell.left), y.at(note.y));
                let text = Text::new(note.text.clone(), at, LEGEND_TEXT, Align::Start);
                layer.texts.push(Text { color, ..text });
            }
        }
    }
    layer
}

/// The area between both edges of a run.
fn area(
    run: &Run,
    (x, y): (&Mapping, &Mapping),
    resolved: &Resolved<'_>,
    plot: &Rect,
    (color, alpha): (Color, f64),
) -> Option<Shape> {
    // What a log axis cannot show of the lower edge reaches below the axis, and is cut there.
    let low = |v: f64| if resolved.panel.y.shows(v) { y.at(v) } else { plot.bottom + 1.0 };
    let upper: Vec<Point> = run.iter().map(|p| (x.at(p.x), y.at(p.high))).collect();
    let lower: Vec<Point> = run.iter().rev().map(|p| (x.at(p.x), low(p.low))).collect();
    let outline = [thin_line(&upper), thin_line(&lower)].concat();
    let points = clip_polygon(&outline, plot);
    (points.len() > 2).then_some(Shape::Fill { points, color, alpha })
}

/// A matrix over a stretch of the page; parts outside of the panel get no width there.
fn cells(
    (rows, columns): (usize, usize),
    (x, y): ((f64, f64), (f64, f64)),
    plot: &Rect,
    colors: Vec<Option<Color>>,
    tints: bool,
) -> Shape {
    let within = |edges: Vec<f64>, low: f64, high: f64| -> Vec<f64> {
        edges.into_iter().map(|edge| edge.max(low).min(high)).collect()
    };
    Shape::Raster {
        x: within(edges(x.0, x.1, columns), plot.left, plot.right),
        y: within(edges(y.0, y.1, rows), plot.top, plot.bottom),
        colors,
        tints,
    }
}

/// Where the points of a run lie that are inside of the panel.
fn visible(run: &Run, (x, y): (&Mapping, &Mapping)) -> Vec<Point> {
    let inside = run.iter().filter(|p| x.contains(p.x) && y.contains(p.low));
    inside.map(|p| (x.at(p.x), y.at(p.low))).collect()
}

fn stroke(points: &[Point], dash: Dash, width: f64, color: Color, plot: &Rect, layer: &mut Layer) {
    for part in clip_line(points, plot) {
        for points in dashes(&part, dash, width) {
            layer.shapes.push(Shape::Stroke { points, width, color });
        }
    }
}

/// Values along a reference line, close enough together to bend on any pair of axes.
fn course(course: Course, resolved: &Resolved<'_>, (x, y): (&Mapping, &Mapping)) -> Vec<(f64, f64)> {
    const PIECES: u32 = 200;
    let across = || (0..=PIECES).map(|i| x.value(f64::from(i) / f64::from(PIECES)));
    let values: Vec<(f64, f64)> = match course {
        Course::Horizontal(value) => vec![(x.low, value), (x.high, value)],
        Course::Vertical(value) => vec![(value, y.low), (value, y.high)],
        Course::Straight { intercept, slope } => across().map(|u| (u, intercept + slope * u)).collect(),
        Course::Power { amplitude, exponent } => {
            across().filter(|u| *u > 0.0).map(|u| (u, amplitude * u.powf(exponent))).collect()
        }
    };
    let panel = resolved.panel;
    values.into_iter().filter(|at| places(&panel.x, &panel.y, *at)).collect()
}

/// Spines, ticks, and their labels.
fn axes(resolved: &Resolved<'_>, frame: &Frame, (x, y): (&Mapping, &Mapping), fonts: &Fonts) -> Layer {
    let plot = &frame.plot;
    let mut layer = Layer::new("axes");
    if resolved.panel.small {
        let corners = [(plot.left, plot.top), (plot.left, plot.bottom), (plot.right, plot.bottom)];
        // The first side twice, so that its corner is filled.
        let points = [&corners[..], &[(plot.right, plot.top), corners[0], corners[1]]].concat();
        layer.shapes.push(Shape::Stroke { points, width: SMALL_SPINE, color: INK });
        return layer;
    }
    let half = SPINE / 2.0;
    // One line for both spines, so that their corner is filled.
    layer.shapes.push(Shape::Stroke {
        points: vec![(plot.left, plot.top), (plot.left, plot.bottom), (plot.right, plot.bottom)],
        width: SPINE,
        color: INK,
    });
    let mut tick = |from: Point, to: Point| {
        layer.shapes.push(Shape::Stroke { points: vec![from, to], width: SPINE, color: INK });
    };
    let x_all = frame.x_ticks.major.iter().map(|t| (t.0, MAJOR_TICK));
    for (value, length) in x_all.chain(frame.x_ticks.minor.iter().map(|v| (*v, MINOR_TICK))) {
        let at = sharp(x.at(value));
        tick((at, plot.bottom + half), (at, plot.bottom + half + length));
    }
    let y_all = frame.y_ticks.major.iter().map(|t| (t.0, MAJOR_TICK));
    for (value, length) in y_all.chain(frame.y_ticks.minor.iter().map(|v| (*v, MINOR_TICK))) {
        let at = sharp(y.at(value));
        tick((plot.left - half, at), (plot.left - half - length, at));
    }

    let below = plot.bottom + half + MAJOR_TICK + TICK_GAP;
    for (value, label) in &frame.x_ticks.major {
        let at = (sharp(x.at(*value)), below + 0.75 * TICK_TEXT);
        layer.texts.push(Text::new(label.clone(), at, TICK_TEXT, Align::Middle));
    }
    let beside = plot.left - half - MAJOR_TICK - TICK_GAP;
    for (value, label) in &frame.y_ticks.major {
        let at = (beside, sharp(y.at(*value)) + 0.36 * TICK_TEXT);
        layer.texts.push(Text::new(label.clone(), at, TICK_TEXT, Align::End));
    }

    let panel = resolved.panel;
    let middle = (plot.left + plot.right) / 2.0;
    let (text, size) = fit(fonts, &panel.x.label, LABEL_TEXT, frame.cell.width());
    let at = slide(middle, fonts.width(&text, size, Weight::Regular), frame.cell.left, frame.cell.right);
    layer.texts.push(Text::new(text, (at, frame.label_bottom - 0.22 * LABEL_TEXT), size, Align::Middle));

    let middle = (plot.top + plot.bottom) / 2.0;
    // Down to the tick labels of the x axis, so as not to meet its label.
    let (high, low) = (plot.top - 3.0, below + 0.75 * TICK_TEXT);
    let (text, size) = fit(fonts, &panel.y.label, LABEL_TEXT, low - high);
    let at = slide(middle, fonts.width(&text, size, Weight::Regular), high, low);
    let labels = frame.y_ticks.major.iter().map(|(_, l)| fonts.width(l, TICK_TEXT, Weight::Regular));
    // The label keeps to the tick labels of its panel, even where another panel of the column has wider ones.
    let left = beside - labels.fold(0.0, f64::max) - LABEL_GAP - 0.1 * LABEL_TEXT;
    let mut label = Text::new(text, (left, at), size, Align::Middle);
    label.upwards = true;
    layer.texts.push(label);
    layer
}

/// Title and letter of a panel.
fn heading(resolved: &Resolved<'_>, frame: &Frame, fonts: &Fonts) -> Layer {
    let mut layer = Layer::new("heading");
    let panel = resolved.panel;
    let (title, baseline) = match panel.small {
        true => (SMALL_TITLE_TEXT, frame.plot.top - 2.5),
        false => (TITLE_TEXT, frame.plot.top - 7.0),
    };
    let mut most = frame.cell.width();
    if let Some(letter) = panel.letter {
        let mut text = Text::new(letter.to_string(), (frame.cell.left, baseline), LETTER_TEXT, Align::Start);
        text.weight = Weight::Bold;
        most -= 2.0 * (fonts.width(&text.text, LETTER_TEXT, Weight::Bold) + LABEL_GAP);
        layer.texts.push(text);
    }
    let (text, size) = fit(fonts, &panel.title, title, most);
    if !text.is_empty() {
        let width = fonts.width(&text, size, Weight::Regular);
        let spare = (frame.cell.width() - most) / 2.0;
        let middle = (frame.plot.left + frame.plot.right) / 2.0;
        let at = slide(middle, width, frame.cell.left + spare, frame.cell.right);
        layer.texts.push(Text::new(text, (at, baseline), size, Align::Middle));
    }
    layer
}

/// The text as large as asked for, or down to three quarters of it, or shortened, to be no wider than `most`.
pub(super) fn fit(fonts: &Fonts, text: &str, size: f64, most: f64) -> (String, f64) {
    let width = fonts.width(text, size, Weight::Regular);
    if width <= most {
        return (text.to_owned(), size);
    }
    let smaller = (size * most / width).max(0.75 * size);
    (fonts.shorten(text, smaller, most + 0.1), smaller)
}

/// The middle of something `width` wide, moved as far as needed to stay between `low` and `high`.
fn slide(middle: f64, width: f64, low: f64, high: f64) -> f64 {
    middle.min(high - width / 2.0).max(low + width / 2.0)
}

/// The nearest half pixel: at 192 dots per inch lines of whole pixels keep their edges there.
fn sharp(at: f64) -> f64 {
    (at * 2.0).round() / 2.0
}
