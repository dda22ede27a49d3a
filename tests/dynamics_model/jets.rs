//! Second and third derivatives against differences of the derivative below, and in closed form.

use crate::errors::{has, text};
use crate::weights::{BOTH, state};
use eigengate::dynamics::{GruFlow, GruWeights, Reset, VectorField, families};
use ndarray::{Array1, Array2, array};

type Derivative<'a> = &'a dyn Fn(&Array1<f64>) -> Array1<f64>;

/// The derivative of `f` along `u`, by sixth-order differences.
fn along(h: &Array1<f64>, u: &Array1<f64>, f: Derivative) -> Array1<f64> {
    let step = 2e-3;
    let at = |k: f64| f(&(h + &(u * (k * step))));
    let pair = |k: f64| at(k) - at(-k);
    (45.0 * pair(1.0) - 9.0 * pair(2.0) + pair(3.0)) / (60.0 * step)
}

fn residual_times(flow: &GruFlow, h: &Array1<f64>, u: &Array1<f64>) -> Array1<f64> {
    let d = h.len();
    let mut jacobian = Array2::zeros((d, d));
    flow.residual_jacobian(&h.to_vec(), jacobian.as_slice_mut().unwrap());
    jacobian.dot(u)
}

fn times(flow: &GruFlow, h: &Array1<f64>, u: &Array1<f64>) -> Array1<f64> {
    let d = h.len();
    let mut jacobian = Array2::zeros((d, d));
    flow.jacobian(&h.to_vec(), jacobian.as_slice_mut().unwrap());
    jacobian.dot(u)
}

#[test]
fn derivatives_are_those_of_differences() {
    for reset in BOTH {
        for d in 1..=3 {
            let flow = families::random(d, 1.2, 4 + d as u64, reset).unwrap().flow();
            let [h, u, v, w] = [0, 1, 2, 3].map(|seed| Array1::from(state(d, seed)));
            let close = |a: Array1<f64>, b: Array1<f64>, what: &str| {
                let off = (&a - &b).iter().fold(0.0_f64, |m, e| m.max(e.abs()));
                assert!(
                    off < 1e-8 * (1.0 + b.iter().fold(0.0_f64, |m, e| m.max(e.abs()))),
                    "{what}: {a} {b}"
                );
            };
            let second = |h: &Array1<f64>| flow.second_derivative(h, &u, &v).unwrap();
            close(second(&h), along(&h, &v, &|h| times(&flow, h, &u)), "D2f");
            let third = flow.third_derivative(&h, &u, &v, &w).unwrap();
            close(third.clone(), along(&h, &w, &second), "D3f");
            let second = |h: &Array1<f64>| flow.residual_second_derivative(h, &u, &v).unwrap();
            close(second(&h), along(&h, &v, &|h| residual_times(&flow, h, &u)), "D2g");
            let third_g = flow.residual_third_derivative(&h, &u, &v, &w).unwrap();
            close(third_g, along(&h, &w, &second), "D3g");
            // Forms are symmetric.
            let other = flow.third_derivative(&h, &w, &u, &v).unwrap();
            assert!((third - other).iter().all(|e| e.abs() < 1e-12));
        }
    }
}

#[test]
fn one_unit_without_gates_has_the_derivatives_of_tanh() {
    let (zero, none) = (array![[0.0]], array![0.0]);
    let weights =
        GruWeights::new(Reset::Before, zero.clone(), zero, array![[3.0]], none.clone(), none.clone(), none);
    let flow = weights.unwrap().flow();
    // f = (tanh(1.5 h) - h) / 2.
    let (h, one) = (array![0.4], array![1.0]);
    let (t, k) = ((0.6_f64).tanh(), 1.5_f64);
    let s = 1.0 - t * t;
    let second = flow.second_derivative(&h, &one, &one).unwrap()[0];
    assert!((second - 0.5 * k * k * (-2.0 * t * s)).abs() < 1e-14, "{second}");
    let third = flow.third_derivative(&h, &one, &one, &one).unwrap()[0];
    assert!((third - 0.5 * k.powi(3) * (-2.0 * s * (1.0 - 3.0 * t * t))).abs() < 1e-13, "{third}");
    has(&text(flow.second_derivative(&h, &one, &array![1.0, 2.0])), &["expected 1", "found 2"]);
    has(&text(flow.third_derivative(&h, &one, &one, &array![f64::NAN])), &["NaN"]);
}
