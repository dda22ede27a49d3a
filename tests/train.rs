//! Training: determinism, resumption, what the penalty does, what is refused.

use eigengate::data::{Dataset, ImageShape, mnist};
use eigengate::nn::{Activation, Mlp, Network};
use eigengate::spectra::{SpectralPenalty, Taps, spectrum};
use eigengate::train::{Penalty, Training};
use eigengate::{Error, Result};
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

fn digits() -> &'static (Dataset, Dataset) {
    static DIGITS: OnceLock<(Dataset, Dataset)> = OnceLock::new();
    DIGITS.get_or_init(|| {
        let mnist = mnist::shipped().unwrap();
        (mnist.train.take(1500).unwrap(), mnist.test.take(500).unwrap())
    })
}

fn net() -> Mlp {
    Mlp::new(&[784, 60, 40, 10], Activation::Tanh, 5).unwrap()
}

fn settings() -> Training {
    Training::new(3, 200)
        .with_seed(9)
        .with_penalty(SpectralPenalty::new(0.5).with_tau(5).with_taps(Taps::All))
}

fn bits(net: &Mlp) -> Vec<u32> {
    net.parameters().iter().flat_map(|p| p.values()).map(f32::to_bits).collect()
}

#[test]
fn one_seed_one_result() -> Result<()> {
    let (train, test) = digits();
    let run = |settings: Training| -> Result<_> {
        let mut net = net();
        let history = settings.run(&mut net, train, Some(test))?;
        Ok((bits(&net), history))
    };
    let (a, b) = (run(settings())?, run(settings())?);
    assert!(a == b);
    assert!(a.1.finished() && a.1.records().len() == 3);
    assert!(run(settings().with_seed(10))?.0 != a.0);

    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert!(pool.install(|| run(settings()))? == a, "the number of threads changes the result");
    Ok(())
}

#[test]
fn every_epoch_has_an_order_of_its_own() -> Result<()> {
    // Steps too small to move a parameter: only the order of the sum differs between the epochs.
    let (train, _) = digits();
    let mut net = net();
    let before = bits(&net);
    let still = Training::new(12, 100).with_learning_rate(1e-30);
    let records = still.run(&mut net, train, None)?.records().to_vec();
    assert!(bits(&net) == before);
    let losses: std::collections::BTreeSet<u64> = records.iter().map(|r| r.cross_entropy.to_bits()).collect();
    assert!(losses.len() > 1, "every epoch has the same sum");
    assert!(records.iter().all(|r| (r.cross_entropy - records[0].cross_entropy).abs() < 1e-6));
    Ok(())
}

#[test]
fn a_broken_run_ends_with_the_same_bits() -> Result<()> {
    let (train, test) = digits();
    let folder = tempfile::tempdir().unwrap();
    let mut whole = net();
    let history = settings().run(&mut whole, train, Some(test))?;

    // No time at all: every call does one step or one epoch, and starts from another network.
    let broken = settings().with_checkpoint(folder.path().join("run")).with_time_budget(Duration::ZERO);
    let mut calls = 0;
    let (net, resumed) = loop {
        calls += 1;
        let mut net = Mlp::new(&[784, 60, 40, 10], Activation::Tanh, 1000 + calls)?;
        if calls == 1 {
            net = self::net();
        }
        let history = broken.run(&mut net, train, Some(test))?;
        if history.finished() {
            break (net, history);
        }
        assert!(calls < 100);
    };
    assert_eq!(calls, 3 * 8, "one call a step");
    assert!(bits(&net) == bits(&whole));
    assert_eq!(resumed, history);
    // Once more: nothing is left to do.
    let mut again = self::net();
    assert_eq!(broken.run(&mut again, train, Some(test))?, history);
    assert!(bits(&again) == bits(&whole));
    Ok(())
}

#[test]
fn a_finished_run_can_be_lengthened() -> Result<()> {
    let (train, _) = digits();
    let folder = tempfile::tempdir().unwrap();
    let mut whole = net();
    settings().run(&mut whole, train, None)?;
    let mut parts = net();
    for epochs in [1, 2, 3] {
        let part = Training { epochs, ..settings() }.with_checkpoint(folder.path().join("run"));
        assert_eq!(part.run(&mut parts, train, None)?.records().len(), epochs);
    }
    assert!(bits(&parts) == bits(&whole));
    let shorter = Training { epochs: 2, ..settings() }.with_checkpoint(folder.path().join("run"));
    assert!(matches!(shorter.run(&mut parts, train, None), Err(Error::Parameter { name: "epochs", .. })));
    Ok(())
}

#[test]
fn checkpoints_of_other_runs_are_refused_and_kept() -> Result<()> {
    let (train, test) = digits();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let one = Training { epochs: 1, ..settings() }.with_checkpoint(&path);
    one.run(&mut net(), train, None)?;
    let kept = std::fs::read(&path).unwrap();

    let refused = |settings: Training, net: &mut Mlp, train: &Dataset, path: &Path| {
        let before = bits(net);
        let error = settings.with_checkpoint(path).run(net, train, None).unwrap_err();
        assert!(bits(net) == before, "the network changed");
        error
    };
    let error = refused(one.clone().with_seed(1), &mut net(), train, &path);
    assert!(matches!(&error, Error::Format { .. }) && error.to_string().contains("seed 1"), "{error}");
    assert!(matches!(
        refused(one.clone().with_learning_rate(0.1), &mut net(), train, &path),
        Error::Format { .. }
    ));
    assert!(matches!(refused(one.clone(), &mut net(), test, &path), Error::Format { .. }));
    let mut wider = Mlp::new(&[784, 61, 40, 10], Activation::Tanh, 5)?;
    assert!(matches!(refused(one.clone(), &mut wider, train, &path), Error::Shape { .. }));
    assert!(std::fs::read(&path).unwrap() == kept);

    let cut = folder.path().join("cut");
    std::fs::write(&cut, &kept[..kept.len() / 2]).unwrap();
    assert!(matches!(refused(one.clone(), &mut net(), train, &cut), Error::Format { .. }));
    let saved = folder.path().join("saved");
    net().save(&saved)?;
    assert!(matches!(refused(one, &mut net(), train, &saved), Error::Format { .. }));
    Ok(())
}

#[test]
fn the_penalty_straightens_the_spectrum_while_digits_are_learned() -> Result<()> {
    let (train, test) = digits();
    let run = |penalties: Vec<Penalty>| -> Result<_> {
        let mut net = Mlp::new(&[784, 100, 10], Activation::Tanh, 2)?;
        let settings = Training::new(60, 250).with_learning_rate(3e-3);
        let history = Training { penalties, ..settings }.run(&mut net, train, Some(test))?;
        let alpha = spectrum(&net, train)?.power_law(5, 60)?.alpha;
        Ok((history.records().to_vec(), alpha))
    };
    let (vanilla, vanilla_alpha) = run(vec![])?;
    let (penalised, alpha) = run(vec![SpectralPenalty::new(5.0).with_tau(5).into()])?;
    // The penalty first rises with the cross-entropy's first steps, then falls.
    let largest = penalised.iter().map(|r| r.penalty).fold(0.0, f64::max);
    assert!(penalised[59].penalty < 0.3 * largest, "{} of {largest}", penalised[59].penalty);
    assert!((alpha - 1.0).abs() < 0.15 && vanilla_alpha > 1.3, "alpha {alpha}, vanilla {vanilla_alpha}");
    for record in [&vanilla[59], &penalised[59]] {
        assert!(record.validation_error.unwrap() < 0.16, "{record:?}");
        assert!((record.loss - record.cross_entropy - record.penalty).abs() < 1e-12);
        assert_eq!(record.epoch, 60);
    }
    assert!(vanilla.iter().all(|r| r.penalty == 0.0));
    Ok(())
}

#[test]
fn bad_settings_change_nothing() -> Result<()> {
    let (train, test) = digits();
    let mut net = net();
    let before = bits(&net);
    let mut fails = |settings: Training, data: &Dataset| {
        let error = settings.run(&mut net, data, None).unwrap_err();
        assert!(bits(&net) == before);
        error.to_string()
    };
    assert!(fails(Training::new(0, 10), train).contains("epochs = 0"));
    assert!(fails(Training::new(1, 0), train).contains("batch_size = 0"));
    assert!(fails(Training::new(1, 10).with_learning_rate(-1.0), train).contains("learning_rate = -1"));
    let penalty = |tau| SpectralPenalty::new(1.0).with_tau(tau);
    assert!(fails(Training::new(1, 100).with_penalty(penalty(40)), train).contains("tau = 40"));
    // 1500 = 4 * 373 + 8: the last batch is too small for tau = 10.
    assert!(fails(Training::new(1, 373).with_penalty(penalty(10)), train).contains("batch size = 8"));
    let small = Dataset::new(
        ndarray::Array2::zeros((5, 4)),
        vec![0; 5],
        ImageShape { channels: 1, height: 2, width: 2 },
        10,
    )?;
    assert!(fails(Training::new(1, 5), &small).contains("784"));
    let mut two = Mlp::new(&[784, 2], Activation::Tanh, 0)?;
    assert!(matches!(Training::new(1, 50).run(&mut two, test, None), Err(Error::Shape { .. })));
    Ok(())
}

#[test]
fn divergence_is_an_error_and_keeps_the_checkpoint() -> Result<()> {
    let (train, _) = digits();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let mut net = Mlp::new(&[784, 30, 10], Activation::Relu, 5)?;
    let wild = Training::new(4, 500).with_learning_rate(1e30).with_checkpoint(&path);
    let error = wild.run(&mut net, train, None).unwrap_err();
    assert!(matches!(error, Error::Diverged { epoch: 1, batch: 2.., .. }), "{error}");
    assert!(!path.exists());
    Ok(())
}

#[test]
fn the_history_is_a_frame() -> Result<()> {
    let (train, test) = digits();
    let mut net = Mlp::new(&[784, 10], Activation::Tanh, 5)?;
    let history = Training::new(2, 500).run(&mut net, train, Some(test))?;
    let frame = history.frame()?;
    assert_eq!((frame.height(), frame.width()), (2, 8));
    let loss = frame.column("loss")?.f64()?.get(1).unwrap();
    assert_eq!(loss, history.records()[1].loss);
    assert!(history.seconds() > 0.0);
    Ok(())
}
