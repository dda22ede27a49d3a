//! What is done to images before a network sees them: standardisation, random crops and flips.

#[path = "common/errors.rs"]
mod errors;

use eigengate::data::{Augmentation, Crop, Dataset, ImageShape, Standardisation};
use eigengate::nn::{Activation, Mlp, Network};
use eigengate::train::Training;
use eigengate::{Error, Result};
use errors::{has, text};
use ndarray::{Array2, ShapeBuilder, array};
use std::collections::BTreeSet;
use std::time::Duration;

const COLOUR: ImageShape = ImageShape { channels: 2, height: 6, width: 7 };

/// Pixels all of which differ, none of them 0.
fn images(examples: usize) -> Dataset {
    let pixels = COLOUR.pixels();
    let scale = 1.0 / (examples * pixels) as f32;
    let images = Array2::from_shape_fn((examples, pixels), |(i, j)| (i * pixels + j + 1) as f32 * scale);
    Dataset::new(images, (0..examples).map(|i| (i % 3) as u8).collect(), COLOUR, 3).unwrap()
}

// Standardisation

/// By hand: channel 0 is 0, 0.5, 0.5, 1 (mean 1/2, variance 1/8), channel 1 is 1/8, 5/8, 1/8, 5/8 (3/8, 1/16).
#[test]
fn means_and_deviations_are_those_of_a_channel() {
    let shape = ImageShape { channels: 2, height: 1, width: 2 };
    let data = Dataset::new(array![[0.0, 0.5, 0.125, 0.625], [0.5, 1.0, 0.125, 0.625]], vec![0, 0], shape, 1)
        .unwrap();
    let standard = Standardisation::of(&data).unwrap();
    assert_eq!(standard.mean, [0.5, 0.375]);
    assert_eq!(standard.std, [0.125f32.sqrt(), 0.25]);
    let flat = Dataset::new(array![[0.0, 0.5, 0.3, 0.3]], vec![0], shape, 1).unwrap();
    has(&text(Standardisation::of(&flat)), &["std = 0 in channel 1", "above 0", "one value everywhere"]);
}

/// A mean of many numbers in f32 would be off in the fifth digit.
#[test]
fn means_are_computed_in_float64_whatever_the_threads() {
    let shape = ImageShape { channels: 1, height: 1, width: 30_000 };
    let pixels = Array2::from_shape_fn((200, 30_000), |(i, j)| 0.9 + ((i + j) % 2) as f32 * 0.01);
    let data = Dataset::new(pixels, vec![0; 200], shape, 1).unwrap();
    let standard = Standardisation::of(&data).unwrap();
    assert!(
        (standard.mean[0] - 0.905).abs() < 1e-6 && (standard.std[0] - 0.005).abs() < 1e-6,
        "{standard:?}"
    );
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(pool.install(|| Standardisation::of(&data)).unwrap(), standard);
}

/// torchvision 0.29.2: normalize(v, mean, std) with v = tensor([0, 51, 128, 255]).div(255).repeat(3, 1).reshape(3, 2, 2)
#[test]
fn the_numbers_of_cifar_are_applied_as_torchvision_does() {
    let shape = ImageShape { channels: 3, height: 2, width: 2 };
    let row = [0u8, 51, 128, 255].repeat(3).into_iter().map(|byte| f32::from(byte) / 255.0).collect();
    let row = Array2::from_shape_vec((1, 12), row).unwrap();
    #[rustfmt::skip]
    let wanted = [
        -1.988869071006775, -1.1793490648269653, 0.04286740720272064, 2.0587308406829834,
        -1.9806593656539917, -1.1594053506851196, 0.08052733540534973, 2.125610828399658,
        -1.7076499462127686, -0.9430362582206726, 0.21138057112693787, 2.1154184341430664,
    ];
    let standard = Standardisation::cifar10();
    let out = standard.apply(row.view(), shape).unwrap();
    for (x, wanted) in out.iter().zip(wanted) {
        assert!((f64::from(*x) - wanted).abs() < 3e-7, "{x} {wanted}");
    }
    let back = standard.invert(out.view(), shape).unwrap();
    assert!(back.iter().zip(&row).all(|(a, b)| (a - b).abs() < 2e-7), "{back} {row}");
}

#[test]
fn every_row_and_channel_is_standardised_whatever_the_memory_order() {
    let standard = Standardisation { mean: vec![0.5, 0.25], std: vec![0.5, 0.125] };
    let shape = ImageShape { channels: 2, height: 1, width: 2 };
    let rows = array![[0.5f32, 1.0, 0.25, 0.5], [0.0, 0.75, 0.125, 0.375]];
    let wanted = array![[0.0f32, 1.0, 0.0, 2.0], [-1.0, 0.5, -1.0, 1.0]];
    let mut fortran = Array2::zeros((2, 4).f());
    fortran.assign(&rows);
    assert_eq!(standard.apply(rows.view(), shape).unwrap(), wanted);
    assert_eq!(standard.apply(fortran.view(), shape).unwrap(), wanted);
    assert_eq!(standard.invert(wanted.view(), shape).unwrap(), rows);
}

#[test]
fn bad_standardisations_are_refused() {
    let shape = ImageShape { channels: 2, height: 1, width: 2 };
    let apply = |mean: &[f32], std: &[f32], columns| {
        let standard = Standardisation { mean: mean.to_vec(), std: std.to_vec() };
        let rows = Array2::zeros((3, columns));
        let text = text(standard.apply(rows.view(), shape));
        assert_eq!(standard.invert(rows.view(), shape).unwrap_err().to_string(), text);
        text
    };
    has(&apply(&[0.0], &[1.0, 1.0], 4), &["mean has the wrong size", "2 numbers", "found 1"]);
    has(&apply(&[0.0, 0.0], &[1.0; 3], 4), &["std has the wrong size", "2 numbers", "found 3"]);
    has(&apply(&[0.0, f32::NAN], &[1.0, 1.0], 4), &["mean holds NaN", "index 1"]);
    has(&apply(&[0.0, 0.0], &[1.0, f32::INFINITY], 4), &["std holds inf", "index 1"]);
    has(&apply(&[0.0, 0.0], &[-1.0, 1.0], 4), &["std = -1 in channel 0", "above 0"]);
    has(&apply(&[0.0, 0.0], &[1.0, 1.0], 6), &["images", "4 columns for 2x1x2", "found 6 columns"]);
}

// Augmentation

/// torchvision 0.29.2, functional, x = arange(1, 25).reshape(2, 3, 4): hflip(crop(pad(x, 2), top, left, 3, 4))
#[test]
fn a_crop_is_that_of_torchvision() {
    let shape = ImageShape { channels: 2, height: 3, width: 4 };
    let image: Vec<f32> = (1..25).map(|x| x as f32).collect();
    let cases: [(usize, usize, [i32; 24]); 3] = [
        (0, 3, [0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 3, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 15, 14]),
        (4, 1, [11, 10, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 23, 22, 21, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        (2, 2, [4, 3, 2, 1, 8, 7, 6, 5, 12, 11, 10, 9, 16, 15, 14, 13, 20, 19, 18, 17, 24, 23, 22, 21]),
    ];
    for (top, left, wanted) in cases {
        let crop = Crop { padding: 2, top, left, flip: true };
        let mut out = [f32::NAN; 24];
        crop.apply(&image, shape, &mut out).unwrap();
        assert_eq!(out.map(|x| x as i32), wanted, "{crop:?}");
        let mut plain = [f32::NAN; 24];
        Crop { flip: false, ..crop }.apply(&image, shape, &mut plain).unwrap();
        out.chunks_mut(4).for_each(<[f32]>::reverse);
        assert_eq!(plain, out, "{crop:?}");
    }
}

#[test]
fn crops_check_sizes_and_take_any_place() {
    let shape = ImageShape { channels: 1, height: 2, width: 2 };
    let crop = Crop { padding: 1, top: 1, left: 1, flip: false };
    has(&text(crop.apply(&[0.0; 3], shape, &mut [0.0; 4])), &["image", "1x2x2 pixels", "found 3"]);
    has(&text(crop.apply(&[0.0; 4], shape, &mut [0.0; 5])), &["out", "1x2x2 pixels", "found 5"]);
    let none = ImageShape { width: 0, ..shape };
    has(&text(crop.apply(&[], none, &mut [])), &["image", "1x2x0 pixels"]);
    for (padding, place) in [(0, usize::MAX), (usize::MAX, 0), (usize::MAX, usize::MAX), (1, 7)] {
        let far = Crop { padding, top: place, left: place, flip: true };
        let mut out = [0.5; 4];
        far.apply(&[1.0; 4], shape, &mut out).unwrap();
        assert!(out.iter().all(|&x| x == 0.0) || padding == place, "{far:?}");
    }
}

/// Pearson's statistic of 81 equal cells has mean 80 and standard deviation 12.6: bounds five of them away.
#[test]
fn places_are_uniform_and_half_of_the_images_are_mirrored() {
    let draws = 81 * 300;
    let mut counts = [[0usize; 81]; 2];
    for example in 0..draws {
        let crop = Augmentation::cifar10().draw(3, example as u64 % 7, example as u64);
        assert!(crop.top <= 8 && crop.left <= 8 && crop.padding == 4);
        counts[usize::from(crop.flip)][9 * crop.top + crop.left] += 1;
    }
    let chi_square = |counts: &[usize]| -> f64 {
        let mean = counts.iter().sum::<usize>() as f64 / counts.len() as f64;
        counts.iter().map(|&n| (n as f64 - mean).powi(2) / mean).sum()
    };
    let both: Vec<usize> = (0..81).map(|cell| counts[0][cell] + counts[1][cell]).collect();
    // The places of mirrored images alone, too: flips do not depend on places.
    for counts in [&both, &counts[0].to_vec(), &counts[1].to_vec()] {
        let statistic = chi_square(counts);
        assert!((20.0..143.0).contains(&statistic), "{statistic}: {counts:?}");
    }
    let flips = counts[1].iter().sum::<usize>() as f64;
    let deviation = (flips - draws as f64 / 2.0) / (draws as f64 / 4.0).sqrt();
    assert!(deviation.abs() < 4.0, "{deviation} standard deviations");
}

#[test]
fn draws_differ_between_seeds_epochs_and_examples() {
    let draw = |seed, epoch, example| Augmentation { padding: 1000, flip: false }.draw(seed, epoch, example);
    let crops: BTreeSet<_> = (0..2)
        .flat_map(|seed| (0..5).flat_map(move |epoch| (0..20).map(move |example| (seed, epoch, example))))
        .map(|(seed, epoch, example)| draw(seed, epoch, example))
        .map(|crop| (crop.top, crop.left))
        .collect();
    // 200 of four million places: a few may come twice.
    assert!(crops.len() > 197, "{}", crops.len());
    assert_eq!(draw(1, 2, 3), draw(1, 2, 3));
    // Nothing that fits a number is too large.
    draw(u64::MAX, u64::MAX, u64::MAX);
    Augmentation { padding: usize::MAX, flip: true }.draw(0, 0, 0);
}

/// Written anew, pixel by pixel: all pieces that are possible.
fn legal(image: &[f32], padding: usize, flip: bool) -> Vec<Vec<f32>> {
    let ImageShape { channels, height, width } = COLOUR;
    let p = padding as i64;
    let mut pieces = vec![];
    for down in -p..=p {
        for right in -p..=p {
            for mirror in if flip { vec![false, true] } else { vec![false] } {
                let mut piece = vec![];
                for c in 0..channels {
                    for y in 0..height as i64 {
                        for x in 0..width as i64 {
                            let x = if mirror { width as i64 - 1 - x } else { x };
                            let (y, x) = (y + down, x + right);
                            let inside = (0..height as i64).contains(&y) && (0..width as i64).contains(&x);
                            piece.push(match inside {
                                true => image[(c * height + y as usize) * width + x as usize],
                                false => 0.0,
                            });
                        }
                    }
                }
                pieces.push(piece);
            }
        }
    }
    pieces
}

#[test]
fn every_image_becomes_one_of_the_legal_pieces_and_all_of_them_come() {
    let data = images(4);
    for (padding, flip) in [(0, true), (1, false), (2, true)] {
        let augmentation = Augmentation { padding, flip };
        let mut seen = BTreeSet::new();
        for epoch in 0..200 {
            let out = augmentation.augment(&data, 11, epoch).unwrap();
            assert_eq!((out.labels(), out.shape(), out.classes()), (data.labels(), COLOUR, 3));
            for (example, (image, row)) in
                data.images().outer_iter().zip(out.images().outer_iter()).enumerate()
            {
                let pieces = legal(image.to_slice().unwrap(), padding, flip);
                let place = pieces.iter().position(|piece| piece == row.to_slice().unwrap());
                seen.insert(place.unwrap_or_else(|| panic!("example {example}, epoch {epoch}: {row}")));
            }
        }
        let possible = (2 * padding + 1).pow(2) * if flip { 2 } else { 1 };
        assert_eq!(seen.len(), possible, "padding {padding}, flip {flip}");
    }
}

#[test]
fn without_padding_and_flip_nothing_changes() {
    let data = images(5);
    assert_eq!(Augmentation { padding: 0, flip: false }.augment(&data, 1, 2).unwrap(), data);
}

#[test]
fn an_example_does_not_depend_on_the_others_or_on_threads() {
    let data = images(700);
    let augmentation = Augmentation { padding: 2, flip: true };
    let all = augmentation.augment(&data, 5, 3).unwrap();
    assert_eq!(augmentation.augment(&data.take(9).unwrap(), 5, 3).unwrap(), all.take(9).unwrap());
    for example in [699, 0, 321] {
        let image = data.images().row(example).to_vec();
        let mut out = vec![0.5; image.len()];
        augmentation.draw(5, 3, example as u64).apply(&image, COLOUR, &mut out).unwrap();
        assert_eq!(all.images().row(example).to_vec(), out);
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(pool.install(|| augmentation.augment(&data, 5, 3)).unwrap(), all);
}

#[test]
fn padding_of_an_image_or_more_is_refused() {
    let wide = Augmentation { padding: 6, flip: false };
    has(&text(wide.augment(&images(2), 0, 0)), &["padding = 6", "less than 6", "2x6x7"]);
    assert!(Augmentation { padding: 5, ..wide }.augment(&images(2), 0, 0).is_ok());
    let mut net = net().unwrap();
    let before = bits(&net);
    let error = text(Training::new(1, 2).with_augmentation(wide).run(&mut net, &images(2), None));
    has(&error, &["padding = 6"]);
    assert!(bits(&net) == before);
}

// Training

fn net() -> Result<Mlp> {
    Mlp::new(&[COLOUR.pixels(), 12, 3], Activation::Tanh, 5)
}

fn bits(net: &Mlp) -> Vec<u32> {
    net.parameters().iter().flat_map(|p| p.values()).map(f32::to_bits).collect()
}

fn settings() -> Training {
    Training::new(3, 40).with_seed(9).with_augmentation(Augmentation { padding: 2, flip: true })
}

/// Steps too small to move a parameter: the loss of an epoch is that of its images, which must be those of `augment`.
#[test]
fn training_sees_the_augmented_images_of_the_epoch() -> Result<()> {
    let data = images(150);
    let records = |settings: Training, data: &Dataset| -> Result<_> {
        let history = settings.with_learning_rate(1e-30).run(&mut net()?, data, None)?;
        Ok(history.records().iter().map(|r| (r.cross_entropy, r.train_error)).collect::<Vec<_>>())
    };
    let augmented = records(settings(), &data)?;
    for epoch in 0..3 {
        let seen = Augmentation { padding: 2, flip: true }.augment(&data, 9, epoch as u64)?;
        let plain = records(Training { augmentation: None, ..settings() }, &seen)?;
        assert_eq!(augmented[epoch], plain[epoch], "epoch {epoch}");
        assert!(epoch == 0 || augmented[epoch] != plain[0], "epoch {epoch} sees the images of the first");
    }
    // Other batches, the same images: only the order of the sum differs.
    let other = records(Training { batch_size: 7, ..settings() }, &data)?;
    for (a, b) in augmented.iter().zip(&other) {
        assert!((a.0 - b.0).abs() < 1e-6 * a.0, "{a:?} {b:?}");
    }
    Ok(())
}

#[test]
fn training_with_augmentation_resumes_to_the_same_bits_whatever_the_threads() -> Result<()> {
    let data = images(150);
    let folder = tempfile::tempdir().unwrap();
    let mut whole = net()?;
    let history = settings().run(&mut whole, &data, Some(&data))?;

    let broken = settings().with_checkpoint(folder.path().join("run")).with_time_budget(Duration::ZERO);
    for call in 1.. {
        let mut net = net()?;
        let part = broken.run(&mut net, &data, Some(&data))?;
        if part.finished() {
            assert_eq!((call, &part), (3 * 4, &history), "one call a step");
            assert!(bits(&net) == bits(&whole));
            break;
        }
        assert!(call < 100);
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let single = pool.install(|| -> Result<_> {
        let mut net = net()?;
        settings().run(&mut net, &data, None)?;
        Ok(bits(&net))
    })?;
    assert!(single == bits(&whole));

    let mut plain = net()?;
    Training { augmentation: None, ..settings() }.run(&mut plain, &data, None)?;
    assert!(bits(&plain) != bits(&whole));
    Ok(())
}

#[test]
fn a_checkpoint_belongs_to_its_augmentation() -> Result<()> {
    let data = images(80);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    settings().with_checkpoint(&path).run(&mut net()?, &data, None)?;
    let kept = std::fs::read(&path).unwrap();
    let others = [None, Some((1, true)), Some((2, false))]
        .map(|other| other.map(|(padding, flip)| Augmentation { padding, flip }));
    for augmentation in others {
        let other = Training { augmentation, ..settings() }.with_checkpoint(&path);
        let error = other.run(&mut net()?, &data, None).unwrap_err();
        assert!(matches!(error, Error::Format { .. }), "{error}");
        has(&error.to_string(), &["augmentation with padding 2 and flip true"]);
    }
    assert!(std::fs::read(&path).unwrap() == kept);
    Ok(())
}
