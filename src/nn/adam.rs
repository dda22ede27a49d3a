//! Adam and AMSGrad.

use super::network::Network;
use super::tensors::Tensors;
use crate::device::Device;
use crate::error::{Error, Result};
use dfdx::prelude::Gradients;
use std::path::Path;

/// Adam (Kingma and Ba 2015), with the AMSGrad option (Reddi, Kale and Kumar 2018), as PyTorch defines both:
///
/// `m <- b1 m + (1 - b1) g`, `v <- b2 v + (1 - b2) g^2`, with AMSGrad `w <- max(w, v)` (else `w = v`),
/// `p <- p - learning_rate / (1 - b1^t) * m / (sqrt(w) / sqrt(1 - b2^t) + eps)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// Step size, above 0; 1e-3 by default.
    pub learning_rate: f64,
    /// Decay of the first and second moment, in `[0, 1)`; 0.9 and 0.999 by default.
    pub betas: (f64, f64),
    /// Added to the root of the second moment, above 0; 1e-8 by default.
    pub eps: f64,
    /// Whether the second moment never falls. Nassar2020 uses it; on by default.
    pub amsgrad: bool,
}

impl Default for Adam {
    fn default() -> Self {
        Self { learning_rate: 1e-3, betas: (0.9, 0.999), eps: 1e-8, amsgrad: true }
    }
}

impl Adam {
    /// # Errors
    /// [`Error::Parameter`] for a value outside of its range.
    pub fn check(&self) -> Result<()> {
        if !(self.learning_rate > 0.0 && self.learning_rate.is_finite()) {
            return Err(Error::parameter("learning_rate", self.learning_rate, "a finite number above 0"));
        }
        for beta in [self.betas.0, self.betas.1] {
            if !(0.0..1.0).contains(&beta) {
                return Err(Error::parameter("betas", beta, "decays in [0, 1)"));
            }
        }
        if !(self.eps > 0.0 && self.eps.is_finite()) {
            return Err(Error::parameter("eps", self.eps, "a finite number above 0"));
        }
        Ok(())
    }
}

/// The moments of every parameter and the number of steps done.
#[derive(Clone)]
pub struct AdamState {
    steps: u64,
    moments: Vec<Moments>,
}

#[derive(Clone)]
struct Moments {
    first: Vec<f32>,
    second: Vec<f32>,
    largest: Vec<f32>,
}

impl AdamState {
    /// Zero moments for the parameters of `net`.
    pub fn new(net: &dyn Network) -> Self {
        let moments = net
            .parameters()
            .iter()
            .map(|p| Moments {
                first: vec![0.0; p.len()],
                second: vec![0.0; p.len()],
                largest: vec![0.0; p.len()],
            })
            .collect();
        Self { steps: 0, moments }
    }

    /// Steps done so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// One step of every parameter along its gradient.
    ///
    /// # Errors
    /// [`Error::Shape`] where `net` is not the network that the state was made for.
    pub fn step(
        &mut self,
        adam: &Adam,
        net: &mut dyn Network,
        gradients: &mut Gradients<f32, Device>,
    ) -> Result<()> {
        let mut parameters = net.parameters_mut();
        let sizes = |all: &mut dyn Iterator<Item = usize>| all.collect::<Vec<_>>();
        let here = sizes(&mut self.moments.iter().map(|m| m.first.len()));
        let there = sizes(&mut parameters.iter().map(|p| p.len()));
        if here != there {
            return Err(Error::shape("optimiser state", format!("{there:?}"), format!("{here:?}")));
        }
        self.steps += 1;
        let t = self.steps.min(i32::MAX as u64) as i32;
        let rates = Rates {
            b1: adam.betas.0 as f32,
            b2: adam.betas.1 as f32,
            step: (adam.learning_rate / (1.0 - adam.betas.0.powi(t))) as f32,
            root: ((1.0 - adam.betas.1.powi(t)).sqrt()) as f32,
            eps: adam.eps as f32,
            amsgrad: adam.amsgrad,
        };
        for (parameter, moments) in parameters.iter_mut().zip(&mut self.moments) {
            rates.update(parameter, moments, gradients)?;
        }
        Ok(())
    }

    pub(crate) fn put(&self, file: &mut Tensors, net: &dyn Network) {
        file.set("adam.steps", self.steps.to_string());
        for (parameter, moments) in net.parameters().iter().zip(&self.moments) {
            for (kind, values) in moments.named() {
                file.put(format!("adam.{kind}.{}", parameter.name()), parameter.shape(), values.clone());
            }
        }
    }

    pub(crate) fn read(file: &Tensors, net: &dyn Network, path: &Path) -> Result<Self> {
        let steps = file.get("adam.steps").and_then(|text| text.parse().ok());
        let steps = steps.ok_or_else(|| Error::format(path, "checkpoint", "a count `adam.steps`", "none"))?;
        let mut state = Self { steps, ..Self::new(net) };
        for (parameter, moments) in net.parameters().iter().zip(&mut state.moments) {
            for (kind, values) in moments.named_mut() {
                let name = format!("adam.{kind}.{}", parameter.name());
                *values = file.values(&name, parameter.shape(), path)?.to_vec();
            }
        }
        Ok(state)
    }
}

impl Moments {
    fn named(&self) -> [(&'static str, &Vec<f32>); 3] {
        [("first", &self.first), ("second", &self.second), ("largest", &self.largest)]
    }

    fn named_mut(&mut self) -> [(&'static str, &mut Vec<f32>); 3] {
        [("first", &mut self.first), ("second", &mut self.second), ("largest", &mut self.largest)]
    }
}

/// The numbers of one step that all parameters share.
#[derive(Clone, Copy)]
struct Rates {
    b1: f32,
    b2: f32,
    step: f32,
    root: f32,
    eps: f32,
    amsgrad: bool,
}

impl Rates {
    /// One value: the update of `p`, and its moments in place.
    #[inline(always)]
    fn apply(self, p: &mut f32, g: f32, m: &mut f32, v: &mut f32, w: &mut f32) {
        *m = self.b1 * *m + (1.0 - self.b1) * g;
        *v = self.b2 * *v + (1.0 - self.b2) * g * g;
        *w = if self.amsgrad && *w > *v { *w } else { *v };
        *p -= self.step * *m / (w.sqrt() / self.root + self.eps);
    }

    #[cfg(not(feature = "cuda"))]
    fn update(
        self,
        parameter: &mut super::parameter::Parameter,
        moments: &mut Moments,
        gradients: &mut Gradients<f32, Device>,
    ) -> Result<()> {
        use crate::device::{refused, values_mut};
        use rayon::prelude::*;
        /// Values that one task updates.
        const BLOCK: usize = 16 * 1024;

        let gradient = gradients.get_or_alloc_mut(&parameter.value).map_err(refused)?;
        let values = values_mut(&mut parameter.value);
        let blocks = values
            .par_chunks_mut(BLOCK)
            .zip(gradient.par_chunks(BLOCK))
            .zip(moments.first.par_chunks_mut(BLOCK))
            .zip(moments.second.par_chunks_mut(BLOCK))
            .zip(moments.largest.par_chunks_mut(BLOCK));
        blocks.for_each(|((((p, g), m), v), w)| {
            for ((((p, g), m), v), w) in p.iter_mut().zip(g).zip(m).zip(v).zip(w) {
                self.apply(p, *g, m, v, w);
            }
        });
        Ok(())
    }

    /// On the GPU the moments stay on the host: correct, and slow; a device kernel may replace it.
    #[cfg(feature = "cuda")]
    fn update(
        self,
        parameter: &mut super::parameter::Parameter,
        moments: &mut Moments,
        gradients: &mut Gradients<f32, Device>,
    ) -> Result<()> {
        use crate::device::refused;
        gradients.try_alloc_for(&parameter.value).map_err(refused)?;
        let gradient = gradients.get(&parameter.value).as_vec();
        let mut values = parameter.values();
        let all = values.iter_mut().zip(gradient).zip(&mut moments.first).zip(&mut moments.second);
        for ((((p, g), m), v), w) in all.zip(&mut moments.largest) {
            self.apply(p, g, m, v, w);
        }
        // Copied into the same tensor, so that it keeps its id.
        parameter.value.copy_from(&values);
        Ok(())
    }
}
