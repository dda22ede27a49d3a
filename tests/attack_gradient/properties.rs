//! What holds for every attack of the family.

use crate::all;
use crate::errors::{has, text};
use crate::victims::{Affine, trained};
use eigengate::attack::{
    Batch, Classifier, Cotangent, FastFgsm, Fgsm, FixedEps, Keep, L1Step, MiFgsm, Norm, Pgd, PulledBack,
    RandomFgsm, Start, Step, Warning,
};
use eigengate::nn::{Activation, Mlp, Network};
use eigengate::{Error, Result};
use ndarray::{Array2, ArrayView2, Axis};

#[test]
fn images_stay_in_their_ball_and_range() -> Result<()> {
    let (net, data) = trained();
    let data = data.take(40)?;
    for (attack, usual) in all() {
        for eps in [0.0, 0.1 * usual, usual, 30.0] {
            let found = attack.attack(net, &data, eps)?;
            let name = attack.name();
            assert!(found.images.iter().all(|x| (0.0..=1.0).contains(x)), "{name} {eps}");
            let size = |row: usize| {
                attack.norm().between(&data.images().row(row).to_vec(), &found.images.row(row).to_vec())
            };
            let largest = (0..data.len()).map(size).fold(0.0, f64::max);
            assert!(
                largest <= f64::from(eps) + 1e-6 * f64::from(eps).max(1.0),
                "{name}: {largest} beyond {eps}"
            );
            if eps == 0.0 {
                assert_eq!(found.images, data.images(), "{name}: eps = 0 changed an image");
            } else if eps <= usual && eps < 1.0 {
                assert!(largest > 0.4 * f64::from(eps), "{name}: {largest} of {eps} used");
            }
        }
    }
    Ok(())
}

/// What is told of an image is what the network says of it, whether it fools or not.
#[test]
fn results_are_honest() -> Result<()> {
    let (net, data) = trained();
    let data = data.take(40)?;
    let targets: Vec<u8> = data.labels().iter().map(|label| (label + 3) % 10).collect();
    for (attack, eps) in all() {
        for batch in [Batch::of(&data), Batch::of(&data).with_targets(&targets)] {
            let found = attack.perturb(net, batch, 0.5 * eps)?;
            let logits = Classifier::logits(net, found.images.view())?;
            let (mut failed, mut fooled) = (0, 0);
            for row in 0..data.len() {
                let logits = logits.row(row).to_vec();
                assert_eq!(found.success[row], batch.fooled(row, &logits), "{} {row}", attack.name());
                assert_eq!(found.margins[row], batch.margin(row, &logits), "{} {row}", attack.name());
                assert!(
                    found.calls[row].forward >= found.calls[row].gradient && found.calls[row].gradient > 0
                );
                if found.success[row] {
                    assert!(found.first_success[row].is_some_and(|first| first <= found.steps[row]));
                    fooled += 1;
                } else {
                    // A failed search gives the image that it tried, not the clean one. One pixel may be at its end.
                    let moved = found.images.row(row) != data.images().row(row);
                    assert!(moved || attack.name() == "FGM L1", "{} {row}", attack.name());
                    failed += 1;
                }
            }
            assert!(
                failed > 0 && (fooled > 0 || batch.targets.is_some()),
                "{}: {failed} {fooled}",
                attack.name()
            );
        }
    }
    Ok(())
}

#[test]
fn results_depend_on_the_example_alone() -> Result<()> {
    let (net, data) = trained();
    let data = data.take(30)?;
    let backwards: Vec<usize> = (0..30).rev().collect();
    let images = data.images().select(Axis(0), &backwards);
    let labels: Vec<u8> = backwards.iter().map(|row| data.labels()[*row]).collect();
    for (attack, eps) in all() {
        let whole = attack.attack(net, &data, eps)?;
        let turned = Batch::new(images.view(), &labels).with_numbers(&backwards);
        let turned = attack.perturb(net, turned, eps)?;
        let name = attack.name();
        assert_eq!(turned.images, whole.images.select(Axis(0), &backwards), "{name}");
        let one = Batch::new(data.images().slice_move(ndarray::s![17..18, ..]), &data.labels()[17..18]);
        let one = attack.perturb(net, one.with_first(17), eps)?;
        assert_eq!(one.images.row(0), whole.images.row(17), "{name}");
        assert_eq!(
            (one.steps[0], one.restarts[0], one.calls[0]),
            (whole.steps[17], whole.restarts[17], whole.calls[17])
        );
    }
    Ok(())
}

/// More examples than a window holds, which come in one after the other as others are dropped.
#[test]
fn examples_that_come_and_go_do_not_matter_to_others() -> Result<()> {
    let net = Mlp::new(&[12, 16, 3], Activation::Tanh, 2)?;
    let images =
        Array2::from_shape_fn((2500, 12), |(i, j)| ((i * 31 + j * 17 + i * i * j) % 1009) as f32 / 1008.0);
    let said = eigengate::nn::predictions(&net, images.view())?;
    let pgd = Pgd::new().with_steps(8).with_drop_fooled(true).with_restarts(2);
    let batch = Batch::new(images.view(), &said);
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| pgd.perturb(&net, batch, 0.2))
    };
    let whole = run(2)?;
    let fooled = whole.success.iter().filter(|fooled| **fooled).count();
    assert!((500..2400).contains(&fooled), "{fooled}");
    for threads in [1, 3] {
        let again = run(threads)?;
        assert!(again.images == whole.images && again.steps == whole.steps, "{threads} threads");
        assert_eq!(again.calls.iter().map(|c| c.gradient).collect::<Vec<_>>().len(), 2500);
    }
    for row in [0, 255, 256, 1023, 1024, 2499] {
        let one = Batch::new(images.slice(ndarray::s![row..row + 1, ..]), &said[row..=row]).with_first(row);
        let one = pgd.perturb(&net, one, 0.2)?;
        assert_eq!(one.images.row(0), whole.images.row(row), "{row}");
        assert_eq!((one.steps[0], one.success[0]), (whole.steps[row], whole.success[row]));
    }
    Ok(())
}

#[test]
fn dropping_what_is_fooled_fools_the_same_with_fewer_calls() -> Result<()> {
    let (net, data) = trained();
    for norm in [Norm::Linf, Norm::L2] {
        let eps = if norm == Norm::Linf { 0.08 } else { 1.0 };
        let pgd = Pgd::new().with_norm(norm).with_steps(20).with_restarts(2);
        let all = pgd.attack(net, data, eps)?;
        let dropped = pgd.with_drop_fooled(true).attack(net, data, eps)?;
        assert_eq!(all.success, dropped.success);
        assert_eq!(
            all.first_success.iter().flatten().count(),
            dropped.first_success.iter().flatten().count()
        );
        let gradients =
            |found: &eigengate::attack::Adversarial| found.calls.iter().map(|c| c.gradient).sum::<u32>();
        assert_eq!(gradients(&all), 300 * 40);
        assert!(gradients(&dropped) < 300 * 30, "{}", gradients(&dropped));
        for row in (0..300).filter(|row| dropped.success[*row]) {
            assert_eq!(Some(dropped.steps[row]), dropped.first_success[row]);
            // What went on after that is better or the same.
            assert!(all.margins[row] <= dropped.margins[row]);
        }
        for row in (0..300).filter(|row| !dropped.success[*row]) {
            assert_eq!(all.images.row(row), dropped.images.row(row));
        }
    }
    Ok(())
}

#[test]
fn restarts_never_make_it_worse_and_start_elsewhere() -> Result<()> {
    let (net, data) = trained();
    let data = data.take(60)?;
    for norm in [Norm::Linf, Norm::L2, Norm::L1] {
        let eps = match norm {
            Norm::Linf => 0.05,
            Norm::L2 => 0.7,
            Norm::L1 => 5.0,
        };
        let pgd = Pgd::new().with_norm(norm).with_steps(3);
        let (one, three) = (pgd.attack(net, &data, eps)?, pgd.with_restarts(3).attack(net, &data, eps)?);
        for row in 0..60 {
            assert!(three.success[row] || !one.success[row]);
            assert!(three.margins[row] <= one.margins[row]);
            assert_eq!(three.calls[row].gradient, 9);
        }
        assert!((0..3).all(|restart| three.restarts.contains(&restart)), "{norm}");
        // The best is one of the runs.
        let runs: Vec<_> =
            (0..3).map(|restart| pgd.run(net, Batch::of(&data), eps, restart)).collect::<Result<_>>()?;
        for row in 0..60 {
            let run = &runs[three.restarts[row] as usize];
            assert_eq!(run.images.row(row), three.images.row(row));
        }
        // From the clean image only the first starts there.
        let clean = pgd.with_start(Start::Clean).with_steps(1).with_relative_step(1e-6);
        let far = |restart| -> Result<f64> {
            let found = clean.run(net, Batch::of(&data), eps, restart)?;
            Ok(norm.between(&data.images().row(0).to_vec(), &found.images.row(0).to_vec()))
        };
        assert!(far(0)? < 1e-5 && far(1)? > 0.1 * f64::from(eps), "{norm}");
    }
    Ok(())
}

#[test]
fn the_best_iterate_is_at_least_as_good_as_the_last() -> Result<()> {
    let (net, data) = trained();
    let pgd = Pgd::new().with_steps(7).with_relative_step(0.9);
    let (best, last) = (pgd.attack(net, data, 0.06)?, pgd.with_keep(Keep::Last).attack(net, data, 0.06)?);
    assert!((0..300).all(|row| best.margins[row] <= last.margins[row]));
    assert!((0..300).any(|row| best.steps[row] < 7 && best.margins[row] < last.margins[row]));
    assert!(last.steps.iter().all(|step| *step == 7));
    Ok(())
}

/// Logits so large that the cross-entropy is flat in float32; a gradient of zeros; NaN.
struct Flat(f32);

impl Classifier for Flat {
    fn inputs(&self) -> usize {
        4
    }
    fn classes(&self) -> usize {
        2
    }
    fn logits(&self, images: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
        Ok(Array2::from_shape_fn(
            (images.nrows(), 2),
            |(i, c)| {
                if c == 0 { 1e4 * images.row(i).sum() } else { 0.0 }
            },
        ))
    }
    fn pull_back(&self, images: ArrayView2<'_, f32>, cotangent: &mut Cotangent<'_>) -> Result<PulledBack> {
        let logits = self.logits(images)?;
        let u = cotangent(0..images.nrows(), logits.view())?;
        let gradient = Array2::from_shape_fn(images.dim(), |(i, _)| u[[i, 0]] * self.0);
        Ok(PulledBack { logits, gradient })
    }
}

#[test]
fn blind_attacks_say_so() -> Result<()> {
    let images = Array2::from_elem((3, 4), 0.5f32);
    let batch = Batch::new(images.view(), &[0, 0, 1]).with_first(10);
    let flat = Pgd::new().perturb(&Flat(1e4), batch, 0.1)?;
    // The third is misclassified, and no warning is about it.
    assert_eq!(
        flat.warnings,
        [Warning::SaturatedLoss { attack: "PGD-40".to_owned(), examples: vec![10, 11] }]
    );
    assert_eq!(flat.success, [false, false, true]);
    // The margin does not saturate; a model that gives zeros does.
    let margin = Pgd::new().with_loss(eigengate::attack::Loss::Margin);
    assert!(margin.perturb(&Flat(1e4), batch, 0.1)?.warnings.is_empty());
    let zero = margin.perturb(&Flat(0.0), batch, 0.1)?;
    assert_eq!(
        zero.warnings,
        [Warning::ZeroGradient { attack: "PGD-40".to_owned(), examples: vec![10, 11] }]
    );
    has(&text(margin.perturb(&Flat(f32::NAN), batch, 0.1)), &["input gradient", "NaN"]);
    Ok(())
}

#[test]
fn settings_out_of_range_are_refused() {
    let image = Array2::from_elem((1, 4), 0.5f32);
    let (model, batch) = (Affine { w: vec![1.0; 4] }, Batch::new(image.view(), &[0]));
    let bad: Vec<(Box<dyn FixedEps>, &str)> = vec![
        (Box::new(Pgd::new().with_steps(0)), "steps = 0"),
        (Box::new(Pgd::new().with_restarts(0)), "restarts = 0"),
        (Box::new(Pgd::new().with_step(Step::Fixed(0.0))), "step = 0"),
        (Box::new(Pgd::new().with_relative_step(f32::NAN)), "relative_step = NaN"),
        (Box::new(Pgd::new().with_l1_step(L1Step::Sparse(1.5))), "share = 1.5"),
        (Box::new(MiFgsm::new().with_momentum(-1.0)), "momentum = -1"),
        (Box::new(RandomFgsm::new().with_alpha(1.5)), "alpha = 1.5"),
        (Box::new(FastFgsm::new().with_relative_step(0.0)), "relative_step = 0"),
    ];
    for (attack, part) in bad {
        has(&text(attack.perturb(&model, batch, 0.1)), &[part]);
    }
    for (attack, _) in all() {
        has(&text(attack.perturb(&model, batch, f32::NAN)), &["eps = NaN"]);
        has(&text(attack.perturb(&model, batch.with_targets(&[2]), 0.1)), &["target = 2", "0..2"]);
        has(&text(attack.perturb(&model, batch.with_targets(&[1, 1]), 0.1)), &["targets", "found 2"]);
        has(&text(attack.perturb(&model, batch.with_numbers(&[1, 1]), 0.1)), &["numbers"]);
    }
    let starts = Array2::from_elem((1, 3), 0.5f32);
    has(&text(Pgd::new().run_from(&model, batch, 0.1, starts.view())), &["starts"]);
    use eigengate::attack::Preset;
    has(&text(Pgd::preset(Preset::AutoAttack, Norm::Linf)), &["AutoAttack", "PGD in Linf"]);
    has(&text(Pgd::preset(Preset::Madry, Norm::L2)), &["Madry", "PGD in L2"]);
}

#[test]
fn starts_that_are_given_are_moved_inside() -> Result<()> {
    let (net, data) = trained();
    let data = data.take(4)?;
    let starts = Array2::from_elem((4, 784), 1.0f32);
    let pgd = Pgd::new().with_steps(1).with_relative_step(1e-6).with_keep(Keep::Last);
    let found = pgd.run_from(net, Batch::of(&data), 0.1, starts.view())?.images;
    for (x, clean) in found.iter().zip(data.images()) {
        assert!((x - (clean + 0.1).min(1.0)).abs() < 1e-6);
    }
    Ok(())
}

#[test]
fn a_network_is_not_changed() -> Result<()> {
    let (net, data) = trained();
    let bits = || net.parameters().iter().flat_map(|p| p.values()).map(f32::to_bits).collect::<Vec<_>>();
    let before = bits();
    Fgsm.attack(net, data, 0.1)?;
    Pgd::new().with_steps(2).attack(net, data, 0.1)?;
    assert!(bits() == before);
    assert!(matches!(Fgsm.attack(net, data, -1.0), Err(Error::Parameter { .. })));
    Ok(())
}
