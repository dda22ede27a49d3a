//! Sections on which two manifolds are compared.

use crate::error::{Error, Result, finite};

/// A straight section in the plane: a ray from a point, or a whole line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SplitSection {
    /// A point of it; the origin of a ray.
    pub from: [f64; 2],
    /// Unit vector along it.
    pub along: [f64; 2],
    /// Whether only the part in the direction of `along` counts.
    pub ray: bool,
}

impl SplitSection {
    /// The ray from `from` in the direction of `along`.
    ///
    /// # Errors
    /// [`Error::NotFinite`]; [`Error::Parameter`] for a direction of length 0.
    pub fn ray(from: [f64; 2], along: [f64; 2]) -> Result<Self> {
        finite("section of a split", from.iter().chain(&along))?;
        let size = along[0].hypot(along[1]);
        if size == 0.0 {
            return Err(Error::parameter("along", "(0, 0)", "a direction"));
        }
        Ok(Self { from, along: [along[0] / size, along[1] / size], ray: true })
    }

    /// The line through `from` in the direction of `along`.
    ///
    /// # Errors
    /// As [`SplitSection::ray`].
    pub fn line(from: [f64; 2], along: [f64; 2]) -> Result<Self> {
        Ok(Self { ray: false, ..Self::ray(from, along)? })
    }

    /// The ray that points away from a saddle, turned by `angle`.
    pub(super) fn away(centre: [f64; 2], saddle: [f64; 2], angle: f64) -> Result<Self> {
        let (sin, cos) = angle.sin_cos();
        let (x, y) = (centre[0] - saddle[0], centre[1] - saddle[1]);
        Self::ray(centre, [cos * x - sin * y, sin * x + cos * y])
    }

    pub(in crate::dynamics) fn normal(&self) -> [f64; 2] {
        [-self.along[1], self.along[0]]
    }

    /// The place along the section of a point on it.
    pub(super) fn place(&self, h: &[f64]) -> f64 {
        h.iter().zip(&self.from).zip(&self.along).map(|((h, from), along)| (h - from) * along).sum()
    }

    /// The point at a place.
    pub(in crate::dynamics) fn point(&self, s: f64) -> [f64; 2] {
        [0, 1].map(|i| self.from[i] + s * self.along[i])
    }

    /// Whether a point of the whole line counts.
    pub(super) fn holds(&self, h: &[f64]) -> bool {
        !self.ray || self.place(h) > 0.0
    }
}

pub(super) fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}
