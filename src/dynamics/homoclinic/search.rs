//! The search for connections in a range of the parameter.

use super::Family;
use super::branch::{Crossing, Launch, crossing_of, followed};
use super::connection::{Connection, SplitPoint};
use super::saddle::{PlanarSaddle, Track, polish};
use super::section::SplitSection;
use super::split::{Split, split};
use crate::dynamics::integrate::Integrator;
use crate::dynamics::root::brent;
use crate::dynamics::{Trajectory, VectorField};
use crate::error::{Error, Result, finite};
use ndarray::Array2;

/// The search for homoclinic orbits of a saddle, or heteroclinic ones from a saddle to another.
///
/// All pairs of branches are followed at parameters on a grid, quickly. On rays from points inside of possible loops, away from
/// the saddle and turned by several angles, first crossings are compared. A sign change between two neighbours is followed
/// to its root by Brent's method with manifolds of 12 digits, and repeated on other sections.
#[derive(Clone, Debug)]
pub struct Connections {
    from: [f64; 2],
    to: Option<[f64; 2]>,
    centres: Vec<[f64; 2]>,
    sections: Vec<SplitSection>,
    parameters: usize,
}

/// Angles by which the rays are turned.
const ANGLES: [f64; 9] = [0.0, 0.4, -0.4, 0.9, -0.9, 1.5, -1.5, 2.1, -2.1];
/// A split below this is a root; a jump stays above.
const ROOT: f64 = 1e-8;
/// Roots on other sections that are looked for.
const OTHERS: usize = 2;

/// One parameter of the grid.
struct Shot {
    parameter: f64,
    /// The branches of the unstable manifold with signs 1 and -1, then those of the stable one.
    branches: Vec<(Launch, Trajectory, String)>,
    failure: String,
}

/// A sign change to follow.
struct Candidate {
    branches: (usize, usize),
    section: SplitSection,
    low: f64,
    high: f64,
    size: f64,
}

impl Connections {
    /// Homoclinic orbits of the saddle near this place (in the middle of the range of parameters).
    pub fn homoclinic(saddle: [f64; 2]) -> Self {
        Self { from: saddle, to: None, centres: vec![], sections: vec![], parameters: 33 }
    }

    /// Heteroclinic orbits that leave the saddle near `from` and enter the one near `to`.
    pub fn heteroclinic(from: [f64; 2], to: [f64; 2]) -> Self {
        Self { to: Some(to), ..Self::homoclinic(from) }
    }

    /// A point that the loop goes around, such as a focus. Others are found by themselves.
    pub fn with_centre(mut self, centre: [f64; 2]) -> Self {
        self.centres.push(centre);
        self
    }

    /// A section of your own, which comes first.
    pub fn with_section(mut self, section: SplitSection) -> Self {
        self.sections.push(section);
        self
    }

    /// How many parameters the grid has, 33 by default.
    pub fn with_parameters(mut self, parameters: usize) -> Self {
        self.parameters = parameters.max(2);
        self
    }

    /// The split at one parameter, of the branches with these signs (unstable, stable), on a section: 1 is the branch that starts
    /// towards the section's point `from`, -1 the other.
    ///
    /// # Errors
    /// As the family; [`Error::Numeric`] where there is no saddle.
    pub fn split(
        &self,
        family: &Family<'_>,
        parameter: f64,
        branches: (f64, f64),
        section: &SplitSection,
    ) -> Result<Split> {
        let flow = family(parameter)?;
        let from = PlanarSaddle::near(&*flow, self.from)?;
        let to = match self.to {
            Some(to) => PlanarSaddle::near(&*flow, to)?,
            None => from.clone(),
        };
        let towards = |saddle: PlanarSaddle| {
            let way = [section.from[0] - saddle.state[0], section.from[1] - saddle.state[1]];
            saddle.signed_like(way, way)
        };
        let (from, to) = (towards(from), towards(to));
        split(&*flow, (&from, &to), branches, section)
    }

    /// All connections that are found for parameters from `low` to `high`, by rising parameter; none is a result too.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a range that is none; [`Error::Numeric`] where there is no saddle; as the family.
    pub fn run(&self, family: &Family<'_>, low: f64, high: f64) -> Result<Vec<Connection>> {
        finite("range of the parameter", &[low, high])?;
        if low >= high {
            return Err(Error::parameter("range of the parameter", format!("[{low}, {high}]"), "low < high"));
        }
        let middle = 0.5 * (low + high);
        let mut tracks = self.tracks(family, middle, low, high)?;
        // From the middle outwards, so that a saddle is followed in small steps.
        let mut grid: Vec<f64> = (0..self.parameters)
            .map(|k| low + (high - low) * k as f64 / (self.parameters - 1) as f64)
            .collect();
        grid.sort_by(|a, b| (a - middle).abs().total_cmp(&(b - middle).abs()));
        let mut shots: Vec<Shot> = vec![];
        for parameter in grid {
            shots.push(shot(family, &mut tracks, parameter)?);
        }
        let sections = self.candidate_sections(family, middle, &mut tracks, &shots)?;
        shots.sort_by(|a, b| a.parameter.total_cmp(&b.parameter));
        let mut found: Vec<Connection> = vec![];
        for candidate in candidates(&shots, &sections) {
            let known = found.iter().any(|c| {
                signs(candidate.branches) == (c.unstable_branch, c.stable_branch)
                    && candidate.low <= c.parameter
                    && c.parameter <= candidate.high
            });
            if !known
                && let Some(connection) = self.refine(family, &mut tracks, &candidate, &sections, &shots)?
            {
                // Another candidate may lead to the same root from beside.
                let width = 1e-9 * (high - low);
                let same = |c: &Connection| {
                    (c.parameter - connection.parameter).abs() < width
                        && c.unstable_branch == connection.unstable_branch
                        && c.stable_branch == connection.stable_branch
                };
                if !found.iter().any(same) {
                    found.push(connection);
                }
            }
        }
        found.sort_by(|a, b| a.parameter.total_cmp(&b.parameter));
        Ok(found)
    }

    /// The saddles, each started at a parameter where Newton's method finds it.
    fn tracks(
        &self,
        family: &Family<'_>,
        middle: f64,
        low: f64,
        high: f64,
    ) -> Result<(Track, Option<Track>)> {
        let start = |guess: [f64; 2]| -> Result<Track> {
            let mut failure = None;
            for parameter in [middle, 0.5 * (low + middle), 0.5 * (middle + high), low, high] {
                let flow = family(parameter)?;
                match nearest_saddle(&*flow, guess) {
                    Ok(saddle) => {
                        let mut track = Track::new(saddle.state);
                        track.at(family, parameter)?;
                        return Ok(track);
                    }
                    Err(error) => failure = failure.or(Some(error)),
                }
            }
            Err(failure.unwrap_or_else(|| Error::Numeric {
                method: "the search for a saddle",
                reason: "no guess".into(),
            }))
        };
        Ok((start(self.from)?, self.to.map(start).transpose()?))
    }

    /// Rays from everything that a loop may go around, away from the saddle; for two saddles lines between them.
    fn candidate_sections(
        &self,
        family: &Family<'_>,
        middle: f64,
        tracks: &mut (Track, Option<Track>),
        shots: &[Shot],
    ) -> Result<Vec<SplitSection>> {
        let mut sections = self.sections.clone();
        let Ok((from, to)) = saddles(family, tracks, middle) else { return Ok(sections) };
        let flow = family(middle)?;
        let mut centres = self.centres.clone();
        if from.state != to.state {
            let (a, b) = (from.state, to.state);
            for share in [0.5, 0.3, 0.7] {
                let at = [0, 1].map(|i| a[i] + share * (b[i] - a[i]));
                sections.push(SplitSection::line(at, [a[1] - b[1], b[0] - a[0]])?);
            }
        }
        for centre in others(&*flow, from.state) {
            if centres.iter().all(|known| distance(*known, centre) > 1e-6) {
                centres.push(centre);
            }
        }
        for shot in shots.iter().take(1) {
            centres
                .extend(shot.branches.iter().filter_map(|(_, orbit, _)| middle_of_turn(orbit, from.state)));
        }
        for angle in ANGLES {
            for centre in &centres {
                if distance(*centre, from.state) > 1e-9 {
                    sections.push(SplitSection::away(*centre, from.state, angle)?);
                }
            }
        }
        Ok(sections)
    }

    /// Brent's method from a sign change on.
    fn refine(
        &self,
        family: &Family<'_>,
        tracks: &mut (Track, Option<Track>),
        candidate: &Candidate,
        sections: &[SplitSection],
        shots: &[Shot],
    ) -> Result<Option<Connection>> {
        let branches = signs(candidate.branches);
        let root = root(family, tracks, branches, &candidate.section, (candidate.low, candidate.high))?;
        let Some((parameter, value)) = root else { return Ok(None) };
        let (from, to) = saddles(family, tracks, parameter)?;
        let mut at = |parameter: f64, section: &SplitSection| -> Result<Option<f64>> {
            let Ok((from, to)) = saddles(family, tracks, parameter) else { return Ok(None) };
            Ok(split(&*family(parameter)?, (&from, &to), branches, section)?.value)
        };
        let step = 1e-4 * (candidate.high - candidate.low);
        let slope =
            match (at(parameter + step, &candidate.section)?, at(parameter - step, &candidate.section)?) {
                (Some(up), Some(down)) => (up - down) / (2.0 * step),
                _ => f64::NAN,
            };
        let mut alternatives = vec![];
        for section in sections {
            if alternatives.len() >= OTHERS {
                break;
            }
            if *section != candidate.section
                && let Some((other, _)) =
                    root_near(family, tracks, branches, section, parameter, candidate.high - candidate.low)?
            {
                alternatives.push(other);
            }
        }
        let flow = family(parameter)?;
        let orbit = orbit(&*flow, (&from, &to), branches, &candidate.section)?;
        let homoclinic = self.to.is_none();
        let cycle_side =
            if homoclinic { side(&orbit, &from, branches, &candidate.section, slope) } else { None };
        Ok(Some(Connection {
            parameter,
            homoclinic,
            unstable_branch: branches.0,
            stable_branch: branches.1,
            section: candidate.section,
            split: value,
            slope,
            alternatives,
            cycle_side,
            orbit,
            curve: shots.iter().map(|shot| point(shot, candidate.branches, &candidate.section)).collect(),
            from,
            to,
        }))
    }
}

fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// Signs of the branches with these numbers.
fn signs(branches: (usize, usize)) -> (f64, f64) {
    let sign = |k: usize| if k == 0 { 1.0 } else { -1.0 };
    (sign(branches.0), sign(branches.1))
}

/// Both saddles at a parameter; the same one twice for a homoclinic orbit.
pub(super) fn saddles(
    family: &Family<'_>,
    tracks: &mut (Track, Option<Track>),
    parameter: f64,
) -> Result<(PlanarSaddle, PlanarSaddle)> {
    let from = tracks.0.at(family, parameter)?;
    let to = match &mut tracks.1 {
        Some(track) => track.at(family, parameter)?,
        None => from.clone(),
    };
    Ok((from, to))
}

/// The saddle that is nearest to the guess, of those that Newton's method finds from it and from around it.
fn nearest_saddle(flow: &dyn VectorField, guess: [f64; 2]) -> Result<PlanarSaddle> {
    let direct = PlanarSaddle::near(flow, guess);
    if let Ok(saddle) = &direct
        && distance(saddle.state, guess) < 0.02
    {
        return direct;
    }
    let mut best = direct;
    for radius in [0.01, 0.03, 0.08, 0.2] {
        for turn in 0..8 {
            let (sin, cos) = (f64::from(turn) * std::f64::consts::FRAC_PI_4).sin_cos();
            let place = [guess[0] + radius * cos, guess[1] + radius * sin];
            if let Ok(saddle) = PlanarSaddle::near(flow, place) {
                let nearer =
                    best.as_ref().map_or(true, |b| distance(saddle.state, guess) < distance(b.state, guess));
                if nearer {
                    best = Ok(saddle);
                }
            }
        }
    }
    best
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

/// All branches at one parameter, quickly.
fn shot(family: &Family<'_>, tracks: &mut (Track, Option<Track>), parameter: f64) -> Result<Shot> {
    let method = Integrator::rosenbrock().with_tolerances(1e-8, 1e-10).with_max_steps(1500);
    let flow = family(parameter)?;
    let (from, to) = match saddles(family, tracks, parameter) {
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
        let (orbit, end) = followed(&*flow, &method, launch)?;
        Ok((launch, orbit, end))
    });
    Ok(Shot { parameter, branches: branches.collect::<Result<_>>()?, failure: String::new() })
}

/// First crossing of branch number `k` of a shot.
fn crossing(shot: &Shot, k: usize, section: &SplitSection) -> std::result::Result<Crossing, String> {
    let (launch, orbit, end) = shot.branches.get(k).ok_or_else(|| shot.failure.clone())?;
    crossing_of(orbit, *launch, section).ok_or_else(|| end.clone())
}

fn point(shot: &Shot, branches: (usize, usize), section: &SplitSection) -> SplitPoint {
    let split = match shot.failure.is_empty() {
        true => Split::of(crossing(shot, branches.0, section), crossing(shot, 2 + branches.1, section)),
        false => Split::undefined(shot.failure.clone()),
    };
    SplitPoint { parameter: shot.parameter, value: split.value, reason: split.reason }
}

/// Sign changes of all pairs of branches on all sections, the smallest splits first.
fn candidates(shots: &[Shot], sections: &[SplitSection]) -> Vec<Candidate> {
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

/// The root of the precise split in a range with a sign change; `None` where it has none, is not defined or jumps.
fn root(
    family: &Family<'_>,
    tracks: &mut (Track, Option<Track>),
    branches: (f64, f64),
    section: &SplitSection,
    range: (f64, f64),
) -> Result<Option<(f64, f64)>> {
    let mut undefined = false;
    let mut value = |parameter: f64| -> Result<f64> {
        let defined = match saddles(family, tracks, parameter) {
            Ok((from, to)) => split(&*family(parameter)?, (&from, &to), branches, section)?.value,
            Err(_) => None,
        };
        undefined |= defined.is_none();
        // Brent's method needs a number; what comes of it is thrown away.
        Ok(defined.unwrap_or(f64::NAN))
    };
    let (a, b) = (value(range.0)?, value(range.1)?);
    if a.is_nan() || b.is_nan() || (a > 0.0) == (b > 0.0) {
        return Ok(None);
    }
    let (parameter, reached) = brent(&mut value, (range.0, a), (range.1, b), 1e-15)?;
    Ok((!undefined && reached.abs() < ROOT).then_some((parameter, reached)))
}

/// The root on another section, near a known one.
fn root_near(
    family: &Family<'_>,
    tracks: &mut (Track, Option<Track>),
    branches: (f64, f64),
    section: &SplitSection,
    parameter: f64,
    width: f64,
) -> Result<Option<(f64, f64)>> {
    let near = 1e-3 * width;
    root(family, tracks, branches, section, (parameter - near, parameter + near))
}

/// The orbit from the saddle to the section, and from there to the saddle.
fn orbit(
    flow: &dyn VectorField,
    saddles: (&PlanarSaddle, &PlanarSaddle),
    branches: (f64, f64),
    section: &SplitSection,
) -> Result<Array2<f64>> {
    let method = Integrator::rosenbrock().with_tolerances(1e-9, 1e-11).with_max_steps(20_000);
    let mut points: Vec<[f64; 2]> = vec![saddles.0.state];
    let half = |launch: Launch| -> Result<Vec<[f64; 2]>> {
        let (whole, _) = followed(flow, &method.clone().with_max_steps(4000), launch)?;
        let end = crossing_of(&whole, launch, section).map_or(0.0, |crossing| crossing.time);
        let mut half = vec![];
        for two in whole.times().windows(2) {
            for part in 0..4 {
                let t = two[0] + (two[1] - two[0]) * f64::from(part) / 4.0;
                if t.abs() < end {
                    let h = whole.state_at(t)?;
                    half.push([h[0], h[1]]);
                }
            }
        }
        Ok(half)
    };
    points.extend(half(Launch { start: saddles.0.leaving(branches.0), sense: 1.0 })?);
    let mut back = half(Launch { start: saddles.1.entering(branches.1), sense: -1.0 })?;
    back.reverse();
    points.extend(back);
    points.push(saddles.1.state);
    Ok(Array2::from_shape_fn((points.len(), 2), |(row, i)| points[row][i]))
}

/// The side of the root with a cycle. Near the saddle orbits turn in the sector between the two branches; where that is inside of the
/// loop, the cycle is inside too. It is there where the manifold that it follows (the unstable one if it attracts) comes back
/// on that side of the other one.
fn side(
    orbit: &Array2<f64>,
    saddle: &PlanarSaddle,
    branches: (f64, f64),
    section: &SplitSection,
    slope: f64,
) -> Option<f64> {
    let size =
        1e-3 * orbit.rows().into_iter().map(|h| distance([h[0], h[1]], saddle.state)).fold(0.0, f64::max);
    let (v, w) = (saddle.unstable_direction, saddle.stable_direction);
    let sector = [0, 1].map(|i| saddle.state[i] + size * (branches.0 * v[i] + branches.1 * w[i]));
    let crossing = orbit.rows().into_iter().fold((f64::INFINITY, 0.0), |best, h| {
        let off = ((h[0] - section.from[0]) * section.normal()[0]
            + (h[1] - section.from[1]) * section.normal()[1])
            .abs();
        if section.holds(&[h[0], h[1]]) && off < best.0 { (off, section.place(&[h[0], h[1]])) } else { best }
    });
    let lower = section.point(crossing.1 - size);
    // Whether the cycle crosses the section below the loop.
    let below = contains(orbit, sector) == contains(orbit, lower);
    let attracts = saddle.quantity() < 0.0;
    let wanted = if below == attracts { -1.0 } else { 1.0 };
    (slope.abs() > 0.0).then(|| wanted * slope.signum())
}

/// Whether a closed polygon contains a point.
fn contains(polygon: &Array2<f64>, h: [f64; 2]) -> bool {
    let n = polygon.nrows();
    let mut inside = false;
    for k in 0..n {
        let (a, b) = (polygon.row(k), polygon.row((k + 1) % n));
        if (a[1] > h[1]) != (b[1] > h[1]) && h[0] < a[0] + (h[1] - a[1]) / (b[1] - a[1]) * (b[0] - a[0]) {
            inside = !inside;
        }
    }
    inside
}
