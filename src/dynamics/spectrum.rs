//! Eigenvalues and eigenvectors of `diag(s) M`, where `s` spans many orders of magnitude.
//!
//! At a fixed point the Jacobian of a GRU is `diag(1 - z) Dg`, and `1 - z` may be 1 in one row and 1e-20 in the other. A plain
//! eigensolver is right to 1e-16 of the largest eigenvalue, so that smaller ones may have the wrong sign. Up to
//! three dimensions the characteristic polynomial is formed and solved with 32 digits instead, and the smallest
//! eigenvalues come out of products, with the sign of the determinant.

use super::complex::Complex;
use crate::error::{Error, Result};
use crate::numeric::DoubleDouble as Double;
use faer::Mat;

/// Eigenvalues in the order of decreasing real part, and their eigenvectors of length 1.
pub(crate) struct Spectrum {
    pub(crate) values: Vec<Complex>,
    pub(crate) vectors: Vec<Vec<Complex>>,
}

/// An eigenvalue with 32 digits.
#[derive(Clone, Copy)]
struct Wide {
    re: Double,
    im: Double,
}

impl Wide {
    fn real(re: Double) -> Self {
        Self { re, im: Double::ZERO }
    }
}

/// The spectrum of `diag(scales) M`, with `M` row-major. The scales are positive.
pub(crate) fn spectrum(scales: &[f64], matrix: &[f64]) -> Result<Spectrum> {
    let d = scales.len();
    // Relative to the largest scale products do not underflow.
    let largest = scales.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    let rows: Vec<Vec<Double>> = scales
        .iter()
        .zip(matrix.chunks_exact(d))
        .map(|(scale, row)| row.iter().map(|m| Double::product(scale / largest, *m)).collect())
        .collect();
    let wide = match d {
        1 => vec![Wide::real(rows[0][0])],
        2 => planar(&rows).to_vec(),
        3 => spatial(&rows),
        _ => return general(scales, matrix),
    };
    let mut pairs: Vec<(Complex, Vec<Complex>)> = Vec::with_capacity(d);
    for (position, value) in wide.iter().enumerate() {
        let equal = |other: &&Wide| other.re == value.re && other.im == value.im;
        let before = wide.iter().take(position).filter(equal).count();
        let scaled = Complex::new(value.re.to_f64() * largest, value.im.to_f64() * largest);
        pairs.push((scaled, null_vector(&rows, *value, before)));
    }
    Ok(sorted(pairs))
}

fn sorted(mut pairs: Vec<(Complex, Vec<Complex>)>) -> Spectrum {
    // The sort keeps the order of equal ones: of a pair, the eigenvalue with positive imaginary part comes first.
    pairs.sort_by(|(a, _), (b, _)| b.re.total_cmp(&a.re).then(b.im.total_cmp(&a.im)));
    let (values, vectors) = pairs.into_iter().unzip();
    Spectrum { values, vectors }
}

/// The two eigenvalues of a planar matrix.
fn planar(a: &[Vec<Double>]) -> [Wide; 2] {
    let half = Double::from(0.5);
    let trace = a[0][0] + a[1][1];
    let determinant = a[0][0] * a[1][1] - a[0][1] * a[1][0];
    let difference = (a[0][0] - a[1][1]) * half;
    quadratic(trace, determinant, difference * difference + a[0][1] * a[1][0])
}

/// The roots of `x^2 - sum x + product`, with `discriminant = (sum / 2)^2 - product`.
fn quadratic(sum: Double, product: Double, discriminant: Double) -> [Wide; 2] {
    let middle = sum * Double::from(0.5);
    if discriminant.hi < 0.0 {
        let im = (-discriminant).sqrt();
        return [Wide { re: middle, im }, Wide { re: middle, im: -im }];
    }
    let root = discriminant.sqrt();
    // The larger one without cancellation, the smaller one from the product.
    let large = if middle.hi < 0.0 { middle - root } else { middle + root };
    let small = if large.hi == 0.0 { Double::ZERO } else { product / large };
    [Wide::real(large), Wide::real(small)]
}

/// The three eigenvalues of a matrix in space.
fn spatial(a: &[Vec<Double>]) -> Vec<Wide> {
    let minor = |i: usize, j: usize| a[i][i] * a[j][j] - a[i][j] * a[j][i];
    let cofactor = |j: usize, k: usize| a[1][j] * a[2][k] - a[1][k] * a[2][j];
    let trace = a[0][0] + a[1][1] + a[2][2];
    let minors = minor(0, 1) + minor(0, 2) + minor(1, 2);
    let determinant = a[0][0] * cofactor(1, 2) - a[0][1] * cofactor(0, 2) + a[0][2] * cofactor(0, 1);
    // p(x) = x^3 - trace x^2 + minors x - determinant.
    let root = lone_root(trace, minors, determinant);
    let (sum, product) = if root.hi == 0.0 {
        (trace, minors)
    } else {
        let product = determinant / root;
        // trace - root cancels where the root is by far the largest; then the minors have the sum of the others.
        let dominant = root.hi * root.hi > 1e3 * product.abs().hi;
        (if dominant { (minors - product) / root } else { trace - root }, product)
    };
    let half = sum * Double::from(0.5);
    let (square, mut discriminant) = (half * half, half * half - product);
    // The root of a triple eigenvalue has 11 digits, so that the others would come out as a pair.
    if discriminant.abs().hi <= 1e-20 * square.hi {
        discriminant = Double::ZERO;
    }
    let [first, second] = quadratic(sum, product, discriminant);
    vec![Wide::real(root), first, second]
}

/// The real root of a cubic that lies on its own side of the inflection. Newton's method from beyond all roots on that side
/// is monotone, because the cubic is convex or concave there.
fn lone_root(trace: Double, minors: Double, determinant: Double) -> Double {
    let value = |x: Double| ((x - trace) * x + minors) * x - determinant;
    let slope = |x: Double| (Double::from(3.0) * x - Double::from(2.0) * trace) * x + minors;
    let bound = 1.0 + trace.abs().hi.max(minors.abs().hi).max(determinant.abs().hi);
    let inflection = trace / Double::from(3.0);
    let there = value(inflection);
    if there.hi == 0.0 {
        return inflection;
    }
    let mut x = Double::from(if there.hi > 0.0 { -bound } else { bound });
    for _ in 0..400 {
        let (value, slope) = (value(x), slope(x));
        if value.hi == 0.0 || slope.hi == 0.0 {
            break;
        }
        let step = value / slope;
        x = x - step;
        if step.abs().hi <= 1e-31 * x.abs().hi {
            break;
        }
    }
    x
}

/// Unit vector number `which` of a basis of the null space of `A - value`, by elimination with complete pivots on rows of
/// equal size.
fn null_vector(a: &[Vec<Double>], value: Wide, which: usize) -> Vec<Complex> {
    let d = a.len();
    let size = value.re.abs().hi + value.im.abs().hi;
    let mut rows: Vec<Vec<Complex>> = Vec::with_capacity(d);
    for (i, row) in a.iter().enumerate() {
        let norm = row.iter().fold(size, |sum, entry| sum + entry.abs().hi);
        let scale = if norm > 0.0 { 1.0 / norm } else { 1.0 };
        let entry = |(j, entry): (usize, &Double)| match i == j {
            true => Complex::new((*entry - value.re).to_f64() * scale, -value.im.to_f64() * scale),
            false => Complex::real(entry.to_f64() * scale),
        };
        rows.push(row.iter().enumerate().map(entry).collect());
    }
    // columns[..rank] are solved for, the others are free.
    let mut columns: Vec<usize> = (0..d).collect();
    let mut rank = 0;
    while rank + 1 < d {
        let mut best = (rank, rank, 0.0);
        for (i, row) in rows.iter().enumerate().skip(rank) {
            for (at, &column) in columns.iter().enumerate().skip(rank) {
                if row[column].abs() > best.2 {
                    best = (i, at, row[column].abs());
                }
            }
        }
        if best.2 < 1e-10 {
            break;
        }
        rows.swap(rank, best.0);
        columns.swap(rank, best.1);
        let pivot = rows[rank].clone();
        for (i, row) in rows.iter_mut().enumerate() {
            if i != rank {
                let factor = row[columns[rank]] / pivot[columns[rank]];
                for (entry, above) in row.iter_mut().zip(&pivot) {
                    *entry = *entry - factor * *above;
                }
            }
        }
        rank += 1;
    }
    let free = columns[(rank + which).min(d - 1)];
    let mut vector = vec![Complex::default(); d];
    vector[free] = Complex::real(1.0);
    for (row, &column) in rows.iter().zip(&columns).take(rank) {
        vector[column] = -(row[free] / row[column]);
    }
    unit(vector)
}

/// The vector with length 1, and with a positive component where it is largest.
fn unit(vector: Vec<Complex>) -> Vec<Complex> {
    let length = vector.iter().map(|v| v.re * v.re + v.im * v.im).sum::<f64>().sqrt();
    let mut largest = Complex::default();
    for v in &vector {
        // Equal up to rounding is not larger: the choice does not hang on the last bit.
        if v.abs() > largest.abs() * (1.0 + 1e-9) {
            largest = *v;
        }
    }
    let phase = largest.conj().scaled(1.0 / largest.abs().max(f64::MIN_POSITIVE) / length);
    vector.into_iter().map(|v| v * phase).collect()
}

/// Any number of dimensions, in float64.
fn general(scales: &[f64], matrix: &[f64]) -> Result<Spectrum> {
    let d = scales.len();
    let a = Mat::from_fn(d, d, |i, j| scales[i] * matrix[i * d + j]);
    let eigen = a.eigen().map_err(|e| Error::Numeric {
        method: "the eigendecomposition",
        reason: format!("{e:?} for a Jacobian of size {d}; check the scale of the weights"),
    })?;
    let (values, vectors) = (eigen.S(), eigen.U());
    let pairs = (0..d).map(|k| {
        let value = values.column_vector()[k];
        let vector = (0..d).map(|i| Complex::new(vectors[(i, k)].re, vectors[(i, k)].im)).collect();
        (Complex::new(value.re, value.im), unit(vector))
    });
    Ok(sorted(pairs.collect()))
}
