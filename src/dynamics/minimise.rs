//! Local minima of the residual of larger networks.

use super::flow::GruFlow;
use super::lu::solved;
use super::polish::Minimum;
use crate::numeric::{View, product_here, solve_definite};

/// Below this residual Newton's method takes over.
const NEAR: f64 = 1e-6;
/// A step this small ends at a minimum.
const SMALL: f64 = 1e-7;
/// A square that falls by less than this share from one step to the next ends there too: slow points are told apart at 1e-4.
const LEVEL: f64 = 1e-10;
const STEPS: usize = 400;

/// The local minimum of `|g|^2 / 2` that Levenberg and Marquardt's method reaches from `h`, the damping following the gain of every
/// step; polished by Newton's method where it is a root.
pub(super) fn minimise(flow: &GruFlow, h: &[f64]) -> Minimum {
    let d = flow.units();
    let square = |residual: &[f64]| residual.iter().map(|g| g * g).sum::<f64>();
    let largest = |vector: &[f64]| vector.iter().fold(0.0, |largest: f64, v| largest.max(v.abs()));
    let (mut state, mut trial) = (h.to_vec(), h.to_vec());
    let (mut residual, mut there) = (vec![0.0; d], vec![0.0; d]);
    let (mut jacobian, mut normal) = (vec![0.0; d * d], vec![0.0; d * d]);
    let (mut gradient, mut step) = (vec![0.0; d], vec![0.0; d]);
    flow.residual(&state, &mut residual);
    let mut damping = 1e-2;
    'steps: for _ in 0..STEPS {
        if largest(&residual) < NEAR {
            break;
        }
        flow.residual_jacobian(&state, &mut jacobian);
        let view = View::new(&jacobian, d, d);
        product_here(&mut normal, false, view.t(), view);
        product_here(&mut gradient, false, view.t(), View::new(&residual, d, 1));
        let before = square(&residual);
        loop {
            let mut damped = normal.clone();
            damped.iter_mut().step_by(d + 1).for_each(|entry| *entry += damping);
            step.copy_from_slice(&gradient);
            if solve_definite(&damped, &mut step) {
                for ((trial, h), step) in trial.iter_mut().zip(&state).zip(&step) {
                    *trial = h - step;
                }
                flow.residual(&trial, &mut there);
                let after = square(&there);
                // What the linear model promises: step (gradient + damping step).
                let promised: f64 = step.iter().zip(&gradient).map(|(s, g)| s * (g + damping * s)).sum();
                let gain = (before - after) / promised;
                if gain > 0.0 && after < before {
                    damping = match gain {
                        gain if gain > 0.75 => (0.1 * damping).max(1e-15),
                        gain if gain < 0.25 => 4.0 * damping,
                        _ => damping,
                    };
                    std::mem::swap(&mut state, &mut trial);
                    std::mem::swap(&mut residual, &mut there);
                    if largest(&step) < SMALL || before - after < LEVEL * before {
                        break 'steps;
                    }
                    break;
                }
            }
            damping *= 8.0;
            if damping > 1e6 {
                break 'steps;
            }
        }
    }
    if largest(&residual) < NEAR {
        newton(flow, &mut state, &mut residual);
    }
    Minimum { residual: largest(&residual), state }
}

/// Newton's method close to a root; a state that it leads away from, as at a fold, stays.
fn newton(flow: &GruFlow, state: &mut [f64], residual: &mut Vec<f64>) {
    let d = state.len();
    let mut jacobian = vec![0.0; d * d];
    let size = |vector: &[f64]| vector.iter().fold(0.0, |largest: f64, v| largest.max(v.abs()));
    for _ in 0..8 {
        flow.residual_jacobian(state, &mut jacobian);
        let Some(step) = solved(&jacobian, residual) else { return };
        let trial: Vec<f64> = state.iter().zip(&step).map(|(h, step)| h - step).collect();
        let mut there = vec![0.0; d];
        flow.residual(&trial, &mut there);
        if !(size(&there) < size(residual)) {
            return;
        }
        state.copy_from_slice(&trial);
        *residual = there;
    }
}
