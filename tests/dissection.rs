//! Trained networks taken apart: files of any origin, linear dynamics near points, portraits with and without input, training as a path.

#[path = "common/errors.rs"]
mod errors;

#[path = "dissection/figures.rs"]
mod figures;
#[path = "dissection/files.rs"]
mod files;
#[path = "dissection/local.rs"]
mod local;
#[path = "dissection/networks.rs"]
mod networks;
#[path = "dissection/path.rs"]
mod path;
#[path = "dissection/systems.rs"]
mod systems;
