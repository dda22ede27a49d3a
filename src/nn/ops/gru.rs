//! A layer of gated recurrent units over whole sequences as one operation.

use super::GradientsOf;
use crate::device::{Device, Matrix, dims};
use crate::dynamics::Reset;
use crate::error::{Error, Result};
use dfdx::prelude::Tape;

/// The weights of a layer of `d` units. Matrices have the rows of the reset gate, of the update gate and of the candidate
/// below each other, as PyTorch has them.
#[derive(Clone, Copy)]
pub struct GruTensors<'a> {
    /// `(3 d, inputs)`; `None` for a layer without inputs.
    pub input: Option<&'a Matrix>,
    /// `(3 d, d)`.
    pub recurrent: &'a Matrix,
    /// `(1, 3 d)`.
    pub bias: &'a Matrix,
    /// `(1, 3 d)`, that of the state's side: its last `d` numbers stand within the product with the reset gate, the others
    /// add to `bias`. With it the reset gate acts [after](Reset::After) the product, without it [before](Reset::Before).
    pub hidden_bias: Option<&'a Matrix>,
}

impl GruTensors<'_> {
    /// Where the reset gate acts.
    pub fn reset(&self) -> Reset {
        if self.hidden_bias.is_some() { Reset::After } else { Reset::Before }
    }
}

/// The states `h_1`, …, `h_steps` of a batch of sequences, from the initial states `initial` `(batch, d)` and the inputs `x`
/// `(batch * steps, inputs)`, sequence after sequence, step after step within each:
///
/// ```text
/// r = sigmoid(Wr x + Ur h + br)    z = sigmoid(Wz x + Uz h + bz)    h' = z h + (1 - z) n
/// n = tanh(Wh x + bh + Uh (r h))            Reset::Before
/// n = tanh(Wh x + bh + r (Uh h + bhh))      Reset::After, PyTorch's nn.GRU
/// ```
///
/// The result is `(batch * steps, d)` in the order of `x`. Layers without inputs take `None` for `x`.
///
/// Records the gradients by `initial`, and where `gradients` asks by `x` and by the weights, by back-propagation through time
/// written out by hand. The states of a sequence do not depend on the others of its batch.
///
/// ```
/// use eigengate::device::{matrix, zeros};
/// use eigengate::nn::ops::{GradientsOf, GruTensors, gru};
///
/// // All weights are 0: z = 1/2 and n = 0, so that the state halves in every step.
/// let (recurrent, bias) = (zeros(3, 1)?, zeros(1, 3)?);
/// let weights = GruTensors { input: None, recurrent: &recurrent, bias: &bias, hidden_bias: None };
/// let states = gru(matrix(&[0.8], 1, 1)?, None, 3, &weights, GradientsOf::Parameters)?;
/// assert_eq!(states.as_vec(), [0.4, 0.2, 0.1]);
/// # Ok::<(), eigengate::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] for no sequences or units; [`Error::Parameter`] for no steps, or more than there can be;
/// [`Error::Shape`] where sizes do not agree.
pub fn gru<T: Tape<f32, Device>>(
    initial: Matrix<T>,
    x: Option<&Matrix>,
    steps: usize,
    weights: &GruTensors<'_>,
    gradients: GradientsOf,
) -> Result<Matrix<T>> {
    check(dims(&initial), x, steps, weights)?;
    #[cfg(feature = "cuda")]
    return super::composed::gru(initial, x, steps, weights, gradients);
    #[cfg(not(feature = "cuda"))]
    run(initial, x, steps, weights, gradients)
}

fn check(
    (batch, d): (usize, usize),
    x: Option<&Matrix>,
    steps: usize,
    weights: &GruTensors<'_>,
) -> Result<()> {
    if batch == 0 || d == 0 {
        return Err(Error::empty("the initial state of a GRU"));
    }
    // 2^40 numbers are 4 TB.
    let numbers = batch.checked_mul(steps).and_then(|rows| rows.checked_mul(d));
    if steps == 0 || numbers.is_none_or(|n| n > 1 << 40) {
        return Err(Error::parameter("steps", steps, "at least 1, and states that fit into memory"));
    }
    let agree = |what: &str, is: (usize, usize), need: (usize, usize)| {
        if is == need { Ok(()) } else { Err(Error::shape(what, format!("{need:?}"), format!("{is:?}"))) }
    };
    agree("recurrent weights of a GRU", dims(weights.recurrent), (3 * d, d))?;
    agree("bias of a GRU", dims(weights.bias), (1, 3 * d))?;
    if let Some(bias) = weights.hidden_bias {
        agree("hidden bias of a GRU", dims(bias), (1, 3 * d))?;
    }
    match (x, weights.input) {
        (None, None) => Ok(()),
        (Some(x), Some(input)) => {
            let (_, inputs) = dims(x);
            if inputs == 0 {
                return Err(Error::empty("a row of the input of a GRU"));
            }
            agree("input weights of a GRU", dims(input), (3 * d, inputs))?;
            agree("input of a GRU", dims(x), (batch * steps, inputs))
        }
        (Some(x), None) => Err(Error::shape("input of a GRU", "none", format!("{:?}", dims(x)))),
        (None, Some(input)) => {
            Err(Error::shape("input of a GRU", format!("{:?}", (batch * steps, dims(input).1)), "none"))
        }
    }
}

#[cfg(not(feature = "cuda"))]
fn run<T: Tape<f32, Device>>(
    initial: Matrix<T>,
    x: Option<&Matrix>,
    steps: usize,
    weights: &GruTensors<'_>,
    gradients: GradientsOf,
) -> Result<Matrix<T>> {
    use super::cpu::gru::{Kept, Sizes, Slopes, Weights};
    use crate::device::{Contiguous, values_mut, zeros};
    use dfdx::prelude::PutTape;

    let (initial, mut tape) = Contiguous::new(initial)?;
    let x = match x {
        None => None,
        Some(x) => {
            // With a tape of its own: a copy that makes it contiguous is recorded.
            let (x, of_x) = Contiguous::new(x.retaped::<T>())?;
            tape = tape.merge(of_x);
            Some(x)
        }
    };
    let input = weights.input.map(Contiguous::plain).transpose()?;
    let (recurrent, bias) = (Contiguous::plain(weights.recurrent)?, Contiguous::plain(weights.bias)?);
    let hidden_bias = weights.hidden_bias.map(Contiguous::plain).transpose()?;
    let (batch, d) = initial.dims();
    let inputs = x.as_ref().map_or(0, |x| x.dims().1);
    let sizes = Sizes { batch, steps, inputs, units: d, reset: weights.reset() };

    // Both biases of a gate are one number; the candidate's own are not.
    let mut both = bias.values().to_vec();
    let hidden = hidden_bias.as_ref().map_or(&[][..], |bias| bias.values());
    both.iter_mut().zip(hidden).take(2 * d).for_each(|(bias, hidden)| *bias += hidden);
    let within = hidden.get(2 * d..).unwrap_or_default().to_vec();

    let mut y = zeros(batch * steps, d)?;
    let kept = {
        let weights = Weights {
            input: input.as_ref().map_or(&[], |input| input.values()),
            recurrent: recurrent.values(),
            bias: &both,
            hidden_bias: &within,
        };
        let x = x.as_ref().map_or(&[][..], |x| x.values());
        Kept::forward(sizes, &weights, x, initial.values(), values_mut(&mut y))
    };
    let ghost = y.ghost();
    tape.add_backward_op(move |g| {
        let weights = Weights {
            input: input.as_ref().map_or(&[], |input| input.values()),
            recurrent: recurrent.values(),
            bias: &both,
            hidden_bias: &within,
        };
        let dy = std::mem::take(&mut **g.get_or_alloc_mut(&ghost)?);
        let mut dx = vec![];
        let x = x.as_ref().filter(|_| gradients.input());
        if let Some(x) = x {
            dx = std::mem::take(&mut **g.get_or_alloc_mut(x.tensor())?);
        }
        let initial_slopes = g.get_or_alloc_mut(initial.tensor())?;
        let asked = Slopes {
            x: x.map(|_| dx.as_mut_slice()),
            initial: initial_slopes,
            weights: gradients.parameters(),
        };
        let sums = kept.backward(&weights, &dy, asked);
        // Other operations may still read it.
        **g.get_or_alloc_mut(&ghost)? = dy;
        if let Some(x) = x {
            **g.get_or_alloc_mut(x.tensor())? = dx;
        }
        if gradients.parameters() {
            let (input_sums, rest) = sums.split_at(3 * d * inputs);
            let (recurrent_sums, rest) = rest.split_at(3 * d * d);
            let (bias_sums, within_sums) = rest.split_at(3 * d);
            let mut add = |to: &Contiguous, sums: &mut dyn Iterator<Item = &f64>| {
                let slopes = g.get_or_alloc_mut(to.tensor())?;
                slopes.iter_mut().zip(sums).for_each(|(slope, sum)| *slope += *sum as f32);
                Ok(())
            };
            if let Some(input) = &input {
                add(input, &mut input_sums.iter())?;
            }
            add(&recurrent, &mut recurrent_sums.iter())?;
            add(&bias, &mut bias_sums.iter())?;
            if let Some(hidden_bias) = &hidden_bias {
                add(hidden_bias, &mut bias_sums.iter().take(2 * d).chain(within_sums))?;
            }
        }
        Ok(())
    });
    Ok(y.put_tape(tape))
}
