//! A closed orbit in arcs, for multiple shooting.

use super::corrector::{Tangent, failed};
use super::sensitivity::{Flows, Sensitive};
use crate::dynamics::integrate::{Integrator, Stepper};
use crate::error::Result;

/// The starts of arcs, the period and the parameter. The arcs follow each other in time, or in backward time.
#[derive(Clone, Debug)]
pub(super) struct Orbit {
    pub(super) nodes: Vec<Vec<f64>>,
    /// The shares of the period that the arcs take; their sum is 1.
    pub(super) shares: Vec<f64>,
    pub(super) period: f64,
    pub(super) parameter: f64,
    /// 1, or -1 where arcs go backward in time.
    pub(super) sense: f64,
}

/// The end of an arc, and what it depends on.
#[derive(Clone, Debug)]
pub(super) struct Arc {
    pub(super) end: Vec<f64>,
    /// Its derivative by the start, row-major.
    pub(super) matrix: Vec<f64>,
    /// By the parameter.
    pub(super) parameter: Vec<f64>,
    /// The field at the end.
    pub(super) slope: Vec<f64>,
    /// The integral of the divergence, in the arc's direction of time.
    pub(super) divergence: f64,
}

/// Growth at which an arc ends where an orbit is cut.
const GROWTH: f64 = 50.0;
/// The most arcs.
const MOST: usize = 60;
/// The least.
const LEAST: f64 = 4.0;

impl Arc {
    /// Norm of the fundamental matrix.
    pub(super) fn growth(&self) -> f64 {
        self.matrix.iter().map(|m| m * m).sum::<f64>().sqrt()
    }
}

impl Orbit {
    pub(super) fn dimension(&self) -> usize {
        self.nodes.first().map_or(0, Vec::len)
    }

    /// Follows all arcs.
    pub(super) fn arcs(&self, flows: &Flows, method: &Integrator) -> Result<Vec<Arc>> {
        let d = self.dimension();
        let joint = Sensitive(flows);
        let mut arcs = Vec::with_capacity(self.nodes.len());
        let mut stepper: Option<Stepper> = None;
        for (node, share) in self.nodes.iter().zip(&self.shares) {
            let (start, time) = (Sensitive::start(node), self.sense * self.period * share);
            let stepper = match &mut stepper {
                Some(stepper) => {
                    stepper.restart(&joint, &start, 0.0, time)?;
                    stepper
                }
                None => stepper.insert(Stepper::new(method, &joint, &start, 0.0, time)?),
            };
            while stepper.time() != time {
                stepper.advance(&joint, time)?;
            }
            let (y, slope) = (stepper.state(), stepper.slope());
            arcs.push(Arc {
                end: y[..d].to_vec(),
                matrix: y[d..d + d * d].to_vec(),
                parameter: y[d + d * d..d + d * d + d].to_vec(),
                divergence: y[d + d * d + d],
                slope: slope[..d].to_vec(),
            });
        }
        Ok(arcs)
    }

    /// Cuts the orbit through `start` anew: where the fundamental matrix has grown much, and where a quarter of the period is over.
    pub(super) fn cut(
        flows: &Flows,
        method: &Integrator,
        start: &[f64],
        period: f64,
        parameter: f64,
        sense: f64,
    ) -> Result<Self> {
        let d = start.len();
        let joint = Sensitive(flows);
        let mut orbit = Self { nodes: vec![start.to_vec()], shares: vec![], period, parameter, sense };
        let mut stepper = Stepper::new(method, &joint, &Sensitive::start(start), 0.0, sense)?;
        let mut before = 0.0;
        loop {
            let limit = sense * (before + period / LEAST).min(period);
            stepper.advance(&joint, limit)?;
            let time = stepper.time().abs();
            let y = stepper.state();
            let grown = y[d..d + d * d].iter().map(|m| m * m).sum::<f64>().sqrt() > GROWTH;
            if time >= period * (1.0 - 1e-12) {
                orbit.shares.push(1.0 - before / period);
                return Ok(orbit);
            }
            if grown || stepper.time() == limit {
                if orbit.nodes.len() >= MOST {
                    return Err(failed(format!(
                        "more than {MOST} arcs are needed at the parameter {parameter}"
                    )));
                }
                orbit.shares.push((time - before) / period);
                orbit.nodes.push(y[..d].to_vec());
                let next = Sensitive::start(&y[..d]);
                let signed = stepper.time();
                stepper.restart(&joint, &next, signed, sense)?;
                before = time;
            }
        }
    }

    /// In the other direction of time, with the tangent's nodes.
    pub(super) fn reverse(&mut self, tangent: &mut Tangent) {
        self.sense = -self.sense;
        self.shares.reverse();
        for nodes in [&mut self.nodes, &mut tangent.nodes] {
            nodes.reverse();
            nodes.rotate_right(1);
        }
    }

    /// Halves arcs that grow by more than `most`, and says whether there were any. New nodes have no part in the tangent.
    pub(super) fn refine(
        &mut self,
        flows: &Flows,
        method: &Integrator,
        arcs: &[Arc],
        most: f64,
        tangent: &mut Tangent,
    ) -> Result<bool> {
        let long: Vec<usize> = (0..arcs.len()).filter(|k| arcs[*k].growth() > most).collect();
        if self.nodes.len() + long.len() > MOST {
            return Err(failed(format!(
                "more than {MOST} arcs are needed at the parameter {}",
                self.parameter
            )));
        }
        for k in long.iter().rev() {
            let half = 0.5 * self.shares[*k];
            let time = self.sense * self.period * half;
            let middle = method.state_at(&*flows.at, &self.nodes[*k], 0.0, time)?;
            tangent.nodes.insert(k + 1, vec![0.0; middle.len()]);
            self.nodes.insert(k + 1, middle);
            self.shares[*k] = half;
            self.shares.insert(k + 1, half);
        }
        Ok(!long.is_empty())
    }

    /// States along all arcs, several a step, in the order of time, the first at the end again; and the speed there.
    pub(super) fn outline(&self, flows: &Flows, method: &Integrator) -> Result<Vec<(Vec<f64>, f64)>> {
        let mut states = vec![];
        let mut slope = vec![0.0; self.dimension()];
        let mut add = |h: Vec<f64>, states: &mut Vec<(Vec<f64>, f64)>| {
            flows.at.field(&h, &mut slope);
            states.push((h, slope.iter().map(|f| f * f).sum::<f64>().sqrt()));
        };
        for (node, share) in self.nodes.iter().zip(&self.shares) {
            let time = self.sense * self.period * share;
            let mut stepper = Stepper::new(method, &*flows.at, node, 0.0, time)?;
            add(node.clone(), &mut states);
            while stepper.time() != time {
                stepper.advance(&*flows.at, time)?;
                for part in 1..=4 {
                    if part == 4 && stepper.time() == time {
                        break;
                    }
                    let mut h = vec![0.0; node.len()];
                    stepper.interpolate(f64::from(part) / 4.0, &mut h);
                    add(h, &mut states);
                }
            }
        }
        if let Some(first) = self.nodes.first() {
            add(first.clone(), &mut states);
        }
        if self.sense < 0.0 {
            states.reverse();
        }
        Ok(states)
    }
}
