//! Figures for dark pages.

use super::scene::{Scene, Shape};
use super::theme::{Color, Theme};
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether figures without a theme of their own are dark.
static DARK: AtomicBool = AtomicBool::new(false);

/// The theme of all figures of this process, in a notebook of all cells, that have none of their own; [`Theme::Light`] at first.
///
/// ```
/// use eigengate::plot::{Theme, set_theme, theme};
///
/// set_theme(Theme::Dark);
/// assert_eq!(theme(), Theme::Dark);
/// set_theme(Theme::Light);
/// ```
pub fn set_theme(theme: Theme) {
    DARK.store(theme == Theme::Dark, Ordering::Relaxed);
}

/// The theme that [`set_theme`] has chosen.
pub fn theme() -> Theme {
    if DARK.load(Ordering::Relaxed) { Theme::Dark } else { Theme::Light }
}

/// The scene in this theme. Colours that stand for numbers, in heat maps and images, are the same in both.
pub(super) fn in_theme(mut scene: Scene, theme: Theme) -> Scene {
    if theme == Theme::Light {
        return scene;
    }
    scene.ground = dark(scene.ground);
    for layer in &mut scene.layers {
        for shape in &mut layer.shapes {
            match shape {
                Shape::Stroke { color, .. } | Shape::Fill { color, .. } | Shape::Dot { color, .. } => {
                    *color = dark(*color);
                }
                Shape::Raster { colors, tints: true, .. } => {
                    colors.iter_mut().flatten().for_each(|color| *color = dark(*color));
                }
                Shape::Raster { .. } => {}
            }
        }
        layer.texts.iter_mut().for_each(|text| text.color = dark(text.color));
    }
    scene
}

/// Chroma below which a colour is a grey.
const GREY: f64 = 0.02;
/// Lightness above which a colour is a tint, an area under lines.
const TINT: f64 = 0.8;
/// The least lightness of a line.
const LIGHT: f64 = 0.6;

/// A colour on dark ground, of the same hue: greys and tints change places with their opposites in lightness, lines become light
/// enough to be seen. In OKLab (B. Ottosson 2020), whose lightness is that which the eye sees.
fn dark(color: Color) -> Color {
    let [lightness, a, b] = to_oklab(color);
    let lightness = match (a.hypot(b) < GREY, lightness > TINT) {
        (true, _) => 0.97 - 0.78 * lightness,
        (false, true) => 0.97 - 0.72 * lightness,
        (false, false) => lightness.max(LIGHT),
    };
    from_oklab([lightness, a, b])
}

fn to_oklab(color: Color) -> [f64; 3] {
    let linear = |channel: u8| {
        let c = f64::from(channel) / 255.0;
        if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    };
    let (r, g, b) = (linear(color.red), linear(color.green), linear(color.blue));
    let l = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b).cbrt();
    let m = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b).cbrt();
    let s = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b).cbrt();
    [
        0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
        1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
        0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s,
    ]
}

fn from_oklab([lightness, a, b]: [f64; 3]) -> Color {
    let l = (lightness + 0.3963377774 * a + 0.2158037573 * b).powi(3);
    let m = (lightness - 0.1055613458 * a - 0.0638541728 * b).powi(3);
    let s = (lightness - 0.0894841775 * a - 1.2914855480 * b).powi(3);
    let channel = |linear: f64| {
        let c = if linear <= 0.0031308 { 12.92 * linear } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 };
        (255.0 * c.clamp(0.0, 1.0)).round() as u8
    };
    Color::new(
        channel(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
        channel(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
        channel(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s),
    )
}

#[cfg(test)]
mod tests {
    use super::super::theme::WHITE;
    use super::*;

    /// The contrast of two colours as the W3C has it, 1 to 21.
    fn contrast(a: Color, b: Color) -> f64 {
        let luminance = |color: Color| {
            let linear = |channel: u8| {
                let c = f64::from(channel) / 255.0;
                if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * linear(color.red) + 0.7152 * linear(color.green) + 0.0722 * linear(color.blue)
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn colours_go_to_oklab_and_back() {
        for k in 0..2000u32 {
            let color = Color::new((k * 37 % 256) as u8, (k * 101 % 256) as u8, (k * 211 % 256) as u8);
            assert_eq!(from_oklab(to_oklab(color)), color);
        }
        // White has the lightness 1, and red is where Ottosson has it.
        let [l, a, b] = to_oklab(WHITE);
        assert!((l - 1.0).abs() < 1e-6 && a.abs() < 1e-6 && b.abs() < 1e-6);
        let [l, a, b] = to_oklab(Color::new(255, 0, 0));
        assert!((l - 0.62796).abs() < 1e-4 && (a - 0.22486).abs() < 1e-4 && (b - 0.12585).abs() < 1e-4);
    }

    #[test]
    fn lines_and_texts_stand_out_on_the_ground_and_on_tints() {
        let ground = dark(WHITE);
        assert!(contrast(ground, Color::new(0, 0, 0)) < 1.3);
        for index in 0..7 {
            let line = dark(Color::series(index));
            assert!(contrast(line, ground) > 4.0, "{line:?}");
            for other in 0..index {
                assert_ne!(line, dark(Color::series(other)));
            }
        }
        for index in 0..8 {
            let tint = dark(Color::tint(index));
            assert!(contrast(tint, ground) < 2.2, "{tint:?}");
            assert!(contrast(dark(super::super::theme::INK), tint) > 5.0, "{tint:?}");
        }
    }
}
