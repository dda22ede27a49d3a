//! The search for connections in a range of the parameter.

use super::Family;
use super::connection::Connection;
use super::orbit::{orbit, side};
use super::places;
use super::root::{root, root_near};
use super::saddle::PlanarSaddle;
use super::section::SplitSection;
use super::shots::{Candidate, Shot, candidates, point, shot, signs};
use super::split::{Split, split};
use super::track::Tracks;
use crate::error::{Error, Result, finite};

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
    parameters: Option<usize>,
}

/// Parameters of the grid, and of the finer one where the first shows nothing.
const GRIDS: [usize; 2] = [33, 129];
/// Shares of a candidate's range over which the slope is taken: the first at which the split is defined on both sides.
const SLOPES: [f64; 4] = [1e-4, 1e-5, 1e-6, 1e-7];

/// Roots on other sections that are looked for.
const OTHERS: usize = 2;

impl Connections {
    /// Homoclinic orbits of the saddle near this place (in the middle of the range of parameters).
    pub fn homoclinic(saddle: [f64; 2]) -> Self {
        Self { from: saddle, to: None, centres: vec![], sections: vec![], parameters: None }
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

    /// How many parameters the grid has; by default 33, and where these show nothing 129.
    pub fn with_parameters(mut self, parameters: usize) -> Self {
        self.parameters = Some(parameters.max(2));
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
        let own = self.parameters.map(|parameters| vec![parameters]);
        for parameters in own.unwrap_or(GRIDS.to_vec()) {
            let found = self.search(family, (low, high), parameters)?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(vec![])
    }

    /// On a grid of so many parameters.
    fn search(
        &self,
        family: &Family<'_>,
        (low, high): (f64, f64),
        parameters: usize,
    ) -> Result<Vec<Connection>> {
        let middle = 0.5 * (low + high);
        let mut tracks = Tracks::new(family, self.from, self.to, (low, high))?;
        // From the middle outwards, so that a saddle is followed in small steps.
        let mut grid: Vec<f64> =
            (0..parameters).map(|k| low + (high - low) * k as f64 / (parameters - 1) as f64).collect();
        grid.sort_by(|a, b| (a - middle).abs().total_cmp(&(b - middle).abs()));
        let mut shots: Vec<Shot> = vec![];
        for parameter in grid {
            shots.push(shot(family, &mut tracks, parameter)?);
        }
        let mut sections = self.sections.clone();
        if let (Ok((from, to)), Some(first)) = (tracks.at(family, middle), shots.first()) {
            let orbits = first.branches.iter().map(|(_, orbit, _)| orbit);
            sections.extend(places::sections(&*family(middle)?, (&from, &to), &self.centres, orbits)?);
        }
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

    /// Brent's method from a sign change on.
    fn refine(
        &self,
        family: &Family<'_>,
        tracks: &mut Tracks,
        candidate: &Candidate,
        sections: &[SplitSection],
        shots: &[Shot],
    ) -> Result<Option<Connection>> {
        let branches = signs(candidate.branches);
        let root = root(family, tracks, branches, &candidate.section, (candidate.low, candidate.high))?;
        let Some((parameter, value)) = root else { return Ok(None) };
        let (from, to) = tracks.at(family, parameter)?;
        let mut at = |parameter: f64, section: &SplitSection| -> Result<Option<f64>> {
            let Ok((from, to)) = tracks.at(family, parameter) else { return Ok(None) };
            Ok(split(&*family(parameter)?, (&from, &to), branches, section)?.value)
        };
        let mut slope = f64::NAN;
        for share in SLOPES {
            let step = share * (candidate.high - candidate.low);
            if let (Some(up), Some(down)) =
                (at(parameter + step, &candidate.section)?, at(parameter - step, &candidate.section)?)
            {
                slope = (up - down) / (2.0 * step);
                break;
            }
        }
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
