//! Arrays held to float64 numbers by an absolute bound.

pub fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |a, b| a.max(b.abs()))
}

/// Asserts that all differences are at most `bound`; NaN fails.
#[track_caller]
pub fn assert_close(what: &str, got: &[f32], want: &[f64], bound: f64) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (place, (got, want)) in got.iter().zip(want).enumerate() {
        let error = (f64::from(*got) - want).abs();
        assert!(error <= bound, "{what} at {place}: {got}, wanted {want}, error {error:e} above {bound:e}");
    }
}
