//! The heuristic search: against the certified one, against a system with a known number of points, slow points.

use crate::errors::{has, text};
use eigengate::dynamics::{GruWeights, Kind, MultiStart, Reset, families};
use ndarray::{Array1, Array2, array};

#[test]
fn it_finds_what_is_proved_in_three_units() {
    for reset in [Reset::Before, Reset::After] {
        for seed in 0..12 {
            let weights = families::random(3, 2.5, seed, reset).unwrap();
            let proved = weights.fixed_points().unwrap();
            let found = MultiStart::new().with_starts(600).run(&weights.flow()).unwrap();
            // It can miss points, and never has others.
            assert!(found.points.len() <= proved.points.len());
            for point in &found.points {
                let same = |other: &&eigengate::dynamics::FixedPoint| {
                    other.state.iter().zip(&point.state).all(|(a, b)| (a - b).abs() < 1e-12)
                };
                let other = proved.points.iter().find(same).unwrap();
                assert_eq!((other.kind, other.index, point.certified), (point.kind, point.index, false));
            }
            assert_eq!(found.points.len(), proved.points.len(), "{seed}: {found:?} {proved:?}");
            assert_eq!((found.index_sum(), found.hits.len()), (1, found.points.len()));
        }
    }
}

/// `n` bistable units that do not see each other.
fn bistable(n: usize) -> GruWeights {
    let (u, b) = (Array2::zeros((n, n)), Array1::zeros(n));
    let uh = Array2::from_diag_elem(n, 3.0);
    GruWeights::new(Reset::Before, u.clone(), u, uh, b.clone(), b.clone(), b).unwrap()
}

#[test]
fn uncoupled_units_have_all_products_of_their_points() {
    let found = MultiStart::new().with_starts(3000).run(&bistable(4).flow()).unwrap();
    assert_eq!((found.points.len(), found.index_sum()), (81, 1), "{found:?}");
    let count = |kind| found.points.iter().filter(|point| point.kind == kind).count();
    assert_eq!((count(Kind::StableNode), count(Kind::UnstableNode), count(Kind::Saddle)), (16, 1, 64));
    let h = found.points[80].state[0];
    assert!(h > 0.5 && (h - (1.5 * h).tanh()).abs() < 1e-15);
    let known = |x: &f64| x.abs() < 1e-14 || (x.abs() - h).abs() < 1e-14;
    assert!(found.points.iter().all(|point| point.state.iter().all(known)));
    assert!(found.slow_points.is_empty());
    assert!(format!("{found:?}").ends_with("not proved to be all)"));
    assert_eq!(found.frame().unwrap().shape(), (81, 9));
}

#[test]
fn ghosts_of_folds_are_slow_points_and_closed_gates_are_not() {
    // Just beyond the four folds at 0.14782 a slow point is left of each, and the source.
    let weights = families::rotation(3.0, 0.155).unwrap();
    let found = MultiStart::new().with_starts(100).run(&weights.flow()).unwrap();
    assert_eq!((found.points.len(), found.slow_points.len()), (1, 4), "{found:?}");
    for slow in &found.slow_points {
        assert!(
            slow.residual > 1e-4 && slow.residual < 0.02 && (slow.speed - 0.5 * slow.residual).abs() < 0.01
        );
        assert!(slow.eigenvalues.len() == 2 && slow.hits > 0);
    }
    assert_eq!(found.frame().unwrap().column("class").unwrap().str().unwrap().get(0), Some("unstable_focus"));
    // Gates that are nearly closed make every state slow, and no slow point more.
    let closed = weights.with("bz", &[0], 30.0).unwrap().with("bz", &[1], 30.0).unwrap();
    let closed = MultiStart::new().with_starts(100).run(&closed.flow()).unwrap();
    assert_eq!((closed.points.len(), closed.slow_points.len()), (1, 4), "{closed:?}");
    let none = MultiStart::new().with_slow(1e-5).run(&weights.flow()).unwrap();
    assert_eq!(none.slow_points.len(), 0);
}

#[test]
fn seeds_fix_the_result_whatever_the_threads() {
    let weights = families::random(12, 1.5, 3, Reset::After).unwrap();
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let found = pool.install(|| MultiStart::new().with_starts(40).run(&weights.flow()).unwrap());
        let bits =
            found.points.iter().flat_map(|point| point.state.iter().map(|h| h.to_bits()).collect::<Vec<_>>());
        (bits.collect::<Vec<_>>(), found.hits)
    };
    assert_eq!(run(1), run(3));
}

#[test]
fn own_starts_and_bad_input() {
    let flow = families::two_bistable_units(3.0, 3.0).unwrap().flow();
    let states = array![[0.8, 0.8], [0.8, -0.8], [0.81, -0.8]];
    let own = MultiStart::new()
        .with_starts(0)
        .with_states(states)
        .with_settle(0)
        .with_rounds(0)
        .run(&flow)
        .unwrap();
    assert_eq!((own.points.len(), own.hits.clone(), own.starts), (2, vec![2, 1], 3), "{own:?}");
    // From near a saddle least squares go to the saddle; after 200 steps a sink is there.
    let saddle =
        own.points.iter().chain(&flow.fixed_points().unwrap().points).find(|p| p.kind.is_saddle()).cloned();
    let near = saddle.unwrap().state.mapv(|h| h + 1e-3).insert_axis(ndarray::Axis(0));
    let both = MultiStart::new().with_starts(0).with_states(near).with_rounds(0).run(&flow).unwrap();
    assert_eq!((both.starts, both.points.len()), (2, 2), "{both:?}");
    assert_eq!(both.points.iter().filter(|point| point.kind.is_stable()).count(), 1);
    // Between the sinks: all nine from four.
    let corners = array![[0.8, 0.8], [0.8, -0.8], [-0.8, 0.8], [-0.8, -0.8]];
    let all = MultiStart::new().with_starts(0).with_states(corners).run(&flow).unwrap();
    assert_eq!((all.points.len(), all.index_sum()), (9, 1), "{all:?}");
    has(&text(MultiStart::new().with_starts(0).run(&flow)), &["starts", "at least 1"]);
    has(&text(MultiStart::new().with_slow(-1.0).run(&flow)), &["slow", "-1"]);
    let wide = MultiStart::new().with_states(Array2::zeros((1, 3)));
    has(&text(wide.run(&flow)), &["states", "expected 2 columns", "found 3"]);
    has(&text(MultiStart::new().with_states(array![[0.0, f64::NAN]]).run(&flow)), &["states", "NaN"]);
}
