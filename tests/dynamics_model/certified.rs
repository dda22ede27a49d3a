//! The certified search on systems that are known in closed form.

use crate::errors::{has, text};
use eigengate::dynamics::{FixedPointSearch, GruWeights, Kind, families};
use ndarray::{Array1, Array2};

#[test]
fn no_weights_give_one_star_node() {
    for d in 1..=3 {
        let (u, b) = (Array2::zeros((d, d)), Array1::zeros(d));
        let new = GruWeights::new(Default::default(), u.clone(), u.clone(), u, b.clone(), b.clone(), b);
        let found = new.unwrap().fixed_points().unwrap();
        assert!(found.complete && found.points.len() == 1, "{found:?}");
        let point = &found.points[0];
        assert!(point.state.iter().all(|h| h.abs() < 1e-15));
        assert_eq!(point.kind, Kind::StableNode);
        assert!(point.eigenvalues.iter().all(|v| v.re == -0.5 && v.im == 0.0), "{point:?}");
        // Its eigenvectors are a basis.
        let vectors: Vec<Vec<f64>> = (0..d).map(|k| point.direction(k).unwrap().to_vec()).collect();
        for (i, v) in vectors.iter().enumerate() {
            for w in &vectors[..i] {
                assert!(v.iter().zip(w).map(|(v, w)| v * w).sum::<f64>().abs() < 1e-12, "{vectors:?}");
            }
        }
    }
}

#[test]
fn the_rotation_family_has_nine_fixed_points_up_to_its_folds() {
    for (alpha, count) in [(0.0, 9), (0.1478, 9), (0.1479, 1), (0.7, 1), (0.9, 1)] {
        let found = families::rotation(3.0, alpha).unwrap().fixed_points().unwrap();
        assert!(found.complete && found.index_sum == 1, "{alpha}: {found:?}");
        assert_eq!(found.points.len(), count, "{alpha}: {found:?}");
    }
}

#[test]
fn two_bistable_units_have_the_products_of_their_points() {
    let found = families::two_bistable_units(4.0, 3.0).unwrap().fixed_points().unwrap();
    assert!(found.complete && found.index_sum == 1);
    assert_eq!(found.topology(), (4, 4, 1));
    // h = tanh(2 h) and h = tanh(1.5 h), by bisection with float64.
    let root = |k: f64| {
        let (mut low, mut high) = (0.5, 1.0);
        for _ in 0..60 {
            let h = 0.5 * (low + high);
            if (k * h).tanh() > h { low = h } else { high = h }
        }
        low
    };
    let (a, b) = (root(2.0), root(1.5));
    let expected = [-a, 0.0, a].into_iter().flat_map(|x| [-b, 0.0, b].map(|y| [x, y]));
    for (point, expected) in found.points.iter().zip(expected) {
        assert!((point.state[0] - expected[0]).abs() < 1e-15 && (point.state[1] - expected[1]).abs() < 1e-15);
        // They are proved where they are.
        let enclosure = point.enclosure.as_ref().unwrap();
        assert!(enclosure.contains(&point.state.to_vec()) && enclosure.width() < 1e-13, "{enclosure:?}");
    }
}

#[test]
fn points_on_cuts_are_found_once() {
    // The middle points of bistable units pass through every place of the first cuts.
    let units = families::two_bistable_units(8.0, 6.0).unwrap();
    for step in 0..400 {
        let b = 0.3 * (f64::from(step) / 200.0 - 1.0);
        let moved = units.with("bh", &[0], b).unwrap().with("bh", &[1], -0.7 * b).unwrap();
        let found = moved.fixed_points().unwrap();
        assert!(found.complete && (found.points.len(), found.index_sum) == (9, 1), "{b}: {found:?}");
    }
}

#[test]
fn a_pitchfork_is_one_region_with_one_point() {
    // Uh = 2 at r = 1/2: h = tanh(h), a triple root; and the same in one direction of the plane and of space.
    for d in 1..=3 {
        let (u, b) = (Array2::zeros((d, d)), Array1::zeros(d));
        let mut uh = Array2::from_diag_elem(d, 0.5);
        uh[[0, 0]] = 2.0;
        let weights = GruWeights::new(Default::default(), u.clone(), u, uh, b.clone(), b.clone(), b).unwrap();
        let found = weights.fixed_points().unwrap();
        assert!(!found.complete && found.undecided.len() == 1, "{d}: {found:?} {:?}", found.undecided);
        let region = &found.undecided[0];
        assert!(region.contains(&vec![0.0; d]) && region.width() < 1e-4, "{region:?}");
        assert_eq!((found.index_sum, found.undecided_index()), (0, 1));
        assert_eq!(found.points.len(), 1);
        let point = &found.points[0];
        assert!(point.kind == Kind::NonHyperbolic && !point.certified && point.index == 0, "{point:?}");
        assert!(point.state.iter().all(|h| h.abs() < 1e-5), "{point:?}");
        assert!(found.boxes < 3000, "{found:?}");
    }
    // On both sides of it everything is proved.
    let unit = families::random(1, 0.0, 0, Default::default()).unwrap();
    let unit = unit.with("br", &[0], 0.0).unwrap().with("bh", &[0], 0.0).unwrap();
    for (uh, count) in [(1.999, 1), (2.001, 3)] {
        let found = unit.with("Uh", &[0, 0], uh).unwrap().fixed_points().unwrap();
        assert!(found.complete && found.points.len() == count, "{found:?}");
    }
}

#[test]
fn boxes_that_are_not_examined_are_undecided() {
    let flow = families::rotation(3.0, 0.1).unwrap().flow();
    let all = FixedPointSearch::new().run(&flow).unwrap();
    for max_boxes in [1, 5, 20] {
        let found = FixedPointSearch::new().with_max_boxes(max_boxes).run(&flow).unwrap();
        assert!(!found.complete && !found.undecided.is_empty() && found.boxes < max_boxes + 45, "{found:?}");
        // Every fixed point is either among the certified ones or in an undecided region.
        for point in &all.points {
            let state = point.state.to_vec();
            let known = found
                .points
                .iter()
                .filter(|p| p.certified)
                .any(|p| p.state.iter().zip(&point.state).all(|(a, b)| (a - b).abs() < 1e-9));
            assert!(known || found.undecided.iter().any(|region| region.contains(&state)), "{point:?}");
        }
    }
    has(&text(FixedPointSearch::new().with_max_boxes(0).run(&flow)), &["max_boxes", "at least 1"]);
    let four = families::random(4, 1.0, 0, Default::default()).unwrap();
    has(&text(four.fixed_points()), &["units = 4", "1, 2 or 3 units", "MultiStart", "heuristic"]);
}

#[test]
fn results_are_a_frame_and_one_line() {
    let found = families::rotation(3.0, 0.1).unwrap().fixed_points().unwrap();
    let frame = found.frame().unwrap();
    assert_eq!(frame.shape(), (9, 15));
    let classes = frame.column("class").unwrap().str().unwrap();
    let stable = (0..9).filter(|row| classes.get(*row) == Some("stable_node")).count();
    assert_eq!(stable, found.count(Kind::StableNode));
    assert_eq!(frame.column("h1").unwrap().f64().unwrap().get(0), Some(found.points[0].state[0]));
    let line = format!("{found:?}");
    assert!(
        line.starts_with("FixedPoints(9: 4 sinks, 4 saddles, 1 sources; certified complete, index sum 1"),
        "{line}"
    );
    assert!(format!("{:?}", found.points[0]).contains("certified"));
}
