//! Limit cycles: searched for without being told where, then held against those of the case.

use eigengate::dynamics::{Cycle, FixedPoints, PlanarPoint, Polyline, Window, limit_cycles};

use crate::case::{Case, Entry};
use crate::checks::{Checks, Outcome};
use crate::fixed_points::certified;

pub fn cycles(case: &Case, checks: &mut Checks) -> Outcome {
    let points = certified(&case.weights, checks)?;
    let cycles = search(case, &points, checks)?;
    for cycle in &cycles {
        sound(cycle, &points, checks);
    }
    let expected = case.entries().get("cycles")?.list()?;
    let mut taken = vec![false; cycles.len()];
    for entry in &expected {
        let point = entry.get("point")?.numbers()?;
        let free = cycles.iter().enumerate().zip(&taken).filter(|(_, taken)| !**taken).map(|(c, _)| c);
        let nearest = free.map(|(index, cycle)| (index, cycle, line_of(cycle).distance(&point)));
        let Some((index, cycle, distance)) = nearest.min_by(|a, b| a.2.total_cmp(&b.2)) else {
            checks.holds("cycles", false, || format!("none through {point:?} among {cycles:?}"));
            continue;
        };
        taken[index] = true;
        // Between its points the line is a chord: its distance from the orbit is of second order in theirs.
        let sag = cycle.extent * 1e-2;
        checks.holds("place", distance < sag, || format!("{cycle:?} passes {point:?} at {distance:e}"));
        same(cycle, entry, &points, checks)?;
    }
    let compared = "places, periods, multipliers, stability, extents, what is inside";
    Ok(format!("{} of {} cycles: {compared}", expected.len(), cycles.len()))
}

/// Every cycle of the system that the library finds.
fn search(case: &Case, points: &FixedPoints, checks: &mut Checks) -> Result<Vec<Cycle>, String> {
    let planar: Vec<PlanarPoint> = points
        .points
        .iter()
        .map(PlanarPoint::try_from)
        .collect::<Result<_, _>>()
        .map_err(|e| e.to_string())?;
    let found = limit_cycles(&case.weights.flow(), &Window::UNIT, &planar).map_err(|e| e.to_string())?;
    checks.holds("search clear", found.is_clear(), || format!("{found:?}"));
    Ok(found.cycles)
}

/// What must hold of a cycle whatever the case says.
fn sound(cycle: &Cycle, points: &FixedPoints, checks: &mut Checks) {
    checks.error("closure", cycle.residual, 1e-10, || format!("{cycle:?}"));
    // Where the multiplier is large, so are rounding errors of the trivial one.
    let size = cycle.leading().max(1.0);
    let trivial = (cycle.trivial.re - 1.0).hypot(cycle.trivial.im);
    checks.error("trivial multiplier", trivial, 1e-6 * size, || format!("{cycle:?}"));
    checks.error("M f = f", cycle.defect, 1e-6 * size, || format!("{cycle:?}"));
    checks.error("det M = exp(int div)", cycle.liouville(), 1e-6, || format!("{cycle:?}"));
    checks.same("stability", cycle.stable, cycle.leading() < 1.0);
    let line = line_of(cycle);
    let inside: i32 = points
        .points
        .iter()
        .filter(|p| p.state.as_slice().is_some_and(|h| line.winding(h) != 0))
        .map(|p| p.index)
        .sum();
    checks.same("index sum inside", inside, 1);
}

/// Period, multiplier, stability, extent, and what it goes around.
fn same(cycle: &Cycle, entry: &Entry<'_>, points: &FixedPoints, checks: &mut Checks) -> Result<(), String> {
    let number = |name: &str| entry.get(name)?.number();
    let period = number("period")?;
    checks.error("period", ((cycle.period - period) / period).abs(), 1e-7, || {
        format!("{}, expected {period}", cycle.period)
    });
    let multiplier = number("multiplier")?;
    let found = cycle.multipliers.first().map_or(f64::NAN, |m| m.re);
    let text = || format!("{found:e}, expected {multiplier:e}");
    checks.error("multiplier", (found - multiplier).abs() / multiplier.abs().max(1.0), 1e-5, text);
    // In the plane the integral of the divergence has its digits also where the multiplier is tiny.
    checks.near("integral of the divergence", cycle.divergence, number("trace_integral")?, 1e-5);
    checks.same("stable", cycle.stable, entry.get("stable")?.truth()?);
    checks.same("fixed points", points.points.len(), entry.get("n_fixed_points")?.count()?);

    let bbox = entry.get("bbox")?.matrix()?;
    for (side, row) in bbox.outer_iter().enumerate() {
        for (axis, expected) in row.iter().enumerate() {
            let column = cycle.points.column(axis);
            let found = match side {
                0 => column.iter().copied().fold(f64::INFINITY, f64::min),
                _ => column.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            };
            // Extremes of a line of points.
            checks.holds("bounding box", (found - expected).abs() < 1e-2 * cycle.extent, || {
                format!("{found}, expected {expected}")
            });
        }
    }

    let line = line_of(cycle);
    let enclosed = entry.get("enclosed")?.list()?;
    let mut inside = Vec::new();
    for point in &enclosed {
        let h = point.get("h")?.numbers()?;
        inside.push(h.clone());
        let winding = point.get("winding")?.whole()?;
        checks.same("winding", i64::from(line.winding(&h)), winding);
    }
    let around = points.points.iter().filter(|p| p.state.as_slice().is_some_and(|h| line.winding(h) != 0));
    checks.same("enclosed fixed points", around.count(), inside.len());
    Ok(())
}

/// A cycle as a closed line in the plane.
struct Line(Polyline);

fn line_of(cycle: &Cycle) -> Line {
    let rows = cycle.points.outer_iter();
    let mut points: Vec<[f64; 2]> = rows.filter_map(|row| Some([*row.first()?, *row.get(1)?])).collect();
    // The last point is the first once more.
    points.pop();
    Line(Polyline { points, closed: true })
}

impl Line {
    fn winding(&self, h: &[f64]) -> i32 {
        let &[x, y] = h else { return 0 };
        self.0.winding([x, y]).round() as i32
    }

    /// The least distance of a place from the line.
    fn distance(&self, h: &[f64]) -> f64 {
        let &[x, y] = h else { return f64::INFINITY };
        let from = |&[a, b]: &[[f64; 2]; 2]| {
            let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
            let length = dx * dx + dy * dy;
            let share = if length > 0.0 { ((x - a[0]) * dx + (y - a[1]) * dy) / length } else { 0.0 };
            let share = share.clamp(0.0, 1.0);
            (x - a[0] - share * dx).hypot(y - a[1] - share * dy)
        };
        self.0.segments().iter().map(from).fold(f64::INFINITY, f64::min)
    }
}
