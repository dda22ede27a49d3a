//! The network: layers, readout, encoder, feeding back, systems, files.

use crate::errors::{has, text};
use crate::reference::Layer;
use crate::tensors::*;
use eigengate::device::{Matrix, matrix};
use eigengate::dynamics::{Reset, families};
use eigengate::nn::ops::{GradientsOf, pairing};
use eigengate::nn::{Gru, Mlp, Parameter};
use eigengate::{Error, Result};
use ndarray::{Array2, Array3, Axis, concatenate, s};

fn of(gru: &Gru, name: &str) -> Vec<f64> {
    let found = gru.parameters().into_iter().find(|p| p.name() == name);
    found.map_or(vec![], |p| p.values().into_iter().map(f64::from).collect())
}

/// The float64 reference of layer `k`.
fn layer(gru: &Gru, k: usize) -> Layer {
    let units = gru.units();
    Layer {
        reset: gru.reset(),
        inputs: if k == 0 { gru.inputs() } else { units[k - 1] },
        units: units[k],
        input: of(gru, &format!("gru.weight_ih_l{k}")),
        recurrent: of(gru, &format!("gru.weight_hh_l{k}")),
        bias: of(gru, &format!("gru.bias_ih_l{k}")),
        hidden_bias: of(gru, &format!("gru.bias_hh_l{k}")),
    }
}

fn affine(gru: &Gru, name: &str, x: &[f64]) -> Vec<f64> {
    let (w, b) = (of(gru, &format!("{name}.weight")), of(gru, &format!("{name}.bias")));
    let inputs = w.len() / b.len();
    let rows = x.chunks_exact(inputs);
    rows.flat_map(|x| w.chunks_exact(inputs).zip(&b).map(|(w, b)| pair(w, x) + b).collect::<Vec<_>>())
        .collect()
}

/// Outputs of the reference from starting points for the encoder, without inputs or fed back `x` for one step.
fn reference(gru: &Gru, start: &[f64], x: Option<&[f64]>, steps: usize) -> Vec<f64> {
    let points = gru.start_size();
    let mut outputs = vec![];
    for (sequence, start) in start.chunks_exact(points).enumerate() {
        let layers: Vec<Layer> = (0..gru.units().len()).map(|k| layer(gru, k)).collect();
        let encode =
            |k: usize| affine(gru, &format!("encoder.{k}"), start).into_iter().map(f64::tanh).collect();
        let mut states: Vec<Vec<f64>> = (0..layers.len()).map(encode).collect();
        let inputs = gru.inputs();
        let mut input = x.map_or(vec![], |x| x[sequence * inputs..(sequence + 1) * inputs].to_vec());
        for _ in 0..steps {
            let mut below = input;
            for (layer, h) in layers.iter().zip(&mut states) {
                *h = layer.step(&below, h);
                below = h.clone();
            }
            let output = affine(gru, "readout", &below);
            input = if x.is_some() { output.clone() } else { vec![] };
            outputs.extend(output);
        }
    }
    outputs
}

fn networks() -> Vec<Gru> {
    let new = |inputs, units: &[usize], reset| Gru::new(inputs, units, 2, reset, 3)?.with_encoder(3, 4);
    [(0, Reset::Before), (0, Reset::After), (2, Reset::Before), (2, Reset::After)]
        .into_iter()
        .flat_map(|(inputs, reset)| [new(inputs, &[4], reset).unwrap(), new(inputs, &[3, 5], reset).unwrap()])
        .collect()
}

#[test]
fn outputs_and_gradients_of_whole_networks() -> Result<()> {
    let (batch, steps) = (5, 6);
    let (start, x, u) = (random(batch, 3, 0), random(batch, 2, 1), random(batch * steps, 2, 2));
    for gru in networks() {
        let fed_back = gru.inputs() > 0;
        let y = match fed_back {
            true => gru.record_free(&start, &x, steps, GradientsOf::Parameters)?,
            false => gru.record(&start, None, steps, GradientsOf::Parameters)?.outputs,
        };
        let (start, x) = (doubles(&start), doubles(&x));
        let x = fed_back.then_some(x.as_slice());
        for (y, want) in y.as_vec().iter().zip(reference(&gru, &start, x, steps)) {
            assert!((f64::from(*y) - want).abs() < 2e-6, "{gru:?}: {y}, wanted {want}");
        }
        let mut g = backward(pairing(y, &u)?);
        for (k, parameter) in gru.parameters().into_iter().enumerate() {
            let slopes = parameter.gradient(&mut g)?;
            let value = |place: usize, change: f32| -> Result<f64> {
                let mut changed = gru.clone();
                let mut values = parameter.values();
                values[place] += change;
                changed.parameters_mut()[k].set_values(values)?;
                Ok(pair(&reference(&changed, &start, x, steps), &doubles(&u)))
            };
            for place in (0..slopes.len()).step_by(1 + slopes.len() / 7) {
                // Steps that float32 has exactly; what is left of a central difference is of order 1e-5.
                let want = (value(place, 0.00390625)? - value(place, -0.00390625)?) / 0.0078125;
                let error = (f64::from(slopes[place]) - want).abs();
                assert!(
                    error < 3e-5,
                    "{gru:?}, {} at {place}: {}, wanted {want}",
                    parameter.name(),
                    slopes[place]
                );
            }
        }
    }
    Ok(())
}

#[test]
fn gradients_by_inputs_alone_are_those_of_everything() -> Result<()> {
    let gru = Gru::new(2, &[3, 4], 2, Reset::After, 3)?;
    let (x, u) = (random(5 * 6, 2, 0), random(5 * 6, 2, 1));
    let by = |asked: GradientsOf| -> Result<(Vec<f32>, Vec<f32>)> {
        let initial = [random(5, 3, 2), random(5, 4, 3)];
        let outputs = gru.record_from(&initial, Some(&x), 6, asked)?.outputs;
        let mut g = backward(pairing(outputs, &u)?);
        let weights = gru.parameters().into_iter().map(|p| p.gradient(&mut g)).collect::<Result<Vec<_>>>()?;
        Ok((g.get(&x).as_vec(), weights.concat()))
    };
    let (alone, all) = (by(GradientsOf::Input)?, by(GradientsOf::Everything)?);
    assert_eq!(alone.0, all.0);
    assert!(all.0.iter().any(|g| *g != 0.0));
    assert!(alone.1.iter().all(|g| *g == 0.0) && all.1.iter().all(|g| *g != 0.0));
    Ok(())
}

fn sequences(batch: usize, steps: usize, width: usize) -> Array3<f32> {
    Array3::from_shape_vec((batch, steps, width), random(batch * steps, width, 7).as_vec()).unwrap()
}

#[test]
fn last_states_continue_a_sequence() -> Result<()> {
    for reset in [Reset::Before, Reset::After] {
        let gru = Gru::new(3, &[4, 2], 2, reset, 1)?;
        let x = sequences(6, 10, 3);
        let whole = gru.forward(x.view(), None)?;
        let first = gru.forward(x.slice(s![.., ..4, ..]), None)?;
        let second = gru.forward(x.slice(s![.., 4.., ..]), Some(first.last()))?;
        let both = concatenate(Axis(1), &[first.outputs().view(), second.outputs().view()]).unwrap();
        assert_eq!(both, whole.outputs());
        assert_eq!(second.last(), whole.last());
        assert_eq!(whole.states()[1].index_axis(Axis(1), 9), whole.last()[1]);
        // Any memory order.
        let turned = x.view().permuted_axes([2, 1, 0]).as_standard_layout().into_owned();
        assert_eq!(gru.forward(turned.view().permuted_axes([2, 1, 0]), None)?, whole);
    }
    Ok(())
}

#[test]
fn a_free_run_feeds_outputs_back() -> Result<()> {
    let gru = Gru::new(2, &[4], 2, Reset::After, 1)?;
    let x = sequences(5, 3, 2);
    let free = gru.free_run(x.view(), 7, None)?;
    // As inputs, its own outputs give the same.
    let fed = concatenate(Axis(1), &[x.view(), free.outputs().slice(s![.., 2..6, ..])]).unwrap();
    let forced = gru.forward(fed.view(), None)?;
    assert_eq!(forced.outputs(), free.outputs());
    assert_eq!(forced.last(), free.last());
    assert!(free.states().is_empty());
    Ok(())
}

#[test]
fn the_map_of_its_weights_steps_as_the_network_does() -> Result<()> {
    for reset in [Reset::Before, Reset::After] {
        for inputs in [0, 2] {
            let gru = Gru::new(inputs, &[3], 1, reset, 5)?;
            let x = sequences(1, 8, inputs.max(1)).slice(s![.., .., ..inputs]).to_owned();
            let run = gru.forward(x.view(), Some(&[Array2::from_elem((1, 3), 0.5)]))?;
            let weights = gru.weights()?;
            assert_eq!((weights.reset(), weights.inputs()), (reset, inputs));
            let mut h = vec![0.5; 3];
            for (x, state) in
                x.index_axis(Axis(0), 0).rows().into_iter().zip(run.states()[0].index_axis(Axis(0), 0).rows())
            {
                let x: Vec<f64> = x.iter().map(|x| f64::from(*x)).collect();
                let (map, mut next) = (weights.with_input(&x)?.map(), vec![0.0; 3]);
                map.step(&h, &mut next);
                h = next;
                for (state, h) in state.iter().zip(&h) {
                    assert!((f64::from(*state) - h).abs() < 1e-6, "{reset:?}: {state}, wanted {h}");
                }
            }
            assert_eq!(Gru::from_weights(&weights)?.weights()?, weights);
        }
    }
    let random = families::random(4, 2.0, 3, Reset::After)?;
    let back = Gru::from_weights(&random)?.weights()?;
    assert!((back.get("bhh", &[2])? - random.get("bhh", &[2])?).abs() < 1e-7);
    assert!((back.get("Uz", &[1, 3])? - random.get("Uz", &[1, 3])?).abs() < 1e-6);
    let two = Gru::new(1, &[2, 2], 0, Reset::Before, 0)?;
    has(&text(two.weights()), &["1 layer", "2 layers"]);
    Ok(())
}

#[test]
fn parameters_are_pytorch_s_in_name_shape_and_range() -> Result<()> {
    let gru = Gru::new(3, &[4, 25], 2, Reset::After, 1)?.with_encoder(2, 1)?;
    let names: Vec<(&str, &[usize])> = gru.parameters().into_iter().map(|p| (p.name(), p.shape())).collect();
    let layer = |k, inputs, d| {
        [
            ("weight_ih", vec![3 * d, inputs]),
            ("weight_hh", vec![3 * d, d]),
            ("bias_ih", vec![3 * d]),
            ("bias_hh", vec![3 * d]),
        ]
        .map(|(array, shape)| (format!("gru.{array}_l{k}"), shape))
    };
    let mut want: Vec<(String, Vec<usize>)> = layer(0, 3, 4).into_iter().chain(layer(1, 4, 25)).collect();
    let more: [(&str, &[usize]); 6] = [
        ("readout.weight", &[2, 25]),
        ("readout.bias", &[2]),
        ("encoder.0.weight", &[4, 2]),
        ("encoder.0.bias", &[4]),
        ("encoder.1.weight", &[25, 2]),
        ("encoder.1.bias", &[25]),
    ];
    want.extend(more.map(|(name, shape)| (name.to_owned(), shape.to_vec())));
    assert_eq!(names, want.iter().map(|(name, shape)| (name.as_str(), shape.as_slice())).collect::<Vec<_>>());
    let largest = |p: &Parameter| p.values().iter().fold(0.0f32, |a, b| a.max(b.abs()));
    let wide = gru.parameters()[5].clone();
    assert!((0.19..=0.2).contains(&largest(&wide)), "1 / sqrt(25)");
    // Every array has numbers of its own, and a seed its own.
    let first = |p: &Parameter| p.values()[0] / largest(p);
    let mut firsts: Vec<f32> = gru.parameters().into_iter().map(first).collect();
    firsts.sort_by(f32::total_cmp);
    firsts.dedup();
    assert_eq!(firsts.len(), gru.parameters().len());
    let other = Gru::new(3, &[4, 25], 2, Reset::After, 2)?;
    assert_ne!(other.parameters()[0].values(), gru.parameters()[0].values());
    assert_eq!(
        format!("{gru:?}"),
        "Gru(3 inputs, 4 and 25 units, 2 outputs, encoder of 2 numbers, reset after the product, 2572 parameters)"
    );
    Ok(())
}

#[test]
fn files_bring_networks_back() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gru.safetensors");
    let all = [
        Gru::new(3, &[4, 2], 2, Reset::After, 1)?,
        Gru::new(0, &[2], 0, Reset::Before, 1)?,
        Gru::new(1, &[3], 1, Reset::Before, 1)?.with_encoder(2, 3)?,
    ];
    for gru in &all {
        gru.save(&path)?;
        let read = Gru::load(&path)?;
        assert_eq!(format!("{read:?}"), format!("{gru:?}"));
        assert!(read.parameters().iter().zip(gru.parameters()).all(|(a, b)| a.values() == b.values()));
    }
    // The last file does not fit the others, which stay as they were.
    let mut other = all[0].clone();
    let before = other.parameters()[0].values();
    has(&text(other.load_parameters(&path)), &["gru.weight_ih_l0", "[12, 3]", "[9, 1]"]);
    assert_eq!(other.parameters()[0].values(), before);
    let mut wide = Gru::new(1, &[3], 1, Reset::After, 2)?;
    let before: Vec<_> = wide.parameters().iter().map(|p| p.values()).collect();
    has(&text(wide.load_parameters(&path)), &["gru.bias_hh_l0"]);
    assert_eq!(wide.parameters().iter().map(|p| p.values()).collect::<Vec<_>>(), before);

    Mlp::new(&[2, 3, 2], eigengate::nn::Activation::Tanh, 0)?.save(&path)?;
    has(&text(Gru::load(&path)), &["architecture gru", "mlp"]);
    std::fs::write(&path, b"nothing").unwrap();
    has(&text(Gru::load(&path)), &["safetensors"]);
    Ok(())
}

#[test]
fn what_does_not_fit_is_refused() -> Result<()> {
    let gru = Gru::new(2, &[3], 1, Reset::Before, 0)?;
    has(&text(Gru::new(2, &[], 1, Reset::Before, 0)), &["units", "at least one layer"]);
    has(&text(Gru::new(2, &[3, 0], 1, Reset::Before, 0)), &["units = 0"]);
    assert!(matches!(Gru::new(2, &[usize::MAX], 1, Reset::Before, 0), Err(Error::Parameter { .. })));
    has(&text(gru.clone().with_encoder(0, 0)), &["width = 0"]);
    let run = |x: Array3<f32>, initial: Option<&[Array2<f32>]>| text(gru.forward(x.view(), initial));
    has(&run(sequences(2, 3, 1), None), &["sequences", "(batch, steps, 2)", "(2, 3, 1)"]);
    has(&run(Array3::zeros((0, 3, 2)), None), &["empty"]);
    has(&run(Array3::zeros((2, 0, 2)), None), &["steps = 0"]);
    has(
        &run(sequences(2, 3, 2), Some(&[Array2::zeros((3, 3))])),
        &["initial states", "[(2, 3)]", "[(3, 3)]"],
    );
    has(&run(sequences(2, 3, 2), Some(&[])), &["initial states", "[(2, 3)]", "[]"]);
    has(&text(gru.free_run(sequences(2, 3, 2).view(), 5, None)), &["fed back", "2, its inputs", "1"]);
    let closed = Gru::new(2, &[3], 2, Reset::Before, 0)?;
    has(&text(closed.free_run(sequences(2, 3, 2).view(), 2, None)), &["steps = 2", "at least 3"]);
    has(&text(closed.free_run(Array3::zeros((2, 0, 2)).view(), 2, None)), &["input of a GRU", "0 rows"]);
    has(&text(gru.from_start(Array2::zeros((2, 2)).view(), 4)), &["starting points", "(batch, 3)", "(2, 2)"]);
    has(&text(gru.from_start(Array2::zeros((2, 3)).view(), 4)), &["input of a GRU", "none"]);
    let start: Matrix = matrix(&[0.0; 6], 2, 3)?;
    let recorded = gru.record_from(&[start.clone(), start], None, 2, GradientsOf::Parameters);
    has(&text(recorded.map(|_| ())), &["initial states", "1, one for each layer", "2"]);
    Ok(())
}
