//! What holds for every attack: ball, range, eps = 0, honesty, independence of company, order and threads.

use crate::victims::trained;
use eigengate::attack::{
    Adversarial, Apgd, AutoAttack, Batch, Classifier, Fab, FixedEps, Norm, Part, Square,
};
use eigengate::data::{Dataset, ImageShape};
use eigengate::nn::predictions;
use eigengate::{Error, Result};
use ndarray::{Array2, Axis, s};

const SHAPE: ImageShape = ImageShape { channels: 1, height: 28, width: 28 };

fn attacks() -> Vec<Box<dyn FixedEps>> {
    let mut all: Vec<Box<dyn FixedEps>> = vec![];
    for norm in [Norm::Linf, Norm::L2] {
        all.push(Box::new(Apgd::cross_entropy(norm).with_steps(12)));
        all.push(Box::new(Apgd::dlr(norm).with_steps(8).with_restarts(2).with_seed(1)));
        all.push(Box::new(Apgd::targeted(norm).with_steps(6).with_targets(3).with_drop_fooled(true)));
        all.push(Box::new(Square::new(norm, SHAPE).with_queries(40)));
        let oblong = ImageShape { channels: 2, height: 14, width: 28 };
        all.push(Box::new(Square::new(norm, oblong).with_queries(20).with_restarts(2)));
        let parts = [
            Part::Apgd(Apgd::cross_entropy(norm).with_steps(3)),
            Part::Apgd(Apgd::targeted(norm).with_steps(3).with_targets(2)),
            Part::Fab(Fab::new().with_norm(norm).with_targets(2).with_steps(3)),
            Part::Square(Square::new(norm, SHAPE).with_queries(10)),
        ];
        all.push(Box::new(AutoAttack::of(&parts).unwrap()));
    }
    all
}

fn data() -> Dataset {
    trained().1.take(70).unwrap()
}

fn sizes(norm: Norm) -> [f32; 5] {
    if norm == Norm::Linf { [0.0, 1e-3, 0.05, 0.4, 2.0] } else { [0.0, 1e-2, 0.7, 5.0, 40.0] }
}

#[test]
fn images_stay_in_ball_and_range_and_say_what_they_do() -> Result<()> {
    let (net, _) = trained();
    let data = data();
    let clean = predictions(net, data.images())?;
    for attack in attacks() {
        for eps in sizes(attack.norm()) {
            let name = format!("{} {} {eps}", attack.name(), attack.norm());
            let found = attack.attack(net, &data, eps)?;
            assert!(found.images.iter().all(|x| (0.0..=1.0).contains(x)), "{name}");
            let logits = Classifier::logits(net, found.images.view())?;
            let said = predictions(net, found.images.view())?;
            for row in 0..data.len() {
                let (label, image) = (data.labels()[row], found.images.row(row));
                let change = attack.norm().between(&data.images().row(row).to_vec(), &image.to_vec());
                assert!(change <= f64::from(eps) + 1e-6, "{name}, {row}: {change}");
                assert_eq!(found.success[row], said[row] != label, "{name}, {row}");
                assert_eq!(found.success[row], found.first_success[row].is_some(), "{name}, {row}");
                let z = logits.row(row);
                let other =
                    (0..10).filter(|c| *c != usize::from(label)).map(|c| z[c]).fold(f32::MIN, f32::max);
                let margin = f64::from(z[usize::from(label)]) - f64::from(other);
                assert!((found.margins[row] - margin).abs() < 1e-6, "{name}, {row}");
                let same = image == data.images().row(row);
                if clean[row] != label {
                    assert!(same && found.steps[row] == 0, "{name}, {row}: misclassified as it is");
                } else if eps == 0.0 {
                    assert!(same && !found.success[row], "{name}, {row}: eps = 0 changed an image");
                } else {
                    assert!(!same, "{name}, {row}: the clean image");
                    // Random search tries something else first of all; the others use the room they have.
                    assert!(change > 0.2 * f64::from(eps.min(0.4)), "{name}, {row}: {change}");
                }
            }
        }
    }
    Ok(())
}

fn same(name: &str, whole: &Adversarial, part: &Adversarial, rows: &[usize]) {
    for (i, &row) in rows.iter().enumerate() {
        assert_eq!(part.images.row(i), whole.images.row(row), "{name}, {row}");
        assert_eq!(part.success[i], whole.success[row], "{name}, {row}");
        assert_eq!(part.margins[i], whole.margins[row], "{name}, {row}");
        assert_eq!(part.steps[i], whole.steps[row], "{name}, {row}");
        assert_eq!(part.first_success[i], whole.first_success[row], "{name}, {row}");
        assert_eq!(part.restarts[i], whole.restarts[row], "{name}, {row}");
        assert_eq!(part.calls[i], whole.calls[row], "{name}, {row}");
    }
}

#[test]
fn results_depend_on_the_example_alone() -> Result<()> {
    let (net, _) = trained();
    let data = data();
    for attack in attacks() {
        let name = attack.name();
        let eps = if attack.norm() == Norm::Linf { 0.04 } else { 0.6 };
        let whole = attack.attack(net, &data, eps)?;
        assert!(whole.success.contains(&true) && whole.success.contains(&false), "{name}");
        for (first, last) in [(0, 1), (8, 9), (33, 34), (13, 61)] {
            let images = data.images();
            let batch = Batch::new(images.slice(s![first..last, ..]), &data.labels()[first..last]);
            let part = attack.perturb(net, batch.with_first(first), eps)?;
            same(&name, &whole, &part, &(first..last).collect::<Vec<_>>());
        }
        let order: Vec<usize> = (0..70).rev().map(|i| i * 3 % 70).collect();
        let images = data.images().select(Axis(0), &order);
        let labels: Vec<u8> = order.iter().map(|row| data.labels()[*row]).collect();
        let shuffled = Batch::new(images.view(), &labels).with_numbers(&order);
        same(&name, &whole, &attack.perturb(net, shuffled, eps)?, &order);
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let again = pool.install(|| attack.attack(net, &data, eps))?;
            same(&format!("{name}, {threads} threads"), &whole, &again, &(0..70).collect::<Vec<_>>());
        }
    }
    Ok(())
}

#[test]
fn restarts_and_steps_never_weaken_an_attack_and_seeds_matter() -> Result<()> {
    let (net, _) = trained();
    let data = data();
    for norm in [Norm::Linf, Norm::L2] {
        let eps = if norm == Norm::Linf { 0.035 } else { 0.5 };
        let apgd = |restarts| Apgd::dlr(norm).with_steps(2).with_restarts(restarts);
        let square = |restarts| Square::new(norm, SHAPE).with_queries(5).with_restarts(restarts);
        let attacks: [[Box<dyn FixedEps>; 2]; 2] =
            [[Box::new(apgd(1)), Box::new(apgd(6))], [Box::new(square(1)), Box::new(square(6))]];
        for [one, six] in attacks {
            let (one, six) = (one.attack(net, &data, eps)?, six.attack(net, &data, eps)?);
            let mut used = vec![];
            for row in 0..data.len() {
                assert!(six.success[row] || !one.success[row]);
                assert!(one.success[row] || six.success[row] || six.margins[row] <= one.margins[row]);
                used.push(six.restarts[row]);
            }
            assert!((0..6).all(|restart| used.contains(&restart)), "{used:?}");
        }
        // A run alone is the one of all that has its number.
        let alone = apgd(6).run(net, Batch::of(&data), eps, 4)?;
        assert!(alone.restarts.iter().zip(&alone.steps).all(|(r, s)| *r == 4 || *s == 0));
        let images = |seed| Ok::<_, Error>(apgd(1).with_seed(seed).attack(net, &data, eps)?.images);
        assert_ne!(images(1)?, images(2)?);
        let images = |seed| Ok::<_, Error>(square(1).with_seed(seed).attack(net, &data, eps)?.images);
        assert_ne!(images(1)?, images(2)?);
    }
    Ok(())
}

#[test]
fn targeted_attacks_reach_their_targets() -> Result<()> {
    let (net, _) = trained();
    let data = data();
    let targets: Vec<u8> = data.labels().iter().map(|label| (label + 3) % 10).collect();
    let batch = Batch::of(&data).with_targets(&targets);
    let attacks: [(Box<dyn FixedEps>, f32); 6] = [
        (Box::new(Apgd::cross_entropy(Norm::Linf).with_steps(30)), 0.15),
        (Box::new(Apgd::dlr(Norm::Linf).with_steps(30)), 0.15),
        (Box::new(Apgd::targeted(Norm::Linf).with_steps(30)), 0.15),
        (Box::new(Apgd::cross_entropy(Norm::L2).with_steps(30)), 2.5),
        (Box::new(Square::new(Norm::Linf, SHAPE).with_queries(300)), 0.3),
        (Box::new(Square::new(Norm::L2, SHAPE).with_queries(300)), 5.0),
    ];
    for (attack, eps) in attacks {
        let name = format!("{} {}", attack.name(), attack.norm());
        let found = attack.perturb(net, batch, eps)?;
        let said = predictions(net, found.images.view())?;
        for row in 0..data.len() {
            assert_eq!(found.success[row], said[row] == targets[row], "{name}, {row}");
        }
        let reached = found.success.iter().filter(|s| **s).count();
        assert!(reached > 40, "{name}: {reached} of 70");
    }
    Ok(())
}

#[test]
fn bad_settings_are_refused() -> Result<()> {
    let (net, _) = trained();
    let data = data().take(2)?;
    let apgd = Apgd::cross_entropy(Norm::Linf);
    let square = Square::new(Norm::Linf, SHAPE);
    let vector = ImageShape { channels: 1, height: 1, width: 784 };
    let small = ImageShape { channels: 49, height: 4, width: 4 };
    let cases: Vec<(Box<dyn FixedEps>, &str)> = vec![
        (Box::new(Apgd::dlr(Norm::L1)), "L1"),
        (Box::new(apgd.with_steps(0)), "steps"),
        (Box::new(apgd.with_restarts(0)), "restarts"),
        (Box::new(apgd.with_draws(0)), "draws"),
        (Box::new(apgd.with_targets(0)), "targets"),
        (Box::new(Square::new(Norm::L1, SHAPE)), "L1"),
        (Box::new(square.with_queries(0)), "queries"),
        (Box::new(square.with_restarts(0)), "restarts"),
        (Box::new(square.with_share(0.0)), "share"),
        (Box::new(square.with_share(f64::NAN)), "share"),
        (Box::new(Square::new(Norm::Linf, vector)), "vectors have no squares"),
        (Box::new(Square::new(Norm::L2, small)), "at least 5 rows"),
        (Box::new(Square::new(Norm::L2, ImageShape { channels: 3, ..SHAPE })), "784 inputs"),
    ];
    for (attack, part) in cases {
        let text = attack.attack(net, &data, 0.1).unwrap_err().to_string();
        assert!(text.contains(part), "{text}");
        for restart in [0, 1] {
            assert!(attack.run(net, Batch::of(&data), 0.1, restart).is_err());
        }
    }
    for attack in attacks() {
        for eps in [-0.1, f32::NAN, f32::INFINITY] {
            let text = attack.attack(net, &data, eps).unwrap_err().to_string();
            assert!(text.contains("eps"), "{text}");
        }
        let refused = |images: Array2<f32>, labels: &[u8]| {
            attack.perturb(net, Batch::new(images.view(), labels), 0.1).map(drop).unwrap_err()
        };
        assert!(matches!(refused(Array2::zeros((0, 784)), &[]), Error::Empty { .. }));
        assert!(matches!(refused(Array2::zeros((1, 783)), &[1]), Error::Shape { .. }));
        assert!(matches!(refused(Array2::zeros((1, 784)), &[10]), Error::Parameter { name: "label", .. }));
        assert!(matches!(refused(Array2::from_elem((1, 784), f32::NAN), &[0]), Error::NotFinite { .. }));
    }
    Ok(())
}
