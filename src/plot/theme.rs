//! How figures look: one set of sizes and colours, made for a column of a printed page.
//!
//! Inside the module lengths are logical pixels of 1/96 inch, so a figure 336 pixels wide is one
//! 89 mm column, and 7 points of text are 9.33 pixels.

/// An opaque sRGB colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Color {
    /// Red, 0 to 255.
    pub red: u8,
    /// Green, 0 to 255.
    pub green: u8,
    /// Blue, 0 to 255.
    pub blue: u8,
}

impl Color {
    /// Black, the first colour of the palette.
    pub const BLACK: Color = Color::new(0, 0, 0);
    /// Vermillion, the second.
    pub const VERMILLION: Color = Color::new(213, 94, 0);
    /// Blue, the third.
    pub const BLUE: Color = Color::new(0, 114, 178);
    /// Bluish green, the fourth.
    pub const GREEN: Color = Color::new(0, 158, 115);
    /// Orange, the fifth.
    pub const ORANGE: Color = Color::new(230, 159, 0);
    /// Sky blue, the sixth.
    pub const SKY: Color = Color::new(86, 180, 233);
    /// Reddish purple, the seventh and last.
    pub const PURPLE: Color = Color::new(204, 121, 167);
    /// The grey of reference lines; not in the palette.
    pub const GREY: Color = Color::new(128, 128, 128);

    /// A colour from its three components, 0 to 255 each.
    pub const fn new(red: u8, green: u8, blue: u8) -> Self {
        Self { red, green, blue }
    }

    /// The colour of the series at `index`, counted from 0.
    ///
    /// The palette is that of Okabe and Ito, which people with any kind of colour vision can tell apart,
    /// without its yellow, which is too pale for a line on white. After seven colours it starts again.
    pub const fn series(index: usize) -> Self {
        match index % PALETTE_SIZE {
            0 => Self::BLACK,
            1 => Self::VERMILLION,
            2 => Self::BLUE,
            3 => Self::GREEN,
            4 => Self::ORANGE,
            5 => Self::SKY,
            _ => Self::PURPLE,
        }
    }

    /// The pale colour of the region at `index`, counted from 0: for areas under lines and text.
    ///
    /// Mixtures of the palette's colours with white, in an order in which neighbours differ for all kinds of colour
    /// vision. After eight tints they start again.
    pub const fn tint(index: usize) -> Self {
        match index % 8 {
            0 => Self::new(214, 233, 246),
            1 => Self::new(252, 232, 196),
            2 => Self::new(236, 214, 228),
            3 => Self::new(208, 236, 226),
            4 => Self::new(250, 216, 200),
            5 => Self::new(188, 214, 232),
            6 => Self::new(226, 226, 222),
            _ => Self::new(246, 242, 190),
        }
    }
}

/// What figures are drawn for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// White pages, and print.
    #[default]
    Light,
    /// Dark pages.
    Dark,
}

/// The ground of figures, and the inside of open markers.
pub(super) const WHITE: Color = Color::new(255, 255, 255);

/// Colours before the palette starts again.
pub(super) const PALETTE_SIZE: usize = 7;

/// Text and spines. Pure black is left to the data.
pub(super) const INK: Color = Color::new(38, 38, 38);

/// Logical pixels in a point.
pub(super) const POINT: f64 = 96.0 / 72.0;
/// Logical pixels in a millimetre.
pub(super) const MILLIMETRE: f64 = 96.0 / 25.4;

/// Sizes of text, in logical pixels.
pub(super) const TICK_TEXT: f64 = 6.5 * POINT;
pub(super) const LABEL_TEXT: f64 = 7.0 * POINT;
pub(super) const LEGEND_TEXT: f64 = 6.5 * POINT;
pub(super) const TITLE_TEXT: f64 = 7.5 * POINT;
pub(super) const SMALL_TITLE_TEXT: f64 = 5.5 * POINT;
pub(super) const LETTER_TEXT: f64 = 9.0 * POINT;

/// Spines and ticks.
pub(super) const SPINE: f64 = 1.0;
pub(super) const MAJOR_TICK: f64 = 4.0;
pub(super) const MINOR_TICK: f64 = 2.5;
/// Between a tick and its label.
pub(super) const TICK_GAP: f64 = 2.5;
/// Between tick labels and the axis label.
pub(super) const LABEL_GAP: f64 = 5.0;

/// White space around the whole figure, and between panels.
pub(super) const MARGIN: f64 = 5.0;
pub(super) const PANEL_GAP: f64 = 16.0;
/// The same between small panels, and the frame of one.
pub(super) const SMALL_GAP: f64 = 4.0;
pub(super) const SMALL_SPINE: f64 = 0.5;

/// Defaults of series, in points.
pub(super) const LINE_POINTS: f64 = 1.1;
pub(super) const REFERENCE_POINTS: f64 = 0.9;
pub(super) const MARKER_POINTS: f64 = 3.2;
pub(super) const BAND_ALPHA: f64 = 0.2;

/// Legend: length of the sample, gap to its text, height of a row, gap between columns.
pub(super) const SAMPLE: f64 = 18.0;
pub(super) const SAMPLE_GAP: f64 = 5.0;
pub(super) const LEGEND_ROW: f64 = 13.0;
pub(super) const LEGEND_GAP: f64 = 12.0;

/// Default sizes of a figure: one column of a page, or two.
pub(super) const COLUMN_WIDTH: f64 = 89.0 * MILLIMETRE;
pub(super) const PAGE_WIDTH: f64 = 183.0 * MILLIMETRE;
pub(super) const PANEL_HEIGHT: f64 = 62.0 * MILLIMETRE;
/// Height of a panel where three or more stand side by side.
pub(super) const NARROW_PANEL_HEIGHT: f64 = 54.0 * MILLIMETRE;
