//! Everything a person or CI does with the project: `cargo xtask …`.

mod artifacts;
mod atlas;
mod bench;
mod browser;
mod check;
mod counts;
mod kernel;
mod latency;
mod notebooks;
mod oracle;
mod outputs;
mod pictures;
mod project;
mod python;
mod quickstart;
mod reproduce;
mod steps;
mod tools;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use project::Project;

/// Builds, checks, times and opens what is in the project eigengate.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Sets up JupyterLab and the kernel, executes the quickstart notebook
    Quickstart,
    /// Opens the notebooks in JupyterLab with the kernel of the project
    Lab {
        /// Handed on to `jupyter lab`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Executes the notebooks one at a time and checks their outputs
    Notebooks {
        /// Write the new outputs into the notebooks
        #[arg(long)]
        update: bool,
        /// Only check the outputs that the notebooks hold, without executing them
        #[arg(long, conflicts_with = "update")]
        check: bool,
        /// Notebooks or folders, instead of all of them
        paths: Vec<PathBuf>,
    },
    /// Times our code and PyTorch in turns and writes benches/RESULTS.md
    Bench(bench::Options),
    /// Measures how long a notebook waits for its cells and how much memory its kernel takes, into benches/RESULTS.md
    Latency(latency::Options),
    /// Opens every notebook in JupyterLab in a headless Chromium, executes the quickstart there, and checks what is on the pages
    Browser,
    /// Writes a figure of every notebook into notebooks/pictures, for the README
    Pictures,
    /// Trains and measures the networks of a paper, into data/results
    Reproduce(reproduce::Options),
    /// Searches for portraits of two-unit GRUs, into data/results/atlas.parquet
    Atlas(atlas::Options),
    /// Works out a file of reference cases of the dynamics and compares
    Oracle(oracle::Options),
    /// Everything that must pass: format, lints, documentation, tests, notebooks
    Check {
        /// Without the notebooks
        #[arg(long)]
        fast: bool,
    },
}

fn main() -> ExitCode {
    let task = Arguments::parse().task;
    let result = Project::find().and_then(|project| match task {
        Task::Quickstart => quickstart::run(&project).map(|()| true),
        Task::Lab { arguments } => quickstart::lab(&project, &arguments).map(|()| true),
        Task::Notebooks { check: true, paths, .. } => notebooks::check_committed(&project, &paths),
        Task::Notebooks { update, paths, .. } => notebooks::run(&project, &paths, update),
        Task::Bench(options) => bench::run(&project, &options),
        Task::Latency(options) => latency::run(&project, &options),
        Task::Pictures => pictures::run(&project),
        Task::Browser => browser::run(&project),
        Task::Reproduce(options) => reproduce::run(&project, &options),
        Task::Atlas(options) => atlas::run(&project, &options),
        Task::Oracle(options) => oracle::run(&project, &options),
        Task::Check { fast } => check::run(&project, fast),
    });
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
