//! Nullclines of a planar field: where one component of the motion is zero.
//!
//! They are traced on the gate-free residual, so a nearly closed gate does not widen them. A quadtree of cells is
//! refined until interval arithmetic excludes a branch from a cell, or proves that the residual is monotone in it along
//! an axis; the remaining cells are marched through. For a GRU every line parallel to axis i meets nullcline i,
//! because the residual i changes its sign between h_i = -1 and 1: the share of lines that do is returned as a check.

use super::field::VectorField;
use super::quadtree::{Corner, Quadtree};
use super::window::{Polyline, Window};
use crate::display::{Content, show};
use crate::error::{Error, Result};
use std::collections::HashMap;
use std::fmt;

/// One nullcline: the points where `dh_i/dt = 0` for one unit i.
#[derive(Clone)]
pub struct Nullcline {
    /// The unit i, counted from 0.
    pub unit: usize,
    /// Its branches; every point is a root of the residual, found by a bracketed Newton iteration.
    pub branches: Vec<Polyline>,
    /// The largest residual `|n_i - h_i|` at a point.
    pub residual: f64,
    /// How many lines parallel to axis i were checked.
    pub lines: usize,
    /// How many of them cross the branches an odd number of times. For a GRU it must be all.
    pub met: usize,
    /// Cells of the finest level in which the residual could not be shown to be monotone along any axis: a branch may
    /// cross itself or close there. Empty too where the field gives no enclosures; see `certified`.
    pub undecided: Vec<Window>,
    /// Whether cells without a branch were excluded by interval arithmetic; otherwise by the signs at their corners.
    pub certified: bool,
}

/// Both nullclines of a planar field inside of `window`.
///
/// Cells have at most 1/64 of the window's sides, down to 1/2048 where branches come close.
///
/// # Errors
/// [`Error::Shape`] where the field is not planar; [`Error::NotFinite`] where it is not finite in the window.
pub fn nullclines(field: &dyn VectorField, window: &Window) -> Result<[Nullcline; 2]> {
    require_planar(field)?;
    Ok([trace(field, window, 0)?, trace(field, window, 1)?])
}

/// That a field has two dimensions.
pub(crate) fn require_planar(field: &dyn VectorField) -> Result<()> {
    match field.dimension() {
        2 => Ok(()),
        other => Err(Error::shape("the state of a planar field", "2 units", other)),
    }
}

fn trace(field: &dyn VectorField, window: &Window, unit: usize) -> Result<Nullcline> {
    let tree = Quadtree::grow(field, window, unit);
    let residual = |h: [f64; 2]| {
        let mut g = [0.0; 2];
        field.gate_free(&h, &mut g);
        g[unit]
    };
    let mut march = March {
        tree: &tree,
        residual: &residual,
        values: HashMap::new(),
        roots: HashMap::new(),
        points: vec![],
    };
    let mut segments = vec![];
    for &leaf in tree.leaves() {
        let corners = tree.boundary(leaf);
        let values = corners.iter().map(|&corner| march.value(corner)).collect::<Result<Vec<f64>>>()?;
        // Corner signs along the way round the cell; a root on every piece of the border where they differ.
        let mut crossings = vec![];
        for k in 0..corners.len() {
            let next = (k + 1) % corners.len();
            if (values[k] >= 0.0) != (values[next] >= 0.0) {
                let root = march.root([corners[k], corners[next]], [values[k], values[next]]);
                crossings.push((root, values[next] >= 0.0));
            }
        }
        let centre = if crossings.len() > 2 { residual(tree.centre(leaf)) >= 0.0 } else { true };
        pair(&crossings, centre, &mut segments);
    }
    let branches = join(&march.points, &segments);
    let worst = march.points.iter().map(|&h| residual(h).abs()).fold(0.0, f64::max);
    let (lines, met) = lines_met(&branches, window, unit);
    Ok(Nullcline {
        unit,
        branches,
        residual: worst,
        lines,
        met,
        undecided: tree.undecided().to_vec(),
        certified: tree.certified(),
    })
}

/// The roots on the borders of cells, each computed once.
struct March<'a> {
    tree: &'a Quadtree,
    residual: &'a dyn Fn([f64; 2]) -> f64,
    values: HashMap<Corner, f64>,
    roots: HashMap<[Corner; 2], usize>,
    points: Vec<[f64; 2]>,
}

impl March<'_> {
    fn value(&mut self, corner: Corner) -> Result<f64> {
        if let Some(&value) = self.values.get(&corner) {
            return Ok(value);
        }
        let h = self.tree.position(corner);
        let value = (self.residual)(h);
        if !value.is_finite() {
            return Err(Error::NotFinite { what: format!("the field at {h:?}"), value, index: 0 });
        }
        self.values.insert(corner, value);
        Ok(value)
    }

    fn root(&mut self, edge: [Corner; 2], values: [f64; 2]) -> usize {
        let (edge, values) =
            if edge[0] <= edge[1] { (edge, values) } else { ([edge[1], edge[0]], [values[1], values[0]]) };
        *self.roots.entry(edge).or_insert_with(|| {
            let ends = edge.map(|corner| self.tree.position(corner));
            self.points.push(root_between(self.residual, ends, values));
            self.points.len() - 1
        })
    }
}

/// The root of the residual between two points where it has different signs: secant steps within the bracket, of
/// which the Illinois rule halves the value of an end that stays.
fn root_between(residual: &dyn Fn([f64; 2]) -> f64, ends: [[f64; 2]; 2], values: [f64; 2]) -> [f64; 2] {
    let at = |t: f64| [0, 1].map(|k| ends[0][k] + t * (ends[1][k] - ends[0][k]));
    let (mut a, mut b, mut fa, mut fb) = (0.0, 1.0, values[0], values[1]);
    let mut best = if fa.abs() < fb.abs() { (a, fa) } else { (b, fb) };
    for step in 0..80 {
        if b - a < 1e-15 || best.1 == 0.0 {
            break;
        }
        // Every third step bisects, so that steep gates do not slow it down.
        let mut t = if step % 3 == 2 { 0.5 * (a + b) } else { (a * fb - b * fa) / (fb - fa) };
        if !(t > a && t < b) {
            t = 0.5 * (a + b);
        }
        let f = residual(at(t));
        if f.abs() < best.1.abs() {
            best = (t, f);
        }
        if (f >= 0.0) == (fa >= 0.0) {
            (a, fa, fb) = (t, f, 0.5 * fb);
        } else {
            (b, fb, fa) = (t, f, 0.5 * fa);
        }
    }
    at(best.0)
}

/// Joins the roots on a cell's border in pairs; `centre` is the sign in the middle. `crossings` hold the root and
/// the sign that follows it on the way round.
fn pair(crossings: &[(usize, bool)], centre: bool, segments: &mut Vec<[usize; 2]>) {
    // What has the sign of the centre is connected through it: a pair cuts off a stretch of border of the other sign.
    let count = crossings.len();
    for k in 0..count {
        if count == 2 && k == 1 {
            break;
        }
        if count == 2 || crossings[k].1 != centre {
            segments.push([crossings[k].0, crossings[(k + 1) % count].0]);
        }
    }
}

/// Polylines out of segments between numbered points, each of which ends at most two segments.
fn join(points: &[[f64; 2]], segments: &[[usize; 2]]) -> Vec<Polyline> {
    let mut at = vec![[usize::MAX; 2]; points.len()];
    for (index, segment) in segments.iter().enumerate() {
        for &end in segment {
            let slot = usize::from(at[end][0] != usize::MAX);
            at[end][slot] = index;
        }
    }
    let mut used = vec![false; segments.len()];
    let mut walk = |start: usize| {
        let (mut chain, mut here) = (vec![start], start);
        while let Some(&segment) = at[here].iter().find(|&&s| s != usize::MAX && !used[s]) {
            used[segment] = true;
            let [a, b] = segments[segment];
            here = if a == here { b } else { a };
            chain.push(here);
        }
        chain
    };
    // Open chains from their ends first; what is left is closed.
    let ends = (0..points.len()).filter(|&p| at[p][0] != usize::MAX && at[p][1] == usize::MAX);
    let mut chains: Vec<Vec<usize>> = ends.map(&mut walk).filter(|chain| chain.len() > 1).collect();
    chains.extend((0..points.len()).map(&mut walk).filter(|chain| chain.len() > 1));
    chains
        .into_iter()
        .map(|mut chain| {
            let closed = chain.len() > 2 && chain.first() == chain.last();
            if closed {
                chain.pop();
            }
            Polyline { points: chain.into_iter().map(|p| points[p]).collect(), closed }
        })
        .collect()
}

/// How many lines parallel to axis `unit` were looked at, and how many cross the branches an odd number of times.
fn lines_met(branches: &[Polyline], window: &Window, unit: usize) -> (usize, usize) {
    const LINES: usize = 257;
    let other = 1 - unit;
    // Off the lattice of the cells' corners, which the roots lie on.
    let step = window.sides()[other] / LINES as f64;
    let mut crossed = [0usize; LINES];
    let index = |x: f64| ((x - window.low[other]) / step - 0.4142).ceil().clamp(0.0, LINES as f64) as usize;
    for [a, b] in branches.iter().flat_map(Polyline::segments) {
        let (from, to) = (index(a[other].min(b[other])), index(a[other].max(b[other])));
        crossed[from..to].iter_mut().for_each(|count| *count += 1);
    }
    (LINES, crossed.iter().filter(|&&count| count % 2 == 1).count())
}

impl Nullcline {
    /// The sum of the lengths of its branches.
    pub fn length(&self) -> f64 {
        self.branches.iter().map(Polyline::length).sum()
    }

    /// Shows it in a notebook cell. evcxr calls this.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

impl fmt::Debug for Nullcline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let points: usize = self.branches.iter().map(|branch| branch.points.len()).sum();
        write!(
            f,
            "Nullcline of unit {}: {} branches, {points} points, {} of {} lines met, {} cells undecided",
            self.unit,
            self.branches.len(),
            self.met,
            self.lines,
            self.undecided.len()
        )
    }
}
