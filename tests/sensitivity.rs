//! Sensitivity maps, against float64 networks and central differences.

#[path = "sensitivity/reference.rs"]
mod reference;

use eigengate::data::{Dataset, ImageShape};
use eigengate::nn::{Activation, Cnn, Mlp, Network};
use eigengate::prelude::Sensitivity;
use eigengate::seed::{Purpose, stream};
use eigengate::{Error, Result};
use ndarray::{Array2, s};
use reference::{Tap, cnn, decompose, differences, mlp};

const GREY: ImageShape = ImageShape { channels: 1, height: 3, width: 5 };
const COLOUR: ImageShape = ImageShape { channels: 3, height: 7, width: 6 };

/// Images whose pixels keep away from the ends of their range, so that they can be moved.
fn data(examples: usize, shape: ImageShape) -> Dataset {
    let mut rng = stream(5, Purpose::Parameters, 7);
    let images = Array2::from_shape_fn((examples, shape.pixels()), |_| 0.1 + 0.8 * rng.uniform());
    Dataset::new(images, (0..examples).map(|i| (i % 3) as u8).collect(), shape, 3).unwrap()
}

/// Networks with their data, a tap, and the same tap in float64.
fn cases() -> Vec<(Box<dyn Network>, Dataset, &'static str, Tap)> {
    let deep = Mlp::new(&[15, 11, 7, 3], Activation::Tanh, 3).unwrap();
    let net = Cnn::new(COLOUR, &[2], &[5, 3], Activation::Tanh, 4).unwrap();
    vec![
        (Box::new(deep.clone()), data(23, GREY), "hidden.0", mlp(&deep, 0)),
        // More images than a block.
        (Box::new(deep.clone()), data(261, GREY), "hidden.1", mlp(&deep, 1)),
        (Box::new(net.clone()), data(19, COLOUR), "conv.0", cnn(&net, false)),
        (Box::new(net.clone()), data(31, COLOUR), "hidden.0", cnn(&net, true)),
    ]
}

fn largest<'a>(values: impl IntoIterator<Item = &'a f32>) -> f64 {
    values.into_iter().fold(0.0f64, |most, v| most.max(f64::from(v.abs())))
}

/// Largest difference.
fn apart(got: ndarray::ArrayView1<'_, f32>, want: &ndarray::Array1<f64>) -> f64 {
    got.iter().zip(want).map(|(g, w)| (f64::from(*g) - w).abs()).fold(0.0, f64::max)
}

#[test]
fn eigenvalues_and_directions_are_those_of_the_covariance() -> Result<()> {
    for (net, data, tap, reference) in cases() {
        let sensitivity = Sensitivity::new(&*net, &data, tap)?;
        let (mean, values, vectors) = decompose(&reference(&data.images().mapv(f64::from)));
        assert_eq!((sensitivity.tap(), sensitivity.eigenvalues().len()), (tap, values.len()));
        assert!(sensitivity.mean().iter().zip(&mean).all(|(a, b)| (a - b).abs() < 1e-6));
        for n in 1..=4 {
            assert!((sensitivity.eigenvalues()[n - 1] - values[n - 1]).abs() < 1e-6 * values[0]);
            let (found, want) = (sensitivity.eigenvector(n)?, vectors.column(n - 1));
            assert!((found.dot(&want).abs() - 1.0).abs() < 1e-6, "{tap} {n}");
            let largest = found.iter().copied().reduce(|a, b| if b.abs() > a.abs() { b } else { a });
            assert!(largest > Some(0.0), "{tap} {n} {found}");
        }
    }
    Ok(())
}

#[test]
fn gradients_of_projections_are_central_differences() -> Result<()> {
    for (net, data, tap, reference) in cases() {
        let sensitivity = Sensitivity::new(&*net, &data, tap)?;
        // Of images that are in the data set and images that are not.
        let mut images = data.images().slice(s![..4, ..]).to_owned();
        images.row_mut(2).mapv_inplace(|x| 1.4 - 2.0 * x);
        for n in [1, 2, 4] {
            let vector = sensitivity.eigenvector(n)?.to_owned();
            let projection = |x: &ndarray::Array1<f64>| {
                let row = reference(&x.clone().insert_axis(ndarray::Axis(0)));
                (&row.row(0) - &sensitivity.mean()).dot(&vector)
            };
            let gradient = sensitivity.projection_gradient(&*net, images.view(), n)?;
            let projections = sensitivity.projections(&*net, images.view(), n)?;
            assert_eq!((gradient.dim(), projections.len()), (images.dim(), 4));
            for ((image, map), p) in images.outer_iter().zip(gradient.outer_iter()).zip(&projections) {
                let x = image.mapv(f64::from);
                assert!((p - projection(&x)).abs() < 1e-6, "{tap} {n}: {p}");
                let apart = apart(map, &differences(x.view(), &projection)) / largest(map);
                assert!(apart < 1e-5, "{tap} {n}: {apart}");
            }
        }
    }
    Ok(())
}

/// The whole path is computed anew for every moved pixel: covariance, mean and eigenvectors.
#[test]
fn gradients_of_eigenvalues_are_central_differences_of_the_data_set() -> Result<()> {
    for (net, data, tap, reference) in cases() {
        let sensitivity = Sensitivity::new(&*net, &data, tap)?;
        let images = data.images().mapv(f64::from);
        for n in [1, 2, 4] {
            let gradient = sensitivity.eigenvalue_gradient(&*net, data.images(), n)?;
            assert_eq!(gradient.dim(), images.dim());
            for example in [0, 7, data.len() - 1] {
                let eigenvalue = |x: &ndarray::Array1<f64>| {
                    let mut images = images.clone();
                    images.row_mut(example).assign(x);
                    decompose(&reference(&images)).1[n - 1]
                };
                let want = differences(images.row(example), &eigenvalue);
                let apart = apart(gradient.row(example), &want) / largest(&gradient);
                assert!(apart < 1e-4, "{tap} {n} {example}: {apart}");
            }
        }
    }
    Ok(())
}

#[test]
fn a_map_depends_on_its_image_alone() -> Result<()> {
    for (net, data, tap, _) in cases() {
        let sensitivity = Sensitivity::new(&*net, &data, tap)?;
        let all = sensitivity.eigenvalue_gradient(&*net, data.images(), 2)?;
        let projections = sensitivity.projections(&*net, data.images(), 2)?;
        for rows in [s![..1, ..], s![3..8, ..], s![-1.., ..]] {
            let images = data.images().slice_move(rows);
            assert_eq!(sensitivity.eigenvalue_gradient(&*net, images, 2)?, all.slice(rows));
            let own = sensitivity.projections(&*net, images, 2)?;
            let first = projections.iter().position(|p| p == &own[0]);
            assert!(first.is_some_and(|first| projections.iter().skip(first).zip(&own).all(|(a, b)| a == b)));
        }
        // Any memory order will do.
        let turned = data.images().reversed_axes().as_standard_layout().into_owned();
        assert_eq!(sensitivity.eigenvalue_gradient(&*net, turned.t(), 2)?, all);
    }
    Ok(())
}

#[test]
fn a_tap_has_a_position_and_a_name() -> Result<()> {
    let (net, data) = (Mlp::new(&[15, 6, 4, 3], Activation::Relu, 3)?, data(40, GREY));
    let (first, named) = (Sensitivity::new(&net, &data, 1)?, Sensitivity::new(&net, &data, "hidden.1")?);
    let map = |of: &Sensitivity| of.projection_gradient(&net, data.images(), 1);
    assert_eq!((first.tap(), map(&first)?), ("hidden.1", map(&named)?));
    assert_ne!(map(&Sensitivity::new(&net, &data, 0)?)?, map(&named)?);
    let text = format!("{named:?}");
    assert!(text.starts_with("Sensitivity(hidden.1: 15 inputs, 4 eigenvectors over 40 images"), "{text}");
    Ok(())
}

#[test]
fn bad_input_is_refused() -> Result<()> {
    let (net, data) = (Mlp::new(&[15, 6, 4, 3], Activation::Tanh, 3)?, data(40, GREY));
    let text = |error: Option<Error>| error.map(|e| e.to_string()).unwrap_or_default();
    for tap in ["hidden.2", "readout"] {
        let error = text(Sensitivity::new(&net, &data, tap).err());
        assert!(error.contains(&format!("tap = {tap}")) && error.contains("hidden.0"), "{error}");
    }
    assert!(text(Sensitivity::new(&net, &data, 2).err()).contains("tap = 2"));
    let one = data.take(1)?;
    assert!(matches!(Sensitivity::new(&net, &one, 0), Err(Error::Empty { .. })));
    let other = Mlp::new(&[16, 6, 4, 3], Activation::Tanh, 3)?;
    assert!(matches!(Sensitivity::new(&other, &data, 0), Err(Error::Shape { .. })));

    let sensitivity = Sensitivity::new(&net, &data, 0)?;
    for n in [0, 7, usize::MAX] {
        let error = text(sensitivity.projection_gradient(&net, data.images(), n).err());
        assert!(error.contains(&format!("n = {n}")) && error.contains("1 to 6"), "{error}");
        assert!(sensitivity.eigenvalue_gradient(&net, data.images(), n).is_err());
        assert!(
            sensitivity.projections(&net, data.images(), n).is_err() && sensitivity.eigenvector(n).is_err()
        );
    }
    let refused = |images: Array2<f32>| sensitivity.projection_gradient(&net, images.view(), 1).err();
    assert!(text(refused(Array2::zeros((2, 14)))).contains("expected (batch, 15), found (2, 14)"));
    assert!(matches!(refused(Array2::zeros((0, 15))), Some(Error::Empty { .. })));
    let mut images = Array2::zeros((2, 15));
    images[[1, 3]] = f32::NAN;
    assert!(matches!(refused(images), Some(Error::NotFinite { index: 18, .. })));

    // Networks it was not made of.
    for widths in [&[16, 6, 3][..], &[15, 5, 3], &[15, 3]] {
        let other = Mlp::new(widths, Activation::Tanh, 3)?;
        let images = Array2::zeros((2, widths[0]));
        let error = text(sensitivity.projections(&other, images.view(), 1).err());
        assert!(error.contains("network") && error.contains("hidden.0 of 6 units"), "{error}");
    }
    Ok(())
}

#[test]
fn an_eigenvector_that_is_any_of_a_plane_is_refused() -> Result<()> {
    // Four images span three directions: the other units have an eigenvalue of 0, again and again.
    let (net, data) = (Mlp::new(&[15, 8, 3], Activation::Tanh, 3)?, data(4, GREY));
    let sensitivity = Sensitivity::new(&net, &data, 0)?;
    for n in 1..=3 {
        sensitivity.projection_gradient(&net, data.images(), n)?;
    }
    for n in 4..=8 {
        let error = sensitivity.projection_gradient(&net, data.images(), n).unwrap_err().to_string();
        assert!(error.contains(&format!("n = {n}")) && error.contains("comes once"), "{error}");
    }
    Ok(())
}

#[test]
fn a_diverged_network_is_refused() -> Result<()> {
    let (mut net, data) = (Mlp::new(&[15, 6, 3], Activation::Relu, 3)?, data(10, GREY));
    let sensitivity = Sensitivity::new(&net, &data, 0)?;
    let weight = net.parameters()[0].values();
    net.parameters_mut()[0].set_values(weight.iter().map(|w| w.abs() * f32::MAX).collect())?;
    assert!(matches!(sensitivity.projections(&net, data.images(), 1), Err(Error::NotFinite { .. })));
    assert!(matches!(Sensitivity::new(&net, &data, 0), Err(Error::NotFinite { .. })));
    Ok(())
}

#[test]
fn for_another_image_it_is_the_gradient_once_that_is_added() -> Result<()> {
    let net = Mlp::new(&[15, 6, 3], Activation::Tanh, 3)?;
    let (data, reference) = (data(1500, GREY), mlp(&net, 0));
    let (known, other) = (data.take(1499)?, data.images().slice_move(s![1499.., ..]));
    let sensitivity = Sensitivity::new(&net, &known, 0)?;
    let images = data.images().mapv(f64::from);
    let gradient = sensitivity.eigenvalue_gradient(&net, other, 1)?;
    let eigenvalue = |x: &ndarray::Array1<f64>| {
        let mut images = images.clone();
        images.row_mut(1499).assign(x);
        decompose(&reference(&images)).1[0]
    };
    let want = differences(images.row(1499), &eigenvalue);
    let apart = apart(gradient.row(0), &want) / largest(&gradient);
    assert!(apart < 0.01, "{apart}");
    Ok(())
}
