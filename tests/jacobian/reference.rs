//! A multilayer perceptron and the derivative of its logits in float64, written out. The derivative goes from the input
//! to the logits, the other way round from the library's.

use eigengate::nn::{Activation, Mlp, Network};
use ndarray::{Array1, Array2, Axis};

#[derive(Clone)]
pub struct Reference {
    activation: Activation,
    /// Weight `(outputs, inputs)` and bias of every layer.
    layers: Vec<(Array2<f64>, Array1<f64>)>,
}

impl Reference {
    pub fn of(net: &Mlp) -> Self {
        let parameters: Vec<Vec<f64>> = net.parameters().iter().map(|p| doubles(&p.values())).collect();
        let layers = net.widths().windows(2).zip(parameters.chunks_exact(2)).map(|(widths, pair)| {
            let weight = Array2::from_shape_vec((widths[1], widths[0]), pair[0].clone()).unwrap();
            (weight, Array1::from(pair[1].clone()))
        });
        Self { activation: net.activation(), layers: layers.collect() }
    }

    /// Number `place` of parameter `index`, in the order of `Network::parameters`, to change.
    pub fn number(&mut self, index: usize, place: usize) -> &mut f64 {
        let (weight, bias) = &mut self.layers[index / 2];
        let numbers = if index.is_multiple_of(2) { weight.as_slice_mut() } else { bias.as_slice_mut() };
        &mut numbers.unwrap()[place]
    }

    /// The logits of one example.
    pub fn logits(&self, x: &Array1<f64>) -> Array1<f64> {
        self.pass(x).0
    }

    /// The derivative of its logits by its input, `(classes, inputs)`.
    pub fn jacobian(&self, x: &Array1<f64>) -> Array2<f64> {
        self.pass(x).1
    }

    fn pass(&self, x: &Array1<f64>) -> (Array1<f64>, Array2<f64>) {
        let (mut x, mut jacobian) = (x.clone(), Array2::eye(x.len()));
        for (layer, (weight, bias)) in self.layers.iter().enumerate() {
            x = weight.dot(&x) + bias;
            jacobian = weight.dot(&jacobian);
            if layer + 1 < self.layers.len() {
                let slope = match self.activation {
                    Activation::Tanh => x.mapv(|z| z.cosh().powi(-2)),
                    Activation::Relu => x.mapv(|z| f64::from(u8::from(z > 0.0))),
                };
                jacobian *= &slope.insert_axis(Axis(1));
                x.mapv_inplace(|z| match self.activation {
                    Activation::Tanh => z.tanh(),
                    Activation::Relu => z.max(0.0),
                });
            }
        }
        (x, jacobian)
    }

    /// Hoffman, Roberts and Yaida 2019: `strength / 2 * mean over the batch of |J|^2`.
    pub fn exact(&self, x: &Array2<f64>, strength: f64) -> f64 {
        let squares = x.rows().into_iter().map(|x| self.jacobian(&x.to_owned()).mapv(|j| j * j).sum());
        strength / 2.0 * squares.sum::<f64>() / x.nrows() as f64
    }

    /// `strength / 2 * mean over the batch of C / n * sum over directions of |v' J|^2`.
    pub fn projected(&self, x: &Array2<f64>, directions: &[Array2<f64>], strength: f64) -> f64 {
        let (mut sum, classes) = (0.0, directions[0].ncols());
        for (i, x) in x.rows().into_iter().enumerate() {
            let jacobian = self.jacobian(&x.to_owned());
            sum += directions.iter().map(|v| v.row(i).dot(&jacobian).mapv(|p| p * p).sum()).sum::<f64>();
        }
        strength / 2.0 * classes as f64 / directions.len() as f64 * sum / x.nrows() as f64
    }
}

pub fn doubles(values: &[f32]) -> Vec<f64> {
    values.iter().map(|v| f64::from(*v)).collect()
}
