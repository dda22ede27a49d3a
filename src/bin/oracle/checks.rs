//! What was compared in a case, and how it came out.

use std::fmt;

/// What was compared. An error ends a case: the file or the library refused.
pub type Outcome = Result<String, String>;

/// How a case came out.
pub enum Verdict {
    /// What was compared, with the largest error.
    Passed(String),
    /// What is wrong.
    Failed(String),
    /// Why nothing was compared.
    Skipped(String),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Passed(text) => write!(f, "{text}: passed"),
            Verdict::Failed(text) => write!(f, "{text}: FAILED"),
            Verdict::Skipped(text) => write!(f, "{text}: skipped"),
        }
    }
}

/// Comparisons of one case.
#[derive(Default)]
pub struct Checks {
    /// How many numbers and verdicts were compared.
    count: usize,
    /// The error that is largest beside its tolerance: name, error, tolerance.
    worst: Option<(String, f64, f64)>,
    failures: Vec<String>,
}

impl Checks {
    /// Compares two numbers. A NaN is an error of any size.
    pub fn near(&mut self, name: &str, found: f64, expected: f64, tolerance: f64) {
        self.error(name, (found - expected).abs(), tolerance, || format!("{found:e}, expected {expected:e}"));
    }

    /// Compares an error with its tolerance.
    pub fn error(&mut self, name: &str, error: f64, tolerance: f64, text: impl Fn() -> String) {
        self.count += 1;
        let error = if error.is_nan() { f64::INFINITY } else { error };
        let ratio = |(_, error, tolerance): &(String, f64, f64)| error / tolerance;
        let this = (name.to_owned(), error, tolerance);
        if self.worst.as_ref().is_none_or(|worst| ratio(worst) < ratio(&this)) {
            self.worst = Some(this);
        }
        if error > tolerance {
            self.failures.push(format!("{name} off by {error:.1e} (allowed {tolerance:.0e}): {}", text()));
        }
    }

    /// Something that is right or wrong.
    pub fn holds(&mut self, name: &str, right: bool, text: impl Fn() -> String) {
        self.count += 1;
        if !right {
            self.failures.push(format!("{name}: {}", text()));
        }
    }

    /// Two values that must be the same.
    pub fn same<T: PartialEq + fmt::Debug>(&mut self, name: &str, found: T, expected: T) {
        self.holds(name, found == expected, || format!("{found:?}, expected {expected:?}"));
    }

    /// The verdict of a case in which this was compared.
    pub fn verdict(self, compared: &str) -> Verdict {
        if !self.failures.is_empty() {
            return Verdict::Failed(format!("{compared}; {}", self.failures.join("; ")));
        }
        match self.worst {
            Some((name, error, tolerance)) => Verdict::Passed(format!(
                "{compared} ({} checks); largest error {error:.1e} of {tolerance:.0e} ({name})",
                self.count
            )),
            // A case in which nothing was compared has not passed.
            None => Verdict::Failed(format!("{compared}; no number was compared")),
        }
    }
}
