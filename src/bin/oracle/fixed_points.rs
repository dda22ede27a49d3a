//! Fixed points: how many, where, of which class, and that they are proved to be all.

use eigengate::dynamics::{FixedPoint, FixedPoints, GruWeights, Kind};
use eigengate::exchange::{ToNpy, write_npz};
use ndarray::{Array1, Array2};

use crate::case::{Case, Entry};
use crate::checks::{Checks, Outcome};

/// Allowed in coordinates, eigenvalues and multipliers.
const TOLERANCE: f64 = 1e-9;
/// Allowed in eigenvalues beside their own size, or that of the slowest unit.
const RELATIVE: (f64, f64) = (1e-6, 1e-11);

/// The complete list of the fixed points of a system.
pub fn all(case: &Case, checks: &mut Checks) -> Outcome {
    let found = certified(&case.weights, checks)?;
    compare(case, &found, checks)?;
    Ok(compared(&found))
}

/// What was compared.
pub fn compared(found: &FixedPoints) -> String {
    format!("{} fixed points: completeness, places, classes, eigenvalues, gates, indices", found.points.len())
}

/// The same, and the weights as PyTorch keeps them give the same system.
pub fn reset_after(case: &Case, checks: &mut Checks) -> Outcome {
    let found = certified(&case.weights, checks)?;
    compare(case, &found, checks)?;
    let entries = case.entries();
    let torch = entries.get("torch")?;
    let array = |name: &str| torch.get(name)?.numbers().map(Array1::from);
    let hidden = torch.get("weight_hh_l0")?.matrix()?;
    let (input_bias, hidden_bias) = (array("bias_ih_l0")?, array("bias_hh_l0")?);
    // By the way that a user's weights come: a file.
    let imported = torch_file(&hidden, &input_bias, &hidden_bias).map_err(|e| e.to_string())?;
    let same = imported.fixed_points().map_err(|e| e.to_string())?;
    checks.same("points from PyTorch's layout", same.points.len(), found.points.len());
    for (a, b) in found.points.iter().zip(&same.points) {
        checks.error("PyTorch's layout", distance(&a.state, &b.state), TOLERANCE, || format!("{b:?}"));
    }
    Ok(format!("{}, PyTorch's layout, map", compared(&found)))
}

/// Writes the arrays into a file as PyTorch names them, and reads the weights from it.
fn torch_file(
    hidden: &Array2<f64>,
    input_bias: &Array1<f64>,
    hidden_bias: &Array1<f64>,
) -> Result<GruWeights, Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("weights.npz");
    let arrays: [(&str, &dyn ToNpy); 3] =
        [("weight_hh_l0", hidden), ("bias_ih_l0", input_bias), ("bias_hh_l0", hidden_bias)];
    write_npz(&path, &arrays)?;
    Ok(GruWeights::read_pytorch(&path, "", 0)?)
}

/// All fixed points, with the checks that need no reference.
pub fn certified(weights: &GruWeights, checks: &mut Checks) -> Result<FixedPoints, String> {
    let found = weights.fixed_points().map_err(|e| e.to_string())?;
    let proved = found.complete && found.undecided.is_empty() && found.points.iter().all(|p| p.certified);
    checks.holds("certified complete", proved, || format!("{found:?}"));
    checks.same("index sum", found.index_sum, 1);
    for point in &found.points {
        let mut residual = vec![0.0; weights.units()];
        weights.flow().residual(&point.state.to_vec(), &mut residual);
        let largest = residual.iter().fold(0.0f64, |most, r| most.max(r.abs()));
        checks.error("residual", largest, 1e-12, || format!("{point:?}"));
    }
    Ok(found)
}

/// Holds the points against those of the case.
pub fn compare(case: &Case, found: &FixedPoints, checks: &mut Checks) -> Result<(), String> {
    let entries = case.entries();
    let points = entries.get("fixed_points")?.list()?;
    checks.same("count", found.points.len(), entries.get("count")?.count()?);
    checks.same("listed", found.points.len(), points.len());
    if let Some(topology) = entries.find("topology")? {
        let (sinks, saddles, sources) = found.topology();
        checks.same("topology", vec![sinks, saddles, sources], topology.counts()?);
    }
    let mut taken = vec![false; found.points.len()];
    for expected in &points {
        match nearest(&expected.get("h")?.numbers()?, found, &mut taken) {
            Some((point, error)) => {
                checks.error("points", error, TOLERANCE, || format!("nearest to {:?}", point.state.to_vec()));
                point_as(point, expected, checks)?;
            }
            None => {
                checks.holds("points", false, || "one is missing".to_owned());
            }
        }
    }
    Ok(())
}

/// The nearest point that is not taken yet, and its distance; it is taken then.
pub fn nearest<'a>(h: &[f64], found: &'a FixedPoints, taken: &mut [bool]) -> Option<(&'a FixedPoint, f64)> {
    let h = Array1::from(h.to_vec());
    let free = found.points.iter().enumerate().zip(taken.iter()).filter(|(_, taken)| !**taken);
    let distances = free.map(|((index, point), _)| (index, point, distance(&point.state, &h)));
    let (index, point, error) = distances.min_by(|a, b| a.2.total_cmp(&b.2))?;
    if let Some(taken) = taken.get_mut(index) {
        *taken = true;
    }
    Some((point, error))
}

/// The largest difference of coordinates; infinite where there are not as many.
fn distance(a: &Array1<f64>, b: &Array1<f64>) -> f64 {
    if a.len() != b.len() {
        return f64::INFINITY;
    }
    a.iter().zip(b).fold(0.0, |most, (a, b)| most.max((a - b).abs()))
}

/// Class, eigenvalues, index and gates of one point.
pub fn point_as(point: &FixedPoint, expected: &Entry<'_>, checks: &mut Checks) -> Result<(), String> {
    let pairs: Vec<Vec<f64>> =
        expected.get("eig")?.list()?.iter().map(Entry::numbers).collect::<Result<_, _>>()?;
    let eigenvalues: Vec<(f64, f64)> = pairs.iter().filter_map(|p| Some((*p.first()?, *p.get(1)?))).collect();
    let gates = expected.get("one_minus_z")?.numbers()?;
    let slowest = gates.iter().copied().fold(f64::INFINITY, f64::min);
    for (found, gate) in point.update_complement.iter().zip(&gates) {
        checks
            .error("gates", ((found - gate) / gate).abs(), 1e-9, || format!("{found:e}, expected {gate:e}"));
    }

    // Whether a real pair or a complex one is met is a matter of rounding where the two eigenvalues are the same.
    let margin = match expected.find("node_focus_margin")? {
        Some(margin) => margin.number()?,
        None => margin(&eigenvalues),
    };
    let class = expected.get("cls")?.text()?;
    if margin >= 1e-8 {
        checks.same("class", point.kind.name(), exact(class, &eigenvalues).as_str());
    } else {
        let side = |kind: &str| kind.split('_').next().map(str::to_owned);
        checks.same("stability", side(point.kind.name()), side(class));
    }
    checks.same("unstable", point.unstable, expected.get("n_unstable")?.count()?);
    if let Some(index) = expected.find("index")? {
        checks.same("index", i64::from(point.index), index.whole()?);
    }
    let determinant = expected.get("det_gfree")?.number()?;
    let size = determinant.abs().max(1.0);
    checks.error("det Dg", (point.determinant - determinant).abs() / size, TOLERANCE, || {
        format!("{}, expected {determinant}", point.determinant)
    });

    checks.same("number of eigenvalues", point.eigenvalues.len(), eigenvalues.len());
    // A double eigenvalue moves by the root of a rounding error.
    let (absolute, relative) = if margin >= 1e-8 { (TOLERANCE, RELATIVE.0) } else { (1e-7, 1e-3) };
    for (expected, error, size) in matched(point, &eigenvalues) {
        let text = || format!("expected {} + {} i: {point:?}", expected.0, expected.1);
        checks.error("eigenvalues", error, absolute, text);
        checks.error("eigenvalues by size", error, relative * size + RELATIVE.1 * slowest, text);
    }
    // The same point for the map: 1 + lambda.
    if let Some(multipliers) = expected.find("map_multipliers")? {
        let pairs: Vec<Vec<f64>> =
            multipliers.list()?.iter().map(Entry::numbers).collect::<Result<_, _>>()?;
        let found = point.multipliers(1.0);
        for pair in pairs {
            let (re, im) =
                (pair.first().copied().unwrap_or(f64::NAN), pair.get(1).copied().unwrap_or(f64::NAN));
            let error = found.iter().map(|m| (m.re - re).hypot(m.im - im)).fold(f64::INFINITY, f64::min);
            checks.error("map multipliers", error, absolute, || format!("{re} + {im} i among {found:?}"));
        }
    }
    // A class that names itself hyperbolic must not be a fold.
    checks.holds("hyperbolic", point.kind != Kind::NonHyperbolic, || format!("{point:?}"));
    Ok(())
}

/// The class of a case, with what its own eigenvalues say of real and complex: a solver that left an imaginary part of 1e-62
/// has made a focus of a node.
fn exact(class: &str, eigenvalues: &[(f64, f64)]) -> String {
    let complex = eigenvalues.iter().any(|(re, im)| im.abs() > 1e-30 * re.hypot(*im));
    match (class.trim_end_matches("_focus").trim_end_matches("_node"), complex) {
        ("saddle", false) => "saddle".to_owned(),
        ("saddle", true) => "saddle_focus".to_owned(),
        (side, false) => format!("{side}_node"),
        (side, true) => format!("{side}_focus"),
    }
}

/// Each expected eigenvalue with the distance to the nearest found one that is not taken, and its own size.
fn matched(point: &FixedPoint, eigenvalues: &[(f64, f64)]) -> Vec<((f64, f64), f64, f64)> {
    let mut free: Vec<(f64, f64)> = point.eigenvalues.iter().map(|v| (v.re, v.im)).collect();
    let mut errors = Vec::new();
    // The smallest first: their tolerance is the narrowest.
    let mut expected = eigenvalues.to_vec();
    expected.sort_by(|a, b| a.0.hypot(a.1).total_cmp(&b.0.hypot(b.1)));
    for value in expected {
        let error = |f: &(f64, f64)| (f.0 - value.0).hypot(f.1 - value.1);
        let best = (0..free.len()).min_by(|a, b| error(&free[*a]).total_cmp(&error(&free[*b])));
        let size = value.0.hypot(value.1);
        match best {
            Some(index) => errors.push((value, error(&free.remove(index)), size)),
            None => errors.push((value, f64::INFINITY, size)),
        }
    }
    errors
}

/// Squared half difference, or squared imaginary part, beside the squared size: of the closest pair.
fn margin(eigenvalues: &[(f64, f64)]) -> f64 {
    let mut least = f64::INFINITY;
    for (i, a) in eigenvalues.iter().enumerate() {
        for b in eigenvalues.iter().skip(i + 1) {
            let half = 0.5 * (a.0 - b.0).hypot(a.1 - b.1);
            let size = a.0.hypot(a.1).max(b.0.hypot(b.1));
            least = least.min((half / size).powi(2));
        }
    }
    least
}
