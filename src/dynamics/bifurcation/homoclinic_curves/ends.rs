//! Where a curve of homoclinic orbits ends: because its saddle does, or at another fixed point.

use super::curve::HomoclinicPoint;
use crate::dynamics::bifurcation::cycles::near::Near;
use crate::dynamics::bifurcation::family::ParameterFamily;
use crate::dynamics::bifurcation::special::{Bifurcation, SpecialPoint};
use crate::dynamics::homoclinic::PlanarSaddle;
use crate::dynamics::lu::solved;
use crate::error::Result;

/// Share of its greatest value on the curve below which an eigenvalue is on its way to 0.
const SMALL: f64 = 0.35;
/// Newton's method may lead this many times the remaining way from the extrapolated point.
const NEAR: f64 = 3.0;
/// Distances, beside the extent of a loop: from its saddle, of what is another place; of what is beside another saddle.
const AWAY: f64 = 0.1;
const BESIDE: f64 = 0.05;

/// The Bogdanov-Takens point, the saddle-node with a homoclinic orbit, or the other fixed point that the last points of a curve come to. The squares of
/// eigenvalues that vanish are linear along the curve; their zeros are the guess.
pub(super) fn end(
    family: &ParameterFamily,
    points: &[HomoclinicPoint],
    scales: [f64; 2],
) -> Result<Option<SpecialPoint>> {
    let [.., before, last] = points else { return Ok(None) };
    let most = points.iter().map(|point| point.unstable.max(-point.stable)).fold(0.0, f64::max);
    let vanishes = |value: fn(&HomoclinicPoint) -> f64| {
        let (a, b) = (value(before).powi(2), value(last).powi(2));
        (b < a && b < (SMALL * most).powi(2)).then(|| b / (a - b))
    };
    let (up, down) = (vanishes(|point| point.unstable), vanishes(|point| point.stable));
    let ahead = |share: f64, of: fn(&HomoclinicPoint) -> &[f64]| -> Vec<f64> {
        of(last).iter().zip(of(before)).map(|(b, a)| b + share * (b - a)).collect()
    };
    let special = |kind, parameters: Vec<f64>, state, converged| {
        let bracket = (last.parameters[0], parameters[0]);
        SpecialPoint::new(kind, parameters, state, bracket, converged)
    };
    if let (Some(up), Some(down)) = (up, down) {
        let share = 0.5 * (up + down);
        let guess = ahead(share, |point| &point.parameters);
        let middle = middle_of(last);
        if let Some((state, parameters)) = bogdanov_takens(family, &middle, &guess, scales)? {
            let way = |a: &[f64], b: &[f64]| {
                (0..2).map(|k| ((a[k] - b[k]) / scales[k]).powi(2)).sum::<f64>().sqrt()
            };
            if way(&parameters, &guess) < NEAR * way(&guess, &last.parameters) {
                return Ok(Some(special(Bifurcation::BogdanovTakens, parameters, state, true)));
            }
        }
    }
    let share = match (up, down) {
        (Some(share), None) | (None, Some(share)) => share,
        _ => {
            let met = another(family, last, scales)?;
            let parameters = last.parameters.clone();
            return Ok(met.map(|state| special(Bifurcation::HeteroclinicLoop, parameters, state, false)));
        }
    };
    let guess = ahead(share, |point| &point.parameters);
    let state = ahead(share, |point| &point.saddle);
    Ok(Some(special(Bifurcation::SaddleNodeHomoclinic, guess, state, false)))
}

/// Another saddle that the loop passes nearby, or a fold that is about to come onto it, at its slowest place far from its own saddle.
fn another(family: &ParameterFamily, last: &HomoclinicPoint, scales: [f64; 2]) -> Result<Option<Vec<f64>>> {
    let flow = family.at(&last.parameters)?;
    let far = |a: &[f64], b: &[f64]| (a[0] - b[0]).hypot(a[1] - b[1]);
    let mut slowest: Option<(f64, [f64; 2])> = None;
    for row in last.orbit.rows() {
        let (h, mut f) = ([row[0], row[1]], [0.0; 2]);
        flow.field(&h, &mut f);
        let speed = f[0].hypot(f[1]);
        if far(&h, &last.saddle) > AWAY * last.extent && slowest.is_none_or(|(least, _)| speed < least) {
            slowest = Some((speed, h));
        }
    }
    let Some((_, place)) = slowest else { return Ok(None) };
    let beside =
        |h: &Vec<f64>| far(h, &place) < BESIDE * last.extent && far(h, &last.saddle) > BESIDE * last.extent;
    let saddle = PlanarSaddle::near(&*flow, place).ok().map(|saddle| saddle.state.to_vec());
    if let Some(saddle) = saddle.filter(beside) {
        return Ok(Some(saddle));
    }
    let first = last.parameters[0];
    let slice = family.slice(&last.parameters, 0)?;
    let near = Near::new(&slice, (first - scales[0], first + scales[0]));
    let fold = near.fold(&place, first).filter(|fold| (fold.parameter - first).abs() < BESIDE * scales[0]);
    Ok(fold.map(|fold| fold.state).filter(beside))
}

/// The middle of the box around the loop.
fn middle_of(point: &HomoclinicPoint) -> Vec<f64> {
    (0..2)
        .map(|i| {
            let column = point.orbit.column(i);
            let low = column.iter().copied().fold(f64::INFINITY, f64::min);
            let high = column.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            0.5 * (low + high)
        })
        .collect()
}

/// Newton's method, with differences, for `f = 0, trace J = 0, det J = 0` in the plane; the state and the parameters.
fn bogdanov_takens(
    family: &ParameterFamily,
    state: &[f64],
    parameters: &[f64],
    scales: [f64; 2],
) -> Result<Option<(Vec<f64>, Vec<f64>)>> {
    let value = |y: &[f64]| -> Result<[f64; 4]> {
        let flow = family.at(&y[2..])?;
        let (mut f, mut j) = ([0.0; 2], [0.0; 4]);
        flow.field(&y[..2], &mut f);
        flow.jacobian(&y[..2], &mut j);
        Ok([f[0], f[1], j[0] + j[3], j[0] * j[3] - j[1] * j[2]])
    };
    let mut y: Vec<f64> = state.iter().chain(parameters).copied().collect();
    let steps = [1e-5, 1e-5, 1e-5 * scales[0], 1e-5 * scales[1]];
    for _ in 0..40 {
        let mut matrix = [0.0; 16];
        for (k, step) in steps.into_iter().enumerate() {
            let moved = |by: f64| {
                let mut y = y.clone();
                y[k] += by;
                value(&y)
            };
            let (up, down) = (moved(step)?, moved(-step)?);
            for i in 0..4 {
                matrix[4 * i + k] = (up[i] - down[i]) / (2.0 * step);
            }
        }
        let right = value(&y)?.map(|v| -v);
        let Some(step) = solved(&matrix, &right) else { return Ok(None) };
        let size = step.iter().zip(steps).map(|(step, unit)| (1e-5 * step / unit).abs()).fold(0.0, f64::max);
        let share = (0.3 / size).min(1.0);
        y.iter_mut().zip(&step).for_each(|(y, step)| *y += share * step);
        if size < 1e-12 {
            return Ok(Some((y[..2].to_vec(), y[2..].to_vec())));
        }
    }
    Ok(None)
}
