//! A layer of gated recurrent units, step by step.

use crate::device::{Device, Matrix, Scalar, dims, refused};
use crate::dynamics::Reset;
use crate::error::Result;
use crate::nn::ops::{GradientsOf, GruTensors};
use dfdx::prelude::{
    Axes2, Axes3, Axis, BroadcastTo, HasShape, MeanTo, PermuteTo, PutTape, ReshapeTo, SelectTo, SplitTape,
    Tape, Tensor, TensorFromVec, TryAdd, TryMatMul, TryMul, TryStack, TrySub,
};

type Steps<T> = Tensor<(usize, usize, usize), f32, Device, T>;

/// As [`gru`](crate::nn::ops::gru()), whose checks come before; dfdx computes all gradients, whatever was asked for.
pub fn gru<T: Tape<f32, Device>>(
    initial: Matrix<T>,
    x: Option<&Matrix>,
    steps: usize,
    weights: &GruTensors<'_>,
    _: GradientsOf,
) -> Result<Matrix<T>> {
    let reset = weights.reset();
    let (batch, d) = *initial.shape();
    let (mut h, mut tape) = initial.split_tape();
    // Of the gates r, z and n what the inputs of all steps give, with the biases.
    let mut from_inputs = vec![];
    for gate in 0..3 {
        let mut bias = block::<T>(weights.bias, gate, 1)?;
        if let Some(hidden) = weights.hidden_bias.filter(|_| gate < 2) {
            bias = bias.try_add(block::<T>(hidden, gate, 1)?).map_err(refused)?;
        }
        let rows = batch * steps;
        let bias = bias.try_reshape_like(&(d,)).map_err(refused)?;
        let mut sum = bias.try_broadcast_like::<_, Axis<0>>(&(rows, d)).map_err(refused)?;
        if let (Some(x), Some(input)) = (x, weights.input) {
            let inputs = input.shape().1;
            let product =
                x.retaped::<T>().try_matmul(turned(block::<T>(input, gate, inputs)?)?).map_err(refused)?;
            sum = product.try_add(sum).map_err(refused)?;
        }
        let all = sum.try_reshape_like(&(batch, steps, d)).map_err(refused)?;
        let all: Steps<T> = all.try_permute::<(usize, usize, usize), Axes3<1, 0, 2>>().map_err(refused)?;
        let (all, of_gate) = all.try_contiguous().map_err(refused)?.split_tape();
        tape = tape.merge(of_gate);
        from_inputs.push(all);
    }
    let mut matrices = vec![];
    for gate in 0..3 {
        let (matrix, of_gate) = turned(block::<T>(weights.recurrent, gate, d)?)?.split_tape();
        let (matrix, of_copy) = matrix.retaped::<T>().try_contiguous().map_err(refused)?.split_tape();
        tape = tape.merge(of_gate).merge(of_copy);
        matrices.push(matrix);
    }
    let mut within = None;
    if let Some(hidden) = weights.hidden_bias {
        let bias = block::<T>(hidden, 2, 1)?.try_reshape_like(&(d,)).map_err(refused)?;
        let (bias, of_bias) =
            bias.try_broadcast_like::<_, Axis<0>>(&(batch, d)).map_err(refused)?.split_tape();
        let (bias, of_copy) = bias.retaped::<T>().try_contiguous().map_err(refused)?.split_tape();
        tape = tape.merge(of_bias).merge(of_copy);
        within = Some(bias);
    }
    let mut states = vec![];
    for step in 0..steps {
        let place = h.device().try_tensor_from_vec(vec![step], ()).map_err(refused)?;
        let of_step =
            |gate: usize| from_inputs[gate].retaped::<T>().try_select(place.clone()).map_err(refused);
        let product = |h: Matrix<T>, gate: usize| h.try_matmul(matrices[gate].clone()).map_err(refused);
        let argument = |gate: usize| -> Result<Matrix<T>> {
            of_step(gate)?.try_add(product(h.retaped(), gate)?).map_err(refused)
        };
        let r = argument(0)?.try_sigmoid().map_err(refused)?;
        let z = argument(1)?.try_sigmoid().map_err(refused)?;
        let n = match (reset, &within) {
            (Reset::After, Some(within)) => {
                let beside = product(h.retaped(), 2)?.try_add(within.clone()).map_err(refused)?;
                r.try_mul(beside).map_err(refused)?.try_add(of_step(2)?).map_err(refused)?
            }
            _ => product(r.try_mul(h.clone()).map_err(refused)?, 2)?.try_add(of_step(2)?).map_err(refused)?,
        };
        let (n, of_n) = n.try_tanh().map_err(refused)?.split_tape();
        // h' = n + z (h - n)
        let change = h.retaped::<T>().try_sub(n.clone()).map_err(refused)?;
        let next = z.try_mul(change).map_err(refused)?.try_add(n).map_err(refused)?;
        let (next, of_next) = next.split_tape();
        tape = tape.merge(of_n).merge(of_next);
        h = next;
        states.push(h.clone());
    }
    stack_steps(&states, tape)
}

/// As [`stack_steps`](crate::nn::ops::stack_steps()), whose checks come before.
pub fn stack_steps<T: Tape<f32, Device>>(steps: &[Matrix], tape: T) -> Result<Matrix<T>> {
    let (batch, width) = steps.first().map_or((0, 0), dims);
    // dfdx stacks only what has one layout.
    let contiguous = |step: &Matrix| step.retaped::<T>().try_contiguous().map_err(refused);
    let taped: Vec<Matrix<T>> = steps.iter().map(contiguous).collect::<Result<_>>()?;
    let rows = batch * taped.len();
    let all: Steps<T> = taped.try_stack().map_err(refused)?;
    let all: Steps<T> = all.try_permute::<(usize, usize, usize), Axes3<1, 0, 2>>().map_err(refused)?;
    let (all, of_all) = all.try_reshape_like(&(rows, width)).map_err(refused)?.split_tape();
    Ok(all.put_tape(tape.merge(of_all)))
}

/// As [`squared_error`](crate::nn::ops::squared_error()), whose checks come before.
pub fn squared_error<T: Tape<f32, Device>>(y: Matrix<T>, target: &Matrix) -> Result<Scalar<T>> {
    let difference = y.try_sub(target.clone()).map_err(refused)?;
    difference.try_square().map_err(refused)?.try_mean().map_err(refused)
}

/// Rows of gate `gate`, `(d, columns)`, of three gates below each other.
fn block<T: Tape<f32, Device>>(stack: &Matrix, gate: usize, columns: usize) -> Result<Matrix<T>> {
    let (rows, width) = *stack.shape();
    let d = rows * width / (3 * columns);
    let place = stack.device().try_tensor_from_vec(vec![gate], ()).map_err(refused)?;
    let blocks: Steps<T> = stack.retaped::<T>().try_reshape_like(&(3, d, columns)).map_err(refused)?;
    blocks.try_select(place).map_err(refused)
}

fn turned<T: Tape<f32, Device>>(matrix: Matrix<T>) -> Result<Matrix<T>> {
    matrix.try_permute::<(usize, usize), Axes2<1, 0>>().map_err(refused)
}
