//! Adjoint operations against float64 finite differences, their compositions, and themselves on one thread.

use crate::tensors::*;
use dfdx::prelude::AsArray;
use eigengate::device::{Matrix, Recording, Scalar, dims, matrix};
use eigengate::nn::Activation;
use eigengate::nn::ops::{self, composed};
use eigengate::{Error, Result};

/// Batch, outputs, inputs of the layer: ones, sizes below, at and beyond multiples of the vector width.
const SHAPES: [(usize, usize, usize); 6] =
    [(1, 1, 1), (1, 17, 3), (5, 1, 9), (16, 32, 16), (33, 65, 17), (70, 31, 100)];

fn both(x: Matrix) -> [Matrix; 2] {
    let other = permuted(&x);
    [x, other]
}

/// `g W`, written out.
fn times(g: &[f64], w: &[f64], inputs: usize) -> Vec<f64> {
    let outputs = w.len() / inputs;
    let column = |g: &[f64], j: usize| (0..outputs).map(|o| g[o] * w[o * inputs + j]).sum::<f64>();
    g.chunks_exact(outputs).flat_map(|g| (0..inputs).map(move |j| column(g, j)).collect::<Vec<_>>()).collect()
}

#[test]
fn linear_adjoint() -> Result<()> {
    for (batch, outputs, inputs) in SHAPES {
        let (w, u) = (random(outputs, inputs, 1), random(batch, inputs, 3));
        let (dw, du) = (doubles(&w), doubles(&u));
        for g in both(random(batch, outputs, 0)) {
            let dg = doubles(&g);
            let z = ops::linear_adjoint(g.retaped::<Recording>(), &w)?;
            assert_eq!(z.as_vec(), ops::linear_adjoint(g.clone(), &w)?.as_vec());
            for (z, want) in z.as_vec().iter().zip(times(&dg, &dw, inputs)) {
                assert!((f64::from(*z) - want).abs() < 1e-5);
            }
            let slopes = backward(ops::pairing(z, &u)?);
            assert_slopes("dg", &g, &slopes, |g| pair(&times(g, &dw, inputs), &du));
            assert_slopes("dW", &w, &slopes, |w| pair(&times(&dg, w, inputs), &du));
            let c = backward(ops::pairing(composed::linear_adjoint(g.retaped::<Recording>(), &w)?, &u)?);
            for p in [&g, &w] {
                assert_close("composition", &slopes.get(p).as_vec(), &c.get(p).as_vec(), 1e-5);
            }
        }
    }
    Ok(())
}

/// Outputs of a nonlinearity: relu has many zeros.
fn outputs_of(activation: Activation, batch: usize, width: usize) -> Matrix {
    activation.apply(random(batch, width, 7) * 2.0).unwrap()
}

/// The slope as a function of the output.
fn slope(activation: Activation, y: f64) -> f64 {
    match activation {
        Activation::Tanh => 1.0 - y * y,
        Activation::Relu => f64::from(u8::from(y > 0.0)),
    }
}

#[test]
fn dense_adjoint() -> Result<()> {
    for activation in [Activation::Tanh, Activation::Relu] {
        for (batch, outputs, inputs) in SHAPES {
            let (w, u) = (random(outputs, inputs, 1), random(batch, inputs, 3));
            let (dw, du) = (doubles(&w), doubles(&u));
            let layer = |g: &[f64], y: &[f64], w: &[f64]| {
                let d: Vec<f64> = g.iter().zip(y).map(|(g, y)| g * slope(activation, *y)).collect();
                pair(&times(&d, w, inputs), &du)
            };
            let cotangents = both(random(batch, outputs, 0));
            for (g, y) in cotangents.into_iter().zip(both(outputs_of(activation, batch, outputs))) {
                let (dg, dy) = (doubles(&g), doubles(&y));
                let z = ops::dense_adjoint(g.retaped::<Recording>(), &y, &w, activation)?;
                assert_eq!(z.as_vec(), ops::dense_adjoint(g.clone(), &y, &w, activation)?.as_vec());
                let value = ops::pairing(z, &u)?;
                let want = layer(&dg, &dy, &dw);
                assert!((f64::from(value.array()) - want).abs() < 1e-5 * (batch * inputs) as f64);
                let mut slopes = backward(value);
                assert_slopes("dg", &g, &slopes, |g| layer(g, &dy, &dw));
                assert_slopes("dW", &w, &slopes, |w| layer(&dg, &dy, w));
                let curved = slopes.get_or_alloc_mut(&y).unwrap().iter().any(|v| *v != 0.0);
                assert_eq!(curved, activation == Activation::Tanh);
                if curved {
                    assert_slopes("dy", &y, &slopes, |y| layer(&dg, y, &dw));
                }

                let z = composed::dense_adjoint(g.retaped::<Recording>(), &y, &w, activation)?;
                let mut c = backward(ops::pairing(z, &u)?);
                c.try_alloc_for(&y).unwrap();
                for p in [&g, &y, &w] {
                    assert_close("composition", &slopes.get(p).as_vec(), &c.get(p).as_vec(), 1e-5);
                }
            }
        }
    }
    Ok(())
}

#[test]
fn square_sum() -> Result<()> {
    for (batch, width, _) in SHAPES {
        for x in both(random(batch, width, 0)) {
            let f = |x: &[f64]| 0.7 * pair(x, x);
            let value = ops::square_sum(x.retaped::<Recording>(), 0.7)?;
            let want = f(&doubles(&x));
            assert!((f64::from(value.array()) - want).abs() < 1e-6 * want);
            assert_eq!(value.array(), ops::square_sum(x.clone(), 0.7)?.array());
            // Scaled, so that a factor from above is not forgotten.
            let g = backward(value * 3.0);
            assert_slopes("x", &x, &g, |x| 3.0 * f(x));
            let c = backward(composed::square_sum(x.retaped::<Recording>(), 0.7)? * 3.0);
            assert_close("composition", &g.get(&x).as_vec(), &c.get(&x).as_vec(), 1e-6);
        }
    }
    Ok(())
}

#[test]
fn the_number_of_threads_does_not_change_a_bit() {
    // More values than one task takes.
    let (batch, outputs, inputs) = (130, 257, 193);
    let run = |activation| {
        let [g, y, w] = [(batch, outputs, 0), (batch, outputs, 7), (outputs, inputs, 1)]
            .map(|(rows, columns, index)| random(rows, columns, index));
        let z = ops::dense_adjoint(g.retaped::<Recording>(), &y, &w, activation).unwrap();
        let z = ops::linear_adjoint(z, &random(inputs, 40, 2)).unwrap();
        let value: Scalar<Recording> = ops::square_sum(z, 0.5).unwrap();
        let mut all = vec![value.array()];
        let mut slopes = backward(value);
        for p in [&g, &y, &w] {
            all.extend(slopes.get_or_alloc_mut(p).unwrap().iter());
        }
        bits(&all)
    };
    for activation in [Activation::Tanh, Activation::Relu] {
        let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let one = pool(1).install(|| run(activation));
        for threads in [2, 7] {
            assert!(pool(threads).install(|| run(activation)) == one, "{threads} threads");
        }
    }
}

#[test]
fn wrong_sizes_are_refused() -> Result<()> {
    let (w, y) = (random(2, 3, 0), random(4, 2, 1));
    let text = |result: Result<Matrix>| result.err().unwrap().to_string();
    let wide = random(4, 3, 0);
    for error in [
        text(ops::linear_adjoint(wide.clone(), &w)),
        text(ops::dense_adjoint(wide, &y, &w, Activation::Tanh)),
    ] {
        assert!(error.contains("(batch, 2)") && error.contains("(4, 3)"), "{error}");
    }
    let error = text(ops::dense_adjoint(random(5, 2, 0), &y, &w, Activation::Tanh));
    assert!(error.contains("(4, 2)") && error.contains("(5, 2)"), "{error}");
    let empty = matrix(&[], 0, 2)?;
    assert_eq!(dims(&empty), (0, 2));
    assert!(matches!(ops::linear_adjoint(empty.clone(), &w), Err(Error::Empty { .. })));
    assert!(matches!(ops::dense_adjoint(empty.clone(), &y, &w, Activation::Relu), Err(Error::Empty { .. })));
    assert!(matches!(ops::square_sum(empty, 1.0), Err(Error::Empty { .. })));
    Ok(())
}
