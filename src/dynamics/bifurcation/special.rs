//! Special points of branches.

use super::normal_forms::FirstLyapunov;
use crate::display::{Content, show};
use std::fmt;

/// What happens at a special point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bifurcation {
    /// Two equilibria meet and vanish (saddle-node, limit point).
    Fold,
    /// A branch crosses another one and both go on.
    Transcritical,
    /// A branch crosses one that turns there, as the symmetry `h -> -h` asks for.
    Pitchfork,
    /// Two branches cross, and the normal form does not tell how.
    BranchPoint,
    /// A complex pair of eigenvalues crosses the imaginary axis: a cycle is born.
    Hopf,
    /// Two real eigenvalues with the sum 0 (of a map: with the product 1). Nothing happens there; it is listed because the test for
    /// Hopf points vanishes.
    NeutralSaddle,
    /// A multiplier of a map, or of a cycle, is -1: an orbit of twice the period is born.
    Flip,
    /// A complex pair of multipliers of a map, or of a cycle, crosses the unit circle: an invariant circle is born.
    NeimarkSacker,
    /// Two cycles meet and vanish.
    FoldOfCycles,
    /// Two folds meet: the quadratic coefficient vanishes.
    Cusp,
    /// Fold and Hopf point meet: a double eigenvalue 0.
    BogdanovTakens,
    /// The first Lyapunov coefficient vanishes (Bautin): a fold of cycles is born.
    GeneralizedHopf,
    /// An eigenvalue 0 and an imaginary pair.
    ZeroHopf,
    /// The coefficient of a flip vanishes.
    GeneralizedFlip,
    /// The coefficient of a Neimark-Sacker point vanishes.
    Chenciner,
    /// A double multiplier 1 of a map.
    Resonance11,
    /// A double multiplier -1 of a map.
    Resonance12,
    /// A multiplier 1 and a multiplier -1 of a map.
    FoldFlip,
    /// A homoclinic orbit to a saddle whose eigenvalues have the sum 0: folds of cycles come from it.
    ResonantHomoclinic,
    /// A homoclinic orbit to a saddle that meets a node there.
    SaddleNodeHomoclinic,
    /// A homoclinic orbit that comes to another saddle, or to a fold, and falls into heteroclinic orbits there.
    HeteroclinicLoop,
}

impl Bifurcation {
    /// The name in snake case, as in `fold_of_cycles`.
    pub fn name(self) -> &'static str {
        match self {
            Bifurcation::Fold => "fold",
            Bifurcation::Transcritical => "transcritical",
            Bifurcation::Pitchfork => "pitchfork",
            Bifurcation::BranchPoint => "branch_point",
            Bifurcation::Hopf => "hopf",
            Bifurcation::NeutralSaddle => "neutral_saddle",
            Bifurcation::Flip => "flip",
            Bifurcation::NeimarkSacker => "neimark_sacker",
            Bifurcation::FoldOfCycles => "fold_of_cycles",
            Bifurcation::Cusp => "cusp",
            Bifurcation::BogdanovTakens => "bogdanov_takens",
            Bifurcation::GeneralizedHopf => "generalized_hopf",
            Bifurcation::ZeroHopf => "zero_hopf",
            Bifurcation::GeneralizedFlip => "generalized_flip",
            Bifurcation::Chenciner => "chenciner",
            Bifurcation::Resonance11 => "resonance_1_1",
            Bifurcation::Resonance12 => "resonance_1_2",
            Bifurcation::FoldFlip => "fold_flip",
            Bifurcation::ResonantHomoclinic => "resonant_homoclinic",
            Bifurcation::SaddleNodeHomoclinic => "saddle_node_homoclinic",
            Bifurcation::HeteroclinicLoop => "heteroclinic_loop",
        }
    }

    /// Whether something happens there: all but a [`NeutralSaddle`](Bifurcation::NeutralSaddle).
    pub fn is_bifurcation(self) -> bool {
        self != Bifurcation::NeutralSaddle
    }
}

impl fmt::Display for Bifurcation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name().replace('_', " "))
    }
}

/// A located special point.
#[derive(Clone, PartialEq)]
pub struct SpecialPoint {
    /// What happens there.
    pub kind: Bifurcation,
    /// The parameters: one on a branch, two on a curve of bifurcations.
    pub parameters: Vec<f64>,
    /// The state.
    pub state: Vec<f64>,
    /// Values of the (first) parameter at two points of the branch, one on each side, as near as the sign of the test can be told. At
    /// a fold both lie on one side of the fold.
    pub bracket: (f64, f64),
    /// Whether it is located to 1e-10: the points of the bracket are that near to each other, in units of the continuation, or
    /// Newton's method on the defining equations has converged.
    pub converged: bool,
    /// Hopf: the angular frequency `omega`. Neimark-Sacker: the angle `theta` of the multipliers.
    pub frequency: Option<f64>,
    /// At a Hopf point of a branch, `d Re(lambda) / dp` along it; at a Neimark-Sacker point that of the absolute value of the multiplier. A
    /// supercritical cycle is on the side of the parameter on which this makes the equilibrium unstable, a subcritical one on
    /// the other.
    pub crossing_speed: Option<f64>,
    /// The first Lyapunov coefficient of a Hopf point.
    pub first_lyapunov: Option<FirstLyapunov>,
    /// The leading coefficient of the normal form: quadratic for a fold, a transcritical point (`x' = a x^2`), cubic for a
    /// pitchfork (above 0: subcritical), `Re c1` for a Hopf point and, turned back by `theta`, for a Neimark-Sacker point (below 0: supercritical),
    /// `c` of a flip (above 0: the doubled orbit is stable). NaN where there is none.
    pub coefficient: f64,
}

impl SpecialPoint {
    /// A point without a normal form.
    pub(crate) fn new(
        kind: Bifurcation,
        parameters: Vec<f64>,
        state: Vec<f64>,
        bracket: (f64, f64),
        converged: bool,
    ) -> Self {
        Self {
            kind,
            parameters,
            state,
            bracket,
            converged,
            frequency: None,
            crossing_speed: None,
            first_lyapunov: None,
            coefficient: f64::NAN,
        }
    }

    /// The first parameter.
    pub fn parameter(&self) -> f64 {
        self.parameters.first().copied().unwrap_or(f64::NAN)
    }

    /// The distance of the two ends of the bracket.
    pub fn bracket_width(&self) -> f64 {
        (self.bracket.1 - self.bracket.0).abs()
    }

    /// For a Hopf, Neimark-Sacker, pitchfork or flip point: whether what is born there is stable (supercritical), within the critical
    /// directions.
    pub fn is_supercritical(&self) -> Option<bool> {
        match self.kind {
            _ if self.coefficient.is_nan() => None,
            Bifurcation::Hopf | Bifurcation::NeimarkSacker | Bifurcation::Pitchfork => {
                Some(self.coefficient < 0.0)
            }
            Bifurcation::Flip => Some(self.coefficient > 0.0),
            _ => None,
        }
    }

    /// The side of the parameter, 1 (above) or -1, on which there is a small cycle near a Hopf point.
    pub fn cycle_side(&self) -> Option<f64> {
        let supercritical = self.is_supercritical()?;
        let speed = self.crossing_speed?;
        Some(if supercritical { speed.signum() } else { -speed.signum() })
    }

    /// Shows it in a notebook.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

/// Numbered lines of special points, after the line of their branch.
pub(crate) fn write_numbered(f: &mut fmt::Formatter<'_>, specials: &[SpecialPoint]) -> fmt::Result {
    for (k, special) in specials.iter().enumerate() {
        write!(f, "\n  {}. {special:?}", k + 1)?;
    }
    Ok(())
}

impl fmt::Debug for SpecialPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |numbers: &[f64], digits: usize| {
            numbers.iter().map(|x| format!("{x:.digits$}")).collect::<Vec<_>>().join(", ")
        };
        write!(f, "{} at {}, state ({})", self.kind, list(&self.parameters, 10), list(&self.state, 6))?;
        if let Some(frequency) = self.frequency {
            write!(f, ", frequency {frequency:.8}")?;
        }
        match self.is_supercritical() {
            Some(true) => write!(f, ", supercritical ({:.6})", self.coefficient)?,
            Some(false) => write!(f, ", subcritical ({:.6})", self.coefficient)?,
            None => {}
        }
        let verdict = if self.converged { "converged" } else { "guess" };
        write!(f, ", bracket {:.1e} wide [{verdict}]", self.bracket_width())
    }
}
