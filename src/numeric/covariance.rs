//! Covariance of many rows, gathered block by block.

use super::{add_gram, column_means, column_sums, shift_rows};
use crate::error::{Error, Result, finite};
use ndarray::{Array1, Array2, ArrayView2};
use rayon::prelude::*;

/// In which arithmetic the products are formed; sums over blocks are float64 in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// Float32, the faster one: small eigenvalues drown in rounding of the largest. For training.
    Single,
    /// Float64. For spectra that are reported.
    Double,
}

/// Sums from which the covariance of all rows so far follows; its size does not grow with their number.
#[derive(Clone)]
pub struct Covariance {
    width: usize,
    precision: Precision,
    count: usize,
    /// Mean of the first block. Subtracted from every row, so that the sums below do not cancel.
    shift: Vec<f32>,
    sums: Vec<f64>,
    /// Products of the shifted rows, `(width, width)`. The lower triangle alone is kept up.
    scatter: Vec<f64>,
    /// Memory of one block: its shifted rows, and their products.
    block: Block,
}

#[derive(Clone, Default)]
struct Block {
    single: Vec<f32>,
    double: Vec<f64>,
    scatter: Vec<f32>,
}

/// Rows whose products are added in float32 before they join the float64 sums. Rounding grows with the root of this
/// number and time falls with it: passing over the sums once costs as much as the products of a hundred rows.
const BLOCK: usize = 4096;

impl Covariance {
    /// No rows yet, of `width` columns.
    pub fn new(width: usize, precision: Precision) -> Self {
        Self {
            width,
            precision,
            count: 0,
            shift: vec![],
            sums: vec![0.0; width],
            scatter: vec![0.0; width * width],
            block: Block::default(),
        }
    }

    /// Adds rows, `(rows, width)`.
    ///
    /// # Errors
    /// [`Error::Shape`] for another width, [`Error::Empty`] for width 0, [`Error::NotFinite`]; the sums are as they were.
    pub fn add(&mut self, rows: ArrayView2<'_, f32>) -> Result<()> {
        if rows.ncols() != self.width {
            let (need, is) = (format!("(rows, {})", self.width), format!("{:?}", rows.dim()));
            return Err(Error::shape("rows of a covariance", need, is));
        }
        if self.width == 0 {
            return Err(Error::empty("the columns of a covariance"));
        }
        self.add_rows(rows.as_standard_layout().as_slice().unwrap_or_default())
    }

    /// [`Covariance::add`] of row-major values, a whole number of rows.
    pub(crate) fn add_rows(&mut self, values: &[f32]) -> Result<()> {
        // A sum is finite where its terms are: a fast pass instead of a test of every number.
        if !column_sums(values, self.width).iter().all(|sum| sum.is_finite()) {
            finite("rows of a covariance", values)?;
        }
        for block in values.chunks(BLOCK * self.width) {
            if self.count == 0 {
                self.shift = column_means(block, self.width);
            }
            match self.precision {
                Precision::Single => self.add_single(block),
                Precision::Double => self.add_double(block),
            }
            self.count += block.len() / self.width;
        }
        Ok(())
    }

    fn add_single(&mut self, values: &[f32]) {
        /// Rows of one product: 8 MB for 2000 columns, which stay in cache while the triangle's blocks pass over them.
        const CACHED: usize = 1024;
        let width = self.width;
        let Block { single, scatter, .. } = &mut self.block;
        scatter.clear();
        scatter.resize(width * width, 0.0);
        for values in values.chunks(CACHED * width) {
            single.resize(values.len(), 0.0);
            let sums = shift_rows(single, values, &self.shift);
            self.sums.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
            add_gram(scatter, single, width);
        }
        let rows = self.scatter.par_chunks_mut(width).zip(scatter.par_chunks(width)).enumerate();
        rows.for_each(|(i, (sums, parts))| {
            sums.iter_mut().zip(parts).take(i + 1).for_each(|(sum, part)| *sum += f64::from(*part));
        });
    }

    fn add_double(&mut self, values: &[f32]) {
        let double = &mut self.block.double;
        double.clear();
        for row in values.chunks_exact(self.width) {
            let shifted = row.iter().zip(&self.shift).map(|(x, shift)| f64::from(*x) - f64::from(*shift));
            for (sum, x) in self.sums.iter_mut().zip(shifted) {
                *sum += x;
                double.push(x);
            }
        }
        add_gram(&mut self.scatter, double, self.width);
    }

    /// Rows so far.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The mean of every column, `(width,)`.
    ///
    /// # Errors
    /// [`Error::Empty`] for no rows.
    pub fn mean(&self) -> Result<Array1<f64>> {
        if self.count == 0 {
            return Err(Error::empty("a mean of 0 rows"));
        }
        let means = self.sums.iter().zip(&self.shift);
        Ok(means.map(|(sum, shift)| f64::from(*shift) + sum / self.count as f64).collect())
    }

    /// The unbiased covariance `(width, width)`: sums over `count - 1`, exactly symmetric.
    ///
    /// # Errors
    /// [`Error::Empty`] for fewer than two rows.
    pub fn finish(&self) -> Result<Array2<f64>> {
        if self.count < 2 {
            return Err(Error::empty(format!("a covariance of {} rows", self.count)));
        }
        let n = self.count as f64;
        let at = |(i, j): (usize, usize)| {
            let (i, j) = (i.max(j), i.min(j));
            (self.scatter[i * self.width + j] - self.sums[i] * self.sums[j] / n) / (n - 1.0)
        };
        Ok(Array2::from_shape_fn((self.width, self.width), at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::{Purpose, stream};

    /// Rows far from zero: without a shift float32 would lose them.
    fn rows(n: usize, width: usize) -> Array2<f32> {
        let mut rng = stream(1, Purpose::Parameters, 0);
        Array2::from_shape_fn((n, width), |(_, j)| 100.0 + rng.uniform_in(-1.0, 1.0) * (j + 1) as f32)
    }

    fn reference(rows: &Array2<f32>) -> Array2<f64> {
        let x = rows.mapv(f64::from);
        let centred = &x - &x.mean_axis(ndarray::Axis(0)).unwrap();
        centred.t().dot(&centred) / (rows.nrows() - 1) as f64
    }

    #[test]
    fn blocks_give_the_covariance_of_all_rows() -> Result<()> {
        let all = rows(101, 5);
        let want = reference(&all);
        for (precision, tolerance) in [(Precision::Single, 1e-4), (Precision::Double, 1e-9)] {
            for block in [1, 7, 101] {
                let mut covariance = Covariance::new(5, precision);
                for start in (0..101).step_by(block) {
                    covariance.add(all.slice(ndarray::s![start..(start + block).min(101), ..]))?;
                }
                let got = covariance.finish()?;
                assert!(
                    (&got - &want).iter().all(|d| d.abs() < tolerance),
                    "{precision:?} {block}\n{got}\n{want}"
                );
                assert_eq!(got, got.t());
                let mean = all.mapv(f64::from).mean_axis(ndarray::Axis(0)).unwrap();
                assert!((&covariance.mean()? - &mean).iter().all(|d| d.abs() < tolerance));
            }
        }
        Ok(())
    }

    #[test]
    fn too_few_or_bad_rows_are_refused() -> Result<()> {
        let mut none = Covariance::new(0, Precision::Double);
        assert!(matches!(none.add(Array2::zeros((4, 0)).view()), Err(Error::Empty { .. })));
        let mut covariance = Covariance::new(3, Precision::Double);
        assert!(covariance.finish().is_err() && covariance.mean().is_err());
        covariance.add(rows(1, 3).view())?;
        assert!(matches!(covariance.finish(), Err(Error::Empty { .. })));
        assert!(matches!(covariance.add(rows(2, 4).view()), Err(Error::Shape { .. })));
        let mut nan = rows(2, 3);
        nan[[1, 1]] = f32::NAN;
        assert!(matches!(covariance.add(nan.view()), Err(Error::NotFinite { index: 4, .. })));
        assert_eq!(covariance.count(), 1);
        Ok(())
    }
}
