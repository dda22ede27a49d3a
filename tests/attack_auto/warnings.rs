//! Each warning from a model made for it, and silence about an ordinary one.

use crate::models::{Affine, Through};
use crate::victims::trained;
use eigengate::Result;
use eigengate::attack::{
    Apgd, AutoAttack, Batch, Classifier, Cotangent, Fab, FixedEps, Norm, Part, PulledBack, Square, Warning,
};
use eigengate::data::{Dataset, ImageShape};
use eigengate::seed::{Purpose, stream};
use ndarray::{Array1, Array2, ArrayView2};
use std::sync::atomic::{AtomicU64, Ordering};

const SHAPE: ImageShape = ImageShape { channels: 1, height: 28, width: 28 };

fn quick(norm: Norm) -> AutoAttack {
    AutoAttack::of(&[
        Part::Apgd(Apgd::cross_entropy(norm).with_steps(15)),
        Part::Apgd(Apgd::targeted(norm).with_steps(10).with_targets(2)),
        Part::Fab(Fab::new().with_norm(norm).with_targets(2).with_steps(5)),
        Part::Square(Square::new(norm, SHAPE).with_queries(60)),
    ])
    .unwrap()
}

fn kinds(warnings: &[Warning]) -> Vec<&'static str> {
    warnings.iter().map(Warning::kind).collect()
}

fn data() -> Dataset {
    trained().1.take(60).unwrap()
}

#[test]
fn an_ordinary_network_gives_none() -> Result<()> {
    let (net, _) = trained();
    for (norm, eps) in [(Norm::Linf, 0.02), (Norm::L2, 0.5)] {
        let report = quick(norm).evaluate(net, &data(), eps)?;
        assert_eq!(report.warnings(), [], "{norm}");
        for apgd in [Apgd::cross_entropy(norm), Apgd::dlr(norm), Apgd::targeted(norm)] {
            assert_eq!(apgd.with_steps(10).attack(net, &data(), eps)?.warnings, [], "{apgd:?}");
        }
    }
    Ok(())
}

#[test]
fn probabilities_given_as_logits_are_noticed() -> Result<()> {
    let softmax = |z: &[f32], u: &[f32]| {
        let top = z.iter().copied().fold(f32::MIN, f32::max);
        let e: Vec<f32> = z.iter().map(|z| (z - top).exp()).collect();
        let p: Vec<f32> = e.iter().map(|v| v / e.iter().sum::<f32>()).collect();
        let mean: f32 = p.iter().zip(u).map(|(p, u)| p * u).sum();
        let back = p.iter().zip(u).map(|(p, u)| p * (u - mean)).collect();
        (p, back)
    };
    let model = Through { model: &trained().0, map: softmax };
    let report = quick(Norm::Linf).evaluate(&model, &data(), 0.01)?;
    assert!(kinds(report.warnings()).contains(&"probabilities"), "{:?}", report.warnings());
    assert!(report.warnings()[0].to_string().contains("before the softmax"));
    Ok(())
}

/// Logits with noise that is another at every question.
struct Noisy {
    asked: AtomicU64,
    size: f32,
}

impl Classifier for Noisy {
    fn inputs(&self) -> usize {
        784
    }
    fn classes(&self) -> usize {
        10
    }
    fn logits(&self, images: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
        let mut random = stream(0, Purpose::Order, self.asked.fetch_add(1, Ordering::Relaxed));
        let logits = trained().0.logits(images)?;
        Ok(logits.mapv(|z| z + self.size * random.uniform_in(-1.0, 1.0)))
    }
    fn pull_back(&self, images: ArrayView2<'_, f32>, cotangent: &mut Cotangent<'_>) -> Result<PulledBack> {
        let logits = self.logits(images)?;
        let gradient = trained().0.pull_back(images, cotangent)?.gradient;
        Ok(PulledBack { logits, gradient })
    }
}

#[test]
fn random_output_is_noticed_and_rounding_is_not() -> Result<()> {
    let model = |size| Noisy { asked: AtomicU64::new(0), size };
    let rand = AutoAttack::of(&[Part::Apgd(Apgd::cross_entropy(Norm::Linf).with_steps(5).with_draws(3))])?;
    let report = rand.evaluate(&model(0.3), &data(), 0.02)?;
    assert_eq!(kinds(report.warnings()), ["random output"]);
    assert!(report.warnings()[0].to_string().contains("`rand`"), "{}", report.warnings()[0]);
    let Warning::RandomOutput { difference } = report.warnings()[0] else { panic!() };
    assert!(difference > 0.3 && difference < 0.61, "{difference}");
    // Every gradient is asked for three times: five steps; the questions before, four more for the check.
    let standing = report.broken_by.iter().position(Option::is_none).unwrap();
    let calls = report.adversarial.calls[standing];
    assert!(
        report.clean_errors[standing] || (calls.forward, calls.gradient) == (5 + 1 + 15 + 1, 15),
        "{calls:?}"
    );
    assert_eq!(rand.evaluate(&model(1e-5), &data(), 0.02)?.warnings(), []);
    Ok(())
}

#[test]
fn gradients_of_zeros_and_square_alone_are_noticed() -> Result<()> {
    // Logits in steps: what hides gradients.
    let steps =
        |z: &[f32], u: &[f32]| (z.iter().map(|z| (z * 100.0).round() / 100.0).collect(), vec![0.0; u.len()]);
    let model = Through { model: &trained().0, map: steps };
    let report = quick(Norm::Linf).evaluate(&model, &data(), 0.06)?;
    let kinds = kinds(report.warnings());
    assert!(kinds.contains(&"zero gradient") && kinds.contains(&"Square stronger"), "{kinds:?}");
    assert!(!kinds.contains(&"saturated loss"), "{kinds:?}");
    let square = report.broken_by.iter().filter(|by| **by == Some(3)).count();
    assert!(
        square > 5 && report.warnings().contains(&Warning::SquareStronger { broken: square, examples: 60 })
    );
    // It is about those that stand in the end, by all attacks.
    let standing: Vec<usize> = (0..60).filter(|row| !report.adversarial.success[*row]).collect();
    for warning in report.warnings().iter().filter(|warning| warning.kind() == "zero gradient") {
        assert_eq!(warning.examples(), Some(standing.as_slice()), "{warning}");
        assert!(warning.to_string().contains("try Square"), "{warning}");
    }
    // They are numbers of the data set.
    let data = data();
    let batch = Batch::of(&data).with_first(1000);
    let later = Apgd::cross_entropy(Norm::Linf).with_steps(3).perturb(&model, batch, 0.01)?;
    let numbers = later.warnings[0].examples().unwrap();
    assert!(numbers.len() > 20 && numbers.iter().all(|n| (1000..1060).contains(n)), "{numbers:?}");
    Ok(())
}

#[test]
fn losses_that_are_flat_in_float32_are_noticed() -> Result<()> {
    // A hundred times the logits: the other classes have probability 0 in float32, and so have their derivatives.
    let large =
        |z: &[f32], u: &[f32]| (z.iter().map(|z| z * 300.0).collect(), u.iter().map(|u| u * 300.0).collect());
    let model = Through { model: &trained().0, map: large };
    let found = Apgd::cross_entropy(Norm::Linf).with_steps(10).attack(&model, &data(), 0.01)?;
    let saturated = found.warnings.iter().find(|warning| warning.kind() == "saturated loss").unwrap();
    let examples = saturated.examples().unwrap();
    assert!(examples.len() > 20 && examples.iter().all(|row| !found.success[*row]), "{saturated}");
    assert!(saturated.to_string().contains("DLR"), "{saturated}");
    // The ratio does not change with the scale.
    let dlr = Apgd::dlr(Norm::Linf).with_steps(10);
    assert_eq!(dlr.attack(&model, &data(), 0.01)?.warnings, []);
    assert_eq!(dlr.attack(&model, &data(), 0.01)?.success, dlr.attack(&trained().0, &data(), 0.01)?.success);
    Ok(())
}

#[test]
fn too_few_classes_for_the_targets_are_noticed() -> Result<()> {
    let mut random = stream(0, Purpose::Order, 1);
    let w = Array2::from_shape_simple_fn((5, 25), || random.normal() as f32);
    let model = Affine { w, b: Array1::zeros(5) };
    let images = Array2::from_elem((3, 25), 0.5);
    let labels = [0, 1, 2];
    let batch = Batch::new(images.view(), &labels);
    let shape = ImageShape { channels: 1, height: 5, width: 5 };
    let report = AutoAttack::standard(Norm::L2, shape).evaluate_batch(&model, batch, 1e-4)?;
    let few = Warning::FewClasses { attack: "APGD-T".to_owned(), targets: 9, classes: 5 };
    assert!(report.warnings().contains(&few), "{:?}", report.warnings());
    assert!(few.to_string().contains("only 4 are wrong"), "{few}");
    let four = Apgd::targeted(Norm::L2).with_targets(4).perturb(&model, batch, 1e-4)?;
    assert_eq!(four.warnings, []);
    Ok(())
}

#[test]
fn every_warning_is_one_line() {
    let examples: Vec<usize> = (0..25).collect();
    let all = [
        Warning::RandomOutput { difference: 0.1 },
        Warning::Probabilities,
        Warning::ZeroGradient { attack: "A".to_owned(), examples: vec![3] },
        Warning::SaturatedLoss { attack: "A".to_owned(), examples },
        Warning::FewClasses { attack: "A".to_owned(), targets: 9, classes: 5 },
        Warning::SquareStronger { broken: 3, examples: 100 },
    ];
    for warning in &all {
        let text = warning.to_string();
        assert!(!text.contains('\n') && !text.contains("  "), "{text}");
        warning.evcxr_display();
    }
    assert!(all[2].to_string().contains("1 example (number 3)"), "{}", all[2]);
    assert!(
        all[3].to_string().contains("25 examples (numbers 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, …)"),
        "{}",
        all[3]
    );
}
