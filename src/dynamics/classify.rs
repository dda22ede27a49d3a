//! Classes of fixed points.

use super::complex::Complex;
use std::fmt;

/// What a fixed point is to the states near it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Attracts, all eigenvalues real.
    StableNode,
    /// Attracts, with a complex pair.
    StableFocus,
    /// Repels, all eigenvalues real.
    UnstableNode,
    /// Repels, with a complex pair.
    UnstableFocus,
    /// Attracts in some directions and repels in others, all eigenvalues real.
    Saddle,
    /// The same with a complex pair; not in the plane.
    SaddleFocus,
    /// The linear part does not tell: a fold, or a Hopf point within [`TOLERANCE`].
    NonHyperbolic,
}

/// A complex pair is on the stability boundary where `|Re lambda| <= TOLERANCE |lambda|`; for a map, where `| |m|^2 - 1 |` is at
/// most that share of the terms it is the sum of. Real eigenvalues are not measured so: that of a slow unit is small and
/// hyperbolic. Folds are told by the residual, which does not see the update gate.
pub const TOLERANCE: f64 = 1e-9;

impl Kind {
    /// The name in snake case, as in `stable_node`.
    pub fn name(self) -> &'static str {
        match self {
            Kind::StableNode => "stable_node",
            Kind::StableFocus => "stable_focus",
            Kind::UnstableNode => "unstable_node",
            Kind::UnstableFocus => "unstable_focus",
            Kind::Saddle => "saddle",
            Kind::SaddleFocus => "saddle_focus",
            Kind::NonHyperbolic => "non_hyperbolic",
        }
    }

    /// Whether it attracts.
    pub fn is_stable(self) -> bool {
        matches!(self, Kind::StableNode | Kind::StableFocus)
    }

    /// Whether it is a saddle of either kind.
    pub fn is_saddle(self) -> bool {
        matches!(self, Kind::Saddle | Kind::SaddleFocus)
    }

    /// Whether it repels in all directions.
    pub fn is_source(self) -> bool {
        matches!(self, Kind::UnstableNode | Kind::UnstableFocus)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name().replace('_', " "))
    }
}

/// The number of unstable eigenvalues of a flow and the class, without the test for folds.
pub(crate) fn of_flow(values: &[Complex]) -> (usize, Kind) {
    let critical = |v: &Complex| v.im != 0.0 && v.re.abs() <= TOLERANCE * v.abs();
    classify(values, |v| v.re > 0.0, critical)
}

/// The same for the map `h + step f(h)`. `|1 + step lambda|^2 - 1` is computed without cancellation.
pub(crate) fn of_map(values: &[Complex], step: f64) -> (usize, Kind) {
    let excess = |v: &Complex| (2.0 * v.re, step * (v.re * v.re + v.im * v.im));
    let unstable = |v: &Complex| excess(v).0 + excess(v).1 > 0.0;
    let critical = |v: &Complex| {
        let (linear, square) = excess(v);
        square > 0.0 && (linear + square).abs() <= TOLERANCE * (linear.abs() + square)
    };
    classify(values, unstable, critical)
}

fn classify(
    values: &[Complex],
    unstable: impl Fn(&Complex) -> bool,
    critical: impl Fn(&Complex) -> bool,
) -> (usize, Kind) {
    let count = values.iter().filter(|v| unstable(v)).count();
    let complex = values.iter().any(|v| v.im != 0.0);
    let kind = if values.iter().any(critical) {
        Kind::NonHyperbolic
    } else {
        match (count, complex) {
            (0, false) => Kind::StableNode,
            (0, true) => Kind::StableFocus,
            (n, false) if n == values.len() => Kind::UnstableNode,
            (n, true) if n == values.len() => Kind::UnstableFocus,
            (_, false) => Kind::Saddle,
            (_, true) => Kind::SaddleFocus,
        }
    };
    (count, kind)
}
