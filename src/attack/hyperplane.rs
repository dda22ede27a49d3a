//! Exact projections onto a hyperplane within the box of images.

use super::norm::Norm;

/// The smallest change, in L2 or L-inf, that brings a point of `[0, 1]^d` onto a hyperplane without leaving the box; where
/// the box does not reach the hyperplane, the change to the point of the box that is nearest to it in value.
///
/// `excess = normal . point - offset` says how far the point is off. A coordinate moves by `min(t, room)` in L-inf and by
/// `min(t |normal|, room)` in L2, in the direction that lowers `|excess|`, with one `t` for all. What they win together,
///
/// `g(t) = sum over i of weight_i min(t, cap_i)`, in L-inf `(|normal_i|, room_i)`, in L2 `(normal_i^2, room_i / |normal_i|)`,
///
/// must be `|excess|`. It rises, piecewise linear and concave, so Newton's method from 0 approaches `t` from below and ends
/// on the right piece after finitely many steps, a few in practice, where the usual algorithm sorts all caps. (The
/// projections of Croce and Hein 2020, appendix.)
pub(super) fn change_onto(norm: Norm, point: &[f32], normal: &[f32], excess: f64) -> Vec<f64> {
    let room = |x: f32, direction: f64| if direction > 0.0 { 1.0 - f64::from(x) } else { f64::from(x) };
    let direction = |w: f32| if w == 0.0 { 0.0 } else { -excess.signum() * f64::from(w.signum()) };
    let pieces: Vec<Piece> = point
        .iter()
        .zip(normal)
        .map(|(&x, &w)| {
            let (size, direction) = (f64::from(w).abs(), direction(w));
            let room = if direction == 0.0 { 0.0 } else { room(x, direction) };
            match norm {
                Norm::Linf => Piece { weight: size, cap: room, speed: direction },
                _ if size == 0.0 => Piece { weight: 0.0, cap: 0.0, speed: 0.0 },
                _ => Piece { weight: size * size, cap: room / size, speed: direction * size },
            }
        })
        .collect();
    let t = reach(&pieces, excess.abs());
    pieces.iter().map(|piece| piece.speed * piece.cap.min(t)).collect()
}

struct Piece {
    weight: f64,
    cap: f64,
    /// The change at `t = 1`.
    speed: f64,
}

/// `t` with `g(t) = need`; infinite where no `t` is enough.
fn reach(pieces: &[Piece], need: f64) -> f64 {
    let mut t = 0.0;
    // Every round but the last ends further pieces.
    for _ in 0..=pieces.len() {
        let (mut ended, mut slope) = (0.0, 0.0);
        for piece in pieces {
            if piece.cap <= t {
                ended += piece.weight * piece.cap;
            } else {
                slope += piece.weight;
            }
        }
        if slope == 0.0 {
            return f64::INFINITY;
        }
        let next = (need - ended) / slope;
        if next <= t {
            break;
        }
        t = next;
    }
    t
}
