//! All branches at all parameters of a grid, quickly, and the sign changes of their splits.

use super::Family;
use super::branch::{Crossing, Launch, crossing_of, followed};
use super::connection::SplitPoint;
use super::section::SplitSection;
use super::split::Split;
use super::track::Tracks;
use crate::dynamics::Trajectory;
use crate::dynamics::integrate::Integrator;
use crate::error::Result;

/// One parameter of the grid.
pub(super) struct Shot {
    pub(super) parameter: f64,
    /// The branches of the unstable manifold with signs 1 and -1, then those of the stable one.
    pub(super) branches: Vec<(Launch, Trajectory, String)>,
    failure: String,
}

/// A sign change to follow.
pub(super) struct Candidate {
    pub(super) branches: (usize, usize),
    pub(super) section: SplitSection,
    pub(super) low: f64,
    pub(super) high: f64,
    size: f64,
}

/// Signs of the branches with these numbers.
pub(super) fn signs(branches: (usize, usize)) -> (f64, f64) {
    let sign = |k: usize| if k == 0 { 1.0 } else { -1.0 };
    (sign(branches.0), sign(branches.1))
}

/// All branches at one parameter, quickly.
pub(super) fn shot(family: &Family<'_>, tracks: &mut Tracks, parameter: f64) -> Result<Shot> {
    let method = Integrator::rosenbrock().with_tolerances(1e-8, 1e-10).with_max_steps(1500);
    let flow = family(parameter)?;
    let (from, to) = match tracks.at(family, parameter) {
        Ok(saddles) => saddles,
        Err(error) => return Ok(Shot { parameter, branches: vec![], failure: error.to_string() }),
    };
    let mut branches = vec![];
    for sign in [1.0, -1.0] {
        branches.push(Launch { start: from.leaving(sign), sense: 1.0 });
    }
    for sign in [1.0, -1.0] {
        branches.push(Launch { start: to.entering(sign), sense: -1.0 });
    }
    let branches = branches.into_iter().map(|launch| {
        let (orbit, end) = followed(&*flow, &method, launch, None)?;
        Ok((launch, orbit, end))
    });
    Ok(Shot { parameter, branches: branches.collect::<Result<_>>()?, failure: String::new() })
}

/// First crossing of branch number `k` of a shot.
fn crossing(shot: &Shot, k: usize, section: &SplitSection) -> std::result::Result<Crossing, String> {
    let (launch, orbit, end) = shot.branches.get(k).ok_or_else(|| shot.failure.clone())?;
    crossing_of(orbit, *launch, section).ok_or_else(|| end.clone())
}

pub(super) fn point(shot: &Shot, branches: (usize, usize), section: &SplitSection) -> SplitPoint {
    let split = match shot.failure.is_empty() {
        true => Split::of(crossing(shot, branches.0, section), crossing(shot, 2 + branches.1, section)),
        false => Split::undefined(shot.failure.clone()),
    };
    SplitPoint { parameter: shot.parameter, value: split.value, reason: split.reason }
}

/// Sign changes of all pairs of branches on all sections, the smallest splits first.
pub(super) fn candidates(shots: &[Shot], sections: &[SplitSection]) -> Vec<Candidate> {
    let mut found = vec![];
    for section in sections {
        let places: Vec<Vec<Option<Crossing>>> =
            shots.iter().map(|shot| (0..4).map(|k| crossing(shot, k, section).ok()).collect()).collect();
        for unstable in 0..2 {
            for stable in 0..2 {
                let value = |k: usize| {
                    let all = places.get(k)?;
                    let (u, s) = ((*all.get(unstable)?)?, (*all.get(2 + stable)?)?);
                    (u.rising == s.rising).then_some(u.place - s.place)
                };
                for k in 1..shots.len() {
                    let (Some(a), Some(b)) = (value(k - 1), value(k)) else { continue };
                    if (a > 0.0) != (b > 0.0) {
                        found.push(Candidate {
                            branches: (unstable, stable),
                            section: *section,
                            low: shots[k - 1].parameter,
                            high: shots[k].parameter,
                            size: a.abs() + b.abs(),
                        });
                    }
                }
            }
        }
    }
    found.sort_by(|a, b| a.size.total_cmp(&b.size));
    found
}
