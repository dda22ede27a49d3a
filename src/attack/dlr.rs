//! The difference of logits ratio, a loss that does not change with the scale of the logits.

/// Keeps the ratio finite where the logits are equal, as in the authors' program.
const SMALL: f64 = 1e-12;

/// Croce and Hein 2020, equation 6: with the logits in descending order `z_(1) >= z_(2) >= …`,
///
/// `f = -(z_y - max over the other classes of z) / (z_(1) - z_(3) + 1e-12)`,
///
/// above 0 where the example is misclassified. It needs three classes. Gives `f` and its derivatives, in float64,
/// rounded at the end.
///
/// Where the label has the third largest logit, `f` is 1 without a slope; such an example is misclassified already.
pub(super) fn dlr(logits: &[f32], label: u8, out: &mut [f32]) -> f64 {
    let label = usize::from(label);
    let order = descending(logits);
    let &[first, second, third, ..] = order.as_slice() else { return f64::NAN };
    let other = if first == label { second } else { first };
    ratio(logits, (label, other), &[(first, 1.0), (third, -1.0)], out)
}

/// Croce and Hein 2020, equation 7: towards the target `t`,
///
/// `f = -(z_y - z_t) / (z_(1) - (z_(3) + z_(4)) / 2 + 1e-12)`.
///
/// It needs four classes. Gives `f` and its derivatives, in float64, rounded at the end.
pub(super) fn targeted_dlr(logits: &[f32], label: u8, target: u8, out: &mut [f32]) -> f64 {
    let order = descending(logits);
    let &[first, _, third, fourth, ..] = order.as_slice() else { return f64::NAN };
    let scale = [(first, 1.0), (third, -0.5), (fourth, -0.5)];
    ratio(logits, (usize::from(label), usize::from(target)), &scale, out)
}

/// `-(z_a - z_b) / (sum of weight z + 1e-12)` and its derivatives.
fn ratio(logits: &[f32], (a, b): (usize, usize), scale: &[(usize, f64)], out: &mut [f32]) -> f64 {
    let z = |class: usize| logits.get(class).map_or(f64::NAN, |z| f64::from(*z));
    let above = z(a) - z(b);
    let below = scale.iter().map(|(class, weight)| weight * z(*class)).sum::<f64>() + SMALL;
    for (class, out) in out.iter_mut().enumerate() {
        let pair = f64::from(u8::from(class == b)) - f64::from(u8::from(class == a));
        let weight: f64 = scale.iter().filter(|(of, _)| *of == class).map(|(_, weight)| weight).sum();
        *out = (pair / below + above / below * (weight / below)) as f32;
    }
    -above / below
}

/// The classes by descending logit; of equal ones the first comes first.
pub(super) fn descending(logits: &[f32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..logits.len()).collect();
    order.sort_by(|a, b| logits[*b].total_cmp(&logits[*a]));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Central differences in float64 of the definitions, written out again.
    #[test]
    fn derivatives_are_those_of_the_definition() {
        let z = [0.25f32, 2.5, -1.0, 1.75, 0.5];
        let sorted = |z: &[f64]| {
            let mut s = z.to_vec();
            s.sort_by(|a, b| b.total_cmp(a));
            s
        };
        // Label first, second, last: every case but that of the third.
        for label in [1u8, 3, 2] {
            let plain = |z: &[f64]| {
                let s = sorted(z);
                let others = z.iter().enumerate().filter(|(c, _)| *c != usize::from(label));
                let other = others.map(|(_, z)| *z).fold(f64::NEG_INFINITY, f64::max);
                -(z[usize::from(label)] - other) / (s[0] - s[2])
            };
            let mut out = [0.0; 5];
            check(dlr(&z, label, &mut out), &out, &z, plain);
            for target in [0u8, 4] {
                let towards = |z: &[f64]| {
                    let s = sorted(z);
                    -(z[usize::from(label)] - z[usize::from(target)]) / (s[0] - 0.5 * (s[2] + s[3]))
                };
                check(targeted_dlr(&z, label, target, &mut out), &out, &z, towards);
            }
        }
        // The label third: constant.
        let mut out = [1.0; 5];
        assert!((dlr(&z, 4, &mut out) - 1.0).abs() < 1e-11);
        assert!(out.iter().all(|slope| slope.abs() < 1e-11), "{out:?}");
    }

    fn check(value: f64, slopes: &[f32], z: &[f32], f: impl Fn(&[f64]) -> f64) {
        let z: Vec<f64> = z.iter().map(|z| f64::from(*z)).collect();
        assert!((value - f(&z)).abs() < 1e-10, "{value} {}", f(&z));
        for (class, slope) in slopes.iter().enumerate() {
            let at = |step: f64| {
                let mut z = z.clone();
                z[class] += step;
                f(&z)
            };
            let want = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!((f64::from(*slope) - want).abs() < 1e-7, "class {class}: {slope} {want}");
        }
    }
}
