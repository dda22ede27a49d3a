//! Interval bound propagation: what no attack can do.

mod affine;
mod boxes;
mod curve;
mod margin;

pub use curve::CertifiedCurve;

use super::batch::{Batch, check_eps};
use crate::data::Dataset;
use crate::data::ImageShape;
use crate::error::{Error, Result, finite};
use crate::nn::{Activation, Layer, Network, ops::Convolution};
use affine::Affine;
use boxes::Boxes;
use margin::margin;
use rayon::prelude::*;

/// Images of one pass, the last ones filled up: see [`blocks`](crate::nn::blocks).
const BLOCK: usize = 256;

/// Halvings of an interval of eps: to 1e-6 of the largest one.
const HALVINGS: usize = 20;

/// Lower bounds of the margin of a network over all images within eps of a clean one, in the largest change of a pixel,
/// and within `[0, 1]` (interval bound propagation, Gowal et al. 2018, arXiv:1810.12715).
///
/// Boxes pass from layer to layer, with centre c and radius r of every unit:
///
/// ```text
/// affine, convolution      c <- W c + b,   r <- |W| r
/// nonlinearity, pooling    of both ends, c - r and c + r: they are monotone
/// margin                   min over k != y of  (w_y - w_k) c + b_y - b_k - |w_y - w_k| r
/// ```
///
/// The last row takes the readout and the difference of two logits as one map, and so is a whitening one map with the layer
/// behind it. A margin above 0 is a proof that no image of the ball is misclassified. It is a proof about the network of
/// real numbers with these weights: all sums are float64, and radii are widened by more than their rounding. (Evaluated in
/// float32 the logits of a network are off by some 1e-6 of the sums behind them.)
///
/// One affine map is bounded exactly. With every hidden layer bounds become looser, and for networks that were not trained
/// with them they are loose: between this curve and that of the best attack lies the truth.
///
/// ```
/// use eigengate::prelude::*;
///
/// let digits = mnist::shipped()?.test.take(200)?;
/// let net = Mlp::new(&[784, 10], Activation::Tanh, 1)?;
/// let bounds = IntervalBounds::new(&net)?;
/// let curve = bounds.curve("certified", &digits, &[0.0, 0.02])?;
/// let attacked = attack_over_eps(&net, &digits, &Fgsm, &[0.0, 0.02])?.curve("FGSM");
/// // What is proved no attack takes away.
/// assert!(curve.accuracy[1] <= 1.0 - attacked.error[1] + 1e-9 && curve.accuracy[1] < curve.accuracy[0]);
/// # Ok::<(), eigengate::Error>(())
/// ```
pub struct IntervalBounds {
    name: String,
    inputs: usize,
    classes: usize,
    maps: Vec<Map>,
    readout: Affine,
}

/// A layer as bounds take it.
enum Map {
    Affine(Affine),
    Convolution(Affine, Convolution, ImageShape),
    Scale { mean: Vec<f64>, slope: Vec<f64>, offset: Vec<f64> },
    Activation(Activation),
    MaxPool(ImageShape),
}

impl IntervalBounds {
    /// Reads the layers of a network, which may change afterwards. It is bounded as evaluation and attacks see it, with the
    /// stored statistics of its normalisations.
    ///
    /// # Errors
    /// [`Error::NoLayers`] for a network that does not list them, [`Error::NotFinite`] for a diverged one,
    /// [`Error::Shape`] for a network of your own whose layers do not fit together or do not end with an affine one.
    pub fn new(net: &dyn Network) -> Result<Self> {
        let mut maps: Vec<Map> = Vec::new();
        let mut width = net.inputs();
        for layer in net.layers()? {
            let (needed, given) = sizes(&layer, width)?;
            if needed != width {
                let found = format!("{width} numbers before it");
                return Err(Error::shape(format!("{layer:?}"), format!("{needed} inputs"), found));
            }
            width = given;
            let map = match layer {
                Layer::Dense { weight, bias } => {
                    finite("the weights of a dense layer", weight.iter().chain(&bias))?;
                    let map = Affine::new(weight, bias);
                    // Two affine maps are one.
                    match maps.pop() {
                        Some(Map::Affine(first)) => Map::Affine(map.after(&first)),
                        other => {
                            maps.extend(other);
                            Map::Affine(map)
                        }
                    }
                }
                Layer::Convolution { sizes, weight, bias } => {
                    finite("the weights of a convolution", weight.iter().chain(&bias))?;
                    Map::Convolution(Affine::new(weight, bias), sizes, sizes.output()?)
                }
                Layer::Scale { mean, slope, offset } => {
                    finite("the numbers of a normalisation", mean.iter().chain(&slope).chain(&offset))?;
                    Map::Scale { mean: mean.to_vec(), slope: slope.to_vec(), offset: offset.to_vec() }
                }
                Layer::Activation(activation) => Map::Activation(activation),
                Layer::MaxPool(image) => Map::MaxPool(image),
            };
            maps.push(map);
        }
        match maps.pop() {
            Some(Map::Affine(readout)) if width == net.classes() => Ok(Self {
                name: format!("{} inputs, {} layers", net.inputs(), maps.len() + 1),
                inputs: net.inputs(),
                classes: width,
                maps,
                readout,
            }),
            _ => {
                let expected = format!("a dense layer of {} classes at their end", net.classes());
                Err(Error::shape("list of layers", expected, format!("{width} outputs of the last one")))
            }
        }
    }

    /// A lower bound for every example of its margin, the logit of the label minus the largest other one, over all images
    /// within `eps`. Above 0 no attack of that size can succeed, whatever it does. Of one class it is infinite.
    ///
    /// # Errors
    /// [`Error::Parameter`] for `eps` below 0 or not finite; [`Error::Shape`] for images of another size; what
    /// [`Batch::check`] refuses.
    pub fn margins(&self, batch: Batch<'_>, eps: f32) -> Result<Vec<f64>> {
        check_eps(eps)?;
        self.check(batch)?;
        let rows: Vec<usize> = (0..batch.len()).collect();
        Ok(self.bound(batch, &rows, &vec![eps; rows.len()]))
    }

    /// Guaranteed accuracy over a data set at every value of `eps`; `name` goes into the legend.
    ///
    /// # Errors
    /// [`Error::Empty`] for no eps; as [`IntervalBounds::margins`].
    pub fn curve(&self, name: &str, data: &Dataset, eps: &[f32]) -> Result<CertifiedCurve> {
        if eps.is_empty() {
            return Err(Error::empty("the list of eps"));
        }
        eps.iter().try_for_each(|eps| check_eps(*eps))?;
        let batch = Batch::of(data);
        self.check(batch)?;
        let mut order: Vec<usize> = (0..eps.len()).collect();
        order.sort_by(|a, b| eps[*a].total_cmp(&eps[*b]));
        // What is not proved for a ball is not proved for a larger one.
        let mut rows: Vec<usize> = (0..batch.len()).collect();
        let mut certified = vec![0; eps.len()];
        for position in order {
            let margins = self.bound(batch, &rows, &vec![eps[position]; rows.len()]);
            rows = rows.into_iter().zip(margins).filter(|(_, m)| *m > 0.0).map(|(row, _)| row).collect();
            certified[position] = rows.len();
        }
        let counts = eps.iter().map(|eps| super::curve::decimal(*eps)).zip(certified);
        Ok(CertifiedCurve::new(name, batch.len(), counts))
    }

    /// For every example a size up to which its label is proved, by bisection of `0..=largest` to a millionth: a lower bound
    /// of the distance of the nearest adversarial image. 0 where the clean image is misclassified.
    ///
    /// # Errors
    /// [`Error::Parameter`] for `largest` not above 0 or not finite; as [`IntervalBounds::margins`].
    pub fn radii(&self, batch: Batch<'_>, largest: f32) -> Result<Vec<f32>> {
        if !(largest > 0.0 && largest.is_finite()) {
            return Err(Error::parameter("largest", largest, "a finite size above 0, such as 1"));
        }
        self.check(batch)?;
        let mut proved = vec![0.0; batch.len()];
        let mut open = vec![largest; batch.len()];
        let all: Vec<usize> = (0..batch.len()).collect();
        let proves = |rows: &[usize], eps: &[f32]| -> Vec<bool> {
            self.bound(batch, rows, eps).into_iter().map(|margin| margin > 0.0).collect()
        };
        let clean = proves(&all, &proved);
        let right: Vec<usize> = all.into_iter().filter(|row| clean[*row]).collect();
        let at_most = proves(&right, &vec![largest; right.len()]);
        right.iter().zip(at_most).filter(|(_, yes)| *yes).for_each(|(row, _)| proved[*row] = largest);
        let rows: Vec<usize> = right.into_iter().filter(|row| proved[*row] < largest).collect();
        for _ in 0..HALVINGS {
            let middle: Vec<f32> = rows.iter().map(|row| 0.5 * (proved[*row] + open[*row])).collect();
            for ((row, yes), eps) in rows.iter().zip(proves(&rows, &middle)).zip(middle) {
                if yes { proved[*row] = eps } else { open[*row] = eps }
            }
        }
        Ok(proved)
    }

    /// The bound of every row at its own eps, in blocks of one size, so that a row's does not depend on the others.
    fn bound(&self, batch: Batch<'_>, rows: &[usize], eps: &[f32]) -> Vec<f64> {
        let block = |(rows, eps): (&[usize], &[f32])| -> Vec<f64> {
            let mut images = vec![0.0; BLOCK * self.inputs];
            let mut sizes = vec![0.0; BLOCK];
            sizes[..eps.len()].copy_from_slice(eps);
            for (image, row) in images.chunks_exact_mut(self.inputs).zip(rows) {
                image.iter_mut().zip(batch.images.row(*row)).for_each(|(to, from)| *to = *from);
            }
            let boxes = self.hidden(Boxes::around(&images, self.inputs, &sizes));
            let label = |row: &usize| usize::from(batch.labels[*row]);
            let margins =
                rows.iter().enumerate().map(|(i, row)| margin(&self.readout, &boxes, i, label(row)));
            margins.collect()
        };
        rows.par_chunks(BLOCK).zip(eps.par_chunks(BLOCK)).flat_map_iter(block).collect()
    }

    /// What all layers but the readout make of boxes.
    fn hidden(&self, boxes: Boxes) -> Boxes {
        self.maps.iter().fold(boxes, |boxes, map| match map {
            Map::Affine(map) => boxes.affine(map),
            Map::Convolution(map, sizes, output) => boxes.convolve(map, sizes, *output),
            Map::Scale { mean, slope, offset } => boxes.scale(mean, slope, offset),
            Map::Activation(activation) => boxes.activate(*activation),
            Map::MaxPool(image) => boxes.pool(*image),
        })
    }

    fn check(&self, batch: Batch<'_>) -> Result<()> {
        batch.check_sizes(self.inputs, self.classes)
    }

    /// Shows its sizes in a notebook.
    pub fn evcxr_display(&self) {
        crate::display::show(&[crate::display::Content::Plain(&format!("{self:?}"))]);
    }
}

/// Inputs that a layer needs, and its outputs for an input of `width` numbers.
fn sizes(layer: &Layer, width: usize) -> Result<(usize, usize)> {
    Ok(match layer {
        Layer::Dense { weight, bias } => {
            if bias.len() != weight.nrows() {
                let expected = format!("{} numbers, one for each output", weight.nrows());
                return Err(Error::shape("bias of a dense layer", expected, bias.len()));
            }
            (weight.ncols(), weight.nrows())
        }
        Layer::Scale { mean, slope, offset } => {
            if mean.len() != slope.len() || offset.len() != slope.len() {
                let found = format!("{}, {} and {}", mean.len(), slope.len(), offset.len());
                return Err(Error::shape("mean, slope and offset of a scale", "one length", found));
            }
            (slope.len(), slope.len())
        }
        Layer::Convolution { sizes, weight, bias } => {
            let output = sizes.output()?;
            let (need, is) = ((sizes.channels, sizes.taps()), weight.dim());
            if need != is || bias.len() != sizes.channels {
                let found = format!("{is:?} with {} biases", bias.len());
                return Err(Error::shape("weight of a convolution", format!("{need:?}"), found));
            }
            (sizes.image.pixels(), output.pixels())
        }
        Layer::MaxPool(image) => {
            let pooled = ImageShape { height: image.height / 2, width: image.width / 2, ..*image };
            (image.pixels(), pooled.pixels())
        }
        Layer::Activation(_) => (width, width),
    })
}

impl std::fmt::Debug for IntervalBounds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "IntervalBounds({}, {} classes)", self.name, self.classes)
    }
}
