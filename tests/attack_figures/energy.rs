//! The energy of perturbations along eigenvectors: definition, properties, bins.

use crate::errors::{has, text};
use eigengate::Result;
use eigengate::data::{Dataset, mnist};
use eigengate::device::to_device;
use eigengate::nn::{Activation, Mlp, Network};
use eigengate::spectra::{PerturbationEnergy, Sensitivity};
use ndarray::{Array2, s};

fn network() -> Result<(Mlp, Dataset, Sensitivity)> {
    let data = mnist::shipped()?.test.take(300)?;
    let net = Mlp::new(&[784, 12, 8, 10], Activation::Tanh, 3)?;
    let directions = Sensitivity::new(&net, &data, "hidden.1")?;
    Ok((net, data, directions))
}

fn moved(data: &Dataset) -> Array2<f32> {
    let mut i = 0u32;
    data.images().mapv(|x| {
        i += 1;
        (x + 0.1 * ((i % 1000 * (i % 1000)) as f32 * 0.37).sin()).clamp(0.0, 1.0)
    })
}

#[test]
fn it_is_the_share_of_squared_projections_of_the_change() -> Result<()> {
    let (net, data, directions) = network()?;
    let to = moved(&data);
    let energy = directions.perturbation_energy("noise", &net, data.images(), to.view())?;
    // From the taps of a pass and single eigenvectors, in float64.
    let taps = |images: ndarray::ArrayView2<'_, f32>| -> Result<Vec<f64>> {
        Ok(net.forward(to_device(images)?)?.taps[1].as_vec().into_iter().map(f64::from).collect())
    };
    let (before, after) = (taps(data.images())?, taps(to.view())?);
    let change: Vec<f64> = after.iter().zip(&before).map(|(a, b)| a - b).collect();
    let total: f64 = change.iter().map(|d| d * d).sum();
    for n in 1..=8 {
        let vector = directions.eigenvector(n)?;
        let along = |row: &[f64]| row.iter().zip(&vector).map(|(d, v)| d * v).sum::<f64>().powi(2);
        let want = change.chunks(8).map(along).sum::<f64>() / total;
        assert!((energy.energy[n - 1] - want).abs() < 1e-6, "{n}: {} {want}", energy.energy[n - 1]);
    }
    assert!((energy.energy.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    assert!((energy.eigenvalues.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    assert!((energy.size - total / 300.0).abs() < 1e-6 * energy.size);
    assert!((energy.within(3) - energy.energy[..3].iter().sum::<f64>()).abs() < 1e-12);
    assert_eq!((energy.images, energy.tap.as_str(), energy.name.as_str()), (300, "hidden.1", "noise"));
    Ok(())
}

#[test]
fn differences_between_images_have_the_energy_of_the_eigenvalues() -> Result<()> {
    let (net, data, directions) = network()?;
    // All pairs of the data set would give the eigenvalues exactly: (2 B / (B - 1)) sum_i (f_i - m)^2.
    let rows = 300;
    let every = (0..rows * rows).filter(|pair| pair / rows < pair % rows);
    let (first, second): (Vec<usize>, Vec<usize>) = every.map(|pair| (pair / rows, pair % rows)).unzip();
    let axis = ndarray::Axis(0);
    let (from, to) = (data.images().select(axis, &first), data.images().select(axis, &second));
    let energy = directions.perturbation_energy("", &net, from.view(), to.view())?;
    for (n, (energy, value)) in energy.energy.iter().zip(&energy.eigenvalues).enumerate() {
        assert!((energy - value).abs() < 1e-6, "{n}: {energy} {value}");
    }
    Ok(())
}

#[test]
fn bins_are_of_equal_ratio_and_hold_means() {
    let energy: Vec<f64> = (1..=1000).map(|n| 1.0 / f64::from(n)).collect();
    let it = PerturbationEnergy {
        name: "".into(),
        tap: "".into(),
        eigenvalues: energy.clone(),
        energy,
        size: 1.0,
        images: 1,
    };
    let (n, mean) = it.binned(1.0);
    // 1 to 9, 10 to 99, 100 to 999, 1000.
    assert_eq!(n.len(), 4);
    let harmonic = |from: u32, to: u32| (from..=to).map(|n| 1.0 / f64::from(n)).sum::<f64>();
    for ((got, from), to) in mean.iter().zip([1, 10, 100, 1000]).zip([9, 99, 999, 1000]) {
        assert!((got - harmonic(from, to) / f64::from(to - from + 1)).abs() < 1e-12, "{got} {from}");
    }
    let geometric = (1..=9).map(|n| f64::from(n).ln()).sum::<f64>() / 9.0;
    assert!((n[0] - geometric.exp()).abs() < 1e-9 && (n[3] - 1000.0).abs() < 1e-9, "{n:?}");
    // Every index is in one bin.
    let (n, mean) = it.binned(8.0);
    assert_eq!((n[0], mean[0]), (1.0, 1.0));
    assert!(n.windows(2).all(|pair| pair[0] < pair[1]) && n.len() < 25);
}

#[test]
fn bad_input_is_refused() -> Result<()> {
    let (net, data, directions) = network()?;
    let x = data.images();
    let energy = |from, to| text(directions.perturbation_energy("", &net, from, to));
    has(&energy(x, x), &["energy = 0", "hidden.1"]);
    has(&energy(x, x.slice(s![..5, ..])), &["changed images"]);
    has(&energy(x.slice(s![.., ..5]), x.slice(s![.., ..5])), &["(batch, 784)"]);
    let other = Mlp::new(&[784, 12, 9, 10], Activation::Tanh, 3)?;
    has(&text(directions.perturbation_energy("", &other, x, moved(&data).view())), &["network"]);
    Ok(())
}
