//! Where sections are laid: rays from everything that a loop may go around.

use super::saddle::{PlanarSaddle, polish};
use super::section::{SplitSection, distance};
use crate::dynamics::{Trajectory, VectorField};
use crate::error::Result;

/// Angles by which the rays are turned.
const ANGLES: [f64; 9] = [0.0, 0.4, -0.4, 0.9, -0.9, 1.5, -1.5, 2.1, -2.1];
/// Rays from everything that a loop may go around (`centres`, fixed points, the middles of what these orbits turn around), away
/// from the saddle; for two saddles lines between them.
pub(super) fn sections<'a>(
    flow: &dyn VectorField,
    saddles: (&PlanarSaddle, &PlanarSaddle),
    centres: &[[f64; 2]],
    orbits: impl Iterator<Item = &'a Trajectory>,
) -> Result<Vec<SplitSection>> {
    let (a, b) = (saddles.0.state, saddles.1.state);
    let (mut sections, mut centres) = (vec![], centres.to_vec());
    if a != b {
        for share in [0.5, 0.3, 0.7] {
            let at = [0, 1].map(|i| a[i] + share * (b[i] - a[i]));
            sections.push(SplitSection::line(at, [a[1] - b[1], b[0] - a[0]])?);
        }
    }
    for centre in others(flow, a) {
        if centres.iter().all(|known| distance(*known, centre) > 1e-6) {
            centres.push(centre);
        }
    }
    centres.extend(orbits.filter_map(|orbit| middle_of_turn(orbit, a)));
    for angle in ANGLES {
        for centre in &centres {
            if distance(*centre, a) > 1e-9 {
                sections.push(SplitSection::away(*centre, a, angle)?);
            }
        }
    }
    Ok(sections)
}

/// Fixed points that are no saddles, from a grid of starts around the saddle.
fn others(flow: &dyn VectorField, saddle: [f64; 2]) -> Vec<[f64; 2]> {
    let mut found: Vec<[f64; 2]> = vec![];
    for row in -8..=8 {
        for column in -8..=8 {
            let place = [f64::from(column), f64::from(row)].map(|k| k * 0.13);
            for place in [place, [saddle[0] + 0.6 * place[0], saddle[1] + 0.6 * place[1]]] {
                let Ok(h) = polish(flow, place) else { continue };
                let mut jacobian = [0.0; 4];
                flow.jacobian(&h, &mut jacobian);
                let saddle = jacobian[0] * jacobian[3] <= jacobian[1] * jacobian[2];
                if !saddle && found.iter().all(|known| distance(*known, h) > 1e-6) {
                    found.push(h);
                }
            }
        }
    }
    found.sort_by(|a, b| distance(*a, saddle).total_cmp(&distance(*b, saddle)));
    found.truncate(8);
    found
}

/// The middle of what a branch goes around until it is nearest to the saddle again.
fn middle_of_turn(orbit: &Trajectory, saddle: [f64; 2]) -> Option<[f64; 2]> {
    let far: Vec<f64> = orbit.states().rows().into_iter().map(|h| distance([h[0], h[1]], saddle)).collect();
    let away = far.iter().position(|d| *d > 0.02)?;
    let top = (away..far.len()).find(|k| far.get(k + 1).is_some_and(|next| next < &far[*k]))?;
    let end = (top..far.len()).find(|k| far.get(k + 1).is_none_or(|next| next > &far[*k]))?;
    // Equal weight to equal lengths.
    let (mut sum, mut weight) = ([0.0; 2], 0.0);
    for k in 0..end {
        let (a, b) = (orbit.states().row(k), orbit.states().row(k + 1));
        let length = distance([a[0], a[1]], [b[0], b[1]]);
        for i in 0..2 {
            sum[i] += length * 0.5 * (a[i] + b[i]);
        }
        weight += length;
    }
    (weight > 0.0).then(|| sum.map(|s| s / weight))
}
