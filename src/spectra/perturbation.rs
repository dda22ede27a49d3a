//! What perturbations of images do along the eigenvectors of a layer.

use super::sensitivity::Sensitivity;
use crate::device::{to_array, to_device};
use crate::display::{Content, escape_html, show};
use crate::error::{Error, Result, finite};
use crate::nn::Network;
use crate::nn::blocks::{blocks, filled};
use ndarray::{Array1, ArrayView2, Axis, s};

/// How the change of a layer's activations is spread over the eigenvectors of their covariance.
#[derive(Clone, PartialEq)]
pub struct PerturbationEnergy {
    /// For the legend, e.g. `vanilla, PGD`.
    pub name: String,
    /// Name of the tap.
    pub tap: String,
    /// Share of the energy along every eigenvector, largest eigenvalue first: they add up to 1.
    pub energy: Vec<f64>,
    /// Share of every eigenvalue in their sum: what the energy would be if perturbations were like differences of images.
    pub eigenvalues: Vec<f64>,
    /// Mean over the images of the squared length of the change.
    pub size: f64,
    /// Number of images.
    pub images: usize,
}

impl Sensitivity {
    /// The energy of a change of images `from`, `to`, both `(batch, inputs)`, along every eigenvector `v_n` of the tap:
    ///
    /// ```text
    /// e_n = sum_i (v_n . d_i)^2 / sum_i |d_i|^2,      d_i = f(to_i) - f(from_i)
    /// ```
    ///
    /// Eigenvectors are a basis, so that the shares add up to 1. `name` goes into the legend.
    ///
    /// # Errors
    /// Those of [`Sensitivity::projections`] but for `n`; [`Error::Shape`] where `from` and `to` differ in size,
    /// [`Error::Parameter`] where no activation changes.
    pub fn perturbation_energy(
        &self,
        name: &str,
        net: &dyn Network,
        from: ArrayView2<'_, f32>,
        to: ArrayView2<'_, f32>,
    ) -> Result<PerturbationEnergy> {
        let _memory = crate::device::ReleaseAtEnd;
        self.check_images(net, from)?;
        self.check_images(net, to)?;
        if from.dim() != to.dim() {
            return Err(Error::shape(
                "changed images",
                format!("{:?}", from.dim()),
                format!("{:?}", to.dim()),
            ));
        }
        let vectors = self.vectors();
        let mut energy = Array1::<f64>::zeros(vectors.ncols());
        let mut total = 0.0;
        for rows in blocks(from.nrows()) {
            let activations = |images: ArrayView2<'_, f32>| -> Result<_> {
                let block = filled(images.slice(s![rows.clone(), ..]));
                let taps = net.forward(to_device(block.view())?)?.taps;
                Ok(to_array(self.tap_of(&taps)?)?.mapv(f64::from))
            };
            let change = activations(to)? - activations(from)?;
            let change = change.slice(s![..rows.len(), ..]);
            total += change.mapv(|d| d * d).sum();
            energy += &change.dot(&vectors).mapv(|p| p * p).sum_axis(Axis(0));
        }
        finite("energy of the perturbations", &energy)?;
        if total <= 0.0 {
            let expected = format!("images whose change reaches {}", self.tap());
            return Err(Error::parameter("energy", total, expected));
        }
        let variance: f64 = self.eigenvalues().iter().sum();
        Ok(PerturbationEnergy {
            name: name.to_owned(),
            tap: self.tap().to_owned(),
            energy: energy.mapv(|e| e / total).to_vec(),
            eigenvalues: self.eigenvalues().iter().map(|value| value / variance).collect(),
            size: total / from.nrows() as f64,
            images: from.nrows(),
        })
    }
}

impl PerturbationEnergy {
    /// Share of the energy along the first `n` eigenvectors.
    pub fn within(&self, n: usize) -> f64 {
        self.energy.iter().take(n).sum()
    }

    /// Mean energy of the eigenvectors of a bin, and the geometric mean of their indices: bins of equal ratio,
    /// `per_decade` for every factor of ten, those without an index left out.
    pub fn binned(&self, per_decade: f64) -> (Vec<f64>, Vec<f64>) {
        let bin = |n: usize| ((n as f64).log10() * per_decade + 1e-9).floor();
        let (mut indices, mut means) = (vec![], vec![]);
        let mut start = 0;
        while start < self.energy.len() {
            let end = (start..self.energy.len()).find(|i| bin(i + 1) > bin(start + 1));
            let end = end.unwrap_or(self.energy.len());
            let count = (end - start) as f64;
            let logs: f64 = (start..end).map(|i| ((i + 1) as f64).ln()).sum();
            indices.push((logs / count).exp());
            means.push(self.energy.iter().take(end).skip(start).sum::<f64>() / count);
            start = end;
        }
        (indices, means)
    }

    /// Shows a summary in a notebook; [`plot::perturbation_energy`](crate::plot::perturbation_energy) draws it.
    pub fn evcxr_display(&self) {
        let text = format!("{self:?}");
        show(&[Content::Html(&escape_html(&text)), Content::Plain(&text)]);
    }
}

impl std::fmt::Debug for PerturbationEnergy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "PerturbationEnergy({}, {}: {} images, {:.1} % along the first 10 of {} eigenvectors)",
            self.name,
            self.tap,
            self.images,
            100.0 * self.within(10),
            self.energy.len()
        )
    }
}
