//! Random networks of finite width.

use super::{WideNetwork, centred, mean_products, spectrum_of, square};
use crate::error::{Error, Result, finite};
use crate::numeric::{View, product_here};
use crate::seed::{Purpose, epoch_stream};
use crate::spectra::Spectrum;
use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

/// Units of one task.
const BLOCK: usize = 64;

impl WideNetwork {
    /// The activations `(n, width)` of the last hidden layer of a random network, all hidden layers of which have `width` units, over the
    /// rows of `inputs` `(n, p)`.
    ///
    /// The weights are those of `seed` and `width`: other widths draw others. The bytes are the same for any number of threads.
    ///
    /// ```
    /// use eigengate::nn::Activation;
    /// use eigengate::spectra::WideNetwork;
    ///
    /// let inputs = ndarray::array![[1.0f32, 0.5], [0.2, -1.0]];
    /// let net = WideNetwork::new(Activation::Tanh).with_layers(2);
    /// let (kernel, activations) = (net.kernel(inputs.view())?, net.finite(inputs.view(), 4000, 0)?);
    /// let mean = activations.row(0).dot(&activations.row(1)) / 4000.0;
    /// assert!((mean - kernel[[0, 1]]).abs() < 0.02);
    /// # Ok::<(), eigengate::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`kernel`](WideNetwork::kernel); [`Error::Parameter`] for no units, or more than memory has place for;
    /// [`Error::NotFinite`] where activations leave the range of float64.
    pub fn finite(&self, inputs: ArrayView2<'_, f32>, width: usize, seed: u64) -> Result<Array2<f64>> {
        let (units, n) = (self.units(inputs, width, seed)?, inputs.nrows());
        Ok(Array2::from_shape_fn((n, width), |(row, unit)| units[unit * n + row]))
    }

    /// The spectrum of the same activations: the eigenvalues of their unbiased covariance, divided by the number of units, the
    /// `min(width, n - 1)` that need not be 0. As `width` grows it becomes [`spectrum`](WideNetwork::spectrum).
    ///
    /// # Errors
    /// As [`finite`](WideNetwork::finite); [`Error::Empty`] for fewer than two inputs.
    pub fn finite_spectrum(&self, inputs: ArrayView2<'_, f32>, width: usize, seed: u64) -> Result<Spectrum> {
        self.check_pairs(inputs)?;
        let kernel = centred(self.finite_kernel(inputs, width, seed)?);
        self.finite_spectrum_of(&kernel, width)
    }

    pub(super) fn finite_spectrum_of(&self, kernel: &Array2<f64>, width: usize) -> Result<Spectrum> {
        spectrum_of(&format!("{}, {width} units", self.tap()), kernel, width.min(kernel.nrows() - 1))
    }

    /// The mean over units of `h(x) h(y)`.
    pub(super) fn finite_kernel(
        &self,
        inputs: ArrayView2<'_, f32>,
        width: usize,
        seed: u64,
    ) -> Result<Array2<f64>> {
        let (units, n) = (self.units(inputs, width, seed)?, inputs.nrows());
        Ok(square(&mean_products(&units, n, width), n))
    }

    /// The activations of unit after unit.
    fn units(&self, inputs: ArrayView2<'_, f32>, width: usize, seed: u64) -> Result<Vec<f64>> {
        self.check(inputs)?;
        let (n, p) = inputs.dim();
        // 2^31 numbers are 17 GB; the index of a stream has 32 bits for the unit.
        let numbers = width.checked_mul(n);
        if width == 0 || numbers.is_none_or(|numbers| numbers > 1 << 31) {
            return Err(Error::parameter(
                "width",
                width,
                "at least 1, with activations that fit into memory",
            ));
        }
        let mut units: Vec<f64> = inputs.t().iter().map(|x| f64::from(*x)).collect();
        for layer in 0..self.layers {
            let fan_in = if layer == 0 { p } else { width };
            let scale = self.weight / (fan_in as f64).sqrt();
            let mut next = vec![0.0; width * n];
            next.par_chunks_mut(BLOCK * n).enumerate().for_each(|(block, next)| {
                let rows = next.len() / n;
                let mut weights = vec![0.0; rows * fan_in];
                let all = next.chunks_exact_mut(n).zip(weights.chunks_exact_mut(fan_in));
                for (unit, (arguments, weights)) in all.enumerate() {
                    let index = ((layer as u64) << 32) | (block * BLOCK + unit) as u64;
                    let mut random = epoch_stream(seed, Purpose::WideNetwork, width as u64, index);
                    arguments.fill(self.bias * random.normal());
                    weights.iter_mut().for_each(|weight| *weight = scale * random.normal());
                }
                product_here(next, true, View::new(&weights, rows, fan_in), View::new(&units, fan_in, n));
                next.iter_mut().for_each(|z| *z = self.unit.value(*z));
            });
            units = next;
        }
        finite("activations of a random network", units.iter())?;
        Ok(units)
    }
}
