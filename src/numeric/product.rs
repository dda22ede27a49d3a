//! Matrix products by the crate `gemm`.

use super::gram::Number;
use std::cell::Cell;

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
    let parallelism = if ALONE.get() { gemm::Parallelism::None } else { gemm::Parallelism::Rayon(0) };
    multiply(target, accumulate, a, b, parallelism);
}

thread_local! {
    static ALONE: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work` with all products on the calling thread alone: where all cores work already, each at a task of its own, products
/// cut into pieces are slower than whole ones.
#[cfg(not(feature = "cuda"))]
pub(crate) fn products_alone<R>(work: impl FnOnce() -> R) -> R {
    /// A task may begin while another of the same thread waits.
    struct Before(bool);
    impl Drop for Before {
        fn drop(&mut self) {
            ALONE.set(self.0);
        }
    }
    let _before = Before(ALONE.replace(true));
    work()
}

/// The same on the calling thread alone, for tasks that already run on all cores.
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
