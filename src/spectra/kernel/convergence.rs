//! How random networks approach their limit as they grow wide.

use super::{WideNetwork, centred, spectrum_of};
use crate::display::{Content, escape_html, show};
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::spectra::Spectrum;
use ndarray::ArrayView2;

/// Random networks of several widths beside their limit.
#[derive(Clone, PartialEq)]
pub struct KernelConvergence {
    /// What all of them become.
    pub network: WideNetwork,
    /// Number of inputs.
    pub inputs: usize,
    /// The spectrum of the limit.
    pub theory: Spectrum,
    /// The networks of every width, in the order given.
    pub widths: Vec<WidthErrors>,
}

/// Random networks of one width.
#[derive(Clone, PartialEq)]
pub struct WidthErrors {
    /// Units of every hidden layer.
    pub width: usize,
    /// The seeds of the networks.
    pub seeds: Vec<u64>,
    /// The spectrum of each.
    pub spectra: Vec<Spectrum>,
    /// The relative error of the centred kernel of each: `|K_N - K| / |K|` with the root of the sum of squares.
    pub kernel_errors: Vec<f64>,
    /// The relative error of the eigenvalues of each, by the same norm, those that a network lacks taken for 0. It is never above
    /// that of the kernel (Hoffman and Wielandt 1953).
    pub spectrum_errors: Vec<f64>,
}

impl WidthErrors {
    /// The root mean square over the seeds of the error of the kernel.
    pub fn kernel_error(&self) -> f64 {
        root_mean_square(&self.kernel_errors)
    }

    /// The root mean square over the seeds of the error of the eigenvalues.
    pub fn spectrum_error(&self) -> f64 {
        root_mean_square(&self.spectrum_errors)
    }

    /// Shows a summary in a notebook.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

impl WideNetwork {
    /// Random networks of all `widths` and `seeds` beside the limit, over the rows of `inputs` `(n, p)`.
    ///
    /// The mean over units of independent products has an error that falls as `1 / sqrt(width)`; see
    /// [`KernelConvergence::exponent`]. [`plot::kernel_convergence`](crate::plot::kernel_convergence()) draws it.
    ///
    /// ```
    /// use eigengate::prelude::*;
    ///
    /// let digits = mnist::shipped()?.train.take(60)?;
    /// let net = WideNetwork::new(Activation::Tanh).with_sigma(1.5, 0.1);
    /// let found = net.convergence(digits.images(), &[64, 256, 1024], &[0, 1, 2, 3])?;
    /// assert!((found.exponent()? + 0.5).abs() < 0.15);
    /// # Ok::<(), eigengate::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`finite_spectrum`](WideNetwork::finite_spectrum); [`Error::Empty`] without widths or seeds; [`Error::Parameter`] where
    /// all inputs are the same.
    pub fn convergence(
        &self,
        inputs: ArrayView2<'_, f32>,
        widths: &[usize],
        seeds: &[u64],
    ) -> Result<KernelConvergence> {
        self.check_pairs(inputs)?;
        for (what, len) in [("the list of widths", widths.len()), ("the list of seeds", seeds.len())] {
            if len == 0 {
                return Err(Error::empty(what));
            }
        }
        let kernel = self.kernel(inputs)?;
        let all = norm(kernel.iter().copied());
        let limit = centred(kernel);
        let size = norm(limit.iter().copied());
        // Below that is rounding alone.
        if !(size > 1e-13 * all) {
            return Err(Error::parameter("spread of the kernel", size, "inputs that differ"));
        }
        let theory = spectrum_of(&format!("{}, infinite width", self.tap()), &limit, limit.nrows() - 1)?;
        let of_width = |width: usize| -> Result<WidthErrors> {
            let networks = seeds.iter().map(|seed| {
                let kernel = centred(self.finite_kernel(inputs, width, *seed)?);
                let spectrum = self.finite_spectrum_of(&kernel, width)?;
                let error = norm((&kernel - &limit).iter().copied()) / size;
                Ok((spectrum, error))
            });
            let (spectra, kernel_errors): (Vec<_>, Vec<_>) =
                networks.collect::<Result<Vec<_>>>()?.into_iter().unzip();
            let spectrum_errors = spectra.iter().map(|spectrum| distance(&theory, spectrum)).collect();
            Ok(WidthErrors { width, seeds: seeds.to_vec(), spectra, kernel_errors, spectrum_errors })
        };
        let widths = widths.iter().map(|width| of_width(*width)).collect::<Result<_>>()?;
        Ok(KernelConvergence { network: *self, inputs: inputs.nrows(), theory, widths })
    }
}

impl KernelConvergence {
    /// The exponent `q` of `error = amplitude width^q`, by least squares of the logarithm of [`WidthErrors::kernel_error`] on that of the
    /// width: close to -1/2.
    ///
    /// # Errors
    /// [`Error::Parameter`] for fewer than two widths that differ.
    pub fn exponent(&self) -> Result<f64> {
        let points: Vec<(f64, f64)> =
            self.widths.iter().map(|of| ((of.width as f64).ln(), of.kernel_error().ln())).collect();
        let count = points.len() as f64;
        let (x, y) =
            points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0 / count, y + point.1 / count));
        let spread: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
        if !(spread > 1e-12) {
            return Err(Error::parameter("widths", self.widths.len(), "two or more that differ"));
        }
        Ok(points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum::<f64>() / spread)
    }

    /// A row for every network: width, seed, the relative errors of its kernel and of its eigenvalues.
    ///
    /// # Errors
    /// None for what [`WideNetwork::convergence`] gives.
    pub fn frame(&self) -> Result<Frame> {
        let column = |of: fn(&WidthErrors) -> &Vec<f64>| {
            self.widths.iter().flat_map(move |width| of(width).iter().copied())
        };
        let repeated = |of: &WidthErrors| vec![of.width as u64; of.seeds.len()];
        Frame::new()
            .with("width", self.widths.iter().flat_map(repeated))?
            .with("seed", self.widths.iter().flat_map(|of| of.seeds.iter().copied()))?
            .with("kernel_error", column(|of| &of.kernel_errors))?
            .with("spectrum_error", column(|of| &of.spectrum_errors))
    }

    /// Shows a summary in a notebook; [`plot::kernel_convergence`](crate::plot::kernel_convergence()) draws it.
    pub fn evcxr_display(&self) {
        let text = format!("{self:?}");
        show(&[Content::Html(&escape_html(&text)), Content::Plain(&text)]);
    }
}

/// The relative distance of the eigenvalues of a network to those of the limit.
fn distance(theory: &Spectrum, network: &Spectrum) -> f64 {
    let others = network.eigenvalues().iter().copied().chain(std::iter::repeat(0.0));
    let differences = theory.eigenvalues().iter().zip(others).map(|(a, b)| a - b);
    norm(differences) / norm(theory.eigenvalues().iter().copied())
}

fn norm(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|value| value * value).sum::<f64>().sqrt()
}

fn root_mean_square(values: &[f64]) -> f64 {
    norm(values.iter().copied()) / (values.len() as f64).sqrt()
}

impl std::fmt::Debug for WidthErrors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "WidthErrors({} units: {} networks, kernel {:.2e}, eigenvalues {:.2e})",
            self.width,
            self.seeds.len(),
            self.kernel_error(),
            self.spectrum_error()
        )
    }
}

impl std::fmt::Debug for KernelConvergence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let errors: Vec<String> =
            self.widths.iter().map(|of| format!("{} at {}", percent(of.kernel_error()), of.width)).collect();
        write!(
            f,
            "KernelConvergence({:?}, {} inputs: error of the kernel {}; exponent {:.3})",
            self.network,
            self.inputs,
            errors.join(", "),
            self.exponent().unwrap_or(f64::NAN)
        )
    }
}

fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}
