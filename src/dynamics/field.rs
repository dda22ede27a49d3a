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
