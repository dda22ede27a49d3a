//! How many dimensions a spectrum has.

/// `(sum lambda)^2 / sum lambda^2`; 0 for a spectrum of zeros.
pub(super) fn participation_ratio(values: &[f64]) -> f64 {
    let sum: f64 = values.iter().sum();
    let squares: f64 = values.iter().map(|value| value * value).sum();
    if squares > 0.0 { sum * sum / squares } else { 0.0 }
}

/// `exp(-sum p log p)`, `p` the share of a value in the sum of all positive ones; 0 where there are none.
pub(super) fn effective_dimension(values: &[f64]) -> f64 {
    let positive = || values.iter().copied().filter(|value| *value > 0.0);
    let sum: f64 = positive().sum();
    if !(sum > 0.0) {
        return 0.0;
    }
    let entropy: f64 = positive().map(|value| value / sum).map(|share| -share * share.ln()).sum();
    entropy.exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_count_themselves() {
        for dimension in [participation_ratio, effective_dimension] {
            assert!((dimension(&[2.0; 7]) - 7.0).abs() < 1e-12);
            assert!((dimension(&[3.0, 0.0, 0.0]) - 1.0).abs() < 1e-12);
            assert_eq!(dimension(&[0.0, 0.0]), 0.0);
        }
        // scipy: exp(scipy.stats.entropy([4, 2, 1])), and 7^2 / 21.
        assert!((effective_dimension(&[4.0, 2.0, 1.0, -0.5]) - 2.600_490_005_989_659_6).abs() < 1e-12);
        assert!((participation_ratio(&[4.0, 2.0, 1.0]) - 49.0 / 21.0).abs() < 1e-12);
    }
}
