//! What a flow is to everything that integrates or analyses it.

/// An autonomous flow `dh/dt = f(h)` in `d` dimensions.
///
/// The calls are the hot path of every integrator: slices, no allocation, no `Result`. Slices of other sizes than
/// those stated give NaN, never a panic.
pub trait VectorField: Sync {
    /// The number of dimensions `d`, at least 1.
    fn dimension(&self) -> usize;

    /// `f(h)`. Both slices hold `d` numbers.
    fn field(&self, h: &[f64], out: &mut [f64]);

    /// The Jacobian `df_i/dh_j`, row-major: `out` holds `d * d` numbers.
    fn jacobian(&self, h: &[f64], out: &mut [f64]);

    /// The divergence of `f`, the trace of the Jacobian.
    fn divergence(&self, h: &[f64]) -> f64 {
        let d = self.dimension();
        with_scratch(d * d, |jacobian| {
            self.jacobian(h, jacobian);
            jacobian.iter().step_by(d + 1).sum()
        })
    }

    /// The gate-free residual `g(h)`: `f_i = c_i g_i` with factors `c_i > 0`, so that both have the same zeros. `f` itself
    /// where a field has no gates.
    fn gate_free(&self, h: &[f64], out: &mut [f64]) {
        self.field(h, out);
    }

    /// The Jacobian of the gate-free residual, row-major: `d * d` numbers.
    fn gate_free_jacobian(&self, h: &[f64], out: &mut [f64]) {
        self.jacobian(h, out);
    }

    /// The factors `c_i > 0` of `f_i = c_i g_i`, `d` numbers. At a fixed point the Jacobian of `f` is `diag(c) Dg`.
    fn gate_factors(&self, _h: &[f64], out: &mut [f64]) {
        out.fill(1.0);
    }

    /// The second derivative `B(u, v) = D2f(h)(u, v)`, `d` numbers. By default by differences of the Jacobian over
    /// lengths of about 1e-3, right to about 1e-12 where the field changes over lengths of order 1.
    fn bilinear(&self, h: &[f64], u: &[f64], v: &[f64], out: &mut [f64]) {
        let mut change = |h: &[f64], out: &mut [f64]| matrix_times(self, h, u, out);
        difference(h, v, &mut change, out);
    }

    /// The third derivative `C(u, v, w) = D3f(h)(u, v, w)`, `d` numbers. By default by differences of the Jacobian over
    /// lengths of about 1e-3, right to about 1e-9 where the field changes over lengths of order 1.
    fn trilinear(&self, h: &[f64], u: &[f64], v: &[f64], w: &[f64], out: &mut [f64]) {
        let mut along_v = |h: &[f64], out: &mut [f64]| {
            let mut change = |h: &[f64], out: &mut [f64]| matrix_times(self, h, u, out);
            difference(h, v, &mut change, out);
        };
        difference(h, w, &mut along_v, out);
    }

    /// The second derivative `D2g(h)(u, v)` of the gate-free residual, `d` numbers.
    fn gate_free_bilinear(&self, h: &[f64], u: &[f64], v: &[f64], out: &mut [f64]) {
        self.bilinear(h, u, v, out);
    }

    /// `f / s` with the [`time_scale`](VectorField::time_scale) `s`, and with the same orbits and basins as `f`, which
    /// are passed through at a speed of order 1 where all gates are nearly closed.
    fn rescaled(&self, h: &[f64], out: &mut [f64]) {
        self.field(h, out);
    }

    /// The Jacobian of `f / s`, row-major.
    fn rescaled_jacobian(&self, h: &[f64], out: &mut [f64]) {
        self.jacobian(h, out);
    }

    /// The positive and smooth function `s(h)` that [`rescaled`](VectorField::rescaled) divides by; 1 where a field has
    /// no gates.
    fn time_scale(&self, _h: &[f64]) -> f64 {
        1.0
    }

    /// Proved bounds `(low, high)` of component `i` of the gate-free residual in the box `low <= h <= high`; those of its
    /// derivatives by `h_j` go into `slopes`, `d` of them. `None` where a field gives no bounds.
    fn gate_free_bounds(
        &self,
        _low: &[f64],
        _high: &[f64],
        _i: usize,
        _slopes: &mut [(f64, f64)],
    ) -> Option<(f64, f64)> {
        None
    }
}

/// The step of differences of fourth order.
const STEP: f64 = 1e-3;

/// The Jacobian times a vector.
fn matrix_times<F: VectorField + ?Sized>(field: &F, h: &[f64], u: &[f64], out: &mut [f64]) {
    let d = h.len();
    with_scratch(d * d, |jacobian| {
        field.jacobian(h, jacobian);
        for (out, row) in out.iter_mut().zip(jacobian.chunks_exact(d)) {
            *out = row.iter().zip(u).map(|(j, u)| j * u).sum();
        }
    });
}

/// The derivative of `of` at `h` along `v`, by a difference of fourth order.
fn difference(h: &[f64], v: &[f64], of: &mut dyn FnMut(&[f64], &mut [f64]), out: &mut [f64]) {
    out.fill(0.0);
    let size = v.iter().fold(0.0, |size: f64, v| size.max(v.abs()));
    if size == 0.0 {
        return;
    }
    let step = STEP / size;
    with_scratch(2 * h.len(), |scratch| {
        let (place, value) = scratch.split_at_mut(h.len());
        for (side, weight) in [(-2.0, 1.0), (-1.0, -8.0), (1.0, 8.0), (2.0, -1.0)] {
            for ((place, h), v) in place.iter_mut().zip(h).zip(v) {
                *place = h + side * step * v;
            }
            of(place, value);
            for (out, value) in out.iter_mut().zip(value.iter()) {
                *out += weight / (12.0 * step) * value;
            }
        }
    });
}

/// Numbers that fit on the stack.
const STACK: usize = 64;

/// Runs `work` on `n` zeros, which are on the stack where they are few (`n` up to 64).
pub(crate) fn with_scratch<R>(n: usize, work: impl FnOnce(&mut [f64]) -> R) -> R {
    let mut few = [0.0; STACK];
    match few.get_mut(..n) {
        Some(few) => work(few),
        None => work(&mut vec![0.0; n]),
    }
}
