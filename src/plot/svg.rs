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
use std::fmt::Write;

const UNITS: f64 = 100.0;

/// The scene as a document, always in the same bytes.
pub(super) fn svg(scene: &Scene, title: &str) -> Result<String> {
    let fonts = Fonts::get()?;
    let (width, height) = (scene.width, scene.height);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.2}\" height=\"{height:.2}\" \
         viewBox=\"0 0 {} {}\" role=\"img\" stroke-linejoin=\"round\">\n\
         <title>{}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#FFFFFF\"/>\n",
        units(width),
        units(height),
        escape(title),
    );
    for (number, layer) in scene.layers.iter().enumerate() {
        let id: String =
            layer.name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        out.push_str(&format!("<g id=\"layer-{}-{id}\">\n", number + 1));
        out.push_str(&shapes(&layer.shapes)?);
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
            };
            drawn.map_err(|e| refused(&e))?;
        }
        backend.present().map_err(|e| refused(&e))?;
    }
    let body = document.split_once(">\n").and_then(|(_, rest)| rest.strip_suffix("</svg>\n"));
    body.map(str::to_owned).ok_or_else(|| Error::Draw("plotters wrote an unexpected SVG; report this".into()))
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
