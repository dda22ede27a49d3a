//! Accuracy under attack and guaranteed accuracy: the truth lies between.

use super::{Axis, Band, Color, Dash, Figure, Line, Panel};
use crate::attack::{CertifiedCurve, ErrorCurve};
use crate::error::{Error, Result};

/// Robust accuracy in percent against the size ε of the ball, for every network a pair of curves: a solid line with what an
/// attack has left, which the accuracy under the worst attack cannot exceed, and a dashed line with what is proved, below which
/// it cannot fall. Between the two, shaded, lies the truth.
///
/// ```
/// use eigengate::prelude::*;
///
/// let digits = mnist::shipped()?.test.take(100)?;
/// let net = Mlp::new(&[784, 10], Activation::Tanh, 1)?;
/// let eps = [0.0, 0.01, 0.02];
/// let attacked = attack_over_eps(&net, &digits, &Pgd::new(), &eps)?.curve("vanilla, PGD");
/// let proved = IntervalBounds::new(&net)?.curve("vanilla, certified", &digits, &eps)?;
/// let figure = plot::certified_curves(&[(&attacked, &proved)])?;
/// # Ok::<(), eigengate::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] without pairs, [`Error::Shape`] where the arrays of a pair differ in length or in ε.
pub fn certified_curves(pairs: &[(&ErrorCurve, &CertifiedCurve)]) -> Result<Figure> {
    if pairs.is_empty() {
        return Err(Error::empty("the list of curves"));
    }
    let y = Axis::linear("Robust accuracy (%)").with_range(0.0, 102.0);
    let mut panel = Panel::new(Axis::linear("Perturbation size ε"), y);
    let (mut bands, mut lines) = (Vec::new(), Vec::new());
    for (index, (attacked, proved)) in pairs.iter().enumerate() {
        if attacked.eps != proved.eps {
            let what = format!("eps of `{}`", proved.name);
            return Err(Error::shape(what, format!("{:?}", attacked.eps), format!("{:?}", proved.eps)));
        }
        let above: Vec<f64> = attacked.error.iter().map(|error| 100.0 * (1.0 - error)).collect();
        let below: Vec<f64> = proved.accuracy.iter().map(|share| 100.0 * share).collect();
        let color = Color::series(index);
        bands.push(Band::new("", &proved.eps, &below, &above)?.with_color(color));
        lines.push(Line::new(&attacked.name, &attacked.eps, &above)?.with_color(color).with_markers());
        lines.push(Line::new(&proved.name, &proved.eps, &below)?.with_color(color).with_dash(Dash::Dashed));
    }
    for band in bands {
        panel = panel.with(band);
    }
    for line in lines {
        panel = panel.with(line);
    }
    Ok(Figure::from(panel))
}
