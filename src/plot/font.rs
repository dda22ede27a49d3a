//! The bundled font: widths of text, and its outlines.
//!
//! Text is drawn from outlines in both formats. An SVG with `<text>` would need the font at its reader
//! (Inkscape and librsvg ignore embedded ones), and plotters places glyphs on whole pixels.

use super::scene::{Align, Point, Text, Weight};
use crate::error::{Error, Result};
use ab_glyph::{Font, FontRef, OutlineCurve};
use plotters::style::{FontStyle, register_font};
use std::sync::OnceLock;

const REGULAR: &[u8] = include_bytes!("font/eigengate-sans-regular.otf");
const BOLD: &[u8] = include_bytes!("font/eigengate-sans-bold.otf");

/// Both weights, read.
pub(super) struct Fonts {
    regular: FontRef<'static>,
    bold: FontRef<'static>,
}

/// A piece of an outline, in logical pixels. Every contour starts with `Move` and is closed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Segment {
    Move(Point),
    Line(Point),
    Quad(Point, Point),
    Cubic(Point, Point, Point),
}

/// Registers the bundled font with plotters as `sans-serif`, regular and bold.
///
/// Figures of this module do not need it. It is for charts drawn with plotters itself in a notebook: there
/// `plotters` comes without system fonts, and a bitmap chart with text fails until a font is registered.
/// Calling it again does nothing.
///
/// # Errors
/// [`Error::Draw`] if plotters refuses the font, which would be a fault of this crate.
pub fn register_plotters_font() -> Result<()> {
    static DONE: OnceLock<bool> = OnceLock::new();
    let done = *DONE.get_or_init(|| {
        register_font("sans-serif", FontStyle::Normal, REGULAR).is_ok()
            && register_font("sans-serif", FontStyle::Bold, BOLD).is_ok()
    });
    if done { Ok(()) } else { Err(broken()) }
}

fn broken() -> Error {
    Error::Draw("the bundled font cannot be read; please report this".to_owned())
}

impl Fonts {
    /// The fonts, read once in the life of the process.
    pub(super) fn get() -> Result<&'static Fonts> {
        static FONTS: OnceLock<Option<Fonts>> = OnceLock::new();
        let read = || {
            let regular = FontRef::try_from_slice(REGULAR).ok()?;
            let bold = FontRef::try_from_slice(BOLD).ok()?;
            Some(Fonts { regular, bold })
        };
        FONTS.get_or_init(read).as_ref().ok_or_else(broken)
    }

    fn face(&self, weight: Weight) -> &FontRef<'static> {
        match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        }
    }

    /// Whether the font has `c`; what it lacks is drawn as an empty box.
    pub(super) fn has(&self, c: char) -> bool {
        c == ' ' || self.regular.glyph_id(c).0 != 0
    }

    /// Width of a line of text, in logical pixels; `size` is the font size, in logical pixels.
    pub(super) fn width(&self, text: &str, size: f64, weight: Weight) -> f64 {
        self.place(text, size, weight).1
    }

    /// Glyphs with the position of each, and the width of all.
    fn place(&self, text: &str, size: f64, weight: Weight) -> (Vec<(ab_glyph::GlyphId, f64)>, f64) {
        let face = self.face(weight);
        let unit = size / f64::from(face.units_per_em().unwrap_or(1000.0));
        let mut glyphs = Vec::new();
        let mut x = 0.0;
        let mut previous = None;
        for c in text.chars() {
            // Text is one line; a line break in a name is a gap.
            let c = if c.is_control() { ' ' } else { c };
            let glyph = face.glyph_id(c);
            if let Some(previous) = previous {
                x += f64::from(face.kern_unscaled(previous, glyph)) * unit;
            }
            glyphs.push((glyph, x));
            x += f64::from(face.h_advance_unscaled(glyph)) * unit;
            previous = Some(glyph);
        }
        (glyphs, x)
    }

    /// `text` shortened with … until it is no wider than `most`.
    pub(super) fn shorten(&self, text: &str, size: f64, most: f64) -> String {
        if self.width(text, size, Weight::Regular) <= most {
            return text.to_owned();
        }
        let mut kept: Vec<char> = text.chars().collect();
        while kept.pop().is_some() {
            let shorter = format!("{}…", kept.iter().collect::<String>().trim_end());
            if self.width(&shorter, size, Weight::Regular) <= most {
                return shorter;
            }
        }
        String::new()
    }

    /// The outlines of a text where it stands.
    pub(super) fn outline(&self, text: &Text) -> Vec<Segment> {
        let face = self.face(text.weight);
        let unit = text.size / f64::from(face.units_per_em().unwrap_or(1000.0));
        let (glyphs, width) = self.place(&text.text, text.size, text.weight);
        let start = match text.align {
            Align::Start => 0.0,
            Align::Middle => -width / 2.0,
            Align::End => -width,
        };
        let mut segments = Vec::new();
        for (glyph, x) in glyphs {
            let to_page = |p: ab_glyph::Point| {
                let (along, up) = (start + x + f64::from(p.x) * unit, f64::from(p.y) * unit);
                if text.upwards {
                    (text.at.0 - up, text.at.1 - along)
                } else {
                    (text.at.0 + along, text.at.1 - up)
                }
            };
            let Some(outline) = face.outline(glyph) else { continue };
            let mut pen = None;
            for curve in outline.curves {
                let (from, segment, to) = match curve {
                    OutlineCurve::Line(a, b) => (a, Segment::Line(to_page(b)), b),
                    OutlineCurve::Quad(a, b, c) => (a, Segment::Quad(to_page(b), to_page(c)), c),
                    OutlineCurve::Cubic(a, b, c, d) => {
                        (a, Segment::Cubic(to_page(b), to_page(c), to_page(d)), d)
                    }
                };
                if pen != Some(from) {
                    segments.push(Segment::Move(to_page(from)));
                }
                segments.push(segment);
                pen = Some(to);
            }
        }
        segments
    }
}

/// Contours with their curves cut into straight pieces, fine enough for print.
pub(super) fn flatten(segments: &[Segment]) -> Vec<Vec<Point>> {
    const PIECES: u32 = 6;
    let mut contours: Vec<Vec<Point>> = Vec::new();
    for segment in segments {
        if let Segment::Move(p) = segment {
            contours.push(vec![*p]);
            continue;
        }
        let Some(contour) = contours.last_mut() else { continue };
        let Some(&(x0, y0)) = contour.last() else { continue };
        let shares = (1..=PIECES).map(|i| f64::from(i) / f64::from(PIECES));
        match *segment {
            Segment::Move(_) => {}
            Segment::Line(p) => contour.push(p),
            Segment::Quad((x1, y1), (x2, y2)) => contour.extend(shares.map(|t| {
                let (a, b, c) = ((1.0 - t) * (1.0 - t), 2.0 * t * (1.0 - t), t * t);
                (a * x0 + b * x1 + c * x2, a * y0 + b * y1 + c * y2)
            })),
            Segment::Cubic((x1, y1), (x2, y2), (x3, y3)) => contour.extend(shares.map(|t| {
                let s = 1.0 - t;
                let (a, b, c, d) = (s * s * s, 3.0 * s * s * t, 3.0 * s * t * t, t * t * t);
                (a * x0 + b * x1 + c * x2 + d * x3, a * y0 + b * y1 + c * y2 + d * y3)
            })),
        }
    }
    contours
}
