//! The images: formulas, boxes, restarts, random numbers.

use crate::errors::{has, text};
use crate::reference::{pixels, softmax_regression, start};
use crate::{data, net};
use eigengate::attack::{Classifier, Cotangent, PulledBack};
use eigengate::data::{Dataset, ImageShape};
use eigengate::nn::{Activation, Mlp};
use eigengate::seed::{Purpose, epoch_stream};
use eigengate::train::AdversarialTraining;
use eigengate::{Error, Result};
use ndarray::{Array2, ArrayView2, s};

#[track_caller]
fn same(found: &[f32], want: &[f64], what: &str) {
    for (pixel, (found, want)) in found.iter().zip(want).enumerate() {
        assert!((f64::from(*found) - want).abs() < 1e-6, "{what}, pixel {pixel}: {found} {want}");
    }
}

/// By hand and in float64. That it is the gradient of the random point, and that the step starts at the clean image, is
/// only seen where the other choices give other images: those are counted.
#[test]
fn one_step_applies_the_gradient_of_a_random_point_to_the_clean_image() -> Result<()> {
    let (net, linear) = softmax_regression();
    let (data, eps, seed, epoch) = (data(200), 0.4f32, 3, 5);
    let found = AdversarialTraining::one_step(eps).copies(&net, &data, seed, epoch)?.images;
    let eps = f64::from(eps);
    let (mut compared, mut at_clean, mut from_start) = (0, 0, 0);
    for (example, &label) in data.labels().iter().enumerate() {
        let (x0, label) = (pixels(&data, example), usize::from(label));
        let u = start(&x0, eps, (seed, epoch, example as u64, 0));
        let slopes = linear.gradient(&u, label);
        if slopes.iter().any(|slope| slope.abs() < 1e-5) {
            continue;
        }
        let step = |x: &[f64], slopes: &[f64]| -> Vec<f64> {
            x.iter().zip(slopes).map(|(x, g)| (x + eps * g.signum()).clamp(0.0, 1.0)).collect()
        };
        let want = step(&x0, &slopes);
        same(&found.row(example).to_vec(), &want, &format!("example {example}"));
        compared += 1;
        at_clean += usize::from(want != step(&x0, &linear.gradient(&x0, label)));
        from_start += usize::from(want != step(&u, &slopes));
    }
    assert!(compared > 150 && at_clean > 20 && from_start > 150, "{compared} {at_clean} {from_start}");
    Ok(())
}

#[test]
fn pgd_keeps_the_last_iterate_of_the_restart_with_the_largest_loss() -> Result<()> {
    let (net, linear) = softmax_regression();
    let (data, seed, epoch) = (data(300), 3, 5);
    // Few steps, so that the restarts end at different places.
    let settings = AdversarialTraining::pgd().with_eps(0.2).with_step(0.05).with_steps(3).with_restarts(3);
    let found = settings.copies(&net, &data, seed, epoch)?;
    let (eps, step) = (f64::from(0.2f32), f64::from(0.05f32));
    let (mut kept, mut by_margin) = ([0; 3], 0);
    for (example, &label) in data.labels().iter().enumerate() {
        let (x0, label) = (pixels(&data, example), usize::from(label));
        let ends: Option<Vec<Vec<f64>>> = (0..3)
            .map(|restart| {
                let u = start(&x0, eps, (seed, epoch, example as u64, restart));
                linear.climb(&x0, u, label, (eps, step, 3))
            })
            .collect();
        let Some(ends) = ends else { continue };
        let largest = |score: &dyn Fn(&[f64]) -> f64| {
            let scores: Vec<f64> = ends.iter().map(|end| score(end)).collect();
            let best = (0..3).fold(0, |best, r| if scores[r] > scores[best] { r } else { best });
            let second = (0..3).filter(|r| *r != best).map(|r| scores[r]).fold(f64::MIN, f64::max);
            (scores[best] > second + 1e-4).then_some(best)
        };
        let Some(best) = largest(&|x| linear.loss(x, label)) else { continue };
        assert_eq!(found.restarts[example] as usize, best, "example {example}");
        assert_eq!(found.steps[example], 3);
        same(&found.images.row(example).to_vec(), &ends[best], &format!("example {example}"));
        kept[best] += 1;
        let lead = |x: &[f64]| {
            let z = linear.logits(x);
            (0..3).filter(|c| *c != label).map(|c| z[c]).fold(f64::MIN, f64::max) - z[label]
        };
        by_margin += usize::from(largest(&lead).is_some_and(|other| other != best));
    }
    assert!(kept.iter().all(|kept| *kept > 20), "{kept:?}");
    assert!(by_margin > 0, "the margin would choose the same restarts");
    Ok(())
}

/// One pixel whose loss is largest at 1/2: `z = (20 (x - 1/2)^2, 0)`, right is class 0. Steps of 0.3 jump over the top.
struct Hill;

impl Classifier for Hill {
    fn inputs(&self) -> usize {
        1
    }
    fn classes(&self) -> usize {
        2
    }
    fn logits(&self, images: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
        Ok(Array2::from_shape_fn((images.nrows(), 2), |(i, c)| {
            if c == 0 { 20.0 * (images[[i, 0]] - 0.5).powi(2) } else { 0.0 }
        }))
    }
    fn pull_back(&self, images: ArrayView2<'_, f32>, cotangent: &mut Cotangent<'_>) -> Result<PulledBack> {
        let logits = self.logits(images)?;
        let u = cotangent(0..images.nrows(), logits.view())?;
        let gradient =
            Array2::from_shape_fn(images.dim(), |(i, _)| u[[i, 0]] * 40.0 * (images[[i, 0]] - 0.5));
        Ok(PulledBack { logits, gradient })
    }
}

#[test]
fn a_later_restart_can_be_better_and_an_earlier_iterate_is_not_kept() -> Result<()> {
    let pixel = ImageShape { channels: 1, height: 1, width: 1 };
    let data = Dataset::new(Array2::from_elem((60, 1), 0.5), vec![0; 60], pixel, 1)?;
    let settings = AdversarialTraining::pgd().with_eps(0.5).with_step(0.3).with_steps(2).with_restarts(3);
    let found = settings.copies(&Hill, &data, 1, 0)?;
    let (mut kept, mut overshot) = ([0; 3], 0);
    for example in 0..60 {
        // The steps of every restart, by hand: towards 1/2, and beyond.
        let runs: Vec<[f32; 3]> = (0..3u64)
            .map(|restart| {
                let index = example as u64 | restart << 40;
                let u = epoch_stream(1, Purpose::AdversarialTraining, 0, index).uniform_in(0.0, 1.0);
                let step = |x: f32| if x > 0.5 { x - 0.3 } else { x + 0.3 };
                [u, step(u), step(step(u))]
            })
            .collect();
        let far = |x: f32| (x - 0.5).abs();
        let best = (0..3).min_by(|a, b| far(runs[*a][2]).total_cmp(&far(runs[*b][2]))).unwrap();
        let x = found.images[[example, 0]];
        assert!((far(x) - far(runs[best][2])).abs() < 1e-5, "example {example}: {x} of {runs:?}");
        kept[found.restarts[example] as usize] += 1;
        overshot += usize::from(runs.iter().flatten().any(|iterate| far(*iterate) < far(x) - 0.01));
    }
    assert!(kept.iter().all(|kept| *kept > 5) && overshot > 20, "{kept:?} {overshot}");
    Ok(())
}

#[test]
fn images_stay_in_their_box_and_range() -> Result<()> {
    let (data, net) = (data(300), net());
    for settings in [
        AdversarialTraining::one_step(0.1),
        AdversarialTraining::pgd().with_eps(0.1).with_steps(12),
        AdversarialTraining::pgd().with_step(0.25).with_steps(5).with_restarts(2),
    ] {
        for eps in [0.0, 0.1, 0.3, 2.0] {
            let found = settings.with_eps(eps).copies(&net, &data, 0, 0)?.images;
            assert!(found.iter().all(|x| (0.0..=1.0).contains(x)), "{settings} {eps}");
            let change = (&found - &data.images()).iter().fold(0.0f32, |m, d| m.max(d.abs()));
            assert!(change <= eps + 1e-6 && change >= 0.9 * eps.min(0.9), "{settings}: {change} of {eps}");
        }
    }
    Ok(())
}

#[test]
fn a_pixel_without_gradient_stays() -> Result<()> {
    let (mut net, _) = softmax_regression();
    let mut w = eigengate::nn::Network::parameters(&net)[0].values();
    w.chunks_mut(12).for_each(|row| row[7] = 0.0);
    eigengate::nn::Network::parameters_mut(&mut net)[0].set_values(w)?;
    let data = data(50);
    let found = AdversarialTraining::one_step(0.1).copies(&net, &data, 0, 0)?.images;
    assert_eq!(found.slice(s![.., 7]), data.images().slice(s![.., 7]));
    assert!((0..50).all(|i| found[[i, 6]] != data.images()[[i, 6]]));
    Ok(())
}

#[test]
fn random_numbers_follow_seed_epoch_and_example_alone() -> Result<()> {
    let (data, net) = (data(300), net());
    let settings = AdversarialTraining::pgd().with_steps(2).with_restarts(2);
    let images =
        |data: &Dataset, seed, epoch| Ok::<_, Error>(settings.copies(&net, data, seed, epoch)?.images);
    let one = images(&data, 1, 0)?;
    assert_eq!(images(&data, 1, 0)?, one);
    assert_eq!(images(&data.take(7)?, 1, 0)?, one.slice(s![..7, ..]));
    assert!(images(&data, 2, 0)? != one && images(&data, 1, 1)? != one);
    let twice = Dataset::new(
        ndarray::stack![ndarray::Axis(0), data.images().row(0), data.images().row(0)],
        vec![0; 2],
        data.shape(),
        3,
    )?;
    let pair = images(&twice, 1, 0)?;
    assert_ne!(pair.row(0), pair.row(1));
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        assert_eq!(pool.install(|| images(&data, 1, 0))?, one, "{threads} threads");
    }
    Ok(())
}

#[test]
fn settings_out_of_range_are_refused() -> Result<()> {
    let (data, net) = (data(5), net());
    let pgd = AdversarialTraining::pgd();
    let one = AdversarialTraining::one_step(0.1);
    for (bad, parts) in [
        (one.with_eps(-0.1), "eps = -0.1"),
        (one.with_eps(f32::NAN), "eps = NaN"),
        (pgd.with_eps(f32::INFINITY), "eps = inf"),
        (pgd.with_step(0.0), "step = 0 is"),
        (pgd.with_step(f32::NAN), "step = NaN"),
        (pgd.with_steps(0), "steps = 0"),
        (pgd.with_restarts(0), "restarts = 0"),
        (one.with_step(0.05), "step = 0.05 is out of range: take 0.1"),
        (one.with_steps(40), "steps = 40 is out of range: take 1 "),
        (one.with_restarts(2), "restarts = 2 is out of range: take 1 "),
    ] {
        has(&text(bad.check()), &[parts]);
        has(&text(bad.copies(&net, &data, 0, 0)), &[parts]);
    }
    for good in [one, pgd, one.with_eps(0.0), pgd.with_eps(0.0), one.with_eps(0.3)] {
        good.check()?;
    }
    let narrow = Mlp::new(&[11, 3], Activation::Tanh, 0)?;
    has(&text(one.copies(&narrow, &data, 0, 0)), &["11 pixels"]);
    let two = Mlp::new(&[12, 2], Activation::Tanh, 0)?;
    has(&text(one.copies(&two, &data, 0, 0)), &["label = 2"]);
    Ok(())
}
