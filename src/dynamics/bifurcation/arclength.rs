//! Pseudo-arclength continuation of the curve of zeros of a map `F` from `n + 1` unknowns to `n` numbers.
//!
//! ```text
//! predictor   y = y0 + s t                       t is the unit tangent at y0
//! corrector   [ DF ]      [ -F                ]
//!             [ t' ] dy = [ s - t' (y - y0)   ]   whole, without block elimination: n is small
//! tangent     [ DF ]      [ 0 ]
//!             [ t0'] t  = [ 1 ]                   the old tangent keeps the direction
//! ```
//!
//! All lengths are those of unknowns divided by their scales. H. B. Keller 1977; step rule and order of work as in Allgower
//! and Georg, *Numerical continuation methods*, 1990, chapter 6.

use super::options::ContinuationOptions;
use crate::dynamics::lu::{determinant, solved};
use crate::error::{Error, Result};

/// A curve as the zeros of a map.
pub(crate) trait Curve {
    /// `n + 1`.
    fn unknowns(&self) -> usize;

    /// `F(y)`, `n` numbers.
    fn residual(&self, y: &[f64], out: &mut [f64]) -> Result<()>;

    /// `DF(y)`, row-major `(n, n + 1)`. By default by central differences.
    fn jacobian(&self, y: &[f64], out: &mut [f64]) -> Result<()> {
        let columns: Vec<usize> = (0..self.unknowns()).collect();
        difference_columns(self, y, &columns, out)
    }

    /// The size of each unknown.
    fn scales(&self) -> &[f64];

    /// Unknowns that stay between two values.
    fn bounds(&self) -> &[Bound];

    /// Called at every point that is kept, before its tangent is computed: the place to choose new borders.
    fn keep(&mut self, _y: &[f64]) -> Result<()> {
        Ok(())
    }
}

/// The range of an unknown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bound {
    pub(crate) unknown: usize,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// Columns of `DF` by central differences, right to about 1e-10 of their size.
pub(crate) fn difference_columns<C: Curve + ?Sized>(
    curve: &C,
    y: &[f64],
    columns: &[usize],
    out: &mut [f64],
) -> Result<()> {
    let m = curve.unknowns();
    let (mut up, mut down) = (vec![0.0; m - 1], vec![0.0; m - 1]);
    let mut place = y.to_vec();
    for &j in columns {
        let step = 6e-6 * curve.scales()[j];
        place[j] = y[j] + step;
        curve.residual(&place, &mut up)?;
        place[j] = y[j] - step;
        curve.residual(&place, &mut down)?;
        place[j] = y[j];
        for i in 0..m - 1 {
            out[i * m + j] = (up[i] - down[i]) / (2.0 * step);
        }
    }
    Ok(())
}

/// A point of a curve.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// The unknowns.
    pub(crate) y: Vec<f64>,
    /// The tangent of length 1, of unknowns divided by their scales.
    pub(crate) tangent: Vec<f64>,
    /// `det [DF; t']`: its sign changes where another branch crosses.
    pub(crate) determinant: f64,
    /// The length of the curve from its start.
    pub(crate) arclength: f64,
    /// Newton iterations that it took.
    pub(crate) iterations: usize,
}

/// What closes the system of `n` equations for `n + 1` unknowns.
pub(crate) enum Closing<'a> {
    /// The hyperplane across the tangent of a node, at this distance from it.
    Across(&'a Node, f64),
    /// One unknown has a value.
    Fixed(usize, f64),
}

/// Newton's method from `guess`; gives the unknowns and the number of iterations.
pub(crate) fn corrected(
    curve: &dyn Curve,
    closing: &Closing,
    guess: &[f64],
    options: &ContinuationOptions,
) -> Result<(Vec<f64>, usize)> {
    let m = curve.unknowns();
    let scales = curve.scales();
    let mut y = guess.to_vec();
    let (mut matrix, mut right) = (vec![0.0; m * m], vec![0.0; m]);
    let mut before = f64::INFINITY;
    for iteration in 1..=options.iterations {
        curve.residual(&y, &mut right[..m - 1])?;
        curve.jacobian(&y, &mut matrix[..m * (m - 1)])?;
        scale_columns(&mut matrix[..m * (m - 1)], scales);
        right.iter_mut().for_each(|r| *r = -*r);
        let row = &mut matrix[m * (m - 1)..];
        row.fill(0.0);
        match closing {
            Closing::Across(node, s) => {
                row.copy_from_slice(&node.tangent);
                right[m - 1] = s - projection(node, &y, scales);
            }
            Closing::Fixed(unknown, value) => {
                row[*unknown] = 1.0;
                right[m - 1] = (value - y[*unknown]) / scales[*unknown];
            }
        }
        let step = solved(&matrix, &right).ok_or_else(|| failed("its equations are singular", &y))?;
        for ((y, step), scale) in y.iter_mut().zip(&step).zip(scales) {
            *y += step * scale;
        }
        let size = norm(&step);
        if size <= options.tolerance {
            return Ok((y, iteration));
        }
        if iteration > 2 && !(size < before) {
            return Err(failed(&format!("its steps grow to {size:.1e} after {iteration} iterations"), &y));
        }
        before = size;
    }
    Err(failed(&format!("its step is {before:.1e} after {} iterations", options.iterations), &y))
}

/// The node at `y`, with a tangent in the direction of `toward`.
pub(crate) fn node(
    curve: &mut dyn Curve,
    y: Vec<f64>,
    toward: &[f64],
    arclength: f64,
    iterations: usize,
) -> Result<Node> {
    curve.keep(&y)?;
    tangent(curve, y, toward, arclength, iterations)
}

/// The same without a note to the curve.
pub(crate) fn tangent(
    curve: &dyn Curve,
    y: Vec<f64>,
    toward: &[f64],
    arclength: f64,
    iterations: usize,
) -> Result<Node> {
    let m = curve.unknowns();
    let mut matrix = vec![0.0; m * m];
    curve.jacobian(&y, &mut matrix[..m * (m - 1)])?;
    scale_columns(&mut matrix[..m * (m - 1)], curve.scales());
    matrix[m * (m - 1)..].copy_from_slice(toward);
    let mut right = vec![0.0; m];
    right[m - 1] = 1.0;
    let mut tangent = solved(&matrix, &right).ok_or_else(|| failed("it has no tangent", &y))?;
    let length = norm(&tangent);
    tangent.iter_mut().for_each(|t| *t /= length);
    matrix[m * (m - 1)..].copy_from_slice(&tangent);
    let determinant = determinant(&matrix, m);
    Ok(Node { y, tangent, determinant, arclength, iterations })
}

/// The node of a curve that starts near `y`, where unknown `along` rises (or falls, for `sense = -1`).
pub(crate) fn start(
    curve: &mut dyn Curve,
    y: &[f64],
    along: usize,
    sense: f64,
    options: &ContinuationOptions,
) -> Result<Node> {
    let m = curve.unknowns();
    curve.keep(y)?;
    let mut matrix = vec![0.0; m * (m - 1)];
    curve.jacobian(y, &mut matrix)?;
    scale_columns(&mut matrix, curve.scales());
    let mut way = null_vector(&mut matrix, m).ok_or_else(|| failed("it has no tangent at its start", y))?;
    // Where the curve stands still in this unknown, the one that changes most tells its two directions apart.
    let still = way[along].abs() < 1e-9;
    let most = (0..m).fold(0, |most, k| if way[k].abs() > way[most].abs() { k } else { most });
    if way[if still { most } else { along }] * sense < 0.0 {
        way.iter_mut().for_each(|t| *t = -*t);
    }
    let rough = Node { y: y.to_vec(), tangent: way, determinant: 0.0, arclength: 0.0, iterations: 0 };
    let (y, iterations) = corrected(curve, &Closing::Across(&rough, 0.0), y, options)?;
    node(curve, y, &rough.tangent, 0.0, iterations)
}

/// The point of the curve in the hyperplane across the tangent of `from`, at the distance `s`.
pub(crate) fn beside(curve: &dyn Curve, from: &Node, s: f64, options: &ContinuationOptions) -> Result<Node> {
    let scales = curve.scales();
    let guess: Vec<f64> =
        from.y.iter().zip(&from.tangent).zip(scales).map(|((y, t), scale)| y + s * t * scale).collect();
    let (y, iterations) = corrected(curve, &Closing::Across(from, s), &guess, options)?;
    // The curve is about as long as its tangent; a corrector that goes far has found another one.
    let off = distance(&y, &guess, scales);
    if off > 0.5 * s.abs() + options.tolerance {
        return Err(failed(&format!("it is {off:.1e} away from the tangent after a step of {s:.1e}"), &y));
    }
    tangent(curve, y, &from.tangent, from.arclength + s, iterations)
}

/// The points of two halves that begin at the same point, as those of one curve; `arclength` is where a point has its own.
pub(crate) fn joined<P>(
    mut backward: Vec<P>,
    forward: Vec<P>,
    arclength: impl Fn(&mut P) -> &mut f64,
) -> Vec<P> {
    let length = backward.last_mut().map_or(0.0, |point| *arclength(point));
    backward.reverse();
    backward.pop();
    for point in &mut backward {
        let own = arclength(point);
        *own = length - *own;
    }
    backward.extend(forward.into_iter().map(|mut point| {
        *arclength(&mut point) += length;
        point
    }));
    backward
}

/// How far `y` is from a node along its tangent.
pub(crate) fn projection(node: &Node, y: &[f64], scales: &[f64]) -> f64 {
    let parts = y.iter().zip(&node.y).zip(scales).zip(&node.tangent);
    parts.map(|(((y, y0), scale), t)| (y - y0) / scale * t).sum()
}

/// The distance of two points in units of the scales.
pub(crate) fn distance(a: &[f64], b: &[f64], scales: &[f64]) -> f64 {
    a.iter().zip(b).zip(scales).map(|((a, b), scale)| ((a - b) / scale).powi(2)).sum::<f64>().sqrt()
}

fn scale_columns(matrix: &mut [f64], scales: &[f64]) {
    for row in matrix.chunks_exact_mut(scales.len()) {
        for (entry, scale) in row.iter_mut().zip(scales) {
            *entry *= scale;
        }
    }
}

/// A vector of length 1 that the matrix `(m - 1, m)` takes to 0, by elimination with complete pivots.
fn null_vector(a: &mut [f64], m: usize) -> Option<Vec<f64>> {
    let mut columns: Vec<usize> = (0..m).collect();
    for k in 0..m - 1 {
        let (mut row, mut column, mut largest) = (k, k, 0.0);
        for i in k..m - 1 {
            for j in k..m {
                let entry = a[i * m + columns[j]].abs();
                if entry > largest {
                    (row, column, largest) = (i, j, entry);
                }
            }
        }
        if !(largest > 0.0 && largest.is_finite()) {
            return None;
        }
        columns.swap(k, column);
        for j in 0..m {
            a.swap(k * m + j, row * m + j);
        }
        for i in k + 1..m - 1 {
            let factor = a[i * m + columns[k]] / a[k * m + columns[k]];
            for j in 0..m {
                a[i * m + j] -= factor * a[k * m + j];
            }
        }
    }
    let mut vector = vec![0.0; m];
    vector[columns[m - 1]] = 1.0;
    for k in (0..m - 1).rev() {
        let sum: f64 = columns[k + 1..].iter().map(|&j| a[k * m + j] * vector[j]).sum();
        vector[columns[k]] = -sum / a[k * m + columns[k]];
    }
    let length = norm(&vector);
    vector.iter_mut().for_each(|v| *v /= length);
    Some(vector)
}

pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

pub(crate) fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

fn failed(what: &str, y: &[f64]) -> Error {
    let y: Vec<String> = y.iter().map(|y| format!("{y:.6}")).collect();
    Error::Numeric {
        method: "the corrector of a continuation",
        reason: format!("{what} at ({}); start elsewhere, or allow smaller steps", y.join(", ")),
    }
}
