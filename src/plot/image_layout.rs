//! From a grid of images to a scene: where images, names and limits stand.

use super::color_map::ColorMap;
use super::dark::{self, in_theme};
use super::draw::fit;
use super::font::Fonts;
use super::image_grid::{ImageGrid, Limits};
use super::scene::{Align, Layer, Scene, Shape, Text, Weight, edges};
use super::theme::*;
use super::ticks::{number, superscript};
use crate::error::{Error, Result};

/// Width of an image where there is room, between images, and between lines of images.
const CELL: f64 = 72.0;
const GAP: f64 = 8.0;
/// Space for the names above and beside the images. Whole, as all places of images must be.
const LINE: f64 = 13.0;
/// The colour bar.
const BAR: (f64, f64) = (72.0, 7.0);
/// Below this nobody sees an image.
const SMALLEST: f64 = 4.0;

pub(super) fn scene(grid: &ImageGrid) -> Result<Scene> {
    let fonts = Fonts::get()?;
    let first = grid.check()?;
    let columns = grid.rows.first().map_or(0, |(_, images)| images.len());
    let count = columns as f64;
    let named = grid.rows.iter().any(|(name, _)| !name.is_empty());
    let left = MARGIN + if named { LINE } else { 0.0 };
    let room = |width: f64| (width - left - MARGIN - GAP * (count - 1.0)) / count;
    if let Some(width) = grid.width.map(|width| width / MILLIMETRE).filter(|w| !(10.0..=1000.1).contains(w)) {
        return Err(Error::parameter("width", width, "10 to 1000 mm"));
    }
    let most = grid.width.map_or_else(|| room(PAGE_WIDTH).min(CELL), room);
    if most < SMALLEST {
        let reason =
            format!("{columns} images have no room in one row; give a larger with_width, or fewer images");
        return Err(Error::Draw(reason));
    }
    let pixel = whole(most / first.width() as f64);
    let (cell, high) = (pixel * first.width() as f64, pixel * first.height() as f64);
    let right = left + count * cell + (count - 1.0) * GAP;
    let width = grid.width.unwrap_or((right + MARGIN).ceil());
    // Whole pixels are a little narrower than what was asked for.
    let shift = ((width - right - MARGIN) / 2.0).max(0.0).floor();
    let (left, right) = (left + shift, right + shift);

    let mut layers = Vec::new();
    let mut top = MARGIN;
    if !grid.title.is_empty() {
        let (text, size) = fit(fonts, &grid.title, TITLE_TEXT, width - 2.0 * MARGIN);
        layers.push(words(
            "title",
            Text::new(text, (width / 2.0, top + 0.8 * TITLE_TEXT), size, Align::Middle),
        ));
        top += (TITLE_TEXT + 8.0).round();
    }
    let middle = |column: usize| left + column as f64 * (cell + GAP) + cell / 2.0;
    if !grid.columns.is_empty() {
        let mut layer = Layer::new("heads");
        for (column, head) in grid.columns.iter().enumerate() {
            let (text, size) = fit(fonts, head, LABEL_TEXT, cell + GAP - 2.0);
            layer.texts.push(Text::new(text, (middle(column), top + 0.8 * LABEL_TEXT), size, Align::Middle));
        }
        layers.push(layer);
        top += LINE;
    }
    for (row, (name, images)) in grid.rows.iter().enumerate() {
        let mut layer = Layer::new(if name.is_empty() { "row" } else { name });
        let (text, size) = fit(fonts, name, LABEL_TEXT, high);
        let mut label = Text::new(text, (left - 0.45 * LABEL_TEXT, top + high / 2.0), size, Align::Middle);
        label.upwards = true;
        layer.texts.push(label);
        let mut captions = 0.0;
        for (column, image) in images.iter().enumerate() {
            let limit = grid.limit(row, image);
            let start = left + column as f64 * (cell + GAP);
            layer.shapes.push(Shape::Raster {
                x: edges(start, start + cell, image.width()),
                y: edges(top, top + high, image.height()),
                colors: image.colors(limit),
                tints: false,
            });
            // Where all maps have the same limits they stand at the colour bar.
            let own = image.is_signed() && grid.limits != Limits::Grid;
            let caption = image.caption().map(str::to_owned);
            let Some(caption) = caption.or_else(|| own.then(|| format!("±{}", short(limit)))) else {
                continue;
            };
            let (text, size) = fit(fonts, &caption, TICK_TEXT, cell + GAP - 2.0);
            let at = (middle(column), top + high + TICK_TEXT + 1.0);
            layer.texts.push(Text::new(text, at, size, Align::Middle));
            captions = (TICK_TEXT + 4.0).round();
        }
        layers.push(layer);
        top += high + captions + GAP;
    }
    top -= GAP;

    let maps =
        || grid.rows.iter().enumerate().flat_map(|(row, (_, images))| images.iter().map(move |i| (row, i)));
    if let Some((row, image)) = maps().find(|(_, image)| image.is_signed()) {
        top += GAP;
        let (low, high) = match grid.limits {
            Limits::Grid => {
                let limit = short(grid.limit(row, image));
                (format!("−{limit}"), limit)
            }
            _ => ("− limit".to_owned(), "+ limit".to_owned()),
        };
        let length = BAR.0.min(right - left);
        let start = ((left + right - length) / 2.0).round();
        layers.push(bar((start, start + length), top, (low, high), fonts, width));
        top += BAR.1 + TICK_TEXT + 4.0;
    }
    Ok(in_theme(Scene { width, height: (top + MARGIN).ceil(), ground: WHITE, layers }, dark::theme()))
}

/// The colours of the maps from end to end, with the limits and 0 below.
fn bar(
    (left, right): (f64, f64),
    top: f64,
    (low, high): (String, String),
    fonts: &Fonts,
    width: f64,
) -> Layer {
    const STEPS: usize = 144;
    let mut layer = Layer::new("colours");
    layer.shapes.push(Shape::Raster {
        x: edges(left, right, STEPS),
        y: vec![top, top + BAR.1],
        colors: (0..STEPS).map(|i| Some(ColorMap::Diverging.at(i as f64 / (STEPS - 1) as f64))).collect(),
        tints: false,
    });
    let baseline = top + BAR.1 + TICK_TEXT + 1.0;
    for (at, text) in [(left, low), ((left + right) / 2.0, "0".to_owned()), (right, high)] {
        let half = fonts.width(&text, TICK_TEXT, Weight::Regular) / 2.0;
        let at = at.min(width - half - 1.0).max(half + 1.0);
        layer.texts.push(Text::new(text, (at, baseline), TICK_TEXT, Align::Middle));
    }
    layer
}

fn words(name: &str, text: Text) -> Layer {
    Layer { texts: vec![text], ..Layer::new(name) }
}

/// Half pixels are whole pixels at 192 dots per inch: there all pixels of an image are the same size.
fn whole(pixel: f64) -> f64 {
    let rounded = (2.0 * pixel).floor() / 2.0;
    if rounded > 0.0 { rounded } else { pixel }
}

/// Two digits of a number that is not negative.
fn short(value: f64) -> String {
    let text = format!("{value:.1e}");
    let Some((digits, exponent)) = text.split_once('e') else { return text };
    let Ok(exponent) = exponent.parse::<i32>() else { return text };
    match exponent {
        _ if value == 0.0 => "0".to_owned(),
        -3..=3 => number(value, usize::try_from(1 - exponent).unwrap_or(0)),
        _ => format!("{digits}×10{}", superscript(exponent)),
    }
}
