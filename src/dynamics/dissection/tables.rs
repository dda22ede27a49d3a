//! A dissection as tables.

use super::{Dissection, LocalDynamics, Mode, slow_points};
use crate::display::{Content, show};
use crate::error::Result;
use crate::frame::Frame;

/// Units whose states stand in the table of points.
const SHOWN: usize = 8;

impl Dissection {
    /// Names and dynamics of all points: fixed points, then slow points.
    pub fn points(&self) -> Vec<(String, &LocalDynamics)> {
        let fixed = self.portrait.fixed_points.points.iter().map(|point| point.kind.name().to_owned());
        let slow = slow_points(&self.portrait).iter().map(|_| "slow".to_owned());
        fixed.zip(&self.fixed_points).chain(slow.zip(&self.slow_points)).collect()
    }

    /// One row per fixed point and slow point: `point` (from 1), `class` (that of the flow, or `slow`), `speed` `|dh/dt|`, how many modes grow in
    /// the flow (`unstable`) and at the steps of the network (`unstable_map`), `time_constant` and `period` of the first mode in steps
    /// (null where it does not turn), `radius` of the linear dynamics; `output1`, … with a readout; the state `h1`, … of up to
    /// 8 units, of more its first two principal components `pc1`, `pc2`.
    ///
    /// # Errors
    /// [`Error::Polars`](crate::Error::Polars), which would be a bug.
    pub fn frame(&self) -> Result<Frame> {
        let points = self.points();
        let near = || points.iter().map(|(_, near)| near);
        let growing = |near: &LocalDynamics, grows: fn(&Mode) -> bool| {
            near.modes.iter().filter(|mode| grows(mode)).count()
        };
        let first = |near: &LocalDynamics| near.modes.first().map(|mode| mode.time_constant);
        let mut frame = Frame::new()
            .with("point", 1..=points.len())?
            .with("class", points.iter().map(|(class, _)| class))?
            .with("speed", near().map(|near| near.velocity.iter().map(|v| v * v).sum::<f64>().sqrt()))?
            .with("unstable", near().map(|near| growing(near, |mode| mode.rate.re > 0.0)))?
            .with("unstable_map", near().map(|near| growing(near, |mode| mode.time_constant < 0.0)))?
            .with("time_constant", near().map(|near| first(near)))?
            .with("period", near().map(|near| near.modes.first().and_then(|mode| mode.period)))?
            .with("radius", near().map(|near| near.radius))?;
        if let Some(readout) = &self.readout {
            let outputs = near().map(|near| readout.of(&near.state)).collect::<Result<Vec<_>>>()?;
            for k in 0..readout.bias().len() {
                frame = frame.with(&format!("output{}", k + 1), outputs.iter().map(|output| output[k]))?;
            }
        }
        if let (Some(space), true) = (&self.portrait.space, self.weights.units() > SHOWN) {
            let places: Vec<[f64; 2]> = near().map(|near| space.project(&near.state)).collect();
            return frame
                .with("pc1", places.iter().map(|place| place[0]))?
                .with("pc2", places.iter().map(|place| place[1]));
        }
        for i in 0..self.weights.units() {
            frame = frame.with(&format!("h{}", i + 1), near().map(|near| near.state[i]))?;
        }
        Ok(frame)
    }

    /// One row per mode of every point: `point` as in [`frame`](Self::frame), `mode` (from 1, the slowest to fall first), the rate of the flow `re`,
    /// `im`, the size of the multiplier `multiplier`, `time_constant` and `period` in steps, and how much every input
    /// pushes it, `drive1`, … (null where eigenvectors fall together).
    ///
    /// # Errors
    /// [`Error::Polars`](crate::Error::Polars), which would be a bug.
    pub fn modes_frame(&self) -> Result<Frame> {
        let points = self.points();
        let all: Vec<(usize, usize, &Mode)> = points
            .iter()
            .enumerate()
            .flat_map(|(k, (_, near))| {
                near.modes.iter().enumerate().map(move |(m, mode)| (k + 1, m + 1, mode))
            })
            .collect();
        let frame = Frame::new()
            .with("point", all.iter().map(|(point, _, _)| *point))?
            .with("mode", all.iter().map(|(_, number, _)| *number))?;
        let modes: Vec<&Mode> = all.iter().map(|(_, _, mode)| *mode).collect();
        with_modes(frame, &modes, self.weights.inputs())
    }

    /// Shows the table of points and the verdict in a notebook.
    pub fn evcxr_display(&self) {
        match self.frame() {
            Ok(frame) => frame.evcxr_display(),
            Err(error) => show(&[Content::Plain(&error.to_string())]),
        }
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

impl LocalDynamics {
    /// One row per mode, the slowest to fall first: `mode` (from 1), the rate of the flow `re`, `im`, the size of the multiplier
    /// `multiplier`, `time_constant` and `period` in steps (null where it does not turn), and how much every input pushes it, `drive1`, …
    /// (null where eigenvectors fall together).
    ///
    /// # Errors
    /// [`Error::Polars`](crate::Error::Polars), which would be a bug.
    pub fn frame(&self) -> Result<Frame> {
        let frame = Frame::new().with("mode", 1..=self.modes.len())?;
        with_modes(frame, &self.modes.iter().collect::<Vec<_>>(), self.input.len())
    }

    /// Shows the modes as a table in a notebook, and the verdict.
    pub fn evcxr_display(&self) {
        match self.frame() {
            Ok(frame) => frame.evcxr_display(),
            Err(error) => show(&[Content::Plain(&error.to_string())]),
        }
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

/// The table with the numbers of these modes, one a row.
fn with_modes(frame: Frame, modes: &[&Mode], inputs: usize) -> Result<Frame> {
    let mut frame = frame
        .with("re", modes.iter().map(|mode| mode.rate.re))?
        .with("im", modes.iter().map(|mode| mode.rate.im))?
        .with("multiplier", modes.iter().map(|mode| mode.multiplier.abs()))?
        .with("time_constant", modes.iter().map(|mode| mode.time_constant))?
        .with("period", modes.iter().map(|mode| mode.period))?;
    for input in 0..inputs {
        frame =
            frame.with(&format!("drive{}", input + 1), modes.iter().map(|mode| mode.drive_size(input)))?;
    }
    Ok(frame)
}
