//! Fixed points of a planar field, as walks need them.

use super::classify::{Kind, of_flow};
use super::complex::Complex;
use super::field::VectorField;
use super::fixed_point::FixedPoint;
use super::nullclines::require_planar;
use super::spectrum::spectrum;
use crate::error::{Error, Result, finite};

/// A fixed point of a planar field: its place and its linear part.
///
/// The fixed points of a GRU become it by `PlanarPoint::try_from`; those of another field by [`PlanarPoint::of`].
#[derive(Clone, Debug, PartialEq)]
pub struct PlanarPoint {
    /// Where it is.
    pub state: [f64; 2],
    /// Its class.
    pub kind: Kind,
    /// The eigenvalues, in the order of decreasing real part.
    pub eigenvalues: [Complex; 2],
    /// The directions of length 1 that belong to them, where they are real: of a saddle the unstable one first.
    pub directions: Option<[[f64; 2]; 2]>,
}

impl PlanarPoint {
    /// The linear part of `field` at `state`, which is taken to be a fixed point.
    ///
    /// # Errors
    /// [`Error::Shape`] where the field is not planar; [`Error::NotFinite`] for a state or a Jacobian that is not finite.
    pub fn of(field: &dyn VectorField, state: [f64; 2]) -> Result<Self> {
        require_planar(field)?;
        finite("state", &state)?;
        let mut jacobian = [0.0; 4];
        field.jacobian(&state, &mut jacobian);
        finite("the Jacobian at a fixed point", &jacobian)?;
        let spectrum = spectrum(&[1.0, 1.0], &jacobian)?;
        let kind = of_flow(&spectrum.values).1;
        Self::new(&state, kind, &spectrum.values, &spectrum.vectors)
    }

    /// Its Poincare index: -1 of a saddle, 1 of a node or focus, 0 where it is not hyperbolic.
    pub fn index(&self) -> i32 {
        match self.kind {
            Kind::Saddle => -1,
            Kind::NonHyperbolic | Kind::SaddleFocus => 0,
            _ => 1,
        }
    }

    fn new(state: &[f64], kind: Kind, values: &[Complex], vectors: &[Vec<Complex>]) -> Result<Self> {
        let (&[x, y], &[first, second]) = (state, values) else {
            return Err(Error::shape("a fixed point of a planar field", "2 units", state.len()));
        };
        let direction = |k: usize| match vectors.get(k).map(Vec::as_slice) {
            Some(&[a, b]) if values[k].im == 0.0 => Some([a.re, b.re]),
            _ => None,
        };
        let directions = direction(0).zip(direction(1)).map(|(first, second)| [first, second]);
        Ok(PlanarPoint { state: [x, y], kind, eigenvalues: [first, second], directions })
    }
}

impl TryFrom<&FixedPoint> for PlanarPoint {
    type Error = Error;

    /// # Errors
    /// [`Error::Shape`] for a system of other than two units.
    fn try_from(point: &FixedPoint) -> Result<Self> {
        Self::new(&point.state.to_vec(), point.kind, &point.eigenvalues, &point.eigenvectors)
    }
}
