//! Our code and PyTorch on the same work, in turns: `cargo xtask bench`.
//!
//! Times and JSON go to stdout, and what happens meanwhile to stderr.

mod cases;
mod contest;
mod machine;
mod peer;
mod report;
mod side;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::artifacts::executable;
use crate::latency;
use crate::project::{Project, Result, write};
use cases::Case;
use contest::{Outcome, Products};
use peer::Peer;
use report::Circumstances;

/// The command line.
#[derive(clap::Args)]
pub struct Options {
    /// One case, or a group of them: shallow, deep, cnn
    #[arg(long, value_name = "NAME")]
    case: Option<String>,
    /// Print a line of JSON for each case instead of a table
    #[arg(long)]
    json: bool,
    /// Counted repetitions of each side
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = at_least_one)]
    repetitions: usize,
    /// Threads of each side, instead of all cores
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    threads: Option<usize>,
    /// The Python that has PyTorch [default: $EIGENGATE_PEER_PYTHON, target/peers/bin/python, python3]
    #[arg(long, value_name = "PATH")]
    python: Option<PathBuf>,
    /// Write benches/RESULTS.md even if cases or the peer are missing
    #[arg(long)]
    write: bool,
}

fn at_least_one(text: &str) -> Result<usize> {
    let number = text.parse().ok().filter(|&number| number > 0);
    number.ok_or_else(|| "a number of at least 1 is needed".to_owned())
}

/// Runs the cases; says whether all of them ran.
pub fn run(project: &Project, options: &Options) -> Result<bool> {
    let cases = cases::select(options.case.as_deref())?;
    let programs = Programs::find(project, options)?;
    let mut products = Products::start(&mut programs.ours("product"))?;
    let mut around = Circumstances { facts: programs.facts(), product_speed: products.speed()? };
    let mut outcomes = Vec::new();
    for case in &cases {
        eprintln!("{}: {} repetitions", case.name, options.repetitions);
        around.product_speed = products.speed()?;
        match programs.hold(case) {
            Ok(outcome) => {
                eprintln!("   {}", summary(&outcome));
                if options.json {
                    println!("{}", report::json_line(&outcome, &around));
                }
                outcomes.push(outcome);
            }
            Err(error) => eprintln!("   FAILED: {error}"),
        }
    }
    if !options.json && !outcomes.is_empty() {
        print!("{}", report::table(&outcomes, &around));
    }
    let complete = outcomes.len() == cases::all().len() && programs.peer.is_some();
    if complete || (options.write && !outcomes.is_empty()) {
        let path = project.root.join("benches/RESULTS.md");
        let document = report::document(&outcomes, &around);
        // What `cargo xtask latency` has written stays.
        let kept = std::fs::read_to_string(&path).ok().and_then(|before| latency::kept(&before));
        let document = kept.map_or(document.clone(), |section| latency::replaced(&document, &section));
        replace(&path, &document)?;
        eprintln!("benches/RESULTS.md is written");
    } else {
        eprintln!("benches/RESULTS.md is left as it was: it needs all cases with the peer (or --write)");
    }
    Ok(outcomes.len() == cases.len())
}

/// Both sides, ready to start.
struct Programs<'a> {
    project: &'a Project,
    options: &'a Options,
    ours: PathBuf,
    peer: Option<Peer>,
}

impl<'a> Programs<'a> {
    fn find(project: &'a Project, options: &'a Options) -> Result<Self> {
        let peer = Peer::find(project, options.python.as_deref());
        let peer = peer.inspect_err(|reason| eprintln!("{reason}")).ok();
        eprintln!("our side (the first time about 5 minutes to compile)");
        let arguments =
            ["build", "--locked", "--release", "--quiet", "--package", "eigengate", "--bench", "ours"];
        Ok(Programs { project, options, ours: executable(project, &arguments, "ours")?, peer })
    }

    fn ours(&self, case: &str) -> Command {
        let mut command = self.project.command(&self.ours);
        command.arg(case);
        if let Some(threads) = self.options.threads {
            command.env("RAYON_NUM_THREADS", threads.to_string());
        }
        command
    }

    fn hold(&self, case: &Case) -> Result<Outcome> {
        let peer = self.peer.as_ref().filter(|_| case.alone.is_none());
        let mut peer = peer.map(|peer| peer.command(self.project, case.name, self.options.threads));
        let repetitions = if case.alone.is_some() { 1 } else { self.options.repetitions };
        contest::hold(case.clone(), &mut self.ours(case.name), peer.as_mut(), repetitions)
    }

    /// What stands above the table.
    fn facts(&self) -> Vec<(&'static str, String)> {
        let (options, cores) = (self.options, machine::cores());
        let mut threads =
            options.threads.map_or(format!("{cores}, all cores"), |threads| threads.to_string());
        let mut programs = machine::compiler(self.project);
        if let Some(peer) = &self.peer {
            programs += &format!("; PyTorch {}", peer.version);
            if options.threads.is_none() && peer.threads != cores {
                threads += &format!("; PyTorch chose {}", peer.threads);
            }
        }
        let mut facts = vec![
            ("machine", machine::hardware()),
            ("threads", threads),
            ("programs", programs),
            ("commit", machine::commit(self.project)),
            ("date", machine::date(self.project)),
            ("repetitions", format!("{} of each side, in turns; medians", options.repetitions)),
        ];
        if let Some(bytes) = self.peer.as_ref().and_then(|peer| peer.empty) {
            facts.push(("PyTorch's memory before any work", format!("{} MB", report::megabytes(bytes))));
        }
        facts
    }
}

fn summary(outcome: &Outcome) -> String {
    let ours = format!("ours {:.3} s", outcome.ours.seconds);
    match (outcome.peer, outcome.ratio()) {
        (Some(peer), Some(ratio)) => {
            format!("{ours}, {} {:.3} s, ratio {ratio:.2}", outcome.case.peer, peer.seconds)
        }
        _ => ours,
    }
}

/// Writes beside the file, then renames: the old results stay until the new ones are whole.
fn replace(path: &Path, text: &str) -> Result<()> {
    let beside = path.with_extension("md.new");
    write(&beside, text)?;
    std::fs::rename(&beside, path).map_err(|e| format!("cannot write {}: {e}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_and_threads_are_at_least_one() {
        assert_eq!(at_least_one("3"), Ok(3));
        assert!(at_least_one("0").is_err() && at_least_one("-1").is_err() && at_least_one("many").is_err());
    }

    #[test]
    fn results_are_replaced_as_a_whole() -> Result<()> {
        let path = std::env::temp_dir().join(format!("eigengate-results-{}.md", std::process::id()));
        replace(&path, "old")?;
        replace(&path, "new")?;
        let text = std::fs::read_to_string(&path).map_err(|e| e.to_string());
        let _ = std::fs::remove_file(&path);
        assert_eq!(text, Ok("new".to_owned()));
        assert!(!path.with_extension("md.new").exists());
        Ok(())
    }
}
