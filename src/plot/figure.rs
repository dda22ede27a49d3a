//! Figures: a description that is drawn when it is asked for.

use super::panel::Panel;
use super::resolve::Resolved;
use super::theme::{COLUMN_WIDTH, MILLIMETRE, PAGE_WIDTH, Theme};
use super::{layout, output, raster, summary, svg};
use crate::error::{Error, Result};
use std::path::Path;

/// One or more panels in a grid: a description, not pixels, so it can be changed and drawn again.
///
/// The last expression of a cell, `figure`, shows it; so does `figure.evcxr_display()`. The same figure
/// always gives the same bytes, whatever fonts the machine has.
#[derive(Clone)]
pub struct Figure {
    pub(super) panels: Vec<Panel>,
    pub(super) title: String,
    pub(super) columns: Option<usize>,
    /// Logical pixels.
    pub(super) size: Option<(f64, f64)>,
    /// Logical pixels, with the natural height.
    pub(super) width: Option<f64>,
    pub(super) theme: Option<Theme>,
    dpi: u32,
}

impl Figure {
    /// Panels side by side, or from four on in a grid (see [`with_columns`](Self::with_columns)).
    pub fn new(panels: Vec<Panel>) -> Self {
        Self { panels, title: String::new(), columns: None, size: None, width: None, theme: None, dpi: 192 }
    }

    /// The figure with a title over all panels.
    pub fn with_title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// The figure this large, in millimetres: 10 to 1000 each way.
    ///
    /// By default a single panel is 89 mm wide (a column of a journal), several are 183 mm (a page), and the
    /// height is what panels and legend need.
    pub fn with_size(mut self, width: f64, height: f64) -> Self {
        self.size = Some((width * MILLIMETRE, height * MILLIMETRE));
        self
    }

    /// The figure as wide as one column of a journal, 89 mm; the height is what panels and legend need.
    pub fn in_one_column(mut self) -> Self {
        self.width = Some(COLUMN_WIDTH);
        self
    }

    /// The figure as wide as two columns of a journal, a page of 183 mm; the height is what panels and legend need.
    pub fn in_two_columns(mut self) -> Self {
        self.width = Some(PAGE_WIDTH);
        self
    }

    /// The figure for dark or for light pages, whatever [`set_theme`](super::set_theme) says.
    pub fn with_theme(mut self, theme: Theme) -> Self {
        self.theme = Some(theme);
        self
    }

    /// The figure with this many panels in a row, at least 1. By default up to three stand in one row, four
    /// in two rows of two, more in rows of three; small panels stand in as many columns as make a page.
    pub fn with_columns(mut self, columns: usize) -> Self {
        self.columns = Some(columns);
        self
    }

    /// The PNG with this many pixels per inch: 72 to 1200, 192 by default. Notebooks show one pixel of the
    /// file as one pixel of the page; journals ask for 300 or more.
    pub fn with_dpi(mut self, dpi: u32) -> Self {
        self.dpi = dpi;
        self
    }

    /// The figure with the letters A, B, C, … on its panels.
    pub fn with_letters(mut self) -> Self {
        for (panel, letter) in self.panels.iter_mut().zip('A'..='Z') {
            panel.letter = Some(letter);
        }
        self
    }

    /// The panels.
    pub fn panels(&self) -> &[Panel] {
        &self.panels
    }

    /// The panels, to be changed.
    pub fn panels_mut(&mut self) -> &mut Vec<Panel> {
        &mut self.panels
    }

    /// The figure as a PNG file.
    ///
    /// Points that are NaN or infinite, or not positive on a log axis, are left out; the text of
    /// [`summary`](Self::summary) says how many.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a range, size, width or resolution that is not allowed; [`Error::Empty`] and
    /// [`Error::Shape`] for series whose arrays were emptied or changed; [`Error::Draw`] for a figure without
    /// panels, and where a panel has nothing left to draw or is too small.
    pub fn png(&self) -> Result<Vec<u8>> {
        output::check_dpi(self.dpi)?;
        raster::png(&layout::scene(self, &self.resolve()?)?, self.dpi)
    }

    /// The figure as an SVG document. Text is in it as outlines; it refers to no font.
    ///
    /// # Errors
    /// Those of [`png`](Self::png), but for the resolution.
    pub fn svg(&self) -> Result<String> {
        let resolved = self.resolve()?;
        let title = if self.title.is_empty() { summary::heading(self) } else { self.title.clone() };
        svg::svg(&layout::scene(self, &resolved)?, &title)
    }

    /// Writes the figure to `path`, which ends in `.png` or `.svg`.
    ///
    /// The file is written whole or not at all: a failure leaves a file of that name as it was.
    ///
    /// # Errors
    /// [`Error::Parameter`] for any other ending, [`Error::Write`] where the folder refuses, and those of
    /// [`png`](Self::png).
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        output::save(path.as_ref(), &|| self.png(), &|| self.svg())
    }

    /// What the figure shows, in words: axes with their ranges, series with their numbers of points, and
    /// what was left out.
    ///
    /// # Errors
    /// Those of [`png`](Self::png), but for sizes and the resolution.
    pub fn summary(&self) -> Result<String> {
        Ok(summary::text(self, &self.resolve()?))
    }

    /// Shows the figure in the current notebook cell, as a PNG and as text. Outside of a notebook it does
    /// nothing. A figure that cannot be drawn is one line on standard error.
    pub fn evcxr_display(&self) {
        output::show(&|| self.png(), &|| self.summary());
    }

    fn resolve(&self) -> Result<Vec<Resolved<'_>>> {
        if self.panels.is_empty() {
            return Err(Error::Draw("it has no panels; give Figure::new at least one".to_owned()));
        }
        self.panels.iter().map(Resolved::new).collect()
    }
}

impl From<Panel> for Figure {
    fn from(panel: Panel) -> Self {
        Figure::new(vec![panel])
    }
}

impl std::fmt::Debug for Figure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", summary::heading(self))
    }
}
