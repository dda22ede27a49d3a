//! Random networks beside their limit.

use crate::errors::{has, text};
use crate::few;
use eigengate::Result;
use eigengate::data::mnist;
use eigengate::device::{to_array, to_device};
use eigengate::nn::{Activation, Mlp, Network};
use eigengate::spectra::{Spectrum, WideNetwork, WidthErrors};
use ndarray::Array2;

fn nets() -> [WideNetwork; 3] {
    [WideNetwork::new(Activation::Tanh), WideNetwork::new(Activation::Relu), WideNetwork::erf()]
}

#[test]
fn means_over_units_become_the_kernel() -> Result<()> {
    for net in nets() {
        for layers in [1, 3] {
            let net = net.with_layers(layers).with_sigma(1.5, 0.4);
            let kernel = net.kernel(few().view())?;
            // The mean over 40 networks, whose error is a sixth of that of one. That of deep relu networks is large.
            let (width, seeds) = (400, 40);
            let mut mean = ndarray::Array2::<f64>::zeros((4, 4));
            for seed in 0..seeds {
                let units = net.finite(few().view(), width, seed)?;
                assert_eq!(units.dim(), (4, width));
                mean = mean + units.dot(&units.t()) / (width * seeds as usize) as f64;
            }
            let worst = (&mean - &kernel).iter().fold(0.0f64, |worst, d| worst.max(d.abs()));
            let scale = kernel.diag().fold(0.0f64, |most, k| most.max(*k));
            let tolerance = if layers == 1 { 0.03 } else { 0.08 };
            assert!(worst < tolerance * scale, "{net:?}: off by {worst}:\n{mean}\nwanted\n{kernel}");
        }
    }
    Ok(())
}

#[test]
fn activations_have_their_seed_and_width() -> Result<()> {
    let net = WideNetwork::new(Activation::Tanh).with_layers(2);
    let (few, one) = (few(), net.finite(few().view(), 9, 3)?);
    assert_eq!(one, net.finite(few.view(), 9, 3)?);
    assert!(one != net.finite(few.view(), 9, 4)?);
    // An input is alone: its activations do not depend on the others.
    let alone = net.finite(few.slice(ndarray::s![1..2, ..]), 9, 3)?;
    assert!(alone.iter().zip(one.row(1)).all(|(a, b)| (a - b).abs() < 1e-14));
    // Without biases opposite inputs have opposite activations, and zero has none.
    for unit in 0..9 {
        assert!((one[[0, unit]] + one[[3, unit]]).abs() < 1e-15 && one[[2, unit]] == 0.0);
    }
    // Other widths have other weights, not a few more.
    let first = WideNetwork::new(Activation::Tanh);
    let (narrow, wider) = (first.finite(few.view(), 9, 3)?, first.finite(few.view(), 10, 3)?);
    assert!((0..9).all(|unit| wider[[0, unit]] != narrow[[0, unit]]));
    // So have other layers: inputs so small that tanh is linear show the weights, as (W_2 W_1)'.
    let small = Array2::<f32>::eye(6) * 1e-6;
    let weights = |net: WideNetwork| net.finite(small.view(), 6, 3);
    let (one, two) = (weights(first)? * 6.0 * 1e6, weights(first.with_layers(2))? * 36.0 * 1e6);
    let same = one.dot(&one) - &two;
    let size = |m: &Array2<f64>| m.iter().map(|x| x * x).sum::<f64>().sqrt();
    assert!(size(&same) > 0.5 * size(&two), "{} {}", size(&same), size(&two));
    // Biases are seen at zero, and are those of their variance.
    let biased = WideNetwork::new(Activation::Relu).with_sigma(1.0, 2.0).finite(few.view(), 4000, 0)?;
    let square = biased.row(2).iter().map(|h| h * h).sum::<f64>() / 4000.0;
    assert!((square - 2.0).abs() < 0.2, "{square}");
    Ok(())
}

#[test]
fn spectra_are_those_of_covariances_over_the_width() -> Result<()> {
    let digits = mnist::shipped()?.train.take(30)?;
    for net in nets() {
        // Fewer units than inputs, and more.
        for width in [12, 50] {
            let units = net.finite(digits.images(), width, 1)?;
            let whole = Spectrum::of("hidden.0", units.mapv(|h| h as f32).view())?;
            let got = net.finite_spectrum(digits.images(), width, 1)?;
            assert_eq!(got.eigenvalues().len(), width.min(29));
            for (got, whole) in got.eigenvalues().iter().zip(whole.eigenvalues()) {
                assert!((got - whole / width as f64).abs() < 1e-8, "{got} {whole}");
            }
        }
    }
    Ok(())
}

#[test]
fn errors_fall_as_one_over_the_root_of_the_width() -> Result<()> {
    let digits = mnist::shipped()?.train.take(50)?;
    let seeds: Vec<u64> = (0..10).collect();
    for net in nets() {
        for layers in [1, 2] {
            let net = net.with_layers(layers).with_sigma(1.6, 0.2);
            let found = net.convergence(digits.images(), &[30, 120, 480], &seeds)?;
            let exponent = found.exponent()?;
            assert!((exponent + 0.5).abs() < 0.08, "{found:?}");
            for of in &found.widths {
                for (kernel, spectrum) in of.kernel_errors.iter().zip(&of.spectrum_errors) {
                    assert!(
                        spectrum <= kernel && *spectrum > 0.0,
                        "{net:?}, {}: {spectrum} {kernel}",
                        of.width
                    );
                }
            }
            // Noise spreads eigenvalues: the largest is too large, and less so with every width.
            let limit = found.theory.eigenvalues()[0];
            let above = |of: &WidthErrors| {
                of.spectra.iter().map(|spectrum| spectrum.eigenvalues()[0] / limit - 1.0).sum::<f64>() / 10.0
            };
            let [narrow, middle, wide] = [0, 1, 2].map(|index| above(&found.widths[index]));
            assert!(
                narrow > middle && middle > wide.abs() && wide < 0.15,
                "{net:?}: {narrow} {middle} {wide}"
            );
        }
    }
    Ok(())
}

#[test]
fn the_error_of_one_layer_is_that_of_a_mean() -> Result<()> {
    // One unit's product has the variance E[h(x)^2 h(y)^2] - K^2: by 100,000 units the error of N of them is known.
    let digits = mnist::shipped()?.train.take(20)?;
    let net = WideNetwork::new(Activation::Tanh).with_sigma(2.0, 0.0);
    let centre = |mut h: ndarray::Array2<f64>| {
        let mean = h.mean_axis(ndarray::Axis(0)).unwrap();
        h -= &mean;
        h
    };
    let many = centre(net.finite(digits.images(), 100_000, 7)?);
    let squares = many.mapv(|h| h * h);
    let kernel = many.dot(&many.t()) / 1e5;
    let fourth = squares.dot(&squares.t()) / 1e5;
    let variance = (&fourth - &kernel.mapv(|k| k * k)).sum();
    let size = kernel.mapv(|k| k * k).sum();
    let seeds: Vec<u64> = (0..200).collect();
    let found = net.convergence(digits.images(), &[100], &seeds)?;
    let (got, want) = (found.widths[0].kernel_error(), (variance / 100.0 / size).sqrt());
    assert!((got / want - 1.0).abs() < 0.06, "{got}, wanted {want}");
    has(&text(found.exponent()), &["widths = 1", "two or more"]);
    Ok(())
}

#[test]
fn a_network_at_its_start_has_the_spectrum_of_its_limit() -> Result<()> {
    let digits = mnist::shipped()?.train.take(150)?;
    for activation in [Activation::Tanh, Activation::Relu] {
        let net = Mlp::new(&[784, 3000, 10], activation, 3)?;
        let taps = net.forward(to_device(digits.images())?)?.taps;
        let own = Spectrum::of("hidden.0", to_array(&taps[0])?.view())?;
        let wide =
            WideNetwork::new(activation).with_sigma((1.0f64 / 3.0).sqrt(), (1.0f64 / 3.0 / 784.0).sqrt());
        let limit = wide.spectrum(digits.images())?;
        for n in [0, 1, 2, 5, 10, 40] {
            let ratio = own.eigenvalues()[n] / 3000.0 / limit.eigenvalues()[n];
            assert!((ratio - 1.0).abs() < 0.12, "{activation:?}, number {n}: {ratio}");
        }
        let total = own.eigenvalues().iter().sum::<f64>() / 3000.0 / limit.eigenvalues().iter().sum::<f64>();
        assert!((total - 1.0).abs() < 0.03, "{activation:?}: {total}");
    }
    Ok(())
}
