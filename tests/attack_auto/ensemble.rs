//! AutoAttack as a sequence: who attacks what, and what is recorded.

use crate::models::{Affine, Spy};
use crate::victims::trained;
use eigengate::attack::{
    Apgd, ApgdLoss, AutoAttack, AutoAttackReport, Batch, Fab, FirstComparison, FixedEps, Norm, Part, Square,
    WithinEps,
};
use eigengate::data::{Dataset, ImageShape};
use eigengate::{Error, Result};
use ndarray::{Array1, Array2, s};
use std::sync::OnceLock;

const SHAPE: ImageShape = ImageShape { channels: 1, height: 28, width: 28 };
const EPS: f32 = 0.06;

/// The parts of `standard` with less work, in an order in which each part breaks something.
fn parts() -> [Part; 4] {
    [
        Part::Square(Square::new(Norm::Linf, SHAPE).with_queries(30)),
        Part::Fab(Fab::new().with_targets(1).with_steps(1)),
        Part::Apgd(Apgd::dlr(Norm::Linf).with_steps(1)),
        Part::Apgd(Apgd::targeted(Norm::Linf).with_steps(20).with_targets(3)),
    ]
}

fn attack(part: &Part) -> Box<dyn FixedEps> {
    match part {
        Part::Apgd(apgd) => Box::new(*apgd),
        Part::Fab(fab) => Box::new(WithinEps::new(*fab)),
        Part::Square(square) => Box::new(*square),
    }
}

fn data() -> &'static Dataset {
    static DATA: OnceLock<Dataset> = OnceLock::new();
    DATA.get_or_init(|| trained().1.take(120).unwrap())
}

fn report() -> &'static AutoAttackReport {
    static REPORT: OnceLock<AutoAttackReport> = OnceLock::new();
    REPORT.get_or_init(|| AutoAttack::of(&parts()).unwrap().evaluate(&trained().0, data(), EPS).unwrap())
}

#[test]
fn standard_has_the_published_parts() {
    for norm in [Norm::Linf, Norm::L2] {
        let standard = AutoAttack::standard(norm, SHAPE).with_seed(8);
        let names: Vec<String> = standard.parts().iter().map(|part| attack(part).name()).collect();
        assert_eq!(names, ["APGD-CE", "APGD-T", "FAB-T", "Square"]);
        assert_eq!((standard.name(), standard.norm(), standard.seed()), ("AutoAttack".to_owned(), norm, 8));
        for part in standard.parts() {
            let part_attack = attack(part);
            assert_eq!((part_attack.norm(), part_attack.seed(), part_attack.restarts()), (norm, 8, 1));
            match part {
                Part::Apgd(apgd) => {
                    assert_eq!((apgd.steps, apgd.targets, apgd.draws), (100, 9, 1));
                    assert_eq!((apgd.first_comparison, apgd.drop_fooled), (FirstComparison::Zero, false));
                }
                Part::Fab(fab) => {
                    assert_eq!((fab.steps, fab.targets), (100, 9));
                    assert_eq!((fab.alpha_max, fab.eta, fab.beta), (0.1, 1.05, 0.9));
                }
                Part::Square(square) => {
                    assert_eq!((square.queries, square.share, square.rescaled), (5000, 0.8, false));
                    assert_eq!(square.shape, SHAPE);
                }
            }
        }
        let rand = AutoAttack::rand(norm);
        let losses: Vec<(ApgdLoss, usize)> = rand
            .parts()
            .iter()
            .filter_map(|part| if let Part::Apgd(apgd) = part { Some((apgd.loss, apgd.draws)) } else { None })
            .collect();
        assert_eq!(losses, [(ApgdLoss::CrossEntropy, 20), (ApgdLoss::Dlr, 20)]);
    }
}

#[test]
fn an_example_is_broken_by_the_first_attack_that_can() -> Result<()> {
    let (net, _) = trained();
    let alone: Vec<_> =
        parts().iter().map(|part| attack(part).attack(net, data(), EPS)).collect::<Result<_>>()?;
    let report = report();
    for row in 0..data().len() {
        if report.clean_errors[row] {
            assert_eq!(report.broken_by[row], None);
            assert!(report.adversarial.success[row]);
            assert_eq!(report.adversarial.images.row(row), data().images().row(row));
            // The first question, and four more to see whether the answer is random.
            assert_eq!(
                (report.adversarial.calls[row].forward, report.adversarial.calls[row].gradient),
                (5, 0)
            );
            continue;
        }
        // Draws are keyed by the example, so an attack finds the same in a smaller company.
        let first = alone.iter().position(|found| found.success[row]);
        assert_eq!(report.broken_by[row], first, "{row}");
        assert_eq!(report.adversarial.success[row], first.is_some());
        let used = first.map_or(alone.len(), |first| first + 1);
        let forward: u32 = alone[..used].iter().map(|found| found.calls[row].forward).sum();
        let gradient: u32 = alone[..used].iter().map(|found| found.calls[row].gradient).sum();
        let asked_again = u32::from(first.is_some());
        assert_eq!(report.adversarial.calls[row].forward, 5 + forward + asked_again, "{row}: {first:?}");
        assert_eq!(report.adversarial.calls[row].gradient, gradient);
        match first {
            Some(first) => assert_eq!(report.adversarial.images.row(row), alone[first].images.row(row)),
            None => {
                let least = alone.iter().map(|found| found.margins[row]).fold(f64::INFINITY, f64::min);
                assert_eq!(report.adversarial.margins[row], least, "the best that failed");
            }
        }
    }
    let used: Vec<usize> = (0..4).filter(|turn| report.broken_by.contains(&Some(*turn))).collect();
    assert!(used.len() >= 3, "{used:?}");
    Ok(())
}

#[test]
fn accuracies_and_the_table_count_the_same() -> Result<()> {
    let report = report();
    let n = data().len() as f64;
    let count = |of: &dyn Fn(usize) -> bool| (0..data().len()).filter(|row| of(*row)).count() as f64 / n;
    assert_eq!(report.clean_accuracy(), count(&|row| !report.clean_errors[row]));
    assert_eq!(report.robust_accuracy(), count(&|row| !report.adversarial.success[row]));
    let after = report.accuracy_after();
    let mut left = report.clean_accuracy();
    for (turn, after) in after.iter().enumerate() {
        left -= count(&|row| report.broken_by[row] == Some(turn));
        assert!((after - left).abs() < 1e-12, "{turn}");
    }
    assert_eq!(after.last(), Some(&report.robust_accuracy()));

    let frame = report.frame()?;
    assert_eq!((frame.height(), frame.width()), (120, 12));
    let (by, success) = (frame.column("broken_by")?.str()?, frame.column("success")?.bool()?);
    let distance = frame.column("distance")?.f64()?;
    for row in 0..120 {
        let want = match report.broken_by[row] {
            _ if report.clean_errors[row] => Some("clean"),
            Some(turn) => Some(report.attacks[turn].as_str()),
            None => None,
        };
        assert_eq!(by.get(row), want);
        assert_eq!(success.get(row), Some(report.adversarial.success[row]));
        let change = &report.adversarial.images.row(row) - &data().images().row(row);
        let largest = change.iter().fold(0.0f64, |m, d| m.max(f64::from(d.abs())));
        assert!((distance.get(row).unwrap() - largest).abs() < 1e-7);
    }
    let text = format!("{report:?}");
    assert!(text.contains("120 examples") && text.contains("robust") && !text.contains('\n'), "{text}");
    report.evcxr_display();
    Ok(())
}

#[test]
fn every_attack_starts_at_the_clean_image() -> Result<()> {
    let (net, _) = trained();
    let spy = Spy::new(net);
    let eps = 0.01;
    let part = |seed| Part::Apgd(Apgd::cross_entropy(Norm::Linf).with_steps(2).with_seed(seed));
    AutoAttack::of(&[part(0), part(1), part(2)])?.evaluate(&spy, data(), eps)?;
    let mut starts = 0;
    for asked in spy.asked.into_inner() {
        for x in asked.rows() {
            let near = data()
                .images()
                .rows()
                .into_iter()
                .any(|clean| clean.iter().zip(x).all(|(clean, x)| (clean - x).abs() < eps + 1e-6));
            assert!(near, "an image outside of every ball");
            starts += 1;
        }
    }
    assert!(starts > 1000);
    Ok(())
}

#[test]
fn too_few_classes_are_refused_with_the_remedy() -> Result<()> {
    let shape = ImageShape { channels: 1, height: 2, width: 2 };
    let image = Array2::from_elem((1, 4), 0.5f32);
    for (classes, attack, remedy) in [
        (3, Box::new(AutoAttack::standard(Norm::Linf, shape)) as Box<dyn FixedEps>, "AutoAttack::of"),
        (2, Box::new(AutoAttack::rand(Norm::Linf)), "cross_entropy"),
        (2, Box::new(Apgd::dlr(Norm::L2)), "cross_entropy"),
        (3, Box::new(Apgd::targeted(Norm::L2)), "cross_entropy"),
    ] {
        let model = Affine { w: Array2::zeros((classes, 4)), b: Array1::zeros(classes) };
        let spy = Spy::new(&model);
        let error = attack.perturb(&spy, Batch::new(image.view(), &[0]), 0.1).unwrap_err();
        assert!(matches!(error, Error::Parameter { name: "classes", .. }), "{error}");
        assert!(error.to_string().contains(remedy), "{error}");
        assert!(spy.asked.into_inner().is_empty(), "{}: asked before it was checked", attack.name());
    }
    // The remedy for three classes works.
    let model = Affine { w: Array2::eye(4).slice_move(s![..3, ..]), b: Array1::zeros(3) };
    let parts = [
        Part::Apgd(Apgd::cross_entropy(Norm::Linf)),
        Part::Apgd(Apgd::dlr(Norm::Linf)),
        Part::Fab(Fab::new()),
        Part::Square(Square::new(Norm::Linf, shape).with_queries(20)),
    ];
    let images = ndarray::arr2(&[[0.6f32, 0.5, 0.1, 0.0], [0.6, 0.3, 0.1, 0.0]]);
    let found = AutoAttack::of(&parts)?.perturb(&model, Batch::new(images.view(), &[0, 0]), 0.1)?;
    assert_eq!(found.success, [true, false]);
    Ok(())
}

#[test]
fn targets_and_several_norms_are_refused() -> Result<()> {
    let (net, _) = trained();
    let images = data().images();
    let targets = vec![1; data().len()];
    let batch = Batch::new(images, data().labels()).with_targets(&targets);
    let error = AutoAttack::standard(Norm::Linf, SHAPE).evaluate_batch(net, batch, 0.1).unwrap_err();
    assert!(error.to_string().contains("targets"), "{error}");
    let mixed = [Part::Apgd(Apgd::dlr(Norm::Linf)), Part::Apgd(Apgd::dlr(Norm::L2))];
    let error = AutoAttack::of(&mixed).unwrap_err().to_string();
    assert!(error.contains("L2") && error.contains("Linf"), "{error}");
    assert!(matches!(AutoAttack::of(&[]), Err(Error::Empty { .. })));
    let wrong = ImageShape { channels: 3, height: 28, width: 28 };
    assert!(matches!(
        AutoAttack::standard(Norm::L2, wrong).evaluate(net, data(), 0.1),
        Err(Error::Shape { .. })
    ));
    Ok(())
}
