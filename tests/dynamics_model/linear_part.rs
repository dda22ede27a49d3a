//! Eigenvalues, eigenvectors and classes: slow units, Hopf points, folds, flow against map.

use eigengate::dynamics::{Complex, FixedPoint, GruWeights, Kind, Reset, families};
use ndarray::{Array1, Array2};

/// The largest `|J v - lambda v|` over the rows, relative to the sizes of their terms.
fn eigen_error(weights: &GruWeights, point: &FixedPoint) -> f64 {
    let d = weights.units();
    let mut jacobian = vec![0.0; d * d];
    let state = point.state.to_vec();
    weights.flow().residual_jacobian(&state, &mut jacobian);
    let mut largest = 0.0_f64;
    for (value, vector) in point.eigenvalues.iter().zip(&point.eigenvectors) {
        let length: f64 = vector.iter().map(|v| v.re * v.re + v.im * v.im).sum();
        assert!((length - 1.0).abs() < 1e-12);
        for i in 0..d {
            let scale = point.update_complement[i];
            let product =
                (0..d).fold(Complex::default(), |sum, j| sum + vector[j].scaled(scale * jacobian[i * d + j]));
            let size: f64 = (0..d).map(|j| (scale * jacobian[i * d + j] * vector[j].abs()).abs()).sum();
            let error = (product - *value * vector[i]).abs();
            largest = largest.max(error / (size + value.abs() * vector[i].abs() + 1e-300));
        }
    }
    largest
}

#[test]
fn eigenvectors_belong_to_their_eigenvalues() {
    for reset in [Reset::Before, Reset::After] {
        for d in 1..=3 {
            for seed in 0..40 {
                let weights = families::random(d, 3.0, seed, reset).unwrap();
                for point in weights.fixed_points().unwrap().points {
                    let error = eigen_error(&weights, &point);
                    // The term with the derivative of the gate is a rounding error at a fixed point.
                    assert!(error < 1e-9, "{d} {seed}: {point:?} {error:e}");
                    let sorted = point.eigenvalues.windows(2).all(|w| w[0].re >= w[1].re);
                    let sign = if point.unstable % 2 == 0 { 1 } else { -1 };
                    assert!(sorted && point.index == sign, "{point:?}");
                    for (k, value) in point.eigenvalues.iter().enumerate() {
                        assert_eq!(point.direction(k).is_some(), value.im == 0.0);
                    }
                }
            }
        }
    }
}

#[test]
fn eigenvalues_of_a_slow_unit_have_their_sign_and_digits() {
    // Unit `slow` has 1 - z near exp(-60). To first order in it one eigenvalue is (1 - z) det Dg / det of the minor.
    let mut signs = [0, 0];
    for d in [2, 3] {
        for seed in 0..60 {
            let slow = seed as usize % d;
            let random = families::random(d, 3.0, seed, Reset::Before).unwrap();
            let mut weights = random.with("bz", &[slow], 60.0).unwrap();
            for j in 0..d {
                weights = weights.with("Uz", &[slow, j], 0.0).unwrap();
            }
            for point in weights.fixed_points().unwrap().points {
                let mut g = vec![0.0; d * d];
                weights.flow().residual_jacobian(&point.state.to_vec(), &mut g);
                let kept: Vec<usize> = (0..d).filter(|i| *i != slow).collect();
                let at = |i: usize, j: usize| g[kept[i] * d + kept[j]];
                let minor = if d == 2 { at(0, 0) } else { at(0, 0) * at(1, 1) - at(0, 1) * at(1, 0) };
                let expected = point.update_complement[slow] * point.determinant / minor;
                let found = point.eigenvalues.iter().find(|v| v.abs() < 1e-20);
                let found = found.unwrap_or_else(|| panic!("{point:?}"));
                assert!((found.re / expected - 1.0).abs() < 1e-9, "{d} {seed}: {found:?} {expected:e}");
                signs[usize::from(found.re > 0.0)] += 1;
            }
        }
    }
    assert!(signs[0] > 20 && signs[1] > 20, "{signs:?}");
}

#[test]
fn eigenvalues_of_two_slow_units_have_their_digits() {
    let mut compared = 0;
    for seed in 0..60 {
        let mut weights = families::random(3, 3.0, seed, Reset::Before).unwrap();
        for (slow, bias) in [(0, 150.0), (1, 151.0)] {
            weights = weights.with("bz", &[slow], bias).unwrap();
            for j in 0..3 {
                weights = weights.with("Uz", &[slow, j], 0.0).unwrap();
            }
        }
        for point in weights.fixed_points().unwrap().points {
            let mut g = [0.0; 9];
            weights.flow().residual_jacobian(&point.state.to_vec(), &mut g);
            // The fast unit follows; the Schur complement is what is left of the slow ones, to first order.
            let s = &point.update_complement;
            let left = |i: usize, j: usize| s[i] * (g[3 * i + j] - g[3 * i + 2] * g[6 + j] / g[8]);
            let (trace, product) =
                (left(0, 0) + left(1, 1), left(0, 0) * left(1, 1) - left(0, 1) * left(1, 0));
            let small: Vec<Complex> = point.eigenvalues.iter().copied().filter(|v| v.abs() < 1e-18).collect();
            assert_eq!(small.len(), 2, "{point:?}");
            let (sum, times) = (small[0] + small[1], small[0] * small[1]);
            let size = small[0].abs() + small[1].abs();
            assert!((sum.re - trace).abs() < 1e-9 * size, "{seed}: {sum:?} {trace:e}");
            assert!((times.re - product).abs() < 1e-9 * size * size, "{seed}: {times:?} {product:e}");
            compared += 1;
        }
    }
    assert!(compared > 80, "{compared}");
}

#[test]
fn the_rotation_family_has_its_exact_eigenvalues() {
    for alpha in [0.2_f64, 0.7, 0.9, 1.2] {
        let found = families::rotation(3.0, alpha).unwrap().fixed_points().unwrap();
        let point = &found.points[0];
        let (re, im) = (0.5 * (1.5 * alpha.cos() - 1.0), 0.75 * alpha.sin());
        assert!((point.eigenvalues[0].re - re).abs() < 1e-15 && (point.eigenvalues[0].im - im).abs() < 1e-15);
        assert_eq!(point.eigenvalues[1], point.eigenvalues[0].conj());
        assert_eq!(point.kind, if re > 0.0 { Kind::UnstableFocus } else { Kind::StableFocus });
    }
    // Hopf point: cos(alpha) = 2/3.
    let hopf = families::rotation(3.0, (2.0_f64 / 3.0).acos()).unwrap().fixed_points().unwrap();
    assert!(hopf.complete && hopf.points[0].kind == Kind::NonHyperbolic, "{hopf:?}");
    assert_eq!((hopf.points[0].index, hopf.index_sum), (1, 1));
    assert!((hopf.points[0].eigenvalues[0].im - 5.0_f64.sqrt() / 4.0).abs() < 1e-15);
}

#[test]
fn a_sink_of_the_flow_may_be_unstable_for_the_map() {
    let found = families::rotation(3.0, std::f64::consts::FRAC_PI_3).unwrap().fixed_points().unwrap();
    let point = &found.points[0];
    assert_eq!((point.kind, point.unstable), (Kind::StableFocus, 0));
    assert_eq!((point.kind_for_map(1.0), point.unstable_for_map(1.0)), (Kind::UnstableFocus, 2));
    // |1 + step lambda| = 1 at step = -2 Re lambda / |lambda|^2.
    let value = point.eigenvalues[0];
    let step = -2.0 * value.re / value.abs().powi(2);
    assert_eq!(point.kind_for_map(0.999 * step), Kind::StableFocus);
    assert_eq!(point.kind_for_map(1.001 * step), Kind::UnstableFocus);
    assert_eq!(point.kind_for_map(step), Kind::NonHyperbolic);
    let multiplier = point.multipliers(0.5)[0];
    assert_eq!((multiplier.re, multiplier.im), (1.0 + 0.5 * value.re, 0.5 * value.im));
    // Exact: stable for cos(alpha) < 1/4.
    let beyond = families::rotation(3.0, 1.3182).unwrap().fixed_points().unwrap();
    assert_eq!(beyond.points[0].kind_for_map(1.0), Kind::StableFocus);
}

#[test]
fn slow_sinks_are_sinks_of_the_map() {
    // 1 + lambda is 1 to the last bit.
    let (u, b) = (Array2::<f64>::zeros((1, 1)), Array1::<f64>::zeros(1));
    let slow =
        GruWeights::new(Reset::Before, u.clone(), u.clone(), u, Array1::from(vec![60.0]), b.clone(), b)
            .unwrap();
    let found = slow.fixed_points().unwrap();
    let point = &found.points[0];
    assert!(1.0 + point.eigenvalues[0].re == 1.0 && point.eigenvalues[0].re < 0.0);
    assert_eq!((point.kind, point.kind_for_map(1.0)), (Kind::StableNode, Kind::StableNode));
}
