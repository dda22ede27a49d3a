//! Affine models: what can be broken, and how far a margin falls, is known.

use crate::models::Affine;
use eigengate::Result;
use eigengate::attack::{Apgd, AutoAttack, Batch, Fab, FixedEps, Norm, Part, Square};
use eigengate::data::ImageShape;
use eigengate::seed::{Purpose, Stream, stream};
use ndarray::{Array1, Array2};

const SHAPE: ImageShape = ImageShape { channels: 1, height: 6, width: 6 };

fn model(classes: usize, random: &mut Stream) -> Affine {
    let w = Array2::from_shape_simple_fn((classes, 36), || random.normal() as f32);
    Affine { w, b: Array1::from_shape_simple_fn(classes, || 0.3 * random.normal() as f32) }
}

/// Images with pixels at both ends of the range in Linf. In L2 far enough from them that the ball is not cut off.
fn images(norm: Norm, rows: usize, random: &mut Stream) -> Array2<f32> {
    Array2::from_shape_simple_fn((rows, 36), || match norm {
        Norm::Linf => random.uniform_in(-0.2, 1.2).clamp(0.0, 1.0),
        _ => random.uniform_in(0.4, 0.6),
    })
}

/// The smallest value that logit of `y` minus logit of `t` takes in the ball.
fn smallest(model: &Affine, x: &[f32], (y, t): (usize, usize), (norm, eps): (Norm, f64)) -> f64 {
    let v: Vec<f64> =
        model.w.row(y).iter().zip(model.w.row(t)).map(|(a, b)| f64::from(*a) - f64::from(*b)).collect();
    let offset = f64::from(model.b[y]) - f64::from(model.b[t]);
    let at = |x: f64, v: f64| match norm {
        Norm::Linf => (v * (x - eps).max(0.0)).min(v * (x + eps).min(1.0)),
        _ => v * x,
    };
    let sum: f64 = x.iter().zip(&v).map(|(x, v)| at(f64::from(*x), *v)).sum();
    let length = if norm == Norm::L2 { v.iter().map(|v| v * v).sum::<f64>().sqrt() } else { 0.0 };
    sum + offset - eps * length
}

/// The smallest margin in the ball of every image that the model knows.
fn worst(model: &Affine, images: &Array2<f32>, labels: &[u8], ball: (Norm, f64)) -> Vec<f64> {
    let classes = model.w.nrows();
    let of = |(x, y): (ndarray::ArrayView1<'_, f32>, &u8)| {
        let wrong = (0..classes).filter(|t| *t != usize::from(*y));
        wrong.map(|t| smallest(model, &x.to_vec(), (usize::from(*y), t), ball)).fold(f64::INFINITY, f64::min)
    };
    images.rows().into_iter().zip(labels).map(of).collect()
}

/// Labels that are the model's own answers.
fn answers(model: &Affine, images: &Array2<f32>) -> Vec<u8> {
    let largest = |x: ndarray::ArrayView1<'_, f32>| {
        let z: Vec<f64> = (0..model.w.nrows())
            .map(|c| {
                let dot: f64 = x.iter().zip(model.w.row(c)).map(|(x, w)| f64::from(*x) * f64::from(*w)).sum();
                dot + f64::from(model.b[c])
            })
            .collect();
        (0..z.len()).max_by(|a, b| z[*a].total_cmp(&z[*b])).unwrap() as u8
    };
    images.rows().into_iter().map(largest).collect()
}

#[test]
fn with_two_classes_the_margin_falls_as_far_as_it_can() -> Result<()> {
    let mut random = stream(1, Purpose::Order, 0);
    let model = model(2, &mut random);
    for (norm, eps) in [(Norm::Linf, 0.1f32), (Norm::L2, 0.3)] {
        let images = images(norm, 40, &mut random);
        let labels = answers(&model, &images);
        let worst = worst(&model, &images, &labels, (norm, f64::from(eps)));
        let batch = Batch::new(images.view(), &labels);
        // Linf ends in the corner itself; L2 comes closer and closer.
        let bound = if norm == Norm::Linf { 2e-5 } else { 1e-3 };
        let apgd = Apgd::cross_entropy(norm).perturb(&model, batch, eps)?;
        for (row, worst) in worst.iter().enumerate() {
            let gap = apgd.margins[row] - worst;
            assert!(gap > -2e-5 && gap < bound, "APGD {norm}, {row}: {gap}");
            assert_eq!(apgd.success[row], *worst < 0.0, "APGD {norm}, {row}: {worst}");
        }
        let square = Square::new(norm, SHAPE).with_queries(3000).perturb(&model, batch, eps)?;
        for (row, worst) in worst.iter().enumerate() {
            let gap = square.margins[row] - worst;
            assert!(gap > -2e-5, "Square {norm}, {row}: below what is possible by {gap}");
            // One that fools leaves at once. Windows of 3 x 3 pixels come no closer to the best point in L2, where the margin
            // falls by 2.5.
            let close = if norm == Norm::Linf { 2e-5 } else { 0.9 };
            assert!(square.success[row] || gap < close, "Square {norm}, {row}: {gap}");
            assert!(
                square.success[row] == (*worst < 0.0) || norm == Norm::L2,
                "Square {norm}, {row}: {worst}"
            );
        }
    }
    Ok(())
}

#[test]
fn with_many_classes_just_what_can_be_broken_is_broken() -> Result<()> {
    let mut random = stream(2, Purpose::Order, 0);
    for classes in [4, 10] {
        let model = model(classes, &mut random);
        for norm in [Norm::Linf, Norm::L2] {
            let images = images(norm, 120, &mut random);
            let labels = answers(&model, &images);
            // The size at which a third can be broken.
            let worst = |eps: f32| worst(&model, &images, &labels, (norm, f64::from(eps)));
            let breakable = |eps: f32| worst(eps).iter().filter(|w| **w < 0.0).count();
            let eps = (1..).map(|i| 0.005 * i as f32).find(|eps| breakable(*eps) > 40).unwrap();
            assert!(eps < 0.4, "the ball leaves [0, 1]");
            let (worst, breakable) = (worst(eps), breakable(eps));
            let batch = Batch::new(images.view(), &labels);
            let targets = classes - 1;
            let targeted = Apgd::targeted(norm).with_targets(targets);
            let parts = [
                Part::Apgd(Apgd::cross_entropy(norm)),
                Part::Fab(Fab::new().with_norm(norm).with_targets(targets)),
                Part::Square(Square::new(norm, SHAPE).with_queries(300)),
            ];
            let whole = AutoAttack::of(&parts)?;
            // All of them find whatever there is, but for Square and the untargeted losses.
            let attacks: [(&dyn FixedEps, bool); 5] = [
                (&targeted, true),
                (&whole, true),
                (&Apgd::cross_entropy(norm), false),
                (&Apgd::dlr(norm), false),
                (&Square::new(norm, SHAPE).with_queries(300), false),
            ];
            for (attack, all) in attacks {
                let found = attack.perturb(&model, batch, eps)?;
                for (row, worst) in worst.iter().enumerate().filter(|(_, w)| w.abs() > 3e-3) {
                    let name = format!("{} {norm}, {classes} classes, {row}: {worst}", attack.name());
                    assert!(*worst < 0.0 || !found.success[row], "{name}: broken, which cannot be");
                    assert!(!all || *worst > 0.0 || found.success[row], "{name}: stands");
                }
                let broken = found.success.iter().filter(|s| **s).count();
                if attack.name().starts_with("Square") && norm == Norm::L2 {
                    // All images are nearly as far as the furthest of those that can be broken.
                    continue;
                }
                assert!(10 * broken >= 6 * breakable, "{} {norm}: {broken} of {breakable}", attack.name());
            }
        }
    }
    Ok(())
}
