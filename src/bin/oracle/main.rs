//! Holds the library against reference cases: what `cargo xtask oracle FILE` starts, and what a test runs.
//!
//! The file is JSON: `{"cases": [{"section", "kind", "id", "system", …}, …]}`, where `system` has the weights of a GRU. Every
//! case is worked out through the public functions of the library, without a look at what the file expects; then the two are
//! compared.

mod bifurcations;
mod case;
mod checks;
mod cycles;
mod fixed_points;
mod folds;
mod homoclinic;
mod lyapunov;

use std::path::Path;
use std::process::ExitCode;

use rayon::prelude::*;

use case::Case;
use checks::{Checks, Verdict};

const USAGE: &str = "\
oracle FILE [--only TEXT]
    works out every case of a file of reference cases and compares; --only takes the cases whose id contains TEXT";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (file, only) = match arguments.as_slice() {
        ["--help"] => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        [file] => (file, ""),
        [file, "--only", text] => (file, *text),
        _ => {
            eprintln!("error: one file is needed\n{USAGE}");
            return ExitCode::FAILURE;
        }
    };
    match case::read(Path::new(file)) {
        Ok(cases) => report(&cases.into_iter().filter(|case| case.id.contains(only)).collect::<Vec<_>>()),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Works out all cases and prints a line for each, then how many passed.
fn report(cases: &[Case]) -> ExitCode {
    let verdicts: Vec<Verdict> = cases.par_iter().map(verdict).collect();
    let width = cases.iter().map(|case| case.id.len()).max().unwrap_or_default();
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for (case, verdict) in cases.iter().zip(&verdicts) {
        match verdict {
            Verdict::Passed(_) => passed += 1,
            Verdict::Failed(_) => failed += 1,
            Verdict::Skipped(_) => skipped += 1,
        }
        println!("{:width$}  {verdict}", case.id);
    }
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn verdict(case: &Case) -> Verdict {
    let work: fn(&Case, &mut Checks) -> checks::Outcome = match (case.section.as_str(), case.kind.as_str()) {
        ("A" | "I", _) | ("B", "fixed_points") | ("G", "fixed_points_3d") => fixed_points::all,
        ("B", "fold") => folds::folds,
        ("B", "at_fold") => folds::at_fold,
        ("B", "branch_point") => folds::branch_point,
        ("D", _) | ("H", "reset_after_cycle") => cycles::cycles,
        ("E", _) => homoclinic::homoclinic,
        ("G", "lyapunov") => lyapunov::exponents,
        ("H", "reset_after") => fixed_points::reset_after,
        ("C", _) => bifurcations::hopf,
        ("F", _) => bifurcations::branch,
        (section, kind) => return Verdict::Skipped(format!("unknown section or kind: {section}/{kind}")),
    };
    let mut checks = Checks::default();
    match work(case, &mut checks) {
        Ok(compared) => checks.verdict(&compared),
        Err(error) => Verdict::Failed(error),
    }
}
