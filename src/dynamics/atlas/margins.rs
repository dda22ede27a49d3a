//! How far a portrait is from changing.

use super::super::attractors::outline;
use super::super::window::Polyline;
use super::super::{FixedPoints, GruFlow, LimitCycles};

/// How far a portrait is from the bifurcations that would change its class, and how well it can be seen.
///
/// Each is a number that vanishes where the portrait changes or cannot be drawn; what a portrait does not have is 1, and the
/// separation of a lone fixed point 2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Margins {
    /// The smallest distance of two fixed points.
    pub separation: f64,
    /// The smallest `1 / |Dg^-1|` (in the maximum norm) of a fixed point, `g` being the gate-free residual: 0 at a fold.
    pub fold: f64,
    /// The smallest `|Re lambda| / |lambda|` of a complex pair: 0 at a Hopf point.
    pub hopf: f64,
    /// The smallest `1 - z` at a fixed point: 0 where nothing moves.
    pub gate: f64,
    /// The smallest `1 - exp(-|ln m|)` over the multipliers `m` of cycles: 0 at a fold of cycles.
    pub multiplier: f64,
    /// The smallest distance of a cycle from a fixed point and from another cycle: 0 at a homoclinic point.
    pub gap: f64,
}

/// What counts as far, in the order of [`Margins::values`].
const FAR: [f64; 6] = [0.25, 0.5, 0.25, 0.2, 0.5, 0.1];

impl Margins {
    /// Of fixed points alone.
    pub(crate) fn of_points(flow: &GruFlow, found: &FixedPoints) -> Self {
        let mut margins =
            Self { separation: 2.0, fold: 1.0, hopf: 1.0, gate: 1.0, multiplier: 1.0, gap: 1.0 };
        for (index, point) in found.points.iter().enumerate() {
            let state = point.state.as_slice().unwrap_or_default();
            for other in found.points.iter().skip(index + 1) {
                let apart = state.iter().zip(&other.state).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
                margins.separation = margins.separation.min(apart);
            }
            let mut dg = [0.0; 4];
            flow.residual_jacobian(state, &mut dg);
            let inverse = (dg[0].abs() + dg[2].abs()).max(dg[1].abs() + dg[3].abs());
            margins.fold = margins.fold.min(point.determinant.abs() / inverse);
            for lambda in point.eigenvalues.iter().filter(|lambda| lambda.im != 0.0) {
                margins.hopf = margins.hopf.min(lambda.re.abs() / lambda.abs());
            }
            margins.gate = point.update_complement.iter().copied().fold(margins.gate, f64::min);
        }
        margins
    }

    /// With those of cycles.
    pub(crate) fn with_cycles(mut self, found: &FixedPoints, cycles: &LimitCycles) -> Self {
        let lines: Vec<Polyline> = cycles.cycles.iter().map(outline).collect();
        for (index, (cycle, line)) in cycles.cycles.iter().zip(&lines).enumerate() {
            self.multiplier = self.multiplier.min(1.0 - (-cycle.divergence.abs()).exp());
            let states =
                found.points.iter().filter_map(|point| <[f64; 2]>::try_from(point.state.to_vec()).ok());
            let others = lines.iter().skip(index + 1).flat_map(|other| other.points.iter().copied());
            self.gap = states.chain(others).map(|at| line.distance(at)).fold(self.gap, f64::min);
        }
        self
    }

    /// All of them: separation, fold, hopf, gate, multiplier, gap.
    pub fn values(&self) -> [f64; 6] {
        [self.separation, self.fold, self.hopf, self.gate, self.multiplier, self.gap]
    }

    /// The cleanliness of what no update gate changes: separation and fold.
    pub(super) fn of_frame(&self) -> f64 {
        (self.separation / FAR[0]).min(self.fold / FAR[1]).min(1.0)
    }

    /// One number for all: the smallest of
    ///
    /// ```text
    /// separation / 0.25,  fold / 0.5,  hopf / 0.25,  gate / 0.2,  multiplier / 0.5,  gap / 0.1
    /// ```
    ///
    /// and 1. Of two portraits of one class an atlas keeps that with the larger one.
    pub fn cleanliness(&self) -> f64 {
        self.values().iter().zip(FAR).map(|(value, far)| value / far).fold(1.0, f64::min)
    }
}
