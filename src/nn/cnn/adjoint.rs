//! The recorded backward pass of a convolutional network.

use super::Cnn;
use crate::device::{Matrix, Recording};
use crate::error::{Error, Result};
use crate::nn::adjoint::Adjoint;
use crate::nn::ops::{GradientsOf, conv_pool_adjoint};

impl Adjoint for Cnn {
    fn pull(&self, x: &Matrix, taps: &[Matrix], cotangent: Matrix<Recording>) -> Result<Matrix<Recording>> {
        let blocks = self.blocks.len();
        let (Some(pooled), Some(hidden)) = (taps.get(..blocks), taps.get(blocks..)) else {
            let need = format!("{blocks} convolutional blocks, then hidden layers");
            return Err(Error::shape("list of taps", need, taps.len()));
        };
        let input_of_head = pooled.last().unwrap_or(x);
        let mut g = self.head.pull(input_of_head, hidden, cotangent)?;
        let scaled = match &self.input {
            Some(input) => &input.pass(x.clone(), GradientsOf::Input)?,
            None => x,
        };
        // Every block has the tap of the one before as its input.
        let inputs = std::iter::once(scaled).chain(pooled);
        let blocks: Vec<_> = self.blocks.iter().zip(inputs).zip(pooled).collect();
        for ((block, x), y) in blocks.into_iter().rev() {
            let (weight, bias) = (&block.weight.value, &block.bias.value);
            g = conv_pool_adjoint(g, x, y, weight, bias, &block.sizes, self.activation())?;
        }
        match &self.input {
            Some(input) => input.pull(g),
            None => Ok(g),
        }
    }
}
