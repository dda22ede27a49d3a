//! Searches for portraits of two units: what `cargo xtask atlas` starts.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use eigengate::dynamics::{Atlas, AtlasSearch};
use rayon::prelude::*;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const USAGE: &str = "\
atlas FILE [--systems 100000] [--seed 0] [--cycle-searches 12]
    searches, and goes on from the atlas in FILE if there is one; writes it every ten seconds and at the end
atlas FILE --merge OTHER …
    takes the portraits of other files over where they are of new classes, or cleaner
atlas FILE --round
    rounds the weights of every portrait to the fewest digits that keep its class and nearly its cleanliness
atlas FILE --list
    prints a line for every portrait
atlas FILE --verify
    works out every portrait of FILE anew and compares";

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
    let path = PathBuf::from(file);
    match rest {
        _ if file == "--help" => println!("{USAGE}"),
        [only] if only == "--round" => {
            let atlas = Atlas::read(&path)?.rounded()?;
            atlas.write(&path)?;
            println!("{atlas:?}");
        }
        [first, others @ ..] if first == "--merge" => merge(&path, others)?,
        [only] if only == "--list" => {
            let atlas = Atlas::read(&path)?;
            for (index, entry) in atlas.entries().iter().enumerate() {
                println!("{index:4} {:.3} {}", entry.margins.cleanliness(), entry.class);
            }
            println!("{atlas:?}");
        }
        [only] if only == "--verify" => return verify(&path),
        _ => {
            let mut search = AtlasSearch::new(0);
            let mut options = rest.iter();
            while let Some(name) = options.next() {
                let value = options.next();
                match name.as_str() {
                    "--systems" => search.systems = number(name, value)?,
                    "--seed" => search.seed = number(name, value)?,
                    "--cycle-searches" => search.cycle_searches = number(name, value)?,
                    other => return Err(format!("unknown option `{other}`\n{USAGE}").into()),
                }
            }
            return run(&search, &path);
        }
    }
    Ok(())
}

fn run(search: &AtlasSearch, path: &Path) -> Result<()> {
    let start = if path.exists() { Atlas::read(path)? } else { Atlas::default() };
    let (began, mut written) = (Instant::now(), Instant::now());
    let atlas = search.run_from(&start, &mut |progress, atlas| {
        if written.elapsed() > Duration::from_secs(10) {
            written = Instant::now();
            atlas.write(path)?;
            let rate = progress.systems as f64 / began.elapsed().as_secs_f64();
            println!("{progress:?}\n    {atlas:?}, {rate:.0} systems a second");
        }
        Ok(())
    })?;
    atlas.write(path)?;
    println!("{atlas:?}, {:.1} s", began.elapsed().as_secs_f64());
    Ok(())
}

fn merge(path: &Path, others: &[String]) -> Result<()> {
    let mut entries = if path.exists() { Atlas::read(path)?.entries().to_vec() } else { vec![] };
    for other in others {
        entries.extend_from_slice(Atlas::read(other)?.entries());
    }
    let atlas = Atlas::new(entries);
    atlas.write(path)?;
    println!("{atlas:?}");
    Ok(())
}

fn verify(path: &Path) -> Result<()> {
    let atlas = Atlas::read(path)?;
    let wrong: Vec<String> =
        atlas.entries().par_iter().filter_map(|entry| entry.verify().err()).map(|e| e.to_string()).collect();
    for error in &wrong {
        println!("{error}");
    }
    println!("{} of {} portraits are as the table says", atlas.len() - wrong.len(), atlas.len());
    if wrong.is_empty() { Ok(()) } else { Err(format!("{} are not", wrong.len()).into()) }
}

fn number<T: std::str::FromStr>(name: &str, text: Option<&String>) -> Result<T> {
    let text = text.ok_or_else(|| format!("{name} needs a value\n{USAGE}"))?;
    text.parse().map_err(|_| format!("{name} {text}: a number is needed").into())
}
