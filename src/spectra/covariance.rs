//! Covariance of many rows, gathered block by block.

use crate::error::{Error, Result, finite};
use crate::numeric::{View, column_means, column_sums, product};
use ndarray::{Array2, ArrayView2};

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
    scatter: Vec<f64>,
}

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
        finite("rows of a covariance", rows.iter())?;
        if rows.nrows() == 0 {
            return Ok(());
        }
        if self.count == 0 {
            let first: Vec<f32> = rows.iter().copied().collect();
            self.shift = column_means(&first, self.width);
        }
        let columns = self.shift.iter().cycle();
        match self.precision {
            Precision::Single => {
                let block: Vec<f32> = rows.iter().zip(columns).map(|(x, shift)| x - shift).collect();
                let sums = column_sums(&block, self.width);
                self.sums.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
                let view = View::new(&block, rows.nrows(), self.width);
                let mut scatter = vec![0.0f32; self.width * self.width];
                product(&mut scatter, false, view.t(), view);
                self.scatter.iter_mut().zip(&scatter).for_each(|(sum, part)| *sum += f64::from(*part));
            }
            Precision::Double => {
                let shifted = rows.iter().zip(columns).map(|(x, shift)| f64::from(*x) - f64::from(*shift));
                let block: Vec<f64> = shifted.collect();
                for row in block.chunks_exact(self.width) {
                    self.sums.iter_mut().zip(row).for_each(|(total, x)| *total += x);
                }
                let view = View::new(&block, rows.nrows(), self.width);
                product(&mut self.scatter, true, view.t(), view);
            }
        }
        self.count += rows.nrows();
        Ok(())
    }

    /// Rows so far.
    pub fn count(&self) -> usize {
        self.count
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
        let at = |i: usize, j: usize| {
            let scatter = 0.5 * (self.scatter[i * self.width + j] + self.scatter[j * self.width + i]);
            (scatter - self.sums[i] * self.sums[j] / n) / (n - 1.0)
        };
        Ok(Array2::from_shape_fn((self.width, self.width), |(i, j)| at(i, j)))
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
            }
        }
        Ok(())
    }

    #[test]
    fn too_few_or_bad_rows_are_refused() -> Result<()> {
        let mut none = Covariance::new(0, Precision::Double);
        assert!(matches!(none.add(Array2::zeros((4, 0)).view()), Err(Error::Empty { .. })));
        let mut covariance = Covariance::new(3, Precision::Double);
        assert!(covariance.finish().is_err());
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
