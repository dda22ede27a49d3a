//! An affine map with what its bounds need beside it.

use crate::numeric::View;
use ndarray::{Array1, Array2};

/// `y = W x + b`, the absolute values of W, and how large the sums behind W and b were.
pub(super) struct Affine {
    weight: Array2<f64>,
    absolute: Array2<f64>,
    pub(super) bias: Vec<f64>,
    /// The sum of the absolute values that row `i` of W was made of.
    reach: Array1<f64>,
    /// The same for the bias.
    bias_reach: Array1<f64>,
    /// Length of all sums up to here.
    terms: usize,
}

impl Affine {
    pub(super) fn new(weight: Array2<f64>, bias: Array1<f64>) -> Self {
        let absolute = weight.mapv(f64::abs);
        let (reach, bias_reach) = (absolute.sum_axis(ndarray::Axis(1)), bias.mapv(f64::abs));
        let terms = weight.ncols();
        Self::with(weight, bias, reach, bias_reach, terms)
    }

    fn with(
        weight: Array2<f64>,
        bias: Array1<f64>,
        reach: Array1<f64>,
        bias_reach: Array1<f64>,
        terms: usize,
    ) -> Self {
        // Row after row, whatever they were.
        let weight = weight.as_standard_layout().into_owned();
        Self { absolute: weight.mapv(f64::abs), weight, bias: bias.to_vec(), reach, bias_reach, terms }
    }

    /// This map after another one, as one map: a box around what stands between them would be larger than need be.
    pub(super) fn after(&self, first: &Affine) -> Self {
        let bias = Array1::from(self.bias.clone());
        let first_bias = Array1::from(first.bias.clone());
        Self::with(
            self.weight.dot(&first.weight),
            self.weight.dot(&first_bias) + bias,
            self.absolute.dot(&first.reach),
            self.absolute.dot(&first.bias_reach) + &self.bias_reach,
            self.terms + first.terms,
        )
    }

    pub(super) fn inputs(&self) -> usize {
        self.weight.ncols()
    }

    pub(super) fn outputs(&self) -> usize {
        self.weight.nrows()
    }

    pub(super) fn weight(&self) -> View<'_, f64> {
        View::new(self.weight.as_slice().unwrap_or(&[]), self.outputs(), self.inputs())
    }

    pub(super) fn absolute(&self) -> View<'_, f64> {
        View::new(self.absolute.as_slice().unwrap_or(&[]), self.outputs(), self.inputs())
    }

    /// Row `i` of W.
    pub(super) fn row(&self, i: usize) -> &[f64] {
        let columns = self.inputs();
        self.weight.as_slice().and_then(|w| w.get(i * columns..(i + 1) * columns)).unwrap_or(&[])
    }

    /// More than the rounding of output `i` for inputs up to `largest`: a sum of n products is off by at most
    /// `n 2^-53 / (1 - n 2^-53)` of the sum of their absolute values (Higham 2002, section 3.1), in whatever order.
    pub(super) fn rounding(&self, i: usize, largest: f64) -> f64 {
        let sizes = self.reach[i] * largest + self.bias_reach[i];
        (self.terms + 8) as f64 * f64::EPSILON * sizes
    }
}
