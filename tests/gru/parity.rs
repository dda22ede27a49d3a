//! PyTorch's numbers, of tests/parity/recurrent.py.

use crate::tensors::backward;
use dfdx::prelude::AsArray;
use eigengate::Result;
use eigengate::device::{Matrix, matrix, to_device};
use eigengate::dynamics::{GruWeights, Reset};
use eigengate::exchange::Npz;
use eigengate::nn::ops::{GradientsOf, squared_error};
use eigengate::nn::{Adam, Gru, OptimiserState};
use ndarray::{Array2, Array3, Axis, IxDyn};
use std::path::PathBuf;

fn file(name: &str) -> PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity").join(name)
}

fn numbers(npz: &Npz, name: &str) -> Vec<f32> {
    npz.get::<f32, IxDyn>(name).unwrap().into_iter().collect()
}

#[track_caller]
fn assert_near(what: &str, got: &[f32], want: &[f32], bound: f32) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        assert!((got - want).abs() <= bound, "{what} at {i}: {got}, wanted {want}");
    }
}

/// Inputs, units, outputs and reset of each network.
fn networks() -> [(&'static str, Gru); 3] {
    let gru = |inputs, units: &[usize], outputs, reset| Gru::new(inputs, units, outputs, reset, 0).unwrap();
    [
        ("after", gru(3, &[5, 5], 2, Reset::After)),
        ("wide", gru(4, &[37], 3, Reset::After)),
        ("before", gru(3, &[5], 2, Reset::Before)),
    ]
}

struct Case {
    npz: Npz,
    name: &'static str,
    gru: Gru,
    x: Matrix,
    initial: Vec<Matrix>,
    target: Matrix,
    steps: usize,
}

impl Case {
    fn new(name: &'static str, mut gru: Gru) -> Result<Self> {
        let npz = Npz::open(file("recurrent.npz"))?;
        for parameter in gru.parameters_mut() {
            let values = numbers(&npz, &format!("{name}_parameter_{}", parameter.name()));
            parameter.set_values(values)?;
        }
        let rows = |what: &str| -> Result<(Matrix, usize)> {
            let array: Array3<f32> = npz.get(&format!("{name}_{what}"))?;
            let (batch, steps, width) = array.dim();
            let values: Vec<f32> = array.into_iter().collect();
            Ok((matrix(&values, batch * steps, width)?, steps))
        };
        let ((x, steps), (target, _)) = (rows("x")?, rows("target")?);
        let h0: Array3<f32> = npz.get(&format!("{name}_h0"))?;
        let initial = h0.axis_iter(Axis(0)).map(to_device).collect::<Result<_>>()?;
        Ok(Self { npz, name, gru, x, initial, target, steps })
    }

    fn stored(&self, what: &str) -> Vec<f32> {
        numbers(&self.npz, &format!("{}_{what}", self.name))
    }

    fn loss(&self) -> Result<eigengate::device::Scalar<eigengate::device::Recording>> {
        let wanted = GradientsOf::Everything;
        let recorded = self.gru.record_from(&self.initial, Some(&self.x), self.steps, wanted)?;
        squared_error(recorded.outputs, &self.target)
    }
}

#[test]
fn outputs_and_all_gradients_are_those_of_pytorch() -> Result<()> {
    for (name, gru) in networks() {
        let case = Case::new(name, gru)?;
        let x: Array3<f32> = case.npz.get(&format!("{name}_x"))?;
        let h0: Array3<f32> = case.npz.get(&format!("{name}_h0"))?;
        let initial: Vec<Array2<f32>> = h0.axis_iter(Axis(0)).map(|h| h.to_owned()).collect();
        let run = case.gru.forward(x.view(), Some(&initial))?;
        let flat = |array: &Array3<f32>| array.iter().copied().collect::<Vec<_>>();
        assert_near("outputs", &flat(run.outputs()), &case.stored("outputs"), 2e-6);
        assert_near("states", &flat(run.states().last().unwrap()), &case.stored("states"), 2e-6);
        let last: Vec<f32> = run.last().iter().flatten().copied().collect();
        assert_near("last", &last, &case.stored("last"), 2e-6);

        let loss = case.loss()?;
        assert_near("loss", &[loss.array()], &case.stored("loss"), 1e-6);
        let mut g = backward(loss);
        assert_near("x", &g.get(&case.x).as_vec(), &case.stored("gradient_x"), 1e-6);
        let h0: Vec<f32> = case.initial.iter().flat_map(|h| g.get(h).as_vec()).collect();
        assert_near("h0", &h0, &case.stored("gradient_h0"), 1e-6);
        for parameter in case.gru.parameters() {
            let want = case.stored(&format!("gradient_{}", parameter.name()));
            assert_near(parameter.name(), &parameter.gradient(&mut g)?, &want, 1e-6);
        }
    }
    Ok(())
}

#[test]
fn clipped_steps_of_adam_are_those_of_pytorch() -> Result<()> {
    for (name, gru) in networks() {
        let mut case = Case::new(name, gru)?;
        let adam = Adam { learning_rate: 0.01, amsgrad: false, ..Adam::default() };
        let mut state = OptimiserState::of(adam, &case.gru.parameters())?;
        for step in 0..3 {
            let mut g = backward(case.loss()?);
            let norm = state.step_clipped(case.gru.parameters_mut(), &mut g, 0.05)?;
            assert!(norm > 0.05);
            if step == 0 {
                assert_near("norm", &[norm as f32], &case.stored("norm"), 1e-6);
            }
        }
        for parameter in case.gru.parameters() {
            let want = case.stored(&format!("stepped_{}", parameter.name()));
            assert_near(parameter.name(), &parameter.values(), &want, 2e-5);
        }
    }
    Ok(())
}

#[test]
fn a_module_of_pytorch_is_read_as_it_is() -> Result<()> {
    let read = Gru::load(file("recurrent.safetensors"))?;
    let case = Case::new("after", networks()[0].1.clone())?;
    assert_eq!(format!("{read:?}"), format!("{:?}", case.gru));
    for (read, stored) in read.parameters().iter().zip(case.gru.parameters()) {
        assert_eq!(
            (read.name(), read.shape(), read.values()),
            (stored.name(), stored.shape(), stored.values())
        );
    }
    // The same layer as a system.
    let weights = GruWeights::read_pytorch(file("recurrent.safetensors"), "gru.", 0)?;
    let again = Gru::from_weights(&weights)?;
    assert_eq!(again.parameters()[1].values(), read.parameters()[1].values());
    Ok(())
}
