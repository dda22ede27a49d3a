//! Runs of published experiments, one a process: what `cargo xtask reproduce` starts, and what a cluster's array job can
//! start without it.

use std::path::PathBuf;
use std::process::ExitCode;

use eigengate::data::{Dataset, cifar10, mnist};
use eigengate::experiments::nassar2020::{Data, Grid, Run};
use eigengate::experiments::{Outcome, Place, Scale, perform, store};
use eigengate::frame::Frame;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const USAGE: &str = "\
reproduce --list [--experiment 1|2|3] [--set mnist|cifar10|cifar10-augmented] [--seeds 3] [--epochs N] [--quick]
          [--table FILE]
    prints the keys of the grid of Nassar2020, one a line, without those of a table
reproduce --run KEY --results FOLDER [--data FOLDER] [--progress]
    trains and measures one network, rows to FOLDER/KEY.parquet; goes on where a killed run was. MNIST comes with the
    project; a run of CIFAR-10 needs the folder with its files
reproduce --merge TABLE FILE|FOLDER …
    adds the rows of files, or of all files below folders, to a table";

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
    let Some((task, rest)) = arguments.split_first() else { return Err(USAGE.into()) };
    match task.as_str() {
        "--list" => list(rest),
        "--run" => run(rest),
        "--merge" => merge(rest),
        "--help" => {
            println!("{USAGE}");
            Ok(())
        }
        other => Err(format!("unknown task `{other}`\n{USAGE}").into()),
    }
}

fn list(arguments: &[String]) -> Result<()> {
    let mut grid = Grid::default();
    let mut done = vec![];
    let mut arguments = arguments.iter();
    while let Some(name) = arguments.next() {
        match name.as_str() {
            "--experiment" => grid.experiment = Some(number(name, arguments.next())?),
            "--set" => grid.data = Data::from_name(value(name, arguments.next())?)?,
            "--seeds" => grid.seeds = number(name, arguments.next())?,
            "--epochs" => grid.epochs = Some(number(name, arguments.next())?),
            "--quick" => grid.scale = Scale::quick(),
            "--table" => done = store::keys(value(name, arguments.next())?)?,
            other => return Err(format!("unknown option `{other}`\n{USAGE}").into()),
        }
    }
    for key in grid.runs()?.iter().map(Run::key).filter(|key| !done.contains(key)) {
        println!("{key}");
    }
    Ok(())
}

fn run(arguments: &[String]) -> Result<()> {
    let mut arguments = arguments.iter();
    let run = Run::from_key(value("--run", arguments.next())?)?;
    let (mut results, mut data, mut progress) = (None, None, false);
    while let Some(name) = arguments.next() {
        match name.as_str() {
            "--results" => results = Some(PathBuf::from(value(name, arguments.next())?)),
            "--data" => data = Some(PathBuf::from(value(name, arguments.next())?)),
            "--progress" => progress = true,
            other => return Err(format!("unknown option `{other}`\n{USAGE}").into()),
        }
    }
    let place = Place::new(results.ok_or("--run needs --results FOLDER")?).with_progress(progress);
    let (train, test) = load(run.data, data)?;
    match perform(&run, &train, &test, &place)? {
        Outcome::Finished(rows) => println!("{}: {}", run.key(), summary(&rows)?),
        Outcome::Already(rows) => println!("{} is there: {}", run.key(), summary(&rows)?),
        Outcome::Unfinished(epochs) => println!("{}: {epochs} epochs", run.key()),
    }
    Ok(())
}

/// Training and test images.
fn load(data: Data, folder: Option<PathBuf>) -> Result<(Dataset, Dataset)> {
    match (data, folder) {
        (Data::Mnist, folder) => {
            let mnist = folder.map_or_else(mnist::shipped, mnist::load)?;
            Ok((mnist.train, mnist.test))
        }
        (Data::Cifar10 | Data::Cifar10Augmented, Some(folder)) => {
            let cifar10 = cifar10::load(folder)?;
            Ok((cifar10.train, cifar10.test))
        }
        (Data::Cifar10 | Data::Cifar10Augmented, None) => Err(
            "a run of CIFAR-10 needs --data FOLDER with its binary files (cs.toronto.edu/~kriz/cifar.html)"
                .into(),
        ),
    }
}

fn merge(arguments: &[String]) -> Result<()> {
    let Some((table, files)) = arguments.split_first() else { return Err("--merge needs a table".into()) };
    let merged = store::merge(table, &files.iter().map(PathBuf::from).collect::<Vec<_>>())?;
    println!("{table}: {} runs added, {} were there", merged.added, merged.kept);
    Ok(())
}

fn value<'a>(name: &str, value: Option<&'a String>) -> Result<&'a str> {
    value.map(String::as_str).ok_or_else(|| format!("{name} needs a value\n{USAGE}").into())
}

fn number<T: std::str::FromStr>(name: &str, text: Option<&String>) -> Result<T> {
    let text = value(name, text)?;
    text.parse().map_err(|_| format!("{name} {text}: a number is needed").into())
}

/// The numbers of a run in one line.
fn summary(rows: &Frame) -> Result<String> {
    let names = rows.column("measurement")?.str()?;
    let parameters = rows.column("parameter")?.f64()?;
    let values = rows.column("value")?.f64()?;
    // The last of several is that of the last layer.
    let find = |name: &str, parameter: Option<f64>| {
        let own = |row: &usize| names.get(*row) == Some(name) && parameters.get(*row) == parameter;
        (0..rows.height()).rev().find(own).and_then(|row| values.get(row))
    };
    let mut parts = vec![];
    for (label, name, parameter, factor, unit) in [
        ("test error", "test_error", None, 100.0, " %"),
        ("alpha", "alpha", None, 1.0, ""),
        ("FGSM 0.1", "error_fgsm", Some(0.1), 100.0, " %"),
        ("PGD 0.1", "error_pgd", Some(0.1), 100.0, " %"),
        ("noise 0.5", "error_noise", Some(0.5), 100.0, " %"),
        ("training", "training_seconds", None, 1.0, " s"),
        ("evaluation", "evaluation_seconds", None, 1.0, " s"),
        ("memory", "peak_memory", None, 1e-9, " GB"),
    ] {
        if let Some(value) = find(name, parameter) {
            parts.push(format!("{label} {:.2}{unit}", factor * value));
        }
    }
    Ok(parts.join(", "))
}
