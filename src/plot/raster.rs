//! A scene as a PNG.
//!
//! The pixels are a plotters bitmap. What is filled is worked out here: the rasterizer of plotters takes
//! whole pixels, has no holes (letters), and leaves spikes where a thick line turns sharply. A shape is a
//! set of closed contours; its share of each pixel is measured and blended once, so that the pieces of a
//! line do not show where they overlap.

use super::font::{Fonts, flatten};
use super::scene::{Point, Scene, Shape};
use super::theme::Color;
use crate::error::{Error, Result};
use plotters::backend::DrawingBackend;
use plotters::style::{Color as _, RGBColor};
use plotters_bitmap::BitMapBackend;
use plotters_bitmap::bitmap_pixel::RGBPixel;

/// Longest side of an image, in pixels.
const LONGEST: f64 = 20_000.0;
/// Lines on which the coverage of a row of pixels is measured, for a shape with this many edges.
///
/// A shape of many edges is a line that goes to and fro a hundred thousand times. Nobody sees its edges, and
/// measuring them finely takes half a minute.
fn subrows(edges: usize) -> usize {
    match edges {
        0..150_000 => 8,
        150_000..600_000 => 3,
        _ => 1,
    }
}

/// The scene at `dpi` pixels per inch, always in the same bytes.
pub(super) fn png(scene: &Scene, dpi: u32) -> Result<Vec<u8>> {
    let scale = f64::from(dpi) / 96.0;
    let (width, height) = ((scene.width * scale).round(), (scene.height * scale).round());
    if !(1.0..=LONGEST).contains(&width) || !(1.0..=LONGEST).contains(&height) {
        return Err(Error::Draw(format!(
            "{width} × {height} pixels, but a side has 1 to {LONGEST}; change with_size or with_dpi"
        )));
    }
    let (columns, rows) = (width as usize, height as usize);
    let Color { red, green, blue } = scene.ground;
    let mut pixels = [red, green, blue].repeat(columns * rows);
    {
        let size = (width as u32, height as u32);
        let backend =
            BitMapBackend::<RGBPixel>::with_buffer_and_format(&mut pixels, size).map_err(refused)?;
        let mut canvas = Canvas { backend, columns, rows };
        let fonts = Fonts::get()?;
        for layer in &scene.layers {
            for shape in &layer.shapes {
                canvas.shape(shape, scale)?;
            }
            for text in &layer.texts {
                let contours = flatten(&fonts.outline(text));
                canvas.fill(&scaled(contours, scale), text.color, 1.0)?;
            }
        }
        canvas.backend.present().map_err(refused)?;
    }
    encode(&pixels, width as u32, height as u32, dpi)
}

fn refused(error: impl std::fmt::Display) -> Error {
    Error::Draw(error.to_string())
}

fn encode(pixels: &[u8], width: u32, height: u32, dpi: u32) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Balanced);
    encoder.set_filter(png::Filter::Up);
    let per_metre = (f64::from(dpi) / 0.0254).round() as u32;
    encoder.set_pixel_dims(Some(png::PixelDimensions {
        xppu: per_metre,
        yppu: per_metre,
        unit: png::Unit::Meter,
    }));
    let mut writer = encoder.write_header().map_err(refused)?;
    writer.write_image_data(pixels).map_err(refused)?;
    writer.finish().map_err(refused)?;
    Ok(bytes)
}

fn scaled(mut contours: Vec<Vec<Point>>, scale: f64) -> Vec<Vec<Point>> {
    for point in contours.iter_mut().flatten() {
        *point = (point.0 * scale, point.1 * scale);
    }
    contours
}

struct Canvas<'a> {
    backend: BitMapBackend<'a, RGBPixel>,
    columns: usize,
    rows: usize,
}

/// A side of a contour, going down the page.
struct Edge {
    top: f64,
    bottom: f64,
    /// x at y = 0, and its change per row.
    base: f64,
    slope: f64,
    /// 1 where the contour goes down here, -1 where it goes up.
    winding: i32,
}

impl Canvas<'_> {
    fn shape(&mut self, shape: &Shape, scale: f64) -> Result<()> {
        match shape {
            Shape::Stroke { points, width, color } => {
                self.fill(&scaled(stroke(points, *width), scale), *color, 1.0)
            }
            Shape::Fill { points, color, alpha } => {
                self.fill(&scaled(vec![points.clone()], scale), *color, *alpha)
            }
            Shape::Raster { x, y, colors, .. } => self.raster(x, y, colors, scale),
            Shape::Dot { center, radius, color } => {
                self.fill(&scaled(vec![circle(*center, *radius)], scale), *color, 1.0)
            }
        }
    }

    /// Fills rectangles. Their edges lie between pixels: a colour is never mixed with the one beside it.
    fn raster(&mut self, x: &[f64], y: &[f64], colors: &[Option<Color>], scale: f64) -> Result<()> {
        let pixels = |edges: &[f64], most: usize| -> Vec<i32> {
            edges.iter().map(|edge| (edge * scale).round().clamp(0.0, most as f64) as i32).collect()
        };
        let (x, y) = (pixels(x, self.columns), pixels(y, self.rows));
        for (rows, colors) in y.windows(2).zip(colors.chunks(x.len().saturating_sub(1).max(1))) {
            let &[top, bottom] = rows else { continue };
            for (columns, color) in x.windows(2).zip(colors) {
                let (&[left, right], Some(color)) = (columns, color) else { continue };
                let color = RGBColor(color.red, color.green, color.blue).to_backend_color();
                for (x, y) in (top..bottom).flat_map(|y| (left..right).map(move |x| (x, y))) {
                    self.backend.draw_pixel((x, y), color).map_err(refused)?;
                }
            }
        }
        Ok(())
    }

    /// Fills what the contours wind around, in pixels.
    fn fill(&mut self, contours: &[Vec<Point>], color: Color, alpha: f64) -> Result<()> {
        let mut edges = edges(contours);
        edges.sort_by(|a, b| a.top.total_cmp(&b.top));
        let subrows = subrows(edges.len());
        let Some(top) = edges.first().map(|e| e.top) else { return Ok(()) };
        let bottom = edges.iter().fold(top, |most, e| most.max(e.bottom));
        let first = top.floor().max(0.0) as usize;
        let last = (bottom.ceil().max(0.0) as usize).min(self.rows);

        let color = RGBColor(color.red, color.green, color.blue);
        let mut waiting = edges.into_iter().peekable();
        let mut active: Vec<Edge> = Vec::new();
        let mut crossings: Vec<(f64, i32)> = Vec::new();
        let mut row = Row { shares: vec![0.0; self.columns], touched: (self.columns, 0) };
        for y in first..last {
            for sub in 0..subrows {
                let line = y as f64 + (sub as f64 + 0.5) / subrows as f64;
                while let Some(edge) = waiting.next_if(|edge| edge.top <= line) {
                    active.push(edge);
                }
                active.retain(|edge| edge.bottom > line);
                crossings.clear();
                crossings.extend(active.iter().map(|e| (e.base + e.slope * line, e.winding)));
                crossings.sort_by(|a, b| a.0.total_cmp(&b.0));
                let (mut winding, mut start) = (0, 0.0);
                for &(x, step) in &crossings {
                    if winding == 0 {
                        start = x;
                    }
                    winding += step;
                    if winding == 0 {
                        row.cover(start, x);
                    }
                }
            }
            for (x, share) in row.take() {
                // The backend ignores pixels outside of it, and takes whole numbers that fit easily.
                let color = color.mix(alpha * f64::from(share) / subrows as f64).to_backend_color();
                self.backend.draw_pixel((x as i32, y as i32), color).map_err(refused)?;
            }
        }
        Ok(())
    }
}

/// Coverage of one row of pixels, in subrows.
struct Row {
    shares: Vec<f32>,
    touched: (usize, usize),
}

impl Row {
    /// Adds the stretch from `start` to `end`.
    fn cover(&mut self, start: f64, end: f64) {
        let (start, end) = (start.max(0.0), end.min(self.shares.len() as f64));
        if start >= end {
            return;
        }
        let (first, past) = (start.floor() as usize, end.ceil() as usize);
        self.touched = (self.touched.0.min(first), self.touched.1.max(past));
        for (x, share) in self.shares.iter_mut().enumerate().take(past).skip(first) {
            *share += (end.min(x as f64 + 1.0) - start.max(x as f64)) as f32;
        }
    }

    /// The covered pixels; the row is empty afterwards.
    fn take(&mut self) -> Vec<(usize, f32)> {
        let (first, past) = std::mem::replace(&mut self.touched, (self.shares.len(), 0));
        let shares = self.shares.iter_mut().enumerate().take(past).skip(first);
        shares.map(|(x, share)| (x, std::mem::take(share))).filter(|(_, share)| *share > 0.0).collect()
    }
}

fn edges(contours: &[Vec<Point>]) -> Vec<Edge> {
    let mut edges = Vec::new();
    for contour in contours {
        for (&a, &b) in contour.iter().zip(contour.iter().cycle().skip(1)) {
            let ((x0, y0), (x1, y1), winding) = if a.1 < b.1 { (a, b, 1) } else { (b, a, -1) };
            if y0 < y1 {
                let slope = (x1 - x0) / (y1 - y0);
                edges.push(Edge { top: y0, bottom: y1, base: x0 - slope * y0, slope, winding });
            }
        }
    }
    edges
}

/// A line as contours that all wind the same way: a rectangle for each segment, a disc at each turn.
fn stroke(points: &[Point], width: f64) -> Vec<Vec<Point>> {
    let half = width / 2.0;
    let mut contours = Vec::new();
    let mut before: Option<Point> = None;
    for pair in points.windows(2) {
        let &[(x0, y0), (x1, y1)] = pair else { continue };
        let (dx, dy) = (x1 - x0, y1 - y0);
        let length = dx.hypot(dy);
        if length == 0.0 {
            continue;
        }
        let (dx, dy) = (dx / length, dy / length);
        let (nx, ny) = (-dy * half, dx * half);
        contours.push(vec![(x0 + nx, y0 + ny), (x0 - nx, y0 - ny), (x1 - nx, y1 - ny), (x1 + nx, y1 + ny)]);
        if before.is_some_and(|(px, py)| px * dx + py * dy < 0.9999) {
            contours.push(circle((x0, y0), half));
        }
        before = Some((dx, dy));
    }
    contours
}

/// Winds as the rectangles of `stroke` do.
fn circle((x, y): Point, radius: f64) -> Vec<Point> {
    // Enough for an eye: at 1200 dots per inch a corner of the smallest is a tenth of a pixel off.
    let corners = if radius < 1.5 { 12 } else { 32 };
    (0..corners)
        .map(|i| {
            let angle = std::f64::consts::TAU * f64::from(i) / f64::from(corners);
            (x + radius * angle.cos(), y + radius * angle.sin())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(contour: &[Point]) -> f64 {
        let next = contour.iter().cycle().skip(1);
        contour.iter().zip(next).map(|(a, b)| a.0 * b.1 - b.0 * a.1).sum::<f64>() / 2.0
    }

    #[test]
    fn pieces_of_a_line_wind_the_same_way() {
        for end in [(9.0, 1.0), (-9.0, 1.0), (1.0, -9.0), (0.0, 9.0)] {
            for contour in stroke(&[(0.0, 0.0), end, (5.0, 5.0)], 2.0) {
                assert!(area(&contour) > 0.0);
            }
        }
    }

    #[test]
    fn coverage_is_the_share_of_the_pixel() {
        let mut pixels = vec![255u8; 4 * 4 * 3];
        let backend = BitMapBackend::<RGBPixel>::with_buffer_and_format(&mut pixels, (4, 4)).unwrap();
        let mut canvas = Canvas { backend, columns: 4, rows: 4 };
        // Two overlapping rectangles, together from (0.5, 1) to (3.25, 2).
        let contours = [
            vec![(0.5, 1.0), (2.5, 1.0), (2.5, 2.0), (0.5, 2.0)],
            vec![(1.5, 1.0), (3.25, 1.0), (3.25, 2.0), (1.5, 2.0)],
        ];
        canvas.fill(&contours, Color::BLACK, 1.0).unwrap();
        drop(canvas);
        let row: Vec<u8> = (0..4).map(|x| pixels[(4 + x) * 3]).collect();
        assert!(
            row[0].abs_diff(128) < 3 && row[1] == 0 && row[2] == 0 && row[3].abs_diff(191) < 3,
            "{row:?}"
        );
        assert!(pixels[..12].iter().all(|&p| p == 255));
    }
}
