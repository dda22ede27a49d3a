//! Results of interval operations hold the exact values.

use eigengate::dynamics::Interval;
use eigengate::seed::{Purpose, stream};

/// Numbers of all sizes and signs.
fn samples(n: u64) -> Vec<f64> {
    let mut numbers = stream(1, Purpose::Parameters, 0);
    (0..n).map(|i| numbers.normal() * 10f64.powi((i % 13) as i32 - 6)).collect()
}

/// Whether `interval` holds `value + error`, exactly, and is wider than the point.
fn holds(interval: Interval, value: f64, error: f64) -> bool {
    // The ends are many times further away than the last bit of the error.
    (interval.lower() - value) < error && error < (interval.upper() - value)
}

#[test]
fn sums_hold_their_rounding_errors() {
    let x = samples(4000);
    for pair in x.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        let sum = a + b;
        let part = sum - a;
        let error = (a - (sum - part)) + (b - part);
        let (a, b) = (Interval::point(a), Interval::point(b));
        assert!(holds(a + b, sum, error) && holds(a - (-b), sum, error), "{a:?} + {b:?}");
        assert!((a + b).width() <= 8.0 * f64::EPSILON * sum.abs() + 1e-300);
    }
}

#[test]
fn products_hold_their_rounding_errors() {
    let x = samples(4000);
    for pair in x.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        let error = a.mul_add(b, -(a * b));
        let product = Interval::point(a) * Interval::point(b);
        assert!(holds(product, a * b, error), "{a} {b}");
        assert!(holds(Interval::point(a).scaled(b), a * b, error));
        assert!(product.width() <= 8.0 * f64::EPSILON * (a * b).abs() + 1e-300);
    }
}

#[test]
fn all_signs_of_factors_give_the_right_ends() {
    let parts = [(-3.0, -2.0), (-3.0, 0.0), (-3.0, 5.0), (0.0, 2.0), (2.0, 7.0), (0.0, 0.0)];
    for (a, b) in parts {
        for (c, d) in parts {
            let product = Interval::new(a, b) * Interval::new(c, d);
            let ends = [a * c, a * d, b * c, b * d];
            let (low, high) = ends.iter().fold((f64::MAX, f64::MIN), |(l, h), x| (l.min(*x), h.max(*x)));
            assert!(product.lower() <= low && product.upper() >= high);
            assert!(product.lower() > low - 1e-13 && product.upper() < high + 1e-13);
            let difference = Interval::new(a, b) - Interval::new(c, d);
            assert!(
                (difference.lower() - (a - d)).abs() < 1e-13 && (difference.upper() - (b - c)).abs() < 1e-13
            );
        }
        let scaled = Interval::new(a, b).scaled(-2.0);
        assert!((scaled.lower() + 2.0 * b).abs() < 1e-13 && (scaled.upper() + 2.0 * a).abs() < 1e-13);
    }
}

#[test]
fn functions_hold_values_of_sixty_digits() {
    // mpmath with 60 digits: x, sigmoid(x) as its nearest number and the rest, tanh(x) likewise.
    const EXACT: [(f64, f64, f64, f64, f64); 6] = [
        (0.3, 0.574442516811659, -4.7456482573436975e-17, 0.2913126124515909, -6.4602656586469586e-18),
        (-2.5, 0.07585818002124355, 5.328066821693456e-18, -0.9866142981514303, 2.4529238788172874e-17),
        (7.0, 0.9990889488055994, -4.2576065608195537e-17, 0.9999983369439447, -1.612443653741189e-17),
        (-30.0, 9.357622968839299e-14, 8.837142511495094e-31, -1.0, 1.751302152539304e-26),
        (
            9.765625e-4,
            0.5002441406055974,
            3.885780568331452e-17,
            9.765621895592603e-4,
            -4.341379977097105e-20,
        ),
        (-700.0, 9.85967654375977e-305, 8.5e-322, -1.0, 0.0),
    ];
    for (x, sigmoid, sigmoid_rest, tanh, tanh_rest) in EXACT {
        let point = Interval::point(x);
        assert!(holds(point.sigmoid(), sigmoid, sigmoid_rest), "{x}: {:?}", point.sigmoid());
        let t = point.tanh();
        assert!(t.lower() - tanh <= tanh_rest && tanh_rest <= t.upper() - tanh, "{x}: {t:?}");
        assert!(point.sigmoid().width() < 1e-14 * sigmoid + 1e-300 && t.width() < 1e-14 * tanh.abs());
    }
}

#[test]
fn functions_of_wide_intervals_have_their_ranges() {
    for (a, b) in [(-4.0, -1.0), (-1.0, 3.0), (0.5, 6.0), (-0.1, 0.1), (-50.0, 800.0)] {
        let x = Interval::new(a, b);
        let (value, slope) = x.tanh_and_slope();
        let (gate, gate_slope) = x.sigmoid_and_slope();
        // The peaks are at 0.
        let mut reached: [f64; 2] = if a <= 0.0 && b >= 0.0 { [1.0, 0.25] } else { [0.0; 2] };
        for i in 0..=200 {
            let x = a + (b - a) * f64::from(i) / 200.0;
            let (t, s) = (x.tanh(), 1.0 / (1.0 + (-x).exp()));
            let sech2 = 1.0 / x.cosh().powi(2);
            assert!(value.contains(t) && slope.contains(sech2) && gate.contains(s), "{x}");
            let s_slope = s / (1.0 + x.exp());
            assert!(gate_slope.contains(s_slope), "{x}");
            reached = [reached[0].max(sech2), reached[1].max(s_slope)];
        }
        // Not wider than the values.
        assert!(value.width() - (b.tanh() - a.tanh()) < 1e-14);
        assert!(slope.upper() < 1.05 * reached[0] && gate_slope.upper() < 1.05 * reached[1], "{a} {b}");
    }
}

#[test]
fn sets_meet_hold_and_widen() {
    let (a, b) = (Interval::new(-1.0, 2.0), Interval::new(3.0, 1.0));
    assert_eq!(a.intersection(b), Some(Interval::new(1.0, 2.0)));
    assert_eq!(a.intersection(Interval::new(2.5, 4.0)), None);
    assert!(a.holds_inside(Interval::new(-0.5, 1.0)) && !a.holds_inside(Interval::new(-1.0, 1.0)));
    assert_eq!((a.magnitude(), a.middle(), a.width()), (2.0, 0.5, 3.0));
    assert!(a.radius() >= 1.5 && a.widened(1.0).contains(-2.0) && a.widened(1.0).contains(3.0));
    assert_eq!(format!("{a:?}"), "[-1.0, 2.0]");
}
