//! Checkpoints of adversarial training, and those of before there was any.

use crate::errors::has;
use crate::{bits, data, net};
use eigengate::spectra::SpectralPenalty;
use eigengate::train::{AdversarialTraining, JacobianPenalty, Training};
use eigengate::{Error, Result};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

fn settings(adversarial: AdversarialTraining) -> Training {
    Training::new(3, 25)
        .with_seed(4)
        .with_penalty(SpectralPenalty::new(0.5).with_tau(3))
        .with_penalty(JacobianPenalty::new(0.02))
        .with_adversarial(adversarial)
}

#[test]
fn a_broken_run_ends_with_the_same_bits_whatever_the_threads() -> Result<()> {
    let (data, folder) = (data(60), tempfile::tempdir().unwrap());
    let pgd = AdversarialTraining::pgd().with_steps(3).with_restarts(2);
    for adversarial in [AdversarialTraining::one_step(0.1), pgd] {
        let run = |settings: &Training| -> Result<_> {
            let mut net = net();
            let history = settings.run(&mut net, &data, Some(&data))?;
            Ok((bits(&net), history))
        };
        let whole = run(&settings(adversarial))?;
        assert!(run(&settings(adversarial))? == whole);
        assert!(run(&settings(adversarial).with_seed(5))?.0 != whole.0);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        assert!(pool.install(|| run(&settings(adversarial)))? == whole, "one thread");

        // No time at all: every call does one step, most of them in the middle of an epoch.
        let path = folder.path().join(adversarial.to_string());
        let broken = settings(adversarial).with_checkpoint(path).with_time_budget(Duration::ZERO);
        let mut calls = 1;
        let resumed = loop {
            let result = run(&broken)?;
            if result.1.finished() {
                break result;
            }
            calls += 1;
            assert!(calls < 100);
        };
        assert_eq!(calls, 3 * 3, "one call a step");
        assert!(resumed.0 == whole.0);
        assert_eq!(resumed.1, whole.1);
        assert!(resumed.1.records().iter().all(|r| r.adversarial_error.is_some()));
    }
    Ok(())
}

#[test]
fn a_checkpoint_belongs_to_its_adversarial_training() -> Result<()> {
    let (data, folder) = (data(60), tempfile::tempdir().unwrap());
    let path = folder.path().join("run");
    let pgd = AdversarialTraining::pgd().with_steps(2);
    settings(pgd).with_checkpoint(&path).run(&mut net(), &data, None)?;
    let kept = std::fs::read(&path).unwrap();
    let others = [
        None,
        Some(AdversarialTraining::one_step(0.3)),
        Some(pgd.with_eps(0.2)),
        Some(pgd.with_step(0.02)),
        Some(pgd.with_steps(3)),
        Some(pgd.with_restarts(2)),
    ];
    for adversarial in others {
        let other = Training { adversarial, ..settings(pgd) }.with_checkpoint(&path);
        let error = other.run(&mut net(), &data, None).unwrap_err();
        assert!(matches!(error, Error::Format { .. }), "{error}");
        has(&error.to_string(), &["adversarial training PGD eps 0.3 step 0.01 steps 2 restarts 1"]);
    }
    assert!(std::fs::read(&path).unwrap() == kept);
    Ok(())
}

/// Changes the texts of a checkpoint, a safetensors file: 8 bytes with the length of a header in JSON, the header, the
/// numbers. The texts are JSON in the header's metadata.
fn edit(path: &Path, change: impl Fn(&mut Value)) {
    let bytes = std::fs::read(path).unwrap();
    let end = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let mut header: Value = serde_json::from_slice(&bytes[8..end]).unwrap();
    let place = &mut header["__metadata__"]["eigengate"];
    let mut texts = parsed(place);
    change(&mut texts);
    *place = Value::String(texts.to_string());
    let mut header = header.to_string().into_bytes();
    header.resize(header.len().next_multiple_of(8), b' ');
    let length = (header.len() as u64).to_le_bytes();
    std::fs::write(path, [&length[..], &header, &bytes[end..]].concat()).unwrap();
}

/// The JSON in a text in JSON.
fn parsed(text: &Value) -> Value {
    serde_json::from_str(text.as_str().unwrap()).unwrap()
}

/// Files of before have one place less in their sums and in every record, and no word of adversarial training.
#[test]
fn files_of_before_go_on() -> Result<()> {
    let (data, folder) = (data(60), tempfile::tempdir().unwrap());
    let path = folder.path().join("run");
    let plain = Training { adversarial: None, ..settings(AdversarialTraining::one_step(0.1)) };
    let mut whole = net();
    let history = plain.run(&mut whole, &data, None)?;
    let broken = plain.with_checkpoint(&path).with_time_budget(Duration::ZERO);
    let mut net = net();
    // Into the second epoch.
    for _ in 0..4 {
        broken.run(&mut net, &data, None)?;
    }
    edit(&path, |texts| {
        assert!(texts["run"].as_str().unwrap().ends_with(", validation data none"), "{texts}");
        let mut state = parsed(&texts["state"]);
        state["sums"].as_array_mut().unwrap().truncate(4);
        assert_eq!(state["records"].as_array().unwrap().len(), 1);
        state["records"][0].as_array_mut().unwrap().truncate(8);
        texts["state"] = Value::String(state.to_string());
    });
    let mut again = crate::net();
    let resumed = Training { time_budget: None, ..broken }.run(&mut again, &data, None)?;
    assert_eq!(resumed, history);
    assert!(bits(&again) == bits(&whole));
    Ok(())
}
