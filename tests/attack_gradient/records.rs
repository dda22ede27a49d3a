//! Suites, their records, and what follows from them.

use crate::errors::{has, text};
use crate::victims::trained;
use eigengate::attack::{
    Classifier, Cotangent, DeepFool, ErrorCurve, Fgm, Fgsm, MinimalNorm, Norm, Pgd, PulledBack, Suite,
    attack_over_eps,
};
use eigengate::exchange::{read_npy, write_npy};
use eigengate::{Error, Result};
use ndarray::{Array2, ArrayView2};
use std::sync::Mutex;

const EPS: [f32; 4] = [0.0, 0.03, 0.06, 0.1];

#[test]
fn a_row_per_example_attack_eps_and_restart() -> Result<()> {
    let (net, data) = trained();
    let data = data.take(50)?;
    let pgd = Pgd::new().with_steps(4).with_restarts(3).with_seed(9);
    let all = Suite::new().with(Fgsm).with(pgd).with_minimal(DeepFool::new()).with_reuse(false);
    let found = all.run(net, &data, &EPS)?;
    let frame = found.frame()?;
    assert_eq!(frame.height(), 50 * 4 + 50 * 4 * 3 + 50);
    let names = [
        "example",
        "attack",
        "norm",
        "eps",
        "found_at",
        "restart",
        "label",
        "target",
        "clean",
        "adversarial",
        "success",
        "margin",
        "linf",
        "l2",
        "l1",
        "step",
        "first_success",
        "forward",
        "gradient",
        "seed",
    ];
    let found_names: Vec<&str> = frame.get_column_names().iter().map(|name| name.as_str()).collect();
    assert_eq!(found_names, names);
    let column = |name: &str| frame.column(name).unwrap().clone();
    assert_eq!((column("eps").null_count(), column("target").null_count()), (50, frame.height()));
    let (attack, seed) = (column("attack"), column("seed"));
    for row in [0, 199, 200, 799] {
        let fgsm = row < 200;
        assert_eq!(attack.str()?.get(row), Some(if fgsm { "FGSM" } else { "PGD-4x3" }));
        assert_eq!(seed.u64()?.get(row), Some(if fgsm { 0 } else { 9 }));
    }
    // Without reuse the curve of FGSM is that of attack_over_eps, to the bit.
    let old = attack_over_eps(net, &data, &Fgsm, &EPS)?.curve("a");
    assert_eq!(found.curve("FGSM", "a")?, old);
    // Success is the prediction's; sizes are those of the norm.
    let (label, said, success) = (column("label"), column("adversarial"), column("success"));
    let (linf, l2, l1, eps) = (column("linf"), column("l2"), column("l1"), column("eps"));
    for row in 0..frame.height() {
        let wrong = label.i64()?.get(row) != said.i64()?.get(row);
        assert_eq!(success.bool()?.get(row), Some(wrong));
        let size = |column: &polars::prelude::Column| column.f64().unwrap().get(row).unwrap();
        assert!(size(&linf) <= size(&l2) + 1e-9 && size(&l2) <= size(&l1) + 1e-9);
        if let Some(eps) = eps.f64()?.get(row) {
            assert!(size(&linf) <= eps + 1e-6);
        }
    }
    Ok(())
}

/// By hand, from the rows.
#[test]
fn rates_bands_and_worst_cases_are_counted_from_the_rows() -> Result<()> {
    let (net, data) = trained();
    let data = data.take(80)?;
    let suite = Suite::new()
        .with(Fgsm)
        .with(Pgd::new().with_steps(4).with_relative_step(0.3))
        .with(Fgm::new().with_norm(Norm::L2))
        .with_minimal(DeepFool::new());
    let found = suite.run(net, &data, &EPS)?;
    let worst = found.worst_case(Norm::Linf, "worst")?;
    let rates = found.rates()?;
    for (k, eps) in [0.0, 0.03, 0.06, 0.1].into_iter().enumerate() {
        let count = |fooled: &[bool]| fooled.iter().filter(|f| **f).count();
        let (fgsm, pgd) = (found.fooled("FGSM", eps)?, found.fooled("PGD-4", eps)?);
        let any: Vec<bool> = fgsm.iter().zip(&pgd).map(|(a, b)| *a || *b).collect();
        assert_eq!(worst.error[k], count(&any) as f64 / 80.0);
        assert!(worst.error[k] >= found.curve("FGSM", "")?.error[k]);
        assert_eq!(rates.column("fooled")?.i64()?.get(k), Some(count(&fgsm) as i64));
        let p = count(&fgsm) as f64 / 80.0;
        let get = |name: &str| rates.column(name).unwrap().f64().unwrap().get(k).unwrap();
        assert_eq!((get("eps"), get("error")), (eps, p));
        assert!((get("standard_error") - (p * (1.0 - p) / 80.0).sqrt()).abs() < 1e-15);
        // Wilson: both ends solve (p - x)^2 = z^2 x (1 - x) / n.
        for end in [get("low"), get("high")] {
            let z2 = 1.959963984540054f64.powi(2);
            assert!(((p - end).powi(2) - z2 * end * (1.0 - end) / 80.0).abs() < 1e-12, "{end}");
        }
        assert!(get("low") <= p && p <= get("high") && get("low") < get("high"));
    }
    let fgsm_alone = (0..80).any(|row| {
        let fooled = |name: &str| found.fooled(name, 0.06).unwrap()[row];
        fooled("FGSM") != fooled("PGD-4")
    });
    assert!(fgsm_alone, "one attack is as good as both: the worst case is not tested");
    has(&text(found.curve("PGD", "")), &["attack = PGD", "FGSM"]);
    has(&text(found.worst_case(Norm::L1, "")), &["norm = L1"]);
    has(&text(found.curve_at("FGSM", "", &[0.1])), &["attack = FGSM"]);
    Ok(())
}

#[test]
fn curves_never_fall_because_what_a_smaller_ball_holds_is_taken_over() -> Result<()> {
    let (net, data) = trained();
    let data = data.take(200)?;
    let eps: Vec<f32> = (0..12).map(|k| 0.1 * k as f32).collect();
    // One step of a large eps overshoots.
    let suite = Suite::new().with(Fgm::new().with_norm(Norm::L2)).with_images(true);
    let found = suite.run(net, &data, &eps)?;
    let curve = found.curve("FGM L2", "")?;
    assert!(curve.error.windows(2).all(|pair| pair[0] <= pair[1]), "{:?}", curve.error);
    let alone = suite.clone().with_reuse(false).run(net, &data, &eps)?.curve("FGM L2", "")?;
    for k in 0..12 {
        // What a curve is by definition: fooled by at least one of the runs up to here.
        assert!(curve.error[k] >= alone.error[k]);
    }
    let frame = found.frame()?;
    let column = |name: &str| frame.column(name).unwrap().clone();
    let (at, from, forward, first) =
        (column("eps"), column("found_at"), column("forward"), column("first_success"));
    let mut taken = 0;
    for row in 0..frame.height() {
        let (at, from) = (at.f64()?.get(row).unwrap(), from.f64()?.get(row).unwrap());
        assert!(from <= at);
        if from < at {
            taken += 1;
            // Nothing was asked for it.
            assert_eq!(forward.i64()?.get(row), Some(0));
            assert!(first.i64()?.get(row).is_some());
        }
    }
    assert!(taken > 100, "{taken}");
    // The images are those of the records, and leave as npy.
    let images = found.images("FGM L2", Some(1.1)).unwrap().to_owned();
    let said = eigengate::nn::predictions(net, images.view())?;
    let fooled = found.fooled("FGM L2", 1.1)?;
    for row in 0..200 {
        assert_eq!(fooled[row], said[row] != data.labels()[row]);
    }
    let path = std::env::temp_dir().join(format!("eigengate-adversarial-{}.npy", std::process::id()));
    write_npy(&path, &images)?;
    let read: Array2<f32> = read_npy(&path)?;
    std::fs::remove_file(&path).ok();
    assert_eq!(read, images);
    assert!(found.images("FGM L2", Some(0.77)).is_none());
    Ok(())
}

#[test]
fn minimal_distances_are_the_whole_curve() -> Result<()> {
    let (net, data) = trained();
    let data = data.take(100)?;
    let found = Suite::new().with_minimal(DeepFool::new()).run(net, &data, &[])?;
    let nearest = DeepFool::new().attack(net, &data)?;
    let distances = found.distances("DeepFool")?;
    for (ours, theirs) in distances.iter().zip(&nearest.distances) {
        assert!((ours - theirs).abs() < 1e-6 || (ours.is_nan() && theirs.is_nan()), "{ours} {theirs}");
    }
    assert!((found.median_distance("DeepFool")? - nearest.median()).abs() < 1e-6);
    let eps: Vec<f64> = (0..40).map(|k| 0.1 * f64::from(k)).collect();
    let curve = found.curve_at("DeepFool", "net", &eps)?;
    assert_eq!(curve, ErrorCurve::of_distances("net", &distances, &eps));
    let clean = eigengate::nn::error_rate(net, &data)?;
    assert_eq!(curve.error[0], clean);
    assert!(curve.error[39] > 0.9 && curve.error.windows(2).all(|pair| pair[0] <= pair[1]));
    Ok(())
}

#[test]
fn bands_between_seeds() -> Result<()> {
    let curve = |errors: &[f64]| ErrorCurve {
        name: String::new(),
        eps: vec![0.0, 0.1],
        error: errors.to_vec(),
        standard_error: vec![0.0; 2],
    };
    let curves = [curve(&[0.1, 0.5]), curve(&[0.2, 0.5]), curve(&[0.6, 0.5])];
    let mean = ErrorCurve::over_seeds("three", &curves)?;
    // Deviations -0.2, -0.1, 0.3: sample variance 0.07.
    assert!(
        (mean.error[0] - 0.3).abs() < 1e-12
            && (mean.standard_error[0] - (0.07f64 / 3.0).sqrt()).abs() < 1e-12
    );
    assert_eq!((mean.error[1], mean.standard_error[1]), (0.5, 0.0));
    assert!(matches!(ErrorCurve::over_seeds("", &[]), Err(Error::Empty { .. })));
    let other = ErrorCurve { eps: vec![0.0, 0.2], ..curve(&[0.1, 0.5]) };
    has(&text(ErrorCurve::over_seeds("", &[curves[0].clone(), other])), &["eps of the curves"]);
    Ok(())
}

/// Counts what it is asked.
struct Counting<'a> {
    model: &'a dyn Classifier,
    asked: Mutex<(usize, usize)>,
}

impl Classifier for Counting<'_> {
    fn inputs(&self) -> usize {
        self.model.inputs()
    }
    fn classes(&self) -> usize {
        self.model.classes()
    }
    fn logits(&self, images: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
        self.asked.lock().unwrap().0 += images.nrows();
        self.model.logits(images)
    }
    fn pull_back(&self, images: ArrayView2<'_, f32>, cotangent: &mut Cotangent<'_>) -> Result<PulledBack> {
        self.asked.lock().unwrap().0 += images.nrows();
        self.asked.lock().unwrap().1 += images.nrows();
        self.model.pull_back(images, cotangent)
    }
}

#[test]
fn calls_are_counted() -> Result<()> {
    let (net, data) = trained();
    let data = data.take(60)?;
    for drop in [false, true] {
        let model = Counting { model: net, asked: Mutex::new((0, 0)) };
        let pgd = Pgd::new().with_steps(5).with_restarts(2).with_drop_fooled(drop);
        let found = Suite::new().with(pgd).run(&model, &data, &[0.05, 0.1])?;
        let frame = found.frame()?;
        let sum =
            |name: &str| frame.column(name).unwrap().i64().unwrap().iter().flatten().sum::<i64>() as usize;
        let (forward, gradient) = *model.asked.lock().unwrap();
        assert_eq!(sum("gradient"), gradient);
        // The suite itself asks once about the clean images, and once about what every run gave.
        let runs = frame.column("forward")?.i64()?.iter().filter(|calls| *calls != Some(0)).count();
        assert_eq!(sum("forward") + 60 + runs, forward);
    }
    Ok(())
}

#[test]
fn a_suite_refuses_what_it_cannot_tell_apart() -> Result<()> {
    let (net, data) = trained();
    let data = data.take(3)?;
    has(&text(Suite::new().run(net, &data, &[0.1])), &["attacks", "empty"]);
    has(&text(Suite::new().with(Fgsm).run(net, &data, &[])), &["eps", "empty"]);
    has(&text(Suite::new().with(Fgsm).run(net, &data, &[-0.1])), &["eps = -0.1"]);
    has(
        &text(Suite::new().with(Fgsm).with(Fgsm).run(net, &data, &[0.1])),
        &["attack = FGSM", "different names"],
    );
    Ok(())
}
