//! Spectra of activations and networks.

use eigengate::data::{Dataset, ImageShape};
use eigengate::device::{to_array, to_device};
use eigengate::nn::{Activation, Mlp, Network};
use eigengate::seed::{Purpose, stream};
use eigengate::spectra::{SpectralPenalty, Spectrum, Taps, spectra, spectrum};
use eigengate::{Error, Result};
use ndarray::Array2;

fn data(examples: usize) -> Dataset {
    let mut rng = stream(2, Purpose::Parameters, 0);
    let images = Array2::from_shape_fn((examples, 9), |_| rng.uniform());
    let labels = (0..examples).map(|i| (i % 3) as u8).collect();
    Dataset::new(images, labels, ImageShape { channels: 1, height: 3, width: 3 }, 3).unwrap()
}

#[test]
fn the_spectrum_of_known_directions() -> Result<()> {
    // Rows +-a e1, +-b e2 in a rotated plane: variances 2 a^2 / 3 and 2 b^2 / 3, and one zero.
    let (a, b, c, s) = (3.0, 1.0, 0.6, 0.8);
    let rows = [[a * c, a * s, 5.0], [-a * c, -a * s, 5.0], [-b * s, b * c, 5.0], [b * s, -b * c, 5.0]];
    let x = Array2::from_shape_fn((4, 3), |(i, j)| rows[i][j] as f32);
    let found = Spectrum::of("plane", x.view())?;
    for (got, want) in found.eigenvalues().iter().zip([2.0 * a * a / 3.0, 2.0 * b * b / 3.0, 0.0]) {
        assert!((got - want).abs() < 1e-6, "{got} {want}");
    }
    let (sum, squares) = (20.0 / 3.0, 36.0 + 4.0 / 9.0);
    assert!((found.participation_ratio() - sum * sum / squares).abs() < 1e-6);
    Ok(())
}

#[test]
fn a_network_has_the_spectra_of_its_taps() -> Result<()> {
    let net = Mlp::new(&[9, 12, 6, 3], Activation::Tanh, 4)?;
    // More examples than one forward block.
    let data = data(2500);
    let all = spectra(&net, &data)?;
    let taps = net.forward(to_device(data.images())?)?.taps;
    assert_eq!(all.iter().map(Spectrum::tap).collect::<Vec<_>>(), ["hidden.0", "hidden.1"]);
    for (found, tap) in all.iter().zip(&taps) {
        let direct = Spectrum::of("direct", to_array(tap)?.view())?;
        for (a, b) in found.eigenvalues().iter().zip(direct.eigenvalues()) {
            assert!((a - b).abs() <= 1e-9 * direct.eigenvalues()[0], "{a} {b}");
        }
    }
    assert_eq!(spectrum(&net, &data)?, all[1]);
    Ok(())
}

#[test]
fn bad_input_is_refused() -> Result<()> {
    assert!(matches!(Spectrum::new("none", vec![]), Err(Error::Empty { .. })));
    assert!(matches!(Spectrum::new("nan", vec![1.0, f64::NAN]), Err(Error::NotFinite { index: 1, .. })));
    assert!(matches!(Spectrum::of("one row", Array2::zeros((1, 3)).view()), Err(Error::Empty { .. })));
    let net = Mlp::new(&[8, 4, 3], Activation::Tanh, 0)?;
    assert!(matches!(spectrum(&net, &data(10)), Err(Error::Shape { .. })));
    assert!(matches!(
        spectrum(&Mlp::new(&[9, 3], Activation::Tanh, 0)?, &data(10)),
        Err(Error::Empty { .. })
    ));
    Ok(())
}

#[test]
fn penalties_know_their_taps() -> Result<()> {
    let net = Mlp::new(&[9, 12, 6, 3], Activation::Tanh, 4)?;
    let last = SpectralPenalty::new(1.0).with_tau(4);
    assert_eq!(last.positions(&net)?, [1]);
    assert_eq!(last.clone().with_taps(Taps::All).positions(&net)?, [0, 1]);
    assert!(last.check(&net, 5).is_ok());
    // tau = 8 fits the first tap alone.
    let wide = SpectralPenalty::new(1.0).with_tau(8).with_taps(Taps::All);
    let text = wide.check(&net, 100).unwrap_err().to_string();
    assert!(text.contains("tau = 8") && text.contains("1..=5"), "{text}");
    Ok(())
}
