//! One mode of a linear system.

use crate::dynamics::complex::Complex;
use crate::dynamics::lu::Lu;
use std::fmt;

/// What one eigenvalue of the dynamics near a point means.
#[derive(Clone, PartialEq)]
pub struct Mode {
    /// The eigenvalue `lambda` of the flow.
    pub rate: Complex,
    /// That of the map, `mu = 1 + lambda`: by what the mode is multiplied at every step of the network as it was trained.
    pub multiplier: Complex,
    /// In how many steps of the network the mode falls to `1/e`: `-1 / ln |mu|`. Below 0 where it grows, infinite where it does
    /// neither.
    pub time_constant: f64,
    /// Steps of one turn, `2 pi / |arg mu|`: 2 for a negative multiplier; none where the mode does not turn.
    pub period: Option<f64>,
    /// The eigenvector `v`, of length 1: what the mode looks like in the units.
    pub direction: Vec<Complex>,
    /// The left eigenvector `l`, with `l v = 1`: the amplitude of the mode in a deviation `delta` is `l delta`. None where
    /// eigenvectors fall together.
    pub selection: Option<Vec<Complex>>,
    /// By how much each input pushes the amplitude, `l B` with the derivative `B` of a step by the inputs; none as `selection`.
    pub drive: Option<Vec<Complex>>,
}

impl Mode {
    pub(super) fn new(
        rate: Complex,
        direction: Vec<Complex>,
        selection: Option<Vec<Complex>>,
        input: &[f64],
    ) -> Self {
        let multiplier = Complex::new(1.0 + rate.re, rate.im);
        let angle = multiplier.im.atan2(multiplier.re).abs();
        // ln |1 + lambda|, exact for slow modes too: |mu|^2 - 1 = 2 re + |lambda|^2.
        let growth = 0.5 * (2.0 * rate.re + rate.re * rate.re + rate.im * rate.im).ln_1p();
        let inputs = input.len() / direction.len().max(1);
        let drive = selection.as_ref().map(|selection| {
            (0..inputs)
                .map(|k| {
                    let column = input.iter().skip(k).step_by(inputs);
                    selection.iter().zip(column).fold(Complex::default(), |sum, (l, b)| sum + l.scaled(*b))
                })
                .collect()
        });
        Self {
            rate,
            multiplier,
            time_constant: -1.0 / growth,
            period: (angle > 0.0).then(|| std::f64::consts::TAU / angle),
            direction,
            selection,
            drive,
        }
    }

    /// The size of what each input pushes, `|l B|`.
    pub fn drive_size(&self, input: usize) -> Option<f64> {
        self.drive.as_ref()?.get(input).map(|drive| drive.abs())
    }
}

impl fmt::Debug for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mode(rate {:.4}, ", self.rate)?;
        match self.time_constant {
            steps if steps > 0.0 => write!(f, "falls to 1/e in {steps:.1} steps")?,
            steps => write!(f, "grows by e in {:.1} steps", -steps)?,
        }
        match self.period {
            Some(period) => write!(f, ", turns once in {period:.1})"),
            None => f.write_str(")"),
        }
    }
}

/// How near to singular the basis of eigenvectors may be.
const SINGULAR: f64 = 1e-12;

/// The left eigenvectors to all `directions`, which are in the order of [`spectrum`](crate::dynamics::spectrum): of a complex pair, that
/// with the positive imaginary part first. None where they are no basis.
pub(super) fn left(values: &[Complex], directions: &[Vec<Complex>]) -> Option<Vec<Vec<Complex>>> {
    let d = values.len();
    // A real basis: of a pair v = a + i b the columns are a and b.
    let mut basis = vec![0.0; d * d];
    for (k, (value, direction)) in values.iter().zip(directions).enumerate() {
        for (i, v) in direction.iter().enumerate() {
            // The second of a pair is a - i b.
            basis[i * d + k] = if value.im < 0.0 { -v.im } else { v.re };
        }
    }
    let mut lu = Lu::default();
    if !lu.factor(&basis, d) {
        return None;
    }
    // Row k of the inverse.
    let mut inverse = vec![vec![0.0; d]; d];
    let (mut unit, mut column) = (vec![0.0; d], vec![0.0; d]);
    for j in 0..d {
        unit[j] = 1.0;
        lu.solve(&unit, &mut column);
        unit[j] = 0.0;
        for (row, value) in inverse.iter_mut().zip(&column) {
            row[j] = *value;
        }
    }
    let largest = inverse.iter().flatten().fold(0.0, |largest: f64, v| largest.max(v.abs()));
    if !(largest * SINGULAR < 1.0) {
        return None;
    }
    // With delta = 2 Re(v c): Re c = row_a delta / 2, Im c = -row_b delta / 2.
    let pair = |a: usize, b: usize, sign: f64| -> Option<Vec<Complex>> {
        let (a, b) = (inverse.get(a)?, inverse.get(b)?);
        Some(a.iter().zip(b).map(|(a, b)| Complex::new(0.5 * a, -0.5 * sign * b)).collect())
    };
    (0..d)
        .map(|k| match values[k].im {
            im if im > 0.0 => pair(k, k + 1, 1.0),
            im if im < 0.0 => pair(k.checked_sub(1)?, k, -1.0),
            _ => Some(inverse[k].iter().map(|l| Complex::real(*l)).collect()),
        })
        .collect()
}
