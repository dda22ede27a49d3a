//! Every differentiable operation against float64 finite differences, its dfdx composition and itself
//! without a tape, on random shapes.

#[path = "common/tensors.rs"]
mod tensors;

use dfdx::prelude::AsArray;
use eigengate::device::{Matrix, Recording, Scalar, matrix};
use eigengate::nn::ops::{self, Activation, GradientsOf, SpectralTarget, composed};
use eigengate::{Error, Result};
use tensors::*;

/// Batch 1, width 1, sizes below, at and beyond multiples of the vector width.
const SHAPES: [(usize, usize, usize); 6] =
    [(1, 1, 1), (1, 17, 3), (5, 1, 9), (16, 32, 16), (33, 65, 17), (70, 31, 100)];

fn affine(x: &[f64], w: &[f64], b: &[f64], inputs: usize) -> Vec<f64> {
    let rows = x.chunks_exact(inputs);
    rows.flat_map(|x| w.chunks_exact(inputs).zip(b).map(move |(w, b)| pair(x, w) + b)).collect()
}

#[test]
fn linear() -> Result<()> {
    for (batch, inputs, outputs) in SHAPES {
        let (w, b, u) = (random(outputs, inputs, 1), random(1, outputs, 2), random(batch, outputs, 3));
        for x in [random(batch, inputs, 0), permuted(&random(batch, inputs, 0))] {
            let y = ops::linear(x.retaped::<Recording>(), &w, &b, GradientsOf::Everything)?;
            assert_eq!(y.as_vec(), ops::linear(x.clone(), &w, &b, GradientsOf::Input)?.as_vec());
            let (dx, dw, db, du) = (doubles(&x), doubles(&w), doubles(&b), doubles(&u));
            for (y, want) in y.as_vec().iter().zip(affine(&dx, &dw, &db, inputs)) {
                assert!((f64::from(*y) - want).abs() < 1e-5);
            }
            let g = backward(ops::pairing(y, &u)?);
            assert_slopes("dx", &x, &g, |x| pair(&affine(x, &dw, &db, inputs), &du));
            assert_slopes("dW", &w, &g, |w| pair(&affine(&dx, w, &db, inputs), &du));
            assert_slopes("db", &b, &g, |b| pair(&affine(&dx, &dw, b, inputs), &du));

            let y = composed::linear(x.retaped::<Recording>(), &w, &b, GradientsOf::Everything)?;
            let c = backward(ops::pairing(y, &u)?);
            for p in [&x, &w, &b] {
                assert_close("gradient", &g.get(p).as_vec(), &c.get(p).as_vec(), 1e-5);
            }
        }
    }
    Ok(())
}

#[test]
fn dense() -> Result<()> {
    type Case = (Activation, fn(f64) -> f64);
    let cases: [Case; 2] = [(Activation::Tanh, f64::tanh), (Activation::Relu, |x| x.max(0.0))];
    for (activation, f) in cases {
        for (batch, inputs, outputs) in SHAPES {
            let (w, b, u) = (random(outputs, inputs, 1), random(1, outputs, 2), random(batch, outputs, 3));
            let (dw, db, du) = (doubles(&w), doubles(&b), doubles(&u));
            let layer = |x: &[f64], w: &[f64], b: &[f64]| {
                pair(&affine(x, w, b, inputs).into_iter().map(f).collect::<Vec<_>>(), &du)
            };
            for x in [random(batch, inputs, 0), permuted(&random(batch, inputs, 0))] {
                let dx = doubles(&x);
                let y = ops::dense(x.retaped::<Recording>(), &w, &b, activation, GradientsOf::Everything)?;
                assert_eq!(
                    y.as_vec(),
                    ops::dense(x.clone(), &w, &b, activation, GradientsOf::Input)?.as_vec()
                );
                let unfused = activation.apply(ops::linear(x.clone(), &w, &b, GradientsOf::Input)?)?;
                assert_close("gradient", &y.as_vec(), &unfused.as_vec(), 1e-6);
                let g = backward(ops::pairing(y, &u)?);
                assert_slopes("dx", &x, &g, |x| layer(x, &dw, &db));
                assert_slopes("dW", &w, &g, |w| layer(&dx, w, &db));
                assert_slopes("db", &b, &g, |b| layer(&dx, &dw, b));

                let everything = GradientsOf::Everything;
                let y = composed::dense(x.retaped::<Recording>(), &w, &b, activation, everything)?;
                let c = backward(ops::pairing(y, &u)?);
                for p in [&x, &w, &b] {
                    assert_close("gradient", &g.get(p).as_vec(), &c.get(p).as_vec(), 1e-5);
                }
            }
        }
    }
    Ok(())
}

#[test]
fn layers_of_inputs_that_are_mostly_zero() -> Result<()> {
    for (batch, inputs, outputs) in [(1, 17, 3), (40, 16, 64), (33, 65, 70), (1100, 40, 5)] {
        let (w, b, u) = (random(outputs, inputs, 1), random(1, outputs, 2), random(batch, outputs, 3));
        let values = random(batch, inputs, 0).as_vec().into_iter().enumerate();
        let values: Vec<f32> = values.map(|(i, v)| if (i + i / inputs) % 5 == 2 { v } else { 0.0 }).collect();
        let full = matrix(&values, batch, inputs)?;
        let (dx, dw, db, du) = (doubles(&full), doubles(&w), doubles(&b), doubles(&u));
        for x in [full.clone(), permuted(&full)] {
            let y = ops::linear(x.retaped::<Recording>(), &w, &b, GradientsOf::Parameters)?;
            let want = ops::linear(x.clone(), &w, &b, GradientsOf::Everything)?;
            assert_close("affine", &y.as_vec(), &want.as_vec(), 1e-6);
            let g = backward(ops::pairing(y, &u)?);
            assert_slopes("dW", &w, &g, |w| pair(&affine(&dx, w, &db, inputs), &du));
            assert_slopes("db", &b, &g, |b| pair(&affine(&dx, &dw, b, inputs), &du));

            let y = ops::dense(x.retaped::<Recording>(), &w, &b, Activation::Tanh, GradientsOf::Parameters)?;
            let want = ops::dense(x.clone(), &w, &b, Activation::Tanh, GradientsOf::Everything)?;
            assert_close("layer", &y.as_vec(), &want.as_vec(), 1e-6);
            let g = backward(ops::pairing(y, &u)?);
            let layer = |w: &[f64], b: &[f64]| {
                pair(&affine(&dx, w, b, inputs).into_iter().map(f64::tanh).collect::<Vec<_>>(), &du)
            };
            assert_slopes("dW", &w, &g, |w| layer(w, &db));
            assert_slopes("db", &b, &g, |b| layer(&dw, b));
        }
    }
    // What an attack asks for does not depend on how many of a batch's pixels are black.
    let (w, b) = (random(9, 784, 1), random(1, 9, 2));
    let rows = random(40, 784, 0).as_vec();
    let mut values = vec![0.0; 40 * 784];
    values[..784].copy_from_slice(&rows[..784]);
    for gradients in [GradientsOf::Input, GradientsOf::Everything] {
        let first = |values: &[f32]| -> Result<Vec<f32>> {
            let y = ops::dense(matrix(values, 40, 784)?, &w, &b, Activation::Tanh, gradients)?;
            Ok(y.as_vec()[..9].to_vec())
        };
        assert_eq!(bits(&first(&values)?), bits(&first(&rows)?));
    }
    Ok(())
}

#[test]
fn only_what_is_asked_for_is_computed() -> Result<()> {
    let (x, w, b, u) = (random(4, 3, 0), random(2, 3, 1), random(1, 2, 2), random(4, 2, 3));
    let zero = |g: &mut Grads, p: &Matrix| g.get_or_alloc_mut(p).unwrap().iter().all(|v| *v == 0.0);
    for (asked, input, parameters) in [
        (GradientsOf::Input, true, false),
        (GradientsOf::Parameters, false, true),
        (GradientsOf::Everything, true, true),
    ] {
        for y in [
            ops::linear(x.retaped::<Recording>(), &w, &b, asked)?,
            ops::dense(x.retaped::<Recording>(), &w, &b, Activation::Tanh, asked)?,
        ] {
            let mut g = backward(ops::pairing(y, &u)?);
            assert_eq!(!zero(&mut g, &x), input, "{asked:?}");
            assert_eq!(!zero(&mut g, &w), parameters, "{asked:?}");
            assert_eq!(!zero(&mut g, &b), parameters, "{asked:?}");
        }
    }
    Ok(())
}

#[test]
fn nonlinearities() -> Result<()> {
    type Op = fn(Matrix<Recording>) -> Result<Matrix<Recording>>;
    type Case = (&'static str, Op, Op, fn(f64) -> f64);
    let cases: [Case; 2] =
        [("tanh", ops::tanh, composed::tanh, f64::tanh), ("relu", ops::relu, composed::relu, |x| x.max(0.0))];
    for (name, op, composition, f) in cases {
        for (batch, width, _) in SHAPES {
            let u = random(batch, width, 3);
            for x in [random(batch, width, 0), permuted(&random(batch, width, 0))] {
                let y = op(x.retaped())?;
                for (y, x) in y.as_vec().iter().zip(x.as_vec()) {
                    assert!((f64::from(*y) - f(f64::from(x))).abs() < 2e-7);
                }
                let g = backward(ops::pairing(y, &u)?);
                let du = doubles(&u);
                assert_slopes(name, &x, &g, |x| pair(&x.iter().map(|x| f(*x)).collect::<Vec<_>>(), &du));
                let c = backward(ops::pairing(composition(x.retaped())?, &u)?);
                assert_close("gradient", &g.get(&x).as_vec(), &c.get(&x).as_vec(), 1e-6);
            }
        }
    }
    let x = random(9, 33, 0);
    assert_eq!(ops::tanh(x.clone())?.as_vec(), ops::tanh(x.retaped::<Recording>())?.as_vec());
    assert_eq!(ops::relu(x.clone())?.as_vec(), ops::relu(x.retaped::<Recording>())?.as_vec());
    Ok(())
}

fn entropy(logits: &[f64], labels: &[u8], classes: usize) -> f64 {
    let rows = logits.chunks_exact(classes).zip(labels);
    let losses = rows.map(|(z, l)| z.iter().map(|z| z.exp()).sum::<f64>().ln() - z[usize::from(*l)]);
    losses.sum::<f64>() / labels.len() as f64
}

#[test]
fn cross_entropy() -> Result<()> {
    for (batch, classes) in [(1, 1), (1, 2), (7, 10), (33, 3), (64, 100)] {
        let labels: Vec<u8> = (0..batch).map(|i| (7 * i % classes) as u8).collect();
        for x in [random(batch, classes, 0), permuted(&random(batch, classes, 0))] {
            let loss = ops::cross_entropy(x.retaped::<Recording>(), &labels)?;
            let want = entropy(&doubles(&x), &labels, classes);
            assert!((f64::from(loss.array()) - want).abs() < 1e-6 * want.max(1.0));
            assert_eq!(loss.array(), ops::cross_entropy(x.clone(), &labels)?.array());
            // Scaled, so that a factor from above is not forgotten.
            let g = backward(loss * 3.0);
            assert_slopes("logits", &x, &g, |x| 3.0 * entropy(x, &labels, classes));
            let c = backward(composed::cross_entropy(x.retaped::<Recording>(), &labels)? * 3.0);
            assert_close("gradient", &g.get(&x).as_vec(), &c.get(&x).as_vec(), 1e-6);
        }
    }
    let huge = matrix(&[1e30, -1e30, 0.0, 88.0, 89.0, 1000.0], 2, 3)?;
    let loss = ops::cross_entropy(huge.clone(), &[0, 2])?.array();
    assert_eq!(loss, 0.0);
    assert!(ops::cross_entropy(huge.clone(), &[1, 0])?.array().is_finite());
    assert!(matches!(ops::cross_entropy(huge.clone(), &[3, 0]), Err(Error::Parameter { name: "label", .. })));
    assert!(matches!(ops::cross_entropy(huge, &[0]), Err(Error::Shape { .. })));
    Ok(())
}

/// Eigenvalues of a minibatch, written out; `v` has the directions as columns.
fn variances(x: &[f64], v: &[f64], width: usize) -> Vec<f64> {
    let batch = x.len() / width;
    let mean: Vec<f64> =
        (0..width).map(|j| (0..batch).map(|i| x[i * width + j]).sum::<f64>() / batch as f64).collect();
    let along =
        |row: &[f64], n: usize| (0..width).map(|j| (row[j] - mean[j]) * v[j * width + n]).sum::<f64>();
    let sum = |n| x.chunks_exact(width).map(|row| along(row, n).powi(2)).sum::<f64>();
    (0..width).map(|n| sum(n) / (batch - 1) as f64).collect()
}

/// SCIENCE.md, section 1, with the anchor given, because the gradient holds it constant.
fn published(lambda: &[f64], anchor: f64, t: &SpectralTarget) -> f64 {
    let mut sorted = lambda.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let mut total = 0.0;
    // The term of n = tau is 0, as is its slope (relu'(0) = 0); differences across the kink would not see that.
    for n in t.tau + 1..=sorted.len() {
        let lambda = sorted[n - 1];
        if lambda > 0.0 {
            let gamma = anchor * (t.tau as f64).powf(t.alpha) / (n as f64).powf(t.alpha);
            total += (lambda / gamma - 1.0).powi(2) + (lambda / gamma - 1.0).max(0.0);
        }
    }
    t.beta / sorted.len() as f64 * total
}

#[test]
fn spectral_penalty() -> Result<()> {
    for (batch, width, tau, alpha, beta) in [
        (2, 2, 1, 1.0, 1.0),
        (9, 5, 2, 1.0, 2.0),
        (40, 17, 10, 1.0, 5.0),
        (33, 65, 10, 0.7, 1.0),
        (130, 48, 1, 1.5, 0.3),
    ] {
        let target = SpectralTarget { beta, alpha, tau };
        // Any directions will do; a matrix that is not orthogonal finds a transposition.
        let v = random(width, width, 9);
        let dv = doubles(&v);
        for x in [random(batch, width, 0), permuted(&random(batch, width, 0))] {
            let lambda = variances(&doubles(&x), &dv, width);
            let mut sorted = lambda.clone();
            sorted.sort_by(|a, b| b.total_cmp(a));
            let anchor = sorted[tau - 1];
            let value = ops::spectral_penalty(x.retaped::<Recording>(), &v, &target)?;
            let want = published(&lambda, anchor, &target);
            assert!((f64::from(value.array()) - want).abs() < 3e-5 * want, "{} {want}", value.array());
            assert_eq!(value.array(), ops::spectral_penalty(x.clone(), &v, &target)?.array());
            let g = backward(value * 2.0);
            assert_slopes("tap", &x, &g, |x| 2.0 * published(&variances(x, &dv, width), anchor, &target));
            let c = backward(composed::spectral_penalty(x.retaped::<Recording>(), &v, &target)? * 2.0);
            assert_close("gradient", &g.get(&x).as_vec(), &c.get(&x).as_vec(), 2e-5);
        }
    }
    Ok(())
}

#[test]
fn spectral_penalty_by_hand() -> Result<()> {
    // Anchored at lambda_2 = 6 with alpha 1: gamma = 6 * 2 / n = (-, 6, 4, 3); lambda_5 does not count.
    let target = SpectralTarget { beta: 2.0, alpha: 1.0, tau: 2 };
    let (value, slopes) = target.penalty(&[1.5, 8.0, 6.0, 6.0, 0.0])?;
    // n = 3: 6/4 - 1 = 0.5, both terms; n = 4: 1.5/3 - 1 = -0.5, the square alone.
    let want = 2.0 / 5.0 * (0.25 + 0.5 + 0.25);
    assert!((value - want).abs() < 1e-12);
    let share = 2.0 / 5.0;
    let expected = [-share / 3.0, 0.0, 0.0, share / 4.0 * (2.0 * 0.5 + 1.0), 0.0];
    for (slope, expected) in slopes.iter().zip(expected) {
        assert!((slope - expected).abs() < 1e-12, "{slopes:?}");
    }
    Ok(())
}

#[test]
fn a_spectrum_on_target_costs_nothing() -> Result<()> {
    let target = SpectralTarget::default();
    let lambda: Vec<f64> = (1..=50).map(|n| 3.0 / f64::from(n)).collect();
    let (value, slopes) = target.penalty(&lambda)?;
    assert!(value < 1e-15, "{value}");
    assert!(slopes[..10].iter().all(|s| *s == 0.0), "what comes before and at tau has no slope: {slopes:?}");
    Ok(())
}

#[test]
fn bad_settings_are_refused() -> Result<()> {
    let (x, v) = (random(8, 4, 0), random(4, 4, 1));
    let run = |beta, alpha, tau| {
        ops::spectral_penalty(x.clone(), &v, &SpectralTarget { beta, alpha, tau }).map(|v| v.array())
    };
    assert!(run(1.0, 1.0, 3).is_ok());
    for tau in [0, 4, 5] {
        let text = run(1.0, 1.0, tau).unwrap_err().to_string();
        assert!(text.contains(&format!("tau = {tau}")) && text.contains("1..=3"), "{text}");
    }
    assert!(matches!(run(-1.0, 1.0, 2), Err(Error::Parameter { name: "beta", .. })));
    assert!(matches!(run(f64::NAN, 1.0, 2), Err(Error::Parameter { name: "beta", .. })));
    assert!(matches!(run(1.0, f64::INFINITY, 2), Err(Error::Parameter { name: "alpha", .. })));
    let target = SpectralTarget { beta: 1.0, alpha: 1.0, tau: 3 };
    assert!(matches!(ops::spectral_penalty(random(3, 4, 0), &v, &target), Err(Error::Parameter { .. })));
    assert!(matches!(ops::spectral_penalty(x.clone(), &random(3, 4, 0), &target), Err(Error::Shape { .. })));
    // A constant tap has no spectrum to anchor at.
    let flat = matrix(&[0.5; 32], 8, 4)?;
    assert!(matches!(ops::spectral_penalty(flat, &v, &target), Err(Error::Numeric { .. })));
    Ok(())
}

#[test]
fn empty_batches_and_wrong_widths_are_refused() -> Result<()> {
    let empty = matrix(&[], 0, 3)?;
    let (w, b) = (random(2, 3, 0), random(1, 2, 1));
    assert!(matches!(ops::linear(empty.clone(), &w, &b, GradientsOf::Everything), Err(Error::Empty { .. })));
    let layer = ops::dense(empty.clone(), &w, &b, Activation::Tanh, GradientsOf::Everything);
    assert!(matches!(layer, Err(Error::Empty { .. })));
    assert!(matches!(ops::tanh(empty.clone()), Err(Error::Empty { .. })));
    assert!(matches!(ops::relu(empty.clone()), Err(Error::Empty { .. })));
    assert!(matches!(ops::cross_entropy(empty.clone(), &[]), Err(Error::Empty { .. })));
    assert!(
        ops::spectral_penalty(empty, &random(3, 3, 0), &SpectralTarget { tau: 1, ..Default::default() })
            .is_err()
    );
    let text = ops::linear(random(2, 4, 0), &w, &b, GradientsOf::Everything).err().unwrap().to_string();
    assert!(text.contains("(batch, 3)") && text.contains("(2, 4)"), "{text}");
    assert!(ops::linear(random(2, 3, 0), &w, &random(1, 3, 0), GradientsOf::Everything).is_err());
    Ok(())
}

#[test]
fn branches_of_a_tape_add_up() -> Result<()> {
    // loss = pairing(tanh(x), u) + 2 penalty(tanh(x)): the trainer's pattern.
    let (x, u, v) = (random(12, 6, 0), random(12, 6, 1), random(6, 6, 2));
    let target = SpectralTarget { beta: 1.0, alpha: 1.0, tau: 2 };
    let one = |pairing: bool, penalty: bool| -> Result<Vec<f32>> {
        let y: Matrix<Recording> = ops::tanh(x.retaped())?;
        let tap: Matrix = y.retaped();
        let zero = |s: Scalar<Recording>, on: bool| if on { s } else { s * 0.0 };
        let loss = zero(ops::pairing(y, &u)?, pairing);
        let branch = zero(ops::spectral_penalty(tap.retaped::<Recording>(), &v, &target)?, penalty);
        Ok(backward(loss + branch * 2.0).get(&x).as_vec())
    };
    let (both, first, second) = (one(true, true)?, one(true, false)?, one(false, true)?);
    assert!(second.iter().any(|g| g.abs() > 1e-3));
    let sum: Vec<f32> = first.iter().zip(&second).map(|(a, b)| a + b).collect();
    assert_close("gradient", &both, &sum, 1e-5);
    Ok(())
}

#[test]
fn a_tensor_that_is_used_twice_gets_both_gradients() -> Result<()> {
    let (w, b, u) = (random(6, 6, 1), random(1, 6, 2), random(12, 6, 3));
    let v = random(6, 6, 4);
    let labels: Vec<u8> = (0..12).map(|i| i % 6).collect();
    let target = SpectralTarget { beta: 1.0, alpha: 1.0, tau: 2 };
    let everything = GradientsOf::Everything;
    type Loss<'a> = Box<dyn Fn(Matrix<Recording>) -> Result<Scalar<Recording>> + 'a>;
    let losses: [(&str, Loss<'_>); 6] = [
        ("linear", Box::new(|x| ops::pairing(ops::linear(x, &w, &b, everything)?, &u))),
        ("dense", Box::new(|x| ops::pairing(ops::dense(x, &w, &b, Activation::Tanh, everything)?, &u))),
        ("tanh", Box::new(|x| ops::pairing(ops::tanh(x)?, &u))),
        ("relu", Box::new(|x| ops::pairing(ops::relu(x)?, &u))),
        ("cross-entropy", Box::new(|x| ops::cross_entropy(x, &labels))),
        ("penalty", Box::new(|x| ops::spectral_penalty(x, &v, &target))),
    ];
    for (name, loss) in losses {
        let x = random(12, 6, 0);
        let once = backward(loss(x.retaped())?);
        let twice = backward(loss(x.retaped())? + loss(x.retaped())?);
        let parameters: &[&Matrix] = if ["linear", "dense"].contains(&name) { &[&w, &b] } else { &[] };
        for tensor in [&x].into_iter().chain(parameters.iter().copied()) {
            let doubled: Vec<f32> = once.get(tensor).as_vec().iter().map(|g| 2.0 * g).collect();
            assert!(doubled.iter().any(|g| g.abs() > 1e-4), "{name}");
            assert_close("gradient", &twice.get(tensor).as_vec(), &doubled, 1e-6);
        }
    }
    Ok(())
}
