//! Networks, covariances and eigenvectors in float64, from the parameters alone.

use eigengate::nn::{Cnn, Mlp, Network};
use ndarray::{Array1, Array2, Array4, ArrayView1};

/// Activations of a tap, `(images, width)`.
pub type Tap = Box<dyn Fn(&Array2<f64>) -> Array2<f64>>;

fn values(net: &dyn Network, name: &str) -> Vec<f64> {
    let parameters = net.parameters();
    let found = parameters.iter().find(|p| p.name() == name).unwrap();
    found.values().into_iter().map(f64::from).collect()
}

fn dense(net: &dyn Network, name: &str, x: &Array2<f64>) -> Array2<f64> {
    let bias = Array1::from(values(net, &format!("{name}.bias")));
    let weight = values(net, &format!("{name}.weight"));
    let weight = Array2::from_shape_vec((bias.len(), x.ncols()), weight).unwrap();
    (x.dot(&weight.t()) + bias).mapv(f64::tanh)
}

/// The tap `hidden.{layer}`.
pub fn mlp(net: &Mlp, layer: usize) -> Tap {
    let net = net.clone();
    Box::new(move |x| (0..=layer).fold(x.clone(), |x, layer| dense(&net, &format!("hidden.{layer}"), &x)))
}

/// The tap `hidden.0` behind one convolution, or that of the convolution.
pub fn cnn(net: &Cnn, hidden: bool) -> Tap {
    let net = net.clone();
    Box::new(move |x| {
        let shape = net.image();
        let bias = values(&net, "conv.0.bias");
        let weight = values(&net, "conv.0.weight");
        let weight = Array4::from_shape_vec((bias.len(), shape.channels, 3, 3), weight).unwrap();
        let (height, width) = ((shape.height - 2) / 2, (shape.width - 2) / 2);
        let mut pooled = Array2::zeros((x.nrows(), bias.len() * height * width));
        for (image, mut out) in x.outer_iter().zip(pooled.outer_iter_mut()) {
            let pixel = |c: usize, i: usize, j: usize| image[(c * shape.height + i) * shape.width + j];
            let at = |o: usize, i: usize, j: usize| {
                let mut sum = bias[o];
                for ((c, di, dj), w) in weight.index_axis(ndarray::Axis(0), o).indexed_iter() {
                    sum += w * pixel(c, i + di, j + dj);
                }
                sum.tanh()
            };
            for (place, value) in out.iter_mut().enumerate() {
                let (o, i, j) = (place / (height * width), place / width % height, place % width);
                let four = [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(a, b)| at(o, 2 * i + a, 2 * j + b));
                *value = four.into_iter().fold(f64::NEG_INFINITY, f64::max);
            }
        }
        if hidden { dense(&net, "hidden.0", &pooled) } else { pooled }
    })
}

/// Mean, eigenvalues (largest first) and eigenvectors as columns, of the covariance of the rows.
pub fn decompose(rows: &Array2<f64>) -> (Array1<f64>, Vec<f64>, Array2<f64>) {
    let mean = rows.mean_axis(ndarray::Axis(0)).unwrap();
    let centred = rows - &mean;
    let covariance = centred.t().dot(&centred) / (rows.nrows() as f64 - 1.0);
    let eigen = eigengate::numeric::symmetric_eigen(covariance.view()).unwrap();
    (mean, eigen.values.to_vec(), eigen.vectors)
}

/// `of` by each of `x`, by central differences.
pub fn differences(x: ArrayView1<'_, f64>, of: &dyn Fn(&Array1<f64>) -> f64) -> Array1<f64> {
    const STEP: f64 = 1e-5;
    let moved = |index: usize, by: f64| {
        let mut x = x.to_owned();
        x[index] += by;
        of(&x)
    };
    (0..x.len()).map(|i| (moved(i, STEP) - moved(i, -STEP)) / (2.0 * STEP)).collect()
}
