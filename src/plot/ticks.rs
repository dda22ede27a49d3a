//! Where ticks stand and what they say.

use super::axis::{Axis, Scale};

/// The ticks of one axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Ticks {
    /// Values with their labels, ascending.
    pub(super) major: Vec<(f64, String)>,
    /// Values without labels.
    pub(super) minor: Vec<f64>,
}

/// At most `most` labelled ticks between `low` and `high`.
pub(super) fn of(axis: &Axis, (low, high): (f64, f64), most: usize) -> Ticks {
    if !axis.names.is_empty() {
        let at = |(i, name): (usize, &String)| (i as f64 + 0.5, name.clone());
        let names = axis.names.iter().enumerate().map(at).filter(|(at, _)| (low..=high).contains(at));
        return Ticks { major: names.collect(), minor: vec![] };
    }
    match axis.scale {
        Scale::Linear => linear(low, high, most, axis.whole),
        Scale::Log => log(low, high, most),
    }
}

/// Ticks at multiples of 1, 2 or 5 times a power of ten, the closest set that keeps to `most`.
fn linear(low: f64, high: f64, most: usize, whole: bool) -> Ticks {
    let most = most.max(2) as f64;
    let span = high - low;
    let mut power = (span / most).log10().floor() as i32;
    if whole {
        power = power.max(0);
    }
    // Within one power of ten above the first guess a step is wide enough; two leave room for rounding.
    for (power, mantissa) in (power..power + 3).flat_map(|p| [(p, 1.0), (p, 2.0), (p, 5.0)]) {
        let first = (scaled(low, -power) / mantissa - 1e-9).ceil();
        let last = (scaled(high, -power) / mantissa + 1e-9).floor();
        if last - first + 1.0 > most {
            continue;
        }
        let count = (last - first + 1.0).max(0.0) as usize;
        let values: Vec<f64> = (0..count).map(|i| scaled((first + i as f64) * mantissa, power)).collect();
        let labels = linear_labels(&values, power);
        return Ticks { major: values.into_iter().zip(labels).collect(), minor: Vec::new() };
    }
    Ticks::default()
}

/// `value * 10^power`. Dividing by a positive power is exact where multiplying by a negative one is not.
fn scaled(value: f64, power: i32) -> f64 {
    if power < 0 { value / 10f64.powi(-power) } else { value * 10f64.powi(power) }
}

/// Labels of values that are multiples of `10^power`: all with the same number of decimals.
fn linear_labels(values: &[f64], power: i32) -> Vec<String> {
    let largest = values.iter().fold(0.0f64, |most, v| most.max(v.abs()));
    let exponent = if largest > 0.0 { largest.log10().floor() as i32 } else { 0 };
    let scientific = exponent >= 5 || power < -4;
    values
        .iter()
        .map(|&value| {
            if value == 0.0 {
                "0".to_owned()
            } else if scientific {
                let decimals = (exponent - power).clamp(0, 15) as usize;
                format!("{}×10{}", number(scaled(value, -exponent), decimals), superscript(exponent))
            } else {
                number(value, power.min(0).unsigned_abs() as usize)
            }
        })
        .collect()
}

/// Powers of ten where there are two or more; otherwise as many digits as it takes.
fn log(low: f64, high: f64, most: usize) -> Ticks {
    let most = most.max(2);
    let first = (low.log10() - 1e-9).ceil() as i32;
    let last = (high.log10() + 1e-9).floor() as i32;
    if last > first {
        return decades(low, high, first, last, most);
    }
    let digits = |wanted: &[u8]| -> Vec<(f64, u8, i32)> {
        (first - 1..=last)
            .flat_map(|power| wanted.iter().map(move |&d| (scaled(f64::from(d), power), d, power)))
            .filter(|(value, ..)| (low * (1.0 - 1e-9)..=high * (1.0 + 1e-9)).contains(value))
            .collect()
    };
    let all = digits(&[1, 2, 3, 4, 5, 6, 7, 8, 9]);
    for wanted in [&[1, 2, 5][..], &[1, 2, 3, 4, 5, 6, 7, 8, 9]] {
        let chosen = digits(wanted);
        if (2..=most).contains(&chosen.len()) {
            let plain = low >= 1e-4 && high < 1e5;
            let label = |digit: u8, power: i32| {
                if plain {
                    number(scaled(f64::from(digit), power), power.min(0).unsigned_abs() as usize)
                } else if digit == 1 {
                    format!("10{}", superscript(power))
                } else {
                    format!("{digit}×10{}", superscript(power))
                }
            };
            let minor = all
                .iter()
                .map(|&(value, ..)| value)
                .filter(|value| chosen.iter().all(|(labelled, ..)| labelled != value))
                .collect();
            let major = chosen.iter().map(|&(value, digit, power)| (value, label(digit, power))).collect();
            return Ticks { major, minor };
        }
    }
    // Less than about a factor of two: such a stretch of a log axis is as good as linear.
    linear(low, high, most, false)
}

/// Labelled powers of ten, every second, third … one where they are too many.
fn decades(low: f64, high: f64, first: i32, last: i32, most: usize) -> Ticks {
    let count = last.abs_diff(first) as usize + 1;
    let least = i32::try_from(count.div_ceil(most)).unwrap_or(i32::MAX);
    let stride =
        [1, 2, 3, 5, 10, 20, 50, 100, 200].into_iter().find(|stride| *stride >= least).unwrap_or(500);
    // Counting from 10^0 puts the labels of different figures on the same decades.
    let mut labelled: Vec<i32> = (first..=last).filter(|power| power.rem_euclid(stride) == 0).collect();
    if labelled.len() < 2 {
        labelled = (first..=last).step_by(stride.unsigned_abs() as usize).collect();
    }
    let minor = if stride == 1 {
        (first - 1..=last)
            .flat_map(|power| (2..10).map(move |digit| scaled(f64::from(digit), power)))
            .filter(|value| (low..=high).contains(value))
            .collect()
    } else if count > 40 {
        Vec::new()
    } else {
        (first..=last).filter(|power| !labelled.contains(power)).map(|power| scaled(1.0, power)).collect()
    };
    let major =
        labelled.iter().map(|&power| (scaled(1.0, power), format!("10{}", superscript(power)))).collect();
    Ticks { major, minor }
}

/// A number with so many significant digits, as few decimals as that takes, and a minus sign.
pub(super) fn digits(value: f64, significant: i32) -> String {
    let size = if value == 0.0 { 0 } else { value.abs().log10().floor() as i32 };
    number(value, (significant - 1 - size).clamp(0, 12) as usize)
}

/// A number with a fixed number of decimals and a minus sign, not a hyphen.
pub(super) fn number(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    // Rounding may leave a negative zero.
    match text.strip_prefix('-') {
        Some(rest) if rest.bytes().all(|b| matches!(b, b'0' | b'.')) => rest.to_owned(),
        Some(rest) => format!("−{rest}"),
        None => text,
    }
}

/// `exponent` in superscript digits.
pub(super) fn superscript(exponent: i32) -> String {
    exponent
        .to_string()
        .chars()
        .map(|c| match c {
            '-' => '⁻',
            '0' => '⁰',
            '1' => '¹',
            '2' => '²',
            '3' => '³',
            '4' => '⁴',
            '5' => '⁵',
            '6' => '⁶',
            '7' => '⁷',
            '8' => '⁸',
            _ => '⁹',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: &Ticks) -> Vec<&str> {
        ticks.major.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn linear_steps_are_1_2_5() {
        assert_eq!(
            labels(&linear(0.0, 1.0, 6, false)),
            ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"].map(|l| { if l == "0.0" { "0" } else { l } })
        );
        assert_eq!(labels(&linear(0.0, 100.0, 5, false)), ["0", "50", "100"]);
        assert_eq!(labels(&linear(0.0, 100.0, 11, false)).len(), 11);
        assert_eq!(labels(&linear(-1.1, 1.1, 5, false)), ["−1.0", "−0.5", "0", "0.5", "1.0"]);
        assert_eq!(labels(&linear(0.03, 0.07, 3, false)), ["0.04", "0.06"]);
    }

    #[test]
    fn values_are_the_doubles_that_the_labels_say() {
        let ticks = linear(0.0, 0.3, 7, false);
        let values: Vec<f64> = ticks.major.iter().map(|t| t.0).collect();
        assert_eq!(values, [0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3]);
    }

    #[test]
    fn whole_ticks_have_no_fractions() {
        assert_eq!(labels(&linear(0.9, 3.1, 8, true)), ["1", "2", "3"]);
        assert_eq!(labels(&linear(1.0, 200.0, 5, true)), ["50", "100", "150", "200"]);
    }

    #[test]
    fn large_and_small_numbers_carry_a_power_of_ten() {
        assert_eq!(labels(&linear(0.0, 3e6, 4, false)), ["0", "1×10⁶", "2×10⁶", "3×10⁶"]);
        assert_eq!(labels(&linear(-4e-6, 0.0, 3, false)), ["−4×10⁻⁶", "−2×10⁻⁶", "0"]);
        assert_eq!(
            labels(&linear(1e6, 1e6 + 2.0, 3, false)),
            ["1.000000×10⁶", "1.000001×10⁶", "1.000002×10⁶"]
        );
    }

    #[test]
    fn log_axes_have_decades_and_unlabelled_2_to_9() {
        let ticks = log(0.05, 200.0, 8);
        assert_eq!(labels(&ticks), ["10⁻¹", "10⁰", "10¹", "10²"]);
        let values: Vec<f64> = ticks.major.iter().map(|t| t.0).collect();
        assert_eq!(values, [0.1, 1.0, 10.0, 100.0]);
        assert_eq!(ticks.minor.first(), Some(&0.05));
        assert_eq!(ticks.minor.last(), Some(&200.0));
        assert_eq!(ticks.minor.len(), 5 + 8 * 3 + 1);
        assert!(!ticks.minor.contains(&1.0));
    }

    #[test]
    fn many_decades_are_thinned_and_the_rest_unlabelled() {
        let ticks = log(1e-12, 1.0, 5);
        assert_eq!(labels(&ticks), ["10⁻¹²", "10⁻⁹", "10⁻⁶", "10⁻³", "10⁰"]);
        assert_eq!(ticks.minor.len(), 13 - 5);
    }

    #[test]
    fn hundreds_of_decades_leave_room_between_ticks() {
        let ticks = log(1e-300, 1e300, 8);
        assert_eq!(labels(&ticks), ["10⁻³⁰⁰", "10⁻²⁰⁰", "10⁻¹⁰⁰", "10⁰", "10¹⁰⁰", "10²⁰⁰", "10³⁰⁰"]);
        assert!(ticks.minor.is_empty());
    }

    #[test]
    fn less_than_a_decade_still_has_two_labels() {
        assert_eq!(labels(&log(0.015, 0.09, 6)), ["0.02", "0.05"]);
        assert_eq!(labels(&log(2.5e-8, 4.5e-8, 6)), ["3×10⁻⁸", "4×10⁻⁸"]);
        assert!(log(1.01, 1.09, 6).major.len() >= 2);
    }

    #[test]
    fn never_more_than_asked_for() {
        for exponent in -30..30 {
            for (low, high) in [(0.0, 1.0), (-0.3, 7.7), (99.0, 101.0), (-1e3, 5.0)] {
                let factor = 10f64.powi(exponent);
                for most in 2..9 {
                    let ticks = linear(low * factor, high * factor, most, false);
                    assert!(ticks.major.len() <= most, "{low} {high} {exponent} {most}");
                    assert!(ticks.major.iter().all(|t| t.0 >= low * factor - 1e-6 * factor));
                }
            }
        }
    }

    #[test]
    fn zero_is_never_negative() {
        assert_eq!(number(-0.001, 1), "0.0");
        assert_eq!(number(-0.06, 1), "−0.1");
    }
}
