//! What may stand around the layers of a network: standardisation of its inputs, and batch normalisation and whitening
//! behind a hidden layer.

use super::layer::{Layer, matrix_of, row_of, spread};
use super::ops::{
    BatchStatistics, GradientsOf, Whitening, WhiteningFactor, WhiteningKind, batch_norm, batch_norm_fixed,
    standardise, whiten, whiten_fixed,
};
use super::parameter::Parameter;
use super::tensors::{NETWORK, Tensors};
use crate::data::{Dataset, Standardisation};
use crate::device::{Device, Matrix, Recording, matrix, to_device, with_values};
use crate::error::{Error, Result};
use crate::numeric::{Covariance, Precision};
use dfdx::prelude::Tape;
use ndarray::{Array1, s};
use std::path::Path;

/// `eps` of batch normalisation, as in PyTorch.
const EPS: f64 = 1e-5;

/// Examples of one pass when a factor is computed.
const BLOCK: usize = 4096;

/// Where means, variances and factors of a pass come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Statistics {
    /// From training: every example stands alone.
    Stored,
    /// From the batch itself, with the gradient through them.
    OfBatch,
}

/// What a pass leaves beside its result.
pub(super) struct Trace {
    statistics: Statistics,
    /// Activations of the hidden layers.
    pub(super) taps: Vec<Matrix>,
    /// Mean and variance of the batch at every batch normalisation.
    pub(super) observed: Vec<BatchStatistics>,
    /// What came to every whitening, where it is asked for.
    whitened: Option<Vec<Matrix>>,
}

impl Trace {
    pub(super) fn new(statistics: Statistics) -> Self {
        Self { statistics, taps: vec![], observed: vec![], whitened: None }
    }
}

/// Batch normalisation, then whitening, behind the nonlinearity of one hidden layer; usually neither.
#[derive(Clone, Default)]
pub(super) struct Normalisation {
    batch_norm: Option<BatchNorm>,
    whitening: Option<Whiten>,
}

#[derive(Clone)]
struct BatchNorm {
    weight: Parameter,
    bias: Parameter,
    running_mean: Parameter,
    running_var: Parameter,
}

#[derive(Clone)]
struct Whiten {
    settings: Whitening,
    mean: Parameter,
    matrix: Parameter,
}

impl Normalisation {
    /// Scale 1 and offset 0, running mean 0 and variance 1, of every channel; dense layers have as many as units.
    pub(super) fn set_batch_norm(&mut self, layer: &str, channels: usize) -> Result<()> {
        let row = |name: &str, value: f32| {
            Parameter::new(format!("{layer}.batch_norm.{name}"), &[channels], vec![value; channels])
        };
        self.batch_norm = Some(BatchNorm {
            weight: row("weight", 1.0)?,
            bias: row("bias", 0.0)?,
            running_mean: row("running_mean", 0.0)?,
            running_var: row("running_var", 1.0)?,
        });
        Ok(())
    }

    /// Mean 0 and the identity as factor, until it is calibrated.
    pub(super) fn set_whitening(&mut self, layer: &str, width: usize, settings: Whitening) -> Result<()> {
        settings.check()?;
        let name = |part: &str| format!("{layer}.whitening.{part}");
        let identity = (0..width * width).map(|i| if i % (width + 1) == 0 { 1.0 } else { 0.0 }).collect();
        self.whitening = Some(Whiten {
            settings,
            mean: Parameter::new(name("mean"), &[width], vec![0.0; width])?,
            matrix: Parameter::new(name("matrix"), &[width, width], identity)?,
        });
        Ok(())
    }

    pub(super) fn is_none(&self) -> bool {
        self.batch_norm.is_none() && self.whitening.is_none()
    }

    pub(super) fn batch_norm_parameters(&self) -> impl Iterator<Item = &Parameter> {
        self.batch_norm.iter().flat_map(|norm| [&norm.weight, &norm.bias])
    }

    pub(super) fn batch_norm_parameters_mut(&mut self) -> impl Iterator<Item = &mut Parameter> {
        self.batch_norm.iter_mut().flat_map(|norm| [&mut norm.weight, &mut norm.bias])
    }

    pub(super) fn buffers(&self) -> impl Iterator<Item = &Parameter> {
        let norm = self.batch_norm.iter().flat_map(|norm| [&norm.running_mean, &norm.running_var]);
        norm.chain(self.whitening.iter().flat_map(|whiten| [&whiten.mean, &whiten.matrix]))
    }

    pub(super) fn buffers_mut(&mut self) -> impl Iterator<Item = &mut Parameter> {
        let norm =
            self.batch_norm.iter_mut().flat_map(|norm| [&mut norm.running_mean, &mut norm.running_var]);
        norm.chain(self.whitening.iter_mut().flat_map(|whiten| [&mut whiten.mean, &mut whiten.matrix]))
    }

    /// The activations `x` as the next layer takes them.
    pub(super) fn pass<T: Tape<f32, Device>>(
        &self,
        x: Matrix<T>,
        gradients: GradientsOf,
        trace: &mut Trace,
    ) -> Result<Matrix<T>> {
        let mut x = x;
        if let Some(BatchNorm { weight, bias, running_mean, running_var }) = &self.batch_norm {
            // In front of it are parameters, if only the first layer's.
            let wanted = match gradients {
                GradientsOf::Parameters => GradientsOf::Everything,
                other => other,
            };
            x = match trace.statistics {
                Statistics::OfBatch => {
                    let (y, batch) = batch_norm(x, &weight.value, &bias.value, EPS, wanted)?;
                    trace.observed.push(batch);
                    y
                }
                Statistics::Stored => {
                    let running =
                        BatchStatistics::from_values(running_mean.value.clone(), running_var.value.clone())?;
                    batch_norm_fixed(x, &weight.value, &bias.value, &running, EPS, wanted)?
                }
            };
        }
        if let Some(whitening) = &self.whitening {
            if let Some(inputs) = &mut trace.whitened {
                inputs.push(x.retaped());
            }
            x = match trace.statistics {
                Statistics::OfBatch => whiten(x, &whitening.settings)?.0,
                Statistics::Stored => {
                    let (mean, factor) = (whitening.mean.value.clone(), whitening.matrix.value.clone());
                    whiten_fixed(x, &WhiteningFactor::new(mean, factor)?)?
                }
            };
        }
        Ok(x)
    }

    /// Appends what evaluation does behind a layer of that width.
    pub(super) fn append_layers(&self, width: usize, layers: &mut Vec<Layer>) -> Result<()> {
        if let Some(BatchNorm { weight, bias, running_mean, running_var }) = &self.batch_norm {
            let root = row_of(running_var)?.mapv(|variance| (variance + EPS).sqrt());
            layers.push(Layer::Scale {
                mean: spread(&row_of(running_mean)?, width),
                slope: spread(&(row_of(weight)? / root), width),
                offset: spread(&row_of(bias)?, width),
            });
        }
        if let Some(Whiten { mean, matrix, .. }) = &self.whitening {
            // Centred first: -W mean as a bias would round sums of large numbers.
            layers.push(Layer::Scale {
                mean: row_of(mean)?,
                slope: Array1::ones(width),
                offset: Array1::zeros(width),
            });
            layers.push(Layer::Dense { weight: matrix_of(matrix)?, bias: Array1::zeros(width) });
        }
        Ok(())
    }

    /// Takes the statistics of a batch into the running ones; `observed` has those of this layer first.
    pub(super) fn observe(&mut self, observed: &mut impl Iterator<Item = BatchStatistics>) -> Result<()> {
        if let Some(norm) = &mut self.batch_norm
            && let Some(batch) = observed.next()
        {
            let (mean, variance) = (norm.running_mean.value.clone(), norm.running_var.value.clone());
            let mut running = BatchStatistics::from_values(mean, variance)?;
            running.update(&batch, BatchStatistics::MOMENTUM)?;
            norm.running_mean.value = running.mean().clone();
            norm.running_var.value = running.variance().clone();
        }
        Ok(())
    }

    /// Puts what the arrays do not tell.
    pub(super) fn describe(&self, layer: &str, file: &mut Tensors) {
        if let Some(Whiten { settings, .. }) = &self.whitening {
            file.set(&format!("{layer}.whitening"), format!("{} {}", settings.kind.name(), settings.ridge));
        }
    }

    /// What the file has behind this layer, with all arrays still to be filled.
    pub(super) fn restore(
        &mut self,
        layer: &str,
        (width, channels): (usize, usize),
        file: &Tensors,
        path: &Path,
    ) -> Result<()> {
        if file.shape(&format!("{layer}.batch_norm.weight")).is_some() {
            self.set_batch_norm(layer, channels)?;
        }
        let Some(text) = file.get(&format!("{layer}.whitening")) else { return Ok(()) };
        let (kind, ridge) = text.split_once(' ').unwrap_or((text, ""));
        let ridge = ridge
            .parse()
            .map_err(|_| Error::format(path, NETWORK, "a whitening such as `cholesky 0.00001`", text))?;
        self.set_whitening(layer, width, Whitening { kind: WhiteningKind::from_name(kind)?, ridge })
    }

    /// E.g. `batch norm and whitening behind hidden.1`.
    pub(super) fn text(&self, layer: &str) -> Option<String> {
        let parts: Vec<&str> = [
            self.batch_norm.as_ref().map(|_| "batch norm"),
            self.whitening.as_ref().map(|whiten| match whiten.settings.kind {
                WhiteningKind::Cholesky => "whitening",
                WhiteningKind::Zca => "ZCA whitening",
            }),
        ]
        .into_iter()
        .flatten()
        .collect();
        (!parts.is_empty()).then(|| format!("{} behind {layer}", parts.join(" and ")))
    }
}

/// Gives every whitening of a network its factor over `data`, the first one first: a later one sees what the earlier
/// ones make of the images.
///
/// `pass` is a pass without tape, `layers` what stands behind the hidden layers.
pub(super) fn calibrate<N>(
    net: &mut N,
    data: &Dataset,
    pass: fn(&N, Matrix, &mut Trace) -> Result<()>,
    layers: fn(&mut N) -> Vec<&mut Normalisation>,
) -> Result<()> {
    let whitenings = |net: &mut N| layers(net).into_iter().filter(|layer| layer.whitening.is_some()).count();
    for position in 0..whitenings(net) {
        let mut covariance: Option<Covariance> = None;
        for start in (0..data.len()).step_by(BLOCK) {
            let end = (start + BLOCK).min(data.len());
            let mut trace = Trace::new(Statistics::Stored);
            trace.whitened = Some(vec![]);
            pass(net, to_device(data.images().slice(s![start..end, ..]))?, &mut trace)?;
            let inputs = trace.whitened.unwrap_or_default();
            let Some(input) = inputs.get(position) else { continue };
            let width = crate::device::dims(input).1;
            let sums = covariance.get_or_insert_with(|| Covariance::new(width, Precision::Double));
            with_values(input, |rows| sums.add_rows(rows))??;
        }
        let Some(covariance) = covariance else { continue };
        let mut layers = layers(net).into_iter().filter_map(|layer| layer.whitening.as_mut());
        if let Some(whitening) = layers.nth(position) {
            let (mean, sums) = (covariance.mean()?, covariance.finish()?);
            let factor = WhiteningFactor::from_covariance(mean.view(), sums.view(), &whitening.settings)?;
            whitening.mean.value = factor.mean().clone();
            whitening.matrix.value = factor.matrix().clone();
        }
    }
    Ok(())
}

/// Standardisation of the inputs: the first step of a network, so that its images stay in `[0, 1]`.
#[derive(Clone)]
pub(super) struct InputScale {
    mean: Parameter,
    std: Parameter,
}

impl InputScale {
    /// Every channel's numbers for all of its pixels.
    pub(super) fn new(standardisation: &Standardisation, inputs: usize) -> Result<Self> {
        let channels = standardisation.mean.len();
        standardisation.check(channels)?;
        if channels == 0 || !inputs.is_multiple_of(channels) {
            let expected = format!("a number of channels that divides the {inputs} inputs");
            return Err(Error::shape("standardisation", expected, format!("{channels} channels")));
        }
        let pixels = |numbers: &[f32]| -> Vec<f32> {
            numbers.iter().flat_map(|number| std::iter::repeat_n(*number, inputs / channels)).collect()
        };
        Ok(Self {
            mean: Parameter::new("input.mean", &[inputs], pixels(&standardisation.mean))?,
            std: Parameter::new("input.std", &[inputs], pixels(&standardisation.std))?,
        })
    }

    /// That of a file, with its arrays still to be filled.
    pub(super) fn restore(inputs: usize, file: &Tensors) -> Result<Option<Self>> {
        let one = Standardisation { mean: vec![0.0], std: vec![1.0] };
        file.shape("input.mean").map(|_| Self::new(&one, inputs)).transpose()
    }

    pub(super) fn buffers(&self) -> [&Parameter; 2] {
        [&self.mean, &self.std]
    }

    pub(super) fn buffers_mut(&mut self) -> [&mut Parameter; 2] {
        [&mut self.mean, &mut self.std]
    }

    pub(super) fn pass<T: Tape<f32, Device>>(
        &self,
        x: Matrix<T>,
        gradients: GradientsOf,
    ) -> Result<Matrix<T>> {
        standardise(x, &self.mean.value, &self.std.value, gradients)
    }

    /// The same as a map.
    pub(super) fn layer(&self) -> Result<Layer> {
        let (mean, std) = (row_of(&self.mean)?, row_of(&self.std)?);
        Ok(Layer::Scale { offset: Array1::zeros(mean.len()), slope: std.mapv(|std| 1.0 / std), mean })
    }

    /// `g / std`, recorded: how a cotangent of the standardised inputs reaches the images.
    pub(super) fn pull(&self, g: Matrix<Recording>) -> Result<Matrix<Recording>> {
        let zero = matrix(&vec![0.0; self.mean.len()], 1, self.mean.len())?;
        standardise(g, &zero, &self.std.value, GradientsOf::Everything)
    }
}

/// The hidden layer of that name, among those in order.
pub(super) fn position(layer: &str, taps: &[(String, usize)]) -> Result<usize> {
    taps.iter().position(|(name, _)| name == layer).ok_or_else(|| {
        let names: Vec<&str> = taps.iter().map(|(name, _)| name.as_str()).collect();
        Error::parameter("layer", layer, format!("a hidden layer of {names:?}"))
    })
}

/// Why a network with such layers has no adjoint pass.
pub(super) fn no_adjoint(network: String) -> Error {
    let reason = "batch normalisation and whitening make the logits of an example depend on its batch; leave these \
                  layers or the penalty out";
    Error::NoAdjoint { network, reason: reason.to_owned() }
}
