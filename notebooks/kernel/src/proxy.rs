//! A cargo for rust-analyzer's eyes only, which shows it fewer crates.
//!
//! evcxr asks rust-analyzer for the type of every `let`, and rust-analyzer reads the sources of all
//! crates that `cargo metadata` lists: 230 of them below polars, dfdx and plotters, from zstd to regex.
//! A cell can name the types of a few only. rust-analyzer starts `$CARGO_HOME/bin/cargo` before any
//! other, so we give it a CARGO_HOME in which that is this executable. All other cargo commands keep
//! the user's own home: paths below it are part of what cargo hashes.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result};
use serde_json::Value;

/// The real cargo.
pub const CARGO: &str = "EIGENGATE_CARGO";

/// Crates below the facade that appear in signatures a cell may use.
const VISIBLE: &[&str] = &[
    "eigengate",
    "dfdx",
    "half",
    "rand",
    "rand_core",
    "rand_distr",
    "ndarray",
    "num-traits",
    "num-complex",
    "plotters",
    "plotters-backend",
    "plotters-bitmap",
    "plotters-svg",
    "polars",
    "polars-arrow",
    "polars-buffer",
    "polars-compute",
    "polars-config",
    "polars-core",
    "polars-dtype",
    "polars-error",
    "polars-io",
    "polars-ops",
    "polars-parquet",
    "polars-row",
    "polars-schema",
    "polars-time",
    "polars-utils",
    "bytemuck",
    "bytes",
    "compact_str",
    "either",
    "indexmap",
    "rayon",
];

/// Does what cargo does, but drops crates from the answer to `cargo metadata`.
pub fn run(arguments: &[OsString]) -> Result<ExitCode> {
    let cargo = std::env::var_os(CARGO).context("no real cargo is known")?;
    let mut command = Command::new(cargo);
    command.args(arguments);
    let start = std::time::Instant::now();
    let is_full_metadata =
        arguments.first().is_some_and(|a| a == "metadata") && !arguments.iter().any(|a| a == "--no-deps");
    if !is_full_metadata {
        let status = command.status().context("cannot run cargo")?;
        trace(arguments, start);
        return Ok(code(status));
    }
    let output = command.stderr(Stdio::inherit()).output().context("cannot run cargo")?;
    let text = match serde_json::from_slice::<Value>(&output.stdout) {
        Ok(mut metadata) if output.status.success() => {
            prune(&mut metadata);
            trace(arguments, start);
            metadata.to_string()
        }
        _ => String::from_utf8_lossy(&output.stdout).into_owned(),
    };
    println!("{text}");
    Ok(code(output.status))
}

fn trace(a: &[OsString], start: std::time::Instant) {
    use std::io::Write;
    if let Ok(mut f) = std::fs::File::options().append(true).open("/tmp/proxy.log") {
        let _ = writeln!(f, "{:.3} {:?}", start.elapsed().as_secs_f64(), a);
    }
}

fn code(status: std::process::ExitStatus) -> ExitCode {
    ExitCode::from(u8::try_from(status.code().unwrap_or(1)).unwrap_or(1))
}

/// Drops the packages that are reached through the facade only and are not visible.
fn prune(metadata: &mut Value) {
    let Some(root) = metadata["workspace_members"][0].as_str().map(str::to_owned) else { return };
    // The other thing that rust-analyzer asks for is the workspace of the standard library.
    if !root.contains("#ctx@") {
        return;
    }
    let kept = reached(metadata, &root);
    let keep = |id: &Value| id.as_str().is_some_and(|id| kept.contains(id));
    if let Some(packages) = metadata["packages"].as_array_mut() {
        packages.retain(|package| keep(&package["id"]));
    }
    if let Some(nodes) = metadata["resolve"]["nodes"].as_array_mut() {
        nodes.retain(|node| keep(&node["id"]));
        for node in nodes {
            if let Some(dependencies) = node["deps"].as_array_mut() {
                dependencies.retain(|dependency| keep(&dependency["pkg"]));
            }
            if let Some(dependencies) = node["dependencies"].as_array_mut() {
                dependencies.retain(keep);
            }
        }
    }
}

fn reached(metadata: &Value, root: &str) -> BTreeSet<String> {
    let name = |id: &str| {
        let packages = metadata["packages"].as_array()?;
        packages.iter().find(|package| package["id"] == id)?["name"].as_str()
    };
    let dependencies = |id: &str| -> Vec<&str> {
        let nodes = metadata["resolve"]["nodes"].as_array().map(Vec::as_slice).unwrap_or_default();
        let node = nodes.iter().find(|node| node["id"] == id);
        let list =
            node.and_then(|node| node["dependencies"].as_array()).map(Vec::as_slice).unwrap_or_default();
        list.iter().filter_map(Value::as_str).collect()
    };
    let mut kept = BTreeSet::from([root.to_owned()]);
    // (package, whether it is below the facade)
    let mut queue = vec![(root.to_owned(), false)];
    let mut seen = BTreeSet::new();
    while let Some((id, below)) = queue.pop() {
        if !seen.insert((id.clone(), below)) {
            continue;
        }
        let below = below || name(&id) == Some("eigengate-notebook");
        for dependency in dependencies(&id) {
            if !below || name(dependency).is_some_and(|name| VISIBLE.contains(&name)) {
                kept.insert(dependency.to_owned());
                queue.push((dependency.to_owned(), below));
            }
        }
    }
    kept
}
