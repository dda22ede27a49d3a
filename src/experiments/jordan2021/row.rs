//! What came out of one run.

use crate::data::PlanarTask;
use crate::display::{Content, show};
use crate::dynamics::{GruWeights, Readout};
use ndarray::{Array1, Array2};
use std::fmt;

/// One run: a task, a seed, and what came out. The columns of the [table](super#the-table).
#[derive(Clone, PartialEq)]
pub struct PlanarRow {
    /// The task.
    pub task: PlanarTask,
    /// The seed.
    pub seed: u64,
    /// Everything else that fixes the row.
    pub settings: String,
    /// Mean squared error of the last record of the training.
    pub loss: f64,
    /// Relative error over the horizon on the test trajectories.
    pub error: f64,
    /// Sinks, saddles, sources, and fixed points whose linear part does not tell.
    pub points: [usize; 4],
    /// Whether these are proved to be all.
    pub proved: bool,
    /// How many have their output on the line or the ring.
    pub on_attractor: Option<usize>,
    /// Stable and unstable cycles.
    pub cycles: [usize; 2],
    /// The longest period of a stable cycle, in steps of the network.
    pub period: Option<f64>,
    /// The largest time constant of a sink's modes, in steps.
    pub memory: Option<f64>,
    /// Length and drift time of the pseudo-line with the longest drift.
    pub pseudo_line: Option<[f64; 2]>,
    /// Steps until starts on the line or the ring are away: the first of them and the median.
    pub drift: Option<[f64; 2]>,
    /// The share that never is, and that is not within the horizon.
    pub kept: Option<[f64; 2]>,
    /// The system.
    pub weights: GruWeights,
    /// The initial state is `tanh(E p + e)`: `E`, `(2, 2)`, and `e`.
    pub encoder: (Array2<f64>, Array1<f64>),
    /// The output.
    pub readout: Readout,
}

impl PlanarRow {
    /// All fixed points.
    pub fn fixed_points(&self) -> usize {
        self.points.iter().sum()
    }

    /// Shows it in a notebook.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

impl fmt::Debug for PlanarRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [sinks, saddles, sources, other] = self.points;
        write!(f, "PlanarRow({}, seed {}: error {:.3}, ", self.task.name(), self.seed, self.error)?;
        write!(f, "{sinks} sinks, {saddles} saddles, {sources} sources")?;
        if other > 0 {
            write!(f, ", {other} non-hyperbolic")?;
        }
        write!(f, "{}", if self.proved { " (all)" } else { " (not proved to be all)" })?;
        write!(f, ", {} stable and {} unstable cycles", self.cycles[0], self.cycles[1])?;
        if let Some([_, median]) = self.drift {
            write!(f, ", drift after {median} steps")?;
        }
        f.write_str(")")
    }
}
