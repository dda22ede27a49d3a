//! The connecting orbit, and the side on which a cycle is born from it.

use super::branch::{Launch, crossing_of, followed};
use super::saddle::PlanarSaddle;
use super::section::{SplitSection, distance};
use crate::dynamics::VectorField;
use crate::dynamics::integrate::Integrator;
use crate::error::Result;
use ndarray::Array2;

/// The orbit from the saddle to the section, and from there to the saddle.
pub(in crate::dynamics) fn orbit(
    flow: &dyn VectorField,
    saddles: (&PlanarSaddle, &PlanarSaddle),
    branches: (f64, f64),
    section: &SplitSection,
) -> Result<Array2<f64>> {
    let gentle = Integrator::new().with_tolerances(1e-9, 1e-11).with_max_steps(4000);
    let stiff = Integrator::rosenbrock().with_tolerances(1e-9, 1e-11).with_max_steps(4000);
    let mut points: Vec<[f64; 2]> = vec![saddles.0.state];
    let half = |launch: Launch| -> Result<Vec<[f64; 2]>> {
        let (mut whole, _) = followed(flow, &gentle, launch, Some(section))?;
        if crossing_of(&whole, launch, section).is_none() {
            (whole, _) = followed(flow, &stiff, launch, Some(section))?;
        }
        let end = crossing_of(&whole, launch, section).map_or(0.0, |crossing| crossing.time);
        let mut half = vec![];
        for two in whole.times().windows(2) {
            for part in 0..4 {
                let t = two[0] + (two[1] - two[0]) * f64::from(part) / 4.0;
                if t.abs() < end {
                    let h = whole.state_at(t)?;
                    half.push([h[0], h[1]]);
                }
            }
        }
        Ok(half)
    };
    points.extend(half(Launch { start: saddles.0.leaving(branches.0), sense: 1.0 })?);
    let mut back = half(Launch { start: saddles.1.entering(branches.1), sense: -1.0 })?;
    back.reverse();
    points.extend(back);
    points.push(saddles.1.state);
    Ok(Array2::from_shape_fn((points.len(), 2), |(row, i)| points[row][i]))
}

/// The side of the root with a cycle. Near the saddle orbits turn in the sector between the two branches; where that is inside of the
/// loop, the cycle is inside too. It is there where the manifold that it follows (the unstable one if it attracts) comes back
/// on that side of the other one.
pub(super) fn side(
    orbit: &Array2<f64>,
    saddle: &PlanarSaddle,
    branches: (f64, f64),
    section: &SplitSection,
    slope: f64,
) -> Option<f64> {
    let size =
        1e-3 * orbit.rows().into_iter().map(|h| distance([h[0], h[1]], saddle.state)).fold(0.0, f64::max);
    let (v, w) = (saddle.unstable_direction, saddle.stable_direction);
    let sector = [0, 1].map(|i| saddle.state[i] + size * (branches.0 * v[i] + branches.1 * w[i]));
    let crossing = orbit.rows().into_iter().fold((f64::INFINITY, 0.0), |best, h| {
        let off = ((h[0] - section.from[0]) * section.normal()[0]
            + (h[1] - section.from[1]) * section.normal()[1])
            .abs();
        if section.holds(&[h[0], h[1]]) && off < best.0 { (off, section.place(&[h[0], h[1]])) } else { best }
    });
    let lower = section.point(crossing.1 - size);
    // Whether the cycle crosses the section below the loop.
    let below = contains(orbit, sector) == contains(orbit, lower);
    let attracts = saddle.quantity() < 0.0;
    let wanted = if below == attracts { -1.0 } else { 1.0 };
    (slope.abs() > 0.0).then(|| wanted * slope.signum())
}

/// Whether a closed polygon contains a point.
fn contains(polygon: &Array2<f64>, h: [f64; 2]) -> bool {
    let n = polygon.nrows();
    let mut inside = false;
    for k in 0..n {
        let (a, b) = (polygon.row(k), polygon.row((k + 1) % n));
        if (a[1] > h[1]) != (b[1] > h[1]) && h[0] < a[0] + (h[1] - a[1]) / (b[1] - a[1]) * (b[0] - a[0]) {
            inside = !inside;
        }
    }
    inside
}
