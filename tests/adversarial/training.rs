//! The doubled batch, and what it does.

use crate::spy::Spy;
use crate::{bits, data, net};
use eigengate::attack::{Fgsm, attack_over_eps};
use eigengate::data::{Augmentation, Dataset, mnist};
use eigengate::device::to_device;
use eigengate::nn::ops::{SpectralTarget, spectral_penalty};
use eigengate::nn::{Activation, Adam, Mlp, Network, Sgd};
use eigengate::spectra::{SpectralPenalty, eigenvectors};
use eigengate::train::{AdversarialTraining, EpochRecord, JacobianPenalty, Projections, Training};
use eigengate::{Error, Result};
use ndarray::{Array2, Axis, concatenate, s};

/// The clean images, followed by their copies.
fn doubled(data: &Dataset, copies: &Array2<f32>) -> Dataset {
    let images = concatenate![Axis(0), data.images(), copies.view()];
    Dataset::new(images, [data.labels(), data.labels()].concat(), data.shape(), data.classes()).unwrap()
}

#[track_caller]
fn close(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-6 * b.abs().max(1.0), "{a} {b}");
}

fn wrong(net: &Mlp, data: &Dataset) -> f64 {
    eigengate::nn::error_rate(net, data).unwrap()
}

/// A step on a batch is a step on the data set that has the copies as examples.
#[test]
fn a_step_is_that_of_the_doubled_batch() -> Result<()> {
    let data = data(90);
    for adversarial in [AdversarialTraining::one_step(0.15), AdversarialTraining::pgd().with_steps(5)] {
        let copies = adversarial.copies(&net(), &data, 6, 0)?.images;
        let by_hand = doubled(&data, &copies);
        let settings = |batch| {
            Training::new(1, batch)
                .with_optimiser(Sgd::default())
                .with_learning_rate(0.5)
                .with_penalty(JacobianPenalty::new(0.3).with_projections(Projections::Exact))
                .with_seed(6)
        };
        let (mut ours, mut theirs) = (net(), net());
        let a = settings(90).with_adversarial(adversarial).run(&mut ours, &data, None)?.records()[0].clone();
        let b = settings(180).run(&mut theirs, &by_hand, None)?.records()[0].clone();
        close(a.cross_entropy, b.cross_entropy);
        close(a.jacobian, b.jacobian);
        close(a.loss, b.loss);
        assert!(
            (a.cross_entropy - settings(90).run(&mut net(), &data, None)?.records()[0].cross_entropy) > 0.01
        );
        let start: Vec<f32> = net().parameters().iter().flat_map(|p| p.values()).collect();
        let values = |net: &Mlp| net.parameters().iter().flat_map(|p| p.values()).collect::<Vec<_>>();
        let mut moved = 0.0f32;
        for ((a, b), start) in values(&ours).iter().zip(values(&theirs)).zip(start) {
            assert!((a - b).abs() < 1e-6, "{a} {b}");
            moved = moved.max((a - start).abs());
        }
        assert!(moved > 0.01, "{moved}");
        // The errors of before the step, of clean images and of copies.
        close(a.train_error, wrong(&net(), &data));
        let copies = Dataset::new(copies, data.labels().to_vec(), data.shape(), 3)?;
        close(a.adversarial_error.unwrap(), wrong(&net(), &copies));
        assert!(a.adversarial_error.unwrap() != a.train_error);
        assert_eq!(b.adversarial_error, None);
    }
    Ok(())
}

#[test]
fn a_spectral_penalty_sees_the_doubled_batch_in_the_eigenvectors_of_the_clean_images() -> Result<()> {
    let data = data(90);
    let adversarial = AdversarialTraining::one_step(0.3);
    let target = SpectralPenalty::new(0.7).with_tau(3);
    let still = Training::new(1, 90).with_learning_rate(1e-30).with_penalty(target.clone());
    let record = still.with_adversarial(adversarial).run(&mut net(), &data, None)?.records()[0].clone();
    let both = doubled(&data, &adversarial.copies(&net(), &data, 0, 0)?.images);
    let value = |data: &Dataset, eigen: &Dataset| -> Result<f64> {
        let SpectralPenalty { target, .. } = &target;
        let target: &SpectralTarget = target;
        let tap = net().forward(to_device(data.images())?)?.taps[1].clone();
        Ok(f64::from(spectral_penalty(tap, &eigenvectors(&net(), eigen, &[1])?[0], target)?.as_vec()[0]))
    };
    let want = value(&both, &data)?;
    assert!((record.spectral / want - 1.0).abs() < 1e-4, "{} {want}", record.spectral);
    for other in [value(&data, &data)?, value(&both, &both)?] {
        assert!((other / want - 1.0).abs() > 1e-3, "{other} {want}");
    }
    // The 2 * 8 rows of the last batch are enough for tau = 10, its 8 examples are not.
    let small = Training::new(1, 41).with_penalty(SpectralPenalty::new(1.0).with_tau(10));
    assert!(small.run(&mut net(), &data, None).is_err());
    small.with_adversarial(adversarial).run(&mut net(), &data, None)?;
    Ok(())
}

/// With eps = 0 a copy is its clean image, and only its random directions differ.
#[test]
fn copies_have_random_directions_of_their_own() -> Result<()> {
    let data = data(60);
    for n in [1, 2, 4] {
        let penalty = JacobianPenalty::new(0.5).with_projections(Projections::Random(n));
        let still = Training::new(2, 60).with_learning_rate(1e-30).with_seed(8).with_penalty(penalty);
        let plain = still.run(&mut net(), &data, None)?.records().to_vec();
        let same = still.with_adversarial(AdversarialTraining::one_step(0.0)).run(&mut net(), &data, None)?;
        // Nor are they those of another epoch.
        let mixed = (plain[0].jacobian + plain[1].jacobian) / 2.0;
        assert!((same.records()[0].jacobian / mixed - 1.0).abs() > 1e-4, "{n} directions: {mixed}");
        for (plain, same) in plain.iter().zip(same.records()) {
            close(same.cross_entropy, plain.cross_entropy);
            assert_eq!(same.adversarial_error, Some(same.train_error));
            let ratio = same.jacobian / plain.jacobian;
            assert!((ratio - 1.0).abs() > 1e-4 && (ratio - 1.0).abs() < 0.5, "{n} directions: {ratio}");
        }
    }
    Ok(())
}

/// What the network is given in real runs, of several batch sizes below and above the blocks of an attack, with
/// augmentation, while its parameters move: the copies of all of its images at that moment, bit by bit.
#[test]
fn batches_hold_the_copies_of_the_moment_whatever_their_size() -> Result<()> {
    let data = data(300);
    let augmentation = Augmentation { padding: 1, flip: true };
    let adversarial = AdversarialTraining::pgd().with_eps(0.2).with_step(0.1).with_steps(2).with_restarts(2);
    for batch in [7, 64, 300] {
        let mut spy = Spy::new(net());
        Training::new(2, batch)
            .with_seed(11)
            .with_optimiser(Adam::default())
            .with_learning_rate(0.01)
            .with_augmentation(augmentation)
            .with_adversarial(adversarial)
            .run(&mut spy, &data, None)?;
        let steps = spy.steps.take();
        let per_epoch = 300usize.div_ceil(batch);
        assert_eq!(steps.len(), 2 * per_epoch);
        for (step, (images, then)) in steps.iter().enumerate() {
            let epoch = step / per_epoch;
            let examples = &data.batches(batch, 11, epoch as u64)?[step % per_epoch];
            assert_eq!(images.nrows(), 2 * examples.len());
            // All copies are made anew for every step: in the runs of small batches for some of them alone.
            if batch == 7 && step % 9 != 0 {
                continue;
            }
            let seen = augmentation.augment(&data, 11, epoch as u64)?;
            let copies = adversarial.copies(then, &seen, 11, epoch as u64)?.images;
            for (row, &example) in examples.iter().enumerate() {
                assert_eq!(images.row(row), seen.images().row(example), "batch {batch}, step {step}");
                let copy = images.row(examples.len() + row);
                assert_eq!(copy, copies.row(example), "batch {batch}, step {step}, example {example}");
            }
        }
        assert!(bits(&steps[0].1) == bits(&net()) && bits(&spy.net) != bits(&net()));
    }
    Ok(())
}

/// Softmax regression with many classes, where every other pixel has one weight for all of them: its gradient is 0 but for
/// rounding, and the order of a sum decides its sign.
#[test]
fn signs_within_rounding_do_not_follow_the_batch() -> Result<()> {
    let classes = 250;
    let small = data(300);
    let labels = (0..300).map(|i| (i % classes) as u8).collect();
    let data = Dataset::new(small.images().to_owned(), labels, small.shape(), classes)?;
    let mut net = Mlp::new(&[12, classes], Activation::Tanh, 1)?;
    let mut weights = net.parameters()[0].values();
    for (i, w) in weights.iter_mut().enumerate() {
        *w = if i % 2 == 0 { 0.3 + (i % 12) as f32 / 7.0 } else { 10.0 * *w };
    }
    net.parameters_mut()[0].set_values(weights)?;
    let adversarial = AdversarialTraining::one_step(0.1);
    let copies = adversarial.copies(&net, &data, 0, 0)?.images;
    let moved = (&copies - &data.images()).slice(s![.., ..;2]).iter().filter(|d| **d != 0.0).count();
    assert!(moved > 1000, "{moved}");
    for batch in [1, 7, 64, 300] {
        let mut spy = Spy::new(net.clone());
        let still = Training::new(1, batch).with_learning_rate(1e-30);
        still.with_adversarial(adversarial).run(&mut spy, &data, None)?;
        for ((images, _), examples) in spy.steps.take().iter().zip(&data.batches(batch, 0, 0)?) {
            for (row, &example) in examples.iter().enumerate() {
                assert_eq!(images.row(examples.len() + row), copies.row(example), "batch {batch}");
            }
        }
    }
    Ok(())
}

#[test]
fn bad_settings_change_nothing_and_divergence_is_told() -> Result<()> {
    let data = data(60);
    let mut net = net();
    let before = bits(&net);
    // Settings come first: nobody has looked at this file.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("no checkpoint");
    std::fs::write(&path, "text").unwrap();
    for bad in [AdversarialTraining::one_step(-1.0), AdversarialTraining::pgd().with_steps(0)] {
        let settings = Training::new(1, 20).with_adversarial(bad).with_checkpoint(&path);
        let error = settings.run(&mut net, &data, None).unwrap_err();
        assert!(matches!(error, Error::Parameter { name: "eps" | "steps", .. }), "{error}");
        assert!(bits(&net) == before);
    }
    let mut wild = Mlp::new(&[12, 20, 3], Activation::Relu, 5)?;
    let settings = Training::new(4, 20).with_learning_rate(1e30);
    let error = settings.with_adversarial(AdversarialTraining::one_step(0.1)).run(&mut wild, &data, None);
    assert!(matches!(error, Err(Error::Diverged { epoch: 1, batch: 2.., .. })), "{error:?}");
    Ok(())
}

#[test]
fn the_history_tells_the_error_of_the_copies_where_there_are_some() -> Result<()> {
    let data = data(60);
    let settings = Training::new(2, 20);
    let plain = settings.run(&mut net(), &data, Some(&data))?;
    assert_eq!(plain.frame()?.width(), 8);
    assert!(!format!("{plain:?}").contains("adversarial"));
    let history =
        settings.with_adversarial(AdversarialTraining::one_step(0.2)).run(&mut net(), &data, Some(&data))?;
    let frame = history.frame()?;
    assert_eq!((frame.height(), frame.width()), (2, 9));
    let column = frame.column("adversarial_error")?;
    for (row, record) in history.records().iter().enumerate() {
        assert_eq!(column.f64()?.get(row), record.adversarial_error);
        assert!(record.adversarial_error.is_some_and(|error| (0.0..=1.0).contains(&error)));
    }
    assert!(format!("{history:?}").contains("adversarial error"));
    // `==` looks at it.
    let other = EpochRecord { adversarial_error: None, ..history.records()[0].clone() };
    assert!(other != history.records()[0]);
    Ok(())
}

#[test]
fn digits_are_recognised_under_attack() -> Result<()> {
    let mnist = mnist::shipped()?;
    let (train, test) = (mnist.train.take(2000)?, mnist.test.take(500)?);
    let errors = |adversarial: Option<AdversarialTraining>| -> Result<_> {
        let mut net = Mlp::new(&[784, 100, 10], Activation::Tanh, 1)?;
        let settings = Training { adversarial, ..Training::new(15, 100) };
        let history = settings.run(&mut net, &train, None)?;
        let curve = attack_over_eps(&net, &test, &Fgsm, &[0.0, 0.1])?.curve("");
        Ok((curve.error, history.records()[14].clone()))
    };
    let (vanilla, _) = errors(None)?;
    let (trained, last) = errors(Some(AdversarialTraining::one_step(0.1)))?;
    assert!(trained[1] < 0.6 * vanilla[1] && trained[1] < vanilla[1] - 0.2, "{trained:?}, {vanilla:?}");
    assert!(trained[0] < 0.15 && vanilla[0] < 0.15, "{trained:?}, {vanilla:?}");
    assert!(last.adversarial_error.unwrap() > last.train_error);
    Ok(())
}
