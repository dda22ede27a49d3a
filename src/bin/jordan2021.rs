//! Networks of two units trained on planar tasks, and taken apart: what `cargo xtask reproduce jordan2021` starts.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use eigengate::data::PlanarTask;
use eigengate::experiments::jordan2021::{Learning, PlanarResults, perform};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const USAGE: &str = "\
jordan2021 TABLE [--seeds 40] [--steps 10000] [--task NAME]
    trains with every seed from 0 on each task (or on one) and adds what comes out to the table, after every few
    seeds; what the table has is left out
jordan2021 TABLE --list
    prints a line for every row";

/// Seeds between two writes of the table.
const GROUP: usize = 4;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match task(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn task(arguments: &[String]) -> Result<()> {
    let Some((file, rest)) = arguments.split_first() else { return Err(USAGE.into()) };
    if file == "--help" {
        println!("{USAGE}");
        return Ok(());
    }
    let path = PathBuf::from(file);
    if rest == ["--list"] {
        PlanarResults::read(&path)?.rows().iter().for_each(|row| println!("{row:?}"));
        return Ok(());
    }
    let (mut learning, mut seeds, mut tasks) = (Learning::default(), 40, PlanarTask::ALL.to_vec());
    let mut options = rest.iter();
    while let Some(name) = options.next() {
        let value = options.next().ok_or_else(|| format!("{name} needs a value\n{USAGE}"))?;
        let number = || value.parse::<u64>().map_err(|_| format!("{name} {value}: a number is needed"));
        match name.as_str() {
            "--seeds" => seeds = number()?,
            "--steps" => learning.steps = number()?,
            "--task" => tasks = vec![PlanarTask::from_name(value)?],
            other => return Err(format!("unknown option `{other}`\n{USAGE}").into()),
        }
    }
    let mut results = if path.exists() { PlanarResults::read(&path)? } else { PlanarResults::default() };
    let settings = learning.settings();
    if let Some(other) = results.rows().iter().find(|row| row.settings != settings) {
        let text = format!("{file} has rows of other settings ({}); take another table", other.settings);
        return Err(text.into());
    }
    let start = Instant::now();
    for task in tasks {
        let there: Vec<u64> = results.of(task).iter().map(|row| row.seed).collect();
        let missing: Vec<u64> = (0..seeds).filter(|seed| !there.contains(seed)).collect();
        for seeds in missing.chunks(GROUP) {
            let rows = perform(task, seeds, &learning)?;
            rows.iter().for_each(|row| println!("{row:?}"));
            results = PlanarResults::new([results.rows(), &rows].concat());
            results.write(&path)?;
            println!("    {results:?}, {:.0} s", start.elapsed().as_secs_f64());
        }
    }
    Ok(())
}
