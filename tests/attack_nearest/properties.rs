//! What holds for every search, on a trained network.

use crate::networks::trained;
use crate::victims::{Affine, Spy, search};
use eigengate::attack::{
    Batch, CarliniWagner, Classifier, DeepFool, Fab, MinimalNorm, Nearest, Norm, Warning,
};
use eigengate::data::Dataset;
use eigengate::nn::predictions;
use eigengate::{Error, Result};
use ndarray::{Array2, Axis, s};

fn attacks() -> Vec<Box<dyn MinimalNorm>> {
    let cw = CarliniWagner::new().with_steps(50).with_learning_rate(0.1).with_first_weight(0.1);
    let fab = Fab::new().with_steps(6);
    vec![
        Box::new(DeepFool::new()),
        Box::new(DeepFool::new().with_norm(Norm::Linf).with_candidates(None)),
        Box::new(cw.with_searches(4)),
        Box::new(cw.with_searches(3).with_confidence(0.5)),
        Box::new(fab.with_restarts(2)),
        Box::new(fab.with_norm(Norm::L2).with_restarts(2).with_seed(3)),
        Box::new(fab.with_targets(9)),
        Box::new(fab.with_norm(Norm::L2).with_targets(3).with_restarts(2)),
    ]
}

fn few() -> (&'static eigengate::nn::Mlp, Dataset) {
    let (net, data) = trained();
    (net, data.take(70).unwrap())
}

fn row_of(array: &Array2<f32>, row: usize) -> Vec<f32> {
    array.row(row).to_vec()
}

#[test]
fn what_is_said_of_an_image_is_so() -> Result<()> {
    let (net, data) = few();
    let wrong: Vec<bool> =
        predictions(net, data.images())?.iter().zip(data.labels()).map(|(p, y)| p != y).collect();
    assert!(wrong.contains(&true));
    for (k, attack) in attacks().iter().enumerate() {
        let (name, found) = (attack.name(), attack.attack(net, &data)?);
        let confidence = if k == 3 { 0.5 } else { 0.0 };
        assert!(found.images.iter().all(|x| (0.0..=1.0).contains(x)), "{name}");
        assert_eq!(found.norm, attack.norm());
        let logits = Classifier::logits(net, found.images.view())?;
        for (row, &wrong) in wrong.iter().enumerate() {
            let (z, y) = (row_of(&logits, row), usize::from(data.labels()[row]));
            let other = (0..10).filter(|c| *c != y).map(|c| z[c]).fold(f32::NEG_INFINITY, f32::max);
            let margin = f64::from(z[y]) - f64::from(other);
            assert!((found.margins[row] - margin).abs() < 1e-4, "{name} {row}");
            assert_eq!(found.success[row], found.margins[row] < -confidence, "{name} {row}");
            assert_eq!(found.success[row], found.first_success[row].is_some());
            let pair = data.images().row(row).to_vec().into_iter().zip(row_of(&found.images, row));
            let d = pair.map(|(a, b)| (f64::from(b) - f64::from(a)).abs());
            let distance = match found.norm {
                Norm::Linf => d.fold(0.0, f64::max),
                _ => d.map(|d| d * d).sum::<f64>().sqrt(),
            };
            match found.success[row] {
                true => assert!((found.distances[row] - distance).abs() < 1e-9, "{name} {row}"),
                false => assert!(found.distances[row].is_nan(), "{name} {row}"),
            }
            // Misclassified as they are: nothing to search for.
            if wrong && confidence == 0.0 {
                assert_eq!(
                    (found.distances[row], found.steps[row], found.first_success[row]),
                    (0.0, 0, Some(0))
                );
                assert_eq!((found.calls[row].forward, found.calls[row].gradient), (1, 0));
                assert_eq!(row_of(&found.images, row), data.images().row(row).to_vec());
            } else if !wrong {
                assert!(!found.success[row] || found.distances[row] > 0.0);
                assert!(
                    found.first_success[row].is_none_or(|first| first >= 1 && first <= found.steps[row]
                        || found.restarts[row] > 0
                        || name == "FAB-T"),
                    "{name} {row}"
                );
            }
        }
        let rate = found.success.iter().filter(|s| **s).count();
        assert!(rate >= 65, "{name}: {rate} of 70");
    }
    Ok(())
}

fn assert_same(what: &str, part: &Nearest, whole: &Nearest, rows: &[usize]) {
    let pick = |row: &usize| {
        (whole.distances[*row].to_bits(), whole.margins[*row].to_bits(), whole.steps[*row], whole.calls[*row])
    };
    let want: Vec<_> = rows.iter().map(pick).collect();
    let got: Vec<_> = (0..rows.len())
        .map(|row| {
            (part.distances[row].to_bits(), part.margins[row].to_bits(), part.steps[row], part.calls[row])
        })
        .collect();
    assert_eq!(got, want, "{what}");
    assert_eq!(part.images, whole.images.select(Axis(0), rows), "{what}");
}

#[test]
fn results_depend_on_the_example_alone() -> Result<()> {
    let (net, data) = few();
    for attack in attacks() {
        let name = attack.name();
        let whole = attack.attack(net, &data)?;
        let some = |rows: &[usize]| {
            let images = data.images().select(Axis(0), rows);
            let labels: Vec<u8> = rows.iter().map(|row| data.labels()[*row]).collect();
            attack.search(net, Batch::new(images.view(), &labels).with_numbers(rows))
        };
        for rows in [vec![0], vec![8], (3..60).collect(), (0..70).rev().collect()] {
            assert_same(&format!("{name}, {} rows", rows.len()), &some(&rows)?, &whole, &rows);
        }
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        let all: Vec<usize> = (0..70).collect();
        assert_same(&format!("{name}, threads"), &pool.install(|| attack.attack(net, &data))?, &whole, &all);
    }
    Ok(())
}

#[test]
fn more_runs_never_end_further_away() -> Result<()> {
    let (net, data) = few();
    for norm in [Norm::Linf, Norm::L2] {
        let fab = Fab::new().with_norm(norm).with_steps(4);
        let pairs = [
            (fab, fab.with_restarts(4)),
            (fab, fab.with_steps(12)),
            (fab.with_targets(2), fab.with_targets(9)),
            (fab.with_targets(2), fab.with_targets(2).with_restarts(3)),
        ];
        for (less, more) in pairs {
            let (a, b) = (less.attack(net, &data)?, more.attack(net, &data)?);
            assert!((0..70).all(|i| b.distances[i] <= a.distances[i] || a.distances[i].is_nan()));
            // With so few steps, restarts find nothing nearer for these digits.
            let better = (0..70).filter(|&i| b.distances[i] < a.distances[i]).count();
            assert!(more.restarts > less.restarts || better > 2, "{norm} {more:?} {better}");
        }
    }
    let cw = CarliniWagner::new().with_steps(50).with_learning_rate(0.1);
    let (less, more) = (cw.with_searches(3).attack(net, &data)?, cw.with_searches(7).attack(net, &data)?);
    assert!((0..70).all(|i| more.distances[i] <= less.distances[i] || less.distances[i].is_nan()));
    let count = |found: &Nearest| found.success.iter().filter(|s| **s).count();
    assert!(count(&less) < 60 && count(&more) > 65, "{} {}", count(&less), count(&more));
    Ok(())
}

#[test]
fn restarts_start_at_random_at_half_of_the_reach() -> Result<()> {
    // Classes far apart, so that nothing is found and no pixel meets the box.
    let affine = Affine { w: ndarray::arr2(&[[0.0; 30], [1.0; 30]]), b: vec![100.0, 0.0] };
    let images = Array2::from_elem((2, 30), 0.5);
    for (norm, usual) in [(Norm::Linf, 0.3), (Norm::L2, 2.0)] {
        let fab = Fab::new().with_norm(norm).with_steps(1);
        for (fab, reach) in [(fab, usual), (fab.with_reach(Some(0.2)), 0.2)] {
            let start = |fab: Fab| {
                let spy = Spy::on(&affine);
                search(&fab.with_restarts(2), &spy, &images);
                let asked = spy.asked.lock().unwrap();
                // The clean images; gradient and logits of the first run; gradient of the second.
                assert!(asked.len() == 5 && asked[0] == images && asked[1] == images);
                asked[3].clone()
            };
            let first = start(fab);
            for x in first.rows() {
                let d = x.iter().map(|x| (f64::from(*x) - 0.5).abs());
                let far = if norm == Norm::Linf {
                    d.fold(0.0, f64::max)
                } else {
                    d.map(|d| d * d).sum::<f64>().sqrt()
                };
                assert!((far - 0.5 * reach).abs() < 1e-6, "{norm} {reach}: {far}");
                assert!(x.iter().any(|x| *x > 0.5) && x.iter().any(|x| *x < 0.5));
            }
            assert_ne!(first.row(0), first.row(1));
            assert_eq!(first, start(fab));
            assert_ne!(first, start(fab.with_seed(1)));
        }
    }
    // Every target has starts of its own: after the clean images, two runs of two questions for each.
    let three = Affine { w: Array2::zeros((3, 30)), b: vec![2.0, 1.0, 0.0] };
    let spy = Spy::on(&three);
    search(&Fab::new().with_steps(1).with_targets(2).with_restarts(2), &spy, &images);
    let asked = spy.asked.lock().unwrap();
    assert!(asked.len() == 9 && asked[1] == images && asked[5] == images && asked[3] != asked[7]);
    drop(asked);
    // Once something is found, at half of that distance.
    let near = Affine { w: ndarray::arr2(&[[0.0; 30], [1.0; 30]]), b: vec![15.6, 0.0] };
    let spy = Spy::on(&near);
    search(&Fab::new().with_steps(1).with_restarts(2), &spy, &images);
    let asked = spy.asked.lock().unwrap();
    let far = asked[3].iter().fold(0.0f32, |most, x| most.max((x - 0.5).abs()));
    assert!((far - 0.5 * 1.05 * 0.02).abs() < 1e-6, "{far}");
    Ok(())
}

#[test]
fn a_constant_model_is_never_fooled() -> Result<()> {
    let model = Affine { w: Array2::zeros((3, 6)), b: vec![1.0, 0.0, 0.5] };
    let images = Array2::from_shape_fn((2, 6), |(i, j)| (i + j) as f32 / 7.0);
    for attack in attacks() {
        let found = search(&*attack, &model, &images);
        assert!(found.distances.iter().all(|d| d.is_nan()) && !found.success.contains(&true));
        assert_eq!(found.first_success, [None, None]);
        assert_eq!(found.margins, [0.5, 0.5]);
        assert_eq!(found.images, images);
        assert_eq!(found.median(), f64::INFINITY);
        assert!(found.relative(images.view())?.is_nan());
        let zero = |w: &Warning| matches!(w, Warning::ZeroGradient { examples, .. } if examples == &[0, 1]);
        assert!(found.warnings.iter().any(zero), "{}: {:?}", attack.name(), found.warnings);
    }
    Ok(())
}

#[test]
fn examples_that_are_done_are_asked_no_more() -> Result<()> {
    let (net, data) = few();
    let found = DeepFool::new().attack(net, &data)?;
    for row in 0..70 {
        let (steps, calls) = (found.steps[row], found.calls[row]);
        assert_eq!((calls.forward, calls.gradient), (1 + steps + 9 * steps, 9 * steps));
    }
    let steps: Vec<u32> = found.steps.clone();
    assert!(steps.contains(&1) && steps.contains(&3), "{steps:?}");
    Ok(())
}

#[test]
fn relative_distances_and_medians() -> Result<()> {
    let (net, data) = few();
    let found = DeepFool::new().attack(net, &data)?;
    let relative = |row: usize| {
        let length = |x: &[f32]| x.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
        found.distances[row] / length(&data.images().row(row).to_vec())
    };
    let mean = (0..70).map(relative).sum::<f64>() / 70.0;
    assert!((found.relative(data.images())? - mean).abs() < 1e-9 && mean > 0.01, "{mean}");
    let mut sorted = found.distances.clone();
    sorted.sort_by(f64::total_cmp);
    assert_eq!(found.median(), 0.5 * (sorted[34] + sorted[35]));
    assert!(matches!(found.relative(data.images().slice(s![..3, ..])), Err(Error::Shape { .. })));
    assert!(format!("{found:?}").starts_with("Nearest(70 of 70 found, median L2 distance 0."), "{found:?}");
    Ok(())
}
