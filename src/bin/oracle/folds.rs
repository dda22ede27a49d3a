//! Folds and branch points of one unit, located without a look at their value, and the count on both sides.

use eigengate::dynamics::{GruWeights, Kind};

use crate::case::{Case, Entry};
use crate::checks::{Checks, Outcome};
use crate::fixed_points::{certified, nearest, point_as};

/// Counts are taken this far to either side of a fold, beside its own size.
const BESIDE: f64 = 1e-6;

/// Folds: where the curve of fixed points turns in the parameter.
pub fn folds(case: &Case, checks: &mut Checks) -> Outcome {
    let entries = case.entries();
    let family = Family::of(case)?;
    for fold in entries.get("folds")?.list()? {
        let (h, value) = (fold.get("h")?.number()?, fold.get("value")?.number()?);
        let step = BESIDE * value.abs().max(1.0);
        let below = certified(&family.at(value - step)?, checks)?;
        let above = certified(&family.at(value + step)?, checks)?;
        checks.same("count below", below.points.len(), fold.get("count_below")?.count()?);
        checks.same("count above", above.points.len(), fold.get("count_above")?.count()?);
        // Where there are two more, they are on both sides of the fold: a bracket of it on the curve.
        let more = if below.points.len() > above.points.len() { &below } else { &above };
        let mut states: Vec<f64> = more.points.iter().filter_map(|p| p.state.first().copied()).collect();
        states.sort_by(f64::total_cmp);
        let Some(&[low, high]) = states.windows(2).find(|pair| pair[0] <= h && h <= pair[1]) else {
            return Err(format!("no two of the fixed points {states:?} are beside the fold at {h}"));
        };
        let (found_h, found_value) = family.turn(low, high, value)?;
        checks.near("fold h", found_h, h, 1e-9);
        checks.near("fold value", found_value, value, 1e-9 * value.abs().max(1.0));
    }
    Ok(format!("{} folds: states, values, counts on both sides", entries.get("folds")?.list()?.len()))
}

/// A system at a fold: one half-stable point that nothing can prove, and the others.
pub fn at_fold(case: &Case, checks: &mut Checks) -> Outcome {
    let entries = case.entries();
    let h = entries.get("half_stable")?.get("h")?.number()?;
    let others = entries.get("other_fixed_points")?.list()?;
    let found = case.weights.fixed_points().map_err(|e| e.to_string())?;
    checks.same("complete without undecided regions", found.complete, found.undecided.is_empty());

    let mut taken = vec![false; found.points.len()];
    for expected in &others {
        match nearest(&expected.get("h")?.numbers()?, &found, &mut taken) {
            Some((point, error)) => {
                checks.error("other points", error, 1e-9, || format!("{point:?}"));
                checks.holds("other points proved", point.certified, || format!("{point:?}"));
                point_as(point, expected, checks)?;
            }
            None => checks.holds("other points", false, || "one is missing".to_owned()),
        }
    }
    // All else is the half-stable point: as a point with an eigenvalue of zero, or as a region that holds it.
    let near = 1e-6;
    let rest: Vec<_> =
        found.points.iter().zip(&taken).filter(|(_, taken)| !**taken).map(|(p, _)| p).collect();
    for point in &rest {
        let at = point.state.first().copied().unwrap_or(f64::NAN);
        checks.near("half-stable point", at, h, near);
        let eigenvalue = point.eigenvalues.first().map_or(f64::NAN, |v| v.re);
        checks.near("its eigenvalue", eigenvalue, 0.0, 1e-6);
        checks.holds("its class", point.certified || point.kind == Kind::NonHyperbolic, || {
            format!("{point:?}")
        });
    }
    for region in &found.undecided {
        let reach = region.contains(&[h]) || (region.center().first().is_some_and(|c| (c - h).abs() < near));
        checks
            .holds("undecided region", reach && region.width() < 1e-3, || format!("{region:?} without {h}"));
    }
    let seen = !rest.is_empty() || found.undecided.iter().any(|region| region.contains(&[h]));
    checks.holds("half-stable point seen", seen, || format!("{found:?} has nothing at {h}"));
    let total = others.len() + 1;
    checks.same("count with the half-stable point", entries.get("count")?.count()?, total);
    Ok(format!("the half-stable point, {} other fixed points", others.len()))
}

/// Where two curves of fixed points cross.
pub fn branch_point(case: &Case, checks: &mut Checks) -> Outcome {
    let entries = case.entries();
    let family = Family::of(case)?;
    let (h, value) = (entries.get("h")?.number()?, entries.get("value")?.number()?);
    // The one curve is h itself, whatever the parameter; the other crosses it where its eigenvalue changes sign.
    let far = 0.1 * value.abs().max(1.0);
    for parameter in [value - far, value - 0.4 * far, value + 0.7 * far] {
        checks.near("trivial curve", family.residual(h, parameter)?, 0.0, 1e-12);
    }
    let slope = |parameter: f64| family.slope(h, parameter);
    let found = bisect(value - far, value + 0.7 * far, &slope)?;
    checks.near("value", found, value, 1e-9 * value.abs().max(1.0));
    let count = |parameter: f64, checks: &mut Checks| -> Result<usize, String> {
        Ok(certified(&family.at(parameter)?, checks)?.points.len())
    };
    let step = 1e-4 * value.abs().max(1.0);
    let (below, above) = (count(value - step, checks)?, count(value + step, checks)?);
    match entries.get("type")?.text()? {
        "pitchfork" => {
            let (few, many) = (below.min(above), below.max(above));
            checks.same("counts of a pitchfork", (few, many), (few, few + 2));
        }
        // The other curve goes through: the same number on both sides.
        "transcritical" => checks.same("counts of a transcritical point", below, above),
        other => return Err(format!("type: `{other}`; pitchfork and transcritical are known")),
    }
    Ok("the branch point: value, counts on both sides".to_owned())
}

/// One unit, with one weight as the parameter.
struct Family<'a> {
    weights: &'a GruWeights,
    name: String,
    index: Vec<usize>,
}

impl<'a> Family<'a> {
    fn of(case: &'a Case) -> Result<Self, String> {
        if case.weights.units() != 1 {
            return Err(format!("folds are located for one unit; the system has {}", case.weights.units()));
        }
        let entries = case.entries();
        let (name, index) = (entries.get("parameter")?.text()?.to_owned(), parameter_index(&entries)?);
        Ok(Self { weights: &case.weights, name, index })
    }

    fn at(&self, value: f64) -> Result<GruWeights, String> {
        self.weights.with(&self.name, &self.index, value).map_err(|e| e.to_string())
    }

    fn residual(&self, h: f64, value: f64) -> Result<f64, String> {
        let mut out = [0.0];
        self.at(value)?.flow().residual(&[h], &mut out);
        Ok(out[0])
    }

    /// `dg/dh`.
    fn slope(&self, h: f64, value: f64) -> Result<f64, String> {
        let mut out = [0.0];
        self.at(value)?.flow().residual_jacobian(&[h], &mut out);
        Ok(out[0])
    }

    /// The parameter for which `h` is a fixed point, near `value`.
    fn parameter(&self, h: f64, value: f64) -> Result<f64, String> {
        let (mut a, mut b) = (value, value + 1e-4 * value.abs().max(1.0));
        let (mut at_a, mut at_b) = (self.residual(h, a)?, self.residual(h, b)?);
        for _ in 0..60 {
            if at_b == 0.0 || at_a == at_b {
                break;
            }
            let next = b - at_b * (b - a) / (at_b - at_a);
            (a, at_a) = (b, at_b);
            b = next;
            at_b = self.residual(h, b)?;
            if (b - a).abs() <= 1e-16 * value.abs().max(1.0) {
                break;
            }
        }
        Ok(b)
    }

    /// The place between two states where the curve of fixed points turns: `dg/dh = 0` on it.
    fn turn(&self, low: f64, high: f64, value: f64) -> Result<(f64, f64), String> {
        let slope = |h: f64| self.slope(h, self.parameter(h, value)?);
        let h = bisect(low, high, &slope)?;
        Ok((h, self.parameter(h, value)?))
    }
}

/// The place of a parameter in its array; a single number counts as a list of one.
pub fn parameter_index(entries: &Entry<'_>) -> Result<Vec<usize>, String> {
    entries.get("index")?.counts()
}

/// A change of sign between two places.
fn bisect(mut low: f64, mut high: f64, of: &dyn Fn(f64) -> Result<f64, String>) -> Result<f64, String> {
    let (at_low, at_high) = (of(low)?, of(high)?);
    if (at_low > 0.0) == (at_high > 0.0) {
        return Err(format!("no change of sign between {low} ({at_low:e}) and {high} ({at_high:e})"));
    }
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if middle == low || middle == high {
            break;
        }
        if (of(middle)? > 0.0) == (at_low > 0.0) { low = middle } else { high = middle }
    }
    Ok(0.5 * (low + high))
}
