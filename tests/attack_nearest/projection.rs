//! FAB's first step with `eta = 1` is the projection of the clean image: held against another way to compute it.

use crate::victims::{Affine, Numbers, search};
use eigengate::attack::{Fab, Norm};
use ndarray::Array2;

/// The nearest point of `[0, 1]^d` with `w x = b`, by bisection over the size of the change, which in L-inf is a ball and in
/// L2 a multiple of `w`. `None` where there is none.
fn projection(norm: Norm, x: &[f64], w: &[f64], b: f64) -> Option<Vec<f64>> {
    let dot = |x: &[f64]| x.iter().zip(w).map(|(x, w)| x * w).sum::<f64>();
    let side = (b - dot(x)).signum();
    let at = |t: f64| -> Vec<f64> {
        let moved = |(x, w): (&f64, &f64)| match norm {
            Norm::L2 => (x + side * t * w).clamp(0.0, 1.0),
            _ if *w == 0.0 => *x,
            _ => (x + side * t * w.signum()).clamp(0.0, 1.0),
        };
        x.iter().zip(w).map(moved).collect()
    };
    let (mut low, mut high) = (0.0, 1e6);
    if side * (dot(&at(high)) - b) < 0.0 {
        return None;
    }
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if side * (dot(&at(middle)) - b) < 0.0 { low = middle } else { high = middle }
    }
    Some(at(high))
}

/// Two classes with `z_1 - z_0 = w x - b`, and images of which a third of the pixels is black and a third white.
fn setting(numbers: &mut Numbers, pixels: usize) -> (Vec<f32>, Vec<f32>) {
    let mut w: Vec<f32> = (0..pixels).map(|_| numbers.within(-1.0, 1.0).powi(3)).collect();
    w[numbers.within(0.0, pixels as f32) as usize] = 0.0;
    let image = (0..pixels).map(|_| numbers.within(-1.0, 2.0).clamp(0.0, 1.0)).collect();
    (w, image)
}

fn model(w: &[f32], b: f32) -> Affine {
    let mut rows = vec![0.0; w.len()];
    rows.extend(w);
    Affine { w: Array2::from_shape_vec((2, w.len()), rows).unwrap(), b: vec![0.0, -b] }
}

#[test]
fn fab_projects_onto_the_hyperplane_within_the_box() {
    let mut numbers = Numbers(3);
    let (mut reached, mut edges) = ([0, 0], 0);
    for case in 0..200 {
        let (w, image) = setting(&mut numbers, 1 + case % 40);
        let (w64, x): (Vec<f64>, Vec<f64>) =
            (w.iter().map(|w| f64::from(*w)).collect(), image.iter().map(|x| f64::from(*x)).collect());
        let value: f64 = w64.iter().zip(&x).map(|(w, x)| w * x).sum();
        // Above the value at the image, so that it has class 0; the most that the box allows is sum of max(w, 0).
        let most: f64 = w64.iter().map(|w| w.max(0.0)).sum();
        let b = (value + (most - value) * f64::from(numbers.within(0.05, 1.2))) as f32;
        if f64::from(b) <= value + 1e-3 {
            continue;
        }
        let images = Array2::from_shape_vec((1, image.len()), image.clone()).unwrap();
        for (k, norm) in [Norm::Linf, Norm::L2].into_iter().enumerate() {
            let fab = Fab::new().with_norm(norm).with_steps(1).with_eta(1.0);
            let found = search(&fab, &model(&w, b), &images);
            // Where the box does not reach the plane: the corner, all pixels as far as they go.
            let corner = || {
                w64.iter()
                    .zip(&x)
                    .map(|(w, x)| match *w {
                        w if w > 0.0 => 1.0,
                        w if w < 0.0 => 0.0,
                        _ => *x,
                    })
                    .collect()
            };
            let projected = projection(norm, &x, &w64, f64::from(b));
            reached[k] += usize::from(projected.is_some());
            let want: Vec<f64> = projected.unwrap_or_else(corner);
            edges += usize::from(want.iter().any(|x| *x == 0.0 || *x == 1.0));
            for (j, want) in want.iter().enumerate() {
                let got = f64::from(found.images[[0, j]]);
                assert!((got - want).abs() < 2e-5, "case {case} {norm} pixel {j}: {got}, wanted {want}");
            }
        }
    }
    assert!(reached.iter().all(|n| (100..190).contains(n)) && edges > 150, "{reached:?} {edges}");
}
