//! A network, losses and APGD in float64, written from the definitions.

use eigengate::attack::{ApgdLoss, Norm};
use eigengate::nn::{Activation, Mlp, Network};

/// Weights and biases of every layer.
pub struct Reference {
    layers: Vec<(Vec<f64>, Vec<f64>)>,
    activation: Activation,
}

impl Reference {
    pub fn new(net: &Mlp) -> Self {
        let values: Vec<Vec<f64>> =
            net.parameters().iter().map(|p| p.values().into_iter().map(f64::from).collect()).collect();
        let layers = values.chunks(2).map(|layer| (layer[0].clone(), layer[1].clone())).collect();
        Self { layers, activation: net.activation() }
    }

    /// The values behind every layer, the input first.
    fn pass(&self, x: &[f64]) -> Vec<Vec<f64>> {
        let mut all = vec![x.to_vec()];
        for (i, (w, b)) in self.layers.iter().enumerate() {
            let x = &all[i];
            let affine =
                w.chunks(x.len()).zip(b).map(|(w, b)| w.iter().zip(x).map(|(w, x)| w * x).sum::<f64>() + b);
            let last = i + 1 == self.layers.len();
            all.push(match (last, self.activation) {
                (true, _) => affine.collect(),
                (false, Activation::Tanh) => affine.map(f64::tanh).collect(),
                (false, Activation::Relu) => affine.map(|z| z.max(0.0)).collect(),
            });
        }
        all
    }

    pub fn logits(&self, x: &[f64]) -> Vec<f64> {
        self.pass(x).pop().unwrap()
    }

    /// The loss at `x`, and its gradient.
    pub fn slope(&self, x: &[f64], loss: impl Fn(&[f64]) -> f64) -> (f64, Vec<f64>) {
        let all = self.pass(x);
        let z = &all[all.len() - 1];
        // Central differences by the few logits; exact backward from there.
        let mut u: Vec<f64> = (0..z.len())
            .map(|c| {
                let at = |step: f64| {
                    let mut z = z.clone();
                    z[c] += step;
                    loss(&z)
                };
                (at(1e-5) - at(-1e-5)) / 2e-5
            })
            .collect();
        for (i, (w, _)) in self.layers.iter().enumerate().rev() {
            let (x, y) = (&all[i], &all[i + 1]);
            if i + 1 < self.layers.len() {
                for (u, y) in u.iter_mut().zip(y) {
                    *u *= match self.activation {
                        Activation::Tanh => 1.0 - y * y,
                        Activation::Relu => f64::from(u8::from(*y > 0.0)),
                    };
                }
            }
            let mut below = vec![0.0; x.len()];
            for (w, u) in w.chunks(x.len()).zip(&u) {
                below.iter_mut().zip(w).for_each(|(below, w)| *below += u * w);
            }
            u = below;
        }
        (loss(z), u)
    }
}

/// What APGD climbs.
pub fn loss(kind: ApgdLoss, z: &[f64], label: usize, target: Option<usize>) -> f64 {
    let mut s = z.to_vec();
    s.sort_by(|a, b| b.total_cmp(a));
    let cross_entropy =
        |class: usize| (z.iter().map(|z| (z - s[0]).exp()).sum::<f64>()).ln() + s[0] - z[class];
    match (kind, target) {
        (ApgdLoss::CrossEntropy, None) => cross_entropy(label),
        (ApgdLoss::CrossEntropy, Some(target)) => -cross_entropy(target),
        (_, None) => {
            let other = (0..z.len()).filter(|c| *c != label).map(|c| z[c]).fold(f64::NEG_INFINITY, f64::max);
            -(z[label] - other) / (s[0] - s[2] + 1e-12)
        }
        (_, Some(target)) => -(z[label] - z[target]) / (s[0] - (s[2] + s[3]) / 2.0 + 1e-12),
    }
}

pub fn size(norm: Norm, d: &[f64]) -> f64 {
    match norm {
        Norm::Linf => d.iter().fold(0.0, |m, d| d.abs().max(m)),
        _ => d.iter().map(|d| d * d).sum::<f64>().sqrt(),
    }
}

/// Onto the ball, then into `[0, 1]`.
fn project(norm: Norm, x: Vec<f64>, clean: &[f64], eps: f64) -> Vec<f64> {
    let d: Vec<f64> = x.iter().zip(clean).map(|(x, c)| x - c).collect();
    let scale = (eps / size(norm, &d).max(1e-300)).min(1.0);
    let inside = |d: f64| if norm == Norm::Linf { d.clamp(-eps, eps) } else { d * scale };
    d.iter().zip(clean).map(|(d, c)| (c + inside(*d)).clamp(0.0, 1.0)).collect()
}

/// The next iterate, from this one, the one before, the gradient and the step.
pub fn next(
    norm: Norm,
    (x, before): (&[f64], &[f64]),
    (gradient, step): (&[f64], f64),
    (clean, eps): (&[f64], f64),
    first: bool,
) -> Vec<f64> {
    let length = size(norm, gradient);
    let way = |g: f64| match norm {
        Norm::Linf if g == 0.0 => 0.0,
        Norm::Linf => g.signum(),
        _ => g / length,
    };
    let z = project(norm, x.iter().zip(gradient).map(|(x, g)| x + step * way(*g)).collect(), clean, eps);
    let a = if first { 1.0 } else { 0.75 };
    let mixed = (0..x.len()).map(|i| x[i] + a * (z[i] - x[i]) + (1.0 - a) * (x[i] - before[i])).collect();
    project(norm, mixed, clean, eps)
}
