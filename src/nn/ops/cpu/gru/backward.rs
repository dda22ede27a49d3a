//! All steps of a group of sequences, backward.

use super::rows::{LINES, Row, add_product};
use super::{Memory, Sizes};
use crate::dynamics::Reset;
use crate::numeric::{LANES, Line, with_simd};

with_simd! {
    /// From the gradients `dy` by the states of all steps (`units` rows each) those by the arguments of the gates, which
    /// take the place of r, z and n, and `dh` by the initial state. Behind [`Reset::After`] the gradient by `Uh h + bhh` takes
    /// its place. `transposed` is `(units, 3 units)`; `scratch` has `units` rows.
    pub(super) fn backward(
        simd;
        sizes: Sizes,
        transposed: &[f32],
        dy: &[Row],
        memory: &mut Memory<'_>,
        dh: &mut [Row],
        scratch: &mut [Row],
    ) {
        let d = sizes.units;
        let Memory { gates, beside, states, .. } = memory;
        dh.fill([Line::ZERO; LINES]);
        for t in (0..sizes.steps).rev() {
            let (dy, h) = (&dy[t * d..][..d], &states[t * d..][..d]);
            let beside = &mut beside[t * d..][..d];
            let (rz, n) = gates[t * 3 * d..][..3 * d].split_at_mut(2 * d);
            let (r, z) = rz.split_at_mut(d);
            mix_slopes(dh, dy, h, z, n);
            match sizes.reset {
                Reset::Before => {
                    scratch.fill([Line::ZERO; LINES]);
                    add_product(simd, scratch, &transposed[2 * d..], 3 * d, n);
                    product_slopes(dh, r, scratch, h);
                }
                Reset::After => {
                    gated_slopes(r, beside, n);
                    add_product(simd, dh, &transposed[2 * d..], 3 * d, beside);
                }
            }
            add_product(simd, dh, transposed, 3 * d, rz);
        }
    }
}

/// Through `h' = z h + (1 - z) n` with the gradient `dh + dy` by `h'`: z and n become the gradients by the arguments of
/// sigmoid and tanh, and `dh` becomes what goes straight to `h`.
#[inline(always)]
fn mix_slopes(dh: &mut [Row], dy: &[Row], h: &[Row], z: &mut [Row], n: &mut [Row]) {
    let gradients = dh.as_flattened_mut().iter_mut().zip(dy.as_flattened());
    let gates = z.as_flattened_mut().iter_mut().zip(n.as_flattened_mut());
    for (((dh, dy), h), (z, n)) in gradients.zip(h.as_flattened()).zip(gates) {
        for i in 0..LANES {
            let above = dh.0[i] + dy.0[i];
            let (gate, candidate) = (z.0[i], n.0[i]);
            let through = above * (1.0 - gate);
            dh.0[i] = above * gate;
            z.0[i] = through * gate * (h.0[i] - candidate);
            n.0[i] = through * (-candidate).mul_add(candidate, 1.0);
        }
    }
}

/// Through `r h` with the gradient `ds` by it: r becomes the gradient by the argument of its sigmoid.
#[inline(always)]
fn product_slopes(dh: &mut [Row], r: &mut [Row], ds: &[Row], h: &[Row]) {
    let lines = dh.as_flattened_mut().iter_mut().zip(r.as_flattened_mut());
    for (((dh, r), ds), h) in lines.zip(ds.as_flattened()).zip(h.as_flattened()) {
        for i in 0..LANES {
            let (gate, above) = (r.0[i], ds.0[i]);
            dh.0[i] = above.mul_add(gate, dh.0[i]);
            r.0[i] = above * h.0[i] * gate * (1.0 - gate);
        }
    }
}

/// Through `r q` with the gradient `dn` by it: r becomes the gradient by the argument of its sigmoid, q that by itself.
#[inline(always)]
fn gated_slopes(r: &mut [Row], q: &mut [Row], dn: &[Row]) {
    let lines = r.as_flattened_mut().iter_mut().zip(q.as_flattened_mut());
    for ((r, q), dn) in lines.zip(dn.as_flattened()) {
        for i in 0..LANES {
            let (gate, above) = (r.0[i], dn.0[i]);
            r.0[i] = above * q.0[i] * gate * (1.0 - gate);
            q.0[i] = above * gate;
        }
    }
}

with_simd! {
    /// The gradients `dx` by the inputs (`inputs` rows a step); `transposed` is `(inputs, 3 units)`.
    pub(super) fn input_slopes(simd; sizes: Sizes, transposed: &[f32], gates: &[Row], dx: &mut [Row]) {
        dx.fill([Line::ZERO; LINES]);
        let d = sizes.units;
        for (dx, gates) in dx.chunks_exact_mut(sizes.inputs).zip(gates.chunks_exact(3 * d)) {
            add_product(simd, dx, transposed, 3 * d, gates);
        }
    }
}
