//! Matrix products by the crate `gemm`.

/// What products multiply: `f32` or `f64`.
pub(crate) trait Number: Copy + 'static {
    const ONE: Self;
}

impl Number for f32 {
    const ONE: f32 = 1.0;
}

impl Number for f64 {
    const ONE: f64 = 1.0;
}

/// A matrix as a product reads it: row-major values, perhaps transposed.
#[derive(Clone, Copy)]
pub(crate) struct View<'a, T> {
    values: &'a [T],
    rows: usize,
    columns: usize,
    transposed: bool,
}

impl<'a, T> View<'a, T> {
    /// `rows * columns` row-major values.
    pub(crate) fn new(values: &'a [T], rows: usize, columns: usize) -> Self {
        assert_eq!(values.len(), rows * columns, "a view must cover its values");
        Self { values, rows, columns, transposed: false }
    }

    /// The transpose.
    pub(crate) fn t(self) -> Self {
        Self { transposed: !self.transposed, ..self }
    }

    fn dims(self) -> (usize, usize) {
        if self.transposed { (self.columns, self.rows) } else { (self.rows, self.columns) }
    }

    /// (row stride, column stride)
    fn strides(self) -> (isize, isize) {
        if self.transposed { (1, self.columns as isize) } else { (self.columns as isize, 1) }
    }
}

/// `target = a b`, or `target += a b` where `accumulate`; `target` is row-major.
///
/// Every element is summed over the inner dimension in an order that depends on the sizes alone, not on
/// the number of threads.
pub(crate) fn product<T: Number>(target: &mut [T], accumulate: bool, a: View<'_, T>, b: View<'_, T>) {
    multiply(target, accumulate, a, b, gemm::Parallelism::Rayon(0));
}

/// The same on the calling thread alone, for tasks that already run on all cores.
#[cfg(not(feature = "cuda"))]
pub(crate) fn product_here<T: Number>(target: &mut [T], accumulate: bool, a: View<'_, T>, b: View<'_, T>) {
    multiply(target, accumulate, a, b, gemm::Parallelism::None);
}

fn multiply<T: Number>(
    target: &mut [T],
    accumulate: bool,
    a: View<'_, T>,
    b: View<'_, T>,
    parallelism: gemm::Parallelism,
) {
    let ((rows, inner), (inner_b, columns)) = (a.dims(), b.dims());
    assert_eq!(inner, inner_b, "inner dimensions of a product");
    assert_eq!(target.len(), rows * columns, "size of a product");
    let ((a_rows, a_columns), (b_rows, b_columns)) = (a.strides(), b.strides());
    // SAFETY: the views cover `rows x inner` and `inner x columns` values and the target
    // `rows x columns`, as just checked; the target is borrowed mutably, so that it overlaps neither.
    unsafe {
        gemm::gemm(
            rows,
            columns,
            inner,
            target.as_mut_ptr(),
            1,
            columns as isize,
            accumulate,
            a.values.as_ptr(),
            a_columns,
            a_rows,
            b.values.as_ptr(),
            b_columns,
            b_rows,
            T::ONE,
            T::ONE,
            false,
            false,
            false,
            parallelism,
        );
    }
}

/// Adds `X' X` to the lower triangle of `target` `(columns, columns)`; above the diagonal it leaves what it will.
///
/// A symmetric product needs half the multiplications of a general one. The triangle is halved until its blocks are
/// narrow: the square below the diagonal is one product, the two triangles are triangles again. With 2000 columns
/// 53 % of the multiplications are left.
pub(crate) fn add_gram<T: Number>(target: &mut [T], x: View<'_, T>) {
    assert!(!x.transposed, "the rows of X are contiguous");
    assert_eq!(target.len(), x.columns * x.columns, "size of a symmetric product");
    add_gram_block(target, x, 0, x.columns);
}

/// The part of the triangle whose rows and columns are `start..end`.
fn add_gram_block<T: Number>(target: &mut [T], x: View<'_, T>, start: usize, end: usize) {
    /// Blocks that are this narrow are computed whole.
    const NARROW: usize = 128;
    let columns = x.columns;
    let mut add = |rows: std::ops::Range<usize>, across: std::ops::Range<usize>| {
        // SAFETY: `rows` and `across` lie in `0..columns`: the product reads `x.rows` rows of X at those
        // columns and writes that rectangle of the target, which has `columns` rows and columns.
        unsafe {
            gemm::gemm(
                rows.len(),
                across.len(),
                x.rows,
                target.as_mut_ptr().add(rows.start * columns + across.start),
                1,
                columns as isize,
                true,
                x.values.as_ptr().add(rows.start),
                columns as isize,
                1,
                x.values.as_ptr().add(across.start),
                1,
                columns as isize,
                T::ONE,
                T::ONE,
                false,
                false,
                false,
                gemm::Parallelism::Rayon(0),
            );
        }
    };
    if end - start <= NARROW {
        return add(start..end, start..end);
    }
    let middle = start + (end - start) / 2;
    add(middle..end, start..middle);
    add_gram_block(target, x, start, middle);
    add_gram_block(target, x, middle, end);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::{Purpose, stream};

    fn random(n: usize, index: u64) -> Vec<f32> {
        let mut rng = stream(7, Purpose::Parameters, index);
        (0..n).map(|_| rng.uniform_in(-1.0, 1.0)).collect()
    }

    /// The sum written out in float64.
    fn reference(a: &[f32], b: &[f32], (m, k, n): (usize, usize, usize)) -> Vec<f64> {
        let mut out = vec![0.0; m * n];
        for i in 0..m {
            for j in 0..n {
                out[i * n + j] = (0..k).map(|l| f64::from(a[i * k + l]) * f64::from(b[l * n + j])).sum();
            }
        }
        out
    }

    fn transpose(a: &[f32], rows: usize, columns: usize) -> Vec<f32> {
        (0..columns).flat_map(|j| (0..rows).map(move |i| a[i * columns + j])).collect()
    }

    #[test]
    fn all_transpositions_and_awkward_sizes_agree_with_float64() {
        for (m, k, n) in [(1, 1, 1), (1, 17, 3), (5, 1, 9), (33, 65, 17), (70, 300, 31)] {
            let (a, b) = (random(m * k, 1), random(k * n, 2));
            let want = reference(&a, &b, (m, k, n));
            let (at, bt) = (transpose(&a, m, k), transpose(&b, k, n));
            let (va, vb) = (View::new(&a, m, k), View::new(&b, k, n));
            let (vat, vbt) = (View::new(&at, k, m).t(), View::new(&bt, n, k).t());
            for (x, y) in [(va, vb), (vat, vb), (va, vbt), (vat, vbt)] {
                let mut got = vec![1.0; m * n];
                product(&mut got, true, x, y);
                for (g, w) in got.iter().zip(&want) {
                    assert!(
                        (f64::from(*g) - w - 1.0).abs() < 1e-5 * (k as f64).sqrt(),
                        "{m} {k} {n}: {g} {w}"
                    );
                }
                product(&mut got, false, x, y);
                assert!(
                    got.iter().zip(&want).all(|(g, w)| (f64::from(*g) - w).abs() < 1e-5 * (k as f64).sqrt())
                );
            }
        }
    }

    #[test]
    fn the_lower_triangle_of_a_gram_matrix_is_added() {
        for (rows, columns) in [(1, 1), (7, 5), (40, 129), (3, 300), (65, 515)] {
            let x = random(rows * columns, 1);
            let want = reference(&transpose(&x, rows, columns), &x, (columns, rows, columns));
            let mut got = vec![1.0; columns * columns];
            add_gram(&mut got, View::new(&x, rows, columns));
            for i in 0..columns {
                for j in 0..=i {
                    let (got, want) = (f64::from(got[i * columns + j]) - 1.0, want[i * columns + j]);
                    assert!((got - want).abs() < 1e-5 * (rows as f64).sqrt(), "{i} {j}: {got} {want}");
                }
            }
        }
    }

    #[test]
    fn the_number_of_threads_does_not_change_a_bit() {
        for (m, k, n) in [(250, 784, 500), (256, 500, 10), (31, 2000, 257), (784, 256, 300)] {
            let (a, b) = (random(m * k, 1), random(k * n, 2));
            let run = |threads| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                let mut out = vec![0.0; m * n];
                pool.install(|| product(&mut out, false, View::new(&a, m, k), View::new(&b, k, n)));
                out.iter().map(|v| v.to_bits()).collect::<Vec<_>>()
            };
            let one = run(1);
            for threads in [2, 3, 8] {
                assert!(run(threads) == one, "{m} x {k} x {n} differs with {threads} threads");
            }
        }
    }
}
