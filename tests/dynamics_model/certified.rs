//! The certified search on systems that are known in closed form.

use eigengate::dynamics::{GruWeights, Kind, families};
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
