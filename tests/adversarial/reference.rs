//! The attacks on softmax regression, in float64 and written from the formulas alone.

use eigengate::data::Dataset;
use eigengate::nn::{Activation, Mlp, Network};
use eigengate::seed::{Purpose, epoch_stream};

/// Logits `W x + b` of three classes.
pub struct Linear {
    w: Vec<Vec<f64>>,
    b: Vec<f64>,
}

/// Softmax regression whose weights are large, so that gradients change their signs within a ball.
pub fn softmax_regression() -> (Mlp, Linear) {
    let mut net = Mlp::new(&[12, 3], Activation::Tanh, 4).unwrap();
    let w: Vec<f32> = (0..36).map(|i| ((i * 29 + 11) % 37) as f32 / 37.0 * 8.0 - 3.9).collect();
    let b = vec![0.3, -0.2, 0.1];
    let linear = Linear {
        w: w.chunks(12).map(|row| row.iter().map(|w| f64::from(*w)).collect()).collect(),
        b: b.iter().map(|b| f64::from(*b)).collect(),
    };
    net.parameters_mut()[0].set_values(w).unwrap();
    net.parameters_mut()[1].set_values(b).unwrap();
    (net, linear)
}

pub fn pixels(data: &Dataset, example: usize) -> Vec<f64> {
    data.images().row(example).iter().map(|x| f64::from(*x)).collect()
}

/// The random point of an example in its box, clipped to `[0, 1]`.
pub fn start(x0: &[f64], eps: f64, (seed, epoch, example, restart): (u64, u64, u64, u64)) -> Vec<f64> {
    let mut random = epoch_stream(seed, Purpose::AdversarialTraining, epoch, example + (restart << 40));
    let mut moved = |x: &f64| (x + f64::from(random.uniform_in(-eps as f32, eps as f32))).clamp(0.0, 1.0);
    x0.iter().map(&mut moved).collect()
}

impl Linear {
    pub fn logits(&self, x: &[f64]) -> Vec<f64> {
        let dot = |w: &[f64]| w.iter().zip(x).map(|(w, x)| w * x).sum::<f64>();
        self.w.iter().zip(&self.b).map(|(w, b)| dot(w) + b).collect()
    }

    /// `log sum exp z - z_label`.
    pub fn loss(&self, x: &[f64], label: usize) -> f64 {
        let z = self.logits(x);
        z.iter().map(|z| z.exp()).sum::<f64>().ln() - z[label]
    }

    /// `W' (p - y)`.
    pub fn gradient(&self, x: &[f64], label: usize) -> Vec<f64> {
        let z = self.logits(x);
        let total: f64 = z.iter().map(|z| z.exp()).sum();
        let slope = |c: usize| z[c].exp() / total - if c == label { 1.0 } else { 0.0 };
        (0..x.len()).map(|j| (0..z.len()).map(|c| self.w[c][j] * slope(c)).sum()).collect()
    }

    /// `steps` of `step` from `x` in the box around `x0`. Nothing where a sign is within rounding.
    pub fn climb(
        &self,
        x0: &[f64],
        mut x: Vec<f64>,
        label: usize,
        (eps, step, steps): (f64, f64, usize),
    ) -> Option<Vec<f64>> {
        for _ in 0..steps {
            let gradient = self.gradient(&x, label);
            for ((x, x0), slope) in x.iter_mut().zip(x0).zip(gradient) {
                if slope.abs() < 1e-5 {
                    return None;
                }
                *x = (*x + step * slope.signum()).clamp(x0 - eps, x0 + eps).clamp(0.0, 1.0);
            }
        }
        Some(x)
    }
}
