//! Interval bounds once more, with loops over single numbers: lower and upper ends instead of centre and radius, and
//! parameters by their names.

use eigengate::data::ImageShape;
use eigengate::nn::{Activation, Network};
use std::collections::HashMap;

/// The numbers of a network by name, and their shapes.
pub struct Oracle {
    arrays: HashMap<String, (Vec<usize>, Vec<f64>)>,
    activation: Activation,
    image: Option<ImageShape>,
}

type Interval = (f64, f64);

impl Oracle {
    pub fn of(net: &dyn Network, activation: Activation, image: Option<ImageShape>) -> Self {
        let all = net.parameters().into_iter().chain(net.buffers());
        let array = |p: &eigengate::nn::Parameter| {
            let values = p.values().into_iter().map(f64::from).collect();
            (p.name().to_owned(), (p.shape().to_vec(), values))
        };
        Self { arrays: all.map(array).collect(), activation, image }
    }

    fn get(&self, name: &str) -> Option<&(Vec<usize>, Vec<f64>)> {
        self.arrays.get(name)
    }

    fn act(&self, x: f64) -> f64 {
        match self.activation {
            Activation::Tanh => x.tanh(),
            Activation::Relu => x.max(0.0),
        }
    }

    /// `slope (x - mean) + offset`, ends exchanged for a negative slope.
    fn scaled(x: Interval, mean: f64, slope: f64, offset: f64) -> Interval {
        let ends = (slope * (x.0 - mean) + offset, slope * (x.1 - mean) + offset);
        (ends.0.min(ends.1), ends.0.max(ends.1))
    }

    /// The smallest and the largest of `w x + b` over a box.
    fn sum(w: impl Iterator<Item = f64>, x: impl Iterator<Item = Interval>, b: f64) -> Interval {
        w.zip(x).fold((b, b), |sum, (w, x)| {
            let (low, high) = if w > 0.0 { (w * x.0, w * x.1) } else { (w * x.1, w * x.0) };
            (sum.0 + low, sum.1 + high)
        })
    }

    fn batch_norm(&self, layer: &str, x: Vec<Interval>) -> Vec<Interval> {
        let Some((_, gamma)) = self.get(&format!("{layer}.batch_norm.weight")) else { return x };
        let part = |name: &str| &self.get(&format!("{layer}.batch_norm.{name}")).unwrap().1;
        let (beta, mean, var) = (part("bias"), part("running_mean"), part("running_var"));
        let places = x.len() / gamma.len();
        let one = |(i, x): (usize, Interval)| {
            let c = i / places;
            Self::scaled(x, mean[c], gamma[c] / (var[c] + 1e-5).sqrt(), beta[c])
        };
        x.into_iter().enumerate().map(one).collect()
    }

    /// Rows of W and b of a dense layer, with the whitening in front of it taken in.
    fn dense(&self, name: &str, before: Option<&str>) -> (Vec<Vec<f64>>, Vec<f64>) {
        let (shape, w) = self.get(&format!("{name}.weight")).unwrap();
        let mut rows: Vec<Vec<f64>> = w.chunks(shape[1]).map(<[f64]>::to_vec).collect();
        let mut bias = self.get(&format!("{name}.bias")).unwrap().1.clone();
        if let Some((_, m)) = before.and_then(|b| self.get(&format!("{b}.whitening.matrix"))) {
            let mean = &self.get(&format!("{}.whitening.mean", before.unwrap())).unwrap().1;
            let n = mean.len();
            for (row, b) in rows.iter_mut().zip(&mut bias) {
                let mixed: Vec<f64> = (0..n).map(|j| (0..n).map(|k| row[k] * m[k * n + j]).sum()).collect();
                *b -= mixed.iter().zip(mean).map(|(w, m)| w * m).sum::<f64>();
                *row = mixed;
            }
        }
        (rows, bias)
    }

    fn block(&self, layer: &str, image: ImageShape, x: &[Interval]) -> (ImageShape, Vec<Interval>) {
        let (shape, w) = self.get(&format!("{layer}.weight")).unwrap();
        let bias = &self.get(&format!("{layer}.bias")).unwrap().1;
        let pooled =
            ImageShape { channels: shape[0], height: (image.height - 2) / 2, width: (image.width - 2) / 2 };
        let mut out = vec![];
        for o in 0..shape[0] {
            let at = |y: usize, z: usize| {
                let taps = (0..image.channels * 9).map(|t| {
                    let (c, ky, kx) = (t / 9, t / 3 % 3, t % 3);
                    x[(c * image.height + y + ky) * image.width + z + kx]
                });
                Self::sum(w[o * image.channels * 9..].iter().copied(), taps, bias[o])
            };
            for (y, z) in (0..pooled.height).flat_map(|y| (0..pooled.width).map(move |z| (y, z))) {
                let four = [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(dy, dz)| at(2 * y + dy, 2 * z + dz));
                let low = four.iter().map(|e| self.act(e.0)).fold(f64::NEG_INFINITY, f64::max);
                out.push((low, four.iter().map(|e| self.act(e.1)).fold(f64::NEG_INFINITY, f64::max)));
            }
        }
        (pooled, out)
    }

    /// The bound of the margin of `label` over the ball of `eps` around `image`.
    pub fn margin(&self, image: &[f32], label: usize, eps: f64) -> f64 {
        let pixel = |x: &f32| ((f64::from(*x) - eps).max(0.0), (f64::from(*x) + eps).min(1.0));
        let mut x: Vec<Interval> = image.iter().map(pixel).collect();
        if let Some((_, mean)) = self.get("input.mean") {
            let std = &self.get("input.std").unwrap().1;
            let one = |(i, x): (usize, Interval)| Self::scaled(x, mean[i], 1.0 / std[i], 0.0);
            x = x.into_iter().enumerate().map(one).collect();
        }
        let mut before = None;
        let mut shape = self.image;
        for i in 0.. {
            let name = format!("conv.{i}");
            if self.get(&format!("{name}.weight")).is_none() {
                break;
            }
            let (pooled, y) = self.block(&name, shape.unwrap(), &x);
            (shape, x) = (Some(pooled), self.batch_norm(&name, y));
            before = Some(name);
        }
        for i in 0.. {
            let name = format!("hidden.{i}");
            if self.get(&format!("{name}.weight")).is_none() {
                break;
            }
            let (rows, bias) = self.dense(&name, before.as_deref());
            let unit = |(row, b): (&Vec<f64>, &f64)| {
                let z = Self::sum(row.iter().copied(), x.iter().copied(), *b);
                (self.act(z.0), self.act(z.1))
            };
            let y = rows.iter().zip(&bias).map(unit).collect();
            x = self.batch_norm(&name, y);
            before = Some(name);
        }
        let (rows, bias) = self.dense("readout", before.as_deref());
        let against = |k: usize| {
            let difference = rows[label].iter().zip(&rows[k]).map(|(a, b)| a - b);
            Self::sum(difference, x.iter().copied(), bias[label] - bias[k]).0
        };
        (0..rows.len()).filter(|k| *k != label).map(against).fold(f64::INFINITY, f64::min)
    }

    /// The margin itself of one image, which is its own ball of size 0.
    pub fn at(&self, image: &[f32], label: usize) -> f64 {
        self.margin(image, label, 0.0)
    }
}
