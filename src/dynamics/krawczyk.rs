//! Krawczyk's test: does a box hold no fixed point, exactly one, or is it not known yet?

use super::enclosure::{Cell, System, reach};
use super::interval::{Interval, up};

/// What the test says of a box.
pub(crate) enum Verdict<const D: usize> {
    /// No root.
    Empty,
    /// Exactly one root.
    Root(Root<D>),
    /// Not known. All roots of the box are in this smaller one, which is best cut along `axis`.
    Split { rest: Cell<D>, axis: usize },
    /// Not known, and not to be known at this precision: rounding errors of `F` blur more than the box.
    Undecided(Cell<D>),
}

/// A proved root.
#[derive(Clone)]
pub(crate) struct Root<const D: usize> {
    /// It is in here.
    pub(crate) enclosure: Cell<D>,
    /// No other root is in here.
    pub(crate) unique: Cell<D>,
}

/// `Y`, an approximate inverse of `F'` in the middle, with `|I - Y F'| <= defect` over the box.
struct Preconditioner<const D: usize> {
    inverse: [[f64; D]; D],
    defect: [[f64; D]; D],
}

/// A step that leaves less than this share of a side is repeated before the box is cut.
const WORTHWHILE: f64 = 0.7;
/// Rounds of one box; each contracts or widens it.
const ROUNDS: usize = 40;
/// Above this width a box is cut, whatever the rounding errors.
const BLURRED: f64 = 1e-6;
/// The first margin that is added to a box; each is eight times the one before.
const MARGIN: f64 = 1e-14;
/// Below this width nothing more is tried.
const NARROWEST: f64 = 1e-13;

/// Contracts the box `x` and tests it. `evaluations` counts boxes over which `F'` was enclosed.
pub(crate) fn examine<const D: usize>(
    system: &System<D>,
    x: &Cell<D>,
    evaluations: &mut usize,
) -> Verdict<D> {
    let mut x = *x;
    // What is left of the box given, without the margins that were added to it.
    let mut rest = x;
    let mut margin = MARGIN;
    // What rounding errors blur a root in it by.
    let mut blur = 0.0;
    let mut axis = widest(&x);
    for _ in 0..ROUNDS {
        *evaluations += 1;
        let m = x.map(|side| side.middle());
        let at = system.at(&m);
        let over = system.over(&x, &m, &at);
        // All roots of x are in T(x).
        let Some(y) = intersect(&x, &over.candidate) else { return Verdict::Empty };
        let Some(preconditioner) = Preconditioner::new(&over.jacobian) else {
            let Some(left) = intersect(&rest, &y) else { return Verdict::Empty };
            rest = left;
            if shrunk(&x, &y) {
                x = y;
                continue;
            }
            if width(&x) < NARROWEST {
                return Verdict::Undecided(rest);
            }
            return Verdict::Split { rest, axis: curved(&over.jacobian, &rest) };
        };
        let (image, noise) = preconditioner.image(&m, &at.residual, &y);
        if margin == MARGIN {
            blur = noise;
        }
        if inside(&y, &image) {
            let enclosure = intersect(&y, &image).unwrap_or(image);
            return Verdict::Root(Root { enclosure, unique: x });
        }
        // All roots of y are in the image.
        let Some(z) = intersect(&y, &image) else { return Verdict::Empty };
        let Some(left) = intersect(&rest, &z) else { return Verdict::Empty };
        rest = left;
        let regular = preconditioner.regular(&x);
        // At most one root. Where T leaves only rounding errors of x, the test is that of x.
        if regular && inside(&x, &preconditioner.image(&m, &at.residual, &x).0) {
            return Verdict::Root(Root { enclosure: z, unique: x });
        }
        if shrunk(&x, &z) {
            x = z;
            continue;
        }
        if regular {
            // The root is close to the boundary: take a margin of the surroundings too.
            x = z.map(|side| side.widened(0.1 * side.width() + margin));
            margin *= 8.0;
            continue;
        }
        axis = curved(&over.jacobian, &rest);
        break;
    }
    // In a wide box a large blur says no more than that the middle is close to singular.
    let undecided = width(&rest) < (4.0 * blur).clamp(NARROWEST, BLURRED);
    if undecided { Verdict::Undecided(rest) } else { Verdict::Split { rest, axis } }
}

/// If `x` holds exactly one root, the part of it that does.
pub(crate) fn confirmed<const D: usize>(system: &System<D>, x: &Cell<D>) -> Option<Cell<D>> {
    let m = x.map(|side| side.middle());
    let at = system.at(&m);
    let over = system.over(x, &m, &at);
    let (image, _) = Preconditioner::new(&over.jacobian)?.image(&m, &at.residual, x);
    inside(x, &image).then_some(image)
}

/// Whether `F'` is proved regular over `x`, which then holds at most one root.
pub(crate) fn regular<const D: usize>(system: &System<D>, x: &Cell<D>) -> bool {
    let m = x.map(|side| side.middle());
    let over = system.over(x, &m, &system.at(&m));
    Preconditioner::new(&over.jacobian).is_some_and(|preconditioner| preconditioner.regular(x))
}

/// The part of `x` in which its roots can be, by one step from the point `m` of `x`.
pub(crate) fn contracted<const D: usize>(system: &System<D>, x: &Cell<D>, m: &[f64; D]) -> Option<Cell<D>> {
    let at = system.at(m);
    let over = system.over(x, m, &at);
    let y = intersect(x, &over.candidate)?;
    intersect(&y, &Preconditioner::new(&over.jacobian)?.image(m, &at.residual, &y).0)
}

/// The blur of a root at `m` by rounding errors of `F`: the radius of `Y F(m)`.
pub(crate) fn blur<const D: usize>(system: &System<D>, m: &[f64; D]) -> Option<f64> {
    let x = m.map(Interval::point);
    let at = system.at(m);
    let over = system.over(&x, m, &at);
    Some(Preconditioner::new(&over.jacobian)?.image(m, &at.residual, &x).1)
}

impl<const D: usize> Preconditioner<D> {
    /// `None` where the middle is singular.
    #[inline]
    fn new(jacobian: &[[Interval; D]; D]) -> Option<Self> {
        let middle = jacobian.map(|row| row.map(|entry| entry.middle()));
        let inverse = invert(&middle)?;
        let mut defect = [[0.0; D]; D];
        for i in 0..D {
            for j in 0..D {
                // |I - Y F'| <= |I - Y M| + |Y| R for F' = M +- R. The first term is a rounding error, the sums of
                // the second are of positive numbers.
                let (mut rest, mut size, mut spread) = (if i == j { 1.0 } else { 0.0 }, 1.0, 0.0);
                for k in 0..D {
                    let term = inverse[i][k] * middle[k][j];
                    rest -= term;
                    size += term.abs();
                    spread += inverse[i][k].abs() * jacobian[k][j].radius();
                }
                defect[i][j] = up(f64::abs(rest) + spread + 16.0 * f64::EPSILON * (size + spread));
            }
        }
        Some(Self { inverse, defect })
    }

    /// Krawczyk's image `m - Y F(m) + (I - Y F') (x - m)`, and the radius of `Y F(m)`.
    #[inline]
    fn image(&self, m: &[f64; D], residual: &[Interval; D], x: &Cell<D>) -> (Cell<D>, f64) {
        let reach: [f64; D] = std::array::from_fn(|j| reach(x[j], m[j]));
        let mut noise = 0.0;
        let image = std::array::from_fn(|i| {
            let mut step = Interval::point(0.0);
            let mut spread = 0.0;
            for j in 0..D {
                step = step + residual[j].scaled(self.inverse[i][j]);
                spread = up(spread + self.defect[i][j] * reach[j]);
            }
            noise = f64::max(noise, step.radius());
            (Interval::point(m[i]) - step).widened(up(spread))
        });
        (image, noise)
    }

    /// Whether `F'` is regular over the box, so that it holds at most one root: `|I - Y F'| w < w` for its widths `w`.
    #[inline]
    fn regular(&self, x: &Cell<D>) -> bool {
        (0..D).all(|i| {
            let sum: f64 = (0..D).map(|j| self.defect[i][j] * x[j].width()).sum();
            up(sum * (1.0 + 16.0 * f64::EPSILON)) < x[i].width()
        })
    }
}

/// The inverse by Gauss-Jordan elimination with row pivots.
#[inline]
pub(crate) fn invert<const D: usize>(matrix: &[[f64; D]; D]) -> Option<[[f64; D]; D]> {
    if D == 2 {
        let (a, b, c, d) = (matrix[0][0], matrix[0][1], matrix[1][0], matrix[1][1]);
        let inverse = 1.0 / (a * d - b * c);
        let mut out = [[0.0; D]; D];
        out[0][0] = d * inverse;
        out[0][1] = -b * inverse;
        out[1][0] = -c * inverse;
        out[1][1] = a * inverse;
        return inverse.is_finite().then_some(out);
    }
    let mut a = *matrix;
    let mut inverse = [[0.0; D]; D];
    for (i, row) in inverse.iter_mut().enumerate() {
        row[i] = 1.0;
    }
    for column in 0..D {
        let mut pivot = column;
        for row in column + 1..D {
            if a[row][column].abs() > a[pivot][column].abs() {
                pivot = row;
            }
        }
        a.swap(column, pivot);
        inverse.swap(column, pivot);
        let factor = 1.0 / a[column][column];
        if !factor.is_finite() {
            return None;
        }
        for j in 0..D {
            a[column][j] *= factor;
            inverse[column][j] *= factor;
        }
        for row in 0..D {
            if row != column {
                let factor = a[row][column];
                for j in 0..D {
                    a[row][j] -= factor * a[column][j];
                    inverse[row][j] -= factor * inverse[column][j];
                }
            }
        }
    }
    Some(inverse)
}

#[inline]
fn intersect<const D: usize>(a: &Cell<D>, b: &Cell<D>) -> Option<Cell<D>> {
    let mut both = *a;
    for (side, other) in both.iter_mut().zip(b) {
        *side = side.intersection(*other)?;
    }
    Some(both)
}

/// Whether `inner` is inside `outer` and touches no face.
#[inline]
fn inside<const D: usize>(outer: &Cell<D>, inner: &Cell<D>) -> bool {
    outer.iter().zip(inner).all(|(outer, inner)| outer.holds_inside(*inner))
}

/// Whether a side became so much shorter that another round is worth it.
#[inline]
fn shrunk<const D: usize>(old: &Cell<D>, new: &Cell<D>) -> bool {
    old.iter().zip(new).any(|(old, new)| new.width() < WORTHWHILE * old.width() && old.width() > NARROWEST)
}

#[inline]
pub(crate) fn width<const D: usize>(x: &Cell<D>) -> f64 {
    x.iter().fold(0.0, |widest, side| side.width().max(widest))
}

fn widest<const D: usize>(x: &Cell<D>) -> usize {
    (0..D).fold(0, |axis, j| if x[j].width() > x[axis].width() { j } else { axis })
}

/// The axis whose width spreads the Jacobian most.
#[inline]
fn curved<const D: usize>(jacobian: &[[Interval; D]; D], x: &Cell<D>) -> usize {
    let mut best = (widest(x), 0.0);
    for j in 0..D {
        let spread: f64 = (0..D).map(|i| jacobian[i][j].width()).sum();
        let weight = spread * x[j].width();
        if weight > best.1 {
            best = (j, weight);
        }
    }
    best.0
}
