//! Affine models: what every method does on them is known in closed form.

use crate::victims::{Affine, Numbers, dual, search};
use eigengate::Result;
use eigengate::attack::{
    Batch, CarliniWagner, DeepFool, Fab, FixedEps, MinimalNorm, Norm, Warning, WithinEps,
};
use ndarray::{Array2, s};

/// Four classes, 20 pixels, and images around the middle of the box, where class 0 leads every other one by `lead`.
fn setting(lead: f32) -> (Affine, Array2<f32>) {
    let mut numbers = Numbers(11);
    let w = Array2::from_shape_fn((4, 20), |_| numbers.within(-1.0, 1.0));
    let mut model = Affine { w, b: vec![0.0; 4] };
    let images = Array2::from_shape_fn((12, 20), |_| numbers.within(0.45, 0.55));
    for k in 1..4 {
        model.b[k] = -(model.above(0, k, &[0.5; 20]) as f32) - lead;
    }
    for image in images.rows() {
        assert!((1..4).all(|k| model.above(0, k, &image.to_vec()) < -0.05));
    }
    (model, images)
}

fn distance(norm: Norm, from: &[f32], to: &[f32]) -> f64 {
    let d = from.iter().zip(to).map(|(a, b)| (f64::from(*b) - f64::from(*a)).abs());
    if norm == Norm::Linf { d.fold(0.0, f64::max) } else { d.map(|d| d * d).sum::<f64>().sqrt() }
}

#[test]
fn deep_fool_ends_a_little_behind_the_nearest_boundary_after_one_step() {
    let (model, images) = setting(0.3);
    let mut classes = vec![];
    for norm in [Norm::L2, Norm::Linf] {
        for overshoot in [0.0, 0.02, 0.3] {
            let found = search(&DeepFool::new().with_norm(norm).with_overshoot(overshoot), &model, &images);
            for (row, image) in images.rows().into_iter().enumerate() {
                let image = image.to_vec();
                let (nearest, class) = model.nearest(0, &image, norm);
                classes.push(class);
                let want = (1.0 + f64::from(overshoot)) * (nearest + 1e-4);
                let got = found.distances[row];
                assert!((got - want).abs() < 1e-6, "{norm} {overshoot}: {got}, wanted {want}");
                assert_eq!((found.steps[row], found.first_success[row]), (1, Some(1)));
                assert!(found.success[row] && found.margins[row] < 0.0);
                // Along w in L2, along its signs in L-inf.
                let w = model.slope(0, class);
                for (j, w_j) in w.iter().enumerate() {
                    let unit = if norm == Norm::L2 { w_j / dual(norm, &w) } else { w_j.signum() };
                    let moved = f64::from(found.images[[row, j]]) - f64::from(image[j]);
                    assert!((moved - want * unit).abs() < 1e-6, "{norm} pixel {j}");
                }
            }
        }
    }
    // All boundaries are the nearest of some image.
    assert!((1..4).all(|k| classes.contains(&k)));
}

#[test]
fn deep_fool_takes_the_first_classes_alone() {
    let (model, images) = setting(0.3);
    let found = search(&DeepFool::new().with_candidates(Some(2)), &model, &images);
    let mut others = 0;
    for (row, image) in images.rows().into_iter().enumerate() {
        let image = image.to_vec();
        let second = (1..4).max_by(|a, b| model.above(0, *a, &image).total_cmp(&model.above(0, *b, &image)));
        let second = second.unwrap();
        let way = -model.above(0, second, &image) / dual(Norm::L2, &model.slope(0, second));
        assert!((found.distances[row] - 1.02 * (way + 1e-4)).abs() < 1e-6);
        others += usize::from(second != model.nearest(0, &image, Norm::L2).1);
    }
    // For some of them it is not the nearest.
    assert!(others > 0);
}

#[test]
fn deep_fool_goes_round_the_edge_of_the_box_in_several_steps() {
    // Half of the pixels cannot move as they should: at every step the sum of all steps is clipped anew.
    let mut numbers = Numbers(5);
    let w: Vec<f32> = (0..20).map(|_| numbers.within(-1.0, 1.0)).collect();
    let image: Vec<f32> =
        w.iter().enumerate().map(|(j, w)| if j % 2 == 0 { 0.5 } else { f32::from(*w > 0.0) }).collect();
    let lead: f32 = w.iter().zip(&image).map(|(w, x)| w * x).sum::<f32>() + 1.0;
    let mut rows = vec![0.0; 20];
    rows.extend(&w);
    let model = Affine { w: Array2::from_shape_vec((2, 20), rows).unwrap(), b: vec![lead, 0.0] };
    let images = Array2::from_shape_vec((1, 20), image.clone()).unwrap();
    for norm in [Norm::L2, Norm::Linf] {
        let w: Vec<f64> = w.iter().map(|w| f64::from(*w)).collect();
        let (mut sum, mut x, mut steps) =
            (vec![0.0f64; 20], image.iter().map(|x| f64::from(*x)).collect::<Vec<_>>(), 0);
        loop {
            let f = w.iter().zip(&x).map(|(w, x)| w * x).sum::<f64>() - f64::from(lead);
            if f > 0.0 {
                break;
            }
            let length = f.abs() / dual(norm, &w) + 1e-4;
            for (j, w_j) in w.iter().enumerate() {
                sum[j] += length * if norm == Norm::L2 { w_j / dual(norm, &w) } else { w_j.signum() };
                x[j] = (f64::from(image[j]) + 1.02 * sum[j]).clamp(0.0, 1.0);
            }
            steps += 1;
        }
        assert!(steps > 3, "{steps}");
        let found = search(&DeepFool::new().with_norm(norm), &model, &images);
        assert_eq!(found.steps, [steps]);
        for (j, x) in x.iter().enumerate() {
            assert!((f64::from(found.images[[0, j]]) - x).abs() < 1e-5, "{norm} pixel {j}: {x}");
        }
        // Without clipping one step is enough, out of the box.
        let free = search(&DeepFool::new().with_norm(norm).with_clip(false), &model, &images);
        let f: f64 = f64::from(lead) - w.iter().zip(&image).map(|(w, x)| w * f64::from(*x)).sum::<f64>();
        assert!((free.distances[0] - 1.02 * (f / dual(norm, &w) + 1e-4)).abs() < 1e-6 && free.steps == [1]);
        assert!(free.images.iter().any(|x| *x < 0.0) && free.images.iter().any(|x| *x > 1.0));
        // Within a given size it is clipped, and fools no more.
        let within = WithinEps::new(DeepFool::new().with_norm(norm).with_clip(false));
        let within = within.run(&model, Batch::new(images.view(), &[0]), 10.0, 0).unwrap();
        assert!(!within.success[0] && within.images.iter().all(|x| (0.0..=1.0).contains(x)));
        // With one step less it fails, and says so.
        let failed = search(&DeepFool::new().with_norm(norm).with_steps(steps as usize - 1), &model, &images);
        assert!(!failed.success[0] && failed.distances[0].is_nan() && failed.first_success[0].is_none());
        assert!(failed.margins[0] > 0.0 && failed.median() == f64::INFINITY);
    }
}

/// Where FAB stands on a line through one boundary at distance 1: the nearest point that fooled.
fn fab_on_a_line(steps: usize, alpha_max: f64, eta: f64, beta: f64) -> f64 {
    let (mut at, mut best) = (0.0f64, f64::INFINITY);
    for _ in 0..steps {
        let (here, there) = ((1.0 - at).abs(), 1.0);
        let alpha = (here / (here + there)).min(alpha_max);
        at = (1.0 - alpha) * (at + eta * (1.0 - at)) + alpha * eta;
        if at > 1.0 {
            best = best.min(at);
            at *= beta;
        }
    }
    best
}

#[test]
fn fab_is_a_projection_that_closes_in_on_the_boundary() {
    let (model, images) = setting(0.3);
    // One boundary alone, so that it stays the nearest.
    let model = two_classes(&model);
    for norm in [Norm::Linf, Norm::L2] {
        for (alpha_max, eta, beta) in
            [(0.1, 1.05, 0.9), (0.4, 1.05, 0.9), (0.1, 1.15, 0.8), (0.1, 1.05, 0.5), (0.02, 1.1, 0.7)]
        {
            for steps in [1, 2, 3, 4, 7, 20] {
                let fab = Fab::new()
                    .with_norm(norm)
                    .with_steps(steps)
                    .with_alpha_max(alpha_max)
                    .with_eta(eta)
                    .with_beta(beta);
                for fab in [fab, fab.with_targets(1)] {
                    let found = search(&fab, &model, &images);
                    let factor = fab_on_a_line(steps, f64::from(alpha_max), f64::from(eta), f64::from(beta));
                    for (row, image) in images.rows().into_iter().enumerate() {
                        let want = factor * model.nearest(0, &image.to_vec(), norm).0;
                        let got = found.distances[row];
                        assert!(
                            (got - want).abs() < 2e-5 * want + 1e-6,
                            "{norm} {fab:?} {steps}: {got}, wanted {want}"
                        );
                    }
                }
            }
        }
    }
    // The published settings come within 1 %.
    assert!(fab_on_a_line(20, 0.1, 1.05, 0.9) < 1.01);
}

#[test]
fn fab_finds_the_nearest_boundary_of_several() {
    let (model, images) = setting(0.3);
    for norm in [Norm::Linf, Norm::L2] {
        for fab in [Fab::new().with_steps(30), Fab::new().with_steps(30).with_targets(3)] {
            let found = search(&fab.with_norm(norm), &model, &images);
            for (row, image) in images.rows().into_iter().enumerate() {
                let nearest = model.nearest(0, &image.to_vec(), norm).0;
                let share = found.distances[row] / nearest;
                assert!((1.0 - 1e-5..1.01).contains(&share), "{} {norm}: {share}", fab.name());
            }
        }
    }
}

#[test]
fn fab_t_has_a_run_for_every_class_behind_the_label() {
    let (model, images) = setting(0.3);
    // With one target only the runner-up is tried, with two the third as well.
    for targets in [1, 2, 3, 9] {
        let found =
            search(&Fab::new().with_norm(Norm::L2).with_steps(30).with_targets(targets), &model, &images);
        for (row, image) in images.rows().into_iter().enumerate() {
            let image = image.to_vec();
            let mut ranked = [1, 2, 3];
            ranked.sort_by(|a, b| model.above(0, *b, &image).total_cmp(&model.above(0, *a, &image)));
            let way = |k: &usize| -model.above(0, *k, &image) / dual(Norm::L2, &model.slope(0, *k));
            let want = ranked.iter().take(targets).map(way).fold(f64::INFINITY, f64::min);
            // A step to the target may cross another boundary earlier; here it does not.
            let share = found.distances[row] / want;
            assert!((1.0 - 1e-5..1.01).contains(&share), "{targets} targets: {share}");
        }
        let few = Warning::FewClasses { attack: "FAB-T".to_owned(), targets: 9, classes: 4 };
        assert_eq!(found.warnings, if targets == 9 { vec![few] } else { vec![] });
        // One gradient a step and target, and the logits of every step and of the clean image.
        let runs = targets.min(3) as u32;
        assert_eq!((found.calls[0].forward, found.calls[0].gradient), (1 + 2 * 30 * runs, 30 * runs));
    }
}

/// The same with classes 0 and 1 alone.
fn two_classes(model: &Affine) -> Affine {
    Affine { w: model.w.slice(s![..2, ..]).to_owned(), b: model.b[..2].to_vec() }
}

#[test]
fn carlini_wagner_comes_close_to_the_optimum() {
    let (model, images) = setting(2.0);
    // Of several boundaries it follows the one of the largest logit, which need not be the nearest.
    let model = two_classes(&model);
    for confidence in [0.0, 0.2, 1.0] {
        let attack = CarliniWagner::new().with_steps(1000).with_confidence(confidence);
        let found = search(&attack, &model, &images);
        for (row, image) in images.rows().into_iter().enumerate() {
            let way = f64::from(confidence) - model.above(0, 1, &image.to_vec());
            let share = found.distances[row] / (way / dual(Norm::L2, &model.slope(0, 1)));
            assert!((1.0 - 1e-6..1.001).contains(&share), "{confidence}: {share}");
            assert!(found.margins[row] <= -f64::from(confidence));
        }
    }
}

#[test]
fn carlini_wagner_follows_the_largest_logit() {
    let (model, images) = setting(2.0);
    let found = search(&CarliniWagner::new().with_steps(1000), &model, &images);
    let mut optimal = 0;
    for (row, image) in images.rows().into_iter().enumerate() {
        let share = found.distances[row] / model.nearest(0, &image.to_vec(), Norm::L2).0;
        assert!((1.0 - 1e-6..1.25).contains(&share), "{share}");
        optimal += usize::from(share < 1.001);
    }
    assert!(optimal >= 6, "{optimal}");
}

#[test]
fn carlini_wagner_reaches_its_target() -> Result<()> {
    let (model, images) = setting(2.0);
    let labels = vec![0; images.nrows()];
    let attack = CarliniWagner::new().with_steps(1000);
    for target in 1..4u8 {
        let targets = vec![target; images.nrows()];
        let found = attack.search(&model, Batch::new(images.view(), &labels).with_targets(&targets))?;
        for (row, image) in images.rows().into_iter().enumerate() {
            let image = image.to_vec();
            let x = found.images.row(row).to_vec();
            for other in (0..4).filter(|c| *c != usize::from(target)) {
                assert!(model.above(other, usize::from(target), &x) > 0.0);
            }
            // Not nearer than the boundary to the label; and on it where the others are not in the way.
            let way = -model.above(0, usize::from(target), &image)
                / dual(Norm::L2, &model.slope(0, usize::from(target)));
            let share = found.distances[row] / way;
            assert!(share > 1.0 - 1e-6, "{share}");
            if model.nearest(0, &image, Norm::L2).1 == usize::from(target) {
                assert!(share < 1.03, "{share}");
            }
            assert!((found.distances[row] - distance(Norm::L2, &image, &x)).abs() < 1e-9);
        }
    }
    Ok(())
}
