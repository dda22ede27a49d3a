//! Settings of a training run on time series.

use super::history::GruHistory;
use crate::data::TimeSeries;
use crate::error::{Error, Result};
use crate::nn::{Adam, Decay, Gru, Optimiser, Schedule};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// What a network knows of the series that it predicts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Feeding {
    /// The first point alone: it is the [start](Gru::start_size) of a network without inputs, all other points are predicted.
    #[default]
    Start,
    /// Every point is an input, and its output predicts the next one (teacher forcing). Initial states are zero.
    Forced,
    /// The first `forced` points are inputs, later inputs are the network's own outputs (free running). Initial states are
    /// zero.
    Free {
        /// At least 1.
        forced: usize,
    },
}

/// How a [`Gru`] is trained on [`TimeSeries`]: at every step windows of random trajectories, each from a random point on; the loss is
/// the mean squared error of the predicted points.
///
/// The defaults are the recipe for [planar tasks](crate::data::PlanarTask): without inputs, from the first point, 50 points
/// ahead, 64 windows a step, 10,000 steps of Adam with a learning rate of 0.02 that falls by a cosine to a hundredth of
/// that, gradients clipped to norm 1; 200 trajectories. The network has two units, an encoder of the first point and a
/// readout. It is this crate's own recipe: Jordan2021 does not give theirs. Where the state itself is the point (no encoder, no
/// readout), errors are two to seven times as large.
///
/// ```
/// use eigengate::data::PlanarTask;
/// use eigengate::dynamics::Reset;
/// use eigengate::nn::Gru;
/// use eigengate::train::{GruTraining, prediction_error};
///
/// let data = PlanarTask::DampedSpiral.sampling().generate(100, 50)?;
/// let mut gru = Gru::new(0, &[2], 2, Reset::Before, 2)?.with_encoder(2, 2)?;
/// let history = GruTraining::new(800).run(&mut gru, &data.train, Some(&data.test))?;
/// let error = prediction_error(&gru, &data.test, Default::default(), 50)?;
/// assert!(history.finished() && error.relative() < 0.3);
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct GruTraining {
    /// Steps of the optimiser, at least 1.
    pub steps: u64,
    /// Windows of a step, at least 1; 64 by default.
    pub batch_size: usize,
    /// Points that are predicted in each window, at least 1 and fewer than a trajectory has; 50 by default.
    pub horizon: usize,
    /// What the network knows of them; the first point by default.
    pub feeding: Feeding,
    /// How parameters move; Adam with a learning rate of 0.02 by default.
    pub optimiser: Optimiser,
    /// How the learning rate follows the steps; a cosine to 0.01 times by default.
    pub schedule: Schedule,
    /// The largest norm of the gradient by all parameters together, above 0; 1 by default, infinite for no clipping.
    pub clip: f64,
    /// Seed of the windows; 0 by default.
    pub seed: u64,
    /// A record of the history every so many steps, at least 1; 100 by default.
    pub record_every: u64,
    /// The network is kept before the first step, after every so many, and after the last; not at all by default.
    pub snapshot_every: Option<u64>,
    /// A call stops after the first step that ends beyond this time; without limit by default.
    pub time_budget: Option<Duration>,
    /// Where the state is kept; nowhere by default.
    pub checkpoint: Option<PathBuf>,
    /// Whether progress is printed, as whole lines, at most one a second. By default in notebooks alone.
    pub progress: bool,
}

impl Default for GruTraining {
    fn default() -> Self {
        Self::new(10_000)
    }
}

impl GruTraining {
    /// `steps` steps, with the defaults of the recipe above.
    pub fn new(steps: u64) -> Self {
        Self {
            steps,
            batch_size: 64,
            horizon: 50,
            feeding: Feeding::Start,
            optimiser: Adam { learning_rate: 0.02, amsgrad: false, ..Adam::default() }.into(),
            schedule: Decay::Cosine { last: 0.01 }.into(),
            clip: 1.0,
            seed: 0,
            record_every: 100,
            snapshot_every: None,
            time_budget: None,
            checkpoint: None,
            progress: crate::display::in_notebook(),
        }
    }

    /// Another number of windows in a step.
    pub fn with_batch_size(mut self, batch_size: usize) -> Self {
        self.batch_size = batch_size;
        self
    }

    /// Another number of points that are predicted.
    pub fn with_horizon(mut self, horizon: usize) -> Self {
        self.horizon = horizon;
        self
    }

    /// Other inputs.
    pub fn with_feeding(mut self, feeding: Feeding) -> Self {
        self.feeding = feeding;
        self
    }

    /// Another optimiser, with a learning rate of its own.
    pub fn with_optimiser(mut self, optimiser: impl Into<Optimiser>) -> Self {
        self.optimiser = optimiser.into();
        self
    }

    /// Another step size for the optimiser chosen so far.
    pub fn with_learning_rate(mut self, learning_rate: f64) -> Self {
        self.optimiser = self.optimiser.with_learning_rate(learning_rate);
        self
    }

    /// Another schedule of the learning rate.
    pub fn with_schedule(mut self, schedule: impl Into<Schedule>) -> Self {
        self.schedule = schedule.into();
        self
    }

    /// Another largest norm of the gradient.
    pub fn with_clip(mut self, clip: f64) -> Self {
        self.clip = clip;
        self
    }

    /// Other windows.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Another distance of records.
    pub fn with_record_every(mut self, steps: u64) -> Self {
        self.record_every = steps;
        self
    }

    /// Keeps the network every so many steps, in [`GruHistory::snapshots`]: training as a path of networks.
    pub fn with_snapshots(mut self, every: u64) -> Self {
        self.snapshot_every = Some(every);
        self
    }

    /// Stops a call after the first step that ends beyond `budget`; with a checkpoint the next call goes on there.
    pub fn with_time_budget(mut self, budget: Duration) -> Self {
        self.time_budget = Some(budget);
        self
    }

    /// Keeps parameters, optimiser, history and snapshots in a file, written with every record and when the time is up.
    /// [`GruTraining::run`] goes on from a file that is there, and ends with the same bits as a run without a break.
    pub fn with_checkpoint(mut self, path: impl Into<PathBuf>) -> Self {
        self.checkpoint = Some(path.into());
        self
    }

    /// Switches the printing of progress.
    pub fn with_progress(mut self, progress: bool) -> Self {
        self.progress = progress;
        self
    }

    /// Trains `gru` on what was observed in `train`. With `test`, every record has the [error](super::prediction_error) over the
    /// horizon against the truth there.
    ///
    /// # Errors
    /// [`Error::Parameter`] and [`Error::Shape`] for settings that are out of range or do not fit the network or the series, before
    /// anything has changed; [`Error::DivergedAtStep`] where loss or gradient leave the finite numbers; errors of the checkpoint
    /// file: [`Error::Format`] and [`Error::Shape`] for one of another run or network.
    pub fn run(&self, gru: &mut Gru, train: &TimeSeries, test: Option<&TimeSeries>) -> Result<GruHistory> {
        self.check(gru, train, test)?;
        let _memory = crate::device::ReleaseAtEnd;
        super::run::run(self, gru, train, test)
    }

    pub(super) fn check(&self, gru: &Gru, train: &TimeSeries, test: Option<&TimeSeries>) -> Result<()> {
        let counts = [
            ("steps", self.steps),
            ("batch_size", self.batch_size as u64),
            ("record_every", self.record_every),
            ("snapshot_every", self.snapshot_every.unwrap_or(1)),
        ];
        if let Some((name, _)) = counts.into_iter().find(|(_, count)| *count == 0) {
            return Err(Error::parameter(name, 0, "at least 1"));
        }
        self.optimiser.check()?;
        self.schedule.check()?;
        if !(self.clip > 0.0) {
            return Err(Error::parameter("clip", self.clip, "a norm above 0; infinity for no clipping"));
        }
        for series in [Some(train), test].into_iter().flatten() {
            self.feeding.check(gru, series, self.horizon)?;
        }
        Ok(())
    }
}

impl Feeding {
    /// Whether a network can predict `horizon` points of these series so.
    pub(super) fn check(self, gru: &Gru, series: &TimeSeries, horizon: usize) -> Result<()> {
        if horizon == 0 || horizon >= series.points() {
            let expected =
                format!("1 to {}, as trajectories have {} points", series.points() - 1, series.points());
            return Err(Error::parameter("horizon", horizon, expected));
        }
        let (variables, known) = (series.variables(), self == Feeding::Start);
        let inputs = if known { 0 } else { variables };
        let agree = |what: &str, is: usize, need: usize| {
            if is == need { Ok(()) } else { Err(Error::shape(what, format!("{need}, for {self}"), is)) }
        };
        agree("outputs of the network", gru.outputs(), variables)?;
        agree("inputs of the network", gru.inputs(), inputs)?;
        if known {
            agree("starting point of the network", gru.start_size(), variables)?;
        }
        match self {
            Feeding::Free { forced } if forced == 0 || forced > horizon => {
                Err(Error::parameter("forced", forced, format!("1 to {horizon}, the horizon")))
            }
            _ => Ok(()),
        }
    }
}

/// In words.
impl fmt::Display for Feeding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Feeding::Start => write!(f, "the first point alone"),
            Feeding::Forced => write!(f, "all points as inputs"),
            Feeding::Free { forced } => write!(f, "the first {forced} points as inputs"),
        }
    }
}
