//! Lyapunov exponents: how fast small differences grow along a trajectory.

use super::VectorField;
use super::integrate::{Integrator, Stepper, Variational};
use super::lu::solved;
use super::spectrum::spectrum;
use crate::display::{Content, show};
use crate::error::{Error, Result, finite};
use crate::frame::Frame;
use ndarray::Array1;
use std::fmt;

/// Benettin's method: the variational equation carries an orthonormal frame along; it is made orthonormal again by Gram and
/// Schmidt (QR with a positive diagonal) before its vectors fall together, and the logarithms of the diagonals, over the time, are
/// the exponents. G. Benettin, L. Galgani, A. Giorgilli, J.-M. Strelcyn, *Lyapunov characteristic exponents for smooth dynamical
/// systems*, Meccanica 15, 1980.
///
/// ```
/// use eigengate::dynamics::{Lyapunov, families};
///
/// // A limit cycle: the exponents are 0 and ln(multiplier) / period.
/// let flow = families::rotation(3.0, std::f64::consts::FRAC_PI_4)?.flow();
/// let spectrum = Lyapunov::new().with_time(2000.0).run(&flow, &[0.3, 0.1])?;
/// assert!(spectrum.exponents[0].abs() < 1e-3);
/// assert!((spectrum.exponents[1] - 0.494250_f64.ln() / 12.573706).abs() < 1e-3);
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Lyapunov {
    integrator: Integrator,
    time: f64,
    transient: f64,
}

/// Growth of one vector against another, as a logarithm, at which the frame is made orthonormal.
const SPREAD: f64 = 4.0;
/// Running averages that are kept.
const KEPT: usize = 200;
/// Steps between two looks at whether the trajectory has come to a sink.
const LOOK: usize = 50;

/// Exponents with the checks on them.
#[derive(Clone)]
pub struct LyapunovSpectrum {
    /// The exponents, largest first.
    pub exponents: Vec<f64>,
    /// The same after half of the time: how far the averages still move.
    pub half_time: Vec<f64>,
    /// The mean of the divergence along the trajectory, to compare with the sum of the exponents.
    pub mean_divergence: f64,
    /// The time averaged over.
    pub time: f64,
    /// How often the frame was made orthonormal.
    pub renormalisations: usize,
    /// The sink that the trajectory came to, if it did: then the exponents are the real parts of its eigenvalues, exactly.
    pub sink: Option<Array1<f64>>,
    /// Times and running averages, about 200 of them.
    pub running: Vec<(f64, Vec<f64>)>,
    /// Where the trajectory ended.
    pub end: Array1<f64>,
}

impl Default for Lyapunov {
    fn default() -> Self {
        Self::new()
    }
}

impl Lyapunov {
    /// Dormand-Prince with tolerances 1e-7 and 1e-9; a transient of 1000 in time, then averages over 50 000: 1 % of the
    /// exponents of the chaotic networks measured.
    pub fn new() -> Self {
        let integrator = Integrator::new().with_tolerances(1e-7, 1e-9).with_max_steps(100_000_000);
        Self { integrator, time: 50_000.0, transient: 1000.0 }
    }

    /// The time that is averaged over, above 0.
    pub fn with_time(mut self, time: f64) -> Self {
        self.time = time;
        self
    }

    /// The time before, in which the trajectory comes to its attractor and the frame to its directions.
    pub fn with_transient(mut self, time: f64) -> Self {
        self.transient = time;
        self
    }

    /// Another integrator.
    pub fn with_integrator(mut self, integrator: Integrator) -> Self {
        self.integrator = integrator;
        self
    }

    /// The spectrum along the trajectory through `start`.
    ///
    /// # Errors
    /// [`Error::Parameter`] for times out of range; as [`Stepper::new`] and [`Stepper::advance`].
    pub fn run(&self, flow: &dyn VectorField, start: &[f64]) -> Result<LyapunovSpectrum> {
        if !(self.time > 0.0 && self.time.is_finite()) {
            return Err(Error::parameter("time", self.time, "a time above 0"));
        }
        if !(self.transient >= 0.0 && self.transient.is_finite()) {
            return Err(Error::parameter("transient", self.transient, "a time of at least 0"));
        }
        let d = flow.dimension();
        if start.len() != d {
            return Err(Error::shape("start of a trajectory", format!("{d} numbers"), start.len()));
        }
        finite("start of a trajectory", start)?;
        let joint = Variational::new(flow);
        let mut frame =
            Moving::new(Stepper::new(&self.integrator, &joint, &Variational::start(start), 0.0, 1.0)?, d);
        while frame.stepper.time() < self.transient {
            if let Some(sink) = frame.advance(flow, &joint, self.transient)? {
                return Ok(self.at(sink, frame));
            }
        }
        frame.orthonormalise(&joint)?;
        frame.begin();
        let (begin, mut running) = (frame.stepper.time(), vec![]);
        let mut half = None;
        let every = self.time / KEPT as f64;
        let limit = begin + self.time;
        while frame.stepper.time() < limit {
            if let Some(sink) = frame.advance(flow, &joint, limit)? {
                return Ok(self.at(sink, frame));
            }
            let passed = frame.stepper.time() - begin;
            if passed >= every * (running.len() + 1) as f64 {
                frame.orthonormalise(&joint)?;
                running.push((passed, frame.averages(passed)));
                if half.is_none() && passed >= 0.5 * self.time {
                    half = running.last().map(|(_, averages)| averages.clone());
                }
            }
        }
        frame.orthonormalise(&joint)?;
        let exponents = frame.averages(self.time);
        Ok(LyapunovSpectrum {
            half_time: half.unwrap_or_else(|| exponents.clone()),
            exponents,
            mean_divergence: frame.divergence() / self.time,
            time: self.time,
            renormalisations: frame.count,
            sink: None,
            running,
            end: Array1::from(frame.stepper.state()[..d].to_vec()),
        })
    }

    fn at(&self, sink: (Vec<f64>, Vec<f64>), frame: Moving) -> LyapunovSpectrum {
        let (state, exponents) = sink;
        LyapunovSpectrum {
            half_time: exponents.clone(),
            mean_divergence: exponents.iter().sum(),
            exponents,
            time: frame.stepper.time(),
            renormalisations: frame.count,
            end: Array1::from(state.clone()),
            sink: Some(Array1::from(state)),
            running: vec![],
        }
    }
}

/// A trajectory that carries its frame.
struct Moving {
    stepper: Stepper,
    d: usize,
    /// Sums of the logarithms of the diagonals.
    logs: Vec<f64>,
    count: usize,
    /// The divergence's integral up to the last change of the frame.
    integral: f64,
}

impl Moving {
    fn new(stepper: Stepper, d: usize) -> Self {
        Self { stepper, d, logs: vec![0.0; d], count: 0, integral: 0.0 }
    }

    /// Starts the averages.
    fn begin(&mut self) {
        self.logs.fill(0.0);
        self.integral = 0.0;
        self.count = 0;
    }

    fn divergence(&self) -> f64 {
        self.integral
    }

    fn averages(&self, time: f64) -> Vec<f64> {
        let mut averages: Vec<f64> = self.logs.iter().map(|sum| sum / time).collect();
        averages.sort_by(|a, b| b.total_cmp(a));
        averages
    }

    /// One step; the frame is made orthonormal where its vectors have grown apart. A sink where the trajectory is at one, with
    /// the real parts of its eigenvalues.
    fn advance(
        &mut self,
        flow: &dyn VectorField,
        joint: &Variational<'_>,
        limit: f64,
    ) -> Result<Option<(Vec<f64>, Vec<f64>)>> {
        self.stepper.advance(joint, limit)?;
        let d = self.d;
        let phi = &self.stepper.state()[d..d + d * d];
        let (mut least, mut most) = (f64::INFINITY, 0.0_f64);
        for j in 0..d {
            let square: f64 = (0..d).map(|i| phi[i * d + j].powi(2)).sum();
            (least, most) = (least.min(square), most.max(square));
        }
        // Squares: half the logarithm. The volume tells of vectors that fall together at equal lengths.
        let volume = self.stepper.state()[d + d * d];
        let flat = 0.5 * d as f64 * most.ln() - volume;
        if flat > SPREAD || 0.5 * most.ln() > SPREAD || 0.5 * least.ln() < -SPREAD {
            self.orthonormalise(joint)?;
        }
        let slow = self.stepper.slope().iter().take(d).all(|f| f.abs() < 1e-6);
        if slow && self.stepper.steps().is_multiple_of(LOOK) {
            return Ok(sink_near(flow, &self.stepper.state()[..d]));
        }
        Ok(None)
    }

    fn orthonormalise(&mut self, joint: &Variational<'_>) -> Result<()> {
        let d = self.d;
        let mut state = self.stepper.state().to_vec();
        let phi = &mut state[d..d + d * d];
        for j in 0..d {
            // Twice, so that the vectors are orthogonal to rounding; what the second pass takes away is rounding.
            for _ in 0..2 {
                for k in 0..j {
                    let along: f64 = (0..d).map(|i| phi[i * d + j] * phi[i * d + k]).sum();
                    for i in 0..d {
                        phi[i * d + j] -= along * phi[i * d + k];
                    }
                }
            }
            let size = (0..d).map(|i| phi[i * d + j].powi(2)).sum::<f64>().sqrt();
            if !(size > 0.0 && size.is_finite()) {
                return Err(Error::Numeric {
                    method: "the Lyapunov spectrum",
                    reason: format!(
                        "vector {j} of the frame has the length {size} at t = {}; the flow contracts too fast for the step",
                        self.stepper.time()
                    ),
                });
            }
            self.logs[j] += size.ln();
            for i in 0..d {
                phi[i * d + j] /= size;
            }
        }
        self.count += 1;
        self.integral += state[d + d * d];
        state[d + d * d] = 0.0;
        self.stepper.replace(joint, &state);
        Ok(())
    }
}

/// The sink that Newton's method finds at a trajectory's end, with the real parts of its eigenvalues.
fn sink_near(flow: &dyn VectorField, h: &[f64]) -> Option<(Vec<f64>, Vec<f64>)> {
    let d = h.len();
    let (mut at, mut f, mut jacobian) = (h.to_vec(), vec![0.0; d], vec![0.0; d * d]);
    for _ in 0..8 {
        flow.field(&at, &mut f);
        flow.jacobian(&at, &mut jacobian);
        for (f, row) in f.iter_mut().zip(jacobian.chunks_exact_mut(d)) {
            let size = row.iter().fold(0.0_f64, |most, entry| most.max(entry.abs()));
            *f /= size;
            row.iter_mut().for_each(|entry| *entry /= size);
        }
        let step = solved(&jacobian, &f)?;
        at.iter_mut().zip(&step).for_each(|(at, step)| *at -= step);
    }
    let far = at.iter().zip(h).fold(0.0_f64, |most, (a, b)| most.max((a - b).abs()));
    if far > 1e-5 {
        return None;
    }
    flow.jacobian(&at, &mut jacobian);
    let values = spectrum(&vec![1.0; d], &jacobian).ok()?.values;
    let real: Vec<f64> = values.iter().map(|value| value.re).collect();
    real.iter().all(|re| *re < 0.0).then_some((at, real))
}

impl LyapunovSpectrum {
    /// The largest exponent.
    pub fn largest(&self) -> f64 {
        self.exponents.first().copied().unwrap_or(f64::NAN)
    }

    /// Sum of the exponents minus the mean of the divergence: 0 up to the accuracy of the integration.
    pub fn sum_check(&self) -> f64 {
        self.exponents.iter().sum::<f64>() - self.mean_divergence
    }

    /// The running averages: `t`, `exponent1`, ..., one row per time.
    ///
    /// # Errors
    /// [`Error::Polars`], which would be a bug.
    pub fn frame(&self) -> Result<Frame> {
        let mut frame = Frame::new().with("t", self.running.iter().map(|(t, _)| *t))?;
        for i in 0..self.exponents.len() {
            let column =
                self.running.iter().map(|(_, averages)| averages.get(i).copied().unwrap_or(f64::NAN));
            frame = frame.with(&format!("exponent{}", i + 1), column)?;
        }
        Ok(frame)
    }

    /// Shows the exponents and the checks in a notebook.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

impl fmt::Debug for LyapunovSpectrum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |values: &[f64]| values.iter().map(|v| format!("{v:.5}")).collect::<Vec<_>>().join(", ");
        match &self.sink {
            Some(sink) => write!(f, "LyapunovSpectrum([{}], at the sink {sink:.6})", list(&self.exponents)),
            None => write!(
                f,
                "LyapunovSpectrum([{}], half time [{}], t = {})",
                list(&self.exponents),
                list(&self.half_time),
                self.time
            ),
        }
    }
}
