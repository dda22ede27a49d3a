//! Branch and bound: boxes are cut until every one is empty, holds one proved root, or is undecided.

use super::enclosure::{Cell, System};
use super::fixed_point::BoxRegion;
use super::flow::GruFlow;
use super::interval::Interval;
use super::krawczyk::{Root, Verdict, blur, confirmed, contracted, examine, regular, width};
use super::polish;

/// What a search found.
pub(crate) struct Outcome {
    /// Polished roots with their enclosures.
    pub(crate) roots: Vec<(Vec<f64>, BoxRegion)>,
    /// Regions that could not be decided, merged where they touch.
    pub(crate) undecided: Vec<BoxRegion>,
    /// Boxes examined.
    pub(crate) boxes: usize,
}

/// All fixed points have `|h_i| <= 1`; those of saturated units are at 1 to the last bit.
const EDGE: f64 = 1.001;
/// Where a side is cut. Off the centre: symmetric systems have roots at 0.
const CUT: f64 = 0.4921;
/// Above this blur of a root it is polished with 32 digits.
const BLURRED: f64 = 2e-14;

/// All roots of a flow of `D` units. After `max_boxes` the boxes that are left are undecided.
pub(crate) fn all_roots<const D: usize>(flow: &GruFlow, system: &System<D>, max_boxes: usize) -> Outcome {
    let mut stack = vec![[Interval::new(-EDGE, EDGE); D]];
    let mut roots: Vec<(Vec<f64>, Root<D>)> = vec![];
    let mut undecided: Vec<Cell<D>> = vec![];
    let mut boxes = 0;
    while let Some(x) = stack.pop() {
        if boxes >= max_boxes {
            undecided.push(x);
            continue;
        }
        if roots.iter().any(|(_, root)| within(&x, &root.unique)) {
            boxes += 1;
            continue;
        }
        match examine(system, &x, &mut boxes) {
            Verdict::Empty => {}
            Verdict::Undecided(rest) => undecided.push(rest),
            Verdict::Split { rest, axis } => {
                let (mut first, mut second) = (rest, rest);
                let cut = rest[axis].lo + CUT * rest[axis].width();
                (first[axis].hi, second[axis].lo) = (cut, cut);
                stack.push(second);
                stack.push(first);
            }
            Verdict::Root(root) => match add(flow, system, &mut roots, root) {
                Ok(()) => {}
                Err(both) => undecided.push(both),
            },
        }
    }
    roots.sort_by(|(a, _), (b, _)| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    let roots = roots.into_iter().map(|(h, root)| (h, region(&root.enclosure))).collect();
    Outcome { roots, undecided: merge(undecided.iter().map(region).collect()), boxes }
}

/// Adds a proved root unless it is known. It is the same as another if its enclosure is where that one is unique, and another if the
/// enclosures are disjoint; what is neither is given back as undecided.
fn add<const D: usize>(
    flow: &GruFlow,
    system: &System<D>,
    roots: &mut Vec<(Vec<f64>, Root<D>)>,
    mut root: Root<D>,
) -> Result<(), Cell<D>> {
    let state = refine(flow, system, &mut root);
    if !is_root(flow, &state) {
        return Err(root.enclosure);
    }
    for (_, known) in roots.iter() {
        if within(&root.enclosure, &known.unique) || within(&known.enclosure, &root.unique) {
            return Ok(());
        }
        if root.enclosure.iter().zip(&known.enclosure).all(|(a, b)| a.intersection(*b).is_some()) {
            return Err(hull(&root.enclosure, &known.enclosure));
        }
    }
    roots.push((state, root));
    Ok(())
}

/// Polishes a root and makes its enclosure as small as rounding errors let it be.
fn refine<const D: usize>(flow: &GruFlow, system: &System<D>, root: &mut Root<D>) -> Vec<f64> {
    let mut state: Vec<f64> = root.enclosure.iter().map(|side| side.middle()).collect();
    polish::newton(flow, &mut state, false);
    let inside = |x: &Cell<D>, state: &[f64]| x.iter().zip(state).all(|(side, h)| side.contains(*h));
    // The box of a proof may be too wide for Newton's method. Contractions of it keep the root.
    while !(is_root(flow, &state) && inside(&root.enclosure, &state)) {
        let m = std::array::from_fn(|i| root.enclosure[i].middle());
        let Some(smaller) = contracted(system, &root.enclosure, &m) else { break };
        let stays = width(&smaller) > 0.99 * width(&root.enclosure);
        root.enclosure = smaller;
        if stays {
            break;
        }
        state = root.enclosure.iter().map(|side| side.middle()).collect();
        polish::newton(flow, &mut state, false);
    }
    let Ok(m) = <[f64; D]>::try_from(state.as_slice()) else { return state };
    let blur = blur(system, &m).unwrap_or(f64::INFINITY);
    if blur > BLURRED {
        polish::newton(flow, &mut state, true);
    }
    // A small box that is proved to hold a root holds this one, if both are where there is at most one.
    let mut radius = 4.0 * blur + 1e-15;
    for _ in 0..6 {
        let around = std::array::from_fn(|i| Interval::point(state[i]).widened(radius));
        if let Some(image) = confirmed(system, &around)
            && (within(&around, &root.unique) || regular(system, &hull(&around, &root.unique)))
            && inside(&image, &state)
        {
            root.enclosure = image;
            return state;
        }
        radius *= 8.0;
    }
    // Otherwise the root is where it is proved to be; every contraction leaves it in.
    for _ in 0..60 {
        let m = std::array::from_fn(|i| match root.enclosure[i].contains(state[i]) {
            true => state[i],
            false => root.enclosure[i].middle(),
        });
        let Some(smaller) = contracted(system, &root.enclosure, &m) else { break };
        let enough = width(&smaller) > 0.9 * width(&root.enclosure);
        root.enclosure = smaller;
        if enough {
            break;
        }
    }
    if inside(&root.enclosure, &state) {
        state
    } else {
        root.enclosure.iter().map(|side| side.middle()).collect()
    }
}

/// Whether the residual is small enough for a polished root.
fn is_root(flow: &GruFlow, h: &[f64]) -> bool {
    let mut residual = vec![0.0; h.len()];
    flow.residual(h, &mut residual);
    residual.iter().all(|g| g.abs() < 1e-10)
}

fn within<const D: usize>(inner: &Cell<D>, outer: &Cell<D>) -> bool {
    inner.iter().zip(outer).all(|(inner, outer)| outer.lo <= inner.lo && inner.hi <= outer.hi)
}

fn hull<const D: usize>(a: &Cell<D>, b: &Cell<D>) -> Cell<D> {
    std::array::from_fn(|i| Interval { lo: a[i].lo.min(b[i].lo), hi: a[i].hi.max(b[i].hi) })
}

fn region<const D: usize>(x: &Cell<D>) -> BoxRegion {
    BoxRegion { lower: x.iter().map(|side| side.lo).collect(), upper: x.iter().map(|side| side.hi).collect() }
}

/// Boxes that are closer to each other than the wider one is wide become one, until none are. What is between them was proved
/// empty, but it is of no use to see a fold in pieces.
fn merge(mut boxes: Vec<BoxRegion>) -> Vec<BoxRegion> {
    let touch = |a: &BoxRegion, b: &BoxRegion| {
        let gap = a.width().max(b.width());
        let sides = a.lower.iter().zip(&a.upper).zip(b.lower.iter().zip(&b.upper));
        sides.into_iter().all(|((al, au), (bl, bu))| al - gap <= *bu && bl - gap <= *au)
    };
    let mut merged: Vec<BoxRegion> = vec![];
    while let Some(mut current) = boxes.pop() {
        while let Some(position) = merged.iter().position(|other| touch(other, &current)) {
            let other = merged.swap_remove(position);
            for (lower, other) in current.lower.iter_mut().zip(other.lower) {
                *lower = lower.min(other);
            }
            for (upper, other) in current.upper.iter_mut().zip(other.upper) {
                *upper = upper.max(other);
            }
        }
        merged.push(current);
    }
    merged.sort_by(|a, b| a.lower.partial_cmp(&b.lower).unwrap_or(std::cmp::Ordering::Equal));
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamics::families;

    #[test]
    fn a_root_of_two_boxes_is_one_and_a_doubtful_one_is_undecided() {
        let flow = families::two_bistable_units(4.0, 3.0).unwrap().flow();
        let system = System::<2>::new(&flow).unwrap();
        let found = |low: f64, high: f64| match examine(&system, &[Interval::new(low, high); 2], &mut 0) {
            Verdict::Root(root) => root,
            _ => panic!("{low} {high}"),
        };
        let mut roots = vec![];
        for (low, high, count) in [(-0.1, 0.05, 1), (-0.02, 0.08, 1), (0.7, 0.99, 2), (0.8, 0.99, 2)] {
            assert!(add(&flow, &system, &mut roots, found(low, high)).is_ok());
            assert_eq!(roots.len(), count, "{low} {high}");
        }
        // A root that is said to be unique only where it is, and whose place overlaps with that of a known one.
        let mut doubtful = found(-0.1, 0.05);
        doubtful.unique = doubtful.enclosure;
        let enclosure = |root: &Root<2>| root.enclosure[0].width();
        let (wide, narrow) = (enclosure(&doubtful), enclosure(&roots[0].1));
        assert!(narrow < 1e-15 && wide >= narrow);
        roots[0].1.unique = [Interval::new(0.0, 1e-30); 2];
        doubtful.unique = [Interval::new(-1e-30, 1e-30); 2];
        doubtful.enclosure = [Interval::new(-1e-30, 1e-30); 2];
        roots[0].1.enclosure = [Interval::new(0.0, 1e-29); 2];
        assert!(add(&flow, &system, &mut roots, doubtful).is_err());
        assert_eq!(roots.len(), 2);
    }

    #[test]
    fn regions_merge_where_the_gap_is_small() {
        let region = |lower: f64, upper: f64| BoxRegion { lower: vec![lower, 0.0], upper: vec![upper, 1e-3] };
        let merged =
            merge(vec![region(0.0, 1e-3), region(0.5, 0.5001), region(1.5e-3, 2e-3), region(-1.0, -0.999)]);
        assert_eq!(merged, [region(-1.0, -0.999), region(0.0, 2e-3), region(0.5, 0.5001)]);
    }
}
