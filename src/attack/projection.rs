//! Euclidean projections onto a ball, and onto the part of it in `[0, 1]`. In float64, rounded at the end.

use super::norm::Norm;

/// Scales the change of `x` from `clean` down to size `eps`; nothing where it is not larger. In L2 that is the nearest point
/// of the ball, in L1 it is not.
pub(super) fn scale(norm: Norm, x: &mut [f32], clean: &[f32], eps: f64) {
    let size = norm.between(clean, x);
    if size > eps {
        let factor = eps / size;
        for (x, clean) in x.iter_mut().zip(clean) {
            let clean = f64::from(*clean);
            *x = (clean + factor * (f64::from(*x) - clean)) as f32;
        }
    }
}

/// The nearest point to `x` of the L1 ball around `clean` in `[0, 1]`, where `clean` is.
///
/// With `d = x - clean` and the room `c` of every pixel in the direction of its `d`, the change of a pixel is
/// `min(max(|d| - t, 0), c)`. The smallest `t >= 0` that makes them add up to at most `eps` is found exactly: their sum falls with `t`,
/// in straight pieces between the values `|d| - c` and `|d|`.
pub(super) fn l1(x: &mut [f32], clean: &[f32], eps: f64) {
    let parts: Vec<(f64, f64)> = x.iter().zip(clean).map(|(x, clean)| parts(*x, *clean)).collect();
    let total: f64 = parts.iter().map(|(d, room)| d.abs().min(*room)).sum();
    let threshold = if total > eps { threshold(&parts, total, eps) } else { 0.0 };
    for ((x, clean), (d, room)) in x.iter_mut().zip(clean).zip(parts) {
        let change = (d.abs() - threshold).clamp(0.0, room).copysign(d);
        *x = ((f64::from(*clean) + change) as f32).clamp(0.0, 1.0);
    }
}

/// The change of a pixel, and how far it may go in that direction.
fn parts(x: f32, clean: f32) -> (f64, f64) {
    let (x, clean) = (f64::from(x), f64::from(clean));
    let d = x - clean;
    (d, if d > 0.0 { 1.0 - clean } else { clean }.max(0.0))
}

/// Where the sum of `min(max(|d| - t, 0), room)`, `total` at `t = 0`, falls to `eps`.
fn threshold(parts: &[(f64, f64)], total: f64, eps: f64) -> f64 {
    // Where the slope of the sum changes, and by how much: a pixel leaves its end at |d| - room, and is back at |d|.
    let mut slope = 0.0;
    let mut corners = Vec::with_capacity(2 * parts.len());
    for (d, room) in parts {
        let (leaves, back) = (d.abs() - room, d.abs());
        if leaves > 0.0 {
            corners.push((leaves, -1.0));
        } else {
            slope -= f64::from(u8::from(back > 0.0));
        }
        if back > 0.0 {
            corners.push((back, 1.0));
        }
    }
    corners.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let (mut at, mut sum) = (0.0, total);
    for (corner, change) in corners {
        let next = sum + slope * (corner - at);
        if next <= eps {
            break;
        }
        (at, sum, slope) = (corner, next, slope + change);
    }
    if slope < 0.0 { at + (sum - eps) / -slope } else { at }
}

/// The nearest point to `x` of the L2 ball around `clean` in `[0, 1]`, where `clean` is: `clip(clean + t d)` with `d = x - clean` and
/// the largest `t <= 1` for which it is in the ball, found by bisection.
pub(super) fn l2(x: &mut [f32], clean: &[f32], eps: f64) {
    let pairs: Vec<(f64, f64)> =
        x.iter().zip(clean).map(|(x, c)| (f64::from(*c), f64::from(*x) - f64::from(*c))).collect();
    let at = |t: f64, (clean, d): (f64, f64)| (clean + t * d).clamp(0.0, 1.0);
    let size = |t: f64| pairs.iter().map(|pair| (at(t, *pair) - pair.0).powi(2)).sum::<f64>().sqrt();
    let mut t = 1.0;
    if size(t) > eps {
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..60 {
            t = 0.5 * (low + high);
            if size(t) > eps { high = t } else { low = t }
        }
        t = low;
    }
    x.iter_mut().zip(&pairs).for_each(|(x, pair)| *x = at(t, *pair) as f32);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::{Purpose, stream};

    /// An image, and one elsewhere, some pixels of both at the ends of the range.
    fn pair(index: u64) -> (Vec<f32>, Vec<f32>) {
        let mut random = stream(3, Purpose::Attack, index);
        let clean: Vec<f32> = (0..20).map(|_| random.uniform_in(-0.3, 1.3).clamp(0.0, 1.0)).collect();
        let x = clean.iter().map(|c| c + random.uniform_in(-0.9, 0.9)).collect();
        (clean, x)
    }

    /// What makes a point `p` the nearest one to `x` of a convex set: no point `q` of the set has `(x - p) (q - p) > 0`.
    fn is_nearest(norm: Norm, clean: &[f32], x: &[f32], p: &[f32], eps: f64) {
        assert!(norm.between(clean, p) <= eps + 1e-6 && p.iter().all(|p| (0.0..=1.0).contains(p)));
        for index in 0..200 {
            let mut random = stream(4, Purpose::Attack, index);
            let mut q: Vec<f32> =
                clean.iter().map(|_| random.uniform_in(-0.2, 1.2).clamp(0.0, 1.0)).collect();
            if index % 2 == 0 {
                // One pixel alone: a corner of the L1 ball.
                let pixel = random.below(20) as usize;
                q = clean.iter().enumerate().map(|(i, c)| if i == pixel { q[i] } else { *c }).collect();
            }
            scale(norm, &mut q, clean, eps);
            let inner: f64 = (0..20).map(|i| f64::from(x[i] - p[i]) * f64::from(q[i] - p[i])).sum();
            assert!(inner < 1e-6, "{norm} {index}: {inner}");
        }
    }

    #[test]
    fn projections_are_the_nearest_points() {
        for index in 0..30 {
            let (clean, x) = pair(index);
            for eps in [0.0, 0.05, 0.5, 1.0, 3.0] {
                let mut p = x.clone();
                l1(&mut p, &clean, eps);
                is_nearest(Norm::L1, &clean, &x, &p, eps);
                let mut p = x.clone();
                l2(&mut p, &clean, eps);
                is_nearest(Norm::L2, &clean, &x, &p, eps);
            }
        }
    }

    #[test]
    fn by_hand_and_points_inside_stay() {
        // |d| = 0.5, 0.3, 0.4, rooms 0.5, 0.2, 0.9: with t = 0.2 they give 0.3, 0.1, 0.2.
        let clean = [0.5, 0.8, 0.1];
        let mut x = [1.0, 1.1, 0.5];
        l1(&mut x, &clean, 0.6);
        assert!([0.8, 0.9, 0.3].iter().zip(x).all(|(want, x)| (want - x).abs() < 1e-6), "{x:?}");
        let inside = [0.55, 0.75, 0.1];
        for project in [l1, l2] {
            let mut x = inside;
            project(&mut x, &clean, 0.1000001);
            assert_eq!(x, inside);
        }
        // 3-4-5: half as far is half the size.
        let mut x = [0.8, 0.4, 0.1];
        l2(&mut x, &clean, 0.25);
        assert!([0.65, 0.6, 0.1].iter().zip(x).all(|(want, x)| (want - x).abs() < 1e-6), "{x:?}");
    }
}
