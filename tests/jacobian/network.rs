//! Recorded backward passes of `Mlp` and `Cnn`, and the penalty with its gradient, against float64 written out.

use crate::errors::{has, text};
use crate::reference::{Convolutional, Dense, Reference, doubles};
use crate::tensors::{assert_close, backward, random};
use dfdx::prelude::AsArray;
use eigengate::data::ImageShape;
use eigengate::device::{Matrix, Recording, dims, matrix, to_array};
use eigengate::nn::ops::{SpectralTarget, cross_entropy, pairing, spectral_penalty};
use eigengate::nn::{Activation, Cnn, GradientsOf, Mlp, Network};
use eigengate::train::{JacobianPenalty, Projections};
use eigengate::{Error, Result};
use ndarray::{Array1, Array2};

const BATCH: usize = 5;

/// A network, its name, and the same in float64.
struct Case {
    name: String,
    net: Box<dyn Network>,
    reference: Box<dyn Reference>,
}

/// Dense: one to three hidden layers, softmax regression, one output. Convolutional: one block and two, odd and even
/// images, a hidden layer and none. Both nonlinearities.
fn cases() -> Vec<Case> {
    let widths: [&[usize]; 6] =
        [&[11, 17, 4], &[6, 9, 7, 3], &[8, 10, 7, 12, 5], &[7, 4], &[3, 1, 2], &[5, 6, 1]];
    let image = |channels, height, width| ImageShape { channels, height, width };
    let convolutional: [(ImageShape, &[usize], &[usize]); 3] = [
        (image(1, 4, 5), &[2], &[3]),
        (image(1, 11, 10), &[3, 6], &[7, 4]),
        (image(5, 5, 6), &[4], &[6, 5, 1]),
    ];
    let mut cases = vec![];
    for activation in [Activation::Tanh, Activation::Relu] {
        for widths in widths {
            let mut net = Mlp::new(widths, activation, 4).unwrap();
            enlarge(&mut net);
            let reference = Box::new(Dense::of(&net));
            cases.push(Case { name: format!("{net:?}"), net: Box::new(net), reference });
        }
        for (image, channels, widths) in convolutional {
            let mut net = Cnn::new(image, channels, widths, activation, 4).unwrap();
            enlarge(&mut net);
            let reference = Box::new(Convolutional::of(&net));
            cases.push(Case { name: format!("{net:?}"), net: Box::new(net), reference });
        }
    }
    cases
}

/// Parameters larger than at the start of training: tanh is well away from its linear part.
fn enlarge(net: &mut dyn Network) {
    for parameter in net.parameters_mut() {
        let values = parameter.values().into_iter().map(|v| 2.0 * v).collect();
        parameter.set_values(values).unwrap();
    }
}

fn inputs(net: &dyn Network) -> (Matrix, Array2<f64>) {
    let x = random(BATCH, net.inputs(), 20);
    let array = to_array(&x).unwrap().mapv(f64::from);
    (x, array)
}

/// Central differences of the logits of one example, `(classes, inputs)`.
fn differences(net: &dyn Reference, x: &Array1<f64>) -> Array2<f64> {
    let h = 1e-5;
    let columns: Vec<Array1<f64>> = (0..x.len())
        .map(|j| {
            let (mut up, mut down) = (x.clone(), x.clone());
            up[j] += h;
            down[j] -= h;
            (net.logits(&up) - net.logits(&down)) / (2.0 * h)
        })
        .collect();
    Array2::from_shape_fn((columns[0].len(), x.len()), |(c, j)| columns[j][c])
}

#[test]
fn the_pull_is_a_product_with_the_jacobian() -> Result<()> {
    for Case { name, net, reference } in cases() {
        let (x, array) = inputs(&*net);
        let v = random(BATCH, net.classes(), 21);
        let recorded = net.record(x.clone(), GradientsOf::Parameters)?;
        let pulled = net.adjoint()?.pull(&x, &recorded.taps, v.retaped::<Recording>())?;
        let (pulled, v) = (to_array(&pulled)?.mapv(f64::from), to_array(&v)?.mapv(f64::from));
        for (i, x) in array.rows().into_iter().enumerate() {
            let want = v.row(i).dot(&differences(&*reference, &x.to_owned()));
            let error = (&pulled.row(i) - &want).mapv(f64::abs).fold(0.0, |a: f64, b| a.max(*b));
            assert!(error < 2e-6, "{name}: {error:e}");
        }
    }
    Ok(())
}

#[test]
fn the_exact_penalty_is_the_frobenius_norm() -> Result<()> {
    for Case { name, net, reference } in cases() {
        let (x, array) = inputs(&*net);
        let penalty = JacobianPenalty::new(0.02).with_projections(Projections::Exact);
        let taps = net.forward(x.clone())?.taps;
        let value = f64::from(penalty.record(&*net, &x, &taps, 1, &[0; BATCH])?.array());
        let rows = array.rows().into_iter();
        let norms = rows.map(|x| differences(&*reference, &x.to_owned()).mapv(|j| j * j).sum());
        let want = 0.02 / 2.0 * norms.sum::<f64>() / BATCH as f64;
        assert!((value / want - 1.0).abs() < 1e-5, "{name}: {value} {want}");
        assert!((reference.exact(&array, 0.02) / want - 1.0).abs() < 1e-8);
    }
    Ok(())
}

#[test]
fn random_directions_estimate_it_without_bias() -> Result<()> {
    for Case { name, net, reference } in cases() {
        let (x, array) = inputs(&*net);
        let taps = net.forward(x.clone())?.taps;
        let of = |n, seed| {
            let penalty = JacobianPenalty::new(0.5).with_projections(Projections::Random(n));
            Ok::<_, Error>(f64::from(penalty.record(&*net, &x, &taps, seed, &[0, 1, 2, 3, 4])?.array()))
        };
        let exact = reference.exact(&array, 0.5);
        // With 2 * 5 classes and directions a relative standard deviation of at most 1; 5000 directions in all.
        for many in [of(1000, 1)?, (0..1000).map(|seed| of(1, seed)).sum::<Result<f64>>()? / 1000.0] {
            assert!((many / exact - 1.0).abs() < 0.06, "{name}: {many} {exact}");
        }
        // In one dimension there is nothing to estimate.
        let one = (of(1, 1)? / exact - 1.0).abs();
        assert_eq!(one < 1e-5, net.classes() == 1, "{name}: {one:e}");
    }
    Ok(())
}

#[test]
fn the_gradient_is_that_of_the_formula() -> Result<()> {
    for Case { name, net, mut reference } in cases() {
        let (x, array) = inputs(&*net);
        for projections in [Projections::Random(1), Projections::Random(3), Projections::Exact] {
            let penalty = JacobianPenalty::new(0.8).with_projections(projections);
            let keys = [3, 1, 4, 15, 9];
            let directions = projections.cotangents(net.classes(), 6, &keys)?;
            let directions: Vec<Array2<f64>> =
                directions.iter().map(|v| to_array(v).unwrap().mapv(f64::from)).collect();
            let want = |net: &dyn Reference| match projections {
                Projections::Exact => net.exact(&array, 0.8),
                _ => net.projected(&array, &directions, 0.8),
            };
            let recorded = net.record(x.clone(), GradientsOf::Parameters)?;
            let value = penalty.record(&*net, &x, &recorded.taps, 6, &keys)?;
            assert!((f64::from(value.array()) / want(&*reference) - 1.0).abs() < 1e-5);
            // Logits that cost nothing: their tape leads from the taps to the parameters.
            let nothing = matrix(&vec![0.0; BATCH * net.classes()], BATCH, net.classes())?;
            let mut gradients = backward(pairing(recorded.logits, &nothing)? + value);
            for (index, parameter) in net.parameters().into_iter().enumerate() {
                let got = doubles(&parameter.gradient(&mut gradients)?);
                let scale = got.iter().fold(0.0f64, |a, b| a.max(b.abs()));
                // Many kernels: a stride without small factors meets every channel and tap.
                let stride = if net.inputs() > 100 && got.len() > 20 { 7 } else { 1 };
                for (place, got) in got.iter().enumerate().step_by(stride) {
                    let centre = *reference.number(index, place);
                    let mut at = |h: f64| {
                        *reference.number(index, place) = centre + h;
                        want(&*reference)
                    };
                    let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
                    at(0.0);
                    let error = (got - slope).abs();
                    let parameter = parameter.name();
                    assert!(
                        error < 1e-5 * scale + 1e-8,
                        "{name} {parameter} {place}: {got}, differences {slope}"
                    );
                }
            }
        }
    }
    Ok(())
}

#[test]
fn all_branches_of_a_pass_add_up() -> Result<()> {
    // The trainer's pattern: logits, spectral penalties and the Jacobian penalty of the same taps on one tape.
    let net = Mlp::new(&[6, 9, 7, 3], Activation::Tanh, 4)?;
    let (x, v) = (random(12, 6, 20), [random(9, 9, 1), random(7, 7, 2)]);
    let (labels, keys) = ([0, 1, 2, 2, 1, 0, 0, 1, 2, 2, 1, 0], [5; 12]);
    let target = SpectralTarget { beta: 0.3, alpha: 1.0, tau: 2 };
    let penalty = JacobianPenalty::new(0.4).with_projections(Projections::Random(2));
    // The order in which branches are recorded, and the factor of each.
    let run = |jacobian_first: bool, factors: [f32; 3]| -> Result<Vec<f32>> {
        let recorded = net.record(x.clone(), GradientsOf::Parameters)?;
        let mut loss = cross_entropy(recorded.logits, &labels)? * factors[0];
        let mut jacobian = Some(penalty.record(&net, &x, &recorded.taps, 1, &keys)? * factors[2]);
        if jacobian_first {
            loss = loss + jacobian.take().unwrap();
        }
        for (tap, v) in recorded.taps.iter().zip(&v) {
            loss = loss + spectral_penalty(tap.retaped::<Recording>(), v, &target)? * factors[1];
        }
        if let Some(jacobian) = jacobian {
            loss = jacobian + loss;
        }
        let mut gradients = backward(loss);
        let parts = net.parameters().into_iter().map(|p| p.gradient(&mut gradients));
        Ok(parts.collect::<Result<Vec<_>>>()?.concat())
    };
    let parts = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]].map(|one| run(false, one).unwrap());
    assert!(parts.iter().all(|part| part.iter().any(|g| g.abs() > 1e-3)));
    let sum: Vec<f32> = (0..parts[0].len()).map(|i| parts.iter().map(|part| part[i]).sum()).collect();
    for jacobian_first in [false, true] {
        assert_close("the sum", &run(jacobian_first, [1.0; 3])?, &sum, 1e-6);
    }
    Ok(())
}

#[test]
fn directions_are_unit_vectors_of_their_key() -> Result<()> {
    let keys: Vec<u64> = (0..400).collect();
    let all = Projections::Random(2).cotangents(7, 3, &keys)?;
    let mut means = [0.0f64; 7];
    for v in all.iter().map(|v| to_array(v).unwrap().mapv(f64::from)) {
        assert!(v.rows().into_iter().all(|row| (row.dot(&row) - 1.0).abs() < 1e-6));
        means.iter_mut().zip(v.columns()).for_each(|(mean, column)| *mean += column.sum() / 800.0);
    }
    // A standard deviation of 1 / sqrt(7 * 800).
    assert!(means.iter().all(|mean| mean.abs() < 0.05), "{means:?}");
    // Neither the place in the batch nor its size matters, but seed, key and direction do.
    let row = |v: &Matrix, i: usize| v.as_vec()[7 * i..][..7].to_vec();
    let few = Projections::Random(2).cotangents(7, 3, &[9, 398])?;
    for (few, all) in few.iter().zip(&all) {
        assert!(row(few, 0) == row(all, 9) && row(few, 1) == row(all, 398));
    }
    let other = Projections::Random(2).cotangents(7, 4, &[9])?;
    let different = [row(&all[0], 9), row(&all[1], 9), row(&all[0], 10), row(&all[1], 8), row(&other[0], 0)];
    for (i, a) in different.iter().enumerate() {
        assert!(different[..i].iter().all(|b| a != b));
    }
    let signs = Projections::Random(1).cotangents(1, 0, &keys)?[0].as_vec();
    assert!(signs.iter().all(|v| v.abs() == 1.0) && signs.iter().any(|v| *v != signs[0]));
    let basis = Projections::Exact.cotangents(3, 0, &[8, 9])?;
    assert_eq!(basis[1].as_vec(), [0.0, 1.0, 0.0, 0.0, 1.0, 0.0]);
    Ok(())
}

#[test]
fn bad_settings_and_sizes_are_refused() -> Result<()> {
    let net = Mlp::new(&[6, 9, 7, 3], Activation::Tanh, 0)?;
    for strength in [-0.1, f64::NAN, f64::INFINITY] {
        has(&text(JacobianPenalty::new(strength).check(&net)), &[&format!("strength = {strength}")]);
    }
    let none = JacobianPenalty::new(1.0).with_projections(Projections::Random(0));
    has(&text(none.check(&net)), &["projections = 0", "at least 1", "Projections::Exact"]);

    let x = random(BATCH, 6, 0);
    let taps = net.forward(x.clone())?.taps;
    let penalty = JacobianPenalty::new(1.0);
    let fails = |taps: &[Matrix], keys: &[u64]| penalty.record(&net, &x, taps, 0, keys).err().unwrap();
    has(&fails(&taps, &[0; 4]).to_string(), &["5, one an example", "found 4"]);
    has(&fails(&taps[..1], &[0; BATCH]).to_string(), &["2 hidden layers", "found 1"]);
    let fewer = net.forward(random(3, 6, 0))?.taps;
    assert!(matches!(fails(&fewer, &[0; BATCH]), Error::Shape { .. }));
    let wide = random(BATCH, 4, 0).retaped::<Recording>();
    assert!(matches!(net.adjoint()?.pull(&x, &taps, wide), Err(Error::Shape { .. })));
    let recorded = net.adjoint()?.pull(&x, &taps, random(BATCH, 3, 0).retaped::<Recording>())?;
    assert_eq!(dims(&recorded), (BATCH, 6));
    Ok(())
}

#[test]
fn bad_sizes_of_a_convolutional_network_are_refused() -> Result<()> {
    let image = ImageShape { channels: 1, height: 10, width: 11 };
    let net = Cnn::new(image, &[3, 2], &[5, 4], Activation::Tanh, 0)?;
    let x = random(BATCH, 110, 0);
    let taps = net.forward(x.clone())?.taps;
    let pull = |x: &Matrix, taps: &[Matrix], width: usize| {
        let v = random(BATCH, width, 0).retaped::<Recording>();
        net.adjoint().and_then(|adjoint| adjoint.pull(x, taps, v))
    };
    assert_eq!(dims(&pull(&x, &taps, 4)?), (BATCH, 110));
    let fails = |x: &Matrix, taps: &[Matrix], width| {
        let error = pull(x, taps, width).err().unwrap();
        assert!(matches!(error, Error::Shape { .. }), "{error}");
        error.to_string()
    };
    fails(&x, &taps, 3);
    has(&fails(&x, &taps[..2], 4), &["1 hidden layers", "found 0"]);
    has(&fails(&x, &taps[..1], 4), &["2 convolutional blocks", "found 1"]);
    has(&fails(&x, &[], 4), &["2 convolutional blocks", "found 0"]);
    // The taps of the blocks the wrong way round, and an image that is none.
    has(&fails(&x, &[taps[1].clone(), taps[0].clone(), taps[2].clone()], 4), &["wrong size"]);
    has(&fails(&random(BATCH, 109, 0), &taps, 4), &["images of 1x10x11"]);
    Ok(())
}
