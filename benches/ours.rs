//! Our side of `cargo xtask bench`, through the public interface alone.
//!
//! `ours CASE` prepares the case, does it once, and writes `ready`. Then it answers every line of its input with
//! one line: `run` does the work once and gives `{"loss": …, "seconds": …}`, `peak` gives the largest memory of the
//! process since it was prepared, in bytes. It ends with its input. The other side, `benches/peers/torch_peer.py`,
//! does the same work by the same rules, so that the two can take turns.
//!
//! The sizes of the cases stand here, in `torch_peer.py`, and as operations in `xtask/src/bench/cases.rs`.

use std::io::{BufRead, Write};
use std::process::ExitCode;
use std::time::Instant;

use dfdx::prelude::{AsArray, Backward};
use eigengate::attack::{AutoAttack, FixedEps, Keep, Norm, Pgd, Step};
use eigengate::data::{Dataset, ImageShape, mnist};
use eigengate::device::{Matrix, Recording, matrix, to_device, zeros};
use eigengate::dynamics::Reset;
use eigengate::nn::ops::{SpectralTarget, cross_entropy, linear, spectral_penalty, squared_error};
use eigengate::nn::{Activation, Adam, Cnn, GradientsOf, Gru, Mlp, Network, Optimiser, OptimiserState};
use eigengate::seed::{Purpose, stream};
use eigengate::spectra::eigenvectors;
use eigengate::train::Training;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The work of a case, once. A training step gives its loss, so that it can be compared with the peer's.
type Work = Box<dyn FnMut() -> Result<Option<f32>>>;

const MNIST: ImageShape = ImageShape { channels: 1, height: 28, width: 28 };

fn main() -> ExitCode {
    // `cargo bench` and `cargo test --benches` start this program without a case.
    let Some(case) = std::env::args().nth(1).filter(|argument| !argument.starts_with('-')) else {
        eprintln!("this is one side of `cargo xtask bench`; without a case there is nothing to do");
        return ExitCode::SUCCESS;
    };
    match answer(&case) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn answer(case: &str) -> Result<()> {
    let mut work = prepare(case)?;
    forget_peak();
    work()?;
    say("ready")?;
    for line in std::io::stdin().lock().lines() {
        match line?.as_str() {
            "run" => {
                let start = Instant::now();
                let loss = work()?;
                let seconds = start.elapsed().as_secs_f64();
                say(&serde_json::json!({"seconds": seconds, "loss": loss}).to_string())?;
            }
            "peak" => say(&peak().to_string())?,
            other => return Err(format!("unknown request `{other}`; there are run and peak").into()),
        }
    }
    Ok(())
}

fn say(line: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

fn prepare(case: &str) -> Result<Work> {
    match case {
        "shallow_step_vanilla" => step(shallow()?, 3500, false),
        // Two peers do the same work.
        "shallow_step_spectral_loop" | "shallow_step_spectral" => step(shallow()?, 3500, true),
        "shallow_refresh" => refresh(shallow()?, 60_000),
        "deep_step_vanilla" => step(deep()?, 1500, false),
        "deep_step_spectral" => step(deep()?, 1500, true),
        "cnn_step_vanilla" => step(cnn()?, 6000, false),
        "digits_step_vanilla" => step_on(shallow()?, mnist::shipped()?.train.take(3500)?, false),
        "digits_step_spectral" => step_on(shallow()?, mnist::shipped()?.train.take(3500)?, true),
        "pgd_mlp" => pgd(shallow()?, images(10_000, 1)?, pgd_40()),
        "pgd_cnn" => pgd(cnn()?, images(2000, 1)?, pgd_40()),
        "pgd_leave" => pgd_on_digits(10_000),
        "autoattack" => autoattack(),
        "gru_2" => gru_steps(2, Reset::After),
        "gru_2_written" => gru_steps(2, Reset::Before),
        "gru_64" => gru_steps(64, Reset::After),
        "gru_64_written" => gru_steps(64, Reset::Before),
        "gru_256" => gru_steps(256, Reset::After),
        "product" => product(),
        other => Err(format!("this program has no case `{other}`").into()),
    }
}

fn shallow() -> Result<Mlp> {
    Ok(Mlp::new(&[784, 2000, 10], Activation::Tanh, 0)?)
}

fn deep() -> Result<Mlp> {
    Ok(Mlp::new(&[784, 1000, 1000, 1000, 10], Activation::Tanh, 0)?)
}

fn cnn() -> Result<Cnn> {
    Ok(Cnn::new(MNIST, &[16, 32], &[1000, 10], Activation::Tanh, 0)?)
}

/// A training step with AMSGrad, with the spectral penalty of every hidden layer if `spectral`: what
/// `train::Training` does for a batch.
fn step(net: impl Network + 'static, batch: usize, spectral: bool) -> Result<Work> {
    step_on(net, images(batch, 1)?, spectral)
}

/// The same on images that are given.
fn step_on(mut net: impl Network + 'static, data: Dataset, spectral: bool) -> Result<Work> {
    let (x, labels) = (to_device(data.images())?, data.labels().to_vec());
    // As in training: of many images, and constant during the steps.
    let taps: Vec<usize> = if spectral { (0..net.taps().len()).collect() } else { vec![] };
    let vectors = eigenvectors(&net, &images(6000, 2)?, &taps)?;
    let target = SpectralTarget::default();
    // Adam with AMSGrad.
    let mut state = OptimiserState::new(Optimiser::default(), &net)?;
    Ok(Box::new(move || {
        let recorded = net.record(x.clone(), GradientsOf::Parameters)?;
        let mut loss = cross_entropy(recorded.logits, &labels)?;
        for (&tap, vectors) in taps.iter().zip(&vectors) {
            loss = loss + spectral_penalty(recorded.taps[tap].retaped::<Recording>(), vectors, &target)?;
        }
        drop(recorded.taps);
        let value = loss.array();
        let mut gradients = loss.try_backward()?;
        state.step(&mut net, &mut gradients)?;
        Ok(Some(value))
    }))
}

/// PGD in L-infinity as the peer writes it: 40 steps of 0.01 at eps 0.1 from a random start, the last iterate.
fn pgd_40() -> Pgd {
    Pgd::new().with_step(Step::Fixed(0.01)).with_keep(Keep::Last)
}

fn pgd(net: impl Network + 'static, data: Dataset, attack: Pgd) -> Result<Work> {
    Ok(Box::new(move || {
        std::hint::black_box(attack.attack(&net, &data, 0.1)?);
        Ok(None)
    }))
}

/// The same against a network that was trained as usual, where examples are dropped once they are fooled. The error rate is that of
/// all steps, which is looked at first.
fn pgd_on_digits(examples: usize) -> Result<Work> {
    let digits = mnist::shipped()?;
    let mut net = shallow()?;
    Training::new(3, 1000).run(&mut net, &digits.train.take(10_000)?, None)?;
    let (data, attack) = (digits.test.take(examples)?, pgd_40().with_keep(Keep::Best));
    let some = data.take(500)?;
    let all = attack.attack(&net, &some, 0.1)?;
    let attack = attack.with_drop_fooled(true);
    if attack.attack(&net, &some, 0.1)?.success != all.success {
        return Err("dropping examples changed which of them are fooled".into());
    }
    pgd(net, data, attack)
}

/// What precedes every epoch with a penalty: the eigenvectors of the last hidden layer over all images.
fn refresh(net: impl Network + 'static, examples: usize) -> Result<Work> {
    let data = images(examples, 1)?;
    let last = net.taps().len() - 1;
    Ok(Box::new(move || {
        std::hint::black_box(eigenvectors(&net, &data, &[last])?);
        Ok(None)
    }))
}

/// AutoAttack `standard` in Linf on 1000 digits of the test set that a trained network has not seen, at an eps at which most
/// stand. The first time on 20 of them.
fn autoattack() -> Result<Work> {
    let mnist = mnist::shipped()?;
    let mut net = shallow()?;
    Training::new(10, 500).run(&mut net, &mnist.train.take(20_000)?, None)?;
    let (few, digits) = (mnist.test.take(20)?, mnist.test.take(1000)?);
    let attack = AutoAttack::standard(Norm::Linf, digits.shape());
    let mut first = true;
    Ok(Box::new(move || {
        let report = attack.evaluate(&net, if first { &few } else { &digits }, 0.02)?;
        eprintln!("   {report:?}");
        first = false;
        Ok(None)
    }))
}

/// Ten training steps with Adam of a GRU of one layer with a readout, on 64 sequences of 128 steps: 2 inputs, 2 outputs, mean
/// squared error. With the reset gate before the product the peer is the cell written out.
fn gru_steps(units: usize, reset: Reset) -> Result<Work> {
    let (batch, steps) = (64, 128);
    let mut random = stream(0, Purpose::Order, 1);
    let mut normal = |rows: usize, columns: usize| -> Result<Matrix> {
        let values: Vec<f32> = (0..rows * columns).map(|_| random.normal() as f32).collect();
        Ok(matrix(&values, rows, columns)?)
    };
    let (x, target) = (normal(batch * steps, 2)?, normal(batch * steps, 2)?);
    let mut gru = Gru::new(2, &[units], 2, reset, 0)?;
    let start = zeros(batch, units)?;
    let mut state = OptimiserState::of(Adam { amsgrad: false, ..Adam::default() }, &gru.parameters())?;
    Ok(Box::new(move || {
        let mut value = None;
        for _ in 0..10 {
            let recorded = gru.record(&start, Some(&x), steps, GradientsOf::Parameters)?;
            let loss = squared_error(recorded.outputs, &target)?;
            value = Some(loss.array());
            let mut gradients = loss.try_backward()?;
            state.step_on(gru.parameters_mut(), &mut gradients)?;
        }
        Ok(value)
    }))
}

/// One float32 product, 2000x8000 by 8000x2000: with sums so long, the memory of the result costs next to nothing, and
/// the time is that of the arithmetic. `xtask` knows the sizes.
fn product() -> Result<Work> {
    let (rows, inner, columns) = (2000, 8000, 2000);
    let x = uniform(rows, inner, 1)?;
    let weight = uniform(columns, inner, 2)?;
    let bias = uniform(1, columns, 3)?;
    Ok(Box::new(move || {
        std::hint::black_box(linear(x.clone(), &weight, &bias, GradientsOf::Parameters)?);
        Ok(None)
    }))
}

fn uniform(rows: usize, columns: usize, index: u64) -> Result<Matrix> {
    let mut random = stream(0, Purpose::Order, index);
    let values: Vec<f32> = (0..rows * columns).map(|_| random.uniform()).collect();
    Ok(matrix(&values, rows, columns)?)
}

/// Random pixels with random labels.
fn images(examples: usize, index: u64) -> Result<Dataset> {
    let mut random = stream(0, Purpose::Order, index);
    let images = ndarray::Array2::from_shape_simple_fn((examples, MNIST.pixels()), || random.uniform());
    let labels = (0..examples).map(|_| random.below(10) as u8).collect();
    Ok(Dataset::new(images, labels, MNIST, 10)?)
}

/// Lets the peak start anew from the memory in use, so that the preparation does not count. Where the system does not
/// allow that, it counts.
fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// The largest memory so far, in bytes; 0 where the system does not tell.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}
