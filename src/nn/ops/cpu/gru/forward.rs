//! All steps of a group of sequences, forward.

use super::rows::{LINES, Row, add_product};
use super::{Memory, Sizes, Weights};
use crate::dynamics::Reset;
use crate::nn::ops::cpu::vector::{sigmoid, tanh};
use crate::numeric::{LANES, Line, with_simd};

with_simd! {
    /// From the inputs and the initial state, with which `states` begins, all other states; gates and what is beside them
    /// are kept.
    pub(super) fn forward(simd; sizes: Sizes, weights: &Weights<'_>, memory: &mut Memory<'_>) {
        let Memory { x, gates, beside, states } = memory;
        let (d, inputs) = (sizes.units, sizes.inputs);
        // The inputs of all steps at once.
        for (t, gates) in gates.chunks_exact_mut(3 * d).enumerate() {
            fill(gates, weights.bias);
            add_product(simd, gates, weights.input, inputs, &x[t * inputs..][..inputs]);
        }
        let (both, candidate) = weights.recurrent.split_at(2 * d * d);
        for (t, (gates, beside)) in gates.chunks_exact_mut(3 * d).zip(beside.chunks_exact_mut(d)).enumerate() {
            let (before, after) = states.split_at_mut((t + 1) * d);
            let (h, next) = (&before[t * d..], &mut after[..d]);
            let (rz, n) = gates.split_at_mut(2 * d);
            add_product(simd, rz, both, d, h);
            sigmoids(rz);
            let (r, z) = rz.split_at(d);
            match sizes.reset {
                Reset::Before => {
                    multiply(beside, r, h);
                    add_product(simd, n, candidate, d, beside);
                    tanhs(n);
                }
                Reset::After => {
                    fill(beside, weights.hidden_bias);
                    add_product(simd, beside, candidate, d, h);
                    gated_tanhs(n, r, beside);
                }
            }
            mix(next, z, h, n);
        }
    }
}

/// Every number of row `j` becomes `values[j]`.
#[inline(always)]
fn fill(rows: &mut [Row], values: &[f32]) {
    for (row, value) in rows.iter_mut().zip(values) {
        *row = [Line([*value; LANES]); LINES];
    }
}

#[inline(always)]
fn sigmoids(rows: &mut [Row]) {
    for line in rows.as_flattened_mut() {
        line.0.iter_mut().for_each(|x| *x = sigmoid(*x));
    }
}

#[inline(always)]
fn tanhs(rows: &mut [Row]) {
    for line in rows.as_flattened_mut() {
        line.0.iter_mut().for_each(|x| *x = tanh(*x));
    }
}

/// `n = tanh(n + r q)`.
#[inline(always)]
fn gated_tanhs(n: &mut [Row], r: &[Row], q: &[Row]) {
    let lines = n.as_flattened_mut().iter_mut().zip(r.as_flattened()).zip(q.as_flattened());
    for ((n, r), q) in lines {
        for i in 0..LANES {
            n.0[i] = tanh(r.0[i].mul_add(q.0[i], n.0[i]));
        }
    }
}

/// `out = r h`.
#[inline(always)]
fn multiply(out: &mut [Row], r: &[Row], h: &[Row]) {
    let lines = out.as_flattened_mut().iter_mut().zip(r.as_flattened()).zip(h.as_flattened());
    for ((out, r), h) in lines {
        for i in 0..LANES {
            out.0[i] = r.0[i] * h.0[i];
        }
    }
}

/// `next = z h + (1 - z) n`.
#[inline(always)]
fn mix(next: &mut [Row], z: &[Row], h: &[Row], n: &[Row]) {
    let lines = next.as_flattened_mut().iter_mut().zip(z.as_flattened());
    for (((next, z), h), n) in lines.zip(h.as_flattened()).zip(n.as_flattened()) {
        for i in 0..LANES {
            next.0[i] = z.0[i].mul_add(h.0[i] - n.0[i], n.0[i]);
        }
    }
}
