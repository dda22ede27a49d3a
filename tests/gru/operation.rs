//! The operation against a float64 reference and its differences, its composition, and itself under other circumstances.

use crate::errors::{has, text};
use crate::reference::Layer;
use crate::tensors::*;
use eigengate::Result;
use eigengate::device::{Matrix, Recording, matrix};
use eigengate::dynamics::Reset;
use eigengate::nn::ops::{self, GradientsOf, GruTensors, composed};

/// Batch, steps, inputs, units: one of each, sizes below, at and beyond the 32 sequences of a group and the tiles of products.
const SHAPES: [(usize, usize, usize, usize); 9] = [
    (1, 1, 0, 1),
    (1, 7, 1, 1),
    (3, 5, 2, 2),
    (32, 4, 0, 2),
    (33, 6, 3, 3),
    (5, 3, 5, 4),
    (70, 3, 2, 7),
    (17, 9, 13, 10),
    (2, 40, 1, 5),
];

struct Case {
    x: Option<Matrix>,
    initial: Matrix,
    input: Option<Matrix>,
    recurrent: Matrix,
    bias: Matrix,
    hidden_bias: Option<Matrix>,
    u: Matrix,
    steps: usize,
    layer: Layer,
}

fn case(reset: Reset, (batch, steps, inputs, units): (usize, usize, usize, usize)) -> Case {
    let some = |rows, columns, index| (inputs > 0).then(|| random(rows, columns, index));
    let (x, input) = (some(batch * steps, inputs, 0), some(3 * units, inputs, 1));
    let (recurrent, bias) = (random(3 * units, units, 2), random(1, 3 * units, 3));
    let hidden_bias = (reset == Reset::After).then(|| random(1, 3 * units, 4));
    let of = |tensor: &Option<Matrix>| tensor.as_ref().map_or(vec![], doubles);
    let layer = Layer {
        reset,
        inputs,
        units,
        input: of(&input),
        recurrent: doubles(&recurrent),
        bias: doubles(&bias),
        hidden_bias: of(&hidden_bias),
    };
    let (initial, u) = (random(batch, units, 5), random(batch * steps, units, 6));
    Case { x, initial, input, recurrent, bias, hidden_bias, u, steps, layer }
}

impl Case {
    fn weights(&self) -> GruTensors<'_> {
        GruTensors {
            input: self.input.as_ref(),
            recurrent: &self.recurrent,
            bias: &self.bias,
            hidden_bias: self.hidden_bias.as_ref(),
        }
    }

    fn recorded(&self, gradients: GradientsOf) -> Result<Matrix<Recording>> {
        ops::gru(self.initial.retaped(), self.x.as_ref(), self.steps, &self.weights(), gradients)
    }

    fn plain(&self) -> Result<Matrix> {
        ops::gru(self.initial.clone(), self.x.as_ref(), self.steps, &self.weights(), GradientsOf::Input)
    }

    fn x(&self) -> Vec<f64> {
        self.x.as_ref().map_or(vec![], doubles)
    }

    /// The pairing of the states with `u`, of the layer `layer`.
    fn value(&self, layer: &Layer, x: &[f64], initial: &[f64]) -> f64 {
        pair(&layer.states(x, initial, self.steps), &doubles(&self.u))
    }

    /// The gradients by everything, with their names.
    fn gradients(&self, g: &Grads) -> Vec<(&'static str, Vec<f32>)> {
        let all = [
            ("x", self.x.as_ref()),
            ("initial", Some(&self.initial)),
            ("input", self.input.as_ref()),
            ("recurrent", Some(&self.recurrent)),
            ("bias", Some(&self.bias)),
            ("hidden bias", self.hidden_bias.as_ref()),
        ];
        all.into_iter().filter_map(|(name, m)| Some((name, g.get(m?).as_vec()))).collect()
    }
}

fn all() -> impl Iterator<Item = Case> {
    [Reset::Before, Reset::After].into_iter().flat_map(|reset| SHAPES.map(|shape| case(reset, shape)))
}

#[test]
fn states_are_those_of_the_equations() -> Result<()> {
    for case in all() {
        let y = case.recorded(GradientsOf::Everything)?;
        for (y, want) in
            y.as_vec().iter().zip(case.layer.states(&case.x(), &doubles(&case.initial), case.steps))
        {
            assert!((f64::from(*y) - want).abs() < 2e-6, "{y}, wanted {want}");
        }
        assert_eq!(y.as_vec(), case.plain()?.as_vec());
    }
    Ok(())
}

#[test]
fn gradients_are_those_of_differences() -> Result<()> {
    for case in all() {
        let g = backward(ops::pairing(case.recorded(GradientsOf::Everything)?, &case.u)?);
        let (layer, x, initial) = (&case.layer, case.x(), doubles(&case.initial));
        let value = |layer: &Layer| case.value(layer, &x, &initial);
        let of = |change: fn(&mut Layer, &[f64])| {
            move |values: &[f64]| {
                let mut layer = layer.clone();
                change(&mut layer, values);
                layer
            }
        };
        if let (Some(tensor), Some(input)) = (&case.x, &case.input) {
            assert_slopes("x", tensor, &g, |x| case.value(layer, x, &initial));
            let changed = of(|layer, w| layer.input = w.to_vec());
            assert_slopes("input", input, &g, |w| value(&changed(w)));
        }
        assert_slopes("initial", &case.initial, &g, |initial| case.value(layer, &x, initial));
        let changed = of(|layer, w| layer.recurrent = w.to_vec());
        assert_slopes("recurrent", &case.recurrent, &g, |w| value(&changed(w)));
        let changed = of(|layer, w| layer.bias = w.to_vec());
        assert_slopes("bias", &case.bias, &g, |w| value(&changed(w)));
        if let Some(hidden_bias) = &case.hidden_bias {
            let changed = of(|layer, w| layer.hidden_bias = w.to_vec());
            assert_slopes("hidden bias", hidden_bias, &g, |w| value(&changed(w)));
        }
    }
    Ok(())
}

#[test]
fn the_composition_does_the_same() -> Result<()> {
    for case in all() {
        let fast = case.recorded(GradientsOf::Everything)?;
        let composition = |initial: Matrix<Recording>| {
            composed::gru(initial, case.x.as_ref(), case.steps, &case.weights(), GradientsOf::Everything)
        };
        let slow = composition(case.initial.retaped())?;
        assert_close("states", &fast.as_vec(), &slow.as_vec(), 2e-6);
        let (g, c) = (backward(ops::pairing(fast, &case.u)?), backward(ops::pairing(slow, &case.u)?));
        for ((name, fast), (_, slow)) in case.gradients(&g).into_iter().zip(case.gradients(&c)) {
            assert_close(name, &fast, &slow, 2e-5);
        }
    }
    Ok(())
}

#[test]
fn the_composition_does_the_same_in_wide_layers() -> Result<()> {
    // Sizes beyond the panels of the sums over all steps, in each of its dimensions, and not their multiples.
    for (shape, reset) in [
        ((33, 66, 2, 75), Reset::Before),
        ((3, 131, 35, 33), Reset::After),
        ((2, 64, 80, 37), Reset::After),
        ((1, 3, 33, 78), Reset::Before),
    ] {
        let mut case = case(reset, shape);
        // Weights so small that no difference grows from step to step.
        let small: Vec<f32> = case.recurrent.as_vec().iter().map(|w| 0.1 * w).collect();
        case.recurrent = matrix(&small, 3 * shape.3, shape.3)?;
        let fast = case.recorded(GradientsOf::Everything)?;
        let of = (case.initial.retaped(), case.x.as_ref(), case.steps);
        let slow = composed::gru(of.0, of.1, of.2, &case.weights(), GradientsOf::Everything)?;
        let (g, c) = (backward(ops::pairing(fast, &case.u)?), backward(ops::pairing(slow, &case.u)?));
        for ((name, fast), (_, slow)) in case.gradients(&g).into_iter().zip(case.gradients(&c)) {
            assert_close(name, &fast, &slow, 2e-5);
        }
    }
    Ok(())
}

#[test]
fn permuted_tensors_get_their_gradients_in_their_own_order() -> Result<()> {
    for reset in [Reset::Before, Reset::After] {
        let mut case = case(reset, (6, 4, 3, 5));
        let straight = backward(ops::pairing(case.recorded(GradientsOf::Everything)?, &case.u)?);
        let want = case.gradients(&straight);
        (case.initial, case.x) = (permuted(&case.initial), case.x.as_ref().map(permuted));
        let y = case.recorded(GradientsOf::Everything)?;
        let turned = backward(ops::pairing(y, &case.u)?);
        assert_eq!(case.gradients(&turned), want);
    }
    Ok(())
}

#[test]
fn only_what_is_asked_for_is_computed() -> Result<()> {
    for reset in [Reset::Before, Reset::After] {
        let case = case(reset, (6, 4, 3, 5));
        let everything = backward(ops::pairing(case.recorded(GradientsOf::Everything)?, &case.u)?);
        let all = case.gradients(&everything);
        for (asked, by_x, by_weights) in
            [(GradientsOf::Input, true, false), (GradientsOf::Parameters, false, true)]
        {
            let mut g = backward(ops::pairing(case.recorded(asked)?, &case.u)?);
            let optional = [&case.x, &case.input, &case.hidden_bias].into_iter().flatten();
            for tensor in [&case.recurrent, &case.bias].into_iter().chain(optional) {
                g.get_or_alloc_mut(tensor).unwrap();
            }
            for ((name, got), (_, full)) in case.gradients(&g).into_iter().zip(&all) {
                let computed = match name {
                    "initial" => true,
                    "x" => by_x,
                    _ => by_weights,
                };
                let want = if computed { full.clone() } else { vec![0.0; full.len()] };
                assert_eq!(got, want, "{name}, {asked:?}");
            }
        }
    }
    Ok(())
}

#[test]
fn a_sequence_does_not_depend_on_the_others_nor_on_threads() -> Result<()> {
    for reset in [Reset::Before, Reset::After] {
        // Enough work for tasks of their own.
        let run = || -> Result<(Case, Vec<u32>, Vec<_>)> {
            let case = case(reset, (70, 20, 3, 40));
            let y = case.recorded(GradientsOf::Everything)?;
            let states = bits(&y.as_vec());
            let gradients = case.gradients(&backward(ops::pairing(y, &case.u)?));
            Ok((case, states, gradients))
        };
        let (case, states, gradients) = run()?;
        let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let alone = one.install(|| run().map(|(_, states, gradients)| (states, gradients)))?;
        assert_eq!(alone, (states.clone(), gradients));

        let of = |m: &Matrix, rows: std::ops::Range<usize>, width: usize| {
            matrix(&m.as_vec()[rows.start * width..rows.end * width], rows.len(), width)
        };
        for sequence in [0, 31, 32, 69] {
            let x = of(case.x.as_ref().unwrap(), sequence * 20..(sequence + 1) * 20, 3)?;
            let initial = of(&case.initial, sequence..sequence + 1, 40)?;
            let y = ops::gru(initial, Some(&x), 20, &case.weights(), GradientsOf::Input)?;
            assert_eq!(bits(&y.as_vec()), states[sequence * 800..(sequence + 1) * 800]);
        }
        // NaN stays with its sequence.
        let mut x = case.x.as_ref().unwrap().as_vec();
        x[10 * 20 * 3] = f32::NAN;
        let x = matrix(&x, 70 * 20, 3)?;
        let y = ops::gru(case.initial.clone(), Some(&x), 20, &case.weights(), GradientsOf::Input)?.as_vec();
        assert!(y[10 * 800..11 * 800].iter().all(|y| y.is_nan()));
        assert_eq!(bits(&y[..10 * 800]), states[..10 * 800]);
        assert_eq!(bits(&y[11 * 800..]), states[11 * 800..]);
    }
    Ok(())
}

#[test]
fn gates_that_saturate_and_weights_that_are_not_finite() -> Result<()> {
    // Update gate shut: the state stays to the last bit. Open, with a saturated candidate: it jumps.
    let (recurrent, initial) = (matrix(&[0.0; 12], 6, 2)?, matrix(&[0.3, -0.7], 1, 2)?);
    let run = |bias: [f32; 6]| -> Result<Vec<f32>> {
        let bias = matrix(&bias, 1, 6)?;
        let weights = GruTensors { input: None, recurrent: &recurrent, bias: &bias, hidden_bias: None };
        Ok(ops::gru(initial.clone(), None, 3, &weights, GradientsOf::Input)?.as_vec())
    };
    assert_eq!(run([0.0, 0.0, 1e6, 1e6, 0.0, 0.0])?, [0.3, -0.7].repeat(3));
    assert_eq!(run([0.0, 0.0, -1e6, -1e6, 1e6, -1e6])?, [1.0, -1.0].repeat(3));
    assert!(run([0.0, 0.0, f32::NAN, 0.0, 0.0, 0.0])?.iter().step_by(2).all(|h| h.is_nan()));
    Ok(())
}

#[test]
fn sizes_that_do_not_agree_are_refused() -> Result<()> {
    let case = case(Reset::After, (4, 5, 3, 2));
    let x = case.x.as_ref();
    let run = |initial: &Matrix, x: Option<&Matrix>, steps: usize, weights: GruTensors<'_>| {
        text(ops::gru(initial.clone(), x, steps, &weights, GradientsOf::Input).map(|_| ()))
    };
    let weights = case.weights();
    let wrong = run(&case.initial, x, 4, weights);
    has(&wrong, &["input of a GRU", "(16, 3)", "(20, 3)"]);
    has(&run(&case.initial, None, 5, weights), &["input of a GRU", "(20, 3)", "none"]);
    has(&run(&case.initial, x, 0, weights), &["steps = 0", "at least 1"]);
    has(&run(&case.initial, x, usize::MAX, weights), &["steps", "memory"]);
    has(&run(&random(4, 3, 0), x, 5, weights), &["recurrent weights", "(9, 3)", "(6, 2)"]);
    let narrow = random(1, 2, 0);
    has(
        &run(&case.initial, x, 5, GruTensors { bias: &narrow, ..weights }),
        &["bias of a GRU", "(1, 6)", "(1, 2)"],
    );
    let hidden_bias = Some(&narrow);
    has(
        &run(&case.initial, x, 5, GruTensors { hidden_bias, ..weights }),
        &["hidden bias", "(1, 6)", "(1, 2)"],
    );
    has(
        &run(&case.initial, x, 5, GruTensors { input: None, ..weights }),
        &["input of a GRU", "none", "(20, 3)"],
    );
    has(
        &run(&case.initial, x, 5, GruTensors { input: Some(&narrow), ..weights }),
        &["input weights", "(6, 3)", "(1, 2)"],
    );
    has(&run(&matrix(&[], 0, 2)?, None, 5, weights), &["initial state", "empty"]);
    Ok(())
}
