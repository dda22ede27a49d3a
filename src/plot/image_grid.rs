//! Images side by side.

use super::image::Image;
use super::theme::MILLIMETRE;
use super::{image_layout, output, raster, summary, svg};
use crate::error::{Error, Result};
use std::path::Path;

/// Which maps share the limits of their colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Limits {
    /// None: the colours of each map end at its own largest absolute value, which stands below it.
    #[default]
    Cell,
    /// Those of a row.
    Row,
    /// All of the grid; the colour bar has their limits.
    Grid,
}

/// Small images in rows and columns, without axes: square pixels with sharp edges in both formats.
///
/// Like a [`Figure`](super::Figure) it is a description that is drawn when it is asked for, shows itself as the last
/// expression of a cell, and always gives the same bytes.
///
/// ```
/// use eigengate::data::ImageShape;
/// use eigengate::plot::{Image, ImageGrid};
///
/// let shape = ImageShape { channels: 1, height: 4, width: 4 };
/// let step = ndarray::Array1::from_shape_fn(16, |i| i as f32 / 15.0);
/// let slope = step.mapv(|x| 2.0 * x - 1.0);
/// let grid = ImageGrid::new()
///     .with_columns(["image", "map"])
///     .with_row("first", [Image::pixels(step.view(), shape)?, Image::signed(slope.view(), shape)?])
///     .with_title("Two images");
/// assert!(grid.png()?.starts_with(b"\x89PNG"));
/// assert!(grid.summary()?.contains("map (±1)"));
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct ImageGrid {
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<(String, Vec<Image>)>,
    pub(super) title: String,
    pub(super) limits: Limits,
    /// Logical pixels.
    pub(super) width: Option<f64>,
    /// 192 where there is none.
    dpi: Option<u32>,
}

impl ImageGrid {
    /// A grid without images.
    pub fn new() -> Self {
        Self::default()
    }

    /// The grid with these heads over its columns. Drawing fails unless there is one for every image of a row.
    pub fn with_columns<T: Into<String>>(mut self, heads: impl IntoIterator<Item = T>) -> Self {
        self.columns = heads.into_iter().map(Into::into).collect();
        self
    }

    /// The grid with one more row of images, all of one height and width. Drawing fails unless all rows have as many.
    /// The name stands at the left; empty for none.
    pub fn with_row(mut self, name: impl Into<String>, images: impl IntoIterator<Item = Image>) -> Self {
        self.rows.push((name.into(), images.into_iter().collect()));
        self
    }

    /// The grid with a title.
    pub fn with_title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// The grid with these maps on one scale of colours. [`Limits::Cell`] by default.
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The grid this wide, in millimetres: 10 to 1000. By default an image is about 19 mm wide, less where a page of
    /// 183 mm has no room for that. The height follows.
    pub fn with_width(mut self, millimetres: f64) -> Self {
        self.width = Some(millimetres * MILLIMETRE);
        self
    }

    /// The PNG with this many pixels per inch: 72 to 1200, 192 by default.
    pub fn with_dpi(mut self, dpi: u32) -> Self {
        self.dpi = Some(dpi);
        self
    }

    /// Names and images of the rows.
    pub fn rows(&self) -> &[(String, Vec<Image>)] {
        &self.rows
    }

    /// The grid as a PNG file.
    ///
    /// # Errors
    /// [`Error::Empty`] without images; [`Error::Shape`] where rows, heads or images differ in size; [`Error::Parameter`]
    /// for a width or a resolution that is not allowed; [`Error::Draw`] where an image has no room.
    pub fn png(&self) -> Result<Vec<u8>> {
        let dpi = self.dpi.unwrap_or(192);
        output::check_dpi(dpi)?;
        raster::png(&image_layout::scene(self)?, dpi)
    }

    /// The grid as an SVG document, whose pixels are rectangles. Text is in it as outlines; it refers to no font.
    ///
    /// # Errors
    /// Those of [`png`](Self::png), but for the resolution.
    pub fn svg(&self) -> Result<String> {
        let title = if self.title.is_empty() { format!("{self:?}") } else { self.title.clone() };
        svg::svg(&image_layout::scene(self)?, &title)
    }

    /// Writes the grid to `path`, which ends in `.png` or `.svg`, whole or not at all.
    ///
    /// # Errors
    /// [`Error::Parameter`] for any other ending, [`Error::Write`] where the folder refuses, and those of
    /// [`png`](Self::png).
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        output::save(path.as_ref(), &|| self.png(), &|| self.svg())
    }

    /// What the grid shows, in words: for every row its images, with the limits of the maps.
    ///
    /// # Errors
    /// Those of [`png`](Self::png), but for width and resolution.
    pub fn summary(&self) -> Result<String> {
        self.check()?;
        let mut lines = vec![summary::one_line(&format!("{self:?}"))];
        for (index, (name, images)) in self.rows.iter().enumerate() {
            let cells = images.iter().enumerate().map(|(column, image)| {
                let head = self.columns.get(column).cloned().unwrap_or_else(|| format!("{}", column + 1));
                let limit =
                    image.is_signed().then(|| format!(" (±{})", summary::short(self.limit(index, image))));
                let caption = image.caption().map(|caption| format!(" \"{caption}\""));
                format!("{head}{}{}", limit.unwrap_or_default(), caption.unwrap_or_default())
            });
            let name = if name.is_empty() { format!("{}", index + 1) } else { name.clone() };
            lines.push(summary::one_line(&format!("[{name}] {}", cells.collect::<Vec<_>>().join("; "))));
        }
        let captions = self.rows.iter().flat_map(|(_, images)| images).filter_map(Image::caption);
        let names = self.rows.iter().map(|(name, _)| name.as_str());
        let texts = [self.title.as_str()].into_iter().chain(self.columns.iter().map(String::as_str));
        let missing = summary::missing_of(&texts.chain(names).chain(captions).collect::<Vec<_>>());
        if !missing.is_empty() {
            lines.push(format!("not in the bundled font, drawn as boxes: {missing}"));
        }
        Ok(lines.join("\n"))
    }

    /// Shows the grid in the current notebook cell, as a PNG and as text. Outside of a notebook it does nothing. A
    /// grid that cannot be drawn is one line on standard error.
    pub fn evcxr_display(&self) {
        output::show(&|| self.png(), &|| self.summary());
    }

    /// The first image, once all are found to fit together.
    pub(super) fn check(&self) -> Result<&Image> {
        let first = self.rows.first().and_then(|(_, images)| images.first());
        let first = first.ok_or_else(|| Error::empty("the grid of images"))?;
        let columns = self.rows.first().map_or(0, |(_, images)| images.len());
        if !self.columns.is_empty() && self.columns.len() != columns {
            return Err(Error::shape(
                "heads of columns",
                format!("{columns}, one for each image"),
                self.columns.len(),
            ));
        }
        for (name, images) in &self.rows {
            if images.len() != columns {
                let what = format!("row `{name}`");
                return Err(Error::shape(what, format!("{columns} images, as the first row"), images.len()));
            }
            let (height, width) = (first.height(), first.width());
            if let Some(other) = images.iter().find(|i| (i.height(), i.width()) != (height, width)) {
                let found = format!("{} x {}", other.height(), other.width());
                return Err(Error::shape(
                    format!("image in row `{name}`"),
                    format!("{height} x {width}"),
                    found,
                ));
            }
        }
        Ok(first)
    }

    /// The value of the last colour of a map in a row.
    pub(super) fn limit(&self, row: usize, image: &Image) -> f64 {
        let most = |rows: &[(String, Vec<Image>)]| {
            let maps = rows.iter().flat_map(|(_, images)| images).filter(|image| image.is_signed());
            maps.fold(0.0f32, |most, image| most.max(image.largest()))
        };
        f64::from(match self.limits {
            Limits::Cell => image.largest(),
            Limits::Row => most(self.rows.get(row..=row).unwrap_or_default()),
            Limits::Grid => most(&self.rows),
        })
    }
}

impl std::fmt::Debug for ImageGrid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let columns = self.rows.first().map_or(0, |(_, images)| images.len());
        let title = if self.title.is_empty() { String::new() } else { format!(" \"{}\"", self.title) };
        write!(f, "Images{title}: {} rows, {columns} columns", self.rows.len())
    }
}
