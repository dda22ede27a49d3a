//! Stretches along which nullclines almost meet.

use eigengate::Result;
use eigengate::dynamics::families::rotation;
use eigengate::dynamics::{GruWeights, PseudoLineSearch, Reset, Window, nullclines};
use ndarray::{Array1, Array2, array};

#[test]
fn two_units_that_see_the_same_sum() -> Result<()> {
    // h_i = tanh((h_0 + h_1) / 2) for both: along the diagonal the residual is tanh(h) - h, about -h^3 / 3, and the speed half
    // of it in either unit. Across it the state relaxes with time constant 2, because 1 - z = 1/2.
    let (zero, none) = (Array2::zeros((2, 2)), Array1::zeros(2));
    let uh = array![[1.0, 1.0], [1.0, 1.0]];
    let weights = GruWeights::new(Reset::Before, zero.clone(), zero, uh, none.clone(), none.clone(), none)?;
    let flow = weights.flow();
    let both = nullclines(&flow, &Window::UNIT.widened(0.001))?;
    for nullcline in &both {
        let found = PseudoLineSearch::default().run(&flow, nullcline)?;
        assert_eq!(found.len(), 1, "{found:?}");
        let line = &found[0];
        let middle = line.line.points[line.line.points.len() / 2];
        assert!(middle[0].hypot(middle[1]) < 0.05);
        let ends = [line.line.points[0], *line.line.points.last().unwrap()];
        let far = ends.map(|h| h[0].hypot(h[1]));
        assert!((far[0] - far[1]).abs() < 0.1 && (line.length / (far[0] + far[1]) - 1.0).abs() < 0.02);
        assert!(line.max_gap <= 0.02 && line.max_gap > 0.012 && line.mean_gap < 0.5 * line.max_gap);
        assert!((line.relaxation_time - 2.0).abs() < 0.2, "{line:?}");
        assert!((line.drift_time - line.length / line.mean_speed).abs() < 1e-9 * line.drift_time);
        // The gap at (h + g, h - g) is g sqrt(2): the curve h_0 = tanh((h_0 + h_1) / 2) is h_1 = 2 artanh(h_0) - h_0.
        let [x, y] = ends[0];
        let (x, y) = if nullcline.unit == 0 { (x, y) } else { (y, x) };
        assert!((y - (2.0 * f64::atanh(x) - x)).abs() < 1e-12);
        assert!(line.max_speed < 0.5 * (x.tanh() - y).abs() + 1e-9);
    }
    Ok(())
}

#[test]
fn nullclines_that_cross_steeply_have_none() -> Result<()> {
    let flow = rotation(3.0, 0.9)?.flow();
    for nullcline in &nullclines(&flow, &Window::UNIT.widened(0.001))? {
        assert!(PseudoLineSearch::default().run(&flow, nullcline)?.is_empty());
    }
    let search = PseudoLineSearch { max_gap: -1.0, ..Default::default() };
    let nullcline = &nullclines(&flow, &Window::UNIT)?[0];
    let error = search.run(&flow, nullcline).unwrap_err();
    assert!(error.to_string().starts_with("max_gap = -1"), "{error}");
    Ok(())
}
