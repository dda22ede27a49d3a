//! Files of training runs: broken ones that go on, those of other runs, those of loops of one's own.

use crate::errors::{has, text};
use crate::tensors::backward;
use crate::training::{data, histories, net, numbers, settings};
use eigengate::data::PlanarData;
use eigengate::device::{Recording, matrix, to_device};
use eigengate::dynamics::Reset;
use eigengate::nn::ops::{GradientsOf, square_sum, squared_error};
use eigengate::nn::{Adam, Decay, Gru, OptimiserState, RmsProp, Sgd};
use eigengate::train::{Feeding, GruTraining};
use eigengate::{Error, Result};
use ndarray::{Axis, s};
use std::time::Duration;

#[test]
fn broken_runs_end_with_the_same_bits() -> Result<()> {
    let PlanarData { train, test } = data();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.safetensors");
    let feedings = [
        (Feeding::Start, net(1)),
        (Feeding::Forced, Gru::new(2, &[3, 4], 2, Reset::After, 1)?),
        (Feeding::Free { forced: 3 }, Gru::new(2, &[3], 2, Reset::Before, 1)?),
    ];
    for (feeding, gru) in feedings {
        let adam = Adam { learning_rate: 0.02, ..Adam::default() };
        let whole = settings(20).with_feeding(feeding).with_optimiser(adam).with_snapshots(6);
        let (mut straight, mut broken) = (gru.clone(), gru.clone());
        let want = whole.run(&mut straight, &train, Some(&test))?;
        assert!(want.finished() && want.steps() == 20);
        let steps: Vec<u64> = want.records().iter().map(|r| r.step).collect();
        assert_eq!(steps, [7, 14, 20]);
        assert_eq!(want.snapshots().iter().map(|s| s.step).collect::<Vec<_>>(), [0, 6, 12, 18, 20]);
        assert_eq!(numbers(&want.snapshots()[0].gru), numbers(&gru));

        let parts = whole.with_checkpoint(&path).with_time_budget(Duration::ZERO);
        for done in 1..=20 {
            let history = parts.run(&mut broken, &train, Some(&test))?;
            assert_eq!((history.steps(), history.finished()), (done, done == 20));
            // The file is all that is needed.
            let mut other = gru.clone();
            std::mem::swap(&mut broken, &mut other);
            if done == 20 {
                assert_eq!(histories(&history), histories(&want));
                assert_eq!(numbers(&other), numbers(&straight));
            }
        }
        // A finished run is read and not run again.
        let again = parts.run(&mut broken, &train, Some(&test))?;
        assert_eq!(histories(&again), histories(&want));
        assert_eq!(numbers(&broken), numbers(&straight));
        let (read, state) = Gru::load_checkpoint(&path, adam)?;
        assert_eq!((numbers(&read), state.steps()), (numbers(&straight), 20));
        std::fs::remove_file(&path).unwrap();
    }
    Ok(())
}

#[test]
fn checkpoints_of_other_runs_are_refused() -> Result<()> {
    let PlanarData { train, test } = data();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.safetensors");
    let run =
        |settings: GruTraining, gru: &mut Gru| settings.with_checkpoint(&path).run(gru, &train, Some(&test));
    run(settings(9), &mut net(1))?;
    let others = [
        (settings(9).with_seed(1), net(1)),
        (settings(10), net(1)),
        (settings(9).with_optimiser(RmsProp::default()), net(1)),
        (settings(9).with_clip(2.0), net(1)),
        (settings(9), Gru::new(0, &[3], 2, Reset::Before, 1)?.with_encoder(2, 1)?),
        (settings(9), Gru::new(0, &[2], 2, Reset::After, 1)?.with_encoder(2, 1)?),
        (settings(9), Gru::new(0, &[2], 0, Reset::Before, 1)?),
    ];
    for (settings, mut gru) in others {
        let before = numbers(&gru);
        has(&text(run(settings, &mut gru)), &["checkpoint", "one of the run", "use another path"]);
        assert_eq!(numbers(&gru), before);
    }
    // Without a decay that follows their number, more steps go on.
    std::fs::remove_file(&path).unwrap();
    let constant = |steps| settings(steps).with_schedule(Decay::Constant);
    run(constant(9), &mut net(1))?;
    assert_eq!(run(constant(12), &mut net(1))?.steps(), 12);
    has(&text(run(constant(9), &mut net(1))), &["steps = 9", "at least the 12 steps"]);
    net(1).save(&path)?;
    has(&text(run(constant(12), &mut net(1))), &["checkpoint", "another safetensors file"]);
    Ok(())
}

#[test]
fn a_loop_of_one_s_own_goes_on_from_its_checkpoint() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.safetensors");
    let PlanarData { train, .. } = data();
    let start = to_device(train.observed().index_axis(Axis(1), 0))?;
    let target: Vec<f32> = train.observed().slice(s![.., 1.., ..]).iter().copied().collect();
    let target = matrix(&target, 30 * 20, 2)?;
    let step = |gru: &mut Gru, state: &mut OptimiserState| -> Result<()> {
        let outputs = gru.record(&start, None, 20, GradientsOf::Parameters)?.outputs;
        let mut gradients = backward(squared_error(outputs, &target)?);
        state.step_clipped(gru.parameters_mut(), &mut gradients, 0.1)?;
        Ok(())
    };
    let adam = Adam { learning_rate: 0.05, ..Adam::default() };
    let mut gru = net(3);
    let mut state = OptimiserState::of(adam, &gru.parameters())?;
    for _ in 0..3 {
        step(&mut gru, &mut state)?;
    }
    gru.save_checkpoint(&state, &path)?;
    let (mut read, mut read_state) = Gru::load_checkpoint(&path, adam)?;
    for _ in 0..3 {
        step(&mut gru, &mut state)?;
        step(&mut read, &mut read_state)?;
    }
    assert_eq!((numbers(&read), read_state.steps()), (numbers(&gru), 6));
    // Without the moments of Adam it would not be the same.
    let (mut bare, _) = Gru::load_checkpoint(&path, adam)?;
    let mut fresh = OptimiserState::of(adam, &bare.parameters())?;
    for _ in 0..3 {
        step(&mut bare, &mut fresh)?;
    }
    assert_ne!(numbers(&bare), numbers(&gru));

    has(
        &text(Gru::load_checkpoint(&path, Sgd::default())),
        &["checkpoint", "one of the optimiser SGD", "AMSGrad"],
    );
    let other = Gru::new(0, &[4], 2, Reset::Before, 1)?;
    has(&text(other.save_checkpoint(&state, &path)), &["wrong size", "parameters of"]);
    gru.save(&path)?;
    has(&text(Gru::load_checkpoint(&path, adam)), &["net.gru.weight_hh_l0"]);
    let (mut four, mut state) = (other.clone(), OptimiserState::of(adam, &other.parameters())?);
    // A loss that reaches no parameter.
    let mut none = backward(square_sum(matrix(&[1.0], 1, 1)?.retaped::<Recording>(), 1.0)?);
    has(&text(state.step_clipped(four.parameters_mut(), &mut none, 0.0)), &["largest = 0"]);
    has(&text(state.step_on(gru.parameters_mut(), &mut none)), &["parameters of"]);
    // A gradient that is not finite moves nothing: its start is not.
    let start = matrix(&[f32::NAN, 0.0, 0.0, 0.0], 1, 4)?;
    let outputs = four.record(&start, None, 3, GradientsOf::Parameters)?.outputs;
    let mut wild = backward(square_sum(outputs, 1.0)?);
    let before = numbers(&four);
    let refused = state.step_clipped(four.parameters_mut(), &mut wild, 1.0);
    assert!(matches!(refused, Err(Error::NotFinite { .. })));
    assert_eq!(numbers(&four), before);
    assert_eq!(state.steps(), 0);
    Ok(())
}
