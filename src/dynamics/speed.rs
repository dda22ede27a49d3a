//! How fast the state moves, and why it is slow where it is slow.

use super::field::VectorField;
use super::nullclines::require_planar;
use super::window::Window;
use crate::display::{Content, show};
use crate::error::{Error, Result};
use ndarray::{Array2, Zip};
use std::fmt;

/// What holds the state back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Nothing: the speed is at least the threshold.
    Moving,
    /// The residual `|n - h|` itself is below the threshold: a root, or a place where nullclines almost meet.
    NearRoot,
    /// The residual is not small, but the update gate is nearly closed (`1 - z` is small): no root is near.
    GateSlow,
}

/// Speed and residual on a grid. Row i of an array is at the i-th value of h_2 from below, column j at the j-th of h_1.
#[derive(Clone)]
pub struct SpeedMap {
    /// What was looked at; cells are sampled in their centres.
    pub window: Window,
    /// The speed `|dh/dt|`.
    pub speed: Array2<f64>,
    /// The gate-free residual `|n - h|`.
    pub residual: Array2<f64>,
    /// Why it is slow.
    pub pace: Array2<Pace>,
    /// The speed, and the residual, below which a cell counts as slow.
    pub threshold: f64,
}

/// The speed on a grid of `columns` x `rows` cells; cells slower than `threshold` (0.01 is usual) are told apart by cause.
///
/// # Errors
/// [`Error::Shape`] where the field is not planar; [`Error::Parameter`] for an empty grid or a threshold not above 0.
pub fn speed_map(
    field: &dyn VectorField,
    window: &Window,
    columns: usize,
    rows: usize,
    threshold: f64,
) -> Result<SpeedMap> {
    require_planar(field)?;
    if columns == 0 || rows == 0 {
        return Err(Error::parameter("columns x rows", format!("{columns} x {rows}"), "at least one cell"));
    }
    if !(threshold > 0.0 && threshold.is_finite()) {
        return Err(Error::parameter("threshold", threshold, "a finite speed above 0, such as 0.01"));
    }
    let sizes = |h: [f64; 2]| {
        let (mut f, mut g) = ([0.0; 2], [0.0; 2]);
        field.field(&h, &mut f);
        field.gate_free(&h, &mut g);
        (f[0].hypot(f[1]), g[0].hypot(g[1]))
    };
    let both = Array2::from_shape_fn((rows, columns), |(row, column)| {
        sizes(window.cell_centre(column, row, columns, rows))
    });
    let (speed, residual) = (both.mapv(|both| both.0), both.mapv(|both| both.1));
    let pace = Zip::from(&speed).and(&residual).map_collect(|&speed, &residual| {
        if residual < threshold {
            Pace::NearRoot
        } else if speed < threshold {
            Pace::GateSlow
        } else {
            Pace::Moving
        }
    });
    Ok(SpeedMap { window: *window, speed, residual, pace, threshold })
}

impl SpeedMap {
    /// The share of the cells that have this pace.
    pub fn share(&self, pace: Pace) -> f64 {
        let cells = self.pace.iter().filter(|&&other| other == pace).count();
        cells as f64 / self.pace.len().max(1) as f64
    }

    /// Shows it in a notebook cell. evcxr calls this.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

impl fmt::Debug for SpeedMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rows, columns) = self.speed.dim();
        write!(
            f,
            "SpeedMap {columns} x {rows}: below {} by a root in {:.1} %, by a gate in {:.1} % of the cells",
            self.threshold,
            100.0 * self.share(Pace::NearRoot),
            100.0 * self.share(Pace::GateSlow)
        )
    }
}
