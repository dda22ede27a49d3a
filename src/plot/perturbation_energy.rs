//! Where along the eigenvectors of a layer perturbations lie.

use super::{Axis, Color, Dash, Figure, Line, Panel};
use crate::error::{Error, Result};
use crate::spectra::PerturbationEnergy;

/// Bins for every factor of ten of the index.
const PER_DECADE: f64 = 8.0;

/// The share of the energy of perturbations along the eigenvectors of a layer against the index of the eigenvector, on log
/// axes: solid with dots, means over 8 bins per decade. Dashed in the same colour is the share of the eigenvalue, which is
/// what natural differences between images have: a line above its dashed one is where perturbations go and images do not.
///
/// # Errors
/// [`Error::Empty`] without energies.
///
/// ```
/// use eigengate::prelude::*;
///
/// let digits = mnist::shipped()?.test.take(200)?;
/// let net = Mlp::new(&[784, 20, 10], Activation::Tanh, 1)?;
/// let found = Fgsm.attack(&net, &digits, 0.1)?;
/// let directions = Sensitivity::new(&net, &digits, "hidden.0")?;
/// let energy = directions.perturbation_energy("FGSM", &net, digits.images(), found.images.view())?;
/// let figure = plot::perturbation_energy(&[energy])?;
/// # Ok::<(), eigengate::Error>(())
/// ```
pub fn perturbation_energy(energies: &[PerturbationEnergy]) -> Result<Figure> {
    if energies.is_empty() {
        return Err(Error::empty("the list of energies"));
    }
    let y = Axis::log("Share of energy");
    let mut panel = Panel::new(Axis::log("Eigenvector index n"), y);
    for (index, energy) in energies.iter().enumerate() {
        let color = Color::series(index);
        let (n, share) = energy.binned(PER_DECADE);
        panel = panel.with(Line::new(&energy.name, &n, &share)?.with_color(color).with_markers());
        let values: Vec<f64> = energy.eigenvalues.clone();
        let all: Vec<f64> = (1..=values.len()).map(|n| n as f64).collect();
        let name = format!("{}, eigenvalue", energy.name);
        panel = panel.with(Line::new(name, &all, &values)?.with_color(color).with_dash(Dash::Dashed));
    }
    Ok(Figure::from(panel))
}
