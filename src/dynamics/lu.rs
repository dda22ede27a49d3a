//! Small dense linear systems: LU factors with partial pivoting.

/// `P A = L U` of a row-major matrix `(n, n)`; memory is kept from one factorisation to the next.
#[derive(Clone, Default)]
pub(crate) struct Lu {
    n: usize,
    factors: Vec<f64>,
    rows: Vec<usize>,
}

impl Lu {
    /// Factors `matrix`, row-major `(n, n)`. False where a pivot is 0 or not finite: then [`solve`](Lu::solve) must not be
    /// called.
    pub(crate) fn factor(&mut self, matrix: &[f64], n: usize) -> bool {
        self.n = n;
        self.factors.clear();
        self.factors.extend_from_slice(matrix);
        self.rows.clear();
        self.rows.extend(0..n);
        let a = &mut self.factors;
        for k in 0..n {
            let mut pivot = k;
            for i in k + 1..n {
                if a[i * n + k].abs() > a[pivot * n + k].abs() {
                    pivot = i;
                }
            }
            let largest = a[pivot * n + k];
            if !largest.is_finite() || largest == 0.0 {
                return false;
            }
            if pivot != k {
                self.rows.swap(k, pivot);
                for j in 0..n {
                    a.swap(k * n + j, pivot * n + j);
                }
            }
            for i in k + 1..n {
                let factor = a[i * n + k] / largest;
                a[i * n + k] = factor;
                if factor != 0.0 {
                    for j in k + 1..n {
                        a[i * n + j] -= factor * a[k * n + j];
                    }
                }
            }
        }
        true
    }

    /// Writes the solution of `A x = b` into `x`; both have `n` entries.
    pub(crate) fn solve(&self, b: &[f64], x: &mut [f64]) {
        let (n, a) = (self.n, &self.factors);
        for i in 0..n {
            let mut sum = b[self.rows[i]];
            for j in 0..i {
                sum -= a[i * n + j] * x[j];
            }
            x[i] = sum;
        }
        for i in (0..n).rev() {
            let mut sum = x[i];
            for j in i + 1..n {
                sum -= a[i * n + j] * x[j];
            }
            x[i] = sum / a[i * n + i];
        }
    }
}

/// The solution of one system `A x = b`, `None` where `A` is singular to working precision.
pub(crate) fn solved(matrix: &[f64], b: &[f64]) -> Option<Vec<f64>> {
    let mut lu = Lu::default();
    let mut x = vec![0.0; b.len()];
    lu.factor(matrix, b.len()).then(|| lu.solve(b, &mut x))?;
    x.iter().all(|v| v.is_finite()).then_some(x)
}

/// The determinant of a matrix `(d, d)`, by elimination with row pivots.
pub(crate) fn determinant(matrix: &[f64], d: usize) -> f64 {
    let mut a = matrix.to_vec();
    let mut result = 1.0;
    for k in 0..d {
        let pivot =
            (k..d).fold(k, |best, i| if a[i * d + k].abs() > a[best * d + k].abs() { i } else { best });
        if a[pivot * d + k] == 0.0 {
            return 0.0;
        }
        if pivot != k {
            for j in 0..d {
                a.swap(k * d + j, pivot * d + j);
            }
            result = -result;
        }
        result *= a[k * d + k];
        for i in k + 1..d {
            let factor = a[i * d + k] / a[k * d + k];
            for j in k..d {
                a[i * d + j] -= factor * a[k * d + j];
            }
        }
    }
    result
}
