//! The experiments of a paper, run after run: `cargo xtask reproduce`.
//!
//! The library knows the runs and does them (`src/experiments`, `src/bin/reproduce.rs`); here one process a run is
//! started, so that nothing of one reaches the next, and its rows are added to the table as soon as it ends.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::artifacts::executable;
use crate::project::{Project, Result};
use crate::steps::{capture, run as run_command};

/// The command line.
#[derive(Debug, PartialEq, clap::Args)]
pub struct Options {
    /// What is reproduced
    paper: Paper,
    /// One experiment, instead of all
    #[arg(long, value_name = "1|2|3", value_parser = clap::value_parser!(u64).range(1..=3))]
    experiment: Option<u64>,
    /// The images; those of CIFAR-10 need --data, and only the convolutional networks are trained on them
    #[arg(long, value_name = "SET", default_value = "mnist", value_parser = ["mnist", "cifar10", "cifar10-augmented"])]
    set: String,
    /// The folder of their files [default: the MNIST of the project]
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Seeds of every variant [default: 3; of jordan2021 40]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    seeds: Option<u64>,
    /// Epochs, instead of the published ones
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    epochs: Option<u64>,
    /// Smaller networks on fewer images, in a table of their own: minutes for everything, and other numbers
    #[arg(long)]
    quick: bool,
    /// Only runs whose key contains this text
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Print the keys of the runs that are not in the table, and do nothing
    #[arg(long, group = "task")]
    list: bool,
    /// Do one run, and leave its rows in a file of its own
    #[arg(long, value_name = "KEY", group = "task")]
    run: Option<String>,
    /// Add all runs of the folder of results to the table
    #[arg(long, group = "task")]
    merge: bool,
    /// Where runs leave their rows and checkpoints [default: target/reproduce/nassar2020]
    #[arg(long, value_name = "FOLDER")]
    results: Option<PathBuf>,
    /// The table [default: data/results/PAPER.parquet; with --quick target/reproduce/nassar2020_quick.parquet]
    #[arg(long, value_name = "FILE")]
    table: Option<PathBuf>,
    /// Print how far a run is, a line a second
    #[arg(long)]
    progress: bool,
}

/// A paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Paper {
    /// On 1/n neural representation and robustness
    Nassar2020,
    /// Gated recurrent units viewed through the lens of continuous time dynamical systems: what two units learn. Takes --seeds, --table and --list
    Jordan2021,
}

impl Paper {
    fn name(self) -> &'static str {
        match self {
            Self::Nassar2020 => "nassar2020",
            Self::Jordan2021 => "jordan2021",
        }
    }
}

/// Does what the options ask for; says whether all runs succeeded.
pub fn run(project: &Project, options: &Options) -> Result<bool> {
    let name = match options.paper {
        Paper::Nassar2020 => "reproduce",
        Paper::Jordan2021 => "jordan2021",
    };
    if options.paper == Paper::Jordan2021 {
        check_jordan2021(options)?;
    }
    eprintln!("the program (the first time about 5 minutes to compile)");
    let arguments = ["build", "--locked", "--release", "--quiet", "--package", "eigengate", "--bin", name];
    let program = executable(project, &arguments, name)?;
    let task = Task { project, options, program };
    if options.paper == Paper::Jordan2021 {
        return run_command(&mut task.jordan2021()).map(|()| true);
    }
    if let Some(key) = &options.run {
        return run_command(&mut task.run(key)).map(|()| true);
    }
    if options.merge {
        let mut merge = task.command();
        merge.arg("--merge").arg(task.table()).arg(task.results());
        return run_command(&mut merge).map(|()| true);
    }
    let keys = task.keys()?;
    if options.list {
        keys.iter().for_each(|key| println!("{key}"));
        return Ok(true);
    }
    task.all(&keys)
}

/// Refuses options that are those of the other paper.
fn check_jordan2021(options: &Options) -> Result<()> {
    let others = [
        ("--experiment", options.experiment.is_some()),
        ("--set", options.set != "mnist"),
        ("--data", options.data.is_some()),
        ("--epochs", options.epochs.is_some()),
        ("--quick", options.quick),
        ("--only", options.only.is_some()),
        ("--run", options.run.is_some()),
        ("--merge", options.merge),
        ("--results", options.results.is_some()),
        ("--progress", options.progress),
    ];
    match others.into_iter().find(|(_, given)| *given) {
        Some((name, _)) => {
            Err(format!("{name} is no option of jordan2021, which takes --seeds, --table and --list"))
        }
        None => Ok(()),
    }
}

struct Task<'a> {
    project: &'a Project,
    options: &'a Options,
    program: PathBuf,
}

impl Task<'_> {
    /// Paths are as the user sees them, not below the root of the project.
    fn command(&self) -> Command {
        let mut command = self.project.command(&self.program);
        if let Ok(here) = std::env::current_dir() {
            command.current_dir(here);
        }
        command
    }

    /// Everything of jordan2021: one process trains all, in minutes.
    fn jordan2021(&self) -> Command {
        let mut command = self.command();
        command.arg(self.table());
        match (self.options.list, self.options.seeds) {
            (true, _) => command.arg("--list"),
            (false, Some(seeds)) => command.arg("--seeds").arg(seeds.to_string()),
            (false, None) => &mut command,
        };
        command
    }

    fn results(&self) -> PathBuf {
        let own = || self.project.root.join("target/reproduce").join(self.options.paper.name());
        self.options.results.clone().unwrap_or_else(own)
    }

    fn table(&self) -> PathBuf {
        let paper = self.options.paper.name();
        let name = match self.options.quick {
            // Not among the data of the project: its numbers are no results.
            true => format!("target/reproduce/{paper}_quick.parquet"),
            false => format!("data/results/{paper}.parquet"),
        };
        self.options.table.clone().unwrap_or_else(|| self.project.root.join(name))
    }

    /// The runs that the table does not have.
    fn keys(&self) -> Result<Vec<String>> {
        let mut list = self.command();
        list.args(grid(self.options)).arg("--table").arg(self.table());
        let wanted = |key: &&str| self.options.only.as_ref().is_none_or(|only| key.contains(only.as_str()));
        Ok(capture(&mut list)?.lines().filter(wanted).map(str::to_owned).collect())
    }

    fn run(&self, key: &str) -> Command {
        let mut command = self.command();
        command.args(["--run", key]).arg("--results").arg(self.results());
        if let Some(data) = &self.options.data {
            command.arg("--data").arg(data);
        }
        if self.options.progress {
            command.arg("--progress");
        }
        command
    }

    /// Does the runs one after the other, also after one has failed.
    fn all(&self, keys: &[String]) -> Result<bool> {
        let table = self.table();
        let table_name = self.project.short(&table);
        if self.options.quick {
            println!("quick: smaller networks on fewer images; the numbers are not those of the paper");
        }
        println!("{} runs are not in {table_name}; stopped, they go on with the same command", keys.len());
        let (start, mut failed) = (Instant::now(), 0);
        for (done, key) in (1..).zip(keys) {
            let rows = self.results().join(format!("{key}.parquet"));
            let mut merge = self.command();
            merge.arg("--merge").arg(&table).arg(rows);
            // The program prints the numbers of the run; what the merge prints is of no interest here.
            let result = run_command(&mut self.run(key)).and_then(|()| capture(&mut merge));
            if let Err(error) = result {
                println!("FAILED: {error}");
                failed += 1;
            }
            println!(
                "   {done} of {} runs, about {} left",
                keys.len(),
                left(start.elapsed(), done, keys.len())
            );
        }
        match failed {
            0 => println!("{table_name} is complete"),
            failed => println!("{failed} runs failed; start the same command once more to repeat them"),
        }
        Ok(failed == 0)
    }
}

/// What the program needs to list the runs of a grid.
fn grid(options: &Options) -> Vec<String> {
    let mut arguments = ["--list", "--set", &options.set, "--seeds"].map(str::to_owned).to_vec();
    arguments.push(options.seeds.unwrap_or(3).to_string());
    for (name, number) in [("--experiment", options.experiment), ("--epochs", options.epochs)] {
        if let Some(number) = number {
            arguments.extend([name.to_owned(), number.to_string()]);
        }
    }
    if options.quick {
        arguments.push("--quick".to_owned());
    }
    arguments
}

/// The time that the other runs take, if they are like those so far.
fn left(elapsed: Duration, done: usize, all: usize) -> String {
    let seconds = elapsed.as_secs_f64() * (all - done) as f64 / done as f64;
    match (seconds / 60.0).round() {
        minutes if minutes < 2.0 => format!("{seconds:.0} s"),
        minutes if minutes < 120.0 => format!("{minutes} min"),
        minutes => format!("{:.1} h", minutes / 60.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    fn parse(line: &str) -> std::result::Result<Options, String> {
        let words = std::iter::once("reproduce").chain(line.split_whitespace());
        Line::try_parse_from(words).map(|line| line.options).map_err(|error| error.to_string())
    }

    #[test]
    fn options_become_arguments_of_the_program() {
        let arguments = |line: &str| grid(&parse(line).unwrap()).join(" ");
        assert_eq!(arguments("nassar2020"), "--list --set mnist --seeds 3");
        assert_eq!(
            arguments("nassar2020 --quick --experiment 2 --seeds 1 --epochs 7"),
            "--list --set mnist --seeds 1 --experiment 2 --epochs 7 --quick"
        );
        assert_eq!(arguments("nassar2020 --set cifar10 --data folder"), "--list --set cifar10 --seeds 3");
    }

    #[test]
    fn what_is_not_there_is_refused() {
        for line in [
            "",
            "nassar2021",
            "nassar2020 --experiment 4",
            "nassar2020 --seeds 0",
            "nassar2020 --set svhn",
            "nassar2020 --epochs none",
            "nassar2020 --list --merge",
            "nassar2020 --list --run KEY",
            "nassar2020 --run",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
        assert!(parse("nassar2020 --experiment 4").unwrap_err().contains("1..=3"));
    }

    #[test]
    fn the_other_paper_has_a_program_and_options_of_its_own() {
        let project = Project { root: PathBuf::from("/p") };
        let arguments = |line: &str| {
            let options = parse(line).unwrap();
            check_jordan2021(&options).unwrap();
            let command = Task { project: &project, options: &options, program: PathBuf::new() }.jordan2021();
            command.get_args().map(|a| a.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(arguments("jordan2021"), "/p/data/results/jordan2021.parquet");
        assert_eq!(arguments("jordan2021 --seeds 5 --table t.parquet"), "t.parquet --seeds 5");
        assert_eq!(arguments("jordan2021 --list"), "/p/data/results/jordan2021.parquet --list");
        let refused = check_jordan2021(&parse("jordan2021 --epochs 3").unwrap()).unwrap_err();
        assert!(refused.contains("--epochs") && refused.contains("--seeds"), "{refused}");
    }

    #[test]
    fn quick_runs_have_a_table_of_their_own() {
        let project = Project { root: PathBuf::from("/p") };
        let table = |line: &str| {
            let options = parse(line).unwrap();
            Task { project: &project, options: &options, program: PathBuf::new() }.table()
        };
        assert_eq!(table("nassar2020"), PathBuf::from("/p/data/results/nassar2020.parquet"));
        let quick = PathBuf::from("/p/target/reproduce/nassar2020_quick.parquet");
        assert_eq!(table("nassar2020 --quick"), quick);
        assert_eq!(table("nassar2020 --quick --table t.parquet"), PathBuf::from("t.parquet"));
    }

    #[test]
    fn the_time_left_is_told_in_fitting_units() {
        let left = |seconds, done, all| left(Duration::from_secs(seconds), done, all);
        assert_eq!(left(10, 1, 4), "30 s");
        assert_eq!(left(1200, 2, 6), "40 min");
        assert_eq!(left(600, 1, 37), "6.0 h");
        assert_eq!(left(600, 3, 3), "0 s");
    }
}
