//! Networks and the derivative of their logits in float64, written out. The derivative goes from the input to the logits,
//! the other way round from the library's.

use eigengate::data::ImageShape;
use eigengate::nn::{Activation, Cnn, Mlp, Network};
use ndarray::{Array1, Array2, Axis};

/// A network in float64.
pub trait Reference {
    /// Number `place` of parameter `index`, in the order of `Network::parameters`, to change.
    fn number(&mut self, index: usize, place: usize) -> &mut f64;

    /// The logits of one example, and their derivative by its input, `(classes, inputs)`.
    fn pass(&self, x: &Array1<f64>) -> (Array1<f64>, Array2<f64>);

    /// The logits of one example.
    fn logits(&self, x: &Array1<f64>) -> Array1<f64> {
        self.pass(x).0
    }

    /// Hoffman, Roberts and Yaida 2019: `strength / 2 * mean over the batch of |J|^2`.
    fn exact(&self, x: &Array2<f64>, strength: f64) -> f64 {
        let squares = x.rows().into_iter().map(|x| self.pass(&x.to_owned()).1.mapv(|j| j * j).sum());
        strength / 2.0 * squares.sum::<f64>() / x.nrows() as f64
    }

    /// `strength / 2 * mean over the batch of C / n * sum over directions of |v' J|^2`.
    fn projected(&self, x: &Array2<f64>, directions: &[Array2<f64>], strength: f64) -> f64 {
        let (mut sum, classes) = (0.0, directions[0].ncols());
        for (i, x) in x.rows().into_iter().enumerate() {
            let jacobian = self.pass(&x.to_owned()).1;
            sum += directions.iter().map(|v| v.row(i).dot(&jacobian).mapv(|p| p * p).sum()).sum::<f64>();
        }
        strength / 2.0 * classes as f64 / directions.len() as f64 * sum / x.nrows() as f64
    }
}

fn f(activation: Activation, z: f64) -> f64 {
    match activation {
        Activation::Tanh => z.tanh(),
        Activation::Relu => z.max(0.0),
    }
}

fn slope(activation: Activation, z: f64) -> f64 {
    match activation {
        Activation::Tanh => z.cosh().powi(-2),
        Activation::Relu => f64::from(u8::from(z > 0.0)),
    }
}

fn parameters(net: &dyn Network) -> Vec<Vec<f64>> {
    net.parameters().iter().map(|p| doubles(&p.values())).collect()
}

/// A multilayer perceptron.
pub struct Dense {
    activation: Activation,
    /// Weight `(outputs, inputs)` and bias of every layer.
    layers: Vec<(Array2<f64>, Array1<f64>)>,
}

impl Dense {
    pub fn of(net: &Mlp) -> Self {
        Self::new(net.activation(), net.widths(), &parameters(net))
    }

    fn new(activation: Activation, widths: &[usize], parameters: &[Vec<f64>]) -> Self {
        let layers = widths.windows(2).zip(parameters.chunks_exact(2)).map(|(widths, pair)| {
            let weight = Array2::from_shape_vec((widths[1], widths[0]), pair[0].clone()).unwrap();
            (weight, Array1::from(pair[1].clone()))
        });
        Self { activation, layers: layers.collect() }
    }
}

impl Reference for Dense {
    fn number(&mut self, index: usize, place: usize) -> &mut f64 {
        let (weight, bias) = &mut self.layers[index / 2];
        let numbers = if index.is_multiple_of(2) { weight.as_slice_mut() } else { bias.as_slice_mut() };
        &mut numbers.unwrap()[place]
    }

    fn pass(&self, x: &Array1<f64>) -> (Array1<f64>, Array2<f64>) {
        let (mut x, mut jacobian) = (x.clone(), Array2::eye(x.len()));
        for (layer, (weight, bias)) in self.layers.iter().enumerate() {
            x = weight.dot(&x) + bias;
            jacobian = weight.dot(&jacobian);
            if layer + 1 < self.layers.len() {
                jacobian *= &x.mapv(|z| slope(self.activation, z)).insert_axis(Axis(1));
                x.mapv_inplace(|z| f(self.activation, z));
            }
        }
        (x, jacobian)
    }
}

/// Blocks of convolution, nonlinearity and pooling, then a perceptron.
pub struct Convolutional {
    image: ImageShape,
    /// Weight and bias of every block.
    blocks: Vec<[Vec<f64>; 2]>,
    head: Dense,
}

impl Convolutional {
    pub fn of(net: &Cnn) -> Self {
        let (image, parameters) = (net.image(), parameters(net));
        let (blocks, dense) = parameters.split_at(2 * net.channels().len());
        let inputs = dense[0].len() / net.widths()[0];
        let widths: Vec<usize> = std::iter::once(inputs).chain(net.widths().iter().copied()).collect();
        let blocks = blocks.chunks_exact(2).map(|pair| [pair[0].clone(), pair[1].clone()]).collect();
        Self { image, blocks, head: Dense::new(net.activation(), &widths, dense) }
    }
}

impl Reference for Convolutional {
    fn number(&mut self, index: usize, place: usize) -> &mut f64 {
        match index.checked_sub(2 * self.blocks.len()) {
            Some(index) => self.head.number(index, place),
            None => &mut self.blocks[index / 2][index % 2][place],
        }
    }

    fn pass(&self, x: &Array1<f64>) -> (Array1<f64>, Array2<f64>) {
        let (mut x, mut jacobian, mut image) = (x.clone(), Array2::eye(x.len()), self.image);
        for [weight, bias] in &self.blocks {
            let (height, width) = ((image.height - 2) / 2, (image.width - 2) / 2);
            let taps = 9 * image.channels;
            let mut outputs = vec![];
            let mut rows = Array2::zeros((bias.len() * height * width, jacobian.ncols()));
            for (output, mut row) in rows.rows_mut().into_iter().enumerate() {
                let (channel, line, column) =
                    (output / width / height, output / width % height, output % width);
                let kernel = &weight[taps * channel..][..taps];
                let pixel = |corner: usize, tap: usize| {
                    let (y, x) = (2 * line + corner / 2 + tap / 3 % 3, 2 * column + corner % 2 + tap % 3);
                    (tap / 9 * image.height + y) * image.width + x
                };
                let sums = [0, 1, 2, 3].map(|corner| {
                    bias[channel]
                        + kernel.iter().enumerate().map(|(t, w)| w * x[pixel(corner, t)]).sum::<f64>()
                });
                let best = (0..4).max_by(|a, b| sums[*a].total_cmp(&sums[*b])).unwrap();
                outputs.push(f(self.head.activation, sums[best]));
                let slope = slope(self.head.activation, sums[best]);
                for (tap, weight) in kernel.iter().enumerate() {
                    row.scaled_add(slope * weight, &jacobian.row(pixel(best, tap)));
                }
            }
            (x, jacobian) = (Array1::from(outputs), rows);
            image = ImageShape { channels: bias.len(), height, width };
        }
        let (logits, by_last_block) = self.head.pass(&x);
        (logits, by_last_block.dot(&jacobian))
    }
}

pub fn doubles(values: &[f32]) -> Vec<f64> {
    values.iter().map(|v| f64::from(*v)).collect()
}
