//! Portraits: streamlines, one call for everything, figures, the reference cases.

#[path = "dynamics_portrait/gallery.rs"]
mod gallery;
#[path = "dynamics_portrait/oracle.rs"]
mod oracle;
#[path = "dynamics_portrait/portraits.rs"]
mod portraits;
#[path = "dynamics_portrait/streamlines.rs"]
mod streamlines;
