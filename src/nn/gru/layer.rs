//! The parameters of a layer, and those of an affine map.

use crate::dynamics::Reset;
use crate::error::{Error, Result};
use crate::nn::ops::GruTensors;
use crate::nn::parameter::Parameter;

/// One layer.
#[derive(Clone)]
pub(super) struct GruLayer {
    /// `(3 d, inputs)`; none for a first layer without inputs.
    pub(super) input: Option<Parameter>,
    /// `(3 d, d)`.
    pub(super) recurrent: Parameter,
    /// `3 d`.
    pub(super) bias: Parameter,
    /// `3 d`, with the reset gate behind the product.
    pub(super) hidden_bias: Option<Parameter>,
}

/// The name of an array of layer `layer`, which is PyTorch's.
pub(super) fn name(array: &str, layer: usize) -> String {
    format!("gru.{array}_l{layer}")
}

impl GruLayer {
    /// Layer `layer` with `d` units; `index` counts the parameters drawn.
    pub(super) fn new(
        layer: usize,
        inputs: usize,
        d: usize,
        reset: Reset,
        seed: u64,
        index: &mut u64,
    ) -> Result<Self> {
        if d == 0 {
            return Err(Error::parameter("units", 0, "at least one unit in every layer"));
        }
        let rows =
            d.checked_mul(3).ok_or_else(|| Error::parameter("units", d, "units that fit into memory"))?;
        let mut draw = |array: &str, shape: &[usize]| -> Result<Parameter> {
            let parameter = Parameter::uniform(name(array, layer), shape, d, seed, *index)?;
            *index += 1;
            Ok(parameter)
        };
        let input = (inputs > 0).then(|| draw("weight_ih", &[rows, inputs])).transpose()?;
        Ok(Self {
            input,
            recurrent: draw("weight_hh", &[rows, d])?,
            bias: draw("bias_ih", &[rows])?,
            hidden_bias: (reset == Reset::After).then(|| draw("bias_hh", &[rows])).transpose()?,
        })
    }

    pub(super) fn units(&self) -> usize {
        self.bias.len() / 3
    }

    pub(super) fn tensors(&self) -> GruTensors<'_> {
        GruTensors {
            input: self.input.as_ref().map(|parameter| &parameter.value),
            recurrent: &self.recurrent.value,
            bias: &self.bias.value,
            hidden_bias: self.hidden_bias.as_ref().map(|parameter| &parameter.value),
        }
    }

    pub(super) fn parameters(&self) -> impl Iterator<Item = &Parameter> {
        self.input.iter().chain([&self.recurrent, &self.bias]).chain(&self.hidden_bias)
    }

    pub(super) fn parameters_mut(&mut self) -> impl Iterator<Item = &mut Parameter> {
        self.input.iter_mut().chain([&mut self.recurrent, &mut self.bias]).chain(&mut self.hidden_bias)
    }
}

/// `W x + b`.
#[derive(Clone)]
pub(super) struct Affine {
    /// `(outputs, inputs)`.
    pub(super) weight: Parameter,
    /// `outputs`.
    pub(super) bias: Parameter,
}

impl Affine {
    pub(super) fn new(name: &str, inputs: usize, outputs: usize, seed: u64, index: &mut u64) -> Result<Self> {
        let weight = format!("{name}.weight");
        let weight = Parameter::uniform(weight, &[outputs, inputs], inputs, seed, *index)?;
        let bias = Parameter::uniform(format!("{name}.bias"), &[outputs], inputs, seed, *index + 1)?;
        *index += 2;
        Ok(Self { weight, bias })
    }

    pub(super) fn inputs(&self) -> usize {
        self.weight.shape().get(1).copied().unwrap_or(0)
    }

    pub(super) fn outputs(&self) -> usize {
        self.bias.len()
    }

    pub(super) fn parameters(&self) -> [&Parameter; 2] {
        [&self.weight, &self.bias]
    }

    pub(super) fn parameters_mut(&mut self) -> [&mut Parameter; 2] {
        [&mut self.weight, &mut self.bias]
    }
}
