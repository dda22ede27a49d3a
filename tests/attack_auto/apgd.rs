//! Every iterate of APGD against a float64 implementation.
//!
//! The reference goes along with the iterates that the attack asked the model about: from those up to `n` it computes
//! iterate `n + 1` with gradients of its own and compares it, pixel by pixel, to 1e-6 (Linf) or 5e-6 (L2). Losses are compared as
//! the attack compares them, from the float32 logits that it saw. So rounding decides about one thing alone, the sign of a
//! gradient (Linf): pixels whose gradient is below 1e-4 of the largest are left out. So are steps from kinks of a ratio, where two of the largest
//! logits are closer than 3e-5, and steps along no gradient, where the label has the third largest logit and the ratio is 1.

use crate::models::Spy;
use crate::reference::{Reference, loss, next, size};
use crate::victims::trained;
use eigengate::Result;
use eigengate::attack::{Apgd, ApgdLoss, Batch, Classifier, FirstComparison, FixedEps, Norm};
use eigengate::nn::predictions;
use eigengate::seed::{Purpose, stream};
use ndarray::ArrayView1;

#[derive(Default, Debug)]
struct Compared {
    iterates: usize,
    pixels: usize,
    left_out: usize,
    flat: usize,
    kinks: usize,
    halvings: usize,
    returns: usize,
}

fn double(x: ArrayView1<'_, f32>) -> Vec<f64> {
    x.iter().map(|x| f64::from(*x)).collect()
}

/// Iterates and logits of one run of one example.
struct Seen {
    x: Vec<Vec<f64>>,
    z: Vec<Vec<f64>>,
}

/// Follows one example through one run.
fn follow(
    (attack, eps): (&Apgd, f64),
    reference: &Reference,
    clean: &[f64],
    seen: &Seen,
    of_logits: impl Fn(&[f64]) -> f64 + Copy,
    compared: &mut Compared,
) {
    let (norm, steps) = (attack.norm, attack.steps);
    let part = |share: f64| ((share * steps as f64 + 1e-9) as usize).max(1);
    let (mut k, mut since) = (part(0.22), 0);
    let (mut step, mut halved) = (2.0 * eps, true);
    let (mut best, mut best_loss, mut checked_loss) = (0, f64::NEG_INFINITY, 0.0);
    let (mut last, mut rises) = (0.0, 0);
    let mut before = seen.x[0].clone();
    let mut gradients = vec![];
    for n in 0..steps {
        let value = of_logits(&seen.z[n]);
        gradients.push(reference.slope(&seen.x[n], of_logits).1);
        if n > 0 {
            rises += usize::from(value > last);
            since += 1;
        }
        let zero = n == 0 && attack.first_comparison == FirstComparison::Zero;
        last = if zero { 0.0 } else { value };
        if value > best_loss {
            (best, best_loss) = (n, value);
        }
        if n == 0 {
            checked_loss = value;
        }
        let mut from = n;
        if since == k {
            let stuck = !halved && checked_loss >= best_loss;
            halved = rises as f64 <= 0.75 * k as f64 || stuck;
            if halved {
                step /= 2.0;
                from = best;
                compared.halvings += 1;
                compared.returns += usize::from(best != n);
            }
            (checked_loss, rises, since) = (best_loss, 0, 0);
            k = k.saturating_sub(part(0.03)).max(part(0.06));
        }
        let (x, gradient) = (&seen.x[from], &gradients[from]);
        let want = next(norm, (x, &before), (gradient, step), (clean, eps), n == 0);
        before = x.clone();
        let largest = size(Norm::Linf, gradient);
        if largest < 1e-8 {
            let value = of_logits(&seen.z[from]);
            assert!(attack.loss == ApgdLoss::Dlr && (value - 1.0).abs() < 1e-6, "{attack:?}: {value}");
            compared.flat += 1;
            continue;
        }
        let mut z = seen.z[from].clone();
        z.sort_by(|a, b| b.total_cmp(a));
        if attack.loss != ApgdLoss::CrossEntropy && z[..5].windows(2).any(|pair| pair[0] - pair[1] < 3e-5) {
            compared.kinks += 1;
            continue;
        }
        let bound = if norm == Norm::Linf { 1e-6 } else { 5e-6 };
        for (j, (got, want)) in seen.x[n + 1].iter().zip(&want).enumerate() {
            if norm == Norm::Linf && gradient[j].abs() <= 1e-4 * largest {
                compared.left_out += 1;
                continue;
            }
            compared.pixels += 1;
            assert!((got - want).abs() < bound, "{attack:?}: iterate {}, pixel {j}: {got} {want}", n + 1);
        }
        compared.iterates += 1;
    }
}

/// Attacks digits that the network knows, towards targets if `targeted`, and follows all of them. All stay to the end.
fn compare(attack: Apgd, eps: f32, count: usize, targeted: bool) -> Result<Compared> {
    let (net, data) = trained();
    let reference = Reference::new(net);
    let clean = predictions(net, data.images())?;
    let rows: Vec<usize> =
        (0..data.len()).filter(|row| clean[*row] == data.labels()[*row]).take(count).collect();
    let data = data.select(&rows)?;
    let targets: Vec<u8> = data.labels().iter().map(|label| (label + 4) % 10).collect();
    let mut batch = Batch::of(&data).with_first(5);
    if targeted {
        batch = batch.with_targets(&targets);
    }
    let spy = Spy::new(net);
    let found = attack.perturb(&spy, batch, eps)?;
    let (asked, answered) = (spy.asked.into_inner(), spy.answered.into_inner());
    assert_eq!(asked.len(), attack.steps + 2);
    assert!((0..count).all(|row| found.calls[row].forward as usize == attack.steps + 2));
    let mut compared = Compared::default();
    for row in 0..count {
        let clean = double(data.images().row(row));
        let of = |all: &[ndarray::Array2<f32>]| all[1..].iter().map(|a| double(a.row(row))).collect();
        let seen = Seen { x: of(&asked), z: of(&answered) };
        let mut random = stream(attack.seed, Purpose::ApgdStart, (5 + row) as u64);
        let draw = |_: &f64| match attack.norm {
            Norm::Linf => f64::from(random.uniform_in(-1.0, 1.0)),
            _ => random.normal(),
        };
        let draws: Vec<f64> = clean.iter().map(draw).collect();
        let length = size(attack.norm, &draws);
        for (j, (x, d)) in seen.x[0].iter().zip(&draws).enumerate() {
            let want = (clean[j] + f64::from(eps) * d / length).clamp(0.0, 1.0);
            assert!((x - want).abs() < 1e-6, "{attack:?}: start of {row}, pixel {j}: {x} {want}");
        }
        for (x, z) in seen.x.iter().zip(&seen.z).step_by(10) {
            let want = reference.logits(x);
            assert!(z.iter().zip(&want).all(|(z, want)| (z - want).abs() < 1e-5));
        }
        let (label, target) = (usize::from(data.labels()[row]), usize::from(targets[row]));
        let of_logits = |z: &[f64]| loss(attack.loss, z, label, targeted.then_some(target));
        follow((&attack, f64::from(eps)), &reference, &clean, &seen, of_logits, &mut compared);
    }
    println!("{} {} {eps}: {compared:?}", attack.name(), attack.norm);
    assert_eq!(compared.iterates + compared.flat + compared.kinks, attack.steps * count);
    assert!(compared.left_out * 100 < compared.pixels, "{attack:?} {compared:?}");
    Ok(compared)
}

#[test]
fn every_iterate_in_linf_is_that_of_a_float64_implementation() -> Result<()> {
    let mut all = Compared::default();
    for (attack, targeted) in [
        (Apgd::cross_entropy(Norm::Linf), false),
        (Apgd::dlr(Norm::Linf), false),
        (Apgd::cross_entropy(Norm::Linf).with_seed(2), true),
        (Apgd::targeted(Norm::Linf), true),
    ] {
        for (eps, first) in [(0.08, FirstComparison::Zero), (0.2, FirstComparison::Start)] {
            let compared = compare(attack.with_first_comparison(first), eps, 12, targeted)?;
            all.iterates += compared.iterates;
            all.halvings += compared.halvings;
            all.returns += compared.returns;
        }
    }
    assert!(all.iterates > 8500 && all.halvings > 300 && all.returns > 200, "{all:?}");
    Ok(())
}

#[test]
fn every_iterate_in_l2_is_that_of_a_float64_implementation() -> Result<()> {
    let mut all = Compared::default();
    for (attack, targeted) in [
        (Apgd::cross_entropy(Norm::L2), false),
        (Apgd::dlr(Norm::L2), false),
        (Apgd::cross_entropy(Norm::L2).with_seed(2), true),
        (Apgd::targeted(Norm::L2), true),
    ] {
        for (eps, first) in [(0.8, FirstComparison::Start), (3.0, FirstComparison::Zero)] {
            let compared = compare(attack.with_first_comparison(first), eps, 12, targeted)?;
            all.iterates += compared.iterates;
            all.halvings += compared.halvings;
            all.returns += compared.returns;
        }
    }
    assert!(all.iterates > 8500 && all.halvings > 300 && all.returns > 100, "{all:?}");
    Ok(())
}

#[test]
fn checkpoints_follow_the_number_of_steps() -> Result<()> {
    // As in torchattacks with 10 steps: after 2, then every step.
    for steps in [1, 3, 10, 17, 50, 100] {
        compare(Apgd::dlr(Norm::Linf).with_steps(steps), 0.1, 10, false)?;
    }
    Ok(())
}

#[test]
fn targets_come_in_the_order_of_the_clean_logits() -> Result<()> {
    let (net, data) = trained();
    let eps = 0.01;
    let attack = Apgd::targeted(Norm::Linf).with_steps(3);
    let standing = attack.attack(net, &data.take(40)?, eps)?;
    let rows: Vec<usize> = (0..40).filter(|row| !standing.success[*row]).collect();
    let data = data.select(&rows)?;
    let spy = Spy::new(net);
    attack.attack(&spy, &data, eps)?;
    let asked = spy.asked.into_inner();
    assert_eq!(asked.len(), 1 + 9 * 4, "someone left");
    let logits = net.logits(data.images())?;
    for row in 0..data.len() {
        let mut order: Vec<u8> = (0..10).collect();
        order.sort_by(|a, b| logits[[row, usize::from(*b)]].total_cmp(&logits[[row, usize::from(*a)]]));
        for turn in 0..9 {
            // The run towards this class alone goes the same way from the same start.
            let one = data.select(&[row])?;
            let target = [order[1 + turn]];
            let spy = Spy::new(net);
            let number = [row + (turn << 40)];
            let batch = Batch::of(&one).with_targets(&target).with_numbers(&number);
            attack.perturb(&spy, batch, eps)?;
            for (step, alone) in spy.asked.into_inner()[1..].iter().enumerate() {
                assert_eq!(alone.row(0), asked[1 + turn * 4 + step].row(row), "{row}, target {turn}, {step}");
            }
        }
    }
    Ok(())
}

#[test]
fn the_quirk_of_the_first_comparison_is_seen() -> Result<()> {
    // The two rules differ only where one more rise decides, so not in every run; over many digits they must.
    let (net, data) = trained();
    let targets: Vec<u8> = data.labels().iter().map(|label| (label + 4) % 10).collect();
    let batch = Batch::of(data).with_targets(&targets);
    let mut differ = 0;
    for (norm, eps) in [(Norm::Linf, 0.08), (Norm::Linf, 0.15), (Norm::L2, 0.8)] {
        let attack = Apgd::cross_entropy(norm).with_steps(60);
        let zero = attack.perturb(net, batch, eps)?;
        let start = attack.with_first_comparison(FirstComparison::Start).perturb(net, batch, eps)?;
        differ += (0..data.len()).filter(|row| zero.images.row(*row) != start.images.row(*row)).count();
        let fooled = |found: &[bool]| found.iter().filter(|f| **f).count() as i64;
        assert!((fooled(&zero.success) - fooled(&start.success)).abs() <= 3, "nearly the same rates");
    }
    println!("{differ} of 900 images differ");
    assert!(differ > 0, "the option does nothing");
    Ok(())
}

#[test]
fn leaving_once_fooled_changes_no_success() -> Result<()> {
    let (net, data) = trained();
    for attack in [Apgd::cross_entropy(Norm::Linf), Apgd::targeted(Norm::Linf).with_targets(3)] {
        let attack = attack.with_steps(30);
        let whole = attack.attack(net, data, 0.05)?;
        let short = attack.with_drop_fooled(true).attack(net, data, 0.05)?;
        assert_eq!(whole.success, short.success);
        assert_eq!(whole.first_success, short.first_success);
        let clean = predictions(net, data.images())?;
        for row in 0..data.len() {
            match (clean[row] == data.labels()[row], whole.first_success[row]) {
                (false, first) => assert_eq!((first, short.calls[row].forward), (Some(0), 1)),
                // Those that leave have asked as often as steps were needed.
                (true, Some(step)) if attack.loss == ApgdLoss::CrossEntropy => {
                    assert_eq!(short.calls[row].forward, 2 + step);
                    assert_eq!(short.steps[row], step);
                    assert_eq!(whole.calls[row].forward, 32);
                }
                (true, Some(_)) => assert!(short.calls[row].forward <= whole.calls[row].forward),
                (true, None) => assert_eq!(short.calls[row], whole.calls[row]),
            }
            assert!(whole.margins[row] <= short.margins[row]);
        }
    }
    Ok(())
}
