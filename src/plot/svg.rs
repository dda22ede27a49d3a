//! A scene as an SVG.
//!
//! Shapes are written by the SVG backend of plotters, in units of a hundredth of a logical pixel because it
//! takes whole numbers. Text is written as outlines, with the text itself as `aria-label`: the picture does
//! not depend on the fonts of its reader.

use super::font::{Fonts, Segment};
use super::scene::{Point, Scene, Shape, Text};
use super::theme::Color;
use crate::error::{Error, Result};
use plotters::backend::DrawingBackend;
use plotters::prelude::SVGBackend;
use plotters::style::{Color as _, RGBColor, ShapeStyle};
use std::collections::HashMap;
use std::fmt::Write;

const UNITS: f64 = 100.0;

/// The scene as a document, always in the same bytes.
pub(super) fn svg(scene: &Scene, title: &str) -> Result<String> {
    let fonts = Fonts::get()?;
    let (width, height) = (scene.width, scene.height);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.2}\" height=\"{height:.2}\" \
         viewBox=\"0 0 {} {}\" role=\"img\" stroke-linejoin=\"round\">\n\
         <title>{}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"{}\"/>\n",
        units(width),
        units(height),
        escape(title),
        hexadecimal(scene.ground),
    );
    for (number, layer) in scene.layers.iter().enumerate() {
        let id: String =
            layer.name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        out.push_str(&format!("<g id=\"layer-{}-{id}\">\n", number + 1));
        for run in layer.shapes.chunk_by(|a, b| !is_raster(a) && !is_raster(b)) {
            match run {
                [Shape::Raster { x, y, colors, .. }] => out.push_str(&raster(x, y, colors)),
                others => out.push_str(&shapes(others)?),
            }
        }
        for text in &layer.texts {
            out.push_str(&glyphs(fonts, text));
        }
        out.push_str("</g>\n");
    }
    out.push_str("</svg>\n");
    Ok(out)
}

/// What plotters writes for the shapes, without the document around it.
fn shapes(shapes: &[Shape]) -> Result<String> {
    let refused = |e: &dyn std::fmt::Display| Error::Draw(e.to_string());
    let mut document = String::new();
    {
        let mut backend = SVGBackend::with_string(&mut document, (1, 1));
        for shape in shapes {
            let drawn = match shape {
                Shape::Stroke { points, width, color } => {
                    backend.draw_path(points.iter().map(whole), &style(*color, 1.0, *width))
                }
                Shape::Fill { points, color, alpha } => {
                    backend.fill_polygon(points.iter().map(whole), &style(*color, *alpha, 0.0))
                }
                Shape::Dot { center, radius, color } => {
                    let radius = units(*radius).unsigned_abs();
                    backend.draw_circle(whole(center), radius, &style(*color, 1.0, 0.0), true)
                }
                // Written by `raster`.
                Shape::Raster { .. } => Ok(()),
            };
            drawn.map_err(|e| refused(&e))?;
        }
        backend.present().map_err(|e| refused(&e))?;
    }
    let body = document.split_once(">\n").and_then(|(_, rest)| rest.strip_suffix("</svg>\n"));
    body.map(str::to_owned).ok_or_else(|| Error::Draw("plotters wrote an unexpected SVG; report this".into()))
}

fn is_raster(shape: &Shape) -> bool {
    matches!(shape, Shape::Raster { .. })
}

/// Rectangles of one colour, in places of the raster: first and past the last column, first and past the last row.
struct Patch {
    columns: (usize, usize),
    rows: (usize, usize),
    color: Color,
}

/// A raster as one path for each colour. No picture is embedded: some readers smooth those, or leave them out.
fn raster(x: &[f64], y: &[f64], colors: &[Option<Color>]) -> String {
    let mut paths: Vec<(Color, String)> = Vec::new();
    let mut known: HashMap<(u8, u8, u8), usize> = HashMap::new();
    for Patch { columns, rows, color } in patches(x.len().saturating_sub(1), colors) {
        let at = |edges: &[f64], index: usize| units(edges.get(index).copied().unwrap_or_default());
        let (left, right) = (at(x, columns.0), at(x, columns.1));
        let (top, bottom) = (at(y, rows.0), at(y, rows.1));
        if left >= right || top >= bottom {
            continue;
        }
        let index = *known.entry((color.red, color.green, color.blue)).or_insert_with(|| {
            paths.push((color, String::new()));
            paths.len() - 1
        });
        if let Some((_, path)) = paths.get_mut(index) {
            path.push_str(&format!("M{left} {top}H{right}V{bottom}H{left}Z"));
        }
    }
    // Without smoothed edges the white page does not shine through between neighbours.
    let mut out = "<g shape-rendering=\"crispEdges\">\n".to_owned();
    for (color, path) in paths {
        out.push_str(&format!("<path fill=\"{}\" d=\"{path}\"/>\n", hexadecimal(color)));
    }
    out.push_str("</g>\n");
    out
}

/// `#RRGGBB`.
fn hexadecimal(Color { red, green, blue }: Color) -> String {
    format!("#{red:02X}{green:02X}{blue:02X}")
}

/// Runs of one colour in a row, joined with the same run of the row above.
fn patches(columns: usize, colors: &[Option<Color>]) -> Vec<Patch> {
    let mut patches: Vec<Patch> = Vec::new();
    // Places in `patches` of those that reach down to the row above, from left to right.
    let mut above: Vec<usize> = Vec::new();
    for (row, colors) in colors.chunks(columns.max(1)).enumerate() {
        let mut current: Vec<usize> = Vec::new();
        let mut start = 0;
        for run in colors.chunk_by(|a, b| a == b) {
            let columns = (start, start + run.len());
            start = columns.1;
            let Some(Some(color)) = run.first().copied() else { continue };
            let first = |index: &usize| patches.get(*index).map_or(0, |patch| patch.columns.0);
            let known =
                above.binary_search_by_key(&columns.0, first).ok().and_then(|at| above.get(at).copied());
            match known.and_then(|index| Some((index, patches.get_mut(index)?))) {
                Some((index, patch)) if patch.columns == columns && patch.color == color => {
                    patch.rows.1 = row + 1;
                    current.push(index);
                }
                _ => {
                    current.push(patches.len());
                    patches.push(Patch { columns, rows: (row, row + 1), color });
                }
            }
        }
        above = current;
    }
    patches
}

fn style(color: Color, alpha: f64, width: f64) -> ShapeStyle {
    let color = RGBColor(color.red, color.green, color.blue).mix(alpha);
    ShapeStyle { color, filled: true, stroke_width: units(width).unsigned_abs() }
}

fn units(length: f64) -> i32 {
    // A cast keeps to the range of i32; shapes are inside of the figure anyway.
    (length * UNITS).round() as i32
}

fn whole(point: &Point) -> (i32, i32) {
    (units(point.0), units(point.1))
}

fn glyphs(fonts: &Fonts, text: &Text) -> String {
    let Color { red, green, blue } = text.color;
    let label = escape(&text.text);
    let mut out = format!("<path aria-label=\"{label}\" fill=\"#{red:02X}{green:02X}{blue:02X}\" d=\"");
    for segment in fonts.outline(text) {
        // Writing to a String cannot fail.
        let _ = match segment {
            Segment::Move(p) => write!(out, "M{} {}", units(p.0), units(p.1)),
            Segment::Line(p) => write!(out, "L{} {}", units(p.0), units(p.1)),
            Segment::Quad(c, p) => {
                write!(out, "Q{} {} {} {}", units(c.0), units(c.1), units(p.0), units(p.1))
            }
            Segment::Cubic(c, d, p) => {
                let (c, d, p) = (whole(&c), whole(&d), whole(&p));
                write!(out, "C{} {} {} {} {} {}", c.0, c.1, d.0, d.1, p.0, p.1)
            }
        };
    }
    out.push_str("\"/>\n");
    out
}

/// Text for XML, without the control characters that XML does not allow.
fn escape(text: &str) -> String {
    let allowed: String = text.chars().filter(|c| !c.is_control()).collect();
    crate::display::escape_html(&allowed)
}
