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
