//! Bounds against brute force and an independent implementation; what is refused.

use crate::errors::{has, text};
use crate::nets::{Victim, every_kind, images, labels, trained, uniform};
use crate::oracle::Oracle;
use eigengate::attack::{Batch, Classifier, Fgsm, FixedEps, IntervalBounds};
use eigengate::data::ImageShape;
use eigengate::device::Matrix;
use eigengate::nn::{Activation, Forward, GradientsOf, Layer, Mlp, Network, Parameter, Recorded};
use eigengate::{Error, Result};
use ndarray::{Array2, ArrayView2, s};

/// Largest difference allowed to what is exact: ends of balls are those of real numbers or of float32, whichever is wider.
const FLOAT: f64 = 3e-6;

fn margins(net: &dyn Network, x: ArrayView2<'_, f32>, labels: &[u8], eps: f32) -> Vec<f64> {
    IntervalBounds::new(net).unwrap().margins(Batch::new(x, labels), eps).unwrap()
}

fn activation_of(net: &dyn Network) -> Activation {
    match net.layers().unwrap().iter().find(|layer| matches!(layer, Layer::Activation(_))) {
        Some(Layer::Activation(activation)) => *activation,
        _ => Activation::Tanh,
    }
}

fn image_of(net: &dyn Network) -> Option<ImageShape> {
    net.layers().unwrap().iter().find_map(|layer| match layer {
        Layer::Convolution { sizes, .. } => Some(sizes.image),
        _ => None,
    })
}

/// Every corner of the box of one image.
fn corners(x: &[f32], eps: f32) -> Vec<Vec<f32>> {
    (0..1usize << x.len())
        .map(|corner| {
            let end = |(i, x): (usize, &f32)| if corner >> i & 1 == 0 { x - eps } else { x + eps };
            x.iter().enumerate().map(end).map(|x| x.clamp(0.0, 1.0)).collect()
        })
        .collect()
}

#[test]
fn one_affine_map_is_bounded_exactly() -> Result<()> {
    let mut net = Mlp::new(&[8, 4], Activation::Tanh, 1)?;
    crate::nets::disturb(&mut net, 1.5, 3)?;
    let (x, labels) = (images(20, 8, 1), labels(20, 4));
    let oracle = Oracle::of(&net, Activation::Tanh, None);
    for eps in [0.0, 0.03, 0.2, 0.7, 1.5] {
        for (i, bound) in margins(&net, x.view(), &labels, eps).into_iter().enumerate() {
            let label = usize::from(labels[i]);
            let all = corners(&x.row(i).to_vec(), eps);
            let least = all.iter().map(|x| oracle.at(x, label)).fold(f64::INFINITY, f64::min);
            assert!(bound <= least && least - bound < FLOAT, "eps {eps}, image {i}: {bound} for {least}");
        }
    }
    Ok(())
}

#[test]
fn of_one_hidden_unit_too() -> Result<()> {
    // Its activation is all that the logits see, and both ends of its interval are corners of the box.
    for activation in [Activation::Tanh, Activation::Relu] {
        let mut net = Mlp::new(&[6, 1, 3], activation, 1)?;
        crate::nets::disturb(&mut net, 1.0, 8)?;
        let (x, labels) = (images(12, 6, 2), labels(12, 3));
        let oracle = Oracle::of(&net, activation, None);
        for eps in [0.02, 0.3] {
            for (i, bound) in margins(&net, x.view(), &labels, eps).into_iter().enumerate() {
                let all = corners(&x.row(i).to_vec(), eps);
                let label = usize::from(labels[i]);
                let least = all.iter().map(|x| oracle.at(x, label)).fold(f64::INFINITY, f64::min);
                assert!(bound <= least && least - bound < FLOAT, "{activation:?} {eps} {i}: {bound} {least}");
            }
        }
    }
    Ok(())
}

#[test]
fn no_corner_of_a_box_is_below_the_bound() -> Result<()> {
    for (number, net) in every_kind()?.into_iter().enumerate().filter(|(_, net)| net.inputs() == 12) {
        let oracle = Oracle::of(net.as_ref(), activation_of(net.as_ref()), None);
        let (x, labels) = (images(3, 12, 5), labels(3, net.classes()));
        for eps in [0.01, 0.25] {
            for (i, bound) in margins(net.as_ref(), x.view(), &labels, eps).into_iter().enumerate() {
                for corner in corners(&x.row(i).to_vec(), eps) {
                    let margin = oracle.at(&corner, usize::from(labels[i]));
                    assert!(margin >= bound, "network {number}, eps {eps}: {margin} below {bound}");
                }
            }
        }
    }
    Ok(())
}

#[test]
fn an_independent_implementation_agrees() -> Result<()> {
    for (number, net) in every_kind()?.into_iter().enumerate() {
        let oracle = Oracle::of(net.as_ref(), activation_of(net.as_ref()), image_of(net.as_ref()));
        let (x, labels) = (images(9, net.inputs(), number), labels(9, net.classes()));
        for eps in [0.0, 0.004, 0.06, 0.4] {
            for (i, bound) in margins(net.as_ref(), x.view(), &labels, eps).into_iter().enumerate() {
                let want = oracle.margin(&x.row(i).to_vec(), usize::from(labels[i]), f64::from(eps));
                let difference = want - bound;
                let allowed = FLOAT * (1.0 + want.abs());
                assert!((0.0..allowed).contains(&difference), "network {number} {eps} {i}: {bound} {want}");
            }
        }
    }
    Ok(())
}

#[test]
fn at_zero_it_is_the_margin_of_the_clean_image() -> Result<()> {
    for net in every_kind()? {
        let (x, labels) = (images(7, net.inputs(), 3), labels(7, net.classes()));
        let logits = net.logits(x.view())?;
        for (i, bound) in margins(net.as_ref(), x.view(), &labels, 0.0).into_iter().enumerate() {
            let label = usize::from(labels[i]);
            let others = (0..net.classes()).filter(|k| *k != label);
            let best = others.map(|k| logits[[i, k]]).fold(f32::NEG_INFINITY, f32::max);
            let margin = f64::from(logits[[i, label]] - best);
            assert!((bound - margin).abs() < 1e-5 * (1.0 + margin.abs()), "{bound} {margin}");
        }
    }
    Ok(())
}

#[test]
fn results_depend_on_the_example_alone() -> Result<()> {
    let (nets, data) = trained();
    for (name, net) in nets {
        let bounds = IntervalBounds::new(net.as_ref())?;
        let whole = bounds.margins(Batch::of(data), 0.01)?;
        for (first, last) in [(0, 1), (77, 78), (3, 90)] {
            let images = data.images();
            let batch = Batch::new(images.slice(s![first..last, ..]), &data.labels()[first..last]);
            assert!(bounds.margins(batch, 0.01)? == whole[first..last], "{name} {first}..{last}");
        }
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        assert!(pool.install(|| bounds.margins(Batch::of(data), 0.01))? == whole);
        // Images in another order of memory.
        let other = data.images().t().as_standard_layout().into_owned();
        assert!(bounds.margins(Batch::new(other.t(), data.labels()), 0.01)? == whole);
    }
    Ok(())
}

#[test]
fn curves_count_proofs_and_never_rise() -> Result<()> {
    let (nets, data) = trained();
    // Not in order, one of them twice.
    let eps = [0.01, 0.0, 0.002, 0.03, 0.002];
    for (name, net) in nets {
        let bounds = IntervalBounds::new(net.as_ref())?;
        let curve = bounds.curve("name", data, &eps)?;
        assert_eq!((curve.name.as_str(), curve.eps.clone()), ("name", vec![0.01, 0.0, 0.002, 0.03, 0.002]));
        for (eps, (accuracy, error)) in eps.iter().zip(curve.accuracy.iter().zip(&curve.standard_error)) {
            let proved = bounds.margins(Batch::of(data), *eps)?.iter().filter(|m| **m > 0.0).count();
            assert_eq!(*accuracy, proved as f64 / 120.0, "{name} {eps}");
            assert!((error - (accuracy * (1.0 - accuracy) / 120.0).sqrt()).abs() < 1e-15);
        }
        let clean = 1.0 - eigengate::nn::error_rate(net.as_ref(), data)?;
        assert!((curve.accuracy[1] - clean).abs() < 1e-9 && clean > 0.4, "{name}: {clean}");
        assert!(
            curve.accuracy[2] >= curve.accuracy[0] && curve.accuracy[0] >= curve.accuracy[3],
            "{curve:?}"
        );
        assert!(curve.accuracy[1] > curve.accuracy[3], "{curve:?}");
    }
    Ok(())
}

#[test]
fn radii_are_where_the_proof_ends() -> Result<()> {
    let (nets, data) = trained();
    let data = data.take(40)?;
    for (name, net) in nets {
        let bounds = IntervalBounds::new(net.as_ref())?;
        let radii = bounds.radii(Batch::of(&data), 0.5)?;
        let clean = bounds.margins(Batch::of(&data), 0.0)?;
        for (i, radius) in radii.iter().enumerate() {
            let images = data.images();
            let batch = Batch::new(images.slice(s![i..i + 1, ..]), &data.labels()[i..i + 1]);
            if clean[i] <= 0.0 {
                assert_eq!(*radius, 0.0);
                continue;
            }
            assert!(bounds.margins(batch, *radius)?[0] > 0.0, "{name} {i}");
            assert!(bounds.margins(batch, radius + 1e-6)?[0] <= 0.0, "{name} {i}: {radius} is too small");
        }
        assert!(radii.iter().any(|r| *r > 1e-3) && radii.iter().all(|r| *r < 0.5));
        // Some are right up to there.
        let near = bounds.radii(Batch::of(&data), 1e-4)?;
        assert!(near.contains(&1e-4) && near.iter().zip(&radii).all(|(a, b)| a <= b || b - a > -1e-6));
    }
    Ok(())
}

#[test]
fn softmax_regression_is_bounded_by_what_fgsm_reaches() -> Result<()> {
    // Two classes: the gradient of the cross-entropy points the same way everywhere, so FGSM is the worst case.
    let mut net = Mlp::new(&[30, 2], Activation::Tanh, 1)?;
    crate::nets::disturb(&mut net, 0.4, 9)?;
    let (x, labels) = (images(50, 30, 6), labels(50, 2));
    let batch = Batch::new(x.view(), &labels);
    let found = Fgsm.perturb(&net, batch, 0.07)?;
    for (bound, reached) in IntervalBounds::new(&net)?.margins(batch, 0.07)?.iter().zip(&found.margins) {
        assert!((bound - reached).abs() < 1e-5, "{bound} {reached}");
    }
    Ok(())
}

/// A network of the user's, with layers of its own.
struct Own(Mlp, Option<Vec<Layer>>);

impl Network for Own {
    fn inputs(&self) -> usize {
        Network::inputs(&self.0)
    }
    fn classes(&self) -> usize {
        Network::classes(&self.0)
    }
    fn taps(&self) -> Vec<(String, usize)> {
        self.0.taps()
    }
    fn parameters(&self) -> Vec<&Parameter> {
        self.0.parameters()
    }
    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        self.0.parameters_mut()
    }
    fn forward(&self, x: Matrix) -> Result<Forward> {
        self.0.forward(x)
    }
    fn record(&self, x: Matrix, gradients: GradientsOf) -> Result<Recorded> {
        self.0.record(x, gradients)
    }
    fn layers(&self) -> Result<Vec<Layer>> {
        self.1.clone().ok_or(Error::NoLayers { network: "Own".to_owned() })
    }
}

#[test]
fn bad_input_is_refused() -> Result<()> {
    let net = Mlp::new(&[12, 5, 3], Activation::Tanh, 1)?;
    let bounds = IntervalBounds::new(&net)?;
    let (x, y) = (images(4, 12, 1), labels(4, 3));
    let batch = Batch::new(x.view(), &y);
    for eps in [-0.1, f32::NAN, f32::INFINITY] {
        has(&text(bounds.margins(batch, eps)), &["eps"]);
        has(&text(bounds.radii(batch, eps)), &["largest"]);
    }
    has(&text(bounds.radii(batch, 0.0)), &["largest = 0"]);
    let narrow = images(4, 11, 1);
    has(&text(bounds.margins(Batch::new(narrow.view(), &y), 0.1)), &["12 pixels", "11"]);
    has(&text(bounds.margins(Batch::new(x.view(), &[0, 1, 2, 3]), 0.1)), &["label = 3"]);
    let bright = Array2::from_elem((4, 12), 1.5f32);
    has(&text(bounds.margins(Batch::new(bright.view(), &y), 0.1)), &["pixel = 1.5"]);

    let own = |layers| IntervalBounds::new(&Own(net.clone(), layers)).map(drop);
    has(&text(own(None)), &["Own has no list of its layers", "Network::layers"]);
    let mut layers = net.layers()?;
    own(Some(layers.clone()))?;
    layers.pop();
    has(&text(own(Some(layers.clone()))), &["dense layer of 3 classes"]);
    layers.swap(0, 1);
    own(Some(vec![layers[0].clone(), layers[1].clone()])).unwrap_err();
    has(&text(own(Some(net.layers()?.split_off(2)))), &["5 inputs", "12"]);
    let Some(Layer::Dense { weight, bias }) = net.layers()?.into_iter().next_back() else { panic!() };
    let odd = Layer::Dense { weight: weight.clone(), bias: bias.slice(s![..2]).to_owned() };
    has(&text(own(Some(vec![odd]))), &["bias", "3"]);
    let nan = Layer::Dense { weight: weight * f64::NAN, bias };
    let mut layers = net.layers()?;
    layers[2] = nan;
    assert!(matches!(own(Some(layers)), Err(Error::NotFinite { .. })));
    Ok(())
}

#[test]
fn affine_maps_in_a_row_are_one_map() -> Result<()> {
    // Of y = W2 (W1 x + b1) + b2 the bound is exact, whatever stands between.
    let net = Mlp::new(&[6, 3], Activation::Tanh, 1)?;
    let random = |rows: usize, columns: usize, seed| {
        Array2::from_shape_fn((rows, columns), |(i, j)| 2.0 * uniform(i * columns + j, seed) - 1.0)
    };
    let (w1, w2) = (random(9, 6, 1), random(3, 9, 2));
    let (b1, b2) = (random(1, 9, 3).row(0).to_owned(), random(1, 3, 4).row(0).to_owned());
    let layers = vec![
        Layer::Dense { weight: w1.clone(), bias: b1.clone() },
        Layer::Dense { weight: w2.clone(), bias: b2.clone() },
    ];
    let (x, labels, eps) = (images(10, 6, 3), labels(10, 3), 0.15);
    for (i, bound) in margins(&Own(net, Some(layers)), x.view(), &labels, eps).into_iter().enumerate() {
        let label = usize::from(labels[i]);
        let margin = |corner: &Vec<f32>| {
            let x: ndarray::Array1<f64> = corner.iter().map(|x| f64::from(*x)).collect();
            let z = w2.dot(&(w1.dot(&x) + &b1)) + &b2;
            let others = (0..3).filter(|k| *k != label).map(|k| z[k]);
            z[label] - others.fold(f64::NEG_INFINITY, f64::max)
        };
        let least = corners(&x.row(i).to_vec(), eps).iter().map(margin).fold(f64::INFINITY, f64::min);
        assert!(bound <= least && least - bound < FLOAT, "{i}: {bound} {least}");
    }
    Ok(())
}

#[test]
fn one_class_cannot_be_lost() -> Result<()> {
    let net = Mlp::new(&[12, 1], Activation::Tanh, 1)?;
    let x = images(2, 12, 1);
    assert_eq!(margins(&net, x.view(), &[0, 0], 0.1), [f64::INFINITY; 2]);
    Ok(())
}

#[test]
fn random_images_of_the_ball_are_above_the_bound() -> Result<()> {
    let (nets, data) = trained();
    for (name, net) in nets {
        for eps in [0.003, 0.05] {
            let bound = margins(net.as_ref(), data.images(), data.labels(), eps);
            for draw in 0..5 {
                let mut index = 0;
                let x = data.images().mapv(|x| {
                    index += 1;
                    // As near to the ends as to the middle.
                    let u = uniform(index, draw) * 4.0 - 2.0;
                    (x + eps * u.clamp(-1.0, 1.0) as f32).clamp(0.0, 1.0)
                });
                above(name, net.as_ref(), x.view(), data.labels(), &bound);
            }
        }
    }
    Ok(())
}

/// Asserts that no image has a margin below its bound, but for the rounding of float32 logits.
#[track_caller]
pub fn above(name: &str, net: &dyn Victim, x: ArrayView2<'_, f32>, labels: &[u8], bound: &[f64]) {
    let logits = Classifier::logits(net.attacked(), x).unwrap();
    for (i, bound) in bound.iter().enumerate() {
        let margin = Batch::new(x, labels).margin(i, &logits.row(i).to_vec());
        assert!(margin > bound - 1e-4, "{name}, image {i}: {margin} below {bound}");
    }
}

/// A curve of 20 sizes for 10,000 digits: `cargo test --release --test attack_certified seconds -- --ignored --nocapture`.
#[test]
#[ignore = "for a clock"]
fn a_curve_takes_seconds() -> Result<()> {
    let mnist = eigengate::data::mnist::shipped()?;
    let net = Mlp::new(&[784, 2000, 10], Activation::Tanh, 1)?;
    let mut net = net;
    eigengate::train::Training::new(1, 500).run(&mut net, &mnist.train.take(5000)?, None)?;
    let bounds = IntervalBounds::new(&net)?;
    let eps: Vec<f32> = (0..20).map(|i| 0.0005 * i as f32).collect();
    let start = std::time::Instant::now();
    let curve = bounds.curve("", &mnist.test, &eps)?;
    println!("curve: {:?}, {:?}", start.elapsed(), curve.accuracy);
    let start = std::time::Instant::now();
    for eps in &eps {
        bounds.margins(Batch::of(&mnist.test), *eps)?;
    }
    println!("all margins of all sizes: {:?}", start.elapsed());
    Ok(())
}
