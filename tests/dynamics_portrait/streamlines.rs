//! Streamlines follow the field, cover the window, and keep their distance.

use eigengate::dynamics::{Polyline, VectorField, Window, families, streamlines};

/// `x' = -y, y' = x`: every streamline is a circle.
struct Centre;

impl VectorField for Centre {
    fn dimension(&self) -> usize {
        2
    }

    fn field(&self, h: &[f64], out: &mut [f64]) {
        out.copy_from_slice(&[-h[1], h[0]]);
    }

    fn jacobian(&self, _: &[f64], out: &mut [f64]) {
        out.copy_from_slice(&[0.0, -1.0, 1.0, 0.0]);
    }
}

fn length(a: [f64; 2]) -> f64 {
    a[0].hypot(a[1])
}

fn apart(a: [f64; 2], b: [f64; 2]) -> f64 {
    length([a[0] - b[0], a[1] - b[1]])
}

#[test]
fn circles_are_closed_circles_in_the_direction_of_time() {
    let lines = streamlines(&Centre, Window::UNIT, 0.1).unwrap();
    let closed: Vec<&Polyline> = lines.iter().filter(|line| line.closed).collect();
    assert!(closed.len() >= 3, "{} closed", closed.len());
    for line in closed {
        let radius = length(line.points[0]);
        for &point in &line.points {
            assert!((length(point) - radius).abs() < 1e-4, "{radius} {point:?}");
        }
        // Counterclockwise, once.
        assert!((line.winding([0.0, 0.0]) - 1.0).abs() < 1e-9, "{}", line.winding([0.0, 0.0]));
    }
}

#[test]
fn lines_follow_the_flow_of_a_gru() {
    for (weights, least) in
        [(families::rotation(3.0, 0.5).unwrap(), 15), (families::two_bistable_units(3.0, 4.0).unwrap(), 15)]
    {
        let flow = weights.flow();
        let lines = streamlines(&flow, Window::UNIT, 0.08).unwrap();
        assert!(lines.len() >= least, "{}", lines.len());
        for pair in lines.iter().flat_map(|line| line.points.windows(2)) {
            let middle = [0, 1].map(|i| 0.5 * (pair[0][i] + pair[1][i]));
            let mut f = [0.0; 2];
            flow.field(&middle, &mut f);
            let step = [pair[1][0] - pair[0][0], pair[1][1] - pair[0][1]];
            let cosine = (f[0] * step[0] + f[1] * step[1]) / (length(f) * length(step));
            assert!(cosine > 0.98, "{cosine} at {middle:?}");
        }
    }
}

#[test]
fn lines_keep_their_distance_and_leave_no_gaps() {
    let flow = families::rotation(3.0, 0.9).unwrap().flow();
    let window = Window::new([-1.0, -0.5], [1.0, 0.5]).unwrap();
    let (share, side) = (0.08, 2.0);
    let lines = streamlines(&flow, window, share).unwrap();
    let mut nearest = f64::INFINITY;
    for (index, line) in lines.iter().enumerate() {
        for other in &lines[index + 1..] {
            for &a in &line.points {
                for &b in &other.points {
                    nearest = nearest.min(apart(a, b));
                }
            }
        }
    }
    assert!(nearest > 0.45 * share * side && nearest < share * side, "{nearest}");
    // From everywhere but the middle, where the focus is, a line is nearer than one and a half distances.
    let mut gaps = 0;
    for (column, row) in (0..40).flat_map(|c| (0..20).map(move |r| (c, r))) {
        let at = window.cell_centre(column, row, 40, 20);
        let near = lines.iter().flat_map(|line| &line.points).any(|&p| apart(p, at) < 1.5 * share * side);
        gaps += usize::from(!near && length(at) > 2.0 * share * side);
    }
    assert_eq!(gaps, 0);
}

#[test]
fn streamlines_are_the_same_every_time_and_refuse_what_they_cannot_do() {
    let flow = families::rotation(3.0, 0.2).unwrap().flow();
    let lines = || streamlines(&flow, Window::UNIT, 0.1).unwrap();
    assert_eq!(lines(), lines());
    let three = families::random(3, 1.0, 0, eigengate::dynamics::Reset::Before).unwrap().flow();
    let error = streamlines(&three, Window::UNIT, 0.1).unwrap_err().to_string();
    assert!(error.contains("2 dimensions"), "{error}");
    for spacing in [0.0, 0.6, f64::NAN] {
        assert!(streamlines(&flow, Window::UNIT, spacing).unwrap_err().to_string().contains("spacing"));
    }
}
