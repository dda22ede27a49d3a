//! Spectra of random networks, and what they become as layers grow wide.

mod convergence;
mod expectation;
mod finite;
mod mixture;

pub use convergence::{KernelConvergence, WidthErrors};

use super::Spectrum;
use crate::display::{Content, show};
use crate::error::{Error, Result, finite};
use crate::nn::Activation;
use crate::numeric::{add_gram, mirror_lower, symmetric_eigen};
use expectation::Unit;
use ndarray::{Array2, ArrayView2, Axis};

/// A fully connected network with random weights, whose hidden layers are wide beyond bounds.
///
/// Of a network of finite widths, with `p` inputs, layer `l` of `N_l` units has, with all numbers independent,
///
/// ```text
/// z_i = b_i + sum over j of W_ij h_j,    W_ij ~ N(0, sigma_w^2 / fan_in),    b_i ~ N(0, sigma_b^2),    h_i = f(z_i)
/// ```
///
/// where `fan_in` is `p` in the first layer and `N_(l-1)` later. As widths grow, the arguments of a layer become independent normal
/// variables over the units, whose covariance over inputs `x`, `y` follows from layer to layer (Neal 1996; Lee et al. 2018,
/// arXiv:1711.00165):
///
/// ```text
/// C_1(x, y) = sigma_b^2 + sigma_w^2 x . y / p
/// K_l(x, y) = E[f(u) f(v)],    (u, v) ~ N(0, [C_l(x, x) C_l(x, y); C_l(x, y) C_l(y, y)])
/// C_(l+1)   = sigma_b^2 + sigma_w^2 K_l
/// ```
///
/// [`kernel`](WideNetwork::kernel) is `K` of the last hidden layer: the limit of the mean over units of `h(x) h(y)`. For relu it is
/// the arc-cosine kernel (Cho and Saul 2009), for erf an arcsine (Williams 1997), and for tanh a sum of arcsines, with an error
/// of at most `2e-12 sqrt(K(x, x) K(y, y))` in a layer, whatever the size of inputs and weights.
///
/// By default one hidden layer, `sigma_w = 1` and `sigma_b = 0`. An [`Mlp`](crate::nn::Mlp) starts with uniform weights of
/// `sigma_w = 1 / sqrt(3)` and biases of `sigma_b = 1 / sqrt(3 fan_in)`.
///
/// ```
/// use eigengate::nn::Activation;
/// use eigengate::spectra::WideNetwork;
///
/// let inputs = ndarray::array![[1.0f32, 0.0], [0.0, 1.0], [-1.0, 0.0]];
/// let net = WideNetwork::new(Activation::Relu).with_sigma(2f64.sqrt(), 0.0);
/// // Arguments have the variance 1, and relu halves it; at a right angle 1 / (2 pi) is left, opposite inputs share no unit.
/// let kernel = net.kernel(inputs.view())?;
/// assert!((kernel[[0, 0]] - 0.5).abs() < 1e-15 && kernel[[0, 2]].abs() < 1e-15);
/// assert!((kernel[[0, 1]] - 0.5 / std::f64::consts::PI).abs() < 1e-15);
/// assert_eq!(net.spectrum(inputs.view())?.eigenvalues().len(), 2);
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq)]
pub struct WideNetwork {
    unit: Unit,
    layers: usize,
    weight: f64,
    bias: f64,
}

/// Inputs of a kernel: a matrix of 20,000 rows has 3.2 GB, and the decomposition needs several.
const MOST: usize = 20_000;

impl WideNetwork {
    /// With this nonlinearity behind every hidden layer.
    pub fn new(activation: Activation) -> Self {
        Self { unit: activation.into(), layers: 1, weight: 1.0, bias: 0.0 }
    }

    /// With the error function as the nonlinearity.
    pub fn erf() -> Self {
        Self { unit: Unit::Erf, ..Self::new(Activation::Tanh) }
    }

    /// The network with so many hidden layers, at least 1.
    pub fn with_layers(mut self, layers: usize) -> Self {
        self.layers = layers;
        self
    }

    /// The network with weights of the variance `weight^2 / fan_in` and biases of the variance `bias^2`: above 0, and at least 0.
    pub fn with_sigma(mut self, weight: f64, bias: f64) -> Self {
        self.weight = weight;
        self.bias = bias;
        self
    }

    /// The kernel `K(x, y)` of the last hidden layer, `(n, n)`, over the rows of `inputs` `(n, p)`.
    ///
    /// The work grows with `n^2`: 1000 inputs take about a second in a layer of tanh. The bytes are the same for any number of threads.
    ///
    /// # Errors
    /// [`Error::Empty`] without inputs, [`Error::NotFinite`], [`Error::Parameter`] for more than 20,000 inputs, for settings out of range,
    /// and where arguments have a variance above 1e100.
    pub fn kernel(&self, inputs: ArrayView2<'_, f32>) -> Result<Array2<f64>> {
        self.check(inputs)?;
        let (n, p) = inputs.dim();
        let columns: Vec<f64> = inputs.t().iter().map(|x| f64::from(*x)).collect();
        let mut kernel = mean_products(&columns, n, p);
        let (weight, bias) = (self.weight * self.weight, self.bias * self.bias);
        for layer in 1..=self.layers {
            kernel.iter_mut().for_each(|k| *k = weight.mul_add(*k, bias));
            let largest = kernel.iter().step_by(n + 1).fold(0.0f64, |most, variance| most.max(*variance));
            if !(largest <= 1e100) {
                let expected = "inputs, weights and biases for which it is at most 1e100";
                return Err(Error::parameter("variance", format!("{largest:e} in layer {layer}"), expected));
            }
            self.unit.expect(&mut kernel, n);
        }
        Ok(square(&kernel, n))
    }

    /// The spectrum of the last hidden layer over the rows of `inputs` `(n, p)`: the eigenvalues of
    ///
    /// ```text
    /// 1 / (n - 1) H K H,    H = 1 - 1 1' / n
    /// ```
    ///
    /// They are the limits of the eigenvalues of the unbiased covariance of the units, divided by the number of units: what
    /// [`Spectrum::of`] gives for a layer of `N` units is `N` times as large. There are `n - 1`; the last of the matrix, 0 for the
    /// vector of ones, is left out.
    ///
    /// # Errors
    /// As [`kernel`](WideNetwork::kernel); [`Error::Empty`] for fewer than two inputs.
    pub fn spectrum(&self, inputs: ArrayView2<'_, f32>) -> Result<Spectrum> {
        self.check_pairs(inputs)?;
        let kernel = centred(self.kernel(inputs)?);
        spectrum_of(&format!("{}, infinite width", self.tap()), &kernel, kernel.nrows() - 1)
    }

    /// The name of the last hidden layer, as that of an [`Mlp`](crate::nn::Mlp).
    fn tap(&self) -> String {
        format!("hidden.{}", self.layers.saturating_sub(1))
    }

    fn check(&self, inputs: ArrayView2<'_, f32>) -> Result<()> {
        if self.layers == 0 {
            return Err(Error::parameter("layers", self.layers, "at least 1 hidden layer"));
        }
        if !(self.weight > 0.0 && self.weight.is_finite()) {
            return Err(Error::parameter("sigma of the weights", self.weight, "a finite number above 0"));
        }
        if !(self.bias >= 0.0 && self.bias.is_finite()) {
            return Err(Error::parameter("sigma of the biases", self.bias, "a finite number, at least 0"));
        }
        if inputs.is_empty() {
            return Err(Error::empty("the inputs of a wide network"));
        }
        if inputs.nrows() > MOST {
            return Err(Error::parameter(
                "number of inputs",
                inputs.nrows(),
                format!("at most {MOST}: a part of them"),
            ));
        }
        finite("inputs of a wide network", inputs.iter())
    }

    /// The same for what needs a covariance.
    fn check_pairs(&self, inputs: ArrayView2<'_, f32>) -> Result<()> {
        self.check(inputs)?;
        if inputs.nrows() < 2 {
            return Err(Error::empty("the second input of a covariance"));
        }
        Ok(())
    }

    /// Shows a summary in a notebook.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

/// The mean over `count` rows of `n` numbers of the products of all pairs in a row, `(n, n)`.
fn mean_products(rows: &[f64], n: usize, count: usize) -> Vec<f64> {
    let mut products = vec![0.0; n * n];
    add_gram(&mut products, rows, n);
    mirror_lower(&mut products, n, 1.0 / count as f64);
    products
}

fn square(values: &[f64], n: usize) -> Array2<f64> {
    Array2::from_shape_fn((n, n), |(i, j)| values[i * n + j])
}

/// `H K H`.
fn centred(mut kernel: Array2<f64>) -> Array2<f64> {
    let n = kernel.nrows() as f64;
    let means = kernel.sum_axis(Axis(0)) / n;
    let mean = means.sum() / n;
    for (mut row, of_row) in kernel.rows_mut().into_iter().zip(&means) {
        row.zip_mut_with(&means, |k, of_column| *k += mean - of_row - of_column);
    }
    kernel
}

/// The largest eigenvalues of a centred kernel over `n - 1`.
fn spectrum_of(tap: &str, kernel: &Array2<f64>, count: usize) -> Result<Spectrum> {
    let over = (kernel.nrows() - 1) as f64;
    let values = symmetric_eigen(kernel.view())?.values;
    Spectrum::new(tap, values.iter().take(count).map(|value| value / over).collect())
}

impl std::fmt::Debug for WideNetwork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { unit, layers, weight, bias } = self;
        let plural = if *layers == 1 { "" } else { "s" };
        write!(
            f,
            "WideNetwork({}, {layers} hidden layer{plural}, sigma_w {weight}, sigma_b {bias})",
            unit.name()
        )
    }
}
